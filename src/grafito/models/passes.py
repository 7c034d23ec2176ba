"""Passes over the data: from what the user gave to examples and orders."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from grafito.datasets.transforms import stratified_split
from grafito.errors import ArgumentError
from grafito.graph.nest import flatten
from grafito.graph.random import permutations
from grafito.models.examples import (
    Examples,
    batch_examples,
    is_stream,
    make_examples,
    stream_batches,
    stream_length,
)
from grafito.models.progress import report_split

VALIDATION = "validation "  # before the names of its arrays in messages
ORDERS = 1 << 14  # positions of the orders that are drawn together


def make_source(x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None) -> Any:
    """Examples from arrays; an iterable of batches as it is."""
    if not is_stream(x):
        return make_examples(x, y, sample_weight, class_weight)
    if y is not None or sample_weight is not None or class_weight is not None:
        raise ArgumentError(
            "An iterable of batches carries its targets and weights itself.",
            where="y, sample_weight and class_weight",
            expected="batches (x, y) or (x, y, sample_weight)",
        )
    return x


def validation_source(data: Any) -> Any:
    """Examples from x, (x, y) or (x, y, sample_weight); an iterable of batches as it is."""
    return data if data is None or is_stream(data) else batch_examples(data, VALIDATION)


def hold_out(source: Any, fraction: float, seed: int, verbose: Any) -> tuple[Examples, Examples]:
    """Hold out a seeded sample, stratified where the targets are class labels."""
    if not isinstance(source, Examples):
        raise ArgumentError(
            "validation_split needs arrays.", received="an iterable", fix="validation_data=..."
        )
    if not isinstance(fraction, (int, float, np.number)) or not 0 < fraction < 1:
        raise ArgumentError(
            "The share to hold out lies between 0 and 1.",
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


class Passes:
    """Data, and how epochs go through them.

    The orders of the next epochs are drawn together: each depends only on the seed and on the step
    at which its epoch begins, so it does not matter when it is drawn.

    Args:
        source: examples, or an iterable of batches.
        batch_size: examples in a step.
        limit: the largest number of batches; the next epoch goes on where this one ended, until
            all examples had their turn.
        seed: of the orders, or None for the order of the arrays.
        epochs: how many are to be trained; None for a single pass.
        role: what messages put before the names of the arrays of a stream.
    """

    def __init__(
        self,
        source: Any,
        batch_size: int,
        limit: int | None = None,
        seed: int | None = None,
        epochs: int | None = None,
        role: str = "",
    ):
        self.source, self.batch_size, self.limit = source, batch_size, limit
        self.role, self.epochs = role, epochs
        self._seed = seed
        self._orders: np.ndarray | None = None
        self._rows: dict[int, int] = {}  # by the step at which the epoch begins
        self._drawn = 0

    @property
    def whole(self) -> bool:
        """Whether each epoch goes once through arrays."""
        return isinstance(self.source, Examples) and self.limit is None

    @property
    def steps(self) -> int | None:
        """The number of batches of an epoch, where it is known."""
        if not isinstance(self.source, Examples):
            return self.limit or stream_length(self.source)
        batches = -(-len(self.source) // self.batch_size)
        return min(self.limit or batches, batches)

    def orders(self, step: int) -> tuple[np.ndarray, int, int]:
        """The order of the epoch that begins at this training step, with those after it.

        Returns:
            Positions of the examples, a row for each epoch; which row it is; and how many rows can
            be used from there on.
        """
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
        return self._orders, row, self._drawn - row

    def batches(
        self, step: int, epoch: int
    ) -> Iterator[tuple[Examples, np.ndarray, int, int, int | None]]:
        """What an epoch goes through: the examples of the arrays, or of each batch of a stream.

        Args:
            step: the number of training steps so far.
            epoch: number of the epoch.

        Yields:
            Examples, orders, the row of them that holds, the batch size, and the number of batches
            of the epoch, if known.
        """
        if isinstance(self.source, Examples):
            orders, row = self._limited(step, epoch) if self.limit else self.orders(step)[:2]
            yield self.source, orders, row, self.batch_size, -(-orders.shape[1] // self.batch_size)
            return
        total = self.steps
        for i, batch in enumerate(stream_batches(self.source)):
            examples = batch_examples(batch, self.role)
            n = len(examples)
            yield examples, np.arange(n, dtype="int32")[None], 0, n, total
            if self.limit is not None and i + 1 == self.limit:
                return

    def _limited(self, step: int, epoch: int) -> tuple[np.ndarray, int]:
        """The part of the examples whose turn it is."""
        assert self.limit is not None
        part = epoch % -(-len(self.source) // (self.limit * self.batch_size))
        orders, row, _ = self.orders(step - part * self.limit)
        examples = self.limit * self.batch_size
        return orders[row : row + 1, part * examples :][:, :examples], 0


@contextlib.contextmanager
def interruptible() -> Iterator[list[str]]:
    """A list that stays empty until Ctrl-C is pressed; a second Ctrl-C raises at once."""
    pressed: list[str] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: Any) -> None:
        if pressed and callable(before):
            before(number, frame)
        pressed.append("Ctrl-C")

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
