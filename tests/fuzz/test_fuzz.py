"""The short form of every fuzzer: about 90 s of one CPU in all, always the same cases."""

import numpy as np
import pytest

import fuzz


@pytest.mark.slow
@pytest.mark.parametrize(("name", "module"), fuzz.modules().items(), ids=fuzz.modules())
def test_short_form(name, module):
    fuzz.run(name, module.SHORT)


def test_a_finding_names_the_command_that_repeats_it(monkeypatch):
    def case(rng: np.random.Generator) -> None:
        assert rng.random() < 0.5, "too large"

    monkeypatch.setattr(fuzz, "fuzzers", lambda: {"made": case})
    with pytest.raises(fuzz.Finding, match=r"python -m fuzz made --seed 3 --case \d+"):
        fuzz.run("made", 20, seed=3)
