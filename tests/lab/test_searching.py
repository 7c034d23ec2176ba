"""A search of settings: what is read, refused, kept, gone on with and concluded."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from grafito import figures, lab, layers, models
from grafito.errors import ArgumentError, UnknownNameError
from grafito.lab import searching
from grafito.lab.searching import trials as trials_of
from grafito.lab.searching.findings import findings_of
from grafito.lab.searching.trials import Trial

READ = {
    "learning_rate=0.001,0.01,0.1": {"learning_rate": [0.001, 0.01, 0.1]},
    "a=1,b=2,3": {"a": [1], "b": [2, 3]},
    "units=10,50": {"units": [10, 50]},
    "units=[10],[50]": {"units": [[10], [50]]},
    "units=[100,50], [10],optimizer=sgd,adam": {
        "units": [[100, 50], [10]],
        "optimizer": ["sgd", "adam"],
    },
}


@pytest.mark.parametrize("text", READ)
def test_read(text):
    assert lab.read_lists(text) == READ[text]


@pytest.mark.parametrize("text", ["a=0,01", "learning_rate=0,001,0,01"])
def test_decimal_commas_are_no_lists(text):
    with pytest.raises(ArgumentError, match="with a point") as error:
        lab.read_lists(text)
    assert lab.read_lists("a=" + error.value.rows["try"])["a"][-1] == 0.01


# Experiment, settings, what the error says, and the settings that it proposes.
REFUSED = {
    "unknown setting": ("digits", {}, {"learning_rat": [1, 2]}, "'learning_rate'"),
    "one value only": ("digits", {}, {"learning_rate": [0.01]}, "several values"),
    "nothing": ("digits", {}, {}, "several values"),
    "no number": ("digits", {}, {"learning_rate": [0.1, "fast"]}, "a value of type float"),
    "impossible value": ("digits", {}, {"epochs": [1, 0]}, "too small"),
    "given twice": ("digits", {}, {"epochs": [1, 2, 1]}, "given twice"),
    "ten thousand": (
        "digits",
        {},
        {"epochs": range(1, 101), "batch_size": range(1, 101)},
        "100 x 100 values, 3 seeds: 30,000 trainings",
    ),
    "no validation": ("ice-creams", {}, {"learning_rate": [0.1, 1.0]}, "no validation part"),
    "follows the test": ("alexnet", {}, {"learning_rate": [0.1, 1.0]}, "follows the test part"),
    "several networks": ("imdb-dense", {}, {"l2": [0.1, 1.0]}, "one network"),
    "no network": ("gan", {}, {"epochs": [1, 2]}, "one network"),
    "seeds": ("digits", {}, {"seed": [1, 2]}, "how the others are judged"),
    "no seeds": ("digits", {"seeds": 0}, {"epochs": [1, 2]}, "at least one seed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, tmp_path):
    name, options, space, message = REFUSED[case]
    with pytest.raises((ArgumentError, UnknownNameError)) as error:
        lab.search(lab.get(name), space, out=tmp_path, **options)
    assert message in str(error.value)
    assert not list(tmp_path.iterdir())
    fix = error.value.rows.get("try", "")
    if fix.startswith("--set"):  # what is proposed is accepted, beside what was typed
        proposed = lab.read_lists(",".join(fix.replace("--set", "").split()))
        merged = {**space, **proposed}
        merged.setdefault("epochs", [1, 2])
        one, found = searching.prepare(lab.get(name), merged, 3)
        assert one.validation_split
        assert found


@dataclass(frozen=True, kw_only=True)
class Line(lab.Training):
    """A line with noise; the test part says that it was looked at."""

    name = "line"
    what = "A line."
    epochs: int = 2
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    loss: str = "mse"
    metrics: tuple[str, ...] = ()
    validation_split: float = 0.25
    units: tuple[int, ...] = ()

    def load(self) -> Any:
        x = np.linspace(-1, 1, 40, dtype="float32")[:, None]
        return (x, 2 * x), Untouchable()

    def limited(self, data: Any) -> Any:
        return data

    def network(self, x: np.ndarray) -> models.Sequential:
        hidden = [layers.Dense(n, activation="relu") for n in self.units]
        return models.Sequential([layers.Input((1,)), *hidden, layers.Dense(1)])


class Untouchable:
    """A test part of which nothing may be asked."""

    def __iter__(self):
        raise AssertionError("the test part was looked at")

    __getitem__ = __len__ = __iter__


def search(tmp_path, space, **options):
    return lab.search(Line(), space, out=tmp_path, verbose=0, engine="reference", **options)


def test_the_test_part_is_never_looked_at(tmp_path):
    found = search(tmp_path, {"learning_rate": [0.01, 0.5], "units": [(2,), (8, 4)]}, seeds=2)
    assert found.is_complete
    assert found.findings.lower
    assert len(list(found.folder.glob("trials/*.json"))) == 8
    assert found.findings.ranked[0].mean < found.findings.ranked[-1].mean
    told = json.loads((found.folder / "trials" / "0001.json").read_text())
    assert told["settings"] == {"learning_rate": 0.01, "units": [2]}
    assert len(told["history"]["val_loss"]) == 2


def test_a_second_start_goes_on(tmp_path, monkeypatch, capsys):
    space = {"learning_rate": [0.01, 0.1, 0.5]}
    attempt, made = trials_of.attempt, []

    def killed(*given):
        made.append(given)
        if len(made) == 5:
            raise KeyboardInterrupt
        return attempt(*given)

    monkeypatch.setattr(searching, "attempt", killed)
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path, space)
    (folder,) = tmp_path.glob("search/*")
    (folder / "trials" / "0002.json").write_text('{"settings": ')  # torn by another program
    again = lab.search(Line(), space, out=tmp_path, engine="reference")
    assert again.folder == folder
    assert again.is_complete
    assert len(made) == 5 + 6
    assert "3 of 9 trainings are done" in capsys.readouterr().out


def test_another_search_begins_anew(tmp_path):
    first = search(tmp_path, {"learning_rate": [0.01, 0.1]}, seeds=1)
    second = search(tmp_path, {"learning_rate": [0.01, 0.1]}, seeds=1)
    third = search(tmp_path, {"learning_rate": [0.01, 0.2]}, seeds=1)
    assert len({first.folder, second.folder, third.folder}) == 3


def test_what_is_interrupted_is_told(tmp_path, monkeypatch):
    attempt, made = trials_of.attempt, []

    def interrupted(*given):
        made.append(given)
        return attempt(*given) if len(made) < 3 else None

    monkeypatch.setattr(searching, "attempt", interrupted)
    found = search(tmp_path, {"learning_rate": [0.01, 0.1]})
    assert (found.trials, found.planned, found.is_complete) == (2, 6, False)
    assert "the same command goes on" in found.table()
    assert "It was interrupted." in found.page.read_text()


def test_settings_that_diverge_or_fail_are_no_candidates(tmp_path):
    found = search(tmp_path, {"learning_rate": [0.1, 1e30], "optimizer": ["sgd", "nothing"]})
    names = [one.name for one in found.findings.ranked]
    assert names == ["learning_rate=0.1, optimizer=sgd"]
    assert "did not stay finite: learning_rate=0.1, optimizer=nothing" in found.table()
    assert "Unknown optimizer" in found.page.read_text()


# Scores of each value of a setting, and what is said of them.
JUDGED = {
    "a winner": ({0.1: [0.97, 0.98, 0.975], 0.01: [0.9, 0.91, 0.905]}, "each of the 1 others"),
    "noise": ({0.1: [0.97, 0.93, 0.95], 0.01: [0.96, 0.92, 0.94]}, "No winner can be named: all"),
    "two of three": (
        {0.1: [0.97, 0.96, 0.965], 0.01: [0.96, 0.965, 0.955], 0.001: [0.5, 0.51, 0.505]},
        "within the noise of the seeds are rate=0.01. The 1 others are worse",
    ),
    "one seed": ({0.1: [0.9], 0.01: [0.8]}, "(--seeds 5)"),
    "the upper edge": ({0.1: [0.97, 0.98, 0.975], 0.01: [0.9, 0.91, 0.905]}, "try 1 too"),
    "the lower edge": ({8: [0.5, 0.51, 0.505], 4: [0.9, 0.91, 0.905]}, "try 2 too"),
    "nothing": ({0.1: [np.nan], 0.01: [np.nan]}, "No combination has a number"),
}


@pytest.mark.parametrize("case", JUDGED)
def test_verdict(case):
    scores, expected = JUDGED[case]
    trials = [
        Trial(
            {"rate": rate},
            seed,
            "complete" if np.isfinite(score) else "diverged",
            {"accuracy": score} if np.isfinite(score) else {},
        )
        for rate, each in scores.items()
        for seed, score in enumerate(each)
    ]
    found = findings_of({"rate": list(scores)}, "accuracy", trials)
    told = searching.Search(None, None, found, len(trials), len(trials)).table("en")
    assert expected in told
    assert (found.winner is None) == (case not in ("a winner", "the upper edge", "the lower edge"))


def test_a_smaller_network_that_is_as_good_is_named():
    trials = [
        Trial({"units": [n]}, seed, "complete", {"loss": 0.5 + 0.1 * seed + n / 1e6}, parameters=n)
        for n in (4, 64)
        for seed in range(3)
    ]
    trials = [dataclasses.replace(t, numbers={"loss": 1 - t.numbers["loss"]}) for t in trials]
    found = findings_of({"units": [(4,), (64,)]}, "loss", trials)
    assert found.ranked[0].settings == {"units": (64,)}
    assert (
        "units=[4] comes within one standard deviation of the best and is smaller, with 4"
        in " ".join(searching.Search(None, None, found, 6, 6).table().splitlines())
    )


def test_heat_maps():
    panels = {
        "l2=0": {(8, 0.1): [0.5, 0.7], (8, 1.0): [0.9, 0.9]},
        "l2=1": {(8, 0.1): [], (8, 1.0): [0.1, np.nan]},
    }
    sheet = figures.heat_map(panels, names=("units", "learning rate", "loss"), lang="es")
    assert [text.get_text() for text in sheet.axes[0].texts] == ["0,600\n± 0,141", "0,900\n± 0,000"]
    assert [text.get_text() for text in sheet.axes[1].texts] == ["–", "–"]
    assert sheet.axes[0].get_xlabel() == "tasa de aprendizaje"
    with pytest.raises(ArgumentError, match="no results"):
        figures.heat_map({(1, 2): []})


def test_three_settings_have_a_map_for_each_value_of_the_third(tmp_path):
    space = {"learning_rate": [0.01, 0.1], "units": [(2,), (4,)], "batch_size": [8, 16]}
    found = search(tmp_path, space, seeds=1)
    entries = json.loads((found.folder / "index.json").read_text())
    assert [entry["file"] for entry in entries if entry["kind"] == "figure"] == ["scores.svg"]
    assert "batch_size=16" in (found.folder / "scores.svg").read_text()
