"""Rows of functions that are composed of other ops, and of tensors of known numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from specs import ONE, At, Row, positive, real

from grafito import graph

inf, nan = np.inf, np.nan
CUBE = (real(2, 3, 4),)
WHOLE = np.array([[2, 0, 1], [1, -1, 0]])


def row(
    name: str,
    function: Callable[..., Any],
    inputs: tuple[np.ndarray, ...],
    witness: Callable[..., Any],
    **more: Any,
) -> Row:
    """A row of a composed function."""
    return Row(name, None, function, inputs, witness, **more)


def fixed(name: str, function: Any, inputs: Any, witness: Any, dtype: str, **more: Any) -> Row:
    """A row of one through which no gradient passes."""
    return row(name, function, inputs, witness, order=0, dtype=dtype, **more)


ELEMENTWISE = [
    row("tan", graph.tan, (real(3, 4, high=1.3, low=-1.3),), np.tan, torch="tan", float32=2e-5),
    row("sinh", graph.sinh, ONE, np.sinh, torch="sinh", at=(At((1e-9,), 1e-9, (1.0,)),)),
    row("cosh", graph.cosh, ONE, np.cosh, torch="cosh", at=(At((800.0,), None),)),
    row("log2", graph.log2, (positive(3, 4),), np.log2, torch="log2"),
    row("log10", graph.log10, (positive(3, 4),), np.log10, torch="log10"),
    row("rsqrt", graph.rsqrt, (positive(3, 4),), lambda x: 1 / np.sqrt(x), torch="rsqrt"),
    row("reciprocal", graph.reciprocal, (positive(3, 4),), np.reciprocal, torch="reciprocal"),
    row("ceil", graph.ceil, ONE, np.ceil, order=0, at=(At((2.0,), 2.0, (0.0,)),)),
    row("trunc", graph.trunc, ONE, np.trunc, order=0, at=(At((-2.5,), -2.0, (0.0,)),)),
    fixed("isnan", graph.isnan, ONE, np.isnan, "bool", at=(At(([nan, inf],), [True, False]),)),
    fixed("isinf", graph.isinf, ONE, np.isinf, "bool", at=(At(([nan, -inf],), [False, True]),)),
    fixed("logical_xor", graph.logical_xor, (WHOLE, WHOLE[:1]), np.logical_xor, "bool"),
    fixed(
        "isclose",
        lambda x: graph.isclose(x, [0.1, 0.2, 0.3, x.shape[0] / 3.0]),
        ONE,
        lambda x: np.isclose(x, [0.1, 0.2, 0.3, 1.0]),
        "bool",
        at=(At(([[inf, 0.2, nan, 1.0]] * 3,), None),),
    ),
    row(
        "divide_no_nan",
        graph.divide_no_nan,
        (real(3, 4), positive(4)),
        np.divide,
        analytic=False,
        at=(At((1.0, 0.0), 0.0, (0.0, 0.0)),),
    ),
    row(
        "nan_to_num",
        lambda x: graph.nan_to_num(x, 1.0, 9.0, -9.0),
        ONE,
        lambda x: x,
        torch=lambda t, x: t.nan_to_num(x, 1.0, 9.0, -9.0),
        analytic=False,
        at=(At(([nan, inf, -inf],), [1.0, 9.0, -9.0], ([0.0, 0.0, 0.0],)),),
    ),
    row(
        "safe_sqrt",
        lambda x: graph.elementwise.safe_sqrt(x),
        (positive(3, 4),),
        np.sqrt,
        analytic=False,
        at=(At((0.0,), 0.0, (0.0,)),),
    ),
]
REDUCTIONS = [
    row(
        "std",
        lambda x: graph.std(x, (0, 2), keepdims=True),
        CUBE,
        lambda x: x.std((0, 2), keepdims=True),
        torch=lambda t, x: t.std(x, (0, 2), correction=0, keepdim=True),
        analytic=False,
        float32=1e-5,
        at=(At((np.ones((1, 1, 2)),), [[[0.0]]], (np.zeros((1, 1, 2)),)),),
    ),
    fixed("all", lambda x: graph.all(x > 0, 1), ONE, lambda x: (x > 0).all(1), "bool"),
    fixed("any", lambda x: graph.any(x > 1, 0), ONE, lambda x: (x > 1).any(0), "bool"),
    fixed(
        "count_nonzero",
        lambda x: graph.count_nonzero(x, 1),
        (WHOLE,),
        lambda x: np.count_nonzero(x, 1),
        "int64",
    ),
]
CREATED = [
    fixed(
        "arange", lambda: graph.arange(1.0, 3.0, 0.5), (), lambda: np.arange(1, 3, 0.5), "float32"
    ),
    fixed("zeros", lambda: graph.zeros((2, 3)), (), lambda: np.zeros((2, 3)), "float32"),
    fixed("ones", lambda: graph.ones(3, "int32"), (), lambda: np.ones(3), "int32"),
    fixed("eye", lambda: graph.eye(3, 4, 1), (), lambda: np.eye(3, 4, 1), "float32"),
    fixed("tri", lambda: graph.tri(3, 4, -1), (), lambda: np.tri(3, 4, -1), "float32"),
    row("full", lambda x: graph.full((2, 3, 4), x), (real(3, 1),), lambda x: np.full((2, 3, 4), x)),
    row(
        "full_like",
        lambda x, y: graph.full_like(x, y) * x,
        (real(3, 4), real(4)),
        lambda x, y: x * y,
    ),
    row(
        "linspace",
        lambda x, y: graph.linspace(x, y, 5),
        (real(3, 1), real(2)),
        lambda x, y: np.linspace(np.broadcast_to(x, (3, 2)), np.broadcast_to(y, (3, 2)), 5),
    ),
    row(
        "tril",
        lambda x: graph.tril(x, 1),
        CUBE,
        lambda x: np.tril(x, 1),
        torch=lambda t, x: x.tril(1),
    ),
    row(
        "triu",
        lambda x: graph.triu(x, -1),
        CUBE,
        lambda x: np.triu(x, -1),
        torch=lambda t, x: x.triu(-1),
    ),
    row(
        "diagonal",
        lambda x: graph.diagonal(x, 1, 2, 0),
        CUBE,
        lambda x: np.diagonal(x, 1, 2, 0),
        torch=lambda t, x: t.diagonal(x, 1, 2, 0),
    ),
    row(
        "diag",
        lambda x: graph.diag(x, -1),
        (real(3),),
        lambda x: np.diag(x, -1),
        torch=lambda t, x: t.diag(x, -1),
    ),
    row("diag of a matrix", lambda x: graph.diag(x, 1), ONE, lambda x: np.diag(x, 1)),
    row(
        "meshgrid",
        lambda x, y, z: graph.meshgrid(x, y, z)[1],
        (real(2), real(3), real(4)),
        lambda x, y, z: np.meshgrid(x, y, z)[1],
    ),
    row("unstack", lambda x: graph.unstack(x, axis=1)[2], CUBE, lambda x: x[:, 2]),
]
MOVED = [
    row(
        "tile",
        lambda x: graph.tile(x, (2, 1, 3)),
        ONE,
        lambda x: np.tile(x, (2, 1, 3)),
        torch=lambda t, x: t.tile(x, (2, 1, 3)),
    ),
    row(
        "repeat",
        lambda x: graph.repeat(x, 3, 0),
        ONE,
        lambda x: np.repeat(x, 3, 0),
        torch=lambda t, x: x.repeat_interleave(3, 0),
    ),
    row(
        "repeat each",
        lambda x: graph.repeat(x, [2, 0, 1], 0),
        ONE,
        lambda x: np.repeat(x, [2, 0, 1], 0),
    ),
    row(
        "roll",
        lambda x: graph.roll(x, (1, -6), (0, 1)),
        ONE,
        lambda x: np.roll(x, (1, -6), (0, 1)),
        torch=lambda t, x: t.roll(x, (1, -6), (0, 1)),
    ),
    row("roll of all", lambda x: graph.roll(x, 2), ONE, lambda x: np.roll(x, 2)),
    row(
        "swapaxes",
        lambda x: graph.swapaxes(x, 0, -1),
        CUBE,
        lambda x: np.swapaxes(x, 0, -1),
        torch=lambda t, x: t.swapaxes(x, 0, -1),
    ),
    *(
        row(
            f"rot90 {k}",
            lambda x, k=k: graph.rot90(x, k, (0, 2)),
            CUBE,
            lambda x, k=k: np.rot90(x, k, (0, 2)),
            torch=lambda t, x, k=k: t.rot90(x, k, (0, 2)),
        )
        for k in (1, 2, -1)
    ),
    row(
        "hstack",
        lambda x, y: graph.hstack([x, y]),
        (real(2, 3), real(2, 1)),
        lambda x, y: np.hstack([x, y]),
    ),
    row(
        "vstack",
        lambda x, y: graph.vstack([x, y]),
        (real(3), real(2, 3)),
        lambda x, y: np.vstack([x, y]),
    ),
]
SORTED = [
    row(
        "sort",
        lambda x: graph.sort(x, 0),
        CUBE,
        lambda x: np.sort(x, 0),
        torch=lambda t, x: t.sort(x, 0)[0],
        analytic=False,
        at=(At(([2.0, 1.0, 2.0],), [1.0, 2.0, 2.0], ([1.0] * 3,)),),
    ),
    row(
        "take_along_axis",
        lambda x, i: graph.take_along_axis(x, i, 1),
        (real(2, 3), WHOLE),
        lambda x, i: np.take_along_axis(x, i, 1),
        torch=lambda t, x, i: t.take_along_dim(x, i % 3, 1),
    ),
    row(
        "top_k",
        lambda x: graph.top_k(x, 2)[0],
        ONE,
        lambda x: -np.sort(-x)[:, :2],
        torch=lambda t, x: t.topk(x, 2)[0],
        analytic=False,
    ),
    fixed(
        "top_k, the places",
        lambda x: graph.top_k(x, 3)[1],
        ONE,
        lambda x: np.argsort(-x, kind="stable")[:, :3],
        "int32",
        at=(At(([1.0, 2.0, 2.0, 0.0],), [1, 2, 0]),),
    ),
    fixed(
        "in_top_k",
        lambda i, x: graph.in_top_k(i, x, 2),
        (np.array([0, 1, 3]), *ONE),
        lambda i, x: (x > x[np.arange(3), i][:, None]).sum(1) < 2,
        "bool",
    ),
    row(
        "quantile",
        lambda x: graph.quantile(x, [0.1, 0.7], (0, 2), True),
        CUBE,
        lambda x: np.quantile(x, [0.1, 0.7], (0, 2), keepdims=True),
        analytic=False,
    ),
    row("median", lambda x: graph.median(x, 1), ONE, lambda x: np.median(x, 1), analytic=False),
    fixed(
        "searchsorted",
        lambda x: graph.searchsorted([-1.0, 0.0, 0.5, 1.0], x, "right"),
        ONE,
        lambda x: np.searchsorted([-1, 0, 0.5, 1], x, "right"),
        "int32",
        at=(At(([0.5, -2.0],), [3, 0]),),
    ),
    fixed(
        "bincount",
        lambda i: graph.bincount(i, minlength=5),
        (np.array([1, 3, 3]),),
        lambda i: np.bincount(i, minlength=5),
        "int32",
    ),
    row(
        "bincount with weights",
        lambda x: graph.bincount([2, 0, 2], x, 4),
        (real(3),),
        lambda x: np.bincount([2, 0, 2], x, 4),
    ),
    row(
        "segment_sum",
        lambda x: graph.segment_sum(x, [0, 2, 0], 4),
        ONE,
        lambda x: np.stack([x[0] + x[2], 0 * x[0], x[1], 0 * x[0]]),
    ),
    row(
        "scatter",
        lambda x: graph.scatter([[0, 1], [2, 0], [0, 1]], x, (3, 2, 4)),
        ONE,
        lambda x: _added(x),
    ),
    row(
        "slice_update",
        lambda x, y: graph.slice_update(x, (1, 2), y),
        (real(3, 4), real(2, 1)),
        lambda x, y: _updated(x, y),
    ),
]


def _added(x: np.ndarray) -> np.ndarray:
    out = np.zeros((3, 2, 4))
    np.add.at(out, ([0, 2, 0], [1, 0, 1]), x)
    return out


def _updated(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    out = x.copy()
    out[1:3, 2:3] = y
    return out


def einsum(equation: str, *shapes: tuple[int, ...], in_torch: bool = True) -> Row:
    return row(
        f"einsum {equation.replace(',', ' ')}",
        lambda *xs: graph.einsum(equation, *xs),
        tuple(real(*shape, salt=i) for i, shape in enumerate(shapes)),
        lambda *xs: np.einsum(equation, *xs),
        torch=(lambda t, *xs: t.einsum(equation, *xs)) if in_torch else None,
    )


PRODUCTS = [
    einsum("ij,jk->ik", (2, 3), (3, 4)),
    einsum("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    einsum("...ij,kj->...ki", (2, 3, 4), (5, 4)),
    einsum("b...,b->...", (3, 2, 2), (3,)),
    einsum("ii->i", (3, 3)),
    einsum("iji,jk", (2, 3, 2), (3, 4)),
    einsum("i,j,ij->", (2,), (3,), (2, 3)),
    einsum("ab,bc,cd->da", (2, 3), (3, 2), (2, 4)),
    einsum("ij->ji", (2, 3)),
    einsum("ij,ij->i", (2, 3), (1, 3)),
    einsum("ij,k->k", (2, 3), (4,)),
    row(
        "tensordot",
        lambda x, y: graph.tensordot(x, y, ([2, 0], [0, 1])),
        (real(2, 3, 4), real(4, 2, 5)),
        lambda x, y: np.tensordot(x, y, ([2, 0], [0, 1])),
        torch=lambda t, x, y: t.tensordot(x, y, ([2, 0], [0, 1])),
    ),
    row("dot", graph.dot, (real(2, 3), real(4, 3, 2)), np.dot),
    row("dot with a number", graph.dot, (real(2, 3), real()), np.dot),
    row("inner", graph.inner, (real(2, 3), real(4, 3)), np.inner, torch="inner"),
    row("outer", graph.outer, (real(3), real(4)), np.outer, torch="outer"),
    row("vdot", graph.vdot, (real(2, 3), real(2, 3, salt=1)), np.vdot),
    row("trace", lambda x: graph.trace(x, 1), ONE, lambda x: np.trace(x, 1)),
    row("cross", graph.cross, (real(2, 3), real(3)), np.cross),
]

COMPOSED = [*ELEMENTWISE, *REDUCTIONS, *CREATED, *MOVED, *SORTED, *PRODUCTS]
