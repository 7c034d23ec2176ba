"""Metrics, with Keras's names and meanings: sums over batches, and a result at any time.

>>> from grafito import metrics
>>> accuracy = metrics.BinaryAccuracy()
>>> accuracy.update_state([1, 0], [0.9, 0.2])
>>> float(accuracy([1, 1], [0.1, 0.2]))
0.5
"""

from grafito.errors import names_of as _names_of
from grafito.errors import offered as _offered
from grafito.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from grafito.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from grafito.metrics.base import Metric, registry
from grafito.metrics.confusion import (
    ConfusionMatrix,
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from grafito.metrics.curves import AUC
from grafito.metrics.lookup import deserialize, get, resolve
from grafito.metrics.means import LossMetric, Mean, MeanMetricWrapper, Sum
from grafito.metrics.of_losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from grafito.metrics.regions import IoU, MeanIoU
from grafito.metrics.scores import F1Score, FBetaScore, R2Score
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
