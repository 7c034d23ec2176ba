"""IMDB: 50,000 film reviews, each for or against the film, as sequences of word ranks.

Words are cut out as Keras cut them for its copy: lower case, every character of `SEPARATORS` a
space, then split at spaces; apostrophes stay inside words, and `<br />` leaves a word "br". That
gives the 88,582 words that are known for the training part. Ranks count that part alone: 1 is the
most frequent word, and equal counts go by the alphabet.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grafito.datasets.readers.archive import read_tar
from grafito.datasets.store import cache_folder, digest, get
from grafito.errors import ArgumentError, DataError, FileError, GrafitoError
from grafito.files import read_arrays, write_arrays
from grafito.language import message

__all__ = ["get_word_index", "load_data", "tokenise"]

Arrays = tuple[np.ndarray, np.ndarray]

SEPARATORS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

_TO_SPACES = str.maketrans(SEPARATORS, " " * len(SEPARATORS))
_MEMBER = r"aclImdb/(train|test)/(neg|pos)/(\d{1,6})_(\d{1,2})\.txt"
_PER_CLASS = 12_500
# The published archive unpacks to 490 MB, most of it passed over.
_MAX_BYTES = 640 << 20
_PARTS = ("train", "test")


class Corpus(NamedTuple):
    """The reviews as ranks.

    Args:
        words: the words of the training part by rank, the first has rank 1.
        ranks: for each part, the ranks of all its reviews one after the other, int32.
        starts: for each part, where each review starts in `ranks`, and the end of the last.
        labels: for each part, 0 for negative and 1 for positive, int64.
    """

    words: list[str]
    ranks: dict[str, np.ndarray]
    starts: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Arrays, Arrays]:
    """Load the reviews, from the folders of GRAFITO_DATA or the cache, else by download (84 MB).

    Args:
        path: for programs written for Keras; it has no effect here.
        num_words: keep indices below this one; None keeps all.
        skip_top: drop indices below this one.
        maxlen: keep only reviews shorter than this; None keeps all.
        seed: of the shuffle.
        start_char: put before each review; None for nothing.
        oov_char: put in place of words that are dropped; None leaves them out.
        index_from: added to each rank, which makes room for padding (0) and the two above.

    Returns:
        ((x_train, y_train), (x_test, y_test)): arrays (25000,) of lists of int, and labels
        (25000,) of int64; without the words that only the test part has.

    Raises:
        ArgumentError: no review is shorter than maxlen.
        DataError: the archive is not here and cannot be downloaded, or holds something else.

    Example:
        >>> (x_train, y_train), _ = load_data(num_words=10_000)
        >>> x_train.shape
        (25000,)
    """
    corpus = _corpus()
    most = np.iinfo(np.int32).max if num_words is None else num_words
    random = np.random.RandomState(seed)
    parts = []
    for part in _PARTS:
        ranks, starts, labels = (table[part] for table in corpus[1:])
        order = np.arange(len(labels))
        random.shuffle(order)
        reviews, kept = [], []
        for index in order:
            review = ranks[starts[index] : starts[index + 1]] + index_from
            if start_char is not None:
                review = np.concatenate([[start_char], review])
            if maxlen is not None and len(review) >= maxlen:
                continue
            known = (review >= skip_top) & (review < most)
            review = review[known] if oov_char is None else np.where(known, review, oov_char)
            reviews.append(review.tolist())
            kept.append(index)
        if not reviews:
            raise ArgumentError("No review is that short.", where="maxlen", received=maxlen)
        parts.append((_ragged(reviews), labels[kept]))
    return parts[0], parts[1]


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The rank of each word of the training part; `load_data` adds `index_from` to it.

    Args:
        path: for programs written for Keras; it has no effect here.

    Returns:
        Words and their ranks, from 1 for the most frequent.

    Raises:
        DataError: the archive is not here and cannot be downloaded, or holds something else.

    Source: https://keras.io/api/datasets/imdb/

    Example:
        >>> get_word_index()["the"]
        1
    """
    return {word: rank for rank, word in enumerate(_corpus().words, start=1)}


def tokenise(text: str) -> list[str]:
    """Cut a text into words.

    Args:
        text: any text.

    Returns:
        Its words in lower case.

    Example:
        >>> tokenise("It's great!<br />Well-made...")
        ["it's", 'great', 'br', 'well', 'made']
    """
    return [word for word in text.lower().translate(_TO_SPACES).split(" ") if word]


def check(path: Path) -> str:
    """Read the archive and say what it holds; a DataError or FileError if it is bad."""
    reviews = _read(path)
    return message(f"{len(reviews):,} reviews, {_PER_CLASS:,} of each class in each part")


def _ragged(reviews: list[list[int]]) -> np.ndarray:
    # np.array would make a table of reviews that happen to have one length.
    array = np.empty(len(reviews), dtype=object)
    array[:] = reviews
    return array


def _corpus() -> Corpus:
    """The corpus, from the cache if the same archive was read before."""
    (path,) = get("imdb").values()
    # The digest in the name ties the parsed copy to its archive.
    parsed = cache_folder() / "imdb" / f"parsed-{digest(path).partition(':')[2][:16]}.safetensors"
    try:
        return _restore(read_arrays(parsed)[0])
    except (GrafitoError, KeyError, ValueError):
        # Not there, or damaged: it is made again.
        corpus = _parse(path)
    _keep(parsed, corpus)
    return corpus


def _read(path: Path) -> dict[tuple[str, int, int], str]:
    """The texts by (part, label, number), in that order, after a check of the counts."""
    texts: dict[tuple[str, int, int], str] = {}
    for name, data in read_tar(path, _MEMBER, max_bytes=_MAX_BYTES):
        match = re.fullmatch(_MEMBER, name)
        assert match is not None
        part, label, number, _stars = match.groups()
        try:
            texts[part, int(label == "pos"), int(number)] = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FileError(
                "A review is not in UTF-8.", where=f"{path}, {name}", received=error.reason
            ) from None
    counts = Counter(f"{part}/{('neg', 'pos')[label]}" for part, label, _ in texts)
    if any(counts[f"{part}/{kind}"] != _PER_CLASS for part in _PARTS for kind in ("neg", "pos")):
        raise DataError(
            "The archive does not hold this data set.",
            where=path,
            received=", ".join(f"{n} in {kind}" for kind, n in sorted(counts.items()))
            or "no reviews",
            expected=f"{_PER_CLASS} reviews in each of train/neg, train/pos, test/neg, test/pos",
        )
    return dict(sorted(texts.items()))


def _parse(path: Path) -> Corpus:
    texts = _read(path)
    counts: Counter[str] = Counter()
    for (part, _, _), text in texts.items():
        if part == "train":
            counts.update(tokenise(text))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    rank = {word: number for number, word in enumerate(words, start=1)}
    tables: tuple[dict, dict, dict] = ({}, {}, {})
    for part in _PARTS:
        reviews = [
            np.array([rank[word] for word in tokenise(text) if word in rank], np.int32)
            for (owner, _, _), text in texts.items()
            if owner == part
        ]
        tables[0][part] = np.concatenate(reviews)
        tables[1][part] = np.cumsum([0] + [len(review) for review in reviews])
        tables[2][part] = np.array([label for owner, label, _ in texts if owner == part])
    return Corpus(words, *tables)


def _keep(path: Path, corpus: Corpus) -> None:
    """Keep the parsed corpus for the next time; a cache that cannot be written costs only time."""
    arrays = {"words": np.frombuffer("\n".join(corpus.words).encode(), np.uint8)}
    for name, table in zip(corpus._fields[1:], corpus[1:], strict=True):
        arrays |= {f"{name}_{part}": table[part] for part in _PARTS}
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(path, arrays, {})


def _restore(arrays: dict[str, np.ndarray]) -> Corpus:
    words = arrays["words"].tobytes().decode().split("\n")
    tables = [{part: arrays[f"{name}_{part}"] for part in _PARTS} for name in Corpus._fields[1:]]
    ranks, starts, labels = tables
    for part in _PARTS:
        if starts[part][-1] != len(ranks[part]) or len(starts[part]) != len(labels[part]) + 1:
            raise ValueError("the parsed copy does not fit together")
    return Corpus(words, ranks, starts, labels)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
