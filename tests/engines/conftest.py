"""What the tests of the CPU engine share."""

from __future__ import annotations

import contextlib

import pytest
from fuzz.both_engines import poisoned


@pytest.fixture(autouse=True)
def compiled_anew(monkeypatch):
    """No program takes the code of another; `test_code` is about those that do."""
    code = pytest.importorskip("grafito.engines.llvm.code")
    code.forget()
    monkeypatch.setattr(code, "KEPT", 0)


@pytest.fixture
def poison_memory():
    """A function after which memory begins as NaN: who reads what nobody wrote is seen."""

    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(poisoned())


@pytest.fixture
def poisoned_memory(poison_memory):
    """Memory begins as NaN."""
    poison_memory()


@pytest.fixture
def tiles(monkeypatch):
    """Options of an engine whose products of bfloat16 are made in tiles, however small they are.

    The instructions are emulated where this CPU has none.
    """
    import amx_emulated

    from grafito.engines.llvm.codegen import amx
    from grafito.engines.llvm.compilation import kernel_cache
    from grafito.engines.llvm.compilation.machine import Machine
    from grafito.engines.llvm.lowering import costs

    machine = Machine()
    if not machine.pairs:
        pytest.skip("this CPU has no AVX512-BF16, which the other products take")
    monkeypatch.setattr(costs, "pays", lambda *sizes: True)
    if machine.amx:
        yield {}
        return
    emulator = amx_emulated.Emulator()
    emulator.install()
    monkeypatch.setattr(amx, "PREFIX", amx_emulated.PREFIX)
    monkeypatch.setattr(kernel_cache, "SOURCES", "emulated")  # such code is kept apart
    yield {"features": ",".join([machine.features, *(f"+{f}" for f in sorted(amx.FEATURES))])}
    assert emulator.faults == []
