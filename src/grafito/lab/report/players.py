"""Training steps that a reader goes through inside a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grafito.insight.page import LARGEST, TEMPLATE, framed, script_hash, script_of

ROOM = 800_000  # bytes of all players of a page, taken from those of its pictures


def embed(entries: Iterable[Mapping[str, Any]], folder: Path) -> list[str]:
    """The frame of each player; "" for one that has no room, or is not what grafito wrote.

    The policy of the page lets the script of a player run and no other.

    Args:
        entries: with "file", and "title" in the language of the page.
        folder: where their files are.
    """
    own = script_of(TEMPLATE.read_text(encoding="utf-8"))
    frames: list[str] = []
    for entry in entries:
        page = _text(folder / str(entry["file"]))
        frame = framed(page, str(entry.get("title", ""))) if script_of(page) == own else ""
        room = ROOM - sum(map(len, frames))
        frames.append(frame if len(frame.encode()) <= room else "")
    return frames


def policy(frames: Iterable[str]) -> str:
    """What a page with these players lets run."""
    return f"'{script_hash()}'" if any(frames) else "'none'"


def _text(path: Path) -> str:
    """A page as it was written; "" for a file that is none of ours."""
    try:
        if path.stat().st_size > LARGEST:
            return ""
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
