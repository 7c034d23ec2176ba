"""Data sets that make their batches when asked for: windows of a series, parts of other data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grafito import graph, seeds
from grafito.errors import ArgumentError, DataError
from grafito.models.streams import PyDataset, one_pass
from grafito.registry import known_arguments


class Rows(PyDataset):
    """Batches of n examples, in another order in each epoch where that is wanted.

    Args:
        count: n.
        make: from the numbers of some examples to their batch.
        batch_size: how many make a batch.
        shuffle: whether each epoch has another order.
        seed: of the orders.

    Example:
        >>> [len(x) for x in Rows(5, lambda rows: rows, batch_size=2)]
        [2, 2, 1]
    """

    def __init__(
        self,
        count: int,
        make: Callable[[np.ndarray], Any],
        batch_size: int,
        shuffle: bool = False,
        seed: int | None = None,
    ):
        super().__init__()
        self.order, self.make, self.batch_size = np.arange(count), make, batch_size
        self.shuffle, self.seed = shuffle, seeds.next_seed() if seed is None else seed
        self.epoch = 0

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        return self.make(self.order[index * self.batch_size : (index + 1) * self.batch_size])

    def __iter__(self) -> Any:
        self.on_epoch_begin()
        return super().__iter__()

    def on_epoch_begin(self) -> None:
        """Another order, where that is wanted."""
        if self.shuffle:
            key = {"seed": self.seed % 2**62, "step": self.epoch, "use": 2}
            self.order = graph.random.permutation(len(self.order), **key).numpy()
        self.epoch += 1

    def get_state(self) -> Any:
        """What a training that is resumed must know: the order that holds."""
        return {"epoch": self.epoch, "order": self.order.tolist()}

    def set_state(self, state: Any) -> None:
        """Go on from what `get_state` gave."""
        self.epoch, self.order = state["epoch"], np.array(state["order"])

    def take(self, count: int) -> Part:
        """The first batches alone.

        Args:
            count: how many.
        """
        return Part(self, range(min(count, len(self))))

    def map(self, function: Callable[..., Any]) -> Part:
        """The batches that a function makes of these.

        Args:
            function: of the parts of a batch.
        """
        return Part(self, range(len(self)), function)


class Part(PyDataset):
    """Some batches of a data set, perhaps changed by a function.

    Args:
        source: the data set.
        numbers: of the batches.
        function: of the parts of a batch; none by default.

    Example:
        >>> rows = Rows(5, lambda rows: (rows, -rows), batch_size=2)
        >>> [int(y.sum()) for x, y in Part(rows, [0, 2])]
        [-1, -4]
    """

    def __init__(
        self, source: Any, numbers: Sequence[int], function: Callable[..., Any] | None = None
    ):
        super().__init__()
        self.source, self.numbers, self.function = source, numbers, function

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> Any:
        batch = self.source[self.numbers[index]]
        if self.function is None:
            return batch
        return self.function(*batch) if isinstance(batch, tuple) else self.function(batch)


@known_arguments
def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> Rows:
    """Batches of windows of a series: window i begins at step i * sequence_stride.

    Args:
        data: the series, one step a row.
        targets: of the window that begins at each step; None for windows alone.
        sequence_length: steps of a window.
        sequence_stride: steps from the start of a window to that of the next.
        sampling_rate: steps from an element of a window to the next.
        batch_size: windows in a batch; None for all.
        shuffle: whether each epoch has another order.
        seed: of the orders.
        start_index: where the part begins that is used; 0 by default.
        end_index: the step behind it; all by default.

    Raises:
        DataError: where no window fits.

    Example:
        >>> windows = timeseries_dataset_from_array(np.arange(5), np.arange(2, 5), 2)
        >>> [part.tolist() for part in windows[0]]
        [[[0, 1], [1, 2], [2, 3]], [2, 3, 4]]
    """
    series = np.asarray(data)
    for name, value in (("sequence_length", sequence_length), ("sampling_rate", sampling_rate)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ArgumentError(
                "Windows are made of whole steps.", received=f"{name}={value!r}", fix=f"{name}=1"
            )
    start, end = start_index or 0, len(series) if end_index is None else end_index
    count = min(end, len(series)) - start - (sequence_length - 1) * sampling_rate
    wanted = None if targets is None else np.asarray(targets)
    count = count if wanted is None else min(count, len(wanted))
    if count < 1:
        raise DataError(
            "No window fits into the series.",
            where="timeseries_dataset_from_array",
            received=f"{max(end - start, 0)} steps",
            expected=f"{(sequence_length - 1) * sampling_rate + 1} or more",
            fix="a shorter sequence_length",
        )
    first = start + np.arange(0, count, sequence_stride)
    steps = np.arange(sequence_length) * sampling_rate

    def make(rows: np.ndarray) -> Any:
        windows = series[first[rows, None] + steps]
        return windows if wanted is None else (windows, wanted[first[rows]])

    return Rows(len(first), make, batch_size or len(first), shuffle, seed)


@known_arguments
def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tuple[Any, Any]:
    """Two parts of data: arrays give arrays, (x, y) gives two pairs, batches give batches.

    Args:
        dataset: an array, a tuple of arrays, a list, or an iterable of batches.
        left_size: a number of elements, or a share of them.
        right_size: likewise; one of both may be left out.
        shuffle: whether the elements are drawn at random.
        seed: of the draw.

    Raises:
        ArgumentError: for sizes that do not fit.

    Example:
        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> left.tolist(), right.tolist()
        ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])
    """
    arrays = isinstance(dataset, tuple) or hasattr(dataset, "__array__")
    parts = dataset if isinstance(dataset, tuple) else (dataset,)
    if not arrays and not hasattr(dataset, "__len__"):
        dataset = list(one_pass(dataset))
    n = len(parts[0]) if arrays else len(dataset)
    left, right = (
        round(size * n) if isinstance(size, float) else size for size in (left_size, right_size)
    )
    left = n - right if left is None and right is not None else left
    right = n - left if right is None and left is not None else right
    if left is None or right is None or min(left, right) < 1 or left + right > n:
        raise ArgumentError(
            "The data cannot be split like this.",
            where="split_dataset",
            received=f"left_size={left_size}, right_size={right_size} of {n} elements",
            expected="sizes above 0 that sum to no more than all",
            fix="left_size=0.8",
        )
    order = np.arange(n)
    if shuffle:
        key = {"seed": (seeds.next_seed() if seed is None else seed) % 2**62, "step": 0, "use": 3}
        order = graph.random.permutation(n, **key).numpy()
    sides = order[:left], order[n - right :]
    if not arrays:
        return tuple(Part(dataset, side.tolist()) for side in sides)  # type: ignore[return-value]
    halves = [tuple(np.asarray(part)[side] for part in parts) for side in sides]
    return tuple(half if isinstance(dataset, tuple) else half[0] for half in halves)  # type: ignore[return-value]
