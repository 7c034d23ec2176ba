"""Kernels compiled in other processes: the same code, whatever happens to those."""

import json
import subprocess
import sys
import warnings

import pytest

pytest.importorskip("llvmlite")

from grafito.engines.llvm.compilation import compiler, pool_worker, process_pool
from grafito.engines.llvm.compilation.kernel_cache import Source
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.compilation.process_pool import ProcessPool

TEXTS = [f"define i64 @f{n}() {{\n  ret i64 {n}\n}}\n" for n in range(9)]


@pytest.fixture(params=["a cache", "no cache"])
def folder(request, monkeypatch, tmp_path):
    """A cache of its own, or none."""
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path) if request.param == "a cache" else "")


@pytest.fixture
def machine(monkeypatch):
    """A machine; what is compiled in this process is noted in `compiled`."""
    made = Machine()
    made.compiled = []
    compile_ = made.compile
    made.compile = lambda text: made.compiled.append(text) or compile_(text)
    monkeypatch.setattr(process_pool, "TEXT_PER_PROCESS", 1)  # so that every text is worth a worker
    return made


def build(machine, workers=2, wait=True):
    """The machine code of all texts, and the processes that were there to help."""
    with ProcessPool(machine, workers) as who:
        for text in TEXTS:
            who.begin(Source(machine.key(text), lambda text=text: text))
        if wait:  # until the workers have taken what they can
            who._waiting.put(process_pool.END)
            for thread in who._threads:
                thread.join(0.5 if wait == "a little" else None)
        found = who.finish()
    return found, who._processes


@pytest.mark.usefixtures("folder")
def test_workers_compile_the_same_code(machine):
    found, processes = build(machine)
    assert len(processes) == 2
    assert not machine.compiled
    target = compiler.target_machine(machine.triple, machine.cpu, machine.features)
    assert found == [compiler.compile_text(text, target) for text in TEXTS]
    assert all(process.returncode is not None for process in processes)


def test_code_of_workers_is_kept(machine, monkeypatch, tmp_path):
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))
    found, _ = build(machine)
    again, processes = build(machine)
    assert again == found
    assert not processes


FAILING = {
    "ends at once": "",
    "cannot be started": None,
    "ends in the middle": "import sys; sys.stdin.buffer.read(3000)",
    "answers half": "import sys; sys.stdin.readline(); sys.stdout.write('x' * 11)",
    "answers nothing": "import time; time.sleep(1000)",
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("code", FAILING.values(), ids=FAILING)
def test_what_workers_do_not_return_is_compiled_here(machine, code, monkeypatch, tmp_path):
    file = tmp_path / "failing.py"
    if code is None:
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    else:
        file.write_text(code)
        monkeypatch.setattr(pool_worker, "__file__", str(file))
    process_pool._say_that_nobody_helps.cache_clear()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found, processes = build(machine, wait="a little")
    named = [w for w in told if "No other process" in str(w.message)]
    assert len(named) == (code is None)
    assert sorted(machine.compiled) == TEXTS
    assert len(set(found)) == len(TEXTS)
    assert all(process.returncode is not None for process in processes)


@pytest.mark.parametrize(
    ("name", "value"), [("executable", "/opt/app"), ("executable", None), ("frozen", True)]
)
def test_an_application_that_contains_python_is_not_started(machine, name, value, monkeypatch):
    monkeypatch.setattr(sys, name, value, raising=False)
    monkeypatch.setenv("GRAFITO_CACHE", "")
    found, processes = build(machine)
    assert len(found) == len(TEXTS)
    assert not processes


def test_an_interrupt_ends_the_workers(machine, monkeypatch):
    monkeypatch.setenv("GRAFITO_CACHE", "")

    def interrupted():
        with ProcessPool(machine, 1) as who:
            who.begin(Source(machine.key(TEXTS[0]), lambda: TEXTS[0]))
            while not who._processes:
                who._threads[0].join(0.01)
            running.append(who)
            raise KeyboardInterrupt

    running = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    running[0]._threads[0].join()
    assert running[0]._processes[0].returncode is not None


def test_a_worker_ends_where_its_input_does():
    """However its user ended."""
    machine = Machine()
    target = [machine.triple, machine.cpu, machine.features]
    settings = {"path": sys.path, "compiler": compiler.__file__, "target": target}
    with subprocess.Popen(
        [sys.executable, "-I", pool_worker.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        pool_worker.send(process.stdin, TEXTS[0].encode())
        assert pool_worker.receive(process.stdout) == machine.compile(TEXTS[0])
        process.stdin.close()
        try:
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_a_script_is_not_run_again(tmp_path):
    """One without `if __name__ == "__main__"`, as beginners write it."""
    script = tmp_path / "script.py"
    script.write_text(
        "print('begins')\n"
        "from grafito import engines, graph\n"
        "from grafito.engines.llvm.compilation import process_pool\n"
        "process_pool.TEXT_PER_PROCESS = 1\n"
        "x = graph.placeholder((50,), name='x')\n"
        "y = graph.sum(graph.cumsum(graph.exp(x)))\n"
        "g = graph.program.Graph({'x': x}, {'y': y}, {})\n"
        "from grafito.engines.llvm import Engine\n"
        "Engine(threads=3).compile(g)\n"
    )
    ran = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, timeout=300
    )
    assert ran.stdout == "begins\n"
    assert ran.stderr == ""
