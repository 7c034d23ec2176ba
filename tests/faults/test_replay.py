"""A step that gave NaN is kept with its batch, and is done again from the folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grafito import Model, Sequential, engines, graph, insight, language, layers, utils
from grafito.errors import FileError, NonFiniteError, UnknownNameError
from grafito.files import read_arrays, write_arrays
from grafito.models import load_model
from grafito.optimizers import SGD, Adam
from grafito.saving import register_keras_serializable as register

BAD = 21  # the example that makes the NaN


@register("tests")
class Root(layers.Layer):
    """√x, which is NaN below 0."""

    def call(self, x):
        return graph.sqrt(x)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def data(n=40):
    x = np.random.default_rng(0).uniform(1, 2, (n, 5)).astype("float32")
    y = (x.sum(axis=1) > 7.5).astype("int32")
    x[BAD, 3] = -1
    return x, y


def classifier(engine="reference", **settings):
    """The root of the inputs, then a network with dropout."""
    utils.set_random_seed(5)
    stack = [Root(name="root"), layers.Dense(4, "tanh"), layers.Dropout(0.2), layers.Dense(2)]
    model = Sequential([layers.Input((5,)), *stack, layers.Softmax()])
    settings = {"optimizer": Adam(0.01), "check_finite": True, **settings}
    model.compile(loss="sparse_categorical_crossentropy", engine=engine, **settings)
    return model


def failing(fit):
    """The error that a training ends with."""
    with pytest.raises(NonFiniteError) as error:
        fit()
    assert error.value.rows["replay"] == "grafito replay not-finite", error.value
    return error.value


def same(model, error):
    """The step is done again with the same numbers, and from the same weights."""
    report = insight.replay("not-finite")
    assert error.what in report.text
    assert error.rows["received"] in report.text
    np.testing.assert_array_equal(report.value, error.found.value)
    again = load_model("not-finite/step.safetensors")
    for ours, theirs in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    kept, ours = (m.optimizer.variables for m in (again, model))
    assert [v.numpy().tobytes() for v in kept] == [v.numpy().tobytes() for v in ours]
    return report


@pytest.mark.parametrize("engine", engines.names())
def test_a_step_is_done_again(engine):
    x, y = data()
    model = classifier(engine)
    error = failing(lambda: model.fit(x, y, 8, 3, verbose=0, class_weight={0: 1.0, 1: 3.0}))
    assert str(BAD) in error.rows["received"]
    report = same(model, error)
    assert (report.op, report.place[-1]) == ("sqrt", "root")
    assert report.formula.startswith("√")
    assert [low for low, _ in report.inputs.values()] == [-1.0]
    assert "1 of 40 numbers are not finite" in report.text
    assert np.isfinite(model.predict(np.ones((1, 5)), verbose=0)).all()


@pytest.mark.parametrize("engine", [name for name in engines.names() if name != "jax"])
def test_what_was_computed_before_it_is_shown(engine):
    x, y = np.abs(data()[0]), data()[1]
    stack = [layers.Dense(4, "tanh"), layers.Dropout(0.2), layers.Dense(1)]
    model = Sequential([layers.Input((5,)), *stack])
    model.compile(SGD(1e30), "mse", check_finite=True, engine=engine)
    report = same(model, failing(lambda: model.fit(x, y, 8, 3, verbose=0)))
    assert "What was computed before it:" in report.text
    assert "/tanh: tanh " in report.text
    assert "/dropout" in report.text
    assert "mean_squared_error: subtract " in report.text


def test_inputs_by_name_and_weights_of_examples():
    x, y = data()
    one, two = layers.Input((5,), name="one"), layers.Input((5,), name="two")
    both = layers.Concatenate()([Root()(one), two])
    model = Model({"one": one, "two": two}, layers.Dense(1)(both))
    model.compile("sgd", "mse", check_finite=True, engine="reference")
    weights = np.linspace(0, 1, len(x))
    given = {"two": x, "one": x}
    report = same(model, failing(lambda: model.fit(given, y, 8, verbose=0, sample_weight=weights)))
    assert report.op == "sqrt"


def test_data_that_come_in_batches():
    x, y = data()
    model = classifier()
    batches = ((x[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8))
    error = failing(lambda: model.fit(batches, verbose=0))
    assert error.rows["received"] == "a batch of 8 examples"
    assert "at step 3;" in error.what
    same(model, error)


def test_texts_are_kept_as_their_numbers():
    reader = layers.TextVectorization(output_mode="count", vocabulary=["bad", "good"])
    model = Sequential([layers.Input((), dtype="string"), reader, layers.Dense(1)])
    model.compile(SGD(1e30), "mse", check_finite=True, engine="reference")
    texts = np.array(["a good day", "bad", "good good", ""] * 4)
    failing(lambda: model.fit(texts, np.arange(16.0), epochs=3, batch_size=4, verbose=0))
    assert insight.replay("not-finite").op == "square"


def test_a_single_step():
    x, y = data()
    model = classifier()
    same(model, failing(lambda: model.train_on_batch(x, y)))


def test_the_last_failure_takes_the_place_of_the_one_before():
    x, y = data()
    for rate in (0.1, 0.2):
        model = classifier(optimizer=SGD(rate))
        failing(lambda model=model: model.fit(x, y, verbose=0))
    again = load_model("not-finite/step.safetensors")
    assert again.optimizer.get_config()["learning_rate"] == pytest.approx(0.2)
    assert os.listdir("not-finite") == ["step.safetensors"]


def failing_unkept(model):
    x, y = data()
    before = model.get_weights()
    with pytest.raises(NonFiniteError, match="NaN at step") as error:
        model.fit(x, y, 40, verbose=0)
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    return error.value.rows["replay"]


def test_a_folder_that_cannot_be_written_hides_no_error():
    Path("not-finite").write_text("mine")
    told = failing_unkept(classifier())
    assert told == "The folder cannot be made. The batch was not kept."
    assert Path("not-finite").read_text() == "mine"


def test_a_full_disk_hides_no_error(monkeypatch):
    def full(handle, data):
        raise OSError(28, "No space left on device")

    model = classifier()
    monkeypatch.setattr(os, "write", full)
    assert "not enough space" in failing_unkept(model)
    assert os.listdir("not-finite") == []


def test_a_model_that_no_file_can_hold():
    model = Sequential([layers.Input((5,)), layers.Lambda(lambda x: graph.sqrt(x))])
    model.compile("sgd", "mse", check_finite=True)
    with pytest.raises(NonFiniteError) as error:
        model.fit(data()[0], data()[0], verbose=0)
    assert "A Lambda layer holds code" in error.value.rows["replay"]


def test_classes_of_ones_own_are_named():
    class Own(layers.Layer):
        def call(self, x):
            return graph.sqrt(x)

    model = Sequential([layers.Input((5,)), Own(), layers.Dense(1)])
    model.compile("sgd", "mse", check_finite=True)
    failing(lambda: model.fit(*data(), verbose=0))
    with pytest.raises(UnknownNameError, match="custom_objects"):
        insight.replay("not-finite")
    assert insight.replay("not-finite", {"Own": Own}).op == "sqrt"


def kept():
    failing(lambda: classifier().fit(*data(), 8, verbose=0))
    return Path("not-finite/step.safetensors")


def test_a_step_that_is_finite_now():
    path = kept()
    arrays, content = read_arrays(path)
    arrays["batch/000"] = np.abs(arrays["batch/000"])
    write_arrays(path, arrays, content)
    report = insight.replay("not-finite")
    assert report.finite
    assert "Every value is finite" in report.text


def test_damaged_folders():
    path = kept()
    whole = path.read_bytes()
    for damaged in (whole[:-7], whole[:100], b"", whole[:900] + b"#" + whole[901:]):
        path.write_bytes(damaged)
        with pytest.raises(FileError, match=r"step\.safetensors"):
            insight.replay("not-finite")
    path.unlink()
    with pytest.raises(FileError):
        insight.replay("not-finite")
    with pytest.raises(FileError):
        insight.replay("nowhere")


def test_files_of_another_kind():
    path = kept()
    classifier().save(path)
    with pytest.raises(FileError, match="holds no step"):
        insight.replay("not-finite")
    classifier().save_weights(path)
    with pytest.raises(FileError, match="holds no step"):
        insight.replay("not-finite")


WRONG = {
    "no parts": lambda step, arrays: step.pop("parts"),
    "an array that is not there": lambda step, arrays: step.update(parts=["a", "b", None]),
    "parts that are none": lambda step, arrays: step.update(parts=7),
    "too many parts": lambda step, arrays: step.update(parts=[None] * 9),
    "no input": lambda step, arrays: step.update(parts=[None, None, None]),
    "a number": lambda step, arrays: step.update(number="7"),
    "text": lambda step, arrays: step.update(batch=[]),
    "of another model": lambda step, arrays: arrays.update({"batch/000": np.ones((8, 3))}),
    "targets of another model": lambda step, arrays: arrays.update({"batch/001": np.ones((8, 3))}),
    "of text": lambda step, arrays: arrays.update({"batch/001": np.ones(7)}),
}


@pytest.mark.parametrize("name", WRONG)
def test_content_that_fits_no_step(name):
    path = kept()
    arrays, content = read_arrays(path)
    WRONG[name](content["step"], arrays)
    write_arrays(path, arrays, content)
    with pytest.raises(FileError, match=r"step\.safetensors"):
        insight.replay("not-finite")


def test_a_model_that_was_not_compiled():
    path = kept()
    arrays, content = read_arrays(path)
    del content["training"]
    write_arrays(path, arrays, content)
    with pytest.raises(FileError, match="without its training"):
        insight.replay("not-finite")


def test_on_the_command_line():
    model = Sequential([layers.Input((2,)), layers.Dense(1)], name="deep")
    model.compile(SGD(1e30), "mse", check_finite=True)
    failing(lambda: model.fit(np.ones((4, 2)), np.ones(4), epochs=3, verbose=0))

    def told(*words, lang="en"):
        command = [sys.executable, "-m", "grafito", "replay", *words, "--lang", lang]
        return subprocess.run(command, capture_output=True, text=True)

    done = told()
    assert (done.returncode, done.stderr) == (0, "")
    assert "made by square, on the way forward" in done.stdout
    assert "Step 2 of model 'deep'" in done.stdout
    absent = told("nowhere", lang="es")
    assert absent.returncode == 1
    assert "nowhere" in absent.stderr
    assert "Traceback" not in absent.stderr
    with language.use("es"):
        spanish = str(insight.replay("not-finite"))
    assert "El primer valor que no es finito lo da square" in spanish
    assert "Paso 2 del modelo" in spanish
