"""How the number of a unit came about."""

from __future__ import annotations

from typing import Any

from grafito.errors import ArgumentError
from grafito.studio.session import Session


def of_unit(session: Session, layer: int, unit: int, example: int) -> dict[str, Any]:
    """The calculation of one unit for one example."""
    raise ArgumentError("There is no such unit.", received=f"{layer}, {unit}")
