"""The losses as metrics, by Keras's names; any other loss is one through `LossMetric`."""

from __future__ import annotations

from grafito import graph, losses
from grafito.metrics.base import register
from grafito.metrics.means import LossMetric


@register("mse", "MSE")
class MeanSquaredError(LossMetric):
    """The mean over examples of `losses.MeanSquaredError`.

    Args:
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(MeanSquaredError()([[0.0], [1.0]], [[2.0], [1.0]]))
        2.0
    """

    def __init__(self, name: str = "mean_squared_error", dtype: str | None = None):
        super().__init__(losses.MeanSquaredError(), name, dtype)


@register("rmse", "RMSE")
class RootMeanSquaredError(LossMetric):
    """The square root of the mean squared error of all examples.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> float(RootMeanSquaredError()([[0.0], [0.0]], [[5.0], [5.0]]))
        5.0
    """

    def __init__(self, name: str = "root_mean_squared_error", dtype: str | None = None):
        super().__init__(losses.MeanSquaredError(), name, dtype)

    def result(self):
        return graph.sqrt(super().result())


@register("mae", "MAE")
class MeanAbsoluteError(LossMetric):
    """The mean over examples of `losses.MeanAbsoluteError`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> float(MeanAbsoluteError()([[0.0], [1.0]], [[2.0], [1.0]]))
        1.0
    """

    def __init__(self, name: str = "mean_absolute_error", dtype: str | None = None):
        super().__init__(losses.MeanAbsoluteError(), name, dtype)


@register("mape", "MAPE")
class MeanAbsolutePercentageError(LossMetric):
    """The mean over examples of `losses.MeanAbsolutePercentageError`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0], [1.0]], [[1.0], [1.0]]))
        25.0
    """

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: str | None = None):
        super().__init__(losses.MeanAbsolutePercentageError(), name, dtype)


@register("msle", "MSLE")
class MeanSquaredLogarithmicError(LossMetric):
    """The mean over examples of `losses.MeanSquaredLogarithmicError`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> float(MeanSquaredLogarithmicError()([[3.0]], [[3.0]]))
        0.0
    """

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: str | None = None):
        super().__init__(losses.MeanSquaredLogarithmicError(), name, dtype)


@register("logcosh", "log_cosh")
class LogCoshError(LossMetric):
    """The mean over examples of `losses.LogCosh`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> print(round(float(LogCoshError()([[0.0]], [[1.0]])), 4))
        0.4338
    """

    def __init__(self, name: str = "logcosh", dtype: str | None = None):
        super().__init__(losses.LogCosh(), name, dtype)


@register()
class Hinge(LossMetric):
    """The mean over examples of `losses.Hinge`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
        1.0
    """

    def __init__(self, name: str = "hinge", dtype: str | None = None):
        super().__init__(losses.Hinge(), name, dtype)


@register()
class SquaredHinge(LossMetric):
    """The mean over examples of `losses.SquaredHinge`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
        1.25
    """

    def __init__(self, name: str = "squared_hinge", dtype: str | None = None):
        super().__init__(losses.SquaredHinge(), name, dtype)


@register()
class CategoricalHinge(LossMetric):
    """The mean over examples of `losses.CategoricalHinge`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> float(CategoricalHinge()([[0, 1, 0]], [[0.5, 2.0, 1.5]]))
        0.5
    """

    def __init__(self, name: str = "categorical_hinge", dtype: str | None = None):
        super().__init__(losses.CategoricalHinge(), name, dtype)


@register()
class CosineSimilarity(LossMetric):
    """The mean over examples of the cosine of the angle between targets and predictions.

    It has the other sign than `losses.CosineSimilarity`: 1 is best.

    Args:
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        axis: the axis along which the vectors lie.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(CosineSimilarity()([[0.0, 2.0]], [[0.0, 3.0]]))
        1.0
    """

    direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype: str | None = None, axis: int = -1):
        super().__init__(losses.CosineSimilarity(axis), name, dtype)
        self.axis = axis

    def result(self):
        return -super().result()


@register("kld", "KLD")
class KLDivergence(LossMetric):
    """The mean over examples of `losses.KLDivergence`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> print(round(float(KLDivergence()([[0.0, 1.0]], [[0.5, 0.5]])), 4))
        0.6931
    """

    def __init__(self, name: str = "kl_divergence", dtype: str | None = None):
        super().__init__(losses.KLDivergence(), name, dtype)


@register()
class Poisson(LossMetric):
    """The mean over examples of `losses.Poisson`.

    Arguments and errors are those of `MeanSquaredError`.

    Example:
        >>> float(Poisson()([[0.0]], [[1.0]]))
        1.0
    """

    def __init__(self, name: str = "poisson", dtype: str | None = None):
        super().__init__(losses.Poisson(), name, dtype)


@register("bce", "BCE")
class BinaryCrossentropy(LossMetric):
    """The mean over examples of `losses.BinaryCrossentropy`.

    Args:
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        from_logits: the predictions are logits.
        label_smoothing: see the loss.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> print(round(float(BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]])), 4))
        0.6931
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ):
        super().__init__(losses.BinaryCrossentropy(from_logits, label_smoothing), name, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


@register()
class CategoricalCrossentropy(LossMetric):
    """The mean over examples of `losses.CategoricalCrossentropy`.

    Args:
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        from_logits: the predictions are logits.
        label_smoothing: see the loss.
        axis: the axis of the classes.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> print(round(float(CategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]])), 4))
        0.6931
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ):
        loss = losses.CategoricalCrossentropy(from_logits, label_smoothing, axis)
        super().__init__(loss, name, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


@register()
class SparseCategoricalCrossentropy(LossMetric):
    """The mean over examples of `losses.SparseCategoricalCrossentropy`.

    Examples of the ignored class do not count; in Keras they count as 0 where no sample weight is
    given.

    Args:
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        from_logits: the predictions are logits.
        ignore_class: see the loss.
        axis: the axis of the classes.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> print(round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4))
        0.6931
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ):
        loss = losses.SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis)
        super().__init__(loss, name, dtype)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
