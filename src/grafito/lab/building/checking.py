"""A student's numbers beside grafito's: right or wrong, what is seen, and hints."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from grafito.figures.text import array_line, number
from grafito.lab.building.library import UNITS, N, Piece
from grafito.lab.building.process import MEMORY, OUTPUT, Job, Outcome, run_job
from grafito.lab.report.blocks import Writer
from grafito.language import message as N_
from grafito.language import translate as _

CLOSE = 1e-6  # relative, of numbers in float64; other ways to round differ by less
SHOWN = 500  # letters of what was printed
SEED = 7
UNWRITTEN = N_("Not written yet.")
# What a factor comes from.
CAUSES = {
    2.0: N_("a factor 2 too much"),
    0.5: N_("a factor 2 that is missing"),
    float(N): N_("a sum over the examples where their mean is due"),
    1 / N: N_("a mean over the examples where their sum is due"),
    float(N * UNITS): N_("a sum over all numbers where their mean is due"),
    float(UNITS): N_("a mean over the examples where that over all numbers is due"),
}


@dataclass(frozen=True)
class Seen:
    """One sentence about an answer that is not right, with its values.

    Example:
        >>> Seen("It is {a}.", {"a": 2}).told()
        'It is 2.'
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> str:
        """In the language being spoken."""
        return Writer().filled(self.text, self.values)


@dataclass(frozen=True)
class Finding:
    """What came of one step.

    Attributes:
        code: the expression.
        seen: what is wrong; nothing where it is right.
        yours, right: the numbers, where there are some.
        hints: a first and a second one.
    """

    code: str
    seen: tuple[Seen, ...] = ()
    yours: np.ndarray | None = None
    right: np.ndarray | None = None
    hints: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return not self.seen

    def lines(self, hints: int) -> Iterator[str]:
        """The finding as it is printed, with so many hints."""
        yield f"  {self.code:<44}  {_('correct') if self.is_right else _('wrong')}"
        for one in self.seen:
            yield f"    {one.told()}"
        if self.yours is not None and self.right is not None:
            for name, array in ((_("yours"), self.yours), ("grafito", self.right)):
                yield f"    {name:<9}  {_shown(array)}"
        untried = hints == 1 and any(one.text == UNWRITTEN for one in self.seen)
        shown = () if untried else self.hints[:hints]
        for title, hint in zip((_("hint"), _("second hint")), shown, strict=False):
            yield f"    {title}: {_(hint)}"


@dataclass(frozen=True)
class Checked:
    """What came of a piece.

    Attributes:
        piece: its name.
        findings: of its steps, until the first that is wrong.
        printed: by the student's files.
    """

    piece: str
    findings: list[Finding]
    printed: str = ""

    @property
    def is_right(self) -> bool:
        return all(one.is_right for one in self.findings)

    @property
    def has_second_hint(self) -> bool:
        return len(self.findings[-1].hints) > 1

    def lines(self, hints: int = 1) -> Iterator[str]:
        """The result as it is printed.

        Example:
            >>> list(Checked("sgd", [Finding("sgd(w, gradient, rate)")]).lines())[0]
            'sgd'
        """
        yield self.piece
        for one in self.findings:
            yield from one.lines(hints)
        if self.printed.strip():
            yield f"  {_('Your files printed:')}"
            shown = self.printed[:SHOWN].splitlines()
            yield from (f"  | {line}" for line in shown)
            if len(self.printed) > SHOWN:
                yield "  | ..."


def check_piece(folder: Path, piece: Piece) -> Checked:
    """Compare the numbers of a piece with grafito's, on inputs that are drawn."""
    inputs, expected = piece.draw(np.random.default_rng(SEED))
    steps = [(step.before, step.code) for step in piece.steps]
    outcome = run_job(folder, Job(piece.names, piece.setup, steps, inputs))
    findings = []
    for step, answer, right in itertools.zip_longest(piece.steps, outcome.answers, expected):
        if answer is None or "error" in answer:
            seen, hints = failure(outcome, answer)
            findings.append(Finding(step.shown, seen, hints=hints or step.hints))
            break
        findings.append(_compared(step.shown, answer, np.asarray(right, "float64"), step.hints))
        if not findings[-1].is_right:
            break
    return Checked(piece.name, findings, outcome.printed)


def failure(
    outcome: Outcome, answer: Mapping[str, Any] | None
) -> tuple[tuple[Seen, ...], tuple[str, ...]]:
    """Why there is no number, and what to do where that is no matter of the piece."""
    kind = "time" if outcome.stopped == "time" else (answer or {}).get("error", "")
    return _failure(outcome, answer), REMEDIES.get(kind, ())


# A first and a second hint for what keeps any file from giving an answer.
REMEDIES = {
    "time": (
        N_(
            "A `while` ends when its condition is false: what the condition reads has to change "
            "inside of the loop. `for i in range(n)` ends by itself."
        ),
        N_("Print what the condition reads at the end of each turn, and see whether it changes."),
    ),
    "SyntaxError": (
        N_(
            "Python cannot read this line, and so runs nothing of the file. Look in it and in the "
            "line above for a bracket, a quotation mark or a colon that is missing."
        ),
        N_("Run the file with `python`: a ^ below the line marks the place."),
    ),
    "IndentationError": (
        N_("What belongs to a `def`, `for` or `if` begins four spaces further to the right."),
        N_("Lines of one block begin in the same column; use spaces alone, no tabs."),
    ),
    "NameError": (
        N_("Compare the name, letter by letter, with the arguments and the lines above."),
        N_("Functions of other files have to be imported at the top of this one."),
    ),
    "RecursionError": (
        N_("The function calls itself and never stops: return an expression instead."),
    ),
}
REMEDIES["TabError"] = REMEDIES["IndentationError"]


def _failure(outcome: Outcome, answer: Mapping[str, Any] | None) -> tuple[Seen, ...]:
    if outcome.stopped == "time":
        stopped = Seen(N_("It was stopped after its time. Is there a loop that never ends?"))
        return (stopped, *_place(*outcome.where)) if outcome.where else (stopped,)
    if outcome.stopped == "output":
        kilobytes = OUTPUT // 1000
        return (Seen(N_("It printed more than {count} kB and was stopped."), {"count": kilobytes}),)
    if answer is None:
        return (Seen(N_("The process ended before it gave an answer.")),)
    kind = answer["error"]
    file, line, source = answer.get("place", ["", 0, ""])
    place = _place(file, line, source)
    if kind == "missing":
        what = {"file": file, "what": answer["message"]}
        return (Seen(N_("{file} defines no {what}."), what),)
    if kind in ("ModuleNotFoundError", "FileNotFoundError") and not line:
        text = N_("A file is missing: {what}. `grafito build start` puts it there again.")
        return (Seen(text, {"what": answer["message"]}),)
    if kind == "NotImplementedError":
        return (Seen(UNWRITTEN), *place)
    if kind == "MemoryError" or "allocate" in answer["message"]:
        text = N_("It needs more than {count} GiB of memory.")
        return (Seen(text, {"count": MEMORY >> 30}), *place)
    return (Seen("{kind}: {what}", {"kind": kind, "what": answer["message"]}), *place)


def _place(file: str, line: int, source: str) -> tuple[Seen, ...]:
    values = {"file": file, "line": str(line), "source": source}
    return (Seen(N_("In {file}, line {line}: {source}"), values),) if line else ()


def _compared(
    code: str, answer: Mapping[str, Any], right: np.ndarray, hints: tuple[str, ...]
) -> Finding:
    """An answer beside the right one."""
    if "type" in answer:
        text = N_("It gives no numbers, but {kind}.")
        if answer["type"] == "NoneType":
            text = N_("It gives nothing: is there a `return`, or a `self.` before the name?")
        return Finding(code, (Seen(text, {"kind": answer["type"]}),), hints=hints)
    shape = tuple(answer["shape"])
    if answer["numbers"] is None or shape != right.shape:
        shapes = {"shape": str(shape), "right": str(right.shape)}
        seen = [Seen(N_("Its shape is {shape}, not {right}."), shapes)]
        yours = None
        if answer["numbers"] is not None and shape == right.shape[::-1]:
            yours = np.array(answer["numbers"]).reshape(shape)
            if _close(yours.T, right):
                seen.append(Seen(TRANSPOSED))
        return Finding(code, tuple(seen), yours, right if yours is not None else None, hints)
    yours = np.array(answer["numbers"]).reshape(shape)
    if _close(yours, right):
        return Finding(code)
    return Finding(code, tuple(_noticed(yours, right)), yours, right, hints)


TRANSPOSED = N_("Its numbers are the right ones, transposed.")


def _noticed(yours: np.ndarray, right: np.ndarray) -> Iterator[Seen]:
    """What a teacher would notice in numbers that are not right."""
    if not np.isfinite(yours).all():
        yield Seen(N_("Not all of its numbers are finite."))
        return
    if yours.ndim == 2 and yours.shape[0] == yours.shape[1] and _close(yours.T, right):
        yield Seen(TRANSPOSED)
        return
    factor = float((yours * right).sum() / max((right * right).sum(), 1e-300))
    if _close(yours, -right):
        yield Seen(N_("All its numbers have the wrong sign."))
    elif factor and _close(yours, factor * right):
        text = N_("Each of its numbers is {factor} times the right one.")
        yield Seen(text, {"factor": round(factor, 6)})
        if cause := CAUSES.get(round(factor, 6)):
            yield Seen(N_("That may be {cause}."), {"cause": cause})
    else:
        apart = ~np.isclose(yours, right, rtol=CLOSE, atol=CLOSE)
        text = N_("{wrong} of {all} numbers differ.")
        yield Seen(text, {"wrong": int(apart.sum()), "all": right.size})


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    scale = max(float(np.abs(b).max(initial=0.0)), 1e-300)
    with np.errstate(invalid="ignore"):
        return bool((np.abs(a - b) <= CLOSE * scale).all())


def _shown(array: np.ndarray) -> str:
    """A number, or an array on one line; of a large one the first rows."""
    if array.ndim == 0:
        return number(float(array), 6)
    return array_line(array, 4, most=6)
