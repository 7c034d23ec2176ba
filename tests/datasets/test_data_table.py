"""Tables in text: what is read, and which line and column are named when something is wrong."""

import gzip

import numpy as np
import pytest

from grafito.datasets.readers.table import parse_table, read_csv
from grafito.errors import ArgumentError, DataError, FileError

GOOD = {
    "plain": (b"1,2\n3,4\n", {}, (), [[1, 2], [3, 4]]),
    "no newline at the end": (b"1,2\n3,4", {}, (), [[1, 2], [3, 4]]),
    "windows lines": (b"1,2\r\n3,4\r\n", {}, (), [[1, 2], [3, 4]]),
    "blank lines": (b"\n1,2\n\n3,4\n\n", {}, (), [[1, 2], [3, 4]]),
    "header": (b"a,b\n1,2\n", {}, ("a", "b"), [[1, 2]]),
    "byte order mark": (b"\xef\xbb\xbfa,b\n1,2\n", {}, ("a", "b"), [[1, 2]]),
    "mark before a number": (b"\xef\xbb\xbf1,2\n", {}, (), [[1, 2]]),
    "header of numbers": (b"1,2\n3,4\n", {"header": True}, ("1", "2"), [[3, 4]]),
    "quoted": (b'"a, b",c\n"1","-2e3"\n', {}, ("a, b", "c"), [[1, -2000]]),
    "spaces round cells": (b"1 , 2\n", {}, (), [[1, 2]]),
    "semicolons": (b"1;2\n", {"delimiter": ";"}, (), [[1, 2]]),
    "tabs": (b"1\t2\n", {"delimiter": "\t"}, (), [[1, 2]]),
    "columns by spaces": (b"  1.5   2\n 3\t4 \n", {"delimiter": None}, (), [[1.5, 2], [3, 4]]),
    "missing": (
        b"1,\nNaN,?\n",
        {"missing": True, "header": False},
        (),
        [[1, np.nan], [np.nan] * 2],
    ),
    "one column": (b"1\n2\n", {}, (), [[1], [2]]),
    "semicolons, found": (b"a;b\n1;2\n", {}, ("a", "b"), [[1, 2]]),
    "tabs, found": (b"a\tb\n1\t2\n", {}, ("a", "b"), [[1, 2]]),
    "bars, found": (b"a|b\n1|2\n", {}, ("a", "b"), [[1, 2]]),
    "spaces, found": (b"a b\n1.5 2\n3  4\n", {}, ("a", "b"), [[1.5, 2], [3, 4]]),
    "commas in names": (b'"a, b";c\n1;2\n', {}, ("a, b", "c"), [[1, 2]]),
    "semicolons in names": (b'"a; b",c\n1,2\n', {}, ("a; b", "c"), [[1, 2]]),
    "a spanish spreadsheet": (
        "tamaño;año\n1,5;2\n-0,25;1,5e3\n".encode("latin-1"),
        {},
        ("tamaño", "año"),
        [[1.5, 2], [-0.25, 1500]],
    ),
    "the same in UTF-8": ("tamaño;año\n1,5;2\n".encode(), {}, ("tamaño", "año"), [[1.5, 2]]),
    "decimal commas with thousands": (b"1.234,5;2\n", {}, (), [[1234.5, 2]]),
    "a decimal comma late": (b"1;2\n3;4,25\n", {}, (), [[1, 2], [3, 4.25]]),
    "decimal commas, told": (b"1,234;2\n", {"decimal": ","}, (), [[1.234, 2]]),
    "decimal commas between tabs": (b"0,125\t2\n", {}, (), [[0.125, 2]]),
    "one column of decimal commas": (b"x\n1,5\n2,5\n", {"decimal": ","}, ("x",), [[1.5], [2.5]]),
    "decimal commas and gaps": (b"1,5;\n;2\n", {"missing": True}, (),
                                [[1.5, np.nan], [np.nan, 2]]),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_tables(tmp_path, name):
    data, options, names, values = GOOD[name]
    (tmp_path / "table.csv").write_bytes(data)
    table = read_csv(tmp_path / "table.csv", **options)
    assert table.names == names
    np.testing.assert_array_equal(table.values, values)
    assert table.values.dtype == np.float64


def test_a_compressed_table(tmp_path):
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(b"1,2\n"))
    assert read_csv(tmp_path / "table.csv.gz").values.tolist() == [[1, 2]]


BAD = {
    "empty": (b"", {}, "no rows"),
    "only a header": (b"a,b\n", {}, "no rows"),
    "a row too short": (b"1,2\n3\n", {}, r"line 2\n.*1 columns\n.*2 columns"),
    "a row too long": (b"a,b\n1,2\n3,4,5\n", {}, r"line 3\n.*3 columns"),
    "text": (b"a,b\n1,2\n3,four\n", {}, r"line 3, column 2 \('b'\)\n.*'four'"),
    "text in the first row": (b"1,two\n3,4\n", {}, "line 1, column 2"),
    "thousands or decimals": (b"1,234;2\n", {}, r'1,234\n.*decimal=","'),
    "both signs": (b"1,5;2.5\n", {}, r"sign was ','.\n.*column 2\n.*'2.5'\n.*decimal='.'"),
    "both signs, the other way": (b"1.5;2,5\n", {}, r"sign was '.'.\n.*column 2\n.*'2,5'"),
    "commas where points are told": (b"1,5;2\n", {"decimal": "."}, "column 1\n.*'1,5'"),
    "semicolons, ragged": (b"1,5;2\n3\n", {}, r"line 2\n.*1 columns\n.*2 columns"),
    "empty cell": (b"1,2\n3,\n", {}, r"missing.\n.*line 2, column 2\n.*''\n.*missing=True"),
    "nan": (b"1,2\nnan,4\n", {}, "line 2, column 1"),
    "infinity": (b"1,2\n3,inf\n", {}, "line 2, column 2"),
    "infinity where gaps are allowed": (b"1,2\n3,inf\n", {"missing": True}, "finite"),
    "a number too large": (b"1,2\n3,1e999\n", {}, "line 2, column 2"),
    "thousands separators": (b'1,2\n3,"1,234"\n', {}, "'1,234'"),
    "an underscore": (b"1,2\n3,1_000\n", {}, "'1_000'"),
    "digits of another script": ("1,2\n3,٤\n".encode(), {}, "line 2, column 2"),
    "a formula": (b"1,2\n3,=1+1\n", {}, "'=1\\+1'"),
    "an open quote": (b'1,2\n3,"4\n', {}, "line 2"),
    "text behind a quote": (b'1,2\n"3"x,4\n', {}, "line 2"),
    "ragged, by spaces": (b"1 2\n3\n", {"delimiter": None}, "line 2"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_name_the_place(name):
    data, options, message = BAD[name]
    with pytest.raises(DataError, match=message) as caught:
        parse_table(data, "the table", **options)
    assert "the table" in str(caught.value)


NO_TEXT = {
    "a zero byte": (b"1,2\n3,\x004\n", "line 2"),
    "UTF-16": ("1,2\n3,4\n".encode("utf-16"), "UTF-8"),
    "a line without end": (b"1," * 600_000, "too long"),
}


@pytest.mark.parametrize("name", NO_TEXT)
def test_what_is_no_text_is_named(name):
    data, message = NO_TEXT[name]
    with pytest.raises(FileError, match=message):
        parse_table(data, "the table")


def test_a_sign_that_is_none():
    with pytest.raises(ArgumentError, match="decimal sign 'x'"):
        parse_table(b"1;2", "the table", decimal="x")


def test_a_cell_beyond_the_limit_of_csv():
    with pytest.raises(DataError, match="line 1"):
        parse_table(b"1" * 200_000 + b",2\n", "the table")


def test_random_bytes_give_our_errors():
    dice = np.random.RandomState(0)
    letters = b'0123456789.,-+eE"\n\r \t;nai\x00\xff'
    for _ in range(2000):
        data = bytes(letters[i] for i in dice.randint(0, len(letters), dice.randint(1, 40)))
        for delimiter in (",", None, "auto"):
            try:
                table = parse_table(data, "noise", delimiter=delimiter)
            except (DataError, FileError):
                continue
            assert np.isfinite(table.values).all()
