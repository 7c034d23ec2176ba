"""A compiled program: many steps in one launch, over data and state that stay on the device."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from grafito.engines import interface
from grafito.engines.devices import DataParallel
from grafito.engines.jax.lowering import lower
from grafito.engines.jax.placement import Placement
from grafito.engines.jax.reads import TableReads
from grafito.engines.jax.rounds import Body, Rounds, in_parts
from grafito.engines.private_folder import private_folder, remove_oldest
from grafito.engines.processes import together
from grafito.errors import OutOfMemoryError
from grafito.graph.dtypes import numpy_dtype
from grafito.graph.program import Graph
from grafito.graph.shaping.indexing import outside_table
from grafito.graph.tensor import Tensor
from grafito.graph.variable import moment
from grafito.locks import Guarded

OUTPUT_BYTES = 64 * 2**20  # of a launch
WINDOW_BYTES = 32 * 2**20  # likewise, of batches that are sent with it
WHOLE_BYTES = 2**20  # of an output that is taken from the device as a whole
MOST_STEPS = 4096  # of a launch
KEPT_BYTES = 2**30  # of compiled programs on the disk


@functools.cache
def keep_programs() -> None:
    """Have JAX keep what it compiles, in a folder of the user alone, if it keeps nothing yet."""
    if getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    folder = private_folder("jax")
    if folder is None:
        return
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
        remove_oldest(folder, KEPT_BYTES)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


class Program(interface.Program, Guarded):
    """A graph that XLA compiles; one launch runs many steps, and is awaited before the next one.

    The number of steps is an argument of the compiled loop, so one compilation serves any slice.
    State is not donated: until a launch has ended other threads read the weights of before it, so
    there are two copies of them then. Inside of the loop XLA writes new ones over old ones.

    Data stay on the device, and a step takes its batch there. Where they are too large, or several
    processes compute, each launch is sent the batches that its steps take, in place of the data.
    Among several devices the batch is divided; XLA divides all that follows from it, and adds up.

    Args:
        graph: what to compute.
        device: where; the first one by default.
        distribution: the devices among which batches are divided, in place of one.
    """

    def __init__(self, graph: Graph, device: Any = None, distribution: DataParallel | None = None):
        interface.Program.__init__(self, graph)
        Guarded.__init__(self)
        keep_programs()
        self._placement = Placement(device, distribution)
        self._reads = TableReads(graph)
        self.changed = list(graph.updates)
        self.read = [v for v in graph.variables if v not in graph.updates]
        self.held: dict[str, Any] | None = None  # arrays on the device; None where they must go
        self.sends_batches = False
        size = sum(_bytes(x.shape, x) for x in graph.outputs.values())
        self.capacity = max(1, min(MOST_STEPS, OUTPUT_BYTES // max(size, 1)))
        step = sum(_bytes(x.shape, x) for x in self._reads.taken)
        self.window = max(1, min(self.capacity, WINDOW_BYTES // max(step, 1)))
        here = self._placement.everywhere if self._placement.mesh is not None else None
        self.jit = functools.partial(jax.jit, **({"out_shardings": here} if here else {}))
        self._launch = self.jit(self._steps)
        self._rounds: Rounds | None = None

    def bind(self, arrays: Mapping[str, Any]) -> None:
        super().bind(arrays)
        self.held = None

    def hold(self, array: Any) -> Any:
        return array if isinstance(array, np.ndarray) else np.asarray(array)

    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        with self.lock, jax.enable_x64(True):
            self.place()
            most = self.window if self.sends_batches else self.capacity
            return in_parts(self._run, steps, most)

    def run_rounds(self, rounds: int, steps: int, last: interface.Program) -> dict[str, np.ndarray]:
        """Rounds of two programs, which are compiled into one where there are many of them."""
        assert isinstance(last, Program)
        if self._rounds is None or self._rounds.last is not last:
            self._rounds = Rounds(self, last)
        ran = self._rounds.run(rounds, steps) if self._rounds.worthwhile(rounds) else None
        return super().run_rounds(rounds, steps, last) if ran is None else ran

    def place(self) -> None:
        """Send data that are not there to the device; or note that batches are sent."""
        if self.held is not None:
            return
        self.check_bound()
        reads, placement = self._reads, self._placement
        size = sum(self.arrays[name].nbytes for name in reads.tables)
        room = placement.room() if reads.size and not placement.several_processes else None
        too_large = room is not None and size > room
        self.sends_batches = bool(reads.size) and (placement.several_processes or too_large)
        left = reads.tables | reads.inputs if self.sends_batches else set()
        if self.sends_batches:
            reads.bind(self.arrays)
        self.held = {
            name: array if placement.is_put(array) else placement.put(array)
            for name, array in self.arrays.items()
            if name not in left
        }
        if not self.sends_batches:
            self.arrays.update(self.held)  # of which no second copy is kept

    def _run(self, steps: int) -> dict[str, np.ndarray]:
        """One launch of so many steps."""

        def given() -> tuple[Any, ...]:
            return self.held, self._batches(steps) if self.sends_batches else {}, np.int32(steps)

        return self.launched(self._launch, self.changed, self.read, steps, given)

    def launched(
        self,
        launch: Any,
        changed: list[Any],
        read: list[Any],
        count: int,
        given: Callable[[], tuple[Any, ...]],
    ) -> dict[str, np.ndarray]:
        """Launch, await what it gives, and take over the state; the first outputs.

        Args:
            launch: from the values of variables, and what else is given, to those after it, all
                outputs, and the fault.
            changed: the variables that it changes.
            read: those that it only reads.
            count: how many outputs there are.
            given: tells what else it takes, once the values of the variables are taken.
        """
        with moment.lock:
            state, known = self._on_device(changed), self._on_device(read)
        more = given()
        try:
            with together():
                new, outputs, fault = jax.block_until_ready(launch(state, known, *more))
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise OutOfMemoryError(
                "The device has too little memory for a step.",
                where=self._placement.device,
                received=str(error).splitlines()[0],
                fix="a smaller batch_size",
            ) from error
        with moment.lock:
            for variable, array in zip(changed, new, strict=True):
                variable.storage = array
        wrong, index, size = np.asarray(fault).tolist()
        if wrong:
            raise outside_table(index, size)
        return {name: _of_first(values, count) for name, values in outputs.items()}

    def _on_device(self, variables: Sequence[Any]) -> list[Any]:
        """The arrays of variables; what was changed elsewhere is sent there."""
        arrays = []
        for variable in variables:
            array = variable.storage
            if not self._placement.is_put(array):
                array = self._placement.put(np.array(array, numpy_dtype(variable.dtype)))
            arrays.append(array)
        return arrays

    def _batches(self, steps: int) -> dict[str, Any]:
        """What the next steps take from the tables; of several processes each reads its rows."""
        placement, size = self._placement, self._placement.padded(self._reads.size)
        part = size // placement.parts
        own = slice(placement.own.start * part, placement.own.stop * part)
        rows = {}
        for i, (x, at) in enumerate(self._reads.positions(steps).items()):
            at = np.pad(at, ((0, 0), (0, size - self._reads.size)), mode="edge")[:, own]
            table = self.arrays[self._reads.taken[x]]
            sent = np.empty(
                (1 if steps == 1 else self.window, *at.shape[1:], *x.shape[1:]), table.dtype
            )
            sent[:steps] = table[at]
            rows[str(i)] = placement.put_windows(sent, size)
        return rows

    def _steps(
        self,
        state: list[Any],
        read: list[Any],
        inputs: dict[str, Any],
        batches: dict[str, Any],
        steps: Any,
    ) -> Any:
        """A launch of this program."""
        known = dict(zip(self.read, read, strict=True))
        body = self.body(self.changed, known, inputs, batches)
        return lax.fori_loop(
            0, steps, lambda i, x: body(i, i, x), (state, self.room(), jnp.zeros(3, "int64"))
        )

    def room(self) -> dict[str, Any]:
        """Where the outputs of a launch go."""
        return {
            name: jnp.zeros((self.capacity, *x.shape), numpy_dtype(x.dtype))
            for name, x in self.graph.outputs.items()
        }

    def body(
        self,
        changed: list[Any],
        known: dict[Any, Any],
        inputs: dict[str, Any],
        batches: Mapping[str, Any] = MappingProxyType({}),
    ) -> Body:
        """The body of a loop; a step that meets a wrong index, and those after it, change nothing.

        Args:
            changed: the variables whose values it passes on.
            known: the values of others.
            inputs: the arrays that are bound.
            batches: what was sent in place of some of them.

        Returns:
            A function of the number of the step, of the place of its outputs, and of what is passed
            on: values, outputs (of which some may be left out), and the fault.
        """
        taken = list(self._reads.taken)
        step = lower(self.graph, set(taken) if batches else (), self._divided)
        leaves = {**known, **{self.graph.inputs[name]: array for name, array in inputs.items()}}

        def run(i: Any, at: Any, carried: Any) -> Any:
            state, outputs, fault = carried
            rows = {
                x: self._placement.divided(_batch(batches[str(j)], i, len(x)))
                for j, x in enumerate(taken if batches else ())
            }
            values = dict(zip(changed, state, strict=True))
            shown, new, found = step({**leaves, **rows, **values})
            fault = jnp.where(fault[0] > 0, fault, found)
            for variable, x in zip(self.changed, new, strict=True):
                kept = jnp.where(fault[0] > 0, values[variable], x)
                values[variable] = self._placement.gathered(kept)
            outputs = {
                name: lax.dynamic_update_index_in_dim(
                    room, self._placement.gathered(shown[name]), at, 0
                )
                for name, room in outputs.items()
            }
            return list(values.values()), outputs, fault

        return run

    def _divided(self, x: Tensor, value: Any) -> Any:
        """Divide a batch that was taken from data on the device."""
        return self._placement.divided(value) if x in self._reads.taken else value


def _batch(batches: Any, i: Any, size: int) -> Any:
    """The i-th batch of those that were sent, without the rows that fill it up."""
    return lax.dynamic_index_in_dim(batches, i, keepdims=False)[:size]


def _of_first(values: Any, steps: int) -> np.ndarray:
    """The outputs of the steps that ran.

    A slice on the device is compiled for each number of steps; on a CPU, or where there is little,
    all is taken as it is.
    """
    near = values.nbytes <= WHOLE_BYTES or next(iter(values.devices())).platform == "cpu"
    return np.array(np.asarray(values if near else values[:steps])[:steps])


def _bytes(shape: Sequence[int], x: Tensor) -> int:
    return int(np.prod(shape)) * np.dtype(numpy_dtype(x.dtype)).itemsize
