"""Augmentation: the geometry of Keras and SciPy at known parameters, and chance per example."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.ndimage

from grafito import graph, layers

IMAGES = np.random.default_rng(0).normal(size=(2, 7, 6, 2)).astype("float32")

# Both ends of a factor are the same, so that there is nothing left to chance.
FIXED = [
    ("RandomTranslation", {"height_factor": (0.31, 0.31), "width_factor": (-0.23, -0.23)}),
    ("RandomTranslation", {"height_factor": (-0.9, -0.9), "width_factor": (0.95, 0.95)}),
    ("RandomRotation", {"factor": (0.07, 0.07)}),
    ("RandomRotation", {"factor": (-0.4, -0.4)}),
    ("RandomZoom", {"height_factor": (0.83, 0.83), "width_factor": (-0.37, -0.37)}),
    ("RandomZoom", {"height_factor": (-0.61, -0.61)}),
    ("RandomZoom", {"height_factor": (0.9, 0.9)}),
]
FILLS = list(itertools.product(["reflect", "wrap", "nearest", "constant"], ["bilinear", "nearest"]))


@pytest.mark.parametrize(("fill_mode", "interpolation"), FILLS)
@pytest.mark.parametrize(("name", "arguments"), FIXED)
def test_geometry_of_keras(keras, name, arguments, fill_mode, interpolation):
    options = {"fill_mode": fill_mode, "interpolation": interpolation, "fill_value": 0.7}
    ours = getattr(layers, name)(**arguments, **options)(IMAGES, training=True)
    theirs = getattr(keras.layers, name)(**arguments, **options)(IMAGES, training=True)
    np.testing.assert_allclose(ours.numpy(), np.asarray(theirs), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("fill_mode", "theirs"),
    [("reflect", "reflect"), ("wrap", "grid-wrap"), ("nearest", "nearest")],
)
def test_rotation_of_scipy(fill_mode, theirs):
    turn = layers.RandomRotation((0.09, 0.09), fill_mode=fill_mode, dtype="float64")
    ours = turn(IMAGES.astype("float64"), training=True).numpy()
    angle, centre = 2 * np.pi * 0.09, np.array([3.0, 2.5])
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    offset = centre - matrix @ centre
    for n, c in np.ndindex(2, 2):
        image = IMAGES[n, :, :, c].astype("float64")
        expected = scipy.ndimage.affine_transform(image, matrix, offset, order=1, mode=theirs)
        np.testing.assert_allclose(ours[n, :, :, c], expected, atol=1e-6)


def test_a_quarter_turn_is_exact():
    turned = layers.RandomRotation((0.25, 0.25), interpolation="nearest")(
        IMAGES[:, :6], training=True
    )
    assert np.array_equal(turned.numpy(), np.rot90(IMAGES[:, :6], axes=(1, 2)))


@pytest.mark.parametrize(
    ("mode", "axes"),
    [("horizontal", (2,)), ("vertical", (1,)), ("horizontal_and_vertical", (1, 2))],
)
def test_each_image_is_flipped_or_not(mode, axes):
    images = np.repeat(IMAGES[:1], 200, axis=0)
    flipped = layers.RandomFlip(mode, seed=1)(images, training=True).numpy()
    was = [np.array_equal(image, np.flip(IMAGES[:1], axes)[0]) for image in flipped]
    kept = [np.array_equal(image, IMAGES[0]) for image in flipped]
    assert all(a != b for a, b in zip(was, kept, strict=True))
    assert 70 < sum(was) < 130


def test_each_image_is_cropped_elsewhere():
    images = np.repeat(IMAGES[:1], 300, axis=0)
    parts = layers.RandomCrop(5, 4, seed=1)(images, training=True).numpy()
    windows = {
        IMAGES[0, i : i + 5, j : j + 4].tobytes(): (i, j) for i in range(3) for j in range(3)
    }
    places = [windows[part.tobytes()] for part in parts]
    assert all(15 < places.count((i, j)) < 55 for i in range(3) for j in range(3))


def test_a_crop_of_the_whole_width_still_moves_along_the_height():
    images = np.repeat(IMAGES[:1], 50, axis=0)
    parts = layers.RandomCrop(5, 6, seed=1)(images, training=True).numpy()
    assert len({part.tobytes() for part in parts}) == 3


@pytest.mark.parametrize("name", ["RandomTranslation", "RandomRotation", "RandomZoom"])
def test_images_are_changed_differently(name):
    factors = (0.3,) if name == "RandomRotation" else (0.3, 0.3)
    images = np.repeat(IMAGES[:1], 20, axis=0)
    changed = getattr(layers, name)(*factors, seed=1)(images, training=True).numpy()
    assert len({image.tobytes() for image in changed}) == 20


def test_layers_of_one_model_draw_their_own_numbers():
    one, other = layers.RandomFlip(seed=1), layers.RandomFlip(seed=1)
    images = np.repeat(IMAGES[:1], 40, axis=0)

    def both(x):
        return one(x), other(x)

    a, b = graph.execute(both, images, training=True)
    assert not np.array_equal(a.numpy(), b.numpy())


def test_bytes_become_floats():
    images = np.arange(2 * 4 * 4, dtype="uint8").reshape(2, 4, 4, 1)
    for layer in (layers.RandomFlip(seed=1), layers.RandomCrop(4, 4), layers.RandomZoom(0.1)):
        for training in (True, False):
            assert layer(images, training=training).dtype == "float32"
    flipped = layers.RandomFlip(seed=1)(images, training=True).numpy()
    assert sorted(flipped.ravel()) == list(range(32))


def test_one_image_alone():
    layer = layers.RandomZoom((0.2, 0.2))
    alone = layer(IMAGES[0], training=True).numpy()
    np.testing.assert_allclose(alone, layer(IMAGES, training=True).numpy()[0], atol=1e-6)


def test_direct_calls_augment_as_in_keras():
    """Called alone, these layers are in training; inside of a model they follow it."""
    images = np.repeat(IMAGES[:1], 20, axis=0)
    flip = layers.RandomFlip(seed=1)
    assert not np.array_equal(flip(images).numpy(), images)
    resting = graph.execute(lambda x: flip(x), images, training=False)
    assert np.array_equal(resting.numpy(), images)
