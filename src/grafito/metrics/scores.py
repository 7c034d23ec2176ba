"""Scores that need more than a mean: R² of regression, F of classification."""

from __future__ import annotations

from numbers import Real

from grafito import graph
from grafito.errors import ArgumentError, ShapeError
from grafito.graph.tensor import Tensor
from grafito.graph.variable import Variable
from grafito.losses.targets import VALUES, align_weights, divide_no_nan, pair
from grafito.metrics.base import Metric, register

AGGREGATIONS = ("uniform_average", "variance_weighted_average", None)
AVERAGES = ("micro", "macro", "weighted", None)
EPSILON = 1e-7  # Keras adds it to each divisor of an F score


class ColumnMetric(Metric):
    """Sums for each column of the predictions, made when the first batch shows how many."""

    sums: tuple[str, ...] = ()

    def matrices(self, y_true, y_pred, sample_weight) -> tuple[Tensor, Tensor, Tensor]:
        """Targets, predictions and weights, each `(n, columns)` and of the metric's dtype."""
        y_true, y_pred = pair(y_true, y_pred, VALUES, where=self.name)
        if y_pred.ndim == 1:
            y_true, y_pred = graph.expand_dims(y_true, -1), graph.expand_dims(y_pred, -1)
        if y_pred.ndim != 2:
            raise ShapeError(
                "This metric compares rows of numbers.",
                where=self.name,
                received=f"predictions {y_pred.shape}",
                expected="(n, columns)",
            )
        if not self.variables:
            for name in self.sums:
                setattr(self, name, self.add_variable(self.sum_shape(y_pred.shape[-1]), name=name))
        dtype = self.variables[0].dtype
        y_true, y_pred = graph.cast(y_true, dtype), graph.cast(self.decided(y_pred), dtype)
        weights = graph.ones_like(y_pred[:, :1])
        if sample_weight is not None:
            weights = align_weights(sample_weight, y_pred)
        return y_true, y_pred, graph.broadcast_to(weights, y_pred.shape)

    def decided(self, y_pred: Tensor) -> Tensor:
        """The predictions, in the dtype of the model, as the sums read them."""
        return y_pred

    def sum_shape(self, columns: int) -> tuple[int, ...]:
        """Shape of the sums."""
        return (columns,)

    def result(self):
        if not self.variables:
            return graph.constant(0.0)
        return self.score()

    def score(self) -> Tensor:
        """The result, once there are sums."""
        raise NotImplementedError


@register()
class R2Score(ColumnMetric):
    """R², 1 - Σ (y - p)² / Σ (y - mean y)²: the share of the variance that is explained.

    The variance is merged batch by batch about the running mean, which loses no digits where the
    mean is large. Where the targets do not vary it is 1 if every prediction is right, else 0.

    Args:
        class_aggregation: "uniform_average" of the columns, "variance_weighted_average", or None
            for a score for each.
        num_regressors: p of the adjusted R², 1 - (1 - R²)(n - 1) / (n - p - 1).
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ArgumentError: for another aggregation, or regressors below 0.
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Source: T. F. Chan, G. H. Golub and R. J. LeVeque, The American Statistician 37, 1983.

    Example:
        >>> float(R2Score()([[1.0], [3.0]], [[1.0], [2.0]]))
        0.5
    """

    direction = "up"
    sums = ("mean", "variation", "residual", "count", "num_samples")
    mean: Variable
    variation: Variable
    residual: Variable
    count: Variable
    num_samples: Variable

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: str | None = None,
    ):
        super().__init__(dtype, name)
        if class_aggregation not in AGGREGATIONS or num_regressors < 0:
            raise ArgumentError(
                "R2Score cannot be computed with these arguments.",
                received=f"class_aggregation={class_aggregation!r}, "
                f"num_regressors={num_regressors}",
                expected=f"one of {', '.join(map(repr, AGGREGATIONS))}; a number from 0",
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors

    def update_state(self, y_true, y_pred, sample_weight=None):
        y, p, w = self.matrices(y_true, y_pred, sample_weight)
        count = graph.sum(w, axis=0)
        mean = divide_no_nan(graph.sum(w * y, axis=0), count)
        variation = graph.sum(w * graph.square(y - mean), axis=0)
        total, step = self.count + count, mean - self.mean
        share = divide_no_nan(count, total)
        self.variation.assign(self.variation + variation + graph.square(step) * self.count * share)
        self.mean.assign(self.mean + step * share)
        self.count.assign(total)
        self.residual.assign(self.residual + graph.sum(w * graph.square(y - p), axis=0))
        self.num_samples.assign(self.num_samples + float(len(y)))

    def score(self):
        exact = graph.equal(self.residual, 0) & (self.count > 0)  # nothing yet is no success
        exact = graph.cast(exact, self.residual.dtype)
        varies = self.variation > 0
        quotient = self.residual / graph.where(varies, self.variation, 1)
        r2 = graph.where(varies, 1 - quotient, exact)
        if self.class_aggregation == "uniform_average":
            r2 = graph.mean(r2)
        elif self.class_aggregation == "variance_weighted_average":
            r2 = divide_no_nan(graph.sum(self.variation * r2), graph.sum(self.variation))
        if not self.num_regressors:
            return r2
        n = self.num_samples[0]
        free = n - self.num_regressors - 1
        adjusted = 1 - (1 - r2) * (n - 1) / graph.where(free > 0, free, 1)
        return graph.where(free > 0, adjusted, r2)


@register()
class FBetaScore(ColumnMetric):
    """F, (1 + β²) P R / (β² P + R), of the precision P and the recall R of each class.

    Args:
        average: None for a score for each class, "micro" (all decisions together), "macro" (the
            mean of the classes), "weighted" (by how often each class is true).
        beta: how much the recall counts against the precision.
        threshold: what a prediction must exceed to say yes; None: the largest of each row does,
            so that a single column needs a threshold.
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ArgumentError: for another average, a beta not above 0, a threshold outside 0 to 1.
        ShapeError: on an update, when targets (one-hot), predictions and weights do not fit.

    Example:
        >>> metric = FBetaScore(average="macro", beta=2.0, threshold=0.5)
        >>> print(round(float(metric([[1], [1], [0]], [[0.9], [0.2], [0.1]])), 4))
        0.5556
    """

    direction = "up"
    sums = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: str | None = None,
    ):
        super().__init__(dtype, name)
        fits = isinstance(beta, Real) and beta > 0
        fits = fits and (threshold is None or (isinstance(threshold, Real) and 0 < threshold <= 1))
        if average not in AVERAGES or not fits:
            raise ArgumentError(
                "An F score cannot be computed with these arguments.",
                received=f"average={average!r}, beta={beta!r}, threshold={threshold!r}",
                expected=f"average one of {', '.join(map(repr, AVERAGES))}; beta above 0; "
                "threshold None, or above 0 and at most 1",
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold

    def sum_shape(self, columns):
        return () if self.average == "micro" else (columns,)

    def decided(self, y_pred):
        if self.threshold is not None:
            return y_pred > float(self.threshold)
        largest = y_pred >= graph.max(y_pred, axis=-1, keepdims=True)
        return graph.logical_and(largest, graph.abs(y_pred) > 1e-9)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y, p, w = self.matrices(y_true, y_pred, sample_weight)
        axis = None if self.average == "micro" else 0
        for name, values in zip(self.sums, (p * y, p * (1 - y), (1 - p) * y, y), strict=True):
            variable = getattr(self, name)
            variable.assign(variable + graph.sum(w * values, axis))

    def score(self):
        right = self.true_positives
        precision = right / (right + self.false_positives + EPSILON)
        recall = right / (right + self.false_negatives + EPSILON)
        both = self.beta**2 * precision + recall + EPSILON
        f = (1 + self.beta**2) * precision * recall / both
        if self.average == "weighted":
            weights = self.intermediate_weights
            return graph.sum(f * weights / (graph.sum(weights) + EPSILON))
        return f if self.average is None else graph.mean(f)


@register()
class F1Score(FBetaScore):
    """The F1 score, 2 P R / (P + R): `FBetaScore` with β = 1.

    Args:
        average: see `FBetaScore`, as for the other arguments and the errors.
        threshold: what a prediction must exceed to say yes; None: the largest of each row does.
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Example:
        >>> metric = F1Score(threshold=0.5)
        >>> metric([[1], [1], [0]], [[0.9], [0.2], [0.1]]).numpy().round(4).tolist()
        [0.6667]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: str | None = None,
    ):
        super().__init__(average, 1.0, threshold, name, dtype)
