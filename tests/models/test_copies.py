"""Models, layers, histories and the rest in pickles and copies: by value, and nothing is shared."""

from __future__ import annotations

import copy
import functools
import io
import json
import pickle

import numpy as np
import pytest

from grafito import (
    Model,
    Sequential,
    callbacks,
    graph,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    utils,
)
from grafito.registry import custom_objects


def own_loss(y_true, y_pred):
    return graph.mean(graph.square(y_true - y_pred), -1)


def own_metric(y_true, y_pred):
    return graph.mean(graph.abs(y_true - y_pred), -1)


class Scale(layers.Layer):
    """A layer of one's own that no registry knows."""

    def __init__(self, factor=2.0, function=graph.tanh, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.function = factor, function

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1],), initializer="ones", name="w")

    def call(self, x):
        return self.function(x * self.w) * self.factor


class Own(Model):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden, self.out = layers.Dense(units, "tanh"), layers.Dense(1)

    def call(self, x):
        return self.out(self.hidden(x))


class Around(Model):
    """A model whose argument is another one."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner
        self.out = layers.Dense(1)

    def call(self, x):
        return self.out(self.inner(x))


def stack():
    return Sequential(
        [layers.Input((4,)), layers.Dense(5, "relu"), layers.Dropout(0.3), layers.Dense(1)]
    )


def functional():
    x = layers.Input((4,))
    shared = layers.Dense(4, "tanh")
    return Model(x, layers.Dense(1)(layers.add([shared(x), shared(shared(x))])))


def normalized():
    return Sequential(
        [layers.Input((4,)), layers.BatchNormalization(), Scale(3.0), layers.Dense(1)]
    )


class Partly(Model):
    """Its own `build` leaves one of its layers to the first call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden, self.out = layers.Dense(3, "tanh"), layers.Dense(1)

    def build(self, shape):
        self.out.build((None, 3))

    def call(self, x):
        return self.out(self.hidden(x))


class Inside(layers.Layer):
    """A layer of one's own whose parts are built by the first call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts_of_it = [layers.Dense(4), {"last": Scale()}]

    def call(self, x):
        return self.parts_of_it[1]["last"](self.parts_of_it[0](x))


def called(model):
    model.build((None, 4))
    model(X)
    return model


MODELS = {
    "stack": stack,
    "functional": functional,
    "with own layer": normalized,
    "with Lambda": lambda: Sequential(
        [layers.Input((4,)), layers.Lambda(own_twice), layers.Dense(1)]
    ),
    "own": lambda: built(Own(6)),
    "around another": lambda: built(Around(stack())),
    "own build, in part": lambda: called(Partly()),
    "nested": lambda: Sequential([layers.Input((4,)), stack(), layers.Dense(1)]),
}


def own_twice(x):
    return 2 * x


def built(model):
    model.build((None, 4))
    return model


TRAININGS = {
    "not compiled": None,
    "adam": lambda: {
        "optimizer": optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, 5, 0.5)),
        "loss": own_loss,
        "metrics": [own_metric, metrics.MeanAbsoluteError(name="off"), "mse"],
    },
    "another engine": lambda: {
        "optimizer": optimizers.RMSprop(0.01, momentum=0.5),
        "loss": losses.Huber(0.5),
        "engine": "reference",
    },
}

WAYS = {
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "old pickle": lambda thing: pickle.loads(pickle.dumps(thing, protocol=2)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "twice": lambda thing: pickle.loads(pickle.dumps(copy.deepcopy(thing))),
}

X = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("name", MODELS)
def test_a_copy_predicts_and_trains_on_alike(name, training, way):
    utils.set_random_seed(1)
    model = MODELS[name]()
    arguments = TRAININGS[training] and TRAININGS[training]()
    if arguments:
        model.compile(**arguments)
        model.fit(X, Y, epochs=2, batch_size=10, verbose=0)
    other = WAYS[way](model)
    assert type(other) is type(model)
    assert other.name == model.name
    assert not set(map(id, other.weights)) & set(map(id, model.weights))
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    if not arguments:
        return
    mine = model.fit(X, Y, epochs=2, batch_size=10, verbose=0).history
    theirs = other.fit(X, Y, epochs=2, batch_size=10, verbose=0).history
    assert mine == theirs
    for ours, copied in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, copied)
    assert other._executor.engine_wanted == arguments.get("engine", "auto")


@pytest.mark.parametrize("full", [False, True])
def test_a_file_of_a_model_that_builds_itself_in_part(tmp_path, full):
    model = called(Partly()) if full else built(Partly())
    model.save(tmp_path / "m.safetensors")
    other = models.load_model(tmp_path / "m.safetensors", custom_objects={"Partly": Partly})
    assert len(other.weights) == (4 if full else 2)
    with custom_objects({"Partly": Partly}):
        models.model_from_json(model.to_json()).set_weights(model.get_weights())
    for ours, read in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, read)


def test_a_copy_is_apart():
    model = stack()
    model.compile("sgd", "mse")
    other = copy.deepcopy(model)
    before = model.get_weights()
    other.fit(X, Y, verbose=0)
    for ours, copied in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, copied)


@pytest.mark.parametrize("make", [lambda: Sequential([layers.Dense(1)]), lambda: Own(2)])
def test_a_model_that_is_not_built(make):
    other = copy.deepcopy(make())
    assert not other.built
    other.compile("sgd", "mse")
    assert copy.deepcopy(other).compiled
    other.fit(X, Y, verbose=0)


def test_what_only_a_copy_in_memory_can_have():
    """Functions without a name: a file and pickle refuse them, a copy has them."""
    model = Sequential([layers.Input((4,)), layers.Lambda(lambda x: x + 1), layers.Dense(1)])
    model.compile("sgd", loss=functools.partial(losses.huber, delta=0.3))
    other = copy.deepcopy(model)
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    assert other.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


THINGS = {
    "history": lambda: fitted()[1],
    "early stopping": lambda: callbacks.EarlyStopping("loss"),
    "variable": lambda: graph.Variable([1.0, 2.0], name="w", trainable=False),
    "optimizer": lambda: optimizers.Adam(0.25),
    "used optimizer": lambda: fitted()[0].optimizer,
    "schedule": lambda: optimizers.schedules.CosineDecay(0.1, 10),
    "loss": lambda: losses.Huber(2.0),
    "metric": lambda: metrics.AUC(num_thresholds=7),
    "metric of a loss": lambda: metrics.get("mse"),
    "initializer": lambda: layers.Dense(2).kernel_initializer,
}


def fitted():
    model = stack()
    model.compile("adam", "mse", metrics=["mae"])
    return model, model.fit(X, Y, epochs=2, verbose=0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", THINGS)
def test_the_rest(name, way):
    thing = THINGS[name]()
    other = WAYS[way](thing)
    assert type(other) is type(thing)
    if hasattr(thing, "get_config"):
        assert other.get_config() == thing.get_config()
    if name == "history":
        assert other.history == thing.history
        assert other.epoch == thing.epoch
        assert other.model is None
    if name == "variable":
        assert other.numpy().tolist() == [1.0, 2.0]
        assert (other.name, other.trainable, other.path) == ("w", False, "w")


def test_a_history_does_not_drag_the_model():
    _, history = fitted()
    assert len(pickle.dumps(history)) < 1000


LAYERS = {
    "dense": lambda: layers.Dense(3, kernel_regularizer="l2"),
    "normalization": layers.BatchNormalization,
    "own": lambda: Scale(0.5),
    "parts built by the call": Inside,
    "embedding": lambda: layers.Embedding(5, 2),
}


@pytest.mark.parametrize("called", [True, False])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, way, called):
    layer = LAYERS[name]()
    inputs = np.abs(X).astype("int32") if name == "embedding" else X
    if called:
        layer(inputs)
    other = WAYS[way](layer)
    assert other.built == layer.built
    assert len(other.weights) == len(layer.weights)
    other.set_weights(layer.get_weights())
    if called:
        np.testing.assert_array_equal(other(inputs).numpy(), layer(inputs).numpy())


def test_an_estimator_that_holds_a_model(capfd):
    """As scikit-learn clones and joblib stores them; nothing is written beside it."""
    joblib = pytest.importorskip("joblib")

    class Regressor:
        def fit(self, x, y):
            self.model_ = stack()
            self.model_.compile("adam", "mse")
            self.history_ = self.model_.fit(x, y, epochs=2, verbose=0)
            return self

    globals()["Regressor"] = Regressor
    Regressor.__qualname__ = "Regressor"
    estimator = Regressor().fit(X, Y)
    expected = estimator.model_.predict(X, verbose=0)
    stream = io.BytesIO()
    joblib.dump(estimator, stream)
    stream.seek(0)
    again = joblib.load(stream)
    np.testing.assert_array_equal(again.model_.predict(X, verbose=0), expected)
    np.testing.assert_array_equal(copy.deepcopy(estimator).model_.predict(X, verbose=0), expected)
    assert again.history_.history == estimator.history_.history
    assert capfd.readouterr().err == ""


def _trained(seed):
    utils.set_random_seed(seed)
    return fitted()


def test_other_processes_hand_models_back():
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        model, history = pool.submit(_trained, 3).result()
    assert model.predict(X, verbose=0).shape == (24, 1)
    assert len(history.history["loss"]) == 2


class Adversaries(Model):
    """Compiled by a method with other arguments."""

    def __init__(self):
        super().__init__()
        self.maker, self.judge = layers.Dense(2), layers.Dense(1)

    def compile(self, judge_optimizer, maker_optimizer):
        super().compile()
        self.judge_optimizer, self.maker_optimizer = judge_optimizer, maker_optimizer

    def call(self, x):
        return self.judge(self.maker(x))

    def train_step(self, data):
        loss = graph.mean(graph.square(self(data[0])))
        for part, optimizer in (
            (self.judge, self.judge_optimizer),
            (self.maker, self.maker_optimizer),
        ):
            slopes = graph.gradients(loss, part.trainable_variables)
            optimizer.apply(slopes, part.trainable_variables)
        return {"loss": loss}


@pytest.mark.parametrize("way", [*WAYS, "file"])
def test_a_compile_of_ones_own_is_to_be_called_again(way, tmp_path):
    x = np.ones((4, 3), "f")
    model = Adversaries()
    model.compile(optimizers.Adam(), optimizers.SGD())
    model.fit(x, x, verbose=0)

    def copied():
        if way != "file":
            return WAYS[way](model)
        model.save(tmp_path / "model.safetensors")
        return models.load_model(
            tmp_path / "model.safetensors", custom_objects={"Adversaries": Adversaries}
        )

    with pytest.warns(
        UserWarning, match=r"compile\(judge_optimizer, maker_opt(.|\n)*model.compile"
    ):
        other = copied()
    np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))
    assert not other.compiled
    other.compile(optimizers.Adam(), optimizers.SGD())
    other.fit(x, x, verbose=0)


class Remembering(Adversaries):
    """As Keras asks for models with such a method."""

    def get_compile_config(self):
        both = self.judge_optimizer, self.maker_optimizer
        return {"optimizers": [optimizers.serialize(x) for x in both]}

    def compile_from_config(self, config):
        self.compile(*map(optimizers.deserialize, config["optimizers"]))


@pytest.mark.parametrize("way", [*WAYS, "file"])
def test_a_compile_of_ones_own_that_is_written_down(way, tmp_path):
    x = np.ones((4, 3), "f")
    model = Remembering()
    model.compile(optimizers.Adam(0.1), optimizers.SGD(0.1, momentum=0.9))
    model.fit(x, x, verbose=0, epochs=3)
    if way == "file":
        model.save(tmp_path / "m")
        other = models.load_model(tmp_path / "m", {"Remembering": Remembering})
    else:
        other = WAYS[way](model)
    for each in (model, other):
        each.fit(x, x, verbose=0, epochs=3)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_configuration_of_compile():
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    assert model.get_compile_config() is None
    model.compile(optimizers.Adam(0.1), loss="mse", metrics=["mae"], check_finite=True)
    config = json.loads(json.dumps(model.get_compile_config()))
    assert (config["loss"], config["metrics"], config["check_finite"]) == ("mse", ["mae"], True)
    other = Sequential.from_config(model.get_config())
    other.compile_from_config(config)
    assert other.get_compile_config() == model.get_compile_config()
    assert other.optimizer is not model.optimizer
    model.compile_from_config({"optimizer": "sgd", "loss": "mae"})  # Keras's may say less or more
    assert model.optimizer.name == "sgd"
