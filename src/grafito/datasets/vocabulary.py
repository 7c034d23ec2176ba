"""Texts as words and words as numbers: what the layers that read text do with arrays."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, DataError, FileError

PUNCTUATION = re.compile(r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']")
STANDARDS: dict[Any, Callable[[str], str]] = {
    None: str,
    "lower": str.lower,
    "strip_punctuation": lambda text: PUNCTUATION.sub("", text),
    "lower_and_strip_punctuation": lambda text: PUNCTUATION.sub("", text.lower()),
}
SPLITS: dict[Any, Callable[[str], list[str]]] = {
    None: lambda text: [text],
    "whitespace": str.split,
    "character": list,
}


def as_texts(x: Any, where: str) -> np.ndarray:
    """An array of texts, in the shape of what came.

    Args:
        x: texts, or bytes in UTF-8, in a list or an array.
        where: what an error names.

    Raises:
        DataError: for what is no text, by its place.

    Example:
        >>> as_texts([["a"], [b"b"]], "x").tolist()
        [['a'], ['b']]
    """
    array = np.array(x, dtype=object)
    flat = [t.decode() if isinstance(t, bytes) else t for t in array.ravel()]
    wrong = next((i for i, text in enumerate(flat) if not isinstance(text, str)), None)
    if wrong is not None:
        place = ", ".join(map(str, np.unravel_index(wrong, array.shape)))
        raise DataError(
            "An input of text holds something else.",
            where=f"{where}[{place}]",
            received=f"{flat[wrong]!r}, a {type(flat[wrong]).__name__}",
            expected="texts: str, or bytes in UTF-8",
            fix="column.fillna('').astype(str) of a table, or [str(v) for v in x]",
        )
    texts = np.empty(array.shape, dtype=object)
    texts.reshape(-1)[:] = flat
    return texts


def words(
    text: str,
    standardize: Callable[[str], str],
    split: Callable[[str], Sequence[str]],
    ngrams: Iterable[int] = (1,),
) -> list[str]:
    """The words of a text; with `ngrams`, runs of so many words each, the shorter ones first.

    Example:
        >>> words("The cat!", STANDARDS["lower"], str.split, (1, 2))
        ['the', 'cat!', 'the cat!']
    """
    each = list(split(standardize(text)))
    return [" ".join(each[i : i + n]) for n in ngrams for i in range(len(each) - n + 1)]


def ranked(documents: Iterable[Iterable[Any]]) -> tuple[list[Any], list[float]]:
    """The terms from the most frequent to the rarest, and the idf of each.

    The idf of a term is ln(1 + documents / (1 + documents that hold it)).

    Args:
        documents: the terms of each.

    Example:
        >>> ranked([["a", "b", "b"], ["c"]])[0]
        ['b', 'c', 'a']
    """
    counts, holding, n = Counter[Any](), Counter[Any](), 0
    for document in documents:
        terms = list(document)
        n += 1
        counts.update(terms)
        holding.update(set(terms))
    terms = sorted(counts, key=lambda term: (counts[term], term), reverse=True)
    return terms, [math.log(1 + n / (1 + holding[term])) for term in terms]


def bucket(text: str, n: int) -> int:
    """One of n places for a text that is not known: the same in every run.

    Example:
        >>> bucket("grafito", 1)
        0
    """
    place = 0
    for byte in text.encode():
        place = (place * 257 + byte) % 2_147_483_647
    return place % n


def looked_up(texts: np.ndarray, places: Mapping[Any, int], unknown: Callable[[str], int]) -> Any:
    """The place of each text as int32.

    Args:
        texts: what to look up.
        places: those that are known.
        unknown: the place of another text.

    Example:
        >>> looked_up(np.array(["a", "z"], dtype=object), {"a": 1}, lambda text: 0).tolist()
        [1, 0]
    """
    found = [places[t] if t in places else unknown(t) for t in texts.ravel()]
    return np.array(found, "int32").reshape(texts.shape)


def terms_at(indices: Any, terms: Sequence[Any], unknown: Any) -> np.ndarray:
    """The terms of numbers: the way back of `looked_up`.

    Example:
        >>> terms_at([1, 7], ["a", "b"], "?").tolist()
        ['b', '?']
    """
    array = np.asarray(indices)
    flat = [terms[i] if 0 <= i < len(terms) else unknown for i in array.ravel().tolist()]
    return np.array(flat).reshape(array.shape)


def aligned(rows: list[list[int]], length: int | None, fill: int) -> np.ndarray:
    """Rows of different lengths as an array: filled up at the end, or cut there.

    Example:
        >>> aligned([[5], [1, 2, 3]], 2, 0).tolist()
        [[5, 0], [1, 2]]
    """
    length = max(map(len, rows), default=0) if length is None else length
    out = np.full((len(rows), length), fill, "int32")
    for row, values in zip(out, rows, strict=True):
        row[: len(values)] = values[:length]
    return out


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise FileError("A vocabulary cannot be read.", where=path, received=error) from None


def listed(vocabulary: Any) -> list[Any]:
    """The terms of a vocabulary: of a list, an array, or of a file with one in each line.

    Raises:
        ArgumentError: for no terms, or the same one twice.

    Example:
        >>> listed(np.array([3, 5]))
        [3, 5]
    """
    if isinstance(vocabulary, (str, Path)):
        vocabulary = _lines(Path(vocabulary))
    terms = vocabulary.tolist() if hasattr(vocabulary, "tolist") else list(vocabulary)
    terms = [term.decode() if isinstance(term, bytes) else term for term in terms]
    twice = [term for term, count in Counter(terms).items() if count > 1]
    if not terms or twice:
        raise ArgumentError(
            "A vocabulary has at least one term, and each of them once.",
            received=f"{twice[0]!r} twice or more" if twice else "no terms",
            fix="sorted(set(vocabulary))" if twice else "layer.adapt(data), which finds them",
        )
    return terms
