"""One row for each layer and each set of options that changes what it computes.

The tests that run every row are in `tests/layers/test_layers.py`; one of them fails on a public
layer without a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

BATCH = 3


@dataclass(frozen=True)
class Row:
    """A layer with its arguments and what it is called on.

    Attributes:
        name: of the class.
        shapes: of one example, one shape for each input; layers that merge take several.
        arguments: of the constructor.
        draws: whether it draws random numbers in training.
        below: the input is integers from 0 to this limit.
        in_keras: whether Keras computes the same (apart from the numbers that are drawn).
    """

    name: str
    shapes: tuple[tuple[int, ...], ...]
    arguments: dict[str, Any] = field(default_factory=dict)
    draws: bool = False
    below: int | None = None
    in_keras: bool = True

    def __str__(self) -> str:
        given = ",".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.name}({given}){'x'.join(map(str, self.shapes))}".replace(" ", "")

    def build(self, module: Any, **more: Any) -> Any:
        """The layer, from grafito's module or from Keras's."""
        return getattr(module, self.name)(**self.arguments, **more)

    def inputs(self, dtype: str = "float64") -> list[np.ndarray]:
        """One array for each input; the same numbers each time."""
        rng = np.random.default_rng(len(str(self)))
        if self.below is not None:
            return [rng.integers(0, self.below, (BATCH, *shape)) for shape in self.shapes]
        return [rng.normal(size=(BATCH, *shape)).astype(dtype) for shape in self.shapes]

    def call(self, layer: Any, inputs: list[Any], **mode: Any) -> Any:
        """The output for these inputs."""
        merges = hasattr(layer, "merge") or hasattr(layer, "_merge_function")
        return layer(list(inputs) if merges else inputs[0], **mode)


def one(name: str, shape: tuple[int, ...], _draws: bool = False, **arguments: Any) -> Row:
    """A row with one input."""
    return Row(name, (shape,), arguments, _draws)


IMAGE, IMAGE_OF_3, SEQUENCE = (6, 7, 2), (9, 8, 3), (8, 3)

CORE = [
    one("Dense", (4,), units=3),
    one("Dense", (4,), units=3, activation="softmax", use_bias=False),
    one("Dense", (5, 4), units=3, activation="sigmoid"),
    one("Activation", (4,), activation="sigmoid"),
    one("Identity", (4, 2)),
    Row("Embedding", ((5,),), {"input_dim": 7, "output_dim": 3}, below=7),
]
ACTIVATIONS = [
    one("ReLU", (4, 3)),
    one("ReLU", (4, 3), max_value=1.0, negative_slope=0.2, threshold=0.3),
    one("LeakyReLU", (4, 3)),
    one("PReLU", (4, 3)),
    one("PReLU", IMAGE, shared_axes=[1, 2]),
    one("ELU", (4, 3), alpha=0.7),
    one("Softmax", (4, 3)),
    one("Softmax", (4, 3), axis=1),
    one("Softmax", (4, 3), axis=[1, 2]),
]
CONVOLUTIONS = [
    one("Conv1D", SEQUENCE, filters=4, kernel_size=3),
    one("Conv1D", SEQUENCE, filters=4, kernel_size=3, strides=2, padding="same"),
    one("Conv1D", SEQUENCE, filters=4, kernel_size=3, dilation_rate=2, padding="causal"),
    one("Conv1D", SEQUENCE, filters=3, kernel_size=2, groups=3, activation="relu"),
    one("Conv2D", IMAGE, filters=4, kernel_size=3),
    one("Conv2D", IMAGE, filters=4, kernel_size=(2, 3), strides=(2, 3), use_bias=False),
    one("Conv2D", IMAGE, filters=4, kernel_size=(2, 3), padding="same", activation="sigmoid"),
    one("Conv2D", IMAGE, filters=4, kernel_size=3, strides=2, padding="same"),
    one("Conv2D", IMAGE, filters=4, kernel_size=2, dilation_rate=(2, 3)),
    one("Conv2D", IMAGE, filters=4, kernel_size=3, groups=2, padding="same"),
    one("Conv1DTranspose", SEQUENCE, filters=2, kernel_size=3, strides=2),
    one("Conv1DTranspose", SEQUENCE, filters=2, kernel_size=4, strides=2, padding="same"),
    one("Conv2DTranspose", IMAGE, filters=3, kernel_size=3),
    one("Conv2DTranspose", IMAGE, filters=3, kernel_size=3, strides=2, padding="same"),
    one("Conv2DTranspose", IMAGE, filters=3, kernel_size=2, strides=3),
    one("Conv2DTranspose", IMAGE, filters=3, kernel_size=3, strides=2, output_padding=1),
    one("Conv2DTranspose", IMAGE, filters=3, kernel_size=(2, 3), dilation_rate=2),
    one("DepthwiseConv2D", IMAGE, kernel_size=3),
    one("DepthwiseConv2D", IMAGE, kernel_size=3, strides=2, padding="same", depth_multiplier=3),
    one("DepthwiseConv2D", IMAGE, kernel_size=2, dilation_rate=2, activation="relu"),
    one("SeparableConv2D", IMAGE, filters=4, kernel_size=3),
    one("SeparableConv2D", IMAGE, filters=4, kernel_size=2, strides=2, depth_multiplier=2),
    one("SeparableConv2D", IMAGE, filters=4, kernel_size=3, padding="same", use_bias=False),
    one("DepthwiseConv1D", SEQUENCE, kernel_size=3),
    one("DepthwiseConv1D", SEQUENCE, kernel_size=3, strides=2, padding="same", depth_multiplier=3),
    one("DepthwiseConv1D", SEQUENCE, kernel_size=2, dilation_rate=2, activation="relu"),
    one("SeparableConv1D", SEQUENCE, filters=4, kernel_size=3),
    one("SeparableConv1D", SEQUENCE, filters=4, kernel_size=2, strides=2, depth_multiplier=2),
    one("SeparableConv1D", SEQUENCE, filters=4, kernel_size=3, padding="same", use_bias=False),
]
POOLINGS = [
    row
    for kind in ("Max", "Average")
    for row in (
        one(f"{kind}Pooling1D", SEQUENCE, pool_size=2),
        one(f"{kind}Pooling1D", SEQUENCE, pool_size=3, strides=2, padding="same"),
        one(f"{kind}Pooling2D", IMAGE, pool_size=2),
        one(f"{kind}Pooling2D", IMAGE, pool_size=(3, 2), strides=(1, 2), padding="same"),
        one(f"{kind}Pooling2D", IMAGE, pool_size=3, strides=2),
        one(f"Global{kind}Pooling1D", SEQUENCE),
        one(f"Global{kind}Pooling1D", SEQUENCE, keepdims=True),
        one(f"Global{kind}Pooling2D", IMAGE),
        one(f"Global{kind}Pooling2D", IMAGE, keepdims=True),
    )
]
SHAPES = [
    one("Flatten", (2, 3, 4)),
    one("Flatten", ()),
    one("Reshape", (2, 6), target_shape=(3, 4)),
    one("Reshape", (2, 6), target_shape=(-1, 2, 2)),
    one("Permute", (2, 3, 4), dims=(3, 1, 2)),
    one("RepeatVector", (4,), n=3),
    one("ZeroPadding1D", SEQUENCE),
    one("ZeroPadding1D", SEQUENCE, padding=(0, 3)),
    one("ZeroPadding2D", IMAGE),
    one("ZeroPadding2D", IMAGE, padding=(2, 0)),
    one("ZeroPadding2D", IMAGE, padding=((1, 0), (2, 3))),
    one("Cropping1D", SEQUENCE),
    one("Cropping1D", SEQUENCE, cropping=(0, 3)),
    one("Cropping2D", IMAGE, cropping=1),
    one("Cropping2D", IMAGE, cropping=((1, 0), (2, 3))),
    one("UpSampling1D", SEQUENCE, size=3),
    one("UpSampling2D", IMAGE),
    one("UpSampling2D", IMAGE, size=(1, 3)),
    one("UpSampling2D", IMAGE, size=(2, 3), interpolation="bilinear"),
    one("UpSampling2D", IMAGE, size=(2, 3), interpolation="bicubic"),
    one("Resizing", IMAGE, height=3, width=9),
    one("Resizing", IMAGE, height=4, width=3, interpolation="nearest"),
    one("Resizing", IMAGE, height=9, width=5, interpolation="bicubic"),
    one("Resizing", IMAGE, height=4, width=11, interpolation="lanczos3"),
    one("Resizing", IMAGE, height=13, width=4, interpolation="lanczos5"),
    one("Resizing", IMAGE, height=2, width=3, antialias=True),
    one("Resizing", IMAGE, height=2, width=3, interpolation="bicubic", antialias=True),
    one("Resizing", IMAGE, height=4, width=8, crop_to_aspect_ratio=True),
    one("Resizing", IMAGE, height=4, width=4, pad_to_aspect_ratio=True, fill_value=2.0),
    one("CenterCrop", IMAGE, height=3, width=4),
    one("CenterCrop", IMAGE, height=9, width=4),
]
NORMALIZATIONS = [
    one("BatchNormalization", (4,)),
    one("BatchNormalization", IMAGE, momentum=0.8, epsilon=0.01),
    one("BatchNormalization", IMAGE, axis=1, center=False),
    one("BatchNormalization", IMAGE, axis=2, scale=False),
    one("LayerNormalization", (5,)),
    one("LayerNormalization", IMAGE, axis=[1, 2], epsilon=0.01),
    one("LayerNormalization", IMAGE, axis=(-1, -3), center=False),
    one("LayerNormalization", IMAGE, axis=2, scale=False),
    one("GroupNormalization", (6,), groups=3),
    one("GroupNormalization", IMAGE, groups=2, epsilon=0.01, center=False),
    one("GroupNormalization", IMAGE, groups=3, axis=1),
    one("GroupNormalization", (4, 3), groups=-1, scale=False),
    one("UnitNormalization", (4,)),
    one("UnitNormalization", IMAGE, axis=(1, 2)),
    one("Normalization", (4,)),
    one("Normalization", IMAGE, axis=None),
    one("Normalization", IMAGE, axis=(1, -1)),
    one("Normalization", (3,), mean=[1.0, 2.0, 3.0], variance=[0.5, 2.0, 4.0]),
    one("Normalization", (4,), mean=2.0, variance=3.0, invert=True),
    one("Rescaling", IMAGE, scale=1 / 255),
    one("Rescaling", IMAGE, scale=[0.5, 2.0], offset=[1.0, -1.0]),
    Row("Rescaling", (IMAGE,), {"scale": 1 / 127.5, "offset": -1}, below=255),
]
ENCODINGS = [
    Row("CategoryEncoding", ((5,),), {"num_tokens": 7}, below=7),
    Row("CategoryEncoding", ((5,),), {"num_tokens": 4}, below=7),
    Row("CategoryEncoding", ((5,),), {"num_tokens": 7, "output_mode": "count"}, below=7),
    Row("CategoryEncoding", ((5,),), {"num_tokens": 7, "output_mode": "one_hot"}, below=7),
    Row("CategoryEncoding", ((1,),), {"num_tokens": 5, "output_mode": "one_hot"}, below=7),
    one("Discretization", (4,), bin_boundaries=[-0.5, 0.1, 1.0]),
    one("Discretization", (1,), bin_boundaries=[-0.5, 0.1], output_mode="one_hot"),
    one("Discretization", (4,), bin_boundaries=[-0.5, 0.1], output_mode="multi_hot"),
    one("Discretization", (4,), bin_boundaries=[-0.5, 0.1], output_mode="count"),
]
REGULARIZATIONS = [
    one("Dropout", (4, 3), True, rate=0.4),
    one("Dropout", (4, 3), True, rate=0.4, noise_shape=(None, 1, 3)),
    one("AlphaDropout", (4, 3), True, rate=0.4),
    one("SpatialDropout1D", SEQUENCE, True, rate=0.5),
    one("SpatialDropout2D", IMAGE, True, rate=0.5),
    one("GaussianNoise", (4, 3), True, stddev=0.3),
    one("GaussianDropout", (4, 3), True, rate=0.3),
    one("ActivityRegularization", (4, 3), l1=0.1, l2=0.2),
]
TWO, THREE = ((4, 3), (4, 3)), ((4, 3), (4, 1), (4, 3))
MERGINGS = [
    Row("Add", THREE),
    Row("Add", ((4, 3), (3,))),
    Row("Subtract", TWO),
    Row("Multiply", THREE),
    Row("Average", THREE),
    Row("Maximum", THREE),
    Row("Minimum", THREE),
    Row("Concatenate", ((4, 3), (4, 2), (4, 1))),
    Row("Concatenate", ((4, 3), (2, 3)), {"axis": 1}),
    Row("Dot", ((5,), (5,)), {"axes": 1}),
    Row("Dot", ((4, 3), (2, 3)), {"axes": 2}),
    Row("Dot", ((3, 4), (2, 3)), {"axes": (1, 2), "normalize": True}),
    Row("Dot", ((4, 3), (3,)), {"axes": -1}),
    Row("Dot", ((4, 3, 2), (5, 2, 3)), {"axes": (2, 3)}),
]
AUGMENTATIONS = [
    one("RandomContrast", IMAGE_OF_3, True, factor=0.3, value_range=(-4, 4)),
    one("RandomContrast", IMAGE_OF_3, True, factor=(0.1, 0.6), value_range=(-1, 1)),
    one("RandomBrightness", IMAGE_OF_3, True, factor=0.3, value_range=(-4, 4)),
    one("RandomBrightness", IMAGE_OF_3, True, factor=(-0.1, 0.2), value_range=(-1, 1)),
    one("RandomFlip", IMAGE_OF_3, True),
    one("RandomFlip", IMAGE_OF_3, True, mode="horizontal"),
    one("RandomFlip", IMAGE_OF_3, True, mode="vertical"),
    # Keras leaves the image uncropped outside of training.
    Row("RandomCrop", (IMAGE_OF_3,), {"height": 4, "width": 5}, draws=True, in_keras=False),
    one("RandomTranslation", IMAGE_OF_3, True, height_factor=0.3, width_factor=(-0.1, 0.2)),
    one("RandomRotation", IMAGE_OF_3, True, factor=0.2, fill_mode="constant", fill_value=0.5),
    one("RandomZoom", IMAGE_OF_3, True, height_factor=0.3, width_factor=0.2, fill_mode="wrap"),
    one("RandomZoom", IMAGE_OF_3, True, height_factor=(-0.4, 0.1), interpolation="nearest"),
]
LAYERS = [
    *CORE,
    *ACTIVATIONS,
    *CONVOLUTIONS,
    *POOLINGS,
    *SHAPES,
    *NORMALIZATIONS,
    *ENCODINGS,
    *REGULARIZATIONS,
    *MERGINGS,
    *AUGMENTATIONS,
]
DRAWING = [row for row in LAYERS if row.draws]

# Public layers that have tests of their own: the base class, inputs, and what is never saved.
WITHOUT_ROW = {"Layer", "InputLayer", "Lambda", "Operation", "Wrapper"}
WITHOUT_ROW |= {"IntegerLookup", "StringLookup", "TextVectorization"}  # test_text.py
