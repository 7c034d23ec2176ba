"""Every experiment in a short form: it leaves what it should, with its figures."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from grafito import lab, language
from grafito.errors import ArgumentError, UnknownNameError
from grafito.lab import record
from grafito.lab.report import write_report
from grafito.lab.report.context import context_of
from grafito.lab.report.recorded_run import FILES, read_run

# Figures and tables that the forms of an experiment show.
TRAINING = {"network", "curves"}
CLASSES = {"confusion", "classes", "predictions", "hardest"}
TOGETHER = {"curves", "results"}
CHANCES = {"roc", "precision-recall", "calibration", "thresholds"}

SHOWN = ("figure", "player", "table")
# What those of an experiment show besides that stand side by side.
BESIDE = {
    "cifar10-dense depths": {"objective-two-hidden", "objective-two-hidden-tanh", "plateau"},
    "cifar10-relu": {"objective-linear-cce"},
    "mnist-permuted": {"permuted", "confusion"},
    "overfitting remedies": {"weights", "pixels", "validation"},
    "ice-creams outlier": {"fit"},
    "ice-creams bias": {"bias"},
    "ice-creams scales": {"scales"},
    "moons": {"regions", "goal"},
    "xor architectures": {"graph-plain", "graph-concatenated", "zoom"},
    "xor batches": {"graph-full-batch", "graph-one-by-one", "zoom"},
}

OF_THE_RUN = {"configuration.json", "index.json", "metrics.json", "report.html"}

SAME_IN_SPANISH = {"L1", "L2", "dropout"}

FEWEST_WORDS, MOST_WORDS = 250, 900  # of a page in each language, outside its tables

# A row for each experiment: settings for an even shorter run, and what else a single form shows.
# A variant that shows something else has a row of its own.
ROWS = {
    "digits": ({}, TRAINING | CLASSES),
    "mnist-dense": ({}, TRAINING | CLASSES),
    "fashion-dense": ({}, TRAINING | CLASSES | {"three"}),
    "cifar10-dense": ({}, TRAINING | CLASSES | {"objective"}),
    "cifar10-relu": ({}, TRAINING | CLASSES | {"objective"}),
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
    "xor": ({}, TRAINING | {"graph", "step"}),
    "parity": ({}, TRAINING),
    **{
        f"parity {variant}": ({"bits_each": [2, 3], "hidden_each": [1]}, {"sweep", "start-curves"})
        for variant in ("hidden-units", "bits", "narrow", "side-by-side")
    },
    "ice-creams": ({}, TRAINING | {"fit", "surface", "landscape", "graph", "step"}),
    "moons": ({}, TRAINING | {"regions", "goal"}),
    "moons plane": ({}, TRAINING | {"regions", "layers"}),  # test_moving.py: how they move
    "activation-graphs": ({}, {"functions", "when", "elu", "elu-step", "leaky_relu", "sigmoid"}),
    "two-neurons": ({}, {"layer", "layer-gradients", "layer-step"}),
    "approximation": ({"epochs": 3, "widths": [1, 2]}, {"widths", "fits"}),
    "one-update": ({}, {"thirst", "update", "update-step", "units", "weights"}),
    "dimensions": ({}, {"network", "shapes"}),
    "perceptron": ({}, set()),
    "convolution": ({}, {"steps"}),
    "boston": ({}, TRAINING | {"prediction"}),
    "california": ({"examples": 500}, TRAINING | {"prediction"}),
    "pima": ({"units": [9, 5]}, {"curves", "folds"} | CHANCES),
    "pima all": ({"units": [9, 5]}, {"curves", "folds"} | CHANCES - {"thresholds"}),
    **{
        f"alexnet {variant}": (
            {"examples": 8, "test_examples": 8, "batch_size": 8},
            TOGETHER | {"cost"},
        )
        for variant in ("against-vgg16", "against-vgg16-cifar100")
    },
    "logistic-map": ({}, TRAINING | {"fit", "forecast", "graph", "step"}),
    "imdb-dense": (
        {"examples": 200, "test_examples": 100, "words": 500},
        TRAINING | CHANCES | {"hardest"},
    ),
    "imdb-embedding": (
        {"examples": 200, "test_examples": 100, "words": 500},
        TRAINING | CHANCES | {"hardest"},
    ),
    "vanishing-gradient": (
        {"depths": [1, 3], "rates": [0.1]},
        {"derivatives", "norms", "initialisers", "depths", "curves", "dead", "saturated"},
    ),
    "descent-variants": (
        {"epochs": 3, "rates": [0.1], "steps": 9},
        {"batches", "batches-curves", "plain", "adaptive", "optimizers-curves", "optimizers"},
    ),
    "steepest-descent": ({"steps": 3}, {"directions", "rays", "rates", "rates-curves"}),
    "overfitting": ({"examples": 100, "function_epochs": 3, "units": [10]}, TRAINING | CLASSES),
    "overfitting function": ({"function_epochs": 3}, {"polynomials", "degrees", "networks"}),
}


# What a number in large type may be called: the end of its name, a loss or an accuracy for example.
SAID = {
    *("accuracy", "loss", "error", "errors", "updates", "deviation", "majority", "R²", "r2"),
    *("right", "patterns", "learn", "output", "images", "kilobytes", "tens", "slope", "days"),
    *("last", "before", "after", "degree", "response", "pooling", "parameters", "dead", "made"),
}


def check_headings(folder):
    """No two figures or tables of a page bear one title; numbers in large type say of what."""
    names = {}
    for lang in language.LANGUAGES:
        with language.use(lang):
            context = context_of(read_run(folder))
        for kinds in (("figure", "player"), ("table",)):
            titles = [block.title for block in context["blocks"] if block.kind in kinds]
            assert len(titles) == len(set(titles)), titles
        names[lang] = [name for name, _value in context["headlines"]]
    for english, spanish in zip(*names.values(), strict=True):
        assert re.split(r"[ _]", english)[-1] in SAID, english
        assert english != spanish or english == "R²"


def words_of(page):
    """How many words a page has outside tables, lists of settings and formulas."""
    main = page[page.index("<main") :]
    for gone in ("svg", "table", "dl", "math", "nav", "pre", "footer"):
        main = re.sub(rf"<{gone}\b.*?</{gone}>", " ", main, flags=re.DOTALL)
    kept = re.findall(r"<(p|figcaption|h[1-3])\b[^>]*>(.*?)</\1>", main, flags=re.DOTALL)
    return sum(len(re.sub(r"<[^>]+>", " ", text).split()) for _tag, text in kept)


def forms():
    """All experiments and variants, but of those that run side by side in another the first."""
    for name, kind in lab.kinds().items():
        inside = [v for variants in getattr(kind, "together", {}).values() for v in variants]
        for variant in kind.variants or [""]:
            if variant not in inside[1:]:
                yield name, variant


def read(result, name):
    return json.loads((result.folder / name).read_text())


def csv_rows(result, name):
    with (result.folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def as_parameter(name, variant):
    deep = (name, variant) in {
        ("alexnet", "cifar100"),
        ("alexnet", "against-vgg16"),
        ("alexnet", "against-vgg16-cifar100"),
        ("vgg16", "cifar10"),
    }
    return pytest.param(name, variant, marks=[pytest.mark.slow] if deep else [])


@pytest.mark.parametrize(("name", "variant"), [as_parameter(*form) for form in forms()])
def test_short_form(name, variant, tmp_path, little_data, monkeypatch):
    monkeypatch.setattr(record, "LANGUAGES", ["es"])  # test_languages.py draws in both
    monkeypatch.setattr(record, "PNG_DOTS", 30)
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
    listed = {entry[k] for entry in contents for k in FILES if k in entry}
    here = {path.name for path in result.folder.iterdir()}
    assert listed == here - OF_THE_RUN
    is_together = variant in getattr(experiment, "together", {})
    there = {Path(e["file"]).stem for e in contents if e["kind"] in SHOWN}
    more = BESIDE.get(name, set()) | BESIDE.get(f"{name} {variant}", set())
    assert there >= (TOGETHER | more if is_together else shown)
    lines = [len(csv_rows(result, e["file"])) for e in contents if e["kind"] == "history"]
    assert sum(lines) == result.epochs or not lines
    for lang in language.LANGUAGES:
        page = write_report(result.folder, lang=lang).read_text()
        assert FEWEST_WORDS <= (count := words_of(page)) <= MOST_WORDS, (lang, count)
        if lang == "es":  # what is quoted has its Spanish name
            assert set(re.findall("«([^»]+)»", page)) & {*experiment.variants} <= SAME_IN_SPANISH
    check_headings(result.folder)
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
    [{"epochs": 0}, {"batch_size": 0}, {"seed": -1}, {"epochs": 1.5}, {"units": "3"}, {"loss": 1}],
)
def test_impossible_settings(settings):
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        lab.get("digits", **settings)


def test_one_number_stands_for_a_list_of_one():
    assert lab.get("digits", units=3).units == (3,)


def test_whole_numbers_stand_for_floating_ones():
    assert lab.get("xor", learning_rate=1).learning_rate == 1.0
