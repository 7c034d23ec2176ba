"""Models in files: the same bits back, training that goes on, and files that are not whole."""

from __future__ import annotations

import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, layers, optimizers, utils
from grafito.errors import FileError, GrafitoError, UnknownNameError
from grafito.files.arrays import read_arrays
from grafito.models import load_model
from grafito.registry import snake_case


def examples(n=60):
    random = np.random.default_rng(0)
    return random.normal(size=(n, 6)).astype("float32"), random.integers(0, 3, n)


def stack(optimizer="adam"):
    utils.set_random_seed(4)
    model = Sequential(
        [
            layers.Input((6,)),
            layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def branches():
    utils.set_random_seed(4)
    a = layers.Input((6,), name="a")
    shared = layers.Dense(6, activation="tanh", name="shared")
    joined = layers.Concatenate()([shared(shared(a)), a * 2.0])
    inner = Sequential([layers.Input((12,)), layers.Dense(4, activation="elu")], name="inner")
    model = Model(a, layers.Dense(3, activation="softmax")(inner(joined)), name="branches")
    rate = optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(
        optimizers.SGD(rate, momentum=0.9),
        loss={model.output_names[0]: "sparse_categorical_crossentropy"},
        metrics=["accuracy"],
    )
    return model


class Net(Model):
    def __init__(self, units=5, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(units, activation="relu")
        self.out = layers.Dense(3, activation="softmax")

    def call(self, inputs, training=False):
        return self.out(self.hidden(inputs))


def subclass():
    utils.set_random_seed(4)
    model = Net(7, name="net")
    model.compile("rmsprop", loss="sparse_categorical_crossentropy")
    return model


MODELS = {"stack": stack, "branches": branches, "subclass": subclass}


@pytest.mark.parametrize("name", MODELS)
def test_a_reloaded_model_predicts_the_same_bits(name, tmp_path):
    x, y = examples()
    model = MODELS[name]()
    model.fit(x, y, epochs=2, verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors", custom_objects={"Net": Net})
    assert again.predict(x, verbose=0).tobytes() == model.predict(x, verbose=0).tobytes()
    assert type(again) is type(model)
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adagrad", "adadelta", "adam", "nadam"])
def test_training_goes_on_as_if_never_stopped(optimizer, tmp_path):
    """Shuffling, dropout, moving averages and optimizer slots continue with the same bits."""
    x, y = examples()
    whole = stack(optimizer)
    whole_log = whole.fit(x, y, epochs=4, batch_size=16, verbose=0).history

    first = stack(optimizer)
    first_log = first.fit(x, y, epochs=2, batch_size=16, verbose=0).history
    first.save(tmp_path / "half.safetensors")
    second = load_model(tmp_path / "half.safetensors")
    second_log = second.fit(x, y, epochs=4, initial_epoch=2, batch_size=16, verbose=0).history
    for name, values in whole_log.items():
        assert values == first_log[name] + second_log[name]
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


def test_weights_alone_all_or_none(tmp_path):
    model, other = stack(), branches()
    path = tmp_path / "w.safetensors"
    model.save_weights(path)
    twin = stack()
    twin.set_weights([w + 1 for w in twin.get_weights()])
    twin.load_weights(path)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()
    before = other.get_weights()
    with pytest.raises(FileError, match="another architecture; nothing was changed"):
        other.load_weights(path)
    for a, b in zip(before, other.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


def test_every_flipped_bit_and_every_cut_is_found(tmp_path):
    model = Sequential([layers.Input((2,)), layers.Dense(2)])
    path = tmp_path / "m.safetensors"
    model.save(path)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    damaged = tmp_path / "damaged.safetensors"
    places = [*range(0, 64), *random.integers(0, len(whole), 300)]
    for place in places:
        data = bytearray(whole)
        data[place] ^= 1 << random.integers(0, 8)
        damaged.write_bytes(data)
        with pytest.raises(FileError):
            read_arrays(damaged)
    for cut in random.integers(0, len(whole), 60):
        damaged.write_bytes(whole[:cut])
        with pytest.raises(FileError, match="cut short"):
            read_arrays(damaged)


def test_a_damaged_array_is_named(tmp_path):
    model = Sequential([layers.Input((2,)), layers.Dense(2, name="first")])
    path = tmp_path / "m.safetensors"
    model.save(path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(FileError, match="weights/00"):
        load_model(path)


def test_a_failed_save_keeps_the_older_file(tmp_path, monkeypatch):
    model = stack()
    path = tmp_path / "m.safetensors"
    model.save(path)
    before = path.read_bytes()

    def broken(*_):
        raise OSError(5, "Input/output error")

    for call in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, broken)
            with pytest.raises(FileError, match="an older one is as it was"):
                model.save(path)
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == ["m.safetensors"]


def test_unknown_classes_are_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    model = subclass()
    model.build((None, 6))
    model.save(path)
    with pytest.raises(UnknownNameError, match="Unknown layer 'Net'"):
        load_model(path)


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "Layer.__init__", "Variable", ""])
def test_a_file_can_name_only_layers(tmp_path, name):
    """Whatever class a file names, nothing is imported or called that is not in the registry."""
    from grafito.files.arrays import write_arrays

    path = tmp_path / "evil.safetensors"
    write_arrays(path, {}, {"model": {"class_name": name, "config": {}}, "weights": []})
    with pytest.raises(GrafitoError):
        load_model(path)


@pytest.mark.parametrize(
    "content",
    [
        {"model": {"class_name": "Sequential", "config": {}}, "weights": []},
        {"model": {"class_name": "Dense", "config": {"units": 3}}, "weights": []},
        {"model": {"class_name": "Sequential", "config": {"layers": [{"a": 1}]}}, "weights": []},
        {"model": {"class_name": "Functional", "config": {"inputs": 3}}, "weights": []},
        {"model": 3, "weights": []},
        {"weights": []},
        {},
    ],
    ids=lambda content: json.dumps(content)[:40],
)
def test_a_wrong_architecture_is_an_error_of_ours(tmp_path, content):
    from grafito.files.arrays import write_arrays

    path = tmp_path / "wrong.safetensors"
    write_arrays(path, {}, content)
    with pytest.raises(GrafitoError):
        load_model(path)


def test_missing_file_and_other_kinds(tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(FileError, match="no such file"):
        load_model(tmp_path / "absent.safetensors")
    save_file({"w": np.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(FileError, match="not written by grafito"):
        load_model(tmp_path / "other.safetensors")


def test_a_lambda_layer_is_never_saved(tmp_path):
    model = Sequential([layers.Input((2,)), layers.Lambda(lambda x: x * 2)])
    with pytest.raises(GrafitoError, match="Lambda"):
        model.save(tmp_path / "m.safetensors")
    assert not os.listdir(tmp_path)


def test_checkpoints(tmp_path):
    x, y = examples()
    model = stack()
    every = callbacks.ModelCheckpoint(tmp_path / "{epoch:02d}-{loss:.2f}.safetensors")
    best = callbacks.ModelCheckpoint(tmp_path / "best.safetensors", "loss", save_best_only=True)
    history = model.fit(x, y, epochs=3, verbose=0, callbacks=[every, best]).history
    names = sorted(os.listdir(tmp_path))
    assert len(names) == 4
    assert names[0] == f"01-{history['loss'][0]:.2f}.safetensors"
    load_model(tmp_path / "best.safetensors")


@pytest.mark.parametrize("name", MODELS)
def test_configurations_are_plain_data_and_give_the_model_back(name):
    model = MODELS[name]()
    config = json.loads(json.dumps(model.get_config()))
    again = type(model).from_config(config)
    if name != "subclass":
        assert [w.shape for w in again.weights] == [w.shape for w in model.weights]
        assert again.output_shape == model.output_shape
    assert again.get_config() == config
    assert snake_case(type(again).__name__)


def _zip(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")


def _folder(path, names):
    path.mkdir()
    for name in names:
        (path / name).write_text("")


FOREIGN = {  # the file, what makes it, words of the error
    "keras": ("m.keras", lambda p, k: k.save(p), ["written by Keras", ".keras archive"]),
    "h5": ("m.h5", lambda p, k: k.save(p), ["written by Keras", "HDF5"]),
    "weights": ("m.weights.h5", lambda p, k: k.save_weights(p), ["written by Keras", "HDF5"]),
    "torch": ("m.pt", lambda p, k: _zip(p, ["m/data.pkl", "m/version"]), ["PyTorch"]),
    "npz": ("m.npz", lambda p, k: np.savez(p, *k.get_weights()), ["NumPy", ".npz"]),
    "zip": ("m.zip", lambda p, k: _zip(p, ["a.txt"]), ["another program", "zip"]),
    "pickle": ("m.pkl", lambda p, k: p.write_bytes(pickle.dumps(k.get_weights())), ["a pickle"]),
    "folder": ("m", lambda p, k: _folder(p, ["saved_model.pb"]), ["TensorFlow", "SavedModel"]),
    "another folder": ("m", lambda p, k: _folder(p, ["a"]), ["This is a folder"]),
    "text": ("m.txt", lambda p, k: p.write_text("not a model at all"), ["damaged"]),
    "empty": ("m.keras", lambda p, k: p.write_bytes(b""), ["damaged or cut short"]),
}


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_others_are_named(name, keras, tmp_path):
    pytest.importorskip("h5py")
    filename, make, words = FOREIGN[name]
    theirs = keras.Sequential([keras.layers.Input((6,)), keras.layers.Dense(2)])
    path = tmp_path / filename
    make(path, theirs)
    ours = Sequential([layers.Input((6,)), layers.Dense(2)])
    for load in (load_model, ours.load_weights):
        with pytest.raises(FileError) as caught:
            load(path)
        assert all(word in str(caught.value) for word in words), caught.value
    if "Keras" in words[0]:  # what it says to try
        ours.set_weights(theirs.get_weights())
        x, _ = examples()
        expected = theirs.predict(x, verbose=0)
        np.testing.assert_allclose(ours.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)
    if name == "npz":
        ours.set_weights(list(np.load(path).values()))


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "M.HDF5", "w.weights.h5"])
def test_names_of_keras_are_told_once_and_go_on_working(name, tmp_path, monkeypatch):
    monkeypatch.setattr("grafito.files.foreign._said", set())
    model, path = stack(), tmp_path / name
    weights = ".weights" in name
    save = model.save_weights if weights else model.save
    with pytest.warns(UserWarning, match="safetensors"):
        save(path)
    save(path)
    if weights:
        other = stack()
        other.load_weights(path)
    else:
        other = load_model(path)
    x, _ = examples()
    np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))


def test_the_length_of_a_header_is_no_sign_of_another_program(tmp_path):
    """Its bytes begin a file, and may be those with which a pickle begins."""
    from safetensors.numpy import save_file

    seen = set()
    for n in range(300, 420):
        path = tmp_path / "w.safetensors"
        save_file({"a": np.zeros(1, "f4")}, path, {"format": "x" * n})
        seen.add(path.read_bytes()[0])
        with pytest.raises(FileError, match="not written by grafito"):
            read_arrays(path)
    assert 0x80 in seen


def test_reading_a_deep_model_costs_no_more_walks_through_it(tmp_path, monkeypatch):
    """Else its cost is quadratic in the number of layers."""
    walks = []
    family = Model.family
    monkeypatch.setattr(Model, "family", lambda *a, **k: walks.append(1) or family(*a, **k))
    counts = []
    for depth in (3, 30):
        model = Sequential([layers.Input((2,)), *(layers.Dense(2) for _ in range(depth))])
        model.compile("adam", "mse", engine="reference")
        model.train_on_batch(np.ones((4, 2)), np.ones((4, 2)))
        model.save(tmp_path / "deep.safetensors")
        walks.clear()
        load_model(tmp_path / "deep.safetensors")
        counts.append(len(walks))
    assert counts[0] == counts[1] > 0
