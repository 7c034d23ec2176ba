"""Every function of `grafito.ops`: Keras's arguments and values, on tensors and on symbols."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

from grafito import Model, graph, layers, models, ops
from grafito.errors import (
    ArgumentError,
    GrafitoError,
    GraphError,
    UnknownArgumentError,
    UnknownNameError,
)
from grafito.layers.operation import TABLE
from grafito.ops.dispatch import CALLING

rng = np.random.default_rng(0)
DATA = {
    "x": rng.uniform(0.2, 0.9, (3, 4)).astype("float32"),
    "y": rng.uniform(0.2, 0.9, (3, 4)).astype("float32"),
    "m": rng.normal(size=(4, 2)).astype("float32"),
    "s": rng.normal(size=(3, 6, 2)).astype("float32"),
    "p": (rng.uniform(0.1, 1, (3, 4)) / 4).astype("float32"),
    "i": np.array([[2, 0, 1, 1], [1, 3, 0, 2], [0, 0, 3, 2]], "int32"),
    "t": np.array([2, 0, 3], "int32"),
    "b": np.array([[True, False, True, True]] * 3),
    "k": rng.normal(size=(2, 2, 3)).astype("float32"),
    "d": rng.normal(size=(2, 2, 1)).astype("float32"),
    "q": rng.normal(size=(3, 5, 2, 4)).astype("float32"),
    "v": np.array([1.0, 2.0, 0.5, 4.0], "float32"),
}
UNARY = "abs absolute cos cosh erf erfinv exp expm1 floor ceil log log10 log1p log2 negative relu "
UNARY += "reciprocal rsqrt sigmoid sign silu sin sinh softplus softsign sqrt square swish tan tanh "
UNARY += "trunc isnan isinf isfinite nan_to_num logical_not celu elu gelu hard_sigmoid leaky_relu "
UNARY += "selu softmax log_softmax stop_gradient copy ravel round zeros_like ones_like flip sort "
UNARY += "argsort argmax argmin max min amax amin sum mean std var prod cumsum norm median all any "
UNARY += "count_nonzero logsumexp transpose trace diag diagonal tril triu rot90 diff average "
UNARY += "convert_to_tensor array convert_to_numpy squeeze normalize layer_normalization "
UNARY += "rms_normalization hard_silu hard_swish log_sigmoid relu6"
BINARY = "add subtract multiply divide true_divide divide_no_nan maximum minimum mod power "
BINARY += "floor_divide equal not_equal greater greater_equal less less_equal inner outer vdot "
BINARY += "isclose append logical_and logical_or logical_xor"
KEEPING = ("max", "min", "sum", "mean", "std", "var", "prod")
ALONG = ("argmax", "cumsum", "norm", "median", "softmax", "sort")
CALLS = [
    *(f"ops.{name}(x)" for name in UNARY.split()),
    *(f"ops.{name}(x, y)" for name in BINARY.split()),
    *(f"ops.{name}(x, axis=1, keepdims=True)" for name in KEEPING),
    *(f"ops.{name}(x, axis=1)" for name in ALONG),
    "ops.cross(x[:, :3], y[:, :3])",
    "ops.dot(x, m)",
    "ops.matmul(x, m)",
    "ops.tensordot(x, y, axes=[[0], [0]])",
    "ops.einsum('ij,jk->ik', x, m)",
    "ops.unstack(x)[1]",
    "ops.cast(x, 'int32')",
    "ops.saturate_cast(x, 'int32')",
    "ops.clip(x, x_min=0.3, x_max=0.6)",
    "ops.where(x > 0.5, x, y)",
    "ops.arange(2, 9, 3)",
    "ops.zeros((2, 3))",
    "ops.ones((2, 3), dtype='int32')",
    "ops.full((2, 3), 7.0)",
    "ops.full_like(x, 2.0)",
    "ops.eye(3, 4, k=1)",
    "ops.identity(3)",
    "ops.tri(3, 4)",
    "ops.linspace(0.0, 1.0, 5)",
    "ops.linspace(v, x, 3, endpoint=False, axis=-1)",
    "ops.meshgrid(v, v)[1]",
    "ops.broadcast_to(v, (3, 4))",
    "ops.reshape(x, newshape=(3, 2, 2))",
    "ops.expand_dims(x, (0, -1))",
    "ops.squeeze(x[:, None], axis=(1,))",
    "ops.moveaxis(s, (0, 1), (-1, 0))",
    "ops.swapaxes(s, 0, 2)",
    "ops.concatenate([x, y], axis=-1)",
    "ops.stack([x, y], axis=1)",
    "ops.hstack([x, y])",
    "ops.vstack([x, y])",
    "ops.split(x, 2, axis=1)[1]",
    "ops.split(x, [1, 3], axis=1)[1]",
    "ops.tile(x, (2, 1))",
    "ops.repeat(x, 2, axis=1)",
    "ops.roll(x, 1, axis=1)",
    "ops.pad(x, ((0, 0), (1, 2)), constant_values=3.0)",
    "ops.pad(x, ((0, 0), (1, 2)), mode='reflect')",
    "ops.pad(x, ((0, 0), (1, 2)), mode='symmetric')",
    "ops.get_item(x, (slice(0, 2), ..., None))",
    "ops.slice(x, (0, 1), (2, 2))",
    "ops.slice_update(x, (0, 1), y[:2, :2])",
    "ops.take(x, [0, 3, 2])",
    "ops.take(x, t, axis=1)",
    "ops.take_along_axis(x, i, axis=1)",
    "ops.top_k(x, 2)[0]",
    "ops.top_k(x, 2)[1]",
    "ops.in_top_k(t, x, 2)",
    "ops.quantile(x, 0.3, axis=1)",
    "ops.searchsorted(ops.sort(v), v, side='right')",
    "ops.digitize(x, [0.3, 0.6])",
    "ops.bincount(t, minlength=4)",
    "ops.bincount(i, minlength=4)",
    "ops.segment_sum(x, t, num_segments=4)",
    "ops.scatter(i[:2, :1], x[:2], (4, 4))",
    "ops.moments(x, axes=(0,))[1]",
    "ops.average(x, axis=1, weights=v)",
    "ops.select([x > 0.6, x > 0.3], [x, y], 0.0)",
    "ops.diff(x, n=2, axis=1)",
    "ops.one_hot(t, 4)",
    "ops.one_hot(i, 4, axis=1)",
    "ops.multi_hot(i, num_classes=5)",
    "ops.conv(s, k, strides=2, padding='same')",
    "ops.conv_transpose(s, k[:, :, :2], strides=2, padding='same')",
    "ops.depthwise_conv(s, d, padding='same')",
    "ops.separable_conv(s, d, k[:1])",
    "ops.max_pool(s, 2, strides=1)",
    "ops.average_pool(s, 3, strides=2, padding='same')",
    "ops.batch_normalization(x, v, v, axis=-1, offset=v, scale=v)",
    "ops.layer_normalization(x, gamma=v, beta=v)",
    "ops.binary_crossentropy(y, x)",
    "ops.binary_crossentropy(y, x, from_logits=True)",
    "ops.categorical_crossentropy(y, p)",
    "ops.categorical_crossentropy(y, p, from_logits=True)",
    "ops.sparse_categorical_crossentropy(t, p)",
    "ops.dot_product_attention(q, q, q)",
    "ops.dot_product_attention(q, q, q, is_causal=True)",
    "ops.cond(True, lambda: x, lambda: y)",
    "ops.fori_loop(0, 3, lambda i, z: z * x, x)",
    "ops.while_loop(lambda n, z: n < 3, lambda n, z: (n + 1, z * x), (0, x))[1]",
    "ops.scan(lambda z, row: (z + row, z * row), v, x)[1]",
    "ops.scan(lambda z, row: (z + row, z * row), v, x, reverse=True)[1]",
    "ops.map(lambda row: row * 2, x)",
    "ops.vectorized_map(lambda row: row * 2, x)",
]
SEEN = {  # not compared by a number
    "shape": "(3, 4)",
    "ndim": "2",
    "size": "12",
    "dtype": "'float32'",
    "is_tensor": "False",
    "empty": "no number is promised",
}
# Arguments of Keras that are not here, and those that differ in kind.
NOT_HERE = {
    "sparse",
    "ragged",
    "kwargs",
    "operands",
    "axisa",
    "axisb",
    "axisc",
    "retstep",
    "unroll",
}
NOT_HERE |= {"flash_attention", "attn_logits_soft_cap", "synchronized"}


def called(code, module, **more):
    out = eval(code, {"ops": module, **DATA, **more})
    return np.asarray(out.numpy() if isinstance(out, graph.Tensor) else out)


@pytest.mark.parametrize("code", CALLS)
def test_the_value_is_that_of_keras(keras, code):
    ours, theirs = called(code, ops), called(code, keras.ops)
    assert ours.shape == theirs.shape
    assert ours.dtype.kind == theirs.dtype.kind
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)


E = "[float('nan'), float('inf'), -float('inf'), 0.0, 7.0]"
EDGES = [
    *(f"ops.{name}({E})" for name in ("relu", "relu6", "hard_sigmoid", "hard_silu", "leaky_relu")),
    *(f"ops.{name}({E})" for name in ("elu", "selu", "celu", "gelu", "silu", "softsign", "sort")),
    f"ops.digitize({E}, [-1.0, 0.0, 7.0])",
    f"ops.digitize({E}, [7.0, 0.0, -1.0])",
    f"ops.searchsorted([-1.0, 0.0, 7.0, float('nan')], {E})",
    f"ops.searchsorted([-1.0, 0.0, 7.0, float('nan')], {E}, side='right')",
    "ops.bincount(t)",
    "ops.bincount(i[0], weights=v, minlength=2)",
    "ops.sort(x, axis=None)",
    "ops.argsort(x, axis=None)",
    *(f"ops.{name}(b)" for name in ("tril", "triu")),
    "ops.prod(i, dtype='bool')",
    "ops.cumsum(i, dtype='bool')",
]


@pytest.mark.parametrize("code", EDGES)
def test_the_value_is_that_of_keras_at_the_edges(keras, code):
    ours, theirs = called(code, ops), called(code, keras.ops)
    assert ours.shape == theirs.shape
    assert ours.dtype.kind == theirs.dtype.kind
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", ["prod", "cumsum"])
@pytest.mark.parametrize("dtype", ["int32", "uint8", "float64"])
def test_a_dtype_that_is_asked_for(name, dtype):
    for x in (DATA["i"], DATA["b"], DATA["x"]):
        assert getattr(ops, name)(x, dtype=dtype).dtype == dtype


def test_booleans_that_are_rounded_are_numbers():
    for name in ("floor", "ceil", "trunc", "round"):
        assert getattr(ops, name)(DATA["b"]).numpy().tolist() == DATA["b"].astype(int).tolist()


def test_every_function_is_called():
    names = {code.split("(")[0].removeprefix("ops.") for code in CALLS}
    assert names | set(SEEN) == set(ops.__all__)


def test_what_is_known_without_numbers():
    x = layers.Input((4,))
    assert (ops.shape(x), ops.ndim(x), ops.size(x), ops.dtype(x)) == ((None, 4), 2, None, "float32")
    assert (ops.shape(DATA["x"]), ops.size(DATA["x"])) == ((3, 4), 12)
    assert ops.is_tensor(ops.array([1.0]))
    assert not ops.is_tensor(x)
    assert ops.empty((2, 3)).shape == (2, 3)


@pytest.mark.parametrize("name", sorted(ops.__all__))
def test_arguments_are_those_of_keras(keras, name):
    ours = list(inspect.signature(getattr(ops, name)).parameters)
    theirs = [
        n for n in inspect.signature(getattr(keras.ops, name)).parameters if n not in NOT_HERE
    ]
    if name not in ("einsum", "meshgrid", "cross"):  # einsum(x, y) has no names
        assert ours[: len(theirs)] == theirs


OF_SYMBOLS = [
    code for code in CALLS if code.split("(")[0][4:] in TABLE and re.search(r"\b[xy]\b", code)
]


@pytest.mark.parametrize("code", OF_SYMBOLS)
def test_a_call_on_symbols_is_a_layer_that_is_saved(code, tmp_path):
    """The model computes what the function does, also after it was written and read."""
    names = [n for n in ("x", "y") if re.search(rf"\b{n}\b", code)]
    symbols = {n: layers.Input(batch_shape=(3, 4), name=n) for n in names}
    out = eval(code, {"ops": ops, **DATA, **symbols})
    model = Model(list(symbols.values()), out)
    model.save(tmp_path / "m.safetensors")
    again = models.load_model(tmp_path / "m.safetensors")
    feeds = [DATA[n] for n in names]
    wanted = called(code, ops)
    for each in (model, again):
        got = np.asarray(each(feeds if len(feeds) > 1 else feeds[0]).numpy())
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


OPERATORS = {
    "x[:, 0]": (3,),
    "x[..., None, 1:3]": (3, 1, 2),
    "x ** 2": (3, 4),
    "2 ** x": (3, 4),
    "x @ m": (3, 2),
    "x / y": (3, 4),
    "1 / x": (3, 4),
    "x // 0.3": (3, 4),
    "x % 0.3": (3, 4),
    "abs(x - y)": (3, 4),
    "x + v": (3, 4),
    "v * x": (3, 4),
    "v - x": (3, 4),
    "(x > y) & (x < 0.8)": (3, 4),
    "(x > y) ^ (x < 0.8)": (3, 4),
    "v < x": (3, 4),
    "v / x": (3, 4),
    "v ** x": (3, 4),
    "~(x >= y) | (x <= 0.5)": (3, 4),
    "x == y": (3, 4),
    "x != y": (3, 4),
}


@pytest.mark.parametrize("code", OPERATORS)
def test_operators_of_symbols(code):
    symbols = {n: layers.Input((4,), name=n) for n in ("x", "y")}
    out = eval(code, {**DATA, **symbols})
    model = Model(list(symbols.values()), out)
    wanted = np.asarray(eval(code, DATA))
    assert wanted.shape == OPERATORS[code]
    np.testing.assert_allclose(model.predict([DATA["x"], DATA["y"]], verbose=0), wanted, 1e-5)


def test_a_model_of_functions_learns():
    x = layers.Input((4,))
    hidden = ops.tanh(layers.Dense(8)(x))
    model = Model(x, ops.sum(hidden**2, axis=-1, keepdims=True) @ np.ones((1, 1), "float32"))
    model.compile("adam", "mse")
    history = model.fit(DATA["x"], np.ones(3), epochs=20, verbose=0)
    assert history["loss"][-1] < history["loss"][0]


def test_gradients_pass_through_loops():
    x = graph.placeholder((3,), name="x")
    y = ops.scan(lambda s, row: (s * row, s + row), 1.0, x)[0]
    np.testing.assert_allclose(graph.gradient(y, x, {"x": [2.0, 3.0, 4.0]}), [12, 8, 6])


def test_a_condition_that_is_not_known_chooses():
    x = graph.placeholder((), name="x")
    y = ops.cond(x > 0, lambda: x * 2, lambda: x * 3)
    assert float(graph.value(y, {"x": -1.0})) == -3.0


# Bad input


def test_a_function_of_ones_own_is_no_layer():
    for name in CALLING - {"fori_loop", "while_loop", "cond"}:
        with pytest.raises(GraphError, match="cannot be a layer"):
            getattr(ops, name)(lambda *x: x, layers.Input((3,)))


def test_a_variable_is_no_argument_of_symbols():
    with pytest.raises(ArgumentError, match="needs a layer"):
        layers.Input((3,)) @ graph.Variable(np.ones((3, 2)))


def test_a_file_can_name_no_other_function():
    for name in ("eval", "map", "shape", "__import__"):
        with pytest.raises(UnknownNameError, match="function of ops"):
            layers.Operation(name)


def test_an_unknown_argument_is_answered():
    with pytest.raises(UnknownArgumentError, match=r"ops.sum has no argument 'dim'"):
        ops.sum(DATA["x"], dim=1)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ops.where(b)", "known only when the graph runs"),
        ("ops.segment_sum(x, t)", "number of segments"),
        ("ops.multi_hot(i)", "number of classes"),
        ("ops.quantile(x, 0.5, method='nearest')", "interpolated on a line"),
        ("ops.pad(x, 1, mode='mirror')", "no such way to pad"),
        ("ops.slice(x, (2, 0), (2, 2))", "inside of the tensor"),
        ("ops.max_pool(s, 2, data_format='channels_first')", "channels last"),
        ("ops.scan(lambda s, x: (s, x), 0.0)", "needs a length"),
        ("ops.bincount(graph.as_tensor(i))", "minlength"),
        ("ops.bincount([-1, 1])", "from 0 on"),
        ("ops.bincount([1.5, 1.0])", "from 0 on"),
        ("ops.bincount([[1, 2], [0, -3]])", "from 0 on"),
        ("graph.bincount([-1], None, 3)", "from 0 on"),
        ("ops.pad(x, 'int32')", "do not fit ops.pad"),
        ("ops.stack(3)", "do not fit ops.stack"),
        ("ops.conv(v, v)", "do not fit ops.conv"),
        ("ops.select([b], [x, y])", "do not fit ops.select"),
        ("ops.split(v, 1.5)", "do not fit ops.split"),
        ("ops.slice(v, 1, 2)", "do not fit ops.slice"),
    ],
)
def test_bad_input(code, words):
    with pytest.raises(GrafitoError, match=words):
        eval(code, {"ops": ops, "graph": graph, **DATA})


def test_an_error_of_a_call_itself_stays_its_own():
    with pytest.raises(TypeError, match="missing a required"):
        ops.add(1)
    with pytest.raises(ZeroDivisionError):
        ops.map(lambda row: 1 / 0, DATA["x"])
