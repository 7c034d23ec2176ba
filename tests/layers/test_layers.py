"""Every layer: shapes, values and gradients of Keras, configuration, differences, randomness."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest
from specs_layers import BATCH, DRAWING, LAYERS, WITHOUT_ROW, Row

from grafito import graph, layers
from grafito.graph.dtypes import is_floating

rows = pytest.mark.parametrize("row", LAYERS, ids=str)
drawing = pytest.mark.parametrize("row", DRAWING, ids=str)

# Arguments of Keras's constructors that grafito does not have, and those that have another default.
NOT_HERE = {"lora_rank", "lora_alpha", "quantization_config", "name", "dtype", "mask"}
NOT_HERE |= {"renorm", "renorm_clipping", "renorm_momentum", "synchronized"}

# Keras on JAX computes means in float32 even where a layer is float64; PyTorch does not.
SINGLE_IN_KERAS = {"GlobalAveragePooling1D", "GlobalAveragePooling2D"}
SINGLE_IN_KERAS |= {"BatchNormalization", "LayerNormalization", "Normalization"}
SINGLE_IN_KERAS |= {"GroupNormalization"}


def symbols(row: Row):
    dtype = "float32" if row.below is None else "int32"
    return [layers.Input(shape, dtype=dtype) for shape in row.shapes]


def filled(row: Row, dtype: str = "float64", **more):
    """The layer with weights that are all different, and positive as variances are."""
    layer = row.build(layers, dtype=dtype, **more)
    row.call(layer, symbols(row))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.uniform(0.5, 1.5, w.shape).astype(w.dtype) for w in layer.weights])
    return layer


def evaluate(row: Row, layer, inputs, training: bool, weigh: np.ndarray | None = None):
    """Output, and the gradients of its weighted sum in the inputs and the trainable weights."""
    xs = [graph.placeholder(x.shape, str(x.dtype)) for x in inputs]
    with graph.Trace(training=training):
        y = row.call(layer, xs)
    weigh = np.ones(y.shape) if weigh is None else weigh
    sources = [x for x in xs if is_floating(x.dtype)] + layer.trainable_variables
    total = graph.sum(y * weigh.astype(layer.dtype))
    slopes = graph.gradients(total, sources) if sources else []
    return graph.value([y, *slopes], dict(zip(xs, inputs, strict=True)))


def evaluate_in_keras(keras, row: Row, weights, inputs, training: bool, weigh):
    """The same with Keras on JAX, in float64."""
    import jax

    layer = row.build(keras.layers, dtype="float64")
    symbolic = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in inputs]
    row.call(layer, symbolic)
    layer.set_weights(weights)
    if row.name == "Normalization":
        layer.finalize_state()
    fixed = [v.value for v in layer.non_trainable_variables]

    def loss(xs, variables):
        merges = hasattr(layer, "_merge_function")
        y = layer.stateless_call(
            variables, fixed, list(xs) if merges else xs[0], **_mode(layer, training)
        )[0]
        return (y * weigh).sum(), y

    floats = [x for x in inputs if x.dtype.kind == "f"]
    variables = [v.value for v in layer.trainable_variables]
    if not floats:
        gradient = jax.jit(jax.grad(lambda v: loss(inputs, v), has_aux=True))
        slopes, y = gradient(variables)
        return [np.asarray(a) for a in (y, *slopes)]
    gradient = jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))
    (by_input, by_weight), y = gradient(list(inputs), variables)
    return [np.asarray(a) for a in (y, *by_input, *by_weight)]


def _mode(layer, training: bool):
    return {"training": training} if "training" in inspect.signature(layer.call).parameters else {}


def weights_for(shape):
    return np.random.default_rng(1).normal(size=shape)


def test_every_public_layer_has_a_row():
    public = {
        thing.__name__
        for name in layers.__all__
        if inspect.isclass(thing := getattr(layers, name)) and issubclass(thing, layers.Layer)
    }
    assert public - WITHOUT_ROW == {row.name for row in LAYERS}


def test_every_registered_layer_is_public():
    names = {layer.__name__ for layer in layers.registry.entries.values()}
    assert {name for name in names if hasattr(layers, name)} >= {row.name for row in LAYERS}


@pytest.mark.parametrize("name", sorted({row.name for row in LAYERS}))
def test_signature_is_that_of_keras(keras, name):
    """The same arguments, in the same positions, with the same defaults."""
    ours = _arguments(getattr(layers, name))
    theirs = _arguments(getattr(keras.layers, name))
    common = {n: d for n, d in theirs.items() if n not in NOT_HERE}
    assert list(ours)[: len(common)] == list(common)
    for argument, default in common.items():
        if default is not inspect.Parameter.empty:
            assert _same_default(ours[argument], default), argument


def _arguments(cls):
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD,)
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return {p.name: p.default for p in parameters if p.kind in kinds}


def _same_default(ours, theirs):
    if isinstance(theirs, tuple) and isinstance(ours, int):
        ours = (ours,) * len(theirs)
    return str(ours).lower() == str(theirs).lower()


@rows
def test_shape(keras, row):
    """Symbolic, computed and Keras's shapes are the same."""
    symbol = row.call(row.build(layers), symbols(row))
    array = row.call(row.build(layers), row.inputs("float32"))
    assert symbol.shape == (None, *array.shape[1:])
    assert (symbol.dtype, len(array)) == (array.dtype, BATCH)
    layer = row.build(keras.layers)
    assert row.call(layer, [keras.Input(shape) for shape in row.shapes]).shape == symbol.shape
    shapes = [(None, *shape) for shape in row.shapes]
    given = shapes if len(shapes) > 1 else shapes[0]
    assert row.build(layers).compute_output_shape(given) == symbol.shape


@pytest.mark.parametrize("row", [row for row in LAYERS if row.in_keras], ids=str)
def test_values_and_gradients_of_keras(keras, row):
    inputs = row.inputs()
    for training in {False, not row.draws and row.name == "BatchNormalization"}:
        layer = filled(row)
        weigh = weights_for(row.call(layer, inputs).shape)
        ours = evaluate(row, layer, inputs, training, weigh)
        theirs = evaluate_in_keras(keras, row, layer.get_weights(), inputs, training, weigh)
        rtol, atol = (1e-5, 3e-6) if row.name in SINGLE_IN_KERAS else (1e-9, 1e-10)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol * max(1, np.abs(b).max()))


@rows
def test_float32_agrees_with_float64(row):
    inputs = row.inputs()
    wide = filled(row, seed=1) if row.draws else filled(row)
    narrow = filled(row, "float32", **({"seed": 1} if row.draws else {}))
    weigh = weights_for(row.call(wide, inputs, training=False).shape)
    for a, b in zip(
        evaluate(row, narrow, [_narrow(x) for x in inputs], False, weigh),
        evaluate(row, wide, inputs, False, weigh),
        strict=True,
    ):
        assert a.dtype in ("float32", "int32")  # indices
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * max(1, np.abs(b).max()))


def _narrow(x):
    return x.astype("float32") if x.dtype.kind == "f" else x


@rows
def test_gradients_by_differences(row):
    """In training too, where the same seed and step draw the same numbers."""
    for training in {False, row.draws or row.name == "BatchNormalization"}:
        layer = filled(row, seed=1) if row.draws else filled(row)
        variables = layer.trainable_variables
        inputs = row.inputs()

        def function(*tensors, layer=layer, training=training, variables=variables):
            count = len(row.shapes)
            with graph.Trace(training=training) as trace:
                trace.updates.update(zip(variables, tensors[count:], strict=True))
                return row.call(layer, tensors[:count])

        arrays = [*inputs, *(v.numpy() for v in variables)]
        whole = row.call(layer, row.inputs()).dtype == "int32"  # indices have no slope
        if not whole and any(a.dtype.kind == "f" for a in arrays):
            graph.check_gradients(function, arrays, order=1, tolerance=1e-7)


@rows
def test_configuration(row):
    """It is plain data, and gives the same layer back."""
    layer = filled(row, "float32")
    config = json.loads(json.dumps(layer.get_config()))
    assert {"name", "trainable", "dtype"} <= config.keys()
    again = type(layer).from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    named = layers.deserialize(json.loads(json.dumps(layers.serialize(layer))))
    inputs = row.inputs("float32")
    row.call(named, inputs)
    named.set_weights(layer.get_weights())
    assert [w.path for w in named.weights] == [w.path for w in layer.weights]
    for training in (False, True):
        a, b = (evaluate(row, each, inputs, training)[0] for each in (layer, named))
        assert np.array_equal(a, b)


@rows
def test_weights_are_named_as_in_keras(keras, row):
    theirs = row.build(keras.layers)
    row.call(theirs, [keras.Input(shape) for shape in row.shapes])
    ours = filled(row)
    kept = [w for w in theirs.weights if "seed" not in w.path]
    assert [w.name for w in ours.weights] == [w.name for w in kept]
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in kept]
    assert [w.trainable for w in ours.weights] == [w.trainable for w in kept]


@drawing
def test_random_layer(row):
    """In training: the same seed and step give the same bits, others do not."""

    def draw(seed, step):
        layer = row.build(layers, seed=seed)
        with graph.Trace(training=True, step=graph.constant(step)):
            return row.call(layer, [graph.constant(x) for x in row.inputs("float32")]).numpy()

    first = draw(1, 5)
    assert np.array_equal(first, draw(1, 5))
    others = [draw(1, step) for step in range(6, 14)] + [draw(seed, 5) for seed in range(2, 10)]
    assert any(not np.array_equal(first, other) for other in others[:8])
    assert any(not np.array_equal(first, other) for other in others[8:])


@drawing
def test_random_layer_rests_outside_of_training(row):
    x = row.inputs("float32")[0]
    y = row.build(layers)(x, training=False).numpy()
    if row.name == "RandomCrop":
        x = x[:, 2:6, 1:6]
    assert np.array_equal(x, y)


@drawing
def test_seed_is_kept(row):
    assert row.build(layers, seed=7).get_config()["seed"] == 7
    one, other = (row.build(layers).get_config()["seed"] for _ in range(2))
    assert one != other


TORCH = [row for row in LAYERS if row.name in ("Conv1D", "Conv2D", "Conv2DTranspose")]
TORCH += [row for row in LAYERS if row.name in ("MaxPooling2D", "AveragePooling2D")]
TORCH += [row for row in LAYERS if row.name in ("BatchNormalization", "LayerNormalization")]
TORCH = [
    row
    for row in TORCH
    if row.arguments.get("padding", "valid") == "valid"  # PyTorch pads on both sides
    and row.arguments.get("axis", -1) == -1
    and "output_padding" not in row.arguments
    and not (row.name == "Conv2DTranspose" and row.arguments.get("strides", 1) == 3)
]


@pytest.mark.parametrize("row", TORCH, ids=str)
def test_values_and_gradients_of_torch(torch, row):
    layer, inputs = filled(row), row.inputs()
    training = row.name == "BatchNormalization"
    ours = evaluate(row, layer, inputs, training)
    x = torch.tensor(inputs[0], requires_grad=True)
    weights = [torch.tensor(w, requires_grad=True) for w in layer.get_weights()]
    y = in_torch(torch, layer, x, weights)
    y.sum().backward()
    trainable = weights[: len(layer.trainable_variables)]
    theirs = [y.detach(), x.grad, *(w.grad for w in trainable)]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-9, atol=1e-9)


def in_torch(torch, layer, x, weights):
    """The layer's function with PyTorch, whose channels come first."""
    nn, name = torch.nn.functional, type(layer).__name__
    if name == "LayerNormalization":
        return nn.layer_norm(x, x.shape[-1:], *weights, eps=layer.epsilon)
    x = x.movedim(-1, 1)
    if name == "BatchNormalization":
        gamma, beta, mean, variance = weights
        mean, variance = mean.detach(), variance.detach()
        y = nn.batch_norm(x, mean, variance, gamma, beta, training=True, eps=layer.epsilon)
    elif "Pooling" in name:
        pool = nn.max_pool2d if name.startswith("Max") else nn.avg_pool2d
        y = pool(x, layer.pool_size, layer.strides)
    else:
        kernel, bias = weights if len(weights) == 2 else (weights[0], None)
        kernel = kernel.movedim((-1, -2), (0, 1))
        options = {"stride": layer.strides, "dilation": layer.dilation_rate}
        if name == "Conv2DTranspose":
            y = nn.conv_transpose2d(x, kernel, bias, **options)
        else:
            conv = nn.conv1d if name == "Conv1D" else nn.conv2d
            y = conv(x, kernel, bias, groups=layer.groups, **options)
        y = getattr(torch, layer.activation.__name__, lambda y: y)(y)
    return y.movedim(1, -1)
