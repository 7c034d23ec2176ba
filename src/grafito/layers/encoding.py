"""Whole numbers as one-hot rows, as sets and as counts; numbers as the bins that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError, DataError, NotBuiltError
from grafito.layers.arguments import choice, integer, number
from grafito.layers.base import Layer, register
from grafito.layers.preprocessing import batches
from grafito.registry import known_arguments

LARGEST = float("inf")
MODES = ("int", "one_hot", "multi_hot", "count")


def encode(
    indices: graph.Tensor, mode: str, depth: int, dtype: str, weights: graph.Tensor | None = None
) -> graph.Tensor:
    """Indices as they are ("int"), or as rows of `depth` numbers; what is outside counts nowhere.

    Args:
        indices: whole numbers.
        mode: one of MODES; "one_hot" makes a row of each, the others one row of a whole last axis.
        depth: how many numbers there are.
        dtype: of the rows.
        weights: what each counts for "count".
    """
    if mode == "int":
        return indices
    if mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = graph.squeeze(indices, -1)
        return graph.one_hot(indices, depth, dtype=dtype)
    count = indices.shape[-1]
    flat = graph.reshape(graph.cast(indices, "int32"), (-1, count))
    inside = graph.logical_and(flat >= 0, flat < depth)
    place = graph.where(inside, flat, depth)  # one place more takes what is outside
    rows = flat.shape[0]
    first = graph.constant([[n * (depth + 1)] for n in range(rows)])
    each = graph.constant(1.0, dtype) if weights is None else graph.cast(weights, dtype)
    each = graph.reshape(graph.broadcast_to(each, indices.shape), (-1,))
    sums = graph.scatter_add(each, graph.reshape(place + first, (-1,)), rows * (depth + 1))
    sums = graph.reshape(sums, (rows, depth + 1))[:, :depth]
    sums = graph.reshape(sums, (*indices.shape[:-1], depth))
    return graph.cast(sums > 0, dtype) if mode == "multi_hot" else sums


def dense(layer: Layer, sparse: Any) -> bool:
    """Refuse the argument `sparse`: tensors hold all their numbers."""
    if sparse:
        raise ArgumentError(
            f"{type(layer).__name__} gives dense tensors.",
            received="sparse=True",
            fix="sparse=False",
        )
    return False


@register()
class CategoryEncoding(Layer):
    """Class numbers as one-hot rows, as the set of those that occur, or as counts.

    Args:
        num_tokens: how many classes there are.
        output_mode: "one_hot" makes a row of each number; "multi_hot" one row of ones and zeros for
            a whole last axis, "count" one with how often each occurs.
        sparse: Keras's; the rows are dense.
        kwargs: those of `Layer`.

    Shapes: (batch, n) to (batch, num_tokens); with "one_hot" (batch, n, num_tokens), n above 1.

    Example:
        >>> CategoryEncoding(4)([[1, 3]]).numpy().tolist()
        [[0.0, 1.0, 0.0, 1.0]]
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.num_tokens = integer(self, "num_tokens", num_tokens)
        self.output_mode = choice(self, "output_mode", output_mode, MODES[1:])
        self.sparse = dense(self, sparse)

    def call(self, inputs: graph.Tensor, count_weights: Any = None) -> graph.Tensor:
        if count_weights is not None and self.output_mode != "count":
            raise ArgumentError(
                "Weights are for counts alone.",
                where=f"count_weights of layer {self.name!r}",
                received=f"output_mode={self.output_mode!r}",
                fix="output_mode='count'",
            )
        indices = graph.cast(inputs, "int32")
        return encode(indices, self.output_mode, self.num_tokens, self.dtype, count_weights)


@register()
class Discretization(Layer):
    """The number of the bin in which a number lies: bin i holds boundary i - 1 <= x < boundary i.

    The boundaries are given, or `adapt` finds those between which there are equally many numbers.

    Args:
        bin_boundaries: numbers in order; there is one bin more than these.
        num_bins: how many bins `adapt` is to make.
        epsilon: Keras's; quantiles are exact here.
        output_mode: "int", or "one_hot", "multi_hot", "count" as in `CategoryEncoding`.
        sparse: Keras's; the rows are dense.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output; for rows as in `CategoryEncoding`.

    Example:
        >>> Discretization([0.0, 1.0])([[-3.0, 0.0, 0.5, 7.0]]).numpy().tolist()
        [[0, 1, 1, 2]]
    """

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(dtype=dtype, name=name, **kwargs)
        if (bin_boundaries is None) == (num_bins is None):
            raise ArgumentError(
                "Discretization takes boundaries, or a number of bins to find them for.",
                received=f"bin_boundaries={bin_boundaries}, num_bins={num_bins}",
                fix="num_bins=None" if num_bins else "num_bins=4",
            )
        self.bin_boundaries = None
        if bin_boundaries is not None:
            self.bin_boundaries = [
                number(self, "bin_boundaries", b, -LARGEST) for b in bin_boundaries
            ]
            if self.bin_boundaries != sorted(self.bin_boundaries):
                raise ArgumentError(
                    "The boundaries of bins stand from the least to the greatest.",
                    received=f"bin_boundaries={self.bin_boundaries}",
                    fix=f"bin_boundaries={sorted(self.bin_boundaries)}",
                )
        self.num_bins = None if num_bins is None else integer(self, "num_bins", num_bins)
        self.epsilon = epsilon
        self.output_mode = choice(self, "output_mode", output_mode, MODES)
        self.sparse = dense(self, sparse)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        if self.bin_boundaries is None:
            raise not_adapted(self)
        bins = graph.searchsorted(self.bin_boundaries, graph.cast(inputs, self.dtype), "right")
        return encode(bins, self.output_mode, len(self.bin_boundaries) + 1, self.dtype)

    @known_arguments
    def adapt(self, data: Any) -> None:
        """Find the boundaries between bins of equally many numbers.

        Args:
            data: an array, or an iterable of batches, each an array or a tuple that begins with it.

        Raises:
            ArgumentError: when they were given to the constructor.
            DataError: when there are no data.
        """
        if self.num_bins is None:
            raise ArgumentError(
                "This Discretization was given its boundaries; it has nothing to find.",
                where=f"layer {self.name!r}",
                fix="Discretization(num_bins=4)",
            )
        values = sorted(
            v
            for batch in batches(data)
            for v in graph.constant(batch, "float64").numpy().ravel().tolist()
        )
        if not values:
            raise DataError("There is no data to adapt to.", where=f"layer {self.name!r}")
        found = []
        for k in range(1, self.num_bins):
            place = max(k * len(values) / self.num_bins - 1, 0.0)
            below, above = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
            found.append(below + (above - below) * (place % 1))
        self.bin_boundaries = found

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """A layer of this configuration, with the boundaries that `adapt` found."""
        found = config.get("bin_boundaries")
        if found is None or config.get("num_bins") is None:
            return super().from_config(config, custom_objects)
        layer = super().from_config({**config, "bin_boundaries": None}, custom_objects)
        layer.bin_boundaries = found
        return layer


def not_adapted(layer: Layer) -> NotBuiltError:
    """The error for a layer that is asked before it saw data."""
    return NotBuiltError(
        "The layer must see data before it can be used.",
        where=f"layer {layer.name!r} ({type(layer).__name__})",
        fix="layer.adapt(data) first, with the training data",
    )
