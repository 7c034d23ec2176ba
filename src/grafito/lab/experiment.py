"""What an experiment is: all settings as plain data, and how it is conducted."""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from grafito.errors import ArgumentError, unknown_name
from grafito.lab.course import Sayings, course_settings
from grafito.lab.prose.sentence import Task, Words
from grafito.lab.record import Record

Variants = Mapping[str, Mapping[str, Any]]

# Fields that choose settings rather than being one.
CHOSEN = ("variant", "quick", "as_course", "given")


@dataclass(frozen=True, kw_only=True)
class Experiment(ABC):
    """A question, every setting, and the way to an answer: what is needed to get it again.

    A subclass says its name, adds settings as fields with defaults, and defines `conduct`.
    Sentences are written in English inside `message`, and shown in the reader's language.

    Attributes:
        name: what to call it by.
        what: one sentence.
        asked: what the course asks, for the head of the report.
        course: the exercise, such as "TP4-3".
        expected: what the course says comes out, in its words.
        said: the settings that the course gives, by variant; "" stands for all of them.
        course_numbers: that the course gives, by variant and by the name of ours.
        departures: from the course that no setting undoes, each with its reason.
        task: what its report says in every run.
        names_are_ours: whether names of forms and classes are grafito's, to be translated.
        data: the data set it reads, None where the data are built in.
        variants: settings of each of its forms; the first is the usual one.
        shortened: settings of the quick form, which takes less than a minute.
        variant: the form that was chosen.
        quick: whether it is the quick form.
        as_course: whether the settings are those of the course where it gives them.
        given: the settings that somebody chose; they hold for all forms, equal to a default or not.
        seed: where the random numbers start.
    """

    name: ClassVar[str]
    what: ClassVar[str]
    asked: ClassVar[str] = ""
    course: ClassVar[str] = ""
    expected: ClassVar[str] = ""
    said: ClassVar[Sayings] = {}
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    departures: ClassVar[tuple[str, ...]] = ()
    task: ClassVar[Task] = Task()
    names_are_ours: ClassVar[bool] = True
    data: ClassVar[str | None] = None
    variants: ClassVar[Variants] = {}
    shortened: ClassVar[Mapping[str, Any]] = {}

    variant: str = ""
    quick: bool = False
    as_course: bool = False
    given: tuple[str, ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        self.at_least(seed=0)

    @abstractmethod
    def conduct(self, record: Record) -> None:
        """Find the answer and hand over figures, tables, texts and numbers as they come."""

    def forms(self) -> Mapping[str, Experiment]:
        """What this one puts side by side, by name, each with its own settings; else nothing."""
        return {}

    def over_seeds(self, metrics: Sequence[Mapping[str, float]]) -> list[Words]:
        """What the numbers of several seeds say in words of its own; else how far they spread."""
        return []

    def sources(self) -> tuple[str, ...]:
        """The data sets that this form reads."""
        return (self.data,) if self.data else ()

    def begins(self) -> list[str] | None:
        """The words after `grafito` that begin its command; None for `run` and its name.

        No words: no command repeats it.
        """
        return None

    def at_least(self, **least: float) -> None:
        """Refuse settings below these values."""
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ArgumentError(
                    f"The setting {name!r} is too small.",
                    where=self.name,
                    received=f"{name}={getattr(self, name)}",
                    expected=f"at least {bound}",
                )

    @classmethod
    def usual(cls, variant: str | None = None, quick: bool = False, course: bool = False) -> Self:
        """The experiment in one of its variants, shortened, or with the settings of the course.

        Raises:
            UnknownNameError: when there is no such variant.
        """
        variant = variant or next(iter(cls.variants), "")
        if variant and variant not in cls.variants:
            raise unknown_name(f"variant of {cls.name}", variant, cls.variants or ["none"])
        settings = {
            **cls.variants.get(variant, {}),
            **(course_settings(cls.said, variant) if course else {}),
            **(cls.shortened if quick else {}),
        }
        return cls(variant=variant, quick=quick, as_course=course, **settings)

    def with_settings(self, **settings: Any) -> Self:
        """The same experiment with some settings changed.

        Raises:
            UnknownNameError: for a setting that it does not have.
            ArgumentError: for a value of another type than the setting's.
        """
        present = self.settings()
        for name, value in settings.items():
            if name not in present:
                raise unknown_name(f"setting of {self.name}", name, present)
            settings[name] = _of_type(name, value, present[name])
        given = tuple(dict.fromkeys((*self.given, *settings)))
        return dataclasses.replace(self, given=given, **settings)

    def another(self, variant: str) -> Self:
        """Another variant with what was chosen for this one."""
        return self.usual(variant, self.quick, self.as_course).with_settings(**self.changes())

    def settings(self) -> dict[str, Any]:
        """All settings, without the variant."""
        return {n: v for n, v in dataclasses.asdict(self).items() if n not in CHOSEN}

    def changes(self) -> dict[str, Any]:
        """The settings that somebody chose, or that differ from the usual ones of this variant."""
        usual = self.usual(self.variant, self.quick, self.as_course).settings()
        return {
            name: value
            for name, value in self.settings().items()
            if name in self.given or value != usual[name]
        }


def course_numbers(forms: Mapping[str, Experiment]) -> dict[str, float]:
    """The numbers that the course gives, by the names that those of several forms have here."""
    return {
        f"{name} {number}".strip(): value
        for name, form in forms.items()
        for number, value in form.course_numbers.get(form.variant, {}).items()
    }


def _of_type(name: str, value: Any, present: Any) -> Any:
    """A value of the type that a setting has; a single one where it has several."""
    wanted = type(present)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is tuple and isinstance(value, list):
        return tuple(value)
    if wanted is tuple and (type(value) is type(present[0]) if present else type(value) is int):
        return (value,)
    if type(value) is not wanted:
        raise ArgumentError(
            f"The setting {name!r} has a different type.",
            received=repr(value),
            expected=f"a value of type {wanted.__name__}",
            fix=f"{name}={_example(present)}",
        )
    return value


def _example(present: Any) -> str:
    """How a value of this type is written on the command line."""
    if isinstance(present, str):
        return "word"
    return json.dumps(present, separators=(",", ":"), default=str)
