"""Every network of the experiments: what is said of it is what the experiment is meant to show.

The table was written before the first run. A diagnosis outside of it is a fault of the rule.
"""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pytest

from grafito import insight, lab, layers, optimizers
from grafito.datasets import pima, store
from grafito.datasets.catalogue import card
from grafito.lab.experiments.gan import Pair
from grafito.lab.experiments.vanishing import CRITERION
from grafito.models import Sequential
from grafito.utils import set_random_seed

EXAMPLES, TESTED = 1000, 300  # enough for 5 epochs to say something


class Expected(NamedTuple):
    """What is said of a form.

    Attributes:
        must: what the experiment exists to show.
        may: what so short a training on so few examples may show besides.
        epochs: of the copy.
        settings: other than those of the quick form.
        slow: too much work for every run of the tests.
    """

    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    epochs: int = 5
    settings: dict[str, Any] = {}  # noqa: RUF012  (nothing changes it)
    slow: bool = False


def said(*must: str, may: str = "", **more: Any) -> Expected:
    return Expected(frozenset(must), frozenset(may.split()), **more)


NOTHING = said()
DROPS = said(may="validation_looks_better")  # dropout acts in training alone
DEEP = said(
    may="validation_looks_better",
    slow=True,
    settings={"examples": 32, "test_examples": 16, "batch_size": 16},
)
BY_HEART = {"may": "overfitting", "epochs": 5, "settings": {"examples": 400}}

# Experiment and variant, and what is said of the network that it trains.
TABLE = {
    "digits": NOTHING,
    "mnist-dense L2": NOTHING,
    "mnist-dense unpenalised": NOTHING,
    "fashion-dense": NOTHING,
    "cifar10-dense mse": NOTHING,
    "cifar10-dense svm": NOTHING,
    "cifar10-dense cce": NOTHING,
    "cifar10-dense linear-svm": said(may="overfitting"),  # 3,072 numbers of each of few images
    "cifar10-dense linear-softmax": said(may="overfitting"),
    "cifar10-dense two-hidden": said(may="underfitting"),  # sigmoids are slow to begin
    "cifar10-dense two-hidden-mse": said(may="underfitting"),
    "cifar10-dense two-hidden-svm": said(may="underfitting"),
    "cifar10-dense two-hidden-tanh": said(may="overfitting"),
    "cifar10-dense two-hidden-mse-tanh": said(may="overfitting"),
    "cifar10-dense two-hidden-svm-tanh": said(may="overfitting"),
    "cifar10-relu sigmoid-mse": NOTHING,
    "cifar10-relu linear-mse": NOTHING,
    "cifar10-relu sigmoid-cce": said("fit_0"),  # sigmoids are no distribution
    "cifar10-relu linear-cce": NOTHING,
    "mnist-dense-conv dense": DROPS,
    "mnist-dense-conv convolutions": DROPS,
    "mnist-permuted dense": DROPS,  # no rule can see that pixels changed their places
    "mnist-permuted convolutions": DROPS,
    "mnist-permuted dense-original": DROPS,
    "mnist-permuted convolutions-original": DROPS,
    "mnist-denoise": said(settings={"units": [60, 30, 60]}),
    "mnist-conv1": NOTHING,
    "fashion-weighted weighted": NOTHING,
    "fashion-weighted unweighted": NOTHING,
    "wide": said(settings={"units": 50}),
    "lenet": NOTHING,
    "alexnet cifar10": DEEP,
    "alexnet cifar100": DEEP,
    "vgg16 cifar10": DEEP,
    "vgg16 cifar100": DEEP,
    "xor plain": said(epochs=300),
    "xor concatenated": said(epochs=300),
    "xor full-batch": said(epochs=300),
    "xor one-by-one": said(epochs=100),
    "parity enough": said(epochs=300),
    "parity few": said(may="underfitting", epochs=300),  # 2 units for 4 bits: most, never all
    "ice-creams line": said(epochs=100),
    "ice-creams mse": said(epochs=100),
    "ice-creams mae": said(may="underfitting", epochs=100),
    "ice-creams bias-of-layer": said(may="underfitting", epochs=100),
    "ice-creams column-of-ones": said(may="underfitting", epochs=100),
    "ice-creams standardised": said(epochs=100),
    "ice-creams unscaled": said("inputs_not_scaled", may="underfitting", epochs=100),
    "moons linear": said("linear_in_a_row", may="underfitting", epochs=100),
    "moons plane": said(may="underfitting", epochs=300),
    "moons overfitting": said("overfitting", epochs=300),
    "moons sigmoid": said(epochs=100),
    "moons relu": said(epochs=100),
    "boston": said(epochs=20),
    "california deep": NOTHING,
    "california shallow": NOTHING,
    "california linear": NOTHING,
    "logistic-map": said(epochs=60),
    "imdb-dense none": said(may="overfitting", slow=True),
    "imdb-dense L2": said(may="overfitting", slow=True),
    "imdb-dense batch-normalisation": said(may="overfitting", slow=True),
    "imdb-dense dropout": said(may="overfitting validation_looks_better", slow=True),
    "imdb-embedding dense": said(may="overfitting validation_looks_better", slow=True),
    "imdb-embedding convolution": said(
        may="overfitting underfitting validation_looks_better", slow=True
    ),
    "overfitting none": said("overfitting", epochs=40, settings={"examples": 300}),
    "overfitting L1": said(**BY_HEART),
    "overfitting L2": said(**BY_HEART),
    "overfitting dropout": said(**{**BY_HEART, "may": "overfitting validation_looks_better"}),
    "overfitting augmentation": said(**BY_HEART),
    "overfitting smaller": said(**BY_HEART),
    "overfitting zeros": said("dead_units"),  # with the initialiser as its edit
    "overfitting small": said("vanishing_gradients", may="dead_units"),
    "overfitting large": said(may="overfitting exploding_gradients"),
    "overfitting glorot": said(**BY_HEART),
    "overfitting he": said(**BY_HEART),
}

# What has no row of its own, and why.
ALIKE = "the same networks as those of other rows"
BY_HAND = "no model is trained"
WITHOUT = {
    "cifar10-dense mse-10000": ALIKE,
    "cifar10-dense mse-all": ALIKE,
    "cifar10-dense svm-all": ALIKE,
    "cifar10-dense cce-all": ALIKE,
    "parity hidden-units": ALIKE,
    "parity bits": ALIKE,
    "parity narrow": ALIKE,
    "parity side-by-side": ALIKE,
    "overfitting early-stopping": ALIKE,
    "overfitting function": "polynomials, and networks that are tried out one after another",
    "activation-graphs": BY_HAND,
    "two-neurons": BY_HAND,
    "convolution horizontal": BY_HAND,
    "convolution vertical": BY_HAND,
    "convolution diagonal": BY_HAND,
    "perceptron separable": BY_HAND,
    "perceptron overlapping": BY_HAND,
    "perceptron exclusive-or": BY_HAND,
    "one-update": BY_HAND,
    "approximation": "networks that are tried out one after another",
    "dimensions": BY_HAND,
    "steepest-descent": "the networks of descent-variants",
}


@cache
def parts_of(name: str) -> Any:
    """The first examples of a data set, ((x, y), (x_test, y_test))."""
    (x, y), (x_test, y_test) = LOADERS[name]()
    return (x[:EXAMPLES].copy(), y[:EXAMPLES]), (x_test[:TESTED].copy(), y_test[:TESTED])


LOADERS: dict[str, Callable[[], Any]] = {
    name: importlib.import_module(f"grafito.datasets.{name}").load_data
    for name in ("mnist", "fashion_mnist", "cifar10")
}


@pytest.fixture
def data_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that makes a data set small, and skips the test where it is absent."""
    monkeypatch.setattr(store, "verify", lambda name: [])

    def use(name: str) -> None:
        missing = [file for file in card(name).files if not store.find(card(name), file)]
        if missing:
            pytest.skip(f"{name}: {missing[0]} is in no folder of GRAFITO_DATA")
        if name in LOADERS:
            parts = parts_of(name)
            module = importlib.import_module(f"grafito.datasets.{name}")
            monkeypatch.setattr(module, "load_data", lambda *_, **__: parts)

    return use


def check(found: insight.Diagnosis, expected: Expected) -> None:
    names = set(found.found)
    assert expected.must <= names, f"silent: {sorted(expected.must - names)}\n{found}"
    outside = names - expected.must - expected.may
    assert not outside, f"outside the table: {sorted(outside)}\n{found}"


def as_parameter(name: str) -> Any:
    return pytest.param(name, marks=[pytest.mark.slow] if TABLE[name].slow else [])


@pytest.mark.filterwarnings("ignore:.*CIFAR-100")  # the real data may be a subset
@pytest.mark.parametrize("name", [as_parameter(name) for name in TABLE])
def test_of_a_network_is_said_what_its_experiment_shows(name, data_of):
    expected = TABLE[name]
    kind, _, variant = name.partition(" ")
    form = lab.get(kind, variant or None, quick=True).with_settings(**expected.settings)
    for source in form.sources():
        data_of(source)
    set_random_seed(form.seed)
    (x, y), test = form.limited(form.load())
    model = form.compiled(x[:EXAMPLES], "auto")
    found = insight.diagnose(
        model,
        x[:EXAMPLES],
        y[:EXAMPLES],
        validation_data=test if form.follow_test else None,
        epochs=expected.epochs,
        batch_size=form.batch_size,
    )
    check(found, expected)


# Experiments that are more than one training: what is said of the networks in them.


def deep(activation, initialiser, bias=0.0, **settings):
    form = lab.get("vanishing-gradient", quick=True).with_settings(depth=10, **settings)
    x, y = form.load()
    model = form.network(x, activation, initialiser, bias=bias)
    model.compile(optimizers.SGD(form.learning_rate), CRITERION)
    return model, x, y, {"batch_size": form.batch_size}


def descent(rate):
    form = lab.get("descent-variants")
    x, y = form.load()
    model = Sequential([layers.Input((1,)), layers.Dense(1)])
    model.set_weights([np.array([[form.start[0]]]), np.array([form.start[1]])])
    model.compile(optimizers.SGD(rate), "mse")
    return model, x, y, {"batch_size": len(x), "epochs": 40}


def pima_by(variant):
    form = lab.get("pima", variant)
    (x, y), _ = pima.load_data(seed=form.seed)
    x = form.preprocessing().fit_transform(x)
    model = form.network(x)
    model.compile(optimizers.Adam(form.learning_rate), "binary_crossentropy", metrics=["accuracy"])
    return model, x, y[:, None], {"batch_size": form.batch_size}


def gan():
    form = lab.get("gan", quick=True)
    ours, theirs = (optimizers.Adam(form.learning_rate, beta_1=0.5) for _ in range(2))
    pair = Pair(form.generator(), form.discriminator(), ours)
    pair.compile(theirs)
    x = parts_of("mnist")[0][0][:896]  # whole batches
    return pair, x, None, {"batch_size": form.batch_size}


OTHERS = {
    "vanishing-gradient sigmoid": (partial(deep, "sigmoid", "glorot_uniform"), said("vanishing_gradients")),
    "vanishing-gradient sigmoid, he": (partial(deep, "sigmoid", "he_normal"), said("vanishing_gradients")),
    "vanishing-gradient tanh": (partial(deep, "tanh", "glorot_uniform"), NOTHING),
    "vanishing-gradient tanh, he": (partial(deep, "tanh", "he_normal"), NOTHING),
    "vanishing-gradient relu": (partial(deep, "relu", "glorot_uniform"), NOTHING),
    "vanishing-gradient relu, he": (partial(deep, "relu", "he_normal"), NOTHING),
    "vanishing-gradient dead": (partial(deep, "relu", "he_normal", -3.0), said("dead_units", may="underfitting vanishing_gradients")),
    "descent-variants 0.03": (partial(descent, 0.03), NOTHING),
    "descent-variants 0.1": (partial(descent, 0.1), NOTHING),
    "descent-variants 1": (partial(descent, 1.0), said("rate_too_large")),
    "pima mean": (partial(pima_by, "mean"), said("inputs_not_scaled")),
    "pima zeros": (partial(pima_by, "zeros"), said("inputs_not_scaled")),
    "pima scaled": (partial(pima_by, "scaled"), NOTHING),
    "gan": (gan, NOTHING),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_of_several_networks_is_said_what_their_experiment_shows(name, data_of):
    work, expected = OTHERS[name]
    for source in lab.get(name.partition(" ")[0]).sources():
        data_of(source)
    set_random_seed(1)
    model, x, y, settings = work()
    check(insight.diagnose(model, x, y, **settings), expected)


def test_every_form_has_a_row_or_a_reason():
    several = {name.partition(" ")[0] for name in OTHERS}
    forms = set()
    for name, kind in lab.kinds().items():
        for variant in kind.variants or [""]:
            if name not in several and not lab.get(name, variant or None).forms():
                forms.add(f"{name} {variant}".strip())
    assert forms == TABLE.keys() | WITHOUT.keys()
