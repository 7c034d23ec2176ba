"""Little data for experiments on images: the first ones where the files are, else made ones."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from grafito.datasets import imdb, store
from grafito.datasets.catalogue import card
from grafito.lab.record import Record

load_reviews = imdb.load_data
TRAIN, TEST = 400, 120
CLASSES = {"mnist": 10, "fashion_mnist": 10, "cifar10": 10, "cifar100": 100}


@cache
def all_reviews(num_words):
    """The reviews; reading them takes longer than a training."""
    return load_reviews(num_words=num_words)


@cache
def little(name: str):
    """((x_train, y_train), (x_test, y_test)), few of each."""
    if is_here(name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a part of CIFAR-100
            parts = importlib.import_module(f"grafito.datasets.{name}").load_data()
        (x, y), (x_test, y_test) = parts
        return (x[:TRAIN].copy(), y[:TRAIN]), (x_test[:TEST].copy(), y_test[:TEST])
    rng = np.random.RandomState(0)
    shape = (28, 28) if "mnist" in name else (32, 32, 3)
    patterns = rng.randint(0, 200, (CLASSES[name], *shape))

    def part(count):
        labels = rng.randint(0, CLASSES[name], count).astype(np.uint8)
        images = (patterns[labels] + rng.randint(0, 56, (count, *shape))).astype(np.uint8)
        return images, labels if "mnist" in name else labels[:, None]

    return part(TRAIN), part(TEST)


def is_here(name: str) -> bool:
    """Whether all files of a data set are in the folders of GRAFITO_DATA."""
    return all(store.find(card(name), file) for file in card(name).files)


@pytest.fixture
def little_data(monkeypatch) -> Callable[[str], None]:
    """A function that makes a data set small; one of other kinds stays, or skips where absent."""
    monkeypatch.setattr(store, "verify", lambda name: [])

    def use(name: str) -> None:
        if name not in CLASSES:
            if not is_here(name):
                pytest.skip(f"{name}: its files are in no folder of GRAFITO_DATA")
            monkeypatch.setattr(imdb, "load_data", all_reviews)
            return
        parts = little(name)
        module = importlib.import_module(f"grafito.datasets.{name}")
        monkeypatch.setattr(module, "load_data", lambda *_: parts)
        if not is_here(name):
            monkeypatch.setattr(store, "get", lambda name: {})

    return use


@pytest.fixture
def undrawn(monkeypatch) -> None:
    """Figures are handed over and not drawn, where a test is about numbers."""

    def figure(self, name, figure, title, caption="", moving=None, **values):
        self._add(kind="figure", file=f"{name}.svg", title=title, caption=caption, values=values)

    monkeypatch.setattr(Record, "figure", figure)
