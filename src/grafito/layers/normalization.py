"""Layers that give activations mean 0 and variance 1: over the batch, or over each example."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError
from grafito.errors import names_of as _names_of
from grafito.layers.arguments import integer, number
from grafito.layers.base import Layer, register
from grafito.layers.weighted import WeightedLayer

_SMALLEST_SQUARE = 1e-24  # of a length that is divided by


class _Normalization(WeightedLayer):
    """What both share: the scale gamma, the offset beta, and where they apply."""

    def __init__(
        self, *, epsilon: float = 0.001, center: bool = True, scale: bool = True, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.epsilon = number(self, "epsilon", epsilon, 0)
        self.center, self.scale = center, scale
        self.gamma: graph.Variable | None = None
        self.beta: graph.Variable | None = None

    def build_scale(self, input_shape: Any, axes: Sequence[int]) -> tuple[int, ...]:
        """Create gamma and beta for these axes of the input; return their shape."""
        for axis in axes:
            if not -len(input_shape) <= axis < len(input_shape):
                raise ArgumentError(
                    f"Layer {self.name!r} ({type(self).__name__}) has no such axis to normalise.",
                    received=f"axis={axis} for an input of shape {input_shape}",
                    expected=f"{-len(input_shape)} to {len(input_shape) - 1}",
                    fix="axis=-1",
                )
        self.input_axes = {axis: input_shape[axis] for axis in axes}
        shape = tuple(input_shape[axis] for axis in axes)
        self.gamma = self.make("gamma", shape) if self.scale else None
        self.beta = self.make("beta", shape) if self.center else None
        return shape

    def normalise(
        self,
        centered: graph.Tensor,
        variance: graph.Tensor,
        axes: Sequence[int],
    ) -> graph.Tensor:
        """The centered input over sqrt(variance + epsilon), times gamma, plus beta."""
        factor = 1 / graph.sqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * _along(self.gamma, axes, centered.ndim)
        out = centered * factor
        return out if self.beta is None else out + _along(self.beta, axes, centered.ndim)


def _along(weight: graph.Tensor, axes: Sequence[int], ndim: int) -> graph.Tensor:
    """A weight reshaped so that its axes broadcast along those of a tensor with `ndim` axes."""
    places = [axis % ndim for axis in axes]
    if places == list(range(ndim - len(places), ndim)):
        return weight
    sizes = dict(zip(places, weight.shape, strict=True))
    return graph.reshape(weight, [sizes.get(axis, 1) for axis in range(ndim)])


@register()
class BatchNormalization(_Normalization):
    """Each channel with mean 0 and variance 1 over the batch: gamma (x - μ) / √(σ² + ε) + beta.

    In training μ and σ² are those of the batch (and of all pixels), and the moving ones follow:
    moving = momentum * moving + (1 - momentum) * batch. Otherwise μ and σ² are the moving ones, as
    also where the layer is not trainable.

    Args:
        axis: the axis of the channels.
        momentum: how slowly the moving mean and variance follow.
        epsilon: what is added to the variance.
        center, scale: whether beta and gamma are there.
        beta_initializer, gamma_initializer, moving_mean_initializer, ...: initial values.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: as in `Dense`.

    Shapes: any, and the same for the output.

    Source: Ioffe and Szegedy, "Batch normalization", 2015.

    Example:
        >>> print(BatchNormalization(epsilon=0)([[1.0], [3.0]], training=True).numpy().ravel())
        [-1.  1.]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(epsilon=epsilon, center=center, scale=scale, **kwargs)
        self.axis = integer(self, "axis", axis, minimum=-8)
        self.momentum = number(self, "momentum", momentum, 0, 1)
        self.keep(
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            moving_mean_initializer=moving_mean_initializer,
            moving_variance_initializer=moving_variance_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )

    def build(self, input_shape: Any) -> None:
        shape = self.build_scale(input_shape, [self.axis])
        self.moving_mean = self.make("moving_mean", shape, trainable=False)
        self.moving_variance = self.make("moving_variance", shape, trainable=False)

    def call(self, inputs: graph.Tensor, training: bool = False) -> graph.Tensor:
        axes = [self.axis]
        if not training or not self.trainable:
            centered = inputs - _along(self.moving_mean, axes, inputs.ndim)
            return self.normalise(centered, _along(self.moving_variance, axes, inputs.ndim), axes)
        others = tuple(a for a in range(inputs.ndim) if a != self.axis % inputs.ndim)
        mean = graph.mean(inputs, others, keepdims=True)
        centered = inputs - mean
        variance = graph.mean(graph.square(centered), others, keepdims=True)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            batch = graph.reshape(batch, moving.shape)
            moving.assign(moving * self.momentum + batch * (1 - self.momentum))
        return self.normalise(centered, variance, axes)


@register()
class LayerNormalization(_Normalization):
    """Each example with mean 0 and variance 1 along axes: gamma (x - μ) / √(σ² + ε) + beta.

    Args:
        axis: the axis of the features, or several of them.
        epsilon: what is added to the variance.
        center, scale: whether beta and gamma are there.
        beta_initializer, gamma_initializer: initial values.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: as in `Dense`.

    Shapes: any, and the same for the output.

    Source: Ba, Kiros and Hinton, "Layer normalization", 2016.

    Example:
        >>> print(LayerNormalization(epsilon=0)([[1.0, 3.0]]).numpy().ravel())
        [-1.  1.]
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(epsilon=epsilon, center=center, scale=scale, **kwargs)
        several = axis if isinstance(axis, (list, tuple)) else [axis]
        good = all(isinstance(a, Integral) and not isinstance(a, bool) for a in several)
        if not several or not good or len(set(several)) < len(several):
            raise ArgumentError(
                f"{type(self).__name__} normalises over an axis, or over several that differ.",
                received=f"axis={axis!r}",
                expected="an integer, or a list of them",
                fix="axis=-1",
            )
        self.axis = axis
        self.keep(
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )

    @property
    def axes(self) -> list[int]:
        """The axes, in order."""
        return sorted(self.axis if isinstance(self.axis, (list, tuple)) else [self.axis])

    def build(self, input_shape: Any) -> None:
        self.build_scale(input_shape, self.axes)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        axes = tuple(self.axes)
        centered = inputs - graph.mean(inputs, axes, keepdims=True)
        variance = graph.mean(graph.square(centered), axes, keepdims=True)
        return self.normalise(centered, variance, axes)


@register()
class GroupNormalization(_Normalization):
    """Each group of channels of each example with mean 0 and variance 1, then gamma and beta.

    Args:
        groups: how many groups the channels make; -1 for one for each channel.
        axis: the axis of the channels.
        epsilon: what is added to the variance.
        center, scale: whether beta and gamma are there.
        beta_initializer, gamma_initializer: initial values.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: as in `Dense`.

    Shapes: any, and the same for the output.

    Raises:
        ArgumentError: for groups that do not divide the channels.

    Source: Wu and He, "Group normalization", 2018.

    Example:
        >>> print(GroupNormalization(2, epsilon=0)([[1.0, 3.0, 10.0, 30.0]]).numpy().ravel())
        [-1.  1. -1.  1.]
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(epsilon=epsilon, center=center, scale=scale, **kwargs)
        self.groups = groups if groups == -1 else integer(self, "groups", groups)
        self.axis = integer(self, "axis", axis, minimum=-8)
        self.keep(
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )

    def build(self, input_shape: Any) -> None:
        (channels,) = self.build_scale(input_shape, [self.axis])
        if self.groups == -1:
            self.groups = channels
        if channels % self.groups:
            raise ArgumentError(
                f"Layer {self.name!r} (GroupNormalization) cannot make groups of its channels.",
                received=f"{channels} channels, groups={self.groups}",
                expected="channels that the groups divide",
                fix=f"groups={math.gcd(channels, self.groups)}",
            )

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        axis, sizes = self.axis % inputs.ndim, list(inputs.shape)
        split = [self.groups, sizes[axis] // self.groups]
        x = graph.reshape(inputs, [*sizes[:axis], *split, *sizes[axis + 1 :]])
        others = tuple(a for a in range(1, x.ndim) if a != axis)
        centered = x - graph.mean(x, others, keepdims=True)
        variance = graph.mean(graph.square(centered), others, keepdims=True)
        shape = [split[1] if a == axis + 1 else n for a, n in enumerate(variance.shape)]
        flat = [n if a in (0, axis) else 1 for a, n in enumerate(sizes)]
        variance = graph.reshape(graph.broadcast_to(variance, shape), flat)
        return self.normalise(graph.reshape(centered, sizes), variance, [self.axis])


@register()
class UnitNormalization(Layer):
    """Each vector divided by its length, so that it has length 1.

    Args:
        axis: the axis of the vectors, or several of them.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Example:
        >>> UnitNormalization()([[3.0, 4.0]]).numpy().round(6).tolist()
        [[0.6..., 0.8...]]
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        axes = (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)
        squares = graph.sum(graph.square(inputs), axes, keepdims=True)
        return inputs / graph.sqrt(graph.maximum(squares, _SMALLEST_SQUARE))


__getattr__ = _names_of(__name__)  # older programs import all layers from here
