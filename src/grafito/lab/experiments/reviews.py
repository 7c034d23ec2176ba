"""Reviews of films, for or against: bags of words, embedded words, convolutions over words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from grafito import layers, regularizers
from grafito.datasets import imdb
from grafito.lab.classifier import accuracies, tell_chances
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.prose.answers import best_named, same_winner
from grafito.lab.prose.sentence import said
from grafito.lab.prose.tasks_of_networks import IMDB_DENSE, IMDB_EMBEDDING
from grafito.lab.record import Record
from grafito.lab.training import Arrays, Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Sequential
from grafito.utils import pad_sequences

SPECIAL = 3  # indices before the first word: padding, start, unknown
SHOWN_REVIEWS = 5
SHOWN_WORDS = 30


@dataclass(frozen=True, kw_only=True)
class Reviews(Training):
    """IMDB's reviews by the ranks of their words.

    Attributes:
        words: indices known; rarer words are one and the same.
    """

    data = "imdb"

    epochs: int = 10
    batch_size: int = 128
    optimizer: str = "adadelta"
    learning_rate: float = 1.0
    loss: str = "binary_crossentropy"
    validation_split: float = 0.1
    words: int = 10_000

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(words=10)

    def prepare(self, reviews: np.ndarray) -> np.ndarray:
        """Reviews as rows of one array."""
        raise NotImplementedError

    def load(self) -> Data:
        # Reviews are limited before they are prepared, for they become much larger then.
        train, test = super().limited(imdb.load_data(num_words=self.words))
        return self._arrays(train), self._arrays(test)

    def _arrays(self, part: Arrays) -> Arrays:
        reviews, labels = part
        return self.prepare(reviews), labels[:, None].astype(np.uint8)

    def show(self, record: Record, trained: Trained) -> None:
        x, y = trained.data[1]
        p = trained.predict(x)[:, 0]
        reviews = super().limited(imdb.load_data(num_words=self.words))[1][0]
        word = {rank + SPECIAL: text for text, rank in imdb.get_word_index().items()}
        wrong = np.argsort(-np.abs(p - y[:, 0]))[:SHOWN_REVIEWS]
        record.table(
            "hardest",
            ["class", "predicted probability", "first words"],
            [
                [
                    N_("for") if y[i, 0] else N_("against"),
                    round(float(p[i]), 4),
                    " ".join(word.get(index, "…") for index in reviews[i][1 : SHOWN_WORDS + 1]),
                ]
                for i in wrong
            ],
            N_("The reviews that were judged worst"),
            N_("The probability is that of a review for the film."),
        )
        tell_chances(record, y[:, 0], {"": p})

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        truth = next(iter(trained.values())).data[1][1][:, 0]
        tell_chances(record, truth, {n: one.test_outputs[:, 0] for n, one in trained.items()})


@dataclass(frozen=True, kw_only=True)
class ImdbDense(Reviews):
    """Which words occur, and a network 100-50-1.

    Attributes:
        units: sizes of the hidden layers.
        l2: factor of the squares of the kernels in the loss.
        batch_normalization: whether each hidden layer is normalised.
        dropout: share of hidden units left out in training.
    """

    task = IMDB_DENSE
    name = "imdb-dense"
    course = "TP4-3"
    what = N_("Reviews of films as bags of words, with four kinds of regularisation.")
    asked = N_(
        "Classify reviews with 10,000 words by a network 100-50-1 with Adadelta; compare none, "
        "L2, batch normalisation and dropout."
    )
    expected = N_("85 %; overfitting from the second epoch; L2 is the best")
    said: ClassVar[Sayings] = {
        "": {
            "words": Said(10_000),
            "units": Said((100, 50)),
            "optimizer": Said("adadelta"),
            "learning_rate": Said(0.1, N_("Ten epochs are enough with the larger rate.")),
        },
        "L2": {"l2": Said(0.01, N_("A smaller factor leaves the network room to learn."))},
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        form: {"accuracy": 0.85} for form in ("none", "L2", "batch-normalisation", "dropout")
    }
    variants: ClassVar[Variants] = {
        "all": {},
        "none": {},
        "L2": {"l2": 0.001},
        "batch-normalisation": {"batch_normalization": True},
        "dropout": {"dropout": 0.5},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "all": ("none", "L2", "batch-normalisation", "dropout")
    }

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        count = len(next(iter(trained.values())).data[1][0])
        found = best_named(accuracies(trained), "L2", count)
        record.words("answers", [said(found)], N_("Which regularisation is the best?"))

    units: tuple[int, ...] = (100, 50)
    l2: float = 0.0
    batch_normalization: bool = False
    dropout: float = 0.0

    def prepare(self, reviews: np.ndarray) -> np.ndarray:
        present = np.zeros((len(reviews), self.words), np.uint8)
        for row, review in zip(present, reviews, strict=True):
            row[review] = 1
        return present

    def network(self, x: np.ndarray) -> Sequential:
        penalty = regularizers.L2(self.l2) if self.l2 else None
        parts: list[Any] = [layers.Input(x.shape[1:])]
        for n in self.units:
            parts.append(layers.Dense(n, kernel_regularizer=penalty))
            if self.batch_normalization:
                parts.append(layers.BatchNormalization())
            parts.append(layers.Activation("relu"))
            if self.dropout:
                parts.append(layers.Dropout(self.dropout))
        return Sequential([*parts, layers.Dense(1, "sigmoid", kernel_regularizer=penalty)])


@dataclass(frozen=True, kw_only=True)
class ImdbEmbedding(Reviews):
    """The last words in their order, each a vector.

    Attributes:
        length: words of a review, its last ones.
        vector: numbers for a word.
        units: of the hidden layer; 0 leaves it out.
        dropout: share of hidden units left out in training.
        filters: of a convolution over two words, with max pooling; 0 leaves it out.
    """

    task = IMDB_EMBEDDING
    name = "imdb-embedding"
    course = "TP4-4"
    what = N_("Reviews of films by embedded words, dense and convolutional.")
    asked = N_(
        "Embed the last 100 words of a review in 15 numbers each; compare a dense layer of 200 "
        "with dropout, and a convolution of 128 filters over two words with max pooling."
    )
    expected = N_("82 % dense, 84 % convolutional")
    said: ClassVar[Sayings] = {
        "": {"length": Said(100), "vector": Said(15), "words": Said(10_000)},
        "dense": {"units": Said(200)},
        "convolution": {"filters": Said(128)},
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "dense": {"accuracy": 0.82},
        "convolution": {"accuracy": 0.84},
    }
    variants: ClassVar[Variants] = {
        "both": {},
        "dense": {},
        "convolution": {"filters": 128, "units": 0, "epochs": 6},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {"both": ("dense", "convolution")}

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        course = {form: each["accuracy"] for form, each in self.course_numbers.items()}
        count = len(next(iter(trained.values())).data[1][0])
        found = same_winner(accuracies(trained), course, count)
        record.words("answers", [said(found)], N_("Which network is the better one?"))

    epochs: int = 5
    length: int = 100
    vector: int = 15
    units: int = 200
    dropout: float = 0.5
    filters: int = 0

    def prepare(self, reviews: np.ndarray) -> np.ndarray:
        return pad_sequences(reviews.tolist(), maxlen=self.length)

    def network(self, x: np.ndarray) -> Sequential:
        parts: list[Any] = [layers.Input(x.shape[1:], dtype="int32")]
        parts.append(layers.Embedding(self.words, self.vector))
        if self.filters:
            parts.append(layers.Conv1D(self.filters, 2, activation="relu"))
            parts.append(layers.MaxPooling1D(2))
        parts.append(layers.Flatten())
        if self.units:
            parts.append(layers.Dense(self.units, "relu"))
        parts += [layers.Dropout(self.dropout), layers.Dense(1, "sigmoid")]
        return Sequential(parts)
