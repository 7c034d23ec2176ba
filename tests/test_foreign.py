"""Names of other libraries and languages: each row of the tables is asked where it is met."""

import importlib.util
import inspect
import pickle
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import grafito
from grafito import (
    Model,
    Sequential,
    activations,
    backend,
    callbacks,
    config,
    constraints,
    datasets,
    distribution,
    estimators,
    figures,
    foreign,
    graph,
    initializers,
    lab,
    layers,
    losses,
    metrics,
    mixed_precision,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    regularizers,
    saving,
    utils,
)
from grafito.errors import (
    GrafitoError,
    GrafitoWarning,
    MissingAttributeError,
    UnknownKeyError,
    UnknownNameError,
)
from grafito.layers.base import registry as layer_registry
from grafito.registry import constructor_arguments

ROOMS = {
    room.__name__.split(".")[-1]: room
    for room in (
        *(activations, callbacks, datasets, figures, graph, initializers, layers, losses, metrics),
        *(models, ops, optimizers, optimizers.schedules, constraints, regularizers, utils, grafito),
        *(
            backend,
            config,
            distribution,
            estimators,
            mixed_precision,
            preprocessing,
            preprocessing.image,
        ),
        *(random, saving),
    )
}
CHOICES = {"bilinear", "same", "PR"}  # of arguments
LOGS = ("accuracy", "val_accuracy", "loss", "val_loss", "learning_rate")
REGISTRIES = [
    *(activations.registry, initializers.registry, layer_registry, losses.registry),
    *(metrics.registry, optimizers.registry, regularizers.registry),
]
KNOWN = {name for registry in REGISTRIES for name in registry.entries}
ARGUMENTS = {
    *(
        name
        for registry in REGISTRIES[1:]
        for e in registry.entries.values()
        if isinstance(e, type)
        for name in constructor_arguments(e)
    ),
    *(
        name
        for c in (callbacks.EarlyStopping, Model, graph.Variable)
        for name in constructor_arguments(c)
    ),
    *("epochs", "steps_per_epoch", "validation_steps", "batch_size", "validation_data"),
    *("validation_split", "callbacks", "class_weight", "sample_weight", "loss", "metrics"),
    *("optimizer", "inputs", "outputs", "shape", "batch_shape", "keepdims", "axis", "l2"),
    *("value", "config", "variables"),
}


def names_in(sentence):
    """The names of grafito that a sentence holds, as (room, name)."""
    rooms = "|".join(ROOMS)
    found = re.findall(rf"\b({rooms})\.([A-Za-z_]\w*)", sentence)
    return [(room, name) for room, name in found if (room, name) != ("models", "safetensors")]


def is_true(sentence):
    return all(hasattr(ROOMS[room], name) for room, name in names_in(sentence))


@pytest.mark.parametrize("given", foreign.NAMES)
def test_a_foreign_name_has_a_true_answer(given):
    for answer in foreign.NAMES[given]:
        if " " in answer or "(" in answer:
            assert is_true(answer), answer
            assert names_in(answer) or "(x)" in answer
        else:
            assert answer in KNOWN | set(LOGS) | set(graph.__all__) | CHOICES, answer
    assert foreign.name(given, [*foreign.NAMES[given][:1], "zzz"]) == repr(foreign.NAMES[given][0])


@pytest.mark.parametrize("given", foreign.ARGUMENTS)
def test_a_foreign_argument_has_a_true_answer(given):
    for answer in foreign.ARGUMENTS[given]:
        known = re.match(r"\w+", answer).group()
        sentence = " " in answer or "(" in answer or "=" in answer
        assert sentence or answer in ARGUMENTS, answer
        assert is_true(answer), answer
        assert known


OWNERS = {
    "model": lambda: Sequential([layers.Input((2,)), layers.Dense(1)]),
    "layer": lambda: layers.Dense(1),
    "tensor": lambda: graph.constant([1.0]),
    "optimizer": lambda: optimizers.SGD(),
    "loss": lambda: losses.Loss(),
    "metric": lambda: metrics.Mean(),
    "callback": lambda: callbacks.Callback(),
    "part": lambda: initializers.Zeros(),
    "record": lambda: object.__new__(lab.record.Record),
    "symbol": lambda: layers.Input((2,)),
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, rows in foreign.ATTRIBUTES.items() for name in rows]
)
def test_a_foreign_attribute_is_absent_and_has_a_true_answer(kind, name):
    owner = OWNERS[kind]() if kind in OWNERS else ROOMS[kind.split(".")[-1]]
    with pytest.raises(MissingAttributeError) as error:
        getattr(owner, name)
    assert foreign.ATTRIBUTES[kind][name] in str(error.value)
    assert is_true(foreign.ATTRIBUTES[kind][name])
    assert not hasattr(owner, name)


# What other kinds of names are answered with: code, words of the error.
ASKED = {
    "layers.Dense(output_dim=5)": "units=5",
    "layers.RandomZoom(0.2, interpolation='cubic')": "try        'bilinear'",
    "layers.Conv2D(3, 3, padding='causal')": "try        'same'",
    "metrics.AUC(curve='PRGAIN')": "try        'PR'",
    "metrics.AUC(curve=3)": "one of PR, ROC",
    "metrics.AUC(summation_method='mean')": "one of interpolation",
    "layers.LayerNormalization(rms_scaling=True)": "center=False",
    "layers.Dense(3)(x, mask=x > 0)": "sample_weight",
    "layers.Dropout(p=0.5)": "rate=0.5",
    "layers.Conv2D(8, 3, border_mode='same')": "padding='same'",
    "layers.Conv2D(8, 3, subsample=(2, 2))": "strides=(2, 2)",
    "layers.Dense(3, W_regularizer='l2')": "kernel_regularizer='l2'",
    "layers.Dense(3, init='uniform')": "kernel_initializer='uniform'",
    "layers.Dense(unidades=3)": "units=3",
    "layers.Dense(3, activacion='relu')": "activation='relu'",
    "optimizers.Adam(rate=0.1)": "has no argument 'rate'",
    "optimizers.Adam(beta1=0.5)": "beta_1=0.5",
    "metrics.Precision(umbral=0.5)": "threshold",
    "metrics.AUC(colour=True)": "expected   one of num_thresholds",
    "losses.Huber(d=1)": "expected   one of delta",
    "losses.mean_squared_error([1.0], [1.0], logits=True)": "expected   one of y_true",
    "losses.binary_crossentropy([1.0], [1.0], logits=True)": "from_logits=True",
    "layers.Input((2,), optional=True)": "expected   one of shape",
    "layers.Input(size=(2,))": "shape=(2,)",
    "callbacks.TerminateOnNaN(patience=3)": "has no argument 'patience'",
    "callbacks.EarlyStopping(paciencia=3)": "patience=3",
    "callbacks.EarlyStopping(metric_name='val_loss')": "monitor='val_loss'",
    "initializers.RandomNormal(sigma=2.0)": "stddev=2.0",
    "model.fit(x, y, nb_epoch=3)": "epochs=3",
    "model.fit(x, y, epocas=3)": "epochs=3",
    "model.fit(x, y, learning_rate=0.1)": "optimizers.Adam(learning_rate=",
    "model.compile(lr=0.1)": "optimizers.Adam(learning_rate=",
    "model.compile('sgd', metric=['mae'])": "metrics=['mae']",
    "model.predict(x, batch=3)": "expected   one of x",
    "model.summary(wide=True)": "expected   one of line_length",
    "Model(input=1, output=2)": "inputs=1",
    "Sequential(nombre='a')": "name='a'",
    "losses.get('entropia_cruzada')": "'categorical_crossentropy'",
    "losses.get('croscategorical')": "'categorical_crossentropy'",
    "losses.get('mean_error_squared')": "'mean_squared_error'",
    "metrics.get('exactitud')": "'accuracy'",
    "metrics.get('f1')": "'f1_score'",
    "metrics.get('iou')": "metrics.IoU(num_classes=2",
    "metrics.get('r2')": "'r2_score'",
    "activations.get('sigmoide')": "'sigmoid'",
    "optimizers.get('descenso_de_gradiente')": "'sgd'",
    "optimizers.get('momentum')": "optimizers.SGD(momentum=0.9)",
    "graph.parse('sgn(x)')": "'sign'",
    "from grafito.ops import arctan2": "on arrays",
    "from grafito import ops; ops.allclose(x, x)": "ops.all(ops.isclose(x, y))",
    "from grafito.wrappers import SKLearnClassifier": "estimators.NetworkClassifier",
    "from grafito.preprocessing.text import Tokenizer": "layers.TextVectorization",
    "import grafito.keras": "from grafito import Sequential",
    "from grafito import Dense": "layers.Dense",
    "from grafito.preprocessing.image import smart_resize": "layers.Resizing",
    "from grafito.config import set_backend": "engine='auto'",
    "from grafito.losses import MSELoss": "losses.MeanSquaredError()",
    "from grafito.layers import Dense, LSTM": "layers.Conv1D",
    "from grafito.layers import Dens": "layers.Dense",
    "from grafito.layers.experimental import preprocessing": "from grafito.layers import",
    "from grafito.activations import hard_tanh": "activations.tanh",
    "from grafito.regularizers import L3": "regularizers.L",
    "from grafito.initializers import glorot": "initializers.glorot_",
    "from grafito.optimizers import Lamb": "optimizers.Adam",
    "from grafito.optimizers import adam_w": "optimizers.AdamW",
    "from grafito.losses import cosine_proximity": "losses.cosine_similarity",
    "from grafito.optimizers.legacy import Adam": "from grafito.optimizers import Adam",
    "from grafito.datasets import reuters": "datasets.imdb",
    "from grafito.metrics import Precission": "metrics.Precision",
    "from grafito.utils import text_dataset_from_directory": "utils.PyDataset",
    "from grafito import tree": "go into models as they are",
    "layers.GRU(3)": "layers.Conv1D",
    "layers.Densa(3)": "layers.Dense",
    "layers.Maxpooling2D()": "layers.MaxPooling2D",
    "metrics.Acuracy()": "metrics.Accuracy",
    "activations.sparsemax(x)": "activations.softmax",
    "losses.get('cosine_proximity')": "'cosine_similarity'",
    "datasets.fashion_mnst.load_data()": "datasets.fashion_mnist",
    "from grafito.datasets import mnits": "mnist",
    "import grafito.utls": "utils",
}


# Every public name of Keras

VERSION = "3.15."  # of Keras, whose names the tables have


def public(module, path=()):
    """Each public module of Keras by its path, and its names."""
    names = [n for n in dir(module) if not n.startswith("_") and n != "src"]
    yield path, names
    for name in names:
        inner = getattr(module, name)
        if isinstance(inner, ModuleType) and inner.__name__.startswith("keras."):
            yield from public(inner, (*path, name))


def answered(module, name):
    """Whether a module has a name, or an error for it that says what to write."""
    try:
        return getattr(module, name) is not None
    except MissingAttributeError:
        return True
    except AttributeError:
        return False


def test_every_public_name_of_keras_is_there_or_answered(keras):
    bare, count = [], 0
    for path, names in public(keras):
        module = grafito
        for part in path:
            module = getattr(module, part, None)  # a module that is absent answers for its names
        count += len(names)
        if module is not None:
            bare += [".".join((*path, name)) for name in names if not answered(module, name)]
    if not keras.__version__.startswith(VERSION):
        pytest.skip(f"new in Keras {keras.__version__}: {bare}")
    assert count > 1500
    assert bare == []


def test_the_page_of_differences_has_the_present_answers():
    path = Path(__file__).parents[1] / "docs" / "absent.py"
    spec = importlib.util.spec_from_file_location("absent", path)
    absent = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(absent)
    assert absent.page() == absent.PAGE.read_text(), "python -m docs.absent"
    names = [name for row in absent.table().splitlines()[2:] for name in row.split("|")[1].split()]
    assert len(names) >= 60


def test_what_is_absent_is_as_of_any_module():
    assert not hasattr(layers, "LSTM")
    assert getattr(layers, "LSTM", None) is None
    assert "LSTM" not in dir(layers)
    assert pickle.loads(pickle.dumps(layers.Dense)) is layers.Dense
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(type("LSTM", (), {"__module__": "grafito.layers"}))
    with pytest.raises(ImportError, match="applications"):
        exec("from grafito.applications.vgg16 import VGG16")
    assert inspect.getmodule(layers.Dense) is not None


@pytest.mark.parametrize("code", ASKED)
def test_what_is_not_known_is_answered(code):
    x = np.ones((4, 2), "float32")
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    names = {
        **ROOMS,
        "Model": Model,
        "Sequential": Sequential,
        "model": model,
        "x": x,
        "y": x[:, 0],
    }
    if "show_trainable" in code and ASKED[code] == "":
        pytest.skip("an argument that may come")
    with pytest.raises((GrafitoError, ImportError)) as error:
        exec(code, names)
    assert ASKED[code] in str(error.value), error.value


def test_a_name_that_means_nothing_gets_no_guess():
    model = Sequential([layers.Input((2,)), layers.Dense(1, name="out")])
    with pytest.raises(UnknownNameError) as error:
        model.get_layer("oculta")
    assert "try" not in str(error.value)
    assert "one of out" in str(error.value)


def test_known_names_are_listed_once():
    with pytest.raises(UnknownNameError) as error:
        losses.get("zzzzzz")
    assert "MeanSquaredError" not in str(error.value)
    assert "mean_squared_error" in str(error.value)


def test_an_own_class_may_take_any_argument():
    class Own(layers.Layer):
        def __init__(self, units, **settings):
            self.colour = settings.pop("colour", None)
            super().__init__(**settings)

    assert Own(1, colour="red").colour == "red"
    with pytest.raises(TypeError, match="has no argument 'size'"):
        Own(1, size=3)


def test_an_error_of_a_property_stays_its_own():
    class Own(layers.Layer):
        @property
        def broken(self):
            raise AttributeError("the property's own")

    with pytest.raises(AttributeError, match="the property's own"):
        _ = Own().broken
    with pytest.raises(AttributeError, match="'Own' object has no attribute 'absent'"):
        _ = Own().absent


# The history


def test_a_history_answers_a_wrong_key_with_those_there_are():
    model = Sequential([layers.Input((2,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "mse", metrics=["accuracy"])
    history = model.fit(np.ones((4, 2)), np.ones(4), verbose=0)
    assert history["loss"] == history.history["loss"]
    assert isinstance(history.history, dict)
    for ask in (lambda: history["acc"], lambda: history.history["acc"]):
        with pytest.warns(
            GrafitoWarning, match="'acc' is a name of older programs(.|\n)*'accuracy'"
        ):
            assert ask() == history["accuracy"]
    for ask in (lambda: history["precision"], lambda: history.history["val_acc"]):
        with pytest.raises(KeyError) as error:
            ask()
        assert isinstance(error.value, UnknownKeyError)
        assert "one of accuracy, loss" in str(error.value)
    assert history.history.get("val_loss") is None
