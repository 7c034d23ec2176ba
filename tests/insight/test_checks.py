"""Gradients, NaN, one batch, and the range of rates: what they say is what happened."""

import numpy as np
import pytest

from grafito import Sequential, graph, initializers, insight, layers, optimizers, utils
from grafito.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    GrafitoError,
    GraphError,
    ShapeError,
)
from grafito.graph import GradientError, Op
from grafito.language import use

CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=(40, 4)).astype("float32")
LABELS = (X[:, 0] + X[:, 1] > 0).astype("int32") + (X[:, 2] > 1)
SUM = X.sum(axis=1, keepdims=True)


def net(*stack, loss="mse", optimizer="sgd", units=1, activation=None):
    utils.set_random_seed(1)
    model = Sequential([layers.Input((4,)), *stack, layers.Dense(units, activation, name="last")])
    model.compile(optimizer, loss)
    return model


def classifier(optimizer="adam"):
    hidden = layers.Dense(32, activation="relu", name="hidden")
    return net(hidden, loss="sparse_categorical_crossentropy", optimizer=optimizer, units=3,
               activation="softmax")  # fmt: skip


class Wrong(Op):
    """Twice x, with the gradient of x."""

    analytic = True

    def infer(self, x):
        return x.shape, x.dtype

    def value(self, xp, x):
        return x + x

    def gradient(self, g, out, x):
        return (g,)


# Gradients

MODELS = {
    "dense": lambda: classifier(),
    "batch normalization": lambda: net(layers.Dense(5), layers.BatchNormalization()),
    "dropout": lambda: net(layers.Dense(8, "tanh"), layers.Dropout(0.5)),
    "penalty": lambda: net(layers.Dense(5, "sigmoid", kernel_regularizer="l2")),
    "convolution": lambda: net(
        layers.Reshape((2, 2, 1)), layers.Conv2D(3, 2, padding="same"), layers.Flatten()
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_gradients_of_layers_are_right(name):
    model = MODELS[name]()
    before = model.get_weights()
    report = insight.gradient_check(model, X, LABELS if name == "dense" else SUM)
    assert report.right
    assert max(part.error for part in report.parts) < 1e-6
    assert {part.name for part in report.parts} == {v.path for v in model.trainable_variables}
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_wrong_op_in_a_model_is_named():
    model = net(layers.Dense(3, name="before"), layers.Lambda(Wrong()))
    with pytest.raises(GradientError, match="before/") as caught:
        insight.gradient_check(model, X, SUM)
    assert "wrong" in str(caught.value)


W = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
A = np.arange(12.0).reshape(4, 3)
RIGHT = 2 * (W @ A.T - 1.0) @ A  # of the sum of squares


# What somebody worked out, and how it differs.
BY_HAND = {
    "right": (RIGHT, "agree"),
    "rounded": (np.round(RIGHT, 2), "agree"),
    "mean": (RIGHT / 4, "1/4 of it, by the number of examples"),
    "sum": (4 * RIGHT, "4 times it, the number of examples"),
    "sign": (-RIGHT, "opposite sign"),
    "factor": (RIGHT / 2, "0.5 times it, everywhere"),
    "turned": (RIGHT.T, "transpose"),
    "one element": (RIGHT + np.eye(2, 3) * [[1.0], [0.0]], "at [0, 0] it is"),
    "infinite": (np.where(RIGHT[1, 1] == RIGHT, np.inf, RIGHT), "yours inf; 1 of 6 elements"),
    "no numbers": (RIGHT * np.nan, "yours nan; 6 of 6 elements"),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_gradient_by_hand_is_compared_in_words(name):
    mine, words = BY_HAND[name]

    def loss(a, w):
        return graph.sum(graph.square(graph.matmul(w, graph.transpose(a)) - 1.0))

    report = insight.gradient_check(loss, [A, W], gradient={"w": mine})
    assert report.right == (words == "agree")
    assert words in str(report)


def test_a_gradient_by_hand_that_is_a_text_is_refused():
    with pytest.raises(DtypeError, match="numbers"):
        insight.gradient_check("x^2", {"x": 1.0}, gradient="2x")


def test_the_gradient_of_a_model_by_hand():
    model = net()
    kernel, bias = model.get_weights()
    error = X[:8] @ kernel + bias - SUM[:8]
    mine = [2 * X[:8].T @ error / 8, 2 * error.mean(axis=0)]
    assert insight.gradient_check(model, X, SUM, gradient=mine).right
    wrong = insight.gradient_check(model, X, SUM, gradient=[8 * mine[0], mine[1]])
    assert [part.right for part in wrong.parts] == [False, True]


def test_words_come_in_spanish():
    with use("es"):
        report = insight.gradient_check("w*x", {"w": 2.0, "x": 3.0}, gradient={"w": -3.0})
        assert "El gradiente es incorrecto." in str(report)
        assert "signo opuesto" in str(report)


BAD = {
    "no model": (lambda: insight.gradient_check(7, X), ArgumentError),
    "a formula without names": (lambda: insight.gradient_check("w*x", [1.0]), ArgumentError),
    "no gradients": (lambda: insight.gradient_check("x^2", {"x": 1.0}, gradient={}), ArgumentError),
    "a missing input": (lambda: insight.gradient_check("w*x", {"w": 1.0}), ArgumentError),
    "an unknown gradient": (
        lambda: insight.gradient_check("w*x", {"w": 1.0, "x": 2.0}, gradient={"v": 1.0}),
        ArgumentError,
    ),
    "another number of gradients": (
        lambda: insight.gradient_check("w*x", {"w": 1.0, "x": 2.0}, gradient=[1.0]),
        ArgumentError,
    ),
    "another shape": (
        lambda: insight.gradient_check("sum(w)", {"w": [1.0, 2.0]}, gradient=[[1.0], [1.0]]),
        ShapeError,
    ),
    "not compiled": (
        lambda: insight.overfit_one_batch(Sequential([layers.Input((4,)), layers.Dense(1)]), X, X),
        GraphError,
    ),
    "other data": (lambda: insight.overfit_one_batch(net(), X[:, :3], SUM), ShapeError),
    "other targets": (lambda: insight.rate_range(net(), X, SUM[:5]), DataError),
    "no data": (lambda: insight.where_nan(net(), X[:0], SUM[:0]), DataError),
    "nan in the data": (lambda: insight.overfit_one_batch(net(), X * np.nan, SUM), DataError),
    "no examples": (lambda: insight.overfit_one_batch(net(), X, SUM, examples=0), ArgumentError),
    "rates downwards": (lambda: insight.rate_range(net(), X, SUM, lowest=20.0), ArgumentError),
    "no steps": (lambda: insight.rate_range(net(), X, SUM, steps=-1), ArgumentError),
    "a layer": (lambda: insight.where_nan(layers.Dense(1), X), ArgumentError),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_in_words(name):
    work, kind = BAD[name]
    with pytest.raises(kind) as caught:
        work()
    assert isinstance(caught.value, GrafitoError)


# NaN

P = graph.placeholder((3,), name="p")
# A tensor, the numbers it is fed, the first bad op, and whether that lies on the way back.
NOT_FINITE = {
    "log": (graph.sum(graph.log(P)), [1.0, 0.0, 2.0], "log", False),
    "divide": (graph.sum(P / (P - 1.0)), [1.0, 0.0, 2.0], "divide", False),
    "exp": (graph.sum(graph.exp(P)), [1.0, 0.0, 2000.0], "exp", False),
    "sqrt of a negative number": (graph.sum(graph.sqrt(P)), [1.0, -1.0, 2.0], "sqrt", False),
    "slope of a root": (graph.sum(graph.sqrt(P)), [1.0, 0.0, 2.0], "divide", True),
    "both from products": (graph.sum(P * 0.0 / (P * P * 0.0)), [1.0, 2.0, 3.0], "divide", False),
    "twice the same": (graph.sum(P * 2.0 / (P * 0.0)), [1.0, 2.0, 3.0], "divide", False),
    "where": (
        graph.sum(graph.where(P > 0, graph.sqrt(P), 0.0)), [1.0, 0.0, 2.0], "divide", True
    ),
}  # fmt: skip


# Its formula, with what enters it a few ops deep.
WRITTEN = {
    "log": "ln(p)",
    "divide": "p ÷ (p − 1)",
    "exp": "exp(p)",
    "sqrt of a negative number": "√(p)",
    "slope of a root": "(1 × 0.5) ÷ √(p)",
    "where": "(where(…, 1, 0) × 0.5) ÷ √(p)",
    "both from products": "(p × 0) ÷ ((p × p) × 0)",
    "twice the same": "(p × 2) ÷ (p × 0)",
}


@pytest.mark.parametrize("name", NOT_FINITE)
def test_the_first_value_that_is_not_finite(name):
    tensor, numbers, op, back = NOT_FINITE[name]
    report = insight.where_nan(tensor, {"p": numbers})
    assert not report.finite
    assert report.op == op
    assert ("on the way back" in str(report)) == back
    assert report.formula == WRITTEN[name]
    assert "try" in str(report)
    assert ("double where" in str(report)) == (name == "where")
    assert ("negative number" in str(report)) == (name == "sqrt of a negative number")
    assert len(report.inputs) == 1 + (report.op == "divide")


def test_a_mask_of_minus_infinity_is_meant():
    tensor = graph.softmax(P + np.array([0.0, -np.inf, 0.0], "float32"))
    assert insight.where_nan(tensor, {"p": [1.0, 2.0, 3.0]}).finite


def test_nan_of_a_model_names_the_layer():
    model = net(layers.Dense(3, name="inner"), layers.Lambda(graph.log, name="careless"))
    report = insight.where_nan(model, X, SUM)
    assert report.op == "log"
    assert "careless" in "/".join(report.place)
    assert insight.where_nan(net(), X, SUM).finite
    model = net()
    model.set_weights([np.full((4, 1), np.nan), np.zeros(1)])
    assert "last/kernel" in str(insight.where_nan(model, X, SUM))


# One batch


def test_a_network_learns_ten_examples():
    model = classifier(optimizers.Adam(0.01))
    before = model.get_weights()
    report = insight.overfit_one_batch(model, X, LABELS)
    assert report.learned
    assert report.examples == 10
    assert "learns 10 examples by heart" in str(report)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


# What has a fault cannot.
FAULTS = {
    "rate too small": (lambda: classifier(optimizers.SGD(1e-7)), LABELS),
    "output out of reach": (lambda: net(activation="sigmoid", optimizer="adam"), 100 + SUM),
    "dead": (
        lambda: net(layers.Dense(8, "relu", bias_initializer=initializers.Constant(-9.0))),
        SUM,
    ),
    "too few units": (
        lambda: net(layers.Dense(1, "tanh"), optimizer="adam"),
        CHANCE.normal(size=(40, 1)),
    ),
    "rate too large": (lambda: net(optimizer=optimizers.SGD(1e6)), SUM),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.filterwarnings("ignore::grafito.losses.LossWarning")
def test_a_fault_is_seen_on_ten_examples(name):
    model, y = FAULTS[name]
    report = insight.overfit_one_batch(model(), X, y, steps=120)
    assert not report.learned
    text = "too large" if name == "rate too large" else "does not learn"
    assert text in str(report)


# Rates


@pytest.mark.parametrize("optimizer", ["sgd", "adam", optimizers.SGD(0.1, momentum=0.9)])
def test_the_rate_that_is_suggested_trains(optimizer):
    model = classifier(optimizer)
    report = insight.rate_range(model, X, LABELS, batch_size=20)
    assert report.suggested
    trained = classifier(optimizer if isinstance(optimizer, str) else "sgd")
    trained.optimizer.learning_rate = report.suggested
    losses = trained.fit(X, LABELS, epochs=60, batch_size=20, verbose=0)["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert report.limit is None or report.limit > report.suggested


def test_the_suggestion_is_between_where_it_falls_and_where_it_grows():
    rates = np.geomspace(1e-5, 10, 100)
    losses = 1.0 - 0.6 / (1 + (0.01 / rates) ** 2) + np.where(rates > 1, rates, 0)
    report = insight.tries.read_rates(rates, losses)
    assert 0.001 < report.suggested < 0.02
    assert 1 <= report.limit < 2
    flat = insight.tries.read_rates(rates, 1 + 0.01 * CHANCE.normal(size=100))
    assert flat.suggested is None
    assert "falls at no rate" in str(flat)
    nothing = insight.tries.read_rates(rates[:3], np.array([1.0, np.nan, np.inf]))
    assert nothing.suggested is None


def test_a_schedule_is_set_aside_for_the_range():
    schedule = optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)
    assert insight.rate_range(net(optimizer=optimizers.SGD(schedule)), X, SUM).suggested


@pytest.mark.parametrize(("lang", "word"), [("en", "learning rate"), ("es", "tasa de aprendizaje")])
def test_the_curve_of_the_range(lang, word):
    figure = insight.rate_range(net(), X, SUM, steps=60).figure(lang=lang)
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == word
    assert len(axes.lines) == 2
    assert figure.alt
