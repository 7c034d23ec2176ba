"""A vector for each word."""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.errors import ArgumentError
from grafito.layers.arguments import integer
from grafito.layers.base import register
from grafito.layers.weighted import WeightedLayer


@register()
class Embedding(WeightedLayer):
    """A row of a table of weights for each integer: E[x].

    Args:
        input_dim: number of rows; the integers are 0 to input_dim - 1.
        output_dim: length of a row.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: as in `Dense`.
        mask_zero: only False; True has no meaning without recurrent layers.
        weights: initial table, shape (input_dim, output_dim), or a list with it.
        kwargs: those of `Layer`; `input_length`, as older programs have it, is the shape of an
            example where the layer is the first of a `Sequential`.

    Shapes: (batch, ...) to (batch, ..., output_dim).

    Raises:
        DataError: when the model runs with an integer that has no row.

    Example:
        >>> Embedding(3, 2, weights=[[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]])([[2, 0]]).numpy()
        array([[[4., 5.],
                [0., 1.]]], dtype=float32)
    """

    also_takes = (*WeightedLayer.also_takes, "input_length")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ):
        length = kwargs.pop("input_length", None)
        super().__init__(**kwargs)
        if length is not None and self.first_input_shape is None:
            several = isinstance(length, (list, tuple))
            self.first_input_shape = (
                tuple(length) if several else (integer(self, "input_length", length),)
            )
        self.input_dim = integer(self, "input_dim", input_dim)
        self.output_dim = integer(self, "output_dim", output_dim)
        self.keep(
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
        )
        if mask_zero:
            raise ArgumentError(
                "Embedding makes no mask: there are no recurrent layers yet to skip masked steps.",
                received="mask_zero=True",
                fix="mask_zero=False; the row of the padding is then learned like the others",
            )
        self.mask_zero = False
        if weights is not None:
            self.build()
            table = graph.constant(weights, self.dtype)
            self.embeddings.assign(graph.squeeze(table, 0) if table.ndim == 3 else table)

    def build(self, input_shape: Any = None) -> None:
        self.embeddings = self.make("embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        ids = inputs if "int" in inputs.dtype else graph.cast(inputs, "int64")
        return graph.take(self.embeddings, ids, from_end=False)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["weights"]  # the table travels with the weights
        return config
