"""fit, evaluate and predict: the loops over epochs and slices of batches."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from grafito.callbacks import CallbackList, History, TerminateOnNaN
from grafito.errors import DataError, GraphError, OutOfMemoryError, ShapeError
from grafito.graph.nest import flatten, map_structure
from grafito.layers.arguments import integer
from grafito.models import health
from grafito.models.examples import Examples, make_examples, weigh_classes
from grafito.models.interrupts import interruptible, tell
from grafito.models.passes import (
    VALIDATION,
    Passes,
    hold_out,
    make_source,
    validated_epochs,
    validation_source,
    whole_numbers,
)
from grafito.models.progress import Progress
from grafito.models.runner import Step, join_outputs, last_values, plain_values
from grafito.models.steps import Steps, as_placeholder
from grafito.models.turns import alone
from grafito.registry import known_arguments

Logs = dict[str, float]

FEW = 4  # epochs that fit into a slice: fewer are run one by one, at no loss


# by what is run: the attribute by which a callback ends it
STOPS = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}


class Trainer(Steps):
    """A layer with the loops of training, evaluation and prediction."""

    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    history: History | None = None
    _loops = 0  # of this model that are under way, one within the other

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
        self._require_compiled("fit")
        with interruptible() as interrupted:
            source = make_source(
                x, y, sample_weight, class_weight=class_weight, batch_size=batch_size
            )
            batch_size, validation_batch_size, steps_per_epoch, validation_steps = whole_numbers(
                self,
                batch_size=32 if batch_size is None else batch_size,
                validation_batch_size=validation_batch_size,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
            )
            epochs = integer(self, "epochs", epochs, 0)
            initial_epoch = integer(self, "initial_epoch", initial_epoch, 0)
            validated = validated_epochs(self, validation_freq)
            history = History()
            if isinstance(source, Examples):
                weights = None if sample_weight is None else source.sample_weight
                self._findings.add(
                    *health.of_fit(source, weights, class_weight, batch_size, steps_per_epoch)
                )
            held_out = validation_source(validation_data)
            if validation_split and validation_data is None:
                source, held_out = hold_out(source, validation_split, self._shuffle_seed, verbose)
            if class_weight is not None:  # of training alone: what is held out is measured as it is
                source = weigh_classes(source, class_weight)
            for examples in (source, held_out):
                if isinstance(examples, Examples):
                    self.prepare(examples)

            seed = self._shuffle_seed if shuffle else None
            training = Passes(source, batch_size, steps_per_epoch, seed, epochs)
            validation = Passes(
                held_out, validation_batch_size or batch_size, validation_steps, role=VALIDATION
            )
            params = {"epochs": epochs, "steps": training.steps, "validation_freq": validation_freq}
            log = self._callbacks("fit", callbacks, verbose, history, **params)
            self.history = history
            with self._loop("train"), log:
                self._train(training, validation, initial_epoch, validated, log, interrupted)
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
        self._require_compiled("evaluate")
        source = make_source(x, y, sample_weight, batch_size=batch_size)
        batch_size, steps = whole_numbers(self, batch_size=batch_size, steps=steps)
        if isinstance(source, Examples):
            self.prepare(source)
            self._findings.tell()
        passes = Passes(source, batch_size or 32, steps)
        log = self._callbacks("evaluate", callbacks, verbose, steps=passes.steps)
        with self._loop("test"), log:
            log.call("on_test_begin")
            logs = self._run_epoch("test", self.test_step, passes, log)
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
        batch_size, steps = whole_numbers(self, batch_size=batch_size, steps=steps)
        passes = Passes(source, batch_size or 32, steps)

        def step(data: Any) -> dict[str, Any]:
            outputs = self.predict_step(data)
            self._output_structure = map_structure(lambda _: None, outputs)
            return {str(i): out for i, out in enumerate(flatten(outputs))}

        slices: list[dict[str, np.ndarray]] = []
        log = self._callbacks("predict", callbacks, verbose, steps=passes.steps)
        with self._loop("predict"), log:
            log.call("on_predict_begin")
            try:
                self._run_epoch("predict", step, passes, log, collect=slices)
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
        orders, n = np.arange(len(examples), dtype="int32")[None], len(examples)
        with self._loop():
            for _, outputs in self._runner.run(
                Step(kind, step, self.reset_metrics), examples, orders, 0, n
            ):
                logs = last_values(outputs)
        return dict(sorted(logs.items())) if return_dict else self._as_list(logs)

    def _as_list(self, logs: Logs) -> Any:
        """The loss, or [loss, metrics...], and what a step of one's own adds behind them."""
        names = dict.fromkeys([*(n for n in self.metrics_names if n in logs), *logs])
        ordered = [logs[name] for name in names]
        return ordered[0] if len(ordered) == 1 else ordered

    # The parts of the loops

    @contextlib.contextmanager
    def _loop(self, kind: str | None = None) -> Iterator[None]:
        """A loop of this model, whose metrics are its own also while another one is under way."""
        outer = [v for m in self.metrics for v in m.variables] if self._loops else []
        before = [np.array(v.storage) for v in outer]
        self._loops += 1
        if kind is not None:
            setattr(self, STOPS[kind], False)
        try:
            yield
        except OutOfMemoryError:
            raise
        except MemoryError as error:
            raise OutOfMemoryError(
                "The memory is used up.",
                where=f"model {self.name!r}, with {self.count_params():,} weights",
                received=str(error) or "no room for an array",
                expected="about 4 times the weights with Adam, and the data beside them",
                fix="a smaller batch_size, fewer units, or optimizer='sgd'",
            ) from error
        finally:
            self._loops -= 1
            for variable, sum_ in zip(outer, before, strict=True):
                variable.storage = sum_

    def _train(
        self,
        training: Passes,
        validation: Passes,
        epoch: int,
        validated: Any,
        log: CallbackList,
        interrupted: list[int],
    ) -> None:
        """The epochs of `fit` from this one on, with the hooks around them."""
        history = self.history
        assert history is not None
        assert training.epochs is not None
        log.call("on_train_begin")
        while epoch < training.epochs and not interrupted:
            together = min(
                self._epochs_together(training, validation, log), training.epochs - epoch
            )
            if together > 1:
                epoch = self._run_together(training, epoch, together, log)
            elif not self._fit_epoch(training, validation, epoch, validated, log, interrupted):
                break  # an epoch that was cut short has no place in the history
            else:
                epoch += 1
            if self.stop_training:
                break
        history.interrupted = bool(interrupted)
        log.call("on_train_end", dict(history.last))
        if interrupted:
            tell(interrupted)

    def _fit_epoch(
        self,
        training: Passes,
        validation: Passes,
        epoch: int,
        validated: Any,
        log: CallbackList,
        stop: list[int],
    ) -> bool:
        """Train an epoch, validate, and call the hooks; False when it was cut short by Ctrl-C."""
        log.call("on_epoch_begin", epoch)
        logs = self._run_epoch("train", self.train_step, training, log, stop, epoch=epoch)
        if stop:
            return False
        if validation.source is not None and validated(epoch + 1):
            log.call("on_test_begin")
            self.stop_evaluating = False
            results = self._run_epoch("test", self.test_step, validation, log, stop)
            if stop:
                return False
            log.call("on_test_end", results)
            logs |= {f"val_{name}": value for name, value in results.items()}
        log.call("on_epoch_end", epoch, logs)
        return True

    def _epochs_together(self, training: Passes, validation: Passes, log: CallbackList) -> int:
        """How many epochs run in one call of the program, before the hooks of each are called.

        More than one where every epoch goes once through the same arrays, nothing is validated, no
        callback looks at more than the logs, and an epoch is much shorter than a slice.
        """
        if not (training.whole and validation.source is None and log.only_read_logs):
            return 1
        orders, _, ahead = training.orders(self._runner.step.storage.item())
        step = Step("train", self.train_step, self.reset_metrics)
        fitting = self._runner.epochs_in_a_slice(step, training.source, orders, training.batch_size)
        return min(fitting, ahead) if fitting >= FEW else 1

    def _run_together(self, training: Passes, epoch: int, count: int, log: CallbackList) -> int:
        """Train so many epochs, then call the hooks of each; the number of the epoch after them."""
        orders, row, _ = training.orders(self._runner.step.storage.item())
        step = Step("train", self.train_step, self.reset_metrics)
        outputs = self._runner.run_epochs(
            step, training.source, orders, row, training.batch_size, count
        )
        logs = {name: plain_values(values) for name, values in sorted(outputs.items())}
        for callback in log.callbacks:
            callback.read_epochs(range(epoch, epoch + count), logs)
        return epoch + count

    def _run_epoch(
        self,
        kind: str,
        function: Any,
        passes: Passes,
        log: CallbackList,
        stop: Any = (),
        epoch: int = 0,
        collect: list[Any] | None = None,
    ) -> Logs:
        """One pass over the data; the logs at its end, sorted by name as in Keras."""
        stream = not isinstance(passes.source, Examples)
        if kind == "predict" or not stream:  # a hook may have changed the model
            self._renew()
        else:
            self.reset_metrics()
        step = Step(kind, function, None if stream or kind == "predict" else self.reset_metrics)
        logs: Logs = {}
        batches_done = 0
        one_by_one = log.wants_batches(kind)
        steps_before = self._runner.step.storage.item()
        for examples, orders, row, size, total in passes.batches(steps_before, epoch):
            if kind == "predict":
                self.check_inputs(examples.x)
            elif stream:
                self.prepare(examples, changed=one_by_one or not batches_done)
            left = -(-orders.shape[1] // size)
            run = self._runner.run(step, examples, orders, row, size, one_by_one)
            while left:
                if one_by_one:
                    log.call(f"on_{kind}_batch_begin", batches_done)
                    self._renew()
                count, outputs = next(run)
                left -= count
                batches_done += count
                if collect is not None:
                    collect.append(outputs)
                else:
                    logs = last_values(outputs)
                if one_by_one and collect is not None:
                    batch_outputs = join_outputs([outputs], self._output_structure)
                    log.call("on_predict_batch_end", batches_done - 1, {"outputs": batch_outputs})
                elif one_by_one:
                    log.call(f"on_{kind}_batch_end", batches_done - 1, dict(logs))
                log.call("on_progress", kind, batches_done, total, logs)
                if stop or getattr(self, STOPS[kind]):
                    return dict(sorted(logs.items()))
        if not batches_done:
            raise DataError(
                "The iterable gave no batch.",
                where=f"epoch {epoch + 1}" if kind == "train" else None,
                expected="an iterable that starts again in each epoch",
                fix="a PyDataset, or steps_per_epoch where one generator serves all epochs",
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
        display = Progress(verbose, task)
        ends = self._runner.watch or any(isinstance(c, TerminateOnNaN) for c in given)
        watch = None if history is None or ends else health.FirstNaN()
        ours = [c for c in (history, watch, display if display.style else None) if c is not None]
        params |= {"task": task, "verbose": verbose}
        return CallbackList([c for c in given if c is not None] + ours, self, params)

    def _require_compiled(self, what: str) -> None:
        self.check_ready()
        if not self._compiled:
            raise GraphError(
                f"{what} needs a compiled model.",
                where=f"model {self.name!r}",
                fix="model.compile(optimizer='adam', loss='mse') first",
            )
