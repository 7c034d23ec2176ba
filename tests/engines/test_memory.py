"""The memory of a program is known before it runs; what the machine has not is refused."""

import os

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from grafito import Input, layers, models, utils
from grafito.engines import format_bytes, resources
from grafito.engines.llvm import budget
from grafito.errors import OutOfMemoryError


def network(engine="llvm"):
    model = models.Sequential(
        [
            Input((12, 12, 1)),
            layers.Conv2D(6, 3, activation="relu", name="images"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.2, name="random"),
            layers.Dense(10, "softmax", name="classes"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], engine=engine)
    return model


def train(model, n=64, batch_size=64):
    model.fit(
        np.zeros((n, 12, 12, 1), "float32"), np.zeros(n, int), batch_size=batch_size, verbose=0
    )
    return [compiled.program for compiled in model._executor._programs.values() if compiled.trains]


def memory_line(model, **options):
    texts = []
    model.summary(print_fn=texts.append, **options)
    return next((s for s in texts[0].splitlines() if "Memory" in s), None)


def test_a_program_allocates_what_it_says():
    (program,) = train(network())
    table = program._table
    ours = [
        array.nbytes
        for entry, array in enumerate(table.arrays)
        if entry not in {e for e, *_ in [*table._inputs, *table._outputs]}
    ]
    assert program.memory.total == sum(ours)
    assert program.memory.working == table.arrays[0].nbytes


def test_a_look_at_the_memory_leaves_the_model_alone():
    seen = []

    def parts():
        kept_for_later = ("last_outputs", "_functional")  # made once, when it is asked for
        return {name: part for name, part in vars(model).items() if name not in kept_for_later}

    class Own(models.Sequential):
        def train_step(self, data):
            seen.append(parts())
            return super().train_step(data)

    model = Own([Input((4,)), layers.Dense(2)])
    model.compile("sgd", "mse", engine="llvm")
    before = parts()
    assert memory_line(model, batch_size=8)
    assert seen
    assert all(each == before for each in [*seen, parts()])


def test_the_summary_says_the_same_before_and_after_the_first_step():
    model = network()
    before = memory_line(model, batch_size=64)
    assert model._executor.step_counter.numpy() == 0
    (program,) = train(model)
    assert before == memory_line(model) == memory_line(model, batch_size=64)
    assert format_bytes(program.memory.total) in before
    assert memory_line(model, batch_size=640) != before


def test_a_summary_leaves_no_mark_on_the_training():
    results = []
    for look in (False, True):
        utils.set_random_seed(7)
        model = network()
        if look:
            model.summary(print_fn=str)
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(40, 12, 12, 1)).astype("float32"), rng.integers(0, 10, 40)
        results.append((model.fit(x, y, verbose=0).history, model.get_weights()))
    assert results[0][0] == results[1][0]
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_engines_that_do_not_know_say_nothing():
    assert memory_line(network("reference")) is None


def test_too_large_a_batch_is_refused_before_the_first_step(monkeypatch):
    needed = {n: train(network(), 1000, n)[0].memory.total for n in (60, 1000)}
    monkeypatch.setattr(budget, "available_memory", lambda: needed[60])
    model = network()
    with pytest.raises(OutOfMemoryError) as caught:
        train(model, 1000, 1000)
    message = str(caught.value)
    assert f"batch_size=1000: {format_bytes(needed[1000])}" in message
    assert f"at most {format_bytes(needed[60])}" in message
    assert "most of it in sequential" in message
    assert "/random:" in message  # the random words of dropout, and what becomes of them
    assert format_bytes(needed[1000]) in memory_line(model, batch_size=1000)
    fits = int(message.rsplit("batch_size=", 1)[1])
    assert 32 <= fits <= 64
    assert model._executor.step_counter.numpy() == 0
    train(model, fits, fits)
    monkeypatch.setattr(budget, "available_memory", lambda: 1000)
    with pytest.raises(OutOfMemoryError, match="not even one example fits"):
        train(network(), 1000, 1000)


FILES = {
    "system": ({"proc/meminfo": "MemTotal: 99 kB\nMemAvailable:    7 kB\n"}, 7 * 1024),
    "group": (
        {
            "proc/meminfo": "MemAvailable: 7 kB\n",
            "proc/self/cgroup": "0::/user/job\n",
            "sys/fs/cgroup/user/job/memory.max": "max\n",
            "sys/fs/cgroup/user/job/memory.current": "10\n",
            "sys/fs/cgroup/user/memory.max": "5000\n",
            "sys/fs/cgroup/user/memory.current": "3000\n",
            "sys/fs/cgroup/user/memory.stat": "anon 1\ninactive_file 500\n",
        },
        2500,
    ),
    "older group": (
        {
            "proc/self/cgroup": "3:cpu:/a\n4:memory:/b\n",
            "sys/fs/cgroup/memory/b/memory.limit_in_bytes": "900\n",
            "sys/fs/cgroup/memory/b/memory.usage_in_bytes": "1000\n",
        },
        0,
    ),
    "none": ({}, None),
}


@pytest.mark.parametrize("name", FILES)
def test_the_memory_left_is_read_from_the_system(name, tmp_path):
    files, expected = FILES[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert budget.available_memory(tmp_path) == expected


def test_this_system_says_how_much_memory_is_left():
    left = budget.available_memory()
    assert left is None or left > 2**20


GROUPS = {  # files, processors
    "half a processor": (
        {"proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/cpu.max": "50000 100000\n"},
        1,
    ),
    "two and a half, of the group above": (
        {
            "proc/self/cgroup": "0::/user/job\n",
            "sys/fs/cgroup/user/job/cpu.max": "max 100000\n",
            "sys/fs/cgroup/user/cpu.max": "250000 100000\n",
        },
        3,
    ),
    "older group": (
        {
            "proc/self/cgroup": "3:cpu,cpuacct:/a\n4:memory:/b\n",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "300000\n",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
        },
        3,
    ),
    "older group without a limit": (
        {
            "proc/self/cgroup": "3:cpu,cpuacct:/a\n",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
        },
        16,
    ),
    "none": ({}, 16),
}


@pytest.mark.parametrize("name", GROUPS)
def test_threads_are_as_many_as_the_processors_that_a_container_has(name, tmp_path, monkeypatch):
    monkeypatch.delenv("GRAFITO_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    files, expected = GROUPS[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert resources.thread_count(tmp_path) == expected


def test_without_affinity_all_processors_are_counted(tmp_path, monkeypatch):
    monkeypatch.delenv("GRAFITO_THREADS", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert resources.thread_count(tmp_path) == 6
    monkeypatch.setattr(resources, "_fast_cores", lambda: 4)
    assert resources.thread_count(tmp_path) == 4
