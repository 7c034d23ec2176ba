"""`grafito doctor`, and the cache of what XLA compiles."""

import os
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

pytest.importorskip("jax")

from grafito import cli, lab
from grafito.lab import doctor


def by_name():
    return {check.what: check for check in lab.examine()}


def test_what_is_here_is_told(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path))
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GRAFITO_THREADS", "3")
    checks = by_name()
    assert not [check for check in checks.values() if check.wrong]
    assert checks["threads"].found == "3"
    assert checks["data"].found == str(tmp_path)
    assert "cpu" in checks["engine jax: devices"].found
    assert checks["engine jax: compiled code"].found == str(tmp_path / "cache" / "jax")
    assert {
        "grafito",
        "numpy",
        "engine jax: jaxlib",
        "memory that is free",
        "results",
    } <= checks.keys()


def test_what_is_wrong_is_marked(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path / "none"))
    (tmp_path / "runs").write_text("a file where results should go")
    monkeypatch.setattr(doctor, "COMPANIONS", ("numpy", "abacus"))
    wrong = {name for name, check in by_name().items() if check.wrong}
    assert wrong == {"data", "results", "abacus"}
    done = CliRunner().invoke(cli.app, ["doctor", "--lang", "es"])
    assert done.exit_code == 1
    assert "no se puede escribir" in done.stdout


@pytest.mark.slow
def test_processes_add_up_numbers(capfd):
    lab.launch(["doctor"], 2)
    assert "2 processes: 1 MiB added up" in capfd.readouterr().out


def test_what_xla_compiles_is_kept_for_the_user_alone(tmp_path):
    script = (
        "import numpy as np\nfrom grafito import Input, Sequential, layers\n"
        "m = Sequential([Input((2,)), layers.Dense(1)])\nm.compile('sgd', 'mse', engine='jax')\n"
        "m.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)\n"
    )
    environment = {**os.environ, "GRAFITO_CACHE": str(tmp_path)}
    kept = []
    for _ in range(2):
        subprocess.run([sys.executable, "-c", script], check=True, env=environment)
        kept.append(sorted(path.name for path in (tmp_path / "jax").glob("*-cache")))
    assert any("steps" in name for name in kept[0])
    assert kept[0] == kept[1]
    assert stat.S_IMODE((tmp_path / "jax").stat().st_mode) == 0o700
