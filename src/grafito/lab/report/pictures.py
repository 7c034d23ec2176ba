"""Figures of a run inside a page: vector drawings where they are small, else pixels, else links."""

from __future__ import annotations

import base64
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grafito.lab.report.recorded_run import stays_inside

LARGEST_DRAWING = 400_000  # bytes of one SVG
ROOM = 1_600_000  # bytes of all pictures of a page, which stays under two million

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
LINK = f"{{{XLINK}}}href"
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def word_set(text: str) -> frozenset[str]:
    """The words of a text.

    Example:
        >>> sorted(word_set("svg g"))
        ['g', 'svg']
    """
    return frozenset(text.split())


# What a drawing may be made of; all else is taken out, for a page must not act or load anything.
ELEMENTS = word_set(
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan image clipPath"
    " mask marker pattern linearGradient radialGradient stop"
)
LOOKS = word_set(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin"
    " stroke-miterlimit stroke-dasharray stroke-dashoffset opacity color display visibility"
    " clip-path clip-rule mask marker-start marker-mid marker-end stop-color stop-opacity font"
    " font-family font-size font-style font-variant font-weight font-stretch text-anchor"
    " text-decoration letter-spacing word-spacing white-space dominant-baseline baseline-shift"
    " image-rendering shape-rendering vector-effect mix-blend-mode isolation"
)
PLACES = word_set(
    "id style d x y dx dy x1 y1 x2 y2 cx cy r rx ry fx fy points offset width height transform"
    " viewBox preserveAspectRatio patternUnits patternContentUnits patternTransform clipPathUnits"
    " maskUnits maskContentUnits gradientUnits gradientTransform spreadMethod markerUnits refX refY"
    " markerWidth markerHeight orient rotate textLength lengthAdjust"
)
FUNCTIONS = re.compile(
    r"(?:rgba?|hsla?|matrix|translate|scale|rotate|skewX|skewY)\(|url\(#[\w.:-]+\)", re.ASCII
)
PIXELS = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)
# What Matplotlib asks for in the style element of each drawing.
LINES = "stroke-linejoin:round;stroke-linecap:butt"


@dataclass(frozen=True)
class Picture:
    """One way to show a figure: a piece of HTML, "" for a link alone."""

    html: str
    width: float = 0.0  # CSS pixels

    @property
    def size(self) -> int:
        return len(self.html.encode())


def embed(figures: Sequence[dict[str, Any]], folder: Path, taken: int = 0) -> list[Picture]:
    """A picture of each figure, all together small enough for one page.

    Args:
        figures: entries with "file", perhaps "png", and "alt".
        folder: where their files are.
        taken: bytes that something else on the page needs.
    """
    ways = [_ways(figure, folder, f"f{i}-") for i, figure in enumerate(figures, start=1)]
    while sum(each[0].size for each in ways) > ROOM - taken:
        # The one that saves most; a picture is given up only where pixels save nothing.
        best = max(ways, key=lambda each: (len(each) > 2, each[0].size - each[-1].size))
        best.pop(0)
    return [each[0] for each in ways]


def moving(figure: dict[str, Any], folder: Path) -> str:
    """The drawing of a figure that moves; "" where there is none, or it is too large.

    A picture that a page shows as an image runs no script and loads nothing.
    """
    path = folder / str(figure.get("moving", ""))
    if "moving" not in figure or not (path.is_file() and stays_inside(folder, path)):
        return ""
    if path.stat().st_size > LARGEST_DRAWING:
        return ""
    source = data_uri(path.read_bytes(), "image/svg+xml")
    image = ElementTree.Element(
        "img", {"class": "moving", "src": source, "alt": str(figure.get("alt", ""))}
    )
    return ElementTree.tostring(image, encoding="unicode", method="html")


def _ways(figure: dict[str, Any], folder: Path, prefix: str) -> list[Picture]:
    """The pictures that could show a figure, the best first; the last one takes no room."""
    ways: list[Picture | None] = []
    path = folder / figure["file"]
    alt = figure.get("alt", "")
    if path.suffix == ".svg" and path.is_file() and path.stat().st_size <= LARGEST_DRAWING:
        ways.append(_drawing(path, prefix, alt))
    png = folder / figure.get("png", str(Path(figure["file"]).with_suffix(".png")))
    if png.is_file() and stays_inside(folder, png):
        ways.append(_pixels(png, alt))
    kept = [way for way in ways if way]
    if len(kept) == 2 and kept[1].size >= kept[0].size:
        kept.pop()
    return [*kept, Picture("")]


def _drawing(path: Path, prefix: str, alt: str) -> Picture | None:
    """An SVG file as an element of the page; None if it cannot be read."""
    try:
        root = ElementTree.parse(path).getroot()
        _left, _top, breadth, _height = map(float, root.attrib["viewBox"].split())
        if root.tag != f"{{{SVG}}}svg" or not math.isfinite(breadth):
            return None
        title = root.findtext(f"{{{SVG}}}title") or ""
        width = _pixels_of(root.attrib.get("width", ""), breadth)
        _clean(root)
        for node in root.iter():
            for name, value in list(node.attrib.items()):
                if name == "id":
                    node.set(name, prefix + value)
                elif name in (LINK, "href"):
                    node.set(name, f"#{prefix}{value[1:]}" if value.startswith("#") else value)
                elif "url(#" in value:
                    node.set(name, REFERENCE.sub(rf"url(#{prefix}\1)", value))
        for name in ("width", "height", "id"):
            root.attrib.pop(name, None)
        root.set("role", "img")
        root.set("aria-label", " ".join(filter(None, [alt, title])))
        root.set("style", LINES)
        return Picture(ElementTree.tostring(root, encoding="unicode"), width)
    except (ElementTree.ParseError, KeyError, ValueError, RecursionError):
        return None


def _clean(root: ElementTree.Element) -> None:
    """Take out all elements and attributes but those that a drawing is made of."""
    for parent in root.iter():
        for child in list(parent):
            space, _, name = str(child.tag).rpartition("}")
            if space != f"{{{SVG}" or name not in ELEMENTS:
                parent.remove(child)
        for name, value in list(parent.attrib.items()):
            if name == "style":
                parent.set(name, _style(value))
            elif not _is_harmless(parent, name, value):
                del parent.attrib[name]


def _is_harmless(element: ElementTree.Element, name: str, value: str) -> bool:
    """Whether an attribute only says where something is and how it looks."""
    if name in (LINK, "href"):
        inside = value.startswith("#") and element.tag != f"{{{SVG}}}image"
        return inside or (element.tag == f"{{{SVG}}}image" and bool(PIXELS.fullmatch(value)))
    return name in PLACES | LOOKS and _is_plain(value)


def _is_plain(value: str) -> bool:
    """Whether it calls no function but those of colours, of places, and of parts of the drawing."""
    return "(" not in FUNCTIONS.sub("", value) and not re.search(r"[\\@]|/\*", value)


def _style(text: str) -> str:
    """The declarations that only say how something looks."""
    pairs = (part.partition(":") for part in text.split(";"))
    kept = [(n.strip(), v.strip()) for n, _, v in pairs if n.strip() in LOOKS and _is_plain(v)]
    return "; ".join(f"{name}: {value}" for name, value in kept)


def _pixels_of(length: str, otherwise: float) -> float:
    """A length in points as CSS pixels."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)(pt|px)?", length, re.ASCII)
    points = float(match[1]) if match else otherwise
    return points if match and match[2] == "px" else points * 4 / 3


def _pixels(path: Path, alt: str) -> Picture:
    content = path.read_bytes()
    width, dots = _size_of_png(content)
    image = ElementTree.Element(
        "img",
        {"src": data_uri(content, "image/png"), "alt": alt},
    )
    return Picture(
        ElementTree.tostring(image, encoding="unicode", method="html"), width * 96 / dots
    )


def data_uri(content: bytes, kind: str) -> str:
    """A picture as part of a page.

    Example:
        >>> data_uri(b"a", "image/png")
        'data:image/png;base64,YQ=='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _size_of_png(content: bytes) -> tuple[int, float]:
    """Width in pixels, and pixels per inch (150 where the file does not say)."""
    width = int.from_bytes(content[16:20], "big")
    place = content.find(b"pHYs", 0, 4096)
    per_metre = int.from_bytes(content[place + 4 : place + 8], "big") if place > 0 else 0
    return width, per_metre * 0.0254 if per_metre else 150.0
