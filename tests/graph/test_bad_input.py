"""What cannot be meant gets an error of grafito that says so, never one from inside."""

import numpy as np
import pytest

from grafito import graph
from grafito.errors import ArgumentError, DtypeError, GraphError, ShapeError

X = graph.placeholder((2, 3), name="x")

CASES = {
    "a dtype that does not exist": (lambda: graph.cast(X, "float31"), DtypeError, "no such dtype"),
    "strings": (lambda: graph.constant(["a"]), DtypeError, "cannot hold this kind"),
    "ragged rows": (lambda: graph.constant([[1.0], [2.0, 3.0]]), ShapeError, "same length"),
    "shapes that do not fit": (lambda: X + np.ones(2), ShapeError, "element by element"),
    "an axis too many": (lambda: graph.sum(X, 2), ArgumentError, "no such axis"),
    "an axis that is no integer": (lambda: graph.sum(X, 0.5), ArgumentError, "no such axis"),
    "an axis of a scalar": (lambda: graph.max(1.0, 0), ArgumentError, "it is a scalar"),
    "an axis by name": (lambda: graph.flip(X, ["rows"]), ArgumentError, "no such axis"),
    "nothing to join": (lambda: graph.concatenate([]), ArgumentError, "nothing to join"),
    "nothing to stack": (lambda: graph.stack([]), ArgumentError, "nothing to join"),
    "unequal parts": (lambda: graph.split(X, 2, axis=1), ShapeError, "equal parts"),
    "no part": (lambda: graph.split(X, 0), ShapeError, "equal parts"),
    "another number of elements": (
        lambda: graph.reshape(X, (4,)),
        ShapeError,
        "must keep the number",
    ),
    "two unknown sizes": (lambda: graph.reshape(X, (-1, -1)), ShapeError, "must keep the number"),
    "an axis twice": (lambda: graph.transpose(X, (0, 0)), ArgumentError, "named once"),
    "broadcast to less": (lambda: graph.broadcast_to(X, (3,)), ShapeError, "smaller shape"),
    "too many indices": (lambda: X[0, 0, 0], ArgumentError, "More indices than axes"),
    "an index outside": (lambda: X[2], ArgumentError, "outside its axis"),
    "an index that is no integer": (lambda: X[1.5], ArgumentError, "indexed only by integers"),
    "positions that are no integers": (
        lambda: graph.take(X, [0.5]),
        DtypeError,
        "must be integers",
    ),
    "positions of another shape": (
        lambda: graph.scatter_add(X, [0, 1, 2], 3),
        ShapeError,
        "shape of the indices",
    ),
    "inner sizes that differ": (lambda: X @ X, ShapeError, "must have one size"),
    "a product of scalars": (lambda: graph.matmul(1.0, 2.0), ShapeError, "must have one size"),
    "a pair of paddings too few": (lambda: graph.pad(X, [(1, 1)]), ArgumentError, "each axis"),
    "the largest of nothing": (lambda: graph.max(X[:0], 0), ShapeError, "no largest"),
    "an equation that is none": (
        lambda: graph.einsum("i2,j->", X, X),
        ArgumentError,
        "cannot be read",
    ),
    "a factor too few": (
        lambda: graph.einsum("ij,jk->ik", X),
        ArgumentError,
        "another number of factors",
    ),
    "an equation of other axes": (
        lambda: graph.einsum("ijk->i", X),
        ShapeError,
        "do not fit the equation",
    ),
    "an equation of other sizes": (
        lambda: graph.einsum("ij,jk->ik", X, X),
        ShapeError,
        "do not fit the equation",
    ),
    "a result from nowhere": (lambda: graph.einsum("ij->ik", X), ArgumentError, "must occur"),
    "an inner size that differs": (
        lambda: graph.tensordot(X, X, 1),
        ShapeError,
        "must have the same sizes",
    ),
    "repeats below 0": (lambda: graph.tile(X, -1), ArgumentError, "must not be negative"),
    "a range without end": (lambda: graph.arange(0, 3, 0), ArgumentError, "must not be 0"),
    "a bound without number": (lambda: graph.arange(X), ArgumentError, "must be a number"),
    "the diagonal of a vector": (lambda: graph.diagonal(X[0]), ShapeError, "of matrices"),
    "the diagonal of one axis": (
        lambda: graph.diagonal(X, 0, 1, 1),
        ArgumentError,
        "two different axes",
    ),
    "more than there are": (lambda: graph.top_k(X, 4), ShapeError, "fewer elements"),
    "a share above 1": (lambda: graph.quantile(X, 2.0), ArgumentError, "between 0 and 1"),
    "a side that is none": (
        lambda: graph.searchsorted([1.0], X, "above"),
        ArgumentError,
        "before or after",
    ),
    "a block that is too large": (
        lambda: graph.slice_update(X, (1, 0), X),
        ShapeError,
        "inside of the tensor",
    ),
    "values without places": (
        lambda: graph.scatter([[0], [1]], [1.0], (3,)),
        ShapeError,
        "a value for each",
    ),
    "a tensor as a condition": (lambda: bool(X), GraphError, "no truth value"),
    "too few output gradients": (
        lambda: graph.gradients([X, X], X, [np.ones((2, 3))]),
        ArgumentError,
        "Each output needs one output gradient",
    ),
    "an input without value": (lambda: graph.value(X), ArgumentError, "was given no value"),
    "a value of another shape": (
        lambda: graph.value(X, {"x": [1.0]}),
        ShapeError,
        "shape of its input",
    ),
    "a value for a result": (lambda: graph.value(X + 1, {X + 1: 1.0}), GraphError, "can be fed"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_error_says_what_happened(case):
    attempt, error, text = CASES[case]
    with pytest.raises(error, match=text):
        attempt()
