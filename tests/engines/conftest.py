"""What the tests of the CPU engine share."""

from __future__ import annotations

import pytest


@pytest.fixture
def poison_memory(monkeypatch):
    """A function after which memory begins as NaN: who reads what nobody wrote is seen."""

    def poison():
        from grafito.engines.llvm import bindings

        empty = bindings.aligned_empty

        def poisoned(shape, dtype):
            array = empty(shape, dtype)
            array.reshape(-1).view("uint8")[:] = 255
            return array

        monkeypatch.setattr(bindings, "aligned_empty", poisoned)

    return poison


@pytest.fixture
def poisoned_memory(poison_memory):
    """Memory begins as NaN."""
    poison_memory()
