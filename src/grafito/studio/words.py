"""The words of the page, in English; each tab gets them in its language."""

from __future__ import annotations

from typing import Any

from grafito.language import message, translator
from grafito.studio import examples

# The texts of the page. A page asks for the translation of one by itself: words["Train"].
PAGE = (
    message("Train"),
    message("Pause"),
    message("Step"),
    message("Back"),
    message("Epoch"),
    message("Batch"),
    message("Reset"),
    message("Calculation"),
    message("Data"),
    message("Noise"),
    message("Examples"),
    message("Validation"),
    message("Classes"),
    message("Features"),
    message("Layers"),
    message("Units"),
    message("Activation"),
    message("Dropout"),
    message("Loss"),
    message("Optimizer"),
    message("Learning rate"),
    message("Seed"),
    message("Speed"),
    message("Network"),
    message("Health"),
    message("Program"),
    message("Model"),
    message("Report"),
    message("Player"),
)
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
    return {text: say(text) for text in PAGE}


def choices(lang: str) -> dict[str, list[dict[str, Any]]]:
    """What may be chosen, by name and in words.

    Example:
        >>> choices("en")["data"][0]
        {'name': 'moons', 'text': 'Moons'}
    """
    say = translator(lang)
    tables: dict[str, dict[str, str]] = {
        "data": examples.NAMES,
        "features": {name: text for name, (text, _line) in examples.FEATURES.items()},
        "activations": {name: name for name in ACTIVATIONS},
        "outputs": {name: name for name in OUTPUTS},
        "losses": LOSSES,
        "optimizers": OPTIMIZERS,
    }
    return {
        kind: [{"name": name, "text": say(text)} for name, text in table.items()]
        for kind, table in tables.items()
    }
