"""One who takes part, in a process of its own: prepares, runs when told to, tells what it took.

Started by `benchmarks.process` with a description as its argument. It writes a line of JSON when it
is ready and one for each line that it reads: "run" trains once more, "end" is the last.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.conditions import narrowed
from benchmarks.jobs import JOBS
from benchmarks.participants import ENTRIES


def peak_bytes() -> int:
    """The most memory that this process has held since it began."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource

        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size if sys.platform == "darwin" else size << 10


def stay_on(threads: int) -> None:
    """Use no more CPUs than there are threads, whatever a library thinks of its settings."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def end_with_parent() -> None:
    """Let this process end when the one that started it has, however that ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def held_to(isa: str) -> Any:
    """The compiled engine as it is on a CPU without what goes beyond an instruction set."""
    import llvmlite.binding as llvm

    from grafito import engines

    assert isa == "avx2"
    features = narrowed(llvm.get_host_cpu_features().flatten())
    return type(engines.get("llvm"))(features=features)


def serve(threads: int, prepare: Callable[[], tuple[Any, dict[str, Any]]]) -> None:
    """Prepare a participant, let it run when told to, and tell what each run took.

    Args:
        threads: that it may use.
        prepare: makes the participant, which has `run`, and what is told of making it.
    """
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def tell(**answer: Any) -> None:
        print(json.dumps(answer), file=channel, flush=True)

    def run() -> tuple[float, float]:
        began = time.perf_counter()
        loss = participant.run()
        return time.perf_counter() - began, float(loss)

    end_with_parent()
    stay_on(threads)
    participant, told = prepare()
    first, loss = run()
    told |= {"first_seconds": first, "first_loss": loss}
    if hasattr(participant, "compile_seconds"):  # known after the first run
        told |= {"form": participant.form, "compile_seconds": participant.compile_seconds}
        told["params"] = int(participant.count_params())
    tell(**told)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        seconds, loss = run()
        tell(seconds=seconds, loss=loss)
    tell(peak_bytes=peak_bytes())


def prepare(task: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The participant of a job, and how long its library and it took to be there."""
    entry = ENTRIES[task["entry"]]
    job = JOBS[task["job"]]
    if task["steps"]:
        job = job.short(task["steps"], task["epochs"])
    channels_first = entry.module == "in_torch" and not entry.option.endswith("channels_last")
    x, y = data.read(Path(task["folder"]), channels_first)
    began = time.perf_counter()
    kind = entry.participant()
    imported = time.perf_counter()
    engine = held_to(task["isa"]) if task["isa"] else task["engine"]
    on = {"device": task.get("device", "cpu")} if entry.library == "torch" else {}
    participant = kind(job, x, y, entry.option or engine, **on)
    built = time.perf_counter()
    return participant, {"import_seconds": imported - began, "build_seconds": built - imported}


def main(task: dict[str, Any]) -> None:
    """Run one participant."""
    serve(task["threads"], lambda: prepare(task))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
