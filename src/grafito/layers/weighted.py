"""What layers with weights share: the initializer, regularizer and constraint of each weight."""

from __future__ import annotations

from typing import Any

from grafito import activations, constraints, graph, initializers, regularizers
from grafito.errors import GraphError, NotBuiltError
from grafito.layers.base import Layer

_GET = {
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
}

# Arguments that say which weights there are, and their shapes.
_FIXED = {"units", "filters", "kernel_size", "depth_multiplier", "input_dim", "output_dim"}
_FIXED |= {"use_bias", "scale", "center", "shared_axes"}


class WeightedLayer(Layer):
    """A layer that keeps arguments such as `kernel_initializer` and makes the weights they name."""

    not_parts = Layer.not_parts | {"_made"}

    bias: graph.Variable | None = None

    def __init__(self, **kwargs: Any):
        self._made: dict[str, list[graph.Variable]] = {}  # by prefix of their arguments
        super().__init__(**kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a regularizer or a constraint becomes that of the weight, if made."""
        prefix, _, kind = name.rpartition("_")
        made = vars(self).get("_made", {})
        if made and name in _FIXED and value != getattr(self, name, value):
            raise GraphError(
                "The weights of a layer that is built keep their shapes.",
                where=f"{name} of layer {self.name!r} ({type(self).__name__})",
                received=repr(value),
                fix=f"a new layer, {type(self).__name__}(..., {name}={value!r})",
            )
        if kind in _GET:
            value = _GET[kind](value)
            for weight in made.get(prefix, ()):
                if kind != "initializer":
                    setattr(weight, kind, value)
                elif value is not getattr(self, name, None):
                    raise GraphError(
                        "A weight that already exists cannot use another initializer.",
                        where=f"{name} of layer {self.name!r} ({type(self).__name__})",
                        received=type(value).__name__,
                        fix=f"layer.{weight.name}.assign(...) with the numbers",
                    )
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if f"{name}_initializer" in vars(self) and not vars(self).get("built"):
            raise NotBuiltError(
                f"The weight {name!r} is made when the layer is built.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                fix="layer.build((None, 4)), with the shape of its input, or layer(x)",
            )
        return super().__getattr__(name)

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
        prefix = prefix or name
        parts = {kind: getattr(self, f"{prefix}_{kind}", None) for kind in _GET}
        weight = self.add_weight(shape, name=name, trainable=trainable, **parts)
        self._made.setdefault(prefix, []).append(weight)
        return weight


class ActivatedLayer(WeightedLayer):
    """A layer that ends with a bias and an activation: Dense and the convolutions.

    Args:
        activation: name or function; none by default.
        use_bias: whether a bias is added.
        kwargs: those of `Layer`.
    """

    def __init__(self, *, activation: Any = None, use_bias: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = activation
        self.use_bias = use_bias

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an activation may be a name, a function or None."""
        super().__setattr__(name, activations.get(value) if name == "activation" else value)
