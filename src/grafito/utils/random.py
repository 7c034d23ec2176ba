"""One seed for every source of random numbers."""

from __future__ import annotations

import random

import numpy as np

from grafito.errors import ArgumentError
from grafito.seeds import set_seed


def set_random_seed(seed: int) -> None:
    """Start all random numbers anew: of grafito, NumPy and Python.

    Args:
        seed: an integer that is not negative.

    Example:
        >>> set_random_seed(1)
    """
    if seed is None:
        raise ArgumentError("A seed must be a non-negative integer.", received="seed=None")
    set_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
