"""A model as plain data and variables, for files, pickles and copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.graph import Variable
from grafito.graph.variable import moment
from grafito.layers.copies import freeze, what_is_frozen
from grafito.layers.supply import supplied
from grafito.models.architecture import layer_entry, model_from_entry
from grafito.models.assignment import assign_all
from grafito.models.frames import Columns
from grafito.models.further_state import further_state, restore_further
from grafito.models.resumption import restore_training, training_state
from grafito.registry import objects_kept, plain


def model_content(model: Any) -> tuple[dict[str, Any], dict[str, list[Variable]]]:
    """Architecture and training configuration as data, and the variables by part."""
    content: dict[str, Any] = {"model": layer_entry(model), "frozen": what_is_frozen(model)}
    parts: dict[str, list[Variable]] = {"weights": model.weights}
    if model._seen:
        content["seen"] = {name: list(ends) for name, ends in model._seen.items()}
    if model._columns:
        content["columns"] = model._columns.content()
    if model.compiled:
        training, state = training_state(model)
        content["training"] = plain(training)
        parts |= state
    further, state = further_state(model)
    if further:
        content["further"] = further
        parts |= state
    return content, parts


def model_from_content(
    content: dict[str, Any], parts: dict[str, list[np.ndarray]], where: Any, compile: bool = True
) -> Any:
    """The model of this content; `where` names its origin in messages."""
    with supplied(array.shape for array in parts["weights"]):
        model = model_from_entry(content["model"])
    assign_all(model.weights, parts["weights"], where)
    freeze(model, content.get("frozen"))
    model._seen = {name: (low, high) for name, (low, high) in content.get("seen", {}).items()}
    if "columns" in content:
        model._columns = Columns.from_content(content["columns"])
    resumed = compile and "training" in content
    if resumed:
        resumed = restore_training(model, content["training"], parts)
    if compile:
        told = "training" in content and not resumed
        restore_further(model, content.get("further", {}), parts, told)
    return model


def pickled(model: Any) -> tuple[Any, ...]:
    """The pickle of a model: the content of its file, with objects in place of names."""
    with objects_kept():
        content, parts = model_content(model)
    if model.compiled:
        content["training"]["run_eagerly"] = model.run_eagerly
    with moment.lock:
        arrays = {part: [v.numpy() for v in variables] for part, variables in parts.items()}
    return model_from_content, (content, arrays, f"the copy of model {model.name!r}")
