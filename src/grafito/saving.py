"""What is written to files and read: own classes by name, models, weights, configurations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grafito import activations, initializers, layers, losses, metrics, optimizers, regularizers
from grafito.errors import names_of as _names_of
from grafito.errors import unknown_name
from grafito.models.saving import load_model, load_weights, save_model, save_weights
from grafito.registered import name_of, register_name, registered
from grafito.registry import custom_objects as _scope
from grafito.registry import known_arguments, serialize

__all__ = ["CustomObjectScope", "custom_object_scope", "deserialize_keras_object"]
__all__ += ["get_custom_objects", "get_registered_name", "get_registered_object", "load_model"]
__all__ += ["load_weights", "register_keras_serializable", "save_model", "save_weights"]
__all__ += ["serialize_keras_object"]


def serialize_keras_object(obj: Any) -> Any:
    """The configuration of a part of any kind: its class and its arguments, as data.

    Example:
        >>> serialize_keras_object(layers.Dense(3))["class_name"]
        'Dense'
    """
    return serialize(obj)


_KINDS = (layers, losses, metrics, optimizers, activations, initializers, regularizers)


def custom_object_scope(custom_objects: dict[str, Any] | None = None) -> Any:
    """A block in which names stand for classes and functions of one's own.

    Args:
        custom_objects: these, by name.

    Example:
        >>> with custom_object_scope({"mine": layers.Flatten}):
        ...     isinstance(layers.get("mine"), layers.Flatten)
        True
    """
    return _scope(custom_objects)


CustomObjectScope = custom_object_scope


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Any], Any]:
    """A decorator for classes and functions of one's own: files find them by their name.

    Args:
        package: a prefix for the name.
        name: that of the class or function by default.

    Example:
        >>> @register_keras_serializable(package="mine")
        ... class Twice(layers.Layer):
        ...     def call(self, inputs):
        ...         return 2 * inputs
        >>> layers.deserialize(layers.serialize(Twice())).name
        'twice'
    """

    def register(thing: Any) -> Any:
        register_name(thing, f"{package}>{name or thing.__name__}")
        return thing

    return register


def get_custom_objects() -> dict[str, Any]:
    """The registered classes and functions by name; what is put in is registered too.

    Example:
        >>> "nobody" in get_custom_objects()
        False
    """
    return registered


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function is registered, else its own.

    Example:
        >>> get_registered_name(layers.Dense)
        'Dense'
    """
    return name_of(obj)


def get_registered_object(
    name: str, custom_objects: dict[str, Any] | None = None, module_objects: Any = None
) -> Any:
    """The class or function of a name, or None.

    Example:
        >>> get_registered_object("mine", {"mine": layers.Dense}).__name__
        'Dense'
    """
    for known in (custom_objects, registered, module_objects):
        if known and name in known:
            return known[name]
    return None


@known_arguments
def deserialize_keras_object(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The object that a configuration describes, of whatever kind it is.

    Example:
        >>> deserialize_keras_object(serialize_keras_object(layers.Dense(3))).units
        3
    """
    name = config.get("class_name") if isinstance(config, dict) else config
    with custom_object_scope(custom_objects):
        for kind in _KINDS:
            if kind.registry.custom(name) is not None or name in kind.registry.entries:
                return kind.get(config)
    raise unknown_name("object", name, registered)


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
