"""Formulas that somebody typed in TeX as MathML, made of harmless elements alone."""

from __future__ import annotations

import re
from html import escape, unescape
from xml.etree import ElementTree

from grafito.lab.report.pictures import word_set

LONGEST = 2_000  # characters of a formula; a longer one stays as it was typed
DEFINES = re.compile(r"\\(?:(?:re|provide)?newcommand|[egx]?def|let)(?![A-Za-z])")

ELEMENTS = word_set("""
    math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub
    msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd mlabeledtr
""")
LOOKS = word_set("""
    accent columnalign columnlines columnspacing depth display displaystyle fence form frame
    height largeop linebreak linethickness lquote lspace mathsize mathvariant maxsize minsize
    movablelimits notation rowlines rowspacing rquote rspace scriptlevel separator stretchy
    symmetric voffset width
""")
PLAIN = re.compile(r"[\w .%+-]*", re.ASCII)


def tex_mathml(text: str, display: bool = False) -> str:
    """A formula in TeX as MathML; as it was typed where it cannot be read.

    Args:
        text: without its dollar signs.
        display: whether it stands on a line of its own.

    Example:
        >>> tex_mathml("a<b")
        '<math display="inline"><mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow></math>'
        >>> tex_mathml("{")
        '<code>{</code>'
    """
    from latex2mathml.converter import convert_to_element

    if len(text) <= LONGEST and not DEFINES.search(text):
        try:
            found = convert_to_element(text, display="block" if display else "inline")
            return ElementTree.tostring(_harmless(found), encoding="unicode")
        except Exception:  # the library has many errors for what it cannot read, and IndexError
            pass
    return f"<code>{escape(text.strip())}</code>"


def _harmless(element: ElementTree.Element) -> ElementTree.Element:
    """The same without elements and attributes that do more than show a formula."""
    kept = ElementTree.Element(element.tag if element.tag in ELEMENTS else "mrow")
    for name, value in element.attrib.items():
        if name in LOOKS and PLAIN.fullmatch(value):
            kept.set(name, value)
    kept.text = unescape(element.text or "")  # signs are entities in the library's texts
    kept.extend(map(_harmless, element))
    return kept
