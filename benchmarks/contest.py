"""One job from start to end: all who take part, in turn, several rounds."""

from __future__ import annotations

import functools
import importlib.util
import platform
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import data, on_gpu
from benchmarks.conditions import Conditions
from benchmarks.jobs import JOBS
from benchmarks.participants import ENTRIES
from benchmarks.process import Failed, Process, measure_peak

AS_INSTALLED = Conditions()
PAUSE = 0.2  # seconds, after which the threads of the one before sleep


def hold(
    name: str,
    peers: list[str],
    rounds: int,
    engine: str,
    threads: int,
    steps: int | None = None,
    epochs: int | None = None,
    limit: float = 900,
    conditions: Conditions = AS_INSTALLED,
    device: str = "cpu",
) -> dict[str, Any]:
    """Run a job with grafito and its peers.

    Args:
        name: of the job.
        peers: names of those who take part.
        rounds: how many times each runs after its first run.
        engine: grafito's.
        threads: for everyone.
        steps: batches in a run; the job's own number, or an epoch, by default.
        epochs: in a run; the job's own number by default. It needs `steps`.
        limit: seconds that one run may take.
        conditions: that all are held to.
        device: "cpu" or "gpu".

    Returns:
        All that was measured, as plain data.
    """
    job = JOBS[name]
    if steps:
        job = job.short(steps, epochs)
    busy = busy_share()
    on_cpu = device == "cpu"
    peak = measure_peak(threads, conditions.lanes) if on_cpu else 0.0
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        words = data.write(job, Path(folder))
        task = {
            "job": name,
            "steps": steps,
            "epochs": epochs,
            "engine": engine,
            "threads": threads,
            "folder": folder,
            "isa": conditions.isa,
            "device": device if on_cpu else on_gpu.TORCH,  # PyTorch's name of it
        }
        start = functools.partial(_run_first, cache=cache, limit=limit, conditions=conditions)
        entries = {
            peer: start({**task, "entry": peer}) for peer in peers if ENTRIES[peer].applies(job)
        }
        run_rounds(entries, rounds)
        if "skipped" not in entries.get("grafito", {"skipped": ""}):
            again = start({**task, "entry": "grafito"})
            if "process" in again:
                entries["grafito"]["cached_compile_seconds"] = again["compile_seconds"]
                again["process"].close()
    return {
        "job": name,
        "title": job.title,
        "floor": job.floor,
        "data": words,
        "batch": job.batch,
        "optimizer": f"{job.optimizer}, rate {job.rate:g}",
        "epochs": job.epochs,
        "examples": job.used,
        "scale": job.scale,
        "params": job.count_params(),
        "multiply_adds": job.multiply_adds(),
        "peak_gflops": max(peak, measure_peak(threads, conditions.lanes)) if on_cpu else None,
        "conditions": asdict(conditions),
        "threads": threads,
        "rounds": rounds,
        "cpu": cpu_name(),
        "python": platform.python_version(),
        "busy_before": busy,
        "entries": entries,
    }


def _run_first(
    task: dict[str, Any], cache: str, limit: float, conditions: Conditions
) -> dict[str, Any]:
    """Start a participant and let it prepare and run once."""
    entry = ENTRIES[task["entry"]]
    result: dict[str, Any] = {"title": entry.title, "seconds": [], "losses": []}
    if importlib.util.find_spec(entry.library) is None:
        return result | {"skipped": f"{entry.library} is not installed"}
    if obstacle := conditions.obstacle(task["entry"]):
        return result | {"skipped": obstacle}
    more = conditions.variables(task["entry"], Path(cache))
    if task["device"] != "cpu":
        more = {**more, **on_gpu.VARIABLES}
    process = Process(task, cache, limit, more)
    try:
        return result | process.answer() | {"process": process}
    except Failed as error:
        process.close()
        return result | {"skipped": str(error)}


def run_rounds(entries: dict[str, dict[str, Any]], rounds: int) -> None:
    """Let all run in turn, each round beginning with the next of them; then end them."""
    for number in range(rounds + 1):
        ready = [entry for entry in entries.values() if "process" in entry]
        turn = number % len(ready) if ready else 0
        for entry in ready[turn:] + ready[:turn]:
            process = entry["process"]
            try:
                if number < rounds:
                    time.sleep(PAUSE)
                    answer = process.ask("run")
                    entry["seconds"].append(answer["seconds"])
                    entry["losses"].append(answer["loss"])
                    continue
                entry |= process.ask("end")
            except Failed as error:
                entry["skipped"] = str(error)
            process.close()
            del entry["process"]


def busy_share(seconds: float = 1.0) -> float | None:
    """What share of all CPUs other programs use just now; None where it cannot be told."""

    def ticks() -> tuple[int, int]:
        numbers = [int(n) for n in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
        return sum(numbers), numbers[3] + numbers[4]

    try:
        total, idle = ticks()
        time.sleep(seconds)
        total_now, idle_now = ticks()
    except OSError:
        return None
    return 1 - (idle_now - idle) / max(1, total_now - total)


def cpu_name() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
