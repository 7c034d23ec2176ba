"""What the elementwise ops share: broadcasting, comparisons, and their public functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from grafito.errors import DtypeError, ShapeError
from grafito.graph.dtypes import INTEGER, dtype_name, holds, is_floating, numpy_dtype, whole
from grafito.graph.tensor import Op, Shape, Tensor, as_tensor, operands


def broadcast_shapes(*shapes: Shape, where: str = "broadcast") -> Shape:
    """The common shape of operands, by NumPy's rule.

    Raises:
        ShapeError: when two sizes differ and neither is 1.

    Example:
        >>> broadcast_shapes((3, 1), (4,))
        (3, 4)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(
            "Shapes cannot be combined element by element.",
            where=where,
            received=" and ".join(map(str, shapes)),
            expected="sizes that are equal, or 1, counted from the last axis",
            fix="reshape one of them, or insert an axis of size 1 with graph.expand_dims",
        ) from None


class Elementwise(Op):
    """The value has the broadcast shape and the common dtype of the inputs."""

    def infer(self, *inputs: Tensor) -> tuple[Shape, str]:
        return broadcast_shapes(*(x.shape for x in inputs), where=self.name), inputs[-1].dtype


class Comparison(Elementwise):
    """The value is a boolean; no gradient passes."""

    analytic = False

    def infer(self, *inputs: Tensor) -> tuple[Shape, str]:
        return super().infer(*inputs)[0], "bool"

    def gradient(self, g: Tensor, out: Tensor, *inputs: Tensor) -> tuple[Tensor | None, ...]:
        return (None,) * len(inputs)


class Cast(Op):
    """The same value with another dtype. Gradients pass between floating types only.

    Numbers are cut off towards 0; beyond an integer dtype they become its nearest end, NaN 0.
    Integers wrap around in narrower ones.
    """

    symbol = "cast"
    dtype: str

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return x.shape, self.dtype

    def value(self, xp, x):
        if xp.iscomplexobj(x) and is_floating(self.dtype):
            return x  # the complex step passes through
        if self.dtype in INTEGER and is_floating(str(x.dtype)):
            return whole(x, self.dtype, xp)
        return xp.asarray(x).astype(numpy_dtype(self.dtype))

    def gradient(self, g, out, x):
        return (cast(g, x.dtype) if is_floating(x.dtype) and is_floating(self.dtype) else None,)


def cast(x: Any, dtype: str) -> Tensor:
    """The same values with another dtype; what an integer dtype cannot hold becomes its end.

    Example:
        >>> cast([1.9, -1.9, 1e30], "int8").numpy().tolist()
        [1, -1, 127]
    """
    x, dtype = as_tensor(x), dtype_name(dtype)
    return x if x.dtype == dtype else Cast(dtype)(x)


def public_function(
    op: type[Op],
    arity: int,
    convert: Callable[..., tuple[Tensor, ...]] = operands,
    *,
    example: str,
    shows: str,
) -> Callable[..., Tensor]:
    """The NumPy-named function of an elementwise op, documented by the op and an example.

    Args:
        op: the class; its name in snake case is that of the function.
        arity: 1 or 2 arguments.
        convert: makes tensors of the arguments.
        example: an expression that calls the function.
        shows: what a Python prompt prints for it.
    """

    def unary(x: Any) -> Tensor:
        return op()(*convert(x))

    def binary(x: Any, y: Any) -> Tensor:
        return op()(*convert(x, y))

    function = unary if arity == 1 else binary
    function.__name__ = function.__qualname__ = _snake(op.__name__)
    function.__module__ = op.__module__
    function.__doc__ = (
        f"{(op.__doc__ or '').strip()}\n\n    Args:\n"
        + "".join(f"        {name}: a tensor, array or number.\n" for name in ("x", "y")[:arity])
        + "\n    Returns:\n        A tensor of the broadcast shape.\n"
        + f"\n    Example:\n        >>> {example}\n        {shows}\n"
    )
    return function


def compared(x: Any, y: Any) -> tuple[Tensor, ...]:
    """Operands of a comparison, of a dtype that holds both: a comparison is never wrong.

    Example:
        >>> compared(as_tensor([0, 255], "uint8"), -1)[0].dtype
        'int64'
    """
    for n, other in ((x, y), (y, x)):
        if isinstance(n, int) and not isinstance(n, bool) and not isinstance(other, (int, float)):
            dtype = as_tensor(other).dtype
            if dtype in INTEGER and not holds(dtype, n):
                # What lies beyond all integers of a dtype compares like an infinity.
                wide = holds("int64", n) and dtype != "uint64"
                far = n if wide else float("inf") if n > 0 else float("-inf")
                dtype = "int64" if wide else "float32"
                return tuple(as_tensor(far if v is n else v, dtype) for v in (x, y))
    return operands(x, y)


def counted(*values: Any) -> tuple[Tensor, ...]:
    """Operands of one dtype, in which booleans are the int32 numbers 0 and 1.

    Example:
        >>> counted(True)[0].dtype
        'int32'
    """
    xs = operands(*values)
    return xs if xs[0].dtype != "bool" else tuple(cast(x, "int32") for x in xs)


def signed(*values: Any) -> tuple[Tensor, ...]:
    """Operands of a difference.

    Raises:
        DtypeError: for booleans, which NumPy does not subtract either.
    """
    xs = operands(*values)
    if xs[0].dtype == "bool":
        raise DtypeError(
            "Booleans cannot be subtracted.",
            received="dtype bool",
            fix="graph.not_equal(x, y), graph.logical_not(x), or graph.cast(x, 'int32')",
        )
    return xs


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


def reals(*values: Any) -> tuple[Tensor, ...]:
    """Operands of a function of real numbers: integers become float32.

    Example:
        >>> reals(1, 2)[0].dtype
        'float32'
    """
    xs = operands(*values)
    return xs if is_floating(xs[0].dtype) else tuple(cast(x, "float32") for x in xs)


def real_function(op: type[Op], *, example: str, shows: str) -> Callable[..., Tensor]:
    """The function of one real variable of an op."""
    return public_function(op, 1, reals, example=example, shows=shows)


def rounding_function(op: type[Op], *, example: str, shows: str) -> Callable[..., Tensor]:
    """The function of an op that makes whole numbers; integers are whole and stay as they are."""
    function = public_function(op, 1, reals, example=example, shows=shows)

    @functools.wraps(function)
    def rounding(x: Any) -> Tensor:
        x = as_tensor(x)
        return x if x.dtype in INTEGER else function(x)

    return rounding
