"""Ctrl-C and SIGTERM: history, weights and exit status are kept, whenever they come."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import interrupting
import numpy as np
import pytest
from interrupting import interrupt

from grafito import Sequential, callbacks, layers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals for one process")
X = np.zeros((8, 2), "f")


def test_interrupts_at_random_moments_lose_nothing():
    assert interrupt(10) == []


HANGS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("begun", file=sys.stderr, flush=True)
time.sleep(600)
"""


def test_a_training_that_does_not_end_is_told(monkeypatch):
    monkeypatch.setattr(interrupting, "PROGRAM", HANGS)
    monkeypatch.setattr(interrupting, "PATIENCE", 2)
    (lost,) = interrupt(1)
    assert "it took more than 2 s" in lost


def compiled():
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", loss="mse", engine="reference")
    return model


def press(number, at=1):
    """A callback that sends this process a signal after an epoch."""

    def act(epoch, logs):
        if epoch == at:
            signal.raise_signal(number)

    return callbacks.LambdaCallback(on_epoch_end=act)


@pytest.mark.parametrize("verbose", [0, 2])
def test_one_message_whatever_is_shown(verbose, capsys):
    history = compiled().fit(X, X[:, :1], epochs=9, verbose=verbose, callbacks=press(signal.SIGINT))
    assert history.interrupted
    assert history.epoch == [0, 1]
    assert capsys.readouterr().out.count("Ended by Ctrl-C") == 1


def test_an_interrupt_before_the_first_epoch_ends():
    press = callbacks.LambdaCallback(on_train_begin=lambda logs: signal.raise_signal(signal.SIGINT))
    history = compiled().fit(X, X[:, :1], epochs=9, verbose=0, callbacks=press)
    assert history.interrupted
    assert history.history == {}
    assert compiled().fit(X, X[:, :1], epochs=0, verbose=0).epoch == []


def test_a_second_ctrl_c_raises():
    model = compiled()
    twice = [press(signal.SIGINT), press(signal.SIGINT)]
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, X[:, :1], epochs=9, verbose=0, callbacks=twice)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    model.fit(X, X[:, :1], verbose=0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_handlers_are_those_of_before(number):
    got = []
    before = signal.signal(number, lambda number, frame: got.append(number))
    try:
        mine = signal.getsignal(number)
        history = compiled().fit(X, X[:, :1], epochs=9, verbose=0, callbacks=press(number))
        assert signal.getsignal(number) is mine
        assert history.interrupted
        assert got == [number] * (number == signal.SIGTERM)  # a program's own handler is told
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_ignored_stays_ignored(number):
    before = signal.signal(number, signal.SIG_IGN)
    try:
        history = compiled().fit(X, X[:, :1], epochs=4, verbose=0, callbacks=press(number))
        assert len(history.epoch) == 4
    finally:
        signal.signal(number, before)


def test_a_training_within_a_training_ends_both():
    outer, inner = compiled(), compiled()
    within = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: inner.fit(
            X, X[:, :1], epochs=9, verbose=0, callbacks=press(signal.SIGINT)
        )
    )
    history = outer.fit(X, X[:, :1], epochs=9, verbose=0, callbacks=within)
    assert history.interrupted
    assert history.epoch == [0]
    assert inner.history.epoch == [0, 1]


def test_an_error_does_not_swallow_a_signal():
    def broken(epoch, logs):
        signal.raise_signal(signal.SIGTERM)
        raise ValueError

    with pytest.raises(SystemExit) as ended:
        compiled().fit(
            X, X[:, :1], verbose=0, callbacks=callbacks.LambdaCallback(on_epoch_end=broken)
        )
    assert ended.value.code == 143


def test_sigterm_ends_the_program_after_fit_with_its_status(tmp_path):
    program = """
    import atexit, signal, sys
    import numpy as np
    from grafito import Sequential, callbacks, layers
    atexit.register(print, "at exit")
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", loss="mse")
    x = np.zeros((8, 2), "f")
    def term(epoch, logs):
        if epoch == 1:
            signal.raise_signal(signal.SIGTERM)
    def ended(logs):
        print("on_train_end")
    save = callbacks.ModelCheckpoint("m.safetensors")
    end = callbacks.LambdaCallback(on_epoch_end=term, on_train_end=ended)
    try:
        model.fit(x, x[:, :1], epochs=9, verbose=0, callbacks=[save, end])
        print("never")
    finally:
        print(len(model.history.epoch), "epochs")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 143
    words = ["on_train_end", "Ended by SIGTERM. History and weights are kept.", "2 epochs"]
    assert done.stdout.splitlines() == [*words, "at exit"]
    assert done.stderr == ""
    assert (tmp_path / "m.safetensors").is_file()
