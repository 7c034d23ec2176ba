"""Every experiment in a short form, and those that are quick in full."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from grafito import cli, lab, language, models
from grafito.errors import ArgumentError, UnknownNameError
from grafito.lab import record

# Figures and tables that the forms of an experiment show.
TRAINING = {"network", "curves"}
CLASSES = {"confusion", "classes", "predictions", "hardest"}
TOGETHER = {"curves", "results"}

OF_THE_RUN = {"configuration.json", "index.json", "metrics.json", "report.html"}

# A row for each experiment: settings for an even shorter run, and what else a single form shows.
# A variant that shows something else has a row of its own.
ROWS = {
    "digits": ({}, TRAINING | CLASSES),
    "mnist-dense": ({}, TRAINING | CLASSES),
    "fashion-dense": ({}, TRAINING | CLASSES | {"three"}),
    "cifar10-dense": ({}, TRAINING | CLASSES),
    "cifar10-relu": ({}, TRAINING | CLASSES),
    "mnist-dense-conv": ({}, TRAINING | CLASSES),
    "mnist-permuted": ({}, TRAINING | CLASSES | {"permuted"}),
    "mnist-denoise": ({"units": [20, 9, 20]}, TRAINING | {"restored"}),
    "mnist-conv1": ({}, TRAINING | CLASSES | {"maps"}),
    "fashion-weighted": ({}, TRAINING | CLASSES | {"maps"}),
    "wide": ({"units": 50}, TRAINING | CLASSES | {"maps"}),
    "lenet": ({}, TRAINING | CLASSES | {"maps"}),
    "wide-against-lenet": ({"units": 50}, TOGETHER | {"errors", "confusion", "classes"}),
    "alexnet": (
        {"examples": 32, "test_examples": 16, "batch_size": 16},
        TRAINING | CLASSES | {"maps"},
    ),
    "vgg16": (
        {"examples": 8, "test_examples": 8, "batch_size": 8},
        TRAINING | CLASSES | {"maps"},
    ),
    "gan": ({"examples": 256}, {"curves", "strip", "network-generator", "network-discriminator"}),
    "xor": ({}, TRAINING | {"graph"}),
    "parity": ({}, TRAINING),
    **{
        f"parity {variant}": ({"bits_each": [2, 3], "hidden_each": [1]}, {"sweep"})
        for variant in ("hidden-units", "bits", "narrow")
    },
    "ice-creams": ({}, TRAINING | {"fit", "surface", "graph"}),
    "moons": ({}, TRAINING | {"regions", "goal"}),
    "activation-graphs": ({}, {"functions", "elu", "leaky_relu", "sigmoid", "tanh"}),
    "two-neurons": ({}, {"layer", "layer-gradients"}),
    "perceptron": ({}, set()),
    "convolution": ({}, {"steps"}),
    "boston": ({}, TRAINING | {"prediction"}),
    "california": ({"examples": 500}, TRAINING | {"prediction"}),
    "pima": ({"units": [9, 5]}, {"curves", "folds"}),
    "logistic-map": ({}, TRAINING | {"fit", "forecast", "graph"}),
    "imdb-dense": ({"examples": 200, "test_examples": 100}, TRAINING | {"hardest"}),
    "imdb-embedding": ({"examples": 200, "test_examples": 100}, TRAINING | {"hardest"}),
    "vanishing-gradient": (
        {"depths": [1, 3], "rates": [0.1]},
        {"derivatives", "norms", "initialisers", "depths", "curves", "dead"},
    ),
    "descent-variants": (
        {"epochs": 3, "rates": [0.1], "steps": 9},
        {"batches", "batches-curves", "plain", "adaptive", "optimizers-curves", "optimizers"},
    ),
    "overfitting": ({"examples": 100, "function_epochs": 3}, TRAINING | CLASSES),
    "overfitting function": ({"function_epochs": 3}, {"polynomials", "degrees", "networks"}),
}


def forms():
    """All experiments and variants, but of those that run side by side in another the first."""
    for name, kind in lab.kinds().items():
        inside = [v for variants in getattr(kind, "together", {}).values() for v in variants]
        for variant in kind.variants or [""]:
            if variant not in inside[1:]:
                yield name, variant


def run(tmp_path, name, variant=None, **settings):
    return lab.run(lab.get(name, variant, **settings), out=tmp_path, verbose=0)


def read(result, name):
    return json.loads((result.folder / name).read_text())


def csv_rows(result, name):
    with (result.folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def history(result):
    return csv_rows(result, "history.csv")


@pytest.mark.parametrize(("name", "variant"), list(forms()))
def test_short_form(name, variant, tmp_path, little_data, monkeypatch):
    monkeypatch.setattr(record, "LANGUAGES", ["es"])  # test_runs.py draws in both
    settings, shown = ROWS.get(f"{name} {variant}", ROWS[name])
    experiment = lab.get(name, variant, quick=True)
    if "epochs" in experiment.settings():
        settings = {"epochs": 1, **settings}
    experiment = experiment.with_settings(**settings)
    for source in experiment.sources():
        little_data(source)
    result = lab.run(experiment, out=tmp_path, lang="es", verbose=0)
    assert result.is_complete
    configuration = read(result, "configuration.json")
    assert configuration["status"] == "complete"
    assert configuration["variant"] == variant
    contents = read(result, "index.json")
    listed = {entry[k] for entry in contents for k in ("file", "png") if k in entry}
    here = {path.name for path in result.folder.iterdir()}
    assert listed == here - OF_THE_RUN
    is_together = variant in getattr(experiment, "together", {})
    there = {Path(entry["file"]).stem for entry in contents if entry["kind"] in ("figure", "table")}
    assert there >= (TOGETHER if is_together else shown)
    lines = [len(csv_rows(result, e["file"])) for e in contents if e["kind"] == "history"]
    assert sum(lines) == result.epochs or not lines
    numbers = read(result, "metrics.json")
    assert {name: numbers[name] for name in result.metrics} == result.metrics
    if "results" not in there:  # else each number bears the name of its form
        names = [name for name in list(result.metrics)[:2] if name != "r2"]  # a symbol
        with language.use("es"):
            assert all(language.in_words(name) != name.replace("_", " ") for name in names)


def test_every_experiment_has_a_row():
    kinds = lab.kinds()
    forms_of_rows = [row.split() for row in ROWS]
    assert set(kinds) == {name for name, *_ in forms_of_rows}
    assert all(kinds[name].variants.keys() >= set(variant) for name, *variant in forms_of_rows)


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
    metrics = run(tmp_path, "parity", bits=3, hidden=5, epochs=2).metrics
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


WRONG = {
    "experiment": (lambda: lab.get("minst-dense"), "mnist-dense"),
    "variant": (lambda: lab.get("xor", "plane"), "plain"),
    "no variants": (lambda: lab.get("digits", "large"), "none"),
    "setting": (lambda: lab.get("parity", bist=3), "bits"),
}


@pytest.mark.parametrize("call", WRONG)
def test_unknown_names(call):
    make, near = WRONG[call]
    with pytest.raises(UnknownNameError, match=near):
        make()


@pytest.mark.parametrize(
    "settings",
    [{"epochs": 0}, {"batch_size": 0}, {"seed": -1}, {"epochs": 1.5}, {"units": 3}, {"loss": 1}],
)
def test_impossible_settings(settings):
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        lab.get("digits", **settings)


def test_whole_numbers_stand_for_floating_ones():
    assert lab.get("xor", learning_rate=1).learning_rate == 1.0
