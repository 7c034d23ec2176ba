"""What the loops over epochs and batches have in common: one pass, and what surrounds it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from grafito.callbacks import CallbackList, History, TerminateOnNaN
from grafito.errors import DataError, GraphError, OutOfMemoryError
from grafito.models import health
from grafito.models.epochs import Epochs
from grafito.models.examples import Examples
from grafito.models.executor import TracedStep, join_outputs, last_values
from grafito.models.progress import Progress
from grafito.models.steps import Steps

Logs = dict[str, float]

# by what is run: the attribute by which a callback ends it
STOPS = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}

# models whose loops are under way in this thread, one within the other
_running: ContextVar[tuple[Any, ...]] = ContextVar("running", default=())


class Loops(Steps):
    """A layer that can go through data, step by step, and call callbacks meanwhile."""

    stop_training = False
    stop_evaluating = False
    stop_predicting = False

    @contextlib.contextmanager
    def _loop(self, kind: str | None = None) -> Iterator[None]:
        """A loop of this model; what it shares with loops under way is afterwards as before."""
        running = _running.get()
        measured = {m for model in running for m in model.metrics}
        outer = [v for m in self.metrics if m in measured for v in m.variables]
        before = [np.array(v.storage) for v in outer]
        token = _running.set((*running, self))
        flag = STOPS.get(kind or "")
        stopped = flag and getattr(self, flag)
        if flag:
            setattr(self, flag, False)
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
            _running.reset(token)
            for variable, sum_ in zip(outer, before, strict=True):
                variable.storage = sum_
            if flag and self in running:
                setattr(self, flag, stopped)

    def _run_epoch(
        self,
        kind: str,
        function: Any,
        epochs: Epochs,
        log: CallbackList,
        stop: Any = (),
        epoch: int = 0,
        collect: list[Any] | None = None,
    ) -> Logs:
        """One pass over the data; the logs at its end, sorted by name as in Keras."""
        stream = not isinstance(epochs.source, Examples)
        if kind == "predict" or not stream:  # a hook may have changed the model
            self._renew()
        else:
            self.reset_metrics()
        step = TracedStep(
            kind, function, None if stream or kind == "predict" else self.reset_metrics
        )
        logs: Logs = {}
        batches_done = 0
        one_by_one = log.wants_batches(kind)
        steps_before = self._executor.step_counter.storage.item()
        for batches, total in epochs.batches(steps_before, epoch):
            if kind == "predict":
                self.check_inputs(batches.examples.x)
            elif stream:
                self.prepare(batches.examples, changed=one_by_one or not batches_done)
            left = batches.count
            run = self._executor.run(step, batches, one_by_one)
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
        ends = self._executor.watch or any(isinstance(c, TerminateOnNaN) for c in given)
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
