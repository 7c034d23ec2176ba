"""A public module shows what it offers, and nothing that it imports for its own use."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import grafito


def public_modules() -> dict[str, ModuleType]:
    """`grafito`, its parts that say what they offer, and the modules among what these offer."""
    found: dict[str, ModuleType] = {}
    names = [f"grafito.{m.name}" for m in pkgutil.iter_modules(grafito.__path__)]
    waiting = [grafito, *map(importlib.import_module, names)]
    for module in waiting:
        if module.__name__ in found or not hasattr(module, "__all__"):
            continue
        found[module.__name__] = module
        offered = (getattr(module, name) for name in module.__all__)
        waiting += [part for part in offered if isinstance(part, ModuleType)]
    return {name: m for name, m in found.items() if name.startswith("grafito")}


@pytest.mark.parametrize(("name", "module"), public_modules().items())
def test_a_public_module_shows_what_it_offers(name, module):
    parts = {m.name for m in pkgutil.iter_modules(getattr(module, "__path__", []))}
    shown = {n for n in dir(module) if not n.startswith("_")}
    assert shown - set(module.__all__) - parts == set()
    assert all(hasattr(module, n) for n in module.__all__)


def test_the_modules_of_course_programs_are_public():
    known = {"utils", "errors", "layers", "losses", "metrics", "models", "optimizers", "callbacks"}
    assert {f"grafito.{name}" for name in known} <= set(public_modules())
