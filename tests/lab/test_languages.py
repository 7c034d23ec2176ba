"""What a run shows is in the language of its reader, whichever it ran in; what one types stays."""

from __future__ import annotations

import json
import re

import pytest

from grafito import lab, language
from grafito.lab.experiment import Experiment
from grafito.lab.report.page import draw

KEPT = {"en": "The figures keep", "es": "Las figuras conservan"}

# What the curves and the table of two trainings say.
SHOWN = {
    "en": {"full-batch", "one-by-one", "loss", "epoch"},
    "es": {"lote completo", "uno a uno", "pérdida", "época"},
}


def texts(page):
    """The texts of drawings, cells and headings."""
    found = re.findall(r"<(text|td|th|dt)\b[^>]*>([^<]+)</\1>", page.read_text())
    return {text for _, text in found}


def first_figure(run):
    contents = json.loads((run.folder / "index.json").read_text())
    return next(entry for entry in contents if entry["kind"] == "figure")


@pytest.fixture(scope="module", params=["en", "es"])
def run(request, tmp_path_factory):
    experiment = lab.get("xor", "batches", epochs=2)
    return lab.run(experiment, out=tmp_path_factory.mktemp("runs"), verbose=0, lang=request.param)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_run_is_read_in_either_language(run, lang):
    page = draw(run.folder, f"{lang}.html", lang)
    found = texts(page)
    (other,) = SHOWN.keys() - {lang}
    assert SHOWN[lang] <= found
    assert not SHOWN[other] & found
    assert KEPT[lang] not in page.read_text()
    assert "--variant full-batch | one-by-one" in page.read_text()
    (redrawn,) = first_figure(run)["others"]
    linked = re.findall(rf'href="{lang}/[^"]+\.(svg|png)"', page.read_text())
    assert set(linked) == ({"svg", "png"} if lang == redrawn else set())


def test_a_lost_drawing_is_replaced_by_the_other(run):
    first = first_figure(run)
    (lang,) = first["others"]
    for file in first["others"][lang].values():
        (run.folder / file).unlink()
    assert KEPT[lang] in draw(run.folder, "lost.html", lang).read_text()


def test_settings_stay_as_one_types_them(tmp_path):
    result = lab.run(lab.get("moons", "sigmoid", epochs=1), out=tmp_path, verbose=0, lang="es")
    text = (result.folder / "report.html").read_text()
    assert "<dd>sigmoid</dd>" in text
    assert "<dd>sigmoide</dd>" not in text


def test_names_of_forms_have_translations():
    say = language.translator("es")
    names = {
        form
        for name, kind in lab.kinds().items()
        for variant in kind.variants
        for form in lab.get(name, variant).forms()
    }
    assert len(names) > 20
    same = {name for name in names if say(name) == name}
    assert same <= {"AlexNet", "L1", "L2", "LeNet-5", "VGG16", "dropout"}


def test_a_figure_that_is_no_function_keeps_its_language(tmp_path):
    from grafito import figures

    class One(Experiment):
        name, what = "one", "One figure."

        def conduct(self, record):
            record.figure("curves", figures.curves({"loss": [1.0, 0.5]}), "Training")

    folder = lab.run(One(), out=tmp_path, verbose=0).folder
    page = draw(folder, "report.html", "es")
    assert "loss" in texts(page)
    assert KEPT["es"] in page.read_text()
