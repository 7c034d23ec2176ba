"""What notebooks show of models, layers, tensors and histories: small pages without script."""

from __future__ import annotations

from grafito.notebooks.pages import html

__all__ = ["html"]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
