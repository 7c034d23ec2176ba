"""A report states the settings that were used, and what a user chooses is used."""

from __future__ import annotations

import json
import shlex

import pytest
from lab.run_folders import run_folder

from grafito import datasets, lab
from grafito.lab.report import write_report
from grafito.lab.runner import command, describe

# Each variant that puts several forms side by side.
OVERLAYS = [
    (name, variant)
    for name, kind in lab.kinds().items()
    for variant in kind.variants or [""]
    if kind.usual(variant).forms()
]


@pytest.fixture(autouse=True)
def unread(monkeypatch):
    """The files of the data are not looked into."""
    monkeypatch.setattr(datasets, "verify", lambda name: [])


@pytest.mark.parametrize(("name", "variant"), OVERLAYS)
def test_what_is_chosen_holds_for_all_forms(name, variant):
    """Also where it equals the default of the class, or of one of the forms."""
    usual = lab.get(name, variant)
    own = usual.settings()
    for setting, default in own.items():
        values = [default, *(f.settings().get(setting, default) for f in usual.forms().values())]
        for value in values:
            chosen = lab.get(name, variant, **{setting: value})
            assert chosen.changes()[setting] == value
            for form in chosen.forms().values():
                assert form.settings().get(setting, value) == value


@pytest.mark.parametrize(("name", "variant"), OVERLAYS)
def test_settings_have_a_column_for_each_form(name, variant):
    experiment = lab.get(name, variant)
    told = describe(experiment, "auto")
    assert told["forms"] == {n: form.settings() for n, form in experiment.forms().items()}
    for setting, value in told["settings"].items():
        assert all(own.get(setting, value) == value for own in told["forms"].values())


@pytest.mark.parametrize(("name", "variant"), OVERLAYS)
def test_the_command_of_several_forms_repeats_them(name, variant):
    changes = {} if name == "wide-against-lenet" else {"epochs": 7}
    for experiment in (lab.get(name, variant), lab.get(name, variant, **changes)):
        words = shlex.split(command(experiment, "auto"))
        options = dict(zip(words[3::2], words[4::2], strict=False))
        epochs = options.get("--epochs")
        again = lab.get(name, variant, epochs=int(epochs) if epochs else None)
        assert {n: f.settings() for n, f in again.forms().items()} == {
            n: f.settings() for n, f in experiment.forms().items()
        }


def test_the_page_shows_what_each_network_used(tmp_path):
    result = lab.run(lab.get("moons", epochs=2), out=tmp_path, verbose=0)
    configuration = json.loads((result.folder / "configuration.json").read_text())
    assert "learning_rate" not in configuration["settings"]
    used = {name: own["learning_rate"] for name, own in configuration["forms"].items()}
    assert used == {"overfitting": 0.003, "sigmoid": 0.1, "relu": 0.1}
    page = write_report(result.folder, lang="es").read_text()
    settings = page[page.index('id="settings"') :]
    for shown in ("0,003", "100; 70; 50", "relu", "sigmoid"):
        assert f">{shown}</td>" in settings


VARIANTS = [(name, v) for name, kind in lab.kinds().items() for v in kind.variants or [""]]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_every_departure_from_the_course_has_its_reason(name, variant):
    """And no reason is given where there is none."""
    usual = lab.get(name, variant)
    for setting, said in {**usual.said.get("", {}), **usual.said.get(variant, {})}.items():
        together = variant in getattr(usual, "together", {})
        assert together or (usual.settings()[setting] != said.value) == bool(said.why), setting


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_the_course_can_be_asked_for(name, variant):
    course = lab.get(name, variant, course=True)
    for form in [course, *course.forms().values()]:
        for said in describe(form, "auto")["course_settings"].values():
            assert [row["here"] for row in said] == [row["course"] for row in said]
    assert ("--course" in command(course, "auto")) == course.as_course
    chosen = lab.get(name, variant, course=True, seed=7)
    assert all(form.seed == 7 for form in chosen.forms().values())


def test_what_is_chosen_wins_over_the_course():
    assert lab.get("moons", "relu", course=True).epochs == 3000
    assert lab.get("moons", course=True, epochs=500).forms()["relu"].epochs == 500


def test_the_page_states_departures_and_their_reasons(tmp_path):
    result = lab.run(lab.get("moons", epochs=2), out=tmp_path, verbose=0)
    for lang, why in (("en", "Adam arrives within 500 epochs."), ("es", "Adam llega")):
        page = write_report(result.folder, lang=lang).read_text()
        part = page[page.index('<section id="course">') :]
        assert why not in part  # of 500 epochs; these are 2
        assert ("ReLU overfits" if lang == "en" else "ReLU sobreajusta") in part


DEPARTS = {"": [{"setting": "epochs", "course": 20, "here": 5, "why": ""}]}
SAME = {"": [{"setting": "epochs", "course": 5, "here": 5, "why": ""}]}

# What a run tells of the course, and what its page says of a run with the course's settings.
OF_THE_COURSE = {
    "no run": ({"course_settings": DEPARTS}, "it is not known what", "with its settings"),
    "a run": (
        {"course_settings": DEPARTS, "course_runs": {"accuracy": 0.9}},
        ">with its settings<",
        "not known",
    ),
    "a shorter run": (
        {"course_settings": DEPARTS, "course_runs": {"accuracy": 0.9, "epochs": 3}},
        "with its settings, 3 epochs",
        "not known",
    ),
    "as in the course": ({"course_settings": DEPARTS, "as_course": True}, "</html>", "not known"),
    "the same settings": ({"course_settings": SAME}, "</html>", "not known"),
    "an older version": (
        {"course_settings": {"": [{"setting": "epochs"}]}},
        "</html>",
        "not known",
    ),
    "no text at all": ({"course_settings": {"": "epochs"}}, "</html>", "not known"),
}


@pytest.mark.parametrize("case", OF_THE_COURSE)
def test_a_page_says_whether_there_is_a_run_with_the_settings_of_the_course(case, tmp_path):
    told, there, gone = OF_THE_COURSE[case]
    page = write_report(run_folder(tmp_path / "run", **told), lang="en").read_text()
    assert there in page
    assert gone not in page
