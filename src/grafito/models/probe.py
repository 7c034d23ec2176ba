"""What looks into a training: every so many steps a step has further outputs, named by a probe.

Such a step is a second program, with the same state and the same data; between them the plain one
runs. Weights come out the same, since outputs change nothing that is assigned.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito.graph import Tensor, Trace, concatenate, current_trace, stack

PREFIX = "probe "  # before the names of its outputs
JOIN, LENGTH = "\t", "\n"  # between the names of what is one output; before how many it has


@dataclass
class Probe:
    """What is asked of every so many training steps.

    Attributes:
        every: steps from one that is looked into to the next.
        ask: called with the trace of a step, in which `seen` has the outputs of layers, losses and
            gradients, and `updates` the new weights; it returns tensors by name.
        take: called with the number of the step and the arrays by name.

    Example:
        >>> probe = Probe(every=10, ask=lambda trace: {}, take=print)
        >>> probe.due(20), probe.left(23)
        (True, 7)
    """

    every: int
    ask: Callable[[Trace], Mapping[str, Tensor]]
    take: Callable[[int, dict[str, np.ndarray]], None]

    def due(self, step: int) -> bool:
        """Whether the step after so many is looked into."""
        return step % self.every == 0

    def left(self, step: int) -> int:
        """How many plain steps come before the next that is looked into."""
        return -step % self.every or self.every

    def outputs(self) -> dict[str, Tensor]:
        """What a step that is now being traced gives besides its own outputs."""
        trace = current_trace()
        assert trace is not None
        with Trace():  # in which a variable is what it was before the step
            asked = dict(self.ask(trace))
            numbers = {n: x for n, x in asked.items() if not x.shape and x.dtype == "float32"}
            rows = {n: x for n, x in asked.items() if x.ndim == 1 and x.dtype == "float32"}
            if len(numbers) > 1:  # one output costs less than many
                names = [*numbers, *(f"{name}{LENGTH}{len(x)}" for name, x in rows.items())]
                for name in (*numbers, *rows):
                    del asked[name]
                asked[JOIN.join(names)] = concatenate([stack([*numbers.values()]), *rows.values()])
        return {PREFIX + name: tensor for name, tensor in asked.items()}

    def look(self, step: int, outputs: dict[str, Any]) -> None:
        """Take out of the outputs of one step what was asked for."""
        found: dict[str, Any] = {}
        for output in [name for name in outputs if name.startswith(PREFIX)]:
            value, joined = np.asarray(outputs.pop(output))[0], _parts(output)
            if joined is None:
                found[output.removeprefix(PREFIX)] = value
                continue
            numbers, rows = joined
            found.update(zip(numbers, value[: len(numbers)].tolist(), strict=True))
            for name, part in rows:
                found[name] = value[part]
        self.take(step, found)


@functools.lru_cache(maxsize=64)
def _parts(output: str) -> tuple[list[str], list[tuple[str, slice]]] | None:
    """The names of the numbers that are one output, and where in it the rows of numbers are."""
    names = output.removeprefix(PREFIX).split(JOIN)
    if len(names) == 1:
        return None
    numbers = [name for name in names if LENGTH not in name]
    rows, end = [], len(numbers)
    for row in names[len(numbers) :]:
        name, _, length = row.rpartition(LENGTH)
        rows.append((name, slice(end, end + int(length))))
        end += int(length)
    return numbers, rows
