"""Layers come to their weights once, by a call or by hand, and own what they keep."""

import copy

import numpy as np
import pytest

from grafito import Model, Sequential, graph, layers, optimizers, regularizers
from grafito.errors import ArgumentError, GraphError, ShapeError
from grafito.models import load_model

X = np.ones((8, 4), "float32")


class Block(layers.Layer):
    """A layer that builds its parts by hand, as Keras's guides teach."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(
            2, kernel_initializer="ones", kernel_regularizer=regularizers.L2(1.0), name="inner"
        )

    def build(self, input_shape):
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)


class SaidSo(Block):
    """One that marks itself, and one that calls the base's build, are as good."""

    def build(self, input_shape):
        super().build(input_shape)
        self.built = True


class InList(Block):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.more = {"a": [Block(), (layers.BatchNormalization(),)]}

    def build(self, input_shape):
        super().build(input_shape)
        self.more["a"][0].build((None, 2))
        self.more["a"][1][0].build((None, 2))

    def call(self, inputs):
        return self.more["a"][1][0](self.more["a"][0](self.inner(inputs)))


class Network(Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(3), layers.Dense(1)

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build((None, 3))

    def call(self, inputs):
        return self.second(self.first(inputs))


class Scaled(Network):
    """A variable of its own is no reason to leave the layers unbuilt."""

    def __init__(self):
        super().__init__()
        self.scale = graph.Variable(1.0)

    def build(self, input_shape):
        Model.build(self, input_shape)


BY_HAND = {  # what makes the layer, and how many weights it has for four features
    "dense": (lambda: layers.Dense(3), 2),
    "batch normalisation": (layers.BatchNormalization, 4),
    "convolution": (lambda: layers.Conv1D(2, 3), 2),
    "block": (Block, 2),
    "marks itself": (SaidSo, 2),
    "parts in lists": (InList, 8),
    "model": (Network, 4),
    "default build of a model": (Scaled, 5),
    "stack": (lambda: Sequential([layers.Dense(3), Block()]), 4),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_built_by_hand_is_built_once(name):
    make, count = BY_HAND[name]
    layer, x = make(), X[:, None, :].repeat(5, 1) if name == "convolution" else X
    shape = (None, *x.shape[1:])
    layer.build(shape)
    assert layer.built
    weights = layer.get_weights()
    assert len(weights) == count
    layer.set_weights([w + 1 for w in weights])
    layer.build(shape)  # once more
    layer(x)
    assert [w.shape for w in layer.get_weights()] == [w.shape for w in weights]
    for now, then in zip(layer.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, then + 1)


def test_a_penalty_counts_once():
    model = Sequential([layers.Input((4,)), Block()])
    model.compile(optimizers.SGD(0.0), loss="mse")
    history = model.fit(X, np.full((8, 2), 4.0), verbose=0)
    assert model.count_params() == 10
    assert history.history["loss"] == [8.0]


def test_built_for_another_shape_is_refused():
    layer = layers.Dense(2)
    layer.build((None, 3))
    with pytest.raises(ShapeError, match="built already"):
        layer.build((None, 4))
    assert layer(X[:, :3]).shape == (8, 2)


def test_a_build_that_fails_by_hand_leaves_nothing():
    class Half(layers.Layer):
        fails = True

        def build(self, input_shape):
            self.w = self.add_weight((2,))
            if self.fails:
                raise RuntimeError("half")

    layer = Half()
    with pytest.raises(RuntimeError):
        layer.build((None, 2))
    assert not layer.built
    assert not layer.weights
    layer.fails = False
    layer.build((None, 2))
    assert len(layer.weights) == 1


class Two(layers.Layer):
    """A weight for each argument; `build` names them."""

    def build(self, b_shape, a_shape):
        self.wa = self.add_weight(a_shape[-1:], "ones")
        self.wb = self.add_weight(b_shape[-1:], "ones")

    def call(self, a, b):
        return graph.sum(a * self.wa, axis=-1) + graph.sum(b * self.wb, axis=-1)


class TwoModel(Model):
    def __init__(self):
        super().__init__()
        self.d, self.two = layers.Dense(2, kernel_initializer="ones"), Two()

    def call(self, a, b):
        return self.two(self.d(a), b)


def test_one_shape_for_each_argument():
    a, b = np.ones((2, 3), "f"), np.ones((2, 5), "f")
    assert Two()(a, b).numpy().tolist() == [8.0, 8.0]
    assert Two()(a, b=b).numpy().tolist() == [8.0, 8.0]
    by_hand = Two()
    by_hand.build(a_shape=(None, 3), b_shape=(None, 5))
    assert [w.shape for w in by_hand.weights] == [(3,), (5,)]
    assert by_hand(a, b).numpy().tolist() == [8.0, 8.0]
    x, y = layers.Input((3,)), layers.Input((5,))
    assert Model([x, y], Two()(x, y)).predict([a, b], verbose=0).tolist() == [8.0, 8.0]
    model = TwoModel()
    assert model(a, b).numpy().tolist() == [11.0, 11.0]
    assert len(model.weights) == 4


def test_a_shape_of_no_argument_is_explained():
    class Wrong(layers.Layer):
        def build(self, x_shape, y_shape):
            pass

        def call(self, a, b):
            return a + b

    with pytest.raises(ArgumentError, match="asks for the shape of no argument"):
        Wrong()(X, X)


@pytest.mark.parametrize(
    "make",
    [lambda: layers.Dense(3), Block, InList, Network],
    ids=["Dense", "Block", "InList", "Network"],
)
def test_asking_for_a_shape_builds_nothing(make):
    layer = make()
    shape = layer.compute_output_shape((None, 4))
    assert shape == (None, layer(X).shape[-1])
    other = make()
    other.compute_output_shape((None, 4))
    assert not other.built
    assert not other.weights
    assert other(np.ones((2, 5), "float32")).shape[0] == 2


def made_in_a_list():
    class Bad(layers.Layer):
        def call(self, inputs):
            return Sequential([layers.Dense(1)])(inputs)

    return Bad()


def made_in_a_call():
    class Bad(layers.Layer):
        def __init__(self):
            super().__init__()
            self.a = layers.Dense(2)

        def call(self, inputs):
            return layers.Dense(1)(self.a(inputs))

    return Bad()


def made_in_a_model():
    class Bad(Model):
        def __init__(self):
            super().__init__()
            self.inside = made_in_a_call()

        def call(self, inputs):
            return self.inside(inputs)

    return Bad()


def made_from_symbols():
    class Bad(layers.Layer):
        def call(self, inputs):
            x = layers.Input((4,))
            return Model(x, layers.BatchNormalization()(x))(inputs)

    return Bad()


MADE_INSIDE = {
    "call": made_in_a_call,
    "stack": made_in_a_list,
    "model": made_in_a_model,
    "lambda": lambda: layers.Lambda(lambda x: layers.Dense(1)(x)),
    "symbols": made_from_symbols,
    "own weight": lambda: layers.Lambda(lambda x: Block()(x)),
    "in a stack": lambda: Sequential([layers.Dense(2), made_in_a_call()]),
}


@pytest.mark.parametrize("way", ["array", "symbol", "tensor", "fit"])
@pytest.mark.parametrize("name", MADE_INSIDE)
def test_a_layer_made_inside_a_call_is_refused(name, way):
    layer = MADE_INSIDE[name]()

    def fit():
        model = layer if isinstance(layer, Model) else Sequential([layer])
        model.compile("sgd", loss="mse")
        model.fit(X, X[:, :1], verbose=0)

    ways = {
        "array": lambda: layer(X),
        "symbol": lambda: layer(layers.Input((4,))),
        "tensor": lambda: layer(graph.as_tensor(X)),
        "fit": fit,
    }
    for _ in range(2):  # and once more
        with pytest.raises(GraphError, match=r"made inside a call.*(?s:.*)in __init__"):
            ways[way]()


def test_a_layer_made_in_a_step_is_refused():
    class Bad(Network):
        def train_step(self, data):
            y = layers.Dense(1)(self(data[0]))
            loss = graph.mean(graph.square(y))
            self.optimizer.apply(graph.gradients(loss, self.trainable_variables), self.weights)
            return {"loss": loss}

    model = Bad()
    model.compile("sgd", loss="mse")
    with pytest.raises(GraphError, match="made inside a call"):
        model.fit(X, X[:, :1], verbose=0)


class Lazy(layers.Layer):
    """Parts made late but kept are parts like any other."""

    def call(self, inputs):
        if not hasattr(self, "late"):
            self.late = [layers.Dense(1)]
        return layers.add([self.late[0](inputs), layers.Dropout(0.5)(self.late[0](inputs))])


def test_layers_without_weights_may_be_made_anywhere_and_kept_ones_too():
    model = Sequential([Lazy()])
    model.compile("sgd", loss="mse")
    model.fit(X, X[:, :1], verbose=0)
    assert len(model.weights) == 2


def test_paths_tell_blocks_apart():
    model = Sequential([layers.Input((4,)), Block(name="a"), Block(name="b")])
    paths = ["a/inner/kernel", "a/inner/bias", "b/inner/kernel", "b/inner/bias"]
    assert [w.path for w in model.weights] == paths
    block = Block(name="c")
    block(X)
    assert [w.path for w in block.weights] == ["c/inner/kernel", "c/inner/bias"]


def test_paths_tell_models_in_models_apart(tmp_path):
    def network(name):
        x = layers.Input((4,))
        return Model(x, layers.Dense(4, name="d")(x), name=name)

    class Own(Model):
        def __init__(self, name="own"):
            super().__init__(name=name)
            self.base, self.head = network("base"), layers.Dense(1, name="head")

        def call(self, inputs):
            return self.head(self.base(inputs))

    x, z = layers.Input((4,)), layers.Input((4,))
    one, two, stack = network("one"), network("two"), Sequential([network("three")], name="stack")
    inner = Model(x, stack(one(one(x))), name="inner")
    whole = Model([x, z], layers.add([two(inner(x)), inner(z), Own()(z)]), name="whole")
    whole.compile("adam", loss="mse")
    paths = {"inner/one/d", "inner/stack/three/d", "two/d", "own/base/d", "own/head"}
    whole.save(tmp_path / "m")
    loaded = load_model(tmp_path / "m", custom_objects={"Own": Own})
    for model in (whole, loaded, copy.deepcopy(whole)):
        model.fit([X, X], X, verbose=0)
        assert {w.path for w in model.weights} == {f"{p}/{w}" for p in paths for w in WEIGHTS}
        assert len({s.path for s in model.optimizer.variables}) == len(model.optimizer.variables)
    for a, b in zip(whole.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    own = Own()
    own.compile("sgd", loss="mse")
    own.fit(X, X[:, :1], verbose=0)
    assert {w.path.rpartition("/")[0] for w in own.weights} == {"own/base/d", "own/head"}


WEIGHTS = ("kernel", "bias")


def test_layers_that_know_each_other():
    one, two = Block(), Block()
    one.other, two.other = two, one
    one.build((None, 4))
    two.build((None, 4))
    assert len(one.weights) == len(one.trainable_variables) == 4
    one.trainable = False
    assert not two.trainable_variables
