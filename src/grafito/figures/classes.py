"""Classes as people have them: numbers, texts, one-hot rows, scores or probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, DtypeError, one_of


def number_classes(
    *several: Any, class_names: Sequence[str] | None = None
) -> tuple[list[np.ndarray], Sequence[str] | None]:
    """Labels and predictions as numbers of classes, and what the classes are called.

    Texts are the names of their classes: numbered as in `class_names`, else by the alphabet.

    Args:
        several: classes (n,) or (n, 1) as numbers or texts, probabilities of class 1, one-hot rows
            or a column for each class (n, classes).
        class_names: a name for each class.

    Returns:
        For each of them integers (n,); and the names, None where there are none.

    Raises:
        ArgumentError: for a text that is no name of a class.
        DtypeError: for what is neither a number nor a text.

    Example:
        >>> number_classes(["no", "yes"], ["yes", "yes"])
        ([array([0, 1]), array([1, 1])], ['no', 'yes'])
        >>> number_classes([[0.2, 0.8]], [[0.3]])[0]
        [array([1]), array([0])]
    """
    arrays = [_column(values) for values in several]
    texts = [array for array in arrays if array.dtype.kind == "U"]
    names = class_names
    if texts and names is None:
        names = [str(text) for text in np.unique(np.concatenate(texts))]
    return [_numbers(array, names) for array in arrays], names


def _column(values: Any) -> np.ndarray:
    """An axis of examples; numbers or texts."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "OST":
            whole = array.ravel().tolist()
            is_text = all(isinstance(one, (str, bytes)) for one in whole)
            array = array.astype("U" if is_text else "float64")
    except (TypeError, ValueError) as error:
        raise DtypeError(
            "Classes are numbers or texts.", received=repr(values)[:80], fix='["cat", "dog"]'
        ) from error
    if array.ndim == 2 and array.shape[1] > 1:
        return array.argmax(axis=1)
    return array.reshape(-1)


def _numbers(array: np.ndarray, names: Sequence[str] | None) -> np.ndarray:
    if array.dtype.kind == "U":
        place = {str(name): number for number, name in enumerate(names or ())}
        unknown = [str(text) for text in np.unique(array) if str(text) not in place]
        if unknown:
            raise ArgumentError(
                "A label is not the name of a class.",
                received=repr(unknown[0]),
                expected=one_of(place),
            )
        return np.array([place[str(text)] for text in array], "int64")
    if array.dtype.kind == "f" and (array != np.round(array)).any():
        array = array > 0.5  # probabilities of class 1
    return array.astype("int64")
