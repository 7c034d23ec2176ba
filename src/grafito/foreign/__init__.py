"""Names of other libraries, of older ones and of other languages, and what they are called here.

The tables are data; every "unknown name", "unknown argument" and missing attribute asks them before
it looks for a name that is spelt alike. A row is a name with one or several of ours, of which the
first that is known where it was asked is told; what holds a space is a sentence, told where no name
is known.
"""

from __future__ import annotations

from collections.abc import Iterable

from grafito.foreign.arguments import ARGUMENTS
from grafito.foreign.attributes import ATTRIBUTES
from grafito.foreign.names import NAMES
from grafito.foreign.older import LOGS, older

__all__ = ["ARGUMENTS", "ATTRIBUTES", "LOGS", "NAMES", "argument", "attribute", "member", "name"]
__all__ += ["older"]

LONGEST_VALUE = 40  # characters of an argument's value that a hint repeats


def name(given: object, known: Iterable[str]) -> str | None:
    """What to write for a name that is not known: ours, a sentence, or the nearest in spelling.

    Args:
        given: what came.
        known: the names there are.

    Example:
        >>> name("exactitud", ["accuracy", "auc"]), name("mes", ["mse", "mae"])
        ("'accuracy'", "'mse'")
    """
    known = sorted(set(known), key=str.swapcase)  # small letters first
    row = NAMES.get(_key(given), ())
    found = _first(row, known) or _respelt(str(given), known) or nearest(str(given), known)
    return repr(found) if found else _sentence(row)


def argument(given: str, known: Iterable[str], value: object = None) -> str | None:
    """What to write for an argument that a callable does not have.

    Example:
        >>> argument("border_mode", ["filters", "padding"], "same")
        "padding='same'"
    """
    known = list(known)
    row = ARGUMENTS.get(given.lower(), ())
    found = _first(row, known) or _respelt(given, known)
    sentence = None if found else _sentence(row)
    found = found or (None if sentence else nearest(given, known))
    if found is None:
        return sentence
    shown = repr(value)
    return f"{found}={shown}" if len(shown) <= LONGEST_VALUE else f"{found}=..."


def attribute(kind: str, given: str) -> str | None:
    """What to write for an attribute that a kind of object (or a module) does not have.

    Example:
        >>> attribute("model", "predict_classes")
        'model.predict(x).argmax(axis=-1)'
    """
    return ATTRIBUTES.get(kind, {}).get(given)


def member(module: str, given: str, known: Iterable[str]) -> str | None:
    """What to write for a name that a module does not have.

    Example:
        >>> member("grafito.metrics", "Precission", ["Precision", "Recall"])
        'metrics.Precision'
    """
    if given.startswith("_"):
        return None
    known, row = list(known), NAMES.get(_key(given), ())
    found = _first(row, known) or _respelt(given, known) or nearest(given, known)
    told = attribute(module, given) or (None if found else _sentence(row))
    return told or (f"{module.rpartition('.')[2]}.{found}" if found else None)


def nearest(given: str, known: Iterable[str]) -> str | None:
    """The known name that the fewest slips of the keyboard made this one; None if they are many.

    The only name of which it is a whole part comes first: bfloat16 of mixed_bfloat16.

    Example:
        >>> nearest("acuracy", ["accuracy", "auc"]), nearest("oculta", ["out"])
        ('accuracy', None)
    """
    known = list(known)
    whole = [each for each in known if given.lower() in each.lower().split("_")]
    if len(whole) == 1:
        return whole[0]
    allowed = max((len(given) + 1) // 3, min(len(given) - 1, 1))
    distances = {
        each: (_distance(given.lower(), each.lower()), _distance(given, each)) for each in known
    }
    best = min(distances, key=lambda each: distances[each], default=None)
    return best if best is not None and distances[best][0] <= allowed else None


def _first(row: tuple[str, ...], known: Iterable[str]) -> str | None:
    return next((each for each in row if each in known), None)


def _sentence(row: tuple[str, ...]) -> str | None:
    return next((each for each in row if " " in each or "(" in each), None)


def _respelt(given: str, known: Iterable[str]) -> str | None:
    """A known name with the same words, whatever their case, order and marks."""
    words, bare = _words(given), _key(given).replace("_", "")
    same = (each for each in known if _words(each) == words or _key(each).replace("_", "") == bare)
    return next(same, None)


def _key(given: object) -> str:
    return str(given).lower().replace(" ", "_").replace("-", "_")


def _words(text: str) -> list[str]:
    return sorted(filter(None, _key(text).split("_")))


def _distance(a: str, b: str) -> int:
    """How many letters must be put in, taken out, changed, or exchanged with the next (OSA)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
