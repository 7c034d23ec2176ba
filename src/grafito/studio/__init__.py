"""The studio: a page on one's own machine, where a network trains and is stepped through.

The server (`server`) hands out the page; a child process (`worker`) holds the network (`session`).
All mathematics is that of `insight` and `models`. The protocol stands in docs/inside.md.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from grafito.errors import MissingDependencyError

__all__ = ["begin"]

NEEDED = ("starlette", "uvicorn", "websockets")


def begin(
    source: str | None = None, *, port: int = 8321, browser: bool = True, lang: str | None = None
) -> None:
    """Serve the studio until Ctrl-C; the first line printed is its address.

    Args:
        source: a file of a model, the folder of a run, or the name of an experiment.
        port: that is listened to; the next free one where it is taken, any for 0.
        browser: whether the page is opened.
        lang: of the page, until one chooses another there; by default the one being spoken.

    Raises:
        MissingDependencyError: where the extra `studio` is not installed.
        GrafitoError: for a source that cannot be opened.

    Example:
        >>> begin("networks/none.safetensors")
        Traceback (most recent call last):
        ...
        grafito.errors.FileError: There is no such file.
          where     networks/none.safetensors
    """
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise MissingDependencyError(
            "The studio needs the packages starlette, uvicorn and websockets.",
            fix="pip install 'grafito[studio]'",
        )
    from grafito import language
    from grafito.studio import listening, opening, server
    from grafito.studio.keeping import Kept

    kept = Kept()
    described: dict[str, Any] = opening.described(source, kept)
    place = listening.listen(port)
    studio = server.Studio(place.getsockname()[1], lang or language.current(), described, kept)
    language.say(studio.address)
    if port and place.getsockname()[1] != port:
        language.say(language.translate("The port {} is taken.").format(port))
    if browser:
        import threading
        import webbrowser

        threading.Timer(1.0, webbrowser.open, (studio.once,)).start()
    listening.serve(studio.app, place)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
