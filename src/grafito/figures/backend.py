"""Matplotlib is imported also where MPLBACKEND names no backend: figures are drawn without one."""

from __future__ import annotations

import os

from grafito.errors import GrafitoWarning, warn

USUAL = {"agg", "cairo", "inline", "macosx", "nbagg", "pdf", "pgf", "ps", "qtagg", "svg", "tkagg"}


def check_backend() -> None:
    """Import Matplotlib without MPLBACKEND where that has an unusual name and is refused.

    Example:
        >>> check_backend()
    """
    name = os.environ.get("MPLBACKEND")
    if name is None or name.lower() in USUAL or name.startswith("module://"):
        return
    del os.environ["MPLBACKEND"]  # with which the import may fail
    import matplotlib

    os.environ["MPLBACKEND"] = name  # for others, who may mean it
    try:
        matplotlib.rcParams["backend"] = name
    except ValueError:
        warn(
            GrafitoWarning(
                "MPLBACKEND names no backend of Matplotlib; figures are drawn without it.",
                received=name,
            )
        )
