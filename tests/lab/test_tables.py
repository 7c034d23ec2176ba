"""Tables of a report: turned where they are broad and low, in small type where they are dense."""

from __future__ import annotations

import pytest
from lab.run_folders import run_folder, write_csv

from grafito import lab
from grafito.lab.report.blocks import Writer
from grafito.language import localised

BROAD = ["form", *(f"number {n}" for n in range(8))]


def row(name, start):
    return [name, *(f"{start + n}.5" for n in range(8))]


def test_a_broad_table_of_few_rows_is_turned():
    table = Writer().tabulate(BROAD, [row("plain", 0), row("wide", 10)])
    assert list(table.titles) == ["", "plain", "wide"]  # the first column has titles, not forms
    assert [list(cells) for cells in table.rows[:2]] == [
        ["number 0", "0.5", "10.5"],
        ["number 1", "1.5", "11.5"],
    ]
    assert table.numeric == [False, True, True]


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        (BROAD, [row("plain", n) for n in range(7)]),
        (BROAD, []),
        (BROAD[:7], [row("plain", 0)[:7]]),
    ],
    ids=["many rows", "no rows", "few columns"],
)
def test_other_tables_stay(titles, rows):
    assert list(Writer().tabulate(titles, rows).titles) == titles


# The widest title and the longest cell of each of ten columns, and how the table is shown.
CLASSES = {
    "small": ("ab", "1", "tabular"),
    "dense by its cells": ("ab", "123456789", "tabular dense"),
    "dense by its titles": ("abcdefghi of an", "1", "tabular dense"),
    "wide": ("abcdefghijklmn", "1", "tabular dense wide"),
    "long texts go on in the next line": ("ab", "word " * 50, "tabular dense wide"),
}


@pytest.mark.parametrize("case", CLASSES)
def test_type_and_paper_follow_the_width(case, tmp_path):
    title, cell, shown = CLASSES[case]
    folder = run_folder(tmp_path / "run")
    write_csv(folder / "classes.csv", [[f"{title}"] * 10, *[[cell] * 10] * 9])
    assert f'<figure class="{shown}"' in lab.write_report(folder).read_text()


def test_a_wide_drawing_has_a_sheet_on_its_side(tmp_path):
    folder = run_folder(tmp_path / "run")
    assert '<figure id="figure-1">' in lab.write_report(folder).read_text()
    drawing = (folder / "curves.svg").read_text()
    width = drawing.partition('width="')[2].partition('"')[0]
    (folder / "curves.svg").write_text(drawing.replace(f'width="{width}"', 'width="900pt"'))
    assert '<figure id="figure-1" class="wide">' in lab.write_report(folder).read_text()


@pytest.mark.parametrize(
    "text",
    [
        "pérdida 0,220",
        "0,5",
        "x1,000",
        "arXiv:1708.07747",
        "CC BY-SA 3.0 (Yann LeCun)",
        "CC BY 4.0",
        "learning_rate=0.1",
        "grafito 1.2.3",
    ],
)
def test_a_decimal_comma_is_no_group_of_thousands(text):
    assert localised(text, "es") == text
