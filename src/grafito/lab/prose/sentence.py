"""Sentences and formulas of a report, as plain data that the page translates and typesets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafito.language import message as N_


@dataclass(frozen=True)
class Sentence:
    """A text whose {names} stand for values.

    Attributes:
        text: in English; the page translates it.
        values: of the names in it.
        is_spare: whether a page that has too many words may leave it out.
        judges: whether only all data and epochs bear it out; a quick form does not say it.

    Example:
        >>> Sentence("{a} of {b}", {"a": 1, "b": 2}).entry()
        {'text': '{a} of {b}', 'values': {'a': 1, 'b': 2}}
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    is_spare: bool = field(default=False, repr=False)
    judges: bool = field(default=False, repr=False)

    def entry(self) -> dict[str, Any]:
        """How the index of a run keeps it."""
        told = {"text": self.text, "values": dict(self.values)}
        return {**told, "spare": True} if self.is_spare else told


@dataclass(frozen=True)
class Formula:
    """A formula as people type it, set on a line of its own.

    Attributes:
        right: what `graph.parse` reads.
        left: what it is; the parts of a name as "dσ/dz" are typed with a stroke.
        of: a name; the formula is then the derivative of `right` by it, found by grafito.
        vectors: names that are no scalars.

    Example:
        >>> Formula("sigmoid(z)", "dσ/dz", of="z").entry()["of"]
        'z'
    """

    right: str
    left: str = ""
    of: str = ""
    vectors: tuple[str, ...] = ()

    def entry(self) -> dict[str, Any]:
        """How the index of a run keeps it."""
        named = {"formula": self.right, "left": self.left, "of": self.of}
        return {**named, "vectors": list(self.vectors)}


Words = Sentence | Formula


@dataclass(frozen=True)
class Task:
    """What is said of an experiment that holds for every run.

    Attributes:
        what: one sentence, the title, where the experiment's own does not fit a variant.
        asked: what is to be done, likewise.
        told: what it is about, for somebody who does not know the course.
        theory: paragraphs; that of a network that is trained follows from its parts.
        reasons: of choices that are the same in every run.
        limits: of what can be concluded.
        variants: other words for variants that do something else; what they leave out stays.

    Example:
        >>> one = Task(told="One network.")
        >>> task = Task(told="Two networks.", limits="Toys.", variants={"one": one})
        >>> task.of("one").told, task.of("one").limits, task.of("both").told
        ('One network.', 'Toys.', 'Two networks.')
    """

    what: str = ""
    asked: str = ""
    told: str = ""
    theory: Sequence[Sequence[Words]] = ()
    reasons: str = ""
    limits: str = ""
    variants: Mapping[str, Task] = field(default_factory=dict)

    def of(self, variant: str) -> Task:
        """What is said of a variant."""
        other = self.variants.get(variant, self)
        return Task(
            other.what or self.what,
            other.asked or self.asked,
            other.told or self.told,
            other.theory or self.theory,
            other.reasons or self.reasons,
            other.limits or self.limits,
        )


def said(*sentences: Sentence | None) -> list[Words]:
    """The sentences that have something to say.

    Example:
        >>> said(None, Sentence("Yes."), None)
        [Sentence(text='Yes.', values={})]
    """
    return [one for one in sentences if one is not None]


def spare(text: str) -> Sentence:
    """A sentence that a page with too many words leaves out.

    Example:
        >>> spare("And more.").entry()["spare"]
        True
    """
    return Sentence(text, is_spare=True)


def paragraph(text: str) -> list[Words]:
    """A paragraph of one sentence; an empty one of no text.

    Example:
        >>> paragraph("")
        []
    """
    return [Sentence(text)] if text else []


def percent(share: float) -> float:
    """A share as a percentage with one decimal.

    Example:
        >>> percent(0.97531)
        97.5
    """
    return round(100 * share, 1)


UNJUDGED = Sentence(
    N_("With so few data and epochs this cannot be judged: run it again without --quick.")
)


def unjudged(paragraphs: Iterable[Iterable[Words]], answer: bool) -> list[list[Words]]:
    """Paragraphs as a quick form says them: without what it is too short to judge.

    Args:
        paragraphs: of a whole run.
        answer: whether they answer a question, which must not stay without a word.

    Example:
        >>> found = unjudged([[Sentence("As in the course.", judges=True)]], answer=True)
        >>> found == [[UNJUDGED]]
        True
    """
    every = [list(paragraph) for paragraph in paragraphs]
    found = [
        [one for one in paragraph if not (isinstance(one, Sentence) and one.judges)]
        for paragraph in every
    ]
    silent = [len(kept) < len(whole) for kept, whole in zip(found, every, strict=True)]
    if answer and any(silent):
        where = [index for index, kept in enumerate(found) if kept and silent[index]]
        if where or not any(found):
            found[where[-1] if where else silent.index(True)].append(UNJUDGED)
    return found


def entries(paragraphs: Iterable[Iterable[Words]]) -> list[list[dict[str, Any]]]:
    """Paragraphs of sentences and formulas as the index of a run keeps them."""
    return [[one.entry() for one in paragraph] for paragraph in paragraphs]
