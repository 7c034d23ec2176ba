"""A report states the settings that were used, and what a user chooses is used."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from lab.run_folders import run_folder

from grafito import datasets, engines, lab
from grafito.lab.course import CHOSEN
from grafito.lab.folder import RunFolder
from grafito.lab.prose.sentence import UNJUDGED, Formula, Sentence, unjudged
from grafito.lab.prose.tasks_by_hand import ACTIVATION_GRAPHS, LEAKY_SLOPE
from grafito.lab.prose.telling import _one_of
from grafito.lab.record import Record
from grafito.lab.report import write_markdown, write_report
from grafito.lab.runner import command, describe
from grafito.models import load_model

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


def test_title_and_task_are_those_of_the_variant():
    for variant in lab.get("moons").variants:
        told = describe(lab.get("moons", variant), "auto")
        is_of_three = "100-70-50" in told["asked"]
        assert ("three networks" in told["what"]) == is_of_three
        assert is_of_three == (variant not in ("plane", "linear-units", "linear"))


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


def test_the_accuracy_in_training_is_that_of_the_saved_network(tmp_path):
    """The one of the history is a mean over an epoch in which the weights change."""
    experiment = lab.get("moons", "overfitting", epochs=20)
    result = lab.run(experiment, out=tmp_path, lang="en", verbose=0)
    x, y = experiment.load()[0]
    model = load_model(result.folder / "model.safetensors")
    measured = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
    assert result.metrics["training_accuracy"] == pytest.approx(measured, abs=1e-6)
    running = float((result.folder / "history.csv").read_text().splitlines()[-1].split(",")[1])
    assert running != pytest.approx(measured, abs=1e-4)


def test_what_is_held_out_is_left_out_of_the_accuracy_in_training(tmp_path, little_data):
    little_data("mnist")
    experiment = lab.get("mnist-dense", epochs=2, examples=200, test_examples=50)
    result = lab.run(experiment, out=tmp_path, lang="en", verbose=0)
    (x, y), _ = experiment.limited(experiment.load())
    model = load_model(result.folder / "model.safetensors")
    whole = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
    training, held_out = (result.metrics[f"{p}_accuracy"] for p in ("training", "validation"))
    assert 180 * training + 20 * held_out == pytest.approx(200 * whole, abs=1e-3)
    last = (result.folder / "history.csv").read_text().splitlines()[-1].split(",")
    assert held_out == pytest.approx(float(last[3]), abs=1e-6)


# Variants that no other puts side by side and for which the words of their experiment hold.
SAID_OF_ALL = {
    "alexnet": {"cifar100"},
    "vgg16": {"cifar100"},
    "parity": {"few", "hidden-units", "bits", "narrow", "side-by-side"},
    "perceptron": set(),
    "convolution": {"horizontal", "diagonal"},
    "vanishing-gradient": {"digits"},
    "descent-variants": {"bowl"},
}


@pytest.mark.parametrize("name", lab.kinds())
def test_what_a_page_says_of_the_task_fits_each_variant(name):
    kind = lab.kinds()[name]
    beside = {form for variant in kind.variants for form in kind.usual(variant).forms()}
    for variant in list(kind.variants)[1:]:
        is_several = bool(kind.usual(variant).forms())
        own = kind.task.of(variant).told != kind.task.told
        assert own or is_several or variant in beside | SAID_OF_ALL.get(name, set()), variant


def test_one_form_of_several_says_so(tmp_path):
    for variant, told in (("relu", "--variant all"), ("plane", "The course does not ask for it")):
        result = lab.run(lab.get("moons", variant, epochs=1), out=tmp_path, lang="en", verbose=0)
        page = (result.folder / "report.html").read_text(encoding="utf-8")
        page = re.sub(r"<[^>]+>", "", page)
        assert told in page
        assert ("the exercise, --variant relu. With" in page) == (variant == "relu")
        assert ("Three networks are compared" in page) == (variant == "relu")


def test_a_quick_form_does_not_judge(tmp_path):
    """What only all data and epochs can show is not said of fewer."""
    result = lab.run(lab.get("pima", quick=True, epochs=1), out=tmp_path, lang="en", verbose=0)
    contents = json.loads((result.folder / "index.json").read_text(encoding="utf-8"))
    (answers,) = [entry for entry in contents if entry.get("part") == "answers"]
    assert answers["paragraphs"] == [[UNJUDGED.entry()]]
    pages = [result.folder / "report.html", write_markdown(result.folder, lang="en")]
    for page in pages:
        assert "hold for this short run alone" in page.read_text(encoding="utf-8")


@pytest.fixture
def a_record(tmp_path):
    return Record(RunFolder(tmp_path, {}), engines.get("auto"), 0)


@pytest.mark.parametrize("quick", [False, True])
def test_a_judgement_is_left_out_of_a_quick_form(quick, a_record):
    judgement, plain = Sentence("As in the course.", judges=True), Sentence("It ended.")
    a_record.quick = quick
    a_record.words("findings", [[judgement, plain], [judgement]])
    a_record.words("answers", [[judgement]], "Is it as in the course?")
    told = json.loads((a_record.folder.path / "index.json").read_text(encoding="utf-8"))
    texts = [[[one["text"] for one in p] for p in entry["paragraphs"]] for entry in told]
    if quick:
        assert texts == [[["It ended."]], [[UNJUDGED.text]]]
    else:
        judged = "As in the course."
        assert texts == [[[judged, "It ended."], [judged]], [[judged]]]


def test_a_quick_form_of_the_settings_of_the_course_departs_from_nothing(a_record):
    """What was chosen for a run is no reason to say that nobody ran the course's settings."""
    row = {"setting": "epochs", "course": 30, "here": 2}
    for why, says in ((CHOSEN, False), ("Adam arrives earlier.", True)):
        path = a_record.folder.path / "configuration.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**told, "course_settings": {"": [{**row, "why": why}]}}))
        page = write_report(a_record.folder.path, lang="en").read_text(encoding="utf-8")
        assert ("No whole run with the course" in page) == says


def test_the_theory_has_the_functions_that_the_graphs_have():
    formulas = [one for part in ACTIVATION_GRAPHS.theory for one in part]
    told = [one.right for one in formulas if isinstance(one, Formula) and "leaky" in one.right]
    assert told == [f"leaky_relu(z, {LEAKY_SLOPE})"] * 2


def test_a_number_that_all_networks_have_is_said_once():
    assert _one_of({"a": 7, "b": 7}) == 7
    assert _one_of({"a": 7, "b": 8}) == {"a": 7, "b": 8}


def test_a_quick_form_says_once_that_it_does_not_judge():
    judged, plain = Sentence("It is better.", judges=True), Sentence("It ended.")
    assert unjudged([[judged], [judged]], answer=True) == [[UNJUDGED], []]
    assert unjudged([[plain], [judged]], answer=True) == [[plain], []]
    assert unjudged([[plain, judged]], answer=True) == [[plain, UNJUDGED]]
    assert unjudged([[judged]], answer=False) == [[]]
