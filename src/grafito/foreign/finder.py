"""Imports of modules that another library has: what they are here, or the sentence of the table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from importlib import abc
from importlib.machinery import ModuleSpec
from types import ModuleType

from grafito.errors import MissingModuleError
from grafito.foreign import member
from grafito.foreign.telling import of_older_programs


class Finder:
    """Asked last, after Python found no such module; it knows older names, or says more."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module that an older name means; None, or an ImportError for a name of the tables.

        Example:
            >>> Finder.find_spec("grafito.keras")
            Traceback (most recent call last):
            ...
            grafito.errors.MissingModuleError: There is no module 'grafito.keras'.
              try        Keras's names are those of grafito itself: ...
        """
        parent, _, name = fullname.rpartition(".")
        if parent.partition(".")[0] != "grafito":
            return None
        meant = of_older_programs(parent, name)
        if isinstance(meant, ModuleType):
            return ModuleSpec(fullname, Loader(meant), is_package=True)
        fix = member(parent, name, dir(sys.modules[parent]))
        if fix is not None:
            error = MissingModuleError(f"There is no module {fullname!r}.", fix=fix)
            error.name = parent
            raise error
        return None


class Loader(abc.Loader):
    """Makes an older module from the present one, whose names it has.

    Args:
        meant: the present module.
    """

    def __init__(self, meant: ModuleType):
        self.meant = meant

    def create_module(self, spec: ModuleSpec) -> None:
        """None: Python makes the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Hand the names of the present module on."""
        module.__dict__.update(__getattr__=partial(getattr, self.meant), __all__=dir(self.meant))


def install() -> None:
    """Ask it from now on; done once.

    Example:
        >>> install()
    """
    if Finder not in sys.meta_path:
        sys.meta_path.append(Finder)
