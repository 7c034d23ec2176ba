"""What experiments give with the settings of their course: `python -m benchmarks.course_runs RUNS`.

RUNS holds whole runs, made by `grafito run NAME --variant VARIANT --course --out RUNS`. Of each the
numbers that the course gives too are kept, and the first of each form of which it gives none;
reports show them, and how many epochs it had where they are fewer than in the course.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from grafito import lab
from grafito.lab.prose.conclusions import is_share
from grafito.lab.report.recorded_run import read_run

TARGET = Path(lab.__file__).with_name("course_runs.json")


def _is_shorter(told: dict[str, Any]) -> bool:
    """Whether a run had fewer epochs than the course gives."""
    rows = [row for form in told.get("course_settings", {}).values() for row in form]
    return any(row["setting"] == "epochs" and row["here"] < row["course"] for row in rows)


def main() -> None:
    """Write the numbers beside the laboratory."""
    found: dict[str, dict[str, float]] = json.loads(TARGET.read_text(encoding="utf-8"))
    for path in sorted(Path(sys.argv[1]).glob("*/*/configuration.json")):
        run = read_run(path.parent)
        told = run.configuration
        if not (run.is_complete and told.get("as_course")) or told.get("quick"):
            continue
        forms = told.get("forms") or {"": {}}
        first = [
            next((n for n in run.numbers if n.startswith(f"{form} ") or not form), "")
            for form in forms
        ]
        given = told.get("course_numbers", {})
        first = [
            name
            for form, name in zip(forms, first, strict=True)
            if is_share(name)
            or not any(other.startswith(f"{form} ") or not form for other in given)
        ]
        names = dict.fromkeys((*given, *first))
        key = f"{run.name} {told.get('variant', '')}".strip()
        found[key] = {
            name: float(f"{run.numbers[name]:.6g}") for name in names if name in run.numbers
        }
        if "--epochs" in told.get("command", "") and _is_shorter(told):
            found[key]["epochs"] = run.numbers["epochs"]
    TARGET.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
