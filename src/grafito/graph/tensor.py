"""Tensors, and the ops that make them."""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Sequence
from typing import Any, ClassVar, dataclass_transform

import numpy as np

from grafito.errors import (
    ArgumentError,
    GraphError,
    ShapeError,
    missing_attribute,
)
from grafito.graph.dtypes import (
    INTEGER,
    converted,
    dtype_name,
    fit,
    holds,
    is_floating,
    large_integers,
    promote,
)
from grafito.graph.operators import Operators
from grafito.graph.trace import current_scope, current_trace, has_numbers
from grafito.shown import Shown

Shape = tuple[int, ...]
FEW = 6  # numbers that a tensor shows of itself
MANY = 100  # of a variable; of more the corners
CHEAP = 1000  # tensors, and elements of each, that are computed to show them
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
            inputs = tuple(variable.as_it_is_now(x, trace) for x in inputs)
        shape, dtype = self.infer(*inputs)
        return Tensor(self, inputs, shape, dtype)

    @property
    def name(self) -> str:
        """The class name in lower case, as shown in tables."""
        return type(self).__name__.lower()


class Tensor(Operators, Shown):
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

    computed: np.ndarray  # where a call on arrays has computed it

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
        return math.prod(self.shape)

    def __repr__(self) -> str:
        label = f" {self.name!r}" if self.name else ""
        if has_numbers():
            return f"<{self.op.name}{label} {self.dtype}{list(self.shape)}\n{self.numpy()}>"
        if self.size > FEW and isinstance(self.op, variable.State):
            numbers = np.array2string(np.asarray(self.numpy()), precision=4, threshold=MANY)
            return f"<{self.op.name}{label} {self.dtype}{list(self.shape)}\n{numbers}>"
        return f"<{self.op.name}{label} {self.dtype}{list(self.shape)}{self._few_numbers()}>"

    def __getattr__(self, name: str) -> Any:
        raise missing_attribute(self, "tensor", name)

    def _few_numbers(self) -> str:
        """The numbers where they are known, few and cheap to compute."""
        if self.size > FEW:
            return ""
        known = isinstance(self.op, (Constant, variable.State)) or known_value(self) is not None
        nodes = [self] if known else evaluate.topological_order([self], evaluate.Computed())
        if len(nodes) > CHEAP or any(x.size > CHEAP for x in nodes) or self.unfed is not None:
            return ""
        try:
            text = np.array2string(np.asarray(self.numpy()), precision=4, separator=" ")
        except Exception:  # an op of one's own that fails must not break the message about it
            return ""
        return " " + " ".join(text.split("\n"))

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("A scalar tensor has no length.", where=self)
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if has_numbers():
            return bool(self.numpy())
        same = isinstance(self.op, (elementwise.Equal, elementwise.NotEqual))
        raise GraphError(
            "A tensor has no truth value while the graph is being built.",
            where=self,
            fix="graph.where(condition, a, b) in place of `if`"
            + ("; `a is b` asks whether they are one tensor" if same else ""),
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype=dtype)

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __index__(self) -> int:
        return operator.index(self.numpy().item())

    def __format__(self, form: str) -> str:
        return format(self.item() if self.size == 1 else self.numpy(), form) if form else str(self)

    @property
    def unfed(self) -> Tensor | None:
        """A placeholder that this value depends on; None where its numbers are known."""
        leaves = () if has_numbers() else evaluate.topological_order([self], evaluate.Computed())
        known = evaluate.Computed()
        return next((x for x in leaves if isinstance(x.op, Input) and x not in known), None)

    def numpy(self) -> np.ndarray:
        """The value, where it depends on constants and variables alone.

        Raises:
            ArgumentError: where it depends on a placeholder, as everything in a traced step does.
        """
        if (computed := known_value(self)) is not None:
            return np.array(computed)
        if (x := self.unfed) is not None:
            raise ArgumentError(
                "This tensor is traced: it has no numbers until the graph runs.",
                where=self,
                received=f"a value that depends on the placeholder {x!r}",
                fix="return it from the step, or graph.value(tensor, {placeholder: numbers})",
            )
        return evaluate.value(self)

    def item(self) -> float | int | bool:
        """The value of a tensor with one element as a Python number."""
        return self.numpy().item()


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
    if array.dtype.kind == "O":
        array = large_integers(array, dtype)
    if dtype is None:
        python_numbers = not hasattr(value, "dtype")
        dtype = dtype_name(array.dtype)
        if python_numbers and (dtype == "float64" or (dtype == "int64" and fit(array, "int32"))):
            dtype = {"float64": "float32", "int64": "int32"}[dtype]
    else:
        dtype_name(array.dtype)  # an error for what is no number
    dtype = dtype_name(dtype)
    if dtype in INTEGER:
        array = converted(array, dtype, name)
    return Tensor(Constant(array), (), array.shape, dtype, name)


def placeholder(
    shape: int | Sequence[int], dtype: str = "float32", name: str | None = None
) -> Tensor:
    """A tensor whose value is fed when the graph runs.

    Example:
        >>> from grafito import graph
        >>> x = placeholder((2,), name="x")
        >>> graph.value(x * 2, {"x": [1.0, 2.0]}).tolist()
        [2.0, 4.0]
    """
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if any(n is None or (isinstance(n, int) and n < 0) for n in sizes):
        raise ArgumentError(
            "The shape of a placeholder is known when the graph is built.",
            received=f"shape {shape}",
            expected="sizes that are integers and not negative",
            fix=f"placeholder({tuple(8 if n is None or n < 0 else n for n in sizes)}), or "
            "layers.Input without the batch, for models that take any number of examples",
        )
    return Tensor(
        Input(),
        (),
        tuple(shaping.whole_sizes(sizes, "placeholder", "placeholder((2, 3))")),
        dtype_name(dtype),
        name,
    )


def as_tensor(value: Any, dtype: str | None = None) -> Tensor:
    """The value as a tensor: tensors pass, numbers and arrays become constants.

    Args:
        value: a tensor, number, list or array.
        dtype: what it is converted to, if given.

    Example:
        >>> as_tensor([1, 2], dtype="float32")
        <constant float32[2] [1. 2.]>
    """
    if not isinstance(value, Tensor):
        return constant(value, dtype)
    trace = current_trace()
    if trace is not None:
        value = variable.as_it_is_now(value, trace)
    return value if dtype is None else elementwise.cast(value, dtype)


def operands(*values: Any) -> tuple[Tensor, ...]:
    """The values as tensors of one dtype. Python numbers take the dtype of the others.

    Raises:
        RangeError: for an integer that this dtype cannot hold.
    """
    strong = [as_tensor(v) for v in values if not isinstance(v, (bool, int, float))]
    dtype: str | None = None
    for x in strong:
        dtype = x.dtype if dtype is None else promote(dtype, x.dtype)
    for v in values:
        if isinstance(v, (bool, int, float)):
            weak = "bool" if isinstance(v, bool) else "int32" if isinstance(v, int) else "float32"
            if weak == "int32" and not strong and not holds(weak, int(v)):
                weak = "int64"
            if dtype is None:
                dtype = weak
            elif weak == "float32":
                dtype = dtype if is_floating(dtype) else weak
            elif dtype == "bool" or not strong:
                dtype = promote(dtype, weak)
    return tuple(as_tensor(v, dtype=dtype) for v in values)


# The methods above call functions that are themselves written with tensors.
from grafito.graph import variable  # noqa: E402, I001  # evaluation needs the variable
from grafito.graph import elementwise, evaluate, shaping  # noqa: E402
