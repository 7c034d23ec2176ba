"""`fit`: from its arguments to loops over the data; the epochs, validation and hooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grafito.callbacks import CallbackList, History
from grafito.engines import processes
from grafito.errors import ArgumentError
from grafito.layers.arguments import integer
from grafito.models import health
from grafito.models.backup import Backup
from grafito.models.conditions import conditions, data_known, described, digest
from grafito.models.entrance import entering
from grafito.models.epochs import (
    VALIDATION,
    Epochs,
    Position,
    hold_out,
    make_source,
    validated_epochs,
    validation_source,
    whole_numbers,
)
from grafito.models.examples import Examples, check_class_weight, weigh_classes
from grafito.models.interrupts import interruptible, tell
from grafito.models.loops import Loop, callback_list, require_compiled, under_way
from grafito.models.outputs import plain_values
from grafito.models.progress import Progress
from grafito.models.ranges import note_seen
from grafito.optimizers import Optimizer

FEW = 4  # if fewer epochs fit into a slice they run one by one, at no loss


@dataclass(frozen=True)
class FitSettings:
    """The arguments of `fit` beside the data, as it was given them."""

    batch_size: Any
    epochs: Any
    verbose: Any
    callbacks: Any
    validation_split: Any
    validation_data: Any
    shuffle: Any
    class_weight: Any
    initial_epoch: Any
    steps_per_epoch: Any
    validation_steps: Any
    validation_batch_size: Any
    validation_freq: Any


def fit(model: Any, x: Any, y: Any, sample_weight: Any, given: FitSettings) -> History:
    """Train a model; see `Model.fit`."""
    require_compiled(model, "fit")
    weights, verbose = given.class_weight, given.verbose
    enter = entering(model)
    with interruptible() as interrupted:
        source = make_source(x, y, sample_weight, enter, batch_size=given.batch_size)
        check_class_weight(weights)
        batch_size, validation_batch_size, steps_per_epoch, validation_steps = whole_numbers(
            model,
            "fit",
            batch_size=32 if given.batch_size is None else given.batch_size,
            validation_batch_size=given.validation_batch_size,
            steps_per_epoch=given.steps_per_epoch,
            validation_steps=given.validation_steps,
        )
        epochs = integer(model, "epochs", given.epochs, 0)
        initial_epoch = integer(model, "initial_epoch", given.initial_epoch, 0)
        validated = validated_epochs(model, given.validation_freq)
        if isinstance(source, Examples):
            found = health.of_fit(source, weights, batch_size, steps_per_epoch)
            model._findings.add(*found)
        else:
            model._findings.add(health.negative_class_weights(weights))
        settings: dict[str, Any] = {
            "batch_size": None if given.batch_size is None else batch_size,
            "shuffle": bool(given.shuffle),
            "steps_per_epoch": steps_per_epoch,
            "engine": model._executor.engine.name,
            "precision": model._executor.precision,
            "validation_steps": validation_steps,
            "validation_freq": described(given.validation_freq),
            "class_weight": described(weights),
            **conditions(model),
        }
        backup = Backup.among(given.callbacks, model, settings)
        held_out = validation_source(given.validation_data, enter)
        if given.validation_split and held_out is None:
            split, seed = given.validation_split, model._shuffle_seed
            source, held_out = hold_out(source, split, seed, verbose)
        if isinstance(source, Examples):  # what is held out is measured as it is
            source = weigh_classes(source, weights)
        for examples in (source, held_out):
            if isinstance(examples, Examples):
                model.prepare(examples)
        model._told_of_unseen = False
        if isinstance(source, Examples):
            note_seen(model, source)
        seed = model._shuffle_seed if given.shuffle else None
        train = Epochs(
            source, batch_size, steps_per_epoch, seed, epochs, class_weight=weights, enter=enter
        )
        _require_all_at_once(model, train)
        size = validation_batch_size or batch_size
        test = Epochs(held_out, size, validation_steps, role=VALIDATION, enter=enter)
        history = History()
        params = {"epochs": epochs, "steps": train.steps, "validation_freq": given.validation_freq}
        log = callback_list(model, "fit", given.callbacks, verbose, history, **params)
        for callback in log.callbacks:
            callback.set_data(source, held_out)
        training = Loop(model, "train", train, log, interrupted)
        validation = None if held_out is None else Loop(model, "test", test, log, interrupted)
        processes.compare({**settings, **_besides(model, source, held_out, seed, epochs)})
        position = (backup and backup.restore(train, test)) or Position(initial_epoch)
        model.history = history
        with under_way(model, "train"), log:
            Fit(training, validation, validated, log, history, interrupted, backup).run(position)
        model.history = history  # a hook may have called `fit` too
        return history


def _require_all_at_once(model: Any, train: Epochs) -> None:
    """Refuse mini-batches where the optimizer compares each step with the one before.

    Raises:
        ArgumentError: when an epoch has more than one batch, or an unknown number of them.
    """
    if not getattr(model.optimizer, "full_batch", False) or train.at_once:
        return
    optimizer = type(model.optimizer).__name__
    n = len(train.source) if isinstance(train.source, Examples) else None
    raise ArgumentError(
        f"{optimizer} needs all examples in each step.",
        where=f"model {model.name!r}",
        received=f"mini-batches of {train.batch_size}" if n else "a stream of batches",
        fix=f"batch_size={n}" if n else "optimizer='adam'",
    )


def _besides(model: Any, source: Any, held_out: Any, seed: Any, epochs: int) -> dict[str, Any]:
    """What several processes have to agree on, besides the settings of a training."""
    if processes.process_count() == 1:
        return {}
    return {
        "data": data_known(source),
        "validation data": data_known(held_out),
        "epochs": epochs,
        "seed of the orders": seed,
        "initial weights": digest([v.numpy() for v in model.weights]),
    }


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
        backup: what it can go on from later, if that is wanted.
    """

    training: Loop
    validation: Loop | None
    validated: Callable[[int], bool]
    log: CallbackList
    history: History
    interrupted: Sequence[int]
    backup: Backup | None = None

    def run(self, position: Position) -> None:
        """Train from this place to the last epoch, with the hooks around them."""
        model, epochs, log = self.training.model, self.training.epochs.epochs, self.log
        epoch = position.epoch
        assert epochs is not None
        log.call("on_train_begin")
        if self.backup:
            self.backup.begin(log.callbacks, self.history)
            self.backup.at_epoch(epoch, position.batch)
        if position.stopped:
            model.stop_training = True
        while epoch < epochs and not self.training.signalled():
            if position.stopped and not position.batch:
                break
            together = 1 if position.batch else min(self._epochs_together(), epochs - epoch)
            if together > 1:
                epoch = self._run_together(epoch, together)
            elif not self._run_epoch(epoch, position):
                break  # an epoch that was cut short is not in the history
            else:
                epoch += 1
            position = Position(epoch)
            if self.backup:
                self.backup.at_epoch(epoch)
            if model.stop_training:
                break
        self.history.interrupted = bool(self.interrupted)
        log.call("on_train_end", dict(self.history.last))
        if isinstance(model.optimizer, Optimizer):
            model.optimizer.finalize_variable_values(model.trainable_variables)
        if self.interrupted:
            self.history.interrupted = True
            tell(self.interrupted)

    def _run_epoch(self, epoch: int, position: Position) -> bool:
        """Train an epoch, validate, and call the hooks; False if it was cut short by a signal."""
        log = self.log
        if position.batch:  # the others have had their turn, before the training was interrupted
            for display in (c for c in log.callbacks if isinstance(c, Progress)):
                display.on_epoch_begin(epoch)
        else:
            log.call("on_epoch_begin", epoch)
        logs = self.training.run(epoch, at=position)
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
