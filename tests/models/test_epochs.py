"""Short epochs run many in one call of the program, and nobody can tell from the numbers."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, engines, layers, metrics, utils
from grafito.models import executor
from grafito.optimizers import SGD, Adam

ENGINES = [name for name in engines.names() if name in ("reference", "llvm")]


class Watched(engines.Engine):
    """An engine that counts the runs of its programs, and calls `act` in the one that is told."""

    name = "watched"
    preference = -1

    def __init__(self, engine="reference", act=None, at=None):
        self.engine, self.act, self.at = engines.get(engine), act, at
        self.runs = 0

    def compile(self, graph):
        program = self.engine.compile(graph)
        run = program.run

        def watched(steps=1):
            self.runs += 1
            if self.runs == self.at:
                self.act()
            return run(steps)

        program.run = watched
        return program


@pytest.fixture(autouse=True)
def _slices_as_long_as_needed(monkeypatch):
    """However slow the machine is, all epochs fit into a slice."""
    monkeypatch.setattr(executor, "SLICE_SECONDS", 1e9)


def data(n):
    random = np.random.default_rng(0)
    return random.normal(size=(n, 3)).astype("float32"), random.integers(0, 2, n)


def compiled(engine, optimizer=None, measured=("accuracy",)):
    utils.set_random_seed(5)
    stack = [layers.Input((3,)), layers.Dense(4, "tanh"), layers.Dropout(0.2), layers.Dense(2)]
    model = Sequential([*stack, layers.Softmax()])
    model.compile(
        optimizer or Adam(0.05),
        "sparse_categorical_crossentropy",
        metrics=list(measured),
        engine=engine,
    )
    return model


def fit(engine, n, batch_size, given=(), epochs=12, **settings):
    model = compiled(engine)
    settings = {"verbose": 0, "callbacks": list(given), **settings}
    history = model.fit(*data(n), batch_size, epochs, **settings)
    return model, history


# examples, batch size, shuffle
CASES = [(4, 4, False), (4, 1, True), (12, 4, True), (10, 4, True), (10, 4, False), (3, 32, True)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("n", "batch_size", "shuffle"), CASES)
def test_epochs_together_are_epochs_one_by_one(engine, n, batch_size, shuffle):
    watched = Watched(engine)
    one, apart = fit(engine, n, batch_size, [callbacks.Callback()], shuffle=shuffle)
    two, together = fit(watched, n, batch_size, shuffle=shuffle)
    if n % batch_size == 0:
        assert watched.runs <= 1 + n // batch_size + 1  # the first epoch, then all others at once
    assert apart.epoch == together.epoch
    assert apart.history == together.history
    for ours, theirs in zip(one.get_weights(), two.get_weights(), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert one._executor.step_counter.numpy() == two._executor.step_counter.numpy()


def test_more_epochs_than_orders_drawn_together(monkeypatch):
    from grafito.models import epochs

    _, all_at_once = fit("reference", 4, 4)
    monkeypatch.setattr(epochs, "ORDERS", 5 * 4)
    _, by_fives = fit("reference", 4, 4)
    assert all_at_once.history == by_fives.history


def test_engines_agree_on_every_epoch():
    histories = [fit(engine, 10, 4)[1].history for engine in ENGINES]
    for other in histories[1:]:
        np.testing.assert_allclose(other["loss"], histories[0]["loss"], rtol=1e-5)


class Reads(callbacks.Callback):
    """Notes what it is told, and says that it needs no more."""

    only_reads_logs = True

    def __init__(self):
        self.told = []

    def on_epoch_begin(self, epoch, logs=None):
        self.told.append(("begin", epoch))

    def on_epoch_end(self, epoch, logs=None):
        self.told.append(("end", epoch, dict(logs)))


class Inherits(Reads):
    """Looks at the model, and says nothing."""

    def on_epoch_end(self, epoch, logs=None):
        self.told.append(self.model.get_weights()[0])


class WatchesBatches(Reads):
    only_reads_logs = True

    def on_train_batch_end(self, batch, logs=None):
        self.told.append(batch)


def test_a_callback_that_reads_logs_is_told_of_each_epoch():
    watched = Watched()
    reads = Reads()
    _, history = fit(watched, 4, 4, [reads])
    assert watched.runs == 2
    assert [entry[:2] for entry in reads.told] == [
        (moment, epoch) for epoch in range(12) for moment in ("begin", "end")
    ]
    assert [logs["loss"] for _, _, logs in reads.told[1::2]] == history.history["loss"]


def test_logs_of_epochs_together_are_written_and_shown(tmp_path, capsys):
    watched = Watched()
    path = tmp_path / "log.csv"
    _, history = fit(watched, 4, 4, [callbacks.CSVLogger(path)], verbose=2)
    assert watched.runs == 2
    rows = [row.split(",") for row in path.read_text().splitlines()]
    assert rows[0] == ["epoch", "accuracy", "loss"]
    assert [int(row[0]) for row in rows[1:]] == history.epoch
    assert [float(row[2]) for row in rows[1:]] == history.history["loss"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[0] for line in lines] == [f"Epoch {i}/12" for i in range(1, 13)]
    assert lines[7].endswith(f"loss: {history.history['loss'][7]:.4g}")


@pytest.mark.parametrize(
    "given",
    [
        Inherits(),
        WatchesBatches(),
        callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        callbacks.EarlyStopping("loss", patience=99),
        callbacks.TerminateOnNaN(),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_other_callbacks_have_each_epoch_to_themselves(given):
    watched = Watched()
    fit(watched, 4, 4, [given])
    assert watched.runs == 12
    if isinstance(given, Inherits):
        weights = given.told[1::2]
        assert len({w.tobytes() for w in weights}) == 12


@pytest.mark.parametrize(
    "settings",
    [{"validation_data": data(4)}, {"steps_per_epoch": 1}, {"validation_split": 0.5}],
    ids=["validation_data", "steps_per_epoch", "validation_split"],
)
def test_what_needs_single_epochs_gets_them(settings):
    watched = Watched()
    _, history = fit(watched, 8, 4, **settings)
    assert watched.runs >= 12
    assert len(history.epoch) == 12


@pytest.mark.parametrize(("n", "at"), [(8, 3), (10, 6)])
def test_ctrl_c_among_epochs_that_run_together(n, at):
    def press():
        os.kill(os.getpid(), signal.SIGINT)

    alone, whole = fit("reference", n, 4, epochs=12)
    model = compiled(Watched("reference", press, at))
    x, y = data(n)
    first = model.fit(x, y, 4, 7, verbose=0)
    assert first.interrupted
    assert first.epoch == list(range(7))  # what ran together is complete
    second = model.fit(x, y, 4, 12, initial_epoch=7, verbose=0)
    assert first.history["loss"] + second.history["loss"] == whole.history["loss"]
    assert model.get_weights()[0].tobytes() == alone.get_weights()[0].tobytes()


class OwnStep(Model):
    """Makes its losses and metrics while its step is traced."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2, "softmax")

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        return super().train_step(data)


class Seen(metrics.Metric):
    """How many examples there were."""

    def __init__(self):
        super().__init__()
        self.count = self.add_variable()

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign(self.count + float(y_pred.shape[0]))

    def result(self):
        return self.count


def still(make):
    """A model whose epochs all give the same numbers."""
    utils.set_random_seed(5)
    model = make()
    model.compile(SGD(0.0), "sparse_categorical_crossentropy", metrics=[Seen()], engine="reference")
    return model


@pytest.mark.parametrize(
    "make", [OwnStep, lambda: Sequential([layers.Input((3,)), layers.Dense(2, "softmax")])]
)
def test_metrics_begin_anew_in_every_epoch(make):
    x, y = data(10)
    history = still(make).fit(x, y, 4, 5, verbose=0, shuffle=False).history
    assert history == {"loss": [history["loss"][0]] * 5, "seen": [10.0] * 5}


class Batches:
    """An iterable of batches."""

    def __init__(self, *batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


def test_the_batches_of_a_stream_make_one_epoch():
    x, y = data(12)
    batches = Batches(*((x[i : i + 4], y[i : i + 4]) for i in range(0, 12, 4)))
    streamed = still(OwnStep).fit(batches, epochs=3, verbose=0).history
    assert streamed == still(OwnStep).fit(x, y, 4, 3, verbose=0, shuffle=False).history


def test_orders_drawn_ahead_hold_only_for_the_steps_they_were_drawn_for():
    class Extra(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                self.model.train_on_batch(*data(4))

    _, history = fit("reference", 8, 4, [Extra()], epochs=4)
    again = compiled("reference")
    x, y = data(8)
    first = again.fit(x, y, 4, 2, verbose=0)
    again.train_on_batch(*data(4))
    second = again.fit(x, y, 4, 4, initial_epoch=2, verbose=0)
    assert history.history["loss"] == first.history["loss"] + second.history["loss"]
