"""What must hold of the experiments on images: sizes, data, weights of classes, two networks."""

from __future__ import annotations

import json

import numpy as np
import pytest

from grafito import lab, optimizers
from grafito.datasets import cifar100
from grafito.errors import ArgumentError
from grafito.lab.classifier import labels_of
from grafito.lab.experiments import deep
from grafito.lab.experiments.gan import Gan, Pair
from grafito.models.examples import make_examples, weigh_classes

pytestmark = pytest.mark.usefixtures("undrawn")

GREY, COLOUR = (28, 28), (32, 32, 3)

# name, variant, shape of an image, parameters
PARAMETERS = [
    ("mnist-dense", None, GREY, 784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10),
    ("mnist-dense-conv", "dense", GREY, 79_510),
    ("mnist-dense-conv", "convolutions", GREY, 94_650),
    ("mnist-permuted", "convolutions", GREY, 94_650),
    ("mnist-conv1", None, GREY, 17 + 625 * 10 + 10),
    ("fashion-dense", None, GREY, 266_610),
    ("fashion-weighted", "weighted", GREY, 340 + 181 + 23 * 23 * 10 + 10),
    ("lenet", None, COLOUR, 62_006),
    ("wide", None, COLOUR, 228 + 2352 * 10_000 + 10_000 + 100_010),
]


@pytest.mark.parametrize(("name", "variant", "shape", "parameters"), PARAMETERS)
def test_parameters(name, variant, shape, parameters):
    x = np.zeros((4, *shape), "uint8")
    assert lab.get(name, variant).network(x).count_params() == parameters


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_deep_networks_have_an_output_for_each_class(name):
    x = np.random.RandomState(0).randint(0, 255, (4, *COLOUR)).astype("uint8")
    for variant, classes in (("cifar10", 10), ("cifar100", 100)):
        experiment = lab.get(name, variant)
        assert experiment.sources() == (variant,)
        assert len(set(experiment.names())) == classes
        assert experiment.network(x).output_shape == (None, classes)


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False])
def test_both_deep_networks_see_cifar100(whole, tmp_path, little_data, monkeypatch, undrawn):
    """Side by side on 100 classes; a page says so where the file holds a part of them."""
    little_data("cifar100")
    (x, y), test = cifar100.load_data()
    few = (x[:16], y[:16]), tuple(part[:8] for part in test)
    monkeypatch.setattr(cifar100, "load_data", lambda *_: few)
    monkeypatch.setattr(deep, "WHOLE", 16 if whole else 50_000)
    experiment = lab.get("alexnet", "against-vgg16-cifar100", epochs=1, batch_size=8)
    assert experiment.sources() == ("cifar100",)
    assert [form.classes for form in experiment.forms().values()] == [100, 100]
    result = lab.run(experiment, out=tmp_path, lang="en", verbose=0)
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert ("The file holds a part of the data set" in page) != whole
    assert {"AlexNet accuracy", "VGG16 accuracy"} <= set(result.metrics)


def test_deep_networks_have_their_convolutions():
    x = np.zeros((2, *COLOUR), "uint8")
    counts = {
        name: sum(layer.name.startswith("conv2d") for layer in lab.get(name).network(x).layers)
        for name in ("alexnet", "vgg16")
    }
    assert counts == {"alexnet": 5, "vgg16": 13}


def test_all_images_are_permuted_alike_and_by_the_seed(little_data):
    little_data("mnist")
    plain = lab.get("mnist-dense-conv", "dense").load()
    one, again, other = (lab.get("mnist-permuted", "dense", seed=s).load() for s in (1, 1, 2))
    numbers = np.arange(784, dtype="uint16").reshape(1, 28, 28)
    order = lab.get("mnist-permuted", seed=1).permuted(numbers).reshape(-1)
    assert sorted(order) == list(range(784))
    assert (order != np.arange(784)).mean() > 0.9
    for part, permuted, same, different in zip(plain, one, again, other, strict=True):
        rows = part[0].reshape(len(part[0]), -1)
        assert (permuted[0].reshape(len(rows), -1) == rows[:, order]).all()
        assert (permuted[0] == same[0]).all()
        assert (permuted[0] != different[0]).any()
        assert (permuted[1] == part[1]).all()


def test_errors_on_shoes_count_twice():
    y = np.arange(10)
    x = np.zeros((10, *GREY), "uint8")
    weights = {
        variant: weigh_classes(
            make_examples(x, y), **lab.get("fashion-weighted", variant).fitting()
        ).sample_weight.tolist()
        for variant in ("weighted", "unweighted")
    }
    assert weights["weighted"] == [1, 1, 1, 1, 1, 2, 1, 2, 1, 2]
    assert weights["unweighted"] == [1] * 10


def test_noise_is_clipped_and_the_target_is_clean(little_data):
    little_data("mnist")
    (noisy, clean), _ = lab.get("mnist-denoise", examples=100).load()
    assert noisy.shape == clean.shape == (100, 784)
    assert (noisy.min(), noisy.max()) == (0, 1)
    inside = (noisy > 0) & (noisy < 1)
    assert 0.2 < (noisy - clean)[inside].std() < 0.5  # the tails are cut
    quiet, _ = lab.get("mnist-denoise", examples=100, sigma=0).load()[0]
    np.testing.assert_array_equal(quiet, clean)


@pytest.mark.parametrize("moved", ["generator", "discriminator"])
def test_each_network_is_moved_by_its_own_optimizer(moved):
    experiment = Gan(noise=3, generator_units=(4,), discriminator_units=(4,), dropout=0.0)
    generator, discriminator = experiment.generator(), experiment.discriminator()
    pair = Pair(generator, discriminator, optimizers.SGD(0.1 * (moved == "generator")))
    pair.compile(optimizers.SGD(0.1 * (moved == "discriminator")))
    networks = {"generator": generator, "discriminator": discriminator}
    before = {name: network.get_weights() for name, network in networks.items()}
    x = np.random.RandomState(0).randint(0, 255, (8, *GREY)).astype("uint8")
    pair.fit(x, batch_size=8, epochs=1, verbose=0)
    for name, network in networks.items():
        same = [
            np.array_equal(a, b) for a, b in zip(before[name], network.get_weights(), strict=True)
        ]
        assert all(same) if name != moved else not any(same)


def test_the_hardest_images_have_the_largest_loss(tmp_path):
    result = lab.run(lab.get("digits", epochs=5), out=tmp_path, verbose=0)
    contents = json.loads((result.folder / "index.json").read_text())
    (values,) = [entry["values"] for entry in contents if entry.get("file") == "hardest.svg"]
    assert values["largest"] >= values["smallest"] > values["mean"]
    assert values["mean"] == pytest.approx(result.metrics["loss"], rel=1e-4)


@pytest.mark.parametrize(
    "values",
    [[0, 1, 1], [[0], [1], [1]], [[1, 0], [0, 1], [0, 1]], [[0.3], [0.9], [0.6]]],
)
def test_labels_of_every_form(values):
    assert labels_of(np.array(values)).tolist() == [0, 1, 1]


def test_other_data_are_validated_or_the_test_is_followed(tmp_path, little_data):
    little_data("mnist")
    settings = {"epochs": 1, "examples": 100, "test_examples": 50}
    followed = lab.get("mnist-dense-conv", "dense", **settings)
    result = lab.run(followed, out=tmp_path, verbose=0)
    (row,) = (result.folder / "history.csv").read_text().splitlines()[1:]
    header = (result.folder / "history.csv").read_text().splitlines()[0].split(",")
    last = dict(zip(header, row.split(","), strict=True))
    assert float(last["val_accuracy"]) == pytest.approx(result.metrics["accuracy"])
    assert "validation_accuracy" not in result.metrics
    held_out = lab.run(lab.get("mnist-conv1", **settings), out=tmp_path, verbose=0)
    assert "validation_accuracy" in held_out.metrics


def test_a_deep_network_starts_where_another_run_ended(tmp_path):
    small = {"units": (6,), "normalised": False}
    x = np.random.RandomState(0).randint(0, 255, (4, *COLOUR)).astype("uint8")
    learned = lab.get("vgg16", "cifar10", **small).network(x)
    learned.save(tmp_path / "model.safetensors")
    begun = lab.get("vgg16", "cifar100", start=str(tmp_path), **small).compiled(x, "auto")
    for ours, theirs in zip(begun.get_weights()[:-2], learned.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert begun.output_shape == (None, 100)
    with pytest.raises(ArgumentError, match="another network"):
        lab.get("vgg16", "cifar100", start=str(tmp_path)).compiled(x, "auto")
