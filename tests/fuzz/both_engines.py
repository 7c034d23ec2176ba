"""What fuzzers of the CPU engine share: it computes what the reference does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from grafito import engines, graph
from grafito.graph.program import Graph

# The data of a case: without structure, or such that kinks and ties are met.
DATA = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "sparse": lambda rng, shape: rng.integers(-2, 3, shape) * rng.integers(0, 2, shape),
    "ties": lambda rng, shape: rng.integers(-1, 2, shape),
    "constant": lambda rng, shape: np.full(shape, rng.integers(-1, 2)),
    "zero": lambda rng, shape: np.zeros(shape),
}


@contextmanager
def poisoned() -> Iterator[None]:
    """Memory begins as NaN: who reads what nobody wrote is seen."""
    pointer_table = pytest.importorskip("grafito.engines.llvm.pointer_table")
    empty = pointer_table.aligned_empty

    def filled(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        array: np.ndarray = empty(shape, dtype)
        array.reshape(-1).view("uint8")[:] = 255
        return array

    with patch.object(pointer_table, "aligned_empty", filled):
        yield


def compare(
    inputs: Sequence[graph.Tensor],
    outputs: Mapping[str, graph.Tensor],
    arrays: Sequence[Mapping[str, np.ndarray]],
    tolerance: tuple[float, float],
    **options: Any,
) -> None:
    """The same values from both engines, in one run for each set of arrays.

    Args:
        inputs: placeholders with names.
        outputs: what is computed.
        arrays: for each run the arrays by name.
        tolerance: relative, and absolute in terms of the largest value.
        options: of the CPU engine.
    """
    llvm = pytest.importorskip("grafito.engines.llvm")
    computed = Graph({x.name: x for x in inputs}, dict(outputs), {})
    with poisoned():
        ours = llvm.Engine(**options).compile(computed)
        theirs = engines.get("reference").compile(computed)
        for given in arrays:
            results = []
            for program in (ours, theirs):
                program.bind(given)
                results.append(program.run())
            for name, expected in results[1].items():
                agree(results[0][name], expected, tolerance, name)


def agree(ours: Any, theirs: Any, tolerance: tuple[float, float], name: str) -> None:
    """Two arrays of one shape are close."""
    ours, theirs = np.asarray(ours, "float64"), np.asarray(theirs, "float64")
    assert ours.shape == theirs.shape
    relative, absolute = tolerance
    scale = np.max(np.abs(theirs), initial=1e-6)
    np.testing.assert_allclose(ours, theirs, relative, absolute * scale, err_msg=name)
