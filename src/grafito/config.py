"""Settings of a program, with the names of `keras.config`."""

from __future__ import annotations

from grafito.defaults import epsilon, floatx, set_epsilon, set_floatx
from grafito.errors import ArgumentError
from grafito.errors import names_of as _names_of
from grafito.mixed_precision import dtype_policy, set_dtype_policy

__all__ = ["backend", "dtype_policy", "epsilon", "floatx", "image_data_format", "set_dtype_policy"]
__all__ += ["set_epsilon", "set_floatx", "set_image_data_format"]


def backend() -> str:
    """What computes: grafito itself.

    Example:
        >>> backend()
        'grafito'
    """
    return "grafito"


def image_data_format() -> str:
    """Where images have their channels: always last.

    Example:
        >>> image_data_format()
        'channels_last'
    """
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Say where images have their channels; there is one place.

    Raises:
        ArgumentError: for another place.

    Example:
        >>> set_image_data_format("channels_last")
    """
    if data_format != image_data_format():
        raise ArgumentError(
            "Images have their channels last here.",
            received=f"data_format={data_format!r}",
            fix="numpy.moveaxis(x, 1, -1), and 'channels_last'",
        )


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
