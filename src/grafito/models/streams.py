"""Data that come as batches: generators, loaders, and objects that give batch i."""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from grafito.errors import GraphError


class PyDataset:
    """Batches by number; subclass it with `__len__` and `__getitem__`.

    `fit` takes the batches of an epoch in a new order where `shuffle` is on, calls `on_epoch_begin`
    before an epoch and `on_epoch_end` after it. An object that has these methods and another base
    is taken too, its batches in the order of their numbers.

    Args:
        workers: how many threads make batches ahead of training; 1 makes each when its turn comes.
        use_multiprocessing: Keras's; the workers are threads here.
        max_queue_size: how many batches may be ready and waiting.

    Example:
        >>> import numpy as np
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, i):
        ...         return np.full((2, 1), i), np.full((2, 1), i**2)
        >>> [int(y[0, 0]) for x, y in Squares()]
        [0, 1, 4]
    """

    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @property
    def num_batches(self) -> int | None:
        """How many batches there are; a subclass may say None, for as many as are asked for."""
        return len(self)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> Any:
        """The batch with this number: x, (x, y) or (x, y, sample_weight)."""
        raise GraphError(
            "The data do not say what their batches are.",
            where=type(self).__name__,
            fix="def __getitem__(self, i): return x, y",
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(one_pass(self))

    def on_epoch_begin(self) -> None:
        """Before each epoch."""

    def on_epoch_end(self) -> None:
        """After each epoch, for example to shuffle."""


def is_stream(x: Any) -> bool:
    """Whether the data come as batches: a generator, a loader, any iterable but an array."""
    plain = (list, tuple, Mapping, str, bytes)
    if isinstance(x, plain) or hasattr(x, "__array__") or hasattr(x, "toarray"):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__getitem__")


def count_batches(source: Any) -> int | None:
    """How many batches a stream has; None if it does not say."""
    if isinstance(source, PyDataset):
        return source.num_batches
    with contextlib.suppress(TypeError, NotImplementedError):  # a loader of a stream has no length
        return len(source)
    return None


def one_pass(source: Any, order: Iterable[int] | None = None) -> Iterable[Any]:
    """One pass over the batches of a stream; the order is for those that come by number."""
    count = count_batches(source)
    if by_number(source):
        numbers = itertools.count() if count is None else range(count)
        return _by_number(source, numbers if order is None else order)
    return itertools.islice(iter(source), count)


def by_number(source: Any) -> bool:
    """Whether the batches of a stream are asked for by their numbers."""
    if isinstance(source, PyDataset):
        return True
    numbered = hasattr(source, "__getitem__") and not hasattr(source, "__iter__")
    return numbered and count_batches(source) is not None


def _by_number(source: Any, numbers: Iterable[int]) -> Iterator[Any]:
    """The batches with these numbers, made ahead by the threads that a `PyDataset` asks for."""
    workers = source.workers if isinstance(source, PyDataset) else 1
    if workers < 2:
        for i in numbers:
            yield source[i]
        return
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[Any]] = deque()
    try:
        for i in numbers:
            waiting.append(pool.submit(source.__getitem__, i))
            if len(waiting) > max(source.max_queue_size, workers):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
