"""Several devices: the numbers of one, in a child whose CPU is divided into devices."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax")

from grafito import distribution, engines, graph, lab
from grafito.engines.jax import placement
from grafito.engines.jax.program import Program
from grafito.engines.jax.reads import TableReads
from grafito.errors import ArgumentError
from grafito.graph.program import trace_graph
from grafito.graph.rows import table

FOLDER = Path(__file__).parent


@pytest.fixture(autouse=True)
def alone():
    yield
    distribution.set_distribution(None)


CASES = {  # name, batch size, steps, dtype, whether batches are sent; and the bound
    ("dense", 24, 20, "float32", False): 1e-6,
    ("batch normalisation", 24, 20, "float32", True): 1e-6,
    ("convolution", 24, 20, "float32", False): 1e-6,
    ("embedding", 23, 20, "float32", True): 1e-6,  # the last batch has 4 rows, the others 23
    ("batch normalisation", 23, 20, "float32", False): 1e-6,
    ("dense", 24, 50, "float32", False): 1e-5,
    ("batch normalisation", 23, 20, "float64", True): 1e-12,
}


def on_devices(count, cases):
    """What the program of the folder prints of each case."""
    command = [sys.executable, FOLDER / "on_devices.py", str(count), *map(json.dumps, cases)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert ran.returncode == 0, ran.stderr
    return dict(zip(cases, json.loads(ran.stdout), strict=True))


def test_several_devices_give_the_numbers_of_one():
    """Two devices; `python tests/distribution/on_devices.py 4 ...` for more."""
    found = on_devices(2, CASES)
    assert not {case: far for case, far in found.items() if far > CASES[case]}


@pytest.mark.slow
def test_the_end_of_a_training_lies_within_the_spread_of_three_seeds():
    """1,000 steps, after which rounding alone makes other weights."""
    names = ("dense", "batch normalisation", "convolution", "embedding")
    for (name, _), (*seeds, divided) in on_devices(4, [(name, 1000) for name in names]).items():
        spread = max(seeds) - min(seeds)
        assert abs(divided - seeds[0]) <= spread, (name, seeds, divided)


def test_more_devices_than_there_are_is_told():
    there = distribution.get_device_count()
    with pytest.raises(ArgumentError, match=f"at most {there}: cpu:0") as error:
        lab.join(there + 1)  # as `grafito run NAME --devices` does, where JAX computes already
    assert f"JAX_NUM_CPU_DEVICES={there + 1}" in str(error.value)
    with pytest.raises(ArgumentError, match="A device is needed"):
        lab.join(0)


# Batches that are sent, on one device.


def taking(rows, size):
    """A step that adds up the rows that it takes from a table, in an order."""
    start = graph.Variable(0, dtype="int32", name="start")
    total = graph.Variable(0.0, name="total")
    inputs = {"x": table(rows, (2,), "float32", "x"), "order": table(rows, (), "int32", "order")}

    def step(x, order):
        at = start + graph.constant(np.arange(size, dtype="int32"))
        taken = graph.take(x, graph.take(order, at))
        start.assign(start + size)
        total.assign(total + graph.sum(taken))
        return {"taken": taken, "total": total}

    return trace_graph(step, inputs), start, total


@pytest.mark.parametrize("sent", [False, True])
def test_data_that_do_not_fit_are_sent_batch_by_batch(sent, monkeypatch):
    if sent:
        monkeypatch.setattr(placement, "SHARE", 0.0)
    traced, start, total = taking(12, 3)
    program = Program(traced)
    program.window = 2  # so that four steps are two launches
    x, order = np.arange(24, dtype="float32").reshape(12, 2), np.arange(12, dtype="int32")[::-1]
    program.bind({"x": x, "order": order})
    found = program.run(4)
    assert program.sends_batches == sent
    np.testing.assert_array_equal(found["taken"].reshape(12, 2), x[::-1])
    np.testing.assert_array_equal(found["total"], np.cumsum(x[::-1].reshape(4, -1).sum(1)))
    assert (int(start.numpy()), float(total.numpy())) == (12, x.sum())
    assert ("x" in program.held) == (not sent)


def test_positions_that_follow_from_the_batch_are_not_known_beforehand():
    x, order = table(8, (), "int32", "x"), table(8, (), "int32", "order")
    at = graph.Variable(0, dtype="int32")

    def step(x, order):
        taken = graph.take(x, graph.take(order, graph.reshape(at, (1,))))
        at.assign(graph.sum(taken))
        return {"taken": taken}

    assert TableReads(trace_graph(step, {"x": x, "order": order})).size == 0


# The names


def test_auto_takes_the_engine_that_knows_of_several_devices():
    distribution.set_distribution(distribution.DataParallel())
    assert engines.get("auto").name == "jax"


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda: distribution.DataParallel(devices=["gpu:7"]), "gpu:7"),
        (lambda: distribution.DataParallel(devices=[]), "no device"),
        (lambda: distribution.DataParallel(devices=["cpu:0", "cpu:0"]), "twice"),
        (lambda: distribution.DataParallel(devices=["cpu:0", "cpu:1"]), "JAX_NUM_CPU_DEVICES=2"),
        (lambda: distribution.DataParallel(devices=["cpu:0", "cpu:7"]), "JAX_NUM_CPU_DEVICES=8"),
        (lambda: distribution.DataParallel(devices=["cpu:7"]), "JAX_NUM_CPU_DEVICES=8"),
        (lambda: distribution.DataParallel(device_mesh=object()), "one axis"),
        (lambda: distribution.set_distribution("all"), "DataParallel()"),
    ],
)
def test_what_cannot_be_meant_is_an_error(act, told):
    with pytest.raises(ArgumentError) as error:
        act()
    assert told in str(error.value)


def test_made_devices_of_a_cpu_are_no_advice_for_others():
    with pytest.raises(ArgumentError) as error:
        distribution.DataParallel(devices=["gpu:0", "gpu:1"])
    assert "JAX_NUM_CPU_DEVICES" not in str(error.value)


def test_devices_have_the_names_of_keras():
    names = distribution.list_devices()
    assert names
    assert distribution.list_devices("CPU") == [n for n in names if n.startswith("cpu:")]
    assert (distribution.list_devices("tpu"), distribution.get_device_count("tpu")) == ([], 0)


def test_without_jax_the_command_is_told(monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: None if n == "jax" else found(n))
    with pytest.raises(ImportError, match=r"pip install 'grafito\[jax\]'"):
        distribution.list_devices()
