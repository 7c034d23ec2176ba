"""Data in a file that is larger than memory are trained on without being brought into memory."""

import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # the benchmarks are no part of the package

from benchmarks import streaming

SIZE = 128 * 2**20
LIMIT = 48  # MiB


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.f32"
    yield path, streaming.written(path, SIZE)
    path.unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells RssAnon")
@pytest.mark.parametrize("name", streaming.WAYS)
def test_an_epoch_takes_little_memory(name, file):
    if name == "DataLoader" and not importlib.util.find_spec("torch"):
        pytest.skip("PyTorch is missing")
    assert streaming.grown(*file, streaming.WAYS[name]) < LIMIT
    assert file[0].stat().st_size == SIZE


def test_what_is_brought_into_memory_is_seen(file):
    assert streaming.grown(*file, lambda x: streaming.mapped(x + 0)) > LIMIT
