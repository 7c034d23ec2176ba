"""grafito and its peers on the same jobs: `python -m benchmarks [JOB ...]`.

Each job is stored in the results folder as JOB.json, with what everyone was held to in its name;
README.md there shows all that are stored. With --wide networks that nobody tuned for take the place
of the jobs: see `python -m benchmarks.wide --help`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks import contest, on_gpu, report
from benchmarks.conditions import Conditions
from benchmarks.jobs import JOBS
from benchmarks.participants import ENTRIES

RESULTS = Path(__file__).parent / "results"
ALL = [Conditions(isa, full) for isa in ("", "avx2") for full in (False, True)]
QUICK = {"rounds": 1, "steps": 2, "epochs": 2}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("jobs", nargs="*", metavar="JOB", help=f"of {', '.join(JOBS)}; all by default")
    add("--peers", nargs="*", default=list(ENTRIES), choices=list(ENTRIES), help="who takes part")
    add("--rounds", type=int, default=5, help="runs of each after its first run")
    add("--engine", default="auto", help="grafito's engine")
    add("--device", default="cpu", choices=["cpu", "gpu"], help="gpu: JAX and PyTorch on CUDA")
    add("--threads", type=int, default=2, help="for everyone")
    add("--steps", type=int, help="batches in a run; an epoch, or the job's own number, by default")
    add("--isa", default="", choices=["avx2"], help="an instruction set that all are held to")
    add("--full-mkl", action="store_true", help="tell PyTorch's MKL that the CPU is Intel's")
    add("--limit", type=float, default=900, help="seconds that one run may take")
    add("--quick", action="store_true", help="two batches, one round: to see that all runs")
    add("--out", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.jobs if name not in JOBS]
    if unknown:
        parser.error(f"there is no job {unknown[0]!r}; there are {', '.join(JOBS)}")
    if options.device == "gpu":
        options.engine = "jax"
        if options.peers == list(ENTRIES):
            options.peers = list(on_gpu.PEERS)
        if obstacle := on_gpu.obstacle():
            parser.error(obstacle)
    if options.threads > (os.cpu_count() or 1):
        parser.error(f"there are {os.cpu_count()} CPUs")
    return options


def stem(job: str, conditions: Conditions) -> str:
    """The name of a file of results."""
    return "-".join(filter(None, [job, conditions.name]))


def main(arguments: list[str] | None = None) -> None:
    """Run the jobs, print and store what they give."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if "--wide" in arguments:
        from benchmarks.wide import __main__ as wide

        wide.main([each for each in arguments if each != "--wide"])
        return
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    conditions = Conditions(options.isa, options.full_mkl)
    settings = {"rounds": options.rounds, "steps": options.steps}
    if options.quick:
        settings = QUICK
    for name in options.jobs or JOBS:
        result = contest.hold(
            name,
            peers=options.peers,
            engine=options.engine,
            threads=options.threads,
            limit=options.limit,
            conditions=conditions,
            device=options.device,
            **settings,
        )
        text = json.dumps(result, indent=1, ensure_ascii=False)
        on = "-gpu" * (options.device == "gpu")
        file = options.out / f"{stem(name, conditions)}{on}.json"
        file.write_text(text + "\n", encoding="utf-8")
        print((on_gpu.table if on else report.details)(result), end="\n\n", flush=True)
    if options.device == "gpu":
        return
    stored = [options.out / f"{stem(name, each)}.json" for each in ALL for name in JOBS]
    results = [json.loads(path.read_text(encoding="utf-8")) for path in stored if path.exists()]
    (options.out / "README.md").write_text(report.document(results), encoding="utf-8")
    print(report.summaries(results))


if __name__ == "__main__":
    main()
