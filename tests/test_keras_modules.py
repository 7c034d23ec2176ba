"""backend, config, mixed_precision, preprocessing, random, saving and cloned models."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import (
    Model,
    Sequential,
    backend,
    config,
    graph,
    layers,
    losses,
    mixed_precision,
    models,
    optimizers,
    preprocessing,
    random,
    saving,
    utils,
)
from grafito.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from grafito.preprocessing.image import ImageDataGenerator

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = X.sum(1)
IMAGES = np.random.default_rng(1).uniform(size=(7, 8, 6, 3)).astype("float32")


# Settings


@pytest.fixture(autouse=True)
def as_before():
    yield
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    mixed_precision.set_global_policy("float32")


def test_floatx_is_the_dtype_of_layers_that_name_none():
    config.set_floatx("float64")
    model = Sequential([layers.Input((4,)), layers.Dense(2), layers.Dense(1, dtype="float32")])
    assert [w.dtype for w in model.weights] == ["float64"] * 2 + ["float32"] * 2
    assert layers.Dense(1).dtype == backend.floatx() == "float64"
    assert backend.variable(1).dtype == "float64"


def test_epsilon_is_a_number_of_the_program():
    backend.set_epsilon(1e-4)
    assert config.epsilon() == backend.epsilon() == 1e-4


def test_images_have_their_channels_last():
    assert backend.image_data_format() == config.image_data_format() == "channels_last"
    config.set_image_data_format("channels_last")


def test_a_policy_is_what_compile_takes():
    mixed_precision.set_global_policy("mixed_bfloat16")
    model = Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model._executor.precision == config.dtype_policy() == "mixed_bfloat16"
    model.compile("sgd", "mse", precision="float32")
    assert model._executor.precision == "float32"


def test_a_session_that_is_cleared_begins_names_and_seeds_again():
    utils.set_random_seed(3)
    backend.clear_session()
    first = layers.Dense(2), random.normal((3,)).numpy()
    weights = first[0].build((None, 3)) or first[0].get_weights()[0]
    backend.clear_session()
    second = layers.Dense(2)
    second.build((None, 3))
    assert first[0].name == second.name == "dense"
    assert second.get_weights()[0].shape == weights.shape
    utils.set_random_seed(3)
    assert (random.normal((3,)).numpy() == first[1]).all()


# backend


def test_functions_of_older_programs():
    calls = {
        "sum": ((X, 1), X.sum(1)),
        "mean": ((X,), X.mean()),
        "square": ((X,), X**2),
        "maximum": ((X, 0.5), np.maximum(X, 0.5)),
        "clip": ((X, -0.5, 0.5), np.clip(X, -0.5, 0.5)),
        "l2_normalize": ((X, 1), X / np.linalg.norm(X, axis=1, keepdims=True)),
        "concatenate": (([X, X], 1), np.concatenate([X, X], 1)),
        "pow": ((X, 2), X**2),
        "batch_flatten": ((IMAGES,), IMAGES.reshape(7, -1)),
        "int_shape": ((X,), X.shape),
        "expand_dims": ((X, 1), X[:, None]),
        "dot": ((X, X.T), X @ X.T),
        "flatten": ((X,), X.ravel()),
    }
    for name, (args, wanted) in calls.items():
        ours = np.asarray(getattr(backend, name)(*args))
        np.testing.assert_allclose(ours, wanted, 2e-5, 1e-6, err_msg=name)


def test_values_of_variables():
    v = backend.variable([1.0, 2.0])
    backend.set_value(v, [3.0, 4.0])
    assert backend.get_value(v).tolist() == [3.0, 4.0]
    x = layers.Input((3,))
    assert backend.int_shape(x) == (None, 3)
    assert backend.is_keras_tensor(x)
    assert not backend.is_keras_tensor(v)


def test_a_loss_of_the_backend_trains():
    def own(y_true, y_pred):
        return backend.mean(backend.square(y_pred - y_true), axis=-1)

    model = Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile("sgd", own)
    assert model.fit(X, Y, epochs=3, verbose=0)["loss"][-1] < 30


# Random numbers


def test_moments_and_ranges():
    source = random.SeedGenerator(5)
    numbers = random.normal((20_000,), 2.0, 3.0, seed=source).numpy()
    assert abs(numbers.mean() - 2) < 0.1
    assert abs(numbers.std() - 3) < 0.1
    numbers = random.uniform((20_000,), -1, 3, seed=source).numpy()
    assert abs(numbers.mean() - 1) < 0.05
    assert -1 <= numbers.min() <= numbers.max() < 3
    whole = random.randint((6_000,), 2, 5, seed=source).numpy()
    assert np.allclose(np.bincount(whole, minlength=5)[2:], 2000, atol=200)
    rows = np.log([[0.2, 0.8], [0.5, 0.5]]).astype("float32")
    drawn = random.categorical(rows, 4000, seed=source).numpy()
    assert np.allclose(drawn.mean(1), [0.8, 0.5], atol=0.05)
    assert sorted(random.shuffle(np.arange(9), seed=source).numpy()) == list(range(9))
    kept = random.dropout(np.ones(4000, "float32"), 0.25, seed=source).numpy()
    np.testing.assert_allclose(np.unique(kept), [0.0, 4 / 3], rtol=1e-6)
    assert abs((kept == 0).mean() - 0.25) < 0.05


def test_which_numbers_come():
    assert (random.normal((4,), seed=1).numpy() == random.normal((4,), seed=1).numpy()).all()
    assert (random.normal((4,)).numpy() != random.normal((4,)).numpy()).any()
    source = random.SeedGenerator(1)
    assert (
        random.uniform((4,), seed=source).numpy() != random.uniform((4,), seed=source).numpy()
    ).any()
    utils.set_random_seed(4)
    first = random.normal((4,)).numpy()
    utils.set_random_seed(4)
    assert (random.normal((4,)).numpy() == first).all()


class Noise(layers.Layer):
    def __init__(self, seed=7, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.source = random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        return inputs + random.normal(inputs.shape, seed=self.source) if training else inputs


@pytest.mark.parametrize("engine", ["reference", "auto"])
def test_a_step_gives_the_key(tmp_path, engine):
    """Other numbers in each step, the same on every engine and after a resume."""

    def made():
        model = Sequential(
            [layers.Input((4,)), Noise(), layers.Dense(1, kernel_initializer="ones")]
        )
        model.compile(optimizers.SGD(0.01), "mse", engine=engine)
        return model

    whole = made()
    whole.fit(X, Y, batch_size=4, epochs=4, shuffle=False, verbose=0)
    half = made()
    half.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    half.save(tmp_path / "half.safetensors")
    again = models.load_model(tmp_path / "half.safetensors", custom_objects={"Noise": Noise})
    again.fit(X, Y, batch_size=4, epochs=4, initial_epoch=2, shuffle=False, verbose=0)
    assert (again.get_weights()[0] == whole.get_weights()[0]).all()


@pytest.mark.parametrize("seed", [-1, "7", True, 1.5])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ArgumentError, match="non-negative integer"):
        random.SeedGenerator(seed)
    with pytest.raises(ArgumentError, match="non-negative integer"):
        random.normal((2,), seed=seed)


# saving


def test_registered_classes_are_found_in_files(tmp_path):
    @saving.register_keras_serializable(package="tests")
    class Thrice(layers.Layer):
        def call(self, inputs):
            return 3 * inputs

    @utils.register_keras_serializable()
    def own_loss(y_true, y_pred):
        return graph.mean(graph.abs(y_pred - y_true))

    model = Sequential([layers.Input((4,)), Thrice()])
    model.compile("sgd", own_loss)
    saving.save_model(model, tmp_path / "m.safetensors")
    again = saving.load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert saving.get_registered_name(Thrice) == "tests>Thrice"
    assert saving.get_registered_object("tests>Thrice") is Thrice
    assert saving.get_registered_object("nobody") is None


def test_objects_of_any_kind_have_configurations():
    for thing in (layers.Dense(3), losses.Huber(2.0), optimizers.SGD(0.5)):
        again = saving.deserialize_keras_object(saving.serialize_keras_object(thing))
        assert type(again) is type(thing)
        assert again.get_config() == thing.get_config()
    with pytest.raises(UnknownNameError, match="nobody"):
        saving.deserialize_keras_object({"class_name": "nobody", "config": {}})
    with saving.custom_object_scope({"mine": layers.Flatten}):
        assert isinstance(saving.deserialize_keras_object("mine"), layers.Flatten)


# preprocessing


def test_sequences_are_padded_under_both_names():
    assert preprocessing.sequence.pad_sequences is utils.pad_sequences


def test_images_are_left_alone_where_nothing_is_asked_for():
    flow = ImageDataGenerator(rescale=2.0).flow(IMAGES, np.arange(7), batch_size=3, shuffle=False)
    batches = list(flow)
    assert [len(y) for _, y in batches] == [3, 3, 1]
    np.testing.assert_allclose(np.concatenate([x for x, _ in batches]), IMAGES * 2, rtol=1e-6)


def test_images_are_varied_and_the_seed_says_how():
    made = ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.2,
        height_shift_range=2,
        zoom_range=0.1,
        horizontal_flip=True,
        fill_mode="constant",
    )
    one, two, other = (list(made.flow(IMAGES, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one[0], two[0])
    assert (one[0] != other[0]).any()
    assert one[0].shape == IMAGES.shape


def test_statistics_of_the_images():
    made = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    with pytest.raises(DataError, match="not known yet"):
        next(made.flow(IMAGES))
    made.fit(IMAGES)
    x = next(made.flow(IMAGES, shuffle=False))
    np.testing.assert_allclose(x.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(x.std((0, 1, 2)), 1, atol=1e-3)
    x = next(ImageDataGenerator(samplewise_center=True).flow(IMAGES))
    np.testing.assert_allclose(x.mean((1, 2, 3)), 0, atol=1e-5)


def test_a_model_learns_from_the_flow():
    model = Sequential([layers.Input((8, 6, 3)), layers.Flatten(), layers.Dense(1)])
    model.compile("adam", "mse")
    made = ImageDataGenerator(horizontal_flip=True, validation_split=0.3)
    history = model.fit(
        made.flow(IMAGES, np.ones(7), batch_size=2, subset="training"),
        validation_data=made.flow(IMAGES, np.ones(7), subset="validation"),
        epochs=3,
        verbose=0,
    )
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda g: g.flow(IMAGES[0]), ShapeError, "4 axes"),
        (lambda g: g.flow(IMAGES, np.ones(3)), ShapeError, "as many targets"),
        (lambda g: g.flow(IMAGES, subset="test"), ArgumentError, "no such part"),
        (lambda g: config.set_floatx("int32"), ArgumentError, "floating-point"),
        (lambda g: config.set_epsilon(0), ArgumentError, "between 0 and 1"),
        (lambda g: config.set_image_data_format("channels_first"), ArgumentError, "last"),
        (
            lambda g: mixed_precision.set_global_policy("mixed_float16"),
            ArgumentError,
            "no such policy",
        ),
    ],
)
def test_bad_input(ask, error, words):
    with pytest.raises(error, match=words):
        ask(ImageDataGenerator())


# Cloned models


def functional():
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    shared = layers.Dense(3)
    return Model([a, b], layers.add([shared(a), shared(b)]) ** 2)


@pytest.mark.parametrize(
    "make", [functional, lambda: Sequential([layers.Input((4,)), layers.Dense(3)])]
)
@pytest.mark.parametrize("own", [False, True])
def test_a_clone_has_the_architecture_and_weights_of_its_own(make, own):
    model = make()
    function = (lambda layer: type(layer).from_config(layer.get_config())) if own else None
    clone = models.clone_model(model, clone_function=function)
    assert [w.shape for w in clone.weights] == [w.shape for w in model.weights]
    assert not set(clone.weights) & set(model.weights)
    clone.set_weights(model.get_weights())
    data = [X] * len(model.inputs)
    data = data if len(data) > 1 else X
    np.testing.assert_array_equal(clone.predict(data, verbose=0), model.predict(data, verbose=0))


def test_a_clone_may_have_other_layers_and_begin_elsewhere():
    model = Sequential([layers.Input((4,)), layers.Dense(3, activation="relu")])
    wide = models.clone_model(
        model, clone_function=lambda layer: layers.Dense(2 * layer.units, activation="tanh")
    )
    assert wide.output_shape == (None, 6)
    begun = models.clone_model(functional(), input_tensors=[layers.Input((4,)), layers.Input((4,))])
    assert begun.output_shape == (None, 3)


# Names of layers


def test_layers_have_their_other_names():
    for ours, theirs in {
        "MaxPool1D": "MaxPooling1D",
        "MaxPool2D": "MaxPooling2D",
        "AvgPool1D": "AveragePooling1D",
        "AvgPool2D": "AveragePooling2D",
        "GlobalMaxPool1D": "GlobalMaxPooling1D",
        "GlobalMaxPool2D": "GlobalMaxPooling2D",
        "GlobalAvgPool1D": "GlobalAveragePooling1D",
        "GlobalAvgPool2D": "GlobalAveragePooling2D",
        "Convolution1D": "Conv1D",
        "Convolution2D": "Conv2D",
        "Convolution1DTranspose": "Conv1DTranspose",
        "Convolution2DTranspose": "Conv2DTranspose",
        "SeparableConvolution2D": "SeparableConv2D",
    }.items():
        assert getattr(layers, ours) is getattr(layers, theirs)
