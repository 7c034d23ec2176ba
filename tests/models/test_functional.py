"""Odd but legal uses of models: the same as in Keras, and following what is changed later."""

from __future__ import annotations

import numpy as np
import pytest

import grafito
from grafito import Model, Sequential, callbacks, graph, layers, optimizers, utils
from grafito.layers.automatic_names import reset_names
from grafito.models import load_model

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(70, 6)).astype("float32")
Y = RANDOM.integers(0, 3, 70)
ONE_HOT = np.eye(3, dtype="float32")[Y]
TARGET = X[:, :1] * 2
RAMP = np.linspace(0, 1, 70)


class Run:
    """Runs a program with Keras, then with grafito from the same weights."""

    def __init__(self, library, weights):
        self.library, self.layers, self.weights = library, library.layers, weights

    def dense(self, *more, units=1):
        return self.library.Sequential(
            [self.library.Input((6,)), *more, self.layers.Dense(units, name="last")]
        )

    def fit(self, model, x=X, y=TARGET, **arguments):
        if self.library is grafito:
            model.set_weights(self.weights)
        else:
            self.weights[:] = model.get_weights()
        settings = {"epochs": 2, "batch_size": 16, "shuffle": False, "verbose": 0}
        return model.fit(x, y, **{**settings, **arguments}).history

    def two(self, *, outputs=None, y=(TARGET, ONE_HOT), fit=None, **compiled):
        x = self.library.Input((6,), name="x")
        hidden = self.layers.Dense(4, activation="tanh", name="hidden")(x)
        left = self.layers.Dense(1, name="left")(hidden)
        right = self.layers.Dense(3, activation="softmax", name="right")(hidden)
        model = self.library.Model(x, [left, right])
        model.compile("sgd", **compiled)
        y = y if isinstance(y, dict) else list(y)
        log = self.fit(model, X, y, validation_data=(X, y), **(fit or {}))
        return {
            "log": log,
            "list": model.evaluate(X, y, verbose=0),
            "dict": model.evaluate(X, y, verbose=0, return_dict=True),
            "batch": [model.train_on_batch(X, y) for _ in range(2)],
            "batch dict": model.train_on_batch(X, y, return_dict=True),
        }


def compiled(run, model, **arguments):
    model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    return model


def one_output(run):
    model = compiled(run, run.dense(), metrics=["mae", "mse"])
    log = run.fit(model)
    batches = [model.train_on_batch(X, TARGET), model.train_on_batch(X, TARGET)]
    return [log, model.evaluate(X, TARGET, verbose=0), batches, model.test_on_batch(X, TARGET)]


def names_of_metrics(run):
    model = compiled(run, run.dense(), metrics=["mae", "mae"], weighted_metrics=["mae", "mse"])
    return run.fit(model, sample_weight=RAMP)


def list_of_one(run):
    x = run.library.Input((6,))
    model = run.library.Model([x], [run.layers.Dense(1, name="q")(x)])
    log = run.fit(compiled(run, model, loss=["mse"], metrics=[["mae"]]))
    shape = model.predict([X], verbose=0).shape
    return [log, shape, model.input_shape, model.output_shape]


def dictionary_of_outputs(run):
    x = run.library.Input((6,))
    outputs = {"z": run.layers.Dense(1)(x), "a": run.layers.Dense(3, activation="softmax")(x)}
    model = run.library.Model(x, outputs)
    losses = {"z": "mse", "a": "categorical_crossentropy"}
    model = compiled(run, model, loss=losses, metrics={"a": ["accuracy"]})
    log = run.fit(model, y={"z": TARGET, "a": ONE_HOT})
    return [log, {name: p.shape for name, p in sorted(model.predict(X, verbose=0).items())}]


def more_inputs_than_needed(run):
    x = run.library.Input((6,), name="x")
    model = run.library.Model({"x": x}, run.layers.Dense(1)(x))
    return run.fit(compiled(run, model), x={"x": X, "unused": X})


def penalties_and_statistics(run):
    model = run.dense(
        run.layers.Dense(5, kernel_regularizer="l2", activity_regularizer="l1"),
        run.layers.BatchNormalization(gamma_regularizer="l2"),
        run.layers.Dropout(0.0),
    )
    compiled(run, model, optimizer="adam", metrics=["mae"])
    log = run.fit(model, X[:65], TARGET[:65], validation_data=(X, TARGET))
    return [log, model.evaluate(X, TARGET, batch_size=64, verbose=0)]


def frozen(run):
    model = run.dense(run.layers.Dense(5, kernel_regularizer="l2"), run.layers.BatchNormalization())
    model.layers[0].trainable = model.layers[1].trainable = False
    log = run.fit(compiled(run, model))
    counts = [len(model.trainable_variables), len(model.non_trainable_variables)]
    return [log, counts, [w.sum() for w in model.get_weights()]]


def shared_and_nested(run):
    library = run.library
    inner = library.Sequential(
        [
            library.Input((6,)),
            run.layers.Dense(6, activation="relu"),
            run.layers.BatchNormalization(),
        ]
    )
    a, b = library.Input((6,), name="a"), library.Input((6,), name="b")
    middle = library.Model(a, run.layers.Dense(6)(inner(a)))
    joined = run.layers.Concatenate()([middle(a), middle(b), inner(b)])
    model = compiled(run, library.Model([a, b], run.layers.Dense(1)(joined)))
    log = run.fit(model, [X, X[::-1]])
    kinds = [type(layer).__name__ for layer in model.layers]
    return [log, kinds, [w.shape for w in model.get_weights()]]


def partial_epochs(run):
    """An epoch of some steps goes on where the one before it ended."""
    return run.fit(compiled(run, run.dense()), epochs=5, steps_per_epoch=3)


def validation_now_and_then(run):
    model = compiled(run, run.dense())
    return run.fit(model, epochs=4, validation_data=(X, TARGET), validation_freq=[1, 4])


def outputs_of_layers(run):
    model = compiled(run, run.dense(run.layers.Dense(5, activation="relu", name="hidden")))
    run.fit(model)
    features = run.library.Model(model.inputs, model.get_layer("hidden").output)
    everything = run.library.Model(model.inputs, [layer.output for layer in model.layers])
    shapes = [p.shape for p in everything.predict(X, verbose=0)]
    return [features.predict(X, verbose=0), shapes, model.inputs[0].shape, model.outputs[0].shape]


def weights_over_time(run):
    model = run.library.Sequential([run.library.Input((2, 3)), run.layers.Dense(2)])
    compiled(run, model, weighted_metrics=["mae"])
    x = X.reshape(-1, 2, 3)
    return run.fit(model, x, x[:, :, :2], sample_weight=np.abs(X[:, :2]))


PROGRAMS = {
    "one output": one_output,
    "names of metrics": names_of_metrics,
    "list of one": list_of_one,
    "dictionary of outputs": dictionary_of_outputs,
    "more inputs than needed": more_inputs_than_needed,
    "penalties and statistics": penalties_and_statistics,
    "frozen": frozen,
    "shared and nested": shared_and_nested,
    "partial epochs": partial_epochs,
    "validation now and then": validation_now_and_then,
    "outputs of layers": outputs_of_layers,
    "weights over time": weights_over_time,
    "two: one loss": lambda run: run.two(loss="mse"),
    "two: lists": lambda run: run.two(
        loss=["mse", "categorical_crossentropy"], metrics=[["mae"], ["accuracy", "mse"]]
    ),
    "two: dictionaries": lambda run: run.two(
        loss={"right": "categorical_crossentropy", "left": "mse"},
        metrics={"right": ["mse", "accuracy"], "left": "mae"},
        loss_weights={"left": 0.5, "right": 2},
        y={"right": ONE_HOT, "left": TARGET},
    ),
    "two: one without loss": lambda run: run.two(loss=["mse", None]),
    "two: weights": lambda run: run.two(
        loss="mse",
        weighted_metrics=[["mae"], ["mse"]],
        fit={"sample_weight": [RAMP, 1 + RAMP]},
    ),
}


@pytest.mark.filterwarnings("ignore:.*(match the expected|ran out of data|has no input .unused)")
@pytest.mark.parametrize("name", PROGRAMS)
def test_as_in_keras(name, keras):
    weights: list[np.ndarray] = []
    seen = []
    for library in (keras, grafito):
        keras.utils.clear_session()
        reset_names()
        seen.append(PROGRAMS[name](Run(library, weights)))
    assert_same(*seen, name)


def assert_same(theirs, ours, path):
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), path
        for key in theirs:
            assert_same(theirs[key], ours[key], f"{path}, {key}")
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), path
        for i, pair in enumerate(zip(theirs, ours, strict=True)):
            assert_same(*pair, f"{path}[{i}]")
    elif isinstance(theirs, (float, np.floating, np.ndarray)):
        np.testing.assert_allclose(ours, theirs, rtol=3e-4, atol=1e-5, err_msg=path)
    else:
        assert ours == theirs, path


def classifier(*more, **arguments):
    utils.set_random_seed(1)
    model = Sequential([layers.Input((6,)), layers.Dense(8, activation="relu"), *more])
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(**{"optimizer": "adam", "loss": "sparse_categorical_crossentropy", **arguments})
    return model


def fit(model, x=X, y=Y, **arguments):
    return model.fit(x, y, verbose=0, **arguments)


def same_bits(a, b):
    return [x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True)]


# What was compiled follows what is changed


def test_predictions_follow_the_stack():
    model = Sequential([layers.Input((6,)), layers.Dense(4)])
    shapes = [model.predict(X, verbose=0).shape]
    model.add(layers.Dense(2))
    shapes.append(model.predict(X, verbose=0).shape)
    model.pop()
    model.pop()
    shapes.append(model.predict(X, verbose=0).shape)
    assert shapes == [(70, 4), (70, 2), (70, 6)]


def test_a_part_that_grows_is_seen_by_the_whole():
    inner = Sequential([layers.Input((6,)), layers.Dense(6)])
    outer = Sequential([inner])
    before = outer.predict(X, verbose=0)
    inner.add(layers.Activation("relu"))
    after = outer.predict(X, verbose=0)
    np.testing.assert_array_equal(after, np.maximum(before, 0))


def test_freezing_holds_without_compiling_again():
    model = classifier()
    fit(model)
    model.layers[0].trainable = False
    before = model.get_weights()
    fit(model)
    assert same_bits(before, model.get_weights()) == [True, True, False, False]


@pytest.mark.parametrize("change", ["optimizer", "schedule", "number", "variable"])
def test_a_rate_of_zero_holds_without_compiling_again(change):
    model = classifier()
    fit(model)
    before = model.get_weights()
    if change == "optimizer":
        model.optimizer = optimizers.SGD(0.0)
    elif change == "schedule":
        rate = optimizers.schedules.PiecewiseConstantDecay([1], [0.0, 0.0])
        model.optimizer.learning_rate = rate
    elif change == "number":
        model.optimizer.learning_rate = 0.0
    else:
        model.optimizer.learning_rate.assign(0.0)
    fit(model)
    assert all(same_bits(before, model.get_weights()))


def test_a_callback_may_use_the_model():
    """Predictions between the batches of an epoch leave its data and its counters alone."""

    class Look(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.predict(X[:3], verbose=0)

        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(X, Y, verbose=0)

    plain, watched = classifier(), classifier()
    assert fit(plain, epochs=2).history == fit(watched, epochs=2, callbacks=[Look()]).history
    assert all(same_bits(plain.get_weights(), watched.get_weights()))


def test_dropout_in_inference_draws_anew():
    """Monte Carlo dropout: each batch and each call has a mask of its own."""
    x = layers.Input((6,))
    model = Model(x, layers.Dropout(0.5)(x, training=True))
    ones = np.ones((64, 6))
    first, second = (model.predict(ones, batch_size=32, verbose=0) for _ in range(2))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first[:32], first[32:])


def test_a_metric_that_is_unknown_stays_unknown():
    """An error while losses and metrics are found leaves none of them behind."""
    model = classifier(metrics=["accuracy", grafito.metrics.CategoricalAccuracy()])
    for _ in range(2):
        with pytest.raises(grafito.errors.ShapeError):
            fit(model)
        assert model.history is None  # found before training


def test_one_pass_of_tracing_for_the_same_form(monkeypatch):
    """Batches of a stream, and data that alternate with validation data, are traced once."""
    model = classifier()
    fit(model, validation_data=(X, Y), epochs=2)
    calls = []
    call = type(model).call

    def count(self, *args, **kwargs):
        calls.append(args)
        return call(self, *args, **kwargs)

    monkeypatch.setattr(type(model), "call", count)
    fit(model, validation_data=(X, Y), epochs=3)
    assert not calls


# Files


FILES = {
    "compiled, not trained": lambda: (classifier(), {}),
    "frozen after training": lambda: (frozen_later(), {}),
    "functions as loss and metric": lambda: (
        classifier(loss=own_loss, metrics=[own_metric]),
        {"own_loss": own_loss, "own_metric": own_metric},
    ),
}


def own_loss(y_true, y_pred):
    return graph.mean(graph.square(graph.one_hot(graph.cast(y_true, "int32"), 3) - y_pred), axis=-1)


def own_metric(y_true, y_pred):
    return graph.max(y_pred, axis=-1)


def frozen_later():
    model = classifier()
    fit(model)
    model.layers[0].trainable = False
    fit(model)
    return model


@pytest.mark.parametrize("name", FILES)
def test_a_reloaded_model_trains_on(name, tmp_path):
    model, custom = FILES[name]()
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m", custom_objects=custom)
    assert fit(again, epochs=2).history == fit(model, epochs=2).history
    assert all(same_bits(model.get_weights(), again.get_weights()))
    again.save(tmp_path / "again")
    load_model(tmp_path / "again", custom_objects=custom)


RESUMES = {
    "augmentation": ((layers.GaussianNoise, 0.5), {}),
    "partial epochs": ((layers.Dropout, 0.5), {"steps_per_epoch": 2}),
    "validation split": ((layers.Dropout, 0.5), {"validation_split": 0.2}),
    "a weight for each class": ((layers.Dropout, 0.5), {"class_weight": {0: 2.0, 1: 0.5}}),
}


@pytest.mark.parametrize("name", RESUMES)
def test_resuming_is_not_seen(name, tmp_path):
    (layer, rate), arguments = RESUMES[name]
    arguments = {"batch_size": 16, **arguments}
    models = []
    for _ in range(2):
        utils.set_random_seed(2)  # layers that draw numbers take a seed when they are made
        models.append(classifier(layer(rate)))
    whole, half = models
    log = fit(whole, epochs=5, **arguments).history
    first = fit(half, epochs=2, **arguments).history
    half.save(tmp_path / "m")
    rest = load_model(tmp_path / "m")
    second = fit(rest, epochs=5, initial_epoch=2, **arguments).history
    assert log == {key: first[key] + second[key] for key in log}
    assert all(same_bits(whole.get_weights(), rest.get_weights()))
