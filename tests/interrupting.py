"""Interrupts `fit` at random moments: `cd tests && python -m interrupting 400` is the long form.

A program trains in rounds of random kinds. In each of them Ctrl-C comes at a random moment, from
the first look at the data on; `fit` must return with its history, a model that can be used, and one
message, and the program must go on.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time

LONGEST = 0.4  # seconds until the interrupt
PATIENCE = 120  # seconds until a round counts as lost

PROGRAM = '''
import contextlib, io, json, sys
import numpy as np
from grafito import Sequential, callbacks, layers

class Rows:
    """Says that fit has begun when it looks at the data."""
    def __array__(self, dtype=None, copy=None):
        print("begun", file=sys.stderr, flush=True)
        return np.random.default_rng(0).normal(size=(600, 6)).astype("float32")

def stream():
    x = np.asarray(Rows())
    while True:
        yield x[:20], x[:20, :1]

for line in sys.stdin:
    kind = json.loads(line)
    model = Sequential([layers.Input((6,)), layers.Dense(kind["units"], "relu"), layers.Dense(1)])
    model.compile("adam", loss="mse", engine=kind["engine"], check_finite=kind["check_finite"])
    seen = []
    hook = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    ends = callbacks.LambdaCallback(on_train_end=lambda logs: seen.append("end"))
    settings = {"callbacks": [hook, ends] if kind["hook"] else [ends], "verbose": kind["verbose"]}
    y = np.arange(600) % 2
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if kind["stream"]:
            history = model.fit(stream(), epochs=10**6, steps_per_epoch=30, **settings)
        else:
            history = model.fit(Rows(), y, epochs=10**6, validation_split=kind["split"], **settings)
    lengths = {len(values) for values in history.history.values()}
    finite = all(np.isfinite(w).all() for w in model.get_weights())
    told = out.getvalue().count("Ended by Ctrl-C")
    x = np.zeros((4, 6), "f")
    model.fit(x, x[:, :1], epochs=2, verbose=0)
    good = history.interrupted and lengths <= {len(history.epoch)} and finite and seen == ["end"]
    print(json.dumps({"good": good, "told": told, "epochs": len(history.epoch)}), flush=True)
'''


def kinds(rng: random.Random) -> dict[str, object]:
    """A random kind of training."""
    return {
        "units": rng.choice([4, 64]),
        "engine": rng.choice(["auto", "auto", "reference"]),
        "check_finite": rng.random() < 0.2,
        "hook": rng.random() < 0.3,
        "stream": rng.random() < 0.3,
        "split": rng.choice([0.0, 0.2]),
        "verbose": rng.choice([0, 2]),
    }


def interrupt(count: int, seed: int = 0, restart: int = 20) -> list[str]:
    """Interrupt so many trainings; what went wrong, in words.

    Args:
        count: how many.
        seed: of the kinds and the moments.
        restart: trainings in one process; the first in each imports and compiles.
    """
    rng, wrong = random.Random(seed), []
    program = None
    for number in range(count):
        if program is None or number % restart == 0:
            _end(program)
            program = subprocess.Popen(
                [sys.executable, "-c", PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        kind = kinds(rng)
        patience = threading.Timer(PATIENCE, program.kill)  # then what is waited for has an end
        patience.start()
        problem = _round(program, kind, rng.random() * LONGEST)
        if not patience.is_alive():
            problem = f"it took more than {PATIENCE} s; {problem}"
        patience.cancel()
        if problem:
            wrong.append(f"{number}: {problem} {kind}")
            _end(program)
            program = None
    _end(program)
    return wrong


def _round(program: subprocess.Popen[str], kind: dict[str, object], delay: float) -> str | None:
    """Interrupt one training; what went wrong."""
    assert program.stdin
    assert program.stdout
    assert program.stderr
    program.stdin.write(json.dumps(kind) + "\n")
    program.stdin.flush()
    line = program.stderr.readline()
    if line != "begun\n":
        return f"fit did not begin: {line}{program.stderr.read()}"
    time.sleep(delay)
    program.send_signal(signal.SIGINT)
    answer = program.stdout.readline()
    if not answer:
        return f"the program ended: {program.stderr.read()}"
    result = json.loads(answer)
    if not result["good"] or result["told"] != 1:
        return f"after {delay:.3f} s: {result}"
    return None


def _end(program: subprocess.Popen[str] | None) -> None:
    if program is not None:
        program.kill()
        program.communicate()


if __name__ == "__main__":
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    found = interrupt(total, seed=int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print("\n".join([*found, f"{total} interrupts, {len(found)} lost"]))
    sys.exit(bool(found))
