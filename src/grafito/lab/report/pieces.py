"""Sentences and formulas of a page, typeset."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grafito import activations, graph
from grafito.errors import GrafitoError
from grafito.figures.formula import formula_mathml, formula_tex
from grafito.language import current

OPTION = re.compile(r"(?<![\w-])--\w[\w-]*")
LONG_NAME = re.compile(r"\w{21,}")  # longer than a column of settings is wide
LONGEST = 200  # characters of a formula
SYMBOL = re.compile(r"[^\W\d_]\d*(?![^\W_]|\s\w)")  # a letter that begins no word
LENGTH = 5  # elements of what stands for a vector; a sum shows no number


@dataclass(frozen=True)
class Piece:
    """A sentence, or a formula.

    Attributes:
        text: the sentence, or the formula as it was typed.
        mathml: the formula for a page; "" for a sentence.
        tex: the same for Markdown.
        is_spare: whether a page that has too many words may leave it out.
    """

    text: str
    mathml: str = ""
    tex: str = ""
    is_spare: bool = False


def is_symbol(name: str) -> bool:
    """Whether a name begins with a symbol, which a capital would turn into another one.

    Example:
        >>> is_symbol("δ"), is_symbol("f(5)"), is_symbol("loss"), is_symbol("y su pérdida")
        (True, True, False, False)
    """
    return SYMBOL.match(name) is not None


def in_lines(text: Any) -> str:
    """A text for a page, whose options stay whole and whose long names may go on in a new line.

    Example:
        >>> print(in_lines("--seeds 5 & sparse_crossentropy_x"))
        <span class="whole">--seeds</span> 5 &amp; sparse_<wbr>crossentropy_<wbr>x
    """
    whole = OPTION.sub(r'<span class="whole">\g<0></span>', html.escape(str(text), quote=False))
    return LONG_NAME.sub(lambda name: name[0].replace("_", "_<wbr>"), whole)


def piece_of(item: Mapping[str, Any], filled: Callable[[str, Mapping[str, Any]], str]) -> Piece:
    """A sentence with its values, or a formula, from the index of a run.

    Example:
        >>> piece_of({"formula": "x^2", "left": "y"}, str.format).tex
        'y = x^{2}'
    """
    if "formula" not in item:
        values = item.get("values")
        told = filled(str(item.get("text", "")), values if isinstance(values, dict) else {})
        return Piece(told, is_spare=bool(item.get("spare")))
    text = str(item["formula"])[:LONGEST]
    left, of, vectors = (item.get(key) or "" for key in ("left", "of", "vectors"))
    shapes = {str(name): (LENGTH,) for name in vectors if isinstance(vectors, list)}
    try:
        x = graph.parse(text, shapes, activations.registry.entries)
        if of:
            (x,) = graph.gradients(x, [graph.inputs(x)[str(of)]])
        given = x, str(left), current()
        return Piece(text, formula_mathml(*given), formula_tex(*given))
    except (GrafitoError, KeyError, TypeError, ValueError, AttributeError):
        return Piece(text)  # another hand wrote it; it stays as it was typed
