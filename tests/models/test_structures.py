"""Models of several parts, inputs and outputs: names, ties, forms of construction, free sizes."""

import copy
import json
from collections import namedtuple

import numpy as np
import pytest

from grafito import Model, Sequential, graph, layers, metrics, models, optimizers
from grafito.errors import ArgumentError, FileError, ShapeError
from grafito.layers.automatic_names import reset_names
from grafito.models import load_model

pytestmark = pytest.mark.filterwarnings("ignore::grafito.losses.checks.LossWarning")

X = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
Y = X[:, :1]

# Layers that are shared


def by_submodel_and_model():
    x, d = layers.Input((3,)), layers.Dense(3)
    return Model(x, d(Model(x, d(x), name="sub")(x)))


def by_two_submodels():
    x, d = layers.Input((3,)), layers.Dense(3)
    one, two = Model(x, d(x), name="one"), Model(x, layers.ReLU()(d(x)), name="two")
    return Model(x, layers.add([one(x), two(x)]))


def by_two_stacks():
    d = layers.Dense(3)
    return Sequential(
        [layers.Input((3,)), Sequential([d], name="a"), Sequential([d, layers.ReLU()], name="b")]
    )


def by_nested_models():
    x, d = layers.Input((3,)), layers.Dense(3)
    inner = Sequential([layers.Input((3,)), d], name="inner")
    return Model(x, d(Model(x, inner(inner(x)), name="middle")(inner(x))))


def a_submodel():
    x = layers.Input((3,))
    sub = Sequential([layers.Dense(3)], name="sub")
    return Model(x, layers.add([sub(x), Sequential([sub], name="around")(x)]))


SHARED = [by_submodel_and_model, by_two_submodels, by_two_stacks, by_nested_models, a_submodel]


@pytest.mark.parametrize("make", SHARED)
def test_a_tie_is_kept(make, tmp_path):
    model = make()
    model.compile(optimizers.Adam(0.01), loss="mse")
    model.fit(X, X, verbose=0)
    model.save(tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors")
    config = json.loads(json.dumps(model.get_config()))
    again = type(model).from_config(config)
    again.set_weights(model.get_weights())
    assert len(model.weights) == len(loaded.weights) == len(again.weights) == 2
    assert again.get_config() == model.get_config()
    expected = model.predict(X, verbose=0)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), expected)
    np.testing.assert_array_equal(again.predict(X, verbose=0), expected)
    model.fit(X, X, verbose=0, shuffle=False)
    loaded.fit(X, X, verbose=0, shuffle=False)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


# Subclasses made from symbols


class Step(Model):
    def train_step(self, data):
        return {**super().train_step(data), "mine": graph.constant(5.0)}


class Made(Step):
    def __init__(self, units=1, **kwargs):
        x = layers.Input((3,))
        super().__init__(inputs=x, outputs=layers.Dense(units)(x), **kwargs)
        self.seen = metrics.Mean(name="seen")


class Given(Step):
    def __init__(self, inputs, outputs, **kwargs):
        super().__init__(inputs, outputs, **kwargs)
        self.extra = layers.Dense(1)
        self.extra.build((None, 2))


def from_symbols(cls, **names):
    x = layers.Input((3,))
    y = layers.Dense(1)(x)
    return cls(inputs=x, outputs=y, **names) if names else cls(x, y)


SUBCLASSES = {
    "positions": lambda: from_symbols(Step),
    "names": lambda: from_symbols(Step, name="mine"),
    "own constructor": Made,
    "own constructor with symbols": lambda: from_symbols(Given),
}


@pytest.mark.parametrize("name", SUBCLASSES)
def test_a_subclass_from_symbols(name, tmp_path):
    model = SUBCLASSES[name]()
    assert isinstance(model, Step)
    assert model.input_shape == (None, 3)
    model.compile("sgd", loss="mse")
    history = model.fit(X, Y, verbose=0).history
    assert history["mine"] == [5.0]
    if name == "own constructor":
        assert "seen" in history
    assert len(model.weights) == (4 if name.endswith("symbols") else 2)
    model.save(tmp_path / "m.safetensors")
    kinds = {cls.__name__: cls for cls in (Step, Made, Given)}
    loaded = load_model(tmp_path / "m.safetensors", custom_objects=kinds)
    assert isinstance(loaded, Step)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_an_own_loss_is_told_whether_it_trains():
    class Own(Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            return loss + (100.0 if training else 200.0)

    class Older(Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return super().compute_loss(x, y, y_pred, sample_weight) + 100.0

    for kind, more in ((Own, 200), (Older, 100)):
        model = from_symbols(kind)
        model.compile(optimizers.SGD(0.0), loss="mse", metrics=["mse"])
        logs = model.fit(X, Y, verbose=0, validation_data=(X, Y)).history
        assert logs["loss"][0] == pytest.approx(100 + logs["mse"][0])
        assert logs["val_loss"][0] == pytest.approx(more + logs["mse"][0])
        assert model.evaluate(X, Y, verbose=0)[0] == logs["val_loss"][0]


# Configurations of own layers


class Kept(layers.Layer):
    def __init__(self, units, *, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        self.units = layers.Dense(units)

    def call(self, x):
        return self.units(x)


class Net(Model):
    def __init__(self, units, depth=2):
        super().__init__()
        self.parts_ = {"all": [layers.Dense(units) for _ in range(depth)]}

    def call(self, x):
        for part in self.parts_["all"]:
            x = part(x)
        return x


def test_constructor_arguments_are_recorded(tmp_path):
    config = Kept(3, scale=1.5, name="k").get_config()
    assert (config["units"], config["scale"], config["name"]) == (3, 1.5, "k")
    assert Kept.from_config(config).get_config() == config
    assert Net(4).get_config() == {"units": 4, "depth": 2}
    for model in (Net(4), Sequential([Kept(2)])):
        model.build((None, 3))
        model.save(tmp_path / "m.safetensors")
        loaded = load_model(tmp_path / "m.safetensors", custom_objects={"Net": Net, "Kept": Kept})
        np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


# Dictionaries, lists and named tuples

Pair = namedtuple("Pair", "b a")


class Difference(Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(2, kernel_initializer="ones")

    def call(self, inputs):
        a, b = (inputs["a"], inputs["b"]) if isinstance(inputs, dict) else (inputs.a, inputs.b)
        return Pair(a=self.d(a), b=[b, {"c": a - b}])


@pytest.mark.parametrize("pack", [lambda a, b: {"b": b, "a": a}, lambda a, b: Pair(a=a, b=b)])
def test_structures_into_and_out_of_a_subclass(pack):
    a, b = X, 2 * X
    for model, by_hand in ((Difference(), False), (Difference(), True)):
        if by_hand:
            model.build(pack((None, 3), (None, 3)))
        for out in (model.predict(pack(a, b), verbose=0), model(pack(a, b))):
            assert isinstance(out, Pair)
            np.testing.assert_allclose(np.asarray(out.b[1]["c"]), a - b)
            np.testing.assert_allclose(np.asarray(out.b[0]), b)
        assert len(model.weights) == 2


def through_a_file(model, folder, **custom):
    model.save(folder / "m.safetensors")
    return load_model(folder / "m.safetensors", custom_objects=custom)


WAYS = {
    "as it is": lambda model, folder, **custom: model,
    "file": through_a_file,
    "copy": lambda model, folder, **custom: copy.deepcopy(model),
    "clone": lambda model, folder, **custom: type(model).from_config(model.get_config()),
}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_a_functional_model_gives_a_named_tuple(way, known, tmp_path):
    pair = Pair(a=layers.Input((3,)), b=layers.Input((3,)))
    model = Model(pair, Pair(a=layers.subtract([pair.a, pair.b]), b=[layers.ReLU()(pair.b)]))
    model = WAYS[way](model, tmp_path, **({"Pair": Pair} if known else {}))
    out = model.predict(Pair(a=2 * X, b=X), verbose=0)
    np.testing.assert_array_equal(out.a, X)
    np.testing.assert_array_equal(out.b[0], np.maximum(X, 0))
    assert type(out).__name__ == "Pair"
    assert isinstance(out, Pair) or not known or way == "clone"


@pytest.mark.parametrize("way", ["file", "copy"])
def test_a_subclass_that_takes_a_named_tuple_comes_back(way, tmp_path):
    model = Difference()
    model.predict(Pair(a=X, b=2 * X), verbose=0)
    model = WAYS[way](model, tmp_path, Difference=Difference)
    out = model.predict(Pair(a=X, b=3 * X), verbose=0)
    np.testing.assert_allclose(out.b[1]["c"], -2 * X, rtol=1e-6)


def test_a_file_cannot_make_code_of_the_names_of_fields():
    entry = {"class_name": "A", "fields": ["x=print(1)"]}
    config = {"inputs": ["named", [entry, []]], "layers": [], "calls": [], "outputs": ["list", []]}
    text = json.dumps({"class_name": "Functional", "config": config, "build_shape": None})
    with pytest.raises(FileError, match="The architecture in the file cannot be read"):
        models.model_from_json(text)


def test_a_stack_on_lists_and_dictionaries():
    np.testing.assert_array_equal(Sequential([layers.Add()])([X, X]).numpy(), 2 * X)
    take = layers.Lambda(lambda d: d["b"] - d["a"])
    model = Sequential([take, layers.ReLU()])
    out = model.predict({"a": X, "b": 3 * X}, verbose=0)
    np.testing.assert_allclose(out, np.maximum(2 * X, 0))


# Names


def named(order, outputs=False):
    symbols = {name: layers.Input((1,)) for name in order}
    if outputs:
        x = layers.Input((1,))
        ones = {"kernel_initializer": "ones", "use_bias": False}
        return Model(x, {name: layers.Dense(1, name=name, **ones)(x) for name in order})
    return Model(symbols, layers.subtract([symbols[order[0]], symbols[order[1]]]))


def test_automatic_names_go_on_behind_those_of_a_loaded_model(tmp_path):
    """As in a new process: the names start again."""
    reset_names()
    Sequential([layers.Input((2,)), layers.Dense(3), layers.Dense(2)]).save(tmp_path / "m")
    for way in ("add", "call"):
        reset_names()
        base = load_model(tmp_path / "m")
        if way == "add":
            base.add(layers.Dense(1))
        else:
            base = Model(base.input, layers.Dense(1)(base.layers[-1].output))
        assert [x.name for x in base.layers if x.weights] == ["dense", "dense_1", "dense_2"]
    reset_names()
    given = ["dense_7", "dense_01", "dense_x", "denser", "dense_12"]
    assert [layers.Dense(1, name=name).name for name in given] == given
    assert layers.Dense(1).name == "dense_13"
    names = [layers.Dense(1, name=f"dense{end}") for end in ("", "_2", "")]
    with pytest.raises(ArgumentError, match=r'try +name="dense_3"'):
        Sequential(names)


ONE, ZERO = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")


def test_a_list_for_inputs_whose_names_are_not_in_order():
    model = named("za")
    assert model.predict({"z": ONE, "a": ZERO}, verbose=0)[0] == 1
    model.compile("sgd", loss="mse")
    for act in (
        lambda: model([ONE, ZERO]),
        lambda: model.predict([ONE, ZERO], verbose=0),
        lambda: model.fit([ONE, ZERO], ONE, verbose=0),
        lambda: model.evaluate((ONE, ZERO), ONE, verbose=0),
        lambda: model.fit(
            {"z": ONE, "a": ZERO}, ONE, verbose=0, validation_data=([ONE, ZERO], ONE)
        ),
    ):
        with pytest.raises(ArgumentError, match="which input is which"):
            act()
    assert named("az").predict([ONE, ZERO], verbose=0)[0] == 1


def test_a_name_that_no_input_has():
    with pytest.warns(UserWarning, match="no input 'c'"):
        named("ab")({"a": ONE, "b": ZERO, "c": ONE})


OUTPUT_LISTS = {
    "y": lambda m: (m.compile("sgd", loss="mse"), m.fit(ONE, [ONE, ZERO], verbose=0)),
    "loss": lambda m: (m.compile("sgd", loss=["mse", "mae"]), m.fit(ONE, BOTH, verbose=0)),
    "loss_weights": lambda m: (
        m.compile("sgd", loss="mse", loss_weights=[1, 2]),
        m.fit(ONE, BOTH, verbose=0),
    ),
    "metrics": lambda m: (
        m.compile("sgd", loss="mse", metrics=[["mse"], ["mae"]]),
        m.fit(ONE, BOTH, verbose=0),
    ),
    "sample_weight": lambda m: (
        m.compile("sgd", loss="mse"),
        m.fit(ONE, BOTH, sample_weight=[ONE[:, 0], ZERO[:, 0]], verbose=0),
    ),
}
BOTH = {"z": ONE, "a": ZERO}


@pytest.mark.parametrize("what", OUTPUT_LISTS)
def test_a_list_for_outputs_whose_names_are_not_in_order(what):
    class Own(Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(1)

        def call(self, x):
            return {"z": self.d(x), "a": x}

    for model in (named("za", outputs=True), Own()):
        with pytest.raises(ArgumentError, match=rf"which output is which(?s:.*){what}"):
            OUTPUT_LISTS[what](model)
    model = named("az", outputs=True)
    BOTH["a"], BOTH["z"] = ZERO, ONE
    OUTPUT_LISTS[what](model)


def test_one_layer_that_gives_two_outputs():
    a, b = layers.Input((1,)), layers.Input((1,))
    d = layers.Dense(1, name="d", kernel_initializer="ones", use_bias=False)
    model = Model([a, b], [d(a), d(b)])
    assert model.output_names == ["d", "d_1"]
    model.compile(optimizers.SGD(0.0), loss="mse", metrics=["mae"])
    history = model.fit([ONE, ONE], {"d": ONE - 1, "d_1": ONE - 3}, verbose=0).history
    wanted = {"loss": 10, "d_loss": 1, "d_1_loss": 9, "d_mae": 1, "d_1_mae": 3}
    assert history == {name: [value] for name, value in wanted.items()}


# Sizes that nobody has said


def test_a_stack_without_input_meets_other_sizes():
    pool = layers.GlobalMaxPooling1D()
    model = Sequential([layers.Conv1D(2, 3), pool])
    weights = None
    for size in (5, 9, 5, 7):
        assert model.predict(np.ones((2, size, 7)), verbose=0).shape == (2, 2)
        weights = weights or model.get_weights()
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])
    part = Model(model.inputs, pool.input)
    assert part.predict(np.ones((2, 6, 7)), verbose=0).shape == (2, 4, 2)
    with pytest.raises(ShapeError, match="shape that the model was built for"):
        model.predict(np.ones((2, 5, 8)), verbose=0)
    flat = Sequential([layers.Flatten(), layers.Dense(2)])
    flat.predict(np.ones((2, 4, 4)), verbose=0)
    with pytest.raises(ShapeError, match="shape that the model was built for"):
        flat.predict(np.ones((2, 4, 5)), verbose=0)
    assert flat.predict(np.ones((2, 4, 4)), verbose=0).shape == (2, 2)


def test_a_built_model_after_a_layer_that_is_not():
    built = Sequential([layers.Input((4,)), layers.Dense(2)])
    model = Sequential([layers.Flatten(), built])
    assert model.predict(np.ones((3, 2, 2)), verbose=0).shape == (3, 2)


def test_a_configuration_without_input_is_built_again():
    model = Sequential([layers.Dense(4), layers.Dense(2)])
    model.build((None, 3))
    again = Sequential.from_config(json.loads(json.dumps(model.get_config())))
    again.set_weights(model.get_weights())
    assert again.get_config() == model.get_config()
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_what_only_built_models_have():
    model = Sequential([layers.Dense(1)])
    assert not any(hasattr(model, name) for name in ("input_shape", "output_shape", "input"))
    assert not hasattr(layers.Dense(1), "output")
