"""What files and copies keep of a training, so that it can be resumed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito import engines, graph, losses
from grafito.errors import GrafitoWarning, warn
from grafito.models.assignment import assign_all

ANY = "as saved"  # a setting that a backup compares with nothing


def training_state(model: Any) -> tuple[dict[str, Any], dict[str, list[graph.Variable]]]:
    """The arguments of `compile` with the seed of the shuffle, and the variables to keep."""
    configuration = {
        **compile_arguments(model),
        "shuffle_seed": model._shuffle_seed,
        "slots": slots_of(model),
    }
    if model.has_own_compile_config:
        configuration["compile_config"] = model.get_compile_config()
    return configuration, training_variables(model, configuration["slots"])


def slots_of(model: Any) -> list[int]:
    """The numbers of the weights for which the optimizer keeps something."""
    optimizer = model.optimizer
    return [
        i
        for i, weight in enumerate(model.weights)
        if optimizer is not None and optimizer.built_for(weight)
    ]


def keep_training(model: Any, slots: list[int]) -> None:
    """Make what the optimizer keeps for the weights with these numbers."""
    if model.optimizer is not None:
        weights = model.weights  # which walks through the model
        model.optimizer.build([weights[i] for i in slots])


def training_variables(model: Any, slots: list[int]) -> dict[str, list[graph.Variable]]:
    """What has to be kept of a training beside the weights, by part."""
    executor = model._executor
    return {
        "optimizer": _optimizer_state(model, slots),
        "counters": [executor.step_counter, executor.draw_counter],
    }


def compile_arguments(model: Any) -> dict[str, Any]:
    """The arguments of `compile` that decide how the model is trained."""
    loss, loss_weights, plain_metrics, weighted = model._objectives.given
    executor = model._executor
    return {
        "optimizer": model.optimizer,
        "loss": loss,
        "loss_weights": loss_weights,
        "metrics": plain_metrics,
        "weighted_metrics": weighted,
        "engine": executor.engine_wanted,
        "precision": executor.precision,
        "check_finite": executor.watch is not None,
    }


def compile_from(model: Any, config: Mapping[str, Any]) -> None:
    """Compile with arguments that were written down, or say why that cannot be done."""
    arguments = dict(config)
    engine = arguments.get("engine", "auto")  # files of before 0.1 do not say it
    if not engines.available(engine):
        warn(
            GrafitoWarning(
                f"The model was trained by the engine {engine!r}, which is not here.",
                expected="numbers that may differ in their last digits",
            )
        )
        arguments["engine"] = "auto"
    arguments["loss"] = losses.lookup.objects(arguments.get("loss"))  # for who reads model.loss
    signature = inspect.signature(model.compile)
    try:
        signature.bind(**arguments)
    except TypeError:  # that of a subclass
        warn(
            GrafitoWarning(
                f"The training of model {model.name!r} does not go on.",
                received=f"a method of its own, compile{signature}, whose arguments are in no "
                "file or copy",
                fix="model.compile(...) once more, or get_compile_config and compile_from_config "
                "of its own",
            )
        )
        return
    model.compile(**arguments)
    settings = (model._optimizer_config or {}).get("config") or {}
    if isinstance(settings.get("learning_rate"), float):  # as it was when the file was written
        settings["learning_rate"] = ANY


def restore_training(
    model: Any, configuration: dict[str, Any], state: dict[str, list[np.ndarray]]
) -> bool:
    """Compile as saved, and continue from the saved optimizer state and counters.

    Returns:
        Whether that could be done; else a warning was given.
    """
    arguments = dict(configuration)
    shuffle_seed, slots = arguments.pop("shuffle_seed"), arguments.pop("slots")
    model.compile_from_config(arguments.pop("compile_config", arguments))
    if not model.compiled:
        return False
    model._shuffle_seed = shuffle_seed
    keep_training(model, slots)
    own, arrays = _optimizer_state(model, slots), list(state["optimizer"])
    for i, (variable, array) in enumerate(zip(own, arrays, strict=False)):
        if variable.name == "learning_rate" and array.shape == ():
            arrays[i] = array.astype(variable.dtype)  # float32 in files of before 0.1
    assign_all(own, arrays, "the saved optimizer state")
    counters = [model._executor.step_counter, model._executor.draw_counter]
    assign_all(counters, state["counters"], "the saved counters")
    return True


def _optimizer_state(model: Any, slots: list[int]) -> list[graph.Variable]:
    """Its counters, and its slots for the weights with these numbers.

    An optimizer may have other slots, which belong to another model.
    """
    if model.optimizer is None:
        return []
    weights = model.weights
    own = [slot for i in slots for slot in model.optimizer.slots_of(weights[i])]
    return [*model.optimizer.counters, *own]
