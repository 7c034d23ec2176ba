"""Tar archives: hostile ones leave no trace on disk and no gap in memory."""

import gzip
import io
import lzma
import random
import tarfile

import pytest
from data_files import tar

from grafito.datasets.readers.archive import read_tar
from grafito.errors import FileError

WANTED = r"set/[abc]\.bin"
MEMBERS = {"set/a.bin": b"one", "set/b.bin": b"", "set/readme": b"text", "set/c.bin": b"x" * 9999}
EXPECTED = {name: data for name, data in MEMBERS.items() if name != "set/readme"}


def read(path, **limits):
    return dict(read_tar(path, WANTED, **({"max_bytes": 1 << 20} | limits)))


@pytest.mark.parametrize("packing", ["plain", "gz", "xz"])
def test_reads_the_expected_members(tmp_path, packing):
    plain = tar(tmp_path / "good.tar", MEMBERS).read_bytes()
    path = tmp_path / "packed"
    pack = {"plain": bytes, "gz": gzip.compress, "xz": lzma.compress}[packing]
    path.write_bytes(pack(plain))
    assert read(path) == EXPECTED


def special(name, **fields):
    """An archive with one member whose header is made up."""
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    return buffer.getvalue()


REFUSED = {
    "a symbolic link": special("set/a.bin", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": special("set/a.bin", type=tarfile.LNKTYPE, linkname="../secret"),
    "a device": special("set/a.bin", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "a named pipe": special("set/a.bin", type=tarfile.FIFOTYPE),
    "a folder": special("set/a.bin", type=tarfile.DIRTYPE),
    "a sparse file": special(
        "set/a.bin",
        pax_headers={
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.name": "set/a.bin",
            "GNU.sparse.size": str(1 << 50),
            "GNU.sparse.map": f"{1 << 49},0",
        },
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_only_regular_files_are_taken(tmp_path, name):
    path = tmp_path / "hostile.tar"
    path.write_bytes(REFUSED[name])
    with pytest.raises(FileError, match=r"not a regular file"):
        read(path)


@pytest.mark.parametrize(
    "name",
    ["../a.bin", "/set/a.bin", "set/../set/a.bin", "C:\\set\\a.bin", "set/a.bin/x", "x" * 4096],
)
def test_other_names_are_passed_over_and_nothing_is_written(tmp_path, name):
    (tmp_path / "work").mkdir()
    path = tar(tmp_path / "work" / "names.tar", {name: b"data", **MEMBERS})
    before = sorted(tmp_path.rglob("*"))
    assert read(path) == EXPECTED
    assert sorted(tmp_path.rglob("*")) == before


def test_a_member_that_comes_twice_is_refused(tmp_path):
    path = tar(tmp_path / "twice.tar", [("set/a.bin", b"1"), ("set/a.bin", b"2")])
    with pytest.raises(FileError, match="twice"):
        read(path)


@pytest.mark.parametrize("name", ["set/a.bin", "set/unexpected"])
def test_a_bomb_is_stopped(tmp_path, name):
    path = tar(tmp_path / "bomb.tar.gz", {name: bytes(8 << 20)})
    assert path.stat().st_size < 100_000
    with pytest.raises(FileError, match="unpacks to more"):
        read(path)


def test_a_bomb_behind_the_last_member_is_stopped(tmp_path):
    plain = tar(tmp_path / "good.tar", MEMBERS).read_bytes()
    path = tmp_path / "tail.tar.gz"
    path.write_bytes(gzip.compress(plain + bytes(8 << 20)))
    with pytest.raises(FileError, match="unpacks to more"):
        read(path)


def test_too_many_members_are_refused(tmp_path):
    path = tar(tmp_path / "many.tar", {f"set/{number}": b"" for number in range(30)})
    with pytest.raises(FileError, match="too many"):
        read(path, max_members=20)


def test_every_truncation_is_named_or_leaves_members_out(tmp_path):
    whole = tar(tmp_path / "good.tar.gz", MEMBERS).read_bytes()
    path = tmp_path / "cut.tar.gz"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FileError, match=r"cut\.tar\.gz"):
            read(path)


def test_random_damage_gives_our_error_or_less(tmp_path):
    whole = tar(tmp_path / "good.tar", MEMBERS).read_bytes()
    path = tmp_path / "noise.tar"
    dice = random.Random(3)
    for _ in range(400):
        data = bytearray(whole[: dice.randrange(512, len(whole))])
        for _ in range(dice.randrange(1, 9)):
            data[dice.randrange(min(len(data), 2048))] = dice.randrange(256)
        path.write_bytes(data)
        try:
            found = read(path)
        except FileError:
            continue
        assert found.keys() <= EXPECTED.keys()


@pytest.mark.parametrize("data", [b"", b"<html></html>", b"x" * 2000])
def test_what_is_no_archive_is_named(tmp_path, data):
    path = tmp_path / "no.tar"
    path.write_bytes(data)
    with pytest.raises(FileError, match=r"no\.tar"):
        read(path)
