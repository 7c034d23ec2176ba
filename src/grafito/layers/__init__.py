"""Layers, with Keras's names, arguments and defaults; images have their channels last.

>>> from grafito import layers
>>> x = layers.Input((28, 28))
>>> layers.Dense(10, activation="softmax")(layers.Flatten()(x)).shape
(None, 10)
"""

from grafito.layers.base import Layer, registry
from grafito.layers.core import Activation, Dense, Identity, Input, InputLayer, Lambda
from grafito.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)
from grafito.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from grafito.layers.resizing import (
    Cropping1D,
    Cropping2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from grafito.registry import plain as serialize

get = deserialize = registry.get

__all__ = [name for name in dir() if not name.startswith("_")]
