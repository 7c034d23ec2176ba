"""Backups whose content was changed: an error that names the file, or a training, nothing else."""

import copy

import numpy as np
import pytest

from grafito import Sequential, callbacks, layers
from grafito.errors import FileError, GrafitoError
from grafito.files import read_arrays, write_arrays

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
VALUES = [None, -1, 1.5, "x", [], {}, 10**9, [0], {"array": "x"}]


class Stop(callbacks.Callback):
    """Ends the process of a training, as far as its backup can tell."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise RuntimeError("stopped")


def fit(folder, *more):
    model = Sequential([layers.Input((3,)), layers.Dense(2), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], engine="reference")
    backup = callbacks.BackupAndRestore(folder, delete_checkpoint=False)
    early = callbacks.EarlyStopping("loss", patience=5)
    more = [backup, early, *more]
    return model.fit(X, X[:, :1], batch_size=8, epochs=3, verbose=0, callbacks=more).history["loss"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The arrays and the content of the backup of a training that was stopped."""
    folder = tmp_path_factory.mktemp("backup")
    with pytest.raises(RuntimeError, match="stopped"):
        fit(folder, Stop())
    (path,) = folder.glob("*.safetensors")
    return path.name, *read_arrays(path)


def places(value, at=()):
    """All places in lists and dictionaries."""
    for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*at, key)
        if isinstance(inside, (dict, list)):
            yield from places(inside, (*at, key))


def changed(content, place, value):
    content = copy.deepcopy(content)
    *before, last = place
    inside = content
    for key in before:
        inside = inside[key]
    inside[last] = value
    return content


def test_a_changed_backup_is_refused_by_name_or_goes_on(kept, tmp_path):
    name, arrays, content = kept
    tried, wrong = 0, []
    every = [(place, value) for place in places(content) for value in VALUES]
    for place, value in every[:: max(1, len(every) // 250)]:
        tried += 1
        write_arrays(tmp_path / name, arrays, changed(content, place, value))
        try:
            fit(tmp_path)
        except FileError as error:
            if name not in str(error):
                wrong.append((place, value, str(error)))
        except GrafitoError:
            pass  # of a number that only the end of the training uses
        except Exception as error:
            wrong.append((place, value, f"{type(error).__name__}: {error}"))
    assert tried > 200
    assert not wrong


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("position", "epoch"), -1),
        (("position", "batch"), -1),
        (("position", "batch"), 4),
        (("position", "epoch"), "x"),
        (("further",), None),
        (("callbacks",), []),
        (("slots",), [1.5]),
        (("shuffle_seed",), {}),
        (("parts", "weights"), ["x"]),
    ],
)
def test_what_no_training_wrote_is_refused(kept, tmp_path, place, value):
    name, arrays, content = kept
    write_arrays(tmp_path / name, arrays, changed(content, place, value))
    with pytest.raises(FileError, match="cannot be used") as caught:
        fit(tmp_path)
    assert name in str(caught.value)
    assert (tmp_path / name).exists()
