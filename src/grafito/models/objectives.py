"""What a model is trained for and measured by: losses and metrics of each output."""

from __future__ import annotations

import contextlib
import contextvars
import copy
import inspect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from grafito import losses, metrics
from grafito.errors import ArgumentError, DataError, ShapeError
from grafito.graph import Tensor
from grafito.graph.nest import flatten
from grafito.language import message
from grafito.losses.labels import strange_labels
from grafito.losses.targets import batches_of
from grafito.models import health
from grafito.registry import Configurable, own

_ANY_SHAPES = ((1, 2), (1, 2))  # any shapes will do: only the names are checked


class Measure(NamedTuple):
    """A metric of one output."""

    output: int
    weighted: bool
    name: str
    metric: metrics.Metric


class Objectives:
    """Losses and metrics as given to `compile`, spread over the outputs of the model.

    Args:
        loss: one for all outputs, a list, or a dictionary by output name.
        loss_weights: factors of the losses, in the same form.
        metrics: names or objects, or lists of them for each output.
        weighted_metrics: the same, computed with the sample weights.

    Raises:
        UnknownNameError: for a name that is not known.
    """

    def __init__(self, loss: Any, loss_weights: Any, metrics_: Any, weighted_metrics: Any):
        self.given = own((loss, loss_weights, metrics_, weighted_metrics))
        objects = _leaves((loss, metrics_, weighted_metrics))
        self.objects = [x for x in objects if isinstance(x, Configurable)]
        self.losses: list[losses.Loss | None] | None = None
        self.loss_weights: list[float | None] = []
        self.loss_trackers: dict[int, metrics.Mean] = {}  # by output
        self.measures: list[Measure] = []
        for name in (x for x in _leaves(loss) if isinstance(x, str)):
            losses.resolve(name, *_ANY_SHAPES)
        for name in (x for x in _leaves((metrics_, weighted_metrics)) if isinstance(x, str)):
            metrics.resolve(name, *_ANY_SHAPES)
        self._context = contextvars.copy_context()  # includes the caller's custom objects

    def targets(self, y: Any, names: list[str], what: str) -> list[Any]:
        """The targets in the order of the outputs; where a loss is None there may be none."""
        parts = [] if y is None or isinstance(y, Mapping) else flatten(y)
        if 0 < len(parts) < len(names):
            wanted = [loss is not None for loss in _spread(self.given[0], names, "loss")]
            if sum(wanted) == len(parts):
                left = iter(parts)
                return [next(left) if each else None for each in wanted]
        return match_outputs(y, names, what)

    def resolve(self, names: list[str], y: list[Any], y_pred: list[Tensor]) -> None:
        """Create losses and metrics for outputs of these names and shapes, once; all or none."""
        if self.losses is None:
            self._context.run(self._resolve, names, y, y_pred)

    def _resolve(self, names: list[str], y: list[Any], y_pred: list[Tensor]) -> None:
        loss, loss_weights, plain, weighted = self.given
        shapes = [
            (p.shape if t is None else t.shape, p.shape) for t, p in zip(y, y_pred, strict=True)
        ]
        given = _spread(loss, names, "loss")
        chosen = [losses.resolve(g, *s) for g, s in zip(given, shapes, strict=True)]
        for each in chosen:
            if isinstance(each, losses.FunctionLoss):
                _check_arguments(each.fn, 2, "A loss is a function (y_true, y_pred).")
        factors = [_factor(f) for f in _spread(loss_weights, names, "loss_weights")]
        measures: list[Measure] = []
        for given, is_weighted in ((plain, False), (weighted, True)):
            for i, identifiers in enumerate(_spread_metrics(given, names)):
                for identifier in identifiers:
                    if y[i] is None:
                        raise DataError(
                            "A metric needs targets.",
                            where=f"metric {identifier!r} of output {names[i]!r}",
                            received="no targets y",
                            fix="fit(x, y) or evaluate(x, y), with the targets behind the inputs",
                        )
                    metric = metrics.resolve(identifier, *shapes[i])
                    if any(metric is m.metric for m in measures):  # each has sums of its own
                        metric = copy.deepcopy(metric)
                    what = "A metric is updated with (y_true, y_pred, sample_weight)."
                    _check_arguments(metric.update_state, 3, what, metric.name)
                    prefix = f"{names[i]}_" if len(names) > 1 else ""
                    name = free_name(prefix, metric.name, is_weighted, [m.name for m in measures])
                    measures.append(Measure(i, is_weighted, name, metric))
        tracked = [i for i, each in enumerate(chosen) if each is not None]
        if len(names) > 1 and len(tracked) > 1:
            self.loss_trackers = {i: metrics.Mean(name=f"{names[i]}_loss") for i in tracked}
        self.losses, self.loss_weights, self.measures = chosen, factors, measures

    def check_fit(
        self, names: list[str], y: list[Any], y_pred: list[Tensor], role: str = ""
    ) -> list[losses.LossWarning | None]:
        """Check that losses fit the outputs and have targets; warnings of what is rarely meant."""
        found = []
        for name, loss, target, out in zip(names, self.losses or [], y, y_pred, strict=True):
            if loss is not None and target is None:
                raise DataError(
                    "A loss needs targets.",
                    where=f"loss {loss.name!r} of output {name!r}",
                    received="no targets y",
                    fix="validation_data=(x_val, y_val)"
                    if role
                    else "fit(x, y) or evaluate(x, y), with the targets behind the inputs",
                )
            if loss is not None:
                found.append(losses.checks.unusual(loss, out, where=message(f"output {name!r}")))
                found.append(health.out_of_reach(loss, losses.checks.activation_of(out), target))
        for i, _, _, metric in self.measures:
            found.append(health.accuracy_of_numbers(metric, y[i]))
            found.append(health.accuracy_of_logits(metric, (self.losses or [])[i]))
        return found

    def check_labels(
        self,
        names: list[str],
        y: list[Any],
        y_pred: list[Tensor],
        weights: list[Any],
        role: str = "",
    ) -> list[losses.LossWarning | None]:
        """Check the values of the targets; `role` is what messages call the data."""
        found = []
        for name, loss, target, out, weight in zip(
            names, self.losses or [], y, y_pred, weights, strict=True
        ):
            if loss is not None and target is not None:
                where = f"{role}y" if len(names) == 1 else f"{role}y of output {name!r}"
                classes = out.shape[-1] if out.ndim > 1 else None
                found.append(strange_labels(loss, target, classes, where, weight))
        return found

    def without_loss(self, y_pred: list[Tensor]) -> list[Tensor]:
        """The outputs whose loss is None, if other outputs have a loss."""
        given = self.losses or []
        some = any(loss is not None for loss in given)
        return [p for p, loss in zip(y_pred, given, strict=False) if some and loss is None]

    @property
    def named(self) -> dict[str, Any]:
        """All metrics and loss trackers, by their name in the logs."""
        measures = {m.name: m.metric for m in self.measures}
        if len(self.losses or ()) > 1:
            measures = dict(sorted(measures.items()))  # Keras's order
        return {tracker.name: tracker for tracker in self.loss_trackers.values()} | measures

    def loss(self, y: list[Any], y_pred: list[Tensor], weights: list[Any]) -> Tensor | None:
        """The weighted sum of the losses of all outputs."""
        total = None
        for i, loss in enumerate(self.losses or []):
            if loss is None or y[i] is None:
                continue
            with _told("loss", loss, y[i], y_pred[i]):
                value = loss(y[i], y_pred[i], sample_weight=weights[i])
            if i in self.loss_trackers:
                self.loss_trackers[i].update_state(value, sample_weight=y_pred[i].shape[0])
            factor = self.loss_weights[i]
            if factor is not None:
                value = value * factor
            total = value if total is None else total + value
        return total

    def update(self, y: list[Any], y_pred: list[Tensor], weights: list[Any]) -> None:
        """Add a batch to the metrics."""
        for i, is_weighted, _, metric in self.measures:
            with _told("metric", metric, y[i], y_pred[i]):
                metric.update_state(y[i], y_pred[i], weights[i] if is_weighted else None)


@contextlib.contextmanager
def _told(kind: str, part: Any, y: Any, y_pred: Any) -> Iterator[None]:
    """Errors of weights, and of the user's own code, say in which part and what it was given."""
    try:
        yield
    except ShapeError as error:
        own = error.rows.get("where", "")
        code = getattr(part, "fn", type(part))
        ours = getattr(code, "__module__", "").startswith("grafito.")
        if error.rows.get("path") or (ours and own != "sample_weight"):
            raise
        rows = {key: text for key, text in error.rows.items() if key not in ("where", "try")}
        given = f"y_true {batches_of(y.shape)}, y_pred {batches_of(y_pred.shape)}"
        raise ShapeError(
            error.what,
            where=", ".join(filter(None, (own, f"{kind} {part.name!r}"))),
            fix=error.rows.get("try"),
            **{**rows, "path": given},
        ) from None


def _leaves(given: Any) -> list[Any]:
    """The single losses or metrics; a configuration is one of them."""
    if isinstance(given, Mapping):
        given = [] if "class_name" in given else list(given.values())
    return [x for p in given for x in _leaves(p)] if isinstance(given, (list, tuple)) else [given]


def _factor(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        raise ArgumentError(
            "A loss weight must be a number.", where="loss_weights", received=repr(value)
        ) from None


def _check_arguments(function: Any, count: int, what: str, name: Any = None) -> None:
    """Raise unless the function can be called with so many arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # one without a signature
        return
    try:
        signature.bind(*[None] * count)
    except TypeError:
        name = name or getattr(function, "__name__", function)
        raise ArgumentError(what, where=name, received=f"{name}{signature}") from None


def free_name(prefix: str, name: str, weighted: bool, taken: list[str]) -> str:
    """The name in the logs, by Keras's rule: "mae", then "weighted_mae" or "mae_1"."""
    if weighted and prefix + name in taken:
        name = f"weighted_{name}"
    candidates = [prefix + name, *(f"{prefix}{name}_{i}" for i in range(1, len(taken) + 2))]
    return next(c for c in candidates if c not in taken)


class OutputNames(list[str]):
    """Names of outputs in the order of `flatten`; `written` is how the model has them."""

    written: Sequence[str] = ()

    @classmethod
    def of(cls, outputs: Mapping[str, Any]) -> OutputNames:
        """The names of a dictionary of outputs."""
        names = cls(sorted(outputs))
        names.written = list(outputs)
        return names


def unique(names: list[str]) -> list[str]:
    """The names made unique: a repeated one gets a number, "d", then "d_1"."""
    found: list[str] = []
    for name in names:
        numbered = (f"{name}_{i}" for i in itertools.count(1))
        taken = found if name not in found else [*found, *names]
        found.append(next(n for n in itertools.chain([name], numbered) if n not in taken))
    return found


def _check_list(given: Any, names: list[str], what: str) -> None:
    """Raise if a list is given for outputs whose names are not in sorted order."""
    written = list(getattr(names, "written", names))
    if len(names) > 1 and written != list(names) and isinstance(given, (list, tuple)):
        raise ArgumentError(
            "A list does not say which output is which: they have names, not in order.",
            where=what,
            received=f"a list of {len(given)}",
            expected=f"a dictionary with the names {written}",
            fix="{" + ", ".join(f"{name!r}: ..." for name in written) + "}",
        )


def in_output_order(y_pred: Any, names: list[str]) -> list[Any]:
    """The outputs as a list in the order of their names."""
    return [y_pred[name] for name in names] if isinstance(y_pred, dict) else flatten(y_pred)


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
    if len(parts) > 1:
        _check_list(part, names, what)
    if what == "sample_weight" and len(parts) == 1:
        parts = parts * len(names)
    if len(parts) != len(names):
        raise DataError(
            "The model has a different number of outputs.",
            where=what,
            received=f"{len(parts)} array{'s' if len(parts) > 1 else ''}",
            expected=f"one for each of {names}",
        )
    return parts


def _by_output(given: Any, names: list[str], what: str) -> list[Any]:
    """The entry of a dictionary or a list for each output."""
    if not isinstance(given, Mapping):
        _check_list(given, names, what)
        return list(given)
    unknown = [key for key in given if key not in names]
    if unknown:
        raise ArgumentError(
            f"There is no output {unknown[0]!r}.", where=what, expected=f"names among {names}"
        )
    return [given.get(name) for name in names]


def _spread(given: Any, names: list[str], what: str) -> list[Any]:
    """One entry for each output, from a single one, a list or a dictionary."""
    if isinstance(given, Mapping) and "class_name" not in given:
        parts = zip(_by_output(given, names, what), names, strict=True)
        return [_only(part, name, what) for part, name in parts]
    if isinstance(given, (list, tuple)):
        _check_list(given, names, what)
        single = _singles(given)
        if len(single) != len(names):
            raise ArgumentError(
                "The model has a different number of outputs.",
                where=what,
                received=f"a list of {len(single)}",
                expected=f"one for each of {names}",
            )
        return single
    return [given] * len(names)


def _singles(given: Any) -> list[Any]:
    """The entries of nested lists, flattened: [["mse"], ["mae"]] is ["mse", "mae"]."""
    if isinstance(given, (list, tuple)):
        return [single for part in given for single in _singles(part)]
    return [given]


def _only(given: Any, name: str, what: str) -> Any:
    """The only entry of a list, as in {"a": ["mse"]}."""
    single = _singles(given)
    if len(single) != 1:
        raise ArgumentError(
            "An output can have only one loss.",
            where=f"{what} of output {name!r}",
            received=f"a list of {len(single)}",
            fix="one function that adds them up",
        )
    return single[0]


def _spread_metrics(given: Any, names: list[str]) -> list[list[Any]]:
    """A list of metrics for each output, from one list for all, a list of lists or a dictionary."""
    if given is None:
        return [[] for _ in names]
    if isinstance(given, Mapping) and "class_name" in given:  # the configuration of one metric
        given = [given]
    nested = isinstance(given, (list, tuple)) and (
        len(names) > 1 or any(isinstance(part, (list, tuple)) for part in given)
    )
    if isinstance(given, Mapping) or (nested and len(given) == len(names)):
        parts = _by_output(given, names, "metrics")
    else:
        parts = [given] * len(names)
    lists = [list(p) if isinstance(p, (list, tuple)) else [p] for p in parts]
    return [[metric for metric in each if metric is not None] for each in lists]
