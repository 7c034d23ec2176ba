"""Losses, with Keras's names and meanings: classes, functions, and the checks before training.

>>> from grafito import losses
>>> float(losses.get("mse")([[1.0], [3.0]], [[1.0], [1.0]]))
2.0
"""

from grafito.errors import LossWarning
from grafito.errors import names_of as _names_of
from grafito.errors import offered as _offered
from grafito.losses.base import FunctionLoss, Loss, reduce_values, registry
from grafito.losses.checks import check_loss_fits
from grafito.losses.classification import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    sparse_categorical_crossentropy,
)
from grafito.losses.labels import check_labels
from grafito.losses.lookup import deserialize, get, resolve
from grafito.losses.margins import (
    CategoricalHinge,
    Hinge,
    MulticlassHinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    multiclass_hinge,
    squared_hinge,
)
from grafito.losses.regression import (
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
)
from grafito.losses.similarity import CosineSimilarity, Dice, cosine_similarity, dice
from grafito.losses.targets import align_weights, divide_no_nan, label_form, pair
from grafito.registry import serialize

# The short names of tf.keras.
MSE = mse = mean_squared_error
MAE = mae = mean_absolute_error
MAPE = mape = mean_absolute_percentage_error
MSLE = msle = mean_squared_logarithmic_error
KLD = kld = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh

__getattr__ = _names_of(__name__)
__all__ = _offered(vars())


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
