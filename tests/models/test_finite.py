"""`check_finite`: the first NaN or infinity is found in the right step and named by its layer."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, engines, graph, layers, models, utils
from grafito.errors import NonFiniteError
from grafito.optimizers import SGD, Adam

ENGINES = [name for name in engines.names() if name in ("reference", "llvm")]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Planted(layers.Layer):
    """Adds 0, and in one step a bad number."""

    def __init__(self, value, step, **kwargs):
        super().__init__(**kwargs)
        self.value, self.step = value, step

    def build(self, input_shape):
        self.count = self.add_weight((), "zeros", trainable=False, name="count")

    def call(self, x):
        self.count.assign(self.count + 1.0)
        now = graph.equal(self.count, float(self.step))
        return self.plant(x, now)

    def plant(self, x, now):
        return x + graph.where(now, self.value, 0.0)


class Root(Planted):
    """Adds √(x²), and in one step √0, which has a value and no slope."""

    def plant(self, x, now):
        return x + graph.sqrt(graph.square(x) * graph.where(now, 0.0, 1.0))


def data(n=40):
    random = np.random.default_rng(0)
    x = random.normal(size=(n, 5)).astype("float32")
    return x, x.sum(axis=1, keepdims=True).clip(-1, 1)


def network(middle=(), optimizer=None, engine="reference", check_finite=True):
    utils.set_random_seed(3)
    stack = [layers.Dense(6, "tanh", name="before"), *middle, layers.Dense(1, name="after")]
    model = Sequential([layers.Input((5,)), *stack])
    model.compile(optimizer or SGD(0.01), "mse", engine=engine, check_finite=check_finite)
    return model


def told(model, *given, **settings):
    """The error that training ends with."""
    with pytest.raises(NonFiniteError) as error:
        model.fit(*given, **{"epochs": 6, "batch_size": 8, "verbose": 0, **settings})
    return str(error.value)


NAN, INFINITY = float("nan"), float("inf")

# layer, optimizer, what is named, in which step
PLANTS = [
    (lambda: Planted(NAN, 13, name="planted"), SGD(0.01), "output of layer 'planted'", 13),
    (lambda: Planted(INFINITY, 1, name="planted"), Adam(), "output of layer 'planted'", 1),
    (lambda: Planted(-INFINITY, 30, name="planted"), Adam(), "output of layer 'planted'", 30),
    (lambda: Root(NAN, 7, name="planted"), SGD(0.01), "gradient of layer 'planted'", 7),
    (lambda: Root(NAN, 30, name="planted"), Adam(), "gradient of layer 'planted'", 30),
    (lambda: Root(NAN, 5, name="p"), Adam(global_clipnorm=1.0), "gradient of layer 'p'", 5),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("make", "optimizer", "words", "step"), PLANTS)
def test_a_planted_value_is_named(engine, make, optimizer, words, step):
    optimizer = type(optimizer).from_config(optimizer.get_config())
    text = told(network([make()], optimizer, engine), *data())
    assert words in text
    assert f"at step {step};" in text
    assert ("initial weights" if step == 1 else "clipnorm") in text


@pytest.mark.parametrize("given", [[], [callbacks.Callback()]], ids=["together", "one by one"])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_weights_are_those_before_the_bad_step(engine, given):
    x, y = data()
    model = network([Planted(NAN, 13)], engine=engine)
    told(model, x, y, callbacks=given, shuffle=False)
    good = network([Planted(NAN, 99)], engine=engine, check_finite=False)
    good.fit(x, y, 8, 2, verbose=0, shuffle=False)  # 10 steps
    good.train_on_batch(x[:8], y[:8])
    good.train_on_batch(x[8:16], y[8:16])
    for ours, theirs in zip(model.get_weights(), good.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(model.history.epoch) in (1, 2)  # those whose hooks were called
    assert model._executor.step_counter.numpy() == 12


@pytest.mark.parametrize("engine", ENGINES)
def test_an_exploding_rate(engine):
    text = told(network(optimizer=SGD(1e9), engine=engine), *data(), epochs=50)
    assert "output of" in text
    assert "clipnorm" in text
    assert "unknown" not in text


@pytest.mark.parametrize("engine", ENGINES)
def test_data_that_become_infinite_as_float32(engine):
    x, y = data()
    y = y.astype("float64")
    y[11] = 1e300
    text = told(network(engine=engine), x, y, shuffle=False)
    assert "the data, as they enter the model" in text
    assert "at step 2;" in text


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_that_are_no_numbers_at_first(engine):
    model = network(engine=engine)
    first, *others = model.get_weights()
    first[0, 0] = NAN
    model.set_weights([first, *others])
    text = told(model, *data())
    assert "before/kernel" in text
    assert "at step 1;" in text


def test_weights_that_go_wrong_in_the_last_step():
    text = told(network([Root(NAN, 5)]), *data(), epochs=1)
    assert "after/kernel" not in text
    assert "at step 5;" in text


def test_batches_and_single_steps_are_watched_too():
    x, y = data()
    model = network([Planted(NAN, 2, name="planted")])
    model.train_on_batch(x, y)
    with pytest.raises(NonFiniteError, match="planted"):
        model.train_on_batch(x, y)
    model = network([Planted(NAN, 3, name="planted")])
    batches = (pair for pair in [(x, y)] * 9)
    assert "planted" in told(model, batches, epochs=1, batch_size=None)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bad_batch_of_a_stream_is_named_after_good_ones(engine):
    x, y = data()
    y = y.astype("float64")
    y[20] = 1e300  # in the third batch
    batches = ((x[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8))
    text = told(network(engine=engine), batches, epochs=1, batch_size=None)
    assert "the data, as they enter the model" in text
    assert "at step 3;" in text


@pytest.mark.parametrize("engine", ENGINES)
def test_looking_changes_nothing(engine):
    x, y = data(20)
    watched, not_watched = (
        network([layers.Dropout(0.3)], Adam(0.01), engine, check) for check in (True, False)
    )
    one, two = (
        m.fit(x, y, 8, 9, verbose=0, validation_data=(x, y)) for m in (watched, not_watched)
    )
    assert one.history == two.history
    for ours, theirs in zip(watched.get_weights(), not_watched.get_weights(), strict=True):
        assert ours.tobytes() == theirs.tobytes()


class OwnStep(Model):
    """Descends by itself, and calls its loss otherwise."""

    def __init__(self):
        super().__init__()
        self.first, self.planted = layers.Dense(4), Planted(NAN, 9, name="planted")
        self.last = layers.Dense(1)

    def call(self, x):
        return self.last(self.planted(self.first(x)))

    def train_step(self, data):
        x, y = data
        error = graph.mean((self(x, training=True) - y) ** 2)
        weights = self.trainable_variables
        for w, g in zip(weights, graph.gradients(error, weights), strict=True):
            w.assign(w - 0.01 * g)
        return {"error": error}


def test_a_training_step_of_ones_own():
    model = OwnStep()
    model.compile("sgd", engine="reference", check_finite=True)
    text = told(model, *data())
    assert "The error became NaN at step 9;" in text
    assert "output of layer 'planted'" in text


@pytest.mark.parametrize("engine", ENGINES)
def test_mixed_precision(engine):
    model = network([Root(NAN, 7, name="planted")])
    model.compile(Adam(), "mse", engine=engine, check_finite=True, precision="mixed_bfloat16")
    assert "gradient of layer 'planted'" in told(model, *data())


def test_it_is_saved_with_the_model(tmp_path):
    x, y = data()
    model = network()
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.safetensors")
    again = models.load_model(tmp_path / "model.safetensors")
    assert "data" in told(again, x, y * np.float64(1e60))


def test_a_where_that_hides_an_infinite_slope_is_told_of_the_double_where():
    def masked(y, p):
        return graph.mean(graph.where(y > 0, y * graph.log(y / p), 0.0))

    model = Sequential([layers.Input((1,)), layers.Dense(1, activation="softplus")])
    model.compile("sgd", loss=masked, check_finite=True)
    with pytest.raises(NonFiniteError, match="the double where"):
        model.fit(np.ones((4, 1)), np.array([[0.0], [1.0], [2.0], [0.0]]), verbose=0)


# what a model gives for an output of 0, the op that is named, whether its `where` is
GUARDED = [
    (lambda p: graph.where(p > 1, graph.log(p), 0.0), "log", True),
    (lambda p: graph.where(p <= 1, 0.0, 3 * graph.log1p(p - 1)), "log1p", True),
    (lambda p: graph.where(p > 1, graph.sqrt(p) + 1, 0.0), "sqrt", True),
    (lambda p: graph.where(p > 1, 2 / p, 0.0), "divide", True),
    (lambda p: graph.log(p) + graph.where(p > 1, p, 0.0), "log", False),
    (lambda p: graph.log(graph.where(p > 1, 1.0, p)), "log", False),
    (lambda p: graph.sqrt(p), "sqrt", False),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("call", "op", "guarded"), GUARDED)
def test_the_op_of_the_users_is_named_with_the_where_around_it(call, op, guarded, engine):
    class Own(Model):
        def __init__(self):
            super().__init__(name="own")
            self.zero = layers.Dense(1, kernel_initializer="zeros")

        def call(self, inputs):
            return call(self.zero(inputs))

    model = Own()
    model.compile("sgd", loss="mse", check_finite=True, engine=engine)
    with pytest.raises(NonFiniteError) as error:
        model.fit(np.ones((4, 1)), np.ones((4, 1)), verbose=0)
    text = str(error.value)
    assert f"of 'own' ({op})" in text
    assert ("the double where" in text) == guarded
    if guarded:
        assert f"the `where` around this {op}" in text


def test_without_a_where_of_the_users_it_is_not_told():
    def rmse(y, p):
        return graph.sqrt(graph.mean((y - p) ** 2))

    model = Sequential([layers.Input((1,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", loss=rmse, check_finite=True)
    with pytest.raises(NonFiniteError) as error:
        model.fit(np.ones((4, 1)), np.zeros((4, 1)), verbose=0)
    assert "where(" not in str(error.value)
    assert "graph.sqrt(x + 1e-7)" in str(error.value)


@pytest.mark.parametrize("value", [0.0])
def test_the_check_of_gradients_shows_the_double_where(value):
    def wrong(x):
        return graph.where(x > 0, graph.sqrt(x), 0.0)

    def right(x):
        return graph.where(x > 0, graph.sqrt(graph.where(x > 0, x, 1.0)), 0.0)

    with pytest.raises(graph.GradientError, match="the double where"):
        graph.check_gradients(wrong, [[value - 1, value]])
    slope = graph.gradient(right(x := graph.placeholder((), "float64", "x")), x, {"x": value})
    assert slope == 0
