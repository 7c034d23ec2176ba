"""Optimizers and learning-rate schedules, with Keras's names.

>>> from grafito import graph, optimizers
>>> w = graph.Variable(3.0, name="w")
>>> adam = optimizers.get("adam")
>>> adam.apply([graph.gradients(w**2, w)], [w])
>>> round(w.numpy().item(), 4)
2.999
"""

from typing import Any

from grafito.errors import names_of as _names_of
from grafito.optimizers import schedules
from grafito.optimizers.adam import Adam, Adamax, AdamW, Lion, Nadam
from grafito.optimizers.base import Optimizer, registry
from grafito.optimizers.descent import SGD, Adadelta, Adagrad, RMSprop
from grafito.optimizers.quasi_newton import LBFGS
from grafito.registry import deserializer as _deserializer
from grafito.registry import serialize


def get(identifier: Any) -> Any:
    """The optimizer for a name in any case, a configuration, a class or an object.

    Raises:
        UnknownNameError: when the name is not known; it proposes the nearest.

    Example:
        >>> get("RMSProp").rho
        0.9
    """
    if isinstance(identifier, str) and identifier.lower() in registry.entries:
        identifier = identifier.lower()
    return registry.get(identifier)


deserialize = _deserializer(get)

__all__ = ["LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Lion", "Nadam"]
__all__ += ["Optimizer", "RMSprop", "deserialize", "get", "registry", "schedules", "serialize"]


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
