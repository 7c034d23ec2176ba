"""Models made from symbols: a graph of layer calls."""

from __future__ import annotations

import inspect
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError, GrafitoWarning, ShapeError, warn
from grafito.graph.nest import flatten, map_structure
from grafito.layers import Layer
from grafito.layers.base import register
from grafito.layers.building import lengthen_paths
from grafito.layers.symbolic import Node, Symbol, is_text, layers_by_depth, nodes_between
from grafito.models.entrance import part_for, readers
from grafito.models.matching import fits, input_hint
from grafito.models.model import Model
from grafito.models.naming import check_names, same_name
from grafito.models.objectives import OutputNames, unique


@register()
class Functional(Model):
    """A model made from symbols; `Model(inputs, outputs)` returns one.

    Args:
        inputs: a symbol, or a list or dictionary of symbols, made by `Input`.
        outputs: symbols computed from them by layers.
        name: by default "functional".
        trainable: whether optimizers change its weights.

    Raises:
        ArgumentError: for what is no symbol, or two layers of one name.
        GraphError: when an output depends on an input that is not given.

    Example:
        >>> from grafito import layers
        >>> x = layers.Input((4,))
        >>> Functional(x, layers.Dense(2)(x)).output_shape
        (None, 2)
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool = True,
    ):
        super().__init__(name=name, trainable=trainable)
        inputs, outputs = (x[0] if _is_list_of_one(x) else x for x in (inputs, outputs))
        for argument, given in (("inputs", inputs), ("outputs", outputs)):
            check_names(argument, given)
            for symbol in flatten(given) or [given]:
                if not isinstance(symbol, Symbol):
                    raise ArgumentError(
                        "A model must be made from symbols.",
                        where=argument,
                        received=repr(symbol),
                        expected="what Input(shape) returns, and what layers make of it",
                        fix="x = Input(shape); y = layer(x); Model(x, y)",
                    )
        self.input = inputs
        self.output = outputs
        self._nodes = nodes_between(self.inputs, self.outputs)
        self._members = layers_by_depth(self._nodes, self.outputs)
        names = [layer.name for layer in self._members]
        counts = Counter(names)
        twice = next((name for name in names if counts[name] > 1), None)
        if twice is not None:
            raise same_name(twice, names)
        self.built = True

    @property
    def inputs(self) -> list[Symbol]:
        """The symbols that it takes, as a flat list; `input` has the structure."""
        return flatten(self.input)

    @property
    def outputs(self) -> list[Symbol]:
        """The symbols that it gives, as a flat list; `output` has the structure."""
        return flatten(self.output)

    @property
    def nodes(self) -> list[Node]:
        """The layer calls, each after those that it needs."""
        return self._nodes

    @property
    def layers(self) -> list[Layer]:
        return self._members

    @property
    def sublayers(self) -> list[Layer]:
        return list(dict.fromkeys([*self._members, *super().sublayers]))

    @property
    def input_names(self) -> list[str]:
        return [str(symbol.name) for symbol in self.inputs]

    @property
    def output_names(self) -> list[str]:
        return self.output_names_for(self.output)

    @property
    def input_shape(self) -> Any:
        return map_structure(lambda s: s.shape, self.input)

    @property
    def output_shape(self) -> Any:
        return map_structure(lambda s: s.shape, self.output)

    def output_names_for(self, y_pred: Any) -> list[str]:
        if isinstance(self.output, Mapping):
            return OutputNames.of(self.output)
        return unique([s.node.layer.name for s in self.outputs if s.node is not None])

    def call(self, inputs: Any, training: bool = False) -> Any:
        values = dict(zip(map(id, self.inputs), self._match_inputs(inputs), strict=True))

        def known(x: Any) -> Any:
            return values[id(x)] if isinstance(x, Symbol) else x

        texts = [symbol for symbol in self.inputs if is_text(symbol)]

        def given(node: Node, places: Iterator[int], x: Any) -> Any:
            place, reads = next(places), any(x is text for text in texts)
            return part_for(self, x, values[id(x)], node, place) if reads else known(x)

        for node in self._nodes:
            kwargs = {**map_structure(known, node.kwargs)}
            if node.layer.takes_training and "training" not in kwargs:
                kwargs["training"] = training
            args = map_structure(partial(given, node, itertools.count()), node.args)
            outputs = node.layer(*args, **kwargs)
            for symbol, tensor in zip(flatten(node.outputs), flatten(outputs), strict=True):
                values[id(symbol)] = tensor
        return map_structure(known, self.output)

    def infer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not any(is_text(s) and len(readers(self, s)) > 1 for s in self.inputs):
            return super().infer(args, kwargs)
        lengthen_paths(self)
        return map_structure(lambda s: Symbol(s.shape, s.dtype), self.output)

    def _match_inputs(self, inputs: Any) -> list[graph.Tensor]:
        """The given tensors in the order of the inputs, checked and converted."""
        symbols = self.inputs
        given = flatten(inputs)
        named = isinstance(self.input, Mapping)
        names = sorted(self.input) if named else self.input_names
        if named and isinstance(inputs, (list, tuple)) and list(self.input) != names:
            raise ArgumentError(
                "A list does not say which input is which: they have names, not in order.",
                where=f"model {self.name!r}",
                received=f"a list of {len(inputs)}",
                expected=f"a dictionary with the names {list(self.input)}",
                fix="{" + ", ".join(f"{name!r}: ..." for name in self.input) + "}",
            )
        if isinstance(inputs, Mapping):
            missing = [name for name in names if name not in inputs]
            if missing:
                raise ArgumentError(
                    f"The input {missing[0]!r} is missing.",
                    where=f"model {self.name!r}",
                    received=f"names {sorted(inputs)}",
                    expected=f"names {names}",
                )
            extra = [str(name) for name in inputs if name not in names]
            if extra:
                warn(
                    GrafitoWarning(
                        f"The model {self.name!r} has no input {', '.join(map(repr, extra))}: "
                        "what is given under that name is not read.",
                        expected=f"one for each of {names}",
                    )
                )
            given = flatten([inputs[name] for name in names])
        if len(given) != len(symbols):
            raise ShapeError(
                "The model has a different number of inputs.",
                where=f"model {self.name!r}",
                received=f"{len(given)} array{'s' if len(given) > 1 else ''}",
                expected=f"one for each of {self.input_names}",
                fix="data = (x, y); fit(*data), evaluate(*data)" if len(given) == 2 else None,
            )
        return [self._match(s, x) for s, x in zip(symbols, given, strict=True)]

    def _match(self, symbol: Symbol, x: graph.Tensor) -> graph.Tensor:
        if is_text(symbol):
            return x  # the numbers that a layer made of it
        expected, shape, whole = symbol.shape[1:], x.shape[1:], x.shape
        if len(shape) == len(expected) - 1 and expected[-1] == 1:
            x = graph.expand_dims(x, -1)  # (n,) for a model of one feature, as in Keras
        elif len(shape) == len(expected) + 1 and shape[-1] == 1:
            x = graph.squeeze(x, -1)
        if not fits(x.shape[1:], expected):
            raise ShapeError(
                "An input does not have the shape that the model was built for.",
                where=f"input {symbol.name!r} of model {self.name!r}",
                received=f"an array of shape {whole}",
                expected=f"an array of shape {(None, *expected)}: one example in each row",
                fix=input_hint(whole, expected, self.was_trained),
            )
        return graph.cast(x, symbol.dtype)

    def takes(self, x: Any) -> bool:
        """Whether arrays have the shapes of the inputs."""
        given = flatten(x)
        return len(given) == len(self.inputs) and all(
            is_text(s) or fits(array.shape[1:], s.shape[1:])
            for s, array in zip(self.inputs, given, strict=True)
        )

    @property
    def input_dtype(self) -> None:
        """Each input is converted to the dtype of its own symbol."""
        return None

    def get_config(self) -> dict[str, Any]:
        from grafito.models.architecture import functional_config

        arguments = inspect.signature(type(self).__init__).parameters
        if "inputs" not in arguments and "symbols" not in arguments:
            config = super().get_config()  # of a subclass that makes its symbols itself
            return {k: v for k, v in config.items() if k not in ("inputs", "outputs")}
        return functional_config(self)


def functional_form(cls: type) -> type:
    """A class of models made from symbols, for a subclass of `Model`: with all that it defines."""
    if issubclass(cls, Functional):
        return cls
    if "_functional_form" not in vars(cls):
        namespace = {"written_class": cls, "__module__": cls.__module__, "__doc__": cls.__doc__}
        cls._functional_form = type(cls.__name__, (cls, Functional), namespace)  # type: ignore[attr-defined]
    return vars(cls)["_functional_form"]


def _is_list_of_one(x: Any) -> bool:
    return isinstance(x, list) and len(x) == 1
