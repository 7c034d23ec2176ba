"""A public module shows what it offers, and nothing that it imports for its own use."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import grafito


def public_modules() -> dict[str, ModuleType]:
    """`grafito`, the modules in it, and every module that is shown by one of these."""
    found: dict[str, ModuleType] = {}
    names = [f"grafito.{m.name}" for m in pkgutil.iter_modules(grafito.__path__)]
    waiting = [grafito, *map(importlib.import_module, names)]
    for module in waiting:
        if module.__name__ not in found and module.__name__.startswith("grafito"):
            found[module.__name__] = module
            shown = (getattr(module, name) for name in dir(module) if not name.startswith("_"))
            waiting += [part for part in shown if isinstance(part, ModuleType)]
    del found["grafito.__main__"]  # which is run, not imported
    return found


@pytest.mark.parametrize(("name", "module"), public_modules().items())
def test_a_public_module_shows_what_it_offers(name, module):
    assert {n for n in dir(module) if not n.startswith("_")} == set(module.__all__)
    assert all(hasattr(module, n) for n in module.__all__)
    taken: dict[str, object] = {}
    exec(f"from {name} import *", taken)
    assert set(taken) - {"__builtins__"} == set(module.__all__)


FILES = {
    "graph.random",
    "optimizers.schedules",
    "preprocessing.image",
    "preprocessing.sequence",
}  # that are meant to be named, besides data sets


def test_no_package_offers_its_own_files():
    for name, module in public_modules().items():
        if name not in ("grafito", "grafito.datasets"):
            for part in vars(module).values():
                if isinstance(part, ModuleType) and part.__name__.rpartition(".")[0] == name:
                    offered = part.__name__.rpartition(".")[2] in module.__all__
                    assert offered == (part.__name__.removeprefix("grafito.") in FILES)


def test_the_modules_of_course_programs_are_public():
    known = {"utils", "errors", "layers", "losses", "metrics", "models", "optimizers", "callbacks"}
    assert {f"grafito.{name}" for name in known} <= set(public_modules())
