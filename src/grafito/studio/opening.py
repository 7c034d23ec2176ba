"""What the command line names: a model, a run or an experiment, with its data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grafito.errors import FileError
from grafito.studio.keeping import Kept
from grafito.studio.settings import Settings

NAME = "given"  # the data set of an experiment that the command line named


def described(source: str | None, kept: Kept) -> dict[str, Any]:
    """What is told to the process that trains."""
    if source is None:
        return {}
    path = Path(source)
    if not path.exists() and (path.suffix or len(path.parts) > 1):
        raise FileError("There is no such file.", where=path)
    return {}


def opened(source: Mapping[str, Any]) -> tuple[Settings, dict[str, Any]]:
    """Settings, and the model and the examples that are not made from them."""
    return Settings(), {}
