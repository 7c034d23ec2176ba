"""What layers with weights share: the initializer, regularizer and constraint of each weight."""

from __future__ import annotations

from typing import Any

from grafito import activations, constraints, graph, initializers, regularizers
from grafito.layers.base import Layer

_GET = {
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
}


class WeightedLayer(Layer):
    """A layer that keeps arguments such as `kernel_initializer` and makes the weights they name."""

    bias: graph.Variable | None = None

    def keep(self, **arguments: Any) -> None:
        """Keep arguments whose names end in `_initializer`, `_regularizer` or `_constraint`."""
        for name, value in arguments.items():
            setattr(self, name, _GET[name.rpartition("_")[2]](value))

    def make(
        self,
        name: str,
        shape: tuple[int, ...],
        prefix: str | None = None,
        trainable: bool = True,
    ) -> graph.Variable:
        """A weight made as the arguments say whose names begin with the prefix (its own name)."""
        parts = {kind: getattr(self, f"{prefix or name}_{kind}", None) for kind in _GET}
        return self.add_weight(shape, name=name, trainable=trainable, **parts)


class ActivatedLayer(WeightedLayer):
    """A layer that ends with a bias and an activation: Dense and the convolutions.

    Args:
        activation: name or function; none by default.
        use_bias: whether a bias is added.
        kwargs: those of `Layer`.
    """

    def __init__(self, *, activation: Any = None, use_bias: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.use_bias = use_bias

    def make_bias(self, size: int) -> None:
        """Create the bias, unless the layer has none."""
        self.bias = self.make("bias", (size,)) if self.use_bias else None

    def finish(self, x: graph.Tensor) -> graph.Tensor:
        """The activation of x plus the bias."""
        activation = activations.get(self.activation)  # it may have been set since, to None too
        return activation(x if self.bias is None else x + self.bias)
