"""A table or a folder of pictures of one's own: `grafito fit`, `grafito predict`, `lab.fit`."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

from grafito import lab
from grafito.cli import app
from grafito.datasets.columns import Column
from grafito.errors import ArgumentError, DataError, FileError, UnknownNameError
from grafito.lab.own_data.pictures import (
    IN_TWO_CLASSES,
    TWICE,
    UNREADABLE,
    read_picture,
    read_pictures,
)
from grafito.lab.own_data.question import GIVES_AWAY, IDENTIFIER, ONE_VALUE, gives_away
from grafito.lab.own_data.table import OwnTable
from grafito.lab.prose.of_own_data import verdict

CITIES = ("Ávila", "Cádiz", "Málaga")


def spanish(rows=90):
    """A table as a Spanish spreadsheet saves it, with an identifier and a copy of the target."""
    rng = np.random.default_rng(1)
    lines = ["código;ciudad;tamaño;vendida;precio;con IVA;país;"]
    for k in range(rows):
        size, city = rng.gamma(6, 15), int(rng.integers(3))
        price = 1000 * size * (1 + city) + rng.normal(0, 3000)
        cells = [f"V-{k}", CITIES[city], f"{size:.1f}" if k % 9 else "", f"{1 + k % 28}/03/2024"]
        money = [
            f"{value:,.2f}".translate(str.maketrans(",.", ".,")) for value in (price, 1.1 * price)
        ]
        lines.append(
            ";".join([*cells[:2], cells[2].replace(".", ","), cells[3], *money, "España", ""])
        )
        if k % 40 == 0:
            lines.append(";" * 7)
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "casas.csv"
    path.write_bytes(spanish())
    return path


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fitted")
    path = folder / "casas.csv"
    path.write_bytes(spanish())
    return lab.fit(path, "precio", epochs=30, out=folder / "runs", lang="es", verbose=0, folds=3)


def test_a_spanish_spreadsheet(fitted):
    numbers = fitted.numbers
    assert numbers["r2"] > 0.6
    assert 0 < numbers["standard_error"] < 0.3
    assert {"linear model r2", "gradient boosting r2", "mean absolute error"} <= set(numbers)
    with (fitted.folder / "columns.csv").open(encoding="utf-8") as file:
        kinds = {
            row["name"]: (row["kind"], row["use"], row["remark"]) for row in csv.DictReader(file)
        }
    assert kinds["código"][1:] == ("left out", IDENTIFIER)
    assert kinds["con IVA"][1:] == ("left out", GIVES_AWAY)
    assert kinds["país"][1:] == ("left out", ONE_VALUE)
    assert kinds["tamaño"][:2] == ("number", "input")
    assert kinds["vendida"][:2] == ("date", "input")
    assert kinds["precio"][1] == "target"


@pytest.mark.parametrize(
    ("lang", "says"),
    [
        ("es", ["delata el objetivo", "modelo lineal", "no consta", "Cuánto vale cada columna"]),
        (
            "en",
            ["gives the target away", "linear model", "not stated", "What each column is worth"],
        ),
    ],
)
def test_the_report_speaks_both_languages(fitted, lang, says):
    page = lab.write_report(fitted.folder, lang=lang).read_text(encoding="utf-8")
    for text in says:
        assert text in page
    words = re.sub(r"<[^>]+>", " ", page)
    if lang == "es":
        for english in (" the network ", " was taken ", "held-out", " rows ", "left out"):
            assert english not in words


def test_no_word_of_the_spanish_report_is_english(fitted):
    page = lab.write_report(fitted.folder, lang="es").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", " ", page)
    for spanish_text in ("R² (modelo lineal)", "pliegue 1", "AdamW lleva", "decaimiento"):
        assert spanish_text in words
    for english in ("linear model", "fold 1", "loss of score", "e+0", " r2"):
        assert english not in words.lower()
    figure = (fitted.folder / "importance.svg").read_text(encoding="utf-8")
    assert "puntuación perdida" in figure
    assert "loss of score" in (fitted.folder / "en" / "importance.svg").read_text(encoding="utf-8")


def test_a_notebook_shows_what_was_found(fitted):
    assert repr(fitted).startswith("<Fitted 'precio', r2=0.")
    assert "report.html" in fitted._repr_html_()
    assert lab.Fitted(fitted.folder)._repr_html_() is None


def test_the_words_of_a_user_are_not_translated(tmp_path):
    """Columns, classes and texts that have a translation stay what they are."""
    text = "loss,accuracy,Network\n" + rows(
        lambda k: k % 9,
        lambda k: ("epochs", "layer")[k % 2],
        lambda k: ("loss", "bias")[k // 3 % 2],
    )
    made(tmp_path, text)
    settings = {"epochs": 2, "folds": 2, "members": 1, "verbose": 0, "lang": "es"}
    found = lab.fit(tmp_path / "t.csv", "Network", out=tmp_path / "runs", **settings)
    told = lab.write_markdown(found.folder, lang="es").read_text(encoding="utf-8")
    table = told[told.index("|  | loss | accuracy | Network |") :]
    for words in ("| loss, bias |", "epochs, layer", "| número |", "| objetivo |"):
        assert words in table
    assert "columna Network" in told
    figure = (found.folder / "confusion.svg").read_text(encoding="utf-8")
    assert "sesgo" not in figure


def test_a_folder_named_like_a_known_data_set_has_its_own_card(tmp_path):
    settings = {"epochs": 1, "folds": 2, "filters": (2,), "verbose": 0}
    found = lab.fit(pictures(tmp_path / "mnist"), out=tmp_path / "runs", lang="en", **settings)
    page = (found.folder / "report.html").read_text(encoding="utf-8")
    assert "who took the pictures" in page
    assert "LeCun" not in page
    assert ">mnist</h3>" in page
    assert "h3:not(.verbatim)::first-letter" in page


def test_a_stopped_run_goes_on(table, capsys, monkeypatch):
    settings = {"epochs": 3, "folds": 2, "members": 2, "drop": ("vendida",)}
    whole = lab.fit(table, "ciudad", verbose=0, **settings)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("grafito.lab.record.Record.model", stop)
        with pytest.raises(KeyboardInterrupt):
            lab.fit(table, "ciudad", out="stopped", verbose=0, **settings)
    (folder,) = (table.parent / "stopped" / "casas").iterdir()
    with pytest.raises(SystemExit) as ended:
        app(["fit", "casas.csv", "--resume", str(folder), "--lang", "en"])
    assert not ended.value.code
    numbers = lab.Fitted(folder).numbers
    assert {k: v for k, v in numbers.items() if k != "seconds"} == {
        k: v for k, v in whole.numbers.items() if k != "seconds"
    }
    with pytest.raises(FileError, match="complete"):
        lab.fit(table, resume=folder, verbose=0)


def test_a_run_does_not_go_on_with_other_data(table, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    settings = {"epochs": 2, "folds": 2, "members": 1, "verbose": 0}
    with monkeypatch.context() as patched:
        patched.setattr("grafito.lab.record.Record.model", stop)
        with pytest.raises(KeyboardInterrupt):
            lab.fit(table, "ciudad", **settings)
    (folder,) = (table.parent / "runs" / "casas").iterdir()
    table.write_bytes(spanish(95))
    with pytest.raises(DataError, match="have changed"):
        lab.fit(table, resume=folder, verbose=0)
    with pytest.raises(ArgumentError, match="other settings"):
        lab.fit(table, resume=folder, epochs=3, verbose=0)


def test_new_rows_are_predicted(fitted, tmp_path):
    path = tmp_path / "casas.csv"
    path.write_bytes(spanish())
    out = tmp_path / "out.csv"
    found = fitted.predict_file(path, out)
    assert len(found.values) == 90
    text = out.read_text(encoding="utf-8-sig")
    titles, first, *_ = csv.reader(text.splitlines(), delimiter=";")
    assert titles[-1] == "precio (predicted)"
    assert float(first[-1].replace(",", ".")) == pytest.approx(found.values[0], rel=1e-4)
    with pytest.raises(FileError, match="exists already"):
        fitted.predict_file(path, out)
    again = lab.Fitted(fitted.folder).predict(path)
    assert np.array_equal(again.values, found.values)
    assert repr(found) == f"<Prediction of 'precio' for {len(found.values)} rows>"
    shown = found._repr_html_()
    assert "<th>precio</th>" in shown
    assert shown.count("<tr>") == 1 + min(10, len(found.values))


def test_what_is_odd_in_new_rows_is_said(fitted, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("ciudad;tamaño;vendida\nLugo;10000;1/3/2024\nCádiz;70,5;2/3/2024\n")
    found = fitted.predict(path)
    assert len(found.values) == 2
    assert any("Lugo" in remark for remark in found.remarks)
    assert any("'tamaño'" in remark for remark in found.remarks)
    path.write_text("cuidad;tamaño;vendida\nLugo;10;1/3/2024\n")
    with pytest.raises(DataError, match="column is missing") as wrong:
        fitted.predict(path)
    assert wrong.value.rows["try"] == "the name 'ciudad' in place of 'cuidad'"


def test_a_frame_and_a_file_give_the_same_numbers(table):
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(table, sep=";", encoding="cp1252", thousands=".", decimal=",")
    frame = frame.dropna(how="all").dropna(axis=1, how="all")
    frame["vendida"] = pandas.to_datetime(frame["vendida"], dayfirst=True)
    settings = {"epochs": 3, "folds": 2, "verbose": 0}
    from_frame = lab.fit(frame, "precio", **settings)
    from_file = lab.fit(table, "precio", **settings)
    for name, value in from_file.numbers.items():
        if name != "seconds":
            assert from_frame.numbers[name] == pytest.approx(value, rel=1e-6)
    assert from_frame.predict(frame).values.shape == (90,)


def test_the_command_line(table, capsys):
    run = ["fit", "casas.csv", "--target", "ciudad", "--epochs", "3", "--set", "folds=2"]
    with pytest.raises(SystemExit) as ended:
        app([*run, "--lang", "es", "--drop", "vendida"])
    assert not ended.value.code
    said = capsys.readouterr().out
    assert "Se quiere predecir cuál de 3 clases" in said
    folder = re.search(r"grafito predict (\S+)", said)[1]
    with pytest.raises(SystemExit):
        app(["predict", folder, "casas.csv", "--lang", "es"])
    assert "casas-predicción.csv" in capsys.readouterr().out
    page = (table.parent / folder / "report.html").read_text(encoding="utf-8")
    assert "grafito fit casas.csv --target ciudad --epochs 3" in page


def made(folder, text):
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def rows(*cells, count=40):
    return "".join(",".join(str(cell(k)) for cell in cells) + "\n" for k in range(count))


@pytest.mark.parametrize(
    ("text", "target", "kind", "says"),
    [
        ("a,b\n", "b", DataError, "a row of names"),
        ("a,b\n1,2\n3,4\n5,7\n", "b", DataError, "too few rows"),
        ("a,b\n" + rows(lambda k: k % 3, lambda k: 5), "b", DataError, "same value in all rows"),
        ("a,b\n" + rows(lambda k: k % 3, lambda k: 5), "b", DataError, "received   5\n"),
        ("a,b\n" + rows(lambda k: k % 3, lambda k: f"x{k}"), "b", DataError, "too many classes"),
        ("a,b\n" + rows(lambda k: "x", lambda k: k % 2), "b", DataError, "No column is left"),
        ("a,b\n" + rows(lambda k: k % 5, lambda k: k % 2) + "x,1\n", "b", DataError, "holds text"),
        ("a,b\n" + rows(lambda k: k, lambda k: f"{k}e300"), "b", DataError, "too large"),
        ("a,a\n" + rows(lambda k: k % 3, lambda k: 5), "a", DataError, "the same name"),
        ("price,b\n" + rows(lambda k: k % 3, lambda k: k), "prise", UnknownNameError, "prise"),
        ("price,b\n" + rows(lambda k: k % 3, lambda k: k), "", ArgumentError, "which column"),
    ],
)
def test_bad_tables_teach(tmp_path, text, target, kind, says):
    with pytest.raises(kind, match=says) as wrong:
        lab.own_experiment(made(tmp_path, text), target)
    assert wrong.value.rows
    if target == "prise":
        assert wrong.value.rows["try"] == "'price'"
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]  # no folder of a run


def test_forty_thousand_categories(tmp_path):
    text = "street,a,b\n" + rows(
        lambda k: f"street {k % 30_000}", lambda k: k % 7, lambda k: k % 7 > 3, count=40_000
    )
    question = lab.own_experiment(made(tmp_path, text), "b").question
    assert "street" in question.left_out
    frequent = "street,a,b\n" + rows(
        lambda k: f"street {int(k**0.5)}", lambda k: k % 7, lambda k: k % 5 > 2, count=40_000
    )
    experiment = lab.own_experiment(made(tmp_path, frequent), "b")
    assert experiment.inputs(np.arange(40_000))(np.arange(3)).shape[1] < 60


def test_whole_numbers_are_classes_where_they_are_few(tmp_path):
    text = "a,b,c\n" + rows(lambda k: k % 9, lambda k: k % 3, lambda k: k * 0.5)
    path = made(tmp_path, text)
    assert lab.own_experiment(path, "b").question.classes == ("0", "1", "2")
    assert lab.own_experiment(path, "b", problem="regression").question.problem == "regression"
    assert lab.own_experiment(path, "c").question.problem == "regression"


def test_rows_without_a_target_are_left_out_and_said(tmp_path):
    text = "a,b\n" + rows(lambda k: k % 9, lambda k: k % 3) + "4,\n5,\n"
    question = lab.own_experiment(made(tmp_path, text), "b").question
    assert (len(question), question.without_target) == (40, 2)


@pytest.mark.parametrize("problem", ["regression", "classification"])
def test_what_gives_the_target_away(problem):
    rng = np.random.default_rng(0)
    y = rng.normal(size=200)
    target = Column("y", "number", y if problem == "regression" else (y > 0).astype(float))
    copies = [Column("c", "number", np.exp(y)), Column("c", "number", -3 * y + 7)]
    others = [
        Column("o", "number", y + rng.normal(0, 0.2, 200)),
        Column("o", "number", rng.normal(size=200)),
    ]
    assert all(gives_away(column, target, problem) for column in copies)
    assert not any(gives_away(column, target, problem) for column in others)
    words = np.array(["yes" if value > 0 else "no" for value in y], object)
    assert gives_away(Column("w", "category", words), target, problem) is (problem != "regression")


def test_no_number_of_the_held_out_rows_is_used(tmp_path, monkeypatch):
    """Rows held out are changed beyond recognition; what is learned from the others stays."""
    text = "a,b,c\n" + rows(lambda k: (k * 7) % 11, lambda k: "xyz"[k % 3], lambda k: k % 2)
    experiment = lab.own_experiment(made(tmp_path, text), "c")
    train = np.arange(30)
    before = experiment.inputs(train)(train)
    wild = text.splitlines()
    wild[31:] = [f"{10**6 + k},q{k},{k % 2}" for k in range(len(wild) - 31)]
    other = lab.own_experiment(made(tmp_path, "\n".join(wild)), "c")
    assert np.array_equal(other.inputs(train)(train), before)


@pytest.mark.parametrize(
    ("ours", "says"),
    [
        ([0.9, 0.92, 0.94], "Yes:"),
        ([0.79, 0.81, 0.83], "as good as the best"),
        ([0.5, 0.5, 0.5], "No:"),
    ],
)
def test_the_page_says_who_wins(ours, says):
    scores = {
        "network": ours,
        "linear model": [0.7, 0.7, 0.7],
        "gradient boosting": [0.78, 0.8, 0.85],
    }
    (sentence,) = verdict(scores, "accuracy")
    assert says in sentence.text
    assert sentence.values["rival"] == "gradient boosting"


def test_a_network_is_not_asked_of_other_data():
    with pytest.raises(DataError, match="neither a data frame"):
        lab.own_experiment({"a": [1]}, "a")
    with pytest.raises(FileError, match="no such file"):
        lab.own_experiment("nowhere.csv", "a")
    assert OwnTable(path="a b.csv", target="x").begins() == ["fit", "a b.csv", "--target", "x"]


def pictures(folder, names=("dark", "light"), count=14, mode="RGB"):
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for number, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for k in range(count):
            low = 150 * number
            pixels = rng.integers(low, low + 100, (40 + k, 50, 3)).astype("uint8")
            pixels[..., 0] //= 2
            image.fromarray(pixels).convert(mode).save(folder / name / f"{k}.png")
    return folder


def test_pictures(tmp_path):
    folder = pictures(tmp_path / "photos")
    (folder / "dark" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (folder / "dark" / ".DS_Store").write_bytes(b"x")
    (folder / "light" / "copy.png").write_bytes((folder / "dark" / "0.png").read_bytes())
    (folder / "dark" / "again.png").write_bytes((folder / "dark" / "1.png").read_bytes())
    settings = {"epochs": 3, "folds": 2, "filters": (4, 4)}
    fitted = lab.fit(folder, out=tmp_path / "runs", verbose=0, **settings)
    with (fitted.folder / "left-out.csv").open(encoding="utf-8") as file:
        left_out = {row["file"]: row["reason"] for row in csv.DictReader(file)}
    assert left_out == {
        "dark/0.png": IN_TWO_CLASSES,
        "dark/again.png": TWICE,
        "dark/broken.jpg": UNREADABLE,
        "light/copy.png": IN_TWO_CLASSES,
    }
    assert {"accuracy", "linear model accuracy", "majority"} <= set(fitted.numbers)
    one = fitted.predict(folder / "light" / "3.png")
    assert one.values[0] in ("dark", "light")
    several = fitted.predict(folder / "dark")
    assert len(several.values) == 15
    assert any("broken.jpg" in remark for remark in several.remarks)
    out = tmp_path / "out.csv"
    fitted.predict_file(folder / "dark", out)
    assert len(out.read_text(encoding="utf-8").splitlines()) == 16


def test_grey_pictures_have_one_channel(tmp_path):
    assert read_pictures(pictures(tmp_path / "a", mode="L")).x.shape == (28, 32, 32, 1)
    assert read_pictures(pictures(tmp_path / "b")).x.shape == (28, 32, 32, 3)


def test_a_telephone_holds_its_pictures_sideways(tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = pictures(tmp_path / "a", count=1)
    tall = image.new("RGB", (40, 80), "white")
    tall.paste("red", (0, 0, 40, 40))
    exif = tall.getexif()
    exif[0x0112] = 6  # turned by a quarter when shown
    tall.save(folder / "dark" / "turned.jpg", exif=exif)
    found = read_pictures(folder, size=32)
    turned = found.x[found.files.index("dark/turned.jpg")]
    assert turned[16, 28, 1] < 100 < turned[16, 3, 1]  # red on the right, as it is looked at


@pytest.mark.parametrize(("names", "says"), [(("cats",), "one class, 'cats'"), ((), "no picture")])
def test_folders_without_two_classes_teach(tmp_path, names, says):
    folder = pictures(tmp_path / "photos", names=names) if names else tmp_path
    with pytest.raises(DataError, match="a folder for each") as wrong:
        lab.own_experiment(folder)
    assert wrong.value.rows["received"] == says


def test_loose_pictures_and_broken_classes_teach(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new("L", (9, 9)).save(tmp_path / "1.png")
    with pytest.raises(DataError) as wrong:
        lab.own_experiment(tmp_path)
    assert wrong.value.rows["received"] == "1 pictures in no folder"
    folder = pictures(tmp_path / "photos")
    for file in (folder / "dark").iterdir():
        file.write_bytes(b"broken")
    with pytest.raises(DataError, match="no picture that can be read"):
        lab.own_experiment(folder)


@pytest.mark.parametrize(
    ("shades", "kind"),
    [
        (np.linspace(0, 65535, 64), "uint16"),
        (np.linspace(0, 65535, 64), "int32"),
        (np.linspace(0, 1, 64), "float32"),
        (np.linspace(0, 255, 64), "float32"),
    ],
)
@pytest.mark.parametrize("colour", [False, True])
def test_pictures_of_more_than_256_shades_keep_them(tmp_path, shades, kind, colour):
    """A microscope, or a scanner, gives 16 bits; Pillow makes all of them white."""
    from PIL import Image

    path = tmp_path / "a.tif"
    Image.fromarray(np.tile(shades.astype(kind), (64, 1))).save(path)
    row = read_picture(path, 64, colour)[5, :, 0].astype(int)
    assert np.abs(row - np.linspace(0, 255, 64)).max() <= 1
