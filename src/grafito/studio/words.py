"""The words of a page: its own texts and what one may choose, in the language of its tab."""

from __future__ import annotations

from typing import Any

from grafito.language import message, translator
from grafito.studio import examples
from grafito.studio.texts import TEXTS

LOSSES = {
    "binary_crossentropy": message("binary cross-entropy"),
    "sparse_categorical_crossentropy": message("cross-entropy of classes"),
    "categorical_crossentropy": message("cross-entropy of one-hot classes"),
    "mse": message("mean squared error"),
    "mae": message("mean absolute error"),
    "huber": message("Huber loss"),
    "hinge": message("hinge loss"),
}
OPTIMIZERS = {
    "sgd": "SGD",
    "adam": "Adam",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adamw": "AdamW",
    "nadam": "Nadam",
}
ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "leaky_relu", "elu", "selu", "gelu", "silu")
OUTPUTS = ("sigmoid", "softmax", "tanh", "linear")


def words(lang: str) -> dict[str, str]:
    """The texts of the page in a language.

    Example:
        >>> words("es")["Train"]
        'Entrenar'
    """
    say = translator(lang)
    return {text: say(text) for text in TEXTS}


def choices(lang: str) -> dict[str, list[dict[str, Any]]]:
    """What may be chosen, by name and in words.

    Example:
        >>> choices("en")["data"][0]
        {'name': 'moons', 'text': 'Moons'}
    """
    say = translator(lang)
    tables: dict[str, dict[str, str]] = {
        "data": examples.NAMES,
        "features": {name: feature.title for name, feature in examples.FEATURES.items()},
        "activations": {name: name for name in ACTIVATIONS},
        "outputs": {name: name for name in OUTPUTS},
        "losses": LOSSES,
        "optimizers": OPTIMIZERS,
    }
    return {
        kind: [{"name": name, "text": say(text)} for name, text in table.items()]
        for kind, table in tables.items()
    }
