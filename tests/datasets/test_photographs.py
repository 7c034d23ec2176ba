"""`digits_like`: photographs of digits become what MNIST holds."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import Sequential, datasets, layers, utils
from grafito.errors import DataError, FileError


def photograph(digit, rng, dark=True, colour=False):
    """A digit as it is photographed: off the middle, in uneven light, with dirt and noise."""
    large = np.kron(digit / 255, np.ones((9, 9)))
    height, width = rng.integers(320, 420, 2)
    top, left = rng.integers(15, height - 270), rng.integers(15, width - 270)
    ink = np.zeros((height, width))
    ink[top : top + 252, left : left + 252] = large
    ink[3:6, 8:12] = 1
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = 0.85 - 0.25 * rng.random() * x - 0.15 * rng.random() * y
    grey = light * (1 - 0.7 * ink) if dark else 0.1 + 0.2 * x + 0.6 * ink
    grey = np.clip(grey + rng.normal(0, 0.02, grey.shape), 0, 1)
    image = np.stack([grey, grey * 0.95, grey * 0.9], axis=-1) if colour else grey
    return (255 * image).astype("uint8")


@pytest.fixture
def mnist(real_files):
    real_files("mnist")
    return datasets.mnist.load_data()


def test_a_network_reads_photographs_as_well_as_mnist(mnist):
    (x, y), (x_test, y_test) = mnist
    utils.set_random_seed(0)
    end = layers.Dense(10, activation="softmax")
    model = Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(100, "relu"), end])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x[:20000] / np.float32(255), y[:20000], epochs=4, batch_size=64, verbose=0)
    rng = np.random.default_rng(0)
    photos = [
        datasets.digits_like(photograph(digit, rng, dark=i % 3 > 0, colour=i % 2 == 0))
        for i, digit in enumerate(x_test[:200])
    ]
    original = (model.predict(x_test[:200] / 255, verbose=0).argmax(axis=1) == y_test[:200]).mean()
    found = (model.predict(np.stack(photos) / 255, verbose=0).argmax(axis=1) == y_test[:200]).mean()
    assert found > original - 0.03
    assert all(photo.dtype == "uint8" and photo.shape == (28, 28) for photo in photos)


def test_what_mnist_holds_stays_nearly_as_it_is(mnist):
    images = mnist[1][0][:50]
    found = np.stack([datasets.digits_like(image) for image in images])
    assert np.abs(found.astype(float) - images).mean() < 18  # the mean of an image is 33


def test_the_digit_lies_in_the_middle(mnist):
    rng = np.random.default_rng(1)
    for digit in mnist[1][0][:20]:
        image = datasets.digits_like(photograph(digit, rng)).astype(float)
        centre = [(image.sum(axis=1 - i) @ np.arange(28)) / image.sum() for i in (0, 1)]
        np.testing.assert_allclose(centre, 13.5, atol=0.6)
        assert image.max() == 255


def test_a_thin_pen_is_thickened():
    photo = np.full((800, 800), 230, "uint8")
    photo[150:650, 400:404] = 30
    column = datasets.digits_like(photo).max(axis=0)
    assert 2 <= (column > 100).sum() <= 4


def test_files_and_transparency(tmp_path):
    from matplotlib.image import imsave

    image = np.zeros((90, 90, 4))
    image[20:70, 40:50] = 0, 0, 0, 1
    imsave(tmp_path / "one.png", image)
    np.testing.assert_array_equal(
        datasets.digits_like(tmp_path / "one.png"), datasets.digits_like(image)
    )
    (tmp_path / "broken.png").write_bytes(b"\x89PNG no")
    with pytest.raises(FileError, match="cannot be read as an image"):
        datasets.digits_like(tmp_path / "broken.png")
    with pytest.raises(FileError):
        datasets.digits_like(tmp_path / "absent.png")


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.full((50, 50), 200, "uint8"), "no digit"),
        (np.random.default_rng(0).normal(0.5, 0.05, (80, 80)), "no digit"),
        (np.zeros((10, 28, 28)), "rows, columns"),
        (np.zeros((28, 28, 2)), "rows, columns"),
        (np.array(["a"]), "rows, columns"),
        (np.zeros((2, 2)), "too small"),
        (np.full((28, 28), np.nan), "non-finite"),
    ],
)
def test_bad_images(image, words):
    with pytest.raises(DataError, match=words):
        datasets.digits_like(image)
