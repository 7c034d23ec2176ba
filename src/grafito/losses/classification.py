"""Cross-entropies, of probabilities and of logits, and their focal forms."""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.errors import LossWarning, warn
from grafito.graph import neural
from grafito.graph.tensor import Tensor
from grafito.losses.base import Loss, function_form, register
from grafito.losses.targets import CLASSES, ONE_HOT, UNIT


class CrossEntropyLoss(Loss):
    """What the cross-entropies share: logits or probabilities, label smoothing, the class axis."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def smooth(self, y_true: Tensor, classes: int) -> Tensor:
        """Targets moved towards 1 / classes by the label smoothing."""
        s = self.label_smoothing
        return y_true * (1 - s) + s / classes if s else y_true


@register("bce", "BCE")
class BinaryCrossentropy(CrossEntropyLoss):
    """The binary cross-entropy, the mean of -y ln p - (1 - y) ln(1 - p) over the outputs.

    Probabilities are clipped to [1e-7, 1 - 1e-7]; where they come from a sigmoid, its logits are
    used instead, so that no digit is lost.

    Args:
        from_logits: the predictions are logits z, with p = sigmoid(z).
        label_smoothing: s; the targets become y (1 - s) + s / 2.
        axis: the axis of the mean.
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Raises:
        ShapeError: when targets and predictions differ in shape.

    Example:
        >>> print(round(float(BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]])), 4))
        0.6931
    """

    target = UNIT

    def call(self, y_true, y_pred):
        terms = neural.sigmoid_cross_entropy if self.from_logits else neural.binary_cross_entropy
        return graph.mean(terms(y_pred, self.smooth(y_true, 2)), self.axis)


@register()
class CategoricalCrossentropy(CrossEntropyLoss):
    """The cross-entropy of one-hot targets (or other distributions), -Σ y ln p over the classes.

    Probabilities are divided by their sum and clipped to [1e-7, 1 - 1e-7]; where they come from a
    softmax, its logits are used instead, so that no digit is lost.

    Args:
        from_logits: the predictions are logits z, with p = softmax(z).
        label_smoothing: s; the targets become y (1 - s) + s / classes.
        axis: the axis of the classes.
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Raises:
        ShapeError: when targets and predictions differ in shape, as integer labels do.

    Example:
        >>> print(round(float(CategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]])), 4))
        0.6931
    """

    target = ONE_HOT
    other = "sparse_categorical_crossentropy"

    def call(self, y_true, y_pred):
        _several_classes(self, y_pred)
        y_true = self.smooth(y_true, y_true.shape[self.axis])
        return _class_entropy(y_true, y_pred, self.from_logits, self.axis)


def _several_classes(loss: Any, y_pred: Tensor) -> None:
    """A word where there is one class alone, whose probability is 1 and its loss 0."""
    if y_pred.shape[loss.axis] == 1:
        warn(
            LossWarning(
                "A categorical loss of one column is about 0 for every prediction.",
                where=f"loss {loss.name!r}",
                received=f"predictions of shape {y_pred.shape}",
                expected="a column for each class",
                fix='"binary_crossentropy" for one column of probabilities',
            )
        )


def _class_entropy(y_true: Tensor, y_pred: Tensor, from_logits: bool, axis: int) -> Tensor:
    entropy = neural.softmax_cross_entropy if from_logits else neural.cross_entropy
    return entropy(graph.moveaxis(y_pred, axis, -1), graph.moveaxis(y_true, axis, -1))


@register()
class SparseCategoricalCrossentropy(Loss):
    """The cross-entropy of integer labels c, -ln p_c; otherwise as `CategoricalCrossentropy`.

    Args:
        from_logits: the predictions are logits z, with p = softmax(z).
        ignore_class: a label that marks examples that do not count, for example -1.
        reduction: see `Loss`.
        axis: the axis of the classes.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Raises:
        ShapeError: when the targets are not `(n,)` or `(n, 1)` against `(n, classes)`.

    Example:
        >>> print(round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4))
        0.6931
    """

    target = CLASSES
    other = "categorical_crossentropy"

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def call(self, y_true, y_pred):
        _several_classes(self, y_pred)
        y_pred = graph.moveaxis(y_pred, self.axis, -1)
        counts: Any = self.mask(y_true)
        if counts is not None:  # what is ignored may hold anything, NaN too
            y_pred = graph.where(graph.expand_dims(counts, -1), y_pred, 1)
        y_true = graph.one_hot(y_true, y_pred.shape[-1], y_pred.dtype)
        values = _class_entropy(y_true, y_pred, self.from_logits, -1)
        return values if counts is None else graph.where(counts, values, 0)

    def mask(self, y_true):
        return None if self.ignore_class is None else graph.not_equal(y_true, self.ignore_class)


@register()
class BinaryFocalCrossentropy(CrossEntropyLoss):
    """The focal form of the binary cross-entropy: each term times (1 - q)^γ, q = p of what is true.

    Easy examples, whose q is near 1, count less.

    Args:
        apply_class_balancing: multiply by α where y is 1, and by 1 - α where y is 0.
        alpha: α.
        gamma: γ; 0 gives the binary cross-entropy.
        from_logits: the predictions are logits; then no digit is lost near 0 and 1.
        label_smoothing: as in `BinaryCrossentropy`, and so are the other arguments.
        axis: the axis of the mean.
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Source: T.-Y. Lin et al., Focal Loss for Dense Object Detection, 2017.

    Example:
        >>> print(round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4))
        0.1733
    """

    target = UNIT

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma

    def call(self, y_true, y_pred):
        y = self.smooth(y_true, 2)
        if self.from_logits:
            terms, p = neural.sigmoid_cross_entropy(y_pred, y), graph.sigmoid(y_pred)
        else:
            terms, p = neural.binary_cross_entropy(y_pred, y), y_pred
        terms = graph.power(1 - (y * p + (1 - y) * (1 - p)), self.gamma) * terms
        if self.apply_class_balancing:
            terms = (y * self.alpha + (1 - y) * (1 - self.alpha)) * terms
        return graph.mean(terms, self.axis)


@register()
class CategoricalFocalCrossentropy(CrossEntropyLoss):
    """The focal form of the categorical cross-entropy, -Σ α (1 - p)^γ y ln p over the classes.

    Args:
        alpha: α, one number or one for each class.
        gamma: γ; 0 with α = 1 gives the categorical cross-entropy.
        from_logits: the predictions are logits; then no digit is lost near 0.
        label_smoothing: as in `CategoricalCrossentropy`, and so are the other arguments.
        axis: the axis of the classes.
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Source: T.-Y. Lin et al., Focal Loss for Dense Object Detection, 2017.

    Example:
        >>> print(round(float(CategoricalFocalCrossentropy(alpha=1)([[0, 1]], [[0.5, 0.5]])), 4))
        0.1733
    """

    target = ONE_HOT

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.alpha = alpha
        self.gamma = gamma

    def call(self, y_true, y_pred):
        _several_classes(self, y_pred)
        y = self.smooth(y_true, y_true.shape[self.axis])
        if self.from_logits:
            log_p = neural.log_softmax(y_pred, self.axis)
            p = neural.softmax(y_pred, self.axis)
        else:
            p = y_pred / graph.sum(y_pred, self.axis, keepdims=True)
            p = graph.clip(p, neural.EPSILON, 1 - neural.EPSILON)
            log_p = graph.log(p)
        alpha = graph.as_tensor(self.alpha, p.dtype)
        return -graph.sum(alpha * graph.power(1 - p, self.gamma) * y * log_p, self.axis)


binary_crossentropy = function_form(BinaryCrossentropy)
categorical_crossentropy = function_form(CategoricalCrossentropy)
sparse_categorical_crossentropy = function_form(SparseCategoricalCrossentropy)
binary_focal_crossentropy = function_form(BinaryFocalCrossentropy)
categorical_focal_crossentropy = function_form(CategoricalFocalCrossentropy)
