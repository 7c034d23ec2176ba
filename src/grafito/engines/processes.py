"""Several processes that compute one training, on one machine or more; JAX's runtime joins them.

All run the same program. What they compute together they begin in the same order, so they also
agree on what a clock or a signal decides. The process 0 is the one that writes files.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import json
import os
import platform
import shutil
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grafito import seeds
from grafito.engines import devices
from grafito.engines.meeting import meet
from grafito.errors import ArgumentError, GraphError
from grafito.files import writing

PATIENCE = 20.0  # seconds that a process waits for the others to begin
HEARTBEAT = 25  # seconds without a sign after which JAX takes a process for ended
BEAT = "=dqq"  # of a process to its supervisor: the time; what it began together, and ended
SUPERVISOR = "GRAFITO_SUPERVISOR"  # the variable with the folder of these
RUN = "run"  # the file there that names the folder of the run
COORDINATOR, COUNT, INDEX = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"

_index, _count = 0, 1
_beats: _Beats | None = None


def process_index() -> int:
    """The number of this process.

    Example:
        >>> process_index()
        0
    """
    return _index


def process_count() -> int:
    """How many processes there are.

    Example:
        >>> process_count()
        1
    """
    return _count


def initialize(
    job_addresses: str | Sequence[str] | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> None:
    """Join the other processes; in a program that runs alone nothing happens.

    What is not given is read from JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID,
    as `grafito launch` sets them, or from Keras's KERAS_DISTRIBUTION_JOB_ADDRESSES,
    KERAS_DISTRIBUTION_NUM_PROCESSES and KERAS_DISTRIBUTION_PROCESS_ID. Call it before anything
    else computes. Afterwards `DataParallel()` over all devices is set, seeds are those of process
    0, and only that process writes files.

    Args:
        job_addresses: "host:port" of process 0, or those of all processes with commas between.
        num_processes: how many there are.
        process_id: the number of this one.

    Raises:
        ArgumentError: for numbers that cannot be; where process 0 does not answer in time; where
            the processes have other versions.

    Example:
        >>> initialize()  # alone
    """
    global _index, _count, _beats
    given = _given(job_addresses, num_processes, process_id)
    if given is None:
        return
    address, count, index = given
    jax = devices._jax()
    _beats = _Beats(index) if SUPERVISOR in os.environ else None
    meet(address, count, index, PATIENCE)
    with _muted(1), _waiting():  # the messages of JAX's communication
        try:
            jax.distributed.initialize(
                address,
                count,
                index,
                initialization_timeout=int(PATIENCE),
                heartbeat_timeout_seconds=HEARTBEAT,
                shutdown_timeout_seconds=int(PATIENCE),
            )
        except RuntimeError as error:
            raise ArgumentError(
                "The processes cannot be joined.",
                where="initialize",
                received=str(error).splitlines()[0],
                fix="initialize() once, before anything else computes",
            ) from error
        _index, _count = index, count
        compare(_versions())
        seed = gather(str(seeds.next_seed()))[0]
    sys.excepthook = functools.partial(_leave_with, sys.excepthook)
    seeds.set_seed(int(seed))
    if index:
        writing.only_below(scratch())
    devices.set_distribution(devices.DataParallel())


def _given(addresses: Any, count: Any, index: Any) -> tuple[str, int, int] | None:
    """The address of process 0, how many there are, and which this is; None for one alone."""
    values = [addresses, count, index]
    for i, (ours, theirs) in enumerate(
        (
            (COORDINATOR, "KERAS_DISTRIBUTION_JOB_ADDRESSES"),
            (COUNT, "KERAS_DISTRIBUTION_NUM_PROCESSES"),
            (INDEX, "KERAS_DISTRIBUTION_PROCESS_ID"),
        )
    ):
        if values[i] is None:
            values[i] = os.environ.get(ours) or os.environ.get(theirs)
    if all(value is None for value in values):
        return None
    listed = values[0].split(",") if isinstance(values[0], str) else list(values[0] or [])
    values[1] = values[1] if values[1] is not None or len(listed) < 2 else len(listed)
    address = listed[0].strip() if listed else ""
    host, _, port = address.rpartition(":")
    numbers = [int(v) if str(v).isdigit() else None for v in values[1:]]
    if not host or not port.isdigit() or None in numbers or not numbers[1] < numbers[0]:  # type: ignore[operator]
        raise ArgumentError(
            "The processes need an address, and each a number below their number.",
            where="initialize",
            received=f"job_addresses={address!r}, num_processes={values[1]}, "
            f"process_id={values[2]}",
            expected='initialize("host:1234", 2, 0) in one and initialize("host:1234", 2, 1) in '
            "the other",
        )
    return address, numbers[0], numbers[1]  # type: ignore[return-value]


def leave(code: int) -> None:
    """End a process that failed at once; JAX would wait for the others, which wait for it."""
    if _count > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _leave_with(hook: Any, *told: Any) -> None:
    hook(*told)
    leave(1)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    from grafito import __version__

    root = Path(__file__).parents[1]
    code = hashlib.blake2b(digest_size=8)
    for file in sorted(root.rglob("*.py")):
        code.update(file.read_bytes())
    return {
        "grafito": __version__,
        "code of grafito": code.hexdigest(),
        "jax": version("jax"),
        "jaxlib": version("jaxlib"),
        "python": platform.python_version(),
    }


@functools.cache
def scratch() -> Path:
    """A folder for what this process writes and nobody keeps."""
    folder = tempfile.mkdtemp(prefix="process-", dir=os.environ.get(SUPERVISOR))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@contextlib.contextmanager
def one_first() -> Iterator[None]:
    """A block that process 0 leaves before the others enter it: it writes what they find."""
    if _index:
        largest(0)
    yield
    if not _index:
        largest(0)


def own_folder(folder: Path) -> Path:
    """Where this process makes results: there if it is the one that writes, else in its scratch.

    Example:
        >>> own_folder(Path("runs")).name
        'runs'
    """
    return scratch() if _index and not folder.is_relative_to(scratch()) else folder


def own_copy(folder: Path) -> Path:
    """The folder for this process: itself for the one that writes, a copy of it for the others."""
    copy = folder
    if _index:
        copy = scratch() / folder.name
        shutil.copytree(folder, copy, dirs_exist_ok=True)
    largest(0)  # only now it may change
    return copy


def tell_run(folder: Path) -> None:
    """Tell the supervisor, if there is one, where the results are."""
    if SUPERVISOR in os.environ and not _index:
        Path(os.environ[SUPERVISOR], RUN).write_text(str(folder.absolute()), encoding="utf-8")


def compare(items: Mapping[str, Any]) -> None:
    """Raise a GraphError that names the first item in which a process differs from process 0.

    Args:
        items: data that JSON can hold, by name.

    Raises:
        GraphError: in all processes.

    Example:
        >>> compare({"data": "3f9c"})  # alone
    """
    if _count == 1:
        return
    of_all = [json.loads(text) for text in gather(json.dumps(dict(items), default=repr))]
    for name in dict.fromkeys(name for theirs in of_all for name in theirs):
        for number, theirs in enumerate(of_all):
            if theirs.get(name) != of_all[0].get(name):
                raise GraphError(
                    f"The processes do not agree on: {name}.",
                    where=f"process {number}",
                    received=_short(theirs.get(name)),
                    expected=f"{_short(of_all[0].get(name))}, as process 0 has",
                    fix="the same program, data and versions in all processes",
                )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def gather(text: str) -> list[str]:
    """The texts of all processes, by their numbers.

    Example:
        >>> gather("alone")
        ['alone']
    """
    if _count == 1:
        return [text]
    data = np.frombuffer(text.encode(), "uint8")
    sizes = _all(np.array([len(data)], "int32"))[:, 0]
    rows = _all(np.pad(data, (0, int(sizes.max()) - len(data))))
    return [bytes(row[:size]).decode() for row, size in zip(rows, sizes, strict=True)]


def largest(value: float) -> float:
    """The largest of the values of all processes, in float32; so they decide the same.

    Example:
        >>> largest(0.5)
        0.5
    """
    return value if _count == 1 else float(_all(np.array([value], "float32")).max())


def numbers(value: int) -> list[int]:
    """The numbers of all processes.

    Example:
        >>> numbers(3)
        [3]
    """
    return [value] if _count == 1 else _all(np.array([value], "int32"))[:, 0].tolist()


def total(value: float, length: int = 1) -> float:
    """The sum of the values of all processes, by an all-reduce of so many numbers.

    Example:
        >>> total(2.0)
        2.0
    """
    if _count == 1:
        return value
    import jax

    mesh = devices.DataParallel().mesh()
    parts = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(devices.AXIS))
    whole = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    own = jax.local_device_count()
    rows = np.full((own, length), value / own, "float32")
    with together():
        array = jax.make_array_from_process_local_data(parts, rows)
        added = jax.jit(lambda x: x.sum(0), out_shardings=whole)(array)
        return float(np.asarray(jax.block_until_ready(added))[0])


def _all(array: np.ndarray) -> np.ndarray:
    from jax.experimental import multihost_utils

    with together():
        return np.asarray(multihost_utils.process_allgather(array))


@contextlib.contextmanager
def together() -> Iterator[None]:
    """A block that all processes go through; it says whether another one was lost.

    Under a supervisor the process then ends without a word, for the supervisor has the word.

    Raises:
        GraphError: where another process has ended, or cannot be reached.
    """
    if _count == 1:
        yield
        return
    from jax.errors import JaxRuntimeError

    try:
        with _waiting():
            yield
    except JaxRuntimeError as error:
        text = str(error)
        if not any(
            word in text for word in ("Gloo", "NCCL", "peer", "coordination", "UNAVAILABLE")
        ):
            raise
        if _beats is not None:
            sys.stdout.flush()
            _beats.lose()
            os._exit(1)
        raise GraphError(
            "Another process has ended, or cannot be reached.",
            where=f"process {_index} of {_count}",
            received=text.splitlines()[0][:160],
            fix="`grafito launch`, which says which one it was, and can begin again",
        ) from error


@contextlib.contextmanager
def _waiting() -> Iterator[None]:
    """A block of which the supervisor knows that it has begun."""
    if _beats is None:
        yield
        return
    _beats.began()
    try:
        yield
    finally:
        _beats.ended()


@contextlib.contextmanager
def _muted(handle: int) -> Iterator[None]:
    """A block that writes nothing to an output, not even from within a library."""
    sys.stdout.flush()
    kept = os.dup(handle)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, handle)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, handle)
        os.close(kept)
        os.close(nowhere)


class _Beats:
    """Tells the supervisor each second that this process lives; ends with it."""

    def __init__(self, index: int):
        folder = Path(os.environ[SUPERVISOR])
        self._lost = folder / f"lost-{index}"
        self._parent = os.getppid()
        self._begun = self._ended = 0
        self._handle = os.open(folder / f"beats-{index}", os.O_CREAT | os.O_WRONLY, 0o600)
        self._write()
        threading.Thread(target=self._beat, name="beats", daemon=True).start()

    def _beat(self) -> None:
        while os.getppid() == self._parent:
            self._write()
            time.sleep(1.0)
        os._exit(1)  # the supervisor is no more

    def _write(self) -> None:
        os.pwrite(self._handle, struct.pack(BEAT, time.time(), self._begun, self._ended), 0)

    def began(self) -> None:
        self._begun += 1
        self._write()

    def ended(self) -> None:
        self._ended += 1
        self._write()

    def lose(self) -> None:
        """Note that this process ends only because another one did."""
        with contextlib.suppress(OSError):
            self._lost.touch()
