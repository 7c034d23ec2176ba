"""Python's operators on tensors, and their methods with NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grafito.errors import DtypeError

if TYPE_CHECKING:
    from grafito.graph.tensor import Tensor

    graph: Any  # whose types mypy would seek in a circle
else:
    from grafito import graph  # complete by the time that a method runs

Binary = Callable[["Operators", Any], Any]


def _pair(name: str) -> tuple[Binary, Binary]:
    """A binary operator and its reflected form, from a function of `grafito.graph`."""

    def forward(self: Operators, other: Any) -> Any:
        return getattr(graph, name)(self, other)

    def reflected(self: Operators, other: Any) -> Any:
        return getattr(graph, name)(other, self)

    return forward, reflected


def _logical(name: str) -> tuple[Binary, Binary]:
    """The same for booleans."""

    def operator(self: Operators, other: Any) -> Any:
        return getattr(graph, name)(*_booleans(self, other))

    return operator, operator


def _booleans(*values: Any) -> list[Tensor]:
    tensors = [graph.as_tensor(v) for v in values]
    wrong = [x.dtype for x in tensors if x.dtype != "bool"]
    if wrong:
        raise DtypeError(
            "The operators & | ^ ~ need booleans.",
            received=f"dtype {wrong[0]}",
            fix="a comparison such as x > 0, or graph.logical_and and its like",
        )
    return tensors


def comparable(value: object) -> bool:
    """Whether `==` compares element by element: None, strings and the like just are not equal.

    Example:
        >>> comparable([1, 2]), comparable(None)
        (True, False)
    """
    return isinstance(value, (Operators, int, float, list, tuple)) or hasattr(value, "__array__")


class Operators:
    """What a tensor can be asked with an operator or a method; the functions do the work."""

    __slots__ = ()

    __add__, __radd__ = _pair("add")
    __sub__, __rsub__ = _pair("subtract")
    __mul__, __rmul__ = _pair("multiply")
    __truediv__, __rtruediv__ = _pair("divide")
    __floordiv__, __rfloordiv__ = _pair("floor_divide")
    __mod__, __rmod__ = _pair("mod")
    __pow__, __rpow__ = _pair("power")
    __matmul__, __rmatmul__ = _pair("matmul")
    __and__, __rand__ = _logical("logical_and")
    __or__, __ror__ = _logical("logical_or")
    __xor__, __rxor__ = _logical("not_equal")
    __lt__, __le__ = _pair("less")[0], _pair("less_equal")[0]
    __gt__, __ge__ = _pair("greater")[0], _pair("greater_equal")[0]
    __hash__ = object.__hash__  # by identity: tensors are keys of dictionaries

    def __eq__(self, other: object) -> Any:
        return graph.equal(self, other) if comparable(other) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return graph.not_equal(self, other) if comparable(other) else NotImplemented

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return graph.floor_divide(self, other), graph.mod(self, other)

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return graph.floor_divide(other, self), graph.mod(other, self)

    def __neg__(self) -> Tensor:
        return graph.negative(self)

    def __pos__(self) -> Tensor:
        return graph.as_tensor(self)

    def __abs__(self) -> Tensor:
        return graph.abs(self)

    def __invert__(self) -> Tensor:
        return graph.logical_not(*_booleans(self))

    def __round__(self, digits: int | None = None) -> Tensor:
        scale = 10.0 ** (digits or 0)
        return graph.round(self * scale) / scale if digits else graph.round(self)

    def __getitem__(self, index: Any) -> Tensor:
        return graph.slice(self, index)

    # NumPy-named methods.
    @property
    def T(self) -> Tensor:
        return graph.transpose(self)

    def transpose(self, axes: tuple[int, ...] | None = None) -> Tensor:
        return graph.transpose(self, axes)

    def reshape(self, *shape: Any) -> Tensor:
        return graph.reshape(self, shape[0] if len(shape) == 1 else shape)

    def astype(self, dtype: str) -> Tensor:
        return graph.cast(self, dtype)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return graph.sum(self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return graph.mean(self, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return graph.max(self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return graph.min(self, axis, keepdims)

    # NumPy's functions on tensors.
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return numpy_calls.call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return numpy_calls.call_function(function, args, kwargs)


from grafito.graph import numpy_calls  # noqa: E402
