"""fit: the loop over epochs."""

from __future__ import annotations

from typing import Any

from grafito.callbacks import CallbackList, History
from grafito.layers.arguments import integer
from grafito.models import health
from grafito.models.epochs import (
    VALIDATION,
    Epochs,
    hold_out,
    make_source,
    validated_epochs,
    validation_source,
    whole_numbers,
)
from grafito.models.examples import Examples, weigh_classes
from grafito.models.executor import TracedStep, plain_values
from grafito.models.interrupts import interruptible, tell
from grafito.models.loops import Loops
from grafito.models.turns import alone
from grafito.registry import known_arguments

FEW = 4  # epochs that fit into a slice: fewer are run one by one, at no loss


class Fitting(Loops):
    """A layer that can be trained by `fit`."""

    history: History | None = None

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
            source = self._looked_at(source, held_out, class_weight)
            seed = self._shuffle_seed if shuffle else None
            training = Epochs(source, batch_size, steps_per_epoch, seed, epochs)
            validation = Epochs(
                held_out, validation_batch_size or batch_size, validation_steps, role=VALIDATION
            )
            history = History()
            params = {"epochs": epochs, "steps": training.steps, "validation_freq": validation_freq}
            log = self._callbacks("fit", callbacks, verbose, history, **params)
            self.history = history
            with self._loop("train"), log:
                self._train(training, validation, initial_epoch, validated, log, interrupted)
            self.history = history  # a hook may have called `fit` too
            return history

    # The parts of the loop

    def _looked_at(self, source: Any, held_out: Any, class_weight: Any) -> Any:
        """The data of the training, weighed, after a look at all that are arrays."""
        if class_weight is not None:  # of training alone: what is held out is measured as it is
            source = weigh_classes(source, class_weight)
        for examples in (source, held_out):
            if isinstance(examples, Examples):
                self.prepare(examples)
        return source

    def _train(
        self,
        training: Epochs,
        validation: Epochs,
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
            history.interrupted = True
            tell(interrupted)

    def _fit_epoch(
        self,
        training: Epochs,
        validation: Epochs,
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

    def _epochs_together(self, training: Epochs, validation: Epochs, log: CallbackList) -> int:
        """How many epochs run in one call of the program, before the hooks of each are called.

        More than one where every epoch goes once through the same arrays, nothing is validated, no
        callback looks at more than the logs, and an epoch is much shorter than a slice.
        """
        if not (training.whole and validation.source is None and log.only_read_logs):
            return 1
        batches, ahead = training.whole_epochs(self._executor.step_counter.storage.item())
        step = TracedStep("train", self.train_step, self.reset_metrics)
        fitting = self._executor.epochs_in_a_slice(step, batches)
        return min(fitting, ahead) if fitting >= FEW else 1

    def _run_together(self, training: Epochs, epoch: int, count: int, log: CallbackList) -> int:
        """Train so many epochs, then call the hooks of each; the number of the epoch after them."""
        batches, _ = training.whole_epochs(self._executor.step_counter.storage.item())
        step = TracedStep("train", self.train_step, self.reset_metrics)
        outputs = self._executor.run_epochs(step, batches, count)
        logs = {name: plain_values(values) for name, values in sorted(outputs.items())}
        for callback in log.callbacks:
            callback.read_epochs(range(epoch, epoch + count), logs)
        return epoch + count
