"""The precision of training that `compile` takes where none is given."""

from __future__ import annotations

from grafito import defaults
from grafito.errors import names_of as _names_of

__all__ = ["dtype_policy", "global_policy", "set_dtype_policy", "set_global_policy"]


def set_global_policy(policy: str) -> None:
    """Choose what `compile` takes where its `precision` is not given.

    Args:
        policy: "float32", or "mixed_bfloat16": products and convolutions read bfloat16, weights
            and sums stay float32.

    Raises:
        ArgumentError: for "mixed_float16" and other names.

    Example:
        >>> set_global_policy("float32")
    """
    defaults.set_precision(policy)


def global_policy() -> str:
    """The name of the policy that holds.

    Example:
        >>> global_policy()
        'float32'
    """
    return defaults.precision()


set_dtype_policy = set_global_policy
dtype_policy = global_policy

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
