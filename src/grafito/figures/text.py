"""Numbers and words as figures and tables write them, in English and Spanish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito.language import current, message, translator

LARGEST = 4  # rows and columns of a matrix that is written out; of larger ones only the shape

# What figures say besides what they are given; some words are looked up by a name.
WORDS = (
    message("node"),
    message("value"),
    message("gradient"),
    message("shape"),
    message("input"),
    message("parameter"),
    message("constant"),
    message("continues"),
    message("epoch"),
    message("loss"),
    message("accuracy"),
    message("learning rate"),
    message("training"),
    message("validation"),
    message("true class"),
    message("predicted class"),
    message("class"),
    message("start"),
    message("minimum"),
    message("layer"),
    message("gradient norm"),
    message("derivative"),
    message("function"),
    message("true value"),
    message("predicted value"),
    message("examples"),
    message("held out"),
    message("true"),
    message("counts"),
    message("share of the true class"),
    message("share of the predicted class"),
    message("share of all"),
    message("macro average"),
    message("weighted average"),
    message("parameters"),
    message("update"),
    message("image"),
    message("images"),
    message("kernel"),
    message("feature map"),
    message("after pooling"),
    message("flattened"),
    message("raw"),
)


def words(lang: str | None = None) -> Mapping[str, str]:
    """The words of a language, by the English one.

    Raises:
        UnknownNameError: for a language that grafito does not speak.

    Example:
        >>> words("es")["value"]
        'valor'
    """
    say = translator(lang)
    return {word: say(word) for word in WORDS}


def with_decimal_sign(text: str, lang: str | None = None) -> str:
    """A number with the decimal sign of the language."""
    return text.replace(".", ",") if (lang or current()) == "es" else text


def in_formula(text: str, lang: str | None = None) -> str:
    """A formula with its numbers as the language writes them.

    Example:
        >>> in_formula("0.2 × w.x", "es")
        '0,2 × w.x'
    """
    return re.sub(r"\d\.\d", lambda found: with_decimal_sign(found[0], lang), text)


def number(value: Any, digits: int = 3, lang: str | None = None) -> str:
    """One number: decimals for floating types, none for integers and truth values.

    Numbers that the decimals would show as zero, or as a long row of digits, get an exponent.

    Example:
        >>> number(-0.4), number(0.22218, lang="es"), number(np.int64(7)), number(1.5e-7)
        ('-0.400', '0,222', '7', '1.5e-07')
    """
    value = np.asarray(value)
    if value.dtype.kind in "biu":
        return str(int(value))
    x = float(value) + 0.0  # no negative zero
    if not np.isfinite(x):
        text = {"inf": "∞", "-inf": "-∞"}.get(str(x), "NaN")
    elif x != 0 and not 0.5 * 10.0**-digits <= abs(x) < 1e6:
        text = f"{x:.1e}"
    else:
        text = f"{x:.{digits}f}"
    return with_decimal_sign(text, lang)


def whole(value: int, lang: str | None = None) -> str:
    """A whole number, its digits in groups: with commas, or in Spanish, from five on, with spaces.

    Example:
        >>> whole(266610), whole(4810), whole(4810, "es"), whole(266610, "es").split()
        ('266,610', '4,810', '4810', ['266', '610'])
    """
    if (lang or current()) == "en":
        return f"{value:,}"
    return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)


def array_rows(
    array: Any, digits: int = 3, lang: str | None = None, most: int = LARGEST
) -> list[str]:
    """A scalar as its number, a small vector or matrix as rows in brackets, else the shape.

    Example:
        >>> array_rows(np.array([[1.0, -2.0], [0.5, 10.0]]))
        ['[1.000 -2.000]', '[0.500 10.000]']
        >>> array_rows(np.zeros((128, 10)))
        ['(128, 10)']
    """
    if not _is_small(array, most):
        return [str(np.shape(array))]
    if np.ndim(array) == 0:
        return [number(array, digits, lang)]
    cells = [[number(x, digits, lang) for x in row] for row in np.atleast_2d(array)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "[" + " ".join(x.rjust(w) for x, w in zip(row, widths, strict=True)) + "]" for row in cells
    ]


def array_line(array: Any, digits: int = 3, lang: str | None = None, most: int = LARGEST) -> str:
    """The same on one line, for tables.

    Example:
        >>> array_line(np.array([[1.0, -2.0], [0.5, 1.0]]))
        '[[1.000 -2.000] [0.500 1.000]]'
    """
    if not _is_small(array, most):
        return str(np.shape(array))
    if np.ndim(array) == 0:
        return number(array, digits, lang)
    return "[" + " ".join(array_line(row, digits, lang, most) for row in array) + "]"


def _is_small(array: Any, most: int) -> bool:
    shape = np.shape(array)
    return len(shape) <= 2 and all(0 < size <= most for size in shape)
