"""Reports: everything that a run left is on one page, in two languages, however the run ended."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from lab.run_folders import run_folder
from typer.testing import CliRunner

from grafito import cli, engines, figures, graph, insight, lab, layers, losses, models, utils
from grafito.errors import FileError, MissingDependencyError, UnknownNameError
from grafito.insight.page import script_hash
from grafito.lab import record
from grafito.lab.experiments import graphs
from grafito.lab.folder import RunFolder
from grafito.lab.prose import theory
from grafito.lab.prose.measures import R_SQUARED
from grafito.lab.report import numerals, pdf, pictures, players
from grafito.lab.report.blocks import WIDE_PICTURE, Block
from grafito.lab.report.recorded_run import read_history

VOID = {"meta", "img", "br", "wbr"}


class Page(html.parser.HTMLParser):
    """What a reader sees, and what the page is made of."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text()
        self.words, self.ids, self.links, self.tags, self.open = [], [], [], [], []
        self.labels = []
        self.feed(self.source)
        self.text = re.sub(r"[ \n]+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.labels += [given[key] for key in ("aria-label", "alt") if key in given]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title", "text", "tspan"):
            self.words.append(data)


def report(folder, lang="en"):
    return Page(lab.write_report(folder, lang=lang))


@pytest.fixture
def folder(tmp_path):
    return run_folder(tmp_path / "run")


SHOWN = {
    "en": [
        "Handwritten digits of 8 x 8",
        "What <b>can</b> it do?",
        "The course: about 90 %",
        "97.8\u202f%",
        "0.0777",
        "After 5 epochs at 0.25.",
        "Figure 1. Confusion matrix.",
        "Second & last.",
        "learning rate 0.003",
        "235,500",
        "Total params: 238,510 (931.7 KiB)",
        "a_very_long_name_that_goes_on (Dense)",
        "sandal",
        "256.0\u202fMiB",
        "1\u202fmin 05\u202fs",
        "a.gz: 12,345 images of 28 x 28",
        "grafito run digits --variant wide --seed 1",
        "TP1-2 · wide",
    ],
    "es": [
        "Las figuras conservan el idioma en que se dibujaron.",
        "Dígitos manuscritos de 8 × 8",
        "97,8\u202f%",
        "0,0777",
        "Figura 1. Matriz de confusión.",
        "tasa de aprendizaje 0,003",
        "235\u202f500",
        "Parámetros en total: 238\u202f510 (931,7 KiB)",
        "sandalia",
        "ejemplos 0,03",
        "12\u202f000",
        "exhaustividad",
        "licencia CC BY 4.0",
        "a.gz: 12\u202f345 imágenes de 28 × 28; el archivo publicado",
    ],
}


@pytest.mark.parametrize("lang", SHOWN)
def test_everything_is_on_the_page(lang, folder):
    page = report(folder, lang)
    assert [words for words in SHOWN[lang] if words not in page.text] == []
    assert "Partial" not in page.text
    assert "The figures keep" not in page.text
    assert f'<html lang="{lang}">' in page.source
    assert "/secret" not in page.source


def test_the_page_is_sound(folder):
    page = report(folder)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert len(inside) > 6
    assert set(inside) <= set(page.ids)
    assert all((folder / link).is_file() for link in page.links if not link.startswith("#"))


def test_the_page_needs_no_network_and_runs_nothing(folder):
    page = report(folder)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    sources = [given[key] for _, given in page.tags for key in ("src", "data") if key in given]
    assert all(source.startswith("data:") for source in sources)
    assert not re.search(r"@import|url\((?!#)", page.source)
    assert lab.write_report(folder).stat().st_size < 2_000_000


def test_lines_break_between_words_and_names_keep_their_letters(folder):
    told = {"text": "Right: {share} %, says {name}; see --seeds 5.", "values": {"share": 97.5}}
    contents = json.loads((folder / "index.json").read_text())
    contents.append({"kind": "words", "part": "findings", "paragraphs": [[told]]})
    (folder / "index.json").write_text(json.dumps(contents))
    tell(settings={"loss": "sparse_categorical_crossentropy", "seed": 1})(folder)
    (folder / "step.html").write_text("a step")
    page = report(folder)
    assert "Right: 97.5\u202f%, says" in page.text
    assert '<span class="whole">--seeds</span> 5.' in page.source
    assert "sparse_<wbr>categorical_<wbr>crossentropy" in page.source
    assert '<dt class="symbol">grafito</dt>' in page.source  # no capital of our own
    assert "<dt>machine</dt>" in page.source
    assert "step.html" in page.links
    assert "report.html" not in report(folder).links


def test_figures_are_described(folder):
    (folder / "curves.svg").unlink()
    assert "Confusion matrix. After 5 epochs at 0.25." in report(folder).labels
    run_folder(folder.with_name("two"))
    labels = report(folder.with_name("two")).labels
    assert "Confusion matrix. After 5 epochs at 0.25. loss (epoch)" in labels


def change(name, content):
    return lambda folder: (folder / name).write_text(content)


def tell(**told):
    def edit(folder):
        path = folder / "configuration.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | told))

    return edit


# What happened to a run, and what its report says of it.
def summary_of(summary):
    """What gives the model of a run this summary."""

    def harm(folder):
        path = folder / "index.json"
        entries = json.loads(path.read_text())
        entries = [{**e, "summary": summary} if e["kind"] == "model" else e for e in entries]
        path.write_text(json.dumps(entries))

    return harm


PARTIAL = {
    "interrupted": (tell(status="interrupted"), "It was interrupted."),
    "failed": (
        tell(status="failed", error="ValueError: no"),
        "ended with an error. ValueError: no",
    ),
    "killed": (tell(status="running"), "It has not ended, or it was killed."),
    "fewer epochs": (
        tell(status="interrupted", settings={"epochs": 9}),
        "5 of 9 epochs were done.",
    ),
    "no figure file": (lambda f: (f / "curves.svg").unlink(), "Missing or damaged: curves.svg."),
    "no table": (lambda f: (f / "classes.csv").unlink(), "The file classes.csv is missing"),
    "empty table": (change("classes.csv", ""), "The file classes.csv is missing or damaged"),
    "ragged table": (change("classes.csv", "a,b\n1"), "The file classes.csv is missing or damaged"),
    "a table without rows": (change("classes.csv", "alone,b\n"), "alone b"),
    "a summary as text": (summary_of("layer ┃ <b>12 ┃"), "layer ┃ <b>12 ┃"),
    "half a summary": (summary_of({"titles": ["layer"], "rows": 3}), "Confusion"),
    "a ragged summary": (
        summary_of({"titles": ["layer"], "rows": [[1, 2]], "totals": []}),
        "Confusion",
    ),
    "half an index": (change("index.json", '[{"kind": "fig'), "Missing or damaged: index.json."),
    "no index": (lambda f: (f / "index.json").unlink(), "Missing or damaged: index.json."),
    "strange index": (change("index.json", '[3, {"kind": "new"}, {"kind": "figure"}]'), "Partial"),
    "half the numbers": (change("metrics.json", '{"acc'), "Missing or damaged: metrics.json."),
    "half a history": (change("history.csv", "epoch,loss\n0,1.5\n1,"), "Confusion"),
    "half a drawing": (change("curves.svg", "<svg"), "Confusion"),
    "a description alone": (
        lambda f: [p.unlink() for p in f.iterdir() if p.name != "configuration.json"],
        "Missing or damaged: index.json.",
    ),
}


# What no run writes as an entry of its description.
STRANGE = {
    "a text": "x",
    "lists": [[1], {"name": 3, "files": 7}],
    "a dictionary": {"a": [1]},
    "a number": float("nan"),
    "nothing": None,
}
DESCRIBED = ("settings", "versions", "data", "seconds", "peak_memory", "seeds", "command", "what")
DESCRIBED += ("started", "engine", "variant", "asked", "course", "expected")


@pytest.mark.parametrize("case", STRANGE)
def test_descriptions_with_values_of_other_types_are_read(case, folder):
    tell(status="failed", **dict.fromkeys(DESCRIBED, STRANGE[case]))(folder)
    page = report(folder)
    assert page.open == []
    assert "configuration.json" in page.text


@pytest.mark.parametrize("case", PARTIAL)
def test_partial_runs(case, folder):
    harm, said = PARTIAL[case]
    harm(folder)
    page = report(folder)
    assert said in page.text
    assert page.open == []


def test_a_run_that_was_just_begun_says_what_is_missing(folder):
    tell(status="running")(folder)
    for path in folder.iterdir():
        if path.name != "configuration.json":
            path.unlink()
    text = report(folder).text
    for said in ("0 of 5 epochs", "no final numbers", "No trained network", "No figure"):
        assert said in text


# What a history holds, and the losses that are read.
HISTORIES = {
    "whole": ("epoch,loss\r\n0,1.5\r\n1,0.5\r\n", [1.5, 0.5]),
    "cut in a number": ("epoch,loss\n0,1.5\n1,0.", [1.5]),
    "cut behind a comma": ("epoch,loss\n0,1.5\n1,\n", [1.5]),
    "cut before a comma": ("epoch,loss\n0,1.5\n1\n", [1.5]),
    "titles alone": ("epoch,loss\n", []),
    "cut in its titles": ("epoch,lo", None),
    "empty": ("", None),
    "of bytes": ("epoch,loss\n0,\x00\n", []),
}


@pytest.mark.parametrize("case", HISTORIES)
def test_histories_are_read_as_far_as_they_go(case, tmp_path):
    text, losses = HISTORIES[case]
    (tmp_path / "history.csv").write_text(text, newline="")
    assert read_history(tmp_path / "history.csv").get("loss") == losses


UNUSABLE = {
    "nothing": (lambda folder: shutil.rmtree(folder), "no such folder"),
    "another folder": (lambda f: (f / "configuration.json").unlink(), "not the folder of a run"),
    "damaged": (change("configuration.json", "{"), "damaged"),
    "a folder in its place": (lambda f: (f / "report.html").mkdir(), "This is a folder"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_folders_that_cannot_be_used(case, folder):
    harm, message = UNUSABLE[case]
    harm(folder)
    with pytest.raises(FileError, match=message):
        lab.write_report(folder)


def test_the_folder_above_leads_to_its_newest_run(folder):
    with pytest.raises(FileError, match=r"try.*run$"):
        lab.write_report(folder.parent)


def test_an_unknown_language(folder):
    with pytest.raises(UnknownNameError, match="en, es"):
        lab.write_report(folder, lang="fr")


def test_long_tables_are_cut_and_say_so(folder):
    rows = "\n".join(f"{n},{n}.5" for n in range(1000))
    (folder / "classes.csv").write_text(f"row,half\n{rows}\n")
    page = report(folder)
    assert "The first 400 of 1000 rows; all are in the file classes.csv." in page.text
    assert "399.5" in page.text
    assert "400.5" not in page.text


def luminance(colour):
    """Of a colour as #rrggbb, by the rules for accessible pages (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "link"])
@pytest.mark.parametrize("ground", ["paper", "wash", "warn-wash"])
def test_letters_stand_out_from_their_ground(ink, ground, scheme, folder):
    colours = re.findall(r"--([\w-]+): (#[0-9a-f]{6});", report(folder).source)
    found = {name: [c for n, c in colours if n == name][scheme] for name in (ink, ground)}
    low, high = sorted(map(luminance, found.values()))
    assert (high + 0.05) / (low + 0.05) >= 4.5


# Pictures


def test_ids_of_drawings_are_unique(folder):
    entries = [{"file": "curves.svg"}, {"file": "curves.svg"}]
    first, second = pictures.embed(entries, folder)
    ids = [set(re.findall(r' id="([^"]+)"', one.html)) for one in (first, second)]
    assert len(ids[0]) > 10
    assert not ids[0] & ids[1]
    for one, own in zip((first, second), ids, strict=True):
        used = re.findall(r'(?:url\(|href=")#([^")]+)', one.html)
        assert len(used) > 10
        assert set(used) <= own


# What stands in a drawing that somebody else made, and words that may not be on the page.
HOSTILE = {
    "script": ("<script>x()</script>", "script"),
    "capitals": ("<SCRIPT>x()</SCRIPT>", "script"),
    "handler": ('<path d="M0 0" onload="x()"/>', "onload"),
    "handler in capitals": ('<path d="M0 0" ONCLICK="x()"/>', "onclick"),
    "style": ('<style>@import "y"</style>', "import"),
    "link": ('<a href="http://z"><path d="M0 0"/></a>', "http://z"),
    "script as link": ('<use xlink:href="javascript:x()"/>', "javascript"),
    "page as image": ('<image href="data:image/svg+xml;base64,PHN2Zz4="/>', "svg+xml"),
    "image": ('<image href="https://z/a.png"/>', "https"),
    "part of an image": ('<image href="#a"/>', "href"),
    "refresh": ('<META xmlns="" http-equiv="refresh" content="0; url=//z"/>', "refresh"),
    "other names": ('<x:meta xmlns:x="http://www.w3.org/1999/xhtml" content="z"/>', "meta"),
    "form": ('<form xmlns="" action="//z"><input/></form>', "form"),
    "frame": ('<iframe xmlns="" src="//z"/>', "iframe"),
    "page inside": ('<foreignObject><body xmlns="">z</body></foreignObject>', "body"),
    "animation": ('<set attributeName="href" to="//z"/>', "attributename"),
    "places on the page": ('<g style="position:fixed;top:0;fill:red"/>', "position"),
    "loaded colour": ('<path d="M0 0" fill="url(http://z)"/>', "http://z"),
    "loaded colour, hidden": ('<path d="M0 0" style="fill: u\\72l(http://z)"/>', "http://z"),
    "loaded by a style": ('<path style="fill: image-set(&quot;//z&quot;)"/>', "image-set"),
    "base": ('<base xmlns="" href="//z"/>', "base"),
    "instruction": ('<?xml-stylesheet href="//z"?>', "stylesheet"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_drawings_keep_nothing_that_acts(case, folder):
    inside, word = HOSTILE[case]
    (folder / "curves.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' viewBox="0 0 9 9" onload="x()">{inside}<path id="kept" d="M0 0"/></svg>'
    )
    (picture, *_) = pictures.embed([{"file": "curves.svg"}], folder)
    assert "kept" in picture.html
    assert word not in picture.html.lower()
    page = report(folder)
    assert page.open == []


def test_what_matplotlib_draws_stays(folder):
    sheet = figures.confusion_matrix([[5, 1], [2, 7]], title="a")
    sheet.savefig(folder / "a.svg")
    count = [node for node in ElementTree.parse(folder / "a.svg").iter() if "svg}" in node.tag][1:]
    (picture,) = pictures.embed([{"file": "a.svg"}], folder)
    kept = list(ElementTree.fromstring(picture.html).iter())[1:]
    gone = {node.tag.rpartition("}")[2] for node in count} - {
        node.tag.rpartition("}")[2] for node in kept
    }
    assert gone <= {"metadata", "style", "title"}
    for attribute in ("style", "clip-path", "transform", "d"):
        assert sum(attribute in n.attrib for n in kept) == sum(attribute in n.attrib for n in count)


# Drawings that cannot be read, which are shown as pixels or linked.
DAMAGED = {
    "half": "<svg",
    "no size": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "two numbers": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0"/>',
    "no number": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 nan 1"/>',
    "endless": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 inf 1"/>',
    "deep": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
    + "<g>" * 20_000
    + "</g>" * 20_000
    + "</svg>",
    "no drawing": '<svg viewBox="0 0 9 9"/>',
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_drawings_become_links(case, folder):
    (folder / "a.svg").write_text(DAMAGED[case])
    assert [p.html for p in pictures.embed([{"file": "a.svg"}], folder)] == [""]


# Names of files in an index, and what is secret beside the folder of the run.
LEAVING = {
    "above": "../secret.svg",
    "absolute": "{parent}/secret.svg",
    "there and back": "curves/../../secret.svg",
    "a link": "link.svg",
    "a folder that is a link": "folder/secret.svg",
    "a zero": "a\0b.svg",
    "a number": 3,
}


@pytest.mark.parametrize("key", ["file", "png", "others"])
@pytest.mark.parametrize("case", LEAVING)
def test_an_index_names_files_of_its_folder_alone(case, key, folder):
    secret = folder.parent / "secret.svg"
    secret.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>secret</text></svg>'
    )
    (folder / "link.svg").symlink_to(secret)
    (folder / "folder").symlink_to(folder.parent)
    name = LEAVING[case]
    name = name.format(parent=folder.parent) if isinstance(name, str) else name
    entry = {"kind": "figure", "file": "none.svg", "title": "wrong"}
    entry |= {"others": {"en": {"file": name}}} if key == "others" else {key: name}
    table = {"kind": "table", "file": name, "title": "wrong"}
    (folder / "index.json").write_text(json.dumps([entry, table]))
    page = report(folder)
    assert "secret" not in page.source.replace("secret.svg", "")
    assert "Missing or damaged: index.json" in page.text


def test_links_to_other_runs_and_files_are_not_followed(folder, tmp_path):
    other = run_folder(tmp_path / "other", what="secret what", seed=7)
    (folder / "seed-7").symlink_to(other)
    (folder / "itself").symlink_to(folder)
    (folder / "metrics.json").unlink()
    (folder / "metrics.json").symlink_to(other / "metrics.json")
    target = tmp_path / "precious"
    target.write_text("kept")
    (folder / "report.html").symlink_to(target)
    page = report(folder)
    assert "secret what" not in page.text
    assert "Missing or damaged: metrics.json" in page.text
    assert target.read_text() == "kept"
    (folder / "configuration.json").unlink()
    (folder / "configuration.json").symlink_to(other / "configuration.json")
    with pytest.raises(FileError, match="damaged"):
        report(folder)


EVIL = "<img src=x onerror=alert(1)>"


def test_texts_of_a_run_are_no_html(folder):
    keys = "what asked course expected variant experiment engine command error"
    several = {"settings": {EVIL: EVIL, "seed": EVIL}, "data": [EVIL], "versions": {EVIL: EVIL}}
    tell(**dict.fromkeys(keys.split(), EVIL), **several, status="failed")(folder)
    (folder / "metrics.json").write_text(json.dumps({EVIL: 0.5}))
    (folder / "classes.csv").write_text(f"{EVIL},b\n{EVIL},2\n")
    (folder / "history.csv").write_text(f"epoch,{EVIL}\n0,1\n")
    entries = json.loads((folder / "index.json").read_text())
    entries = [{**e, **dict.fromkeys({"title", "caption", "text", "name"} & e.keys(), EVIL)}
               for e in entries]  # fmt: skip
    (folder / "index.json").write_text(json.dumps(entries))
    pages = [report(folder).source, report(folder, "es").source]
    pages.append(lab.compare([folder], out=folder / "out").page.read_text())
    for source in pages:
        assert EVIL not in source
        assert "onerror" in source


def test_the_policy_of_a_page(folder):
    policy = next(
        given["content"]
        for tag, given in report(folder).tags
        if tag == "meta" and given.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for name in ("default-src", "base-uri", "form-action"):
        assert rules[name] == "'none'"


# Players


@pytest.fixture
def played(folder):
    """A run that handed over a training step to go through."""
    run = record.Record(RunFolder(folder / "inside", {}), engines.get("auto"))
    run.player("step", insight.Player("w*x", {"w": 2.5, "x": 3.0}), "Training", "Second & last.")
    (inside,) = (folder / "inside").iterdir()
    return inside


def frame_of(page):
    return next((given for tag, given in page.tags if tag == "iframe"), None)


def test_the_weights_of_a_player_have_the_names_of_the_language(folder):
    """Those that grafito chose; a user's own names stay."""
    for ours, words in ((True, "salida/núcleo"), (False, "output/kernel")):
        inside = RunFolder(folder / f"inside-{ours}", {"ours": ours})
        run = record.Record(inside, engines.get("auto"))
        run.ours = ours
        model = models.Sequential([layers.Input((2,)), layers.Dense(1, name="output")])
        model.compile("sgd", "mse")
        run.player("step", insight.Player(model, np.ones((1, 2)), np.ones((1, 1))), "Training")
        page = report(inside.path, "es")
        assert words in page.text
        assert words.partition("/")[0] in frame_of(page)["srcdoc"]


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_player_is_on_the_page_and_its_script_alone_runs(lang, played):
    page = report(played, lang)
    frame = frame_of(page)
    assert frame["sandbox"] == "allow-scripts"
    assert f'<html lang="{lang}">' in frame["srcdoc"]
    assert frame["title"] == {"en": "Training", "es": "Entrenamiento"}[lang]
    assert f"script-src '{script_hash()}'" in page.source
    assert not {"script", "object"} & {tag for tag, _ in page.tags}
    assert {"en": "7.500", "es": "7,500"}[lang] in page.text
    assert {"en": "Each factor receives", "es": "Cada factor recibe"}[lang] in page.text
    text = lab.report.markdown.write_markdown(played, lang=lang).read_text()
    assert "step.html" in text
    assert r"| \#1 = w × x |" in text


def test_a_page_without_players_lets_nothing_run(folder):
    assert "script-src 'none'" in report(folder).source


# What somebody may have put in the place of a player, and what is said then.
OTHER_PLAYERS = {
    "another script": (lambda p: p.write_text("<script>x()</script>"), "cannot be shown"),
    "a script more": (
        lambda p: p.write_text(p.read_text() + "<script>x()</script>"),
        "cannot be shown",
    ),
    "too large": (lambda p: p.write_text(p.read_text() + " " * 300_000), "cannot be shown"),
    "no text": (lambda p: p.write_bytes(b"\xff\xfe"), "cannot be shown"),
    "nothing": (lambda p: p.unlink(), "missing or damaged"),
}


@pytest.mark.parametrize("case", OTHER_PLAYERS)
def test_another_file_in_place_of_a_player_stays_a_link(case, played):
    work, said = OTHER_PLAYERS[case]
    work(played / "step.html")
    page = report(played)
    assert frame_of(page) is None
    assert said in page.text
    assert "7.500" in page.text


def test_a_player_without_its_table_is_shown_all_the_same(played):
    (played / "step.csv").unlink()
    page = report(played)
    assert frame_of(page)
    assert "step.csv" in page.text


def test_players_have_their_share_of_the_page(played, monkeypatch):
    monkeypatch.setattr(players, "ROOM", 100)
    page = report(played)
    assert frame_of(page) is None
    assert "step.html" in page.text


def test_large_drawings_become_pixels_then_links(folder, monkeypatch):
    entry = {"file": "curves.svg", "png": "curves.png", "alt": "a & b"}
    ways = [pictures.embed([entry], folder)[0].html[:4]]
    monkeypatch.setattr(pictures, "LARGEST_DRAWING", 100)
    (pixels,) = pictures.embed([entry], folder)
    ways.append(pixels.html[:4])
    assert 'alt="a &amp; b"' in pixels.html
    monkeypatch.setattr(pictures, "ROOM", 100)
    ways.append(pictures.embed([entry], folder)[0].html)
    assert ways == ["<svg", "<img", ""]


def test_the_largest_pictures_give_way(folder, monkeypatch):
    sheet = figures.curves({"loss": [1.0, 0.5]})
    sheet.savefig(folder / "small.svg")
    entries = [{"file": "small.svg"}, {"file": "curves.svg", "png": "curves.png"}]
    sizes = [picture.size for picture in pictures.embed(entries, folder)]
    monkeypatch.setattr(pictures, "ROOM", sum(sizes) - 1)
    small, large = pictures.embed(entries, folder)
    assert (small.html[:4], large.html[:4]) == ("<svg", "<img")


def test_a_drawing_keeps_its_size(folder):
    box = ElementTree.parse(folder / "curves.svg").getroot().attrib["width"]
    (picture,) = pictures.embed([{"file": "curves.svg"}], folder)
    assert picture.width == pytest.approx(float(box.removesuffix("pt")) * 4 / 3)


# Numbers

COLUMNS = [
    (["1", "20"], "en", ["1", "20"]),
    (["12000", "7"], "es", ["12\u202f000", "7"]),
    (["0.123456", "0.5"], "es", ["0,1235", "0,5000"]),
    (["0.5", "12.25", ""], "en", ["0.50", "12.25", ""]),
    (["1", "0.5"], "en", ["1\u2008\u2007", "0.5"]),
    (["1234.5678", "1.5"], "en", ["1,234.57", "1.50"]),
    (["12345.678", "0.0764"], "es", ["12\u202f345,6780", "0,0764"]),
    (["-0.5", "1e-7"], "en", ["−0.5000", "1.0·10⁻⁷"]),
    (["nan", "0.25"], "en", ["NaN\u2008\u2007\u2007", "0.25"]),
    (["", ""], "en", None),
    (["a", "1"], "en", None),
]


@pytest.mark.parametrize(("cells", "lang", "shown"), COLUMNS)
def test_columns_are_aligned_by_their_decimals(cells, lang, shown):
    assert numerals.column(cells, lang) == shown


# The command


def test_the_command(folder, monkeypatch):
    done = CliRunner().invoke(cli.app, ["report", str(folder), "--lang", "es"])
    assert done.exit_code == 0
    assert done.stdout.split() == ["informe", str(folder / "report.html")]
    assert 'lang="es"' in (folder / "report.html").read_text()


def test_a_missing_browser_is_named(folder, monkeypatch):
    monkeypatch.setenv("PATH", "")
    done = CliRunner().invoke(cli.app, ["report", str(folder), "--pdf", "--lang", "es"])
    assert done.exit_code == 1
    assert "Chromium" in done.stderr
    with pytest.raises(MissingDependencyError, match="chromium"):
        lab.write_pdf(folder / "report.html")


def test_a_browser_that_fails(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: "/bin/false")
    with pytest.raises(FileError, match="did not print"):
        lab.write_pdf(lab.write_report(folder))


@pytest.mark.parametrize("lang", ["en", "es"])
def test_symbols_keep_their_size_where_words_begin_with_a_capital(lang, browser, folder):
    """A δ is not a Δ, and f(5) is not F(5)."""
    rows = ["unit,z,δ,f(−5),f'(0),x0,loss", *["1,2,3,4,5,6,7"] * 8]
    (folder / "symbols.csv").write_text("\n".join(rows), encoding="utf-8")
    index = json.loads((folder / "index.json").read_text())
    index.append({"kind": "table", "file": "symbols.csv", "title": "Symbols"})
    (folder / "index.json").write_text(json.dumps(index))
    page = browser.new_page()
    page.goto(lab.write_report(folder, lang=lang).as_uri())
    heads = page.evaluate(
        "[...document.querySelectorAll('th')].filter(e => getComputedStyle(e, '::first-letter')"
        ".textTransform != 'uppercase').map(e => e.textContent)"
    )
    assert [head for head in heads if head] == ["z", "δ", "f(−5)", "f'(0)", "x0"]


@pytest.mark.parametrize(("width", "is_wide"), [(900.0, False), (1100.0, True)])
def test_only_what_would_be_too_small_lies_on_its_side(width, is_wide, folder):
    """Each change between upright and lying sheets leaves one half empty."""
    assert Block("figure", "figure-1", width=width).is_wide == is_wide
    assert "max-width: 100%; max-height: 165mm" in report(folder).source


def test_graphs_of_reports_fit_an_upright_sheet():
    for variant, seed in (("plain", 0), ("concatenated", 0), ("concatenated", 11)):
        utils.set_random_seed(seed)
        form = lab.get("xor", variant)
        (x, y), _ = form.load()
        seen, targets = (
            graph.placeholder((1, *part.shape[1:]), name=n) for n, part in (("x", x), ("t", y))
        )
        loss = losses.get(form.loss)(targets, form.network(x)(seen))
        feeds = {"x": x[:1], "t": y[:1]}
        look = {"level": "functions", "most": graphs.WIDEST, "width": graphs.UPRIGHT}
        sheet = figures.draw_graph(loss, feeds, **look)
        assert 96 * sheet.get_figwidth() <= WIDE_PICTURE


@pytest.mark.skipif(not any(map(shutil.which, pdf.BROWSERS)), reason="no Chromium")
def test_pdf(folder):
    path = lab.write_pdf(lab.write_report(folder))
    assert path == (folder / "report.pdf").resolve()
    assert path.read_bytes().startswith(b"%PDF")
    assert not list(folder.glob("*partial*"))


def test_the_number_of_the_course_is_written_as_in_the_language(tmp_path):
    folder = run_folder(tmp_path / "run", expected="93.6 %")
    assert "93,6 %" in report(folder, "es").text


def test_formulas_are_shown_whole_in_a_browser(browser, folder):
    """In a browser none is higher than its line, which would cut it or give it a scroll bar."""
    run = record.Record(RunFolder(folder / "inside", {}), engines.get("auto"))
    formulas = [*theory.LOSSES["mse"], *theory.LOSSES["binary_crossentropy"], *R_SQUARED]
    run.words("theory", [formulas, *theory.OPTIMIZERS.values()])
    page = browser.new_page()
    page.goto(lab.write_report(run.folder.path).as_uri())
    heights = page.evaluate(
        "[...document.querySelectorAll('.formula')].map(e => [e.scrollHeight, e.clientHeight])"
    )
    assert len(heights) > 5
    assert all(inside <= room for inside, room in heights), heights
    assert "R²" in page.inner_text("body")
