"""The epochs of `fit`: train, validate, call the hooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grafito.callbacks import CallbackList, History
from grafito.models.examples import Examples, weigh_classes
from grafito.models.executor import plain_values
from grafito.models.interrupts import tell
from grafito.models.loops import Loop

FEW = 4  # if fewer epochs fit into a slice they run one by one, at no loss


def weighed_and_checked(model: Any, source: Any, held_out: Any, class_weight: Any) -> Any:
    """The data of the training with their weights, after a check of all that are arrays."""
    if class_weight is not None:  # of training alone: what is held out is measured as it is
        source = weigh_classes(source, class_weight)
    for examples in (source, held_out):
        if isinstance(examples, Examples):
            model.prepare(examples)
    return source


@dataclass
class Fit:
    """One call of `fit`.

    Args:
        training: the loop over the data of the training.
        validation: the loop over the data that are held out, if there are any.
        validated: whether an epoch, counted from 1, is followed by validation.
        log: the callbacks.
        history: gets the logs of each epoch.
        interrupted: the signals that came; training stops once there is one.
    """

    training: Loop
    validation: Loop | None
    validated: Callable[[int], bool]
    log: CallbackList
    history: History
    interrupted: Sequence[int]

    def run(self, epoch: int) -> None:
        """Train from this epoch to the last one, with the hooks around them."""
        model, epochs, log = self.training.model, self.training.epochs.epochs, self.log
        assert epochs is not None
        log.call("on_train_begin")
        while epoch < epochs and not self.interrupted:
            together = min(self._epochs_together(), epochs - epoch)
            if together > 1:
                epoch = self._run_together(epoch, together)
            elif not self._run_epoch(epoch):
                break  # an epoch that was cut short is not in the history
            else:
                epoch += 1
            if model.stop_training:
                break
        self.history.interrupted = bool(self.interrupted)
        log.call("on_train_end", dict(self.history.last))
        if self.interrupted:
            self.history.interrupted = True
            tell(self.interrupted)

    def _run_epoch(self, epoch: int) -> bool:
        """Train an epoch, validate, and call the hooks; False if it was cut short by a signal."""
        log = self.log
        log.call("on_epoch_begin", epoch)
        logs = self.training.run(epoch)
        if self.interrupted:
            return False
        if self.validation is not None and self.validated(epoch + 1):
            log.call("on_test_begin")
            self.training.model.stop_evaluating = False
            results = self.validation.run()
            if self.interrupted:
                return False
            log.call("on_test_end", results)
            logs |= {f"val_{name}": value for name, value in results.items()}
        log.call("on_epoch_end", epoch, logs)
        return True

    def _epochs_together(self) -> int:
        """How many epochs run in one call of the program, before the hooks of each are called.

        More than one if every epoch goes once through the same arrays, nothing is validated, no
        callback looks at more than the logs, and an epoch is much shorter than a slice.
        """
        loop = self.training
        if not (loop.epochs.whole and self.validation is None and self.log.only_read_logs):
            return 1
        executor = loop.model._executor
        batches, ahead = loop.epochs.whole_epochs(executor.step_counter.storage.item())
        fitting = executor.epochs_in_a_slice(loop.step, batches)
        return min(fitting, ahead) if fitting >= FEW else 1

    def _run_together(self, epoch: int, count: int) -> int:
        """Train so many epochs, then call the hooks of each; the number of the epoch after them."""
        loop = self.training
        executor = loop.model._executor
        batches, _ = loop.epochs.whole_epochs(executor.step_counter.storage.item())
        outputs = executor.run_epochs(loop.step, batches, count)
        logs = {name: plain_values(values) for name, values in sorted(outputs.items())}
        for callback in self.log.callbacks:
            callback.read_epochs(range(epoch, epoch + count), logs)
        return epoch + count
