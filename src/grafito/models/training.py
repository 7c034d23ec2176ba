"""fit, evaluate and predict: the loops over epochs and slices of batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.callbacks import CallbackList, History
from grafito.errors import ArgumentError, DataError, GraphError
from grafito.graph.nest import flatten, map_structure
from grafito.models.examples import Examples, is_stream, make_examples
from grafito.models.passes import hold_out, interruptible, make_source, passes
from grafito.models.progress import Progress
from grafito.models.runner import join_outputs
from grafito.models.steps import Steps

Logs = dict[str, float]


class Trainer(Steps):
    """A layer with the loops of training, evaluation and prediction."""

    stop_training = False
    history: History | None = None

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
        self._require_compiled("fit")
        batch_size = _positive("batch_size", 32 if batch_size is None else batch_size)
        source = make_source(x, y, sample_weight, class_weight)
        held_out = validation_data
        if validation_split and validation_data is None:
            source, held_out = hold_out(source, validation_split, self._shuffle_seed, verbose)
        elif validation_data is not None and not is_stream(validation_data):
            parts = validation_data if isinstance(validation_data, tuple) else (validation_data,)
            held_out = make_source(*parts)

        history = self.history = History()
        log = self._callbacks(
            "fit", callbacks, verbose, history, epochs=epochs, validation_freq=validation_freq
        )
        self.stop_training = False
        with interruptible() as interrupted:
            log.call("on_train_begin")
            for epoch in range(initial_epoch, epochs):
                log.call("on_epoch_begin", epoch)
                logs = self._run_epoch(
                    "train",
                    self.train_step,
                    source,
                    batch_size,
                    log,
                    shuffle=shuffle,
                    limit=steps_per_epoch,
                    stop=interrupted,
                )
                if interrupted:  # an epoch that was cut short has no place in the history
                    break
                if held_out is not None and not (epoch + 1) % validation_freq:
                    log.call("on_test_begin")
                    validation = self._run_epoch(
                        "test",
                        self.test_step,
                        held_out,
                        validation_batch_size or batch_size,
                        log,
                        limit=validation_steps,
                    )
                    log.call("on_test_end", validation)
                    logs |= {f"val_{name}": value for name, value in validation.items()}
                log.call("on_epoch_end", epoch, logs)
                if self.stop_training or interrupted:
                    break
            history.interrupted = bool(interrupted)
            log.call("on_train_end")
        return history

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
        source = make_source(x, y, sample_weight)
        log = self._callbacks("evaluate", callbacks, verbose)
        log.call("on_test_begin")
        logs = self._run_epoch(
            "test",
            self.test_step,
            source,
            _positive("batch_size", batch_size or 32),
            log,
            limit=steps,
        )
        log.call("on_test_end", logs)
        if return_dict:
            return logs
        ordered = [logs[name] for name in (m.name for m in self.metrics) if name in logs]
        ordered = ordered or list(logs.values())
        return ordered[0] if len(ordered) == 1 else ordered

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
        source = make_source(x)
        log = self._callbacks("predict", callbacks, verbose)

        def step(data: Any) -> dict[str, Any]:
            outputs = self.predict_step(data)
            self._output_structure = map_structure(lambda _: None, outputs)
            return {str(i): out for i, out in enumerate(flatten(outputs))}

        log.call("on_predict_begin")
        slices: list[dict[str, np.ndarray]] = []
        self._run_epoch(
            "predict",
            step,
            source,
            _positive("batch_size", batch_size or 32),
            log,
            limit=steps,
            collect=slices,
        )
        log.call("on_predict_end")
        return join_outputs(slices, self._output_structure)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch; metrics go on from the last call.

        Returns:
            The loss, or [loss, metrics...]; a dictionary with `return_dict`.
        """
        self._require_compiled("train_on_batch")
        examples = make_source(x, y, sample_weight, class_weight)
        return self._on_batch("train", self.train_step, examples, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One evaluation step on one batch; metrics go on from the last call."""
        self._require_compiled("test_on_batch")
        return self._on_batch("test", self.test_step, make_source(x, y, sample_weight), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        return self.predict(x, batch_size=len(make_examples(x)), verbose=0)

    def _on_batch(self, kind: str, step: Any, examples: Examples, return_dict: bool) -> Any:
        order = np.arange(len(examples))
        for _, outputs in self._runner.run(kind, step, examples, order, len(examples)):
            logs = _last(outputs)
        values = list(logs.values())
        return logs if return_dict else values[0] if len(values) == 1 else values

    # The parts of the loops

    def _run_epoch(
        self,
        kind: str,
        step: Any,
        source: Any,
        batch_size: int,
        log: CallbackList,
        shuffle: bool = False,
        limit: int | None = None,
        stop: Any = (),
        collect: list[Any] | None = None,
    ) -> Logs:
        """One pass over the data; the logs at its end, sorted by name as in Keras."""
        if kind != "predict":
            self.reset_metrics()
        logs: Logs = {}
        batches_done = 0
        key = (self._shuffle_seed, int(self._runner.step.numpy())) if shuffle else None
        for examples, order, size, total in passes(source, batch_size, limit, key):
            if kind != "predict":
                self.prepare(examples)
            one_by_one = log.wants_batches(kind)
            left = -(-len(order) // size)
            run = self._runner.run(kind, step, examples, order, size, one_by_one)
            while left:
                if one_by_one:
                    log.call(f"on_{kind}_batch_begin", batches_done)
                count, outputs = next(run)
                left -= count
                batches_done += count
                if collect is not None:
                    collect.append(outputs)
                else:
                    logs = _last(outputs)
                if one_by_one:
                    log.call(f"on_{kind}_batch_end", batches_done - 1, dict(logs))
                log.call("on_progress", kind, batches_done, total, logs)
                if stop or (kind == "train" and self.stop_training):
                    return dict(sorted(logs.items()))
        if not batches_done:
            raise DataError(
                "The iterable gave no batch.",
                fix="pass a list or an object with __iter__ that starts again in each epoch",
            )
        return dict(sorted(logs.items()))

    def _callbacks(
        self,
        task: str,
        callbacks: Any,
        verbose: Any,
        history: History | None = None,
        **params: Any,
    ) -> CallbackList:
        """The user's callbacks, then the history, then the display."""
        given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        ours = [c for c in (history, Progress(verbose, task)) if c is not None]
        params["verbose"] = verbose
        return CallbackList([c for c in given if c is not None] + ours, self, params)

    def _require_compiled(self, what: str) -> None:
        if not self._compiled:
            raise GraphError(
                f"{what} needs a compiled model.",
                where=f"model {self.name!r}",
                fix="model.compile(optimizer='adam', loss='mse') first",
            )


def _last(outputs: dict[str, np.ndarray]) -> Logs:
    return {n: v[-1].item() if v[-1].ndim == 0 else v[-1] for n, v in outputs.items()}


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{name} is a positive integer.", received=repr(value))
    return int(value)
