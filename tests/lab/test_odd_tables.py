"""Tables that are seldom thought of: `lab.fit` has words for each, and no wrong number."""

from __future__ import annotations

import csv
import warnings

import numpy as np
import pytest

from grafito import lab, language
from grafito.errors import ArgumentError, DataError, UnknownNameError
from grafito.lab.own_data.rivals import boosting

QUICK = {"epochs": 2, "folds": 2, "members": 1, "verbose": 0}


def made(folder, text, name="t.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(*cells, count=40):
    return "".join(",".join(str(cell(k)) for cell in cells) + "\n" for k in range(count))


def size(k):
    return round(np.sin(7 * k), 4)


def test_a_class_of_one_row_is_said_and_the_others_are_measured(tmp_path):
    text = "a,kind\n" + rows(size, lambda k: "rare" if k == 3 else "usual")
    found = lab.fit(made(tmp_path, text), "kind", out=tmp_path, **QUICK)
    assert found.numbers["linear model accuracy"] == pytest.approx(1 - 1 / 40)
    told = lab.own_experiment(made(tmp_path, text), "kind").told("en")
    assert "Classes with a single row: 'rare'" in told or "single row: rare" in told


@pytest.mark.parametrize("setting", [{"epochs": 0}, {"folds": 1}, {"members": 0}])
def test_settings_too_small_are_named(tmp_path, setting):
    text = "a,b\n" + rows(size, lambda k: k % 3)
    with pytest.raises(ArgumentError, match="is too small"):
        lab.own_experiment(made(tmp_path, text), "b", **setting)


@pytest.mark.parametrize("column", ["a", "y"])
def test_infinity_in_a_frame_is_no_missing_value(column):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": np.arange(30.0), "y": np.arange(30.0) ** 2})
    frame.loc[7, column] = -np.inf
    with pytest.raises(DataError, match="holds infinity") as wrong:
        lab.own_experiment(frame, "y")
    assert f"{column}, row 7" in str(wrong.value)


def test_a_frame_with_two_columns_of_one_name():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.ones((30, 3)), columns=["a", "a", "y"])
    with pytest.raises(DataError, match="Two columns have the same name"):
        lab.own_experiment(frame, "y")


def test_a_number_names_a_column():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.arange(60).reshape(30, 2) % 7)
    assert lab.own_experiment(frame, 1).question.target.name == "1"


def test_very_many_classes_get_fewer_trees(tmp_path):
    text = "a,b\n" + rows(size, lambda k: f"k{k % 300}", count=900)
    experiment = lab.own_experiment(made(tmp_path, text), "b")
    assert boosting(len(experiment.classes), 1).max_iter == 10
    said = " ".join(str(words) for part in experiment.choices() for words in part)
    assert "in place of 100" in said


def test_dates_are_predicted_as_dates(tmp_path):
    text = "a,day\n" + rows(size, lambda k: f"2024-{1 + k % 12:02d}-{1 + k % 28:02d}")
    path = made(tmp_path, text)
    found = lab.fit(path, "day", out=tmp_path / "runs", lang="es", **QUICK)
    assert "mean absolute error in days" in found.numbers
    prediction = found.predict(path)
    assert prediction.values.dtype == "datetime64[D]"
    assert {str(value)[:2] for value in prediction.values} == {"20"}
    assert " 2024-" in prediction.table()
    found.predict_file(path, tmp_path / "new.csv")
    with (tmp_path / "new.csv").open(encoding="utf-8-sig") as file:
        assert next(csv.DictReader(file))["day (predicted)"].startswith("2024-")
    page = found.report.read_text(encoding="utf-8")
    assert "días desde 1970" in page
    assert "se predice como un número de días" in page


def test_dates_as_classes(tmp_path):
    text = "a,day\n" + rows(size, lambda k: f"2024-03-0{1 + k % 2}")
    experiment = lab.own_experiment(made(tmp_path, text), "day", problem="classification")
    assert experiment.classes == ("2024-03-01", "2024-03-02")
    assert set(experiment.y) == {0, 1}


def test_a_target_of_one_date_is_shown_as_a_date(tmp_path):
    text = "a,day\n" + rows(size, lambda k: "2024-03-01")
    with pytest.raises(DataError, match="received   2024-03-01"):
        lab.own_experiment(made(tmp_path, text), "day")


def test_numbers_whose_squares_have_no_number_are_scaled(tmp_path):
    text = "a,b\n" + rows(lambda k: f"{size(k)}e200", lambda k: 3 * size(k) + 1)
    experiment = lab.own_experiment(made(tmp_path, text), "b", keep=("a",))
    everything = np.arange(40)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = experiment.inputs(everything)(everything)
    assert x[:, 0].std() == pytest.approx(1, rel=1e-5)


def test_an_open_quotation_mark_is_named_where_it_is_opened(tmp_path):
    text = "a,b\n" + rows(size, lambda k: f'"{k}' if k == 4 else k)
    with pytest.raises(DataError, match="is opened and not closed") as wrong:
        lab.own_experiment(made(tmp_path, text), "b")
    assert wrong.value.rows["where"].endswith("line 6")


def test_new_dates_are_read_in_the_order_of_the_training(tmp_path):
    """03/04 alone does not tell which is the month; the table of the training did."""
    days = [f"{1 + k % 12:02d}/{1 + k % 28:02d}/2024" for k in range(40)]
    text = "day,a,b\n" + rows(lambda k: days[k], size, lambda k: k % 12)
    path = made(tmp_path, text)
    found = lab.fit(path, "b", out=tmp_path / "runs", **QUICK | {"epochs": 1})
    new = made(tmp_path, f"day,a\n{days[30]},{size(30)}\n", "new.csv")
    alone = found.predict(new)
    together = found.predict(path)
    assert days[30] == "07/03/2024"
    assert alone.values[0] == pytest.approx(together.values[30], rel=1e-4)


def test_what_is_no_table_is_refused_by_predict(tmp_path):
    path = made(tmp_path, "a,b\n" + rows(size, lambda k: k % 2))
    found = lab.fit(path, "b", out=tmp_path / "runs", **QUICK | {"epochs": 1})
    for data in (None, [1.0], {"a": [1.0]}):
        with pytest.raises(DataError, match="neither a data frame nor the path"):
            found.predict(data)
    wrong = made(tmp_path, "a\nmucho\n", "new.csv")
    with pytest.raises(DataError, match="received   'mucho'"):
        found.predict(wrong)


def test_large_predictions_are_written_without_an_exponent(tmp_path):
    text = "a;price\n" + rows(size, lambda k: f"{k + 70}654321").replace(",", ";")
    path = made(tmp_path, text)
    found = lab.fit(path, "price", out=tmp_path / "runs", **QUICK)
    found.predict_file(path, tmp_path / "new.csv")
    with (tmp_path / "new.csv").open(encoding="utf-8-sig") as file:
        last = [row["price (predicted)"] for row in csv.DictReader(file, delimiter=";")]
    assert all(text.isdigit() for text in last), last[:3]


@pytest.mark.parametrize("count", [3, 300])
def test_columns_to_choose_from_are_offered_in_spanish(tmp_path, count):
    """Names of several words, and very many of them."""
    names = [f"Fecha de venta número {k}" for k in range(count)]
    text = ",".join([*names, "price"]) + "\n" + rows(*[size] * count, size, count=20)
    with pytest.raises(UnknownNameError) as wrong:
        lab.own_experiment(made(tmp_path, text), "prices")
    with language.use("es"):
        said = str(wrong.value)
    assert "esperado   uno de 'Fecha de venta número 0', " in said
    assert "one of" not in said
    assert len(said) < 1100
    assert (" más\n" in said) == (count > 100)
