"""Batches from iterables, loaders and data objects: every one is seen, once a pass."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, graph, layers, utils
from grafito.errors import ArgumentError, DataError
from grafito.optimizers import SGD


def batch(i):
    return np.full((2, 1), i, "f"), np.full((2, 1), i, "f")


class Iterable:
    """An iterable that starts again, and notes what it gave."""

    def __init__(self, n=6):
        self.n, self.seen = n, []

    def __iter__(self):
        for i in range(self.n):
            self.seen.append(i)
            yield batch(i)


class Sized(Iterable):
    def __len__(self):
        return self.n


class Numbered:
    """An object of `__len__` and `__getitem__`, as tutorials write it."""

    def __init__(self, n=6):
        self.n, self.seen, self.hooks = n, [], []

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        self.seen.append(i)
        return batch(i)

    def on_epoch_end(self):
        self.hooks.append(len(self.seen))


class Dataset(utils.PyDataset):
    """The same with the base class of Keras, its order as it is."""

    def __init__(self, n=6, **settings):
        super().__init__(**settings)
        self.n, self.seen, self.hooks = n, [], []

    __len__, __getitem__, on_epoch_end = (
        vars(Numbered)[name] for name in ("__len__", "__getitem__", "on_epoch_end")
    )

    def on_epoch_begin(self):
        self.begun = len(self.seen)


class Forgetful(utils.Sequence):
    """Does not call the constructor of its base, as many programs do not."""

    def __init__(self, n=6):
        self.n, self.seen, self.hooks = n, [], []

    __len__, __getitem__, on_epoch_end = (
        vars(Numbered)[name] for name in ("__len__", "__getitem__", "on_epoch_end")
    )


class Loader:
    """A torch DataLoader in the order of its data."""

    def __new__(cls, n=6):
        torch = pytest.importorskip("torch")
        seen = []

        class Rows(torch.utils.data.Dataset):
            def __len__(self):
                return n * 2

            def __getitem__(self, i):
                if i % 2 == 0:
                    seen.append(i // 2)
                x, y = batch(i // 2)
                return x[0], y[0]

        loader = torch.utils.data.DataLoader(Rows(), batch_size=2)
        loader.seen = seen
        return loader


class Unsized:
    """A torch DataLoader over data that do not say how many they are: `len` raises."""

    def __new__(cls, n=6):
        torch = pytest.importorskip("torch")
        rows = Iterable(n)

        class Rows(torch.utils.data.IterableDataset):
            def __iter__(self):
                return iter(rows)

        loader = torch.utils.data.DataLoader(Rows(), batch_size=None)
        loader.seen = rows.seen
        return loader


SOURCES = [Iterable, Sized, Numbered, Dataset, Forgetful, Loader, Unsized]
NUMBERED = [Numbered, Dataset, Forgetful]


def compiled(rate=0.0):
    model = Sequential([layers.Input((1,)), layers.Dense(1)])
    model.compile(SGD(rate), loss="mse", engine="reference")
    return model


@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize(
    ("steps", "epochs", "expected"),
    [
        (None, 2, [0, 1, 2, 3, 4, 5] * 2),
        (2, 3, [0, 1, 2, 3, 4, 5]),
        (2, 4, [0, 1, 2, 3, 4, 5, 0, 1]),
        (3, 3, [0, 1, 2, 3, 4, 5, 0, 1, 2]),
        (6, 2, [0, 1, 2, 3, 4, 5] * 2),
        (1, 7, [0, 1, 2, 3, 4, 5, 0]),
    ],
)
def test_an_epoch_goes_on_where_the_one_before_ended(make, steps, epochs, expected):
    source = make()
    history = compiled().fit(source, epochs=epochs, steps_per_epoch=steps, shuffle=False, verbose=0)
    assert source.seen == expected
    assert len(history.epoch) == epochs


@pytest.mark.parametrize("make", SOURCES)
def test_validation_begins_at_the_beginning_each_time(make):
    source = make()
    x, y = batch(1)
    compiled().fit(x, y, validation_data=source, validation_steps=2, epochs=3, verbose=0)
    assert source.seen == [0, 1] * 3


@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize(("steps", "expected"), [(None, list(range(6))), (4, list(range(4)))])
def test_evaluate_and_predict_see_one_pass(make, steps, expected):
    one, two = make(), make()
    compiled().evaluate(one, steps=steps, verbose=0)
    assert one.seen == expected
    if make not in (Loader, Unsized):
        assert compiled().predict(two, steps=steps, verbose=0).shape == (2 * len(expected), 1)
        assert two.seen == expected


@pytest.mark.parametrize("make", NUMBERED)
def test_hooks_of_the_data(make):
    source, held_out = make(), make(2)
    compiled().fit(source, epochs=3, validation_data=held_out, shuffle=False, verbose=0)
    assert source.hooks == [6, 12, 18]
    assert held_out.hooks == [2, 4, 6]
    if make is Dataset:
        assert source.begun == 12


def test_hooks_with_steps_per_epoch():
    source = Numbered()
    compiled().fit(source, epochs=3, steps_per_epoch=2, verbose=0)
    assert source.hooks == [2, 4, 6]


def test_a_dataset_gives_its_batches_in_a_new_order_in_each_epoch():
    one, two = Dataset(20), Dataset(20)
    utils.set_random_seed(1)
    compiled().fit(one, epochs=3, verbose=0)
    passes = [one.seen[i : i + 20] for i in (0, 20, 40)]
    assert all(sorted(order) == list(range(20)) for order in passes)
    assert len({tuple(order) for order in passes}) == 3
    utils.set_random_seed(1)
    compiled().fit(two, epochs=6, steps_per_epoch=10, verbose=0)
    assert sorted(two.seen[:20]) == sorted(two.seen[20:40]) == list(range(20))


@pytest.mark.parametrize("settings", [{"workers": 3}, {"workers": 2, "max_queue_size": 1}])
def test_workers_make_batches_in_order(settings):
    class Threads(Dataset):
        threads = frozenset()

        def __getitem__(self, i):
            self.threads |= {threading.get_ident()}
            return batch(i)

    source = Threads(30, **settings)
    out = compiled()
    out.set_weights([np.ones((1, 1)), np.zeros(1)])
    np.testing.assert_array_equal(out.predict(source, verbose=0)[::2, 0], np.arange(30))
    assert threading.get_ident() not in source.threads


def test_an_error_of_a_worker_is_that_of_the_data():
    class Broken(Dataset):
        def __getitem__(self, i):
            raise KeyError(f"batch {i}")

    with pytest.raises(KeyError, match="batch 0"):
        compiled().fit(Broken(workers=2), shuffle=False, verbose=0)


def test_a_dataset_without_end():
    class Endless(Dataset):
        num_batches = None

    source = Endless()
    compiled().fit(source, epochs=2, steps_per_epoch=4, verbose=0)
    assert source.seen == list(range(8))


X, Y = np.ones((64, 1), "f"), np.ones((64, 1), "f")
# what, the words of the warning
SHORT = [
    (lambda m: m.fit(X, Y, epochs=2, steps_per_epoch=10, verbose=0), r"10(.|\n)*2 at most"),
    (lambda m: m.fit(Sized(3), steps_per_epoch=4, verbose=0), r"per_epoch=4(.|\n)*3 at most"),
    (lambda m: m.fit(Iterable(3), epochs=2, steps_per_epoch=4, verbose=0), r"4(.|\n)*3 at most"),
    (
        lambda m: m.fit((batch(i) for i in range(3)), epochs=2, steps_per_epoch=2, verbose=0),
        r"per_epoch=2(.|\n)*1 at most",
    ),
    (
        lambda m: m.fit(X, Y, validation_data=(X, Y), validation_steps=5, verbose=0),
        r"validation_steps=5(.|\n)*2 at most",
    ),
    (lambda m: m.evaluate(X, Y, steps=5, verbose=0), r"steps=5(.|\n)*2 at most"),
    (lambda m: m.predict(Sized(3), steps=5, verbose=0), r"steps=5(.|\n)*3 at most"),
]


@pytest.mark.parametrize(("act", "words"), SHORT)
def test_data_that_are_shorter_than_the_steps_are_told_once(act, words):
    with pytest.warns(UserWarning, match=words) as caught:
        act(compiled())
    assert len(caught) == 1


REFUSED = [
    (lambda m: m.fit(Numbered(), batch_size=4, verbose=0), "batch_size"),
    (lambda m: m.evaluate(Iterable(), batch_size=4, verbose=0), "batch_size"),
    (lambda m: m.predict(Iterable(), batch_size=4, verbose=0), "batch_size"),
    (lambda m: m.fit(Numbered(), X, verbose=0), "where +y"),
    (lambda m: m.fit(Numbered(), class_weight=[1.0], verbose=0), "class_weight"),
    (lambda m: m.evaluate(Numbered(), sample_weight=X, verbose=0), "sample_weight"),
]


@pytest.mark.parametrize(("act", "words"), REFUSED)
def test_what_only_arrays_have_is_refused(act, words):
    with pytest.raises(ArgumentError, match=words):
        act(compiled())


def test_a_generator_that_has_ended_gives_no_second_epoch():
    with pytest.raises(DataError, match=r"no batch(.|\n)*epoch 2"):
        compiled().fit((batch(i) for i in range(3)), epochs=2, verbose=0)


# Class weights and what is held out


def two_classes(n=20):
    return np.ones((n, 2), "f"), np.arange(n) % 2


@pytest.mark.parametrize("measured", [None, "weighted_metrics"])
@pytest.mark.parametrize("sample_weight", [None, np.linspace(0.5, 1.5, 20)])
def test_class_weights_do_not_weigh_what_is_held_out(measured, sample_weight):
    """At rate 0 the validation is that of a fit without class weights."""
    x, y = two_classes()

    def fit(class_weight):
        utils.set_random_seed(3)
        model = Sequential([layers.Input((2,)), layers.Dense(2, "softmax")])
        weighted = {measured: ["accuracy", "crossentropy"]} if measured else {}
        model.compile(SGD(0.0), "sparse_categorical_crossentropy", **weighted)
        settings = {"class_weight": class_weight, "sample_weight": sample_weight}
        stop = callbacks.EarlyStopping("val_loss", patience=1)
        return model.fit(
            x, y, validation_split=0.2, epochs=3, verbose=0, callbacks=stop, **settings
        ).history

    with_weights, without = fit({0: 1.0, 1: 10.0}), fit(None)
    for name in (n for n in without if n.startswith("val_")):
        assert with_weights[name] == without[name]
    assert with_weights["loss"] != without["loss"]


@pytest.mark.parametrize("labels", ["numbers", "one-hot"])
@pytest.mark.parametrize("sample_weight", [None, np.linspace(0.5, 1.5, 20)])
@pytest.mark.parametrize("kind", ["generator", "numbered", "iterable", "PyDataset"])
def test_class_weights_weigh_the_batches_of_streams(kind, sample_weight, labels):
    x, y = two_classes()
    loss = "sparse_categorical_crossentropy"
    if labels == "one-hot":
        y, loss = np.eye(2, dtype="f")[y], "categorical_crossentropy"
    arrays = (x, y) if sample_weight is None else (x, y, sample_weight)
    parts = [tuple(a[i : i + 5] for a in arrays) for i in range(0, 20, 5)]
    streams = {
        "generator": lambda: (p for _ in range(2) for p in parts),
        "numbered": lambda: Listed(parts),
        "iterable": lambda: dict(enumerate(parts)).values(),
        "PyDataset": lambda: ListedPyDataset(parts),
    }

    def fit(*data, **settings):
        utils.set_random_seed(3)
        model = Sequential([layers.Input((2,)), layers.Dense(2, "softmax")])
        model.compile("sgd", loss, weighted_metrics=["accuracy"])
        settings |= {"shuffle": False, "class_weight": {0: 1.0, 1: 10.0}, "verbose": 0}
        held_out = {"validation_data": (x, y), "validation_batch_size": 20}
        return model.fit(*data, epochs=2, steps_per_epoch=4, **settings, **held_out).history

    of_arrays = fit(x, y, batch_size=5, sample_weight=sample_weight)
    assert fit(streams[kind]()) == of_arrays


class Listed:
    def __init__(self, parts):
        self.parts = parts

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, i):
        return self.parts[i]


class ListedPyDataset(Listed, utils.PyDataset):
    pass


# Numbers that an input cannot hold

# dtype of the input, the number, whether it is taken
HELD = [
    ("int32", 2**32 + 1, False),
    ("int32", -5, True),
    ("uint8", 300, False),
    ("uint8", -1, False),
    ("uint8", 1.7, False),
    ("uint8", 200.0, True),
    ("int64", 2**40, True),
    ("int64", 0.5, False),
    ("int64", 2.0**63, False),
    ("int64", np.uint64(2**63), False),
    ("int64", -(2.0**63), True),
    ("int32", np.float32(2**31), False),
    ("uint64", -1, False),
    ("uint64", 2.0**64, False),
    ("float32", 2**40, True),
    ("bool", 2, False),
    ("bool", 1e6, False),
    ("bool", 0.5, False),
    ("bool", -1, False),
    ("bool", np.uint8(255), False),
    ("bool", 1.0, True),
    ("bool", True, True),
    ("float16", 1e6, True),
    ("float32", 3.4e38, True),
    ("float32", 3.5e38, False),
    ("float32", -1e300, False),
    ("float16", 1e300, False),
    ("bfloat16", 1e300, False),
    ("float64", 1e300, True),
]


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict", "stream", "test_on_batch", "call"])
@pytest.mark.parametrize(("dtype", "number", "taken"), HELD)
def test_an_input_refuses_what_it_cannot_hold(dtype, number, taken, call):
    zero = layers.Lambda(lambda x: graph.cast(x, "float64") * 0, dtype="float64")
    model = Sequential([layers.Input((1,), dtype=dtype), zero, layers.Dense(1)])
    model.compile(SGD(0.0), loss="mse", engine="reference")
    x, y = np.array([[number]] * 2), np.zeros((2, 1))
    told = {"float16": "float32"}.get(dtype, dtype)
    act = {
        "fit": lambda: model.fit(x, y, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, verbose=0),
        "predict": lambda: model.predict(x, verbose=0),
        "stream": lambda: model.fit(iter([(x, y)]), verbose=0),
        "test_on_batch": lambda: model.test_on_batch(x, y),
        "call": lambda: model(x),
    }[call]
    if taken:
        act()
    else:
        with pytest.raises(DataError, match=f"{told} cannot hold(.|\n)*{str(number)[:2]}"):
            act()


def test_a_subclass_refuses_floats_that_its_dtype_cannot_hold():
    class Own(Model):
        def call(self, inputs):
            return graph.cast(inputs, "float64") * 0

    with pytest.raises(DataError, match=r"float32 cannot hold(.|\n)*x / numpy.abs"):
        Own().predict(np.array([[1.0, -1e39]]), verbose=0)
    assert Own(dtype="float64").predict(np.array([[1.0, 1e39]]), verbose=0)[0, 0] == 0
    assert Own().predict(np.array([[2**40]]), verbose=0)[0, 0] == 0
