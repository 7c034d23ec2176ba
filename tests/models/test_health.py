"""What training says before its first step, and when its loss becomes NaN."""

import warnings

import numpy as np
import pytest

from grafito import Model, Sequential, graph, language, layers, losses, metrics, optimizers
from grafito.errors import ArgumentError
from grafito.graph import Op
from grafito.losses import LossWarning
from grafito.models.health import gradients

X = np.random.default_rng(0).random((40, 3)).astype("float32")
SUM = X.sum(axis=1, keepdims=True)
CLASS = (SUM > 1.5).astype("int32")
LOGITS = losses.BinaryCrossentropy(from_logits=True)


def said(work):
    """The texts of the warnings that some work gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        work()
    return [str(each.message) for each in caught]


def net(activation=None, units=1, **kwargs):
    hidden = layers.Dense(4, activation="tanh", name="hidden")
    last = layers.Dense(units, activation=activation, name="last")
    return Sequential([layers.Input((3,)), hidden, last], **kwargs)


def heads():
    x = layers.Input((3,))
    h = layers.Dense(4, name="body")(x)
    a, b = layers.Dense(1, name="a")(h), layers.Dense(1, name="b")(h)
    return Model(x, [a, b])


def towers():
    x = layers.Input((3,))
    return Model(x, [layers.Dense(1)(layers.Dense(4)(x)), layers.Dense(1)(x)])


class StraightThrough(Op):
    """Rounds, and lets the gradient pass."""

    def infer(self, x):
        return x.shape, x.dtype

    def value(self, xp, x):
        return xp.round(x)

    def gradient(self, g, out, x):
        return (g,)


def absolute(of):
    return lambda t, p: graph.mean(graph.abs(t - of(p)))


# Weights that no gradient reaches: model, loss, words.
UNREACHED = {
    "round": (net, absolute(graph.round), ["hidden/kernel", "'round' is flat"]),
    "floor": (net, absolute(graph.floor), ["'floor' is flat"]),
    "sign": (net, absolute(graph.sign), ["'sign' is flat"]),
    "step": (net, absolute(lambda p: graph.cast(p > 0.5, "float32")), ["'greater' is flat"]),
    "whole": (net, absolute(lambda p: graph.cast(graph.cast(p, "int32"), "float32")), ["'cast'"]),
    "where": (net, absolute(lambda p: graph.where(p > 0.5, 1.0, 0.0)), ["'greater' is flat"]),
    "class": (
        lambda: net(units=3),
        lambda t, p: graph.cast(graph.argmax(p, axis=-1), "float32"),
        ["'argmax' is flat"],
    ),
    "stopped head": (heads, [absolute(graph.stop_gradient), "mse"], ["a/kernel", "flat"]),
    "stopped": (net, absolute(graph.stop_gradient), ["'stopgradient' is flat"]),
    "constant": (net, lambda t, p: graph.constant(0.5), ["the loss does not depend on them"]),
    "of targets": (net, lambda t, p: graph.mean(t), ["the loss does not depend on them"]),
    "layer": (
        lambda: net(lambda x: graph.where(x > 0, 1.0, 0.0)),
        "mse",
        ["hidden/kernel", "'greater' is flat", "last"],
    ),
}
REACHED = {
    "mse": (net, "mse"),
    "straight through": (net, absolute(StraightThrough())),
    "round beside": (net, lambda t, p: graph.mean(graph.square(t - p) + graph.round(p))),
    "relu": (lambda: net("relu"), "mse"),
    "maximum": (net, lambda t, p: graph.maximum(t - p, 0.0)),
    "head without a loss": (heads, ["mse", None]),
    "named head without a loss": (heads, {"b": "mse"}),
    "part for a head without a loss": (towers, [None, "mse"]),
}


@pytest.mark.parametrize("case", UNREACHED)
def test_weights_that_no_gradient_reaches_are_told_once(case):
    model, loss, words = UNREACHED[case]
    model = model()
    model.compile("sgd", loss)
    targets = [SUM] * len(model.outputs)

    def train():
        model.fit(X, targets, batch_size=32, epochs=2, verbose=0)  # the last batch has 8
        model.fit(X, targets, epochs=1, verbose=0)
        model.train_on_batch(X, targets)

    told = said(train)
    assert len(told) == 1, told
    assert not [word for word in words if word not in told[0]], told


@pytest.mark.parametrize("case", REACHED)
def test_a_gradient_on_one_way_is_enough(case):
    model, loss = REACHED[case]
    model = model()
    model.compile("sgd", loss, engine="reference")
    assert said(lambda: model.fit(X, SUM, verbose=0)) == []


@pytest.mark.parametrize("first", [0, 1])
def test_a_cast_of_integers_says_nothing_of_one_of_numbers(first, monkeypatch):
    monkeypatch.setattr(gradients, "_open", {})
    w, i = graph.Variable(1.5, name="w"), graph.placeholder((), "int32", "i")
    factors = [graph.cast(i, "float32"), graph.cast(graph.cast(w, "float64"), "float32")]
    loss = factors[first] * factors[1 - first]
    assert gradients.unreached(loss, [w]) is None


def test_a_model_that_is_frozen_is_told_once():
    model = net("sigmoid", name="D")
    model.compile("sgd", "binary_crossentropy")
    model.trainable = False

    def train():
        model.train_on_batch(X, CLASS)
        model.fit(X, CLASS, verbose=0)

    (told,) = said(train)
    assert "Nothing to train: all weights of 'D' are frozen." in told
    model.trainable = True
    before = model.get_weights()
    assert said(lambda: model.train_on_batch(X, CLASS)) == []
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_model_without_weights_trains_without_a_word():
    model = Sequential([layers.Input((3,)), layers.Activation("relu")])
    model.compile("sgd", "mse")
    assert said(lambda: model.fit(X, X, verbose=0)) == []


def test_an_adversary_that_stays_frozen_is_told():
    judge = net("sigmoid", name="judge")
    judge.compile("sgd", "binary_crossentropy")
    judge.trainable = False
    z = layers.Input((2,))
    both = Model(z, judge(layers.Dense(3)(z)))
    both.compile("sgd", "binary_crossentropy")
    told = said(lambda: [judge.train_on_batch(X, CLASS) for _ in range(3)])
    assert len(told) == 1
    assert "'judge'" in told[0]
    assert said(lambda: both.train_on_batch(X[:, :2], CLASS)) == []


# Outputs, targets, metrics and data: last activation, loss, metrics, y, arguments of fit, words.
UNFIT = {
    "accuracy of numbers": (None, "mse", ["accuracy"], SUM, {}, ["R2Score()", "'accuracy'"]),
    "accuracy of ages": (None, "mae", ["acc"], np.round(20 * SUM), {}, ["R2Score()"]),
    "accuracy of logits": (None, LOGITS, ["accuracy"], CLASS, {}, ["threshold=0.0"]),
    "sigmoid": ("sigmoid", "mse", None, 30 * SUM, {}, ["from 0 to 1", "without activation"]),
    "tanh": ("tanh", "mae", None, -30 * SUM, {}, ["from -1 to 1"]),
    "relu": ("relu", "huber", None, -SUM, {}, ["0 or more"]),
    "class weight": (
        "sigmoid",
        "binary_crossentropy",
        None,
        CLASS,
        {"class_weight": {0: 1, 5: 2}},
        ["class_weight", "5"],
    ),
    "sample weight": (None, "mse", None, SUM, {"sample_weight": -np.ones(40)}, ["-1 at index 0"]),
    "negative class weight": (
        "sigmoid",
        "binary_crossentropy",
        None,
        CLASS,
        {"class_weight": {0: 1, 1: -2}},
        ["class_weight", "-2 for class 1"],
    ),
    "accuracy of labels that do not exclude each other": (
        None,
        "mse",
        ["accuracy"],
        np.ones((40, 1)) * [1, 0, 1],
        {},
        ['metrics=["binary_accuracy"]'],
    ),
    "above by more than rounding": ("sigmoid", "mse", None, np.full((40, 1), 1.01), {}, ["to 1"]),
    "steps": (None, "mse", None, SUM, {"steps_per_epoch": 10}, ["40 examples in batches of 32"]),
}
FIT = {
    "accuracy of classes": ("sigmoid", "mse", ["accuracy"], CLASS, {}),
    "accuracy of linear classes": (None, "mse", ["accuracy"], CLASS, {}),
    "accuracy with its own border": (
        None,
        LOGITS,
        [metrics.BinaryAccuracy(threshold=0)],
        CLASS,
        {},
    ),
    "sigmoid": ("sigmoid", "mse", None, SUM / 3, {}),
    "a rounding above": ("sigmoid", "mse", None, SUM / SUM.max() * 1.0000001, {}),
    "constant, a rounding above": ("sigmoid", "mse", None, np.full((40, 1), 1.0000001, "f"), {}),
    "constant, a rounding below": ("relu", "mse", None, np.full((40, 1), -1e-7), {}),
    "constant, a rounding outside": ("tanh", "mae", None, np.full((40, 1), -1.0000001), {}),
    "relu": ("relu", "mse", None, SUM, {}),
    "counts": ("relu", "poisson", None, np.round(20 * SUM), {}),
    "classes of a hinge": ("tanh", "hinge", None, 2 * CLASS - 1, {}),
    "class weight of 0": (
        "sigmoid",
        "binary_crossentropy",
        None,
        CLASS,
        {"class_weight": {0: 0.0, 1: 1.0}},
    ),
    "steps": (None, "mse", None, SUM, {"steps_per_epoch": 2}),
    "class weight": ("sigmoid", "binary_crossentropy", None, CLASS, {"class_weight": {1: 2.0}}),
}


def trained(row):
    activation, loss, measured, y, arguments = row[:5]
    model = net(activation, units=y.shape[-1])
    model.compile("sgd", loss, metrics=measured)
    return said(lambda: model.fit(X, y, epochs=2, verbose=0, **arguments))


@pytest.mark.parametrize("case", UNFIT)
def test_what_cannot_fit_is_told_once(case):
    told = trained(UNFIT[case])
    assert len(told) == 1, told
    assert not [word for word in UNFIT[case][-1] if word not in told[0]], told


@pytest.mark.parametrize("case", FIT)
def test_what_fits_is_not_told(case):
    assert trained(FIT[case]) == []


def test_of_several_findings_the_gravest_is_told():
    model = net("sigmoid")
    model.compile("sgd", "mse", metrics=["accuracy"])
    model.trainable = False
    (told,) = said(lambda: model.fit(X, 30 * SUM, verbose=0))
    assert "frozen" in told


def test_a_warning_is_of_the_users_line_and_can_be_silenced():
    model = net("sigmoid")
    model.compile("sgd", "mse")
    with pytest.warns(LossWarning) as caught:
        model.fit(X, 30 * SUM, verbose=0)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=LossWarning)
        model.compile("sgd", "mse")
        model.fit(X, 30 * SUM, verbose=0)


# NaN


@pytest.mark.parametrize("callback", [False, True])
def test_the_first_nan_is_told_with_the_way_to_find_it(callback):
    from grafito.callbacks import LambdaCallback

    model = net()
    model.compile(optimizers.SGD(1e6), "mse")
    watch = [LambdaCallback(on_epoch_end=lambda epoch, logs: None)] if callback else None
    told = said(lambda: model.fit(X, 1e12 * SUM, epochs=60, verbose=0, callbacks=watch))
    assert len(told) == 1, told
    assert "check_finite=True" in told[0]
    first = int(np.argmax(~np.isfinite(model.history.history["loss"])))
    assert f"in epoch {first + 1}" in told[0]


# In the language being spoken: model, targets, settings of fit, words.
SPANISH = {
    "flat": (lambda: net(lambda x: graph.round(x)), SUM, "mse", {}, ["Ningún gradiente llega a"]),
    "frozen": (lambda: net(trainable=False), SUM, "mse", {}, ["están congelados", "sugerencia"]),
    "reach": (lambda: net("sigmoid"), 9 * SUM, "mse", {}, ["no pueden alcanzar", "objetivos de"]),
    "steps": (net, SUM, "mse", {"steps_per_epoch": 9}, ["menos lotes", "como máximo: 40 ejemplos"]),
    "rows": (
        lambda: net("softmax", 3),
        np.ones((40, 3)),
        "categorical_crossentropy",
        {},
        ["no suma 1", "para varias clases a la vez"],
    ),
    "logits": (lambda: net("sigmoid"), CLASS, LOGITS, {}, ["La pérdida espera logits"]),
    "nan": (net, 1e30 * SUM, "mse", {"epochs": 9}, ["en la época", "nombra el paso"]),
}


@pytest.mark.parametrize("case", SPANISH)
def test_findings_are_told_in_the_language_being_spoken(case):
    make, targets, loss, settings, words = SPANISH[case]
    model = make()
    model.compile("sgd", loss)
    with language.use("es"):
        told = said(lambda: model.fit(X, targets, verbose=0, **settings))
    assert told
    assert not [word for word in words if word not in told[0]], told


# The learning rate


@pytest.mark.parametrize(
    ("rate", "hint"), [(-1, "1.0"), ("0.1", "0.1"), (float("nan"), "0.01"), (np.inf, "0.01")]
)
def test_a_learning_rate_is_a_number_that_is_not_negative(rate, hint):
    for make in (optimizers.SGD, optimizers.Adam):
        with pytest.raises(ArgumentError) as error:
            make(rate)
        assert f"learning_rate={hint}" in str(error.value)
    optimizer = optimizers.SGD(0.5)
    with pytest.raises(ArgumentError):
        optimizer.learning_rate = rate
    assert float(optimizer.learning_rate) == 0.5
