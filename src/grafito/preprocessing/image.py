"""Batches of images, each varied at random, for programs written with `ImageDataGenerator`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grafito import graph, layers, seeds
from grafito.errors import ArgumentError, DataError, ShapeError
from grafito.errors import names_of as _names_of
from grafito.models.streams import PyDataset
from grafito.registry import KnownArguments
from grafito.utils import array_to_img, img_to_array, load_img, save_img

__all__ = ["ImageDataGenerator", "NumpyArrayIterator", "array_to_img", "img_to_array"]
__all__ += ["load_img", "save_img"]


NEUTRAL = {"zca_whitening": False, "zca_epsilon": 1e-6, "shear_range": 0.0, "dtype": "float32"}
NEUTRAL |= {"channel_shift_range": 0.0, "brightness_range": None, "interpolation_order": 1}
NEUTRAL |= {"data_format": "channels_last"}


class ImageDataGenerator(KnownArguments):
    """Variations of images, made by the layers RandomRotation, RandomZoom and their kin.

    In a model, these layers do the same and are saved with it.

    Args:
        featurewise_center, featurewise_std_normalization: subtract the mean of the data that `fit`
            saw, and divide by their standard deviation, one for each channel.
        samplewise_center, samplewise_std_normalization: the same with those of each image.
        rotation_range: largest angle, in degrees.
        width_shift_range, height_shift_range: largest shift, a share of the size below 1, else
            pixels.
        zoom_range: z for sizes from 1 - z to 1 + z, or both ends.
        fill_mode: "nearest", "reflect", "wrap" or "constant", for what comes in at the borders.
        cval: the value of "constant".
        horizontal_flip, vertical_flip: whether images are mirrored, half of them.
        rescale: a factor of all numbers.
        preprocessing_function: called on each image last.
        validation_split: the share at the end that `flow(subset="validation")` gives.
        kwargs: Keras's other settings, with the values that change nothing.

    Example:
        >>> flow = ImageDataGenerator(rotation_range=10).flow(np.zeros((5, 8, 8, 1)), batch_size=2)
        >>> [x.shape[0] for x in flow]
        [2, 2, 1]
    """

    also_takes = tuple(NEUTRAL)

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        *,
        rotation_range: float = 0.0,
        width_shift_range: float = 0.0,
        height_shift_range: float = 0.0,
        zoom_range: Any = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[Any], Any] | None = None,
        validation_split: float = 0.0,
        **kwargs: Any,
    ):
        changed = {n: x for n, x in kwargs.items() if x not in (NEUTRAL[n], None)}
        if changed:
            raise ArgumentError(
                "This variation of images is not here.",
                where="ImageDataGenerator",
                received=", ".join(f"{name}={value!r}" for name, value in changed.items()),
                fix="preprocessing_function=f, a function of one image",
            )
        self.featurewise = featurewise_center, featurewise_std_normalization
        self.samplewise = samplewise_center, samplewise_std_normalization
        self.rotation_range = rotation_range
        self.shifts = height_shift_range, width_shift_range
        low, high = (1 - zoom_range, 1 + zoom_range) if np.ndim(zoom_range) == 0 else zoom_range
        self.zoom_range = low - 1, high - 1
        self.filling: dict[str, Any] = {"fill_mode": fill_mode, "fill_value": cval}
        self.flips = horizontal_flip, vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.validation_split = validation_split
        self.mean: Any = None
        self.std: Any = None

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Take mean and standard deviation of each channel, for the featurewise options.

        Args:
            x: images, shape (n, height, width, channels).
            augment: this and the next two are Keras's; the images are taken as they are.
            rounds: see above.
            seed: see above.
        """
        images = _images(x) * (self.rescale or 1.0)
        self.mean, self.std = images.mean((0, 1, 2)), images.std((0, 1, 2))

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches of varied images for `model.fit`: x, (x, y) or (x, y, sample_weight).

        Args:
            x: images, shape (n, height, width, channels).
            y: targets, one for each image.
            batch_size: images in a batch.
            shuffle: whether each epoch has another order.
            sample_weight: one for each image.
            seed: of the order and of the variations.
            subset: "training" or "validation", the parts that `validation_split` makes.
        """
        images = _images(x)
        parts = [images, *(np.asarray(a) for a in (y, sample_weight) if a is not None)]
        if any(len(part) != len(images) for part in parts):
            raise ShapeError(
                "There must be as many targets as images.",
                where="ImageDataGenerator.flow",
                received=" and ".join(str(len(part)) for part in parts),
            )
        cut = int(len(images) * self.validation_split)
        if subset is not None:
            chosen = {"validation": slice(0, cut), "training": slice(cut, None)}
            if subset not in chosen:
                raise ArgumentError(
                    "There is no such part of the images.",
                    received=f"subset={subset!r}",
                    expected="'training' or 'validation'",
                )
            parts = [part[chosen[subset]] for part in parts]
        return NumpyArrayIterator(self, parts, batch_size, shuffle, seed)

    def standardize(self, x: Any) -> np.ndarray:
        """Images scaled and centred as the options say.

        Args:
            x: images.
        """
        x = np.asarray(x, "float32") * (self.rescale or 1.0)
        axes = (1, 2, 3)
        if self.samplewise[0]:
            x = x - x.mean(axes, keepdims=True)
        if self.samplewise[1]:
            x = x / (x.std(axes, keepdims=True) + 1e-6)
        if any(self.featurewise) and self.mean is None:
            raise DataError(
                "The mean of the images is not known yet.",
                where="ImageDataGenerator",
                fix="generator.fit(x_train) before flow",
            )
        if self.featurewise[0]:
            x = x - self.mean
        if self.featurewise[1]:
            x = x / (self.std + 1e-6)
        return np.asarray(x, "float32")

    def layers_for(self, shape: tuple[int, ...], seed: int) -> list[layers.Layer]:
        """The layers that vary images of this shape.

        Args:
            shape: of one image.
            seed: of their random numbers.
        """
        found: list[layers.Layer] = []
        if self.rotation_range:
            turn = self.rotation_range / 360
            found.append(layers.RandomRotation(turn, seed=seed, **self.filling))
        if any(self.shifts):
            down, right = (
                n if n < 1 else n / size for n, size in zip(self.shifts, shape[:2], strict=True)
            )
            found.append(layers.RandomTranslation(down, right, seed=seed + 1, **self.filling))
        if any(self.zoom_range):
            found.append(
                layers.RandomZoom(self.zoom_range, self.zoom_range, seed=seed + 2, **self.filling)
            )
        for wanted, mode in zip(self.flips, ("horizontal", "vertical"), strict=True):
            if wanted:
                found.append(layers.RandomFlip(mode, seed=seed + 3))
        return found


class NumpyArrayIterator(PyDataset):
    """The batches of `ImageDataGenerator.flow`; `fit` asks for as many as make an epoch.

    Args:
        generator: what varies the images.
        parts: images, and what goes with each of them.
        batch_size: images in a batch.
        shuffle: whether each epoch has another order.
        seed: of the order and of the variations.

    Example:
        >>> flow = ImageDataGenerator(rescale=0.5).flow(np.ones((3, 2, 2, 1)), shuffle=False)
        >>> float(next(flow).max())
        0.5
    """

    def __init__(
        self,
        generator: ImageDataGenerator,
        parts: list[np.ndarray],
        batch_size: int,
        shuffle: bool,
        seed: int | None,
    ):
        super().__init__()
        self.generator = generator
        self.parts = parts
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.n = len(parts[0])
        self._seed = (seeds.next_seed() if seed is None else seed) % 2**62
        self._layers = generator.layers_for(parts[0].shape[1:], self._seed)
        self._step = 0
        self._next = 0
        self._order = np.arange(self.n)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        rows = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        batch = [part[rows] for part in self.parts]
        self._step += 1
        batch[0] = self._varied(batch[0])
        return batch[0] if len(batch) == 1 else tuple(batch)

    def __next__(self) -> Any:
        """The next batch, on and on."""
        index, self._next = self._next, (self._next + 1) % len(self)
        batch = self[index]
        if not self._next:
            self.on_epoch_end()
        return batch

    def on_epoch_end(self) -> None:
        """Another order, where that is asked for."""
        if self.shuffle:
            key = {"seed": self._seed, "step": self._step, "use": 1}
            self._order = graph.random.permutation(self.n, **key).numpy()

    def _varied(self, images: np.ndarray) -> np.ndarray:
        x = images.astype("float32")
        if self._layers:
            with graph.Trace(training=True, step=graph.constant(self._step % 2**31, "int32")):
                y = graph.constant(x)
                for layer in self._layers:
                    y = layer(y)
            x = graph.value(y)
        x = self.generator.standardize(x)
        function = self.generator.preprocessing_function
        return x if function is None else np.stack([np.asarray(function(image)) for image in x])


def _images(x: Any) -> np.ndarray:
    images = np.asarray(x)
    if images.ndim != 4:
        raise ShapeError(
            "Images have 4 axes: (n, height, width, channels).",
            where="ImageDataGenerator",
            received=images.shape,
            fix="x[..., None] for images of one channel",
        )
    return images


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
