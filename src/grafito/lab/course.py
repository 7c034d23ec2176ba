"""What a course says of an experiment, beside what the experiment does."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grafito.language import message

CHOSEN = message("Chosen for this run.")


@dataclass(frozen=True)
class Said:
    """A setting as the course has it.

    Attributes:
        value: of the setting.
        why: ours is another, where it is; a text.

    Example:
        >>> Said(50, "300 epochs reach the plateau.").value
        50
    """

    value: Any
    why: str = ""


Sayings = Mapping[str, Mapping[str, Said]]  # by variant, "" for all of them; then by setting


def course_settings(said: Sayings, variant: str) -> dict[str, Any]:
    """The settings that the course gives for a variant.

    Example:
        >>> course_settings({"": {"epochs": Said(50)}, "L2": {"l2": Said(0.01)}}, "L2")
        {'epochs': 50, 'l2': 0.01}
    """
    return {name: one.value for name, one in _of(said, variant).items()}


def beside(
    said: Sayings, variant: str, here: Mapping[str, Any], usual: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The course's settings of a variant beside those of a run; why they differ, where they do.

    The reasons are those of the usual settings; another one was chosen.

    Example:
        >>> said = {"": {"epochs": Said(50, "Longer.")}}
        >>> beside(said, "", {"epochs": 300}, {"epochs": 300})
        [{'setting': 'epochs', 'course': 50, 'here': 300, 'why': 'Longer.'}]
        >>> beside(said, "", {"epochs": 7}, {"epochs": 300})[0]["why"]
        'Chosen for this run.'
    """

    def why(name: str, one: Said) -> str:
        if here[name] == one.value:
            return ""
        return one.why if here[name] == usual[name] else CHOSEN

    return [
        {"setting": name, "course": one.value, "here": here[name], "why": why(name, one)}
        for name, one in _of(said, variant).items()
    ]


@functools.cache
def _runs() -> dict[str, dict[str, float]]:
    """Numbers of whole runs with the settings of the course, by experiment and variant.

    `python -m benchmarks.course_runs` writes them.
    """
    text = Path(__file__).with_name("course_runs.json").read_text(encoding="utf-8")
    runs: dict[str, dict[str, float]] = json.loads(text)
    return runs


def measured(name: str, variant: str) -> dict[str, float]:
    """What a run gave with the settings of the course; nothing where none was made.

    Example:
        >>> measured("gan", "")
        {}
    """
    return _runs().get(f"{name} {variant}".strip(), {})


def _of(said: Sayings, variant: str) -> dict[str, Said]:
    return {**said.get("", {}), **(said.get(variant, {}) if variant else {})}
