"""Tensors, the ops that make them, and the variables that keep their value between steps."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, dataclass_transform

import numpy as np

from grafito.errors import DtypeError, GraphError, ShapeError, missing_attribute
from grafito.graph.dtypes import dtype_name, is_floating, promote
from grafito.graph.trace import Trace, current_scope, current_trace, has_numbers

Shape = tuple[int, ...]
Array = Any  # an array of whichever engine evaluates the op


@dataclass_transform(frozen_default=True)
class Op:
    """One operation: a shape rule, a value and a gradient.

    A subclass is a frozen dataclass; its fields are the static attributes (an axis, a stride), so
    two ops are equal when their class and attributes are.

    Example:
        >>> from grafito import graph
        >>> class Cube(graph.Op):
        ...     def infer(self, x):
        ...         return x.shape, x.dtype
        ...     def value(self, xp, x):
        ...         return x * x * x
        ...     def gradient(self, g, out, x):
        ...         return (3 * x * x * g,)
        >>> x = graph.constant(2.0)
        >>> graph.gradients(Cube()(x), x).item()
        12.0
    """

    symbol: ClassVar[str] = ""  # what a drawing writes in the node
    analytic: ClassVar[bool] = True  # whether the complex step may check the gradient

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(frozen=True)(cls)

    def infer(self, *inputs: Tensor) -> tuple[Shape, str]:
        """Shape and dtype of the result."""
        raise NotImplementedError

    def value(self, xp: Any, *arrays: Array) -> Array:
        """The result, computed with the array module `xp` (NumPy or one with its names)."""
        raise NotImplementedError

    def gradient(self, g: Tensor, out: Tensor, *inputs: Tensor) -> tuple[Tensor | None, ...]:
        """For each input the gradient, given `g`, the gradient of `out`; built from ops.

        It may have the broadcast shape of the result: the backward driver sums it down.
        """
        raise NotImplementedError

    def __call__(self, *inputs: Tensor) -> Tensor:
        trace = current_trace()
        if trace is not None and (trace.updates or trace.reads is not None):
            inputs = tuple(_as_it_is_now(x, trace) for x in inputs)
        shape, dtype = self.infer(*inputs)
        return Tensor(self, inputs, shape, dtype)

    @property
    def name(self) -> str:
        """The class name in lower case, as shown in tables."""
        return type(self).__name__.lower()


class Tensor:
    """A symbolic, immutable value: the op that makes it, its inputs, shape and dtype.

    Tensors are built by operators (`x * w + b`), by the functions of `grafito.graph` and by
    layers. They hold no numbers; `graph.value` computes them.

    Attributes:
        op: the operation.
        inputs: the tensors it reads.
        shape: static shape, a tuple of integers.
        dtype: name of the element type.
        name: what drawings and errors call it, or None.
        scope: names of the functions and layers it was built in, outermost first.

    Example:
        >>> from grafito import graph
        >>> x = graph.constant(3.0)
        >>> float(graph.value(x * x + 1))
        10.0
    """

    __slots__ = ("__weakref__", "computed", "dtype", "inputs", "name", "op", "scope", "shape")
    __array_ufunc__ = None  # array * tensor asks the tensor, not NumPy

    def __init__(
        self, op: Op, inputs: tuple[Tensor, ...], shape: Shape, dtype: str, name: str | None = None
    ):
        self.op = op
        self.inputs = inputs
        self.shape = shape
        self.dtype = dtype
        self.name = name
        self.scope = current_scope()

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def __repr__(self) -> str:
        label = f" {self.name!r}" if self.name else ""
        numbers = f"\n{self.numpy()}" if has_numbers() else ""
        return f"<{self.op.name}{label} {self.dtype}{list(self.shape)}{numbers}>"

    def __getattr__(self, name: str) -> Any:
        raise missing_attribute(self, "tensor", name)

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("A scalar tensor has no length.", where=self)
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if has_numbers():
            return bool(self.numpy())
        raise GraphError(
            "A tensor has no truth value while the graph is being built.",
            where=self,
            fix="graph.where(condition, a, b) in place of `if`",
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype=dtype)

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def numpy(self) -> np.ndarray:
        """The value, where it depends on constants and variables alone."""
        computed = known_value(self)
        return evaluate.value(self) if computed is None else np.array(computed)

    def item(self) -> float | int | bool:
        """The value of a tensor with one element as a Python number."""
        return self.numpy().item()

    # Operators. The functions live with their ops.
    def __add__(self, other: Any) -> Tensor:
        return elementwise.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return elementwise.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return elementwise.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return elementwise.subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return elementwise.multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return elementwise.multiply(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return elementwise.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return elementwise.divide(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return elementwise.mod(self, other)

    def __pow__(self, other: Any) -> Tensor:
        return elementwise.power(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return elementwise.power(other, self)

    def __neg__(self) -> Tensor:
        return elementwise.negative(self)

    def __abs__(self) -> Tensor:
        return elementwise.abs(self)

    def __matmul__(self, other: Any) -> Tensor:
        return linear.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return linear.matmul(other, self)

    def __lt__(self, other: Any) -> Tensor:
        return elementwise.less(self, other)

    def __le__(self, other: Any) -> Tensor:
        return elementwise.less_equal(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return elementwise.greater(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return elementwise.greater_equal(self, other)

    # == and != compare identity, because tensors are keys of dictionaries: use graph.equal.

    def __getitem__(self, index: Any) -> Tensor:
        return shaping.slice(self, index)

    # NumPy-named methods.
    @property
    def T(self) -> Tensor:
        return shaping.transpose(self)

    def transpose(self, axes: tuple[int, ...] | None = None) -> Tensor:
        return shaping.transpose(self, axes)

    def reshape(self, *shape: Any) -> Tensor:
        return shaping.reshape(self, shape[0] if len(shape) == 1 else shape)

    def astype(self, dtype: str) -> Tensor:
        return elementwise.cast(self, dtype)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return reductions.sum(self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return reductions.mean(self, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return reductions.max(self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return reductions.min(self, axis, keepdims)


def known_value(x: Tensor) -> np.ndarray | None:
    """The value of a tensor that was computed when it was made, by a call on arrays."""
    return getattr(x, "computed", None)


class Constant(Op):
    """A value known when the graph is built."""

    array: np.ndarray  # in the precision that it came in, so that float64 checks see all of it

    # The hash of an array is its identity: equal constants are merged by the rewriter.
    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class Input(Op):
    """A value that is fed when the graph runs."""


class State(Op):
    """The value of a variable at the start of the step."""


class Variable(Tensor):
    """A tensor whose value stays between steps: a weight, an optimizer slot, a counter.

    Args:
        value: initial value; its shape stays.
        dtype: element type; by default that of the value (float32 for Python numbers).
        name: what tables, drawings and files call it.
        trainable: whether optimizers change it.

    Attributes:
        path: name with that of its layer before it, for example "dense/kernel".
        storage: the current value as an array of the engine that used it last.
        regularizer: penalty on its value, or None.
        constraint: projection applied after each update, or None.

    Example:
        >>> from grafito import graph
        >>> w = graph.Variable([1.0, 2.0], name="w")
        >>> w.assign([3.0, 4.0])
        >>> w.numpy().tolist()
        [3.0, 4.0]
    """

    __slots__ = ("constraint", "path", "regularizer", "storage", "trainable")

    def __init__(
        self, value: Any, dtype: str | None = None, name: str | None = None, trainable: bool = True
    ):
        initial = as_tensor(value, dtype=dtype)
        super().__init__(State(), (), initial.shape, initial.dtype, name)
        self.storage: Any = np.array(initial.numpy(), dtype=self.dtype)
        self.path = name or "variable"
        self.trainable = trainable
        self.regularizer: Any = None
        self.constraint: Any = None

    def __reduce__(self) -> Any:  # the value, whichever engine's array holds it
        state = {name: getattr(self, name) for name in ("path", "regularizer", "constraint")}
        return type(self), (self.numpy(), self.dtype, self.name, self.trainable), (None, state)

    def numpy(self) -> np.ndarray:
        """A copy of the current value."""
        return evaluate.value(self) if has_numbers() else np.array(self.storage)

    def assign(self, value: Any) -> None:
        """Set the value: at once, or at the end of the step while a step is being traced.

        Raises:
            ShapeError: when the shape is not the variable's.
        """
        new = as_tensor(value, dtype=None if isinstance(value, Tensor) else self.dtype)
        if new.shape != self.shape:
            raise ShapeError(
                "The new value of a variable must have its shape.",
                where=self.name or "variable",
                received=new.shape,
                expected=self.shape,
            )
        trace = current_trace()
        if trace is not None:
            # A later gradient in the same step is one of the new value, not through the update.
            trace.updates[self] = elementwise.stop_gradient(elementwise.cast(new, self.dtype))
        else:
            self.storage = np.array(new.numpy(), dtype=self.dtype)

    def assign_add(self, value: Any) -> None:
        """Add to the value; see `assign`."""
        self.assign(self + value)

    def assign_sub(self, value: Any) -> None:
        """Subtract from the value; see `assign`."""
        self.assign(self - value)


class Reading(Constant):
    """What a variable held when it was read: a constant to all but differentiation."""

    variable: Variable


def _as_it_is_now(x: Tensor, trace: Trace) -> Tensor:
    """What an op within a trace reads for x: of a variable, what it was last assigned."""
    if not isinstance(x, Variable):
        return x
    if x in trace.updates:
        return trace.updates[x]
    if trace.reads is None:
        return x
    if x not in trace.reads:
        array = np.asarray(x.storage)
        array = array if array.base is None else array.copy()  # an engine writes into its own
        trace.reads[x] = Tensor(Reading(array, x), (), x.shape, x.dtype, x.name)
    return trace.reads[x]


def constant(value: Any, dtype: str | None = None, name: str | None = None) -> Tensor:
    """A tensor with a known value.

    Args:
        value: a number, a (nested) list or an array.
        dtype: element type; by default that of an array, and float32 for Python floats.
        name: what drawings call it.

    Raises:
        DtypeError: for values that are no numbers, or lists with rows of different lengths.

    Example:
        >>> constant([[1.0, 2.0]]).shape
        (1, 2)
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ShapeError(
            "The rows of a nested list must have the same length.", received=str(value)[:60]
        ) from error
    if dtype is None:
        python_numbers = not hasattr(value, "dtype")
        dtype = dtype_name(array.dtype)
        if python_numbers:
            dtype = {"float64": "float32", "int64": "int32"}.get(dtype, dtype)
    elif array.dtype.kind not in "biuf" and dtype_name(array.dtype) is not None:
        raise DtypeError("A tensor holds numbers.", received=f"dtype {array.dtype}")
    return Tensor(Constant(array), (), array.shape, dtype_name(dtype), name)


def placeholder(shape: Shape, dtype: str = "float32", name: str | None = None) -> Tensor:
    """A tensor whose value is fed when the graph runs.

    Example:
        >>> from grafito import graph
        >>> x = placeholder((2,), name="x")
        >>> graph.value(x * 2, {"x": [1.0, 2.0]}).tolist()
        [2.0, 4.0]
    """
    return Tensor(Input(), (), tuple(shape), dtype_name(dtype), name)


def as_tensor(value: Any, dtype: str | None = None) -> Tensor:
    """The value as a tensor: tensors pass, numbers and arrays become constants.

    Args:
        value: a tensor, number, list or array.
        dtype: what it is converted to, if given.

    Example:
        >>> as_tensor([1, 2], dtype="float32")
        <constant float32[2]>
    """
    if not isinstance(value, Tensor):
        return constant(value, dtype)
    trace = current_trace()
    if trace is not None:
        value = _as_it_is_now(value, trace)
    return value if dtype is None else elementwise.cast(value, dtype)


def operands(*values: Any) -> tuple[Tensor, ...]:
    """The values as tensors of one dtype. Python numbers take the dtype of the others."""
    strong = [as_tensor(v) for v in values if not isinstance(v, (bool, int, float))]
    dtype: str | None = None
    for x in strong:
        dtype = x.dtype if dtype is None else promote(dtype, x.dtype)
    for v in values:
        if isinstance(v, (bool, int, float)):
            weak = {bool: "bool", int: "int32"}.get(type(v), "float32")
            if dtype is None or (weak == "float32" and not is_floating(dtype)):
                dtype = weak if dtype is None or weak == "float32" else promote(dtype, weak)
            elif dtype == "bool" and weak == "int32":
                dtype = weak
    return tuple(as_tensor(v, dtype=dtype) for v in values)


# The operators above call functions that are themselves written with tensors.
from grafito.graph import elementwise, evaluate, linear, reductions, shaping  # noqa: E402
