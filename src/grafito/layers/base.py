"""The layer: configuration in `__init__`, weights in `build`, mathematics in `call`."""

from __future__ import annotations

import contextlib
import copy
import inspect
import weakref
from typing import Any, ClassVar

from grafito import defaults, foreign, graph, initializers, regularizers
from grafito.constraints import get as get_constraint
from grafito.constructors import checked_flag
from grafito.errors import (
    ArgumentError,
    GrafitoError,
    GraphError,
    NotBuiltError,
    ShapeError,
)
from grafito.graph.dtypes import dtype_name, is_floating
from grafito.graph.execute import has_value
from grafito.graph.nest import flatten, map_structure
from grafito.graph.trace import current_scope
from grafito.layers.automatic_names import note_name, unique_name
from grafito.layers.building import (
    building,
    forgotten,
    inside_a_call,
    note_made,
    shape_for_build,
    shapes_for_build,
    symbols_of_shape,
)
from grafito.layers.copies import pickled
from grafito.layers.input_spec import check_spec
from grafito.layers.ownership import Owner, noted
from grafito.layers.room import check_room, too_large
from grafito.layers.supply import is_supplied
from grafito.layers.symbolic import Node, infer_outputs, shape_path, symbols_in
from grafito.registry import (
    Registry,
    constructor_arguments,
    known_arguments,
    refuse_unknown,
    snake_case,
)
from grafito.shown import brief

registry = Registry("layer")
register = registry.register


class Layer(Owner):
    """A function of tensors with weights of its own; subclass it to write another.

    Set the configuration in `__init__`, create weights with `add_weight` in `build(input_shape)`,
    and compute with the functions of `grafito.graph` in `call`. A layer can be called on symbols
    (to build a model), on tensors (inside another layer) and on arrays (computed at once).

    Args:
        activity_regularizer: penalty on the output, divided by the batch size.
        trainable: whether optimizers change its weights.
        dtype: element type of its weights and of its computation, "float32" by default.
        name: by default made from the class name.

    Example:
        >>> from grafito import graph, layers
        >>> class Double(layers.Layer):
        ...     def call(self, inputs):
        ...         return 2 * inputs
        >>> Double()([[1.0, 2.0]]).numpy().tolist()
        [[2.0, 4.0]]
    """

    copies_itself = True
    also_takes: ClassVar[tuple[str, ...]] = ("input_shape", "input_dim")
    kind = "layer"  # what errors call it
    input_spec: Any = None  # what is asked of the inputs, as an `InputSpec`

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        if "input_dim" in kwargs:
            kwargs["input_shape"] = (kwargs.pop("input_dim"),)
        self.first_input_shape = kwargs.pop("input_shape", None)
        refuse_unknown(type(self).__name__, kwargs, constructor_arguments(type(self)))
        self._weights: list[graph.Variable] = []
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = checked_flag(self, "trainable", trainable)
        self.dtype = dtype_name(dtype or defaults.floatx())
        own_name = snake_case(type(self).__name__)
        self.name = note_name(name, own_name) if name else unique_name(own_name)
        self.built = self._building = False
        self.build_shape: Any = None
        self.build_shapes: dict[str, Any] = {}  # those of the other arguments of `build`
        self.input_axes: dict[int, int] = {}
        self.calls: list[weakref.ref[Node]] = []  # on symbols, which hold them
        self.last_outputs: list[tuple[tuple[int, ...], str]] = []  # shapes and dtypes, for tables
        note_made(self)

    def __repr__(self) -> str:
        told = "".join(f", {name}={brief(value)}" for name, value in self.told_arguments().items())
        built = vars(self).get("built", False)
        size = f", {sum(v.size for v in self.weights):,} weights" if built else ""
        return f"<{type(self).__name__} {vars(self).get('name', '')!r}{told}{size}>"

    def told_arguments(self) -> dict[str, Any]:
        """What a line about the layer names: the arguments that are not what they mostly are."""
        own = self.own_arguments().items()
        return {
            k: v
            for k, v in own
            if k not in ("name", "seed") and not (k == "dtype" and v == defaults.floatx())
        }

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "build" in vars(cls):
            cls.build = building(vars(cls)["build"])  # type: ignore[method-assign]

    # What a layer is made of

    @building
    def build(self, input_shape: Any) -> None:
        """Create the weights for inputs of this shape (None for the batch)."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The output for input tensors."""
        raise GraphError(
            "A layer computes its output in a method `call`.",
            where=f"layer {self.name!r} ({type(self).__name__})",
            fix=f"def call(self, inputs): ... in class {type(self).__name__}",
        )

    @known_arguments
    def add_weight(
        self,
        shape: tuple[int, ...] | None = None,
        initializer: Any = None,
        dtype: str | None = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str = "variable",
    ) -> graph.Variable:
        """A new weight of the layer.

        Args:
            shape: its shape; () by default.
            initializer: name or object; "glorot_uniform" by default, "zeros" for integers.
            dtype: element type; that of the layer by default.
            trainable: whether optimizers change it.
            regularizer: penalty on its value.
            constraint: projection applied after each update.
            name: what tables and files call it.
        """
        if isinstance(shape, str):
            raise ArgumentError(
                "The shape of a weight must be integers.",
                where=f"add_weight of layer {self.name!r} ({type(self).__name__})",
                received=f"the name {shape!r} as the shape",
                fix=f"self.add_weight(shape=(...), name={shape!r})",
            )
        dtype = dtype_name(dtype or self.dtype)
        default = "glorot_uniform" if is_floating(dtype) else "zeros"
        shape = tuple(shape or ())
        if any(size is None for size in shape):
            raise ShapeError(
                "A weight needs sizes that are known when the layer is built.",
                where=f"weight {name!r} of layer {self.name!r} ({type(self).__name__})",
                received=shape,
                fix="give Input the full shape, for example Input((784,))",
            )
        initializer = default if initializer is None else initializer
        where = f"weight {name!r} of layer {self.name!r} ({type(self).__name__})"
        if is_supplied(shape, where):
            variable = graph.Variable.awaiting(shape, dtype, trainable, name)
        else:
            check_room(shape, dtype, where)
            try:
                value = initializers.get(initializer)(shape, dtype)
                variable = graph.Variable(value, dtype=dtype, trainable=trainable, name=name)
            except MemoryError:
                raise too_large(shape, dtype, where) from None
        scope = current_scope()
        variable.path = "/".join(
            [*scope, *([self.name] if scope[-1:] != (self.name,) else []), name]
        )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = get_constraint(constraint)
        self._weights.append(variable)
        return variable

    def add_loss(self, loss: graph.Tensor) -> None:
        """Add a scalar to the loss of the model that is being trained."""
        trace = graph.current_trace()
        if trace is None:
            raise GraphError(
                "A penalty can be added only while a layer is being called.",
                where=self.name,
                fix="layer(numpy.ones((1, 3))), a call on arrays, whose penalties are known",
            )
        trace.penalties.append(loss)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for inputs of this shape (None for the batch)."""
        with forgotten(self):
            return map_structure(lambda s: s.shape, self(symbols_of_shape(input_shape, self.dtype)))

    # Calling

    @property
    def input(self) -> Any:
        """The symbols that the layer was first called on."""
        return vars(self)["input"] if "input" in vars(self) else self._first_call().args[0]

    @input.setter
    def input(self, value: Any) -> None:
        vars(self)["input"] = value

    @property
    def output(self) -> Any:
        """The symbols that the layer made of them: `Model(model.inputs, layer.output)`."""
        return vars(self)["output"] if "output" in vars(self) else self._first_call().outputs

    @output.setter
    def output(self, value: Any) -> None:
        vars(self)["output"] = value

    def __reduce__(self) -> Any:
        return pickled(self)

    def __copy__(self) -> Any:
        return copy.deepcopy(self)  # two layers cannot share what `build` makes

    def check_ready(self) -> None:
        """Raise a GraphError where a subclass forgot to call the constructor of its base."""
        if "calls" not in vars(self):
            raise GraphError(
                "The layer is not ready to be used.",
                where=type(self).__name__,
                fix="super().__init__() as the first line of __init__",
            )

    def _first_call(self) -> Node:
        first = next((node for call in self.calls if (node := call()) is not None), None)
        if first is None:
            raise NotBuiltError(
                "The layer was not called on a symbol, so it has no input and output.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                fix="put Input(shape) first, or call model.build((None, ...))",
            )
        return first

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.check_ready()
        if not args and kwargs:  # layer(inputs=x) is layer(x)
            name = next(iter(inspect.signature(self.call).parameters), "")
            args = (kwargs.pop(name),) if name in kwargs else ()
        if all(x is None for x in flatten(args)):
            raise ArgumentError(
                "A layer is called on its input.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                received=repr(args[0]) if args else "no input",
                fix="y = layer(x)",
            )
        if symbols_in((args, kwargs)):
            return self._call_on_symbols(args, kwargs)
        tensors = [x for x in flatten((args, kwargs)) if isinstance(x, graph.Tensor)]
        if tensors and (graph.current_trace() or not has_value(tensors)):
            return self._call_on_tensors(*args, **kwargs)
        training = kwargs.pop("training", None)
        return graph.execute(
            lambda *arrays: noted(self, self._call_on_tensors(*arrays, **kwargs)),
            *args,
            training=training,
        )

    def _call_on_symbols(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            self._build_for(args, kwargs)
            outputs = self.infer(args, kwargs)
        except GrafitoError as error:
            if error.rows.get("path"):
                raise
            inputs = symbols_in((args, kwargs))
            rows = {k: v for k, v in error.rows.items() if k not in ("where", "try")}
            own, here = error.rows.get("where", ""), f"layer {self.name!r} ({type(self).__name__})"
            told = type(error)(
                error.what,
                where=own if here in own else ", ".join(filter(None, (own, here))),
                fix=error.rows.get("try"),
                **{**rows, "path": shape_path(inputs[0])},
            )
            vars(told).update({k: v for k, v in vars(error).items() if k not in vars(told)})
            raise told from None
        node = Node(self, args, kwargs, outputs)
        self.calls = [call for call in self.calls if call() is not None] + [weakref.ref(node)]
        return outputs

    def infer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The symbols that a call on symbols gives."""
        return infer_outputs(self._call_on_tensors, args, kwargs)

    def _call_on_tensors(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = map_structure(self._convert, args), map_structure(self._convert, kwargs)
        self._build_for(args, kwargs)
        inside = contextlib.nullcontext() if self._building else graph.scope(self.name)
        with inside, inside_a_call(self):
            trace = graph.current_trace()
            if (
                "mask" not in inspect.signature(self.call).parameters
                and kwargs.get("mask", 0) is None
            ):
                kwargs.pop("mask")  # nothing is masked
            if not self.takes_training:
                kwargs.pop("training", None)  # layers inside read it from the trace
            elif kwargs.get("training") is None:
                kwargs.pop("training", None)  # the layer's own default holds where nobody says
                if trace is not None and trace.training is not None:
                    kwargs["training"] = trace.training
            self._check_call(args, kwargs)
            outputs = self.call(*args, **kwargs)
            if any(x is None for x in flatten(outputs)):
                raise GraphError(
                    "The method `call` returned nothing.",
                    where=f"layer {self.name!r} ({type(self).__name__})",
                    received=outputs,
                    fix="return the output at its end",
                )
            outputs = map_structure(graph.as_tensor, outputs)
            self.last_outputs = [(x.shape, x.dtype) for x in flatten(outputs)]
            if trace is not None:
                trace.seen += [("output", self, x) for x in flatten(outputs)]
            penalty = regularizers.get(self.activity_regularizer)  # it may have been set since
            if penalty is not None and trace is not None:
                for x in flatten(outputs):
                    self.add_loss(penalty(x) / float(max(x.shape[:1] or (1,))))
        return outputs

    def _check_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        signature = inspect.signature(self.call)
        names = list(signature.parameters)
        unknown = next((name for name in kwargs if name not in names), None)
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}) cannot be called like this.",
                received=error,
                expected=f"call({', '.join(names)})",
                fix=unknown and foreign.argument(unknown, names, kwargs[unknown]),
            ) from None

    @property
    def input_dtype(self) -> str | None:
        """What floating inputs are converted to; None leaves them as they are."""
        return self.dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype in which the layer computes, as Keras calls it: `dtype`."""
        return self.dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the layer's weights, as Keras calls it: `dtype`."""
        return self.dtype

    @property
    def takes_training(self) -> bool:
        return "training" in inspect.signature(self.call).parameters

    def _convert(self, x: Any) -> Any:
        if hasattr(x, "__array__") and not isinstance(x, graph.Tensor):
            x = graph.constant(x)
        if isinstance(x, graph.Tensor) and is_floating(x.dtype) and self.input_dtype:
            return graph.cast(x, self.input_dtype)
        return graph.as_tensor(x) if isinstance(x, graph.Tensor) else x

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Build on the first call; later, check that the inputs fit the weights."""
        if self.input_spec is not None:
            check_spec(self, args[0] if args else next(iter(kwargs.values())))
        if not self.built and not self._building:
            self.build(**shapes_for_build(self, args, kwargs))
        shape = map_structure(shape_for_build, args[0] if args else next(iter(kwargs.values())))
        for axis, size in self.input_axes.items():
            if shape[axis] != size:
                raise ShapeError(
                    f"Layer {self.name!r} ({type(self).__name__}) cannot use its input.",
                    where=f"axis {axis} of the input",
                    received=shape,
                    expected=f"size {size}, with which its weights were built on the first call",
                )


def check_rank(layer: Layer, shape: Any, rank: int, axes: str, fix: str | None = None) -> None:
    """Raise a ShapeError unless an input has this number of axes, batch included.

    Args:
        layer: the layer, for the message.
        shape: the shape that came.
        rank: the number of axes it needs.
        axes: their names, for example "(batch, height, width, channels)".
        fix: one edit to try.
    """
    if len(shape) != rank:
        raise ShapeError(
            f"Layer {layer.name!r} ({type(layer).__name__}) cannot use its input.",
            received=shape,
            expected=f"{rank} axes: {axes}",
            fix=fix,
        )
