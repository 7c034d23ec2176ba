"""Experiments of one's own: run from their file, and repeated by the command in their report."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from grafito import cli, lab
from grafito.errors import ArgumentError, FileError, UnknownNameError
from grafito.lab.experiments.parity import Xor
from grafito.lab.runner import command

PROGRAM = """
from dataclasses import dataclass
from grafito import lab
from grafito.lab import Experiment, Training
import beside

@dataclass(frozen=True, kw_only=True)
class Houses(lab.Experiment):
    name = "houses"
    what = "Prices."
    units: tuple = (4, 3)
    rate: float = 0.5
    word: str = "a"

    def conduct(self, record):
        record.metrics({"units": sum(self.units), "rate": self.rate})

if __name__ == "__main__":
    result = lab.run(Houses(units=(8,)), verbose=0, out="runs")
"""
SECOND = PROGRAM.replace("class Houses", "class Flats")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "one.py").write_text(PROGRAM)
    (tmp_path / "two.py").write_text(PROGRAM + SECOND)
    (tmp_path / "none.py").write_text("x = 1")
    bare = "from grafito import lab\nclass Bare(lab.Experiment):\n    def run(self): pass"
    (tmp_path / "bare.py").write_text(bare)
    (tmp_path / "nameless.py").write_text(PROGRAM.replace('name = "houses"', ""))
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "soft.py").write_text(
        "from dataclasses import dataclass\nfrom grafito import lab\n"
        "@dataclass\nclass Soft(lab.Experiment):\n    name = 'soft'\n"
    )
    (tmp_path / "beside.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(folder, pattern="runs/houses/*"):
    (path,) = folder.glob(f"{pattern}/configuration.json")
    return json.loads(path.read_text())


def test_the_report_says_how_to_repeat_it(folder):
    subprocess.run([sys.executable, "one.py"], check=True, cwd=folder)
    said = told(folder)["command"]
    assert said.startswith("grafito run one.py:Houses --seed 1 ")
    assert "--set 'units=[8]'" in said
    page = next(folder.glob("runs/houses/*/report.html")).read_text()
    assert "grafito run one.py:Houses" in page
    done = CliRunner().invoke(cli.app, [*shlex.split(said)[1:], "--out", "again"])
    assert done.exit_code == 0, done.stderr
    again = told(folder, "again/houses/*")
    assert again["command"] == said
    assert again["settings"]["units"] == [8]


# What is asked for, and the settings that come of it, or the error.
ASKED = {
    "class": (["one.py:Houses"], {"units": [4, 3]}),
    "file": (["one.py"], {"units": [4, 3]}),
    "one of two": (["two.py:Flats"], {"units": [4, 3]}),
    "path": (["./one.py:Houses"], {}),
    "one number of several": (["one.py", "--set", "units=4"], {"units": [4]}),
    "several numbers": (["one.py", "--set", "units=[4,2]"], {"units": [4, 2]}),
    "a whole number": (["one.py", "--set", "rate=2"], {"rate": 2.0}),
    "two classes": (["two.py"], "Flats, Houses"),
    "no such class": (["one.py:House"], "try        'Houses'"),
    "no such file": (["zero.py:Houses"], "There is no such file."),
    "no experiment": (["none.py"], "holds no experiment"),
    "one without conduct": (["bare.py:Bare"], "def conduct(self, record)"),
    "the only one without conduct": (["bare.py"], "The experiment 'Bare' is not complete"),
    "one without a name": (["nameless.py"], 'try        name = "mine"'),
    "one that is not frozen": (["soft.py"], "try        @dataclass(frozen=True, kw_only=True)"),
    "a broken file": (["broken.py"], "ZeroDivisionError: division by zero"),
    "a word for numbers": (["one.py", "--set", "units=many"], "try        units=[4,3]"),
    "a word for a number": (["one.py", "--set", "rate=fast"], "try        rate=0.5"),
    "a number for a word": (["one.py", "--set", "word=3"], "try        word=word"),
}


@pytest.mark.parametrize("case", ASKED)
def test_experiments_in_files(case, folder):
    words, expected = ASKED[case]
    done = CliRunner().invoke(cli.app, ["run", *words])
    if isinstance(expected, str):
        assert done.exit_code in (1, 2)
        assert expected in done.stderr
        assert "Traceback" not in done.stderr
        return
    assert done.exit_code == 0, done.stderr
    assert expected.items() <= told(folder)["settings"].items()


def test_in_python(folder):
    assert type(lab.get("one.py:Houses", rate=2)).__name__ == "Houses"
    for name, error in (
        ("zero.py", FileError),
        ("none.py", ArgumentError),
        ("two.py", UnknownNameError),
        ("one", UnknownNameError),
    ):
        with pytest.raises(error):
            lab.get(name)


@dataclass(frozen=True, kw_only=True)
class Own(Xor):
    """One in a file."""


def test_commands():
    assert re.match(r"grafito run \S*test_own.py:Own ", command(Own(), "auto"))
    assert command(lab.get("xor"), "auto").startswith("grafito run xor ")
    inside = dataclass(frozen=True, kw_only=True)(type("Inside", (Xor,), {"__module__": "none"}))
    assert command(inside(), "auto") == ""
