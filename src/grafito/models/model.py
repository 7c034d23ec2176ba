"""Models: a layer that can be trained. By subclassing, from symbols, or as a stack of layers."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Mapping
from typing import Any

from grafito import graph
from grafito.errors import (
    ArgumentError,
    GraphError,
    NotBuiltError,
    ShapeError,
    missing_attribute,
    unknown_name,
)
from grafito.graph.nest import flatten, map_structure
from grafito.layers import Layer
from grafito.layers.base import register
from grafito.layers.building import lengthen_paths, symbols_of_shape
from grafito.layers.symbolic import Node, Symbol, layers_by_depth, nodes_between
from grafito.models.matching import fits, input_hint
from grafito.models.naming import check_names, same_name
from grafito.models.objectives import OutputNames, unique
from grafito.models.training import Trainer
from grafito.registry import custom_objects as custom_object_scope
from grafito.registry import known_arguments


@register()
class Model(Trainer):
    """A network that can be trained, evaluated, saved and drawn.

    `Model(inputs, outputs)` makes one from symbols. A subclass defines `call` (and `train_step`
    for a training step of its own).

    Args:
        inputs: a symbol, or a list or dictionary of symbols, made by `Input`.
        outputs: symbols computed from them by layers.
        name: by default made from the class name.

    Example:
        >>> from grafito import Model, layers
        >>> x = layers.Input((4,))
        >>> y = layers.Dense(2)(layers.concatenate([layers.Dense(3)(x), x]))
        >>> Model(x, y).count_params()
        31
    """

    also_takes = ("inputs", "outputs", "input_shape", "input_dim")

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        symbolic = args or {"inputs", "outputs", "input", "output"} & set(kwargs)
        return super().__new__(Functional if cls is Model and symbolic else cls, *args, **kwargs)

    def __init__(
        self,
        *symbols: Any,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
        **kwargs: Any,
    ):
        if symbols or {"inputs", "outputs"} & set(kwargs):  # of a subclass
            self.__class__ = functional_form(type(self))
            names = ("inputs", "outputs", "name", "trainable")
            given = dict(zip(names, symbols, strict=False))
            symbolic: Any = Functional.__init__
            symbolic(self, **{"name": name, "trainable": trainable, **given, **kwargs})
        else:
            super().__init__(name=name, trainable=trainable, dtype=dtype, **kwargs)

    @classmethod
    @known_arguments
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """A model of this architecture; `custom_objects` are the user's own classes, by name."""
        from grafito.models.architecture import functional_from_config

        with custom_object_scope(custom_objects):
            if {"inputs", "calls", "outputs"} <= config.keys():
                return functional_from_config(config, cls)
            return super().from_config(config)

    @property
    def loss(self) -> Any:
        """What `compile` was given as loss; a model that was not compiled has none."""
        if "loss" not in vars(self) and not self._compiled:
            raise missing_attribute(self, self.kind, "loss")
        return vars(self).get("loss", self._objectives.given[0])

    @loss.setter
    def loss(self, value: Any) -> None:
        vars(self)["loss"] = value  # a subclass may keep something of its own here

    @property
    def layers(self) -> list[Layer]:
        """The layers of the model, in the order in which they were made or added."""
        return self.sublayers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or by position."""
        if index is not None:
            count = len(self.layers)
            if not isinstance(index, int) or not -count <= index < count:
                raise ArgumentError(
                    "The model has no such layer.",
                    received=f"index={index!r}",
                    expected=f"an integer from 0 to {count - 1}, or a name",
                )
            return self.layers[index]
        found = [layer for layer in self.layers if layer.name == name]
        if not found:
            raise unknown_name("layer", name, [layer.name for layer in self.layers])
        return found[0]

    def build(self, input_shape: Any, **shapes: Any) -> None:
        """Build the layers by calling the model on inputs of this shape.

        Args:
            input_shape: of the first argument of `call`, or a structure of shapes.
            shapes: those of further arguments, by name: `b_shape` for an argument `b`.
        """
        if type(self).call is Layer.call or all(layer.built for layer in self.family()[1:]):
            return
        others = {name.removesuffix("_shape"): shape for name, shape in shapes.items()}
        symbols = symbols_of_shape([input_shape, others], self.dtype)
        self(symbols[0], **symbols[1])

    def infer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self._building:
            lengthen_paths(self)  # it becomes a part of another model
        return super().infer(args, kwargs)

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            GraphError: when the model is not built, so that it has no weights yet.
        """
        if not self.built:
            raise not_built(self)
        return super().count_params()

    @known_arguments
    def summary(
        self,
        line_length: int | None = None,
        print_fn: Any = None,
        batch_size: int | None = None,
        *,
        expand_nested: bool = False,
        show_trainable: bool = False,
    ) -> None:
        """Print the layers with shapes, parameters, multiply-adds and memory.

        Args:
            line_length: width of the table; that of the terminal by default.
            print_fn: what takes the text; it is printed by default.
            batch_size: of the training step whose memory is told; by default that of the last
                training, or 32.
            expand_nested: show the layers inside of layers and models too.
            show_trainable: a column that says whether the layer is trained.
        """
        from grafito.models.summary import as_text, summarize

        if print_fn is not None and not callable(print_fn):
            raise ArgumentError(
                "print_fn takes the text.", received=repr(print_fn), fix="print_fn=print"
            )
        rows = summarize(self, batch_size, expand_nested, show_trainable)
        (print_fn or print)(as_text(rows, line_length))

    def explain(self, profile: bool = False, passes: bool = False) -> str:
        """The schedule of the last training: the kernels that make a step, in order, as a table.

        Args:
            profile: measure the time of each kernel, and its share of what the CPU can do.
            passes: list the program after each pass of the compiler instead.

        Raises:
            GraphError: before the first training, and for engines without a schedule.
        """
        programs = self._executor.training_programs() if self.compiled else {}
        if not programs:
            raise GraphError(
                "A model has a schedule once it was trained.",
                where=f"model {self.name!r}",
                fix="model.fit(x, y), one epoch will do",
            )
        program = programs[max(programs)]
        return program.profile() if profile else program.explain(passes)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as text, without weights; `models.model_from_json` makes it anew.

        Args:
            kwargs: those of `json.dumps`, for example indent=2.
        """
        from grafito.models.architecture import layer_entry

        return json.dumps(layer_entry(self), **kwargs)

    def __reduce__(self) -> Any:
        from grafito.models.content import pickled

        return pickled(self)

    @known_arguments
    def save(self, filepath: Any, overwrite: bool = True) -> None:
        """Write architecture, weights and training state to one file.

        Args:
            filepath: the file; it is replaced only when the new one is complete.
            overwrite: False raises where the file exists.
        """
        from grafito.models.saving import save_model

        save_model(self, filepath, overwrite)

    @known_arguments
    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights to one file."""
        from grafito.models.saving import save_weights

        save_weights(self, filepath, overwrite)

    @known_arguments
    def load_weights(self, filepath: Any) -> None:
        """Read the weights from a file; all or none."""
        from grafito.models.saving import load_weights

        load_weights(self, filepath)


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
                        "A model is made from symbols.",
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
        twice = next((name for name in names if names.count(name) > 1), None)
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

        for node in self._nodes:
            kwargs = {**map_structure(known, node.kwargs)}
            if node.layer.takes_training and "training" not in kwargs:
                kwargs["training"] = training
            outputs = node.layer(*map_structure(known, node.args), **kwargs)
            for symbol, tensor in zip(flatten(node.outputs), flatten(outputs), strict=True):
                values[id(symbol)] = tensor
        return map_structure(known, self.output)

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
                warnings.warn(
                    f"The model {self.name!r} has no input {', '.join(map(repr, extra))}: "
                    f"what is given under that name is not read; its inputs are {names}",
                    stacklevel=2,
                )
            given = flatten([inputs[name] for name in names])
        if len(given) != len(symbols):
            raise ShapeError(
                "The model has another number of inputs.",
                where=f"model {self.name!r}",
                received=f"{len(given)} array{'s' if len(given) > 1 else ''}",
                expected=f"one for each of {self.input_names}",
                fix="data = (x, y); fit(*data), evaluate(*data)" if len(given) == 2 else None,
            )
        return [self._match(s, x) for s, x in zip(symbols, given, strict=True)]

    def _match(self, symbol: Symbol, x: graph.Tensor) -> graph.Tensor:
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
            fits(array.shape[1:], s.shape[1:]) for s, array in zip(self.inputs, given, strict=True)
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


def not_built(model: Model) -> GraphError:
    """The error for what only a built model has."""
    return NotBuiltError(
        "The model does not know its input shape yet, so it is not built.",
        where=f"model {model.name!r}",
        fix="put Input(shape) first, or call model.build((None, ...))",
    )
