"""Callbacks: what they do to training, against Keras where it has the same."""

from __future__ import annotations

import csv
import inspect

import numpy as np
import pytest

from grafito import Sequential, callbacks, layers, utils
from grafito.errors import ArgumentError, UnknownNameError


def model(rate=0.1):
    utils.set_random_seed(0)
    net = Sequential([layers.Input((3,)), layers.Dense(1)])
    from grafito.optimizers import SGD

    net.compile(SGD(rate), loss="mse")
    return net


def data(n=24):
    random = np.random.default_rng(0)
    x = random.normal(size=(n, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


class Script(callbacks.Callback):
    """Replaces the logs of each epoch by given values, before the callbacks behind it see them."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


# name of the watched value, its course, arguments, epochs that run, epoch whose weights are kept
STOPS = [
    ("val_loss", [3, 2, 1, 2, 2, 2, 2], {"patience": 2}, 5, 2),
    ("val_loss", [3, 2, 1, 2, 2, 0, 2], {"patience": 3}, 7, 5),
    ("val_accuracy", [1, 2, 1, 1, 1, 3, 1], {"patience": 2}, 4, 1),
    ("val_loss", [3, 2.95, 2.9, 2.85, 2.8, 1, 1], {"patience": 2, "min_delta": 0.2}, 3, 0),
    ("val_loss", [3, 2, 1, 2, 2, 2, 2], {"patience": 9}, 7, 2),
    ("val_loss", [1, 5, 4, 3, 4, 4, 4], {"patience": 2, "start_from_epoch": 1}, 6, 3),
    ("score", [1, 2, 1, 1, 1, 1, 1], {"patience": 2, "mode": "max"}, 4, 1),
    ("val_loss", [3, 2, 1, 2, 2, 2, 2], {"patience": 2, "restore_best_weights": False}, 5, None),
]


@pytest.mark.parametrize(("name", "values", "arguments", "epochs", "kept"), STOPS)
def test_early_stopping(name, values, arguments, epochs, kept):
    x, y = data()
    after_epoch = []
    net = model()
    keep = callbacks.LambdaCallback(
        on_epoch_end=lambda e, logs: after_epoch.append(net.get_weights())
    )
    stop = callbacks.EarlyStopping(name, **arguments)
    history = net.fit(x, y, epochs=7, verbose=0, callbacks=[Script(name, values), keep, stop])
    assert len(history.epoch) == epochs
    expected = after_epoch[-1 if kept is None else kept]
    for ours, theirs in zip(net.get_weights(), expected, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_reduce_on_plateau_as_in_keras(keras):
    values = [5, 4, 4, 4, 3.9, 3.9, 3.9, 3.9, 3.9, 3.9, 3.9, 3.9]
    arguments = {"factor": 0.5, "patience": 2, "cooldown": 2, "min_lr": 0.02}

    def rates(library, net):
        class Follow(library.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                logs["val_loss"] = values[epoch]

        plateau = library.callbacks.ReduceLROnPlateau("val_loss", **arguments)
        x, y = data()
        fitted = net.fit(x, y, epochs=len(values), verbose=0, callbacks=[Follow(), plateau])
        return fitted.history["learning_rate"]

    import grafito

    theirs = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    theirs.compile(keras.optimizers.SGD(0.1), loss="mse")
    np.testing.assert_allclose(rates(grafito, model()), rates(keras, theirs), rtol=1e-6)


@pytest.mark.parametrize(
    "schedule", [lambda epoch, rate: rate * 0.5, lambda epoch: 0.1 * 0.5 ** (epoch + 1)]
)
def test_learning_rate_scheduler(schedule):
    x, y = data()
    scheduler = callbacks.LearningRateScheduler(schedule)
    log = model().fit(x, y, epochs=3, verbose=0, callbacks=[scheduler]).history
    np.testing.assert_allclose(log["learning_rate"], [0.05, 0.025, 0.0125], rtol=1e-6)


def test_a_changed_rate_changes_the_steps_without_compiling_again():
    x, y = data()
    net = model(rate=0.1)
    zero = callbacks.LearningRateScheduler(lambda epoch: 0.0 if epoch else 0.1)
    net.fit(x, y, epochs=1, verbose=0, callbacks=[zero])
    programs = dict(net._runner._programs)
    before = net.get_weights()
    net.fit(x, y, epochs=3, initial_epoch=1, verbose=0, callbacks=[zero])
    assert before[0].tobytes() == net.get_weights()[0].tobytes()
    assert net._runner._programs == programs


def test_csv_logger_appends(tmp_path):
    x, y = data()
    path = tmp_path / "log.csv"
    net = model()
    first = net.fit(x, y, epochs=2, verbose=0, callbacks=[callbacks.CSVLogger(path)]).history
    again = callbacks.CSVLogger(path, append=True)
    second = net.fit(x, y, epochs=3, initial_epoch=2, verbose=0, callbacks=[again]).history
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    np.testing.assert_allclose([float(r["loss"]) for r in rows], first["loss"] + second["loss"])


def test_terminate_on_nan():
    x, y = data()
    net = model(rate=1e30)
    history = net.fit(
        x, y, epochs=50, batch_size=8, verbose=0, callbacks=[callbacks.TerminateOnNaN()]
    )
    assert len(history.epoch) < 50


def test_hooks_come_in_keras_order(keras):
    def order(library, net):
        seen = []

        class Watch(library.callbacks.Callback):
            pass

        for hook in [n for n in dir(library.callbacks.Callback) if n.startswith("on_")]:
            if hook == "on_progress":
                continue

            def note(self, *args, _hook=hook, **kwargs):
                seen.append((_hook, args[0] if args and isinstance(args[0], int) else None))

            setattr(Watch, hook, note)
        x, y = data()
        net.fit(
            x, y, epochs=2, batch_size=16, verbose=0, validation_data=(x, y), callbacks=[Watch()]
        )
        net.predict(x, batch_size=16, verbose=0, callbacks=[Watch()])
        both = {"on_batch_begin", "on_batch_end"}
        return [step for step in seen if step[0] not in both]

    import grafito

    theirs = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    theirs.compile(keras.optimizers.SGD(0.1), loss="mse")
    assert order(grafito, model()) == order(keras, theirs)


@pytest.mark.parametrize(
    ("error", "words", "make"),
    [
        (UnknownNameError, ["mode", "'min'"], lambda: callbacks.EarlyStopping(mode="mim")),
        (ArgumentError, ["factor"], lambda: callbacks.ReduceLROnPlateau(factor=2.0)),
    ],
)
def test_wrong_arguments(error, words, make):
    with pytest.raises(error) as caught:
        make()
    assert all(word in str(caught.value) for word in words)


def test_a_wrong_name_in_a_checkpoint_path(tmp_path):
    x, y = data()
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{val_los}.safetensors")
    with pytest.raises(UnknownNameError, match="val_los"):
        model().fit(x, y, verbose=0, validation_data=(x, y), callbacks=[checkpoint])


def test_validation_of_every_second_epoch():
    """A callback that watches a validation value waits for the epochs that have one."""
    x, y = data()
    stop = callbacks.EarlyStopping("val_loss", patience=50)
    history = model().fit(
        x, y, epochs=4, verbose=0, validation_data=(x, y), validation_freq=2, callbacks=[stop]
    )
    assert len(history.history["val_loss"]) == 2


TESTED = {
    *("EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler", "CSVLogger"),
    *("TerminateOnNaN", "LambdaCallback", "Callback", "History", "Monitor", "CallbackList"),
    "ModelCheckpoint",  # with the files
}


def test_every_callback_has_a_test():
    public = {n for n in callbacks.__all__ if inspect.isclass(getattr(callbacks, n))}
    assert public == TESTED
