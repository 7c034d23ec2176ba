"""Lists of names in errors."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

MOST_LETTERS = 800  # of a list; `grafito.language` retells no text of over 1000
N_ = str  # marks a text for the catalogues


def one_of(names: Iterable[object]) -> str:
    """What is expected where one of some names is; of very many the first ones are listed.

    Names of several words stand in quotation marks, which also keeps them from being translated.

    Example:
        >>> one_of(["size", "date of sale"])
        "one of size, 'date of sale'"
    """
    texts = [str(name) for name in names]
    told = [text if len(text.split()) == 1 else repr(text) for text in texts]
    ends = itertools.accumulate(len(text) + 2 for text in told)
    shown = [text for text, end in zip(told, ends, strict=True) if end <= MOST_LETTERS] or told[:1]
    more = len(told) - len(shown)
    if not told:
        return "none at all"
    listed = ", ".join(shown)
    return N_(f"one of {listed}, and {more} more") if more else N_(f"one of {listed}")


def once(known: Sequence[str]) -> list[str]:
    """The known names; of those that differ in case and marks alone, one.

    Example:
        >>> once(["ReLU", "relu"])
        ['relu']
    """
    plain = {each.lower().replace("_", ""): each for each in sorted(known)}  # small letters last
    return [name for name in known if name in plain.values()]
