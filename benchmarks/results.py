"""The table of `docs/results.md` from the folders of runs: `python -m benchmarks.results RUNS`.

Of each experiment and variant a complete run counts that was in full and had the settings which the
experiment has now: the newest of those with most seeds, which give mean and standard deviation.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import statistics
from pathlib import Path
from typing import Any, NamedTuple

from grafito import lab
from grafito.lab.settings import write_settings

HEAD = """\
# Results

What each experiment gave, next to the number that its course gives. All numbers come from full
runs on the real data sets, produced with

    grafito run NAME --variant VARIANT [--seeds N]
    python -m benchmarks.results runs

A number after "±" is the standard deviation over the seeds. "Seconds" is the training time of one
run, on two cores of {machine} shared with other programs; for benchmarks see [Speed](speed.md). A
dash means that no full run has been made yet; among the seconds alone, that the machine was too
busy for a time to say anything. A row with `--course` has the settings of the course where it gives
them, and one with `--set` differs from the usual settings in those named; how the usual ones differ
from the course's is said on the page of each run.
What a network of `mnist-permuted` loses is the distance to its row of `mnist-dense-conv`, which
has the same networks and seeds. What `alexnet`, against-vgg16 sets side by side stands in the rows
cifar10 of `alexnet` and `vgg16`.
"""
TITLES = ("experiment", "exercise", "in the course", "in grafito", "seeds", "epochs", "seconds")
HIGHLIGHTED = 4  # numbers in a cell


class Run(NamedTuple):
    """One run, or the runs of several seeds."""

    configuration: dict[str, Any]
    metrics: list[dict[str, float]]
    changes: str

    @property
    def as_course(self) -> bool:
        """Whether it has the settings of the course where the course gives them."""
        return bool(self.configuration.get("as_course"))


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser("python -m benchmarks.results", description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", help="folders that `grafito run` filled")
    parser.add_argument("--machine", default="this machine", help="what to call the machine")
    parser.add_argument(
        "--changed",
        type=Path,
        nargs="*",
        default=[],
        help="folders of runs whose settings are not the course's; each gets a row",
    )
    options = parser.parse_args()
    print(HEAD.format(machine=options.machine))
    print(_row(TITLES))
    print(_row(["---"] * len(TITLES)))
    for kind in lab.kinds().values():
        found = collect(kind.name, options.runs) + collect(kind.name, options.changed, usual=False)
        for run in found:
            print(_row(_cells(kind, run)))
        if not found:
            print(_row([f"`{kind.name}`", kind.course, kind.expected, *["–"] * 4]))
    print(_classes(options.runs))


def collect(name: str, folders: list[Path], usual: bool = True) -> list[Run]:
    """The run of each variant that counts, in the order of the variants.

    Args:
        name: of an experiment.
        folders: that `grafito run` filled.
        usual: whether its settings are the usual ones; otherwise they are those of the course, or
            one is changed at least.
    """
    best: dict[str, Run] = {}
    paths = [path for folder in folders for path in folder.glob(f"{name}/*/configuration.json")]
    for path in sorted(paths, key=lambda path: path.parent.name):
        configuration = json.loads(path.read_text(encoding="utf-8"))
        changes = _changes(configuration)
        is_other = bool(changes) or bool(configuration.get("as_course"))
        if configuration["status"] == "complete" and changes is not None and usual != is_other:
            parts = sorted(path.parent.glob("seed-*")) or [path.parent]
            metrics = [json.loads((part / "metrics.json").read_text()) for part in parts]
            before = best.get(configuration["variant"])
            if before is None or len(metrics) >= len(before.metrics):
                best[configuration["variant"]] = Run(configuration, metrics, changes)
    return [best[form] for form in lab.kinds()[name].variants or [""] if form in best]


CLASSES = """
## Precision and recall by class (T11-1)

The course asks for this table of its network with one kernel. The descriptions of the course that
this project has quote its first numbers alone, 0.90 and 0.86, and do not say which they are; so
what stands here is the table of `mnist-conv1` whole, seed 1.
"""


def _classes(folders: list[Path]) -> str:
    """The table of classes of the newest run of `mnist-conv1`; nothing where there is none."""
    tables = sorted(p for folder in folders for p in folder.glob("mnist-conv1/*/classes.csv"))
    if not tables:
        return ""
    titles, *rows = csv.reader(tables[-1].read_text(encoding="utf-8").splitlines())
    written = [[r[0], *(f"{float(n):.2f}" for n in r[1:4]), f"{int(r[4]):,}"] for r in rows]
    return "\n".join([CLASSES, *map(_row, [titles, ["---"] * len(titles), *written])])


def _cells(kind: Any, run: Run) -> list[str]:
    first = next(iter(run.metrics[0]))
    last_word = first.split(" ")[-1]
    shown = [n for n in run.metrics[0] if n.split(" ")[-1] == last_word][:HIGHLIGHTED]
    if run.as_course:
        shown += [n for n in run.configuration["course_numbers"] if n not in shown]
    numbers = [
        f"{name.replace('_', ' ')}: {_number(name, [m[name] for m in run.metrics])}"
        for name in shown
    ]
    numbers += _subsets(run.configuration)
    name = f"`{kind.name}`" + (
        f", {run.configuration['variant']}" if run.configuration["variant"] else ""
    )
    if run.as_course:
        name += ", `--course`"
    if run.changes:
        name += f", `--set {run.changes}`"
    epochs, seconds = (
        statistics.median(m[key] for m in run.metrics) for key in ("epochs", "seconds")
    )
    return [
        name,
        kind.course,
        kind.expected,
        "<br>".join(numbers),
        str(len(run.metrics)),
        f"{epochs:,.0f}" if epochs else "–",
        _plain(seconds, 3) if seconds else "–",
    ]


def _subsets(configuration: dict[str, Any]) -> list[str]:
    """What is said of files that hold less than the data set: "a subset: 7,000 training ..."."""
    origins = [file for data in configuration["data"] for file in data["files"]]
    told = [origin.partition(": ")[2].partition(";")[0] for origin in origins]
    return [text for text in told if text.startswith("a subset")]


def _plain(value: float, digits: int) -> str:
    """A number with so many digits; a power of ten only where it is very small."""
    rounded = float(f"{value:.{digits}g}")
    if 0 < abs(rounded) < 1e-4:
        return f"{rounded:.{digits}g}"
    return f"{rounded:,.10f}".rstrip("0").rstrip(".")


def _number(name: str, values: list[float]) -> str:
    mean, spread = statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None
    if re.search(r"(accuracy|error)$", name):
        return f"{100 * mean:.1f}" + (f" ± {100 * spread:.1f} %" if spread is not None else " %")
    if spread == 0:
        return f"{_plain(mean, 4)} with every seed"
    return _plain(mean, 4) + (f" ± {_plain(spread, 2)}" if spread is not None else "")


def _changes(configuration: dict[str, Any]) -> str | None:
    """The settings, but for the seed, that were chosen; None for a quick or lost form."""
    kind = lab.kinds()[configuration["experiment"]]
    if configuration["quick"] or configuration["variant"] not in (kind.variants or [""]):
        return None
    as_course = bool(configuration.get("as_course"))
    experiment = kind.usual(configuration["variant"] or None, course=as_course)
    forms = {name: form.settings() for name, form in experiment.forms().items()}
    told = configuration.get("forms", {})
    pairs = [(configuration["settings"], experiment.settings())]
    pairs += [(told[name], usual) for name, usual in forms.items() if name in told]
    changed: dict[str, Any] = {}
    for settings, usual in json.loads(json.dumps(pairs)):
        if settings.keys() - usual.keys():
            return None
        # A setting that came later had no effect on an older run.
        changed |= {n: v for n, v in settings.items() if n != "seed" and v != usual[n]}
    return write_settings(changed)


def _row(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
