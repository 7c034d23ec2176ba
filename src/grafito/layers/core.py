"""The layers of every network: Input, Dense, Activation, Lambda."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grafito import activations, defaults, graph
from grafito.errors import ArgumentError, ShapeError
from grafito.errors import names_of as _names_of
from grafito.graph.dtypes import dtype_name
from grafito.layers.arguments import integer
from grafito.layers.base import Layer, register, registry
from grafito.layers.symbolic import TEXT, Node, Symbol, SymbolicShape
from grafito.layers.weighted import ActivatedLayer
from grafito.registry import keeps_objects, known_arguments


@register()
class InputLayer(Layer):
    """The place where a model takes an input; `Input` returns its symbol.

    Args:
        shape: shape of one example, without the batch; None for a size that is free.
        batch_size: a fixed number of examples, rarely needed.
        dtype: element type, "float32" by default; "string" for the layers that read text.
        batch_shape: shape with the batch, in place of the two above.
        name: by default made from the class name.

    Example:
        >>> InputLayer((28, 28)).output.shape
        (None, 28, 28)
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        *,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        shape = kwargs.pop("input_shape", shape)  # of older programs
        super().__init__(name=name, **kwargs)
        self.dtype = TEXT if dtype == TEXT else dtype_name(dtype or defaults.floatx())
        if shape is not None and batch_shape is None:
            batch_shape = (batch_size, *self._sizes("shape", shape))
        elif batch_shape is None or shape is not None or batch_size is not None:
            raise ArgumentError(
                "An input needs a shape, with or without the batch axis.",
                received=f"shape={shape}, batch_size={batch_size}, batch_shape={batch_shape}",
                fix="Input((784,))",
            )
        self.batch_shape: SymbolicShape = self._sizes("batch_shape", batch_shape)
        held = "int32" if dtype == TEXT else self.dtype
        self.output = Symbol(self.batch_shape, held, self.name)
        Node(self, (), {}, self.output)
        self.built = True

    def _sizes(self, name: str, shape: Any) -> SymbolicShape:
        if name == "shape" and isinstance(shape, int):
            shape = (shape,)
        if not isinstance(shape, (list, tuple)):
            raise ArgumentError(
                "The shape of an input must be a tuple.",
                received=f"{name}={shape!r}",
                expected="a tuple of sizes, None where free",
                fix="Input((784,))",
            )
        return tuple(None if n is None else integer(self, name, n) for n in shape)

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": list(self.batch_shape), "dtype": self.dtype, "name": self.name}


@known_arguments
def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    *,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> Symbol:
    """A symbol that stands for an input of a model; layers are called on it.

    Args:
        shape: shape of one example, without the batch; None for a size that is free.
        batch_size: a fixed number of examples, rarely needed.
        dtype: element type, "float32" by default.
        batch_shape: shape with the batch, in place of the two above.
        name: what summaries and drawings call it.

    Raises:
        ArgumentError: when the shape is missing, or is no tuple of sizes.

    Example:
        >>> x = Input((784,))
        >>> Dense(10, activation="softmax")(x).shape
        (None, 10)
    """
    return InputLayer(shape, batch_size, dtype, batch_shape=batch_shape, name=name).output


@register()
class Dense(ActivatedLayer):
    """Every output sees every input: activation(x W + b), along the last axis.

    Args:
        units: number of outputs.
        activation: name or function; none by default.
        use_bias: whether b is there.
        kernel_initializer, bias_initializer: initial W, shape (inputs, units), and b.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties on W, b and output.
        kernel_constraint, bias_constraint: projections of W and b after each update.
        kwargs: those of `Layer`.

    Shapes: (batch, ..., inputs) to (batch, ..., units).

    Raises:
        ArgumentError: for a number of units that is no positive integer.

    Example:
        >>> Dense(3, kernel_initializer="ones")([[1.0, 2.0]]).numpy().tolist()
        [[3.0, 3.0, 3.0]]
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            activation=activation,
            use_bias=use_bias,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.units = integer(self, "units", units)
        self.keep(
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )

    def build(self, input_shape: Any) -> None:
        if len(input_shape) < 2:
            raise ShapeError(
                f"Layer {self.name!r} (Dense) cannot use its input.",
                received=input_shape,
                expected="2 axes or more: (batch, ..., features)",
                fix="give each example one axis: Input((1,)), and x.reshape(-1, 1) for the data",
            )
        self.kernel = self.make("kernel", (input_shape[-1], self.units))
        self.bias = self.make("bias", (self.units,)) if self.use_bias else None
        self.input_axes = {-1: input_shape[-1]}

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        product = graph.matmul(inputs, self.kernel)
        return self.activation(product if self.bias is None else product + self.bias)


@register()
class Activation(Layer):
    """An activation function as a layer of its own: f(x).

    Args:
        activation: name or function.
        kwargs: those of `Layer`.

    Shapes: any, and the same for the output.

    Raises:
        UnknownNameError: for a name that is no activation; it proposes the nearest.

    Example:
        >>> Activation("relu")([-1.0, 2.0]).numpy().tolist()
        [0.0, 2.0]
    """

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return activations.get(self.activation)(inputs)


@register()
class Identity(Layer):
    """The input as it came.

    Args:
        kwargs: those of `Layer`.

    Example:
        >>> Identity()([-1.0, 2.0]).numpy().tolist()
        [-1.0, 2.0]
    """

    def call(self, inputs: Any) -> Any:
        return inputs


@register()
class Lambda(Layer):
    """Any function of tensors as a layer; for code only, since a saved file never carries code.

    Args:
        function: called with the input, and with `training` if it has an argument of that name.
        output_shape: accepted as in Keras and not needed; the shape is found by tracing.
        arguments: further keyword arguments of the function.
        kwargs: those of `Layer`.

    Raises:
        ArgumentError: when it is to be saved, or the function cannot be called.

    Example:
        >>> Lambda(lambda x: x**2)([1.0, 3.0]).numpy().tolist()
        [1.0, 9.0]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        *,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError(
                "Lambda needs a function.", received=repr(function), fix="Lambda(lambda x: 2 * x)"
            )
        self.function = function
        self.output_shape = output_shape
        self.arguments = dict(arguments or {})
        self._wants_training = _takes_training(function)

    def call(self, inputs: Any, training: bool = False) -> Any:
        mode = {"training": training} if self._wants_training else {}
        return self.function(inputs, **self.arguments, **mode)

    def get_config(self) -> dict[str, Any]:
        if keeps_objects():  # a pickle or a copy in memory
            return super().get_config()
        raise ArgumentError(
            "A Lambda layer holds code, and a saved model carries none.",
            where=f"layer {self.name!r} (Lambda)",
            fix="write a subclass of Layer with this call, and pass it in custom_objects to load",
        )


def _takes_training(function: Callable[..., Any]) -> bool:
    try:
        return "training" in inspect.signature(function).parameters
    except ValueError:  # a function written in C may have no signature
        return False


@register()
class Wrapper(Layer):
    """A layer around another one, to be subclassed: `self.layer` is built with it.

    Args:
        layer: the other one.
        kwargs: those of `Layer`.

    Example:
        >>> class Twice(Wrapper):
        ...     def call(self, inputs):
        ...         return 2 * self.layer(inputs)
        >>> Twice(Dense(1, kernel_initializer="ones"))([[1.0, 2.0]]).numpy().tolist()
        [[6.0]]
    """

    def __init__(self, layer: Any, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(layer, (Layer, Mapping)):
            raise ArgumentError(
                "A Wrapper is put around a layer.",
                received=repr(layer),
                fix=f"{type(self).__name__}(Dense(1))",
            )
        self.layer = registry.get(layer)

    def build(self, input_shape: Any) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)


__getattr__ = _names_of(__name__)  # older programs import all layers from here
