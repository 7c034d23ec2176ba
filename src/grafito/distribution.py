"""Several devices, with the names of `keras.distribution`.

Batches are divided; every device has all weights, and the numbers are those of one device, up to
the rounding of sums.

Example:
    >>> import grafito
    >>> from grafito import distribution
    >>> distribution.set_distribution(distribution.DataParallel())
    >>> grafito.engines.get("auto").name
    'jax'
    >>> distribution.set_distribution(None)
"""

from __future__ import annotations

from grafito.engines.devices import (
    DataParallel,
    distribution,
    get_device_count,
    list_devices,
    set_distribution,
)
from grafito.errors import names_of as _names_of

__all__ = ["DataParallel", "distribution", "get_device_count", "list_devices", "set_distribution"]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
