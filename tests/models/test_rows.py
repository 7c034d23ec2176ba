"""`predict` of other numbers of rows: few programs, the same bits, no row that sees another."""

import numpy as np
import pytest

from grafito import engines, graph, layers
from grafito.graph.rows import rows_alone, table
from grafito.models import Sequential

pytest.importorskip("llvmlite")


class Own(layers.Layer):
    """A layer of one function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, inputs):
        return self.function(inputs)


NETS = {
    "dense": ((4,), [lambda: layers.Dense(7, "tanh"), lambda: layers.Dense(3, "softmax")]),
    "wide": ((80,), [lambda: layers.Dense(100, "tanh"), lambda: layers.Dense(35)]),
    "images": (
        (6, 6, 2),
        [
            lambda: layers.Conv2D(3, 3, padding="same", activation="relu"),
            lambda: layers.MaxPooling2D(2),
            lambda: layers.BatchNormalization(),
            lambda: layers.Flatten(),
            lambda: layers.Dense(2),
        ],
    ),
    "sequences": (
        (5,),
        [
            lambda: layers.Embedding(9, 4),
            lambda: layers.Dense(3, "sigmoid"),
            lambda: layers.GlobalAveragePooling1D(),
        ],
    ),
    "by position": ((4,), [lambda: Own(lambda x: graph.concatenate([x[:, :2], 2 * x], axis=1))]),
}
ACROSS = {
    "mean": lambda x: x - graph.mean(x, axis=0),
    "size": lambda x: x / x.shape[0],
    "order": lambda x: graph.flip(x, 0),
    "places": lambda x: x + graph.reshape(graph.constant(np.arange(x.shape[0]) ** 2.0), (-1, 1)),
    "others": lambda x: graph.matmul(x, graph.transpose(x))[:, :1],
    "batch": lambda x: graph.softmax(x, axis=0),
    "first": lambda x: x - x[:1],
}


def data(shape):
    rows = np.random.default_rng(0).integers(0, 9, (40, *shape))
    return rows.astype("int32" if shape == (5,) else "float32")


@pytest.mark.parametrize("name", NETS)
def test_rows_have_the_bits_of_a_batch_of_their_own(name, monkeypatch):
    shape, parts = NETS[name]
    model = Sequential([layers.Input(shape, dtype="int32" if shape == (5,) else None)])
    for part in parts:
        model.add(part())
    x = data(shape)
    filled = [model.predict(x[:n], verbose=0) for n in (2, 3, 7, 37)]
    assert len(model._executor._programs) == 3  # of 4, 16 and 32 rows
    monkeypatch.setattr(type(engines.get("auto")), "pads_batches", False)
    model._executor._programs.clear()
    alone = [model.predict(x[:n], verbose=0) for n in (2, 3, 7, 37)]
    assert len(model._executor._programs) > 3
    for some, others in zip(filled, alone, strict=True):
        np.testing.assert_array_equal(some, others)


@pytest.mark.parametrize("name", NETS)
def test_a_row_has_the_same_bits_in_any_batch(name):
    shape, parts = NETS[name]
    model = Sequential([layers.Input(shape, dtype="int32" if shape == (5,) else None)])
    for part in parts:
        model.add(part())
    x = data(shape)
    whole = model.predict(x, batch_size=64, verbose=0)
    for n in (1, 2, 7, 16, 33):
        np.testing.assert_array_equal(model.predict(x[:n], batch_size=64, verbose=0), whole[:n])


@pytest.mark.parametrize("name", ACROSS)
def test_an_op_that_reads_across_the_batch_sees_no_row_but_those_given(name):
    model = Sequential([layers.Input((3,)), Own(ACROSS[name])])
    x = data((3,))[:5]
    expected = graph.value(ACROSS[name](graph.constant(x)))
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)
    assert list(model._executor._by_rows.values()) == [name == "places"]  # which come in order


def test_sixty_lengths_are_few_programs():
    model = Sequential([layers.Input((4,)), layers.Dense(2)])
    x = np.arange(240, dtype="float32").reshape(60, 4)
    whole = model.predict(x, verbose=0)
    for n in range(1, 61):
        np.testing.assert_array_equal(model.predict(x[:n], verbose=0), whole[:n])
    assert len(model._executor._programs) == 4  # 1, 4, 16 and 32 rows


def test_each_batch_gives_its_own_rows_to_callbacks():
    from grafito.callbacks import LambdaCallback

    sizes = []
    model = Sequential([layers.Input((4,)), layers.Dense(2)])
    note = LambdaCallback(
        on_predict_batch_end=lambda batch, logs: sizes.append(logs["outputs"].shape)
    )
    model.predict(np.zeros((7, 4)), batch_size=5, callbacks=[note], verbose=0)
    assert sizes == [(5, 2), (2, 2)]


def test_a_state_that_a_row_changes_is_not_filled_up():
    seen = graph.Variable(0.0)

    def step(n):
        x = table(8, (3,), "float32", "x")
        rows = graph.take(x, graph.constant(np.arange(n)))

        def function(x):
            seen.assign(seen + graph.sum(rows))
            return {"y": 2 * rows}

        return graph.trace_graph(function, {"x": x})

    assert not rows_alone(step(2), step(4), (2, 4), ())
    assert rows_alone(step(2), step(4), (2, 4), {seen})


def repeated(model, x):
    """What `predict` gives when it runs at once, and what it gives without that."""
    known = model._executor.repetition
    assert known is not None
    at_once = known.run(model._executor, x, None)
    model._executor.repetition = None
    return at_once, model.predict(x, verbose=0)


def small():
    return Sequential([layers.Input((4,)), layers.Dropout(0.5), layers.Dense(2, "tanh")])


def test_a_predict_like_the_one_before_runs_at_once():
    model = small()
    x, other = np.float32([[1, 2, 3, 4]]), np.float32([[4, 3, 2, 1]])
    model.predict(x, verbose=0)
    one, two = repeated(model, other)
    np.testing.assert_array_equal(one, two)
    model.set_weights([2 * w for w in model.get_weights()])
    one, two = repeated(model, other)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(model.predict(x[:, ::-1], verbose=0), two)


CHANGES = {
    "a rate": lambda m: setattr(m.layers[0], "rate", 0.25),
    "a layer more": lambda m: m.add(layers.Dense(2)),
    "a layer less": lambda m: m.pop(),
    "an activation": lambda m: setattr(m.layers[1], "activation", np.abs),
    "compile": lambda m: m.compile("sgd", "mse"),
    "a list inside": lambda m: m.layers[1]._weights.reverse(),
    "a frozen layer": lambda m: setattr(m.layers[1], "trainable", False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_runs_at_once_after_a_change(name):
    model = small()
    x = np.ones((1, 4), "float32")
    model.predict(x, verbose=0)
    executor = model._executor
    assert executor.repetition.run(executor, x, None) is not None
    CHANGES[name](model)
    assert executor.repetition.run(executor, x, None) is None


@pytest.mark.parametrize(
    "x", [np.ones((2, 4), "float32"), np.ones((1, 4)), [[1.0] * 4], np.ones((1, 4), "int32")]
)
def test_other_data_do_not_run_at_once(x):
    model = small()
    model.predict(np.ones((1, 4), "float32"), verbose=0)
    assert model._executor.repetition.run(model._executor, x, None) is None
    assert model.predict(x, verbose=0).shape == (len(x), 2)


def test_numbers_that_are_none_are_still_refused():
    from grafito.errors import DataError

    model = small()
    x = np.ones((1, 4), "float32")
    model.predict(x, verbose=0)
    with pytest.raises(DataError, match="non-finite"):
        model.predict(x * np.nan, verbose=0)


def test_a_model_is_freed_after_predict():
    import gc
    import weakref

    model = small()
    model.predict(np.ones((1, 4), "float32"), verbose=0)
    left = weakref.ref(model)
    del model
    gc.collect()
    assert left() is None
