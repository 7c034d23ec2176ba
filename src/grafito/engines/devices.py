"""On how many devices a program runs, and in how many processes; JAX does all of the work.

The names are those of `keras.distribution`. Nothing here loads JAX before it is asked for.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, MissingDependencyError, one_of
from grafito.registry import known_arguments

AXIS = "batch"  # of the mesh: batches are divided along it


class DataParallel:
    """Divides each batch among devices; every device keeps all weights.

    What reads the whole batch still does: batch normalisation takes the means of all examples, and
    the gradients are sums over all of them. A batch that the devices do not divide is filled up
    with rows that nothing counts.

    Args:
        device_mesh: of Keras; there is one axis here, so give `devices`.
        devices: their names, as `list_devices` gives them; by default all.

    Raises:
        ArgumentError: for a device that is not there, or is named twice.

    Example:
        >>> DataParallel(devices=["abacus:0"])
        Traceback (most recent call last):
        ...
        grafito.errors.ArgumentError: There is no such device.
          where     DataParallel
          received  'abacus:0'
          expected  one of cpu:0
    """

    @known_arguments
    def __init__(self, device_mesh: Any = None, devices: Sequence[str] | None = None):
        if device_mesh is not None:
            raise ArgumentError(
                "Only batches are divided, along one axis.",
                where="DataParallel",
                received="device_mesh=...",
                fix="DataParallel(devices=list_devices())",
            )
        there = list_devices()
        names = there if devices is None else [str(name).lower() for name in devices]
        for number, name in enumerate(names):
            if name not in there or name in names[:number]:
                raise ArgumentError(
                    "A device is named twice." if name in there else "There is no such device.",
                    where="DataParallel",
                    received=repr(name),
                    expected=one_of(there),
                    fix=_more_of_cpu(_needed(names), there),
                )
        if not names:
            raise ArgumentError("There is no device to compute on.", where="DataParallel")
        self.devices = tuple(names)

    def __repr__(self) -> str:
        return f"DataParallel(devices={list(self.devices)})"

    def mesh(self) -> Any:
        """The devices as JAX's mesh, those of one process after the other."""
        jax = _jax()
        by_name = {_name(device): device for device in jax.devices()}
        chosen = sorted((by_name[n] for n in self.devices), key=lambda d: (d.process_index, d.id))
        missing = set(range(jax.process_count())) - {d.process_index for d in chosen}
        if missing:
            raise ArgumentError(
                f"The process {min(missing)} has no device to compute on.",
                where=repr(self),
                fix="DataParallel() for all devices of all processes",
            )
        kinds = (jax.sharding.AxisType.Auto,)
        return jax.sharding.Mesh(np.array(chosen), (AXIS,), axis_types=kinds)


_distribution: DataParallel | None = None


def _jax() -> Any:
    if importlib.util.find_spec("jax") is None:
        raise MissingDependencyError(
            "Several devices need the package jax.",
            where="grafito.distribution",
            fix="pip install 'grafito[jax]'",
        )
    import jax

    return jax


def _name(device: Any) -> str:
    return f"{device.platform}:{device.id}"


def _needed(names: Sequence[str]) -> int:
    """How many devices a CPU needs for devices of these names; 0 where some are of no CPU."""
    if not all(re.fullmatch(r"cpu:\d+", name) for name in names):
        return 0
    return max(len(names), *(int(name[4:]) + 1 for name in names))


def _more_of_cpu(wanted: int, there: Sequence[str]) -> str | None:
    """How to have more devices on a CPU, where they may be as many as one likes."""
    if wanted > len(there) and all(name.startswith("cpu") for name in there):
        return f"JAX_NUM_CPU_DEVICES={wanted} in the environment, before the program begins"
    return None


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices of all processes, such as "gpu:0".

    Args:
        device_type: only those of this kind: "cpu", "gpu" or "tpu".

    Raises:
        MissingDependencyError: without JAX.

    Example:
        >>> list_devices("cpu")
        ['cpu:0']
    """
    jax = _jax()
    if device_type is None:
        return [_name(device) for device in jax.devices()]
    try:
        return [_name(device) for device in jax.devices(str(device_type).lower())]
    except RuntimeError:
        return []


def get_device_count(device_type: str | None = None) -> int:
    """How many devices there are.

    Example:
        >>> get_device_count("tpu")
        0
    """
    return len(list_devices(device_type))


def set_distribution(value: DataParallel | None) -> None:
    """Divide what is compiled from now on; None ends that.

    Raises:
        ArgumentError: for anything else.

    Example:
        >>> set_distribution(DataParallel())
        >>> distribution()
        DataParallel(devices=['cpu:0'])
        >>> set_distribution(None)
    """
    global _distribution
    if not (value is None or isinstance(value, DataParallel)):
        raise ArgumentError(
            "This is no way to divide the work.",
            where="set_distribution",
            received=repr(value),
            fix="set_distribution(DataParallel())",
        )
    _distribution = value


def distribution() -> DataParallel | None:
    """What `set_distribution` was given last.

    Example:
        >>> distribution() is None
        True
    """
    return _distribution


def make_cpu_devices(count: int) -> None:
    """Let JAX divide the CPU into so many devices, where there is nothing else to compute on."""
    jax = _jax()
    from grafito.engines.jax import plugin_installed

    if not plugin_installed():
        with contextlib.suppress(RuntimeError):  # it computes already, on what there is
            jax.config.update("jax_num_cpu_devices", max(count, 1))


def take_devices(count: int) -> None:
    """Divide the work among so many devices of each process.

    Raises:
        ArgumentError: where there are fewer.
    """
    jax = _jax()
    by_process: dict[int, list[str]] = {}
    for device in jax.devices():
        by_process.setdefault(device.process_index, []).append(_name(device))
    fewest = min(map(len, by_process.values()))
    if not 1 <= count <= fewest:
        there = [name for names in by_process.values() for name in names]
        raise ArgumentError(
            "There are fewer devices than that." if count > fewest else "A device is needed.",
            where="devices",
            received=count,
            expected=f"at most {fewest}: {', '.join(there)}",
            fix=_more_of_cpu(count, there),
        )
    set_distribution(DataParallel(devices=[n for ns in by_process.values() for n in ns[:count]]))
