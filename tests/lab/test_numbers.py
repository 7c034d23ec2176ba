"""Experiments that are quick, in full: the numbers that they reach, and how they come again."""

from __future__ import annotations

import csv
import json
import shlex

import numpy as np
import pytest
from typer.testing import CliRunner

from grafito import cli, lab, models

pytestmark = pytest.mark.usefixtures("undrawn")


def run(tmp_path, name, variant=None, **settings):
    return lab.run(lab.get(name, variant, **settings), out=tmp_path, verbose=0)


def read(result, name):
    return json.loads((result.folder / name).read_text())


def history(result):
    with (result.folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_digits(tmp_path):
    result = run(tmp_path, "digits")
    assert result.metrics["accuracy"] > 0.95
    model = models.load_model(result.folder / "model.safetensors")
    (_, (x, y)) = lab.get("digits").load()
    assert (model.predict(x, verbose=0).argmax(axis=1) == y).mean() == pytest.approx(
        result.metrics["accuracy"]
    )


@pytest.mark.slow
def test_mnist_dense_reaches_97_percent(tmp_path, real_data):
    real_data("mnist")
    assert run(tmp_path, "mnist-dense").metrics["accuracy"] > 0.97


@pytest.mark.slow
def test_fashion_dense_reaches_88_percent(tmp_path, real_data):
    real_data("fashion-mnist")
    assert run(tmp_path, "fashion-dense").metrics["accuracy"] > 0.88


def test_images_stay_bytes():
    x = np.zeros((4, 28, 28), "uint8")
    model = lab.get("mnist-dense").network(x)
    assert model.count_params() == 784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10
    assert model.predict(x, verbose=0).shape == (4, 10)


@pytest.mark.parametrize("variant", ["plain", "concatenated"])
def test_xor_learns(variant, tmp_path):
    assert run(tmp_path, "xor", variant).metrics["right"] == 4


def test_the_concatenated_output_sees_the_bits():
    x = lab.get("xor").load()[0][0]
    counts = [lab.get("xor", v).network(x).count_params() for v in ("plain", "concatenated")]
    assert counts == [9, 11]


def test_parity_needs_hidden_units(tmp_path):
    enough, few = (run(tmp_path, "parity", variant).metrics for variant in ("enough", "few"))
    assert enough["right"] == enough["patterns"] == 16
    assert few["right"] < 16


def test_parity_of_other_sizes(tmp_path):
    metrics = run(tmp_path, "parity", bits=3, hidden=5, epochs=2, starts=1).metrics
    assert metrics["patterns"] == 8


def test_trainings_of_a_sweep_are_counted(tmp_path):
    sweep = {"bits_each": [2], "hidden_each": [1, 2], "starts": 3, "epochs": 4}
    result = run(tmp_path, "parity", "narrow", **sweep)
    assert result.epochs == read(result, "metrics.json")["epochs"] == 2 * 3 * 4
    assert result.seconds > 0
    other_starts = run(tmp_path, "parity", "few", starts=3, epochs=4)
    assert other_starts.epochs == 4


def test_ice_creams_finds_the_least_squares_line(tmp_path):
    metrics = run(tmp_path, "ice-creams").metrics
    for name in ("loss", "slope", "intercept"):
        assert metrics[name] == pytest.approx(metrics[f"least_squares_{name}"], rel=1e-4)


@pytest.mark.parametrize("variant", ["sigmoid", "relu", "overfitting"])
def test_moons(variant, tmp_path):
    result = run(tmp_path, "moons", variant)
    assert result.metrics["accuracy"] > 0.92
    worse = result.metrics["loss"] / float(history(result)[-1]["loss"])
    assert (worse > 3) == (variant == "overfitting")


def test_same_seed_same_numbers(tmp_path):
    seeds = (5, 5, 6)
    first, again, other = (run(tmp_path, "moons", "relu", epochs=3, seed=seed) for seed in seeds)
    assert history(first) == history(again)
    assert history(first) != history(other)


def test_the_command_in_the_configuration_repeats_the_run(tmp_path):
    settings = {"units": [6, 5], "activation": "tanh", "epochs": 3, "seed": 9, "batch_size": 16}
    result = run(tmp_path / "first", "moons", "relu", **settings)
    words = shlex.split(read(result, "configuration.json")["command"])
    assert words[:3] == ["grafito", "run", "moons"]
    done = CliRunner().invoke(cli.app, [*words[1:], "--out", str(tmp_path / "second")])
    assert done.exit_code == 0
    (again,) = (tmp_path / "second" / "moons").iterdir()
    assert (again / "history.csv").read_bytes() == (result.folder / "history.csv").read_bytes()


def test_configuration_says_where_everything_comes_from(tmp_path):
    configuration = read(run(tmp_path, "digits", epochs=1), "configuration.json")
    assert configuration["engine"] != "auto"
    assert configuration["settings"]["seed"] == 1
    assert [data["name"] for data in configuration["data"]] == ["digits"]
    assert {"grafito", "python", "numpy"} <= configuration["versions"].keys()
