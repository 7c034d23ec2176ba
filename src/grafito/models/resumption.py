"""What files and copies keep of a training, so that it goes on from there."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np

from grafito import engines, graph, losses
from grafito.layers import Layer
from grafito.models.assignment import assign_all
from grafito.models.executor import Executor
from grafito.models.objectives import Objectives


class Resumable(Layer):
    """A layer whose training can be saved and gone on with."""

    optimizer: Any
    compile: Any
    _executor: Executor
    _objectives: Objectives
    _shuffle_seed: int

    def training_state(self) -> tuple[dict[str, Any], dict[str, list[graph.Variable]]]:
        """The arguments of `compile` with the seed of the shuffle, and the variables to keep."""
        loss, loss_weights, plain_metrics, weighted = self._objectives.given
        configuration = {
            "optimizer": self.optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": plain_metrics,
            "weighted_metrics": weighted,
            "engine": self._executor.engine_wanted,
            "precision": self._executor.precision,
            "check_finite": self._executor.watch is not None,
            "shuffle_seed": self._shuffle_seed,
            "slots": [i for i, w in enumerate(self.weights) if self._has_slots(w)],
        }
        return configuration, {
            "optimizer": self._optimizer_state(configuration["slots"]),
            "counters": [self._executor.step_counter, self._executor.draw_counter],
        }

    def _has_slots(self, weight: graph.Variable) -> bool:
        return self.optimizer is not None and self.optimizer.built_for(weight)

    def _optimizer_state(self, slots: list[int]) -> list[graph.Variable]:
        """Its counters, and what it remembers of the weights with these numbers.

        Others it may remember belong to another model.
        """
        if self.optimizer is None:
            return []
        weights = self.weights
        own = [slot for i in slots for slot in self.optimizer.slots_of(weights[i])]
        return [*self.optimizer.counters, *own]

    def restore_training(
        self, configuration: dict[str, Any], state: dict[str, list[np.ndarray]]
    ) -> None:
        """Compile as saved, and go on from the saved optimizer state and counters."""
        arguments = dict(configuration)
        engine = arguments.get("engine", "auto")  # files of before 0.1 do not say it
        if not engines.available(engine):
            warnings.warn(
                f"The model was trained by the engine {engine!r}, which is not here; numbers may "
                "differ in their last digits.",
                stacklevel=2,
            )
            arguments["engine"] = "auto"
        shuffle_seed, slots = arguments.pop("shuffle_seed"), arguments.pop("slots")
        arguments["loss"] = losses.lookup.objects(arguments["loss"])  # for who reads model.loss
        signature = inspect.signature(self.compile)
        try:
            signature.bind(**arguments)
        except TypeError:  # that of a subclass
            warnings.warn(
                f"The training of model {self.name!r} does not go on: its own method is "
                f"compile{signature}, whose arguments are in no file or copy. "
                "Call it again: model.compile(...)",
                stacklevel=2,
            )
            return
        self.compile(**arguments)
        self._shuffle_seed = shuffle_seed
        weights = self.weights
        if self.optimizer is not None:
            self.optimizer.build([weights[i] for i in slots])
        own, arrays = self._optimizer_state(slots), list(state["optimizer"])
        for i, (variable, array) in enumerate(zip(own, arrays, strict=False)):
            if variable.name == "learning_rate" and array.shape == ():
                arrays[i] = array.astype(variable.dtype)  # float32 in files of before 0.1
        assign_all(own, arrays, "the saved optimizer state")
        counters = [self._executor.step_counter, self._executor.draw_counter]
        assign_all(counters, state["counters"], "the saved counters")
