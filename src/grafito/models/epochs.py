"""Epochs over the data: from what the user gave to the batches of each epoch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grafito.datasets.transforms import stratified_split
from grafito.engines import processes
from grafito.errors import ArgumentError, GrafitoWarning, warn
from grafito.graph.nest import flatten
from grafito.graph.random import permutations
from grafito.language import message
from grafito.layers.arguments import integer, shown
from grafito.models.batches import Batches
from grafito.models.examples import Enter, Examples, batch_examples, make_examples, weigh_classes
from grafito.models.health import few_batches
from grafito.models.progress import report_split
from grafito.models.streams import PyDataset, by_number, count_batches, is_stream, one_pass

VALIDATION = "validation "  # before the names of its arrays in messages
ORDERS = 1 << 14  # positions of the orders that are drawn together


def make_source(
    x: Any, y: Any = None, sample_weight: Any = None, enter: Enter = None, **others: Any
) -> Any:
    """Examples from arrays; an iterable of batches as it is.

    Raises:
        ArgumentError: for an iterable with one of these or of the others, which only arrays have.
    """
    if not is_stream(x):
        return make_examples(x, y, sample_weight, enter=enter)
    given = {"y": y, "sample_weight": sample_weight, **others}
    wrong = [name for name, value in given.items() if value is not None]
    if wrong:
        raise ArgumentError(
            "An iterable gives whole batches, with their targets and weights.",
            where=" and ".join(wrong),
            received=f"{', '.join(f'{name}=...' for name in wrong)} beside a {type(x).__name__}",
            expected="batches (x, y) or (x, y, sample_weight), as large as they should be",
        )
    return x


def validation_source(data: Any, enter: Enter = None) -> Any:
    """Examples from x, (x, y) or (x, y, sample_weight); an iterable of batches as it is."""
    return data if data is None or is_stream(data) else batch_examples(data, VALIDATION, enter)


def hold_out(source: Any, fraction: float, seed: int, verbose: Any) -> tuple[Examples, Examples]:
    """Hold out a seeded sample, stratified where the targets are class labels."""
    if not isinstance(source, Examples):
        raise ArgumentError(
            "validation_split needs arrays.", received="an iterable", fix="validation_data=..."
        )
    if not isinstance(fraction, (int, float, np.number)) or not 0 < fraction < 1:
        raise ArgumentError(
            "The share to hold out must lie between 0 and 1.",
            received=f"validation_split={fraction!r}",
            fix="validation_split=0.1",
        )
    targets = flatten(source.y)
    labels = targets[0] if len(targets) == 1 and targets[0] is not None else None
    labels = np.zeros(len(source)) if labels is None else labels
    kept, held_out = stratified_split(labels, fraction, seed=seed % 2**32)
    if verbose:
        report_split(labels, kept, held_out)
    return source.rows(kept), source.rows(held_out)


@dataclass
class Position:
    """Where a training is, and what it has of an epoch that is under way.

    Attributes:
        epoch: number of the epoch.
        batch: batches that are done in it.
        logs: those of the last of them.
        stopped: whether a callback has ended the training.
        metrics: what the variables of the metrics hold.
    """

    epoch: int = 0
    batch: int = 0
    logs: dict[str, Any] = field(default_factory=dict)
    stopped: bool = False
    metrics: list[np.ndarray] = field(default_factory=list)


class Epochs:
    """Data, and how epochs go through them.

    The orders of the next epochs are drawn together. Each depends only on the seed and on the step
    at which its epoch begins, so it does not matter when it is drawn.

    Args:
        source: examples, or an iterable of batches.
        batch_size: examples in a step.
        limit: the largest number of batches in an epoch; the next epoch continues with the
            remaining examples.
        seed: of the orders, or None for the order of the arrays.
        epochs: how many are to be trained; None where each epoch begins with the first example.
        role: what messages put before the names of the arrays of a stream.
        class_weight: weights of classes for the batches of a stream; arrays have them already.
        enter: makes numbers of the texts in the batches of a stream.
    """

    def __init__(
        self,
        source: Any,
        batch_size: int,
        limit: int | None = None,
        seed: int | None = None,
        epochs: int | None = None,
        role: str = "",
        class_weight: Any = None,
        enter: Enter = None,
    ):
        self.enter = enter
        self.source, self.batch_size, self.limit = source, batch_size, limit
        self._arrays = isinstance(source, Examples)
        self.role, self.epochs, self.class_weight = role, epochs, class_weight
        self._seed = seed
        self._orders: np.ndarray | None = None
        self._rows: dict[int, int] = {}  # by the step at which the epoch begins
        self._drawn = 0
        self._rest: Iterator[Any] | None = None  # of a stream that the next epoch continues
        self._begun, self._taken = 0, 0  # the step at which its pass began, its batches so far
        self._told = self._told_of_sizes = False
        if limit is not None and source is not None and not (epochs and self._arrays):
            n = self._whole_pass()
            if n is not None and n < limit:
                self._tell(n)

    @property
    def whole(self) -> bool:
        """Whether each epoch goes once through arrays."""
        return self._arrays and self.limit is None

    @property
    def at_once(self) -> bool:
        """Whether one batch holds all examples."""
        return self._whole_pass() == 1

    @property
    def steps(self) -> int | None:
        """The number of batches of an epoch, where it is known."""
        batches = self._whole_pass()
        return self.limit if batches is None else min(self.limit or batches, batches)

    def whole_epochs(self, step: int) -> tuple[Batches, int]:
        """The epoch that begins at this training step, and how many orders are drawn from it on."""
        n = len(self.source)
        if self._orders is None or (self._seed is not None and step not in self._rows):
            rows = max(1, ORDERS // n) if self.epochs else 1
            self._drawn = rows if self._seed is None else min(rows, self.epochs or 1)
            self._orders = np.tile(np.arange(n, dtype="int32"), (rows, 1))
            if self._seed is not None:
                steps = [step + i * -(-n // self.batch_size) for i in range(self._drawn)]
                self._orders[: self._drawn] = permutations(n, seed=self._seed, steps=steps)
                self._rows = dict(zip(steps, range(rows), strict=False))
        row = self._rows.get(step, 0)
        return Batches(self.source, self._orders, self.batch_size, row), self._drawn - row

    def batches(self, step: int, epoch: int, done: int = 0) -> Iterator[tuple[Batches, int | None]]:
        """What an epoch goes through: the examples of the arrays, or each batch of a stream.

        Args:
            step: the number of training steps before the epoch.
            epoch: number of the epoch.
            done: batches of a stream that the epoch has had already.

        Yields:
            Data that run together, and the number of batches of the epoch, if known.
        """
        if self._arrays:
            data = self._limited(step, epoch) if self.limit else self.whole_epochs(step)[0]
            yield data, data.count
            return
        if not done:
            _call(self.source, "on_epoch_begin")
        total = self.steps
        given = (batch_examples(b, self.role, self.enter) for b in self._stream(step, done))
        for examples in self._together(given):
            yield Batches.of_processes(weigh_classes(examples, self.class_weight)), total
        _call(self.source, "on_epoch_end")

    def _together(self, given: Iterator[Examples]) -> Iterator[Examples]:
        """Batches of a stream, as long as each process has one, and as many examples of each."""
        if processes.process_count() == 1:
            yield from given
            return
        while True:
            examples = next(given, None)
            sizes = processes.numbers(0 if examples is None else len(examples))
            if len(set(sizes)) > 1 and not self._told_of_sizes:
                self._told_of_sizes = True
                warn(
                    GrafitoWarning(
                        "The processes do not have equally many examples; some are left out.",
                        where=f"process {processes.process_index()}",
                        received=f"batches of {', '.join(map(str, sizes))}",
                        fix="parts of the same size for all processes",
                    )
                )
            if examples is None or not min(sizes):
                return
            yield examples.rows(slice(min(sizes))) if len(examples) > min(sizes) else examples

    def _limited(self, step: int, epoch: int) -> Batches:
        """The part of the examples that this epoch takes."""
        assert self.limit is not None
        part = epoch % -(-len(self.source) // (self.limit * self.batch_size))
        whole, _ = self.whole_epochs(step - part * self.limit)
        taken = self.limit * self.batch_size
        orders = whole.orders[whole.row : whole.row + 1, part * taken :][:, :taken]
        return Batches(self.source, orders, self.batch_size)

    def _stream(self, step: int, done: int) -> Iterator[Any]:
        """The batches of one epoch of a stream."""
        goes_on = self._rest is not None
        rest = self._rest if self._rest is not None else self._begin(step)
        while done != self.limit:
            try:
                batch = next(rest)
            except StopIteration:
                self._rest = None
                if not goes_on or done:
                    break
                goes_on, rest = False, self._begin(step)  # the last epoch took the last batch
                continue
            self._rest = rest if self.epochs and self.limit else None
            self._taken += 1
            yield batch
            done += 1
        if self.limit is not None and 0 < done < self.limit and self._whole_pass() is None:
            self._tell(done)

    def _begin(self, step: int, taken: int = 0) -> Iterator[Any]:
        """A pass over a stream, without its first batches; that of a `PyDataset` has an order."""
        self._begun, self._taken = step, taken
        order: Iterable[int] | None = None
        if by_number(self.source):
            n = count_batches(self.source)
            order = itertools.count(taken) if n is None else range(n)[taken:]
            if n and self._seed is not None and isinstance(self.source, PyDataset):
                order = permutations(n, seed=self._seed, steps=[step])[0][taken:].tolist()
        return iter(one_pass(self.source, order))

    def place(self, batch: int) -> Any:
        """Where a stream is, for a backup; None for arrays, and where nothing is to be sought."""
        state = getattr(self.source, "get_state", None)
        under_way = bool(batch) or self._rest is not None
        if self._arrays or not (under_way or callable(state)):
            return None
        own = state() if callable(state) else None
        return {"begun": self._begun, "taken": self._taken, "state": own, "under_way": under_way}

    def seek(self, place: Any) -> bool:
        """Go on from a place in a stream; False where that cannot be found again."""
        if self._arrays:
            return True
        if place is None:
            return False
        set_state = getattr(self.source, "set_state", None)
        if callable(set_state):
            set_state(place["state"])
        if not place["under_way"]:
            return True
        if by_number(self.source):
            self._rest = self._begin(place["begun"], place["taken"])
        elif callable(set_state):
            self._rest = iter(one_pass(self.source))
            self._begun, self._taken = place["begun"], place["taken"]
        return self._rest is not None

    @property
    def begins_anew(self) -> bool:
        """Whether each epoch of a stream is a pass of its own."""
        return self.limit is None and not hasattr(self.source, "__next__")

    def forgotten(self, epoch: int, batch: int) -> str | None:
        """The hook of data by number that changed them up to here, if they do not say how."""
        source = self.source
        if self._arrays or not by_number(source) or hasattr(source, "get_state"):
            return None
        began = epoch if not batch else epoch + 1  # epochs
        for hook, calls in (("on_epoch_end", epoch), ("on_epoch_begin", began)):
            own = getattr(type(source), hook, None)
            if calls and own not in (None, getattr(PyDataset, hook)):
                return hook
        return None

    def _whole_pass(self) -> int | None:
        """The number of batches of a whole pass, if known."""
        if self._arrays:
            return -(-len(self.source) // self.batch_size)
        return count_batches(self.source)

    def _tell(self, done: int) -> None:
        """Warn once that the data have fewer batches than were asked for."""
        if not self._told:
            name = "validation_steps" if self.role else "steps"
            finding = few_batches(done, self.limit, "steps_per_epoch" if self.epochs else name)
            if finding is not None:
                warn(finding)
        self._told = True


def _call(source: Any, hook: str) -> None:
    """Call a hook of the data set, if it has it."""
    act = getattr(source, hook, None)
    if callable(act):
        act()


_DATA_ELSEWHERE = {  # by the method: what it takes, and what to do with more data than that
    "fit": ("fit(x, y, batch_size, epochs, ...)", "validation_data=(x_test, y_test)"),
    "evaluate": ("evaluate(x, y, batch_size, ...)", "evaluate(x, y), once for each pair"),
    "predict": (
        "predict(x, batch_size, ...)",
        message("predict(x), or evaluate(x, y) with targets"),
    ),
}


def whole_numbers(model: Any, method: str, **given: Any) -> list[Any]:
    """Positive integers, None where none was given; len(x) / 32 is rounded down with a warning."""
    for name, value in given.items():
        if getattr(value, "ndim", 0) or isinstance(value, (list, tuple)):
            expected, fix = _DATA_ELSEWHERE[method]
            raise ArgumentError(
                f"The method {method} takes no data here.",
                where=name,
                received=shown(value),
                expected=expected,
                fix=fix,
            )
        counts = name.endswith(("steps", "steps_per_epoch"))  # of len(x) / 32
        if counts and isinstance(value, (float, np.floating)) and 1 <= value < math.inf:
            given[name] = int(value)
            if value != int(value):
                warn(
                    GrafitoWarning(
                        f"{name}={value:g} is taken as {int(value)}.",
                        fix=f"{name}=len(x) // batch_size",
                    )
                )
    return [None if v is None else integer(model, name, v) for name, v in given.items()]


def validated_epochs(model: Any, validation_freq: Any) -> Any:
    """Whether an epoch, counted from 1, is followed by validation."""
    if isinstance(validation_freq, (list, tuple, set)):
        return set(validation_freq).__contains__
    freq = integer(model, "validation_freq", validation_freq)
    return lambda epoch: epoch % freq == 0
