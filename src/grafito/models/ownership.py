"""An optimizer trains one model: its count of steps and its slots belong to those weights."""

from __future__ import annotations

import weakref
from typing import Any

from grafito.errors import ArgumentError
from grafito.optimizers import Optimizer

# by optimizer; weak references on both sides, so neither keeps the other alive
_trained: weakref.WeakKeyDictionary[Any, weakref.ref[Any]] = weakref.WeakKeyDictionary()


def claim(optimizer: Any, model: Any) -> None:
    """Record that an optimizer belongs to this model.

    Raises:
        ArgumentError: when it belongs to another model, or has trained other weights.
    """
    if not isinstance(optimizer, Optimizer):
        return
    owner = _trained.get(optimizer, lambda: None)()
    if owner is model:
        return
    in_use = owner is not None and owner.optimizer is optimizer
    ours = set(map(id, model.weights)) if optimizer.built else set()
    if in_use or any(id(v) not in ours for v in optimizer.trained):
        other = f"model {owner.name!r}" if owner is not None else "weights of another model"
        raise ArgumentError(
            "An optimizer counts the steps of one model and cannot train a second one.",
            where=f"compile of model {model.name!r}",
            received=f"the {type(optimizer).__name__} of {other}",
            fix=f"make one for each model, {type(optimizer).__name__}(...) beside its compile",
        )
    _trained[optimizer] = weakref.ref(model)
