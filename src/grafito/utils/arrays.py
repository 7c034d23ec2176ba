"""Labels as one-hot rows, and lists of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, DataError, unknown_name


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers as one-hot rows.

    Args:
        x: integers from 0, of shape (n,) or (n, 1).
        num_classes: the largest plus one by default.

    Returns:
        Shape (n, num_classes), float64 as in Keras.

    Raises:
        DataError: for a label that is no class.

    Example:
        >>> to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = np.asarray(x)
    if labels.dtype.kind not in "biuf":
        raise DataError(
            "Classes must be numbers.",
            received=f"dtype {labels.dtype}",
            fix="numpy.unique(x, return_inverse=True)[1]",
        )
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    finite = labels[np.isfinite(labels)]
    largest = int(finite.max()) if finite.size else -1
    classes = _whole_number("num_classes", num_classes or largest + 1)
    wrong = (labels < 0) | (labels >= classes) | (labels != np.floor(labels))
    if wrong.any():
        raise DataError(
            "A label is not one of the classes.",
            received=labels[wrong].flat[0],
            expected=f"integers from 0 to {classes - 1}",
            fix="labels - labels.min() where they start at 1",
        )
    return np.eye(classes)[labels.astype("int64")]


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """An array whose vectors along an axis have length 1; those of length 0 stay.

    Args:
        x: an array.
        axis: along which the vectors lie.
        order: p of the length (Σ |x|ᵖ)^(1/p).

    Raises:
        ArgumentError: for an axis that the array does not have.

    Example:
        >>> normalize([[3.0, 4.0]]).tolist()
        [[0.6, 0.8]]
    """
    x = np.atleast_1d(x)
    if axis not in range(-x.ndim, x.ndim):
        raise ArgumentError(
            "The array does not have this axis.",
            where="normalize",
            received=f"axis={axis}, an array of shape {x.shape}",
            expected=f"{-x.ndim} to {x.ndim - 1}",
        )
    length = np.asarray(np.linalg.norm(x, order, axis, keepdims=True))
    length[length == 0] = 1
    return x / length


def pad_sequences(
    sequences: Sequence[Sequence[Any]],
    maxlen: int | None = None,
    dtype: str = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as the rows of one array.

    Args:
        sequences: lists of numbers.
        maxlen: length of a row; that of the longest by default.
        dtype: element type.
        padding: "pre" or "post", where short sequences are filled.
        truncating: "pre" or "post", where long ones are cut.
        value: what they are filled with.

    Returns:
        Shape (number of sequences, maxlen).

    Example:
        >>> pad_sequences([[1], [2, 3, 4]], maxlen=2).tolist()
        [[0, 1], [3, 4]]
    """
    for name, choice in (("padding", padding), ("truncating", truncating)):
        if choice not in ("pre", "post"):
            raise unknown_name(name, choice, ["pre", "post"])
    if not hasattr(sequences, "__len__") or any(not hasattr(s, "__len__") for s in sequences):
        raise ArgumentError(
            "Sequences must be lists of numbers.",
            received=type(sequences).__name__,
            fix="[[1, 2], [3]]",
        )
    longest = max((len(s) for s in sequences), default=0)
    length = _whole_number("maxlen", longest if maxlen is None else maxlen)
    inner = next((np.shape(s)[1:] for s in sequences if len(s)), ())  # of sequences of vectors
    rows = _converted(np.full, (len(sequences), length, *inner), value, dtype)
    for row, sequence in zip(rows, sequences, strict=True):
        kept = sequence[-length:] if truncating == "pre" else sequence[:length]
        kept = _converted(np.asarray, kept, dtype)
        if len(kept) and kept.shape[1:] != inner:
            raise DataError(
                "The elements of sequences must have the same shape.",
                received=f"elements of shape {kept.shape[1:]}",
                expected=f"{inner}, as in the first sequence",
            )
        if not length or not len(kept):
            continue
        if padding == "pre":
            row[-len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return rows


def _whole_number(name: str, value: Any) -> int:
    """The value as an int that is not negative."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 0:
        raise ArgumentError(
            "A whole number is needed.", received=f"{name}={value!r}", expected="0 or more"
        )
    return int(value)


def _converted(make: Any, *args: Any) -> Any:
    try:
        return make(*args)
    except (TypeError, ValueError) as error:
        raise DataError(
            "The values do not have the dtype.",
            received=error,
            fix="another dtype=, or numbers in place of text",
        ) from None
