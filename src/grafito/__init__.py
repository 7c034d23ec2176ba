"""grafito: a pencil for neural networks.

Write a network with Keras's names; see its computational graph with every value and gradient;
train it on the machine in front of you. The parts are loaded when they are first used.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from grafito import import_lock as _import_lock  # so that a fork waits for imports of parts
from grafito.errors import missing_attribute
from grafito.foreign import finder as _finder
from grafito.foreign.telling import of_older_programs

__version__ = "0.1.0"

_MODULES = (
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "distribution",
    "engines",
    "errors",
    "estimators",
    "figures",
    "files",
    "graph",
    "initializers",
    "insight",
    "lab",
    "language",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "utils",
)
_NAMES = {
    "Functional": "models",
    "Initializer": "initializers",
    "Input": "layers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
    "Variable": "graph",
    "set_language": "language",
}

__all__ = [*_MODULES, *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"grafito.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"grafito.{_NAMES[name]}"), name)
    meant = of_older_programs(__name__, name)
    if meant is None:
        raise missing_attribute(sys.modules[__name__], __name__, name)
    return meant


_finder.install()


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
