"""What a backup of a training holds, and how a training goes on from it to the same bits."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito.callbacks import BackupAndRestore, Callback, History
from grafito.errors import ArgumentError, FileError
from grafito.files import read_arrays, write_arrays
from grafito.language import translate
from grafito.models.assignment import assign_all
from grafito.models.conditions import data_known, differences
from grafito.models.epochs import Epochs, Position
from grafito.models.further_state import further_state, restore_further
from grafito.models.resumption import keep_training, slots_of, training_variables
from grafito.models.schema import WRITTEN, as_file_errors, check_backup, unusable

KIND, VERSION = "backup of a training", 2
SHOWN = 60  # characters of a value in a refusal


class Backup:
    """The backup of one call of `fit`.

    Args:
        callback: where it is kept, and how often.
        model: what is trained.
        settings: what else the training depends on, by the words of a refusal.
    """

    def __init__(self, callback: BackupAndRestore, model: Any, settings: Mapping[str, Any]):
        self._callback, self._model = callback, model
        self._settings = dict(settings)
        self._content: dict[str, Any] = {}
        self._arrays: dict[str, np.ndarray] = {}
        self._others: list[Callback] = []
        self._epochs: Epochs | None = None
        self._data: dict[str, Any] = {}

    @classmethod
    def among(cls, callbacks: Any, model: Any, settings: Mapping[str, Any]) -> Backup | None:
        """The backup that the callbacks ask for, read if there is one already."""
        given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        found = [c for c in given if isinstance(c, BackupAndRestore)]
        if len(found) > 1:
            raise ArgumentError(
                "A training has one backup.",
                where="callbacks",
                received=f"{len(found)} BackupAndRestore",
            )
        return cls(found[0], model, settings)._read() if found else None

    def _read(self) -> Backup:
        path = self._callback.path
        if path.exists():
            arrays, content = read_arrays(path)
            known = content if isinstance(content, dict) else {}
            if known.get("kind") != KIND or known.get("version") != VERSION:
                raise self._foreign(
                    f"{known.get('kind')!r}, version {known.get('version')!r}",
                    f"{KIND!r}, version {VERSION}",
                )
            check_backup(content, arrays, path)
            self._arrays, self._content = arrays, content
            self._check(content["settings"], self._settings)
            self._model._shuffle_seed = content["shuffle_seed"]
            for layer, seed in zip(self._seeded(), content["seeds"], strict=False):
                layer.seed = seed
        return self

    def _foreign(self, received: Any, expected: Any) -> FileError:
        other = f"{self._callback.backup_dir}-2"
        return FileError(
            "The backup is of another training.",
            where=self._callback.path,
            received=received,
            expected=expected,
            fix=f'BackupAndRestore("{other}") to keep both; or remove the file',
        )

    def _check(self, kept: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
        """Raise a FileError that names the first thing in which the trainings differ."""
        for item in ours:
            for path, then, now in differences(kept.get(item), ours[item]):
                raise self._foreign(_shown(item, path, then), _shown(item, path, now))

    def _seeded(self) -> list[Any]:
        return [x for x in self._model.family() if isinstance(vars(x).get("seed"), int)]

    def _using(self) -> contextlib.AbstractContextManager[None]:
        """A FileError for every error of what is made after the content."""
        where = self._callback.path
        return as_file_errors(where, lambda told: unusable(told, where, WRITTEN))

    def restore(self, epochs: Epochs, validation: Epochs) -> Position | None:
        """Set the state of model, optimizer and data; the place where training goes on, if any."""
        with self._using():
            return self._restored(epochs, validation)

    def _restored(self, epochs: Epochs, validation: Epochs) -> Position | None:
        self._epochs = epochs
        self._data = {
            "data": data_known(epochs.source),
            "validation data": data_known(validation.source),
        }
        if not self._content:
            return None
        model, content = self._model, self._content
        self._check(content["data"], self._data)
        if not model.built and content["build_shape"]:
            model.build(tuple(content["build_shape"]))
        self._check(content, {"weights": _shapes(model.weights)})
        where = self._callback.path
        keep_training(model, content["slots"])
        parts = {part: [self._arrays[n] for n in names] for part, names in content["parts"].items()}
        for part, variables in self._parts(content["slots"]).items():
            assign_all(variables, parts[part], where)
        restore_further(model, content["further"], parts, told=False)
        position = Position(**decode(content["position"], self._arrays))
        position.metrics = decode(content["metrics"], self._arrays)
        return self._sought(position, decode(content["stream"], self._arrays))

    def _sought(self, position: Position, stream: Any) -> Position:
        """The place in the data, where it can be sought; else the beginning of its epoch."""
        epochs, epoch, batch = self._epochs, position.epoch, position.batch
        assert epochs is not None
        if epochs.steps is not None and batch > epochs.steps:
            raise unusable(
                f"position/batch: {batch}", self._callback.path, f"up to {epochs.steps} batches"
            )
        if hook := epochs.forgotten(epoch, batch):
            text = translate(
                "The data have {} and no get_state: what it changed before epoch {} is not in the "
                "backup."
            )
            print(text.format(hook, epoch + 1), flush=True)
        if (stream is None and not batch) or epochs.seek(stream):
            return position
        if epochs.begins_anew:
            text = translate(
                "The data cannot be sought: epoch {} begins anew with the weights of batch {}."
            )
        else:
            text = translate(
                "The data cannot be sought: epoch {} takes what they give first now, with the "
                "weights of batch {}."
            )
        print(text.format(epoch + 1, batch), flush=True)
        return Position(epoch)

    def begin(self, others: list[Callback], history: History) -> None:
        """After `on_train_begin`: what callbacks count, and the history; from now on it saves."""
        self._others = [c for c in others if not isinstance(c, BackupAndRestore)]
        self._history = history
        with self._using():
            states = decode(self._content.get("callbacks", {}), self._arrays)
            for name, state in self._states(states):
                callback = self._named()[name]
                _check_alike(state, callback.get_state(), name)
                callback.set_state(state)
        self._content, self._arrays = {}, {}
        self._callback.begin(self._save)

    def _states(self, states: Mapping[str, Any]) -> list[tuple[str, Any]]:
        return [(name, state) for name, state in states.items() if name in self._named()]

    def _named(self) -> dict[str, Callback]:
        """The callbacks by class, and number among those of the class."""
        named: dict[str, Callback] = {}
        for callback in dict.fromkeys([*self._others, self._history]):
            kind = type(callback).__name__
            count = sum(name.partition(" ")[0] == kind for name in named)
            named[f"{kind} {count}"] = callback
        return named

    def at_epoch(self, epoch: int, batch: int = 0) -> None:
        """Training is at this epoch; see `BackupAndRestore`."""
        self._callback.at_epoch(epoch, batch)

    def _parts(self, slots: list[int]) -> dict[str, list[Any]]:
        model = self._model
        return {"weights": model.weights, **training_variables(model, slots)}

    def _save(self, epoch: int, batch: int, logs: Any) -> None:
        model = self._model
        arrays: dict[str, np.ndarray] = {}
        slots = slots_of(model)
        further, further_parts = further_state(model)
        parts: dict[str, list[str]] = {}
        for part, variables in {**self._parts(slots), **further_parts}.items():
            named = {f"{part}/{i:03d}": v.numpy() for i, v in enumerate(variables)}
            arrays |= named
            parts[part] = list(named)
        position = vars(Position(epoch, batch, dict(logs), bool(model.stop_training)))
        sums = [v.numpy() for v in model.metrics_variables]
        states = {name: callback.get_state() for name, callback in self._named().items()}
        assert self._epochs is not None
        content = {
            "kind": KIND,
            "version": VERSION,
            "settings": self._settings,
            "data": self._data,
            "weights": _shapes(model.weights),
            "build_shape": encode(model.build_shape, {}, ""),
            "shuffle_seed": model._shuffle_seed,
            "seeds": [layer.seed for layer in self._seeded()],
            "slots": slots,
            "parts": parts,
            "further": further,
            "metrics": encode(sums if batch else [], arrays, "metrics"),
            "position": encode(position, arrays, "position"),
            "stream": encode(self._epochs.place(batch), arrays, "stream"),
            "callbacks": encode(states, arrays, "callbacks"),
        }
        write_arrays(self._callback.path, arrays, content)


def _check_alike(state: Any, own: Any, name: str) -> None:
    """Raise a TypeError where a state has another type than that of now; None may be a number."""
    numbers = (int, float, np.ndarray, np.generic)
    kinds = next((k for k in (str, list, dict, numbers) if isinstance(own, k)), None)
    missing = state is None and kinds not in (list, dict)
    if kinds is not None and not missing and not isinstance(state, kinds):
        raise TypeError(f"callbacks/{name}: {_shown('', '', state)}")
    if isinstance(own, dict):
        for key in own.keys() & state.keys():
            _check_alike(state[key], own[key], f"{name}/{key}")


def _shapes(variables: list[Any]) -> list[str]:
    return [f"{v.dtype}{list(v.shape)}" for v in variables]


def _shown(item: str, path: str, value: Any) -> str:
    text = str(value)
    text = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
    if path.startswith("["):
        return f"{item}{path}: {text}"
    return f"{item}: {path}={text}" if path else f"{item}: {text}"


def encode(value: Any, arrays: dict[str, np.ndarray], name: str) -> Any:
    """What JSON can hold of a value; its arrays go among the others, by this name.

    Example:
        >>> arrays = {}
        >>> encode({"best": float("nan"), "weights": [np.ones(2)]}, arrays, "a")
        {'best': {'float': 'nan'}, 'weights': [{'array': 'a/weights/0'}]}
        >>> decode(encode({1: (2, 0.5)}, arrays, "b"), arrays)
        {1: [2, 0.5]}
    """
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value) and not {"float", "array", "items"} & set(
            value
        ):
            return {key: encode(v, arrays, f"{name}/{key}") for key, v in value.items()}
        pairs = [
            [key, encode(v, arrays, f"{name}/{i}")] for i, (key, v) in enumerate(value.items())
        ]
        return {"items": pairs}
    if isinstance(value, (list, tuple)):
        return [encode(v, arrays, f"{name}/{i}") for i, v in enumerate(value)]
    if isinstance(value, (np.ndarray, np.generic)):
        arrays[name] = np.asarray(value)
        return {"array": name}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def decode(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value that was encoded; tuples come back as lists, scalars of NumPy as arrays."""
    if isinstance(value, list):
        return [decode(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"array"}:
        return arrays[value["array"]]
    if value.keys() == {"float"}:
        return float(value["float"])
    if value.keys() == {"items"}:
        return {key: decode(v, arrays) for key, v in value["items"]}
    return {key: decode(v, arrays) for key, v in value.items()}
