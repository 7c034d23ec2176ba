"""Layers that prepare data inside of the model, so that a saved model takes raw data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError, DataError
from grafito.graph.shaping import normalize_axis
from grafito.layers.base import Layer, register
from grafito.registry import plain

_SLICE = 8192  # examples of an array that `adapt` reads together
_SMALLEST = 1e-7  # what a standard deviation is taken for where it is less


@register()
class Rescaling(Layer):
    """The input times a scale plus an offset, for example pixels from 0..255 to 0..1.

    Args:
        scale: a number, or one for each channel.
        offset: a number, or one for each channel.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output; integers become floating.

    Example:
        >>> Rescaling(1 / 127.5, offset=-1)([0, 255]).numpy().tolist()
        [-1.0, 1.0]
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        scaled = graph.cast(inputs, self.dtype) * self.scale
        return scaled + self.offset


@register()
class Normalization(Layer):
    """Each feature with mean 0 and variance 1: (x - mean) / sqrt(variance).

    The mean and the variance are given, or `adapt` finds them in data; training leaves them alone.

    Args:
        axis: the axis of the features, several, or None for one mean of all.
        mean, variance: numbers, one or one for each feature; both or none.
        invert: do the opposite: x * sqrt(variance) + mean.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output; integers become floating.

    Example:
        >>> layer = Normalization()
        >>> layer.adapt([[0.0, 10.0], [2.0, 30.0]])
        >>> layer([[2.0, 10.0]]).numpy().tolist()
        [[1.0, -1.0]]
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ArgumentError(
                "Normalization takes a mean and a variance, or neither.",
                received=f"mean={mean}, variance={variance}",
                fix="layer.adapt(data) in place of both",
            )
        self.axis = axis
        self.input_mean, self.input_variance = mean, variance
        self.invert = invert

    def build(self, input_shape: Any) -> None:
        axes = [self.axis] if isinstance(self.axis, int) else self.axis or ()
        self.kept = sorted(normalize_axis(a, len(input_shape)) for a in axes)
        if any(input_shape[a] is None for a in self.kept):
            raise ArgumentError(
                f"Layer {self.name!r} (Normalization) must know how many features there are.",
                received=f"axis={self.axis} for an input of shape {input_shape}",
                fix="axis=None for one mean of all, or an axis for the features: x.reshape(-1, 1)",
            )
        self.sizes = [n if a in self.kept else 1 for a, n in enumerate(input_shape)]
        self.input_axes = {a: input_shape[a] for a in self.kept}
        if self.input_mean is None:
            shape = tuple(input_shape[a] for a in self.kept)
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            # Keras has it too, and a place in `get_weights`; nothing reads it.
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

    @property
    def mean(self) -> Any:
        """The mean, shaped to broadcast against the input once its shape is known."""
        return self._statistic(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Any:
        """The variance, shaped to broadcast against the input once its shape is known."""
        return self._statistic(self.input_variance, "adapt_variance")

    def _statistic(self, given: Any, adapted: str) -> Any:
        if not self.built:
            return given
        if given is None:
            return graph.reshape(getattr(self, adapted), self.sizes)
        x = graph.constant(given, self.dtype)
        lengths = dict(zip(reversed(self.kept), reversed(x.shape), strict=False))
        x = graph.reshape(x, [lengths.get(a, 1) for a in range(len(self.sizes))])
        return graph.broadcast_to(x, self.sizes)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        x = graph.cast(inputs, self.dtype)
        deviation = graph.maximum(graph.sqrt(self.variance), _SMALLEST)
        return x * deviation + self.mean if self.invert else (x - self.mean) / deviation

    def adapt(self, data: Any) -> None:
        """Find the mean and the variance of data; what was found before is forgotten.

        Args:
            data: an array, or an iterable of batches, each an array or a tuple that begins with it.

        Raises:
            ArgumentError: when they were given to the constructor.
            DataError: when there are no data.
        """
        if self.input_mean is not None:
            raise ArgumentError(
                "This Normalization was given its mean and variance; it has nothing to find.",
                where=f"layer {self.name!r}",
                fix="Normalization() without mean and variance",
            )
        seen = 0
        for batch in batches(data):
            x = graph.constant(batch)
            if not x.size:
                continue
            seen += x.size
            graph.execute(self._blend, x, x.size / seen)
        if not seen:
            raise DataError("There is no data to adapt to.", where=f"layer {self.name!r}")

    def _blend(self, x: graph.Tensor, share: graph.Tensor) -> None:
        """Statistics of what was seen before and of x, which is this share of all."""
        self._build_for((x,), {})
        x = graph.cast(x, self.dtype)
        others = tuple(a for a in range(x.ndim) if a not in self.kept)
        mean, variance = graph.mean(x, others), graph.variance(x, others)
        step = mean - self.adapt_mean
        spread = self.adapt_variance + share * graph.square(step)
        self.adapt_variance.assign((1 - share) * spread + share * variance)
        self.adapt_mean.assign(self.adapt_mean + share * step)

    def get_config(self) -> dict[str, Any]:
        given = {"mean": self.input_mean, "variance": self.input_variance}
        return {**super().get_config(), **{name: plain(value) for name, value in given.items()}}


def batches(data: Any) -> Iterator[Any]:
    """The parts of an array, or the inputs of a stream of batches, for `adapt`."""
    if hasattr(data, "shape"):
        yield from (data[i : i + _SLICE] for i in range(0, len(data), _SLICE))
    elif isinstance(data, (list, tuple)) and not any(map(_is_batch, data)):
        yield data
    elif isinstance(data, Iterable):
        yield from (batch[0] if isinstance(batch, (list, tuple)) else batch for batch in data)
    else:
        raise DataError(
            "adapt needs data.", received=type(data).__name__, expected="an array, or batches"
        )


def _is_batch(x: Any) -> bool:
    """An array, or (x, y)."""
    return hasattr(x[0] if isinstance(x, (list, tuple)) and x else x, "shape")
