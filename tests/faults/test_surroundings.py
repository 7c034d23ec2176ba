"""Outputs that cannot show every letter, settings of other programs, folders named by `~`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from grafito.language import PLAINER

ASCII = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

TRAINING = """
import numpy as np
from grafito import Sequential, layers
model = Sequential([layers.Input((2,)), layers.Dense(1)])
model.compile("sgd", "mse", engine="reference")
model.summary()
history = model.fit(np.ones((4, 2), "f"), np.ones((4, 1), "f"), epochs=2, verbose=2)
print(len(history.epoch))
"""
CACHE = """
import sys
from grafito.engines.llvm.compilation import disk_cache
from grafito.datasets.store import cache_folder
disk_cache.write("a", b"content")
print(disk_cache.folder(), cache_folder())
"""


def run(*command, **more):
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        env={**os.environ, **more},
        check=False,
    )
    text = done.stdout.decode() + done.stderr.decode()
    assert "Traceback" not in text, text
    return done.returncode, text


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_training_whose_output_is_ascii(lang):
    code, text = run("-c", TRAINING, **ASCII, GRAFITO_LANG=lang)
    assert code == 0, text
    assert text.strip().endswith("2")


COMMANDS = {
    "draw": ["draw", "x²+α·x"],
    "list": ["list", "--lang", "es"],
    "help": ["--help"],
    "an error": ["draw", "x²+", "--lang", "es"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_whose_output_is_ascii(name):
    code, text = run("-m", "grafito", *COMMANDS[name], **ASCII, GRAFITO_LANG="es")
    assert code == (2 if name == "an error" else 0), text


@pytest.mark.parametrize(("encoding", "value"), [("cp1252", "-0,736"), ("ascii", "-0,736")])
def test_a_negative_number_on_a_console_without_a_minus(encoding, value):
    """The console of Windows in western Europe has no U+2212."""
    surroundings = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "grafito", "draw", "exp(-x^2)", "--at", "x=1", "--lang", "es"],
        capture_output=True,
        env=surroundings,
        check=True,
    )
    shown = done.stdout.decode(encoding)
    assert value in shown
    assert "?" not in shown


def test_powers_are_written_with_a_caret():
    assert "3·10⁻⁵ < x² < 10¹²".encode("ascii", PLAINER) == b"3*10^-5 < x^2 < 10^12"


def test_a_backend_that_matplotlib_does_not_know(tmp_path):
    out = tmp_path / "a.svg"
    code, text = run("-m", "grafito", "draw", "x+1", "--out", str(out), MPLBACKEND="nonsense")
    assert code == 0, text
    assert "MPLBACKEND" in text
    assert out.read_bytes().endswith(b"</svg>\n")


def test_the_cache_below_the_home_folder(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    code, text = run("-c", CACHE, GRAFITO_CACHE="~/kept", HOME=str(tmp_path / "home"))
    assert code == 0, text
    assert (tmp_path / "home" / "kept" / "code" / "a").exists()
    assert not os.listdir(tmp_path / "here")


@pytest.mark.skipif(os.name != "posix", reason="a pipe of the shell")
def test_a_reader_that_has_had_enough():
    command = f"{sys.executable} -m grafito list | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
    assert len(done.stdout.splitlines()) == 1
