"""The contract between targets and predictions: which shapes are compared, and how weights apply.

Losses and metrics share it, so that `(n,)` against `(n, 1)` is never broadcast to `(n, n)`, and
integer labels are never compared with rows of probabilities.
"""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.errors import ShapeError
from grafito.graph.dtypes import dtype_name, is_floating
from grafito.graph.tensor import Shape, Tensor
from grafito.language import message

# What the targets of a loss or metric are.
ANY = "anything"  # a user's own function decides; only (n,) against (n, 1) is repaired
VALUES = "a number for each output"
UNIT = "a number from 0 to 1 for each output"
EACH = "0 or 1 for each output"
SIGNS = "0 or 1, or -1 or 1, for each output"
ONE_HOT = "a row for each example with 1 at its class"
CLASSES = "an integer for each example"
EITHER = "an integer for each example, or a row with 1 at its class"


def pair(
    y_true: Any,
    y_pred: Any,
    target: str = VALUES,
    *,
    where: str = "targets",
    other: str | None = None,
    axis: int = -1,
    dtype: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Targets and predictions as tensors that can be compared.

    `(n,)` against `(n, 1)` gets the missing axis; `(n, 1)` integer labels lose theirs.

    Args:
        y_true: targets, of the predictions' shape; integer labels without their class axis.
        y_pred: predictions; integers become float32.
        target: what the targets are, one of the constants of this module.
        where: name of the loss or metric, for the error.
        other: name of the one that takes the other form of class labels, for the error.
        axis: the class axis of the predictions.
        dtype: of the comparison; by default that of the predictions, and at least float32.

    Raises:
        ShapeError: when the shapes do not fit.

    Example:
        >>> [x.shape for x in pair([1.0, 2.0, 3.0], [[1.0], [2.0], [3.0]])]
        [(3, 1), (3, 1)]
    """
    y_true, y_pred = graph.as_tensor(y_true), graph.as_tensor(y_pred)
    wide = is_floating(y_pred.dtype) and y_pred.dtype != "bfloat16"
    y_pred = graph.cast(y_pred, dtype_name(dtype or (y_pred.dtype if wide else "float32")))
    if target == EITHER:
        target = ONE_HOT if y_true.shape == y_pred.shape and y_pred.ndim > 1 else CLASSES
    if target == CLASSES:
        return _class_numbers(y_true, y_pred, where, other, axis), y_pred
    labels = not is_floating(y_true.dtype)
    y_true, y_pred = _same_rank(graph.cast(y_true, y_pred.dtype), y_pred)
    one = target == ONE_HOT and not y_pred.ndim
    if one or (target != ANY and y_true.shape != y_pred.shape):
        raise _mismatch(y_true.shape, y_pred.shape, target, where, other, axis, labels)
    return y_true, y_pred


def _class_numbers(
    y_true: Tensor, y_pred: Tensor, where: str, other: str | None, axis: int
) -> Tensor:
    if y_true.ndim == y_pred.ndim and y_true.ndim and y_true.shape[axis] == 1:
        y_true = graph.squeeze(y_true, axis)
    if not y_pred.ndim or y_true.shape != _without(y_pred.shape, axis):
        raise _mismatch(y_true.shape, y_pred.shape, CLASSES, where, other, axis)
    return y_true if y_true.dtype.startswith("int") else graph.cast(y_true, "int32")


def _same_rank(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Where one shape is the other's and a last 1: a vector gets it, and anything else loses it."""
    if x.shape == (*y.shape, 1):
        return (x, graph.expand_dims(y, -1)) if y.ndim == 1 else (graph.squeeze(x, -1), y)
    if y.shape == (*x.shape, 1):
        return (graph.expand_dims(x, -1), y) if x.ndim == 1 else (x, graph.squeeze(y, -1))
    return x, y


def _without(shape: Shape, axis: int) -> Shape:
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


def _mismatch(
    true: Shape,
    pred: Shape,
    target: str,
    where: str,
    other: str | None,
    axis: int,
    labels: bool = False,
) -> ShapeError:
    """The error that says both shapes, what the targets must be, and the edit to try.

    The arguments are those of `pair`; `labels` says that the targets are integers.
    """
    classes = pred[axis] if pred else 1
    integers = bool(pred) and true in (_without(pred, axis), (*_without(pred, axis), 1))
    what, fix = "The targets do not have the shape of the predictions.", None
    expected = f"targets of shape {pred}: {target}"
    if target == CLASSES:
        expected = f"targets of shape {_without(pred, axis) if pred else ()}: {target}"
    if target in (ONE_HOT, CLASSES) and not pred:
        fix = "a row of probabilities for each example"
    elif true and pred and true[0] != pred[0]:
        fix = "one target for each example"
    elif len(pred) > 2 and len(true) <= 2:
        fix = "layers.Flatten() before the last layer"
    elif target == CLASSES and true == pred and len(pred) > 1:
        what = "One-hot targets were given where integer labels are expected."
        fix = "numpy.argmax(y, axis=-1)" + (f", or the loss {other!r}" if other else "")
    elif target == ONE_HOT and integers and classes > 1:
        what = "Integer labels were given where one-hot targets are expected."
        fix = message(
            (f"the loss {other!r}, or " if other else "") + f"utils.to_categorical(y, {classes})"
        )
    elif integers and target in (UNIT, SIGNS):
        fix = "a last layer with 1 unit, or a loss for classes (sparse_categorical_crossentropy)"
    elif integers and labels and target == EACH:
        fix = f"utils.to_categorical(y, {classes}), or metrics.ConfusionMatrix({classes})"
    elif integers and labels:
        fix = f"a last layer with 1 unit, or utils.to_categorical(y, {classes}) for classes"
    elif integers:
        fix = "a last layer with 1 unit"
    elif len(true) == len(pred) and true:
        fix = f"a last layer with {true[-1]} units, or other targets"
    return ShapeError(
        what,
        where=where,
        received=f"targets {true}, predictions {pred}",
        expected=expected,
        fix=fix or "reshape the targets",
    )


def align_weights(weights: Any, values: Tensor) -> Tensor:
    """Sample weights with as many axes as the values, ready to multiply them.

    Args:
        weights: one number, or one for each example, or one for each value.
        values: losses or metric values, examples first.

    Raises:
        ShapeError: when the weights fit neither the examples nor the values.

    Example:
        >>> from grafito import graph
        >>> align_weights([1.0, 2.0], graph.constant([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])).shape
        (2, 1)
    """
    values = graph.as_tensor(values)
    weights = graph.cast(weights, values.dtype)
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = graph.squeeze(weights, -1)
    pairs = list(zip(weights.shape, values.shape, strict=False))
    if weights.ndim > values.ndim or any(w not in (1, n) for w, n in pairs):
        raise _unfit_weights(weights.shape, values.shape)
    return graph.reshape(weights, weights.shape + (1,) * (values.ndim - weights.ndim))


def _unfit_weights(weights: Shape, values: Shape) -> ShapeError:
    """The error for weights whose shape is not that of the examples or of their values."""
    what = "The sample weights do not fit the values that they weigh."
    if not values or weights[:1] != values[:1]:  # the user's function lost the examples
        return ShapeError(
            what,
            where="sample_weight",
            received=f"weights {weights}, values {values}",
            expected="one weight and one value for each example",
            fix="graph.mean(..., axis=-1) in a function of your own, which keeps the examples",
        )
    received = f"weights {batches_of(weights)}, values {batches_of(values)}"
    if len(values) == 1:
        expected = message("{}: one weight for each example").format("(None,)")
    else:
        text = message("{}: one weight for each example, or {}: one for each value")
        expected = text.format("(None,)", batches_of(values))
    return ShapeError(
        what,
        where="sample_weight",
        received=received,
        expected=expected,
        fix="sample_weight.mean(axis=-1)" if len(weights) == 2 else None,
    )


def batches_of(shape: Shape) -> str:
    """A shape with any number of examples, as layers show it.

    Example:
        >>> batches_of((32, 3))
        '(None, 3)'
    """
    return str((None, *shape[1:])) if shape else "()"


def divide_no_nan(x: Tensor, y: Tensor) -> Tensor:
    """The quotient x / y, and 0 where y is 0.

    Example:
        >>> from grafito import graph
        >>> divide_no_nan(graph.constant([1.0, 1.0]), graph.constant([0.0, 2.0])).numpy().tolist()
        [0.0, 0.5]
    """
    zero = graph.equal(y, 0)
    return graph.where(zero, 0, x / graph.where(zero, 1, y))


def label_form(y_true_shape: Shape, y_pred_shape: Shape) -> str:
    """Which form of a classification loss or metric fits the shapes, by Keras's rule.

    Returns:
        "binary" for predictions with one unit, "sparse" for integer labels, else "categorical".

    Example:
        >>> label_form((32,), (32, 1)), label_form((32,), (32, 10)), label_form((32, 10), (32, 10))
        ('binary', 'sparse', 'categorical')
    """
    if len(y_pred_shape) < 2 or y_pred_shape[-1] == 1:
        return "binary"
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return "sparse"
    return "categorical"
