"""What a model is trained for and measured by: losses and metrics of each output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafito import losses, metrics
from grafito.errors import ArgumentError, DataError
from grafito.graph import Tensor
from grafito.graph.nest import flatten


class Objectives:
    """Losses and metrics as given to `compile`, spread over the outputs of the model.

    Args:
        loss: one for all outputs, a list, or a dictionary by output name.
        loss_weights: factors of the losses, in the same form.
        metrics: names or objects, or lists of them for each output.
        weighted_metrics: the same, computed with the sample weights.
    """

    def __init__(self, loss: Any, loss_weights: Any, metrics_: Any, weighted_metrics: Any):
        self.given = (loss, loss_weights, metrics_, weighted_metrics)
        self.losses: list[losses.Loss | None] | None = None
        self.loss_weights: list[float | None] = []
        self.loss_trackers: list[metrics.Mean] = []
        self.measures: list[tuple[int, bool, metrics.Metric]] = []  # output, weighted, metric

    def resolve(self, names: list[str], y: list[Any], y_pred: list[Tensor]) -> None:
        """Find losses and metrics for outputs of these names and shapes, once."""
        if self.losses is not None:
            return
        loss, loss_weights, plain, weighted = self.given
        single = len(names) == 1
        shapes = [
            (p.shape if t is None else t.shape, p.shape) for t, p in zip(y, y_pred, strict=True)
        ]
        given = _spread(loss, names, "loss")
        self.losses = [losses.resolve(g, *s) for g, s in zip(given, shapes, strict=True)]
        self.loss_weights = _spread(loss_weights, names, "loss_weights")
        if not single:
            self.loss_trackers = [metrics.Mean(name=f"{name}_loss") for name in names]
        for given, is_weighted in ((plain, False), (weighted, True)):
            for i, chosen in enumerate(_spread_metrics(given, names)):
                for identifier in chosen:
                    if y[i] is None:
                        raise DataError(
                            "A metric needs targets.", where=names[i], received="no target"
                        )
                    metric = metrics.resolve(identifier, *shapes[i])
                    if not single:
                        metric.name = f"{names[i]}_{metric.name}"
                    self.measures.append((i, is_weighted, metric))

    def check(self, names: list[str], y: list[Any], y_pred: list[Tensor]) -> None:
        """Check that the losses fit the outputs and the targets fit the losses."""
        for name, loss, target, out in zip(names, self.losses or [], y, y_pred, strict=True):
            if loss is not None and target is not None:
                losses.check_loss_fits(loss, out, where=f"output {name!r}")
                losses.check_labels(loss, target, out.shape[-1] if out.ndim > 1 else None)

    @property
    def metrics(self) -> list[Any]:
        """All that is reset at the start of an epoch."""
        return [*self.loss_trackers, *(metric for _, _, metric in self.measures)]

    def loss(self, y: list[Any], y_pred: list[Tensor], weights: list[Any]) -> Tensor | None:
        """The weighted sum of the losses of all outputs."""
        total = None
        for i, loss in enumerate(self.losses or []):
            if loss is None or y[i] is None:
                continue
            value = loss(y[i], y_pred[i], sample_weight=weights[i])
            if self.loss_trackers:
                self.loss_trackers[i].update_state(value, sample_weight=y_pred[i].shape[0])
            if self.loss_weights[i] is not None:
                value = value * float(self.loss_weights[i])  # type: ignore[arg-type]
            total = value if total is None else total + value
        return total

    def update(self, y: list[Any], y_pred: list[Tensor], weights: list[Any]) -> None:
        """Add a batch to the metrics."""
        for i, is_weighted, metric in self.measures:
            metric.update_state(y[i], y_pred[i], weights[i] if is_weighted else None)


def match_outputs(part: Any, names: list[str], what: str) -> list[Any]:
    """Targets or weights in the order of the outputs.

    Raises:
        DataError: when their number or names differ from those of the outputs.
    """
    if isinstance(part, Mapping):
        unknown = [key for key in part if key not in names]
        if unknown:
            raise DataError(
                f"There is no output {unknown[0]!r}.", where=what, expected=f"names among {names}"
            )
        return [part.get(name) for name in names]
    if part is None:
        return [None] * len(names)
    parts = flatten(part)
    if what == "sample_weight" and len(parts) == 1:
        parts = parts * len(names)
    if len(parts) != len(names):
        raise DataError(
            f"The model has {len(names)} outputs.",
            where=what,
            received=f"{len(parts)} arrays",
            expected=f"one for each of {names}",
        )
    return parts


def _spread(given: Any, names: list[str], what: str) -> list[Any]:
    """One thing for each output, from one for all, a list or a dictionary."""
    if isinstance(given, Mapping) and "class_name" not in given:
        unknown = [key for key in given if key not in names]
        if unknown:
            raise ArgumentError(
                f"There is no output {unknown[0]!r}.", where=what, expected=f"names among {names}"
            )
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ArgumentError(
                f"The model has {len(names)} outputs.",
                where=what,
                received=f"a list of {len(given)}",
            )
        return list(given)
    return [given] * len(names)


def _spread_metrics(given: Any, names: list[str]) -> list[list[Any]]:
    if given is None:
        return [[] for _ in names]
    if isinstance(given, Mapping) or (
        len(names) > 1 and isinstance(given, (list, tuple)) and len(given) == len(names)
    ):
        parts = _spread(given, names, "metrics")
    else:
        parts = [given] * len(names)
    return [[] if p is None else list(p) if isinstance(p, (list, tuple)) else [p] for p in parts]
