"""Each hint is carried out on its own case; each `fix=` of the sources has a row."""

import contextlib
from collections import Counter

import pytest

from hints import (
    data,
    drawn,
    estimators,
    functions,
    graphs,
    insights,
    layers,
    others,
    processes,
    running,
    stored,
    studios,
    tables,
    training,
)
from hints.rows import Row, english_in, error_of, hint_in, hint_of, names, run, sites, watched

ROWS: list[Row] = [
    *data.ROWS,
    *training.ROWS,
    *layers.ROWS,
    *functions.ROWS,
    *graphs.ROWS,
    *others.ROWS,
    *processes.ROWS,
    *drawn.ROWS,
    *estimators.ROWS,
    *stored.ROWS,
    *studios.ROWS,
    *tables.ROWS,
    *running.ROWS,
    *insights.ROWS,
]


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_a_hint_helps(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = ROWS[number]
    error = error_of(row)
    assert english_in(error) == []
    hint = hint_in(str(error))
    assert (row.says or row.new.strip(" ,()[]")) in hint, f"{row.case}\nsays: {hint}"
    if not row.sentence:
        scope = names()
        run(row.before, scope)
        run(row.mended, scope)


def test_every_hint_of_the_sources_has_a_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with watched() as met:
        for row in ROWS:
            with contextlib.suppress(AssertionError):
                hint_of(row)
    missing = Counter(name for site, name in sites().items() if site not in met)
    assert not missing, f"no row: {dict(missing)}"
