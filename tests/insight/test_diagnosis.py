"""Real trainings with one fault each: it is found, and gone once the edit was made."""
# ruff: noqa: E501  (a case is a line of code)

import re

import numpy as np
import pytest

from grafito import Model, Sequential, graph, insight, layers, losses, optimizers, utils
from grafito import callbacks as callback
from grafito.errors import ArgumentError, DataError, GraphError
from grafito.insight.rules import rate_too_large
from grafito.language import use

CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=(320, 6)).astype("float32")
LABELS = (X[:, 0] > 0).astype("int32") + (X[:, 1] > 0)
XOR = ((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype("int32")
NUMBERS = X[:, :1] + X[:, 1:2] ** 2
RARE = (X[:, 0] > 1.7).astype("int32")


def net(*stack, loss="sparse_categorical_crossentropy", optimizer="adam", units=3, **settings):
    utils.set_random_seed(2)
    last = {3: "softmax", 2: "sigmoid"}.get(units)  # 2 classes need one unit
    model = Sequential(
        [layers.Input((6,)), *stack, layers.Dense(min(units, 3) if units == 3 else 1, last)]
    )
    model.compile(optimizer, loss, **settings)
    return model


def hidden(activation="relu", count=1, units=16, **settings):
    return [layers.Dense(units, activation, name=f"h{i}", **settings) for i in range(count)]


def classes(optimizer="adam", *stack, **settings):
    return net(*(stack or hidden()), optimizer=optimizer, **settings)


def seen(model, x=X, y=LABELS, **settings):
    return insight.diagnose(model, x, y, **settings).found


def adapted():
    layer = layers.Normalization()
    layer.adapt(X)
    return layer


def sgd(rate):
    return optimizers.SGD(rate)


STOP = X[:40], CHANCE.integers(0, 3, 40)


def memorised(*callbacks):
    """Trained for long on few examples with chance labels, and validated with others."""
    model = classes(optimizers.Adam(0.01), *hidden(units=64))
    held_out = X[40:140], CHANCE.permutation(np.arange(100) % 3)
    model.fit(*STOP, epochs=40, verbose=0, validation_data=held_out, callbacks=list(callbacks))
    return model


# By the name of the rule: work that finds it, and the same with the edit, which does not.
FAULTS = {
    "rate_too_large": (lambda: seen(classes(sgd(1e3))), lambda: seen(classes(sgd(0.1)))),
    "rate_too_small": (lambda: seen(classes(sgd(1e-6))), lambda: seen(classes(sgd(1e-2)))),
    "vanishing_gradients": (
        lambda: seen(classes("adam", *hidden("sigmoid", 8))),
        lambda: seen(classes("adam", *hidden("relu", 8, kernel_initializer="he_normal"))),
    ),
    "exploding_gradients": (
        lambda: seen(classes("adam", *hidden("linear", 8, 32, kernel_initializer="ones")), epochs=1),
        lambda: seen(classes("adam", *hidden("relu", 8, 32, kernel_initializer="he_normal")), epochs=1),
    ),
    "dead_units": (
        lambda: seen(classes("adam", *hidden(bias_initializer=lambda s, dtype=None: np.full(s, -9.0)))),
        lambda: seen(classes("adam", *hidden("leaky_relu", bias_initializer=lambda s, dtype=None: np.full(s, -9.0)))),
    ),
    "saturated_units": (
        lambda: seen(classes("adam", *hidden("tanh", kernel_initializer=lambda s, dtype=None: 20 * CHANCE.normal(size=s)))),
        lambda: seen(classes("adam", layers.Dense(16, kernel_initializer=lambda s, dtype=None: 20 * CHANCE.normal(size=s)), layers.BatchNormalization(), layers.Activation("tanh"))),
    ),
    "inputs_not_scaled": (
        lambda: seen(classes(), 100 * X + 30),
        lambda: seen(classes("adam", adapted(), *hidden()), 100 * X + 30),
    ),
    "scaled_differently": (
        lambda: seen(classes(), validation_data=(255 * X[:50], LABELS[:50]), epochs=0),
        lambda: seen(classes(), validation_data=(X[:50], LABELS[:50]), epochs=0),
    ),
    "equal_rows": (
        lambda: seen(classes(), validation_data=(X[:50], LABELS[:50]), epochs=0),
        lambda: seen(classes(), X[50:], LABELS[50:], validation_data=(X[:50], LABELS[:50]), epochs=0),
    ),
    "never_adapted": (
        lambda: seen(classes("adam", layers.Normalization(), *hidden()), epochs=0),
        lambda: seen(classes("adam", adapted(), *hidden()), epochs=0),
    ),
    "linear_in_a_row": (
        lambda: seen(classes("adam", *hidden("linear")), epochs=0),
        lambda: seen(classes("adam", *hidden("relu")), epochs=0),
    ),
    "shuffled_labels": (
        lambda: seen(memorised(), *STOP, epochs=0),
        lambda: seen(classes(optimizers.Adam(0.01)), epochs=15),
    ),
    "overfitting": (
        lambda: seen(learned_by_heart(), X[:40], LABELS[:40], epochs=0),
        lambda: seen(
            learned_by_heart(callback.EarlyStopping(patience=1, restore_best_weights=True)),
            X[:40], LABELS[:40], epochs=0,
        ),
    ),
    "underfitting": (
        lambda: seen(net(units=2, loss="binary_crossentropy", optimizer=optimizers.Adam(0.02)), y=XOR, epochs=10),
        lambda: seen(net(*hidden(units=32), units=2, loss="binary_crossentropy", optimizer=optimizers.Adam(0.02)), y=XOR, epochs=10),
    ),
    "class_never_predicted": (
        lambda: seen(net(units=2, loss="binary_crossentropy", optimizer=optimizers.Adam(0.02)), X[:, [3, 4, 5, 3, 4, 5]], RARE, epochs=15),
        lambda: seen(net(*hidden(), units=2, loss="binary_crossentropy", optimizer=optimizers.Adam(0.02)), y=RARE, epochs=15),
    ),
    "metric_does_not_fit": (
        lambda: seen(net(*hidden(), units=1, loss="mse", metrics=["accuracy"]), y=NUMBERS, epochs=0),
        lambda: seen(net(*hidden(), units=1, loss="mse", metrics=["mae"]), y=NUMBERS, epochs=0),
    ),
    "validation_looks_better": (
        lambda: seen(classes("adam", *hidden(), layers.Dropout(0.8)), epochs=8),
        lambda: seen(classes("adam", *hidden()), epochs=8),
    ),
}  # fmt: skip


def watched(model, x=X, y=LABELS, **settings):
    """What the callback says of a training."""
    health = insight.Health()
    settings = {"epochs": 3, "verbose": 0, **settings}
    model.fit(x, y, callbacks=[health], **settings)
    return health.diagnosis.found


# The same for the callback, which sees the data that `fit` is given.
WATCHED = {
    "inputs_not_scaled": (
        lambda: watched(classes(), 100 * X + 30),
        lambda: watched(classes("adam", adapted(), *hidden()), 100 * X + 30),
    ),
    "scaled_differently": (
        lambda: watched(classes(), validation_data=(255 * X[:50], LABELS[:50])),
        lambda: watched(classes(), validation_data=(X[:50], LABELS[:50])),
    ),
    "equal_rows": (
        lambda: watched(classes(), validation_data=(X[:50], LABELS[:50])),
        lambda: watched(classes(), X[50:], LABELS[50:], validation_data=(X[:50], LABELS[:50])),
    ),
    "shuffled_labels": (
        lambda: watched(
            classes(optimizers.Adam(0.01), *hidden(units=64)), *STOP, epochs=40,
            validation_data=(X[40:140], CHANCE.permutation(np.arange(100) % 3)),
        ),
        lambda: watched(
            classes(optimizers.Adam(0.01)), X[40:], LABELS[40:], epochs=15,
            validation_data=(X[:40], LABELS[:40]),
        ),
    ),
    "class_never_predicted": (
        lambda: watched(net(units=2, loss="binary_crossentropy", optimizer=optimizers.Adam(0.02)), X[:, [3, 4, 5, 3, 4, 5]], RARE, epochs=15),
        lambda: watched(net(*hidden(), units=2, loss="binary_crossentropy", optimizer=optimizers.Adam(0.02)), y=RARE, epochs=25),
    ),
    "metric_does_not_fit": (
        lambda: watched(net(*hidden(), units=1, loss="mse", metrics=["accuracy"]), y=NUMBERS),
        lambda: watched(net(*hidden(), units=1, loss="mse", metrics=["mae"]), y=NUMBERS),
    ),
    "underfitting": (
        lambda: watched(net(units=2, loss="binary_crossentropy", optimizer=optimizers.Adam(0.02)), y=XOR, epochs=10),
        lambda: watched(net(*hidden(units=32), units=2, loss="binary_crossentropy", optimizer=optimizers.Adam(0.02)), y=XOR, epochs=10),
    ),
}  # fmt: skip


def learned_by_heart(*callbacks):
    model = classes(optimizers.Adam(0.02), *hidden(units=64))
    held_out = X[40:140], LABELS[40:140]
    noisy = np.where(np.arange(40) % 4 == 0, (LABELS[:40] + 1) % 3, LABELS[:40])
    model.fit(
        X[:40], noisy, epochs=60, verbose=0, validation_data=held_out, callbacks=list(callbacks)
    )
    return model


class Pair(Model):
    """Two networks that compete: one makes numbers, the other tells them from those around 3."""

    def __init__(self, rate):
        super().__init__()
        self.maker = Sequential([layers.Input((2,)), layers.Dense(8, "tanh"), layers.Dense(1)])
        stack = [layers.Input((1,)), layers.Dense(16, "tanh"), layers.Dense(1)]
        self.judge = Sequential(stack)
        self.of_judge, self.of_maker = optimizers.Adam(rate), optimizers.Adam(1e-3)

    def train_step(self, data):
        x, _ = data
        real = 3 + 0.1 * x[:, :1]
        told = losses.BinaryCrossentropy(from_logits=True)
        good, bad = graph.constant(np.ones((32, 1))), graph.constant(np.zeros((32, 1)))
        made = self.maker(x[:, :2])
        d_loss = told(good, self.judge(real)) + told(bad, self.judge(graph.stop_gradient(made)))
        g_loss = told(good, self.judge(made))
        for loss, model, optimizer in (
            (d_loss, self.judge, self.of_judge),
            (g_loss, self.maker, self.of_maker),
        ):
            weights = model.trainable_variables
            optimizer.apply(graph.gradients(loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}


@pytest.mark.parametrize(("rate", "won"), [(0.05, True), (1e-3, False)])
def test_one_network_of_a_pair_wins_and_the_edit_removes_it(rate, won):
    utils.set_random_seed(1)
    model, health = Pair(rate), insight.Health()
    model.compile("sgd")
    model.fit(X, NUMBERS, epochs=15, batch_size=32, verbose=0, callbacks=[health])
    assert ("one_has_won" in health.diagnosis.found) == won, health.logs


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.filterwarnings("ignore::grafito.losses.LossWarning")
def test_a_fault_is_found_and_the_edit_removes_it(name):
    faulty, mended = FAULTS[name]
    assert name in faulty()
    assert name not in mended()


@pytest.mark.parametrize("name", WATCHED)
@pytest.mark.filterwarnings("ignore::grafito.losses.LossWarning")
def test_the_callback_sees_the_data(name):
    faulty, mended = WATCHED[name]
    assert name in faulty()
    assert name not in mended()


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("make", [sgd, optimizers.Adam])
def test_scale_and_rate_come_first(make, activation):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 6)).astype("float32")
    model = classes(make(10.0), *hidden(activation, 2, 32))
    found = seen(model, pixels, (pixels[:, 0] > 128).astype("int32"))
    assert list(found)[:2] == ["inputs_not_scaled", "rate_too_large"]


# Batches, of which some are far smaller than others, and classes that are told apart.
FEW_SAMPLES = {
    "33 by 32": (33, 32, 2),
    "17 by 16": (17, 16, 2),
    "3 by 2": (3, 2, 2),
    "1 by 1": (4, 1, 1),
}


@pytest.mark.parametrize("case", FEW_SAMPLES)
@pytest.mark.parametrize("seed", range(2))
def test_batches_of_one_are_no_evidence(case, seed):
    count, size, epochs = FEW_SAMPLES[case]
    rows = np.random.default_rng(seed).permutation(len(X))[:count]
    found = watched(classes("adam"), X[rows], LABELS[rows], batch_size=size, epochs=epochs)
    assert "rate_too_large" not in found


@pytest.mark.parametrize("count", [1, 4])
def test_units_that_few_examples_leave_at_0_are_not_dead(count):
    bias = {"bias_initializer": lambda shape, dtype=None: np.full(shape, -9.0)}
    found = watched(classes("adam", *hidden(**bias)), X[:count], LABELS[:count])
    assert "dead_units" not in found


def test_every_rule_has_a_training_with_its_fault():
    assert FAULTS.keys() | {"one_has_won"} >= {*insight.rules.__all__, *WATCHED}


def test_a_model_of_several_inputs_is_looked_at():
    a, b = layers.Input((6,), name="a"), layers.Input((2,), name="b")
    model = Model([a, b], layers.Dense(1)(layers.concatenate([a, b])))
    model.compile("adam", "mse")
    found = watched(model, [X, 500 * X[:, :2]], NUMBERS, epochs=1)
    assert "inputs_not_scaled" in found
    assert "column" in str(found["inputs_not_scaled"])
    held_out = [X[:50], 500 * X[:50, :2]], NUMBERS[:50]
    found = watched(model, [X, X[:, :2]], NUMBERS, epochs=1, validation_data=held_out)
    assert "scaled_differently" in found


def test_a_good_training_has_no_diagnosis():
    diagnosis = insight.diagnose(classes(optimizers.Adam(0.01)), X, LABELS, epochs=8)
    assert not diagnosis, str(diagnosis)
    assert "Nothing was found" in str(diagnosis)
    with use("es"):
        assert "No se ha encontrado nada" in str(diagnosis)


def test_the_model_stays_as_it_is():
    model = classes()
    before, step = model.get_weights(), model._executor.step_counter.numpy()
    seen(model)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert model._executor.step_counter.numpy() == step
    assert model.history is None


# Health


@pytest.mark.parametrize("engine", ["reference", "llvm"])
@pytest.mark.parametrize("every", [1, 3])
def test_weights_have_the_same_bits_with_and_without(engine, every):
    def trained(*callbacks):
        utils.set_random_seed(1)  # of the Dropout too
        model = net(
            *hidden(),
            layers.Dropout(0.2),
            layers.BatchNormalization(),
            *hidden("tanh", 2)[1:],
            engine=engine,
        )
        logs = model.fit(X, LABELS, epochs=3, batch_size=50, verbose=0, callbacks=list(callbacks))
        return model.get_weights(), logs.history

    plain, logs = trained()
    health = insight.Health(every)
    watched, seen_logs = trained(health)
    assert all((a == b).all() for a, b in zip(plain, watched, strict=True))
    assert logs == seen_logs
    assert len(health.samples) == len(range(0, 21, every))


def test_samples_cut_no_slice():
    class Slices(callback.Callback):
        count = 0

        def on_progress(self, kind, done, total, logs):
            self.count += 1

    model, slices = net(*hidden()), Slices()
    model.fit(X, LABELS, batch_size=10, verbose=0, callbacks=[insight.Health(2)])  # compiles
    health = insight.Health(2)
    model.fit(X, LABELS, batch_size=10, verbose=0, callbacks=[health, slices])
    assert len(health.samples) == len(X) // 10 // 2
    assert slices.count < len(health.samples) / 2


def test_samples_are_those_of_the_step():
    model = net(*hidden("tanh"), units=1, loss="mse", optimizer=sgd(0.1))
    kernel = model.get_weights()[0]
    health = insight.Health(1)
    model.fit(X, NUMBERS, batch_size=320, shuffle=False, verbose=0, callbacks=[health])
    outputs = np.tanh(X @ kernel)
    layer = health.samples.layers["h0"]
    assert layer.mean[0] == pytest.approx(outputs.mean(), abs=1e-5)
    assert layer.spread[0] == pytest.approx(outputs.std(), rel=1e-4)
    assert layer.flat[0] == pytest.approx((np.abs(outputs) > 0.98).mean(), abs=1e-3)
    weights = health.samples.layers["h0/kernel"]
    assert weights.weight[0] == pytest.approx(np.linalg.norm(kernel), rel=1e-5)
    moved = np.linalg.norm(model.get_weights()[0] - kernel)
    assert weights.update[0] == pytest.approx(moved / np.linalg.norm(kernel), rel=1e-4)
    assert weights.gradient[0] == pytest.approx(moved / 0.1, rel=1e-4)


def test_an_epoch_has_twenty_samples_by_default():
    health = insight.Health()
    classes().fit(X, LABELS, batch_size=4, epochs=2, verbose=0, callbacks=[health])
    assert len(health.samples) >= 40
    assert health.samples.steps[:3] == [0, 4, 8]


@pytest.mark.filterwarnings("ignore::grafito.losses.LossWarning")
def test_health_speaks_at_the_end_of_fit_unless_it_is_silent(capsys):
    health = insight.Health()
    classes(sgd(1e4)).fit(X, LABELS, epochs=2, verbose=2, callbacks=[health])
    assert "rate_too_large" in health.diagnosis.found
    assert "The learning rate is too large" in capsys.readouterr().out
    classes(sgd(1e4)).fit(X, LABELS, epochs=2, verbose=0, callbacks=[insight.Health()])
    assert "learning rate" not in capsys.readouterr().out
    assert "20 samples of 20 steps, 2 epochs" in str(health)


def test_nothing_looks_in_after_fit():
    model, health = classes(), insight.Health()
    model.fit(X, LABELS, verbose=0, callbacks=[health])
    count = len(health.samples)
    model.fit(X, LABELS, verbose=0)
    model.train_on_batch(X, LABELS)
    assert len(health.samples) == count


def test_a_stream_and_a_step_of_ones_own_are_watched():
    class Pair(Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.Dense(4, "relu", name="one"), layers.Dense(1, name="two")

        def call(self, x):
            return self.two(self.one(x))

        def train_step(self, data):
            x, y = data
            loss = losses.MeanSquaredError()(y, self(x))
            slopes = graph.gradients(loss, self.trainable_variables)
            self.optimizer.apply(slopes, self.trainable_variables)
            return {"d_loss": loss, "g_loss": loss}

    model, health = Pair(), insight.Health(2)
    model.compile(sgd(0.01))

    class Stream:
        def __iter__(self):
            return ((X[i : i + 32], NUMBERS[i : i + 32]) for i in range(0, 320, 32))

    model.fit(Stream(), epochs=2, verbose=0, callbacks=[health])
    assert len(health.samples) == 10
    assert health.samples.layers["one"].mean
    assert health.samples.losses == []


BAD = {
    "every": (lambda: insight.Health(0), ArgumentError),
    "every as text": (lambda: insight.Health("a"), ArgumentError),
    "epochs": (lambda: seen(classes(), epochs=-1), ArgumentError),
    "no model": (lambda: seen("model"), ArgumentError),
    "not compiled": (lambda: seen(Sequential([layers.Dense(2)])), GraphError),
    "other sizes": (lambda: seen(classes(), X, LABELS[:3]), DataError),
    "validation of another shape": (
        lambda: seen(classes(), validation_data=(X[:9, :2], LABELS[:9])),
        Exception,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_in_words(name):
    work, kind = BAD[name]
    with pytest.raises(kind):
        work()


def test_a_history_without_validation_will_do():
    model = classes()
    model.fit(X, LABELS, epochs=6, verbose=0)
    assert "overfitting" not in seen(model, epochs=0)


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Adam])
def test_a_rate_that_is_far_too_large_is_mended_at_once(make):
    """Updates grow with the rate, so that the first one says which rate is right."""
    rate = 1e4
    for _ in range(2):
        found = seen(classes(make(rate))).get("rate_too_large")
        if found is None:
            break
        rate = float(re.findall(r"learning_rate=(\S+)", str(found))[-1])
    assert "rate_too_large" not in seen(classes(make(rate)))
    assert rate <= 1


def test_numbers_are_those_of_the_language_and_edits_are_those_of_python():
    with use("es"):
        found = str(rate_too_large([2.5, 9.0, 50.0, 300.25], rate=0.5))
    received, edit = found.splitlines()[1:]
    assert "de 2,5 a 175,1, learning_rate=0.5" in received
    assert "learning_rate=0.05" in edit
