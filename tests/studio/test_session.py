"""One training without a server: forward and back, pictures, words, what one takes along."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grafito import Sequential, lab, layers
from grafito.errors import ArgumentError, GrafitoError
from grafito.language import use
from grafito.studio import exports, opening
from grafito.studio.calculation import of_unit
from grafito.studio.keeping import Kept
from grafito.studio.session import Session
from grafito.studio.settings import Malformed, Settings, changed

SMALL = {"layers": [{"units": 3, "activation": "tanh"}], "batch": 100}


def session(**changes) -> Session:
    return Session(changed(Settings(), {**SMALL, **changes}), Path)


def weights(one: Session) -> list[np.ndarray]:
    return [w.copy() for w in one.network.model.get_weights()]


def equal(first, second) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("by", ["batch", "epoch"])
def test_back_brings_the_same_weights_and_numbers(by):
    one = session()
    one.run(13)
    one.measure()
    before, numbers = weights(one), dict(one.numbers)
    one.forward(by)
    assert not equal(weights(one), before)
    while one.steps.step > 13:
        one.back("batch")
    assert equal(weights(one), before)
    assert one.numbers == numbers


def test_operations_lead_over_the_end_of_a_batch_and_back():
    one = session()
    before = weights(one)
    one.forward("operation")
    count = len(one.player)
    texts = [one.state(False)["text"]]
    for _operation in range(count):
        one.forward("operation")
        texts.append(one.state(False)["text"])
    assert texts[0] == f"epoch 0 · batch 1 · operation 1 of {count}"
    assert texts[-1] == f"epoch 0 · batch 2 · operation 1 of {count}"
    after = weights(one)
    assert not equal(after, before)
    one.back("operation")
    assert one.state(False)["text"] == f"epoch 0 · batch 1 · operation {count} of {count}"
    assert equal(weights(one), before)
    one.forward("operation")
    assert equal(weights(one), after)


def test_the_step_that_is_looked_at_is_the_one_that_is_done_with_dropout_too():
    one = session(layers=[{"units": 16, "activation": "tanh", "dropout": 0.5}])
    one.run(3)
    one.forward("operation")
    losses = [op.value for op in one.player.plan if op.way == "forward"]
    one.forward("batch")
    assert float(losses[-1]) == pytest.approx(one.steps.logs["loss"], rel=1e-5)


def test_the_order_and_the_numbers_are_those_of_fit():
    one = session()
    one.run(3 * one.batches)
    twin = session().network
    x, y = twin.part(False)
    twin.model.look_into(None)
    twin.model.fit(x, y, batch_size=100, epochs=3, verbose=0)
    assert all(
        np.allclose(a, b) for a, b in zip(weights(one), twin.model.get_weights(), strict=True)
    )


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "classes", "regression", "digits"])
def test_every_data_set_trains_and_is_drawn(name):
    one = session(data={"name": name, "examples": 100})
    one.run(2)
    one.measure()
    assert one.numbers["loss"] is not None
    arrays, _more = one.pictures.arrays()
    assert arrays["weights/0"].shape[1] == 3
    shown = {"regression": "curve", "digits": "answers"}.get(name, "regions")
    assert len(arrays[shown])
    if shown == "regions":
        assert arrays["regions"].shape == (3 if name == "classes" else 1, 60, 60)
        assert arrays["units/0"].shape == (3, 20, 20)


def test_regions_are_the_answers_of_the_network_with_the_top_row_first():
    one = session()
    one.run(20)
    x1, x2 = one.network.examples.limits()[0::2][0], one.network.examples.limits()[3]
    corner = one.network.model.predict(np.array([[x1, x2]], "float32"), verbose=0)[0, 0]
    regions = one.pictures.arrays()[0]["regions"]
    assert abs(regions[0, 0, 0] / 255 - corner) < 0.01


def table(tmp_path, rows: str) -> tuple[Kept, str]:
    kept = Kept(tmp_path)
    return kept, kept.upload(rows.encode(), "csv")


def test_a_table_of_ones_own_becomes_classes_of_a_plane(tmp_path):
    points = np.random.default_rng(0).normal(size=(60, 2))
    rows = [f"{a:.3f};{b:.3f};{'yes' if a > b else 'no'}" for a, b in points]
    kept, upload = table(tmp_path, "\n".join(["height;weight;fits", *rows]))
    settings = changed(Settings(), {**SMALL, "data": {"name": "csv", "upload": upload}})
    one = Session(settings, kept.file)
    assert one.network.examples.classes == ("no", "yes")
    assert one.network.input_names == ["height", "weight"]
    assert "regions" in one.pictures.arrays()[0]


def test_a_wide_table_with_many_classes_is_drawn_by_layers(tmp_path):
    random = np.random.default_rng(0)
    names = ",".join(f"c{i}" for i in range(200))
    rows = [
        ",".join(f"{v:.2f}" for v in random.normal(size=200)) + f",k{i % 40}" for i in range(400)
    ]
    kept, upload = table(tmp_path, "\n".join([f"{names},kind", *rows]))
    settings = changed(Settings(), {**SMALL, "data": {"name": "csv", "upload": upload}})
    one = Session(settings, kept.file)
    told = one.network.description()
    assert (told["inputs"], told["layers"][-1]["units"]) == (["200"], 40)
    assert "answers" in one.pictures.arrays()[0]


def test_points_that_were_drawn():
    points = [[0, 0, 0], [1, 0, 1], [0, 1, 2], [1, 1, 2]]
    one = session(data={"name": "points", "points": points, "validation": 0})
    assert one.network.examples.classes == ("0", "1", "2")
    with pytest.raises(ArgumentError, match="Four points are needed"):
        session(data={"name": "points", "points": points[:3]})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers": [{"units": 0}]}, "Dense needs a whole number as 'units'."),
        ({"layers": [{"activation": "tahn"}]}, "Unknown activation 'tahn'."),
        ({"loss": "nothing"}, "Unknown loss 'nothing'."),
        ({"optimizer": "nothing"}, "Unknown optimizer 'nothing'."),
        ({"features": []}, "A network needs an input."),
        ({"features": ["x3"]}, "Unknown feature 'x3'."),
        ({"batch": 0}, "A setting is outside its range."),
        ({"layers": [{"dropout": 1.5}]}, "rate"),
        ({"data": {"name": "iris"}}, "Unknown data set 'iris'."),
        ({"data": {"name": "csv", "upload": "../../etc/passwd"}}, "There is no such upload."),
        ({"model": "../model.safetensors"}, "There is no such upload."),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path, changes, words):
    with pytest.raises(GrafitoError) as error:
        Session(changed(Settings(), {**SMALL, **changes}), Kept(tmp_path).file)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "changes", [{"x": 1}, {"rate": "1"}, {"rate": float("nan")}, {"data": 3}, {"batch": 1.5}, 3]
)
def test_settings_that_no_page_sends_are_refused(changes):
    with pytest.raises(Malformed):
        changed(Settings(), changes)


def test_a_rate_that_diverges_is_named_and_the_training_goes_on():
    one = session(rate=1e4, optimizer="sgd", batch=32)
    one.run(100)
    one.measure()
    told = one.diagnosis()
    assert told["text"].startswith("The learning rate is too large")
    assert not told["good"]
    with use("es"):
        assert one.diagnosis()["text"].startswith("La tasa de aprendizaje es demasiado grande")
    one.run(1)


def test_numbers_that_are_none_are_told_as_such():
    one = session(data={"name": "regression"}, rate=1e6, optimizer="sgd", batch=8)
    one.run(300)
    one.measure()
    assert one.numbers["loss"] is None
    assert one.pictures.arrays()[0]["curve"].shape == (120, 2)
    assert not one.diagnosis()["good"]


def test_the_calculation_of_a_unit_gives_its_number():
    one = session()
    one.forward("operation")
    told = of_unit(one, 0, 1, 2)
    assert told["lines"][0]["maths"].startswith("<math")
    outputs = [op for op in one.player.plan if op.name == "tanh" and op.way == "back"]
    assert told["value"] == f"{outputs[0].value[2, 1]:.3f}".replace("-", "−")
    assert told["gradient"] == f"{outputs[0].gradient[2, 1]:.3f}".replace("-", "−")
    for layer, unit, example in ((7, 0, 0), (0, 3, 0), (0, 0, 100), (-1, 0, 0)):
        with pytest.raises(ArgumentError):
            of_unit(one, layer, unit, example)


def test_a_training_that_was_kept_goes_on_as_if_nothing_had_been(tmp_path):
    kept = Kept(tmp_path)
    one = session()
    one.run(7)
    one.measure()
    path = kept.new(1)
    kept.write(path, one)
    again = kept.read(path.name)
    assert again.numbers == one.numbers
    one.run(5)
    again.run(5)
    assert equal(weights(one), weights(again))
    again.back("batch")
    assert [name for name, _text in kept.saved()] == [path.name]
    for name in ("../x", "training-1.safetensors"):
        with pytest.raises(ArgumentError):
            kept.read(name)


PROGRAMS = [
    {"features": ["x1", "x2", "sin(x1)"], "l2": 0.001},
    {"data": {"name": "classes"}, "loss": "mse"},
    {"data": {"name": "points", "points": [[0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]]}},
    {"data": {"name": "regression"}},
    {"data": {"name": "xor"}},
]


@pytest.mark.parametrize("changes", PROGRAMS)
def test_the_program_runs_and_gives_the_same_numbers(tmp_path, changes):
    one = session(**changes)
    one.run(3 * one.batches)
    one.measure()
    name, _kind, content = exports.export(one, "program")
    path = tmp_path / name
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, path.name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = done.stdout.splitlines()[-1].partition(":")[2].strip("[] ").split(",")[0]
    assert float(said) == pytest.approx(one.numbers["loss"], rel=1e-3)


@pytest.mark.keras
@pytest.mark.parametrize("changes", PROGRAMS[:3])
def test_the_program_runs_with_keras_too(tmp_path, changes):
    one = session(**changes)
    path = tmp_path / "network.py"
    path.write_bytes(exports.export(one, "program-keras")[2])
    assert b"from keras import" in path.read_bytes()
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run(
        [sys.executable, path.name], cwd=tmp_path, capture_output=True, check=True, env=environment
    )


def test_model_player_and_report_are_whole(tmp_path):
    one = session()
    one.run(4)
    one.measure()
    path = tmp_path / "model.safetensors"
    path.write_bytes(exports.export(one, "model")[2])
    settings, given = opening.opened(opening.described(str(path), Kept(tmp_path)), Kept(tmp_path))
    again = Session(settings, Kept(tmp_path).file, given)
    assert again.settings.data.name == "moons"
    assert equal(weights(again), weights(one))
    with use("es"):
        assert b'<html lang="es"' in exports.export(one, "player")[2]
        page = exports.export(one, "report")[2].decode()
    assert 'lang="es"' in page
    assert "entropía" in page or "pérdida" in page
    assert one.player is None


def test_an_experiment_and_a_run_are_opened(tmp_path):
    kept = Kept(tmp_path / "kept")
    kept.folder.mkdir()
    settings, given = opening.opened(opening.described("digits", kept), kept)
    one = Session(settings, kept.file, given)
    assert one.network.examples.task == "classes"
    one.run(1)
    result = lab.run(lab.get("digits", quick=True), out=tmp_path, verbose=0)
    settings, given = opening.opened(opening.described(str(result.folder), kept), kept)
    trained = Session(settings, kept.file, given)
    assert trained.numbers["val_accuracy"] > 0.8
    with pytest.raises(GrafitoError):
        opening.described("no-such-experiment", kept)
    with pytest.raises(ArgumentError, match="train one network"):
        opening.described("moons", kept)


def test_units_of_a_large_model_are_not_drawn(tmp_path):
    kept = Kept(tmp_path)
    parts = [layers.Input((2,)), layers.Dense(1000, "relu"), layers.Dense(200, "relu")]
    model = Sequential([*parts, layers.Dense(1, "sigmoid")])
    path = tmp_path / "large.safetensors"
    model.save(path)
    settings, given = opening.opened(opening.described(str(path), kept), kept)
    one = Session(settings, kept.file, given)
    told = one.network.description()
    assert not told["drawn"]
    assert [layer["units"] for layer in told["layers"]] == [1000, 200, 1]
    one.run(1)
    assert set(one.pictures.arrays()[0]) == {"regions", "units/inputs"}
    with pytest.raises(ArgumentError, match="too large"):
        one.forward("operation")


def test_a_batch_that_was_reached_is_gone_to_forward_and_back():
    one = session()
    one.run(9)
    one.measure()
    last, numbers = weights(one), dict(one.numbers)
    one.go_to_batch(4)
    assert one.state(False)["done"] == 4
    assert one.state(False)["furthest"] == 9
    assert not equal(weights(one), last)
    one.go_to_batch(900)
    assert one.steps.step == 9
    assert equal(weights(one), last)
    assert one.numbers == numbers
    one.go_to_batch(-1)
    assert one.steps.step == 0


def test_an_opened_experiment_begins_with_the_same_weights_until_others_are_asked_for(tmp_path):
    kept = Kept(tmp_path)
    source = opening.described("digits", kept)

    def begun(**changes):
        settings, given = opening.opened(source, kept)
        return Session(changed(settings, changes), kept.file, given)

    first = weights(begun())
    assert equal(first, weights(begun()))
    other = weights(begun(fresh=True, seed=5))
    assert not equal(first, other)
    assert equal(other, weights(begun(fresh=True, seed=5)))


def test_a_network_whose_loss_is_no_number_is_not_called_healthy_when_one_goes_back():
    one = session(data={"name": "regression"}, optimizer="sgd", rate=10.0)
    one.run(500)
    one.go_to_batch(499)
    assert not one.diagnosis()["good"]
    one.go_to_batch(0)
    assert one.diagnosis()["good"]
