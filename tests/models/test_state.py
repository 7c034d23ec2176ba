"""What accumulates has an owner: it is found wherever it is kept, told, and reset."""

import numpy as np
import pytest

from grafito import Model, Sequential, graph, layers, metrics, optimizers

X, Y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")


class Parts(metrics.Metric):
    """A sum of targets, kept in some place of the metric."""

    def __init__(self, keep):
        super().__init__(name="m")
        keep(self)

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.add(graph.sum(y_true))

    def result(self):
        return self.get()


def in_a_variable(m):
    m.b = graph.Variable(0.0)
    m.add, m.get = (lambda x: m.b.assign(m.b + x)), (lambda: m.b)


def in_a_list_of_variables(m):
    m.b = [graph.Variable(0.0)]
    m.add, m.get = (lambda x: m.b[0].assign(m.b[0] + x)), (lambda: m.b[0])


def in_a_variable_from_three(m):
    m.b = graph.Variable(3.0)
    m.add, m.get = (lambda x: m.b.assign(m.b + x)), (lambda: m.b - 3.0)


def in_a_list_of_metrics(m):
    m.b = [metrics.Sum(), metrics.Sum()]
    m.add, m.get = (lambda x: [s.update_state(x) for s in m.b]), (lambda: m.b[1].result())


def in_a_dictionary_of_metrics(m):
    m.b = {"a": ({"c": metrics.Sum()},)}
    m.add, m.get = m.b["a"][0]["c"].update_state, m.b["a"][0]["c"].result


def in_a_metric(m):
    m.b = metrics.Sum()
    m.add, m.get = m.b.update_state, m.b.result


KEPT = [
    in_a_variable,
    in_a_list_of_variables,
    in_a_variable_from_three,
    in_a_list_of_metrics,
    in_a_dictionary_of_metrics,
    in_a_metric,
]


@pytest.mark.parametrize("keep", KEPT)
def test_a_metric_begins_anew_in_each_epoch(keep):
    model = Sequential([layers.Input((4,)), layers.Dense(1)])
    metric = Parts(keep)
    model.compile("sgd", loss="mse", metrics=[metric])
    history = model.fit(X, Y, epochs=3, verbose=0, validation_data=(X, Y)).history
    assert history["m"] == history["val_m"] == [8, 8, 8]
    assert model.fit(X, Y, epochs=9, verbose=0).history["m"] == [8] * 9  # short epochs together
    assert model.evaluate(X, Y, verbose=0, return_dict=True)["m"] == 8
    metric.reset_state()
    assert float(metric.result()) == 0


def test_a_metric_leaves_the_weights_that_it_looks_at():
    dense = layers.Dense(1)
    model = Sequential([layers.Input((4,)), dense])

    class Look(metrics.Metric):
        def __init__(self):
            super().__init__(name="look")
            self.kernel, self.layer, self.largest = dense.kernel, dense, self.add_variable(())

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.largest.assign(graph.max(self.kernel))

        def result(self):
            return self.largest

    model.compile(optimizers.SGD(0.01), loss="mse", metrics=[Look()])
    history = model.fit(X, Y + 5, epochs=3, verbose=0).history["look"]
    assert len(set(history)) == 3
    assert model.metrics[1].variables == [model.metrics[1].largest]


class Counts(layers.Layer):
    """A layer that counts in its call."""

    def __init__(self):
        super().__init__()
        self.c = {"of": [metrics.Sum(name="count")]}

    def call(self, inputs):
        self.c["of"][0].update_state(graph.ones_like(inputs[:, 0]))
        return inputs


class InLoss(Model):
    def __init__(self):
        super().__init__()
        self.c, self.d = metrics.Sum(name="count"), layers.Dense(1)

    def call(self, x):
        return self.d(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        self.c.update_state(graph.ones_like(y))
        return super().compute_loss(x, y, y_pred, sample_weight)


class Nested(Model):
    def __init__(self):
        super().__init__()
        self.parts_ = [{"a": Counts()}, layers.Dense(1)]

    def call(self, x):
        return self.parts_[1](self.parts_[0]["a"](x))


class NestedTwice(Model):
    def __init__(self):
        super().__init__()
        self.inner = (Nested(),)

    def call(self, x):
        return self.inner[0](x)


def functional():
    x = layers.Input((4,))
    return Model(x, Nested()(x))


COUNTING = {
    "loss": InLoss,
    "list": Nested,
    "submodel": NestedTwice,
    "stack": lambda: Sequential([layers.Input((4,)), Counts(), layers.Dense(1)]),
    "stack in a stack": lambda: Sequential([Sequential([Counts()]), layers.Dense(1)]),
    "functional": functional,
}


@pytest.mark.parametrize("name", COUNTING)
def test_metrics_that_parts_keep_are_told_and_reset(name):
    model = COUNTING[name]()
    model.compile("sgd", loss="mse", metrics=["mae"])
    history = model.fit(X, Y, epochs=2, batch_size=3, verbose=0, validation_data=(X, Y)).history
    assert history["count"] == history["val_count"] == [8, 8]
    assert sorted(history) == ["count", "loss", "mae", "val_count", "val_loss", "val_mae"]
    assert model.fit(X, Y, epochs=9, verbose=0).history["count"] == [8] * 9
    assert model.metrics_names == ["loss", "mae", "count"]
    assert model.evaluate(X, Y, verbose=0)[2] == 8
    assert model.train_on_batch(X, Y)[2] == 8
    assert [m.name for m in model.metrics] == ["loss", "mae", "count"]


def test_a_compiled_part_keeps_its_own_measures():
    inner = Nested()
    inner.compile("sgd", loss="mse", metrics=["mae"])
    inner.fit(X, Y, verbose=0)
    outer = Sequential([inner])
    outer.compile("sgd", loss="mse")
    assert sorted(outer.fit(X, Y, verbose=0).history) == ["count", "loss"]


def test_a_name_that_is_taken():
    model = InLoss()
    model.c.name = "loss"
    model.compile("sgd", loss="mse")
    history = model.fit(X, Y, verbose=0).history
    assert sorted(history) == ["loss", "loss_1"]
    assert history["loss_1"] == [8]
