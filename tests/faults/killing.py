"""Kills programs that write: `cd tests && python -m faults.killing 500` is the long form.

Each child writes one kind of file over and over and is killed (-9) at a random moment. The file
must be whole, and nothing may stay beside it once another program has written there.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

from faults.kinds import KINDS
from grafito.files import writing

LONGEST = 0.02  # seconds until the kill


def kill(count: int, seed: int, parent: Path) -> tuple[list[str], int]:
    """Kill so many children; what went wrong, and how many left something behind.

    Args:
        count: how many.
        seed: of the kinds and the moments.
        parent: for their folders.
    """
    rng, wrong, strays = random.Random(seed), [], 0
    names = [name for name in KINDS if name != "log"]  # which is another one in each round
    for number in range(count):
        name = rng.choice(names)
        folder = parent / str(number)
        folder.mkdir()
        KINDS[name].write(folder, 1)
        _killed(name, folder, rng.random() * LONGEST)
        strays += len(list(folder.iterdir())) - 1
        problem = _problem(name, folder)
        if problem:
            wrong.append(f"{number}: {name}: {problem}")
    return wrong, strays


def _killed(name: str, folder: Path, delay: float) -> None:
    """Let a child write for some time."""
    reading, telling = os.pipe()
    child = os.fork()
    if not child:
        while True:  # ends by the signal
            for version in (2, 1):
                KINDS[name].write(folder, version)
                os.write(telling, b".")
    os.close(telling)
    os.read(reading, 1)  # it has begun
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)


def _problem(name: str, folder: Path) -> str | None:
    found = KINDS[name].read(folder)
    if found not in (1, 2) and not KINDS[name].cache:
        return f"it reads as {found}"
    for path in folder.glob(".grafito-*"):
        os.utime(path, (1, 1))
    writing._swept.clear()
    other = 1 if found == 2 else 2
    KINDS[name].write(folder, other)
    left = [path.name for path in folder.iterdir()]
    return None if len(left) == 1 and KINDS[name].read(folder) == other else f"then {left}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as place:
        found, behind = kill(total, int(sys.argv[2]) if len(sys.argv) > 2 else 1, Path(place))
    print("\n".join([*found, f"{total} kills, {behind} siblings left, {len(found)} wrong"]))
    sys.exit(bool(found))
