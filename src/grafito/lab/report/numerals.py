"""Numbers as a report writes them: rounded alike in a column, aligned by their decimals."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Sequence

from grafito.figures.text import fitting, number, short, whole
from grafito.language import message, translator

MOST_DECIMALS = 4
SIGN = {"en": ".", "es": ","}
FIGURE_SPACE, PUNCTUATION_SPACE = "\u2007", "\u2008"  # as wide as a digit, as a decimal sign
# Words in the names of numbers from 0 to 1; a deviation of such a number is in points.
PERCENT = ("accuracy", "precision", "recall", "majority", "starts", "dead", "true", "made")
DEVIATION = "deviation"


def write(value: float, digits: int = MOST_DECIMALS, lang: str = "en") -> str:
    r"""One number.

    Example:
        >>> write(266610), write(-0.25, 3), write(1.5e-7, lang="es"), write(266610, lang="es")
        ('266,610', '−0.250', '1,5·10⁻⁷', '266\u202f610')
    """
    return whole(value, lang) if isinstance(value, int) else number(value, digits, lang)


def headline(name: str, values: Sequence[float], lang: str = "en") -> str:
    """A number that counts, in large type: a share is a percentage.

    Args:
        name: of the number.
        values: one, or those of several seeds, of which mean and standard deviation are written.
        lang: "en" or "es".

    Example:
        >>> headline("val_accuracy", [0.9777], "es"), headline("loss", [0.0777])
        ('97,8\u202f%', '0.0777')
        >>> headline("accuracy", [0.98, 0.97]), headline("right", [4.0, 4.0, 3.0])
        ('97.5 ± 0.7\u202f%', '3.67 ± 0.58')
        >>> headline("accuracy", [0.9749, 0.9747, 0.9754])
        '97.5 ± 0.04\u202f%'
    """
    words = re.split(r"[_ ]", name)
    share = names_share(name) and all(0 <= value <= 1 for value in values)
    scaled = [100.0 * value for value in values] if share else list(values)
    unit = "\u202f%" if share else ""
    if share and DEVIATION in words:
        unit = f" {translator(lang)(message('points'))}"
    digits = 1 if share else MOST_DECIMALS
    if len(scaled) > 1:
        mean, deviation = statistics.mean(scaled), statistics.stdev(scaled)
        if not share and all(float(value).is_integer() for value in scaled):
            mean, deviation = round(mean, 2), round(deviation, 2)  # of counts
            return f"{short(mean, lang)} ± {short(deviation, lang)}{unit}"
        fine = 2 if share and 0.005 <= deviation < 0.05 else digits
        return f"{write(mean, digits, lang)} ± {write(deviation, fine, lang)}{unit}"
    return (write(scaled[0], 1, lang) if share else short(scaled[0], lang)) + unit


def names_share(name: str) -> bool:
    """Whether a number of this name is a share or a deviation of one.

    Example:
        >>> names_share("val_accuracy"), names_share("starts that learn"), names_share("loss")
        (True, True, False)
    """
    return any(word in PERCENT for word in re.split(r"[_ ]", name))


def written(name: str, values: Sequence[float]) -> Callable[[float], float]:
    """How a table writes what is made of a number: of counts as counts, means with two decimals.

    Args:
        name: of the number.
        values: all that stand in the table.

    Example:
        >>> written("updates", [3.0, 4.0])(3.5), written("epochs", [30.0])(30.0)
        (3.5, 30)
        >>> written("accuracy", [1.0])(1.0), written("loss", [0.25])(0.25)
        (1.0, 0.25)
    """
    if names_share(name) or not all(float(value).is_integer() for value in values):
        return float
    return lambda value: int(value) if float(value).is_integer() else round(value, 2)


def read(text: str) -> int | float | None:
    """The number that a cell of a CSV file holds, None for another text.

    Example:
        >>> read("36"), read("0.9474"), read("sandal"), read("")
        (36, 0.9474, None, None)
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def column(cells: Sequence[str], lang: str = "en") -> list[str] | None:
    """A column of a CSV file as numbers aligned by their decimals; None if it holds words.

    All are rounded alike, to as many decimals as the most precise has, at most four, fewer where
    they are large. Empty cells stay empty. Right-aligned digits of one width are taken for granted.

    Example:
        >>> column(["0.95", "12.5", ""]), column(["1000", "20"]), column(["a", "1"])
        (['0.95', '12.50', ''], ['1,000', '20'], None)
    """
    numbers = [read(cell) for cell in cells]
    if all(n is None for n in numbers) or any(
        n is None and cell for n, cell in zip(numbers, cells, strict=True)
    ):
        return None
    digits = _decimals([cell for cell in cells if cell])
    texts = ["" if n is None else write(n, digits, lang) for n in numbers]
    return _aligned(texts, SIGN[lang])


def _decimals(cells: Sequence[str]) -> int:
    precise = max(len(cell.partition("e")[0].partition(".")[2]) for cell in cells)
    sizes = [abs(x) for x in map(float, cells) if math.isfinite(x)]
    small = any(0 < x < 1 for x in sizes)  # its digits are all behind the sign
    fits = MOST_DECIMALS if small else fitting(max(sizes, default=0.0))
    if any("e" in cell for cell in cells):
        precise = MOST_DECIMALS
    return min(max(precise, 1), fits)


def _aligned(texts: Sequence[str], sign: str) -> list[str]:
    """Texts with spaces behind them, so that their decimal signs stand above each other."""
    behind = [text.partition(sign)[2] if "·" not in text else "" for text in texts]
    longest = max(map(len, behind))
    spaced = []
    for text, tail in zip(texts, behind, strict=True):
        missing = FIGURE_SPACE * (longest - len(tail))
        if text and longest and not tail and "·" not in text:
            missing = PUNCTUATION_SPACE + missing
        spaced.append(text + missing if "·" not in text and text else text)
    return spaced


def duration(seconds: float, lang: str = "en") -> str:
    r"""A time that something took.

    Example:
        >>> duration(2.405), duration(192.3), duration(3900, "es")
        ('2.4\u202fs', '3\u202fmin 12\u202fs', '1\u202fh 05\u202fmin')
    """
    if seconds < 60:
        return f"{write(float(seconds), 1, lang)}\u202fs"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}\u202fmin {rest:02}\u202fs"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}\u202fh {minutes:02}\u202fmin"


def memory(size: float, lang: str = "en") -> str:
    r"""An amount of memory.

    Example:
        >>> memory(291803136, "es")
        '278,3\u202fMiB'
    """
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{write(float(size), 1, lang) if unit != 'B' else size}\u202f{unit}"
        size /= 1024
    return f"{write(float(size), 1, lang)}\u202fGiB"
