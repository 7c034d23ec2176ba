"""Runs a model over examples: builds the step graphs, has them compiled, slices epochs.

A step gathers its batch from the bound arrays by index, so an epoch is a loop over a counter and
the data stay in their compact form. The last, smaller batch has a program of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grafito import engines, graph
from grafito.engines import Program
from grafito.graph.dtypes import dtype_name
from grafito.graph.nest import flatten, map_structure
from grafito.graph.program import trace_graph
from grafito.models.examples import Examples

SLICE_SECONDS = 0.2  # how long the machine runs before callbacks and Ctrl-C have their turn

Step = Callable[[Any], dict[str, Any]]  # from (x, y, sample_weight) to named outputs


class Runner:
    """Programs and counters of one compiled model.

    Args:
        engine: name of an engine, an engine, or "auto".

    Attributes:
        step: counts training steps over the life of the model; random numbers are keyed by it.
        draws: counts the other steps, for layers that draw random numbers there too.
    """

    def __init__(self, engine: Any = "auto"):
        self.engine = engines.get(engine)
        self.step = graph.Variable(0, "int32", "step", trainable=False)
        self.draws = graph.Variable(0, "int32", "draws", trainable=False)
        self._start = graph.Variable(0, "int32", "start", trainable=False)
        self._programs: dict[Any, Program] = {}
        self._bound: dict[Program, Any] = {}  # the arrays that each holds now
        self._origin: list[Any] = []

    def forget(self) -> None:
        """Drop all programs; the next run compiles anew."""
        self._programs.clear()
        self._bound.clear()

    def renew(self, origin: list[Any]) -> bool:
        """Drop all programs if what they were made from is no longer the same."""
        if origin == self._origin:
            return False
        self._origin = origin
        self.forget()
        return True

    def run(
        self,
        kind: str,
        step: Step,
        examples: Examples,
        order: np.ndarray,
        batch_size: int,
        one_by_one: bool = False,
    ) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """Run a step over all examples in the given order.

        Args:
            kind: "train" counts steps and makes layers behave as in training.
            step: the function to trace.
            examples: what the batches are taken from.
            order: positions of the examples.
            batch_size: examples in a step; the last one takes what is left.
            one_by_one: yield after each step, not after each slice.

        Yields:
            The number of steps done together and their outputs, stacked.
        """
        arrays = {**examples.arrays, "order": order.astype("int32")}
        done = 0
        for size in (batch_size, len(order) % batch_size):
            steps = (len(order) - done) // size if size else 0
            if not steps:
                continue
            program = self._program(kind, step, examples, arrays, size)
            count = 1
            while steps:
                if self._bound.get(program) is not arrays:  # or a callback ran the model meanwhile
                    program.bind(arrays)
                    self._bound[program] = arrays
                self._start.assign(done)
                began = time.perf_counter()
                outputs = program.run(count)
                seconds = time.perf_counter() - began
                steps -= count
                done += count * size
                yield count, outputs
                if not one_by_one:
                    count = max(1, int(count * min(8.0, SLICE_SECONDS / max(seconds, 1e-9))))
                count = min(count, steps)

    def _program(
        self, kind: str, step: Step, examples: Examples, arrays: dict[str, Any], size: int
    ) -> Program:
        spec = {name: (a.shape, dtype_name(a.dtype)) for name, a in arrays.items()}
        structure = repr(map_structure(lambda _: None, examples.parts))
        key = (kind, size, structure, tuple(spec.items()))
        if key not in self._programs:
            self._programs[key] = self._compile(kind, step, examples, spec, size)
        return self._programs[key]

    def _compile(
        self, kind: str, step: Step, examples: Examples, spec: dict[str, Any], size: int
    ) -> Program:
        inputs = {name: graph.placeholder(shape, d, name) for name, (shape, d) in spec.items()}

        def gather(**held: graph.Tensor) -> dict[str, Any]:
            positions = self._start + graph.constant(np.arange(size, dtype="int32"))
            index = graph.take(held["order"], positions)
            leaves = iter(held[name] for name in examples.arrays)
            batch = map_structure(
                lambda part: None if part is None else graph.take(next(leaves), index),
                examples.parts,
            )
            outputs = step(batch)
            self._start.assign(self._start + size)
            counter.assign(counter + 1)
            return outputs

        counter = self.step if kind == "train" else self.draws
        traced = trace_graph(gather, inputs, training=kind == "train", step=counter)
        return self.engine.compile(traced)


def join_outputs(slices: list[dict[str, np.ndarray]], template: Any) -> Any:
    """The outputs of all steps end to end, in the structure of the template."""
    names = iter(range(len(flatten(template))))

    def join(_: Any) -> np.ndarray:
        name = str(next(names))
        return np.concatenate([s[name].reshape(-1, *s[name].shape[2:]) for s in slices])

    return map_structure(join, template)
