"""What `fit`, `evaluate` and `predict` share: an epoch of steps, and what surrounds it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito.callbacks import BackupAndRestore, CallbackList, History, TerminateOnNaN
from grafito.engines import processes
from grafito.errors import DataError, GraphError, OutOfMemoryError, ShapeError
from grafito.graph.nest import flatten, map_structure
from grafito.models import health
from grafito.models.assignment import assign_all
from grafito.models.batches import Batches
from grafito.models.epochs import Epochs, Position
from grafito.models.examples import Examples
from grafito.models.executor import TracedStep
from grafito.models.frames import same_columns
from grafito.models.outputs import join_outputs, last_values
from grafito.models.preparation import as_placeholder, check_inputs
from grafito.models.progress import Progress
from grafito.models.ranges import note_seen, warn_of_unseen

Logs = dict[str, float]

# by the kind of step: the attribute of the model by which a callback stops the loop
STOPS = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}

# models whose loops are under way in this thread, one within the other
_running: ContextVar[tuple[Any, ...]] = ContextVar("running", default=())


@contextlib.contextmanager
def under_way(model: Any, kind: str | None = None) -> Iterator[None]:
    """A loop of this model; afterwards, loops around it find their metrics and flags unchanged."""
    running = _running.get()
    measured = {m for outer in running for m in outer.metrics}
    shared = [v for m in model.metrics if m in measured for v in m.variables] if measured else []
    before = [np.array(v.storage) for v in shared]
    token = _running.set((*running, model))
    flag = STOPS.get(kind or "")
    stopped = flag and getattr(model, flag)
    if flag:
        setattr(model, flag, False)
    try:
        yield
    except OutOfMemoryError:
        raise
    except MemoryError as error:
        raise OutOfMemoryError(
            "There is not enough memory.",
            where=f"model {model.name!r}, with {model.count_params():,} weights",
            received=str(error) or "no room for an array",
            expected="about 4 times the weights with Adam, and the data beside them",
            fix="a smaller batch_size, fewer units, or optimizer='sgd'",
        ) from error
    finally:
        _running.reset(token)
        for variable, sum_ in zip(shared, before, strict=True):
            variable.storage = sum_
        if flag and model in running:
            setattr(model, flag, stopped)


@dataclass(frozen=True)
class Loop:
    """One kind of step over the data of an epoch.

    Args:
        kind: "train", "test" or "predict".
        epochs: the data.
        log: the callbacks.
        interrupted: the signals that came; the loop stops once there is one.
        function: the step to trace; that of the model by default.
    """

    model: Any
    kind: str
    epochs: Epochs
    log: CallbackList
    interrupted: Sequence[int] = ()
    function: Any = None

    @property
    def step(self) -> TracedStep:
        """The step; its metrics start again with each epoch, unless the epoch comes in parts."""
        function = self.function or getattr(self.model, f"{self.kind}_step")
        parts = not isinstance(self.epochs.source, Examples)
        reset = None if parts or self.kind == "predict" else self.model.reset_metrics
        return TracedStep(self.kind, function, reset)

    def run(
        self, epoch: int = 0, collect: list[Any] | None = None, at: Position | None = None
    ) -> Logs:
        """Execute the steps of an epoch.

        Args:
            epoch: its number.
            collect: receives the outputs of the steps, in place of the logs.
            at: where in the epoch a training goes on.

        Returns:
            The logs at the end of the epoch, sorted by name as in Keras.
        """
        model, kind, log = self.model, self.kind, self.log
        stream = not isinstance(self.epochs.source, Examples)
        at = at or Position()
        done, logs = at.batch, dict(at.logs)
        if kind == "predict" or not stream:  # a hook may have changed the model
            model._renew()
        elif not done:
            model.reset_metrics()
        step = self.step
        if done and getattr(model, STOPS[kind]):
            return dict(sorted(logs.items()))
        one_by_one = log.wants_batches(kind)
        steps_before = model._executor.step_counter.storage.item() - done
        for batches, total in self.epochs.batches(steps_before, epoch, done):
            if kind == "predict":
                same_columns(model._columns, batches.examples.columns)
                check_inputs(model, batches.examples.x)
                warn_of_unseen(model, batches.examples.x)
            elif stream:
                model.prepare(batches.examples, changed=one_by_one or not done)
                if kind == "train":
                    note_seen(model, batches.examples)
            if at.metrics:
                self._set_metrics(step, batches, at)
            skipped = 0 if stream else done
            left = batches.count - skipped
            run = model._executor.run(step, batches, one_by_one, skipped)
            while left:
                if one_by_one:
                    log.call(f"on_{kind}_batch_begin", done)
                    model._renew()
                count, outputs = next(run)
                left -= count
                done += count
                if collect is not None:
                    collect.append(outputs)
                else:
                    logs = last_values(outputs)
                if one_by_one:
                    self._end_batch(done - 1, logs if collect is None else outputs)
                log.call("on_progress", kind, done, total, logs)
                if self._ends():
                    return dict(sorted(logs.items()))
        if not done:
            raise DataError(
                "The iterable gave no batch.",
                where=f"epoch {epoch + 1}" if kind == "train" else None,
                expected="an iterable that starts again in each epoch",
                fix="a PyDataset, or steps_per_epoch where one generator serves all epochs",
            )
        return dict(sorted(logs.items()))

    def signalled(self, other: bool = False) -> bool:
        """Whether a signal came, here or in another process; or the other reason holds there."""
        reasons = processes.largest(2 * bool(self.interrupted) or other)
        if reasons == 2 and not self.interrupted and isinstance(self.interrupted, list):
            self.interrupted.append(signal.SIGINT)
        return bool(reasons)

    def _ends(self) -> bool:
        """Whether a signal or a callback ends the loop, here or in another process."""
        ends = self.signalled(getattr(self.model, STOPS[self.kind]))
        if ends and not self.interrupted:
            setattr(self.model, STOPS[self.kind], True)
        return ends

    def _set_metrics(self, step: TracedStep, batches: Batches, at: Position) -> None:
        """Set the metrics to what they were; a step may make them only when it is traced."""
        self.model._executor.make_ready(step, batches)
        self.model.reset_metrics()  # which notes what their sums begin with
        assign_all(self.model.metrics_variables, at.metrics, "the backup")
        at.metrics = []

    def _end_batch(self, batch: int, results: Any) -> None:
        """Call the hook at the end of a batch, with its logs or its outputs."""
        logs = dict(results)
        if self.kind == "predict":
            logs = {"outputs": join_outputs([results], self.model._output_structure)}
        self.log.call(f"on_{self.kind}_batch_end", batch, logs)


def callback_list(
    model: Any,
    task: str,
    callbacks: Any,
    verbose: Any,
    history: History | None = None,
    **params: Any,
) -> CallbackList:
    """The user's callbacks, then the history, then the display."""
    given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    display = Progress(verbose, task)
    ends = model._executor.watch or any(isinstance(c, TerminateOnNaN) for c in given)
    watch = None if history is None or ends else health.FirstNaN()
    ours = [c for c in (history, watch, display if display.style else None) if c is not None]
    params |= {"task": task, "verbose": verbose}
    users = [c for c in given if c is not None]
    backups = [c for c in users if isinstance(c, BackupAndRestore)]  # see what the others did
    users = [c for c in users if c not in backups]
    return CallbackList(users + backups + ours, model, params)


def require_compiled(model: Any, what: str) -> None:
    """Raise a GraphError for a model that was not compiled."""
    model.check_ready()
    if not model.compiled:
        raise GraphError(
            f"{what} needs a compiled model.",
            where=f"model {model.name!r}",
            fix="model.compile(optimizer='adam', loss='mse') first",
        )


def run_batch(model: Any, kind: str, examples: Examples) -> Logs:
    """One step on all examples together; its logs."""
    model.prepare(examples)
    step = TracedStep(kind, getattr(model, f"{kind}_step"), model.reset_metrics)
    with under_way(model):
        for _, outputs in model._executor.run(step, Batches.one(examples)):
            logs = last_values(outputs)
    return dict(sorted(logs.items()))


def in_order(model: Any, logs: Logs) -> Any:
    """The loss, or [loss, metrics...], and what a step of the user's own adds after them."""
    names = dict.fromkeys([*(n for n in model.metrics_names if n in logs), *logs])
    ordered = [logs[name] for name in names]
    return ordered[0] if len(ordered) == 1 else ordered


def predictions(model: Any, epochs: Epochs, log: CallbackList) -> Any:
    """The outputs for all examples, in the structure of the model's output."""

    def step(data: Any) -> dict[str, Any]:
        outputs = model.predict_step(data)
        model._output_structure = map_structure(lambda _: None, outputs)
        return {str(i): out for i, out in enumerate(flatten(outputs))}

    slices: list[dict[str, np.ndarray]] = []
    with under_way(model, "predict"), log:
        log.call("on_predict_begin")
        try:
            Loop(model, "predict", epochs, log, function=step).run(collect=slices)
        except ShapeError:
            if isinstance(epochs.source, Examples):  # the error with the user's shapes
                model.predict_step(map_structure(as_placeholder, epochs.source.x))
            raise
        log.call("on_predict_end")
    return join_outputs(slices, model._output_structure)
