"""Fuzzers: each module makes one random case from a seed and compares it with a witness.

A table of tests looks where tables look; a fuzzer looks elsewhere. A module of this folder that
has `case(rng)` is a fuzzer: it draws everything from `rng` and raises where something is wrong.
`python -m fuzz` in the folder `tests` runs all of them; a failure names the command that
repeats it.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import time
from collections.abc import Callable

import numpy as np

Case = Callable[[np.random.Generator], None]


class Finding(AssertionError):
    """A case that went wrong, with the command that repeats it."""


def fuzzers() -> dict[str, Case]:
    """All fuzzers by the names of their modules."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = {n: importlib.import_module(f"{__name__}.{n}") for n in names if n != "__main__"}
    return {name: module.case for name, module in modules.items() if hasattr(module, "case")}


def run_case(name: str, seed: int, number: int) -> None:
    """Run one case; what goes wrong in it is a finding, whatever its class."""
    try:
        fuzzers()[name](np.random.default_rng([seed, number]))
    except Exception as error:
        command = f"python -m fuzz {name} --seed {seed} --case {number}"
        raise Finding(
            f"{type(error).__name__}: {error}\nrepeat it in tests/ with: {command}"
        ) from error


def run(name: str, seconds: float, seed: int = 0) -> int:
    """Run cases until the time is over, one at least; how many there were."""
    end = time.monotonic() + seconds
    for number in itertools.count():
        run_case(name, seed, number)
        if time.monotonic() >= end:
            return number + 1
    raise AssertionError("itertools.count ends never")
