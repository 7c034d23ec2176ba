"""Several devices and processes, with the names of `keras.distribution`.

Batches are divided; every device has all weights, and the numbers are those of one device, up to
the rounding of sums. Of several processes each calls `fit` with the same arrays, of which it reads
the rows of its own devices, or with an iterable that gives its own part of each batch.

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
from grafito.engines.processes import initialize, process_count, process_index
from grafito.errors import names_of as _names_of

__all__ = ["DataParallel", "distribution", "get_device_count", "initialize", "list_devices"]
__all__ += ["process_count", "process_index", "set_distribution"]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
