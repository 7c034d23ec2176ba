"""Activations that are layers of their own, some with weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito import activations, graph
from grafito.errors import names_of as _names_of
from grafito.layers.arguments import number
from grafito.layers.base import Layer, register
from grafito.layers.weighted import WeightedLayer


@register()
class ReLU(Layer):
    """The rectified linear unit: x above the threshold, at most max_value; below it the slope.

    Args:
        max_value: the largest value, or None for no limit.
        negative_slope: slope below the threshold.
        threshold: where the unit begins to pass x on.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.

    Example:
        >>> ReLU(max_value=6)([-1.0, 2.0, 9.0]).numpy().tolist()
        [0.0, 2.0, 6.0]
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.max_value = max_value if max_value is None else number(self, "max_value", max_value, 0)
        self.negative_slope = number(self, "negative_slope", negative_slope, 0)
        self.threshold = number(self, "threshold", threshold, 0)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


@register()
class LeakyReLU(Layer):
    """The leaky rectified linear unit: x where x ≥ 0, else negative_slope x.

    Args:
        negative_slope: the slope below 0; `alpha` in older programs.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic
    models", 2013.

    Example:
        >>> LeakyReLU(0.5)([-1.0, 2.0]).numpy().tolist()
        [-0.5, 2.0]
    """

    also_takes = (*Layer.also_takes, "alpha")

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any):
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        self.negative_slope = number(self, "negative_slope", negative_slope, 0)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return activations.leaky_relu(inputs, self.negative_slope)


@register()
class PReLU(WeightedLayer):
    """A leaky rectified linear unit that learns its slopes: x where x ≥ 0, else alpha x.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: as those of the kernel in `Dense`.
        shared_axes: axes along which one alpha serves, for example (1, 2) for images.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.

    Example:
        >>> PReLU(alpha_initializer="ones")([[-1.0, 2.0]]).numpy().tolist()
        [[-1.0, 2.0]]
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.keep(
            alpha_initializer=alpha_initializer,
            alpha_regularizer=alpha_regularizer,
            alpha_constraint=alpha_constraint,
        )
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes

    def build(self, input_shape: Any) -> None:
        own = [axis for axis in range(1, len(input_shape)) if axis not in (self.shared_axes or ())]
        sizes = tuple(n if axis in own else 1 for axis, n in enumerate(input_shape))
        self.alpha = self.make("alpha", sizes[1:])
        self.input_axes = {axis: input_shape[axis] for axis in own}

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return graph.relu(inputs) - self.alpha * graph.relu(-inputs)


@register()
class ELU(Layer):
    """The exponential linear unit: x where x > 0, else alpha (exp(x) - 1).

    Args:
        alpha: the limit at -infinity is -alpha.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
    exponential linear units", 2016.

    Example:
        >>> print(ELU()([-1.0, 2.0]).numpy().round(3))
        [-0.632  2.   ]
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return activations.elu(inputs, self.alpha)


@register()
class Softmax(Layer):
    """Positive numbers that sum to 1 along an axis: exp(xᵢ) / Σⱼ exp(xⱼ).

    Args:
        axis: the axis of the classes, or several axes that sum to 1 together.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Example:
        >>> Softmax()([0.0, 0.0]).numpy().tolist()
        [0.5, 0.5]
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return activations.softmax(inputs, self.axis)


__getattr__ = _names_of(__name__)  # older programs import all layers from here
