"""`python -m fuzz [NAME ...] --seconds 3600 --seed 1`: the long form; `--case` repeats one case."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
import traceback

from fuzz import Finding, fuzzers, run_case


def main() -> int:
    """Run the cases by turns until the time is over; 1 where there was a finding."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", help="fuzzers; all where none is named")
    parser.add_argument("--seconds", type=float, default=60, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, help="run this case alone")
    arguments = parser.parse_args()
    names = arguments.names or list(fuzzers())
    if arguments.case is not None:
        for name in names:
            run_case(name, arguments.seed, arguments.case)
        return 0
    end = time.monotonic() + arguments.seconds
    counts, findings = dict.fromkeys(names, 0), 0
    spent = dict.fromkeys(names, 0.0)
    for _ in itertools.count():
        name = min(names, key=lambda n: spent[n])  # each has the same share of the time
        begin = time.monotonic()
        if begin >= end:
            break
        try:
            run_case(name, arguments.seed, counts[name])
        except Finding:
            findings += 1
            traceback.print_exc()
        counts[name] += 1
        spent[name] += time.monotonic() - begin
    for name in names:
        print(f"{name}: {counts[name]} cases with seed {arguments.seed}")
    print(f"{findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
