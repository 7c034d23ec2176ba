"""compile, fit, evaluate and predict."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito import graph, metrics, optimizers, seeds
from grafito.callbacks import CallbackList, History
from grafito.errors import ArgumentError, DataError, GraphError
from grafito.graph.dtypes import dtype_name
from grafito.graph.nest import flatten, map_structure
from grafito.graph.rewrite import rewrite
from grafito.models.examples import Examples, is_stream, make_examples
from grafito.models.objectives import Objectives, match_outputs
from grafito.models.passes import hold_out, interruptible, make_source, passes
from grafito.models.progress import Progress
from grafito.models.runner import Runner, join_outputs
from grafito.models.state import assign_all

Logs = dict[str, float]


class Trainer:
    """Training, evaluation and prediction; the part of `Model` that is no layer."""

    optimizer: Any = None
    stop_training = False
    history: History | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        engine: Any = "auto",
    ) -> None:
        """Choose what the model is trained for, how, and what is measured.

        Args:
            optimizer: name or object.
            loss: name, object or function (y_true, y_pred); a list or a dictionary by output name
                where there are several outputs.
            loss_weights: factors of the losses.
            metrics: names, objects or functions; a list or dictionary of such by output.
            weighted_metrics: the same, computed with the sample weights.
            engine: what runs the training: "auto" or a name of `grafito.engines.names()`.

        Example:
            >>> from grafito import Sequential, layers
            >>> model = Sequential([layers.Input((2,)), layers.Dense(1)])
            >>> model.compile("sgd", loss="mse", metrics=["mae"])
        """
        self.optimizer = optimizers.get(optimizer)
        self._objectives = Objectives(loss, loss_weights, metrics, weighted_metrics)
        self._loss_tracker = _loss_tracker()
        step = self._runner.step if self._compiled else None
        self._runner = Runner(engine)
        if step is not None:
            self._runner.step = step
        self._shuffle_seed = seeds.next_seed()
        self._compiled = True
        self._prepared_for: Examples | None = None

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker and all metrics, in the order in which they were given."""
        return [self._loss_tracker, *self._objectives.metrics]

    # One step. These are traced; override them to train in another way.

    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step as a function of tensors; override it for another kind of training.

        The function is traced once for each batch size and compiled. Inside, variables assigned
        to have their new value from then on.

        Args:
            data: (x, y, sample_weight), the last two None where not given.

        Returns:
            Names and scalar tensors for the log.
        """
        x, y, sample_weight = data
        y_pred = self(x, training=True)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        self._loss_tracker.update_state(loss, sample_weight=_batch_size(data))
        variables = self.trainable_variables
        if variables:
            self.optimizer.apply(graph.gradients(loss, variables), variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One evaluation step as a function of tensors."""
        x, y, sample_weight = data
        y_pred = self(x, training=False)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        self._loss_tracker.update_state(loss, sample_weight=_batch_size(data))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """One prediction step as a function of tensors."""
        return self(data[0], training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> graph.Tensor:
        """The loss of a batch with all penalties, in its numerically stable form."""
        names = self.output_names_for(y_pred)
        outputs = self._in_output_order(y_pred, names)
        targets = match_outputs(y, names, "y")
        weights = match_outputs(sample_weight, names, "sample_weight")
        self._objectives.resolve(names, targets, outputs)
        loss = self._objectives.loss(targets, outputs, weights)
        trace = graph.current_trace()
        penalties = [*self.weight_penalties(), *(trace.penalties if trace else ())]
        for penalty in penalties:
            loss = penalty if loss is None else loss + penalty
        if loss is None:
            raise GraphError(
                "There is nothing to minimize.",
                where=f"model {self.name!r}",
                received="no loss and no penalty" if y is not None else "no targets y",
                fix="model.compile(optimizer, loss='mse') and model.fit(x, y)",
            )
        return rewrite([loss])[0]

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Add a batch to the metrics; their results so far, by name."""
        names = self.output_names_for(y_pred)
        self._objectives.update(
            match_outputs(y, names, "y"),
            self._in_output_order(y_pred, names),
            match_outputs(sample_weight, names, "sample_weight"),
        )
        return self.metric_results()

    def metric_results(self) -> dict[str, Any]:
        """The results of all metrics, by name."""
        return {metric.name: metric.result() for metric in self.metrics}

    def reset_metrics(self) -> None:
        """Start all metrics again."""
        for metric in self.metrics:
            metric.reset_state()

    # Loops

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
        log = self._callbacks("fit", callbacks, verbose, history, epochs)
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
                    validation = self._run_epoch(
                        "test",
                        self.test_step,
                        held_out,
                        validation_batch_size or batch_size,
                        log,
                        limit=validation_steps,
                    )
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

    # What files keep of the training

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compiled

    def training_state(self) -> tuple[dict[str, Any], dict[str, list[graph.Variable]]]:
        """The arguments of `compile` with the seed of the shuffle, and the variables to keep."""
        loss, loss_weights, plain_metrics, weighted = self._objectives.given
        configuration = {
            "optimizer": self.optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": plain_metrics,
            "weighted_metrics": weighted,
            "shuffle_seed": self._shuffle_seed,
        }
        return configuration, {
            "optimizer": self.optimizer.variables,
            "counters": [self._runner.step],
        }

    def restore_training(
        self, configuration: dict[str, Any], state: dict[str, list[np.ndarray]]
    ) -> None:
        """Compile as saved, and go on from the saved optimizer state and counters."""
        arguments = dict(configuration)
        shuffle_seed = arguments.pop("shuffle_seed")
        self.compile(**arguments)
        self._shuffle_seed = shuffle_seed
        self.optimizer.build(self.trainable_variables)
        assign_all(self.optimizer.variables, state["optimizer"], "the saved optimizer state")
        assign_all([self._runner.step], state["counters"], "the saved counters")

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
        epochs: int = 1,
    ) -> CallbackList:
        """The user's callbacks, then the history, then the display."""
        given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        ours = [c for c in (history, Progress(verbose, task)) if c is not None]
        params = {"epochs": epochs, "verbose": verbose}
        return CallbackList([c for c in given if c is not None] + ours, self, params)

    def prepare(self, examples: Examples) -> None:
        """Before the first step: build the model, fit losses and metrics to it, check the labels.

        A model with a training step of its own is built by tracing that step.
        """
        if self._prepared_for is examples or type(self).train_step is not Trainer.train_step:
            return
        with graph.Trace(training=False):
            y_pred = self(map_structure(_one_example, examples.x))
            names = self.output_names_for(y_pred)
            outputs = self._in_output_order(y_pred, names)
            targets = match_outputs(examples.y, names, "y")
            placeholders = [None if y is None else _one_example(y) for y in targets]
            self._objectives.resolve(names, placeholders, outputs)
            self._objectives.loss(placeholders, outputs, [None] * len(names))  # checks the shapes
        self._objectives.check(names, targets, outputs)
        self._prepared_for = examples

    def _require_compiled(self, what: str) -> None:
        if not self._compiled:
            raise GraphError(
                f"{what} needs a compiled model.",
                where=f"model {self.name!r}",
                fix="model.compile(optimizer='adam', loss='mse') first",
            )

    def _in_output_order(self, y_pred: Any, names: list[str]) -> list[Any]:
        return [y_pred[name] for name in names] if isinstance(y_pred, dict) else flatten(y_pred)


def _loss_tracker() -> metrics.Mean:
    return metrics.Mean(name="loss")


def _one_example(array: np.ndarray) -> graph.Tensor:
    return graph.placeholder((1, *array.shape[1:]), dtype_name(array.dtype))


def _batch_size(data: Any) -> int:
    return flatten(data[0])[0].shape[0]


def _last(outputs: dict[str, np.ndarray]) -> Logs:
    return {n: v[-1].item() if v[-1].ndim == 0 else v[-1] for n, v in outputs.items()}


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{name} is a positive integer.", received=repr(value))
    return int(value)
