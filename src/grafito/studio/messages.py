"""Messages of a page, checked one by one: what no page of this studio sends is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grafito.language import LANGUAGES
from grafito.studio.settings import Malformed

VERSION = 1
LONGEST = 1_000_000  # octets of a message
BY = ("operation", "batch", "epoch")

# The fields of each message and what they may be: a type, or the values that there are. None means
# that there may be none.
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "hello": {"version": (VERSION,), "language": (*LANGUAGES, None)},
    "build": {"settings": dict},
    "train": {},
    "pause": {},
    "step": {"by": BY},
    "back": {"by": BY},
    "go": {"operation": (int, None), "batch": (int, None)},
    "speed": {"batches": (float, None)},
    "reset": {"same": bool, "seed": (int, None)},
    "unit": {"layer": int, "unit": int, "example": int},
    "language": {"language": LANGUAGES},
    "open": {"saved": str},
    "seen": {"frame": int},
}
OPTIONAL = {"operation", "batch", "language", "same", "seed", "example"}


def read(text: str | bytes) -> dict[str, Any]:
    """A message.

    Raises:
        Malformed: for what is none.

    Example:
        >>> read('{"type": "step", "by": "batch"}')["by"]
        'batch'
    """
    if isinstance(text, bytes):
        raise Malformed("Messages of a page are text.", received=f"{len(text)} bytes")
    try:
        message = json.loads(text, parse_constant=_no_number)
        if "\\u" in text:
            json.dumps(message, ensure_ascii=False).encode()  # half of a character can't be sent
    except (ValueError, RecursionError):
        raise Malformed("A message is no JSON.", received=repr(text[:60])) from None
    kind = message.get("type") if isinstance(message, dict) else None
    if not isinstance(kind, str) or kind not in FIELDS:
        raise Malformed("There is no such message.", received=repr(kind)[:60])
    fields = FIELDS[kind]
    for name in message.keys() - {"type"} - fields.keys():
        raise Malformed("A message has a field too many.", where=kind, received=repr(name)[:60])
    for name, allowed in fields.items():
        if name not in message and name in OPTIONAL:
            continue
        if not _fits(message.get(name), allowed):
            received = repr(message.get(name))[:60]
            raise Malformed(
                "A field of a message is wrong.", where=f"{kind}.{name}", received=received
            )
    return message


def _fits(value: Any, allowed: Any) -> bool:
    if isinstance(allowed, tuple):
        return any(value is None if x is None else _fits(value, x) for x in allowed)
    if isinstance(allowed, type):
        kinds = (int, float) if allowed is float else allowed
        whole = not isinstance(value, int) or -(2**31) < value < 2**31
        return isinstance(value, kinds) and isinstance(value, bool) == (allowed is bool) and whole
    return type(value) is type(allowed) and value == allowed


def _no_number(text: str) -> Any:
    raise ValueError(text)
