"""A `predict` like the one before: what was found out then holds, so the program runs at once."""

from __future__ import annotations

import contextlib
import math
import types
import weakref
from collections.abc import Iterable
from dataclasses import is_dataclass
from operator import is_
from typing import Any

import numpy as np

from grafito.errors import GrafitoError
from grafito.layers.symbolic import Symbol
from grafito.models.examples import Examples
from grafito.models.ranges import limits
from grafito.models.renewal import FEW_NUMBERS, frozen

FIRST = np.array(0, "int32")


class Snapshot:
    """What owners hold in their attributes, and in lists and dictionaries there, by identity.

    Numbers of small arrays are compared too.

    Args:
        owners: objects with attributes.
        beside: what is no part of it, because it holds the snapshot itself.

    Example:
        >>> class Box:
        ...     pass
        >>> box = Box()
        >>> box.sizes = [1, 2]
        >>> before = Snapshot([box])
        >>> box.sizes.append(3)
        >>> before.holds(), Snapshot([box]).holds()
        (False, True)
    """

    def __init__(self, owners: Iterable[Any], beside: Any = None):
        self._beside = id(beside)
        self._owners: list[tuple[Any, list[Any]]] = []
        self._inside: list[tuple[Any, list[Any]]] = []
        self._arrays: list[tuple[np.ndarray, Any]] = []
        for owner in owners:
            values = self._values(owner)
            self._owners.append((weakref.ref(owner), values))
            stack = list(values)
            while stack:
                value = stack.pop()
                if isinstance(value, np.ndarray) and value.size <= FEW_NUMBERS:
                    self._arrays.append((value, frozen(value)))
                elif isinstance(value, types.SimpleNamespace) or is_dataclass(value):
                    stack.append(getattr(value, "__dict__", {}))
                elif isinstance(value, (list, dict, tuple)):
                    inner = list(value.values() if isinstance(value, dict) else value)
                    stack.extend(inner)
                    if not isinstance(value, tuple):
                        self._inside.append((value, inner))

    def _values(self, owner: Any) -> list[Any]:
        beside = self._beside
        return [v for v in vars(owner).values() if id(v) != beside]

    def holds(self) -> bool:
        """Whether nothing is another object than it was."""
        for reference, values in self._owners:
            owner = reference()
            now = [] if owner is None else self._values(owner)
            if len(now) != len(values) or not all(map(is_, now, values)):
                return False
        for container, values in self._inside:
            inner = container.values() if isinstance(container, dict) else container
            if len(inner) != len(values) or not all(map(is_, inner, values)):
                return False
        return all(frozen(array) == before for array, before in self._arrays)


class Repetition:
    """Runs a program on another batch of the same shape.

    Args:
        model: whose outputs the program gives.
        x: the batch that it was run on.
        compiled: the program, with the order of the rows bound.
        batch_size: as `predict` was given it.
    """

    def __init__(self, model: Any, x: np.ndarray, compiled: Any, batch_size: Any):
        self._shape, self._dtype, self._size = x.shape, x.dtype, batch_size
        self._compiled = compiled
        self._order = compiled.program.arrays["order"]
        self._snapshot = Snapshot(model.family(), beside=model._executor)
        seen = None if model._told_of_unseen else model._seen.get("x")
        self._limits = None if seen is None else limits(seen)

    def run(self, executor: Any, x: Any, batch_size: Any) -> np.ndarray | None:
        """The outputs; None where it is not known that all is as it was."""
        if type(x) is not np.ndarray or x.shape != self._shape or x.dtype != self._dtype:
            return None
        if batch_size != self._size or executor.eager or not math.isfinite(x.sum()):
            return None
        if self._limits and (x.min() < self._limits[0] or x.max() > self._limits[1]):
            return None
        with executor.lock:
            if not self._snapshot.holds():
                return None
            compiled = self._compiled
            program, compiled.data = compiled.program, (None, None)
            program.arrays["x"] = program.hold(x)
            program.arrays["order"] = self._order
            executor.start.storage = FIRST.copy()
            return program.run()["0"][0]


def note_repetition(model: Any, examples: Examples, batch_size: Any) -> None:
    """Remember a `predict` of one batch of float32, of a model with one input and one output."""
    executor, x, symbol = model._executor, examples.x, None
    executor.repetition = None
    with contextlib.suppress(GrafitoError):  # what was not made from symbols has none
        symbol = model.input
    plain = type(x) is np.ndarray and x.dtype == np.float32 and model._output_structure is None
    if not plain or not isinstance(symbol, Symbol) or symbol.dtype != "float32":
        return
    compiled = executor.ran_at_once(examples)
    if compiled is not None and compiled.program.graph.outputs["0"].ndim:
        executor.repetition = Repetition(model, x, compiled, batch_size)
