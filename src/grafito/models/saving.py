"""Models in files: architecture, weights and training state as arrays and content."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import FileError, GrafitoError, UnknownNameError
from grafito.files import read_arrays, write_arrays
from grafito.graph.variable import moment
from grafito.models.assignment import assign_all
from grafito.models.content import model_content, model_from_content
from grafito.models.schema import check_content, check_weights
from grafito.registry import custom_objects as custom_object_scope
from grafito.registry import known_arguments


@known_arguments
def save_model(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write a model to one file: architecture, weights, optimizer state, random counters.

    Args:
        model: the model.
        filepath: the file; it is replaced only when the new one is complete and on the disk.
        overwrite: False raises where the file exists.

    Raises:
        FileError: when it cannot be written; an older file stays as it was.

    Example:
        >>> from grafito import Sequential, layers
        >>> save_model(Sequential([layers.Input((2,)), layers.Dense(1)]), "model.safetensors")
    """
    content, parts = model_content(model)
    with moment.lock:
        named = {part: _named(variables, part) for part, variables in parts.items()}
    content["weights"] = list(named["weights"])
    if len(named) > 1:
        content["state"] = {part: list(named[part]) for part in named if part != "weights"}
    arrays = {name: array for part in named.values() for name, array in part.items()}
    write_arrays(filepath, arrays, content, overwrite)


@known_arguments
def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Any:
    """Read a model from a file; it predicts the same bits and trains on as if never stopped.

    Train on with `fit(..., initial_epoch=epochs_done)`. Callbacks start to count anew.

    Args:
        filepath: a file written by `model.save`.
        custom_objects: classes and functions of your own that the model uses, by name.
        compile: restore optimizer, losses and metrics too.

    Raises:
        FileError: for a file that is missing, cut short, damaged or of another kind.
        UnknownNameError: for a class that is not registered and not in `custom_objects`.

    Example:
        >>> from grafito import Sequential, layers
        >>> model = Sequential([layers.Input((2,)), layers.Dense(1)])
        >>> model.save("model.safetensors")
        >>> load_model("model.safetensors").count_params()
        3
    """
    with custom_object_scope(custom_objects):
        arrays, content = read_arrays(filepath)
        if isinstance(content, dict) and "model" not in content:
            raise FileError(
                "The file contains only weights, no model.",
                where=filepath,
                fix="build the model, then model.load_weights(filepath)",
            )
        check_content(content, arrays, filepath)
        names = {"weights": content["weights"], **content.get("state", {})}
        parts = {part: [arrays[name] for name in of_part] for part, of_part in names.items()}
        with _as_file_errors(filepath):
            return model_from_content(content, parts, filepath, compile)


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights alone.

    Args:
        model: the model.
        filepath: the file; it is replaced only when the new one is complete.
        overwrite: False raises where the file exists.

    Example:
        >>> from grafito import Sequential, layers
        >>> save_weights(Sequential([layers.Input((2,)), layers.Dense(1)]), "w.safetensors")
    """
    arrays = _named(model.weights, "weights")
    write_arrays(filepath, arrays, {"weights": list(arrays)}, overwrite)


def load_weights(model: Any, filepath: Any) -> None:
    """Read weights into a model of the same architecture; all or none.

    Raises:
        FileError: for a damaged file, or weights of another architecture.

    Example:
        >>> from grafito import Sequential, layers
        >>> one, two = (Sequential([layers.Input((2,)), layers.Dense(1)]) for _ in range(2))
        >>> one.save_weights("w.safetensors")
        >>> load_weights(two, "w.safetensors")
        >>> bool((one.get_weights()[0] == two.get_weights()[0]).all())
        True
    """
    arrays, content = read_arrays(filepath)
    check_weights(content, arrays, filepath)
    assign_all(model.weights, [arrays[name] for name in content["weights"]], filepath)


@contextlib.contextmanager
def _as_file_errors(filepath: Any) -> Iterator[None]:
    """A FileError for every error of what is made after a file, but an UnknownNameError."""
    try:
        yield
    except (FileError, UnknownNameError):
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, OSError) as error:
        raise _unreadable(filepath, error) from error
    except (GrafitoError, RecursionError, TypeError, ValueError) as error:
        raise _unreadable(filepath, error) from error


def _unreadable(filepath: Any, error: Exception) -> FileError:
    said = error.what if isinstance(error, GrafitoError) else f"{type(error).__name__}: {error}"
    return FileError(
        "The file describes a model that cannot be made.",
        where=filepath,
        received=said[:300],
    )


def _named(variables: list[graph.Variable], part: str) -> dict[str, np.ndarray]:
    with moment.lock:
        return {f"{part}/{i:03d}/{v.path}": v.numpy() for i, v in enumerate(variables)}
