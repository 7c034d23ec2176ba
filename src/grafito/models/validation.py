"""Cross-validation: each part of the data is held out once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grafito.callbacks import History
from grafito.datasets.transforms import class_labels
from grafito.errors import ArgumentError
from grafito.models.model import Model


@dataclass(frozen=True)
class CrossValidation:
    """The results of the folds.

    Attributes:
        scores: by name of loss and metrics, the value on the held-out part of each fold (folds,).
        histories: of each fold; "val_" stands for the held-out part.
        folds: (train, held_out) indices of each fold.
        models: the trained model of each fold.
        outputs: of each fold, what its model says of the held-out part.
    """

    scores: dict[str, np.ndarray]
    histories: list[History]
    folds: list[tuple[np.ndarray, np.ndarray]]
    models: list[Model] = field(repr=False)
    outputs: list[Any] = field(repr=False)

    def mean(self, name: str) -> float:
        """The mean of a score over the folds."""
        return float(self.scores[name].mean())

    def deviation(self, name: str) -> float:
        """The standard deviation of a score over the folds (n - 1)."""
        return float(self.scores[name].std(ddof=1))


def cross_validate(
    build: Callable[[np.ndarray], Model],
    x: Any,
    y: Any,
    *,
    folds: int = 5,
    preprocessing: Any = None,
    seed: int = 0,
    **fit: Any,
) -> CrossValidation:
    """Train a fresh model for each fold and score it on the part that it has not seen.

    Args:
        build: from the training inputs of a fold, a new compiled model; layers may adapt to them.
        x: inputs (n, ...).
        y: targets (n, ...); folds keep the shares of class labels.
        folds: how many parts, from 2 to n.
        preprocessing: a scikit-learn transformer, fitted anew to the training part of each fold.
        seed: of the shuffle.
        fit: settings of `Model.fit`.

    Raises:
        ArgumentError: for a number of folds that is impossible, or a model used twice.

    Example:
        >>> from grafito import layers, models
        >>> def build(x):
        ...     model = models.Sequential([layers.Input(x.shape[1:]), layers.Dense(1)])
        ...     model.compile("sgd", loss="mse")
        ...     return model
        >>> x = np.arange(8.0).reshape(8, 1) / 8
        >>> cross_validate(build, x, 2 * x, folds=4, epochs=2, verbose=0).scores["loss"].shape
        (4,)
    """
    from sklearn.base import clone

    _check_build(build)
    x, y = np.asarray(x), np.asarray(y)
    result = CrossValidation({}, [], folds_of(y, folds, seed), [], [])
    values: dict[str, list[float]] = {}
    for train, held_out in result.folds:
        x_train, x_held_out = x[train], x[held_out]
        if preprocessing is not None:
            fitted = clone(preprocessing)
            x_train = np.asarray(fitted.fit_transform(x_train), x.dtype)
            x_held_out = np.asarray(fitted.transform(x_held_out), x.dtype)
        model = build(x_train)
        if not isinstance(model, Model):
            raise ArgumentError(
                "cross_validate needs a model from the function.",
                where="build",
                received=repr(model),
                fix="return model at its end",
            )
        if any(model is used for used in result.models):
            raise ArgumentError(
                "Every fold needs a model of its own.",
                where="cross_validate",
                received="the same model twice",
                fix="make and compile the model inside build",
            )
        unseen = (x_held_out, y[held_out])
        history = model.fit(x_train, y[train], validation_data=unseen, **fit)
        logs = model.evaluate(*unseen, verbose=0, return_dict=True)
        for name, value in logs.items():
            values.setdefault(name, []).append(float(value))
        result.histories.append(history)
        result.models.append(model)
        result.outputs.append(model.predict(x_held_out, verbose=0))
        if history.interrupted:
            break
    result.scores.update({name: np.array(each) for name, each in values.items()})
    return result


def _check_build(build: Any) -> None:
    """Raise an ArgumentError unless it is a function of the training inputs."""
    fix = "cross_validate(lambda x: make(), x, y), where make() gives a new compiled model"
    what = "cross_validate calls a function that makes a new model for each fold."
    if isinstance(build, Model) or not callable(build):
        received = f"the model {build.name!r}" if isinstance(build, Model) else repr(build)
        raise ArgumentError(what, where="build", received=received, fix=fix)
    try:
        signature = inspect.signature(build)
        signature.bind(None)
    except ValueError:  # one without a signature
        return
    except TypeError:
        raise ArgumentError(
            what,
            where="build",
            received=f"a function of {signature}",
            expected="a function of the training inputs of the fold",
            fix=fix,
        ) from None


def folds_of(y: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(train, held_out) indices of each fold; folds keep the shares of class labels.

    Example:
        >>> [len(held_out) for _, held_out in folds_of(np.arange(10) % 2, 5, seed=1)]
        [2, 2, 2, 2, 2]
    """
    from sklearn.model_selection import KFold, StratifiedKFold

    labels = class_labels(y)
    rarest = len(y) if labels is None else int(np.unique(labels, return_counts=True)[1].min())
    if not 2 <= folds <= len(y):
        raise ArgumentError(
            "The data cannot be cut into that many parts.",
            where="folds",
            received=folds,
            expected=f"from 2 to {len(y)}, the number of examples",
            fix="folds=5",
        )
    if labels is None or rarest < folds:
        splitter: Any = KFold(folds, shuffle=True, random_state=seed)
    else:
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros((len(y), 1)), labels))
