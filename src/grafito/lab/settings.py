"""Settings as a command line writes them: NAME=VALUE,NAME=VALUE."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from grafito.errors import ArgumentError
from grafito.language import message

# A comma parts two settings only where a name and "=" follow it; others belong to a list.
_COMMA = re.compile(r",(?=\s*\w+\s*=)")
_WORD = re.compile(r"[\w.:/\\~-]+")  # or a path


def read_settings(text: str) -> dict[str, Any]:
    """Settings from text; a value is a number, a list of values in brackets, true, false or a word.

    Raises:
        ArgumentError: for something that is no NAME=VALUE, or a name that comes twice.

    Example:
        >>> read_settings("bits=3,units=[100,70],optimizer=sgd,start=runs/vgg16/1")
        {'bits': 3, 'units': [100, 70], 'optimizer': 'sgd', 'start': 'runs/vgg16/1'}
    """
    return _read(text, _value)


def read_lists(text: str) -> dict[str, list[Any]]:
    """The same with several values of each setting, between commas.

    Example:
        >>> read_lists("learning_rate=0.01,0.1,units=[100,50],[10]")
        {'learning_rate': [0.01, 0.1], 'units': [[100, 50], [10]]}
    """
    return _read(text, _values)


def _read(text: str, read: Callable[[str], Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for part in _COMMA.split(text) if text.strip() else []:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (equals and name.isidentifier() and value):
            raise ArgumentError(
                "Settings are written NAME=VALUE,NAME=VALUE.",
                received=part.strip(),
                expected="as in w=2,x=[1,-1]",
            )
        if name in settings:
            raise ArgumentError(f"The setting {name!r} is given twice.", received=text)
        settings[name] = read(value)
    return settings


def write_settings(settings: Mapping[str, Any]) -> str:
    """The text that `read_settings` reads.

    Example:
        >>> write_settings({"bits": 3, "units": (100, 70), "optimizer": "sgd"})
        'bits=3,units=[100,70],optimizer=sgd'
    """
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in settings.items()
    }
    return ",".join(f"{name}={text}" for name, text in texts.items())


def _values(text: str) -> list[Any]:
    """What stands between the commas outside of brackets."""
    if re.search(r"(?<![\d.])0,0\d*", text):  # 0,01 would be read as 0 and 1
        raise ArgumentError(
            "Decimals are written with a point here; a comma parts two values.",
            received=text,
            fix=re.sub(r"(?<![\d.])0,(\d+)", r"0.\1", text),
        )
    parts, depth = [""], 0
    for sign in text:
        depth += {"[": 1, "]": -1}.get(sign, 0)
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [_value(part.strip()) for part in parts]


def _fix(text: str) -> str | None:
    """What to write where a sign of another language or of the shell stands."""
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return text.replace(",", ".")
    return message("a comma between two settings: w=1,x=2") if "=" in text else None


def _value(text: str) -> Any:
    for read in (json.loads, float):  # .5 and +1 are numbers to us, though not to JSON
        try:
            return read(text)
        except (ValueError, RecursionError):
            continue
    if not _WORD.fullmatch(text):
        raise ArgumentError(
            "A value cannot be read.",
            received=text,
            expected="a number, numbers in brackets as in [1,-1], or a word",
            fix=_fix(text),
        )
    return text
