"""Runs side by side: what is one run, what sets runs apart, and what their noise allows to say."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil

import pytest
from lab.run_folders import history, run_folder
from lab.test_experiments import words_of
from scipy import stats
from typer.testing import CliRunner

from grafito import cli, lab
from grafito.errors import FileError, UnknownNameError
from grafito.lab import comparison, statistics
from grafito.lab.report import write_report
from grafito.lab.report.recorded_run import read_run
from grafito.language import translator

# Two sides, and what is said of their difference.
SIDES = {
    "far apart": ([0.97, 0.98, 0.975], [0.90, 0.92, 0.91], "beyond the noise"),
    "close": ([0.97, 0.93, 0.95], [0.96, 0.92, 0.94], "within the noise"),
    "of unequal spread": ([1.0, 1.1, 0.9, 1.05], [2.0, 5.0, 3.0], "within the noise"),
    "of unequal number": ([1.0, 1.1], [2.0, 2.1, 2.2, 2.0, 1.9], "beyond the noise"),
    "one seed": ([0.97], [0.90, 0.92, 0.91], "one seed has no spread"),
    "always the same": ([4.0, 4.0, 4.0], [4.0, 4.0], "within the noise"),
    "always different": ([4.0, 4.0, 4.0], [3.0, 3.0], "beyond the noise"),
}


@pytest.mark.parametrize("case", SIDES)
def test_judgement(case):
    first, second, judgement = SIDES[case]
    assert statistics.welch(first, second).judgement == judgement
    assert statistics.welch(second, first).judgement == judgement


@pytest.mark.parametrize("case", ["far apart", "close", "of unequal spread", "of unequal number"])
def test_welch_is_that_of_scipy(case):
    first, second, _ = SIDES[case]
    ours = statistics.welch(first, second)
    theirs = stats.ttest_ind(first, second, equal_var=False)
    assert ours.p == pytest.approx(theirs.pvalue)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))


@pytest.mark.parametrize(
    ("given", "adjusted"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.9], [0.9]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([0.02, math.nan, 0.01], [0.02, math.nan, 0.02]),
        ([], []),
    ],
)
def test_holm(given, adjusted):
    assert statistics.holm(given) == pytest.approx(adjusted, nan_ok=True)


def runs(folder, *several):
    return [run_folder(folder / str(i), **told) for i, told in enumerate(several)]


# The runs, and the names of what they are.
NAMES = {
    "one": ([{}], ["digits"]),
    "seeds": ([{"seed": 1}, {"seed": 2}], ["digits"]),
    "experiments": ([{"experiment": "a"}, {"experiment": "b"}], ["a", "b"]),
    "variants": ([{"variant": "a"}, {"variant": "b", "settings": {"units": 3}}], ["a", "b"]),
    "settings": (
        [{"settings": {"units": n}, "seed": seed} for n, seed in ((3, 1), (4, 1), (3, 2))],
        ["units=3", "units=4"],
    ),
    "both": (
        [{"variant": "a"}, {"variant": "b", "settings": {"units": 3}}, {"variant": "b"}],
        ["a", "b units=3", "b"],
    ),
    "engines": ([{"engine": "a"}, {"engine": "b"}], ["engine=a", "engine=b"]),
    "too many settings": (
        [
            {"settings": {"a": 1, "b": n, "c": n, "d": n, "e": e}}
            for n, e in ((2, 3), (4, 3), (2, 5))
        ],
        ["b=2 c=2 e=3", "b=4 c=4 e=3", "b=2 c=2 e=5"],
    ),
    "settings that do not tell": (
        [
            {"settings": dict.fromkeys("abcd", n), "forms": {"x": {"u": 1}, "y": {"u": m}}}
            for n, m in ((2, 1), (4, 1), (2, 2))
        ],
        ["a=2 b=2 y u=1", "a=4 b=4 y u=1", "a=2 b=2 y u=2"],
    ),
    "as they are typed": (
        [
            {"settings": {"flat": flat, "units": units, "l2": l2, "epochs": 5}}
            for flat, units, l2 in ((True, [64, 32], 1e-5), (False, [16], 0.0))
        ],
        ["flat=true units=[64,32] l2=1e-05", "flat=false units=16 l2=0.0"],
    ),
    "quick and not": ([{"quick": True}, {}], ["digits --quick", "digits"]),
    "quick and chosen": (
        [
            {"settings": {"epochs": 30, "units": [64]}},
            {"settings": {"epochs": 30, "units": [16]}, "changes": {"units": [16]}},
            {"settings": {"epochs": 2, "units": [64]}, "quick": True},
        ],
        ["units=64", "units=16", "units=64 --quick"],
    ),
    "quick and chosen alike": (
        [
            {"settings": {"epochs": 30, "units": [64]}, "changes": {"units": [64]}},
            {"settings": {"epochs": 2, "units": [16]}, "quick": True},
        ],
        ["units=64", "units=16 --quick"],
    ),
    "chosen settings first": (
        [{"settings": {**dict.fromkeys("abcd", n), "z": n}, "changes": {"z": n}} for n in (1, 2)],
        ["z=1 a=1 b=1", "z=2 a=2 b=2"],
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_names(case, tmp_path):
    told, names = NAMES[case]
    assert list(comparison.group([read_run(f) for f in runs(tmp_path, *told)])) == names


def heads(page, where):
    """The heads of the first table behind this text, and their classes."""
    table = page[page.index(where) :].partition("</thead>")[0]
    return re.findall(r'<th scope="col" class="([^"]*)">([^<]*)</th>', table)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_page_writes_names_as_they_are_typed_and_counts_as_counts(lang, tmp_path):
    numbers = dict.fromkeys(("accuracy", *"abcdef"), 0.5)
    told = [{"settings": {"epochs": n, "flat": n > 3, "examples": 0}} for n in (3, 4)]
    told = [{**one, "numbers": numbers} for one in told]
    found = lab.compare(runs(tmp_path, *told), out=tmp_path, lang=lang)
    page = found.page.read_text()
    names = ["epochs=3 flat=false", "epochs=4 flat=true"]
    assert " | ".join(names) in page
    for where in ('id="table-1"', 'id="settings"'):
        shown = dict(map(reversed, heads(page, where)))
        assert list(shown)[1:] == names
        assert all("symbol" in shown[name] for name in names)  # no capital of our own
    assert "False" not in page
    assert [row["epochs"] for row in found.numbers] == [5, 5]
    assert [row["epochs"] for row in table(found.page, "numbers")] == ["5", "5"]
    settings = re.sub(r"<[^>]+>", "|", page[page.index('id="settings"') :])
    assert {"en": "|no|yes|", "es": "|no|sí|"}[lang] in re.sub(r"\|\s*\|*", "|", settings)
    assert {"en": "|all|", "es": "|todos|"}[lang] in re.sub(r"\|\s*\|*", "|", settings)


def some_seeds(folder, variant, accuracies):
    """A folder with runs of several seeds, as `lab.run_seeds` leaves it."""
    run_folder(folder, variant=variant, seeds=len(accuracies))
    for seed, accuracy in enumerate(accuracies):
        numbers = {"accuracy": accuracy, "loss": 0.5, f"only {variant}": 1.0}
        inside = folder / f"seed-{seed}"
        run_folder(inside, variant=variant, seed=seed, numbers=numbers, curves=history(seed))
    return folder


@pytest.fixture
def folders(tmp_path):
    return [
        some_seeds(tmp_path / "a", "first", SIDES["far apart"][0]),
        some_seeds(tmp_path / "b", "second", SIDES["far apart"][1]),
        run_folder(tmp_path / "c", variant="third"),
    ]


def table(page, name):
    with (page.parent / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_comparison(folders, tmp_path):
    found = lab.compare(folders, out=tmp_path / "out", lang="es")
    assert found.page.parent.parent == tmp_path / "out" / "compare"
    assert found.metric == "accuracy"
    assert [(row["run"], row["seeds"]) for row in found.numbers] == [
        ("first", 3),
        ("second", 3),
        ("third", 1),
    ]
    assert found.numbers[0]["accuracy"] == pytest.approx(0.975)
    assert found.numbers[0]["accuracy ±"] == pytest.approx(0.005)
    assert "accuracy ±" not in found.numbers[2]
    assert found.differences["first", "second"].judgement == "beyond the noise"
    assert found.differences["first", "third"].judgement == "one seed has no spread"
    text = found.page.read_text()
    for words in (
        "0,9750",
        "mayor que el ruido",
        "Welch 1947",
        "<svg",
    ):
        assert words in text
    assert text.count("<table") == 4  # with that of the settings
    assert "first   exactitud 0,9750 ± 0,0050  (3 semillas)" in found.table("es")
    assert "first − second  0,0650  mayor que el ruido" in found.table("es")


# Folders (of seeds 0, 1, 2; or of seed 1, twice) and how many seeds and repetitions they are.
REPEATED = {
    "one folder twice": (["a", "a"], 3, 3),
    "a part of it again": (["a", "a/seed-1"], 3, 1),
    "two runs of a seed": (["c", "d"], 1, 1),
    "one run": (["c"], 1, 0),
    "a copy inside": (["e"], 3, 0),
}


@pytest.mark.parametrize("case", REPEATED)
def test_a_seed_counts_once(case, folders, tmp_path):
    names, seeds, repeated = REPEATED[case]
    run_folder(tmp_path / "d", variant="third", started="2026-01-09")
    shutil.copytree(tmp_path / "a", tmp_path / "e")
    shutil.copytree(tmp_path / "a" / "seed-1", tmp_path / "e" / "seed-1_2")
    found = lab.compare([tmp_path / name for name in names], out=tmp_path / "out", lang="es")
    (row,) = found.numbers
    assert (row["seeds"], found.repeated) == (seeds, repeated)
    assert ("accuracy ±" in row) == (seeds > 1)
    said = f"{repeated} de las ejecuciones repiten una semilla"
    for text in (found.table("es"), found.page.read_text()):
        assert (said in text) == bool(repeated)
    page = lab.write_report(tmp_path / names[0]).read_text()
    assert ("Mean and standard deviation of 3 seeds." in page) == (seeds == 3)


def test_of_two_runs_of_a_seed_the_newest_that_is_whole_counts(tmp_path):
    days = {"old": ("01", 0.1), "new": ("02", 0.2), "partial": ("03", 0.3)}
    for name, (day, accuracy) in days.items():
        status = "interrupted" if name == "partial" else "complete"
        numbers = {"accuracy": accuracy}
        run_folder(tmp_path / name, started=f"2026-01-{day}", status=status, numbers=numbers)
    found = lab.compare([tmp_path / name for name in days], out=tmp_path / "out")
    assert found.numbers[0]["accuracy"] == 0.2


def test_its_files_hold_plain_numbers(folders, tmp_path):
    page = lab.compare(folders, out=tmp_path / "out", lang="es").page
    numbers, differences = table(page, "numbers"), table(page, "differences")
    assert float(numbers[0]["accuracy"]) == pytest.approx(0.975)
    assert numbers[1]["only first"] == ""
    assert float(differences[0]["p value"]) < 0.01
    assert differences[1]["p value"] == ""
    assert len(table(page, "runs")) == 7
    told = json.loads((page.parent / "configuration.json").read_text())
    assert told["status"] == "complete"
    assert told["command"].startswith("grafito compare ")


def test_probabilities_are_adjusted_for_the_number_of_pairs(tmp_path):
    accuracies = {"a": [0.90, 0.91, 0.92], "b": [0.92, 0.93, 0.94], "c": [0.90, 0.93, 0.91]}
    folders = [some_seeds(tmp_path / name, name, x) for name, x in accuracies.items()]
    pair = lab.compare(folders[:2], out=tmp_path).differences["a", "b"].p
    assert pair == pytest.approx(statistics.welch(accuracies["a"], accuracies["b"]).p)
    assert lab.compare(folders, out=tmp_path).differences["a", "b"].p == pytest.approx(3 * pair)


def test_another_number_can_be_judged(folders, tmp_path):
    found = lab.compare(folders, metric="loss", out=tmp_path)
    assert found.metric == "loss"
    assert found.differences["first", "second"].judgement == "within the noise"


def test_runs_without_a_common_number(tmp_path):
    told = [{"experiment": name, "numbers": {name: 1.0}} for name in ("a", "b")]
    found = lab.compare(runs(tmp_path, *told), out=tmp_path)
    assert (found.metric, found.differences) == ("", {})
    assert found.table() == "a\nb"


def test_partial_runs_are_compared_by_what_they_have(folders, tmp_path):
    (folders[2] / "metrics.json").unlink()
    (folders[2] / "history.csv").write_text("epoch,loss\n0,")
    (folders[1] / "seed-1" / "index.json").write_text("[{")
    found = lab.compare(folders, out=tmp_path)
    assert [row["run"] for row in found.numbers] == ["first", "second", "third"]


WRONG = {
    "no run": (lambda folders: lab.compare([folders[0].parent]), FileError, "not the folder"),
    "no number": (
        lambda folders: lab.compare(folders, metric="acuracy"),
        UnknownNameError,
        "try +'accuracy'",
    ),
    "nothing": (lambda folders: lab.compare([]), ValueError, "no runs"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_compared(case, folders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, kind, message = WRONG[case]
    with pytest.raises(kind, match=message):
        call(folders)
    assert not (tmp_path / "runs").exists()


def test_the_command(folders, tmp_path):
    words = ["compare", *map(str, folders), "--out", str(tmp_path / "out"), "--lang", "es"]
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.stderr
    assert "mayor que el ruido" in done.stdout
    (page,) = (tmp_path / "out" / "compare").glob("*/compare.html")
    assert done.stdout.splitlines()[-1] == f"informe {page}"


def test_seeds_have_a_report_with_their_curves(tmp_path):
    results = lab.run_seeds(lab.get("xor", epochs=2), 2, out=tmp_path, verbose=0)
    folder = results[0].folder.parent
    text = (folder / "report.html").read_text()
    assert "The numbers of each seed" in text
    assert 'href="seed-2/report.html"' in text
    assert "Mean and standard deviation of 2 seeds." in text
    assert re.search(r"<dd>\d\.\d{4} ± \d\.\d{4}</dd><dt>loss</dt>", text)
    assert (folder / "curves.svg").is_file()


CASES = ["one form", "several forms", "nothing trained", "several forms, nothing trained"]


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("case", CASES)
def test_a_page_of_several_seeds_has_words(case, lang, tmp_path):
    settings = {
        "one form": ("digits", "", {"epochs": 2}),
        "several forms": ("moons", "all", {"epochs": 2}),
        "nothing trained": ("perceptron", "separable", {}),
        "several forms, nothing trained": ("perceptron", "both", {}),
    }
    name, variant, given = settings[case]
    results = lab.run_seeds(lab.get(name, variant, **given), 2, out=tmp_path, lang=lang, verbose=0)
    page = (results[0].folder.parent / "report.html").read_text()
    assert 250 <= words_of(page) <= 900
    said = {"en": "The seeds set the first weights", "es": "Las semillas fijan los primeros pesos"}
    assert said[lang] in page
    spread = {"en": "on average, between", "es": "de media, entre"}
    assert (spread[lang] in page) == (case == "one form")
    heads = {"en": "What the numbers say", "es": "Lo que dicen los números"}
    assert f"<h2>{heads[lang]}</h2>" in page
    own = {"en": "comes to rest from each of the 2", "es": "llega al reposo con cada una de las 2"}
    assert (own[lang] in page) == ("nothing trained" in case)
    seed = {"en": "<dt>seed</dt>", "es": "<dt>semilla</dt>"}
    assert seed[lang] not in page  # each has its own


def test_a_comparison_says_which_of_its_runs_are_quick_and_shows_no_empty_column(tmp_path):
    told = [{"quick": True}, {}]
    page = lab.compare(runs(tmp_path, *told), out=tmp_path, lang="en").page
    assert "Quick forms among them." in page.read_text()
    assert "this short run" not in page.read_text()
    assert list(table(page, "differences")[0]) == ["first", "second", "difference", "judgement"]
    assert "confidence" not in words(page)


def words(page):
    """What a page says outside tables."""
    return re.sub(r"<(svg|table|nav)\b.*?</\1>|<[^>]+>", " ", page.read_text(), flags=re.DOTALL)


# Folders, and what is said of a comparison that is none.
NONE = {
    "one folder twice": (["c", "c"], "compared with itself"),
    "by another path": (["c", "c/../c"], "compared with itself"),
    "one run": (["c"], "one run alone"),
    "seeds of one kind": (["a/seed-0", "a/seed-1"], "differ in their seed alone"),
    "two kinds": (["a", "b"], ""),
}


@pytest.mark.parametrize("case", NONE)
def test_what_is_no_comparison_says_so(case, folders, tmp_path):
    names, remark = NONE[case]
    found = lab.compare([tmp_path / name for name in names], out=tmp_path / "out", lang="en")
    for text in (found.remark, found.table("en"), words(found.page)):
        assert (remark if remark else "itself") in text or not remark
    assert bool(found.remark) == bool(remark)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_comparison_has_words_and_the_settings_that_differ(lang, tmp_path):
    told = [{"settings": {"units": 3, "a": 1}, "seed": s} for s in (1, 2)]
    told += [{"settings": {"units": 4, "a": 1}, "seed": s} for s in (1, 2)]
    page = lab.compare(runs(tmp_path, *told), out=tmp_path, lang=lang).page
    assert 250 <= words_of(page.read_text()) <= 900
    settings = page.read_text()[page.read_text().index('id="settings"') :]
    assert ">3</td>" in settings
    assert ">4</td>" in settings


def test_a_comparison_is_written_as_a_run_is(folders, tmp_path):
    out = tmp_path / "out"
    given = ["--out", str(out), "--markdown", "--author", "Ana", "--title", "Mine"]
    done = CliRunner().invoke(cli.app, ["compare", *map(str, folders[:2]), *given])
    assert done.exit_code == 0, done.stderr
    (folder,) = (out / "compare").glob("*")
    text = (folder / "compare.md").read_text()
    assert text.startswith("# Mine\n\n*Ana*")
    assert "](curves.png)" in text
    assert (folder / "curves.png").is_file()
    (folder / "notes.md").write_text("My own words.")
    again = CliRunner().invoke(cli.app, ["report", str(folder), "--lang", "es"])
    assert again.exit_code == 0, again.stderr
    page = (folder / "compare.html").read_text()
    assert "My own words." in page
    assert "<h1>Mine</h1>" in page
    assert not (folder / "report.html").exists()


def test_a_run_is_signed_as_it_is_made(tmp_path):
    given = ["--out", str(tmp_path), "--author", "Ana", "--markdown", "--epochs", "2"]
    for seeds in ("1", "2"):
        done = CliRunner().invoke(cli.app, ["run", "xor", *given, "--seeds", seeds])
        assert done.exit_code == 0, done.stderr
    signed = [path for path in tmp_path.glob("xor/*/report.md") if "*Ana*" in path.read_text()]
    assert len(signed) == 2


def test_what_runs_are_called_is_not_translated(tmp_path):
    """Variants and experiments are named as one types them, whatever words grafito has."""
    told = [{"variant": variant, "seed": s} for variant in ("open", "close") for s in (1, 2)]
    page = lab.compare(runs(tmp_path, *told), out=tmp_path, lang="es").page.read_text()
    assert translator("es")("close") != "close"
    text = re.sub(r"<[^>]+>", " ", page)
    assert translator("es")("close") not in text
    assert "<td>close</td>" in page
    assert "una sola semilla" not in text
    assert "dentro del ruido" in text  # judgements are grafito's words


def test_an_experiment_of_ones_own_keeps_its_words(tmp_path):
    """Names of forms and classes, in sentences and tables."""
    folder = run_folder(tmp_path / "a", ours=False, forms={"close": {"units": 1}, "open": {}})
    contents = json.loads((folder / "index.json").read_text())
    best = {"first": "close", "learn": ["close", "open"], "epochs": {"close": 3}, "part": "test"}
    told = {"text": "The best is {first}, {learn}, {epochs}, in {part}.", "values": best}
    contents.append({"kind": "words", "part": "findings", "paragraphs": [[told]]})
    (folder / "index.json").write_text(json.dumps(contents))
    (folder / "classes.csv").write_text("class,close,loss\nclose,1,2\nopen,2,3\n")
    text = re.sub(r"<[^>]+>", " ", write_report(folder, lang="es").read_text())
    assert "The best is close, close; open, close: 3, in prueba." in text
    assert translator("es")("close") not in text
    assert translator("es")("loss") in text
