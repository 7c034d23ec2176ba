"""A training that is interrupted and started again ends with the bits of one that is not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, engines, graph, layers, models, optimizers, utils
from grafito.errors import FileError
from grafito.models.examples import make_examples
from grafito.optimizers import schedules
from grafito.utils import PyDataset

ENGINES = [name for name in ("reference", "llvm", "jax") if name in engines.names()]


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
    ("jax", "dense", {}, [("epoch", 6), (3, 11)]),
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


def one_row(x, row=501):
    x = x.copy()
    x[row] += 1
    return x


def halved(y_true, y_pred):
    return graph.mean((y_true - y_pred) ** 2, axis=-1) / 2


class Own(layers.Layer):
    """A layer of one's own whose configuration does not say what it is made of."""

    def __init__(self, activation, **settings):
        super().__init__(**settings)
        self.inner = layers.Dense(3, activation)

    def get_config(self):
        return layers.Layer.get_config(self)

    def call(self, x):
        return self.inner(x)


class Net(Model):
    def __init__(self, activation):
        super().__init__()
        self.inner, self.last = layers.Dense(3, activation), layers.Dense(1)

    def call(self, x):
        return self.last(self.inner(x))


def functional(activation="relu", **settings):
    x = layers.Input((6,))
    h = layers.Dense(3, activation, **settings)(x)
    return Model(x, layers.Dense(1)(layers.Lambda(lambda h: 2 * h)(layers.Dropout(0.0)(h))))


def stack(*hidden):
    return Sequential([layers.Input((6,)), *hidden, layers.Dense(1)])


def plain(activation="relu", dropout=0.0, **settings):
    return stack(layers.Dense(3, activation, **settings), layers.Dropout(dropout))


NETWORK = {
    "stack": plain,
    "functional": functional,
    "own": lambda activation="relu": Net(activation),
    "own layer": lambda activation="relu": stack(Own(activation)),
}
OTHERS = {  # network, what the second training is given, and what the refusal says of both
    "data": ("stack", {"x": lambda x: x + 1}, "data: digest=", "data: digest="),
    "a row": ("stack", {"x": one_row}, "data: digest=", "data: digest="),
    "fewer": (
        "stack",
        {"x": lambda x: x[:-1], "y": lambda y: y[:-1]},
        "data: arrays.x[0][0]=900",
        "data: arrays.x[0][0]=899",
    ),
    "batch size": ("stack", {"batch_size": 70}, "batch_size: 100", "batch_size: 70"),
    "order": ("stack", {"shuffle": False}, "shuffle: True", "shuffle: False"),
    "units": ("stack", {"net": lambda: stack(layers.Dense(9))}, "architecture", "architecture"),
    "activation": (
        "stack",
        {"net": lambda: plain("tanh")},
        "architecture: Dense.activation=relu",
        "architecture: Dense.activation=tanh",
    ),
    "dropout": ("stack", {"net": lambda: plain(dropout=0.9)}, "Dropout.rate=0.0", "rate=0.9"),
    "regularizer": (
        "stack",
        {"net": lambda: plain(kernel_regularizer="l2")},
        "Dense.kernel_regularizer=None",
        "Dense.kernel_regularizer=",
    ),
    "frozen": ("stack", {"net": lambda: plain(trainable=False)}, "trainable=True", "=False"),
    "symbols": ("functional", {"net": lambda: functional("tanh")}, "activation=relu", "=tanh"),
    "own": ("own", {"net": lambda: Net("tanh")}, "activation=relu", "=tanh"),
    "own layer": ("own layer", {"net": lambda: stack(Own("tanh"))}, "activation=relu", "=tanh"),
    "rate": (
        "stack",
        {"optimizer": lambda: optimizers.Adam(0.5)},
        "optimizer: Adam.learning_rate=0.001",
        "optimizer: Adam.learning_rate=0.5",
    ),
    "adamw": ("stack", {"optimizer": lambda: "adamw"}, "optimizer: Adam\n", "optimizer: AdamW"),
    "rmsprop": (
        "stack",
        {"optimizer": lambda: optimizers.RMSprop(momentum=0.9)},
        "optimizer: Adam\n",
        "optimizer: RMSprop",
    ),
    "sgd": ("stack", {"optimizer": lambda: "sgd"}, "optimizer: Adam", "optimizer: SGD"),
    "nadam": ("stack", {"optimizer": lambda: "nadam"}, "optimizer: Adam", "optimizer: Nadam"),
    "loss": ("stack", {"loss": "mae"}, "loss: mse", "loss: mae"),
    "own loss": ("stack", {"loss": halved}, "loss: mse", "loss: halved"),
    "metrics": ("stack", {"metrics": ["mse"]}, "metrics[0]: mae", "metrics[0]: mse"),
    "validation": (
        "stack",
        {"validation_data": lambda x, y: (x[:5], y[:5])},
        "validation data: arrays",
        "validation data: arrays",
    ),
    "no validation": (
        "stack",
        {"validation_data": lambda x, y: None},
        "validation data: {",
        "validation data: None",
    ),
    "class weight": ("stack", {"class_weight": {0: 2.0}}, "class_weight: None", "class_weight: {"),
}


def fit_here(
    folder,
    *further,
    net=plain,
    x=lambda x: x,
    y=lambda y: y,
    optimizer=lambda: "adam",
    loss="mse",
    metrics=("mae",),
    validation_data=lambda x, y: (x[:9], y[:9]),
    **settings,
):
    """A training of 900 examples, with a backup."""
    random = np.random.default_rng(1)
    given = random.normal(size=(900, 6)).astype("float32"), random.integers(0, 2, (900, 1))
    model = net()
    model.compile(optimizer(), loss, metrics=list(metrics), engine="reference")
    before = [w.copy() for w in model.get_weights()]
    backup = callbacks.BackupAndRestore(folder / "backup")
    settings = {"batch_size": 100, "epochs": 3, "verbose": 0, **settings}
    settings["validation_data"] = validation_data(*given)
    try:
        model.fit(x(given[0]), y(given[1]), callbacks=[backup, *further], **settings)
    except FileError as error:
        unchanged = zip(before, model.get_weights(), strict=True) if before else ()
        assert all(np.array_equal(a, b) for a, b in unchanged)
        raise error
    return model


@pytest.mark.parametrize("name", OTHERS)
def test_a_backup_of_another_training_is_refused(name, tmp_path):
    network, other, then, now = OTHERS[name]
    net = NETWORK[network]
    with pytest.raises(Interrupted):
        fit_here(tmp_path, Interrupt(epoch=2), net=net)
    kept = (tmp_path / "backup/training.safetensors").read_bytes()
    with pytest.raises(FileError, match="another training") as told:
        fit_here(tmp_path, **{"net": net, **other})
    assert "training.safetensors" in str(told.value)
    rows = [str(told.value.rows[row]) + "\n" for row in ("received", "expected")]
    assert then in rows[0]
    assert now in rows[1]
    assert (tmp_path / "backup/training.safetensors").read_bytes() == kept
    fit_here(tmp_path, net=net)


@pytest.mark.parametrize("network", NETWORK)
def test_what_is_state_is_no_other_training(network, tmp_path):
    """The learning rate that a callback changed, automatic names, a model that is built by now."""
    slower = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    with pytest.raises(Interrupted):
        fit_here(tmp_path, slower, Interrupt(epoch=2), net=NETWORK[network])
    again = []
    with pytest.raises(Interrupted):
        fit_here(
            tmp_path,
            slower,
            Interrupt(epoch=3),
            net=lambda: again.append(NETWORK[network]()) or again[0],
        )
    fit_here(tmp_path, slower, net=lambda: again[0])
    assert float(again[0].optimizer.learning_rate.numpy()) < 0.001


def test_one_that_goes_on_from_a_file_is_the_same_training(tmp_path):
    """Where the file, too, is written while the rate falls."""
    slower = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    path = tmp_path / "model.safetensors"
    first = plain()
    first.compile("adam", "mse", engine="reference")
    first.save(path)
    x, y = data("dense")

    def fit(*further):
        model = models.load_model(path)
        backup = callbacks.BackupAndRestore(tmp_path / "backup")
        kept = callbacks.ModelCheckpoint(path)
        model.fit(x, y, epochs=3, verbose=0, callbacks=[backup, slower, kept, *further])

    with pytest.raises(Interrupted):
        fit(Interrupt(epoch=2))
    fit()


def test_of_large_data_some_rows_are_looked_at(monkeypatch):
    from grafito.models import conditions

    x = np.arange(40.0).reshape(20, 2)

    def known(x):
        return conditions.data_known(make_examples(x))["digest"]

    other = one_row(x, 5)
    assert known(x) != known(other)
    monkeypatch.setattr(conditions, "WHOLE", x.nbytes // 2)
    assert known(x) == known(other)
    assert known(x) != known(one_row(x, 6))


class Shuffled(Numbered):
    """Draws an order of its own after each epoch."""

    def __init__(self, x, y):
        super().__init__(x, y)
        self.random, self.order = np.random.default_rng(3), np.arange(len(x))

    def __getitem__(self, i):
        rows = self.order[5 * i : 5 * i + 5]
        return self.x[rows], self.y[rows]

    def on_epoch_end(self):
        self.random.shuffle(self.order)


class Knowing(Shuffled):
    def get_state(self):
        return {"order": self.order, "random": self.random.bit_generator.state}

    def set_state(self, state):
        self.order = np.array(state["order"])
        self.random.bit_generator.state = state["random"]


def numbered(kind, folder, *further, save_freq=1):
    utils.set_random_seed(1)
    model = Sequential(dense())
    model.compile("sgd", "mse", engine="reference")
    backup = callbacks.BackupAndRestore(folder, save_freq)
    source = kind(*data("dense"))
    model.fit(source, epochs=3, verbose=0, callbacks=[backup, *further])
    return model.get_weights()


@pytest.mark.parametrize(
    ("kind", "batch", "told"),
    [
        (Numbered, 7, ""),
        (Shuffled, 3, ""),
        (Shuffled, 7, "have on_epoch_end and no get_state: what it changed before epoch 2 is not"),
        (Knowing, 7, ""),
    ],
)
def test_data_that_change_between_epochs_say_how_or_it_is_told(kind, batch, told, tmp_path, capsys):
    with pytest.raises(Interrupted):
        numbered(kind, tmp_path / "other", Interrupt(batch))
    capsys.readouterr()
    numbered(kind, tmp_path / "other")
    out = capsys.readouterr().out
    assert (told in out) if told else not out


@pytest.mark.parametrize("end", [{"batch": 7}, {"epoch": 1}, {"epoch": 2}])
def test_data_by_number_with_a_state_go_on_to_the_same_bits(end, tmp_path):
    whole = numbered(Knowing, tmp_path / "whole")
    save_freq = 1 if "batch" in end else "epoch"
    with pytest.raises(Interrupted):
        numbered(Knowing, tmp_path / "other", Interrupt(**end), save_freq=save_freq)
    again = numbered(Knowing, tmp_path / "other", save_freq=save_freq)
    for a, b in zip(again, whole, strict=True):
        assert a.tobytes() == b.tobytes()


def test_of_an_infinite_generator_no_more_is_said_than_happens(tmp_path, capsys):
    x, y = data("dense")

    def endless():
        while True:
            yield x[:5], y[:5]

    def fit(*further):
        model = Sequential(dense())
        model.compile("sgd", "mse", engine="reference")
        backup = callbacks.BackupAndRestore(tmp_path / "backup")
        settings = {"epochs": 4, "steps_per_epoch": 3, "verbose": 0}
        model.fit(endless(), callbacks=[backup, *further], **settings)

    with pytest.raises(Interrupted):
        fit(Interrupt(10))
    fit()
    out = capsys.readouterr().out
    assert "anew" not in out
    assert "epoch 4 takes what they give first now, with the weights of batch 0" in out


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
