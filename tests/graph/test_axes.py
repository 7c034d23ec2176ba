"""Axes and shapes of every function of the graph: what cannot be one is an error with words."""

import contextlib
import inspect
import itertools

import numpy as np
import pytest

from grafito import graph
from grafito.errors import GrafitoError

X = np.arange(6, dtype="float32").reshape(2, 3)
# What is given before the axis or the shape, where it is not one tensor.
BEFORE = {
    "concatenate": ([X, X],),
    "stack": ([X, X],),
    "split": (X, 1),
    "take": (X, [0, 1]),
    "scatter_add": (X, [0, 1], 3),
    "moveaxis": (X, 0),
    "placeholder": (),
    "Variable": ("zeros",),
    "one_hot": ([0, 1],),
    **dict.fromkeys(("random_bits", "uniform", "normal", "truncated_normal", "permutation"), ()),
    "bernoulli": (),
    **dict.fromkeys(("zeros", "ones", "full", "eye", "tri", "scatter"), ()),
}
# What is given by name, where the function needs more.
BY_NAME = {
    "full": {"fill_value": 1.0},
    "quantile": {"q": 0.5},
    "repeat": {"repeats": 2},
    "roll": {"shift": 1},
    "scatter": {"indices": [[0, 1]], "values": [1.0]},
    "take_along_axis": {"indices": np.zeros((2, 3), int)},
    "tensordot": {"y": X.T},
    "bernoulli": {"p": 0.5},
    "moveaxis": {"source": 0, "destination": 0},
}
RANDOM = ("argsort", *BEFORE.keys() & vars(graph.random).keys() - vars(graph).keys())
NAMES = (
    "axis",
    "axes",
    "shape",
    "source",
    "destination",
    "sections",
    "size",
    "depth",
    "widths",
    "n",
)
WRONG = {
    "not an integer": 1.5,
    "a text": "0",
    "a list with a text": ["a"],
    "a list with a fraction": [0.5],
    "a list with None": [None],
    "a nested list": [[0], [1]],
    "an array of floats": np.array([0.5, 1.0]),
    "a table": np.zeros((2, 2), int),
    "too large": 7,
    "too small": -7,
    "a list with a large one": [0, 7],
    "one axis twice": [1, 1],
    "one axis by two names": [1, -1],
    "a dictionary": {"a": 1},
    "an object": object(),
    "NaN": float("nan"),
    "a complex number": 1j,
}
# What is wrong for an axis and right for this argument.
TAKEN = {
    *itertools.product(
        ("Variable", "placeholder", *RANDOM),
        ("shape",),
        ("too large", "a list with a large one", "one axis twice"),
    ),
    *(
        (name, argument, "too large")
        for name, argument in (("permutation", "n"), ("one_hot", "depth"))
    ),
    *itertools.product(
        ("zeros", "ones", "full"),
        ("shape",),
        ("too large", "a list with a large one", "one axis twice"),
    ),
    ("scatter", "shape", "a list with a large one"),
    ("scatter", "shape", "one axis twice"),
    ("tensordot", "axes", "a nested list"),
    *(("eye", "n", "too large"), ("tri", "n", "too large")),
    ("reshape", "shape", "one axis by two names"),
    ("scatter_add", "size", "too large"),
    ("pad", "widths", "a table"),
}
RIGHT = {
    "a whole number": 1,
    "a whole number of NumPy": np.int64(1),
    "an array of one": np.array(1),
    "a list": [0],
    "a tuple": (1, 0),
    "an array": np.array([0, 1]),
    "a range": range(2),
    "None": None,
}


def named(name):
    return getattr(graph if name in graph.__all__ else graph.random, name)


def taking(names=NAMES):
    """(function, argument) for each public function with an argument of axes or shapes."""
    for name in [*graph.__all__, *RANDOM]:
        function = named(name)
        if inspect.isfunction(function) or name == "Variable":
            for argument in inspect.signature(function).parameters:
                if argument in names:
                    yield name, argument


def call(name, argument, value):
    given = list(BEFORE.get(name, (X,)))
    parameters = list(inspect.signature(named(name)).parameters)
    before = dict(zip(parameters, given, strict=False))
    before |= {"seed": 1} if "seed" in parameters else {}
    before |= BY_NAME.get(name, {})
    before[argument] = value
    return named(name)(**before)


PAIRS = sorted(taking())


def test_the_table_sees_the_functions():
    assert {("transpose", "axes"), ("sum", "axis"), ("reshape", "shape"), ("split", "axis")} <= {
        *PAIRS
    }


@pytest.mark.parametrize("pair", PAIRS, ids=" of ".join)
@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_axis_is_refused_in_words(pair, case):
    if (*pair, case) in TAKEN:
        call(*pair, WRONG[case])
    else:
        with pytest.raises(GrafitoError):
            call(*pair, WRONG[case])


@pytest.mark.parametrize("pair", PAIRS, ids=" of ".join)
@pytest.mark.parametrize("case", RIGHT)
def test_forms_of_axes_work_or_are_refused_in_words(pair, case):
    with contextlib.suppress(GrafitoError):
        call(*pair, RIGHT[case])


@pytest.mark.parametrize(
    "form", [1, np.int64(1), np.array(1), [1], (1,), np.array([1]), range(1, 2)]
)
@pytest.mark.parametrize("name", ["sum", "max", "mean", "variance", "flip", "softmax", "norm"])
def test_an_axis_may_come_in_each_form(name, form):
    function = getattr(graph, name)
    np.testing.assert_array_equal(function(X, form).numpy(), function(X, 1).numpy())


@pytest.mark.parametrize("form", [(1, 0), [1, 0], np.array([1, 0]), range(1, -1, -1), [-1, 0]])
def test_an_order_of_axes_may_come_in_each_form(form):
    np.testing.assert_array_equal(graph.transpose(X, form).numpy(), X.T)


@pytest.mark.parametrize("form", [3, [3], np.array(3), np.array([3]), (np.int64(3),)])
def test_a_shape_may_come_in_each_form(form):
    assert graph.broadcast_to(1.0, form).shape == (3,)
    assert graph.random.normal(form, seed=1).shape == (3,)
    assert graph.random.uniform(form, seed=1).shape == (3,)
