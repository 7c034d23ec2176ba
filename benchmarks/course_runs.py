"""What experiments give with the settings of their course: `python -m benchmarks.course_runs RUNS`.

RUNS holds whole runs, made by `grafito run NAME --variant VARIANT --course --out RUNS`. Of each the
numbers that the course gives too are kept, and the first of each form of which it gives none;
reports show them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grafito import lab
from grafito.lab.report.recorded_run import read_run

TARGET = Path(lab.__file__).with_name("course_runs.json")


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
            if not any(other.startswith(f"{form} ") or not form for other in given)
        ]
        names = dict.fromkeys((*given, *first))
        found[f"{run.name} {told.get('variant', '')}".strip()] = {
            name: float(f"{run.numbers[name]:.6g}") for name in names if name in run.numbers
        }
    TARGET.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
