"""What is changed on a model, its layers or its optimizer acts; loops leave each other alone."""

from __future__ import annotations

import gc
import types

import numpy as np
import pytest

from grafito import (
    Model,
    Sequential,
    callbacks,
    constraints,
    engines,
    graph,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)
from grafito.errors import ArgumentError, GrafitoWarning, GraphError
from grafito.optimizers import SGD, Adam, RMSprop, schedules

ENGINES = [name for name in engines.names() if name in ("reference", "llvm")]
X = np.ones((8, 2), "f")
Y = np.zeros((8, 1), "f")


def line(optimizer, engine="reference", loss="mse", **settings):
    """A model of one weight vector, all ones."""
    ones = {"kernel_initializer": "ones", "use_bias": False}
    model = Sequential([layers.Input((2,)), layers.Dense(1, **ones)])
    model.compile(optimizer, loss=loss, engine=engine, **settings)
    return model


class Batches:
    """The arrays as batches, again in each epoch."""

    def __init__(self, size=4):
        self.size = size

    def __iter__(self):
        return iter([(X[i : i + self.size], Y[i : i + self.size]) for i in range(0, 8, self.size)])


# Settings of the optimizer

# optimizer, what is set after construction
SETTINGS = [
    (SGD, {"clipnorm": 0.1}),
    (SGD, {"clipvalue": 0.01}),
    (SGD, {"global_clipnorm": 0.1}),
    (SGD, {"weight_decay": 0.5}),
    (SGD, {"momentum": 0.9}),
    (SGD, {"momentum": 0.9, "nesterov": True}),
    (Adam, {"beta_1": 0.5}),
    (Adam, {"epsilon": 0.1}),
    (Adam, {"amsgrad": True}),
    (RMSprop, {"rho": 0.5}),
    (RMSprop, {"centered": True, "momentum": 0.5}),
]


@pytest.mark.parametrize("when", ["before compile", "before fit", "saved"])
@pytest.mark.parametrize(("kind", "given"), SETTINGS, ids=str)
def test_a_setting_of_the_optimizer_acts_when_it_is_set(kind, given, when, tmp_path):
    expected = line(kind(0.1, **given))
    expected.fit(X, Y, 4, 2, verbose=0, shuffle=False)
    optimizer = kind(0.1)
    if when == "before compile":
        _set(optimizer, given)
    model = line(optimizer)
    if when != "before compile":
        _set(optimizer, given)
    if when == "saved":
        model.save(tmp_path / "m.safetensors")
        model = models.load_model(tmp_path / "m.safetensors")
    model.fit(X, Y, 4, 2, verbose=0, shuffle=False)
    np.testing.assert_array_equal(model.get_weights()[0], expected.get_weights()[0])


@pytest.mark.parametrize(("kind", "given"), SETTINGS, ids=str)
def test_a_setting_changed_between_fits_acts_and_travels(kind, given, tmp_path):
    model, plain = line(kind(0.1)), line(kind(0.1))
    for each in (model, plain):
        each.fit(X, Y, 4, 1, verbose=0, shuffle=False)
    _set(model.optimizer, given)
    model.save(tmp_path / "m.safetensors")
    again = models.load_model(tmp_path / "m.safetensors")
    for each in (model, plain, again):
        each.fit(X, Y, 4, 2, verbose=0, shuffle=False)
    assert model.get_weights()[0].tobytes() == again.get_weights()[0].tobytes()
    if given != {"amsgrad": True}:  # which only acts where the gradient grows smaller
        assert model.get_weights()[0].tobytes() != plain.get_weights()[0].tobytes()
    for name in given:  # and back again
        setattr(model.optimizer, name, getattr(plain.optimizer, name))
    model.fit(X, Y, 4, 1, verbose=0)
    model.save(tmp_path / "m.safetensors")
    models.load_model(tmp_path / "m.safetensors")


def _set(optimizer, given):
    for name, value in given.items():
        setattr(optimizer, name, value)


def test_two_limits_set_later_are_refused_at_the_next_step():
    model = line(SGD(0.1, clipnorm=1.0))
    model.optimizer.clipvalue = 1.0
    with pytest.raises(ArgumentError, match="clipped in only one way"):
        model.fit(X, Y, verbose=0)


# Settings of layers


def test_the_rate_of_a_dropout_acts_when_it_is_set():
    model = Sequential([layers.Input((2,)), layers.Dropout(0.0), layers.Dense(1)])
    model.compile(SGD(0.0), loss="mse", engine="reference")
    big = np.ones((4000, 2), "f")
    before = model.fit(big, big[:, :1], verbose=0).history["loss"]
    model.layers[0].rate = 0.9
    assert model.fit(big, big[:, :1], verbose=0).history["loss"] != before
    model.layers[0].rate = 0.0
    assert model.fit(big, big[:, :1], verbose=0).history["loss"] == before


def dense_with(**given):
    model = Sequential([layers.Input((2,)), layers.Dense(1, **given)])
    model.set_weights([np.ones((2, 1)), np.zeros(1)])
    return model


# what is set on a layer that is built, and its value on weights of 1: the penalty
PENALTIES = [(regularizers.L2(0.5), 1.0), ("l1", 0.02), (None, 0.0)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("old", [None, regularizers.L2(3.0)])
@pytest.mark.parametrize(("new", "penalty"), PENALTIES)
def test_the_regularizer_of_a_layer_acts_when_it_is_set(new, penalty, old, when, tmp_path):
    model = dense_with(kernel_regularizer=old)
    model.compile(SGD(0.0), loss="mse", engine="reference")
    if when == "after":
        model.evaluate(X, Y, verbose=0)
    model.layers[0].kernel_regularizer = new
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(4 + penalty)
    model.save(tmp_path / "model.safetensors")
    loaded = models.load_model(tmp_path / "model.safetensors")
    assert loaded.evaluate(X, Y, verbose=0) == pytest.approx(4 + penalty)


def test_the_constraint_of_a_layer_acts_when_it_is_set():
    model = dense_with()
    model.compile(SGD(0.0), loss="mse", engine="reference")
    model.fit(X, Y, verbose=0)
    model.layers[0].kernel_constraint = constraints.MaxNorm(0.5)
    model.fit(X, Y, verbose=0)
    assert np.linalg.norm(model.get_weights()[0]) == pytest.approx(0.5)


def with_penalty():
    penalty = regularizers.L2(0.0)
    model = dense_with(kernel_regularizer=penalty)
    model.compile(SGD(0.0), loss="mse", engine="reference")
    return model, penalty, {"l2": 0.5}, 5.0


def with_loss():
    loss = losses.Huber(1.0)
    return line(SGD(0.0), loss=loss), loss, {"delta": 9.0}, 2.0


def with_metric():
    metric = metrics.BinaryAccuracy(threshold=0.5)
    return line(SGD(0.0), metrics=[[metric]]), metric, {"threshold": 7.0}, [4.0, 1.0]


@pytest.mark.parametrize("make", [with_penalty, with_loss, with_metric])
def test_a_setting_of_an_object_that_the_model_was_given_acts_when_it_is_set(make):
    model, part, settings, expected = make()
    assert model.evaluate(X, Y, verbose=0) != expected
    for name, value in settings.items():
        setattr(part, name, value)
    assert model.evaluate(X, Y, verbose=0) == expected


def test_the_activation_of_a_layer_acts_when_it_is_set():
    model = line(SGD(0.0))
    assert model.predict(X, verbose=0)[0, 0] == 2
    model.layers[0].activation = graph.tanh
    assert model.predict(X, verbose=0)[0, 0] == pytest.approx(np.tanh(2))


# what freezes: a layer, the model, a variable
FREEZE = {
    "layer": lambda model, value: setattr(model.layers[-1], "trainable", value),
    "model": lambda model, value: setattr(model, "trainable", value),
    "variable": lambda model, value: setattr(model.layers[-1].kernel, "trainable", value),
}


WAYS = {
    "regularizer": lambda d: setattr(d, "kernel_regularizer", regularizers.L2(1.0)),
    "its name": lambda d: setattr(d, "kernel_regularizer", "l2"),
    "its number": lambda d: setattr(d.bias.regularizer, "l2", 5.0),
    "constraint": lambda d: setattr(d, "kernel_constraint", constraints.MaxNorm(0.01)),
    "that of the weight": lambda d: setattr(d.kernel, "constraint", constraints.MaxNorm(0.01)),
    "regularizer of the weight": lambda d: setattr(d.kernel, "regularizer", regularizers.L1(1.0)),
    "of the output": lambda d: setattr(d, "activity_regularizer", "l1"),
    "number of the output": lambda d: setattr(d.activity_regularizer, "l2", 5.0),
}


@pytest.mark.parametrize("data", ["arrays", "stream"])
@pytest.mark.parametrize("way", WAYS)
def test_what_weights_are_held_by_acts_when_it_is_set(way, data, tmp_path):
    def train(change):
        utils.set_random_seed(0)
        penalties = {"bias_regularizer": "l2", "activity_regularizer": "l2"}
        dense = layers.Dense(1, bias_initializer="ones", **penalties)
        model = Sequential([layers.Input((3,)), dense])
        model.compile(optimizers.SGD(0.1), loss="mse")
        x = np.eye(3, dtype="float32")
        for stage in range(2):
            if stage:
                change(dense)
            if data == "stream":
                model.fit(((x, x[:, :1]) for _ in range(4)), steps_per_epoch=2, epochs=2, verbose=0)
            else:
                model.fit(x, x[:, :1], epochs=2, verbose=0)
        return model

    plain, changed = train(lambda d: None), train(WAYS[way])
    assert np.abs(plain.get_weights()[0] - changed.get_weights()[0]).max() > 1e-4
    if "weight" not in way:  # an argument of the layer travels with it
        changed.save(tmp_path / "m.safetensors")
        again = models.load_model(tmp_path / "m.safetensors")
        x = np.eye(3, dtype="float32")
        losses = [m.evaluate(x, x[:, :1], verbose=0) for m in (changed, again)]
        assert losses[0] == pytest.approx(losses[1])


REFUSED = {
    "kernel_initializer": (layers.Dense(1), "zeros"),
    "gamma_initializer": (layers.BatchNormalization(), "zeros"),
    "depthwise_initializer": (layers.SeparableConv2D(2, 2), "zeros"),
    "units": (layers.Dense(1), 2),
    "use_bias": (layers.Dense(1), False),
    "filters": (layers.Conv2D(2, 2), 3),
    "kernel_size": (layers.Conv2D(2, 2), (3, 3)),
    "output_dim": (layers.Embedding(4, 2), 3),
    "scale": (layers.LayerNormalization(), False),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_weights_were_made_by_is_refused_once_they_are(name):
    layer, value = REFUSED[name]
    setattr(layer, name, value)
    setattr(layer, name, kept := getattr(layer, name))
    images = not isinstance(layer, (layers.Dense, layers.Embedding))
    layer.build((None, 4, 4, 2) if images else (None, 4))
    setattr(layer, name, kept)
    before = layer.get_config()
    with pytest.raises(GraphError, match=r"already exists|keep their shapes"):
        setattr(layer, name, "ones" if name.endswith("initializer") else 9)
    assert layer.get_config() == before


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end", "on_train_batch_begin"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("freeze", FREEZE.values(), ids=FREEZE)
def test_freezing_in_a_hook_acts_alike_for_arrays_and_batches(freeze, engine, hook):
    """Gradient 1, rate 1: each step that trains takes 1 from both weights."""

    def fit(source):
        model = line(SGD(1.0), engine, loss=lambda y, p: graph.mean(p))
        two = layers.Dense(1, kernel_initializer="zeros", use_bias=False)
        model = Model(model.inputs, [model.outputs[0], two(model.inputs[0])])
        model.compile(SGD(1.0), loss=lambda y, p: graph.mean(p), engine=engine)
        steps = []

        def act(number, logs):
            steps.append(number)
            freeze(model, len(steps) == 1)

        data = source() if callable(source) else source
        watch = callbacks.LambdaCallback(**{hook: act})
        model.fit(*data, epochs=3, callbacks=watch, verbose=0, **{"shuffle": False})
        return model.get_weights()[-1]

    stream = Batches()
    stream.__class__ = type(
        "Two",
        (Batches,),
        {"__iter__": lambda self: ((x, [y, y]) for x, y in Batches.__iter__(self))},
    )
    arrays = X, [Y, Y], 4
    trained = {"on_epoch_begin": 2, "on_epoch_end": 4, "on_train_batch_begin": 1}[hook]
    for source in (arrays, (stream,)):
        np.testing.assert_array_equal(fit(source)[:, 0], [-trained, -trained])


# What is set on one's own layers and models


class Scaled(layers.Layer):
    """A layer that multiplies by several numbers, all 1, and keeps one argument under its name."""

    def __init__(self, factors=None, unkept=0, kept=1.0, array=None):
        super().__init__()
        self.temp, self.kept, self._hidden, self.on = 1.0, kept, 1.0, True
        self.factors = factors if factors is not None else [1.0]
        self.table = {"deep": [1.0]}
        self.array = np.ones(2, "f") if array is None else array
        self.options = types.SimpleNamespace(scale=1.0)
        self.traces, self.seen = 0, []

    def call(self, x):
        self.traces += 1
        self.seen.append(x.shape)
        x = x * self.temp * self.kept * self._hidden * self.factors[0] * self.array
        return x * self.table["deep"][0] * self.options.scale * (1.0 if self.on else 3.0)


class Annealed(Model):
    """A model whose loss is multiplied by an attribute."""

    def __init__(self):
        super().__init__()
        self.beta, self.scaled = 1.0, Scaled()

    def call(self, x):
        return self.scaled(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return self.beta * graph.mean(y_pred)


OWN = {
    "attribute": lambda part: setattr(part, "temp", 3.0),
    "hidden": lambda part: setattr(part, "_hidden", 3.0),
    "flag": lambda part: setattr(part, "on", False),
    "argument": lambda part: setattr(part, "kept", 3.0),
    "list": lambda part: part.factors.__setitem__(0, 3.0),
    "list within": lambda part: part.table["deep"].__setitem__(0, 3.0),
    "array": lambda part: part.array.fill(3.0),
    "namespace": lambda part: setattr(part.options, "scale", 3.0),
}


@pytest.mark.parametrize("way", OWN)
def test_what_is_set_on_ones_own_layer_acts(way):
    part = Scaled([1.0])
    model = Sequential([layers.Input((2,)), part])
    model.compile(SGD(0.0), loss=lambda y, p: graph.mean(p))
    for _ in range(2):
        assert model.predict(X, verbose=0).max() == 1
    assert model.evaluate(X, X, verbose=0) == model.fit(X, X, verbose=0).history["loss"][0] == 1
    OWN[way](part)
    assert model.predict(X, verbose=0).max() == np.max(model(X)) == 3
    assert model.evaluate(X, X, verbose=0) == model.fit(X, X, verbose=0).history["loss"][0] == 3


@pytest.mark.parametrize("data", ["arrays", "stream"])
@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_train_batch_begin"])
def test_what_a_callback_sets_on_ones_own_model_acts(hook, data):
    model = Annealed()
    model.compile(SGD(0.0))
    seen = []

    def anneal(number, logs):
        seen.append(number)
        model.beta = float(len(seen))

    watch = callbacks.LambdaCallback(**{hook: anneal})
    given = (X, X, 4) if data == "arrays" else (Batches(),)
    history = model.fit(*given, epochs=3, callbacks=watch, verbose=0).history["loss"]
    assert history == ([1, 2, 3] if hook == "on_epoch_begin" else [1.5, 3.5, 5.5])


def test_what_a_call_itself_sets_compiles_nothing_anew():
    model = Annealed()
    model.compile(SGD(0.0))
    for _ in range(2):
        model.fit(X, X, epochs=2, verbose=0)
        model.predict(X, verbose=0)
    traced = model.scaled.traces
    model.fit(X, X, epochs=5, verbose=0)
    model.predict(X, verbose=0)
    assert model.scaled.traces == traced


def test_an_attribute_that_changes_often_is_named():
    model = Annealed()
    model.compile(SGD(0.0))
    watch = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(model, "beta", float(epoch))
    )
    with pytest.warns(GrafitoWarning, match="changes often") as told:
        model.fit(X, X, epochs=15, callbacks=watch, verbose=0)
    assert len(told) == 1
    assert "beta" in str(told[0].message)


# One optimizer, one model


def test_an_optimizer_is_not_that_of_a_second_model():
    optimizer = Adam(0.1)
    one = line(optimizer)
    with pytest.raises(ArgumentError, match=f"Adam of model {one.name!r}"):
        line(optimizer)
    one.fit(X, Y, verbose=0)
    assert optimizer.iterations.numpy() == 1
    one.compile("sgd", loss="mse")
    with pytest.raises(ArgumentError, match="Adam"):  # its count is still that of the other
        line(optimizer)
    del one
    gc.collect()
    with pytest.raises(ArgumentError, match="another model"):
        line(optimizer)


def test_an_optimizer_that_has_not_trained_may_go_to_another_model():
    optimizer = Adam(0.1)
    one = line(optimizer)
    one.compile("sgd", loss="mse")
    line(optimizer).fit(X, Y, verbose=0)
    again = Adam(0.1)
    line(again)
    gc.collect()
    line(again)  # the first is no longer there


def test_compiling_the_same_model_again_keeps_the_state_of_its_optimizer():
    model = line(Adam(schedules.ExponentialDecay(0.1, 5, 0.1)))
    model.fit(X, Y, epochs=3, verbose=0)
    model.compile(model.optimizer, loss="mae")
    model.fit(X, Y, epochs=2, verbose=0)
    assert model.optimizer.iterations.numpy() == 5


def test_folds_of_a_cross_validation_need_optimizers_of_their_own():
    optimizer = SGD(schedules.ExponentialDecay(0.1, 5, 0.1))
    with pytest.raises(ArgumentError, match="one for each model"):
        models.cross_validate(lambda x: line(optimizer), X, Y, folds=4, verbose=0)


# A loop within a loop

X1 = np.ones((8, 2), "f")
INNER = {
    "evaluate": lambda m: m.evaluate(X1, 5 + Y, verbose=0),
    "evaluate a stream": lambda m: m.evaluate(Batches(), verbose=0),
    "test_on_batch": lambda m: m.test_on_batch(X1, 5 + Y),
    "train_on_batch": lambda m: m.train_on_batch(X1, 5 + Y),
    "predict": lambda m: m.predict(X1, verbose=0),
    "predict_on_batch": lambda m: m.predict_on_batch(X1),
    "fit": lambda m: m.fit(X1, 5 + Y, verbose=0),
}


@pytest.mark.parametrize(
    "hook", ["on_train_batch_end", "on_train_batch_begin", "on_test_batch_end"]
)
@pytest.mark.parametrize("source", ["arrays", "stream"])
@pytest.mark.parametrize("inner", INNER.values(), ids=INNER)
def test_a_loop_in_a_hook_has_sums_of_its_own(inner, source, hook):
    """The outputs are 2, the targets 0: every loss and mae of the outer loop is 4 and 2."""
    model = line(SGD(0.0), metrics=["mae"])
    watch = callbacks.LambdaCallback(**{hook: lambda batch, logs: inner(model)})
    data = (X, Y, 4) if source == "arrays" else (Batches(),)
    history = model.fit(
        *data, epochs=2, validation_data=(X, Y), validation_batch_size=4, callbacks=watch, verbose=0
    ).history
    assert history == {"loss": [4] * 2, "mae": [2] * 2, "val_loss": [4] * 2, "val_mae": [2] * 2}


def part_metric():
    """Two models that share a layer with a metric of its own."""

    class Counting(layers.Layer):
        def __init__(self):
            super().__init__()
            self.seen = metrics.Mean(name="seen")

        def call(self, x):
            self.seen.update_state(graph.mean(x))
            return x

    shared = Counting()
    pair = []
    for _ in range(2):
        x = layers.Input((2,))
        weights = {"kernel_initializer": "ones", "use_bias": False}
        pair.append(Model(x, layers.Dense(1, **weights)(shared(x))))
        pair[-1].compile(SGD(0.0), loss="mse", engine="reference")
    return pair, "seen", 1.0


def given_metric():
    """Two models that are measured by one object."""
    measured = metrics.MeanAbsoluteError(name="mae")
    return [line(SGD(0.0), metrics=[measured]) for _ in range(2)], "mae", 2.0


OTHER = {
    "evaluate": lambda m: m.evaluate(3 * X1, Y, verbose=0),
    "test_on_batch": lambda m: m.test_on_batch(3 * X1, Y),
    "fit": lambda m: m.fit(3 * X1, Y, verbose=0),
}


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_train_batch_begin"])
@pytest.mark.parametrize("inner", OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("make", [part_metric, given_metric])
def test_a_loop_of_another_model_in_a_hook_leaves_what_both_share(make, inner, hook):
    (model, other), name, expected = make()
    watch = callbacks.LambdaCallback(**{hook: lambda batch, logs: inner(other)})
    history = model.fit(X, Y, 4, epochs=2, callbacks=watch, verbose=0).history
    assert history[name] == [expected] * 2


# Ending a loop

STOPS = {
    "stop_training": lambda m, c: m.fit(X, Y, 1, verbose=0, callbacks=c),
    "stop_evaluating": lambda m, c: m.evaluate(X, Y, 1, verbose=0, callbacks=c),
    "stop_predicting": lambda m, c: m.predict(X, 1, verbose=0, callbacks=c),
}


@pytest.mark.parametrize(("name", "act"), STOPS.items(), ids=STOPS)
def test_a_callback_ends_a_loop(name, act):
    model, seen = line(SGD(0.0)), []

    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)
            setattr(self.model, name, batch == 1)

        on_test_batch_end = on_predict_batch_end = on_train_batch_end

    for _ in range(2):  # and the next loop begins anew
        seen.clear()
        act(model, [Stop()])
        assert seen == [0, 1]


def test_a_loop_in_a_hook_that_ends_early_does_not_end_the_outer_one():
    model, seen = line(SGD(0.0)), []
    stop = callbacks.EarlyStopping("loss", patience=1)

    def inner(epoch, logs):
        seen.append(len(model.fit(X, Y, epochs=5, callbacks=stop, verbose=0).epoch))

    hook = callbacks.LambdaCallback(on_epoch_end=inner)
    history = model.fit(X, Y, epochs=3, callbacks=hook, verbose=0)
    assert (seen, history.epoch) == ([2] * 3, [0, 1, 2])
    assert model.history is history


def test_stopping_the_validation_does_not_stop_the_training():
    model, seen = line(SGD(0.0)), []

    class Stop(callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            seen.append(batch)
            self.model.stop_evaluating = True

    history = model.fit(X, Y, 4, 3, validation_data=(X, Y), callbacks=[Stop()], verbose=0)
    assert (seen, history.epoch) == ([0] * 3, [0, 1, 2])


def test_the_older_names_of_the_batch_hooks():
    class Older(callbacks.Callback):
        seen = ()

        def on_batch_begin(self, batch, logs=None):
            self.seen += (("begin", batch),)

        def on_batch_end(self, batch, logs=None):
            self.seen += (("end", batch, *logs),)

    class Both(Older):
        def on_train_batch_end(self, batch, logs=None):
            self.seen += ("new",)

    for make, end in ((Older, ("end", 0, "loss")), (Both, "new")):
        watch = make()
        line(SGD(0.0)).fit(X, Y, callbacks=watch, verbose=0)
        assert watch.seen == (("begin", 0), end)


# What `evaluate` returns, what a file keeps


def test_evaluate_returns_what_a_step_adds():
    class Own(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def test_step(self, data):
            return super().test_step(data) | {"mine": graph.constant(5.0)}

    model = Own()
    model.compile(SGD(0.0), loss="mse", metrics=["mae"], engine="reference")
    values = model.evaluate(X, Y, verbose=0)
    logs = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert values == [logs["loss"], logs["mae"], 5.0]
    assert model.test_on_batch(X, Y)[-1] == 5.0


@pytest.mark.parametrize("engine", [*ENGINES, "auto"])
def test_the_engine_is_that_of_the_saved_model(engine, tmp_path):
    model = line(Adam(0.1), engine)
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = models.load_model(tmp_path / "m.safetensors")
    assert again._executor.engine.name == model._executor.engine.name
    assert again._executor.engine_wanted == engine


def test_an_engine_that_is_not_here_is_told(tmp_path, monkeypatch):
    model = line(Adam(0.1), "reference")
    model.save(tmp_path / "m.safetensors")
    monkeypatch.setattr(engines, "available", lambda name: False)
    with pytest.warns(UserWarning, match="engine 'reference'"):
        models.load_model(tmp_path / "m.safetensors")


def test_nothing_is_compiled_again_where_nothing_changed():
    utils.set_random_seed(1)
    model = line(Adam(0.1), metrics=[metrics.MeanAbsoluteError()])
    model.fit(X, Y, verbose=0)
    programs = dict(model._executor._programs)
    model.optimizer.learning_rate = 0.5
    model.fit(X, Y, epochs=2, verbose=0)
    assert model._executor._programs == programs
