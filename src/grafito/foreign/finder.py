"""Imports of modules that another library has: the sentence of the table, not only "no module"."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

from grafito.errors import MissingModuleError
from grafito.foreign import member


class Finder:
    """Asked last, after Python found no such module; it finds none either, but says more."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """None, or an ImportError for a name of the tables.

        Example:
            >>> Finder.find_spec("grafito.keras")
            Traceback (most recent call last):
            ...
            grafito.errors.MissingModuleError: There is no module 'grafito.keras'.
              try        Keras's names are those of grafito itself: ...
        """
        parent, _, name = fullname.rpartition(".")
        if parent.partition(".")[0] != "grafito":
            return
        fix = member(parent, name, dir(sys.modules[parent]))
        if fix is not None:
            error = MissingModuleError(f"There is no module {fullname!r}.", fix=fix)
            error.name = parent
            raise error


def install() -> None:
    """Ask it from now on; done once.

    Example:
        >>> install()
    """
    if Finder not in sys.meta_path:
        sys.meta_path.append(Finder)
