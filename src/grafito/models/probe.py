"""What looks into a training: every so many steps a step has further outputs, named by a probe.

Such a step is a second program, with the same state and the same data; between them the plain one
runs. Weights come out the same, since outputs change nothing that is assigned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito.graph import Tensor, Trace, current_trace, stack

PREFIX = "probe "  # before the names of its outputs
JOIN = "\t"  # between the names of numbers that are one output


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
            single = {n: x for n, x in asked.items() if not x.shape and x.dtype == "float32"}
            if len(single) > 1:  # one output costs less than many
                for name in single:
                    del asked[name]
                asked[JOIN.join(single)] = stack([*single.values()])
        return {PREFIX + name: tensor for name, tensor in asked.items()}

    def look(self, step: int, outputs: dict[str, Any]) -> None:
        """Take out of the outputs of one step what was asked for."""
        found: dict[str, Any] = {}
        for output in [name for name in outputs if name.startswith(PREFIX)]:
            value, names = np.asarray(outputs.pop(output))[0], output.removeprefix(PREFIX)
            if JOIN in names:
                found.update(zip(names.split(JOIN), value.tolist(), strict=True))
            else:
                found[names] = value
        self.take(step, found)
