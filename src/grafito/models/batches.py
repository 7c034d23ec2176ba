"""The data of one epoch: examples, the order in which they are taken, and how many in a step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grafito.engines.processes import process_count
from grafito.models.examples import Examples

FEW_ROWS = 1 << 12  # every program holds so many


@dataclass(frozen=True)
class Batches:
    """Examples in an order, cut into batches.

    The orders of several epochs lie in one array, a row for each, so that a program which holds
    them can go on from one epoch to the next.

    Args:
        examples: what the batches are taken from.
        orders: positions of the examples, a row for each epoch.
        size: examples in a batch; the last batch of an epoch takes what is left.
        row: the order of this epoch.

    Example:
        >>> examples = Examples(np.zeros((10, 2)))
        >>> Batches(examples, np.arange(10)[None], size=4).sizes
        [(4, 2), (2, 1)]
    """

    examples: Examples
    orders: np.ndarray
    size: int
    row: int = 0

    @classmethod
    def one(cls, examples: Examples) -> Batches:
        """All examples in a single batch, in their own order."""
        n = len(examples)
        return cls(examples, np.arange(n, dtype="int32")[None], n)

    @classmethod
    def of_processes(cls, examples: Examples) -> Batches:
        """A single batch of which each process has as many examples; these are its own."""
        n, count = len(examples), process_count()
        return cls(examples, np.tile(np.arange(n, dtype="int32"), count)[None], n * count)

    def longer(self, extra: int) -> Batches:
        """With so many examples more at the end of the one order; the first stands in for them."""
        return replace(self, orders=np.pad(self.orders, ((0, 0), (0, extra)), mode="constant"))

    @property
    def length(self) -> int:
        """Examples in an epoch."""
        return self.orders.shape[1]

    @property
    def start(self) -> int:
        """Where this epoch begins in the orders, laid end to end."""
        return self.row * self.length

    @property
    def count(self) -> int:
        """The number of batches in an epoch."""
        return -(-self.length // self.size)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """The sizes of the batches of an epoch, each with the number of such batches."""
        full, rest = divmod(self.length, self.size)
        return [(size, n) for size, n in ((self.size, full), (rest, 1)) if size and n]


def room(count: int, bits: int = 1) -> int:
    """The next power of 2, or of 2**bits: so many fit, and few numbers are different.

    Example:
        >>> room(5), room(5, 2), room(16, 2), room(1)
        (8, 16, 16, 1)
    """
    return 1 << -(-(count - 1).bit_length() // bits) * bits


def rooms(batches: Batches, size: int) -> tuple[int, int]:
    """The rows that a program holds, and the positions of their orders with a batch behind them."""
    positions = batches.orders.size + size
    return room(max(len(batches.examples), FEW_ROWS)), room(max(positions, FEW_ROWS))
