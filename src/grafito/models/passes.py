"""One pass over the data: from what the user gave to examples and orders."""

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
from grafito.graph.random import permutation
from grafito.models.examples import (
    Examples,
    batch_examples,
    is_stream,
    make_examples,
    stream_batches,
)
from grafito.models.progress import report_split

VALIDATION = "validation "  # before the names of its arrays in messages


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


def passes(
    source: Any,
    batch_size: int,
    limit: int | None,
    shuffle: tuple[int, int] | None,
    epoch: int = 0,
    role: str = "",
) -> Iterator[tuple[Examples, np.ndarray, int, int | None]]:
    """What an epoch goes through: the examples of the arrays, or of each batch of a stream.

    Args:
        source: examples, or an iterable of batches.
        batch_size: examples in a step.
        limit: the largest number of batches; the next epoch goes on where this one ended, until
            all examples had their turn.
        shuffle: seed and step of the order, or None for the order of the arrays.
        epoch: number of the epoch.
        role: what messages put before the names of the arrays of a stream.

    Yields:
        Examples, their order, the batch size, and the number of batches of the epoch, if known.
    """
    if isinstance(source, Examples):
        n = len(source)
        order = np.arange(n)
        batches = -(-n // batch_size)
        part = epoch % -(-batches // limit) if limit is not None else 0
        if shuffle is not None:
            seed, step = shuffle
            order = permutation(n, seed=seed, step=step - part * (limit or 0)).numpy()
        if limit is not None:
            order = order[part * limit * batch_size :][: limit * batch_size]
        yield source, order, batch_size, -(-len(order) // batch_size)
        return
    total = limit or (len(source) if hasattr(source, "__len__") else None)
    for i, batch in enumerate(stream_batches(source)):
        examples = batch_examples(batch, role)
        yield examples, np.arange(len(examples)), len(examples), total
        if limit is not None and i + 1 == limit:
            return


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
