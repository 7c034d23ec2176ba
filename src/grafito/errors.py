"""Errors that teach: what happened, where, what came, what was expected, one edit to try.

Every exception that grafito raises on purpose is a `GrafitoError`. Each also derives from the
built-in exception a Python programmer would expect, so `except ValueError` keeps working.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from grafito import foreign
from grafito.foreign.listing import once, one_of

__all__ = [
    "ArgumentError",
    "DataError",
    "DtypeError",
    "FileError",
    "GrafitoError",
    "GrafitoWarning",
    "GraphError",
    "LossWarning",
    "MissingAttributeError",
    "MissingDependencyError",
    "MissingModuleError",
    "NonFiniteError",
    "NotBuiltError",
    "NotDefinedError",
    "OutOfMemoryError",
    "PositionError",
    "RangeError",
    "ShapeError",
    "UnknownArgumentError",
    "UnknownKeyError",
    "UnknownNameError",
    "missing_attribute",
    "names_of",
    "offered",
    "refuse_attribute",
    "undefined",
    "unknown_argument",
    "unknown_name",
    "warn",
]


N_ = str  # marks a text for the catalogues

KINDS = {  # of objects whose attributes `grafito.foreign` knows
    "callback": N_("A callback"),
    "layer": N_("A layer"),
    "loss": N_("A loss"),
    "metric": N_("A metric"),
    "model": N_("A model"),
    "optimizer": N_("An optimizer"),
    "part": N_("An object of this kind"),
    "record": N_("A record of an experiment"),
    "symbol": N_("A symbolic value"),
    "tensor": N_("A tensor"),
}


class GrafitoError(Exception):
    """Base of all errors of grafito; its text has one form, in the language being spoken.

    Args:
        what: one sentence that says what happened.
        where: the layer, op or argument concerned.
        received: what came.
        expected: what was needed.
        path: how the value got there, for example the chain of shapes before a layer.
        fix: one edit to try.
        replay: how to see it happen again.

    Example:
        >>> print(ArgumentError("Dense needs at least one unit.", received="units=0"))
        Dense needs at least one unit.
          received   units=0
    """

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        received: object = None,
        expected: object = None,
        path: object = None,
        fix: object = None,
        replay: object = None,
    ):
        rows = {
            "where": where,
            "received": received,
            "expected": expected,
            "path": path,
            "try": fix,
            "replay": replay,
        }
        self.what = what
        self.rows = {name: str(value) for name, value in rows.items() if value is not None}
        self.message = self.told(str)
        super().__init__(self.message)

    def __str__(self) -> str:
        from grafito import language  # which raises errors itself

        return self.message if language.current() == "en" else self.told(language.retell)

    def place(self, where: object) -> None:
        """Say where it happened, unless it tells that already."""
        if str(where) not in self.message:
            inside = self.rows.get("where")
            told = str(where) if inside is None else f"{where}, {inside}"
            self.rows = {"where": told} | {**self.rows, "where": told}
            self.message = self.told(str)
            self.args = (self.message,)

    def told(self, say: Callable[[str], str], number: Callable[[str], str] = str) -> str:
        """Its text, each sentence and each name of a row passed through `say`.

        Numbers outside of what one is to try are passed through `number`.
        """
        rows = {
            name: say(value) if name == "try" else number(say(value))
            for name, value in self.rows.items()
        }
        lines = (f"  {say(name):<9}  {value}" for name, value in rows.items())
        return "\n".join([number(say(self.what)), *lines])


class ArgumentError(GrafitoError, ValueError):
    """An argument has a value that cannot be used."""


class UnknownNameError(ArgumentError):
    """A name (of a loss, a layer, an experiment, ...) is not known."""


class UnknownArgumentError(UnknownNameError, TypeError):
    """A function, or the constructor of a class, has no argument of that name."""


class UnknownKeyError(UnknownNameError, KeyError):
    """A dictionary of names has no such name."""

    __str__ = GrafitoError.__str__  # that of KeyError shows quotation marks and \\n


class MissingAttributeError(GrafitoError, AttributeError):
    """An object or a module has no attribute of that name; another library's has."""


class ShapeError(GrafitoError, ValueError):
    """Shapes do not fit."""


class DtypeError(GrafitoError, TypeError):
    """A value has a type that cannot be used."""


class RangeError(ArgumentError, OverflowError):
    """A number lies outside what its dtype can hold."""


class PositionError(ArgumentError, IndexError):
    """An index names no element."""


class DataError(GrafitoError, ValueError):
    """The data given to `fit`, `evaluate` or `predict`, or a data file, cannot be used."""


class FileError(GrafitoError, OSError):
    """A file is missing, cut short, damaged or of another kind."""


class GraphError(GrafitoError, RuntimeError):
    """A graph was used in a way that has no meaning."""


class NotBuiltError(GraphError, AttributeError):
    """A model or layer was asked for what it has only once it is built; `hasattr` says False."""


class NonFiniteError(GrafitoError, FloatingPointError):
    """A loss or a weight became NaN or infinite while `check_finite` watched.

    Attributes:
        found: the first value that was not finite, with what it was computed from; None where the
            reference engine found every value finite.
    """

    found: Any = None


class OutOfMemoryError(GrafitoError, MemoryError):
    """The machine has too little memory; `memory` is what is needed, `available` what there is."""

    memory: Any = None
    available: int = 0


class MissingDependencyError(GrafitoError, ImportError):
    """An optional library is not installed."""


class MissingModuleError(GrafitoError, ImportError):
    """There is no module of that name; another library has one."""


class NotDefinedError(GrafitoError, NotImplementedError):
    """A subclass lacks a method that it has to define."""


class GrafitoWarning(UserWarning):
    """What is worth knowing; its text is like an error's, in the language being spoken.

    Example:
        >>> print(GrafitoWarning("The file is a subset.", received="200 of 50,000 images"))
        The file is a subset.
          received   200 of 50,000 images
    """

    def __init__(self, what: str, **rows: object):
        self.error = GrafitoError(what, **rows)
        super().__init__(self.error.message)

    def __str__(self) -> str:
        return str(self.error)


class LossWarning(GrafitoWarning):
    """What trains, but is seldom meant.

    Its numbers are measured ones, and so are written as in the language being spoken.

    Example:
        >>> import warnings
        >>> warnings.filterwarnings("ignore", category=LossWarning)  # no word of it any more
    """

    def __str__(self) -> str:
        from grafito import language

        return self.error.told(language.retell, language.localised)


def warn(finding: Warning) -> None:
    """Give a warning at the line of the user: that of the first frame outside grafito.

    Example:
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     warn(LossWarning("All weights are 0."))
        >>> len(caught)
        1
    """
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("grafito."):
        frame, level = frame.f_back, level + 1
    warnings.warn(finding, stacklevel=level)


def undefined(owner: object, method: str) -> NotDefinedError:
    """The error of a method that a subclass must define.

    Args:
        owner: an object of the subclass.
        method: its name and arguments.

    Example:
        >>> print(undefined([], "call(inputs)"))
        list needs a method call(inputs).
          try        def call(inputs): ... in class list
    """
    name = type(owner).__name__
    return NotDefinedError(
        f"{name} needs a method {method}.", fix=f"def {method}: ... in class {name}"
    )


def unknown_name(
    kind: str, name: object, choices: Iterable[str], own: str | None = None
) -> UnknownNameError:
    """The error for a name that is not known, with the nearest known one.

    Args:
        kind: what the name should name, for example "loss".
        name: what came.
        choices: the known names.
        own: what to write if the name is the user's own; the known ones are not listed then.

    Returns:
        The error, to be raised by the caller.

    Example:
        >>> print(unknown_name("loss", "mes", ["mse", "mae"]))
        Unknown loss 'mes'.
          expected   one of mae, mse
          try        'mse'
    """
    known = sorted(set(choices))
    near = foreign.name(name, known)
    return UnknownNameError(
        f"Unknown {kind} {name!r}.",
        expected=None if own else one_of(once(known)),
        fix=f"{own} if it is your own, or {near}" if own and near else own or near,
    )


def unknown_argument(
    owner: str, name: str, value: object, known: Iterable[str]
) -> UnknownArgumentError:
    """The error for an argument that is not known, with the one that is meant.

    Args:
        owner: name of the function or class.
        name: of the argument.
        value: that was given for it.
        known: the arguments that there are.

    Example:
        >>> print(unknown_argument("Dropout", "p", 0.5, ["rate", "seed"]))
        Dropout has no argument 'p'.
          expected   one of rate, seed
          try        rate=0.5
    """
    known = list(known)
    return UnknownArgumentError(
        f"{owner} has no argument {name!r}.",
        expected=one_of(once(known)),
        fix=foreign.argument(name, known, value)
        or ("feeds=" + repr({name: value}) if "feeds" in known else None),
    )


def missing_attribute(owner: object, kind: str, name: str) -> AttributeError:
    """The error for an attribute that is not there; it says what another library's is called here.

    Args:
        owner: the object or module.
        kind: its table in `grafito.foreign`: "model", "tensor", or the name of a module.
        name: of the attribute.

    Example:
        >>> print(missing_attribute(None, "model", "predict_classes"))
        A model has no 'predict_classes'.
          try        model.predict(x).argmax(axis=-1)
    """
    module = kind.startswith("grafito")
    fix = foreign.member(kind, name, dir(owner)) if module else foreign.attribute(kind, name)
    if fix is None:
        told = f"module {kind!r}" if module else f"{type(owner).__name__!r} object"
        return AttributeError(f"{told} has no attribute {name!r}", name=name, obj=owner)
    what = kind if module else KINDS[kind]
    error = MissingAttributeError(f"{what} has no {name!r}.", fix=fix)
    error.name = name  # with a name of its own it gets no second hint from Python
    return error


def refuse_attribute(
    owner: object, kind: str, name: str, value: object, known: Iterable[str]
) -> None:
    """Refuse to set an attribute that stands for another one.

    Args:
        owner: the object.
        kind: its table in `grafito.foreign`.
        name: of the attribute.
        value: that was to be set.
        known: the attributes that can be set.

    Raises:
        MissingAttributeError: where a table or the spelling says which one is meant.

    Example:
        >>> refuse_attribute(None, "optimizer", "lr", 0.1, ["learning_rate"])
        Traceback (most recent call last):
        ...
        grafito.errors.MissingAttributeError: An optimizer has no 'lr'.
          try        optimizer.learning_rate = 0.1
    """
    known = list(known)
    meant = foreign.argument(name, known, value)
    found, _, given = (meant or "").partition("=")
    fix = f"{kind}.{found} = {given}" if found in known else meant
    if fix is not None:
        error = MissingAttributeError(f"{KINDS[kind]} has no {name!r}.", fix=fix)
        error.name = name
        raise error


def names_of(module: str) -> Callable[[str], Any]:
    """A module's `__getattr__`, which is asked for the names that it lacks.

    Example:
        >>> from grafito import losses
        >>> losses.MSELoss
        Traceback (most recent call last):
        ...
        grafito.errors.MissingAttributeError: grafito.losses has no 'MSELoss'.
          try        losses.MeanSquaredError()
    """
    found = sys.modules[module]
    if not hasattr(found, "__path__"):
        found.__path__ = []  # `from module import name` asks the finder for packages alone

    def missing(name: str) -> Any:
        from grafito.foreign.telling import of_older_programs  # which imports this file

        meant = of_older_programs(module, name)
        if meant is None:
            raise missing_attribute(found, module, name)
        return meant

    return missing


def offered(names: Mapping[str, Any]) -> list[str]:
    """What a package offers of the names in it: all but private ones and its own files.

    Example:
        >>> offered({"Dense": int, "_helper": int, "core": sys})
        ['Dense']
    """
    return [n for n, x in names.items() if not n.startswith("_") and not isinstance(x, ModuleType)]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
