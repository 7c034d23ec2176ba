"""Sums of products over named axes: einsum, tensordot and their kin, as matrix products."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

from grafito.errors import ArgumentError, ShapeError
from grafito.graph.linear import matmul
from grafito.graph.reductions import sum as reduce_sum
from grafito.graph.shaping import (
    broadcast_to,
    diagonal,
    normalize_axes,
    reshape,
    stack,
    transpose,
    whole_sizes,
)
from grafito.graph.tensor import Tensor, as_tensor, operands

Labels = str


def einsum(equation: str, *xs: Any) -> Tensor:
    """A sum of products, in Einstein's notation: letters name axes, "..." those left out.

    Letters that the result lacks are summed over. Without "->" the result has, in alphabetical
    order, the letters that occur once. Products are taken from left to right.

    Args:
        equation: for example "bij,bjk->bik".
        xs: the factors.

    Raises:
        ArgumentError: for an equation that cannot be read.
        ShapeError: for factors that do not fit it.

    Example:
        >>> einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0]).numpy().tolist()
        [21.0, 43.0]
    """
    tensors = list(operands(*xs))
    terms, result, sizes = _read(equation, tensors)
    factors = [_prepared(x, term) for x, term in zip(tensors, terms, strict=True)]
    x, labels = factors[0]
    for number, (y, others) in enumerate(factors[1:], 1):
        needed = set(result).union(*(term for _, term in factors[number + 1 :]))
        x, labels = _product(x, labels, y, others, needed)
    x, labels = _summed(x, labels, set(result))
    x = transpose(x, [labels.index(c) for c in result if c in labels])
    return broadcast_to(x, [sizes[c] for c in result])


def _read(equation: Any, tensors: list[Tensor]) -> tuple[list[Labels], Labels, dict[str, int]]:
    """The letters of each factor and of the result, "..." replaced by letters that are free."""
    text = equation.replace(" ", "") if isinstance(equation, str) else ""
    left, arrow, result = text.partition("->")
    terms = left.split(",")
    plain = text.replace("...", "").replace("->", "").replace(",", "")
    if not text or not all(c.isalpha() and c.isascii() for c in plain):
        raise ArgumentError(
            "The equation cannot be read.",
            where="einsum",
            received=repr(equation),
            expected="letters for the axes of each factor, commas between them, -> and the result",
            fix='einsum("ij,jk->ik", x, y)',
        )
    if len(terms) != len(tensors):
        raise ArgumentError(
            "The equation is one for another number of factors.",
            where="einsum",
            received=f"{equation!r} for {len(tensors)} factors",
        )
    free = [c for c in string.ascii_letters if c not in plain]
    extra = [x.ndim - len(t.replace("...", "")) for x, t in zip(tensors, terms, strict=True)]
    most = max([n for n, t in zip(extra, terms, strict=True) if "..." in t], default=0)
    if any(n < 0 or (n and "..." not in t) for n, t in zip(extra, terms, strict=True)):
        raise _misfit(equation, tensors)
    dots = "".join(free[: max(most, 0)])
    terms = [t.replace("...", dots[len(dots) - n :]) for n, t in zip(extra, terms, strict=True)]
    if not arrow:
        letters = "".join(terms)
        result = dots + "".join(
            c for c in sorted(set(letters)) if letters.count(c) == 1 and c not in dots
        )
    result = result.replace("...", dots)
    sizes: dict[str, int] = {}
    for x, term in zip(tensors, terms, strict=True):
        for c, n in zip(term, x.shape, strict=True):
            if n not in (sizes.setdefault(c, n), 1) and sizes[c] != 1:
                raise _misfit(equation, tensors)
            sizes[c] = n if sizes[c] == 1 else sizes[c]
    if not set(result) <= sizes.keys() or len(set(result)) < len(result):
        raise ArgumentError(
            "Each letter of the result must occur in a factor, and once in the result.",
            where="einsum",
            received=repr(equation),
        )
    return terms, result, sizes


def _misfit(equation: str, tensors: list[Tensor]) -> ShapeError:
    return ShapeError(
        "The factors do not fit the equation.",
        where="einsum",
        received=f"{equation!r} for shapes {' and '.join(str(x.shape) for x in tensors)}",
        expected="one letter for each axis, and one size for each letter",
    )


def _prepared(x: Tensor, term: Labels) -> tuple[Tensor, Labels]:
    """A factor in which each letter occurs once: letters that repeat name a diagonal."""
    for c in sorted(set(term)):
        while term.count(c) > 1:
            first, second = term.index(c), term.rindex(c)
            x = diagonal(x, 0, first, second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + c
    return x, term


def _summed(x: Tensor, labels: Labels, needed: set[str]) -> tuple[Tensor, Labels]:
    """The factor without the letters that nothing else needs."""
    gone = tuple(i for i, c in enumerate(labels) if c not in needed)
    return (reduce_sum(x, gone) if gone else x), "".join(c for c in labels if c in needed)


def _product(x: Tensor, a: Labels, y: Tensor, b: Labels, needed: set[str]) -> tuple[Tensor, Labels]:
    """Two factors as one matrix product: shared letters that are needed count the matrices."""
    for c in set(a) & set(b):  # sizes of 1 are repeated
        n = max(x.shape[a.index(c)], y.shape[b.index(c)])
        x, y = _widened(x, a.index(c), n), _widened(y, b.index(c), n)
    x, a = _summed(x, a, needed | set(b))
    y, b = _summed(y, b, needed | set(a))
    batch = [c for c in a if c in b and c in needed]
    inner = [c for c in a if c in b and c not in needed]
    rows = [c for c in a if c not in b]
    columns = [c for c in b if c not in a]
    sizes = dict(zip(a + b, x.shape + y.shape, strict=True))
    count = [batch] if batch else []  # without it one product of two matrices
    left = _grouped(x, a, (*count, rows, inner), sizes)
    right = _grouped(y, b, (*count, inner, columns), sizes)
    labels = "".join([*batch, *rows, *columns])
    return reshape(matmul(left, right), [sizes[c] for c in labels]), labels


def _grouped(x: Tensor, labels: Labels, groups: Any, sizes: dict[str, int]) -> Tensor:
    """The axes of each group as one, in the order of the groups."""
    x = transpose(x, [labels.index(c) for group in groups for c in group])
    return reshape(x, [math.prod(sizes[c] for c in group) for group in groups])


def _widened(x: Tensor, axis: int, n: int) -> Tensor:
    return x if x.shape[axis] == n else broadcast_to(x, (*x.shape[:axis], n, *x.shape[axis + 1 :]))


def tensordot(x: Any, y: Any, axes: int | Sequence[Any] = 2) -> Tensor:
    """Σ x y over axes of both: the last n of x and the first n of y, or those named.

    Example:
        >>> tensordot([[1.0, 2.0]], [[3.0], [4.0]], axes=1).numpy().tolist()
        [[11.0]]
    """
    x, y = operands(x, y)
    several = hasattr(axes, "__iter__") and getattr(axes, "shape", 1) != ()
    given: Any = axes
    pair = list(given) if several else []
    if len(pair) != 2:
        n, *more = whole_sizes(axes, "tensordot", "tensordot(x, y, axes=1)") or [-1]
        n = -1 if more else n  # neither a number of axes nor those of both
        of_x, of_y = list(range(x.ndim - n, x.ndim)), list(range(n))
        fits = 0 <= n <= min(x.ndim, y.ndim)
    else:
        of_x, of_y = (list(normalize_axes(a, t.ndim)) for a, t in zip(pair, (x, y), strict=True))
        fits = len(of_x) == len(of_y)
    if not fits or any(x.shape[i] != y.shape[j] for i, j in zip(of_x, of_y, strict=True)):
        raise ShapeError(
            "The axes summed over must have the same sizes.",
            where="tensordot",
            received=f"{x.shape} and {y.shape}, axes={axes}",
        )
    left = [i for i in range(x.ndim) if i not in of_x]
    right = [j for j in range(y.ndim) if j not in of_y]
    shape = [x.shape[i] for i in left] + [y.shape[j] for j in right]
    size = math.prod(x.shape[i] for i in of_x)
    a = reshape(transpose(x, left + of_x), (math.prod(x.shape[i] for i in left), size))
    b = reshape(transpose(y, of_y + right), (size, math.prod(y.shape[j] for j in right)))
    return reshape(matmul(a, b), shape)


def dot(x: Any, y: Any) -> Tensor:
    """Σ x y over the last axis of x and the last but one of y; a number scales the other.

    Example:
        >>> dot([1.0, 2.0], [3.0, 4.0]).item()
        11.0
    """
    x, y = operands(x, y)
    if not x.ndim or not y.ndim:
        return x * y
    return tensordot(x, y, ([x.ndim - 1], [max(y.ndim - 2, 0)]))


def inner(x: Any, y: Any) -> Tensor:
    """Σ x y over the last axes; a number scales the other.

    Example:
        >>> inner([[1.0, 2.0]], [3.0, 4.0]).numpy().tolist()
        [11.0]
    """
    x, y = operands(x, y)
    return tensordot(x, y, ([x.ndim - 1], [y.ndim - 1])) if x.ndim and y.ndim else x * y


def outer(x: Any, y: Any) -> Tensor:
    """Each element of x times each of y, as a matrix.

    Example:
        >>> outer([1.0, 2.0], [3.0, 4.0]).numpy().tolist()
        [[3.0, 4.0], [6.0, 8.0]]
    """
    return reshape(as_tensor(x), (-1, 1)) * reshape(as_tensor(y), (1, -1))


def vdot(x: Any, y: Any) -> Tensor:
    """Σ x y over all elements.

    Example:
        >>> vdot([[1.0, 2.0]], [[3.0, 4.0]]).item()
        11.0
    """
    return tensordot(reshape(x, (-1,)), reshape(y, (-1,)), 1)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum of the diagonal of the matrices in two axes.

    Example:
        >>> trace([[1.0, 2.0], [3.0, 4.0]]).item()
        5.0
    """
    return reduce_sum(diagonal(x, offset, axis1, axis2), -1)


def cross(x: Any, y: Any) -> Tensor:
    """The vector product of the triples in the last axis.

    Example:
        >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).numpy().tolist()
        [0.0, 0.0, 1.0]
    """
    x, y = operands(x, y)
    if x.shape[-1:] != (3,) or y.shape[-1:] != (3,):
        raise ShapeError("A vector product is one of triples.", received=f"{x.shape} and {y.shape}")
    (a, b, c), (d, e, f) = ([t[..., i] for i in range(3)] for t in (x, y))
    return stack([b * f - c * e, c * d - a * f, a * e - b * d], -1)
