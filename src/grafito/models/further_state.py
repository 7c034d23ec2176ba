"""State that files and copies keep besides the weights and the slots of the optimizer of `compile`.

These are the variables of that optimizer and of losses that their classes add, and the whole state
of the optimizers that a model or its layers keep as attributes, as a GAN does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.errors import GrafitoWarning, warn
from grafito.graph import Variable
from grafito.graph.nest import parts
from grafito.losses import Loss
from grafito.models.assignment import assign_all
from grafito.optimizers import Optimizer

# What a file says of one that keeps state: its class, and of which weights it remembers something.
Entries = dict[str, dict[str, Any]]


def further_state(model: Any) -> tuple[Entries, dict[str, list[Variable]]]:
    """What is kept, by the key of its keeper, as data and as variables; empty for most models."""
    entries: Entries = {}
    state: dict[str, list[Variable]] = {}
    weights = model.weights
    for key, keeper in _keepers(model).items():
        further = isinstance(keeper, Optimizer) and keeper is not model.optimizer
        slots = [i for i, w in enumerate(weights) if further and keeper.built_for(w)]
        variables = _variables(model, keeper, slots)
        if variables:
            entries[key] = {"class_name": type(keeper).__name__, "slots": slots}
            state[f"further/{key}"] = variables
    return entries, state


def restore_further(
    model: Any, entries: Entries, state: dict[str, list[np.ndarray]], told: bool
) -> None:
    """Set what was kept; what the model has no place for is left out, and told if nothing was."""
    keepers = _keepers(model)
    for key, entry in entries.items():
        keeper, arrays = keepers.get(key), state[f"further/{key}"]
        fits = type(keeper).__name__ == entry["class_name"]
        variables = _variables(model, keeper, entry["slots"]) if fits else []
        ours = [(v.shape, v.dtype) for v in variables]
        fits = ours == [(a.shape, a.dtype.name) for a in arrays]
        if fits:
            assign_all(variables, arrays, "the saved state")
        elif not told:
            warn(
                GrafitoWarning(
                    f"The state of {entry['class_name']} ({key}) is not restored.",
                    received=f"the model {model.name!r}, without such variables once it is made",
                    expected="variables that __init__ makes",
                )
            )


def _keepers(model: Any) -> dict[str, Any]:
    """The optimizer and the losses of `compile`, then the optimizers that are attributes."""
    found = {} if model.optimizer is None else {"optimizer": model.optimizer}
    losses = [x for x in model._objectives.objects if isinstance(x, Loss)]
    found |= {f"loss {i}": loss for i, loss in enumerate(dict.fromkeys(losses))}
    kept: dict[Any, None] = {}
    for layer in model.family():
        own = {"optimizer"} if layer.kind == "model" else set()  # that of its `compile`
        kept |= dict.fromkeys(parts(layer, (Optimizer,), layer.not_parts | own))
    kept.pop(model.optimizer, None)
    return found | {f"own {i}": optimizer for i, optimizer in enumerate(kept)}


def _variables(model: Any, keeper: Any, slots: list[int]) -> list[Variable]:
    """What a keeper has beyond what is kept of the optimizer of `compile` anyway."""
    weights = model.weights
    if not isinstance(keeper, Optimizer):
        return [v for v in parts(keeper, (Variable,)) if v not in set(weights)]
    own = [v for v in keeper.own_variables if v not in set(weights)]
    if keeper is model.optimizer:
        return own
    remembered = [slot for i in slots if i < len(weights) for slot in keeper.slots_of(weights[i])]
    return [*keeper.counters, *remembered, *own]
