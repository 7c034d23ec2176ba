"""Data sets by name, readers for their files, and small generators.

`mnist`, `fashion_mnist`, `cifar10`, `cifar100`, `imdb`, `boston_housing`, `california_housing`,
`pima` and `digits` each have `load_data()`. Files are looked for in the folders that the variable
GRAFITO_DATA names, then in the cache, and downloaded only then.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from grafito.errors import names_of as _names_of

if TYPE_CHECKING:
    from grafito.datasets import (
        boston_housing,
        california_housing,
        cifar10,
        cifar100,
        digits,
        fashion_mnist,
        generators,
        imdb,
        mnist,
        pima,
        readers,
        transforms,
    )
    from grafito.datasets.catalogue import card, names
    from grafito.datasets.photographs import digits_like
    from grafito.datasets.readers import read_csv
    from grafito.datasets.store import get, verify

_FUNCTIONS = {
    "names": "catalogue",
    "card": "catalogue",
    "digits_like": "photographs",
    "get": "store",
    "read_csv": "readers.table",
    "verify": "store",
}

__all__ = [
    "boston_housing",
    "california_housing",
    "card",
    "cifar10",
    "cifar100",
    "digits",
    "digits_like",
    "fashion_mnist",
    "generators",
    "get",
    "imdb",
    "mnist",
    "names",
    "pima",
    "read_csv",
    "readers",
    "transforms",
    "verify",
]

_missing = _names_of(__name__)


def __getattr__(name: str):
    # Lazy, so that `import grafito` does not wait for readers that nobody asked for.
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    return _missing(name)


def __dir__() -> list[str]:
    return __all__
