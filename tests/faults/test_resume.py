"""A training that is interrupted and started again ends with the bits of one that is not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grafito import Sequential, callbacks, engines, layers, utils
from grafito.errors import FileError
from grafito.optimizers import schedules
from grafito.utils import PyDataset

ENGINES = [name for name in ("reference", "llvm") if name in engines.names()]


class Interrupted(Exception):
    """Stands for whatever ends a training."""


class Interrupt(callbacks.Callback):
    """Ends a training after so many batches, or after so many epochs."""

    def __init__(self, batch=0, epoch=0):
        self.left, self.epoch = batch, epoch

    def defines(self, hook):
        return hook == "on_train_batch_end" if self.left else hook == "on_epoch_end"

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise Interrupted

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.epoch:
            raise Interrupted


def dense():
    return [
        layers.Input((6,)),
        layers.Dense(5, "tanh", kernel_regularizer="l2"),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        layers.GaussianNoise(0.1),
        layers.Dense(1),
    ]


def images():
    return [
        layers.Input((4, 4, 1)),
        layers.RandomFlip("horizontal"),
        layers.RandomTranslation(0.2, 0.2),
        layers.Conv2D(2, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(1),
    ]


def wide():
    """Large enough for several threads."""
    return [
        layers.Input((12, 12, 1)),
        layers.RandomFlip("horizontal"),
        layers.Conv2D(16, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(512, "tanh"),
        layers.Dropout(0.3),
        layers.Dense(1),
    ]


NETS = {"dense": dense, "images": images, "wide": wide}
SHAPES = {"dense": (6,), "images": (4, 4, 1), "wide": (12, 12, 1)}
ROWS = 23


def data(net):
    random = np.random.default_rng(1)
    x = random.normal(size=(ROWS, *SHAPES[net])).astype("float32")
    return x, random.normal(size=(ROWS, 1)).astype("float32")


class Numbered(PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 5

    def __getitem__(self, i):
        return self.x[5 * i : 5 * i + 5], self.y[5 * i : 5 * i + 5]


def train(
    folder, *further, net="dense", engine="reference", save_freq="epoch", stream=False, **fit
):
    """One try; the model, its history, and the log as text."""
    utils.set_random_seed(4)
    model = Sequential(NETS[net]())
    rate = schedules.ExponentialDecay(0.01, 7, 0.9) if fit.pop("scheduled", False) else 0.01
    model.compile(
        {"class_name": "adam", "config": {"learning_rate": rate}},
        "mse",
        metrics=["mae"],
        engine=engine,
    )
    followed = [
        callbacks.EarlyStopping("loss", patience=3),
        callbacks.CSVLogger(folder / "log.csv"),
        callbacks.ModelCheckpoint(folder / "best.safetensors", "loss", save_best_only=True),
        callbacks.BackupAndRestore(folder / "backup", save_freq),
        *further,
    ]
    if rate == 0.01:
        followed.append(callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5))
    x, y = data(net)
    if stream:
        given = {"x": Numbered(x, y), **fit}
    else:
        given = {"x": x, "y": y, "batch_size": 5, "validation_split": 0.2, **fit}
    history = model.fit(epochs=4, verbose=0, callbacks=followed, **given)
    return model, history, (folder / "log.csv").read_text()


def check_same(one, other):
    for a, b in zip(one[0].get_weights(), other[0].get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()
    assert one[0].optimizer.variables[0].numpy() == other[0].optimizer.variables[0].numpy()
    assert one[1].history == other[1].history
    assert one[1].epoch == other[1].epoch
    assert one[2] == other[2]


CASES = [  # engine, network, settings, then how often a backup is made and where it ends
    ("reference", "dense", {}, [("epoch", 1), ("epoch", 6), (1, 1), (1, 3), (1, 9), (3, 14)]),
    ("reference", "dense", {"scheduled": True, "shuffle": False}, [("epoch", 7), (2, 7)]),
    ("reference", "dense", {"steps_per_epoch": 2}, [("epoch", 3), (1, 3), (1, 4)]),
    ("reference", "dense", {"stream": True}, [("epoch", 7), (1, 2), (1, 5), (3, 8)]),
    ("reference", "dense", {"stream": True, "steps_per_epoch": 3}, [("epoch", 5), (1, 4), (2, 6)]),
    ("reference", "images", {}, [("epoch", 6), (2, 7)]),
    ("llvm", "dense", {}, [("epoch", 6), (1, 3), (3, 11)]),
]


@pytest.mark.parametrize(
    ("engine", "net", "settings", "ends"), CASES, ids=lambda v: str(v) if v != {} else "plain"
)
def test_a_training_goes_on_to_the_same_bits(engine, net, settings, ends, tmp_path):
    if engine not in ENGINES:
        pytest.skip(f"no engine {engine!r} here")
    settings = {"engine": engine, "net": net, **settings}
    (tmp_path / "whole").mkdir()
    whole = train(tmp_path / "whole", **settings)
    for save_freq, batch in ends:
        folder = tmp_path / f"{save_freq} {batch}"
        folder.mkdir()
        with pytest.raises(Interrupted):
            train(folder, Interrupt(batch), save_freq=save_freq, **settings)
        check_same(train(folder, save_freq=save_freq, **settings), whole)
        assert not (folder / "backup").exists()  # it is done


def test_an_end_after_each_epoch(tmp_path):
    """Also after the last, and between the row of the log and the backup."""
    (tmp_path / "whole").mkdir()
    whole = train(tmp_path / "whole")
    for epoch in range(1, 5):
        with pytest.raises(Interrupted):
            train(tmp_path, Interrupt(epoch=epoch))
    check_same(train(tmp_path), whole)


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from faults.test_resume import *

class Kill(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.count = getattr(self, "count", 0) + 1
        if self.count == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
model, history, log = train(folder, Kill(), engine="llvm", net="wide", save_freq=2)
np.savez(folder / "end.npz", *model.get_weights(), loss=history.history["loss"])
"""


@pytest.mark.slow
@pytest.mark.skipif("llvm" not in ENGINES, reason="the compiled engine is not here")
def test_kills_and_another_number_of_threads(tmp_path):
    code = PROGRAM.format(tests=str(Path(__file__).parents[1]))
    ends = []
    for name, kills, threads in (("whole", [0], [1]), ("killed", [3, 5, 4, 0], [2, 1, 2, 1])):
        folder = tmp_path / name
        folder.mkdir()
        for kill, count in zip(kills, threads, strict=True):
            settings = {**os.environ, "GRAFITO_THREADS": str(count)}
            command = [sys.executable, "-c", code, str(folder), str(kill)]
            ended = subprocess.run(command, env=settings, timeout=300)
            assert ended.returncode == (-signal.SIGKILL if kill else 0)
        with np.load(folder / "end.npz") as file:
            ends.append({key: file[key].tobytes() for key in file.files})
    assert ends[0] == ends[1]
    assert (tmp_path / "whole/log.csv").read_text() == (tmp_path / "killed/log.csv").read_text()


def test_a_generator_that_cannot_be_sought_begins_its_epoch_anew(tmp_path, capsys):
    x, y = data("dense")

    class Batches:  # an iterable without numbers
        def __iter__(self):
            return ((x[i : i + 5], y[i : i + 5]) for i in range(0, 20, 5))

    def fit(*further):
        model = Sequential(dense())
        model.compile("sgd", "mse", engine="reference")
        backup = callbacks.BackupAndRestore(tmp_path / "backup", 1)
        return model.fit(Batches(), epochs=2, verbose=0, callbacks=[backup, *further])

    with pytest.raises(Interrupted):
        fit(Interrupt(6))
    history = fit()
    assert "epoch 2 begins anew with the weights of batch 1" in capsys.readouterr().out
    assert history.epoch == [0, 1]


def test_data_that_say_where_they_are_are_sought(tmp_path):
    x, y = data("dense")

    class Endless:
        def __init__(self):
            self.place = 0

        def __iter__(self):
            while True:
                rows = np.arange(self.place, self.place + 5) % ROWS
                self.place += 5
                yield x[rows], y[rows]

        def get_state(self):
            return {"place": self.place}

        def set_state(self, state):
            self.place = state["place"]

    def fit(folder, *further):
        utils.set_random_seed(1)
        model = Sequential(dense())
        model.compile("sgd", "mse", engine="reference")
        backup = callbacks.BackupAndRestore(folder, 1)
        settings = {"epochs": 3, "steps_per_epoch": 3, "verbose": 0}
        model.fit(Endless(), callbacks=[backup, *further], **settings)
        return model.get_weights()

    whole = fit(tmp_path / "whole")
    for batch in (2, 4, 6):
        with pytest.raises(Interrupted):
            fit(tmp_path / "other", Interrupt(batch))
        for a, b in zip(fit(tmp_path / "other"), whole, strict=True):
            assert a.tobytes() == b.tobytes()


OTHERS = {
    "data": lambda fit, x, y: fit(x + 1, y),
    "number of examples": lambda fit, x, y: fit(x[:-1], y[:-1]),
    "batch size": lambda fit, x, y: fit(x, y, batch_size=7),
    "model": lambda fit, x, y: fit(x, y, units=9),
    "order": lambda fit, x, y: fit(x, y, shuffle=False),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_backup_of_another_training_is_refused(name, tmp_path):
    x, y = data("dense")

    def fit(x, y, *further, units=3, batch_size=5, **settings):
        model = Sequential([layers.Input((6,)), layers.Dense(units), layers.Dense(1)])
        model.compile("sgd", "mse", engine="reference")
        before = model.get_weights()
        backup = callbacks.BackupAndRestore(tmp_path / "backup")
        try:
            given = {"batch_size": batch_size, "epochs": 3, "verbose": 0, **settings}
            model.fit(x, y, callbacks=[backup, *further], **given)
        except FileError as error:
            unchanged = zip(before, model.get_weights(), strict=True)
            assert all(np.array_equal(a, b) for a, b in unchanged)
            raise error

    with pytest.raises(Interrupted):
        fit(x, y, Interrupt(epoch=2))
    kept = (tmp_path / "backup/training.safetensors").read_bytes()
    with pytest.raises(FileError, match="another training") as told:
        OTHERS[name](fit, x, y)
    assert "training.safetensors" in str(told.value)
    assert (tmp_path / "backup/training.safetensors").read_bytes() == kept
    fit(x, y)


def test_files_that_are_no_backup(tmp_path):
    path = tmp_path / "backup" / "training.safetensors"
    path.parent.mkdir()
    model = Sequential(dense())
    model.compile("sgd", "mse", engine="reference")
    x, y = data("dense")
    backup = callbacks.BackupAndRestore(path.parent)
    model.save(path)
    with pytest.raises(FileError, match="another training"):
        model.fit(x, y, verbose=0, callbacks=[backup])
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(FileError, match="damaged"):
        model.fit(x, y, verbose=0, callbacks=[backup])
    backup = callbacks.BackupAndRestore(path)
    with pytest.raises(FileError) as told:
        model.fit(x, y, verbose=0, callbacks=[backup])
    assert str(path) in str(told.value)


def test_a_backup_that_cannot_be_written_does_not_end_the_training(tmp_path, monkeypatch):
    from grafito.models import backup

    def full(*_):
        raise FileError("There is not enough space on the disk.", received="0 bytes free")

    monkeypatch.setattr(backup, "write_arrays", full)
    with pytest.warns(UserWarning, match="backup cannot be written") as told:
        _, history, _ = train(tmp_path)
    assert len(told) == 1
    assert len(history.epoch) == 4


def test_stopping_is_not_forgotten(tmp_path):
    """Early stopping and `stop_training` hold where the end came right after them."""

    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    class Last(callbacks.Callback):
        def on_train_end(self, logs=None):
            raise Interrupted

    with pytest.raises(Interrupted):
        train(tmp_path, Stop(), Last())
    _, history, _ = train(tmp_path)
    assert history.epoch == [0, 1]
