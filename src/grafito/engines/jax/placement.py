"""Where the arrays of a program are: on one device, or on a mesh of devices of all processes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax import lax
from jax.sharding import NamedSharding, PartitionSpec, SingleDeviceSharding

from grafito.engines.devices import AXIS, DataParallel
from grafito.engines.resources import available_memory

SHARE = 0.5  # of the memory that is free, which data may take


class Placement:
    """Puts arrays on the devices of a program.

    Args:
        device: the only one; by default the first of JAX.
        distribution: the devices among which batches are divided, in place of that.

    Attributes:
        everywhere: JAX's word for an array that each device has.
        parts: devices of all processes.
        own: which of these are of this process, as a range.
    """

    def __init__(self, device: Any = None, distribution: DataParallel | None = None):
        self.mesh = distribution.mesh() if distribution else None
        if self.mesh is None:
            self.device = device or jax.local_devices()[0]
            self.everywhere: Any = SingleDeviceSharding(self.device)
            self.parts, self.own = 1, range(1)
            return
        devices = list(self.mesh.devices)
        self.everywhere = NamedSharding(self.mesh, PartitionSpec())
        mine = [i for i, d in enumerate(devices) if d.process_index == jax.process_index()]
        self.device = devices[mine[0]]
        self.parts, self.own = len(devices), range(mine[0], mine[-1] + 1)

    @property
    def several_processes(self) -> bool:
        """Whether some of the devices are of other processes."""
        return len(self.own) < self.parts

    def put(self, array: Any) -> Any:
        """An array that each device has whole."""
        if self.several_processes:
            array = np.asarray(array)
            return jax.make_array_from_process_local_data(self.everywhere, array, array.shape)
        return jax.device_put(array, self.everywhere)

    def is_put(self, array: Any) -> bool:
        """Whether an array is where `put` puts it."""
        return isinstance(array, jax.Array) and array.sharding.is_equivalent_to(
            self.everywhere, array.ndim
        )

    def divided(self, rows: Any) -> Any:
        """Within a step: a value whose first axis is divided among the devices."""
        if self.mesh is None or not rows.shape or not rows.size:
            return rows
        return lax.with_sharding_constraint(rows, NamedSharding(self.mesh, PartitionSpec(AXIS)))

    def gathered(self, value: Any) -> Any:
        """Within a step: a value that each device has whole."""
        return value if self.mesh is None else lax.with_sharding_constraint(value, self.everywhere)

    def padded(self, size: int) -> int:
        """The rows of a batch, with those that make all parts equal."""
        return -(-size // self.parts) * self.parts

    def put_windows(self, own: np.ndarray, size: int) -> Any:
        """Batches, one behind the other, of which each process has its part.

        Args:
            own: the part, as [batches, rows of this process, ...].
            size: rows of a batch, padded.
        """
        if self.mesh is None:
            return jax.device_put(own, self.everywhere)
        sharding = NamedSharding(self.mesh, PartitionSpec(None, AXIS))
        shape = (len(own), size, *own.shape[2:])
        return jax.make_array_from_process_local_data(sharding, own, shape)

    def room(self) -> int | None:
        """Bytes of data that a device may hold; None where that is not known."""
        stats = self.device.memory_stats() or {}
        if "bytes_limit" in stats:
            return int(SHARE * (stats["bytes_limit"] - stats.get("bytes_in_use", 0)))
        free = available_memory()
        return None if free is None else int(SHARE * free / len(self.own))
