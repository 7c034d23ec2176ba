"""The wide table compares the same networks: PyTorch's form has the same losses."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(
    str(Path(__file__).resolve().parents[1])
)  # the benchmarks are no part of the package

from benchmarks import __main__ as command
from benchmarks.conditions import Conditions
from benchmarks.wide import __main__ as wide
from benchmarks.wide import in_grafito
from benchmarks.wide.networks import NETWORKS


def short(name):
    """Two small batches, and nothing random."""
    return replace(NETWORKS[name], steps=2, batch=min(NETWORKS[name].batch, 8))


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "dropout"])
def test_losses_agree_with_pytorch(name, torch):
    from benchmarks.wide.in_torch import Participant

    ours = in_grafito.Participant(short(name), "reference").run()
    assert Participant(short(name), "eager").run() == pytest.approx(
        ours, rel=3e-4
    )  # epsilon stands elsewhere


@pytest.mark.parametrize("name", ["residual", "two inputs"])
def test_channels_last_is_the_same_network(name, torch):
    from benchmarks.wide.in_torch import Participant

    first, last = (Participant(short(name), form).run() for form in ("eager", "channels_last"))
    assert last == pytest.approx(first, rel=1e-5)


def ran(*seconds):
    """What a participant tells."""
    return {"seconds": list(seconds), "losses": []}


def test_ratios_are_taken_round_by_round_against_the_faster_form():
    entries = {"grafito": ran(1.0, 2.0), "eager": ran(9.0, 9.0), "channels_last": ran(3.0, 4.0)}
    assert wide.ratios(entries) == [3.0, 2.0]
    assert wide.ratios({"grafito": ran(1.0)}) == []
    assert wide.ratios(entries | {"grafito": ran() | {"skipped": "it failed"}}) == []


def test_the_table_begins_with_the_slowest_and_ends_with_the_mean():
    fast = {"grafito": ran(1.0), "eager": ran(9.0)}
    slow = {"grafito": ran(1.0), "eager": ran(4.0)}
    text = wide.table({"networks": {"groups": fast, "depthwise": slow}, "steps": 1})
    assert text.index("| depthwise | 4 ") < text.index("| groups | 9 ") < text.index("mean | 6 |")


@pytest.mark.slow
def test_a_network_in_processes_of_their_own(tmp_path, torch, capsys):
    peers = ["--peers", "grafito", "eager", "--rounds", "1", "--steps", "2", "--threads", "1"]
    command.main(["--wide", "batch 7", *peers, "--isa", "avx2", "--out", str(tmp_path)])
    stored = json.loads((tmp_path / "wide-avx2.json").read_text(encoding="utf-8"))
    assert Conditions(**stored["conditions"]).isa == "avx2"
    ours, theirs = (stored["networks"]["batch 7"][name] for name in ("grafito", "eager"))
    assert ours["first_loss"] == pytest.approx(theirs["first_loss"], rel=3e-4)
    assert "all held to AVX2" in (tmp_path / "wide-avx2.md").read_text(encoding="utf-8")
    assert "batch 7" in capsys.readouterr().out


def test_an_unknown_network_is_refused(capsys):
    with pytest.raises(SystemExit):
        wide.parse(["nothing"])
    assert "no network 'nothing'" in capsys.readouterr().err
