"""What one takes along: a program, the model, a report, the step as a page."""

from __future__ import annotations

from grafito.errors import ArgumentError
from grafito.studio.session import Session

KINDS = ("program", "program-keras", "model", "report", "player")


def export(session: Session, what: str) -> tuple[str, str, bytes]:
    """The name of a file, its kind, and its content."""
    raise ArgumentError("This cannot be taken along yet.", received=what)
