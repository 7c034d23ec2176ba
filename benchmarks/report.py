"""What the measurements say: ratios with their spread, shares of the peak, and the tables."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from benchmarks.conditions import Conditions
from benchmarks.participants import BASELINES, ENTRIES

QUIET = 0.05  # the share of the CPUs that other programs may use before the numbers are doubted

NOTES = """\
Times are medians over the rounds; ratios are taken round by round against PyTorch eager, and more
than 1 means faster than it; the range is the smallest and the largest ratio. PyTorch eager is the
faster of its two forms, images with channels first and channels_last. All start with the same
weights and see the same examples in the same order, as arrays in memory; no one shuffles
or drops units; an optimizer has the same settings, its epsilon stands where each library puts it.
PyTorch has the penalty on weights as weight decay, so its loss is shown without it. The share of
the peak counts three times the multiply-adds of the forward pass for everyone, against fused
products and sums of float32 that wait for nothing, measured in the same minute, also where bfloat16
has a higher one; Winograd's method does less and may pass 100 %. Memory is
the peak of the whole process with the data in it. A compiler's time is what the library tells or,
where it tells nothing, what the first run takes longer than the later ones; "first epoch" counts
from importing the library, without reading the data."""


@dataclass(frozen=True)
class Row:
    """One who takes part in a job, in numbers; None where a number cannot be had."""

    title: str
    skipped: str | None = None
    seconds: float | None = None
    ratio: float | None = None
    ratio_range: tuple[float, float] | None = None
    share: float | None = None
    peak_bytes: int | None = None
    compile_seconds: float | None = None
    cached_seconds: float | None = None
    first_epoch: float | None = None
    loss: float | None = None


def baseline(result: dict[str, Any]) -> str | None:
    """The name of the faster form of PyTorch eager, if one ran."""
    entries = result["entries"]
    ran = [name for name in BASELINES if _ran(entries.get(name))]
    return min(ran, key=lambda name: statistics.median(entries[name]["seconds"]), default=None)


def rows(result: dict[str, Any]) -> dict[str, Row]:
    """The rows of a job by the names of those who took part."""
    first = baseline(result)
    against = result["entries"][first]["seconds"] if first else None
    return {name: _row(result, entry, against) for name, entry in result["entries"].items()}


def _ran(entry: dict[str, Any] | None) -> bool:
    return bool(entry and entry["seconds"] and "skipped" not in entry)


def _row(result: dict[str, Any], entry: dict[str, Any], against: list[float] | None) -> Row:
    title = entry["title"] + (f" ({entry['form']})" if entry.get("form") else "")
    if not _ran(entry):
        return Row(title, skipped=entry.get("skipped", "no rounds"))
    seconds = statistics.median(entry["seconds"])
    ratios = [a / b for a, b in zip(against or (), entry["seconds"], strict=False)]
    compiling = entry["compile_seconds"]
    if compiling is None:
        compiling = max(0.0, entry["first_seconds"] - seconds)
    before = entry["import_seconds"] + entry["build_seconds"] + entry["first_seconds"]
    return Row(
        title,
        seconds=seconds * result["scale"],
        ratio=statistics.median(ratios) if ratios else None,
        ratio_range=(min(ratios), max(ratios)) if ratios else None,
        share=2 * result["multiply_adds"] / seconds / result["peak_gflops"] / 1e9,
        peak_bytes=entry["peak_bytes"],
        compile_seconds=compiling,
        cached_seconds=entry.get("cached_compile_seconds"),
        first_epoch=before + seconds * (result["scale"] - 1),
        loss=entry["first_loss"],
    )


def _number(value: float | None, digits: int = 3) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"


def _ratio(row: Row) -> str:
    if row.ratio is None or row.ratio_range is None:
        return "–"
    return f"{_number(row.ratio)} ({_number(row.ratio_range[0])}–{_number(row.ratio_range[1])})"


def _table(headings: list[str], lines: list[list[str]]) -> str:
    body = ["| " + " | ".join(line) + " |" for line in [headings, ["---"] * len(headings), *lines]]
    return "\n".join(body)


def summary(results: list[dict[str, Any]]) -> str:
    """One line a job: grafito against PyTorch eager and against the best of the others."""
    lines = []
    for result in results:
        by_name = rows(result)
        grafito = by_name.pop("grafito", Row("grafito", skipped="not run"))
        peers = [row for row in by_name.values() if row.seconds is not None]
        best = min(peers, key=lambda row: row.seconds or 0, default=None)
        torch = by_name.get(baseline(result) or "")
        reached = "–"
        if grafito.ratio is not None:
            reached = "yes" if grafito.ratio >= result["floor"] else "no"
        memory = "–"
        if torch and torch.peak_bytes and grafito.peak_bytes:
            memory = _number(grafito.peak_bytes / torch.peak_bytes, 2)
        lines.append(
            [
                result["title"],
                f"{result['floor']:g}",
                f"not run: {grafito.skipped}" if grafito.skipped else _ratio(grafito),
                reached,
                _percent(grafito.share),
                _percent(torch.share if torch else None),
                memory,
                f"{_number(grafito.compile_seconds, 2)} / {_number(grafito.cached_seconds, 2)}",
                f"{best.title}, {_number(best.seconds)} s" if best else "–",
            ]
        )
    headings = ["job", "to reach", "grafito / PyTorch eager", "reached", "share of peak"]
    headings += ["PyTorch's", "memory / PyTorch's", "compile s, new / cached", "fastest peer"]
    return _table(headings, lines)


def details(result: dict[str, Any]) -> str:
    """All who took part in a job."""
    first = baseline(result)
    lines = []
    for name, row in sorted(rows(result).items(), key=lambda item: list(ENTRIES).index(item[0])):
        title = f"**{row.title}** = 1" if name == first else row.title
        if row.skipped:
            lines.append([title, f"not run: {row.skipped}", *[""] * 6])
            continue
        lines.append(
            [
                title,
                _number(row.seconds),
                _ratio(row),
                _percent(row.share),
                f"{(row.peak_bytes or 0) / 2**20:,.0f}",
                _number(row.compile_seconds, 2),
                _number(row.first_epoch),
                f"{row.loss:.5f}" if row.loss is not None else "–",
            ]
        )
    part = ""
    if result["scale"] > 1:
        part = f" A part of an epoch was run; the seconds are scaled by {result['scale']:.1f}."
    if (result["busy_before"] or 0) > QUIET:
        part += f" **Noisy: other programs used {_percent(result['busy_before'])} of the CPUs.**"
    text = (
        f"{result['data']}; batch {result['batch']}, {result['optimizer']}; "
        f"{result['params']:,} weights; rounds: {result['rounds']}; threads: {result['threads']}; "
        f"measured peak {result['peak_gflops']:.0f} GFLOP/s; {result['cpu']}.{part}"
    )
    unit = "run s" if result["epochs"] > 1 else "epoch s"
    headings = ["", unit, "× PyTorch eager", "share of peak", "peak MiB", "compile s"]
    headings += ["first epoch s" if result["epochs"] == 1 else "first run s", "loss"]
    held = conditions(result)
    title = result["title"] + (f", {held.title}" if held.name else "")
    return f"## {title}\n\n{text}\n\n{_table(headings, lines)}"


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def conditions(result: dict[str, Any]) -> Conditions:
    """What everyone was held to."""
    return Conditions(**result.get("conditions", {}))


def summaries(results: list[dict[str, Any]]) -> str:
    """A table for each of the conditions."""
    parts = []
    for each in dict.fromkeys(map(conditions, results)):
        among = [result for result in results if conditions(result) == each]
        parts += [f"## {each.title[0].upper()}{each.title[1:]}", summary(among)]
    return "\n\n".join(parts)


def document(results: list[dict[str, Any]]) -> str:
    """The whole page: a table for each of the conditions, then all who took part."""
    parts = ["# Benchmarks", summaries(results), NOTES, *map(details, results)]
    return "\n\n".join(parts) + "\n"
