"""What both estimators share: a network made for the data, trained and asked."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from grafito import losses, optimizers, seeds
from grafito.callbacks import EarlyStopping
from grafito.errors import ArgumentError
from grafito.layers import Dense, Input
from grafito.layers.arguments import integer
from grafito.models import Model, Sequential

LARGEST_BATCH = 200  # of batch_size="auto", as in scikit-learn's MLPClassifier
ROWS_AT_ONCE = 1024  # in a prediction
PATIENCE = 10  # epochs without improvement


class NetworkEstimator(BaseEstimator):
    """A network with `fit`, `partial_fit` and outputs; a subclass says what targets mean."""

    network: Any
    hidden: Any
    activation: Any
    optimizer: Any
    learning_rate: Any
    loss: Any
    epochs: int
    batch_size: Any
    validation_fraction: float
    early_stopping: Any
    random_state: Any
    warm_start: bool
    verbose: Any
    engine: Any
    model_: Model
    _one_unit_for = 0  # outputs that a single unit can stand for
    loss_curve_: list[float]

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train a new network; with `warm_start`, train the one from before further."""
        goes_on = bool(self.warm_start) and hasattr(self, "model_")
        X, y, weight = self._read(X, y, sample_weight, goes_on)
        if not goes_on:
            self._begin(X)
        self._train(X, y, weight, integer(self, "epochs", self.epochs), self.early_stopping)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train for one epoch; the first call makes the network."""
        goes_on = hasattr(self, "model_")
        X, y, weight = self._read(X, y, sample_weight, goes_on)
        if not goes_on:
            self._begin(X)
        self._train(X, y, weight, 1, False)
        return self

    def _read(self, X: Any, y: Any, weight: Any, goes_on: bool) -> tuple[Any, Any, Any]:
        """The data as arrays, checked; targets as the network has them, weights or None."""
        X, y = validate_data(
            self, X, y, dtype="numeric", multi_output=True, allow_nd=True, reset=not goes_on
        )
        if weight is not None:
            weight = _check_sample_weight(weight, X, dtype=np.float64, ensure_non_negative=True)
        y, weight = self._targets(y, weight, goes_on)
        return X, y, weight

    def _targets(self, y: Any, weight: Any, goes_on: bool) -> tuple[Any, Any]:
        """The targets as numbers, and the weights with those of the classes."""
        raise NotImplementedError

    def _outputs(self) -> int:
        """How many units the network ends in."""
        raise NotImplementedError

    def _last(self) -> str:
        """The activation at the end of a network that is made from `hidden`."""
        raise NotImplementedError

    def _loss(self, model: Model) -> Any:
        """The loss of this network, where none was chosen."""
        raise NotImplementedError

    def _form(self, y: np.ndarray) -> np.ndarray:
        """The targets in the form that the loss takes."""
        return y

    def _begin(self, X: np.ndarray) -> None:
        """Make the network, with weights drawn from `random_state`."""
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        shape, outputs = X.shape[1:], self._outputs()
        with seeds.from_here(seed):
            model = self._network(shape, outputs, np.result_type(X.dtype, np.float32).name)
            if not model.built:
                model.build((None, *shape))
            self._check(model, outputs)
            model.compile(self._optimizer(), self._chosen_loss(model), engine=self.engine)
        self.model_, self.loss_curve_ = model, []

    def _check(self, model: Model, outputs: int) -> None:
        """Refuse a network that does not end in as many units as there are outputs."""
        units = model.output_shape[-1]
        if units != outputs and not (units == 1 and outputs == self._one_unit_for):
            raise ArgumentError(
                "The network does not end in one unit for each output.",
                where="network",
                received=f"{units} units, {outputs} outputs",
                fix=f"Dense({outputs}, ...) as the last layer; `outputs` is handed to the function",
            )

    def _network(self, shape: tuple[int, ...], outputs: int, dtype: str) -> Model:
        if self.network is not None:
            return _model_from(self.network, shape, outputs)
        hidden = np.atleast_1d(self.hidden).tolist()
        rows = [Dense(units, activation=self.activation, dtype=dtype) for units in hidden]
        last = Dense(outputs, activation=self._last(), dtype=dtype)
        return Sequential([Input(shape, dtype=dtype), *rows, last])

    def _optimizer(self) -> Any:
        """An optimizer of this training's own: a network may not share one."""
        chosen = optimizers.get(self.optimizer)
        config = chosen.get_config()
        if self.learning_rate is not None:
            config["learning_rate"] = self.learning_rate
        return type(chosen).from_config(config)

    def _chosen_loss(self, model: Model) -> Any:
        return losses.get(self._loss(model) if self.loss is None else self.loss)

    def _train(self, X: Any, y: Any, weight: Any, epochs: int, early_stopping: Any) -> None:
        if weight is not None:
            weight = weight * (len(weight) / weight.sum())  # a mean with weights in each batch
        stopping: dict[str, Any] = {}
        if early_stopping:
            patience = PATIENCE if early_stopping is True else early_stopping
            stopping["callbacks"] = [
                EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
            ]
            share = self.validation_fraction
            if not isinstance(share, numbers.Real) or not 0 < share < 1:
                raise ArgumentError(
                    "The share to hold out must lie between 0 and 1.",
                    where=type(self).__name__,
                    received=f"validation_fraction={share!r}",
                    fix="validation_fraction=0.1",
                )
            stopping["validation_split"] = share
        largest = len(X) if self.model_.optimizer.full_batch else LARGEST_BATCH
        size = min(largest, len(X)) if self.batch_size == "auto" else self.batch_size
        self.history_ = self.model_.fit(
            X,
            self._form(y),
            sample_weight=weight,
            batch_size=size,
            epochs=epochs,
            verbose=self.verbose,
            **stopping,
        )
        self.loss_curve_ = [*self.loss_curve_, *self.history_.history["loss"]]
        self.n_iter_ = len(self.loss_curve_)

    def _ask(self, X: Any) -> np.ndarray:
        """The outputs of the network, one row an example."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype="numeric", allow_nd=True, reset=False)
        outputs = self.model_.predict(X, batch_size=min(ROWS_AT_ONCE, len(X)), verbose=0)
        return outputs.reshape(len(X), -1)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _model_from(network: Any, shape: tuple[int, ...], outputs: int) -> Model:
    """What the user's function makes.

    Raises:
        ArgumentError: for what is no function, or a function that returns no model.
    """
    fix = "network=lambda shape, outputs: Sequential([Input(shape), ..., Dense(outputs, ...)])"
    if isinstance(network, Model) or not callable(network):
        raise ArgumentError(
            "network must be a function that makes a new model.",
            received=f"the model {network.name!r}" if isinstance(network, Model) else repr(network),
            fix=fix,
        )
    model = network(shape, outputs)
    if not isinstance(model, Model):
        raise ArgumentError("network must return a model.", received=repr(model), fix=fix)
    return model
