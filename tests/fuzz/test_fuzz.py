"""The short form of every fuzzer: a share of a minute each, always with the same seed."""

import numpy as np
import pytest

import fuzz

SECONDS = 60  # of all fuzzers together


@pytest.mark.slow
@pytest.mark.parametrize("name", fuzz.fuzzers())
def test_short_form(name):
    count = fuzz.run(name, SECONDS / len(fuzz.fuzzers()))
    print(f"{name}: {count} cases")


def test_a_finding_names_the_command_that_repeats_it(monkeypatch):
    def case(rng: np.random.Generator) -> None:
        assert rng.random() < 0.5, "too large"

    monkeypatch.setattr(fuzz, "fuzzers", lambda: {"made": case})
    with pytest.raises(fuzz.Finding, match=r"python -m fuzz made --seed 3 --case \d+"):
        fuzz.run("made", 1.0, seed=3)
