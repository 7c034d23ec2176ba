"""Networks that nobody tuned for, against PyTorch: `python -m benchmarks.wide [NAME ...]`.

A row counts how many times faster grafito trains than PyTorch eager, in the faster of its two
memory formats. The table of all rows is stored beside those of the jobs.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.__main__ import RESULTS, stem
from benchmarks.conditions import Conditions
from benchmarks.contest import busy_share, cpu_name, run_rounds
from benchmarks.process import Failed, Process
from benchmarks.wide.networks import NETWORKS

ENTRIES = {
    "grafito": "grafito",
    "eager": "PyTorch eager",
    "channels_last": "PyTorch eager, channels_last",
    "compile": "torch.compile",
}
BASELINES = ("eager", "channels_last")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser("python -m benchmarks.wide", description=__doc__)
    add = parser.add_argument
    add("networks", nargs="*", metavar="NAME", help="all by default")
    add("--peers", nargs="*", default=list(ENTRIES), choices=list(ENTRIES), help="who takes part")
    add("--rounds", type=int, default=5, help="runs of each after its first run")
    add("--threads", type=int, default=2, help="for everyone")
    add("--steps", type=int, help="batches in a run; each network's own number by default")
    add("--limit", type=float, default=300, help="seconds that one run may take")
    add("--isa", default="", choices=["avx2"], help="an instruction set that all are held to")
    add("--full-mkl", action="store_true", help="tell PyTorch's MKL that the CPU is Intel's")
    add("--out", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.networks if name not in NETWORKS]
    if unknown:
        parser.error(f"there is no network {unknown[0]!r}; there are {', '.join(NETWORKS)}")
    return options


def hold(name: str, options: argparse.Namespace, conditions: Conditions) -> dict[str, Any]:
    """One network with all who take part, in turn: what was measured, by participant."""
    task = {
        "network": name,
        "threads": options.threads,
        "steps": options.steps,
        "isa": conditions.isa,
    }
    entries: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as cache:
        for entry in options.peers:
            kind = entry if entry == "grafito" else "pytorch"
            variables = conditions.variables(kind, Path(cache))
            process = Process(
                {**task, "entry": entry}, cache, options.limit, variables, "benchmarks.wide.worker"
            )
            entries[entry] = {"seconds": [], "losses": []}
            try:
                entries[entry] |= process.answer() | {"process": process}
            except Failed as error:
                process.close()
                entries[entry]["skipped"] = str(error)
        run_rounds(entries, options.rounds)
    return entries


def ratios(entries: dict[str, dict[str, Any]]) -> list[float]:
    """How many times faster grafito is than PyTorch eager, round by round."""
    ran = [entries[name]["seconds"] for name in BASELINES if _ran(entries.get(name))]
    if not ran or not _ran(entries.get("grafito")):
        return []
    theirs = min(ran, key=statistics.median)
    return [a / b for a, b in zip(theirs, entries["grafito"]["seconds"], strict=True)]


def _ran(entry: dict[str, Any] | None) -> bool:
    return bool(entry and entry["seconds"] and "skipped" not in entry)


def table(result: dict[str, Any]) -> str:
    """All networks, the slowest beside PyTorch first, and the geometric mean."""
    lines, medians = [], {}
    for name, entries in result["networks"].items():
        found = ratios(entries)
        medians[name] = statistics.median(found) if found else math.inf
        times = {n: statistics.median(e["seconds"]) for n, e in entries.items() if _ran(e)}
        steps = result["steps"] or NETWORKS[name].steps
        told = f"{medians[name]:.3g} ({min(found):.3g}–{max(found):.3g})" if found else "not run"
        cells = [f"{1e6 * times[n] / steps:,.0f}" if n in times else "–" for n in ENTRIES]
        lines.append((medians[name], f"| {name} | {told} | {' | '.join(cells)} |"))
    titles = [f"{title}, µs a step" for title in ENTRIES.values()]
    mean = statistics.geometric_mean(m for m in medians.values() if m < math.inf)
    return "\n".join(
        [
            f"| network | grafito / PyTorch eager | {' | '.join(titles)} |",
            "| --- " * (2 + len(ENTRIES)) + "|",
            *(line for _, line in sorted(lines)),
            f"| geometric mean | {mean:.3g} |" + " |" * len(ENTRIES),
        ]
    )


def document(result: dict[str, Any]) -> str:
    """The page."""
    conditions = Conditions(**result["conditions"])
    return "\n\n".join(
        [
            f"# Networks that nobody tuned for, {conditions.title}",
            f"{result['cpu']}, {result['threads']} threads, medians of {result['rounds']} rounds "
            "in turn, in processes of their own; other programs used "
            f"{100 * result['busy']:.0f} % of the CPUs before. Same weights, same examples in the "
            "same order.",
            table(result),
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the networks, print and store the table."""
    options = parse(arguments)
    conditions = Conditions(options.isa, options.full_mkl)
    options.out.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {
        "cpu": cpu_name(),
        "threads": options.threads,
        "rounds": options.rounds,
        "steps": options.steps,
        "busy": busy_share() or 0.0,
        "conditions": {"isa": conditions.isa, "full_mkl": conditions.full_mkl},
        "networks": {},
    }
    for name in options.networks or NETWORKS:
        entries = result["networks"][name] = hold(name, options, conditions)
        found = ratios(entries)
        print(name, f"{statistics.median(found):.3g}" if found else entries, flush=True)
    path = options.out / stem("wide", conditions)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(document(result) + "\n", encoding="utf-8")
    print(table(result))


if __name__ == "__main__":
    main()
