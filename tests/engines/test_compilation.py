"""Compiled code on disk: found again, ignored where damaged or foreign, bounded in size."""

import os
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from grafito import graph
from grafito.engines import get
from grafito.engines.llvm.compilation import disk_cache, kernel_cache
from grafito.engines.llvm.compilation.machine import Machine
from grafito.errors import FileError, GrafitoWarning
from grafito.graph.program import Graph


@pytest.fixture
def entries(monkeypatch, tmp_path):
    """A function that lists the entries of an empty cache of its own."""
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))
    return lambda: sorted((tmp_path / "code").iterdir())


def run(make, *arrays):
    """The result of a function of tensors, by the CPU engine."""
    xs = {f"x{i}": graph.placeholder(a.shape, a.dtype, f"x{i}") for i, a in enumerate(arrays)}
    program = get("llvm").compile(Graph(xs, {"y": make(*xs.values())}, {}))
    program.bind({f"x{i}": a for i, a in enumerate(arrays)})
    return program.run()["y"][0]


def doubled():
    return run(lambda x: x * 2.0, np.array([1, 2, 3], "float32")).tolist()


def test_code_is_kept_and_found_again(entries, monkeypatch):
    assert doubled() == [2, 4, 6]
    assert len(entries()) == 3  # what is known of the kernel, its code, and that of who calls it
    monkeypatch.setattr(Machine, "compile", None)  # nothing is compiled again
    monkeypatch.setattr(kernel_cache, "emit_kernel", None)  # or written
    assert doubled() == [2, 4, 6]


def test_code_that_is_known_is_written_for_who_asks(entries):
    x = graph.placeholder((3,), name="x")
    texts = []
    for _ in range(2):
        program = get("llvm").compile(Graph({"x": x}, {"y": graph.exp(x)}, {}))
        name = next(iter(program._assembled.sources))
        texts.append(program.source(name))
    assert texts[0] == texts[1]
    assert f'define void @"{name}"' in texts[0]


@pytest.fixture
def written(monkeypatch):
    """The kernels that were written."""
    kernels, emit = [], kernel_cache.emit_kernel
    monkeypatch.setattr(kernel_cache, "emit_kernel", lambda *a: kernels.append(a[0]) or emit(*a))
    return kernels


@pytest.mark.parametrize(("name", "text"), [("b.py", "x = 1"), ("a.py", "x = 2")])
def test_what_other_sources_wrote_is_not_found(entries, written, name, text, monkeypatch, tmp_path):
    """A change of a generator is a change of all that it wrote."""
    for folder, file, content in (("old", "a.py", "x = 1"), ("new", name, text)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text(content)
        digest = disk_cache.digest_of((tmp_path / folder).glob("*.py"))
        monkeypatch.setattr(kernel_cache, "SOURCES", digest)
        assert doubled() == doubled() == [2, 4, 6]
    assert len(written) == 2


def test_sources_that_cannot_be_read_are_like_no_others(tmp_path):
    digests = {disk_cache.digest_of(files) for files in ([], [], [tmp_path / "no.py"])}
    assert len(digests) == 3


@pytest.mark.parametrize("kept", range(3))
def test_entries_that_are_gone_are_built_again(entries, kept):
    """Also where what is known of a kernel outlives its code."""
    doubled()
    before = entries()
    for entry in {*before} - {before[kept]}:
        entry.unlink()
    assert doubled() == [2, 4, 6]
    assert entries() == before


def test_equal_kernels_are_compiled_once(entries, monkeypatch):
    """Those of another program, too: only the function that calls them is new."""
    x, compiled = np.ones((4, 5), "float32"), []
    compile_ = Machine.compile
    monkeypatch.setattr(
        Machine, "compile", lambda self, text: compiled.append(text) or compile_(self, text)
    )
    run(lambda x: graph.cumsum(x, axis=1), x)
    before = len(compiled)
    run(lambda x: graph.cumsum(graph.cumsum(x, axis=1), axis=1), x)
    assert len(compiled) == before + 1


@pytest.mark.parametrize("damage", [lambda raw: raw[:-7], lambda raw: raw + b"x", lambda raw: b""])
def test_a_damaged_entry_is_built_again(entries, damage):
    doubled()
    whole = {entry: entry.read_bytes() for entry in entries()}
    for entry, raw in whole.items():
        entry.write_bytes(damage(raw))
    assert doubled() == [2, 4, 6]
    assert {entry: entry.read_bytes() for entry in entries()} == whole


def test_an_entry_under_another_name_is_not_run(entries):
    doubled()
    entry = entries()[0]
    other = entry.with_name("0" * 64)
    entry.rename(other)
    assert disk_cache.read(other.name) is None


def test_what_was_not_used_for_longest_is_removed(entries, monkeypatch):
    doubled()
    entries()[2].unlink()
    old, used = entries()
    os.utime(old, (1, 1))
    os.utime(used, (2, 2))
    spare = used.with_name("spare")
    spare.write_bytes(b"")
    os.utime(spare, (3, 3))
    monkeypatch.setattr(disk_cache, "LIMIT", used.stat().st_size)
    disk_cache.trim()
    assert entries() == [used, spare]
    assert disk_cache.read(used.name)  # the newest now
    assert used.stat().st_mtime > 3


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_others_may_write_to_is_not_used(entries, tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.warns(GrafitoWarning, match="others may write to it"):
        assert doubled() == [2, 4, 6]
    assert doubled() == [2, 4, 6]  # it is said once
    assert entries() == []
    folder.rmdir()
    doubled()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_disk_that_is_read_only_is_named_once(entries, monkeypatch):
    def refuse(*args, **options):
        raise FileError("The file cannot be written.", received="Read-only file system")

    monkeypatch.setattr(disk_cache, "replace_file", refuse)
    with pytest.warns(GrafitoWarning, match="Read-only file system") as told:
        assert doubled() == [2, 4, 6]
    assert len(told) == 1
    assert entries() == []


def test_a_folder_in_place_of_an_entry_is_told(entries):
    assert doubled() == [2, 4, 6]
    for entry in disk_cache.folder().iterdir():
        entry.unlink()
        entry.mkdir()
    with pytest.warns(GrafitoWarning, match="received   .*folder"):
        assert doubled() == [2, 4, 6]


def test_a_folder_that_cannot_be_made_is_named_once(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path / "file"))
    with pytest.warns(GrafitoWarning, match="not kept") as told:
        assert doubled() == [2, 4, 6]
    assert len(told) == 1
    assert "GRAFITO_CACHE" in str(told[0].message)


def test_the_cache_can_be_turned_off(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAFITO_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert doubled() == [2, 4, 6]
    assert not any(tmp_path.iterdir())


def test_code_does_not_depend_on_the_seed(entries):
    """A network that nobody gave a seed has a new one in each run, and is not compiled again."""
    step, drawn = np.array(3, "int32"), []
    for seed in (1, 2**40 + 7):
        drawn.append(run(lambda s, seed=seed: graph.random.uniform((50,), seed=seed, step=s), step))
        if len(drawn) == 1:
            before = entries()
    assert entries() == before
    assert not np.array_equal(*drawn)
