"""Epochs that end with a smaller batch, many in one launch: the numbers of one launch each."""

import numpy as np
import pytest

from grafito import engines, graph, layers, models, utils
from grafito.errors import DataError
from grafito.graph.program import trace_graph

ENGINES = [name for name in engines.names() if engines.available(name)]


def adding(engine, given, total):
    """A program that adds its input to a total and shows that."""
    x = graph.placeholder((), name="x")

    def step(x):
        total.assign(total * 2 + x)
        return {"total": total}

    program = engines.get(engine).compile(trace_graph(step, {"x": x}))
    program.bind({"x": np.float32(given)})
    return program


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("rounds", "steps"), [(1, 1), (4, 3), (3, 1)])
def test_rounds_show_the_last_program_at_the_end_of_each(engine, rounds, steps):
    total = graph.Variable(0.0)
    first, last = adding(engine, 1, total), adding(engine, 10, total)
    wanted, value = [], 0.0
    for _ in range(rounds):
        for given in [1.0] * steps + [10.0]:
            value = value * 2 + given
        wanted.append(value)
    assert first.run_rounds(rounds, steps, last)["total"].tolist() == wanted
    assert total.numpy() == value


@pytest.fixture
def joined_at_once(monkeypatch):
    """From the first rounds on both programs are one; the launches are counted."""
    pytest.importorskip("jax")
    from grafito.engines.jax import program, rounds

    launches = []
    before = program.Program.launched

    def launched(self, *given):
        launches.append(self)
        return before(self, *given)

    monkeypatch.setattr(rounds, "APART", 1)
    monkeypatch.setattr(program.Program, "launched", launched)
    return launches


@pytest.mark.parametrize(("rounds", "steps"), [(1, 1), (4, 3), (3, 1)])
def test_rounds_in_one_launch_give_the_same(rounds, steps, joined_at_once):
    test_rounds_show_the_last_program_at_the_end_of_each("jax", rounds, steps)
    assert len(joined_at_once) == 1


def test_more_rounds_than_a_launch_takes(joined_at_once):
    total = graph.Variable(0.0)
    first, last = adding("jax", 0, total), adding("jax", 1, total)
    last.capacity = 3
    assert first.run_rounds(7, 1, last)["total"].tolist() == [(4**n - 1) / 3 for n in range(1, 8)]
    assert len(joined_at_once) == 3


def test_variables_that_only_one_of_them_changes(joined_at_once):
    a, b = graph.Variable(1.0), graph.Variable(2.0)

    def program(variable, other):
        def step():
            variable.assign(variable + other)
            return {"seen": variable}

        return engines.get("jax").compile(trace_graph(step, {}))

    first, last = program(a, b), program(b, a)
    assert first.run_rounds(2, 2, last)["seen"].tolist() == [7.0, 26.0]
    assert (a.numpy(), b.numpy()) == (19.0, 26.0)


def test_rounds_that_are_sent_their_batches_run_one_by_one(joined_at_once, monkeypatch):
    from grafito.engines.jax.placement import Placement

    whole = history(20)
    monkeypatch.setattr(Placement, "room", lambda self: 1)
    joined_at_once.clear()
    for name, values in history(20)[0].items():
        np.testing.assert_allclose(values, whole[0][name], rtol=1e-5)
    assert len(joined_at_once) >= 40


def history(epochs, rows=41, **fitting):
    """Losses of a small network with state, dropout and batches of 16."""
    utils.set_random_seed(3)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(rows, 3)).astype("float32"), rng.integers(0, 3, rows)
    stack = [
        layers.Input((3,)),
        layers.Dense(8, "relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        layers.Dense(3, "softmax"),
    ]
    model = models.Sequential(stack)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], engine="jax")
    found = model.fit(x, y, batch_size=16, epochs=epochs, verbose=0, **fitting).history
    return found, [w.tolist() for w in model.get_weights()]


@pytest.mark.parametrize("rows", [41, 9, 17, 33])
def test_a_training_in_few_launches_has_the_same_bits(rows, joined_at_once, monkeypatch):
    from grafito.engines.jax import rounds
    from grafito.models import executor

    monkeypatch.setattr(executor, "SLICE_SECONDS", 60.0)  # also on a busy machine
    together = history(60, rows)
    few = len(joined_at_once)
    monkeypatch.setattr(rounds, "APART", 10**9)
    joined_at_once.clear()
    assert history(60, rows) == together
    assert few < len(joined_at_once) / 2 or rows < 16


def test_an_index_outside_in_a_later_round_is_an_error_and_changes_nothing(joined_at_once):
    table, at = graph.Variable(np.ones((4, 2), "float32")), graph.Variable(0, dtype="int32")

    def program(add):
        def step():
            at.assign(at + add)
            rows = graph.take(table, at, axis=0)
            table.assign(table + graph.sum(rows))
            return {"rows": rows}

        return engines.get("jax").compile(trace_graph(step, {}))

    first, last = program(1), program(0)
    first.run_rounds(2, 1, last)
    before = table.numpy().copy()
    with pytest.raises(DataError, match=r"received +4"):
        first.run_rounds(3, 2, last)
    assert at.numpy() == 3
    assert before.max() < table.numpy().max()  # those before it were done
