"""What a training depends on, as data that a backup holds and compares."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from grafito.models.examples import Examples
from grafito.models.resumption import ANY, compile_arguments
from grafito.registered import name_of
from grafito.registry import Configurable, objects_kept

COMPARED = ("loss", "loss_weights", "metrics", "weighted_metrics")
WHOLE = 1 << 26  # bytes of data up to which each is looked at
# Names decide no number, seeds are restored, and the rest is known once a model is built.
BESIDES = {"name", "seed", "build_shape", "build_shapes", "weights"}


def conditions(model: Any) -> dict[str, Any]:
    """Architecture and arguments of `compile`, by the words that a refusal has for them."""
    given = compile_arguments(model)
    return {
        "architecture": [_without(described(model)), *_inner(model, set())],
        "optimizer": model._optimizer_config,
        **{name: described(given[name]) for name in COMPARED},
    }


def _inner(layer: Any, seen: set[Any]) -> Iterator[Any]:
    """The layers that classes of one's own make in their constructors; no configuration has them.

    Those of a `build` of one's own are there only after it.
    """
    seen.add(layer)
    if not _is_ours(type(layer).build):
        return
    for part in layer.sublayers:
        if not _is_ours(type(layer)):
            yield _without(described(part))
        if part not in seen:
            yield from _inner(part, seen)


def _is_ours(thing: Any) -> bool:
    return str(thing.__module__).startswith("grafito.")


def described(value: Any) -> Any:
    """A value as data that JSON can hold; functions and classes of one's own by their names.

    Example:
        >>> from grafito import regularizers
        >>> described([regularizers.L2(0.5), len, {"a": (1, None)}])
        [{'class_name': 'L2', 'config': {'l2': 0.5}}, 'len', {'a': [1, None]}]
    """
    if isinstance(value, Configurable):
        return {"class_name": name_of(type(value)), "config": described(_config(value))}
    if isinstance(value, Mapping):
        return {str(key): described(v) for key, v in value.items()}
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=repr)
    if isinstance(value, (list, tuple)):
        return [described(v) for v in value]
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), digest([value])]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return name_of(value) if hasattr(value, "__name__") else type(value).__name__


def _config(part: Any) -> Any:
    """The configuration; None of a class of one's own that has none."""
    try:
        with objects_kept():
            return part.get_config()
    except Exception:  # whatever a method of one's own raises
        return None


def _without(data: Any) -> Any:
    """An architecture without what changes no number, or is the same only in a new program."""
    if isinstance(data, list):
        return [_without(part) for part in data]
    if not isinstance(data, dict):
        return data
    besides = BESIDES | {"inputs"} if "calls" in data else BESIDES  # whose names are automatic
    return {key: _without(part) for key, part in data.items() if key not in besides}


def data_known(source: Any) -> Any:
    """What data are known again by: names, shapes, dtypes and a digest; a stream's class."""
    if not isinstance(source, Examples):
        return None if source is None else type(source).__name__
    spec = {name: [list(shape), dtype] for name, (shape, dtype) in source.spec.items()}
    return {"arrays": spec, "digest": digest(list(source.arrays.values()))}


def digest(arrays: list[np.ndarray]) -> str:
    """A digest of all rows; of large data every second, third, ... row."""
    every = max(1, -(-sum(array.nbytes for array in arrays) // WHOLE))
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        some = np.ascontiguousarray(array[::every] if array.ndim else array)
        digest.update(repr(some).encode() if some.dtype.hasobject else some.tobytes())
    return digest.hexdigest()


def differences(kept: Any, ours: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two descriptions differ: the place, beginning at its class, and what is there.

    Example:
        >>> from grafito.optimizers import SGD
        >>> list(differences(described(SGD(0.5)), described(SGD(0.1))))
        [('SGD.learning_rate', 0.5, 0.1)]
    """
    if kept == ours or ANY in (kept, ours):
        return
    if isinstance(kept, dict) and isinstance(ours, dict):
        names = kept.get("class_name"), ours.get("class_name")
        if names[0] != names[1]:
            yield (path, *names)
            return
        path = names[0] or path
        for key in dict.fromkeys([*kept, *ours]):
            below = path if key == "config" else f"{path}.{key}".strip(".")
            yield from differences(kept.get(key), ours.get(key), below)
    elif isinstance(kept, list) and isinstance(ours, list) and len(kept) == len(ours):
        for i, pair in enumerate(zip(kept, ours, strict=True)):
            yield from differences(*pair, f"{path}[{i}]")
    else:
        yield path, kept, ours
