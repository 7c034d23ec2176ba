"""A compiled program: many steps in one launch, over data and state that stay on the device."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
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
        self._changed = list(graph.updates)
        self._read = [v for v in graph.variables if v not in graph.updates]
        self._held: dict[str, Any] | None = None  # arrays on the device; None where they must go
        self.sends_batches = False
        size = sum(_bytes(x.shape, x) for x in graph.outputs.values())
        self.capacity = max(1, min(MOST_STEPS, OUTPUT_BYTES // max(size, 1)))
        step = sum(_bytes(x.shape, x) for x in self._reads.taken)
        self.window = max(1, min(self.capacity, WINDOW_BYTES // max(step, 1)))
        here = self._placement.everywhere if self._placement.mesh is not None else None
        self._launch = jax.jit(self._steps, **({"out_shardings": here} if here else {}))

    def bind(self, arrays: Mapping[str, Any]) -> None:
        super().bind(arrays)
        self._held = None

    def hold(self, array: Any) -> Any:
        return array if isinstance(array, np.ndarray) else np.asarray(array)

    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        self.check_bound()
        with self.lock, jax.enable_x64(True):
            if self._held is None:
                self._place()
            most = self.window if self.sends_batches else self.capacity
            parts = [self._run(min(most, steps - done)) for done in range(0, steps, most)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _place(self) -> None:
        """Send the data to the device; or note that batches are sent."""
        reads, placement = self._reads, self._placement
        size = sum(self.arrays[name].nbytes for name in reads.tables)
        room = placement.room() if reads.size and not placement.several_processes else None
        too_large = room is not None and size > room
        self.sends_batches = bool(reads.size) and (placement.several_processes or too_large)
        left = reads.tables | reads.inputs if self.sends_batches else set()
        if self.sends_batches:
            reads.bind(self.arrays)
        self._held = {
            name: array if placement.is_put(array) else placement.put(array)
            for name, array in self.arrays.items()
            if name not in left
        }
        if not self.sends_batches:
            self.arrays.update(self._held)  # of which no second copy is kept

    def _run(self, steps: int) -> dict[str, np.ndarray]:
        """One launch."""
        with moment.lock:
            state, read = self._on_device(self._changed), self._on_device(self._read)
        batches = self._batches(steps) if self.sends_batches else {}
        try:
            with together():
                new, outputs, fault = jax.block_until_ready(
                    self._launch(state, read, self._held, batches, np.int32(steps))
                )
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
            for variable, array in zip(self._changed, new, strict=True):
                variable.storage = array
        wrong, index, size = np.asarray(fault).tolist()
        if wrong:
            raise outside_table(index, size)
        return {name: _of_first(values, steps) for name, values in outputs.items()}

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
        """The loop. A step that meets a wrong index, and those after it, change nothing."""
        taken = list(self._reads.taken)
        step = lower(self.graph, set(taken) if batches else (), self._divided)
        leaves = {self.graph.inputs[name]: array for name, array in inputs.items()}
        leaves |= dict(zip(self._read, read, strict=True))
        outputs = {
            name: jnp.zeros((self.capacity, *x.shape), numpy_dtype(x.dtype))
            for name, x in self.graph.outputs.items()
        }

        def body(i: Any, carried: Any) -> Any:
            state, outputs, fault = carried
            rows = {
                x: self._placement.divided(_batch(batches[str(j)], i, len(x)))
                for j, x in enumerate(taken if batches else ())
            }
            shown, new, found = step(
                {**leaves, **rows, **dict(zip(self._changed, state, strict=True))}
            )
            fault = jnp.where(fault[0] > 0, fault, found)
            state = [
                self._placement.gathered(jnp.where(fault[0] > 0, old, x))
                for old, x in zip(state, new, strict=True)
            ]
            outputs = {
                name: lax.dynamic_update_index_in_dim(
                    outputs[name], self._placement.gathered(x), i, 0
                )
                for name, x in shown.items()
            }
            return state, outputs, fault

        return lax.fori_loop(0, steps, body, (state, outputs, jnp.zeros(3, "int64")))

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
