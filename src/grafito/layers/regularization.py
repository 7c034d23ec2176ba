"""Layers that make training harder so that a model generalises: dropout, noise, penalties."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from grafito import graph, regularizers, seeds
from grafito.errors import ArgumentError
from grafito.layers.arguments import channels_last, check_places, integer, number
from grafito.layers.base import Layer, register


class RandomLayer(Layer):
    """A layer that draws random numbers; its seed is part of its configuration.

    Args:
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.
    """

    def __init__(self, *, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seeds.next_seed() if seed is None else integer(self, "seed", seed, 0)

    def draw(self) -> dict[str, Any]:
        """Which random numbers are next: seed, step and use, for the functions of the graph."""
        trace = graph.current_trace()
        if trace is None:
            return {"seed": self.seed}
        step = 0 if trace.step is None else trace.step
        return {"seed": self.seed, "step": step, "use": trace.next_random_use()}


@register()
class Dropout(RandomLayer):
    """In training, each element is 0 with probability `rate`, else divided by 1 - rate.

    Args:
        rate: the probability, from 0 to 1.
        noise_shape: shape of the choice, 1 for axes that share it, None for those of the input.
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Source: Srivastava and others, "Dropout: a simple way to prevent neural networks from
    overfitting", 2014.

    Example:
        >>> Dropout(0.5, seed=1)([1.0, 1.0, 1.0, 1.0, 1.0], training=True).numpy().sum() % 2
        np.float32(0.0)
        >>> Dropout(0.5)([1.0, 1.0]).numpy().tolist()
        [1.0, 1.0]
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, **kwargs)
        self.rate = number(self, "rate", rate, 0, 1)
        good = isinstance(noise_shape, (list, tuple)) and all(
            n is None or (isinstance(n, Integral) and not isinstance(n, bool) and int(n) > 0)
            for n in noise_shape
        )
        if noise_shape is not None and not good:
            raise ArgumentError(
                "The shape of the noise must be a tuple of sizes, None for those of the input.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                received=f"noise_shape={noise_shape!r}",
                fix="noise_shape=(None, 1, None): one choice for all places of the second axis",
            )
        self.noise_shape = noise_shape

    def call(self, inputs: graph.Tensor, training: bool = False) -> graph.Tensor:
        if not training or not self.rate:
            return inputs
        kept = graph.random.bernoulli(self.noise_sizes(inputs), 1 - self.rate, **self.draw())
        scale = 0.0 if self.rate == 1 else 1 / (1 - self.rate)
        return graph.where(kept, inputs * scale, 0)

    def noise_sizes(self, inputs: graph.Tensor) -> tuple[int, ...]:
        """The shape of the choice for this input."""
        if self.noise_shape is None:
            return inputs.shape
        if len(self.noise_shape) != inputs.ndim:
            raise ArgumentError(
                "The shape of the noise needs a size for each axis of the input.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                received=f"noise_shape={self.noise_shape} for an input of {inputs.ndim} axes",
                expected=f"{inputs.ndim} sizes, batch included; None for those of the input",
            )
        pairs = zip(self.noise_shape, inputs.shape, strict=True)
        return tuple(n if size is None else size for size, n in pairs)


class _SpatialDropout(Dropout):
    """Dropout of whole channels: all places of a channel share one choice."""

    places: int  # the number of axes between batch and channels

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, self.places)

    def noise_sizes(self, inputs: graph.Tensor) -> tuple[int, ...]:
        return (inputs.shape[0], *[1] * self.places, inputs.shape[-1])


@register()
class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of a sequence: all its steps share one choice.

    Args:
        rate: the probability, from 0 to 1.
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels), and the same for the output.

    Source: Tompson and others, "Efficient object localization using convolutional networks", 2015.

    Example:
        >>> SpatialDropout1D(0.5, seed=3)([[[1.0, 1.0], [1.0, 1.0]]]).shape
        (1, 2, 2)
    """

    places = 1


@register()
class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of an image: all its pixels share one choice.

    Args:
        rate: the probability, from 0 to 1.
        data_format: "channels_last", the only order of axes.
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), and the same for the output.

    Source: Tompson and others, "Efficient object localization using convolutional networks", 2015.

    Example:
        >>> SpatialDropout2D(0.5, seed=3)([[[[1.0, 1.0]]]]).shape
        (1, 1, 1, 2)
    """

    places = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed, name, dtype, **kwargs)
        self.data_format = channels_last(self, data_format)


@register()
class GaussianNoise(RandomLayer):
    """In training, normal noise is added: x + n, n of mean 0.

    Args:
        stddev: standard deviation of the noise.
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Example:
        >>> GaussianNoise(0.1)([1.0, 2.0]).numpy().tolist()
        [1.0, 2.0]
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any):
        super().__init__(seed=seed, **kwargs)
        self.stddev = number(self, "stddev", stddev, 0)

    def call(self, inputs: graph.Tensor, training: bool = False) -> graph.Tensor:
        if not training or not self.stddev:
            return inputs
        return inputs + _normal_like(inputs, 0.0, self.stddev, self.draw())


@register()
class GaussianDropout(RandomLayer):
    """In training, a product with normal noise: x n, n of mean 1 and variance rate / (1 - rate).

    Args:
        rate: the probability of the dropout with the same variance, from 0 to below 1.
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Source: Srivastava and others, "Dropout: a simple way to prevent neural networks from
    overfitting", 2014.

    Example:
        >>> GaussianDropout(0.1)([1.0, 2.0]).numpy().tolist()
        [1.0, 2.0]
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(seed=seed, **kwargs)
        self.rate = _below_one(self, rate)

    def call(self, inputs: graph.Tensor, training: bool = False) -> graph.Tensor:
        if not training or not self.rate:
            return inputs
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return inputs * _normal_like(inputs, 1.0, stddev, self.draw())


@register()
class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, for networks of selu units.

    In training, each element is -1.7581 with probability `rate`; then all are scaled and shifted.

    Args:
        rate: the probability, from 0 to below 1.
        noise_shape: shape of the choice, 1 for axes that share it, None for those of the input.
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017.

    Example:
        >>> AlphaDropout(0.1)([1.0, 2.0]).numpy().tolist()
        [1.0, 2.0]
    """

    dropped = -1.6732632423543772 * 1.0507009873554805  # what selu tends to at -infinity

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, noise_shape, seed, **kwargs)
        self.rate = _below_one(self, rate)

    def call(self, inputs: graph.Tensor, training: bool = False) -> graph.Tensor:
        if not training or not self.rate:
            return inputs
        kept = graph.random.bernoulli(self.noise_sizes(inputs), 1 - self.rate, **self.draw())
        scale = ((1 - self.rate) * (1 + self.rate * self.dropped**2)) ** -0.5
        mixed = graph.where(kept, inputs, self.dropped)
        return scale * mixed - scale * self.dropped * self.rate


@register()
class ActivityRegularization(Layer):
    """The input as it came, with a penalty: l1 Σ|x| + l2 Σx², divided by the batch size.

    Args:
        l1, l2: weights of the two parts.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Example:
        >>> ActivityRegularization(l2=0.1)([1.0, 2.0]).numpy().tolist()
        [1.0, 2.0]
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return inputs

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activity_regularizer"]  # it follows from l1 and l2
        return config


def _normal_like(x: graph.Tensor, mean: float, stddev: float, key: dict[str, Any]) -> graph.Tensor:
    return graph.random.normal(x.shape, mean, stddev, dtype=x.dtype, **key)


def _below_one(layer: Layer, rate: float) -> float:
    if number(layer, "rate", rate, 0, 1) == 1:
        raise ArgumentError(
            f"{type(layer).__name__} needs a rate below 1.", received=f"rate={rate}", fix="rate=0.5"
        )
    return rate
