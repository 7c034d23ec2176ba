"""A network that says classes, as an estimator of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from grafito import losses
from grafito.errors import ArgumentError, DataError
from grafito.estimators.base import NetworkEstimator
from grafito.models import Model


class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """A network for two classes, several, or several labels at once, with scikit-learn's methods.

    Weights of examples are the same as repeating them: exactly where one batch holds all of them,
    else in expectation. The network computes in float64 where X needs it, in float32 otherwise.

    Args:
        network: a function of the shape of an example and the number of classes (or labels) that
            returns a new model, ending in probabilities; one sigmoid unit will do for two classes.
        hidden: units of the layers of a perceptron, where there is no `network`.
        activation: of these layers.
        optimizer: name or object.
        learning_rate: number or schedule; that of the optimizer by default.
        loss: cross-entropy by default.
        epochs: how often the examples are gone through.
        batch_size: examples in a step; "auto" is 200, or all with "lbfgs" or if there are fewer.
        validation_fraction: share held out by `early_stopping`.
        early_stopping: True, or after how many epochs without improvement, 10 by default.
        class_weight: a dictionary from class to weight, or "balanced".
        random_state, warm_start, verbose, engine: as in scikit-learn, and as in `compile`.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> x, y = load_iris(return_X_y=True)
        >>> NetworkClassifier(learning_rate=0.01, random_state=0).fit(x, y).score(x, y) > 0.95
        True
    """

    classes_: np.ndarray
    _one_unit_for = 2

    def __init__(
        self,
        network: Any = None,
        hidden: Any = (100,),
        activation: Any = "relu",
        *,
        optimizer: Any = "adam",
        learning_rate: Any = None,
        loss: Any = None,
        epochs: int = 200,
        batch_size: Any = "auto",
        validation_fraction: float = 0.1,
        early_stopping: Any = False,
        class_weight: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: Any = 0,
        engine: Any = "auto",
    ):
        self.network = network
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.loss = loss
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.class_weight = class_weight
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.engine = engine

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> NetworkClassifier:
        """Train for one epoch; the first call makes the network.

        Args:
            X: examples.
            y: their classes.
            classes: all that there will be, needed where the first `y` lacks some.
            sample_weight: of the examples.
        """
        if not hasattr(self, "model_") and classes is not None:
            self._foreseen = np.unique(classes)
        try:
            return super().partial_fit(X, y, sample_weight)
        finally:
            self.__dict__.pop("_foreseen", None)

    def predict(self, X: Any) -> np.ndarray:
        """The class of each example; with several labels a row of 0 and 1 for each."""
        p = self.predict_proba(X)
        return (p > 0.5).astype(int) if self._many_labels else self.classes_[p.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, or of each label, for each example."""
        p = self._ask(X)
        one = p.shape[1] == 1 and not self._many_labels
        return np.hstack([1 - p, p]) if one else p

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithms of the probabilities."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _targets(self, y: Any, weight: Any, goes_on: bool) -> tuple[Any, Any]:
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind == "multiclass-multioutput":
            raise DataError(
                "Each column of the targets must be a label that is 0 or 1.",
                where="y",
                received=f"shape {np.shape(y)}, columns of several classes",
                fix="sklearn.multioutput.MultiOutputClassifier(NetworkClassifier())",
            )
        many = kind == "multilabel-indicator"
        if many:
            y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
            seen = np.arange(y.shape[1])
        else:
            y = column_or_1d(y, warn=True)
            seen = np.unique(y)
        if not goes_on:
            self._many_labels, self.classes_ = many, vars(self).get("_foreseen", seen)
        strange = np.setdiff1d(seen, self.classes_)
        if strange.size or many != self._many_labels:
            raise DataError(
                "The targets have classes that the network was not made for.",
                where="y",
                received=", ".join(map(str, strange.tolist())) or kind,
                expected=", ".join(map(str, self.classes_.tolist())),
                fix="partial_fit(X, y, classes=...) with all of them in the first call",
            )
        if many:
            return y, weight
        if len(self.classes_) < 2:
            raise DataError(
                "The targets are all of 1 class, so there is nothing to learn.",
                where="y",
                received=f"{len(y)} times {self.classes_.tolist()[0]!r}",
                expected="two classes or more",
                fix="partial_fit(X, y, classes=...) with all that will come",
            )
        codes = np.searchsorted(self.classes_, y)
        return codes, self._weighed(codes, weight)

    def _weighed(self, codes: np.ndarray, weight: Any) -> Any:
        """The weights of the examples times those of their classes."""
        given, k = self.class_weight, len(self.classes_)
        if given is None:
            return weight
        weight = np.ones(len(codes)) if weight is None else weight
        if isinstance(given, str) and given == "balanced":
            sums = np.bincount(codes, weight, k)
            of_class = weight.sum() / (np.count_nonzero(sums) * np.maximum(sums, 1e-300))
        elif isinstance(given, dict):
            classes = self.classes_.tolist()
            unknown = [name for name in given if name not in classes]
            if unknown and not given.keys() >= set(classes):  # else a fold lacks a class
                raise ArgumentError(
                    "class_weight has a class that the targets have not.",
                    received=", ".join(map(repr, unknown)),
                    expected=", ".join(map(repr, classes)),
                    fix=f"class_weight={dict.fromkeys(classes, 1.0)}",
                )
            of_class = np.array([given.get(c, 1.0) for c in self.classes_.tolist()], float)
        else:
            raise ArgumentError(
                "class_weight must be a dictionary from class to weight.",
                received=repr(given),
                fix='class_weight="balanced"',
            )
        return weight * of_class[codes]

    def _outputs(self) -> int:
        return len(self.classes_)

    def _last(self) -> str:
        return "sigmoid" if self._many_labels else "softmax"

    def _by_unit(self, model: Model) -> bool:
        """Whether each unit is a probability of its own: of a label, or of the second class."""
        return self._many_labels or model.output_shape[-1] == 1

    def _loss(self, model: Model) -> str:
        sigmoid = self._by_unit(model)
        return "binary_crossentropy" if sigmoid else "sparse_categorical_crossentropy"

    def _form(self, y: np.ndarray) -> np.ndarray:
        if self._by_unit(self.model_):
            return y.reshape(len(y), -1)
        if isinstance(self._chosen_loss(self.model_), losses.SparseCategoricalCrossentropy):
            return y
        return np.eye(len(self.classes_))[y]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
