"""Wrong uses: each ends in an error that says what came and what to try, and nothing is changed."""

from __future__ import annotations

import os

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, graph, layers, metrics, optimizers, utils
from grafito.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    FileError,
    GrafitoError,
    GraphError,
    ShapeError,
    UnknownNameError,
)
from grafito.models import load_model

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 6)).astype("float32")
Y = RANDOM.integers(0, 3, 40)
TARGET = X[:, :1] * 2


def classifier(**arguments):
    utils.set_random_seed(1)
    model = Sequential([layers.Input((6,)), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", **arguments)
    return model


def regression(**arguments):
    utils.set_random_seed(1)
    model = Sequential([layers.Input((6,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    return model


def two_outputs(**arguments):
    x = layers.Input((6,), name="x")
    left = layers.Dense(1, name="left")(x)
    model = Model(x, [left, layers.Dense(1, name="right")(x)])
    model.compile("sgd", **{"loss": "mse", **arguments})
    return model


def two_inputs():
    a, b = layers.Input((6,), name="a"), layers.Input((6,), name="b")
    model = Model({"a": a, "b": b}, layers.Dense(1)(layers.add([a, b])))
    model.compile("sgd", "mse")
    return model


def fit(model, x=X, y=Y, **arguments):
    return model.fit(x, y, verbose=arguments.pop("verbose", 0), **arguments)


def wrong_labels():
    yield X, Y
    yield X, Y + 1


# Data and arguments of fit, evaluate and predict: error, words, call of a compiled classifier.
CALLS = {
    "no x": (DataError, ["no input"], lambda m: fit(m, None)),
    "no y": (DataError, ["needs targets", "fit(x, y)"], lambda m: fit(m, y=None)),
    "no y to evaluate": (DataError, ["needs targets"], lambda m: m.evaluate(X, verbose=0)),
    "text": (DataError, ["str", "numbers"], lambda m: fit(m, "hello")),
    "a function": (DataError, ["function", "x()"], lambda m: fit(m, lambda: X)),
    "a list of examples": (DataError, ["...", "numpy.array(x)"], lambda m: fit(m, list(X), Y[:-1])),
    "validation of 4 parts": (
        DataError,
        ["validation", "tuple of 4"],
        lambda m: fit(m, validation_data=(X, Y, None, None)),
    ),
    "validation of nothing": (DataError, ["tuple of 0"], lambda m: fit(m, validation_data=())),
    "validation of another width": (
        ShapeError,
        ["(40, 4)", "(None, 6)"],
        lambda m: fit(m, validation_data=(X[:, :4], Y)),
    ),
    "validation with NaN": (
        DataError,
        ["validation x[0, 0]"],
        lambda m: fit(m, validation_data=(X * np.nan, Y)),
    ),
    "validation with other labels": (
        DataError,
        ["validation y", "y - 1"],
        lambda m: fit(m, validation_data=(X, Y + 1)),
    ),
    "validation without targets": (
        DataError,
        ["needs targets"],
        lambda m: fit(m, validation_data=X),
    ),
    "labels of one batch": (DataError, ["y - 1"], lambda m: m.train_on_batch(X, Y + 1)),
    "an iterable as one batch": (
        DataError,
        ["iterator"],
        lambda m: m.train_on_batch(iter([])),
    ),
    "no weight of a class": (
        ArgumentError,
        ["class_weight"],
        lambda m: fit(m, class_weight={0: None}),
    ),
    **{
        f"class weights of {name}": (
            ArgumentError,
            ["one class for each example", "sample_weight"],
            lambda m, y=y: fit(m, y=y, class_weight={0: 1.0, 1: 2.0}),
        )
        for name, y in {
            "labels in time": np.stack([Y, Y, Y], axis=1),
            "pixels": Y.reshape(-1, 1, 1, 1) * np.ones((2, 2, 1)),
            "one-hot labels in time": np.eye(3)[np.stack([Y, Y], axis=1)],
            "several labels": np.ones((len(Y), 3)),
        }.items()
    },
    "a list of batches": (DataError, ["batches", "iter(x)"], lambda m: fit(m, [(X, Y)] * 2, None)),
    **{
        f"{weight} as weight of a class": (
            ArgumentError,
            ["finite", "class_weight[1]", weight],
            lambda m, weight=weight: fit(m, class_weight={0: 1.0, 1: float(weight)}),
        )
        for weight in ("nan", "inf")
    },
    "text as class": (ArgumentError, ["class_weight"], lambda m: fit(m, class_weight={"0": 1.0})),
    **{
        f"{name}={value!r}": (ArgumentError, [name, repr(value)], arguments)
        for name, value, arguments in [
            ("batch_size", 0, lambda m: m.predict(X, batch_size=0)),
            ("batch_size", -1, lambda m: m.evaluate(X, Y, batch_size=-1)),
            ("batch_size", 8.5, lambda m: fit(m, batch_size=8.5)),
            ("epochs", -1, lambda m: fit(m, epochs=-1)),
            ("epochs", "3", lambda m: fit(m, epochs="3")),
            ("initial_epoch", 0.5, lambda m: fit(m, initial_epoch=0.5)),
            ("steps_per_epoch", 0, lambda m: fit(m, steps_per_epoch=0)),
            ("steps", 0.5, lambda m: m.evaluate(X, Y, steps=0.5)),
            ("validation_steps", 0, lambda m: fit(m, validation_steps=0)),
            ("validation_batch_size", -3, lambda m: fit(m, validation_batch_size=-3)),
            ("validation_freq", 0, lambda m: fit(m, validation_freq=0)),
            ("validation_split", "0.1", lambda m: fit(m, validation_split="0.1")),
            ("validation_split", 1.0, lambda m: fit(m, validation_split=1.0)),
            ("verbose", None, lambda m: fit(m, verbose=None)),
            ("verbose", "loud", lambda m: m.predict(X, verbose="loud")),
        ]
    },
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_is_explained_and_trains_nothing(name):
    error, words, act = CALLS[name]
    model = classifier(metrics=["accuracy"])
    fit(model, batch_size=16)
    before, history = [w.tobytes() for w in model.get_weights()], model.history
    with pytest.raises(error) as caught:
        act(model)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "Input(" not in str(caught.value)  # what has learned is not made anew
    assert [w.tobytes() for w in model.get_weights()] == before
    assert model.history is history
    fit(model, batch_size=16)


def test_wrong_labels_in_a_later_batch_stop_there():
    model = classifier()
    with pytest.raises(DataError, match="y - 1"):
        model.fit(wrong_labels(), verbose=0)


def contains_itself():
    model = Sequential([layers.Input((6,)), layers.Dense(6)])
    model.add(Sequential([model]))


class Forgetful(Model):
    def __init__(self):
        self.hidden = layers.Dense(3)


class Silent(Model):
    def call(self, inputs):
        layers.Dense(3)


class NoStep(Model):
    def call(self, inputs):
        return inputs

    def train_step(self, data):
        return None


X_SYMBOL = layers.Input((3,), name="x")

SYMBOL_USES = {
    "len(x)": len,
    "list(x)": list,
    "float(x)": float,
}


@pytest.mark.parametrize("example", SYMBOL_USES)
def test_what_symbols_lack_is_said(example):
    with pytest.raises(GraphError, match=r"x\[:, 0\]"):
        SYMBOL_USES[example](X_SYMBOL)


# Making and compiling models: error, words, what is done.
BUILDS = {
    "one layer's name": (ArgumentError, ["made of layers", "'Dense'"], lambda: Sequential("Dense")),
    "itself": (ArgumentError, ["contain itself"], contains_itself),
    "two inputs": (
        ArgumentError,
        ["Only the first layer"],
        lambda: Sequential([layers.Input((6,)), layers.Input((6,))]),
    ),
    "input in the middle": (
        ArgumentError,
        ["Only the first layer"],
        lambda: Sequential([layers.Dense(3), layers.Input((6,))]),
    ),
    "nothing to pop": (GraphError, ["no layers"], lambda: Sequential().pop()),
    "no outputs": (ArgumentError, ["outputs"], lambda: Model(X_SYMBOL, [])),
    "inputs alone": (ArgumentError, ["outputs", "None"], lambda: Model(X_SYMBOL)),
    "no symbols": (ArgumentError, ["inputs"], lambda: Model([], [])),
    "unbuilt": (GraphError, ["build"], lambda: Sequential([layers.Dense(3)]).count_params()),
    "no output": (GraphError, ["Input(shape)"], lambda: layers.Dense(3).output),
    "layer index": (ArgumentError, ["index=9"], lambda: regression().get_layer(index=9)),
    "layer index as text": (ArgumentError, ["'0'"], lambda: regression().get_layer(index="0")),
    "line length": (ArgumentError, ["'a'"], lambda: regression().summary(line_length="a")),
    "print function": (ArgumentError, ["print_fn"], lambda: regression().summary(print_fn=3)),
    "no call": (GraphError, ["def call"], lambda: Model().predict(X, verbose=0)),
    "call without return": (GraphError, ["returned nothing"], lambda: Silent()(X)),
    "no super": (GraphError, ["super().__init__()"], lambda: Forgetful().compile("sgd", "mse")),
    "no super, called": (GraphError, ["super().__init__()"], lambda: Forgetful()(X)),
    "step without logs": (
        GraphError,
        ["dictionary", "None"],
        lambda: (m := NoStep(), m.compile("sgd"), fit(m))[0],
    ),
    "called on None": (ArgumentError, ["None", "layer(x)"], lambda: layers.Dense(3)(None)),
    "called on nothing": (ArgumentError, ["no input"], lambda: layers.Dense(3)()),
    "unknown argument of call": (
        ArgumentError,
        ["'foo'", "(inputs)"],
        lambda: layers.Dense(3)(X, foo=3),
    ),
    "too many inputs": (ArgumentError, ["(inputs)"], lambda: layers.Dense(3)(X_SYMBOL, X_SYMBOL)),
    "function of a symbol": (GraphError, ["ops.exp(symbol)"], lambda: graph.exp(X_SYMBOL)),
    "training on symbols": (GraphError, ["Symbol"], lambda: fit(regression(), X_SYMBOL)),
    "weights: none": (ShapeError, ["(6, 1)"], lambda: regression().set_weights(None)),
    "weights: a number": (ShapeError, ["(6, 1)"], lambda: regression().set_weights(3)),
    "weights: too few": (ShapeError, ["(6, 1)"], lambda: regression().set_weights([X[:, :1]])),
    "optimizer None": (
        GraphError,
        ["optimizer"],
        lambda: regression(optimizer=None).fit(X, Y, verbose=0),
    ),
    "loss": (UnknownNameError, ["'mse'"], lambda: regression(loss="msee")),
    "metric": (UnknownNameError, ["'accuracy'"], lambda: regression(metrics=["acuracy"])),
    "loss of one argument": (
        ArgumentError,
        ["(y_true, y_pred)"],
        lambda: fit(regression(loss=lambda y: y), y=TARGET),
    ),
    "a mean as metric": (
        ArgumentError,
        ["sample_weight", "mean"],
        lambda: fit(regression(metrics=[metrics.Mean()]), y=TARGET),
    ),
    "loss weight": (
        ArgumentError,
        ["loss_weights", "'a'"],
        lambda: fit(two_outputs(loss_weights=["a", 1]), y=[TARGET, TARGET]),
    ),
    "losses": (
        ArgumentError,
        ["loss", "left", "list of 1"],
        lambda: fit(two_outputs(loss=["mse"]), y=[TARGET, TARGET]),
    ),
    "targets": (DataError, ["left", "1 array"], lambda: fit(two_outputs(), y=TARGET)),
    "targets of one output": (
        DataError,
        ["'right'", "targets"],
        lambda: fit(two_outputs(), y={"left": TARGET}),
    ),
    "an input's name": (
        ArgumentError,
        ["'b'", "['a', 'c']"],
        lambda: fit(two_inputs(), {"a": X, "c": X}, TARGET),
    ),
}


@pytest.mark.parametrize("name", BUILDS)
def test_a_wrong_model_is_explained(name):
    error, words, act = BUILDS[name]
    with pytest.raises(error) as caught:
        act()
    assert all(word in str(caught.value) for word in words), str(caught.value)


# Callbacks, files, helpers and values: error, words, what is done in an empty folder.
OTHERS = {
    **{
        f"{cls.__name__}({name}={value!r})": (
            error,
            [name, repr(value)],
            lambda cls=cls, name=name, value=value: cls(**{name: value}),
        )
        for error, cls, name, value in [
            (ArgumentError, callbacks.EarlyStopping, "patience", -1),
            (ArgumentError, callbacks.EarlyStopping, "min_delta", "a"),
            (ArgumentError, callbacks.EarlyStopping, "monitor", None),
            (ArgumentError, callbacks.EarlyStopping, "baseline", "a"),
            (ArgumentError, callbacks.ReduceLROnPlateau, "factor", "a"),
            (ArgumentError, callbacks.ReduceLROnPlateau, "cooldown", 0.5),
        ]
    },
    "checkpoint after no batch": (
        ArgumentError,
        ["save_freq=0"],
        lambda: callbacks.ModelCheckpoint("a", save_freq=0),
    ),
    "checkpoint after a word": (
        ArgumentError,
        ["save_freq='batch'"],
        lambda: callbacks.ModelCheckpoint("a", save_freq="batch"),
    ),
    "checkpoint at a number": (FileError, ["3"], lambda: callbacks.ModelCheckpoint(3)),
    **{
        f"checkpoint {path!r}": (
            ArgumentError,
            ["filled in", path],
            lambda path=path: fit(classifier(), callbacks=[callbacks.ModelCheckpoint(path)]),
        )
        for path in ["{epoch:zz}", "{}", "{epoch", "{loss.x}"]
    },
    "checkpoint below a file": (
        FileError,
        ["cannot be written"],
        lambda: (
            open("plain", "w").close(),
            fit(classifier(), callbacks=[callbacks.ModelCheckpoint("plain/a/b")]),
        ),
    ),
    "log in no folder": (
        FileError,
        ["log", "folder"],
        lambda: fit(classifier(), callbacks=[callbacks.CSVLogger("no/log.csv")]),
    ),
    "separator": (ArgumentError, ["';;'"], lambda: callbacks.CSVLogger("a", separator=";;")),
    "hook": (UnknownNameError, ["'on_epoch_end'"], lambda: callbacks.LambdaCallback(on_epoch_en=1)),
    "hook of no function": (
        ArgumentError,
        ["on_epoch_end", "3"],
        lambda: callbacks.LambdaCallback(on_epoch_end=3),
    ),
    "schedule": (ArgumentError, ["'a'"], lambda: callbacks.LearningRateScheduler("a")),
    "an array to watch": (
        ArgumentError,
        ["single number", "(3,)"],
        lambda: callbacks.EarlyStopping("v").read({"v": np.ones(3)}),
    ),
    **{
        f"save at {path!r:.9}": (
            FileError,
            ["not a file path"],
            lambda path=path: classifier().save(path),
        )
        for path in [None, 3, "a\0b", "a" * 400]
    },
    "custom objects as list": (
        ArgumentError,
        ["custom_objects"],
        lambda: load_model("a", custom_objects=[1]),
    ),
    "weights before build": (
        FileError,
        ["2 arrays", "build"],
        lambda: (
            classifier().save_weights("w"),
            Sequential([layers.Dense(3)]).load_weights("w"),
        ),
    ),
    "classes of text": (DataError, ["dtype"], lambda: utils.to_categorical(["a", "b"])),
    "classes with NaN": (DataError, ["nan"], lambda: utils.to_categorical([0, np.nan])),
    "number of classes": (ArgumentError, ["'3'"], lambda: utils.to_categorical([0], "3")),
    "axis of a norm": (ArgumentError, ["axis=2", "(2,)"], lambda: utils.normalize([3.0, 4.0], 2)),
    "length": (ArgumentError, ["maxlen=-1"], lambda: utils.pad_sequences([[1]], maxlen=-1)),
    "sequences of text": (DataError, ["'ab'"], lambda: utils.pad_sequences([["ab"]])),
    "dtype of sequences": (DataError, ["flaot"], lambda: utils.pad_sequences([[1]], dtype="flaot")),
    "sequences of two ranks": (DataError, ["()"], lambda: utils.pad_sequences([[[1, 2]], [3]])),
    "seed": (ArgumentError, ["None"], lambda: utils.set_random_seed(None)),
    "value of a number": (ArgumentError, ["3.0"], lambda: graph.value(3.0)),
    "feeds as list": (ArgumentError, ["feeds"], lambda: graph.value(graph.constant(1.0), [1])),
    "fed text": (
        DtypeError,
        ["where      p", "'a'"],
        lambda: graph.value(graph.placeholder((), name="p"), {"p": "a"}),
    ),
    "no number yet": (GrafitoError, ["no number"], lambda: graph.placeholder(()).numpy()),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_wrong_uses_are_explained(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error, words, act = OTHERS[name]
    with pytest.raises(error) as caught:
        act()
    assert all(word in str(caught.value) for word in words), str(caught.value)


# All or none


def test_a_layer_that_does_not_fit_is_not_added():
    model = Sequential([layers.Input((28, 28)), layers.Dense(3)])
    with pytest.raises(ShapeError):
        model.add(layers.Conv2D(3, 3))
    assert len(model.layers) == 1
    assert model.predict(np.ones((2, 28, 28)), verbose=0).shape == (2, 28, 3)


def test_weights_are_set_all_or_none():
    model = classifier()
    before = model.get_weights()
    with pytest.raises(GrafitoError):
        model.set_weights([before[0] + 1, np.array(["a", "b", "c"])])
    assert model.get_weights()[0].tobytes() == before[0].tobytes()


def test_a_wrong_compile_changes_nothing():
    model = classifier(metrics=["accuracy"])
    optimizer = model.optimizer
    for arguments in ({"engine": "refrence"}, {"metrics": ["acuracy"]}, {"loss": "msee"}):
        with pytest.raises(UnknownNameError):
            model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    assert model.optimizer is optimizer
    assert list(fit(model).history) == ["accuracy", "loss"]


def test_a_build_that_fails_leaves_no_weights():
    class Fragile(layers.Layer):
        broken = True

        def build(self, input_shape):
            self.kernel = self.add_weight((input_shape[-1], 2))
            if self.broken:
                raise RuntimeError("not yet")

        def call(self, inputs):
            return inputs @ self.kernel

    layer = Fragile()
    with pytest.raises(RuntimeError, match="not yet"):
        layer(X)
    assert layer.weights == []
    layer.broken = False
    assert layer(X).shape == (40, 2)
    assert len(layer.weights) == 1


def test_the_weight_that_is_wrong_is_named():
    """An error keeps its own place when the layer's is added."""

    class Odd(layers.Layer):
        def build(self, input_shape):
            self.add_weight((input_shape[1], 2), name="odd_kernel")

        def call(self, inputs):
            return inputs

    with pytest.raises(ShapeError) as caught:
        Odd(name="mine")(layers.Input((None, 3)))
    assert "'odd_kernel'" in str(caught.value)
    assert "'mine'" in str(caught.value)


def test_errors_of_the_user_come_through_and_training_goes_on(capsys):
    class Broken(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch:
                raise KeyError("mine")

    model = classifier()
    with pytest.raises(KeyError, match="mine"):
        fit(model, epochs=4, callbacks=[Broken()], verbose=1)
    assert model.history.epoch == [0]
    fit(model, verbose=1)  # the display of the first call is gone


def test_learning_rate_errors_of_the_user_are_not_hidden():
    def rate(epoch, now):
        return None + 1

    with pytest.raises(TypeError, match="NoneType"):
        fit(classifier(), callbacks=[callbacks.LearningRateScheduler(rate)])


def test_a_link_stays_a_link(tmp_path):
    model = classifier()
    model.save(tmp_path / "target")
    os.symlink(tmp_path / "target", tmp_path / "link")
    model.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load_model(os.fsencode(tmp_path / "link")).count_params() == 21


def test_names_of_metrics_stay_when_compiled_again():
    given = [metrics.MeanSquaredError(), metrics.MeanAbsoluteError()]
    model = two_outputs(metrics=given)
    first = list(fit(model, y=[TARGET, TARGET]).history)
    model.compile(optimizers.SGD(0.1), "mse", metrics=given)
    assert list(fit(model, y=[TARGET, TARGET]).history) == first


# Shapes inside losses and metrics


class Columns(metrics.Metric):
    def __init__(self):
        super().__init__(name="columns")
        self.total = self.add_weight(name="total", shape=(3,), initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(graph.sum(y_pred - y_true, axis=0))

    def result(self):
        return graph.mean(self.total)


def lopsided(y_true, y_pred):
    return graph.concatenate([y_pred, y_true], axis=-1) - y_true


def without_examples(y_true, y_pred):
    return graph.mean(graph.square(y_true - y_pred), axis=0)


GIVEN = ["y_true (None, 2)", "y_pred (None, 2)"]
# compile, settings of fit, what the message says
SHAPES = [
    ({"metrics": [Columns()]}, {}, ["metric 'columns'", *GIVEN]),
    ({"metrics": [lopsided]}, {}, ["metric 'lopsided'", *GIVEN]),
    ({"loss": lopsided}, {}, ["loss 'lopsided'", *GIVEN]),
    ({}, {"sample_weight": np.ones((60, 2))}, ["(None, 2), values (None,)", "one weight for each"]),
    (
        {"loss": None, "weighted_metrics": [without_examples]},
        {"sample_weight": np.ones(60)},
        ["metric 'without_examples'", "one value for each example", "axis=-1"],
    ),
    ({"metrics": ["mae"]}, {"y": np.ones((60, 3))}, ["targets (60, 3)"]),
]


@pytest.mark.parametrize(("compiled", "settings", "words"), SHAPES)
def test_shapes_that_do_not_fit_in_a_loss_or_metric(compiled, settings, words):
    model = Sequential([layers.Input((2,)), layers.Dense(2, activity_regularizer="l2")])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    x = np.ones((60, 2), "f")
    with pytest.raises(ShapeError) as error:
        model.fit(**{"x": x, "y": x, "verbose": 0, **settings})
    assert all(word in str(error.value) for word in words), error.value
