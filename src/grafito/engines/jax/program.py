"""A compiled program: many steps in one launch, over data and state that stay on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from grafito.engines import interface
from grafito.engines.jax.lowering import lower
from grafito.errors import OutOfMemoryError
from grafito.graph.dtypes import numpy_dtype
from grafito.graph.program import Graph
from grafito.graph.shaping.indexing import outside_table
from grafito.graph.variable import moment
from grafito.locks import Guarded

OUTPUT_BYTES = 64 * 2**20  # of a launch
MOST_STEPS = 4096  # of a launch


class Program(interface.Program, Guarded):
    """A graph that XLA compiles; one launch runs many steps, and is awaited before the next one.

    The number of steps is an argument of the compiled loop, so one compilation serves any slice.
    State is not donated: until a launch has ended other threads read the weights of before it, so
    there are two copies of them then. Inside of the loop XLA writes new ones over old ones.

    Args:
        graph: what to compute.
        device: where; the first one by default.
    """

    def __init__(self, graph: Graph, device: Any = None):
        interface.Program.__init__(self, graph)
        Guarded.__init__(self)
        self._device = device or jax.devices()[0]
        self._changed = list(graph.updates)
        self._read = [v for v in graph.variables if v not in graph.updates]
        self._step = lower(graph)
        size = sum(x.size * np.dtype(numpy_dtype(x.dtype)).itemsize for x in graph.outputs.values())
        self.capacity = max(1, min(MOST_STEPS, OUTPUT_BYTES // max(size, 1)))
        self._launch = jax.jit(self._steps)

    def hold(self, array: Any) -> Any:
        with jax.enable_x64(True):
            return jax.device_put(np.asarray(array), self._device)

    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        self.check_bound()
        with self.lock, jax.enable_x64(True):
            parts = [
                self._run(min(self.capacity, steps - done))
                for done in range(0, steps, self.capacity)
            ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _run(self, steps: int) -> dict[str, np.ndarray]:
        """One launch."""
        with moment.lock:
            state, read = self._on_device(self._changed), self._on_device(self._read)
        try:
            new, outputs, fault = jax.block_until_ready(
                self._launch(state, read, self.arrays, np.int32(steps))
            )
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise OutOfMemoryError(
                "The device has too little memory for a step.",
                where=self._device,
                received=str(error).splitlines()[0],
                fix="a smaller batch_size",
            ) from error
        with moment.lock:
            for variable, array in zip(self._changed, new, strict=True):
                variable.storage = array
        wrong, index, size = np.asarray(fault).tolist()
        if wrong:
            raise outside_table(index, size)
        return {name: np.array(values[:steps]) for name, values in outputs.items()}

    def _on_device(self, variables: Sequence[Any]) -> list[Any]:
        """The arrays of variables; what was changed elsewhere is sent there."""
        arrays = []
        for variable in variables:
            array = variable.storage
            if not isinstance(array, jax.Array) or array.devices() != {self._device}:
                array = jax.device_put(np.array(array, numpy_dtype(variable.dtype)), self._device)
            arrays.append(array)
        return arrays

    def _steps(self, state: list[Any], read: list[Any], inputs: dict[str, Any], steps: Any) -> Any:
        """The loop. A step that meets a wrong index, and those after it, change nothing."""
        leaves = {self.graph.inputs[name]: array for name, array in inputs.items()}
        leaves |= dict(zip(self._read, read, strict=True))
        outputs = {
            name: jnp.zeros((self.capacity, *x.shape), numpy_dtype(x.dtype))
            for name, x in self.graph.outputs.items()
        }

        def body(i: Any, carried: Any) -> Any:
            state, outputs, fault = carried
            shown, new, found = self._step(
                {**leaves, **dict(zip(self._changed, state, strict=True))}
            )
            fault = jnp.where(fault[0] > 0, fault, found)
            state = [jnp.where(fault[0] > 0, old, x) for old, x in zip(state, new, strict=True)]
            outputs = {
                name: lax.dynamic_update_index_in_dim(outputs[name], x, i, 0)
                for name, x in shown.items()
            }
            return state, outputs, fault

        return lax.fori_loop(0, steps, body, (state, outputs, jnp.zeros(3, "int64")))
