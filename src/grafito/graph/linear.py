"""The matrix product."""

from __future__ import annotations

import math
from typing import Any

from grafito.errors import ShapeError
from grafito.graph.dtypes import accumulator
from grafito.graph.elementwise import broadcast_shapes, cast
from grafito.graph.shaping import reshape, transpose
from grafito.graph.tensor import Array, Op, Shape, Tensor, operands


class MatMul(Op):
    """Σₖ x[..., i, k] y[..., k, j], batched over leading axes, which broadcast"""

    symbol = "·"

    def infer(self, x: Tensor, y: Tensor) -> tuple[Shape, str]:
        batch = broadcast_shapes(x.shape[:-2], y.shape[:-2], where="matmul")
        return (*batch, x.shape[-2], y.shape[-1]), x.dtype

    def value(self, xp: Any, x: Array, y: Array) -> Array:
        return xp.matmul(x, y)

    def gradient(self, g, out, x, y):
        return MatMul()(g, _swap(y)), MatMul()(_swap(x), g)


def _swap(x: Tensor) -> Tensor:
    return transpose(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def matmul(x: Any, y: Any) -> Tensor:
    """The matrix product x @ y, batched over leading axes; integers are added up as int64.

    Args:
        x: shape (..., n, k), or (k,).
        y: shape (..., k, m), or (k,).

    Returns:
        Shape (..., n, m), without the axis of an argument that is a vector.

    Raises:
        ShapeError: when the inner sizes differ, or an argument is a scalar.

    Example:
        >>> matmul([[1.0, 2.0]], [[3.0], [4.0]]).numpy().tolist()
        [[11.0]]
    """
    x, y = (cast(z, accumulator(z.dtype)) for z in operands(x, y))
    inner = y.shape[0] if y.ndim == 1 else y.shape[-2] if y.ndim else None
    if not x.ndim or not y.ndim or x.shape[-1] != inner:
        raise ShapeError(
            "The last axis of x and the first axis of y's matrices must have one size.",
            where="matmul",
            received=f"{x.shape} @ {y.shape}",
            expected="(..., n, k) @ (..., k, m)",
            fix="transpose one of them, or check the number of units"
            if x.ndim and y.ndim
            else "x * y for numbers; in a formula, shapes={'x': (2, 3), 'w': (3, 1)}",
        )
    rows, columns = x.shape[-2:-1], y.shape[-1:] if y.ndim > 1 else ()
    if y.ndim <= 2:  # one product of two matrices, whatever the leading axes of x
        matrix = y if y.ndim == 2 else reshape(y, (inner, 1))
        flat = MatMul()(reshape(x, (math.prod(x.shape[:-1]), inner)), matrix)
        return reshape(flat, (*x.shape[:-1], *columns))
    batch_x = x if x.ndim > 1 else reshape(x, (1, inner))
    out = MatMul()(batch_x, y)
    return reshape(out, (*out.shape[:-2], *rows, *columns))
