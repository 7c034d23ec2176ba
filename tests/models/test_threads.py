"""Threads and forked processes: numbers are right, nothing crashes and nothing waits for ever."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import grafito
from grafito import layers
from grafito.errors import GraphError

SECONDS = 300  # after which a program hangs; none needs a tenth of them

PRELUDE = """
import concurrent.futures, faulthandler, logging, multiprocessing, os, sys, threading, time
import numpy as np
import grafito
from grafito import layers
faulthandler.enable()
faulthandler.dump_traceback_later(SECONDS - 30, exit=True)

def model(units=512):
    made = grafito.Sequential(
        [layers.Input((20,)), layers.Dense(units, activation="relu"), layers.Dense(3)]
    )
    made.compile("sgd", "mse")
    return made

rng = np.random.default_rng(0)
x = [rng.normal(size=(n, 20)).astype("float32") for n in (1, 40, 2000, 40, 2000, 1, 40, 2000)]
y = rng.normal(size=(2000, 3)).astype("float32")

def predict(made, i):
    return made.predict(x[i], batch_size=500, verbose=0)

def fit(made, epochs=1):
    return made.fit(x[2], y, batch_size=250, epochs=epochs, verbose=0, shuffle=False)

def together(*functions):
    wrong = []
    def guarded(function):
        try:
            function()
        except BaseException as error:
            wrong.append(repr(error))
    threads = [threading.Thread(target=guarded, args=(f,)) for f in functions]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert not wrong, wrong

def right(made, i, expected, times=50):
    def check():
        for _ in range(times):
            np.testing.assert_array_equal(predict(made, i), expected)
    return check
""".replace("SECONDS", str(SECONDS))

PROGRAMS = {
    "one model": """
        made = model()
        together(*(right(made, i, predict(made, i)) for i in range(8)))
    """,
    "one model, not compiled yet": """
        seen, again = model(), model()
        again.set_weights(seen.get_weights())
        expected = [predict(seen, i) for i in range(8)]
        together(*(right(again, i, expected[i], 5) for i in range(8)))
    """,
    "eight models, while another trains": """
        made, other = [model() for _ in range(8)], model()
        checks = [right(m, i, predict(m, i)) for i, m in enumerate(made)]
        together(lambda: fit(other, 30), *checks)
    """,
    "while it trains": """
        made = model()
        made.optimizer.learning_rate = 0.0
        fit(made)
        together(lambda: fit(made, 30), *(right(made, i, predict(made, i)) for i in (0, 2)))
    """,
    "four fits of different models": """
        models = [model(256) for _ in range(4)]
        for m in models[1:]:
            m.set_weights(models[0].get_weights())
        together(*(lambda m=m: fit(m, 3) for m in models))
        for m in models[1:]:
            for ours, theirs in zip(m.get_weights(), models[0].get_weights()):
                np.testing.assert_array_equal(ours, theirs)
    """,
    "fork": """
        old = model()
        fit(old)
        expected = predict(old, 2)
        def child():
            np.testing.assert_array_equal(predict(old, 2), expected)
            fit(old)
            fit(model(600))
        run_child(child)
        np.testing.assert_array_equal(predict(old, 2), expected)
    """,
    "fork of a fork": """
        old = model()
        fit(old)
        def grandchild():
            predict(old, 2); fit(old)
        def child():
            fit(old)
            run_child(grandchild)
            fit(old)
        run_child(child)
    """,
    "fork while another thread trains": """
        old, busy = model(), model()
        fit(old), fit(busy)
        stop = threading.Event()
        def train():
            while not stop.is_set():
                fit(busy)
        def compile_():
            while not stop.is_set():
                fit(model(int(rng.integers(100, 600))))
        threads = [threading.Thread(target=f) for f in (train, compile_)]
        for t in threads: t.start()
        def child():
            predict(old, 2), predict(busy, 2), fit(old), fit(busy), fit(model(333))
            assert all(np.isfinite(w).all() for w in busy.get_weights())
        for _ in range(4):
            run_child(child)
        stop.set()
        for t in threads: t.join()
    """,
    "two threads fork": """
        fit(model())
        def fork():
            for _ in range(8):
                brief = model(64)  # whose programs come and go meanwhile
                predict(brief, 1)
                run_child(lambda: predict(brief, 1))
        together(fork, fork)
    """,
    "fork while a program begins": """
        from concurrent.futures import ThreadPoolExecutor
        from llvmlite import binding
        from grafito.locks import Guarded
        fit(model())
        class Begins(Guarded):
            settles = True
        begins, pool, began = Begins(), ThreadPoolExecutor(1), threading.Event()
        def begin():
            with begins.lock:
                began.set()
                time.sleep(1)  # the fork waits by now, with what it took before
                pool.submit(logging.getLogger().debug, "in a pool").result()
                binding.parse_assembly("")  # as a finalizer that runs here enters LLVM
        thread = threading.Thread(target=begin)
        thread.start(), began.wait()
        run_child(lambda: fit(model()))
        thread.join()
    """,
    "fork while kernels are imported": """
        from grafito.engines.llvm.kernels import select
        began = threading.Event()
        class Slow:
            def find_spec(self, name, path=None, target=None):
                if name.endswith("convolution.amx") and not began.is_set():
                    began.set()
                    time.sleep(1)
        sys.meta_path.insert(0, Slow())
        thread = threading.Thread(target=select.function, args=("convolution.amx:conv",))
        thread.start(), began.wait()
        run_child(lambda: select.function("convolution.amx:conv"))
        thread.join()
    """,
    **{
        f"fork while {module} is imported": f"""
        began = threading.Event()
        class Slow:
            def find_spec(self, name, path=None, target=None):
                if name == "{module}" and not began.is_set():
                    began.set()
                    time.sleep(1)
        sys.meta_path.insert(0, Slow())
        thread = threading.Thread(target=lambda: fit(model()))
        thread.start(), began.wait()
        run_child(lambda: fit(model()))
        thread.join()
        """
        for module in ("grafito.models", "grafito.models.executor", "grafito.engines.llvm")
    },
    "pools of processes": """
        old = model()
        fit(old)
        expected = predict(old, 2)
        globals()["old"] = old
        for method in ("fork", "spawn"):
            context = multiprocessing.get_context(method)
            with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
                for loss in pool.map(task, [1, 2, 3]):
                    assert np.isfinite(loss)
    """,
}

CHILD = """
def run_child(function):
    process = multiprocessing.get_context("fork").Process(target=function)
    process.start()
    process.join(120)
    assert process.exitcode == 0, f"exit code {process.exitcode}"

def task(seed):
    made = model(64)
    return fit(made).history["loss"][-1]

if __name__ == "__main__":
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, tmp_path):
    if ("fork" in name or "pools" in name) and not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    script = tmp_path / "program.py"
    body = textwrap.indent(textwrap.dedent(PROGRAMS[name]), "    ")
    script.write_text(PRELUDE + CHILD + body + '\n    print("done")\n')
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, "GRAFITO_THREADS": "3"},  # of which two wait for each other
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("done\n")


def small():
    made = grafito.Sequential([layers.Input((2,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x, y: m.fit(x, y, verbose=0),
        lambda m, x, y: m.evaluate(x, y, verbose=0),
        lambda m, x, y: m.train_on_batch(x, y),
        lambda m, x, y: m.test_on_batch(x, y),
        lambda m, x, y: m.compile("adam", "mse"),
    ],
    ids=["fit", "evaluate", "train_on_batch", "test_on_batch", "compile"],
)
def test_a_model_is_trained_by_one_thread(call):
    made, x, y = small(), np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    seen = []

    class Other(grafito.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            def run():
                try:
                    call(made, x, y)
                except GraphError as error:
                    seen.append(error)
                seen.append(made.predict(x, verbose=0))

            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
            made.evaluate(x, y, verbose=0)  # the same thread may

    made.fit(x, y, verbose=0, callbacks=[Other()])
    assert "Another thread is training or evaluating this model" in str(seen[0])
    assert "thread.join()" in str(seen[0])
    np.testing.assert_array_equal(seen[1], made.predict(x, verbose=0))
    call(made, x, y)  # it is free again


def test_an_error_leaves_the_model_free():
    made = small()
    with pytest.raises(grafito.errors.GrafitoError):
        made.fit(np.ones((4, 3), "float32"), np.ones((4, 1), "float32"), verbose=0)
    thread_made = []
    thread = threading.Thread(
        target=lambda: thread_made.append(
            made.fit(np.ones((4, 2), "float32"), np.ones((4, 1), "float32"), verbose=0)
        )
    )
    thread.start()
    thread.join()
    assert thread_made


LATE = """
import threading, time
import numpy as np
from grafito import Sequential, layers

x = np.ones((100_000, 50), "float32")  # large enough for several threads to look at


def train():
    time.sleep(1)
    model = Sequential([layers.Input((50,)), layers.Dense(64), layers.Dense(1)])
    model.compile(loss="mse", engine="llvm")
    model.fit(x, x[:, :1], 512, epochs=1, verbose=0)
    print("trained")


threading.Thread(target=train).start()
"""


def test_a_training_outlives_the_main_thread():
    ended = subprocess.run(
        [sys.executable, "-c", LATE], capture_output=True, text=True, timeout=120
    )
    assert (ended.stdout, ended.stderr) == ("trained\n", "")
