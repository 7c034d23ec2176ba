"""Layers, with Keras's names, arguments and defaults; images have their channels last.

Example:
    >>> from grafito import layers
    >>> x = layers.Input((28, 28))
    >>> layers.Dense(10, activation="softmax")(layers.Flatten()(x)).shape
    (None, 10)
"""

from grafito.errors import names_of as _names_of
from grafito.errors import offered as _offered
from grafito.layers.advanced_activations import ELU, LeakyReLU, PReLU, ReLU, Softmax
from grafito.layers.augmentation import RandomBrightness, RandomContrast, RandomCrop, RandomFlip
from grafito.layers.base import Layer, registry
from grafito.layers.convolution import Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose
from grafito.layers.core import Activation, Dense, Identity, Input, InputLayer, Lambda, Wrapper
from grafito.layers.depthwise import (
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
)
from grafito.layers.embedding import Embedding
from grafito.layers.encoding import CategoryEncoding, Discretization
from grafito.layers.geometry import RandomRotation, RandomTranslation, RandomZoom
from grafito.layers.input_spec import InputSpec
from grafito.layers.lookup import IntegerLookup, StringLookup
from grafito.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from grafito.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    UnitNormalization,
)
from grafito.layers.operation import Operation
from grafito.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)
from grafito.layers.preprocessing import Normalization, Rescaling
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
    CenterCrop,
    Cropping1D,
    Cropping2D,
    Resizing,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from grafito.layers.vectorization import TextVectorization
from grafito.registry import deserializer as _deserializer
from grafito.registry import serialize

MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

get = registry.get
deserialize = _deserializer(get)

__getattr__ = _names_of(__name__)
__all__ = _offered(vars())


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
