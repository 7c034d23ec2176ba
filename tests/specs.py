"""The rows of the tables of tests: what to compute and what must come out, on any engine.

The tables of ops are in `specs_elementwise`, `specs_arrays` and `specs_neural`, and `specs_ops`
gathers them. The tests that run every row are in `tests/graph/test_ops.py`; one of them fails on an
op or a public function without a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito.graph.tensor import Op, Tensor


@dataclass(frozen=True)
class At:
    """A point where the answer was a decision: a kink, a zero, a tie, an end of the domain.

    The slopes are those of the sum of the result; None for an input that has none. A value of None
    is one that rounding decides.
    """

    inputs: tuple[Any, ...]
    value: Any
    slopes: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Row:
    """One op, or one function that is composed of ops.

    Attributes:
        name: the public function first, then what is special.
        op: the class that the row stands for; None for a function composed of others.
        function: builds the tensor from its inputs.
        inputs: arrays; floats are float64 and are converted to what a test needs.
        witness: the same function of NumPy arrays.
        torch: the same function of PyTorch's tensors: its name there, or a callable that is
            given the module first; None where PyTorch has no such function.
        order: up to which gradients exist; 0 where no gradient is that of the value.
        analytic: whether the complex step applies.
        dtype: of the result, where it is not that of the inputs.
        float32: largest error in float32, relative to the largest element.
        at: special points.
    """

    name: str
    op: type[Op] | None
    function: Callable[..., Tensor]
    inputs: tuple[np.ndarray, ...]
    witness: Callable[..., Any]
    torch: str | Callable[..., Any] | None = None
    order: int = 2
    analytic: bool = True
    dtype: str | None = None
    float32: float = 2e-6
    at: tuple[At, ...] = ()


def real(*shape: int, low: float = -2.0, high: float = 2.0, salt: int = 0) -> np.ndarray:
    """Numbers between two bounds, the same in every run."""
    return np.random.default_rng([*shape, salt]).uniform(low, high, shape)


def positive(*shape: int, salt: int = 0) -> np.ndarray:
    return real(*shape, low=0.3, high=3.0, salt=salt)


def probabilities(*shape: int, salt: int = 0) -> np.ndarray:
    p = positive(*shape, salt=salt)
    return p / p.sum(-1, keepdims=True)


ONE = (real(3, 4),)
