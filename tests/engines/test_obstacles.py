"""Machines that cannot run compiled code train all the same, and the reason is named once."""

import importlib.util
import platform
import subprocess
import sys
import textwrap
import warnings

import pytest

pytest.importorskip("llvmlite")

from grafito import engines, set_language
from grafito.engines.llvm.compilation import executable_memory
from grafito.engines.llvm.compilation.machine import Machine
from grafito.errors import GrafitoWarning, GraphError

OBSTACLES = {  # what to change, and a word of the reason
    "another processor": ((platform, "machine", lambda: "riscv64"), "processor", "procesador"),
    "a Python of 32 bits": ((sys, "maxsize", 2**31 - 1), "32 bits", "32 bits"),
    "no llvmlite": ((importlib.util, "find_spec", lambda name: None), "llvmlite", "llvmlite"),
    "no executable memory": (
        (executable_memory, "permitted", lambda: False),
        "executable",
        "ejecutable",
    ),
}


@pytest.fixture(params=OBSTACLES)
def obstacle(request, monkeypatch):
    """A word of the reason in two languages."""
    change, english, spanish = OBSTACLES[request.param]
    monkeypatch.setattr(*change)
    engines._warn_that_it_is_slow.cache_clear()
    yield english, spanish
    engines._warn_that_it_is_slow.cache_clear()


def test_the_engine_that_is_left_is_taken_and_the_reason_named_once(obstacle):
    with pytest.warns(GrafitoWarning, match=obstacle[0]) as told:
        assert engines.get("auto").name == "reference"
    assert "reference" in str(told[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert engines.get("auto").name == "reference"
        assert engines.get("reference").name == "reference"
    assert not engines.available("llvm")
    set_language("es")
    try:
        assert obstacle[1] in str(told[0].message)
        assert obstacle[0] == obstacle[1] or obstacle[0] not in str(told[0].message)
    finally:
        set_language(None)


def test_code_that_may_not_run_is_an_error_in_words(monkeypatch):
    monkeypatch.setattr(executable_memory, "permitted", lambda: False)
    with pytest.raises(GraphError, match="executable"):
        Machine().link([])


def test_this_machine_has_no_obstacle():
    assert engines.get("auto").name == "llvm"


@pytest.mark.parametrize("engine", ["auto", "llvm"])
def test_a_process_whose_memory_is_refused(engine, tmp_path):
    """Linux 6.3 lets a process give up executable memory; LLVM alone would end it by a signal."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import ctypes, sys
            if sys.platform != "linux" or ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
                sys.exit("skip")
            import numpy as np
            from grafito import layers, models
            model = models.Sequential([layers.Input((3,)), layers.Dense(2)])
            model.compile("sgd", "mse", engine={engine!r})
            print(model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0).history["loss"])
        """)
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=300, check=False
    )
    if done.stderr == "skip\n":
        pytest.skip("this system has no such refusal")
    assert "This process may not make memory executable." in done.stderr
    assert done.returncode == (0 if engine == "auto" else 1)
