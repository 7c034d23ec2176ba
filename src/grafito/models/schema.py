"""What the content of a model's file may be: checked in one place, before anything is made of it.

A form is a type, a tuple of forms (any of them), [form] for a list, {name: form} for a dictionary
with some of these entries, {str: form} for one with any names, or a function that checks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grafito.errors import FileError, GrafitoError, UnknownNameError
from grafito.language import message

# Far above honest use; more would only keep the reader waiting.
MOST_LAYERS = 10_000
MOST_CALLS = 2_000, 10  # of layers, with those inside of nested models: so many, and so many a call
MOST_SAID = 300  # characters of an error
WRITTEN = message("what BackupAndRestore wrote")
ANOTHER = message("a copy of the file, if there is one; else make it anew")
DEEPEST = 200  # lists and dictionaries inside of one another

# What a content that no writer has made ends in.
_OF_CONTENT: tuple[type[Exception], ...] = (ArithmeticError, AttributeError, LookupError, TypeError)
_OF_CONTENT += (MemoryError, OSError, RuntimeError, ValueError)
_ABSENT = type(None)
_NUMBER = (int, float)
_NAMES = [str]
_PLACES = [int]  # in a list of layers or weights

_PART = {"class_name": str, "config": dict}


def _parts(value: Any) -> str | None:
    """A loss, a metric, or a structure of them."""
    if isinstance(value, list):
        return next(filter(None, map(_parts, value)), None)
    if isinstance(value, dict) and "class_name" not in value:
        return next(filter(None, map(_parts, value.values())), None)
    return _problem(value, (_ABSENT, str, _PART))


def _structure(value: Any) -> str | None:
    """Names of arrays in lists and dictionaries."""
    return _problem(value, (_ABSENT, str, [_structure], {str: _structure}))


def _ends(value: Any) -> str | None:
    """The least and the largest number of an input."""
    if isinstance(value, list) and len(value) != 2:
        return ": it must have two numbers"
    return _problem(value, [_NUMBER])


def _categories(value: Any) -> str | None:
    """A column of a data frame, None for the targets, with its categories."""
    if not isinstance(value, list) or len(value) != 2:
        return ": it must be a pair"
    column, categories = value
    return _problem(column, (_ABSENT, str)) or _problem(categories, [(str, int, float, bool)])


_WEIGHTING = (_ABSENT, _NUMBER, [(_ABSENT, _NUMBER)], {str: (_ABSENT, _NUMBER)})

TRAINING = {
    "optimizer": (_ABSENT, str, _PART),
    "loss": _parts,
    "loss_weights": _WEIGHTING,
    "metrics": _parts,
    "weighted_metrics": _parts,
    "engine": str,
    "precision": (_ABSENT, str),
    "check_finite": bool,
    "shuffle_seed": (_ABSENT, int),
    "slots": _PLACES,
    "compile_config": dict,
}
FROZEN = {"parts": int, "layers": _PLACES, "weights": _PLACES}
CONTENT = {
    "model": {"class_name": str, "config": dict, "build_shapes": dict, "weights": int},
    "weights": _NAMES,
    "state": {str: _NAMES},
    "frozen": (_ABSENT, FROZEN),
    "seen": {str: _ends},
    "columns": {"names": _NAMES, "categories": [_categories]},
    "training": TRAINING,
    "further": {str: {"class_name": str, "slots": _PLACES}},
    "step": {"parts": [_structure], "number": int, "batch": str},
}


def _count(value: Any) -> str | None:
    """A count from 0."""
    return None if type(value) is int and value >= 0 else f": {repr(value)[:60]}"


_ANY = (_ABSENT, str, int, float, bool, list, dict)
BACKUP = {
    "kind": str,
    "version": int,
    "settings": dict,
    "data": dict,
    "weights": _NAMES,
    "build_shape": (_ABSENT, list, dict),
    "shuffle_seed": (_ABSENT, _count),
    "seeds": [_count],
    "slots": [_count],
    "parts": {str: _NAMES},
    "further": CONTENT["further"],
    "metrics": list,
    "position": {"epoch": _count, "batch": _count, "logs": dict, "stopped": bool, "metrics": list},
    "stream": _ANY,
    "callbacks": {str: _ANY},
}
# What an entry cannot lack.
NEEDED = {
    "content": ["model", "weights"],
    "model": ["class_name", "config"],
    "training": ["shuffle_seed", "slots"],
    "frozen": ["parts", "layers", "weights"],
    "step": ["parts", "number", "batch"],
}


def check_weights(content: Any, arrays: Mapping[str, Any], where: Any) -> None:
    """Raise a FileError for a content that names no weights, or some that are not there."""
    told = _problem(content, {"weights": _NAMES}, "content")
    if told is None and "weights" not in content:
        told = "content: it lacks 'weights'"
    if told := told or _names_problem({"weights": content["weights"]}, arrays):
        raise _unusable(told, where)


def check_content(content: Any, arrays: Mapping[str, Any], where: Any) -> None:
    """Raise a FileError for what does not describe a model and the state of its training.

    Args:
        content: of the file.
        arrays: those of the file, by name.
        where: the file, for the message.
    """
    told = _depth_problem(content) or _problem(content, CONTENT, "content") or _lacking(content)
    if told is None:
        named = {"weights": content["weights"], **content.get("state", {})}
        told = _names_problem(named, arrays) or _state_problem(content)
    if told := told or _size_problem(content["model"]):
        raise _unusable(told, where)


def check_backup(content: Any, arrays: Mapping[str, Any], where: Any) -> None:
    """Raise a FileError for what does not describe the backup of a training."""
    told = _depth_problem(content) or _problem(content, BACKUP, "content")
    if told is None:
        absent = next((name for name in BACKUP if name not in content), None)
        told = absent and f"content: it lacks {absent!r}"
    if told is None:
        told = _names_problem(content["parts"], arrays) or _encoded_problem(content, arrays)
    if told:
        raise unusable(told, where, WRITTEN)


def _encoded_problem(content: Any, arrays: Mapping[str, Any]) -> str | None:
    """Arrays and numbers that JSON has no form for are what they say."""
    stack = [content[part] for part in ("metrics", "position", "stream", "callbacks")]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
            if value.keys() == {"array"} and value["array"] not in arrays:
                return f"it names an array that it does not have, {str(value['array'])[:60]!r}"
            if value.keys() == {"float"} and value["float"] not in ("nan", "inf", "-inf"):
                return f"float: {str(value['float'])[:60]!r}"
    return None


def unusable(told: str, where: Any, expected: str) -> FileError:
    """The error for a content that nothing can be made of."""
    return FileError(
        "The content of the file cannot be used.",
        where=where,
        received=told,
        expected=expected,
        fix=ANOTHER,
    )


@contextlib.contextmanager
def as_file_errors(where: Any, broken: Callable[[str], FileError]) -> Iterator[None]:
    """A FileError for every error of what is made after a file's content; each names the file.

    An UnknownNameError stays one: it says which class of the user's is not registered.

    Args:
        where: the file.
        broken: the error, given what was said.
    """
    try:
        yield
    except (FileError, UnknownNameError) as error:
        error.place(where)
        raise
    except GrafitoError as error:
        raise broken(error.what[:MOST_SAID]) from error
    except _OF_CONTENT as error:
        raise broken(f"{type(error).__name__}: {error}"[:MOST_SAID]) from error


def _unusable(told: str, where: Any) -> FileError:
    return unusable(told, where, "what model.save or model.save_weights wrote")


def _problem(value: Any, form: Any, name: str = "") -> str | None:
    """What is wrong with a value of this form."""
    if isinstance(form, tuple):
        problems = [_problem(value, each, name) for each in form]
        return None if None in problems else problems[-1]
    if isinstance(form, type):
        fits = type(value) is form or (form is float and type(value) is int)
        return None if fits else f"{name}: {repr(value)[:60]}"
    if isinstance(form, list):
        if not isinstance(value, list):
            return f"{name}: {repr(value)[:60]}"
        return next(filter(None, (_problem(v, form[0], name) for v in value)), None)
    if callable(form):
        told = form(value)
        return told and f"{name}{told}"
    if not isinstance(value, dict):
        return f"{name}: {repr(value)[:60]}"
    named = ((k, form.get(k, form.get(str))) for k in value)
    told = (_problem(value[k], each, f"{name}/{k}"[-120:]) for k, each in named if each is not None)
    return next(filter(None, told), None)


def _lacking(content: dict[str, Any]) -> str | None:
    entries = {"content": content, **content}
    for entry, names in NEEDED.items():
        for name in names:
            if entries.get(entry) is not None and name not in entries[entry]:
                return f"{entry}: it lacks {name!r}"
    return None


def _names_problem(parts: dict[str, list[str]], arrays: Mapping[str, Any]) -> str | None:
    """Each array is named once."""
    names = [name for part in parts.values() for name in part]
    absent = next((name for name in names if name not in arrays), None)
    if absent is not None:
        return f"it names an array that it does not have, {absent[:60]!r}"
    return None if len(set(names)) == len(names) else "it names an array twice"


def _state_problem(content: dict[str, Any]) -> str | None:
    """What is restored has its arrays."""
    needed = [f"further/{key}" for key in content.get("further", {})]
    if "training" in content:
        needed += ["optimizer", "counters"]
        slots = content["training"]["slots"]
        if len(set(slots)) < len(slots) or not all(0 <= i < len(content["weights"]) for i in slots):
            return f"training/slots: {str(slots)[:60]}"
    absent = next((name for name in needed if name not in content.get("state", {})), None)
    return None if absent is None else f"state: it lacks {absent!r}"


def _depth_problem(content: Any) -> str | None:
    level: list[Any] = [[content]]
    depth = 0
    while level:
        depth += 1
        if depth > DEEPEST:
            return f"lists and dictionaries, more than {DEEPEST} of them inside of one another"
        inside = (v.values() if isinstance(v, dict) else v for v in level)
        level = [v for values in inside for v in values if isinstance(v, (dict, list))]
    return None


def _size_problem(model: dict[str, Any]) -> str | None:
    """Limits on layers, and on calls that nested models multiply."""
    entries = list(_entries(model))
    if len(entries) > MOST_LAYERS:
        return f"{len(entries):,} layers; at most {MOST_LAYERS:,} are read"
    listed = len(entries) + sum(len(_list(entry["config"], "calls")) for entry in entries)
    most = MOST_CALLS[0] + MOST_CALLS[1] * listed
    shared = {entry["number"]: entry for entry in entries if type(entry.get("number")) is int}
    calls = _calls(model, shared, {})
    return None if calls <= most else f"{calls:,} calls of layers; at most {most:,} are made"


def _entries(entry: Any) -> Iterator[dict[str, Any]]:
    """The entries of a layer and of all inside it."""
    level = [entry]
    while level:
        known = [e for e in level if isinstance(e, dict) and isinstance(e.get("config"), dict)]
        yield from known
        level = [inner for e in known for inner in _list(e["config"], "layers")]


def _calls(entry: Any, shared: dict[int, Any], known: dict[int, int]) -> int:
    """How many layers are called where this one is called once."""
    if not isinstance(entry, dict):
        return 1
    if "config" not in entry:
        number = entry.get("shared")
        entry = shared.get(number, entry) if type(number) is int else entry
    if id(entry) not in known:
        known[id(entry)] = 1  # what contains itself is refused later
        config = entry.get("config")
        inner = [_calls(e, shared, known) for e in _list(config, "layers")]
        places = [_place(call) for call in _list(config, "calls")]
        called = inner if not places else [inner[i] for i in places if 0 <= i < len(inner)]
        known[id(entry)] = 1 + sum(called)
    return known[id(entry)]


def _list(config: Any, name: str) -> list[Any]:
    value = config.get(name) if isinstance(config, dict) else None
    return value if isinstance(value, list) else []


def _place(call: Any) -> int:
    layer = call.get("layer") if isinstance(call, dict) else None
    return layer if type(layer) is int else -1
