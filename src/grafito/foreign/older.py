"""Names of older programs that still lead to what they meant, with a warning."""

from __future__ import annotations

import importlib
from typing import Any

LOGS = {"acc": "accuracy", "val_acc": "val_accuracy", "lr": "learning_rate"}

_REDUCTIONS = {
    f"reduce_{name}": f"ops.{name}" for name in ("max", "mean", "min", "prod", "std", "sum")
} | {"reduce_variance": "ops.var", "reduce_logsumexp": "ops.logsumexp"}
_TENSORFLOW = {
    name: f"ops.{name}"
    for name in [
        "abs",
        "cast",
        "equal",
        "exp",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "matmul",
        "maximum",
        "minimum",
        "one_hot",
        "ones",
        "reshape",
        "round",
        "sign",
        "square",
        "sqrt",
        "stack",
        "squeeze",
        "transpose",
        "where",
        "zeros",
    ]
} | {"math": "ops", "nn": "ops"}
DTYPES = ("bool", "float32", "float64", "int32", "int64")

OLDER: dict[str, dict[str, str]] = {
    "grafito": {**_REDUCTIONS, **_TENSORFLOW},
    "grafito.ops": _REDUCTIONS,
    "grafito.layers": dict.fromkeys(
        ("convolutional", "core", "embeddings", "noise", "normalization", "pooling"), "layers"
    ),
    "grafito.utils": {"np_utils": "utils"},
    "grafito.constraints": {
        "maxnorm": "constraints.MaxNorm",
        "nonneg": "constraints.NonNeg",
        "unitnorm": "constraints.UnitNorm",
    },
}


def older(module: str, name: str) -> tuple[str, Any] | None:
    """The present name of what an older program asks a module for, and what it is; or None.

    Args:
        module: a module of grafito.
        name: what it was asked for.

    Example:
        >>> present, maximum = older("grafito", "reduce_max")
        >>> present, maximum([[1, 7]]).item()
        ('ops.max', 7)
        >>> older("grafito", "float32")
        ("'float32'", 'float32')
    """
    if module == "grafito" and name in DTYPES:
        return repr(name), name
    if module.startswith("grafito.layers."):
        layers = importlib.import_module("grafito.layers")
        return (f"layers.{name}", getattr(layers, name)) if name in layers.__all__ else None
    present = OLDER.get(module, {}).get(name)
    if present is None:
        return None
    room, _, inner = present.partition(".")
    found = importlib.import_module(f"grafito.{room}")
    return present, getattr(found, inner) if inner else found
