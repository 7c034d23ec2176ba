"""Outputs of steps that ran together, a row for each step: as logs, and end to end."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.graph.nest import flatten, map_structure

Outputs = dict[str, np.ndarray]


def join_outputs(slices: list[Outputs], template: Any) -> Any:
    """The outputs of all steps end to end, in the structure of the template."""
    names = iter(range(len(flatten(template))))

    def join(_: Any) -> np.ndarray:
        name = str(next(names))
        return np.concatenate([s[name].reshape(-1, *s[name].shape[2:]) for s in slices])

    return map_structure(join, template)


def last_values(outputs: Outputs) -> dict[str, Any]:
    """Each output of the last of the steps that were done together."""
    return {name: plain_values(values[-1:])[0] for name, values in outputs.items()}


def plain_values(values: np.ndarray) -> list[Any]:
    """Scalars as Python numbers, arrays as they are."""
    return values.tolist() if values.ndim == 1 else list(values)
