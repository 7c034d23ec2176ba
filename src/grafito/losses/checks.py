"""Checks before training: does the loss fit the last activation, and do the labels fit the loss?

An error where training cannot work, a warning where it works but is seldom meant.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, DataError, GrafitoError
from grafito.graph.tensor import Tensor
from grafito.losses import targets
from grafito.losses.base import Loss
from grafito.losses.classification import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
)
from grafito.losses.regression import KLDivergence, Poisson

BINARY = (BinaryCrossentropy, BinaryFocalCrossentropy)
CATEGORICAL = (
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    CategoricalFocalCrossentropy,
)
# What values an activation can give, where it matters to a loss.
PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid")
CUT = ("relu", "relu6")  # all outputs of an example may be 0
POSITIVE = (*CUT, "softplus", "exponential")
SIGNED = (
    *("linear", "tanh", "softsign", "hard_tanh", "leaky_relu", "elu", "selu", "celu", "gelu"),
    *("silu", "swish", "mish", "log_softmax", "log_sigmoid"),
)


class LossWarning(UserWarning):
    """What trains, but is seldom meant; its text is like an error's.

    Example:
        >>> import warnings
        >>> warnings.filterwarnings("ignore", category=LossWarning)  # no word of it any more
    """

    def __init__(self, what: str, **rows: object):
        super().__init__(GrafitoError(what, **rows).message)


def check_loss_fits(
    loss: Loss, activation: Any, units: int | None = None, where: str = "the last layer"
) -> None:
    """Check a loss against what the model's output can be, before training.

    Args:
        loss: a loss; a user's own function is not checked.
        activation: of the last layer: its name, the function (its `__name__` counts) or the output
            tensor; what is not recognised is not checked.
        units: size of the output's last axis; known from the tensor.
        where: name of the layer, for the message.

    Raises:
        ArgumentError: when training cannot work: a softmax or a categorical loss with one unit; a
            cross-entropy of values that are no probabilities.

    Warns:
        LossWarning: when it works, but is seldom meant: logits that are probabilities already, a
            binary loss over a softmax, a categorical loss over sigmoids.

    Example:
        >>> from grafito import losses
        >>> losses.check_loss_fits(losses.get("mse"), "linear", units=1)
    """
    finding = unusual(loss, activation, units, where)
    if finding is not None:
        warnings.warn(finding, stacklevel=2)


def unusual(
    loss: Loss, activation: Any, units: int | None = None, where: str = "the last layer"
) -> LossWarning | None:
    """What `check_loss_fits` warns of, as a value; it raises the same errors.

    Example:
        >>> from grafito import losses
        >>> unusual(losses.get("mse"), "linear", units=1) is None
        True
    """
    if isinstance(activation, Tensor):
        units = activation.shape[-1] if activation.ndim > 1 and units is None else units
        activation = activation_of(activation)
    kind = activation if isinstance(activation, str) else getattr(activation, "__name__", None)
    kind = "linear" if activation is None else kind
    found = f"{_words(kind, units)}, loss {loss.name!r}"
    logits = getattr(loss, "from_logits", False)
    if units == 1 and (kind == "softmax" or isinstance(loss, CATEGORICAL)):
        raise ArgumentError(
            "Over a single unit a softmax is always 1, so that nothing can be learned."
            if kind == "softmax"
            else "A categorical loss compares units, one for each class, and here is only one.",
            where=where,
            received=found,
            expected="a sigmoid for one unit, or a unit for each class",
            fix='Dense(1, activation="sigmoid") with "binary_crossentropy", or Dense(2, '
            'activation="softmax") with "sparse_categorical_crossentropy"',
        )
    if logits and kind in PROBABILITIES:
        return _warning(
            "The loss expects logits, but the outputs are probabilities already: learning is slow.",
            where,
            found,
            "from_logits=False, or a last layer without activation",
        )
    elif isinstance(loss, (*BINARY, *CATEGORICAL, KLDivergence)) and not logits:
        binary = not isinstance(loss, CATEGORICAL)
        proper = "sigmoid" if binary else "softmax"
        if kind in SIGNED or kind in CUT or (kind in POSITIVE and binary):
            raise ArgumentError(
                "This loss takes the logarithm of probabilities, and the outputs are none.",
                where=where,
                received=found,
                expected="outputs from 0 to 1",
                fix=f'activation="{proper}" in the last layer'
                + ("" if isinstance(loss, KLDivergence) else ", or the loss with from_logits=True"),
            )
        if kind == "softmax" and isinstance(loss, BINARY):
            return _warning(
                "A binary loss treats each class as a question of its own; a softmax picks one.",
                where,
                found,
                '"categorical_crossentropy" for one class out of several, or '
                'activation="sigmoid" for several at once',
            )
        elif kind != "softmax" and not binary and kind in (*PROBABILITIES, *POSITIVE):
            return _warning(
                "A categorical loss picks one class; these outputs do not have sum 1.",
                where,
                found,
                'activation="softmax", or "binary_crossentropy" for several classes at once',
            )
    elif isinstance(loss, Poisson) and kind in SIGNED:
        return _warning(
            "The Poisson loss is NaN where an output is below 0.",
            where,
            found,
            'activation="softplus" or "exponential" in the last layer',
        )
    return None


def _words(kind: str | None, units: int | None) -> str:
    count = "" if units is None else f" with {units} unit{'s' if units != 1 else ''}"
    return f"activation {kind!r}{count}"


def _warning(what: str, where: str, found: str, fix: str) -> LossWarning:
    return LossWarning(what, where=where, received=found, fix=fix)


def activation_of(output: Tensor) -> str:
    """Name of the activation that made a tensor; "" where that cannot be seen.

    Example:
        >>> from grafito import graph
        >>> activation_of(graph.tanh(graph.placeholder((1, 2))))
        'tanh'
    """
    while output.op.name in ("reshape", "cast"):
        (output,) = output.inputs
    name = {"exp": "exponential", "logsoftmax": "log_softmax"}.get(output.op.name, output.op.name)
    if name in (*PROBABILITIES, *POSITIVE, "tanh", "log_softmax"):
        return name
    candidates = [output, *(output.inputs if name == "add" else ())]
    while any(x.op.name == "reshape" for x in candidates):
        candidates = [x.inputs[0] if x.op.name == "reshape" else x for x in candidates]
    return "linear" if any(x.op.name.startswith(("matmul", "conv")) for x in candidates) else ""


def check_labels(loss: Loss, y: Any, classes: int | None = None, where: str = "y") -> None:
    """Check the values of the targets against the loss, before training.

    Args:
        loss: a loss; of a user's own function's targets only their being finite is checked.
        y: the targets as an array; their shape is checked by the loss itself.
        classes: size of the output's class axis, where the loss is one of classes.
        where: name of the argument or the output, for the message.

    Raises:
        DataError: for text, NaN or infinity, labels outside the classes (1 to K, say, in place of
            0 to K - 1), one-hot rows without sum 1, hinge labels that are neither 0 and 1 nor -1
            and 1, probabilities outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from grafito import losses
        >>> check_labels(losses.get("sparse_categorical_crossentropy"), np.array([0, 2]), 3)
    """
    y = np.asarray(y)
    if y.dtype.kind not in "biuf":
        raise DataError(
            "Targets must be numbers.",
            where=where,
            received=f"dtype {y.dtype}" + (f", first value {y.flat[0]!r}" if y.size else ""),
            fix="names, y = numpy.unique(y, return_inverse=True)",
        )
    if y.dtype.kind == "f":
        _require(np.isfinite(y), y, where, "A target is NaN or infinite.", "finite numbers")
    if not y.size:
        return
    target = loss.target
    if target == targets.EITHER:
        rows = y.ndim > 1 and y.shape[-1] > 1 and y.shape[-1] == (classes or y.shape[-1])
        target = targets.ONE_HOT if rows else targets.CLASSES
    if target == targets.CLASSES:
        _check_class_numbers(y, classes, getattr(loss, "ignore_class", None), where)
    elif target == targets.ONE_HOT and y.ndim > 1:
        _check_rows(y, getattr(loss, "axis", -1), where, loss.other)
    elif target == targets.UNIT:
        _check_unit(y, where)
    elif target == targets.SIGNS:
        _check_signs(y, where)


def _require(
    good: np.ndarray, y: np.ndarray, where: str, what: str, expected: str, fix: str | None = None
) -> None:
    """Raise the error for the first element that is not good."""
    if np.all(good):
        return
    index = tuple(map(int, np.argwhere(~good)[0]))
    place = index[0] if len(index) == 1 else index
    raise DataError(
        what,
        where=where,
        received=f"{y[index]} at index {place} ({np.count_nonzero(~good)} such in all)",
        expected=expected,
        fix=fix,
    )


def _check_class_numbers(y: np.ndarray, classes: int | None, ignored: Any, where: str) -> None:
    counted = y[y != ignored] if ignored is not None else y
    if not counted.size:
        return
    low, high = counted.min(), counted.max()
    expected = "integers from 0" + (f" to {classes - 1}" if classes else "")
    what, fix = "A label is outside the classes.", "numpy.unique(y, return_inverse=True)[1]"
    if classes and low == 1 and high == classes:
        what = f"The labels run from 1 to {classes}, but classes are numbered from 0."
        fix = "y - 1"
    elif classes and low >= 0 and high >= classes:
        fix = f"a last layer with {int(high) + 1} units"
    good = (y >= 0) & (y == np.floor(y)) & (y < (classes or np.inf))
    _require(good if ignored is None else good | (y == ignored), y, where, what, expected, fix)


def _check_rows(y: np.ndarray, axis: int, where: str, other: str | None) -> None:
    _require(y >= 0, y, where, "A one-hot target is below 0.", "rows from 0 to 1 with sum 1")
    sums = y.sum(axis=axis, dtype="float64")
    _require(
        np.abs(sums - 1) < 1e-3,
        sums,
        where,
        "A row of one-hot targets has another sum than 1.",
        "rows with 1 at the class and 0 elsewhere, or other numbers with sum 1",
        'for several classes at once: activation="sigmoid" with "binary_crossentropy"'
        + (f"; for integer labels: {other!r}" if other else ""),
    )


def _check_unit(y: np.ndarray, where: str) -> None:
    fix = "scale the targets, for example y / y.max()"
    if y.min() == -1 and np.isin(y, (-1, 0, 1)).all():
        fix = '(y + 1) / 2 for labels -1 and 1, or the loss "hinge"'
    elif y.max() == 255:
        fix = "y / 255"
    elif y.min() >= 0 and (y == np.floor(y)).all():
        fix = 'a unit for each class with "sparse_categorical_crossentropy"'
    what = "A target of a loss of probabilities is not from 0 to 1."
    _require((y >= 0) & (y <= 1), y, where, what, "numbers from 0 to 1", fix)


def _check_signs(y: np.ndarray, where: str) -> None:
    allowed = (0, 1) if y.min() >= 0 else (-1, 1)
    what = "A label of a hinge loss is neither 0 or 1 nor -1 or 1."
    fix = 'numpy.where(y > 0, 1, -1), or "multiclass_hinge" for several classes'
    _require(np.isin(y, allowed), y, where, what, f"labels {allowed[0]} and {allowed[1]}", fix)
