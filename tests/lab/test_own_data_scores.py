"""What `lab.fit` reaches beside simpler models: the tables of the benchmark, and its page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # the benchmarks are no part of the package

from benchmarks import own_data  # noqa: E402
from grafito.errors import DataError  # noqa: E402

KEPT = json.loads(own_data.RESULT.read_text(encoding="utf-8"))
AS_GOOD = [name for name, found in KEPT.items() if found["winner"] in ("network", "as good")]


def test_the_network_is_as_good_on_six_of_seven_tables():
    assert set(KEPT) == set(own_data.TABLES)
    assert set(AS_GOOD) >= {"iris", "wine", "digits", "boston", "california", "made"}


@pytest.mark.parametrize(("page", "lang"), [("own-data.md", "en"), ("es/own-data.md", "es")])
def test_the_guide_shows_what_was_measured(page, lang):
    text = (ROOT / "docs" / "guide" / page).read_text(encoding="utf-8")
    for row in own_data.page_rows(KEPT, lang):
        assert row in text


@pytest.mark.slow
@pytest.mark.parametrize("name", AS_GOOD)
def test_tables(name):
    """A run of today is as good where the kept one was."""
    pytest.importorskip("pandas")
    try:
        found = own_data.measured(name)
    except DataError as error:
        pytest.skip(error.what)
    assert found["winner"] in ("network", "as good"), found
