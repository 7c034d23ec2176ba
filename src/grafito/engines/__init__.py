"""The engines that run graphs, one module or folder each; nothing outside names them."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Any

from grafito.engines.devices import distribution
from grafito.engines.interface import Engine, Memory, Program, format_bytes
from grafito.errors import ArgumentError, GrafitoWarning, unknown_name, warn
from grafito.language import translate

__all__ = ["Engine", "Memory", "Program", "available", "format_bytes", "get", "kind", "names"]

SHARED = {
    "devices",
    "interface",
    "meeting",
    "private_folder",
    "processes",
    "resources",
}  # modules that are no engine


def names() -> list[str]:
    """The engines that this version has, best first.

    Example:
        >>> "reference" in names()
        True
    """
    found = [m.name for m in pkgutil.iter_modules(__path__) if m.name not in SHARED]
    return sorted(found, key=lambda name: -_engine_class(name).preference)


def get(engine: Any = "auto") -> Engine:
    """An engine by name; "auto" is the best one that this machine can run.

    Args:
        engine: "auto", a name of `names()`, or an engine, which is returned.

    Raises:
        UnknownNameError: when there is no engine of that name.
        ArgumentError: for one that does not compute on several devices, where such are set.

    Example:
        >>> get("reference").name
        'reference'
    """
    if isinstance(engine, Engine):
        return engine
    if engine == "auto" and distribution():
        engine = "jax"  # the one that knows of several devices
    if engine == "auto":
        obstacles = {name: _engine_class(name).obstacle() for name in names()}
        usable = [name for name, obstacle in obstacles.items() if not obstacle]
        engine = next(name for name in usable if _engine_class(name).worthwhile())
        if engine == "reference":
            _warn_that_it_is_slow(*filter(None, obstacles.values()))
    elif engine not in names():
        raise unknown_name("engine", engine, ["auto", *names()])
    if distribution() and engine != "jax":
        raise ArgumentError(
            "Only the engine 'jax' computes on several devices.",
            received=f"engine={engine!r}, {distribution()}",
            fix="engine='jax', or grafito.distribution.set_distribution(None)",
        )
    return _engine_class(engine)()


@functools.cache
def _warn_that_it_is_slow(*obstacles: str) -> None:
    """Say once why nothing is compiled."""
    warn(
        GrafitoWarning(
            "Training and prediction are computed op by op with NumPy, which is slower.",
            received=" ".join(translate(obstacle) for obstacle in obstacles),
            fix="engine='reference' to choose this without a warning",
        )
    )


def kind(name: str) -> type[Engine]:
    """The class of an engine.

    Raises:
        UnknownNameError: when there is no engine of that name.

    Example:
        >>> kind("reference").preference
        0
    """
    if name not in names():
        raise unknown_name("engine", name, names())
    return _engine_class(name)


def available(name: str) -> bool:
    """Whether there is an engine of this name and this machine can run it; "auto" is always there.

    Example:
        >>> available("reference"), available("abacus")
        (True, False)
    """
    return name == "auto" or (name in names() and _engine_class(name).available())


def _engine_class(name: str) -> type[Engine]:
    return importlib.import_module(f"{__name__}.{name}").Engine


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
