"""From arrays to tensors and back, and what is known of a tensor without its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito import graph
from grafito.graph import Tensor, as_tensor
from grafito.ops.dispatch import FUNCTIONS, op


@op
def convert_to_tensor(x: Any, dtype: str | None = None) -> Tensor:
    """An array, a number or a list of numbers as a tensor.

    Example:
        >>> convert_to_tensor([1, 2], "float32").numpy().tolist()
        [1.0, 2.0]
    """
    return as_tensor(x) if dtype is None else graph.cast(x, dtype)


@op
def array(x: Any, dtype: str | None = None) -> Tensor:
    """The same as `convert_to_tensor`.

    Example:
        >>> array([1, 2]).dtype
        'int32'
    """
    return convert_to_tensor(x, dtype)


@op
def copy(x: Any) -> Tensor:
    """The tensor itself, which never changes.

    Example:
        >>> copy([1.0]).numpy().tolist()
        [1.0]
    """
    return as_tensor(x)


@op
def empty(shape: Any, dtype: str | None = None) -> Tensor:
    """Zeros: no tensor has numbers that nobody wrote.

    Example:
        >>> empty((2,)).numpy().tolist()
        [0.0, 0.0]
    """
    return graph.zeros(shape, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The numbers of a tensor as an array.

    Example:
        >>> convert_to_numpy(array([1.0])).tolist()
        [1.0]
    """
    return np.asarray(x.numpy() if isinstance(x, Tensor) else x)


def shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of the axes; None where a symbol leaves them free.

    Example:
        >>> shape([[1.0, 2.0]])
        (1, 2)
    """
    return tuple(x.shape if hasattr(x, "shape") else as_tensor(x).shape)


def ndim(x: Any) -> int:
    """The number of axes.

    Example:
        >>> ndim([[1.0, 2.0]])
        2
    """
    return len(shape(x))


def size(x: Any) -> int | None:
    """The number of elements; None where a symbol leaves it free.

    Example:
        >>> size([[1.0, 2.0]])
        2
    """
    sizes = [n for n in shape(x) if n is not None]
    return int(np.prod(sizes, dtype=np.int64)) if len(sizes) == ndim(x) else None


def dtype(x: Any) -> str:
    """The name of the element type.

    Example:
        >>> dtype([1, 2])
        'int32'
    """
    return str(x.dtype) if hasattr(x, "dtype") else as_tensor(x).dtype


def is_tensor(x: Any) -> bool:
    """Whether this is a tensor, not an array or a list.

    Example:
        >>> is_tensor([1.0]), is_tensor(array([1.0]))
        (False, True)
    """
    return isinstance(x, Tensor)


OF_SYMBOLS = (convert_to_numpy, shape, ndim, size, dtype, is_tensor)  # which are no layers
FUNCTIONS.update({function.__name__: function for function in OF_SYMBOLS})
