"""Pictures in files and folders, windows of a series, parts of data, and drawings of models."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from grafito import layers, models, preprocessing, utils
from grafito.errors import (
    ArgumentError,
    DataError,
    FileError,
    GrafitoWarning,
    ShapeError,
    UnknownNameError,
)

IMAGE = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype("float32")


SIZES = [
    {},
    {"target_size": (4, 9)},
    {"target_size": (4, 9), "interpolation": "bilinear"},
    {"target_size": (4, 4), "keep_aspect_ratio": True},
]


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("more", SIZES, ids=range(4))
def test_pictures_of_keras(keras, tmp_path, color_mode, more):
    path = str(tmp_path / "a.png")
    utils.save_img(path, IMAGE, scale=False)
    one, other = (u.load_img(path, color_mode=color_mode, **more) for u in (utils, keras.utils))
    assert (one.mode, one.size) == (other.mode, other.size)
    ours = utils.img_to_array(one)
    assert ours.dtype == "float32"
    assert np.array_equal(ours, keras.utils.img_to_array(other))


@pytest.mark.parametrize("shape", [(4, 5, 1), (4, 5, 3), (4, 5, 4)])
@pytest.mark.parametrize("scale", [True, False])
def test_arrays_as_pictures(keras, tmp_path, shape, scale):
    x = np.random.default_rng(1).uniform(0, 255, shape)
    ours, theirs = (u.array_to_img(x, scale=scale) for u in (utils, keras.utils))
    assert ours.mode == theirs.mode
    assert np.array_equal(np.asarray(ours), np.asarray(theirs))
    for name in ("a.png", "a.jpg", "a.bmp"):
        utils.save_img(tmp_path / name, x)
        assert utils.load_img(tmp_path / name).size == (5, 4)
    utils.save_img(tmp_path / "b", x, file_format="jpg")
    assert preprocessing.image.load_img is utils.load_img


def test_bad_pictures(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    utils.save_img(tmp_path / "cut.png", IMAGE)
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:60])
    for name in ("a.png", "cut.png"):
        with pytest.raises(DataError, match=name):
            utils.load_img(tmp_path / name)
    with pytest.raises(FileError, match=r"b\.png"):
        utils.load_img(tmp_path / "b.png")
    with pytest.raises(ShapeError, match=r"x\[0\]"):
        utils.save_img(tmp_path / "c.png", IMAGE[None])
    with pytest.raises(ArgumentError, match="channels_last"):
        utils.img_to_array(Image.new("L", (2, 2)), data_format="channels_first")
    for more in ({"color_mode": "cmyk"}, {"interpolation": "cubic"}):
        with pytest.raises(UnknownNameError):
            utils.load_img(tmp_path / "cut.png", **more)


@pytest.fixture
def pets(tmp_path):
    rng = np.random.default_rng(0)
    for kind, size in (("cats", (8, 8)), ("dogs", (9, 6))):
        (tmp_path / kind).mkdir()
        for i in range(5):
            utils.save_img(tmp_path / kind / f"{i}.png", rng.uniform(0, 255, (*size, 3)))
    return tmp_path


def read(folder, **more):
    return utils.image_dataset_from_directory(folder, image_size=(8, 8), verbose=False, **more)


@pytest.mark.parametrize(
    ("label_mode", "labels"),
    [
        ("int", [0] * 5 + [1] * 5),
        ("binary", [[0.0]] * 5 + [[1.0]] * 5),
        ("categorical", [[1.0, 0.0]] * 5 + [[0.0, 1.0]] * 5),
        (None, None),
    ],
)
def test_a_folder_of_pictures(pets, label_mode, labels):
    dataset = read(pets, label_mode=label_mode, batch_size=4, shuffle=False)
    assert dataset.class_names == ["cats", "dogs"]
    assert [path[-10:] for path in dataset.file_paths][::5] == ["cats/0.png", "dogs/0.png"]
    batches = list(dataset)
    images = np.concatenate([b if labels is None else b[0] for b in batches])
    assert (images.shape, images.dtype, len(batches)) == ((10, 8, 8, 3), "float32", 3)
    if labels is not None:
        assert np.concatenate([b[1] for b in batches]).tolist() == labels
    first = utils.img_to_array(utils.load_img(pets / "cats" / "0.png"))
    assert np.array_equal(images[0], first)
    last = utils.img_to_array(utils.load_img(pets / "dogs" / "4.png"))
    np.testing.assert_allclose(images[-1], layers.Resizing(8, 8)(last).numpy(), rtol=1e-6)


def test_the_parts_of_a_folder(pets):
    split = {"validation_split": 0.3, "seed": 3}
    train, held_out = read(pets, subset="both", **split)
    assert len(train.file_paths) == 7
    assert not set(train.file_paths) & set(held_out.file_paths)
    assert read(pets, subset="validation", **split).file_paths == held_out.file_paths
    assert read(pets, subset="training", **split).file_paths == train.file_paths
    named = read(pets, class_names=["dogs", "cats"], shuffle=False, batch_size=None)
    assert named[0][1].tolist() == [0] * 5 + [1] * 5
    given = read(pets, labels=range(10), shuffle=False, batch_size=None)
    assert given[0][1].tolist() == list(range(10))


def test_each_epoch_has_another_order_that_a_seed_repeats(pets):
    orders = []
    for _ in range(2):
        dataset = read(pets, seed=1, batch_size=10)
        orders.append([next(iter(dataset))[1].tolist() for _ in range(3)])
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1]
    state = dataset.get_state()
    again = read(pets, seed=1, batch_size=10)
    again.set_state(state)
    assert np.array_equal(again[0][1], dataset[0][1])
    assert next(iter(again))[1].tolist() == next(iter(dataset))[1].tolist()


def test_a_folder_is_trained_on(pets):
    dataset = read(pets, batch_size=4, seed=1)
    model = models.Sequential(
        [layers.Rescaling(1 / 255), layers.RandomFlip(seed=1), layers.Flatten(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    history = model.fit(dataset, epochs=2, verbose=0, validation_data=read(pets, batch_size=4))
    assert np.isfinite(history.history["val_loss"]).all()
    normal = layers.Normalization()
    normal.adapt(dataset.map(lambda x, y: x / 255))
    assert 0 < float(normal.mean.numpy().mean()) < 1
    assert [y.shape for _, y in dataset.take(1)] == [(4,)]


def test_bad_folders(pets, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no pictures"):
        read(tmp_path / "empty")
    with pytest.raises(DataError, match=r"labels=None"):
        read(pets / "cats")
    with pytest.raises(FileError, match="no such folder"):
        read(tmp_path / "absent")
    with pytest.raises(ArgumentError, match="two classes"):
        read(pets, label_mode="binary")  # with the empty folder there are three
    with pytest.raises(ArgumentError, match="one seed"):
        read(pets, validation_split=0.2, subset="training")
    with pytest.raises(ArgumentError, match="validation_split"):
        read(pets, subset="training", seed=1)
    with pytest.raises(UnknownNameError, match="training"):
        read(pets, validation_split=0.2, subset="test", seed=1)
    with pytest.raises(ArgumentError, match="cats"):
        read(pets, class_names=["a", "b"])
    with pytest.raises(DataError, match="a label for each"):
        read(pets, labels=[0, 1])
    with pytest.raises(UnknownNameError, match="int"):
        read(pets, label_mode="integer")
    (pets / "cats" / "9.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"9\.png"):
        list(read(pets, batch_size=1))


def test_one_class_alone_is_told(tmp_path):
    (tmp_path / "cats").mkdir()
    utils.save_img(tmp_path / "cats" / "a.png", IMAGE)
    with pytest.warns(GrafitoWarning, match="one class"):
        read(tmp_path)
    assert read(tmp_path, labels=None)[0].shape == (1, 8, 8, 3)


# Recorded with Keras 3.15 on TensorFlow
SERIES = np.arange(12)
WINDOWS = [
    (
        (SERIES, None, 4),
        {"sequence_stride": 2, "sampling_rate": 2, "batch_size": 2},
        [[[0, 2, 4, 6], [2, 4, 6, 8]], [[4, 6, 8, 10]]],
    ),
    (
        (SERIES[:-3], SERIES[3:], 3),
        {"batch_size": 4},
        [
            [[[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]], [3, 4, 5, 6]],
            [[[4, 5, 6], [5, 6, 7], [6, 7, 8]], [7, 8, 9]],
        ],
    ),
    (
        (SERIES, SERIES, 3),
        {"start_index": 2, "end_index": 9},
        [[[[2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6, 7], [6, 7, 8]], [2, 3, 4, 5, 6]]],
    ),
    (
        (np.arange(10).reshape(5, 2), np.arange(5), 2),
        {"sequence_stride": 2, "batch_size": 2},
        [[[[[0, 1], [2, 3]], [[4, 5], [6, 7]]], [0, 2]]],
    ),
]


@pytest.mark.parametrize(("given", "more", "expected"), WINDOWS, ids=range(4))
def test_windows_of_a_series(given, more, expected):
    batches = utils.timeseries_dataset_from_array(*given, **more)
    found = [[p.tolist() for p in b] if isinstance(b, tuple) else b.tolist() for b in batches]
    assert found == expected


def test_windows_that_do_not_fit():
    make = utils.timeseries_dataset_from_array
    with pytest.raises(DataError, match="No window"):
        make(SERIES, None, 20)
    with pytest.raises(ArgumentError, match="sequence_length"):
        make(SERIES, None, 0)
    mixed = make(SERIES, SERIES, 3, shuffle=True, seed=1, batch_size=100)
    first, second = (next(iter(mixed))[1].tolist() for _ in range(2))
    assert first != second
    assert sorted(first) == list(range(10))


def test_two_parts_of_data():
    left, right = utils.split_dataset(np.arange(10), left_size=0.8)
    assert (left.tolist(), right.tolist()) == ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])
    (x, y), (_, v) = utils.split_dataset((np.arange(6), np.arange(6) * 2), left_size=4)
    assert (x.tolist(), y.tolist(), v.tolist()) == ([0, 1, 2, 3], [0, 2, 4, 6], [8, 10])
    left, right = utils.split_dataset(np.arange(10), left_size=0.3, right_size=0.2)
    assert (left.tolist(), right.tolist()) == ([0, 1, 2], [8, 9])
    left, right = utils.split_dataset(np.arange(10), right_size=3, shuffle=True, seed=1)
    assert sorted([*left, *right]) == list(range(10))
    assert left.tolist() != sorted(left)
    windows = utils.timeseries_dataset_from_array(SERIES, None, 2, batch_size=2)
    left, right = utils.split_dataset(windows, left_size=4)
    assert [x.tolist() for x in right] == [windows[4].tolist(), windows[5].tolist()]
    left, right = utils.split_dataset((i for i in range(5)), left_size=2)
    assert (list(left), list(right)) == ([0, 1], [2, 3, 4])
    for sizes in ({}, {"left_size": 0}, {"left_size": 0.9, "right_size": 0.5}):
        with pytest.raises(ArgumentError, match="cannot be split"):
            utils.split_dataset(np.arange(10), **sizes)


def test_a_model_is_drawn(tmp_path):
    model = models.Sequential([layers.Input((4,)), layers.Dense(2)])
    figure = utils.plot_model(model, str(tmp_path / "m.png"), show_shapes=True)
    assert "Dense" in figure.alt
    assert utils.load_img(tmp_path / "m.png").size[0] > 100
    utils.plot_model(model, to_file=None)
