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
    ("val_loss", [3, 2, 4, 2, 2, 2, 2], {"patience": 3, "baseline": 1}, 3, 1),
    ("val_loss", [3, 2, 0.5, 4, 4, 4, 4], {"patience": 3, "baseline": 1}, 6, 2),
    ("score", [3, 4, 2, 9, 9, 9, 9], {"patience": 3, "mode": "max", "baseline": 5}, 3, 1),
    ("val_loss", [np.nan, 2, 3, 1, 4, 4, 4], {"patience": 2, "baseline": 1.5}, 2, 1),
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
    programs = dict(net._executor._programs)
    before = net.get_weights()
    net.fit(x, y, epochs=3, initial_epoch=1, verbose=0, callbacks=[zero])
    assert before[0].tobytes() == net.get_weights()[0].tobytes()
    assert net._executor._programs == programs


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
        (
            UnknownNameError,
            ["on_epoch_end"],
            lambda: callbacks.LambdaCallback(on_epoch_ends=print),
        ),
        (
            ArgumentError,
            ["on_train_end", "logs"],
            lambda: model().fit(
                *data(), verbose=0, callbacks=callbacks.LambdaCallback(on_train_end=lambda a, b: 0)
            ),
        ),
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


def test_hooks_get_the_logs_of_keras(keras):
    """In each hook: a dictionary, with the same names in it."""

    def told(library, net):
        seen = []

        class Watch(library.callbacks.Callback):
            pass

        hooks = [n for n in dir(library.callbacks.Callback) if n.startswith("on_")]
        for hook in set(hooks) - {"on_progress", "on_batch_begin", "on_batch_end"}:

            def note(self, *args, _hook=hook, **kwargs):
                logs = kwargs.get("logs", args[-1] if args else None)
                outputs = np.shape(logs.get("outputs", 0))
                seen.append((_hook, sorted(logs), outputs, self.params["steps"]))

            setattr(Watch, hook, note)
        x, y = data()
        watch = Watch()
        net.fit(x, y, epochs=2, batch_size=10, verbose=0, validation_data=(x, y), callbacks=[watch])
        assert watch.params["epochs"] == 2
        net.evaluate(x, y, batch_size=7, verbose=0, callbacks=[Watch()])
        net.predict(x, batch_size=16, verbose=0, callbacks=[Watch()])
        return seen

    import grafito

    theirs = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    theirs.compile(keras.optimizers.SGD(0.1), loss="mse")
    assert told(grafito, model()) == told(keras, theirs)


def _loader_without_length(x, y):
    class Loader:
        def __len__(self):
            raise TypeError("object of type 'Stream' has no len()")

        def __iter__(self):
            return iter([(x[:10], y[:10]), (x[10:], y[10:])])

    return Loader()


STEPS = {  # what `params["steps"]` says
    "arrays": (lambda x, y: ((x, y), {"batch_size": 10}), 3),
    "a limit": (lambda x, y: ((x, y), {"batch_size": 10, "steps_per_epoch": 2}), 2),
    "a list's length": (lambda x, y: ((Batches(x, y),), {}), 4),
    "a generator": (lambda x, y: (((b for b in Batches(x, y).all),), {}), None),
    "a loader without length": (lambda x, y: ((_loader_without_length(x, y),), {}), None),
    "a limited loader": (
        lambda x, y: ((_loader_without_length(x, y),), {"steps_per_epoch": 2}),
        2,
    ),
}


class Batches:
    def __init__(self, x, y):
        self.all = [(x[i : i + 6], y[i : i + 6]) for i in range(0, 24, 6)]

    def __len__(self):
        return 4

    def __iter__(self):
        return iter(self.all)


@pytest.mark.parametrize("name", STEPS)
def test_steps_of_an_epoch(name):
    make, steps = STEPS[name]
    args, kwargs = make(*data())
    callback = callbacks.Callback()
    model().fit(*args, **kwargs, verbose=0, callbacks=[callback])
    assert callback.params["steps"] == steps


def test_torch_loader_without_length(torch):
    x, y = data()

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(zip(x, y, strict=True))

    loader = torch.utils.data.DataLoader(Stream(), batch_size=8)
    history = model().fit(loader, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2


HOOKS = {  # ways to write a hook, each called in both epochs
    "without logs": lambda seen: lambda epoch: seen.append(epoch),
    "with logs": lambda seen: lambda epoch, logs: seen.append(epoch),
    "another name": lambda seen: lambda e, told: seen.append(e),
    "logs by keyword": lambda seen: lambda epoch, **kw: seen.append(len(kw["logs"]) - 1 + epoch),
    "anything": lambda seen: lambda *args, **kwargs: seen.append(args[0]),
}


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_may_leave_logs_out(name):
    x, y = data()
    seen = []
    hook = HOOKS[name](seen)
    model().fit(x, y, epochs=2, verbose=0, callbacks=callbacks.LambdaCallback(on_epoch_end=hook))
    assert seen == [0, 1]


def test_methods_may_leave_logs_out():
    class Count(callbacks.Callback):
        only_reads_logs = True
        seen = 0

        def on_train_begin(self):
            self.seen += 1

        def on_epoch_begin(self, epoch):
            self.seen += 1

        def on_train_end(self, logs):
            assert set(logs) == {"loss"}

    count = Count()
    net, (x, y) = model(), data()
    net.fit(x, y, epochs=40, verbose=0, callbacks=[count])  # some of them run together
    assert count.seen == 41


def test_lambda_callback_keeps_what_is_no_hook():
    ended = []
    call = callbacks.LambdaCallback(on_test_end=lambda logs: ended.append(logs), other=3)
    assert call.other == 3
    x, y = data()
    model().evaluate(x, y, verbose=0, callbacks=[call])
    assert list(ended[0]) == ["loss"]


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({}, "Tensor"),
        ({"y": True}, ["Tensor", "Tensor"]),
        ({"y": True, "sample_weight": True}, ["Tensor", "Tensor", "Tensor"]),
    ],
)
def test_the_data_of_a_step_have_the_parts_that_were_given(given, parts):
    import grafito

    seen = {}

    def note(step, data):
        one = not isinstance(data, tuple)
        seen[step] = type(data).__name__ if one else [type(part).__name__ for part in data]
        return grafito.utils.unpack_x_y_sample_weight(data)

    class Net(grafito.Model):
        def __init__(self):
            super().__init__()
            self.out = layers.Dense(1)

        def call(self, x):
            return self.out(x)

        def train_step(self, data):
            x, y, weights = note("train", data)
            assert (y is None, weights is None) == ("y" not in given, "sample_weight" not in given)
            return {"loss": grafito.graph.mean(self(x))}

        def test_step(self, data):
            note("test", data)
            return {"loss": grafito.graph.mean(self(data[0] if isinstance(data, tuple) else data))}

        def predict_step(self, data):
            note("predict", data)
            return self(data)

    x, y = data()
    arrays = {"y": y, "sample_weight": abs(y[:, 0])}
    net = Net()
    net.compile("sgd")
    chosen = {name: arrays[name] for name in given}
    net.fit(x, **chosen, verbose=0)
    net.evaluate(x, **chosen, verbose=0)
    net.predict(x, verbose=0)
    assert seen == {"train": parts, "test": parts, "predict": "Tensor"}


TESTED = {
    *("EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler", "CSVLogger"),
    *("TerminateOnNaN", "LambdaCallback", "Callback", "History", "Monitor", "CallbackList"),
    "ModelCheckpoint",  # with the files
    "BackupAndRestore",  # in faults/test_resume.py
}


def test_every_callback_has_a_test():
    public = {n for n in callbacks.__all__ if inspect.isclass(getattr(callbacks, n))}
    assert public == TESTED
