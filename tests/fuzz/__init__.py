"""Fuzzers: each module makes one random case from a seed and compares it with a witness.

A table of tests looks where tables look; a fuzzer looks elsewhere. A module of this folder that
has `case(rng)` is a fuzzer: it draws everything from `rng` and raises where something is wrong.
`SHORT` is the number of cases of its short form: the same ones however fast the machine is.
`python -m fuzz` in the folder `tests` runs all of them; a failure names the command that
repeats it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from grafito import seeds
from grafito.layers.automatic_names import reset_names

Case = Callable[[np.random.Generator], None]


class Finding(AssertionError):
    """A case that went wrong, with the command that repeats it."""


def modules() -> dict[str, ModuleType]:
    """The modules that are fuzzers, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = {n: importlib.import_module(f"{__name__}.{n}") for n in names if n != "__main__"}
    return {name: module for name, module in found.items() if hasattr(module, "case")}


def fuzzers() -> dict[str, Case]:
    """All fuzzers by the names of their modules."""
    return {name: module.case for name, module in modules().items()}


def run_case(name: str, seed: int, number: int) -> None:
    """Run one case; what goes wrong in it is a finding, whatever its class."""
    seeds.set_seed(number)
    reset_names()
    try:
        fuzzers()[name](np.random.default_rng([seed, number]))
    except (Exception, pytest.fail.Exception) as error:
        command = f"python -m fuzz {name} --seed {seed} --case {number}"
        raise Finding(
            f"{type(error).__name__}: {error}\nrepeat it in tests/ with: {command}"
        ) from error


def run(name: str, count: int, seed: int = 0) -> None:
    """Run the first cases of a seed."""
    for number in range(count):
        run_case(name, seed, number)
