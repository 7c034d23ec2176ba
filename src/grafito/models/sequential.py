"""The model that most courses begin with: a stack of layers."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator, Mapping
from typing import Any

from grafito import graph, layers
from grafito.errors import ArgumentError, GraphError
from grafito.graph.nest import map_structure
from grafito.layers import Layer
from grafito.layers.base import register
from grafito.layers.building import symbols_of_shape
from grafito.layers.symbolic import TEXT, Symbol
from grafito.models.functional import Functional
from grafito.models.model import Model, not_built
from grafito.models.naming import same_name
from grafito.registry import custom_objects as custom_object_scope
from grafito.registry import known_arguments


@register()
class Sequential(Model):
    """A stack of layers, each taking the output of the one before.

    Args:
        layers: the layers; more can be added with `add`.
        name: by default "sequential".

    Example:
        >>> from grafito import Sequential, layers
        >>> model = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(1)])
        >>> model.output_shape
        (None, 1)
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None):
        super().__init__(name=name, trainable=trainable)
        self._stack: list[Layer] = []
        self._ends: tuple[Any, Any] | None = None  # symbols, when the input shape is known
        self._functional: list[Functional] = []  # one, between them, once it is asked for
        one = isinstance(layers, (Layer, Symbol, str))
        for layer in [layers] if one else layers or []:
            self.add(layer)

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top of the stack; where it does not fit, the stack stays as it was."""
        if isinstance(layer, Symbol) and layer.node is not None:
            layer = layer.node.layer  # Input(...) in the list
        self._check_new(layer)
        before = {**vars(self), "_stack": list(self._stack)}
        try:
            if not self._stack and layer.first_input_shape is not None:
                dtype = _dtype_before(layer)
                self._stack.append(layers.InputLayer(tuple(layer.first_input_shape), dtype=dtype))
            self._stack.append(layer)
            if self._ends is not None:
                self._between(self._ends[0], layer(self._ends[1]))
            elif isinstance(layer, layers.InputLayer) or _is_built_model(self._stack[0]):
                self._functional, self._ends, self.built = [], None, False
                self._connect(None)
            elif isinstance(self._stack[0], layers.InputLayer):
                self._connect(None)
            else:
                self.built = False
        except BaseException:
            vars(self).update(before)
            raise

    def _check_new(self, layer: Any) -> None:
        if not isinstance(layer, Layer):
            raise ArgumentError(
                "A Sequential model must be made of layers.",
                received=repr(layer),
                fix=f"{layer.__name__}(...)" if isinstance(layer, type) else None,
            )
        names = [other.name for other in self._stack]
        if layer.name in names:
            raise same_name(layer.name, names)
        if self in layer.family():
            raise ArgumentError("A model cannot contain itself.", where=f"model {self.name!r}")
        if self._stack and isinstance(layer, layers.InputLayer):
            raise ArgumentError(
                "Only the first layer of a Sequential model can be an Input.",
                where=f"model {self.name!r}",
                received=f"Input after {self._stack[-1].name!r}",
                fix="Model(inputs, outputs) for several inputs",
            )

    @known_arguments
    def pop(self) -> Layer:
        """Take the last layer off the stack."""
        if not self.layers:
            raise GraphError("The model has no layers.", where=f"model {self.name!r}")
        layer = self._stack.pop()
        if self._ends is not None:
            below = self.functional.nodes[-1].args[0]
            self._between(self._ends[0], below)
            if not self._stack:
                self._ends = None
            self.built = self._ends is not None
        return layer

    def _connect(self, input_shape: Any) -> None:
        first, rest = self._stack[0], self._stack
        if isinstance(first, layers.InputLayer):
            x, rest = first.output, self._stack[1:]
        elif isinstance(first, (Functional, Sequential)) and input_shape is None:
            x = map_structure(lambda s: Symbol(s.shape, s.dtype, s.name), first.input)
        else:
            symbols = symbols_of_shape(input_shape, self.dtype)
            dtype = _dtype_before(first)
            x = map_structure(lambda s: layers.Input(s.shape[1:], dtype=dtype), symbols)
        inputs = x
        for layer in rest:
            x = layer(x)
        self._between(inputs, x)
        self.built = True

    def _between(self, inputs: Any, outputs: Any) -> None:
        """The network goes from these symbols to those."""
        self._ends, self._functional = (inputs, outputs), []

    def build(self, input_shape: Any) -> None:
        if self._ends is None:
            if not self._stack:
                raise GraphError("The model has no layers.", fix="model.add(layers.Dense(1))")
            self._connect(input_shape)

    def _free_sizes(self, shape: tuple[int, ...]) -> None:
        """Leave sizes free in which an input differs from the first one, where the layers can."""
        known = self.functional.input.shape
        sizes = list(zip(known[1:], shape[1:], strict=False))
        if len(shape) != len(known) or all(n in (None, size) for n, size in sizes):
            return
        free = (None, *(n if n == size else None for n, size in sizes))
        before, calls = self.functional, [(layer, list(layer.calls)) for layer in self.layers]
        try:
            self._connect(free)
        except Exception:  # its weights are for the first size: the error comes from the model
            for layer, made in calls:
                layer.calls = made
            self._ends, self._functional = (before.input, before.output), [before]
            return
        old = set(map(id, before.nodes))
        for layer in self.layers:
            layer.calls = [call for call in layer.calls if id(call()) not in old]
        self.build_shape = free

    @property
    def layers(self) -> list[Layer]:
        return [layer for layer in self._stack if not isinstance(layer, layers.InputLayer)]

    not_parts = Model.not_parts | {"_stack", "_ends", "_functional"}

    @property
    def sublayers(self) -> list[Layer]:
        return list(dict.fromkeys([*self.layers, *super().sublayers]))

    @property
    def stack(self) -> list[Layer]:
        """The layers with the InputLayer, if there is one."""
        return list(self._stack)

    @property
    def functional(self) -> Functional:
        """The same network as a model made from symbols."""
        if self._ends is None:
            raise not_built(self)
        if not self._functional:
            # Not in the context of a loop, which knows the model that runs and would be kept.
            made = contextvars.Context().run(Functional, *self._ends, self.name)
            self._functional = [made]
        return self._functional[0]

    @property  # type: ignore[misc]
    def input(self) -> Any:
        return self.functional.input

    @property  # type: ignore[misc]
    def output(self) -> Any:
        return self.functional.output

    @property
    def inputs(self) -> list[Symbol]:
        return self.functional.inputs

    @property
    def outputs(self) -> list[Symbol]:
        return self.functional.outputs

    @property
    def output_names(self) -> list[str]:
        return self.functional.output_names

    @property
    def input_shape(self) -> Any:
        return self.functional.input_shape

    @property
    def output_shape(self) -> Any:
        return self.functional.output_shape

    def output_names_for(self, y_pred: Any) -> list[str]:
        return self.functional.output_names_for(y_pred)

    def takes(self, x: Any) -> bool:
        return self._ends is None or self.functional.takes(x)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if self.build_shape is not None and isinstance(inputs, graph.Tensor):
            self._free_sizes(inputs.shape)
        self.functional.learned_as_part = self.was_trained
        return self.functional.call(inputs, training=training)

    @property
    def input_dtype(self) -> None:
        """Inputs are converted by the functional form."""
        return None

    def get_config(self) -> dict[str, Any]:
        from grafito.models.architecture import sequential_config

        return sequential_config(self)

    @classmethod
    @known_arguments
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """A model of this architecture; `custom_objects` are the user's own classes, by name."""
        from grafito.models.architecture import sequential_from_config

        with custom_object_scope(custom_objects):
            return sequential_from_config(config)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)


def _dtype_before(layer: Layer) -> str | None:
    """The dtype of an Input before a layer."""
    return TEXT if getattr(layer, "reads_text", False) else None


def _is_built_model(layer: Layer) -> bool:
    return isinstance(layer, Functional) or (isinstance(layer, Sequential) and layer.built)
