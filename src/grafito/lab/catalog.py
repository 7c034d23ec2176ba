"""The experiments by name."""

from __future__ import annotations

from typing import Any

from grafito.errors import unknown_name
from grafito.lab.experiment import Experiment
from grafito.lab.experiments import KINDS
from grafito.lab.own import own_kind


def kinds() -> dict[str, type[Experiment]]:
    """The classes of all experiments, by name.

    Example:
        >>> kinds()["mnist-dense"].data
        'mnist'
    """
    return {kind.name: kind for kind in KINDS}


def names() -> list[str]:
    """The names of all experiments.

    Example:
        >>> "digits" in names()
        True
    """
    return list(kinds())


def get(
    name: str,
    variant: str | None = None,
    *,
    quick: bool = False,
    course: bool = False,
    **settings: Any,
) -> Experiment:
    """An experiment, in one of its variants, with settings changed.

    Args:
        name: one of `names()`; or "file.py:Class", an experiment of one's own.
        variant: one of its variants; the first by default.
        quick: less data and fewer epochs, for less than a minute.
        course: the course's own settings, where it gives them.
        settings: attributes of the experiment, such as `epochs`; None leaves one as it is.

    Raises:
        UnknownNameError: for a name, a variant or a setting that is not known.
        FileError: for a file that cannot be run.

    Example:
        >>> get("mnist-dense", epochs=3).epochs
        3
    """
    if name in kinds():
        kind = kinds()[name]
    elif ".py" in name:
        kind = own_kind(name)
    else:
        raise unknown_name("experiment", name, kinds())
    given = {key: value for key, value in settings.items() if value is not None}
    return kind.usual(variant, quick, course).with_settings(**given)
