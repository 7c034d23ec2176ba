"""What stopped programs of courses and books: one small program for each obstacle.

The programs were 105; those here are written anew. `REFUSED` is what Keras 3 refuses as well, or
what is absent on purpose: the error says what to write.
"""

from __future__ import annotations

import sys

import numpy as np
import pytest

import grafito as keras
from grafito import backend as K
from grafito import layers, ops
from grafito.errors import ArgumentError, GrafitoError, GrafitoWarning

X = np.random.default_rng(0).uniform(size=(12, 3)).astype("float32")
Y = (X[:, :1] > 0.5).astype("float32")
QUIET = {"verbose": 0}


def dense(*more):
    model = keras.Sequential([layers.Input((3,)), *more, layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_a_distance_and_a_loss_of_the_backend():
    def distance(pair):
        a, b = pair
        return K.sqrt(K.maximum(K.sum(K.square(a - b), axis=1, keepdims=True), K.epsilon()))

    def near(t, p):
        return K.mean(K.equal(t, K.cast(p < 0.5, t.dtype)))

    def root(t, p):
        return K.sqrt(K.mean(K.square(p - t)))

    a, b = layers.Input((3,)), layers.Input((3,))
    far = layers.Lambda(distance, output_shape=lambda shapes: (shapes[0][0], 1))([a, b])
    model = keras.Model([a, b], far)
    model.compile("sgd", loss=root, metrics=[near])
    assert K.int_shape(far) == (None, 1)
    assert "near" in model.fit([X, 1 - X], Y, **QUIET).history
    assert K.image_data_format() == "channels_last"


def test_a_layer_of_the_backend():
    class Both(layers.Layer):
        def compute_output_shape(self, input_shape):
            return (input_shape[0], 2 * input_shape[-1])

        def call(self, x):
            x = K.l2_normalize(x - K.mean(x, axis=1, keepdims=True), axis=1)
            return K.concatenate([K.relu(x), K.relu(-x)], axis=1)

    model = dense(Both())
    assert model.layers[0].output.shape == (None, 6)
    K.set_value(model.layers[-1].bias, [2.0])
    assert K.get_value(model.layers[-1].bias) == 2.0


def test_a_cleared_session_begins_names_again():
    K.clear_session()
    assert dense().get_layer("dense").units == 1
    keras.utils.clear_session()
    assert dense().get_layer("dense").units == 1


def test_padding_under_its_old_name():
    from grafito.preprocessing import sequence

    assert sequence.pad_sequences([[1, 2], [3]], maxlen=3).tolist() == [[0, 1, 2], [0, 0, 3]]


def test_lr_a_number_as_shape_and_a_whole_float_as_size():
    with pytest.warns(UserWarning, match="learning_rate"):
        optimizer = keras.optimizers.Adam(lr=0.01)
    model = keras.Sequential([layers.Input(shape=3), layers.Dense(8 / 2), layers.Dense(1)])
    model.compile(optimizer, "mse")
    assert model.layers[0].units == 4
    model.fit(X, Y, **QUIET)


def test_short_names_of_losses():
    model = dense()
    model.compile("sgd", keras.losses.MSE, metrics=[keras.metrics.mae])
    history = model.fit(X, Y, **QUIET).history
    assert len(history) == 2


def test_a_generator_of_changed_images():
    from grafito.preprocessing.image import ImageDataGenerator

    images, labels = (
        np.random.default_rng(0).uniform(size=(8, 6, 6, 3)),
        np.eye(2)[np.arange(8) % 2],
    )
    changed = ImageDataGenerator(
        rotation_range=15, width_shift_range=0.1, horizontal_flip=True, fill_mode="nearest"
    )
    changed.fit(images)
    model = keras.Sequential([layers.Flatten(), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    flow = changed.flow(images, labels, batch_size=4)
    model.fit(flow, steps_per_epoch=len(images) // 4, validation_data=(images, labels), **QUIET)


def test_settings_of_a_generator_that_change_nothing():
    from grafito.preprocessing.image import ImageDataGenerator

    quiet = {"zca_whitening": False, "zca_epsilon": 1e-6, "shear_range": 0.0, "dtype": None}
    quiet |= {"channel_shift_range": 0.0, "brightness_range": None, "interpolation_order": 1}
    flow = ImageDataGenerator(**quiet, data_format="channels_last").flow(np.ones((2, 4, 4, 1)))
    assert flow[0].shape == (2, 4, 4, 1)
    for given in ({"zca_whitening": True}, {"shear_range": 0.2}, {"brightness_range": (0.5, 1)}):
        with pytest.raises(ArgumentError, match="preprocessing_function"):
            ImageDataGenerator(**given)


def test_a_summary_before_the_shape_is_known(capsys):
    keras.Sequential([layers.Dense(3)]).summary()
    words = keras.Sequential([layers.Embedding(9, 4, input_length=5), layers.Flatten()])
    words.add(layers.Dense(1))
    words.summary()
    assert "20" in capsys.readouterr().out


def test_whole_steps_of_a_fraction():
    history = dense().fit(X, Y, batch_size=3, steps_per_epoch=len(X) / 3, **QUIET)
    assert history.params["steps"] == 4


def test_every_hook_gets_logs():
    seen = []

    class Hooks(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(list(logs.keys()))

        def on_epoch_begin(self, epoch, logs=None):
            seen.append([self.params["steps"], *logs.keys()])

        def on_batch_begin(self, batch, logs=None):
            seen.append(batch)

        def on_batch_end(self, batch, logs=None):
            seen.append(sorted(logs))

        def on_test_begin(self, logs):
            seen.append(list(logs.keys()))

        def on_predict_batch_end(self, batch, logs=None):
            seen.append(logs["outputs"].shape)

    model = dense()
    model.fit(X, Y, callbacks=[Hooks()], validation_data=(X, Y), **QUIET)
    model.predict(X, callbacks=[Hooks()], **QUIET)
    assert seen == [[], [1], 0, ["loss"], [], (12, 1)]


def test_copies_by_clone_and_by_json(tmp_path):
    model = dense()
    for again in (
        keras.models.clone_model(model),
        keras.models.model_from_json(model.to_json()),
    ):
        again.set_weights(model.get_weights())
        assert np.array_equal(again.predict(X, **QUIET), model.predict(X, **QUIET))


def test_a_dense_layer_of_nothing_but_variables():
    kernel = keras.Variable(shape=(3, 2), initializer="uniform", trainable=True, name="w")
    bias = keras.Variable(initializer=keras.initializers.Zeros(), shape=(2,))
    out = ops.relu(ops.matmul(ops.ones((4, 3)), kernel) + bias)
    assert out.shape == (4, 2)
    assert f"{ops.mean(out):.2f}".startswith(("0", "-0"))


def test_a_model_called_with_a_dictionary():
    class Pair(keras.Model):
        def __init__(self):
            super().__init__()
            self.both, self.out = layers.Concatenate(), layers.Dense(1)

        def call(self, inputs):
            return self.out(self.both([inputs["a"], inputs["b"]]))

    model = Pair()
    model.compile("sgd", "mse")
    model.fit({"a": X, "b": X}, Y, **QUIET)
    assert model({"a": X, "b": X}).shape == (12, 1)


@pytest.mark.filterwarnings("ignore:A file named")
def test_arguments_are_recorded(tmp_path):
    @keras.saving.register_keras_serializable()
    class Small(keras.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.hidden, self.out = layers.Dense(units), layers.Dense(1)

        def call(self, x):
            return self.out(self.hidden(x))

    model = Small(4)
    model.compile("sgd", "mse")
    model.fit(X, Y, **QUIET)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert np.array_equal(again.predict(X, **QUIET), model.predict(X, **QUIET))


def test_noise_with_a_generator_and_a_loss_of_a_layer():
    class Sampling(layers.Layer):
        def __init__(self):
            super().__init__()
            self.generator = keras.random.SeedGenerator(3)

        def call(self, inputs):
            mean, log_variance = inputs
            self.add_loss(0.01 * ops.mean(ops.square(mean)))
            noise = keras.random.normal(ops.shape(mean), seed=self.generator)
            return mean + ops.exp(0.5 * log_variance) * noise

    x = layers.Input((3,))
    model = keras.Model(x, Sampling()([x, x]))
    assert model(X).shape == (12, 3)
    assert len(model.losses) == 1


def test_flat_in_the_functional_form():
    x = layers.Input((4, 3))
    flat = ops.reshape(x, (ops.shape(x)[0], -1))
    model = keras.Model(x, ops.broadcast_to(ops.expand_dims(flat, 1), (None, 2, 12)))
    for size in (5, 33):
        assert model.predict(np.ones((size, 4, 3)), **QUIET).shape == (size, 2, 12)


def test_names_and_forms_that_are_taken():
    model = keras.Sequential([layers.InputLayer(input_shape=(3,)), layers.Dense(4, "softmax")])
    model.compile("sgd", "categorical_crossentropy")
    several = np.random.default_rng(0).integers(2, size=(12, 4))
    with pytest.warns(UserWarning, match="1"):  # rows of several ones
        model.fit(X, several, **QUIET)
    assert layers.MaxPool2D is layers.MaxPooling2D
    assert layers.Convolution2D is layers.Conv2D
    assert layers.Resizing(8, 8)(np.ones((1, 4, 4, 3))).shape == (1, 8, 8, 3)
    assert keras.config.floatx() == "float32"


OLDER = "ignore:.* a name of older programs:grafito.errors.GrafitoWarning"


@pytest.mark.filterwarnings(OLDER)
@pytest.mark.parametrize("engine", ["reference", "llvm", "jax"])
def test_a_metric_of_tensorflows_functions(engine):
    import grafito as tf

    def near(t, p):
        hits = tf.less_equal(tf.abs(t - p), 0.5)
        return tf.reduce_mean(tf.cast(hits, tf.float32))

    def spread(t, p):
        return tf.math.reduce_max(tf.nn.relu(p), axis=-1) - tf.math.reduce_min(p)

    model = keras.Sequential([layers.Input((3,)), layers.Dense(1, "tanh")])
    model.compile("sgd", tf.losses.MSE, metrics=[near, spread], engine=engine)
    seen = model.fit(X, Y, **QUIET).history
    assert 0 <= seen["near"][0] <= 1
    assert "spread" in seen
    assert tf.nn.softmax(model(X)).numpy().shape == (12, 1)


@pytest.mark.filterwarnings(OLDER)
def test_modules_of_older_versions(tmp_path):
    from grafito.layers.convolutional import Conv1D, MaxPooling1D
    from grafito.layers.embeddings import Embedding

    from grafito.constraints import maxnorm
    from grafito.layers.core import Dense, Dropout
    from grafito.layers.normalization import Flatten
    from grafito.utils import np_utils

    assert np_utils.to_categorical([0, 1]).tolist() == [[1, 0], [0, 1]]
    model = keras.Sequential()
    model.add(Embedding(20, 4, input_length=8))
    model.add(Conv1D(filters=3, kernel_size=3, padding="same", activation="relu"))
    model.add(MaxPooling1D(pool_size=2))
    model.add(Dropout(0.2))
    model.add(Flatten())
    model.add(Dense(1, activation="sigmoid", kernel_constraint=maxnorm(3)))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    numbers = np.arange(96).reshape(12, 8) % 20
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "best-{val_acc:.2f}.safetensors", "val_acc", save_best_only=True
    )
    seen = model.fit(numbers, Y, validation_split=0.25, callbacks=[best], **QUIET).history
    assert seen["acc"] == seen["accuracy"]
    assert seen["val_acc"] == seen["val_accuracy"]
    assert best.best == max(seen["val_accuracy"])
    assert list(tmp_path.glob("best-?.??.safetensors"))


@pytest.mark.parametrize(
    ("code", "present"),
    [
        ("from grafito.layers.convolutional import Conv2D", "try +layers$"),
        ("keras.reduce_mean", "try +ops.mean$"),
        ("keras.float32", "try +'float32'$"),
        ("keras.utils.np_utils", "try +utils$"),
    ],
)
def test_an_older_name_says_the_present_one(code, present, monkeypatch):
    monkeypatch.delitem(sys.modules, "grafito.layers.convolutional", raising=False)
    with pytest.warns(GrafitoWarning, match=present):
        exec(code, {"keras": keras})


class Penalised(layers.Layer):
    def call(self, x):
        self.add_loss(0.5 * ops.mean(x))
        return x


REFUSED = {
    "from grafito.wrappers import SKLearnClassifier": "estimators.NetworkClassifier",
    "from grafito.wrappers.scikit_learn import KerasClassifier": "estimators.NetworkClassifier",
    "from grafito.datasets import reuters": "datasets.imdb",
    "from grafito.applications import VGG16": "a network of one's own",
    "keras.backend.set_image_data_format('channels_first')": "numpy.moveaxis",
    "keras.layers.LSTM(4)": "layers.Conv1D",
    "keras.callbacks.TensorBoard('logs')": "callbacks.CSVLogger",
    "keras.metrics.Mean().stateless_update_state([], 1.0)": "metric.update_state",
    "dense().fit(X, Y, verbose=0).history['acc']": "one of loss",
    "Penalised()(ops.zeros((1, 3)))": "numpy.ones((1, 3))",
    "dense().fit_generator([(X, Y)])": "model.fit",
    "dense().fit(X, Y, verbose=0, callbacks=[keras.callbacks.EarlyStopping('val_loss')])": (
        "monitor='loss'"
    ),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_refused_says_what_to_write(code):
    with pytest.raises((GrafitoError, ImportError, KeyError)) as error:
        exec(code, {**globals(), "dense": dense})
    assert REFUSED[code] in str(error.value)
