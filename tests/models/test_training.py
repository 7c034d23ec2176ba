"""fit, evaluate and predict: against Keras, over batch sizes, kinds of data and of models."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, graph, layers, models, optimizers, utils
from grafito.errors import ArgumentError, DataError, GraphError, ShapeError


def data(n=70, features=6, classes=3, seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, features)).astype("float32")
    y = (x @ random.normal(size=(features, classes))).argmax(axis=1)
    return x, y


def dense(features=6, classes=3):
    return Sequential(
        [
            layers.Input((features,)),
            layers.Dense(8, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def compiled(**arguments):
    utils.set_random_seed(1)
    model = dense()
    model.compile(
        **{
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            **arguments,
        }
    )
    return model


@pytest.mark.parametrize(
    ("optimizer", "loss", "last", "one_hot"),
    [
        ("adam", "sparse_categorical_crossentropy", "softmax", False),
        ("sgd", "categorical_crossentropy", "softmax", True),
        ("rmsprop", "mse", "sigmoid", True),
        ("adagrad", "binary_crossentropy", "sigmoid", True),
    ],
)
def test_training_is_that_of_keras(keras, optimizer, loss, last, one_hot):
    """The same weights, losses and metrics after 3 epochs with a last, smaller batch."""
    x, y = data()
    y = np.eye(3, dtype="float32")[y] if one_hot else y

    def build(library):
        model = library.Sequential(
            [
                library.layers.Input((6,)),
                library.layers.Dense(8, activation="tanh", kernel_regularizer="l2"),
                library.layers.BatchNormalization(),
                library.layers.Dense(3, activation=last, activity_regularizer="l1"),
            ]
        )
        model.compile(optimizer, loss=loss, metrics=["accuracy"])
        return model

    import grafito

    ours, theirs = build(grafito), build(keras)
    ours.set_weights(theirs.get_weights())
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    arguments = {"epochs": 3, "batch_size": 32, "shuffle": False, "verbose": 0}
    validation = (x[:20], y[:20])
    ours_log = ours.fit(x, y, validation_data=validation, **arguments).history
    their_log = theirs.fit(x, y, validation_data=validation, **arguments).history
    assert list(ours_log) == list(their_log)
    for name, values in their_log.items():
        np.testing.assert_allclose(ours_log[name], values, rtol=2e-4, err_msg=name)
    for mine, their in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, their, rtol=2e-3, atol=2e-5)
    np.testing.assert_allclose(
        ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=2e-3, atol=2e-5
    )
    np.testing.assert_allclose(
        ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), rtol=2e-4
    )


def test_a_network_learns():
    x, y = data(n=300)
    model = compiled()
    history = model.fit(x, y, epochs=60, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] / 3
    assert history["accuracy"][-1] > 0.93


@pytest.mark.parametrize("engine", ["reference", "auto"])
@pytest.mark.parametrize("built", [True, False])
def test_a_model_of_float64_takes_steps_of_float64(engine, built, tmp_path):
    """w moves by 0.1 and 0.05 of its gradient, not by what float32 makes of them."""
    dense = layers.Dense(1, use_bias=False, kernel_initializer="zeros", dtype="float64")
    model = Sequential([layers.Input((1,), dtype="float64"), dense] if built else [dense])
    rate = optimizers.schedules.InverseTimeDecay(0.1, 1, 1.0)
    model.compile(optimizers.SGD(0.1), loss="mse", engine=engine)
    x = np.ones((4, 1))
    model.fit(x, x, verbose=0)
    assert model.get_weights()[0] == [[0.2]]
    assert model.optimizer.learning_rate.numpy() == 0.1
    model.optimizer.learning_rate = 0.05
    model.save(tmp_path / "m.safetensors")
    again = models.load_model(tmp_path / "m.safetensors")
    for each in (model, again):
        each.fit(x, x, verbose=0)
        assert each.get_weights()[0] == [[0.2 + 0.05 * 1.6]]
    again.compile(optimizers.SGD(rate), loss="mse", engine=engine)
    again.set_weights([np.zeros((1, 1))])
    again.fit(x, x, verbose=0, epochs=2)
    assert again.get_weights()[0] == [[0.2 + 0.05 * 1.6]]


def test_same_seed_same_bits_other_seed_other_bits():
    x, y = data()

    def weights(seed):
        utils.set_random_seed(seed)
        model = Sequential(
            [
                layers.Input((6,)),
                layers.Dense(8, activation="relu"),
                layers.Dropout(0.5),
                layers.Dense(3, activation="softmax"),
            ]
        )
        model.compile("adam", loss="sparse_categorical_crossentropy")
        model.fit(x, y, epochs=2, verbose=0)
        return np.concatenate([w.ravel() for w in model.get_weights()])

    first, second, other = weights(5), weights(5), weights(6)
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() != other.tobytes()


def test_batch_hooks_do_not_change_the_result():
    """Slices of many steps and steps one by one are the same training."""
    x, y = data()
    batches = []
    one, two = compiled(), compiled()
    two.set_weights(one.get_weights())
    two._shuffle_seed = one._shuffle_seed
    one.fit(x, y, epochs=2, batch_size=16, verbose=0)
    watch = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    two.fit(x, y, epochs=2, batch_size=16, verbose=0, callbacks=[watch])
    assert batches == [0, 1, 2, 3, 4] * 2
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


def streams(x, y):
    """The same batches in the forms that `fit` takes."""
    parts = [(x[i : i + 20], y[i : i + 20]) for i in range(0, len(x), 20)]

    class Loader:
        def __len__(self):
            return len(parts)

        def __getitem__(self, i):
            return parts[i]

    class Iterable:
        def __iter__(self):
            return iter(parts)

    return {"sequence": Loader(), "iterable": Iterable(), "generator": (p for p in parts)}


@pytest.mark.parametrize("kind", ["sequence", "iterable", "generator"])
def test_iterables_of_batches_train_like_arrays(kind):
    x, y = data()
    one, two = compiled(), compiled()
    two.set_weights(one.get_weights())
    one.fit(x, y, batch_size=20, shuffle=False, verbose=0)
    two.fit(streams(x, y)[kind], verbose=0)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_memory_mapped_arrays(tmp_path):
    x, y = data()
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    one, two = compiled(), compiled()
    two.set_weights(one.get_weights())
    one.fit(x, y, shuffle=False, verbose=0)
    two.fit(mapped, y, shuffle=False, verbose=0)
    assert one.get_weights()[0].tobytes() == two.get_weights()[0].tobytes()


def test_uint8_data_stay_uint8_and_train_like_floats():
    random = np.random.default_rng(0)
    x = random.integers(0, 255, (40, 6), dtype="uint8")
    y = random.integers(0, 3, 40)

    def train(values):
        utils.set_random_seed(3)
        model = Sequential([layers.Input((6,)), layers.Rescaling(1 / 255), layers.Dense(3)])
        model.compile("sgd", loss="mse")
        model.fit(values, np.eye(3)[y], verbose=0)
        program = next(iter(model._executor._programs.values())).program
        return model.get_weights()[0], program.graph.inputs["x"].dtype

    (bytes_weights, dtype), (float_weights, _) = train(x), train(x.astype("float32"))
    assert dtype == "uint8"
    np.testing.assert_array_equal(bytes_weights, float_weights)


def two_outputs():
    a = layers.Input((4,), name="a")
    b = layers.Input((2,), name="b")
    shared = layers.Dense(4, activation="tanh", name="shared")
    joined = layers.concatenate([shared(a), layers.Dense(4, name="wide")(b)])
    left = layers.Dense(1, name="left")(joined)
    right = layers.Dense(3, activation="softmax", name="right")(
        shared(joined[0:0]) if 0 else joined
    )
    return Model(inputs=[a, b], outputs=[left, right])


@pytest.mark.parametrize("form", ["list", "dictionary"])
def test_several_inputs_and_outputs_as_in_keras(keras, form):
    random = np.random.default_rng(2)
    xa, xb = random.normal(size=(50, 4)), random.normal(size=(50, 2))
    left, right = random.normal(size=(50, 1)), random.integers(0, 3, 50)

    def build(library):
        a = library.layers.Input((4,), name="a")
        b = library.layers.Input((2,), name="b")
        twice = library.layers.Dense(4, activation="tanh", name="twice")
        wide = library.layers.Dense(4, name="wide")(b)
        joined = library.layers.concatenate([twice(a), twice(wide)])
        left = library.layers.Dense(1, name="left")(joined)
        right = library.layers.Dense(3, activation="softmax", name="right")(joined)
        model = library.Model(inputs=[a, b], outputs=[left, right])
        losses = {"left": "mse", "right": "sparse_categorical_crossentropy"}
        metrics = {"left": ["mae"], "right": ["accuracy"]}
        if form == "list":
            losses, metrics = list(losses.values()), list(metrics.values())
        model.compile(
            "sgd", loss=losses, loss_weights=[1.0, 0.5] if form == "list" else None, metrics=metrics
        )
        return model

    import grafito

    ours, theirs = build(grafito), build(keras)
    ours.set_weights(theirs.get_weights())
    x = [xa, xb] if form == "list" else {"a": xa, "b": xb}
    y = [left, right] if form == "list" else {"left": left, "right": right}
    arguments = {"epochs": 2, "batch_size": 16, "shuffle": False, "verbose": 0}
    mine, their = ours.fit(x, y, **arguments).history, theirs.fit(x, y, **arguments).history
    assert list(mine) == list(their)
    for name in their:
        np.testing.assert_allclose(mine[name], their[name], rtol=1e-4, err_msg=name)
    for a, b in zip(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_subclass_with_call():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.hidden = layers.Dense(8, activation="relu")
            self.blocks = []
            self.blocks.append(layers.Dense(3))

        def call(self, inputs, training=False):
            return self.blocks[0](self.hidden(inputs))

    x, y = data()
    model = Net()
    model.compile("adam", loss="mse")
    model.fit(x, np.eye(3)[y], verbose=0)
    assert [w.shape for w in model.weights] == [(6, 8), (8,), (8, 3), (3,)]
    assert model.predict(x, verbose=0).shape == (70, 3)


def test_a_training_step_of_ones_own():
    """Two networks that compete: updates made in a step are seen by what follows in it."""

    class Duel(Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.Dense(1), layers.Dense(1)
            self.rules = [optimizers.SGD(0.1), optimizers.SGD(0.1)]

        def train_step(self, data):
            x, y = data
            for net, rule, sign in zip((self.one, self.two), self.rules, (1, -1), strict=True):
                loss = graph.mean(graph.square(self.one(x) - y)) + sign * graph.mean(self.two(x))
                rule.apply(graph.gradients(loss, net.trainable_variables), net.trainable_variables)
            return {"loss": loss, "after": graph.mean(graph.square(self.one(x) - y))}

    x, y = data()
    model = Duel()
    model.compile("sgd")
    history = model.fit(x, y[:, None].astype("float32"), epochs=5, batch_size=70, verbose=0).history
    assert list(history) == ["after", "loss"]
    assert history["after"][-1] < history["after"][0]


def test_class_weights_equal_sample_weights():
    x, y = data()
    one, two = compiled(), compiled()
    two.set_weights(one.get_weights())
    one.fit(x, y, class_weight={0: 1.0, 1: 3.0, 2: 0.5}, shuffle=False, verbose=0)
    weights = np.choose(y, [1.0, 3.0, 0.5])
    two.fit(x, y, sample_weight=weights, shuffle=False, verbose=0)
    np.testing.assert_allclose(one.get_weights()[0], two.get_weights()[0], rtol=1e-6)


@pytest.mark.parametrize("form", [lambda w: w, lambda w: [w], lambda w: {"scores": w}])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_class_weights_keep_the_form_and_the_digits_of_sample_weights(dtype, form):
    x, y = data()
    weights = np.linspace(0.1, 0.9, len(y))

    def kernel(**settings):
        utils.set_random_seed(1)
        dense = layers.Dense(3, "softmax", name="scores", dtype=dtype)
        model = Sequential([layers.Input(x.shape[1:], dtype=dtype), dense])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x.astype(dtype), y, shuffle=False, verbose=0, **settings)
        return model.get_weights()[0]

    by_class = kernel(class_weight={0: 0.1, 1: 0.3, 2: 1.7}, sample_weight=form(weights))
    by_example = kernel(sample_weight=np.choose(y, [0.1, 0.3, 1.7]) * weights)
    np.testing.assert_array_equal(by_class, by_example)


def test_validation_split_is_seeded_stratified_and_reported(capsys):
    x, y = data(n=90)
    order = np.argsort(y)  # sorted by class: the tail would lack classes
    model = compiled()
    model.fit(x[order], y[order], validation_split=1 / 3, verbose=2)
    text = capsys.readouterr().out
    assert "Held out 30 of 90 examples; of each class" in text
    counts = np.bincount(y)
    for label in range(3):
        assert f"{label}: {round(counts[label] / 3)}" in text
    assert "val_loss" in text


def test_steps_per_epoch_and_initial_epoch():
    x, y = data()
    model = compiled()
    history = model.fit(x, y, epochs=5, initial_epoch=3, steps_per_epoch=2, batch_size=8, verbose=0)
    assert history.epoch == [3, 4]
    assert model._executor.step_counter.numpy() == 3  # parts 4 and 5 of the 9 batches: 2 and 1


def test_predict_on_batch_is_predict():
    x, _ = data()
    model = dense()
    batch = model.predict_on_batch(x)
    assert batch.shape == (70, 3)
    np.testing.assert_array_equal(batch, model.predict(x, batch_size=70, verbose=0))


def test_train_on_batch_goes_down():
    x, y = data()
    model = compiled()
    values = [model.train_on_batch(x, y, return_dict=True)["loss"] for _ in range(30)]
    assert values[-1] < values[0]
    assert len(model.test_on_batch(x, y)) == 2


def test_frozen_layers_stay():
    x, y = data()
    model = dense()
    model.layers[0].trainable = False
    model.compile("adam", loss="sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    after = model.get_weights()
    assert before[0].tobytes() == after[0].tobytes()
    assert before[2].tobytes() != after[2].tobytes()


def test_ctrl_c_keeps_history_and_weights():
    x, y = data(n=2000)
    model = compiled()
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    first = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch or timer.start())
    handler = signal.getsignal(signal.SIGINT)
    history = model.fit(x, y, epochs=100_000, batch_size=500, verbose=0, callbacks=[first])
    timer.cancel()
    assert history.interrupted
    assert 0 < len(history.history["loss"]) < 100_000
    assert signal.getsignal(signal.SIGINT) is handler
    assert np.isfinite(model.evaluate(x, y, verbose=0)[0])


def test_summary_counts(capsys):
    model = Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="conv"),
            layers.Flatten(),
            layers.Dense(10, name="out"),
        ]
    )
    model.summary()
    text = capsys.readouterr().out
    assert "(None, 6, 6, 4)" in text
    assert f"{6 * 6 * 4 * 3 * 3 * 3:,}" in text  # multiply-adds of the convolution
    assert f"{144 * 10:,}" in text
    assert "Total params: 1,562" in text


X, Y = data()


@pytest.mark.parametrize(
    ("error", "words", "act"),
    [
        (GraphError, ["compile"], lambda m: dense().fit(X, Y)),
        (DataError, ["same number", "70", "69"], lambda m: m.fit(X, Y[:-1])),
        (DataError, ["no examples"], lambda m: m.fit(X[:0], Y[:0])),
        (DataError, ["x[3, 2]", "nan"], lambda m: m.fit(with_nan(), Y)),
        (ShapeError, ["(70, 5)", "(None, 6)"], lambda m: m.fit(X[:, :5], Y)),
        (DataError, ["from 1 to 3", "y - 1"], lambda m: m.fit(X, Y + 1)),
        (ArgumentError, ["Unknown optimizer", "'adam'"], lambda m: m.compile("adm", loss="mse")),
        (
            ArgumentError,
            ["Unknown loss", "'mse'"],
            lambda m: (m.compile("sgd", loss="msee"), m.fit(X, Y)),
        ),
        (ArgumentError, ["batch_size"], lambda m: m.fit(X, Y, batch_size=0)),
        (
            ArgumentError,
            ["engine", "reference"],
            lambda m: m.compile("sgd", "mse", engine="refrence"),
        ),
        (DataError, ["numbers", "dtype"], lambda m: m.fit(np.array([["a"] * 6] * 70), Y)),
        (
            ArgumentError,
            ["val_loss", "validation_split"],
            lambda m: m.fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping()]),
        ),
        (
            ArgumentError,
            ["val_los", "val_loss"],
            lambda m: m.fit(
                X,
                Y,
                verbose=0,
                validation_split=0.2,
                callbacks=[callbacks.EarlyStopping("val_los")],
            ),
        ),
        (
            ArgumentError,
            ["subclass of Callback", "EarlyStopping()"],
            lambda m: m.fit(X, Y, callbacks=[callbacks.EarlyStopping]),
        ),
        (
            ShapeError,
            ["Integer", "categorical"],
            lambda m: (m.compile("sgd", loss="categorical_crossentropy"), m.fit(X, Y)),
        ),
    ],
)
def test_bad_input_is_explained(error, words, act):
    model = compiled()
    before = [w.tobytes() for w in model.get_weights()]
    with pytest.raises(error) as caught:
        act(model)
    for word in words:
        assert word in str(caught.value)
    if "callbacks" not in words and "val_los" not in words[0]:
        assert [w.tobytes() for w in model.get_weights()] == before


def with_nan():
    x = X.copy()
    x[3, 2] = np.nan
    return x


def test_targets_without_axis_never_broadcast():
    """(n,) against (n, 1) is the loss of n values, not of n x n."""
    x, _ = data()
    y = x[:, 0] * 3
    utils.set_random_seed(0)
    model = Sequential([layers.Input((6,)), layers.Dense(1)])
    model.compile("sgd", loss="mse")
    flat = model.evaluate(x, y, verbose=0)
    assert flat == pytest.approx(model.evaluate(x, y[:, None], verbose=0))
    predicted = model.predict(x, verbose=0)[:, 0]
    assert flat == pytest.approx(np.mean((predicted - y) ** 2), rel=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int64", "bool", "float32"])
def test_labels_of_every_dtype_become_one_hot_rows(dtype):
    labels = np.array([[0], [1], [1]], dtype)
    assert utils.to_categorical(labels).tolist() == [[1, 0], [0, 1], [0, 1]]
    assert utils.to_categorical(labels[:0], 3).shape == (0, 3)
