"""The student's own network trains XOR and a part of MNIST, epoch by epoch beside grafito's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grafito.datasets import generators, mnist
from grafito.figures.text import number
from grafito.lab.building.checking import CLOSE, Checked, Finding, Seen, failure
from grafito.lab.building.library import PIECES, network
from grafito.lab.building.process import Job, run_job
from grafito.language import message as N_
from grafito.language import translate as _
from grafito.losses import SparseCategoricalCrossentropy

FAR = 1e-3  # how far a loss may lie from grafito's after many steps of rounding, relative
MOST_ROWS = 12
EXAMINED = {"xor": N_("XOR by a network 2-5-1."), "mnist": N_("MNIST, 3,000 images, by 784-32-10.")}


@dataclass(frozen=True)
class Exam:
    """A training that both do.

    Attributes:
        name: "xor" or "mnist".
        data: x, y, and x and y by which the result is measured.
        units: from the inputs to the outputs.
        settings: rate, beta and factor.
        epochs, batch_size: of the training.
        seconds: that the student's network may take.
    """

    name: str
    data: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    units: Sequence[int]
    settings: tuple[float, float, float]
    epochs: int
    batch_size: int
    seconds: int

    @property
    def loss(self) -> str:
        return "mse" if self.name == "xor" else "cce"

    def weights(self) -> list[np.ndarray]:
        """The first weights, the same for both."""
        rng = np.random.default_rng(3)
        found = []
        for before, after in zip(self.units, self.units[1:], strict=False):
            found += [rng.normal(0, before**-0.5, (before, after)), np.zeros(after)]
        return found

    def by_grafito(self) -> tuple[list[float], np.ndarray]:
        """The loss of each epoch, and the outputs at the end."""
        loss: Any = SparseCategoricalCrossentropy(from_logits=True) if self.loss == "cce" else "mse"
        model = network(self.weights(), loss, *self.settings)
        x, y, x_test, _y = self.data
        history = model.fit(
            x, y, epochs=self.epochs, batch_size=self.batch_size, shuffle=False, verbose=0
        )
        return history.history["loss"], model.predict(x_test, batch_size=1000, verbose=0)

    def right(self, outputs: np.ndarray) -> float:
        """The share of examples that are answered rightly."""
        y = self.data[3]
        found = outputs > 0.5 if self.loss == "mse" else outputs.argmax(axis=1)
        return float((found == (y > 0.5 if self.loss == "mse" else y)).mean())


def exam(name: str) -> Exam:
    """The exam of this name; MNIST's data are read, or downloaded."""
    if name == "xor":
        x, y = generators.parity(2)
        x, y = x.astype("float64"), y.reshape(-1, 1).astype("float64")
        return Exam(name, (x, y, x, y), (2, 5, 1), (0.1, 0.9, 0.0), 200, 4, 60)
    (x, y), (x_test, y_test) = mnist.load_data()
    parts = (x[:3000], x_test[:1000])
    x, x_test = (part.reshape(len(part), -1) / 255.0 for part in parts)
    data = (x, y[:3000].astype("int64"), x_test, y_test[:1000].astype("int64"))
    return Exam(name, data, (784, 32, 10), (0.1, 0.9, 0.0001), 8, 50, 120)


@dataclass(frozen=True)
class Examined(Checked):
    """What came of an exam.

    Attributes:
        losses: of each epoch, the student's and grafito's.
        rights: the shares of right answers at the end, likewise.
    """

    losses: tuple[Sequence[float], Sequence[float]] = ((), ())
    rights: tuple[float, float] = (0.0, 0.0)

    def lines(self, hints: int = 1) -> Iterator[str]:
        lines = super().lines(hints)
        yield f"{next(lines)}  {_(EXAMINED[self.piece])}"
        yours, theirs = self.losses
        if yours:
            yield f"  {_('epoch'):>6}  {_('your loss'):>12}  {'grafito':>12}"
        for epoch in _milestones(len(yours)):
            pair = [f"{number(x, 8):>12}" for x in (yours[epoch - 1], theirs[epoch - 1])]
            yield f"  {epoch:>6}  {'  '.join(pair)}"
        if yours:
            shares = [number(100 * share, 1) for share in self.rights]
            text = _("right answers at the end: yours {} %, grafito's {} %")
            yield f"  {text.format(*shares)}"
        yield from lines


def examine(folder: Path, one: Exam) -> Examined:
    """Train the student's network and grafito's from the same weights on the same batches."""
    weights, (x, y, x_test, _y) = one.weights(), one.data
    names = {
        "training": ["Network"],
        "dense": ["Dense"],
        one.loss: [one.loss, f"{one.loss}_gradient"],
    }
    given = {f"w{i}": each for i, each in enumerate(weights)}
    pairs = ", ".join(f"Dense(w{i}, w{i + 1})" for i in range(0, len(weights), 2))
    rate, beta, factor = one.settings
    setup = f"n = Network([{pairs}], {one.loss}, {one.loss}_gradient, {rate}, {beta}, {factor})"
    steps = [("", f"n.fit(x, y, {one.epochs}, {one.batch_size})"), ("", "n.forward(x_test)")]
    inputs = {"x": x, "y": y, "x_test": x_test, **given}
    outcome = run_job(folder, Job(names, setup, steps, inputs, one.seconds))
    code = steps[0][1]
    wrong = next((a for a in outcome.answers if a.get("numbers") is None), None)
    if wrong or len(outcome.answers) < len(steps):
        seen: tuple[Seen, ...] = (Seen(NO_LOSSES),)
        hints: tuple[str, ...] = ()
        if not wrong or "error" in wrong:
            seen, hints = failure(outcome, wrong)
        return Examined(one.name, [Finding(code, seen, hints=hints)], outcome.printed)
    yours, outputs = (np.array(a["numbers"]).reshape(a["shape"]) for a in outcome.answers)
    theirs, right = one.by_grafito()
    if yours.shape != (one.epochs,) or outputs.shape != right.shape:
        return Examined(one.name, [Finding(code, (Seen(NO_LOSSES),))], outcome.printed)
    far = ~(np.abs(yours - theirs) <= FAR * np.abs(theirs) + CLOSE)
    seen = ()
    if far.any():
        text = N_("From epoch {epoch} on your loss is another than grafito's.")
        seen = (Seen(text, {"epoch": int(far.argmax()) + 1}),)
    rights = (one.right(outputs), one.right(right))
    return Examined(
        one.name, [Finding(code, seen)], outcome.printed, (yours.tolist(), theirs), rights
    )


NO_LOSSES = N_("`fit` must return a list with the loss of each epoch, and `forward` the outputs.")


def _milestones(epochs: int) -> list[int]:
    """All epochs where they are few, else 1, 2, 5, 10, ... and the last."""
    if epochs <= MOST_ROWS:
        return list(range(1, epochs + 1))
    steps = [k * 10**power for power in range(6) for k in (1, 2, 5)]
    return [*(step for step in steps if step < epochs), epochs]


def order() -> list[str]:
    """All names, from the first piece to the last exam."""
    return [*(piece.name for piece in PIECES), *EXAMINED]
