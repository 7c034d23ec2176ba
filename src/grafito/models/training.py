"""evaluate, predict and single batches; with `fit` these are the methods of a trainer."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.errors import ShapeError
from grafito.graph.nest import flatten, map_structure
from grafito.models.batches import Batches
from grafito.models.epochs import Epochs, make_source, whole_numbers
from grafito.models.examples import Examples, make_examples, weigh_classes
from grafito.models.executor import TracedStep, join_outputs, last_values
from grafito.models.fitting import Fitting
from grafito.models.loops import Logs
from grafito.models.steps import as_placeholder
from grafito.models.turns import alone
from grafito.registry import known_arguments


class Trainer(Fitting):
    """A layer that can be trained, evaluated and asked for predictions."""

    @known_arguments
    @alone
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics on other data, with the layers as in inference.

        Returns:
            The loss, or a list [loss, metrics...]; a dictionary with `return_dict`.
        """
        self._require_compiled("evaluate")
        source = make_source(x, y, sample_weight, batch_size=batch_size)
        batch_size, steps = whole_numbers(self, "evaluate", batch_size=batch_size, steps=steps)
        if isinstance(source, Examples):
            self.prepare(source)
            self._findings.tell()
        epochs = Epochs(source, batch_size or 32, steps)
        log = self._callbacks("evaluate", callbacks, verbose, steps=epochs.steps)
        with self._loop("test"), log:
            log.call("on_test_begin")
            logs = self._run_epoch("test", self.test_step, epochs, log)
            log.call("on_test_end", logs)
        return logs if return_dict else self._as_list(logs)

    @known_arguments
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for the examples, as arrays; the model need not be compiled.

        Returns:
            An array with one row an example, or a structure of arrays like the model's output.
        """
        source = make_source(x, batch_size=batch_size)
        batch_size, steps = whole_numbers(self, "predict", batch_size=batch_size, steps=steps)
        epochs = Epochs(source, batch_size or 32, steps)

        def step(data: Any) -> dict[str, Any]:
            outputs = self.predict_step(data)
            self._output_structure = map_structure(lambda _: None, outputs)
            return {str(i): out for i, out in enumerate(flatten(outputs))}

        slices: list[dict[str, np.ndarray]] = []
        log = self._callbacks("predict", callbacks, verbose, steps=epochs.steps)
        with self._loop("predict"), log:
            log.call("on_predict_begin")
            try:
                self._run_epoch("predict", step, epochs, log, collect=slices)
            except ShapeError:
                if isinstance(source, Examples):  # the error with the shapes of the user's arrays
                    self.predict_step(map_structure(as_placeholder, source.x))
                raise
            log.call("on_predict_end")
        return join_outputs(slices, self._output_structure)

    @known_arguments
    @alone
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch; the metrics are those of this batch.

        Returns:
            The loss, or [loss, metrics...]; a dictionary with `return_dict`.
        """
        self._require_compiled("train_on_batch")
        examples = weigh_classes(make_examples(x, y, sample_weight), class_weight)
        return self._on_batch("train", self.train_step, examples, return_dict)

    @known_arguments
    @alone
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One evaluation step on one batch; the metrics are those of this batch."""
        self._require_compiled("test_on_batch")
        examples = make_examples(x, y, sample_weight)
        return self._on_batch("test", self.test_step, examples, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        return self.predict(x, batch_size=len(make_examples(x)), verbose=0)

    def _on_batch(self, kind: str, step: Any, examples: Examples, return_dict: bool) -> Any:
        self.prepare(examples)
        traced = TracedStep(kind, step, self.reset_metrics)
        with self._loop():
            for _, outputs in self._executor.run(traced, Batches.one(examples)):
                logs = last_values(outputs)
        return dict(sorted(logs.items())) if return_dict else self._as_list(logs)

    def _as_list(self, logs: Logs) -> Any:
        """The loss, or [loss, metrics...], and what a step of one's own adds behind them."""
        names = dict.fromkeys([*(n for n in self.metrics_names if n in logs), *logs])
        ordered = [logs[name] for name in names]
        return ordered[0] if len(ordered) == 1 else ordered
