"""The schedule of an experiment's training step: what the engine really runs."""

from __future__ import annotations

from typing import Any

from grafito.errors import ArgumentError
from grafito.lab.experiment import Experiment
from grafito.lab.training import Training
from grafito.utils import set_random_seed


def explain(
    experiment: Experiment, *, engine: Any = "auto", profile: bool = False, passes: bool = False
) -> str:
    """Compile the training step of an experiment, run it once, and tell what it consists of.

    Args:
        experiment: one that trains a network.
        engine: what runs it.
        profile: measure the time of each kernel too, and its share of what the CPU can do.
        passes: list the program after each pass of the compiler instead.

    Returns:
        A table with a line for each kernel.

    Raises:
        ArgumentError: for an experiment, or a variant, that is not the training of one network.
        GraphError: for an engine without a schedule.

    Example:
        >>> from grafito import engines, lab
        >>> if engines.get().name == "llvm":
        ...     assert "matrix product" in lab.explain(lab.get("digits"))
    """
    if not isinstance(experiment, Training) or experiment.variant in experiment.together:
        raise ArgumentError(
            "Only the training of one network has a schedule.",
            where=f"experiment {experiment.name!r}",
            received=f"variant {experiment.variant!r}" if experiment.variants else None,
            fix="grafito explain mnist-dense",
        )
    set_random_seed(experiment.seed)
    x, y = experiment.limited(experiment.load())[0]
    size = min(experiment.batch_size, len(x))
    model = experiment.compiled(x, engine)
    model.fit(x[:size], y[:size], batch_size=size, verbose=0, **experiment.fitting())
    return model.explain(profile, passes)
