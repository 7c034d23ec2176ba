"""The loss: one number for each example in `call`, one number for the batch when it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from grafito import graph
from grafito.errors import ArgumentError, one_of, undefined
from grafito.graph.tensor import Tensor
from grafito.losses.targets import ANY, CLASSES, EITHER, align_weights, divide_no_nan, pair
from grafito.registry import Configurable, Registry, known_arguments, snake_case

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)

registry = Registry("loss")
register = registry.register


class Loss(Configurable):
    """How far predictions are from targets; subclass it and write `call` to make another.

    A call returns the mean over the batch (or what `reduction` says) of `call`, each example
    multiplied by its weight. It takes tensors, and arrays, whose loss is computed when its value
    is asked for.

    Args:
        name: by default made from the class name.
        reduction: "sum_over_batch_size" or "mean" (Σ wᵢ lᵢ / n), "sum" (Σ wᵢ lᵢ),
            "mean_with_sample_weight" (Σ wᵢ lᵢ / Σ wᵢ), "none" or None (wᵢ lᵢ).
        dtype: of the computation; by default that of the predictions, and at least float32.

    Raises:
        ShapeError: on a call, when targets, predictions and weights do not fit.

    Example:
        >>> from grafito import graph, losses
        >>> class Quartic(losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return graph.mean((y_true - y_pred) ** 4, axis=-1)
        >>> float(Quartic()([[0.0], [2.0]], [[1.0], [0.0]]))
        8.5
    """

    kind = "loss"
    target: ClassVar[str] = ANY  # what its targets are: a constant of `losses.targets`
    other: ClassVar[str | None] = None  # the loss for the other form of class labels

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: str | None = None,
    ):
        if reduction not in REDUCTIONS:
            raise ArgumentError(
                "Unknown reduction.",
                where=type(self).__name__,
                received=repr(reduction),
                expected=one_of(map(repr, REDUCTIONS)),
            )
        self.name = name or snake_case(type(self).__name__)
        self.reduction = reduction
        self.dtype = dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        with graph.scope(self.name):
            y_true, y_pred = self.pair(y_true, y_pred)
            values = self.call(y_true, y_pred)
            if values is None:
                raise ArgumentError(
                    "The loss returned None.",
                    where=f"loss {self.name!r}",
                    expected="a number for each example, or one for the batch",
                    fix="return at its end: return graph.mean(graph.square(y_true - y_pred))",
                )
            values = graph.as_tensor(values)
            return reduce_values(values, sample_weight, self.reduction, self.mask(y_true))

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The loss of each example."""
        raise undefined(self, "call(self, y_true, y_pred)")

    def pair(self, y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
        """Targets and predictions with the shapes that `call` expects."""
        axis = getattr(self, "axis", -1)
        return pair(
            y_true,
            y_pred,
            self.target,
            where=self.name,
            other=self.other,
            axis=axis if isinstance(axis, int) else -1,
            dtype=self.dtype,
        )

    def mask(self, y_true: Tensor) -> Tensor | None:
        """True for the values that count; None where all do."""
        return None


class StandardLoss(Loss):
    """A loss without settings of its own; as in Keras the reduction is its first argument."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(name, reduction, dtype)


@register()
class FunctionLoss(Loss):
    """A plain function (y_true, y_pred) as a loss; `losses.get` wraps functions in it.

    Args:
        fn: takes two tensors and returns a loss for each example, or one for the batch.
        reduction: see `Loss`.
        name: by default that of the function.
        dtype: see `Loss`.

    Example:
        >>> loss = FunctionLoss(lambda y_true, y_pred: abs(y_true - y_pred))
        >>> float(loss([1.0, 2.0], [1.5, 2.0]))
        0.25
    """

    chosen_by_name = False

    def __init__(
        self,
        fn: Callable[[Tensor, Tensor], Any] | str,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        self.fn: Any = registry.lookup(fn) if isinstance(fn, str) else fn
        super().__init__(name or getattr(self.fn, "__name__", None), reduction, dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return self.fn(y_true, y_pred)


def reduce_values(
    values: Tensor, sample_weight: Any, reduction: str | None, mask: Tensor | None = None
) -> Tensor:
    """The losses of a batch, weighted and put together as a reduction says.

    Args:
        values: a loss for each example; a scalar stays as it is.
        sample_weight: None, or weights for `align_weights`.
        reduction: see `Loss`.
        mask: true for the values that count; a mean is taken over these alone.

    Example:
        >>> from grafito import graph
        >>> float(reduce_values(graph.constant([1.0, 3.0]), [1.0, 2.0], "sum"))
        7.0
    """
    weights = None if sample_weight is None else align_weights(sample_weight, values)
    count: Any = None
    if mask is not None:
        counts = graph.cast(mask, values.dtype)
        weights = counts if weights is None else weights * counts
        count = graph.sum(counts)
    if weights is not None:
        values = values * weights
    if reduction in ("none", None) or not values.ndim:
        return values
    total = graph.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weights is not None:
        count = graph.sum(weights)
    return total / float(max(values.size, 1)) if count is None else divide_no_nan(total, count)


def function_form(loss: type[Loss]) -> Callable[..., Tensor]:
    """The function (y_true, y_pred, settings...) that gives a loss's value for each example."""
    parameters = inspect.signature(loss).parameters.values()
    settings = [p for p in parameters if p.name not in ("name", "reduction", "dtype")]
    both = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in _PAIR]
    signature = inspect.Signature([*both, *settings], return_annotation=Tensor)

    def function(*args: Any, **kwargs: Any) -> Tensor:
        arguments = signature.bind(*args, **kwargs).arguments
        y_true, y_pred = (arguments.pop(name) for name in _PAIR)
        made = loss(**arguments)
        return made.call(*made.pair(y_true, y_pred))

    function.__name__ = function.__qualname__ = snake_case(loss.__name__)
    function.__module__ = loss.__module__
    function.__doc__ = _DOCUMENTATION.format(
        first=(loss.__doc__ or "").split("\n")[0].rstrip("."),
        loss=loss.__name__,
        name=function.__name__,
        y_true="[1]" if loss.target in (CLASSES, EITHER) else "[[0.0, 1.0]]",
        more=", axis=-1"
        if getattr(signature.parameters.get("axis"), "default", -1) is None
        else "",
    )
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.loss = loss  # type: ignore[attr-defined]
    checked = known_arguments(function)
    loss.fn = staticmethod(checked)  # type: ignore[attr-defined]
    return checked


_PAIR = ("y_true", "y_pred")
_DOCUMENTATION = """{first}: the function form of `{loss}`.

    Args:
        y_true: targets.
        y_pred: predictions; the settings that may follow are those of the class.

    Returns:
        The loss of each example, not reduced.

    Example:
        >>> from grafito import losses
        >>> losses.{name}({y_true}, [[0.5, 0.5]]{more}).shape
        (1,)
    """
