"""A network that says numbers, as an estimator of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import column_or_1d

from grafito.estimators.base import NetworkEstimator
from grafito.models import Model


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """A network for one number or several, with scikit-learn's methods.

    Args: those of `NetworkClassifier`, without `class_weight`; the loss is "mse" by default.

    Targets are taken as they are. Those far from 1 are learned sooner in scikit-learn's
    `TransformedTargetRegressor(NetworkRegressor(), transformer=StandardScaler())`.

    Example:
        >>> import numpy as np
        >>> x = np.linspace(-1, 1, 40).reshape(-1, 1)
        >>> model = NetworkRegressor(hidden=(20,), learning_rate=0.01, random_state=0)
        >>> model.fit(x, np.abs(x[:, 0])).score(x, np.abs(x[:, 0])) > 0.9
        True
    """

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
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.engine = engine

    def predict(self, X: Any) -> np.ndarray:
        """The numbers for each example: (n,), or (n, outputs) where it was trained with several."""
        outputs = self._ask(X)
        return outputs if self._several else outputs[:, 0]

    def _targets(self, y: Any, weight: Any, goes_on: bool) -> tuple[Any, Any]:
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not goes_on:
            self._several = y.ndim == 2
            self.n_outputs_ = y.shape[1] if self._several else 1
        return y.astype(np.float64).reshape(len(y), -1), weight

    def _outputs(self) -> int:
        return self.n_outputs_

    def _last(self) -> str:
        return "linear"

    def _loss(self, model: Model) -> str:
        return "mse"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
