"""Integers and booleans follow one rule, on both engines: that of docs/differences.md."""

import operator

import ml_dtypes
import numpy as np
import pytest

from grafito import engines, graph
from grafito.errors import ArgumentError, DtypeError, GrafitoError
from grafito.graph.dtypes import DTYPES, FLOATING, INTEGER, numpy_dtype
from grafito.graph.program import Graph

ENGINES = ("reference", "llvm")
SMALL = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32")
every_engine = pytest.mark.parametrize("engine", ENGINES)
no_warnings = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def compute(engine, function, *arrays):
    """The result of a function of placeholders; what is fed is unknown when it is built."""
    if engine == "llvm":
        pytest.importorskip("llvmlite")
    xs = {f"x{i}": graph.placeholder(a.shape, str(a.dtype), f"x{i}") for i, a in enumerate(arrays)}
    y = function(*xs.values())
    program = engines.get(engine).compile(Graph(xs, {"y": y}, {}))
    program.bind(dict(zip(xs, arrays, strict=True)))
    value = program.run()["y"][0]
    assert value.dtype == numpy_dtype(y.dtype)
    return value


def extremes(dtype):
    """Numbers at the ends of a dtype, and near 0."""
    if dtype == "bool":
        return np.array([True, False, True, True])
    if dtype in FLOATING:
        return np.array([1.5, -2, 0, 3]).astype(numpy_dtype(dtype))
    bounds = np.iinfo(dtype)
    return np.array([int(bounds.max), int(bounds.min), 3, 1], dtype)


# Adding and multiplying many: in int64, which has room; the witness does so too.
ROOMY = {
    "sum": (graph.sum, lambda x, d: np.sum(x, dtype=d)),
    "prod": (lambda x: graph.prod(x[1:]), lambda x, d: np.prod(x[1:], dtype=d)),
    "cumsum": (graph.cumsum, lambda x, d: np.cumsum(x, dtype=d)),
    "matmul": (lambda x: graph.matmul(x, x), lambda x, d: np.matmul(x.astype(d), x.astype(d))),
    "scatter_add": (
        lambda x: graph.scatter_add(x, [0, 0, 1, 1], 2),
        lambda x, d: x.astype(d).reshape(2, 2).sum(1),
    ),
}


@no_warnings
@every_engine
@pytest.mark.parametrize("dtype", [*INTEGER, "bool"])
@pytest.mark.parametrize("name", ROOMY)
def test_what_adds_up_many_integers_has_room(name, dtype, engine):
    function, witness = ROOMY[name]
    x, wide = extremes(dtype), "uint64" if dtype == "uint64" else "int64"
    value = compute(engine, function, x)
    assert value.dtype == wide
    np.testing.assert_array_equal(value, witness(x, wide))


UNFITTING = [np.nan, np.inf, -np.inf, -1.5, -0.5, -0.0, 127.9, 128.0, 255.9, 256.0, -129.0]
UNFITTING += [-(2.0**31) - 512, -(2.0**31), 2.0**31, 2.0**32, 2.0**63, -(2.0**63), 2.0**64, 1e30]


def nearest(x, dtype):
    """The whole number towards 0, or the end of the dtype that is nearest; NaN has none."""
    bounds = np.iinfo(dtype)
    if np.isinf(x):
        return int(bounds.max if x > 0 else bounds.min)
    return 0 if np.isnan(x) else min(max(int(x), int(bounds.min)), int(bounds.max))


@every_engine
@pytest.mark.parametrize("dtype", INTEGER)
@pytest.mark.parametrize("before", FLOATING)
def test_floats_become_the_nearest_integer_of_a_dtype(before, dtype, engine):
    x = np.array(UNFITTING).astype(numpy_dtype(before))
    value = compute(engine, lambda x: graph.cast(x, dtype), x)
    assert value.tolist() == [nearest(float(v), dtype) for v in x]


@every_engine
def test_nan_is_true(engine):
    x = np.array([np.nan, 0.0, -0.0, 1e-45], "float32")
    value = compute(engine, lambda x: graph.cast(x, "bool"), x)
    assert value.tolist() == [True, False, False, True]


@every_engine
@pytest.mark.parametrize("dtype", INTEGER)
@pytest.mark.parametrize("before", INTEGER)
def test_integers_wrap_around_in_narrower_ones(before, dtype, engine):
    x = extremes(before)
    expected = x.astype(dtype)
    assert compute(engine, lambda x: graph.cast(x, dtype), x).tolist() == expected.tolist()


@every_engine
@pytest.mark.parametrize("dtype", SMALL)
def test_means_of_integers_are_those_of_their_exact_sum(dtype, engine):
    x = extremes(dtype)
    value = compute(engine, graph.mean, x)
    assert value.dtype == "float32"
    np.testing.assert_allclose(value, np.mean(x, dtype="float64"), rtol=1e-6)


# One element with one: NumPy's result, its dtype, and where it wraps.
PAIRS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "mod": np.mod,
    "floor_divide": np.floor_divide,
    "equal": np.equal,
    "less": np.less,
    "greater_equal": np.greater_equal,
    "logical_and": np.logical_and,
}
ALONE = {
    "negative": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "square": np.square,
    "floor": lambda x: x,  # what np.floor gives since NumPy 2.1
    "round": np.round,
    "relu": lambda x: np.maximum(x, np.zeros_like(x)),
    "logical_not": np.logical_not,
}


@no_warnings
@every_engine
@pytest.mark.parametrize("dtype", INTEGER)
@pytest.mark.parametrize("name", PAIRS)
def test_two_integers_give_what_numpy_gives(name, dtype, engine):
    x = np.repeat(extremes(dtype), 5)
    y = np.tile([*extremes(dtype), np.array(0, dtype)], 4)
    value = compute(engine, getattr(graph, name), x, y)
    expected = PAIRS[name](x, y)
    assert value.dtype == expected.dtype
    np.testing.assert_array_equal(value, expected)


@no_warnings
@every_engine
@pytest.mark.parametrize("dtype", INTEGER)
@pytest.mark.parametrize("name", ALONE)
def test_one_integer_gives_what_numpy_gives(name, dtype, engine):
    x = extremes(dtype)
    value, expected = compute(engine, getattr(graph, name), x), ALONE[name](x)
    assert value.dtype == expected.dtype
    np.testing.assert_array_equal(value, expected)


@every_engine
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x, y: x + y, [True, True, False]),
        (lambda x, y: x * y, [True, False, False]),
        (lambda x, y: x % y, [0, 0, 0]),
        (lambda x, y: x // y, [1, 0, 0]),
        (lambda x, y: x**y, [1, 1, 1]),
        (lambda x, y: graph.square(x), [1, 1, 0]),
        (lambda x, y: graph.sign(x), [1, 1, 0]),
        (lambda x, y: x + 1, [2, 2, 1]),
        (lambda x, y: 1 - x, [0, 0, 1]),
        (lambda x, y: x & y, [True, False, False]),
        (lambda x, y: x | y, [True, True, False]),
        (lambda x, y: x ^ y, [False, True, False]),
        (lambda x, y: ~x, [False, False, True]),
    ],
)
def test_booleans(function, expected, engine):
    value = compute(engine, function, np.array([True, True, False]), np.array([True, False, False]))
    assert value.dtype == ("bool" if isinstance(expected[0], bool) else "int32")
    assert value.tolist() == expected


@every_engine
@pytest.mark.parametrize(
    ("power", "expected"),
    [
        (lambda x: x**2, [9, 1, 1, 0]),
        (lambda x: x**3, [-27, -1, 1, 0]),
        (lambda x: x**2.0, [9.0, 1.0, 1.0, 0.0]),
        (lambda x: x**0.0, [1.0, 1.0, 1.0, 1.0]),
        (lambda x: x ** graph.minimum(x, -1), [0, -1, 1, 0]),  # cut off, known only when it runs
        (lambda x: x ** graph.minimum(x, -2), [0, 1, 1, 0]),
        (lambda x: graph.power(2, graph.abs(x)), [8, 2, 2, 1]),
    ],
)
def test_powers_of_integers(power, expected, engine):
    value = compute(engine, power, np.array([-3, -1, 1, 0], "int32"))
    assert value.dtype == ("int32" if isinstance(expected[0], int) else "float32")
    assert value.tolist() == expected


@every_engine
def test_the_square_of_a_large_integer_as_a_float_does_not_wrap(engine):
    assert compute(engine, lambda x: x**2.0, np.array([100_000], "int32")) == 1e10


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
NUMBERS = [-(2**70), -(2**63), -(2**40), -1, 0, 1, 128, 255, 256, 2**31, 2**33, 2**63, 2**64]


@every_engine
@pytest.mark.parametrize("dtype", INTEGER)
def test_comparisons_with_python_integers_are_exact(dtype, engine):
    x = extremes(dtype)

    def all_of(x):
        both = [(f(x, n), f(n, x)) for f in COMPARISONS for n in NUMBERS]
        return graph.stack([z for pair in both for z in pair])

    expected = [
        [bool(v) for v in row]
        for f in COMPARISONS
        for n in NUMBERS
        for row in ([f(int(v), n) for v in x], [f(n, int(v)) for v in x])
    ]
    assert compute(engine, all_of, x).tolist() == expected


U8 = graph.placeholder((3,), "uint8", "u")
I32 = graph.placeholder((3,), "int32", "i")
REFUSED = {
    "a sum": lambda: I32 + 2**40,
    "a number first": lambda: 2**31 - I32,
    "a product": lambda: I32 * -(2**32),
    "the larger": lambda: graph.maximum(U8, -5),
    "a choice": lambda: graph.where(U8 > 3, U8, 256),
    "limits": lambda: graph.clip(U8, -1, 3),
    "padding": lambda: graph.pad(U8, [(1, 1)], -1),
    "a remainder": lambda: U8 % 300,
    "a constant": lambda: graph.constant(300, "uint8"),
    "a list": lambda: graph.constant([1, -1], "uint8"),
    "an array": lambda: graph.constant(np.array([2**40]), "int32"),
    "more than 64 bits": lambda: I32 + 10**30,
    "nothing but numbers": lambda: graph.constant(10**30),
    "more than a float": lambda: graph.constant(1.0) + 10**400,
    "an assignment": lambda: graph.Variable(np.zeros(1, "uint8")).assign([256]),
    "an initial value": lambda: graph.Variable(-1, dtype="uint8"),
    "what is fed": lambda: graph.value(U8 + 1, {"u": [1, 2, 300]}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_number_that_does_not_fit_is_refused_in_arithmetic(name):
    with pytest.raises(GrafitoError, match="cannot hold this number") as caught:
        REFUSED[name]()
    assert isinstance(caught.value, (OverflowError, ArgumentError))


@pytest.mark.parametrize("wrong", [1.5, np.nan, np.inf])
def test_an_integer_input_is_fed_whole_numbers(wrong):
    with pytest.raises(DtypeError, match="integer cannot hold"):
        graph.value(I32, {"i": [0.0, 1.0, wrong]})
    assert graph.value(I32, {"i": [0.0, 1.0, 2.0]}).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("attempt", "error", "text"),
    [
        (lambda: I32**-1, ArgumentError, "negative power"),
        (lambda: graph.power(3, [1, -1]), ArgumentError, "negative power"),
        (lambda: (U8 > 1) - (U8 > 2), DtypeError, "cannot be subtracted"),
        (lambda: -(U8 > 1), DtypeError, "cannot be subtracted"),
        (lambda: U8 & 1, DtypeError, "booleans"),
        (lambda: ~U8, DtypeError, "booleans"),
    ],
)
def test_what_has_no_meaning_is_refused(attempt, error, text):
    with pytest.raises(error, match=text):
        attempt()


def test_python_integers_become_int32_or_int64():
    assert graph.constant([1, 2]).dtype == "int32"
    assert graph.constant(2**40).item() == 2**40
    assert graph.add(1, 2**40).item() == 2**40 + 1


BF16 = {
    "sum": (graph.sum, np.sum),
    "mean": (graph.mean, np.mean),
    "variance": (lambda x: graph.variance(x * 3), lambda x: np.var(x * 3)),
    "cumsum": (graph.cumsum, np.cumsum),
    "matmul": (lambda x: graph.matmul(x, x), lambda x: x @ x),
    "softmax": (graph.softmax, lambda x: np.exp(x) / np.exp(x).sum()),
    "logsumexp": (graph.logsumexp, lambda x: np.log(np.exp(x).sum())),
    "log_softmax": (graph.log_softmax, lambda x: x - np.log(np.exp(x).sum())),
    "slope of max": (lambda x: graph.gradients(graph.max(x), x), lambda x: np.ones(1000) / 1000),
}


@every_engine
@pytest.mark.parametrize("name", BF16)
def test_sums_of_bfloat16_are_rounded_once(name, engine):
    function, witness = BF16[name]
    x = np.ones(1000, ml_dtypes.bfloat16)
    value = compute(engine, function, x).astype("float64")
    expected = witness(x.astype("float64"))
    np.testing.assert_allclose(value, expected, rtol=2**-8, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_layers_that_merge_compute_with_floats(dtype):
    from grafito import layers

    x = np.array([[200, 7]]).astype(numpy_dtype(dtype)) if dtype != "int8" else np.ones((1, 2))
    float_of = {"float64": 200.0, "bool": 1.0}.get(dtype, 200.0)
    y = layers.Add()([x, x])
    assert y.dtype == "float32"
    assert float(np.asarray(y)[0, 0]) == 2 * (float_of if dtype != "int8" else 1)


@pytest.mark.parametrize("name", ["float32", "float64", "int32"])
def test_a_name_that_is_a_string_of_numpy_is_a_name(name):
    x = graph.placeholder((2, 2), np.random.default_rng(0).choice([name, "a longer one"], p=[1, 0]))
    assert type(x.dtype) is str
    assert ((x @ x) * 2).dtype == (
        (graph.placeholder((2, 2), name) @ np.eye(2, dtype=name)) * 2
    ).dtype


@pytest.mark.parametrize("dtype", [None, "bfloat16", "float32", "float64", "int32"])
def test_an_array_of_bfloat16_becomes_a_constant_of_any_dtype(dtype):
    x = graph.constant(np.arange(3).astype(ml_dtypes.bfloat16), dtype)
    assert x.dtype == (dtype or "bfloat16")
    assert graph.value(x).tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [None, "float32"])
@pytest.mark.parametrize("value", [[None], [1, None], [object], [1j, None], ["a"]], ids=str)
def test_what_is_no_number_is_no_constant(value, dtype):
    with pytest.raises(DtypeError):
        graph.constant(value, dtype)


@pytest.mark.parametrize(("name", "hint"), [("mixed_float16", True), ("float33", False)])
def test_a_policy_for_a_dtype_is_told_where_it_goes(name, hint):
    with pytest.raises(DtypeError) as told:
        graph.placeholder((2,), name)
    assert ("precision='mixed_bfloat16'" in str(told.value)) == hint
