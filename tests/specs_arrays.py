"""Rows of the ops that combine elements along axes, multiply matrices or move elements."""

from typing import Any

import numpy as np
from scipy import special
from specs import ONE, At, Row, real

from grafito import graph
from grafito.graph import reductions, shaping
from grafito.graph.linear import MatMul

inf, nan = np.inf, np.nan

REDUCTIONS = [
    Row("sum", reductions.Sum, graph.sum, ONE, np.sum, "sum"),
    Row(
        "sum over an axis, kept",
        reductions.Sum,
        lambda x: graph.sum(x, (0, -1), keepdims=True),
        (real(2, 3, 4),),
        lambda x: x.sum((0, 2), keepdims=True),
        lambda t, x: x.sum((0, 2), keepdim=True),
        at=(At(([[True, True]],), [[2]]),),
    ),
    Row("mean", None, lambda x: graph.mean(x, 1), ONE, lambda x: x.mean(1), lambda t, x: x.mean(1)),
    Row(
        "variance",
        None,
        lambda x: graph.variance(x, 0),
        (real(5, 3) + 100,),
        lambda x: x.var(0),
        lambda t, x: x.var(0, correction=0),
        float32=1e-4,  # the inputs themselves are rounded to 4e-6
    ),
    Row(
        "norm",
        None,
        lambda x: graph.norm(x, 1),
        (real(3, 4),),
        lambda x: np.linalg.norm(x, axis=1),
        lambda t, x: t.linalg.vector_norm(x, dim=1),
        analytic=False,
        at=(
            At((np.zeros((1, 2)),), [0.0], (np.zeros((1, 2)),)),
            At((np.array([[3e30, 4e30]]),), [5e30], (np.array([[0.6, 0.8]]),)),
            At((np.array([[3e-30, -4e-30]]),), [5e-30], (np.array([[0.6, -0.8]]),)),
        ),
    ),
    Row(
        "norm of order 1",
        None,
        lambda x: graph.norm(x, 0, keepdims=True, ord=1),
        (real(3, 4),),
        lambda x: np.linalg.norm(x, ord=1, axis=0, keepdims=True),
        lambda t, x: t.linalg.vector_norm(x, 1, dim=0, keepdim=True),
        analytic=False,
        at=(At((np.zeros((2, 1)),), [[0.0]], (np.zeros((2, 1)),)),),
    ),
    Row(
        "norm, the largest",
        None,
        lambda x: graph.norm(x, ord=np.inf),
        (real(3, 4),),
        lambda x: np.abs(x).max(),
        lambda t, x: t.linalg.vector_norm(x, float("inf")),
        analytic=False,
    ),
    Row(
        "max",
        reductions.Max,
        lambda x: graph.max(x, axis=1),
        ONE,
        lambda x: x.max(1),
        lambda t, x: x.amax(1),
        analytic=False,
        at=(At(([[2.0, 1.0, 2.0]],), [2.0], ([[0.5, 0.0, 0.5]],)), At(([[nan, 1.0]],), [nan])),
    ),
    Row(
        "min",
        reductions.Min,
        lambda x: graph.min(x, axis=1, keepdims=True),
        ONE,
        lambda x: x.min(1, keepdims=True),
        lambda t, x: x.amin(1, keepdim=True),
        analytic=False,
        at=(At(([[1.0, 1.0, 2.0]],), [[1.0]], ([[0.5, 0.5, 0.0]],)),),
    ),
    Row(
        "prod",
        reductions.Prod,
        lambda x: graph.prod(x, axis=0),
        ONE,
        lambda x: x.prod(0),
        lambda t, x: x.prod(0),
        at=(
            At(([0.0, 3.0, 2.0],), 0.0, ([6.0, 0.0, 0.0],)),
            At(([0.0, 3.0, 0.0],), 0.0, ([0.0, 0.0, 0.0],)),
        ),
    ),
    Row("prod with zeros", None, graph.prod, (np.array([0.0, 3.0, 0.0, 2.0]),), np.prod),
    Row(
        "logsumexp",
        reductions.LogSumExp,
        lambda x: graph.logsumexp(x, 1),
        ONE,
        lambda x: special.logsumexp(x, 1),
        lambda t, x: t.logsumexp(x, 1),
        float32=5e-5,  # at 1000 the slope exp(x - out) has the rounding of a number near 1000
        at=(
            At(([[1000.0, 1000.0]],), [1000 + np.log(2)], ([[0.5, 0.5]],)),
            At(([[-inf, 0.0]],), [0.0], ([[0.0, 1.0]],)),
            At(([[-inf, -inf]],), [-inf], ([[nan, nan]],)),
        ),
    ),
    Row(
        "argmax",
        reductions.ArgMax,
        lambda x: graph.argmax(x, 1),
        ONE,
        lambda x: x.argmax(1),
        order=0,
        dtype="int32",
        at=(At(([[1.0, 2.0, 2.0]],), [1]),),
    ),
    Row(
        "argmin",
        reductions.ArgMin,
        graph.argmin,
        ONE,
        np.argmin,
        order=0,
        dtype="int32",
        at=(At(([1.0, 0.0, 0.0],), 1),),
    ),
    Row(
        "cumsum",
        reductions.CumSum,
        lambda x: graph.cumsum(x, axis=1),
        ONE,
        lambda x: np.cumsum(x, 1),
        lambda t, x: t.cumsum(x, 1),
    ),
]

MATRIX_PRODUCTS = [
    Row("matmul", MatMul, graph.matmul, (real(3, 4), real(4, 2)), np.matmul, "matmul"),
    Row(
        "matmul of batches that broadcast",
        MatMul,
        graph.matmul,
        (real(2, 1, 3, 4), real(3, 4, 2)),
        np.matmul,
        "matmul",
    ),
    Row("matmul of vectors", MatMul, graph.matmul, (real(4), real(4, salt=1)), np.matmul, "matmul"),
    Row(
        "matmul of a vector and a batch",
        MatMul,
        graph.matmul,
        (real(4), real(2, 4, 3)),
        np.matmul,
        "matmul",
    ),
]

WHOLE = np.array([[2, 0, 3], [3, -1, 1]])

MOVES = [
    Row(
        "reshape",
        shaping.Reshape,
        lambda x: graph.reshape(x, (2, -1)),
        ONE,
        lambda x: x.reshape(2, -1),
        lambda t, x: x.reshape(2, -1),
    ),
    Row(
        "transpose",
        shaping.Transpose,
        lambda x: graph.transpose(x, (1, 2, 0)),
        (real(2, 3, 4),),
        lambda x: x.transpose(1, 2, 0),
        lambda t, x: x.permute(1, 2, 0),
    ),
    Row(
        "moveaxis",
        None,
        lambda x: graph.moveaxis(x, 0, -1),
        (real(2, 3, 4),),
        lambda x: np.moveaxis(x, 0, -1),
        lambda t, x: t.moveaxis(x, 0, -1),
    ),
    Row(
        "broadcast_to",
        shaping.BroadcastTo,
        lambda x: graph.broadcast_to(x, (2, 3, 4)),
        (real(3, 1),),
        lambda x: np.broadcast_to(x, (2, 3, 4)),
        lambda t, x: t.broadcast_to(x, (2, 3, 4)),
    ),
    Row(
        "expand_dims",
        None,
        lambda x: graph.expand_dims(x, 1),
        ONE,
        lambda x: x[:, None],
        lambda t, x: x[:, None],
    ),
    Row("squeeze", None, graph.squeeze, (real(3, 1, 2, 1),), np.squeeze, "squeeze"),
    Row(
        "concatenate",
        shaping.Concatenate,
        lambda x, y: graph.concatenate([x, y, x], axis=1),
        (real(2, 3), real(2, 1)),
        lambda x, y: np.concatenate([x, y, x], 1),
        lambda t, x, y: t.concatenate([x, y, x], 1),
    ),
    Row(
        "stack",
        None,
        lambda x, y: graph.stack([x, y], axis=1),
        (real(2, 3), real(2, 3, salt=1)),
        lambda x, y: np.stack([x, y], 1),
        lambda t, x, y: t.stack([x, y], 1),
    ),
    Row(
        "split",
        None,
        lambda x: graph.split(x, 2, axis=1)[1],
        ONE,
        lambda x: x[:, 2:],
        lambda t, x: x[:, 2:],
    ),
    Row(
        "slice",
        shaping.Slice,
        lambda x: x[1:, None, ::-2, -1],
        (real(3, 5, 2),),
        lambda x: x[1:, None, ::-2, -1],
    ),
    Row(
        "Unslice",
        shaping.Unslice,
        shaping.Unslice((4, 5), (1, 0), (4, 5), (2, 3)),
        (real(2, 2),),
        lambda x: _put(np.zeros((4, 5)), (slice(1, 4, 2), slice(0, 5, 3)), x),
    ),
    Row(
        "pad",
        shaping.Pad,
        lambda x: graph.pad(x, [(1, 0), (0, 2)], fill=0.5),
        ONE,
        lambda x: np.pad(x, [(1, 0), (0, 2)], constant_values=0.5),
        lambda t, x: t.nn.functional.pad(x, (0, 2, 1, 0), value=0.5),
    ),
    Row(
        "flip",
        shaping.Flip,
        lambda x: graph.flip(x, (0, -1)),
        (real(2, 3, 4),),
        lambda x: np.flip(x, (0, 2)),
        lambda t, x: t.flip(x, (0, 2)),
    ),
    Row(
        "take",
        shaping.Take,
        lambda x, i: graph.take(x, i, axis=1),
        (real(2, 4, 3), WHOLE),
        lambda x, i: np.take(x, i, 1),
        lambda t, x, i: x[:, i],
        at=(At(([[1.0, 2.0]], [1, 1, 0]), [[2.0, 2.0, 1.0]], ([[1.0, 2.0]], None)),),
    ),
    Row(
        "scatter_add",
        shaping.ScatterAdd,
        lambda x, i: graph.scatter_add(x, i, 4, axis=1),
        (real(2, 2, 3, 2), WHOLE),
        lambda x, i: _add_at(np.zeros((2, 4, 2)), (slice(None), i), x),
        lambda t, x, i: t.zeros(2, 4, 2, dtype=x.dtype).index_put(
            (t.arange(2)[:, None, None], i[None]), x, accumulate=True
        ),
    ),
    Row(
        "one_hot",
        shaping.OneHot,
        lambda i: graph.one_hot(i, 4),
        (WHOLE,),
        lambda i: i[..., None] == np.arange(4),
        order=0,
        dtype="float32",
        at=(At(([4, -1],), [[0.0] * 4, [0.0] * 4]),),
    ),
    Row("zeros_like", None, graph.zeros_like, ONE, np.zeros_like, "zeros_like"),
    Row("ones_like", None, graph.ones_like, ONE, np.ones_like, "ones_like"),
]


def _put(into: np.ndarray, index: Any, x: np.ndarray) -> np.ndarray:
    into[index] = x
    return into


def _add_at(into: np.ndarray, index: Any, x: np.ndarray) -> np.ndarray:
    np.add.at(into, index, x)
    return into


ARRAYS = [*REDUCTIONS, *MATRIX_PRODUCTS, *MOVES]
