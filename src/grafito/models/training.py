"""fit, evaluate, predict and single batches: the methods of a trainer."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.callbacks import History
from grafito.errors import ShapeError
from grafito.graph.nest import flatten, map_structure
from grafito.layers.arguments import integer
from grafito.models import health
from grafito.models.batches import Batches
from grafito.models.epochs import (
    VALIDATION,
    Epochs,
    hold_out,
    make_source,
    validated_epochs,
    validation_source,
    whole_numbers,
)
from grafito.models.examples import Examples, make_examples, weigh_classes
from grafito.models.executor import TracedStep, join_outputs, last_values
from grafito.models.fitting import Fit, weighed_and_checked
from grafito.models.interrupts import interruptible
from grafito.models.loops import Logs, Loop, callback_list, require_compiled, under_way
from grafito.models.steps import Steps, as_placeholder
from grafito.models.turns import alone
from grafito.registry import known_arguments


class Trainer(Steps):
    """A layer that can be trained, evaluated and asked for predictions."""

    history: History | None = None
    stop_training = False
    stop_evaluating = False
    stop_predicting = False

    @known_arguments
    @alone
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Train for a number of epochs.

        Args:
            x: array, or list or dictionary of arrays, one example a row; or an iterable of
                batches (x, y) or (x, y, sample_weight). Memory-mapped arrays are read as needed.
            y: targets, in the same forms.
            batch_size: examples in a step, 32 by default.
            epochs: number of the last epoch.
            verbose: "auto", 0 (silent), 1 (progress bar) or 2 (a line for each epoch).
            callbacks: a list of `grafito.callbacks`.
            validation_split: share of the examples held out, a seeded sample, stratified by class.
            validation_data: (x, y) or (x, y, sample_weight), or an iterable of batches.
            shuffle: take the examples in a new order in each epoch.
            class_weight: dictionary from class to weight.
            sample_weight: a weight for each example.
            initial_epoch: number of epochs already done.
            steps_per_epoch: batches that make an epoch; all by default.
            validation_steps: batches used for validation; all by default.
            validation_batch_size: `batch_size` by default.
            validation_freq: validate after every so many epochs.

        Returns:
            The `History`; its `history` maps names to a list of values, one for each epoch.

        Raises:
            DataError: for data that cannot be used; nothing is trained then.
        """
        require_compiled(self, "fit")
        with interruptible() as interrupted:
            source = make_source(
                x, y, sample_weight, class_weight=class_weight, batch_size=batch_size
            )
            batch_size, validation_batch_size, steps_per_epoch, validation_steps = whole_numbers(
                self,
                "fit",
                batch_size=32 if batch_size is None else batch_size,
                validation_batch_size=validation_batch_size,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
            )
            epochs = integer(self, "epochs", epochs, 0)
            initial_epoch = integer(self, "initial_epoch", initial_epoch, 0)
            validated = validated_epochs(self, validation_freq)
            if isinstance(source, Examples):
                found = health.of_fit(source, class_weight, batch_size, steps_per_epoch)
                self._findings.add(*found)
            held_out = validation_source(validation_data)
            if validation_split and validation_data is None:
                source, held_out = hold_out(source, validation_split, self._shuffle_seed, verbose)
            source = weighed_and_checked(self, source, held_out, class_weight)
            seed = self._shuffle_seed if shuffle else None
            train = Epochs(source, batch_size, steps_per_epoch, seed, epochs)
            test = Epochs(
                held_out, validation_batch_size or batch_size, validation_steps, role=VALIDATION
            )
            history = History()
            params = {"epochs": epochs, "steps": train.steps, "validation_freq": validation_freq}
            log = callback_list(self, "fit", callbacks, verbose, history, **params)
            training = Loop(self, "train", train, log, interrupted)
            validation = Loop(self, "test", test, log, interrupted)
            self.history = history
            with under_way(self, "train"), log:
                Fit(
                    training,
                    None if held_out is None else validation,
                    validated,
                    log,
                    history,
                    interrupted,
                ).run(initial_epoch)
            self.history = history  # a hook may have called `fit` too
            return history

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
        require_compiled(self, "evaluate")
        source = make_source(x, y, sample_weight, batch_size=batch_size)
        batch_size, steps = whole_numbers(self, "evaluate", batch_size=batch_size, steps=steps)
        if isinstance(source, Examples):
            self.prepare(source)
            self._findings.tell()
        epochs = Epochs(source, batch_size or 32, steps)
        log = callback_list(self, "evaluate", callbacks, verbose, steps=epochs.steps)
        with under_way(self, "test"), log:
            log.call("on_test_begin")
            logs = Loop(self, "test", epochs, log).run()
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
        log = callback_list(self, "predict", callbacks, verbose, steps=epochs.steps)
        with under_way(self, "predict"), log:
            log.call("on_predict_begin")
            try:
                Loop(self, "predict", epochs, log, function=step).run(collect=slices)
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
        require_compiled(self, "train_on_batch")
        examples = weigh_classes(make_examples(x, y, sample_weight), class_weight)
        return self._on_batch("train", self.train_step, examples, return_dict)

    @known_arguments
    @alone
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One evaluation step on one batch; the metrics are those of this batch."""
        require_compiled(self, "test_on_batch")
        examples = make_examples(x, y, sample_weight)
        return self._on_batch("test", self.test_step, examples, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, in one step.

        Example:
            >>> from grafito import Sequential, layers
            >>> model = Sequential([layers.Input((2,)), layers.Dense(1, kernel_initializer="ones")])
            >>> model.predict_on_batch(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
            [[3.0], [7.0]]
        """
        return self.predict(x, batch_size=len(make_examples(x)), verbose=0)

    def _on_batch(self, kind: str, step: Any, examples: Examples, return_dict: bool) -> Any:
        self.prepare(examples)
        traced = TracedStep(kind, step, self.reset_metrics)
        with under_way(self):
            for _, outputs in self._executor.run(traced, Batches.one(examples)):
                logs = last_values(outputs)
        return dict(sorted(logs.items())) if return_dict else self._as_list(logs)

    def _as_list(self, logs: Logs) -> Any:
        """The loss, or [loss, metrics...], and what a step of one's own adds behind them."""
        names = dict.fromkeys([*(n for n in self.metrics_names if n in logs), *logs])
        ordered = [logs[name] for name in names]
        return ordered[0] if len(ordered) == 1 else ordered
