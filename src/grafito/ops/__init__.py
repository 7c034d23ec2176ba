"""Keras's functions of tensors, over those of `grafito.graph`; they take symbols of models too.

Example:
    >>> from grafito import layers, ops
    >>> x = layers.Input((4, 3))
    >>> ops.einsum("bij,bkj->bik", x, x).shape
    (None, 4, 4)
"""

from grafito.errors import names_of as _names_of
from grafito.ops import arrays as _arrays
from grafito.ops import control as _control
from grafito.ops import conversion as _conversion
from grafito.ops import forwarding as _forwarding
from grafito.ops import neural as _neural
from grafito.ops import reductions as _reductions
from grafito.ops.dispatch import FUNCTIONS as _FUNCTIONS

globals().update(_FUNCTIONS)

__all__ = sorted(_FUNCTIONS)

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
