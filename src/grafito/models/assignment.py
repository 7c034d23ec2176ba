"""Setting many variables at once: all or none."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import FileError


def assign_all(variables: list[graph.Variable], arrays: list[np.ndarray], filepath: Any) -> None:
    """Set variables from arrays in order, after checking all of them."""
    ours = [f"{v.path} {v.shape} {v.dtype}" for v in variables]
    theirs = [f"{a.shape} {a.dtype}" for a in arrays]
    for i, (variable, array) in enumerate(zip(variables, arrays, strict=False)):
        if variable.shape != array.shape or variable.dtype != array.dtype.name:
            raise FileError(
                "The file has the weights of another architecture; nothing was changed.",
                where=f"{filepath}, array {i}",
                received=theirs[i],
                expected=ours[i],
            )
    if len(variables) != len(arrays):
        raise FileError(
            "The file has the weights of another architecture; nothing was changed.",
            where=filepath,
            received=f"{len(arrays)} arrays",
            expected=f"{len(variables)} arrays",
            fix=None if variables else "call the model first, or model.build((None, ...))",
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
