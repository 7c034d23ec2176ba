"""Finding, fetching and verifying files, against folders and a server on this machine."""

import dataclasses
import gzip
import hashlib
import http.server
import os
import threading

import numpy as np
import pytest
from data_files import idx, mnist_files, packed

from grafito import datasets
from grafito.datasets import catalogue, mnist, pima, store
from grafito.datasets.catalogue import REGISTRY, card, names
from grafito.errors import DataError, FileError, GrafitoError, UnknownNameError

TABLE = "".join(f"1,2,3,4,5,6,7,8,{int(row < 268)}\n" for row in range(768)).encode()
SIZE = len(TABLE)
NAME = "pima-indians-diabetes.data.csv"


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves good and bad versions of one file."""

    asked: list[str]

    def do_GET(self):
        self.asked.append(self.path)
        status, length, body = {
            "/good": (200, len(TABLE), TABLE),
            "/short": (200, len(TABLE), TABLE[:100]),
            "/short-and-honest": (200, 100, TABLE[:100]),
            "/long": (200, 3 * len(TABLE), TABLE * 3),
            "/wrong": (200, len(TABLE), TABLE[::-1]),
            "/login": (200, 13, b"<html></html>"),
            "/empty": (200, 0, b""),
            "/gone": (404, 0, b""),
            "/broken": (500, 0, b""),
        }[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """Let the data set `pima` come from a server here; give a function that sets the pages."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = type("Recorder", (Handler,), {"asked": []})
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
    base = f"http://127.0.0.1:{listener.server_port}"

    def offer(*pages, size: int | None = SIZE):
        file = dataclasses.replace(
            card("pima").files[0],
            urls=tuple(f"{base}/{page}" for page in pages),
            digest="sha256:" + hashlib.sha256(TABLE).hexdigest(),
            size=size,
        )
        changed = dataclasses.replace(card("pima"), files=(file,))
        monkeypatch.setitem(REGISTRY, "pima", changed)
        return handler.asked

    yield offer
    listener.shutdown()
    listener.server_close()


def cached(tmp_path):
    return sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_a_download_is_kept_and_used_again(tmp_path, server):
    asked = server("good")
    (x_train, y_train), (_, y_test) = pima.load_data()
    assert x_train.shape == (614, 8)
    assert (y_train.sum(), y_test.sum()) == (214, 54)
    assert cached(tmp_path) == [tmp_path / "cache" / "pima" / NAME]
    pima.load_data()
    assert asked == ["/good"]
    (finding,) = store.verify("pima")
    assert (finding.published, finding.own, finding.problem) == (True, False, None)


@pytest.mark.parametrize(
    "page", ["short", "short-and-honest", "long", "wrong", "login", "empty", "gone", "broken"]
)
def test_a_bad_download_is_never_taken_for_the_file(tmp_path, server, page):
    server(page)
    with pytest.raises(DataError, match="cannot be downloaded") as caught:
        pima.load_data()
    assert cached(tmp_path) == []
    for part in (NAME, f"/{page}", "GRAFITO_DATA", "0.014 MB"):
        assert part in str(caught.value)


def test_the_next_address_is_tried(tmp_path, server):
    asked = server("gone", "long", "good")
    pima.load_data()
    assert asked == ["/gone", "/long", "/good"]


def test_a_download_without_published_size_is_capped(tmp_path, server, monkeypatch):
    monkeypatch.setattr(store, "_UNKNOWN_SIZE", len(TABLE) - 1)
    server("good", size=None)
    with pytest.raises(DataError, match="sent more than"):
        pima.load_data()
    assert cached(tmp_path) == []


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path, server):
    asked = server("good")
    path = tmp_path / "cache" / "pima" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(TABLE[:900])
    (finding,) = store.verify("pima")
    assert finding.published is False
    assert "does not hold this data set" in finding.problem
    pima.load_data()
    assert asked == ["/good"]
    assert path.read_bytes() == TABLE


def test_ctrl_c_leaves_nothing(tmp_path, server, monkeypatch):
    server("good")

    def interrupted(self, data):
        raise KeyboardInterrupt

    monkeypatch.setattr(store._Limited, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pima.load_data()
    assert cached(tmp_path) == []


def test_a_cache_that_cannot_be_made_is_named(tmp_path, server, monkeypatch):
    server("good")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path / "file"))
    with pytest.raises(FileError, match="GRAFITO_CACHE"):
        pima.load_data()


@pytest.mark.parametrize("name", [name for name in names() if card(name).files])
def test_missing_data_without_network(name):
    module = getattr(datasets, name)
    with pytest.raises(DataError) as caught:
        module.load_data()
    first = card(name).files[0]
    for part in (first.name, *first.urls, "GRAFITO_DATA", first.digest, "go online"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("mnist", "mnist"),
        ("MNIST/raw", "mnist"),
        ("a/b/mnist", "mnist"),
        ("fashion-mnist", "fashion_mnist"),
        ("FashionMNIST/raw", "fashion_mnist"),
        ("fashion_mnist", "fashion_mnist"),
        ("mnist/fashion-mnist", "fashion_mnist"),
        ("other", None),
        ("1/2/3/4/5/mnist", None),
    ],
)
def test_the_folder_tells_mnist_from_fashion(tmp_path, monkeypatch, folder, found):
    mnist_files(tmp_path / "data" / folder, 1, 1)
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path / "data"))
    for name in ("mnist", "fashion_mnist"):
        for file in card(name).files:
            path = store.find(card(name), file)
            expected = tmp_path / "data" / folder / file.name if name == found else None
            assert path == expected


def test_folders_are_searched_in_order_and_the_published_name_first(tmp_path, monkeypatch):
    for place in ("one/x", "two"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "one/x/pima-indians-diabetes.csv").write_bytes(TABLE)
    (tmp_path / "two" / NAME).write_bytes(TABLE)
    folders = [tmp_path / "one", tmp_path / "two"]
    monkeypatch.setenv("GRAFITO_DATA", os.pathsep.join(map(str, folders)))
    assert store.get("pima")[NAME] == tmp_path / "one/x/pima-indians-diabetes.csv"
    (tmp_path / "one" / NAME).write_bytes(TABLE)
    assert store.get("pima")[NAME] == tmp_path / "one" / NAME


def test_a_folder_that_does_not_exist_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileError, match="nowhere"):
        mnist.load_data()


def test_own_files_are_checked_by_structure(tmp_path, monkeypatch):
    mnist_files(tmp_path / "mnist", 60_000, 10_000)
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path))
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert (x_train.shape, y_train.shape) == ((60_000, 28, 28), (60_000,))
    assert (x_test.shape, y_test.shape) == ((10_000, 28, 28), (10_000,))
    findings = store.verify("mnist")
    assert len(findings) == 4
    for finding in findings:
        assert finding.own
        assert finding.problem is None
        assert finding.published is False
        assert "not the published file" in str(finding)
    # Unpacked files serve as well; nobody publishes a checksum for them.
    labels = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    labels.with_suffix("").write_bytes(gzip.decompress(labels.read_bytes()))
    labels.unlink()
    mnist.load_data()
    assert store.verify("mnist")[3].published is None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("train-images-idx3-ubyte.gz", packed(idx(np.zeros((5, 28, 28), np.uint8)))),
        ("t10k-images-idx3-ubyte.gz", packed(idx(np.zeros((10_000, 28, 27), np.uint8)))),
        ("train-labels-idx1-ubyte.gz", packed(idx(np.full(60_000, 10, np.uint8)))),
        ("t10k-labels-idx1-ubyte.gz", packed(idx(np.zeros(10_000, np.uint8)))[:-4]),
        ("t10k-labels-idx1-ubyte.gz", b""),
    ],
)
def test_own_files_that_are_wrong_are_named(tmp_path, monkeypatch, name, data):
    mnist_files(tmp_path / "mnist", 60_000, 10_000)
    (tmp_path / "mnist" / name).write_bytes(data)
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path))
    with pytest.raises(GrafitoError, match=name):
        mnist.load_data()
    (bad,) = [finding for finding in store.verify("mnist") if finding.problem]
    assert bad.file == name
    assert bad.published is False


def test_verify_says_what_is_not_here():
    assert [str(finding) for finding in store.verify("cifar10")] == [
        "cifar-10-python.tar.gz: not here"
    ]
    assert store.verify("digits") == []
    assert store.get("ice_creams") == {}


def test_unknown_names_get_the_nearest():
    for function in (datasets.card, datasets.get, datasets.verify):
        with pytest.raises(UnknownNameError, match="'fashion_mnist'"):
            function("fashon_mnist")
    assert datasets.card("Fashion-MNIST").name == "fashion_mnist"
    with pytest.raises(AttributeError, match="nothing"):
        _ = datasets.nothing


@pytest.mark.parametrize("name", names())
def test_every_record_is_whole(name):
    data_set = card(name)
    for field in dataclasses.fields(data_set):
        if field.name not in ("files", "folders"):
            assert getattr(data_set, field.name), field.name
            assert field.name == "name" or field.name in str(data_set)
    for file in data_set.files:
        published = [file.digest, *(digest for _, digest in file.also if digest)]
        for algorithm, _, digits in (text.partition(":") for text in published):
            assert len(digits) == {"sha256": 64, "md5": 32}[algorithm]
            int(digits, 16)
        assert file.urls
        assert file.name in str(data_set)
    assert hasattr(datasets, name) or name == "ice_creams"


def test_a_known_file_name_belongs_to_one_data_set():
    owners = {}
    for data_set in catalogue.REGISTRY.values():
        for file in data_set.files:
            for name in file.names:
                owners.setdefault(name, []).append(data_set)
    for sets in owners.values():
        assert len(sets) == 1 or all(data_set.folders for data_set in sets)
