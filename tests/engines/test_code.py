"""Programs of graphs with equal structure share their code, and nothing else."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from grafito import graph
from grafito.engines import get
from grafito.engines.llvm import code, pipeline


@pytest.fixture
def compiled_anew():
    """Here code is shared."""
    code.forget()


@pytest.fixture
def assembled(monkeypatch):
    """The graphs that went through the compiler."""
    graphs, assemble = [], pipeline.assemble
    monkeypatch.setattr(code, "assemble", lambda g, *a: graphs.append(g) or assemble(g, *a))
    return graphs


def counting(start, step=1.0, name="count", axis=0, size=3):
    """A program that adds to a variable and gives a sum."""
    count = graph.Variable(np.full(size, start, "float32"), name=name)

    def add(x):
        with graph.scope(name):
            count.assign(count + x * step)
        return {"sum": graph.sum(count + graph.cumsum(x, axis=axis))}

    x = graph.placeholder((size,), name="x")
    return count, get("llvm").compile(graph.trace_graph(add, {"x": x}))


def test_equal_graphs_share_code_and_have_state_of_their_own(assembled):
    (a, first), (b, second) = counting(0.0), counting(10.0, name="other")
    assert len(assembled) == 1
    for program in (first, second):
        program.bind({"x": np.arange(3, dtype="float32")})
    assert first.run(2)["sum"].tolist() == [7.0, 10.0]
    assert second.run()["sum"].tolist() == [37.0]
    assert a.numpy().tolist() == [0, 2, 4]
    assert b.numpy().tolist() == [10, 11, 12]


@pytest.mark.parametrize(
    "other", [{"step": 2.0}, {"step": -0.0}, {"size": 4}], ids=lambda o: str(next(iter(o.items())))
)
def test_other_numbers_are_another_program(assembled, other):
    counting(0.0, **({"step": 0.0} if "step" in other else {}))
    counting(0.0, **other)
    assert len(assembled) == 2


def test_layers_are_named_by_their_own_graph(assembled):
    programs = [counting(0.0, name=name)[1] for name in ("one", "two")]
    assert len(assembled) == 1
    assert ["two" in p.explain() for p in programs] == [False, True]


def test_dead_models_leave_no_weights_behind():
    import gc
    import weakref

    count, program = counting(0.0)
    left = weakref.ref(count)
    del count, program
    gc.collect()
    assert left() is None


def test_few_programs_are_kept(assembled):
    for size in range(2, 4 + code.KEPT):
        counting(0.0, size=size)
    assert len(code._known) == code.KEPT
