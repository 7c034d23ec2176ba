"""Tables as spreadsheets save them: cells, kinds of columns, inputs."""

from __future__ import annotations

import numpy as np
import pytest

from grafito.datasets.columns import Column, typed_table
from grafito.datasets.encoding import Encoding, TableEncoder
from grafito.datasets.readers.cells import read_cells
from grafito.errors import DataError, FileError


def write(folder, text, encoding="utf-8"):
    path = folder / "t.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_spreadsheet_is_read(tmp_path, encoding, sign, end):
    rows = [["ciudad", "tamaño"], ["Ávila", "7"], ["", ""], ["Cádiz", "8"], ["Lima", ""]]
    text = end.join([*map(sign.join, rows), "", ""])
    cells = read_cells(write(tmp_path, text, encoding))
    assert cells.names == ("ciudad", "tamaño")
    assert cells.columns == [["Ávila", "Cádiz", "Lima"], ["7", "8", ""]]
    assert cells.lines == [2, 4, 5]
    assert cells.delimiter == sign


def test_what_excel_adds_is_left_out(tmp_path):
    cells = read_cells(write(tmp_path, "sep=;\na;b;\n1;2;\n;;\n3;4;\n"))
    assert cells.names == ("a", "b")
    assert cells.columns == [["1", "3"], ["2", "4"]]


def test_the_euro_of_windows(tmp_path):
    table = typed_table(write(tmp_path, "precio;n\n1.234,50 €;1\n12,00 €;2\n", "cp1252"))
    assert table.columns["precio"].values.tolist() == [1234.5, 12.0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"),
        ("a;b\n", "a row of names and no other row"),
        ("a;b;a\n1;2;3\n", "the same name"),
        ("1;2\n3;4\n", "numbers in place of the names"),
        ("a;b\n1;2;3\n", "different number of columns"),
        ("a;b\n1\n", "different number of columns"),
    ],
)
def test_a_table_that_is_none(tmp_path, text, says):
    with pytest.raises(DataError, match=says):
        read_cells(write(tmp_path, text))


def test_a_workbook_says_how_it_is_saved(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"PK")
    with pytest.raises(FileError, match="workbook"):
        read_cells(path)


def columns(folder, text, **given):
    return typed_table(write(folder, text), **given).columns


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,5", "2", "-0,25"], [1.5, 2, -0.25]),
        (["1.234,5", "2.000", "3"], [1234.5, 2000, 3]),
        (["1.5", "2", ".25"], [1.5, 2, 0.25]),
        (["1.234", "2.500", "3.000"], [1234, 2500, 3000]),  # as ; stands for decimal commas
        (["45 %", "3 %", "#¡DIV/0!"], [45, 3, np.nan]),
        (["$ 3", "", "n/d"], [3, np.nan, np.nan]),
        (["1e3", "2E-1", "7"], [1000, 0.2, 7]),
    ],
)
def test_numbers(tmp_path, cells, values):
    text = "a;b\n" + "".join(f"{cell};x\n" for cell in cells)
    found = columns(tmp_path, text)["a"]
    assert found.kind == "number"
    assert np.array_equal(found.values, values, equal_nan=True)


def test_the_sign_of_one_column_decides_for_the_table(tmp_path):
    found = columns(tmp_path, 'a,b\n"1,5","1.234"\n"2,5","2.500"\n')
    assert found["b"].values.tolist() == [1234, 2500]


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["2024-01-31", "1970-01-02", ""], [19753, 1, np.nan]),
        (["31/01/2024", "02/01/1970"], [19753, 1]),
        (["01/31/2024", "01/02/1970"], [19753, 1]),
        (["31.1.24", "2.1.1970"], [19753, 1]),
        (["1970-01-02 12:00", "1970-01-01T00:00:00"], [1.5, 0]),
    ],
)
def test_dates(tmp_path, cells, days):
    found = columns(tmp_path, "a;b\n" + "".join(f"{cell};x\n" for cell in cells))["a"]
    assert found.kind == "date"
    assert np.array_equal(found.values, days, equal_nan=True)


def test_a_date_that_may_be_two_says_how_it_was_read(tmp_path):
    assert columns(tmp_path, "a;b\n02/01/2024;x\n03/01/2024;y\n")["a"].remark
    assert not columns(tmp_path, "a;b\n02/01/2024;x\n23/01/2024;y\n")["a"].remark


def test_text_among_numbers_is_named(tmp_path):
    text = "a;b\n" + "".join(f"{k};x\n" for k in range(30)) + "muchos;x\n"
    with pytest.raises(DataError, match="holds text") as wrong:
        columns(tmp_path, text)
    assert wrong.value.rows["where"].endswith("line 32, column 'a'")
    assert wrong.value.rows["received"] == "'muchos'"
    assert np.isnan(columns(tmp_path, text, missing=["muchos"])["a"].values[-1])
    assert columns(tmp_path, text, categories=["a"])["a"].values[-1] == "muchos"


def test_many_texts_make_a_category(tmp_path):
    assert columns(tmp_path, "a;b\n1;x\ntwo;x\n3;x\n")["a"].kind == "category"


def test_a_frame_has_the_same_kinds():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "n": pandas.array([1, None, 3], dtype="Int64"),
            "yes": [True, False, True],
            "kind": pandas.Categorical(["a", None, "b"]),
            "day": pandas.to_datetime(["1970-01-02", None, "1970-01-03"]),
            "text": ["1,5", "2,5", ""],
            "word": ["x", None, "y"],
        }
    )
    found = typed_table(frame).columns
    kinds = [column.kind for column in found.values()]
    assert kinds == ["number", "category", "category", "date", "number", "category"]
    assert np.array_equal(found["n"].values, [1, np.nan, 3], equal_nan=True)
    assert np.array_equal(found["day"].values, [1, np.nan, 2], equal_nan=True)
    assert np.array_equal(found["text"].values, [1.5, 2.5, np.nan], equal_nan=True)
    assert found["kind"].values.tolist() == ["a", None, "b"]
    assert found["yes"].values.tolist() == ["True", "False", "True"]


def test_an_encoding_sees_the_training_rows_alone():
    values = np.r_[np.random.default_rng(0).normal(size=50), 1000.0, np.nan]
    column = Column("a", "number", values)
    train = np.arange(50)
    one = Encoding.of(column.rows(train))
    assert one.mean == pytest.approx(values[:50].mean())
    assert one.median == pytest.approx(np.median(values[:50]))
    assert not one.gaps
    inputs = one.transform(column)
    assert np.isfinite(inputs).all()
    assert np.abs(inputs).max() <= 5  # an outlier is held


def test_what_training_did_not_have_is_the_rest():
    texts = np.array(["a"] * 40 + ["b"] * 30 + ["c", None], object)
    column = Column("a", "category", texts)
    one = Encoding.of(column)
    assert (one.levels, one.gaps, one.rest) == (("a", "b"), True, True)
    new = Column("a", "category", np.array(["b", "z", None], object))
    assert one.transform(new).tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_an_encoder_comes_back_from_its_file():
    columns = [
        Column("n", "number", np.arange(9.0)),
        Column("d", "date", np.arange(9.0) * 40),
        Column("c", "category", np.array(list("abcabcabc"), object)),
    ]
    encoder = TableEncoder.of(columns)
    again = TableEncoder.from_config(encoder.config())
    assert again == encoder
    assert np.array_equal(again.transform(columns), encoder.transform(columns))
    plain, are = encoder.plain(columns)
    assert are == [False] * 5 + [True]
    assert plain.shape == (9, 6)
