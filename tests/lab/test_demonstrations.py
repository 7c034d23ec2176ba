"""What the demonstrations and the small experiments show is so: numbers by hand, and properties."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from grafito import lab, optimizers
from grafito.callbacks import History
from grafito.datasets import boston_housing, generators, pima
from grafito.lab.experiments.convolution_steps import KERNELS, ZERO, Convolution
from grafito.lab.experiments.descent import OPTIMIZERS, DescentVariants, steps_to
from grafito.lab.experiments.logistic_map import forecast_caption
from grafito.lab.experiments.moons import epochs_until
from grafito.lab.experiments.overfitting import Overfitting, fitted_polynomial, noisy_sine
from grafito.lab.experiments.perceptron import Perceptron, learn
from grafito.lab.experiments.pima import Pima
from grafito.lab.experiments.vanishing import (
    ACTIVATIONS,
    VanishingGradient,
    dead_units,
    norms_of_gradients,
)

pytestmark = pytest.mark.usefixtures("undrawn")


def run(tmp_path, name, variant=None, **settings):
    return lab.run(lab.get(name, variant, **settings), out=tmp_path, verbose=0)


def rows(result, name):
    with (result.folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# Graphs by hand

BY_HAND = {"": 0.666, "w0": 0.623, "x0": 0.323, "w1": -0.400, "x1": -0.078, "b": 0.222}


@pytest.fixture(scope="module")
def four_functions(tmp_path_factory):
    return run(tmp_path_factory.mktemp("functions"), "activation-graphs")


def test_the_unit_with_a_sigmoid_has_the_numbers_of_the_course(four_functions):
    table = rows(four_functions, "sigmoid-gradients")
    found = {row["input"]: float(row["gradient"]) for row in table}
    output = four_functions.metrics["sigmoid output"]
    assert {"": output, **found} == pytest.approx(BY_HAND, abs=6e-4)


@pytest.mark.parametrize("function", ["sigmoid", "tanh", "elu", "leaky_relu"])
def test_gradients_by_hand_agree_with_their_witness(function, four_functions):
    for row in rows(four_functions, f"{function}-gradients"):
        assert float(row["gradient"]) == pytest.approx(float(row["central difference"]), abs=1e-5)


def test_two_neurons_have_the_loss_of_the_course(tmp_path):
    assert run(tmp_path, "two-neurons").metrics["loss"] == pytest.approx(0.220, abs=5e-4)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_convolution_is_the_sum_of_windows(kernel):
    weights = np.array(KERNELS[kernel], np.float32)
    model = Convolution(kernel=kernel).network(weights)
    windows = np.lib.stride_tricks.sliding_window_view(ZERO, weights.shape)
    maps = (windows * weights).sum(axis=(2, 3))
    pooled = maps[:4, :4].reshape(2, 2, 2, 2).max(axis=(1, 3))
    answer = model.predict(ZERO[None, :, :, None], verbose=0)[0]
    assert answer.tolist() == pooled.ravel().tolist()


# The perceptron


@pytest.mark.parametrize("seed", range(1, 101))
def test_the_perceptron_converges_on_the_separable_set(seed):
    separable = Perceptron(seed=seed)
    x, y = separable.points()
    learned = learn(x, y, separable.epochs)
    assert learned.converged
    w = learned.weights[-1]
    assert ((x @ w[:2] + w[2] >= 0) == y).all()


@pytest.mark.parametrize("seed", range(1, 21))
def test_the_perceptron_does_not_rest_on_the_overlapping_set(seed):
    x, y = Perceptron.usual("overlapping").with_settings(seed=seed).points()
    learned = learn(x, y, epochs=200)
    assert not learned.converged
    assert min(learned.errors) > 0


# Data with missing values, and lines through data


def test_the_linear_neuron_of_boston_is_least_squares(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5)) * [1, 10, 100, 0.1, 1] + 5
    y = x @ [1, 0.1, 0.01, 10, 2] + rng.normal(size=300)
    made = (x[:225], y[:225]), (x[225:], y[225:])
    monkeypatch.setattr(boston_housing, "load_data", lambda **_: made)
    monkeypatch.setattr("grafito.datasets.get", lambda name: {})
    monkeypatch.setattr("grafito.datasets.verify", lambda name: [])
    metrics = run(tmp_path, "boston").metrics
    assert metrics["r2"] == pytest.approx(metrics["least_squares_r2"], abs=0.01)
    assert metrics["r2"] > 0.7


def test_boston_reaches_the_course(tmp_path, real_data):
    real_data("boston-housing")
    metrics = run(tmp_path, "boston").metrics
    assert metrics["r2"] == pytest.approx(metrics["least_squares_r2"], abs=0.01)
    assert metrics["r2"] > 0.669


def made_pima(**_):
    """Women with other values each, of whom some have no measurement of glucose."""
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 200, size=(60, 8)).astype(np.float32)
    x[::5, pima.FEATURES.index("glucose")] = 0
    x[::3, pima.FEATURES.index("pregnancies")] = 0
    y = np.arange(60) % 2
    return (x[:40], y[:40]), (x[40:], y[40:])


def test_missing_values_are_filled_from_the_training_fold_alone(tmp_path, monkeypatch):
    seen = []
    network = Pima.network
    monkeypatch.setattr(pima, "load_data", made_pima)
    monkeypatch.setattr("grafito.datasets.get", lambda name: {})
    monkeypatch.setattr("grafito.datasets.verify", lambda name: [])
    monkeypatch.setattr(Pima, "network", lambda self, x: seen.append(x) or network(self, x))
    run(tmp_path, "pima", units=[3], epochs=1)
    fills = []
    for x in seen:
        glucose, pregnancies = x[:, 0], x[:, -1]
        values, counts = np.unique(glucose, return_counts=True)
        fills.append(values[counts.argmax()])
        assert (glucose > 0).all()
        assert fills[-1] == pytest.approx(glucose[glucose != fills[-1]].mean(), rel=1e-5)
        assert (pregnancies == 0).any()
    assert len(set(fills)) == len(seen) == 5


def test_the_logistic_map_is_learned_without_overfitting(tmp_path):
    history = rows(run(tmp_path, "logistic-map"), "history")
    first, last = history[0], history[-1]
    assert float(last["loss"]) < 0.01 * float(first["loss"])
    assert float(last["val_loss"]) < 2 * float(last["loss"])


# Parity


def test_one_hidden_unit_never_learns_exclusive_or(tmp_path):
    settings = {"bits_each": [2], "hidden_each": [1, 3], "starts": 4, "epochs": 600}
    one, three = rows(run(tmp_path, "parity", "hidden-units", **settings), "sweep")
    assert (one["starts that learn"], three["starts that learn"]) == ("0", "4")
    assert float(one["right on average"]) <= 0.75


def test_starts_that_do_not_learn_are_told(tmp_path):
    result = run(tmp_path, "xor", starts=6)
    index = json.loads((result.folder / "index.json").read_text())
    (told,) = (entry["values"] for entry in index if entry.get("title") == "Other starts")
    assert 0 < told["learned"] < told["starts"] == 6
    assert told["learned"] / 6 == pytest.approx(result.metrics["starts_that_learn"])
    assert told["worst"] < 4


def test_starts_whose_loss_still_falls_are_not_called_stuck(tmp_path):
    for epochs, says in ((40, "still falls"), (1500, "local minimum")):
        result = run(tmp_path, "xor", starts=6, epochs=epochs)
        index = json.loads((result.folder / "index.json").read_text())
        (told,) = (entry["text"] for entry in index if entry.get("title") == "Other starts")
        assert says in told


def test_a_network_that_found_no_rule_is_not_said_to_foretell():
    assert "Not even the second step" in forecast_caption(1)
    assert "{steps} steps are foretold" in forecast_caption(2)


def test_one_example_at_a_time_oscillates(tmp_path):
    result = run(tmp_path, "xor", "batches", epochs=40)
    rises = {}
    for form in ("full-batch", "one-by-one"):
        losses = [float(row["loss"]) for row in rows(result, f"history-{form}")]
        rises[form] = int((np.diff(losses) > 0).sum())
    assert rises["full-batch"] == 0
    assert rises["one-by-one"] > 5


# Descent


class NoRecord:
    """What `descend` needs of a record."""

    engine = "auto"

    def trial(self, model, x, y, **settings):
        return model.fit(x, y, verbose=0, **settings)


def test_descent_takes_the_steps_of_the_equation():
    form = DescentVariants()
    x, y = (part[:, 0].astype(np.float64) for part in form.load())
    way = form.descend(NoRecord(), optimizers.SGD(0.1), 5, 16, "")
    point = np.array(form.start)
    for found in way:
        assert found == pytest.approx(point, abs=1e-5)
        error = point[0] * x + point[1] - y
        point = point - 0.1 * 2 * np.array([(error * x).mean(), error.mean()])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_down_from_the_same_start(name):
    form = DescentVariants()
    way = form.descend(NoRecord(), OPTIMIZERS[name](0.03), 100, 16, "")
    losses = form.losses(way)
    assert way[0] == pytest.approx(form.start)
    assert len(way) == 101
    assert losses[-1] < losses[0]


def test_the_bowl_is_round_and_the_valley_is_not():
    for shift, times in ((0.0, 1.0), (1.5, 16.0)):
        x = DescentVariants(shift=shift).load()[0][:, 0].astype(np.float64)
        hessian = np.array([[(x * x).mean(), x.mean()], [x.mean(), 1]])
        low, high = np.linalg.eigvalsh(hessian)
        assert high / low == pytest.approx(times, rel=1e-3)


@pytest.mark.parametrize(
    ("losses", "steps"),
    [([9, 8], (None, None)), ([1, 1], (0, 0)), ([9, 1, 9, 1], (1, 3)), ([1, np.nan], (0, None))],
)
def test_steps_to_a_level(losses, steps):
    assert steps_to(2, np.array(losses, float)) == steps


def test_the_way_of_the_ice_creams_ends_at_least_squares(tmp_path):
    form = lab.get("ice-creams")
    lab.run(form, out=tmp_path, verbose=0)
    x, y = (part[:, 0].astype(np.float64) for part in generators.ice_creams())
    best = np.polyfit((x - x.mean()) / x.std(), y, 1)
    assert len(form.way.points) == form.epochs + 1
    assert form.way.points[0][1] == 0
    assert form.way.points[-1] == pytest.approx(best, rel=1e-3)


# Vanishing gradients


def digits_batch():
    form = VanishingGradient(source="digits", examples=100)
    return form, *form.load()


def test_gradients_vanish_with_sigmoids_alone():
    form, x, y = digits_batch()
    ratio = {}
    for name in ACTIVATIONS:
        norms = norms_of_gradients(form.network(x, name), x, y)
        assert len(norms) == form.depth + 1
        ratio[name] = norms[0] / norms[-1]
    assert ratio["sigmoid"] < 1e-4
    assert min(ratio["tanh"], ratio["relu"]) > 1e-2


def test_the_norm_is_that_of_the_gradient():
    form, x, y = digits_batch()
    model = form.network(x, "tanh", depth=1)
    first, last = (layer.kernel.numpy().astype(np.float64) for layer in model.layers)
    hidden = np.tanh(x @ first)
    scores = np.exp(hidden @ last)
    wrong = scores / scores.sum(axis=1, keepdims=True) - np.eye(10)[y]
    expected = hidden.T @ wrong / len(x)
    assert norms_of_gradients(model, x, y)[-1] == pytest.approx(np.linalg.norm(expected), rel=1e-5)


@pytest.mark.parametrize(
    ("activation", "bias", "share"), [("relu", -100.0, 1.0), ("leaky_relu", -100.0, 0.0)]
)
def test_dead_units_are_those_that_give_nothing(activation, bias, share):
    form, x, _ = digits_batch()
    assert dead_units(form.network(x, activation, depth=2, bias=bias), x) == share


# Overfitting


def test_the_training_error_falls_with_the_degree_and_the_test_error_does_not():
    points, others = noisy_sine(20, 0.25, seed=1), noisy_sine(200, 0.25, seed=2)
    errors = [
        [np.mean((fitted_polynomial(*points, degree)(x) - y) ** 2) for x, y in (points, others)]
        for degree in (1, 3, 15)
    ]
    training, test = np.transpose(errors)
    assert (np.diff(training) < 0).all()
    assert test[1] < test[0] < test[2]


def test_each_remedy_is_in_its_network():
    x = np.zeros((2, 28, 28), np.uint8)

    def kinds(variant):
        layers = Overfitting.usual(variant).network(x).layers
        return {type(layer).__name__ for layer in layers}

    plain = kinds("none")
    assert kinds("dropout") - plain == {"Dropout"}
    assert kinds("augmentation") - plain == {"Reshape", "RandomRotation", "RandomTranslation"}
    assert kinds("L1") == kinds("early-stopping") == plain
    dense = Overfitting.usual("L1").network(x).layers[-1]
    assert dense.kernel_regularizer.l1 > 0 == dense.kernel_regularizer.l2


def test_early_stopping_stops(tmp_path, little_data):
    little_data("mnist")
    settings = {"examples": 300, "test_examples": 100, "epochs": 100}
    assert run(tmp_path, "overfitting", "early-stopping", **settings).epochs < 60


def test_zeros_learn_nothing(tmp_path, little_data):
    little_data("mnist")
    settings = {"examples": 300, "test_examples": 100, "epochs": 5}
    zeros, he = (run(tmp_path, "overfitting", v, **settings) for v in ("zeros", "he"))
    assert zeros.metrics["accuracy"] < 0.3
    assert he.metrics["accuracy"] > 0.5


# Moons


def test_epochs_are_counted_until_the_goal():
    history = History()
    history.history["val_accuracy"] = [0.5, 0.9, 0.8]
    assert [epochs_until(history, goal) for goal in (0.5, 0.85, 0.95)] == [1, 2, None]


def test_all_three_networks_reach_the_course(tmp_path):
    table = rows(run(tmp_path, "moons", "all", epochs=150), "goal")
    assert [row["form"] for row in table] == ["overfitting", "sigmoid", "relu"]
    epochs = [int(row["epochs until the goal"]) for row in table]
    assert epochs[0] == min(epochs)
