"""Variables: the tensors that keep their value between steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito import registry
from grafito.errors import ArgumentError, ShapeError
from grafito.graph.dtypes import dtype_name
from grafito.graph.tensor import Constant, Op, Tensor, as_tensor
from grafito.graph.trace import Trace, current_trace, has_numbers
from grafito.locks import Guarded

ARGUMENTS = ("initializer", "shape", "dtype", "trainable", "name")

# Its lock is held where several values are read or replaced, so that all are of before a launch of
# an engine that replaces arrays, or of after it.
moment = Guarded()


class State(Op):
    """The value of a variable at the start of the step."""


class Variable(Tensor):
    """A tensor whose value stays between steps: a weight, an optimizer slot, a counter.

    Args:
        initializer: the initial value, a number or an array; or, with a shape, a function of shape
            and dtype, an initializer or its name.
        shape: the shape, which stays; by default that of the initial value.
        dtype: element type; by default that of the value (float32 for Python floats).
        trainable: whether optimizers change it.
        name: what tables, drawings and files call it.

    Attributes:
        path: name with that of its layer before it, for example "dense/kernel".
        storage: the current value as an array of the engine that used it last.
        regularizer: penalty on its value, or None.
        constraint: projection applied after each update, or None.

    Example:
        >>> from grafito import graph
        >>> w = graph.Variable([1.0, 2.0], name="w")
        >>> w.assign([3.0, 4.0])
        >>> w.numpy().tolist(), graph.Variable("ones", shape=(2,)).numpy().tolist()
        ([3.0, 4.0], [1.0, 1.0])
    """

    __slots__ = ("constraint", "path", "regularizer", "storage", "trainable")

    def __init__(
        self,
        initializer: Any = None,
        shape: int | Sequence[int] | None = None,
        dtype: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        **unknown: Any,
    ):
        registry.refuse_unknown("Variable", unknown, ARGUMENTS)
        initial = _initial(initializer, shape, dtype)
        super().__init__(State(), (), initial.shape, initial.dtype, name)
        self.storage: Any = np.array(initial.numpy(), dtype=self.dtype)
        self.path = name or "variable"
        self.trainable = trainable
        self.regularizer: Any = None
        self.constraint: Any = None

    @classmethod
    def awaiting(
        cls, shape: tuple[int, ...], dtype: str, trainable: bool = True, name: str | None = None
    ) -> Variable:
        """A variable that is zero, and takes no memory, until its value is assigned."""
        variable = cls(0, dtype=dtype, trainable=trainable, name=name)
        variable.shape = shape
        variable.storage = np.broadcast_to(variable.storage, shape)
        return variable

    def __reduce__(self) -> Any:  # the value, whichever engine's array holds it
        state = {name: getattr(self, name) for name in ("path", "regularizer", "constraint")}
        arguments = (self.numpy(), None, self.dtype, self.trainable, self.name)
        return type(self), arguments, (None, state)

    def numpy(self) -> np.ndarray:
        """A copy of the current value."""
        return evaluate.value(self) if has_numbers() else np.array(self.storage)

    @property
    def value(self) -> Tensor:
        """The value as it is now, as a tensor that later updates leave alone.

        Example:
            >>> from grafito import graph
            >>> w = graph.Variable(3.0)
            >>> before = w.value
            >>> w.assign_add(1.0)
            >>> before.item(), w.value.item()
            (3.0, 4.0)
        """
        trace = current_trace()
        return _reading(self) if trace is None else as_it_is_now(self, trace)

    def assign(self, value: Any) -> None:
        """Set the value: at once, or at the end of the step while a step is being traced.

        Raises:
            ShapeError: when the shape is not the variable's.

        Example:
            >>> from grafito import graph
            >>> w = graph.Variable([1.0, 2.0])
            >>> w.assign(w * 10)
            >>> w.numpy().tolist()
            [10.0, 20.0]
        """
        same = type(value) is np.ndarray and (value.shape, value.dtype.name) == (
            self.shape,
            self.dtype,
        )
        if same and current_trace() is None:  # without a tensor between
            self.storage = value.copy()
            return
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
        """Add to the value; see `assign`.

        Example:
            >>> from grafito import graph
            >>> count = graph.Variable(1)
            >>> count.assign_add(2)
            >>> count.item()
            3
        """
        self.assign(self + value)

    def assign_sub(self, value: Any) -> None:
        """Subtract from the value; see `assign`.

        Example:
            >>> from grafito import graph
            >>> w = graph.Variable([5.0, 3.0])
            >>> w.assign_sub([1.0, 2.0])
            >>> w.numpy().tolist()
            [4.0, 1.0]
        """
        self.assign(self - value)


class Reading(Constant):
    """What a variable held when it was read: a constant to all but differentiation."""

    variable: Variable


def as_it_is_now(x: Tensor, trace: Trace) -> Tensor:
    """What an op within a trace reads for x: of a variable, what it was last assigned."""
    if not isinstance(x, Variable):
        return x
    if x in trace.updates:
        return trace.updates[x]
    if trace.reads is None:
        return x
    if x not in trace.reads:
        trace.reads[x] = _reading(x)
    return trace.reads[x]


def _reading(x: Variable) -> Tensor:
    array = np.asarray(x.storage)
    array = array if array.base is None else array.copy()  # an engine writes into its own
    return Tensor(Reading(array, x), (), x.shape, x.dtype, x.name)


def _initial(initializer: Any, shape: Any, dtype: str | None) -> Tensor:
    """The initial value of a variable."""
    if initializer is None:
        raise ArgumentError(
            "A variable needs an initial value.",
            received="initializer=None",
            fix='Variable(0.0), or Variable(initializer="zeros", shape=(2, 3))',
        )
    if isinstance(shape, str):
        raise ArgumentError(
            "The shape of a variable is made of whole numbers.",
            received=f"shape={shape!r}",
            fix=f"Variable(..., dtype={shape!r}) for an element type, name={shape!r} for a name",
        )
    sizes = None
    if shape is not None:
        sizes = shaping.lengths(shape, "Variable", "Variable(..., shape=(2, 3))")
    if isinstance(initializer, str):
        initializer = registry.part("initializer", initializer)
    elif isinstance(initializer, type):
        initializer = initializer()
    if callable(initializer) and not isinstance(initializer, Tensor):
        if sizes is None:
            raise ArgumentError(
                "A variable that an initializer fills needs a shape.",
                received="no shape",
                fix="Variable(..., shape=(2, 3))",
            )
        made = initializer(sizes, dtype=dtype_name(dtype or "float32"))
        initial = as_tensor(made, dtype=dtype)
    else:
        initial = as_tensor(initializer, dtype=dtype)
    if sizes is not None and initial.shape != sizes:
        raise ShapeError(
            "The initial value of a variable must have its shape.",
            received=initial.shape,
            expected=sizes,
        )
    return initial


# The methods above call functions that are themselves written with tensors.
from grafito.graph import elementwise, evaluate, shaping  # noqa: E402
