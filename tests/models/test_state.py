"""What accumulates has an owner: it is found wherever it is kept, told, and reset."""

import copy

import numpy as np
import pytest

from grafito import Model, Sequential, graph, layers, losses, metrics, models, optimizers

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


# State besides weights and slots, in files and copies


class Counting(optimizers.SGD):
    """Its steps are smaller and smaller, by a count of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = [graph.Variable(0.0, trainable=False, name="seen")]

    def update(self, w, g, rate, step, slots):
        self.seen[0].assign_add(1.0)
        return super().update(w, g, rate / self.seen[0], step, slots)


class Adaptive(losses.MeanSquaredError):
    """Its factor grows from step to step."""

    def __init__(self, name="adaptive"):
        super().__init__(name=name)
        self.factor = graph.Variable(1.0, trainable=False, name="factor")

    def call(self, y_true, y_pred):
        self.factor.assign_add(0.25)
        return super().call(y_true, y_pred) * self.factor


class Two(Model):
    """Two optimizers, one of a part, both attributes; as a GAN has them."""

    def __init__(self):
        super().__init__()
        self.first, self.last = layers.Dense(3), layers.Dense(1)
        self.first.by = {"optimizer": optimizers.Adam(0.1)}
        self.by = optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5), momentum=0.9)

    def call(self, inputs):
        return self.last(self.first(inputs))

    def train_step(self, data):
        x, y = data
        loss = graph.mean(graph.square(self(x) - y))
        for part, by in ((self.first, self.first.by["optimizer"]), (self.last, self.by)):
            by.apply(graph.gradients(loss, part.trainable_variables), part.trainable_variables)
        return {"loss": loss}


def with_two():
    model = Two()
    model.compile(None)
    return model


def with_own(**settings):
    model = Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **settings})
    return model


FURTHER = {
    "two optimizers": with_two,
    "an optimizer's own": lambda: with_own(optimizer=Counting(0.1, momentum=0.9)),
    "a loss's own": lambda: with_own(loss=Adaptive()),
}
OWN = {"Two": Two, "Counting": Counting, "Adaptive": Adaptive}


@pytest.mark.parametrize("way", ["file", "copy"])
@pytest.mark.parametrize("name", FURTHER)
def test_training_goes_on_with_all_state(name, way, tmp_path):
    model = FURTHER[name]()
    model.fit(X, Y, epochs=3, batch_size=4, verbose=0)
    model.save(tmp_path / "m")
    other = models.load_model(tmp_path / "m", OWN) if way == "file" else copy.deepcopy(model)
    for each in (model, other):
        each.fit(X, Y, epochs=2, batch_size=4, verbose=0)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not models.load_model(tmp_path / "m", OWN, compile=False).compiled


def test_state_without_a_place_is_told(tmp_path):
    model = with_own()
    model.second = optimizers.Adam()
    model.second.apply([w * 1.0 for w in model.weights], model.weights)
    model.save(tmp_path / "m")
    with pytest.warns(UserWarning, match=r"state of Adam \(own 0\) is not restored"):
        models.load_model(tmp_path / "m")


class Frozen(Model):
    """What it is made of is made in `__init__`, and trained from there on."""

    def __init__(self):
        super().__init__()
        self.base = Sequential([layers.Dense(3), layers.Dense(3)])
        self.head = layers.Dense(1)

    def call(self, inputs):
        return self.head(self.base(inputs))


FREEZE = {
    "a part": lambda m: setattr(m.base, "trainable", False),
    "a part of a part": lambda m: setattr(m.base.layers[0], "trainable", False),
    "a weight": lambda m: setattr(m.base.layers[1].bias, "trainable", False),
    "all": lambda m: setattr(m, "trainable", False),
}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("way", ["file", "copy"])
@pytest.mark.parametrize("what", FREEZE)
def test_what_is_frozen_stays_frozen(what, way, inside, tmp_path):
    own = Frozen()
    model = own
    if inside:
        x = layers.Input((4,))
        model = Model(x, own(layers.Dense(4)(x)))
    model.compile("sgd", loss="mse")
    model.fit(X, Y, verbose=0)
    FREEZE[what](own)
    model.save(tmp_path / "m")
    file = way == "file"
    other = models.load_model(tmp_path / "m", {"Frozen": Frozen}) if file else copy.deepcopy(model)
    trained = [[w in set(m.trainable_variables) for w in m.weights] for m in (model, other)]
    assert trained[0] == trained[1]
    assert not all(trained[0])


def test_a_layer_of_ones_own_is_copied_as_frozen_as_it_is():
    class Two(layers.Layer):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.Dense(3), layers.Dense(3)

        def call(self, inputs):
            return self.two(self.one(inputs))

    layer = Two()
    layer(X)
    layer.one.trainable = False
    other = copy.deepcopy(layer)
    assert (other.one.trainable, other.two.trainable) == (False, True)
    assert len(other.trainable_weights) == 2
