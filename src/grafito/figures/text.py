"""Numbers and words as figures and tables write them, in English and Spanish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grafito.language import current, message, numeral, own_namer, translator

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LARGEST_PLAIN = 1e6  # beyond, numbers have a power of ten
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
    message("epochs"),
    message("best epoch"),
    message("loss"),
    message("accuracy"),
    message("precision"),
    message("recall"),
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
    message("error"),
    message("the other inputs at their mean"),
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
    message("bias"),
    message("feature map"),
    message("after pooling"),
    message("flattened"),
    message("raw"),
    message("gradient of data"),
    message("matrix product"),
    message("unit"),
    message("filter"),
    message("chance"),
    message("threshold"),
    message("mean cost"),
    message("share of negatives taken"),
    message("share of positives found"),
    message("share of class 1"),
    message("probability of class 1"),
    message("perfectly calibrated"),
    message("sigmoid"),
    message("linear"),
    message("exponential"),
    message("hard sigmoid"),
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


# How names of functions are written where they stand in a picture.
WRITTEN = {
    "relu": "ReLU", "relu6": "ReLU6", "leaky_relu": "Leaky ReLU", "elu": "ELU", "selu": "SELU",
    "gelu": "GELU", "silu": "SiLU", "swish": "Swish", "mish": "Mish", "celu": "CELU", "glu": "GLU",
}  # fmt: skip
FUNCTIONS = ("sigmoid", "linear", "exponential", "hard_sigmoid", "softplus", "softsign", "tanh")


def function_name(name: str, lang: str | None = None) -> str:
    """What an activation is called in a picture; other names stay.

    Example:
        >>> function_name("leaky_relu"), function_name("sigmoid", "es"), function_name("mine")
        ('Leaky ReLU', 'sigmoide', 'mine')
    """
    if name in FUNCTIONS:
        return translator(lang)(name.replace("_", " "))
    return WRITTEN.get(name) or own_namer(lang)(name)


def with_decimal_sign(text: str, lang: str | None = None) -> str:
    """A number with the decimal sign of the language."""
    return text.replace(".", ",") if (lang or current()) == "es" else text


def in_formula(text: str, lang: str | None = None) -> str:
    """A formula with its numbers as the language writes them, and with the names of its weights.

    Example:
        >>> in_formula("0.2 × w.x", "es")
        '0,2 × w.x'
        >>> from grafito.language import known_names
        >>> with known_names():
        ...     in_formula("x · output/kernel", "es")
        'x · salida/núcleo'
    """
    say = own_namer(lang)
    text = re.sub(r"[a-z]\w*(?:/\w+)+", lambda path: "/".join(map(say, path[0].split("/"))), text)
    return re.sub(r"\d\.\d", lambda found: with_decimal_sign(found[0], lang), text)


def number(value: Any, digits: int = 3, lang: str | None = None) -> str:
    r"""One number: decimals for floating types, none for integers and truth values.

    Numbers that the decimals would show as zero, or as a long row of digits, get a power of ten.

    Example:
        >>> number(-0.4), number(0.22218, lang="es"), number(np.int64(7)), number(1.5e-7)
        ('−0.400', '0,222', '7', '1.5·10⁻⁷')
        >>> number(123456.7, 1), number(123456.7, 1, "es"), number(9876.5, 1, "es")
        ('123,456.7', '123\u202f456,7', '9876,5')
    """
    value = np.asarray(value)
    if value.dtype.kind in "biu":
        return whole(int(value), lang)
    x = float(value) + 0.0  # no negative zero
    if not np.isfinite(x):
        return {"inf": "∞", "-inf": "−∞"}.get(str(x), "NaN")
    if x != 0 and not 0.5 * 10.0**-digits <= abs(x) < LARGEST_PLAIN:
        factor, _, power = f"{x:.1e}".partition("e")
        return f"{with_decimal_sign(factor, lang)}·{power_of_ten(int(power))}".replace("-", "−")
    return numeral(f"{x:,.{digits}f}", lang)


def whole(value: int, lang: str | None = None) -> str:
    """A whole number, its digits in groups: with commas, or in Spanish, from five on, with spaces.

    Example:
        >>> whole(266610), whole(4810), whole(4810, "es"), whole(266610, "es").split()
        ('266,610', '4,810', '4810', ['266', '610'])
    """
    return numeral(f"{value:,}", lang)


def short(value: float, lang: str | None = None) -> str:
    """One number with no more decimals than it needs, four digits where it is small.

    Example:
        >>> short(0.001), short(0.25, "es"), short(3.0), short(0.123456), short(79844.757)
        ('0.001', '0,25', '3', '0.1235', '79,844.8')
        >>> short(1e-5), short(-2.5e-7, "es"), short(2e9)
        ('10⁻⁵', '−2,5·10⁻⁷', '2·10⁹')
    """
    size = abs(value)
    if isinstance(value, (int, np.integer)) or (size < LARGEST_PLAIN and value == int(value)):
        return whole(int(value), lang)
    decimal = with_decimal_sign(".", lang)
    if 1e-4 <= size < LARGEST_PLAIN or not np.isfinite(value):
        small = 3 - int(np.floor(np.log10(size))) if size < 0.1 else 0
        text = number(float(value), max(fitting(size), small), lang)
        return text.rstrip("0").rstrip(decimal) if decimal in text else text
    factor, _, power = f"{value:.3e}".partition("e")
    factor = with_decimal_sign(factor.rstrip("0").rstrip("."), lang).replace("-", "−")
    raised = power_of_ten(int(power))
    return {"1": raised, "−1": f"−{raised}"}.get(factor, f"{factor}·{raised}")


def fitting(size: float) -> int:
    """So many decimals suit a number as large."""
    return 4 if size < 100 else 2 if size < 10_000 else 1


def power_of_ten(power: int) -> str:
    """Ten with an exponent.

    Example:
        >>> power_of_ten(-5)
        '10⁻⁵'
    """
    return f"10{str(power).translate(RAISED)}"


def shape_text(shape: Sequence[int]) -> str:
    """The sizes of an array as a picture writes them.

    Example:
        >>> shape_text((128, 10)), shape_text((5,))
        ('(128 × 10)', '(5)')
    """
    return f"({' × '.join(map(str, shape))})"


def array_rows(
    array: Any, digits: int = 3, lang: str | None = None, most: int = LARGEST
) -> list[str]:
    """A scalar as its number, a small vector or matrix as rows in brackets, else the shape.

    Example:
        >>> array_rows(np.array([[1.0, -2.0], [0.5, 10.0]]))
        ['[1.000 −2.000]', '[0.500 10.000]']
        >>> array_rows(np.zeros((128, 10)))
        ['(128 × 10)']
    """
    if not _is_small(array, most):
        return [shape_text(np.shape(array))]
    if np.size(array) == 1:  # brackets around a lone number say nothing
        return [number(np.reshape(array, ()), digits, lang)]
    cells = [[number(x, digits, lang) for x in row] for row in np.atleast_2d(array)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "[" + " ".join(x.rjust(w) for x, w in zip(row, widths, strict=True)) + "]" for row in cells
    ]


def array_line(array: Any, digits: int = 3, lang: str | None = None, most: int = LARGEST) -> str:
    """The same on one line, for tables.

    Example:
        >>> array_line(np.array([[1.0, -2.0], [0.5, 1.0]]))
        '[[1.000 −2.000] [0.500 1.000]]'
    """
    if not _is_small(array, most):
        return shape_text(np.shape(array))
    if np.size(array) == 1:
        return number(np.reshape(array, ()), digits, lang)
    return _bracketed(np.asarray(array), digits, lang)


def _bracketed(array: np.ndarray, digits: int, lang: str | None) -> str:
    if array.ndim == 0:
        return number(array, digits, lang)
    return "[" + " ".join(_bracketed(row, digits, lang) for row in array) + "]"


def _is_small(array: Any, most: int) -> bool:
    shape = np.shape(array)
    return len(shape) <= 2 and all(0 < size <= most for size in shape)
