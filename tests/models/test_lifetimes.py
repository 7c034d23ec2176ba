"""What nobody uses is freed at once, without the collector of cycles; what does not fit is told."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
import weakref

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, engines, errors, initializers, layers
from grafito.layers import room

ENGINES = [name for name in engines.names() if name in ("reference", "llvm")]
X = np.zeros((8, 4), "f")
Y = X[:, :1]


def sequential():
    return Sequential([layers.Input((4,)), layers.Dense(8, "relu"), layers.Dense(1)])


def functional():
    x = layers.Input((4,))
    hidden = layers.Dense(8)(x)
    return Model(x, layers.Dense(1)(layers.concatenate([hidden, x])))


def nested():
    x = layers.Input((4,))
    return Model(x, layers.Dense(1)(functional()(x)))


class Own(Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


USES = {
    "nothing": lambda m: None,
    "fit": lambda m: m.fit(X, Y, verbose=0, validation_split=0.5),
    "callbacks": lambda m: m.fit(
        X,
        Y,
        verbose=0,
        callbacks=[
            callbacks.EarlyStopping("loss"),
            callbacks.TerminateOnNaN(),
            callbacks.ModelCheckpoint("unused.safetensors", save_freq=99),
        ],
    ),
    "stream": lambda m: m.fit(iter([(X, Y)]), verbose=0),
    "evaluate": lambda m: m.evaluate(X, Y, verbose=0),
    "predict": lambda m: m.predict(X, verbose=0),
    "batch": lambda m: m.train_on_batch(X, Y),
    "call": lambda m: m(X),
}


@pytest.mark.parametrize("check_finite", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("make", [sequential, functional, nested, Own])
def test_a_model_is_freed_with_its_last_user(make, use, engine, check_finite):
    gc.collect()
    gc.disable()
    try:
        model = make()
        model.compile("adam", loss="mse", metrics=["mae"], engine=engine, check_finite=check_finite)
        use(model)
        kept = [weakref.ref(part) for part in (model, *model.weights, *model.optimizer.variables)]
        del model
        assert [each() for each in kept if each() is not None] == []
    finally:
        gc.enable()


def test_a_symbol_keeps_the_layers_that_it_needs():
    x = layers.Input((4,))
    hidden = layers.Dense(3, name="hidden")(x)
    outputs = [layers.Dense(1)(hidden) for _ in range(2)]
    model = Model(x, outputs[1])
    del x, hidden, outputs
    gc.collect()
    inner = Model(model.inputs, model.get_layer("hidden").output)
    assert inner.predict(X, verbose=0).shape == (8, 3)
    del model
    assert inner.predict(X, verbose=0).shape == (8, 3)


LIMITED = """
import resource, sys
import numpy as np
from grafito import Sequential, errors, layers
model = Sequential([layers.Input((2000,)), layers.Dense(4000), layers.Dense(1)])
model.compile("adam", loss="mse")
x = np.zeros((8, 2000), "f")
model.predict(x, verbose=0)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = used + int(sys.argv[1]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    if sys.argv[2] == "weights":
        layers.Dense(10**6)(layers.Input((10**4,)))
    else:
        model.fit(x, x[:, :1], verbose=0)
except errors.OutOfMemoryError as error:
    print("told:", error.what)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
@pytest.mark.parametrize(("megabytes", "what"), [(20, "fit"), (60, "fit"), (60, "weights")])
def test_memory_that_is_used_up_is_told(megabytes, what):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED), str(megabytes), what],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GRAFITO_THREADS": "1"},
    )
    assert done.stdout.startswith("told:"), done.stderr[-2000:]


HUGE = {
    "units": lambda: layers.Dense(10**11).build((None, 3)),
    "more than an array can have": lambda: layers.Dense(10**30).build((None, 3)),
    "zeros": lambda: layers.Dense(10**11, kernel_initializer="zeros").build((None, 3)),
    "float64": lambda: layers.Dense(10**11, dtype="float64").build((None, 3)),
    "words": lambda: layers.Embedding(10**9, 1000).build((None, 3)),
    "filters": lambda: layers.Conv2D(10**10, 3)(layers.Input((8, 8, 3))),
    "a layer of one's own": lambda: layers.Layer().add_weight((10**6, 10**6)),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_weight_beyond_the_memory_is_refused_before_its_numbers_are_drawn(name, monkeypatch):
    monkeypatch.setattr(room, "available_memory", lambda: 2**34)
    monkeypatch.setattr(initializers.Initializer, "__call__", None)
    with pytest.raises(errors.OutOfMemoryError, match="numbers") as error:
        HUGE[name]()
    assert error.value.rows["expected"].startswith("at most 8.0 GiB")
    assert error.value.memory.total > error.value.available
