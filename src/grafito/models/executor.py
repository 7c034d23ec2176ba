"""Executes the steps of a model: traces them into graphs, compiles these, runs them in slices.

A step gathers its batch from the bound arrays by index. An epoch is therefore a loop over a
counter, and the data stay in their compact form. The orders of many epochs lie end to end in one
array and the counter runs on from one epoch to the next, so epochs can follow each other without a
pause. The last, smaller batch has a program of its own; in `predict` it is filled up to one of few
sizes, where no op reads across the batch. A program holds data of up to a power of two of rows.
"""

from __future__ import annotations

import contextlib
import functools
import math
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito import engines, graph
from grafito.engines import Memory, Program, processes
from grafito.errors import GraphError, OutOfMemoryError
from grafito.graph.nest import map_structure
from grafito.graph.precision import check_precision, with_precision
from grafito.graph.program import Graph, trace_graph
from grafito.graph.rows import rows_alone, table
from grafito.graph.show import SHOWN, print_shown
from grafito.locks import Guarded
from grafito.models.batches import Batches, room, rooms
from grafito.models.eager import EagerProgram
from grafito.models.examples import Examples, pack_x_y_sample_weight
from grafito.models.finite import Call, FiniteCheck
from grafito.models.largest_batch import shortage
from grafito.models.outputs import Outputs
from grafito.models.probe import Probe
from grafito.models.renewal import Origin, Renewals

KEPT = 8  # programs of a model, those that were used last
SLICE_SECONDS = 0.2  # how long the machine runs before callbacks and Ctrl-C have their turn


@dataclass(frozen=True)
class TracedStep:
    """A step to be traced and compiled.

    Args:
        kind: "train" counts steps and makes layers behave as in training.
        function: from x, (x, y) or (x, y, sample_weight) to named outputs.
        reset: resets the metrics; it becomes a part of the first step of an epoch. None where what
            is run is only a part of an epoch.
    """

    kind: str
    function: Callable[[Any], dict[str, Any]]
    reset: Callable[[], None] | None = None


@dataclass
class Compiled:
    """A program for batches of one size, the data bound to it, and how long a step took."""

    program: Program
    size: int
    trains: bool
    shows: bool = False  # each step prints something, so steps run one by one
    probes: bool = False  # it has the outputs of a probe
    data: tuple[Any, Any] = (None, None)  # examples and orders
    seconds: float = math.inf


class Executor(Guarded):
    """Programs and counters of one compiled model; threads that execute steps take turns.

    Args:
        engine: name of an engine, an engine, or "auto".
        precision: "float32", or "mixed_bfloat16" to round what products and convolutions read.
        eager: compute each step while it is traced, so that its tensors have numbers.

    Attributes:
        engine_wanted: the name that was given, which may be "auto".
        step_counter: training steps over the life of the model; random numbers are keyed by it.
        draw_counter: all other steps, for layers that draw random numbers there too.
        start: index of the next example in the bound orders; each run sets it.
        length: examples in an epoch; each run sets it.
        watch: looks for NaN and infinities after training steps, if that is wanted.
        probe: looks into every so many training steps, if that is wanted.
        repetition: runs the last `predict` on other numbers, where that was one plain batch.
    """

    def __init__(self, engine: Any = "auto", precision: str = "float32", eager: bool = False):
        self._thread: int | None = None  # that trains or evaluates; a fork amid this looks at it
        super().__init__()
        self.engine = engines.get(engine)
        self.engine_wanted = engine if isinstance(engine, str) else self.engine.name
        self.precision = check_precision(precision)
        self.eager = eager
        self.step_counter = graph.Variable(0, dtype="int32", trainable=False, name="step")
        self.draw_counter = graph.Variable(0, dtype="int32", trainable=False, name="draws")
        self.watch: FiniteCheck | None = None
        self.probe: Probe | None = None
        self.start = graph.Variable(0, dtype="int32", trainable=False, name="start")
        self.length = graph.Variable(1, dtype="int32", trainable=False, name="length")
        self._programs: dict[Any, Compiled] = {}
        self._by_rows: dict[Any, bool] = {}  # by form of the data: whether `predict` may fill up
        self._traced: dict[Any, Graph] = {}  # not compiled yet
        self.repetition: Any = None
        self.renewals = Renewals()

    @contextlib.contextmanager
    def alone(self, model: str) -> Iterator[None]:
        """A context in which weights or metrics change: only one thread at a time may enter it.

        Raises:
            GraphError: when another thread is inside.
        """
        own = threading.get_ident()
        with self.lock:
            if self._thread not in (None, own):
                raise GraphError(
                    "Another thread is training or evaluating this model.",
                    where=f"model {model!r}",
                    fix="wait for it (thread.join()), or give each thread a model of its own; "
                    "predict can be called from any thread meanwhile",
                )
            before, self._thread = self._thread, own
        try:
            yield
        finally:
            self._thread = before

    def forked(self) -> None:
        super().forked()
        if self._thread != threading.get_ident():
            self._thread = None

    def renew(self, look: Callable[[], Origin]) -> bool:
        """Drop all programs if what they were made from, which `look` gives, has changed."""
        if not self.renewals.due(look, tells=not self.eager):
            return False
        with self.lock:
            for kept in (self._programs, self._by_rows, self._traced):
                kept.clear()
        return True

    def run(
        self, step: TracedStep, batches: Batches, one_by_one: bool = False, done: int = 0
    ) -> Iterator[tuple[int, Outputs]]:
        """Execute a step on all batches of an epoch, in slices.

        Args:
            step: what to execute.
            batches: the data.
            one_by_one: yield after each step, not after each slice.
            done: batches of the epoch that are left out, because they were done already.

        Yields:
            The number of steps done together and their outputs, stacked.
        """
        start, sizes = batches.start, batches.sizes
        extra = self._extra(step, batches)
        if extra:
            *full, (rest, _) = sizes
            sizes = [*full, (rest + extra, 1)]
            batches = batches.longer(extra)
        for size, steps in sizes:
            skipped = min(done, steps)
            done -= skipped
            start += skipped * size
            left = steps - skipped
            while left:
                with self.lock:  # other threads have their turn between slices
                    count, outputs = self._slice(step, batches, size, start, left, one_by_one)
                left -= count
                start += count * size
                if extra and start == batches.length:
                    outputs = {name: values[:, :-extra] for name, values in outputs.items()}
                yield count, outputs

    def ran_at_once(self, examples: Examples) -> Compiled | None:
        """The program that ran last, if that was one step of no training on these examples."""
        with self.lock:
            last = next(reversed(self._programs.values()), None)
        if last is None or self.eager or last.trains or last.shows:
            return None
        return last if last.data[0] is examples and last.size == len(examples) else None

    def make_ready(self, step: TracedStep, batches: Batches) -> None:
        """Trace and compile a step for its first batch."""
        with self.lock:
            self._compiled(step, batches, batches.sizes[0][0])

    def _extra(self, step: TracedStep, batches: Batches) -> int:
        """How many rows to add to the last batch, so that a program of another size serves it."""
        rest, _ = batches.sizes[-1]
        wanted = min(batches.size, room(rest, 2))
        if step.kind != "predict" or self.eager or not self.engine.pads_batches or wanted == rest:
            return 0
        form = batches.examples.form
        with self.lock:
            if form not in self._by_rows:
                one, other = (self._trace(step, batches, size) for size in (wanted, rest))
                self._by_rows[form] = rows_alone(one, other, (wanted, rest), {self.start})
                key = wanted if self._by_rows[form] else rest
                self._traced[_key(step, batches, key)] = one if self._by_rows[form] else other
            return wanted - rest if self._by_rows[form] else 0

    def _slice(
        self,
        step: TracedStep,
        batches: Batches,
        size: int,
        start: int,
        left: int,
        one_by_one: bool,
    ) -> tuple[int, Outputs]:
        """Execute as many steps as fit into a slice; their number, and the outputs.

        With a probe there are several runs of programs, and outputs are those of the last. What it
        asked for is read at the end: Python costs several times as much where each run of a
        program has filled the caches.
        """
        probe = self.probe if step.kind == "train" else None
        spent, count = 0.0, 0
        done = int(self.step_counter.storage) if probe else 0
        programs: dict[bool, Compiled] = {}
        seen: list[tuple[int, Outputs]] = []
        try:
            while True:
                due = probe is not None and probe.due(done)
                if due not in programs:
                    programs[due] = self._compiled(step, batches, size, probe if due else None)
                compiled = programs[due]
                alone = one_by_one or compiled.shows
                steps = (
                    1 if alone or due else max(1, int((SLICE_SECONDS - spent) / compiled.seconds))
                )
                steps = min(steps, left - count, probe.left(done) if probe else left)
                outputs = self._execute(compiled, batches, start + count * size, steps)
                if due:
                    seen.append((done, outputs))
                count, done, spent = count + steps, done + steps, spent + steps * compiled.seconds
                if probe is None or alone or count == left or spent > SLICE_SECONDS:
                    return count, outputs
        finally:
            for number, given in seen:
                assert probe is not None
                probe.look(number, given)

    def epochs_in_a_slice(self, step: TracedStep, batches: Batches) -> int:
        """How many epochs fit into a slice; 0 while that is not known yet."""
        seconds = 0.0
        for size, steps in batches.sizes:
            compiled = self._programs.get((self.eager, *_key(step, batches, size)))
            if compiled is None or compiled.shows:
                return 0
            seconds += steps * compiled.seconds
        return int(SLICE_SECONDS / seconds)

    def run_epochs(self, step: TracedStep, batches: Batches, epochs: int) -> Outputs:
        """Execute a step in this epoch and those that follow in the orders, without a pause.

        Returns:
            Each output at the end of each epoch, stacked.
        """
        with self.lock:
            return self._epochs(step, batches, epochs)

    def _epochs(self, step: TracedStep, batches: Batches, epochs: int) -> Outputs:
        parts = [
            (self._compiled(step, batches, size), size, steps) for size, steps in batches.sizes
        ]
        start = batches.start
        if len(parts) == 1:
            compiled, _, steps = parts[0]
            outputs = self._execute(compiled, batches, start, epochs * steps)
            return {name: values[steps - 1 :: steps] for name, values in outputs.items()}
        if self.watch is None:
            return self._rounds(parts[0][0], parts[1][0], batches, epochs)
        ends = []
        for _ in range(epochs):
            for compiled, size, steps in parts:
                outputs = self._execute(compiled, batches, start, steps)
                start += size * steps
            ends.append(outputs)
        return {name: np.stack([end[name][-1] for end in ends]) for name in ends[0]}

    def _execute(self, compiled: Compiled, batches: Batches, start: int, count: int) -> Outputs:
        if self.watch is None or not compiled.trains:
            return self._steps(compiled, batches, start, count)
        executor = weakref.ref(self)  # the watch belongs to it and keeps this function

        def go(start: int, count: int) -> Outputs:
            held = executor()
            assert held is not None
            return held._steps(compiled, batches, start, count)

        last = (start + count * compiled.size) % batches.length == 0
        call = Call(compiled.program, batches, go, start, compiled.size, count)
        return self.watch.run(call, last)

    def _steps(self, compiled: Compiled, batches: Batches, start: int, count: int) -> Outputs:
        self._bind((compiled,), batches, start)
        began = time.perf_counter()
        outputs = compiled.program.run(count)
        _note_seconds((compiled,), began, count)
        if compiled.shows:
            print_shown(outputs, steps=True)
        return outputs

    def _rounds(self, whole: Compiled, rest: Compiled, batches: Batches, epochs: int) -> Outputs:
        """Epochs that end with a smaller batch."""
        self._bind((whole, rest), batches, batches.start)
        began, steps = time.perf_counter(), batches.sizes[0][1]
        outputs = whole.program.run_rounds(epochs, steps, rest.program)
        _note_seconds((whole, rest), began, epochs * (steps + 1))
        return outputs

    def _bind(self, together: Sequence[Compiled], batches: Batches, start: int) -> None:
        """Give programs the data and the place where they begin."""
        examples, orders = batches.examples, batches.orders
        for compiled in together:
            if compiled.data[0] is not examples or compiled.data[1] is not orders:
                compiled.program.bind({**examples.arrays, "order": orders.reshape(-1)})
                compiled.data = examples, orders
        self.start.storage = np.array(start, "int32")
        self.length.storage = np.array(batches.length, "int32")

    def _compiled(
        self, step: TracedStep, batches: Batches, size: int, probe: Probe | None = None
    ) -> Compiled:
        key: tuple[Any, ...] = self.eager, *_key(step, batches, size)
        if probe is not None:
            key = *key, probe.ask
        if key in self._programs:
            self._programs[key] = self._programs.pop(key)  # the last that was used
        else:
            try:
                program = self._program(step, batches, size, probe)
            except OutOfMemoryError as error:
                needed = functools.partial(self.memory, step, batches)
                raise shortage(error, size, needed) from None
            shows = not self.eager and any(n.startswith(SHOWN) for n in program.graph.outputs)
            trains = step.kind == "train"
            self._programs[key] = Compiled(program, size, trains, shows, probes=probe is not None)
            while len(self._programs) > KEPT:
                del self._programs[next(iter(self._programs))]
        return self._programs[key]

    def _program(
        self, step: TracedStep, batches: Batches, size: int, probe: Probe | None
    ) -> Program:
        if self.eager:
            return EagerProgram(*self._traceable(step, batches, size, probe))
        known = None if probe else self._traced.pop(_key(step, batches, size), None)
        return self.engine.compile(known or self._trace(step, batches, size, probe))

    def memory(self, step: TracedStep, batches: Batches, size: int) -> Memory | None:
        """The memory of a step of this batch size, without compiling it."""
        return self.engine.memory(self._trace(step, batches, size))

    def training_programs(self) -> dict[int, Program]:
        """The training steps that were compiled, by batch size."""
        return {c.size: c.program for c in self._programs.values() if c.trains and not c.probes}

    def profile(self, program: Program) -> str:
        """The times of a program's kernels on the first batch: behind the last is no row."""
        self.start.storage = np.array(0, "int32")
        return program.profile()

    def _trace(
        self, step: TracedStep, batches: Batches, size: int, probe: Probe | None = None
    ) -> Graph:
        """The graph of one step."""
        traceable = self._traceable(step, batches, size, probe)
        while True:
            known = _assigned_by(step.reset).keys()
            with self.renewals.tracing():
                traced = trace_graph(*traceable)
            if (
                known == _assigned_by(step.reset).keys()
            ):  # else the step made new metrics: trace again
                return with_precision(traced, self.precision)

    def _traceable(
        self, step: TracedStep, batches: Batches, size: int, probe: Probe | None
    ) -> tuple[Any, dict[str, graph.Tensor], bool, graph.Variable]:
        """A step that gathers its batch: the function, inputs, whether it trains, its counter."""
        examples, (rows, positions_of_order) = batches.examples, rooms(batches, size)
        inputs = {
            name: table(rows, shape[1:], dtype, name)
            for name, (shape, dtype) in examples.spec.items()
        }
        inputs["order"] = table(positions_of_order, (), "int32", "order")
        counter = self.step_counter if step.kind == "train" else self.draw_counter

        def gather(**held: graph.Tensor) -> dict[str, Any]:
            first = graph.equal(self.start % self.length, 0)
            for variable, value in _assigned_by(step.reset).items():
                variable.assign(graph.where(first, value, variable))
            positions = self.start + graph.constant(np.arange(size, dtype="int32"))
            index = graph.take(held["order"], positions)
            leaves = iter(held[name] for name in examples.arrays)
            batch = map_structure(
                lambda part: None if part is None else graph.take(next(leaves), index),
                examples.parts,
            )
            outputs = step.function(pack_x_y_sample_weight(*batch))
            if probe is not None:
                outputs = {**outputs, **probe.outputs()}
            self.start.assign(self.start + size)
            counter.assign(counter + 1)
            return outputs

        return gather, inputs, step.kind == "train", counter


def _note_seconds(together: Sequence[Compiled], began: float, steps: int) -> None:
    """Note how long steps took that began then; all processes take the same for it."""
    seconds = processes.largest(time.perf_counter() - began)
    for compiled in together:
        compiled.seconds = max(seconds, 1e-9) / steps


def _key(step: TracedStep, batches: Batches, size: int) -> tuple[Hashable, ...]:
    """Equal for steps that one program serves."""
    return step.kind, step.reset is None, size, rooms(batches, size), batches.examples.form


def _assigned_by(function: Callable[[], None] | None) -> dict[graph.Variable, graph.Tensor]:
    """The variables that a function assigns, with their new values."""
    with graph.Trace() as trace:
        if function is not None:
            function()
    return trace.updates
