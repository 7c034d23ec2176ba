"""Files that say what they do not hold: a FileError within two seconds, and no memory for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from faults import hostile
from grafito import Model, Sequential, initializers, layers, models
from grafito.errors import FileError
from grafito.files import read_arrays, write_arrays

SECONDS = 2.0


@pytest.mark.parametrize(
    ("count", "seed"), [(150, 3), pytest.param(1000, 4, marks=pytest.mark.slow)]
)
def test_changed_contents(count, seed, tmp_path):
    wrong, came = hostile.attack(count, seed, tmp_path)
    assert not wrong
    assert min(came.values()) > 0


def small(tmp_path):
    """A model's arrays and content."""
    model = Sequential([layers.Input((4,)), layers.Dense(3, name="first"), layers.Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((4, 4), "f"), np.ones((4, 2), "f"), verbose=0)
    path = tmp_path / "m.safetensors"
    model.save(path)
    return path, *read_arrays(path)


def first(content):
    return content["model"]["config"]["layers"][1]


ORTHOGONAL = {"class_name": "Orthogonal", "config": {}}
FORMS = {
    "a shared layer whose number is a list": lambda c: c["model"]["config"]["layers"].__setitem__(
        1, {"shared": [1]}
    ),
    "a kernel of a billion": lambda c: first(c)["config"].update(units=10**9),
    "an orthogonal one": lambda c: first(c)["config"].update(
        units=20_000, kernel_initializer=ORTHOGONAL
    ),
    "an embedding": lambda c: first(c).update(
        class_name="Embedding", config={"input_dim": 10**9, "output_dim": 100}
    ),
    "a huge input": lambda c: c["model"]["config"]["layers"][0]["config"].update(
        batch_shape=[None, 10**12]
    ),
    "no weights named": lambda c: c.pop("weights"),
    "weights of nobody": lambda c: c["weights"].append("nobody"),
    "weights twice": lambda c: c["weights"].append(c["weights"][0]),
    "weights as a text": lambda c: c.update(weights="ab"),
    "no state": lambda c: c.pop("state"),
    "training of nobody": lambda c: c.update(training=None),
    "a loss of 3": lambda c: c["training"].update(loss=3),
    "metrics of 3": lambda c: c["training"].update(metrics=3),
    "loss weights of a text": lambda c: c["training"].update(loss_weights="x"),
    "a text for check_finite": lambda c: c["training"].update(check_finite="x"),
    "a text for the seed": lambda c: c["training"].update(shuffle_seed="x"),
    "slots far away": lambda c: c["training"].update(slots=[99]),
    "an optimizer of a list": lambda c: c["training"]["optimizer"].update(config=[1]),
    "a text for clipnorm": lambda c: c["training"]["optimizer"]["config"].update(clipnorm="x"),
    "a function with a config": lambda c: first(c)["config"].update(
        activation={"class_name": "relu", "config": {}}
    ),
    "units of 400 digits": lambda c: first(c)["config"].update(units=10**400),
    "no seed": lambda c: c["training"].pop("shuffle_seed"),
    "11,000 layers": lambda c: c["model"]["config"].update(layers=[first(c)] * 11_000),
    "lists within lists": lambda c: c["model"]["config"].update(name=deep(400)),
    "frozen parts of a text": lambda c: c.update(frozen={"parts": "x"}),
}


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("name", FORMS)
def test_contents_that_no_model_has(name, tmp_path):
    path, arrays, content = small(tmp_path)
    FORMS[name](content)
    write_arrays(path, arrays, content)
    began = time.process_time()
    with pytest.raises(FileError):
        models.load_model(path)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("content", [3, None, "model", [], ["model"], {}, {"model": 3}])
def test_contents_that_are_no_dictionary_of_a_model(content, tmp_path):
    path = tmp_path / "m.safetensors"
    write_arrays(path, {"a": np.zeros(3)}, content)
    model = Sequential([layers.Input((4,)), layers.Dense(3)])
    for read in (models.load_model, model.load_weights):
        with pytest.raises(FileError):
            read(path)


def test_nested_models_that_are_each_called_twice(tmp_path):
    model = Model(i := layers.Input((4,)), layers.Dense(4, name="d")(i), name="m0")
    for number in range(1, 4):
        i = layers.Input((4,))
        model = Model(i, model(model(i)), name=f"m{number}")
    path = tmp_path / "m.safetensors"
    model.save(path)
    assert models.load_model(path).count_params() == 20  # such models are honest
    arrays, content = read_arrays(path)
    for number in range(4, 26):
        entry = json.loads(json.dumps(content["model"]))
        outer = json.loads(json.dumps(content["model"]))
        outer["config"]["name"] = f"m{number}"
        outer["config"]["layers"] = [entry]
        content["model"] = outer
    write_arrays(path, arrays, content)
    began = time.process_time()
    with pytest.raises(FileError, match="calls of layers"):
        models.load_model(path)
    assert time.process_time() - began < SECONDS


def test_loading_draws_no_numbers(tmp_path, monkeypatch):
    path, arrays, _ = small(tmp_path)

    def drawn(*_, **__):
        raise AssertionError("numbers are drawn")

    monkeypatch.setattr(initializers.GlorotUniform, "__call__", drawn)
    model = models.load_model(path)
    assert np.array_equal(
        model.get_weights()[0],
        next(a for name, a in arrays.items() if name.startswith("weights/000")),
    )


GREEDY = """
import resource, sys
from grafito import layers, models, Sequential
from grafito.files import read_arrays, write_arrays
path = sys.argv[1]
models.load_model(path)
arrays, content = read_arrays(path)
content["model"]["config"]["layers"][1]["config"]["units"] = 200_000_000
write_arrays(path, arrays, content)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    models.load_model(path)
except OSError:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


def test_a_file_takes_no_more_memory_than_it_holds(tmp_path):
    path, *_ = small(tmp_path)
    command = [sys.executable, "-c", GREEDY, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20  # MB


HEADERS = {
    "longer than the file": (10**9).to_bytes(8, "little") + b"{}",
    "2 ** 63": (2**63).to_bytes(8, "little") + b"{}",
    "no dictionary": (2).to_bytes(8, "little") + b"[]",
    "deep": (10**5).to_bytes(8, "little") + b"[" * 10**5,
    "cut": b"\2\0",
    "empty": b"",
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers(name, tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(HEADERS[name])
    with pytest.raises(FileError, match="damaged"):
        models.load_model(path)


def header(**arrays):
    text = json.dumps(arrays).encode()
    return len(text).to_bytes(8, "little") + text


def entry(shape, start, stop, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


ENTRIES = {
    "a gap": (header(a=entry([1], 0, 4), b=entry([1], 8, 12)), 12),
    "an overlap": (header(a=entry([2], 0, 8), b=entry([2], 4, 12)), 12),
    "more behind": (header(a=entry([1], 0, 4)), 8),
    "too little": (header(a=entry([10**9], 0, 4 * 10**9)), 8),
    "a shape that does not fit": (header(a=entry([2**40, 2**40], 0, 8)), 8),
    "a negative size": (header(a=entry([-1, -2], 0, 8)), 8),
    "a size that is a fraction": (header(a=entry([2.0], 0, 8)), 8),
    "a kind of number nobody has": (header(a=entry([8], 0, 8, "F8_E4M3")), 8),
    "a list": (header(a=[]), 0),
    "a name twice": (header(a=entry([1], 0, 4)).replace(b'"shape"', b'"dtype"'), 4),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_arrays_that_are_not_where_the_header_says(name, tmp_path):
    head, size = ENTRIES[name]
    path = tmp_path / "m.safetensors"
    path.write_bytes(head + bytes(size))
    with pytest.raises(FileError, match="damaged"):
        read_arrays(path)


def test_others_read_what_is_written_here(tmp_path):
    from safetensors.numpy import load_file

    path, arrays, _ = small(tmp_path)
    theirs = load_file(path)
    assert theirs.keys() == arrays.keys()
    assert all(np.array_equal(theirs[name], arrays[name]) for name in arrays)


def test_a_pipe_is_not_waited_for(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="no regular file"):
        models.load_model(Path(tmp_path, "pipe"))
