"""Parts that are chosen by name: losses, optimizers, initializers, layers and the like.

A part keeps each constructor argument as an attribute of the same name, so its configuration can be
read off the signature, and a configuration gives the part back. No code is ever stored: a file
names classes of a registry, or of the `custom_objects` that the caller passes.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, cast

import numpy as np

from grafito.constructors import shown_in_full, told_in_words
from grafito.errors import (
    ArgumentError,
    UnknownNameError,
    missing_attribute,
    unknown_argument,
    unknown_name,
)
from grafito.registered import name_of, registered
from grafito.shown import ShownByArguments

__all__ = [
    "Configurable",
    "KnownArguments",
    "Registry",
    "class_entry",
    "constructor_arguments",
    "custom_objects",
    "deserializer",
    "keeps_objects",
    "known_arguments",
    "objects_kept",
    "own",
    "part",
    "plain",
    "refuse_unknown",
    "serialize",
    "snake_case",
]

_objects_kept: ContextVar[bool] = ContextVar("objects_kept", default=False)
_NONE: Mapping[str, Any] = MappingProxyType({})  # outside all scopes
_custom: ContextVar[Mapping[str, Any]] = ContextVar("custom_objects", default=_NONE)


@contextlib.contextmanager
def custom_objects(objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Names that configurations may use besides the registered ones, inside a `with` block.

    Raises:
        ArgumentError: for what is no dictionary.
    """
    if objects is not None and not isinstance(objects, Mapping):
        raise ArgumentError(
            "custom_objects must be a dictionary from name to class or function.",
            received=repr(objects),
            fix='custom_objects={"MyLayer": MyLayer}',
        )
    token = _custom.set({**_custom.get(), **(objects or {})})
    try:
        yield
    finally:
        _custom.reset(token)


_scope = custom_objects  # for functions that have an argument of its name


@contextlib.contextmanager
def objects_kept() -> Iterator[None]:
    """Inside, configurations hold classes, functions and arrays as they are, not their names.

    So they can be pickled and copied without a registry; a file never has them in this form.
    """
    token = _objects_kept.set(True)
    try:
        yield
    finally:
        _objects_kept.reset(token)


def keeps_objects() -> bool:
    """Whether configurations are made for a pickle or a copy, not for a file."""
    return _objects_kept.get()


def class_entry(cls: type) -> Any:
    """What a configuration says of a class: its name, or the class where objects are kept."""
    return cls if keeps_objects() else name_of(cls)


_MISSING = object()


class KnownArguments:
    """Something whose constructor answers an unknown argument with the one that is meant.

    A subclass that takes `**kwargs` and is not grafito's own may take any name.
    """

    also_takes: ClassVar[tuple[str, ...]] = ()  # arguments that hide in `**kwargs`
    takes_any: ClassVar[bool] = False  # whether these are the user's to name
    kind: ClassVar[str] = "part"  # what errors call it

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__.startswith("grafito.") and getattr(cls, "kind", "") != "model":
            told_in_words(cls)  # what the user's class raises stays as it is
            shown_in_full(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            names, any_name = _accepted(cls)  # type: ignore[arg-type]
            if not any_name:
                refuse_unknown(cls.__name__, kwargs, names)
        return super().__new__(cls)

    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self), name):
            return object.__getattribute__(self, name)  # a property that raised: its own error
        raise missing_attribute(self, type(self).kind, name)


@functools.cache
def _accepted(cls: type) -> tuple[tuple[str, ...], bool]:
    """The names that a constructor takes, and whether it takes any other one."""
    any_name = getattr(cls, "takes_any", False)
    for base in cls.__mro__:
        if "__init__" in vars(base) and base is not object:
            kinds = [p.kind for p in inspect.signature(vars(base)["__init__"]).parameters.values()]
            if inspect.Parameter.VAR_KEYWORD not in kinds:
                break
            any_name |= not base.__module__.startswith("grafito.")
    names = dict.fromkeys((*constructor_arguments(cls), *getattr(cls, "also_takes", ())))
    return tuple(names), any_name


def refuse_unknown(owner: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise the error for the first argument given that is not known.

    Example:
        >>> refuse_unknown("fit", {"x": 1}, ["x", "y"])
    """
    for name, value in given.items():
        if name not in known:
            raise unknown_argument(owner, name, value, known)


Function = TypeVar("Function", bound=Callable[..., Any])


def known_arguments(function: Function) -> Function:
    """The function, which answers an unknown argument with the one that is meant.

    Example:
        >>> @known_arguments
        ... def fit(x, epochs=1):
        ...     return epochs
        >>> fit(0, nb_epoch=3)
        Traceback (most recent call last):
        ...
        grafito.errors.UnknownArgumentError: fit has no argument 'nb_epoch'.
          expected   one of x, epochs
          try        epochs=3
    """
    names = dict.fromkeys(
        n for n in inspect.signature(function).parameters if n not in ("self", "cls")
    )

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not kwargs.keys() <= names.keys():
            refuse_unknown(function.__name__, kwargs, names)
        return function(*args, **kwargs)

    return cast(Function, checked)


def own(value: Any) -> Any:
    """The value with lists and dictionaries of its own, so that those given may change.

    Example:
        >>> given = [1, {"a": [2]}]
        >>> kept = own(given)
        >>> given[1]["a"].append(3)
        >>> kept
        [1, {'a': [2]}]
    """
    if type(value) in (list, tuple):
        return type(value)(own(v) for v in value)
    if type(value) is dict:
        return {key: own(v) for key, v in value.items()}
    return value


def _owning(init: Callable[..., None]) -> Callable[..., None]:
    """A constructor that keeps no list of its caller's."""

    @functools.wraps(init)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *map(own, args), **{name: own(v) for name, v in kwargs.items()})

    return wrapped


class Configurable(KnownArguments, ShownByArguments):
    """Something whose configuration is its constructor arguments.

    grafito's own classes copy lists and dictionaries; one of the user may share them.
    """

    copies_itself = False  # whether pickle and copy ask the object, not its configuration

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__init__" in vars(cls) and cls.__module__.startswith("grafito."):
            cls.__init__ = _owning(cls.__init__)  # type: ignore[method-assign]

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments as plain data (numbers, strings, lists, dictionaries)."""
        config = {}
        for name in constructor_arguments(type(self)):
            value = self.argument(name)
            if value is _MISSING:
                raise ArgumentError(
                    f"{type(self).__name__} does not keep its argument {name!r}.",
                    expected=f"an attribute self.{name}, or a get_config of its own",
                    fix=f"self.{name} = {name} in __init__",
                )
            config[name] = plain(value)
        return config

    def argument(self, name: str) -> Any:
        """A constructor argument as it is now: the attribute of its name."""
        return getattr(self, name, _MISSING)

    @classmethod
    @known_arguments
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """An object with this configuration; `custom_objects` are the user's own, by name."""
        with _scope(custom_objects):
            return cls(**config)


def constructor_arguments(cls: type) -> list[str]:
    """Names of the constructor's arguments; `**kwargs` stands for those of the base class."""
    names: list[str] = []
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        named = [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        names += [name for name in named if name not in names]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return names


def plain(value: Any) -> Any:
    """A constructor argument as data that JSON can hold.

    Raises:
        ArgumentError: for a function without a name.

    Example:
        >>> plain((1, [np.float32(2)], {"a": None}))
        [1, [2.0], {'a': None}]
    """
    if isinstance(value, Configurable) and not (keeps_objects() and value.copies_itself):
        return {"class_name": class_entry(type(value)), "config": value.get_config()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if keeps_objects():
        return value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if callable(value):
        name = name_of(value) if hasattr(value, "__name__") else "<lambda>"
        if name == "<lambda>":
            raise ArgumentError(
                "A function without a name cannot be written down.",
                received=repr(value),
                fix="define it with `def`, and pass custom_objects={name: function} when loading",
            )
        return name
    return value


@known_arguments
def serialize(value: Any) -> Any:
    """The configuration of a part: its class and its arguments, as data.

    Example:
        >>> from grafito import regularizers
        >>> regularizers.serialize(regularizers.L2(0.5))
        {'class_name': 'L2', 'config': {'l2': 0.5}}
    """
    return plain(value)


def deserializer(get: Callable[[Any], Any]) -> Callable[..., Any]:
    """What Keras calls `deserialize`: `get`, with the user's own classes and functions by name.

    Example:
        >>> from grafito import losses
        >>> losses.deserialize("mine", custom_objects={"mine": losses.Huber}).delta
        1.0
    """

    @known_arguments
    def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The part for its configuration or name; `custom_objects` are the user's own, by name.

        Example:
            >>> from grafito import regularizers
            >>> regularizers.deserialize({"class_name": "L2", "config": {"l2": 0.5}}).l2
            0.5
        """
        with _scope(custom_objects):
            return get(config)

    return deserialize


class Registry:
    """The parts of one kind, by name.

    Args:
        kind: what messages call them, for example "loss".

    Example:
        >>> shapes = Registry("shape")
        >>> @shapes.register("box")
        ... class Square(Configurable):
        ...     pass
        >>> type(shapes.get("box")).__name__
        'Square'
    """

    def __init__(self, kind: str):
        self.kind = kind
        self.entries: dict[str, Any] = {}

    def register(self, *aliases: str) -> Callable[[Any], Any]:
        """A decorator: the class or function is known by its name, in snake case too."""

        def add(entry: Any) -> Any:
            for name in (entry.__name__, snake_case(entry.__name__), *aliases):
                self.entries[name] = entry
            return entry

        return add

    def get(self, identifier: Any) -> Any:
        """The part for a name, a configuration, a class or an object; None stays None.

        Raises:
            UnknownNameError: when the name is not known; it proposes the nearest.
        """
        if identifier is None:
            return None
        if isinstance(identifier, str):
            entry = self.lookup(identifier)
            return entry() if inspect.isclass(entry) else entry
        if isinstance(identifier, Mapping):
            if "class_name" not in identifier:
                raise ArgumentError(
                    f"This is not a configuration of a {self.kind}.",
                    received=identifier,
                    expected="a dictionary with 'class_name' and 'config'",
                )
            entry = self.lookup(identifier["class_name"])
            return entry.from_config(identifier.get("config", {}))
        if inspect.isclass(identifier):
            return identifier()
        if isinstance(identifier, Configurable) or callable(identifier):
            return identifier
        raise ArgumentError(
            f"This is not a {self.kind}.",
            received=repr(identifier),
            expected="a name, an object or a function",
        )

    @staticmethod
    def custom(name: str) -> Any:
        """What the caller's custom objects have under this name, or None."""
        return _custom.get().get(name, registered.get(name))

    def lookup(self, name: Any) -> Any:
        """The class or function with this name; itself where it came in place of its name."""
        if not isinstance(name, str):
            return name
        known = {**registered, **self.entries, **_custom.get()}
        if name not in known:
            raise self.unknown(name)
        return known[name]

    @property
    def names(self) -> list[str]:
        """The names to choose from: without classes that need a function or a loss as well."""
        return [n for n, entry in self.entries.items() if vars(entry).get("chosen_by_name", True)]

    def unknown(self, name: str, others: Iterable[str] = ()) -> UnknownNameError:
        """The error for a name that neither this registry nor `others` have."""
        loading = (custom := _custom.get()) is not _NONE and name.isidentifier()
        own = f'custom_objects={{"{name}": {name}}}' if loading else None
        return unknown_name(self.kind, name, [*self.names, *others, *custom], own)


def part(kind: str, identifier: Any) -> Any:
    """The part of a kind for a name; the module of this kind is loaded when it is asked for.

    Example:
        >>> type(part("initializer", "ones")).__name__
        'Ones'
    """
    return importlib.import_module(f"grafito.{kind}s").get(identifier)


def snake_case(name: str) -> str:
    """'LeakyReLU' becomes 'leaky_re_lu', 'Conv2D' becomes 'conv2d', as in Keras.

    Example:
        >>> snake_case("BatchNormalization"), snake_case("Conv2DTranspose")
        ('batch_normalization', 'conv2d_transpose')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
