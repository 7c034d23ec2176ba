"""What the tests launch: `python program.py OUT [FAULT] [MARK]`, in two processes or alone.

It trains a network with batch normalisation and dropout, and process 0 keeps what came out in OUT.
A fault is of process 1; with a mark, a file, it happens only in the first try.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from grafito import Input, callbacks, distribution, layers, models, optimizers, utils

OUT, FAULT, MARK = (*sys.argv[1:], "", "")[:3]
EPOCHS, AT = 6, 3


class Break(callbacks.Callback):
    """A fault in the middle of the training."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch != AT or distribution.process_index() != 1 or (MARK and Path(MARK).exists()):
            return
        Path(MARK or Path(OUT).with_name("fault")).touch()
        if FAULT == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif FAULT == "stopped":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif FAULT == "sleeps":
            time.sleep(1000)
        elif FAULT == "memory":
            raise MemoryError

    def get_state(self):
        return {}


class Part(utils.PyDataset):
    """Every other row of each batch: what this process reads."""

    def __init__(self, x, y, size):
        super().__init__()
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return len(self.x) // self.size

    def __getitem__(self, i):
        own = self.size // distribution.process_count()
        first = i * self.size + own * distribution.process_index()
        return self.x[first : first + own], self.y[first : first + own]


def main() -> None:
    mine = os.environ.get("JAX_PROCESS_ID") == "1"
    distribution.initialize()
    if os.environ.get("GRAFITO_SUPERVISOR"):
        Path(OUT).with_name(f"pid-{distribution.process_index()}").write_text(str(os.getpid()))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 6)).astype("float32")
    y = rng.integers(0, 3, 96)
    if FAULT == "data" and mine:
        x[5, 2] = 1.0
    utils.set_random_seed(3)
    model = models.Sequential(
        [
            Input((6,)),
            layers.Dense(16, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("tanh"),
            layers.Dropout(0.2),
            layers.Dense(3, "softmax"),
        ]
    )
    sgd, loss = optimizers.SGD(0.1), "sparse_categorical_crossentropy"
    model.compile(sgd, loss, metrics=["accuracy"], engine="jax")
    backup = callbacks.BackupAndRestore(Path(OUT).with_name("backup"))
    if FAULT == "stream":
        model.fit(Part(x, y, 24), epochs=EPOCHS, verbose=0, shuffle=False)
    else:
        model.fit(x, y, batch_size=25, epochs=EPOCHS, verbose=0, callbacks=[backup, Break()])
    results = [*model.get_weights(), model.predict(x, verbose=0)]
    results += [np.array(model.evaluate(x, y, verbose=0))]
    model.save(Path(OUT).with_name(f"model-{distribution.process_index()}.safetensors"))
    if distribution.process_index() == 0:
        np.savez(OUT, *results)


if __name__ == "__main__":
    main()
