"""Figures of a run inside a page: vector drawings where they are small, else pixels, else links."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST_DRAWING = 400_000  # bytes of one SVG
ROOM = 1_600_000  # bytes of all pictures of a page, which stays under two million

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
LINK = f"{{{XLINK}}}href"
REFERENCE = re.compile(r"url\(#([^)]+)\)")
LEFT_OUT = {"metadata", "script", "style", "title", "foreignObject"}
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


def embed(figures: Sequence[dict[str, Any]], folder: Path) -> list[Picture]:
    """A picture of each figure, all together small enough for one page.

    Args:
        figures: entries with "file", perhaps "png", and "alt".
        folder: where their files are.
    """
    ways = [_ways(figure, folder, f"f{i}-") for i, figure in enumerate(figures, start=1)]
    while sum(each[0].size for each in ways) > ROOM:
        # The one that saves most; a picture is given up only where pixels save nothing.
        best = max(ways, key=lambda each: (len(each) > 2, each[0].size - each[-1].size))
        best.pop(0)
    return [each[0] for each in ways]


def _ways(figure: dict[str, Any], folder: Path, prefix: str) -> list[Picture]:
    """The pictures that could show a figure, the best first; the last one takes no room."""
    ways: list[Picture | None] = []
    path = folder / figure["file"]
    alt = figure.get("alt", "")
    if path.suffix == ".svg" and path.is_file() and path.stat().st_size <= LARGEST_DRAWING:
        ways.append(_drawing(path, prefix, alt))
    png = folder / figure.get("png", path.with_suffix(".png").name)
    if png.is_file():
        ways.append(_pixels(png, alt))
    kept = [way for way in ways if way]
    if len(kept) == 2 and kept[1].size >= kept[0].size:
        kept.pop()
    return [*kept, Picture("")]


def _drawing(path: Path, prefix: str, alt: str) -> Picture | None:
    """An SVG file as an element of the page; None if it cannot be read."""
    try:
        root = ElementTree.parse(path).getroot()
        box = [float(x) for x in root.attrib["viewBox"].split()]
    except (ElementTree.ParseError, KeyError, ValueError):
        return None
    if root.tag != f"{{{SVG}}}svg":
        return None
    title = root.findtext(f"{{{SVG}}}title") or ""
    _clean(root)
    for node in root.iter():
        for name, value in list(node.attrib.items()):
            if name == "id":
                node.set(name, prefix + value)
            elif name in (LINK, "href"):
                node.set(name, f"#{prefix}{value[1:]}" if value.startswith("#") else value)
            elif "url(#" in value:
                node.set(name, REFERENCE.sub(rf"url(#{prefix}\1)", value))
    width = _pixels_of(root.attrib.get("width", ""), box[2])
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", " ".join(filter(None, [alt, title])))
    root.set("style", LINES)
    return Picture(ElementTree.tostring(root, encoding="unicode"), width)


def _clean(root: ElementTree.Element) -> None:
    """Take out what is not drawn, and all that could act or load something."""
    for parent in root.iter():
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in LEFT_OUT:
                parent.remove(child)
        for name, value in list(parent.attrib.items()):
            link = name in (LINK, "href") and not value.startswith(("#", "data:image/"))
            if link or name.startswith("on"):
                del parent.attrib[name]


def _pixels_of(length: str, otherwise: float) -> float:
    """A length in points as CSS pixels."""
    match = re.fullmatch(r"([\d.]+)(pt|px)?", length)
    points = float(match[1]) if match else otherwise
    return points if match and match[2] == "px" else points * 4 / 3


def _pixels(path: Path, alt: str) -> Picture:
    content = path.read_bytes()
    width, dots = _size_of_png(content)
    image = ElementTree.Element(
        "img",
        {"src": f"data:image/png;base64,{base64.b64encode(content).decode()}", "alt": alt},
    )
    return Picture(
        ElementTree.tostring(image, encoding="unicode", method="html"), width * 96 / dots
    )


def _size_of_png(content: bytes) -> tuple[int, float]:
    """Width in pixels, and pixels per inch (150 where the file does not say)."""
    width = int.from_bytes(content[16:20], "big")
    place = content.find(b"pHYs", 0, 4096)
    per_metre = int.from_bytes(content[place + 4 : place + 8], "big") if place > 0 else 0
    return width, per_metre * 0.0254 if per_metre else 150.0
