"""Names of `keras.backend`: settings, and the functions of tensors that older programs call.

Example:
    >>> from grafito import backend as K
    >>> K.sum(K.square([1.0, 2.0])).item()
    5.0
"""

from __future__ import annotations

import gc
from typing import Any

import numpy as np

from grafito import defaults, graph, ops, random, seeds
from grafito.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from grafito.errors import names_of as _names_of
from grafito.graph.dtypes import INTEGER, dtype_name, is_floating
from grafito.layers.automatic_names import reset_names, unique_name

# Functions of `grafito.ops` that are called the same.
SAME = (
    "abs all any arange argmax argmin binary_crossentropy cast categorical_crossentropy clip "
    "concatenate cos cumsum dot dtype elu equal exp expand_dims eye greater greater_equal "
    "hard_sigmoid is_tensor less less_equal log logsumexp max maximum mean min minimum ndim "
    "not_equal one_hot ones ones_like prod relu repeat reshape round shape sigmoid sign sin "
    "softmax softplus softsign sparse_categorical_crossentropy sqrt square squeeze stack std "
    "stop_gradient sum tanh tile transpose var zeros zeros_like"
)
RENAMED = {"pow": "power", "l2_normalize": "normalize", "flatten": "ravel", "constant": "array"}

globals().update({name: getattr(ops, name) for name in SAME.split()})
globals().update({name: getattr(ops, theirs) for name, theirs in RENAMED.items()})

Variable = graph.Variable


def clear_session(free_memory: bool = True) -> None:
    """Begin the automatic names of layers, and seeds that `set_random_seed` chose, again.

    Args:
        free_memory: collect what nobody refers to any more.

    Example:
        >>> clear_session()
    """
    reset_names()
    seeds.restart()
    if free_memory:
        gc.collect()


def int_shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of the axes; None where a symbol leaves them free.

    Example:
        >>> int_shape(np.zeros((2, 3)))
        (2, 3)
    """
    return tuple(ops.shape(x))


def get_value(x: Any) -> np.ndarray:
    """The numbers of a variable or a tensor.

    Example:
        >>> get_value(variable([1.0])).tolist()
        [1.0]
    """
    return np.asarray(x.numpy() if hasattr(x, "numpy") else x)


def set_value(x: Any, value: Any) -> None:
    """Give a variable other numbers.

    Example:
        >>> v = variable([1.0])
        >>> set_value(v, [2.0])
    """
    x.assign(value)


def variable(value: Any, dtype: str | None = None, name: str | None = None) -> Any:
    """A variable with these numbers.

    Example:
        >>> variable(3.0).numpy().item()
        3.0
    """
    return graph.Variable(value, dtype=dtype or defaults.floatx(), name=name or "variable")


def batch_flatten(x: Any) -> Any:
    """Each example as one vector.

    Example:
        >>> batch_flatten(np.zeros((2, 3, 4))).shape
        (2, 12)
    """
    sizes = ops.shape(x)[1:]
    return ops.reshape(x, (-1, int(np.prod([n or 1 for n in sizes]))))


def random_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, seed: Any = None) -> Any:
    """Numbers with a normal distribution.

    Example:
        >>> random_normal((2, 3)).shape
        (2, 3)
    """
    return random.normal(shape, mean, stddev, seed=seed)


def random_uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, seed: Any = None) -> Any:
    """Numbers spread evenly between two bounds.

    Example:
        >>> random_uniform((2, 3)).shape
        (2, 3)
    """
    return random.uniform(shape, minval, maxval, seed=seed)


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype.

    Example:
        >>> standardize_dtype(np.float32)
        'float32'
    """
    return dtype_name(dtype or defaults.floatx())


def is_float_dtype(dtype: Any) -> bool:
    """Whether numbers of this dtype have fractions.

    Example:
        >>> is_float_dtype("int32")
        False
    """
    return is_floating(standardize_dtype(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Whether numbers of this dtype are whole.

    Example:
        >>> is_int_dtype("int32")
        True
    """
    return standardize_dtype(dtype) in INTEGER


def is_keras_tensor(x: Any) -> bool:
    """Whether this is a symbol, which layers make of an `Input`.

    Example:
        >>> from grafito import layers
        >>> is_keras_tensor(layers.Input((2,)))
        True
    """
    return hasattr(x, "as_operation")


def get_uid(prefix: str = "") -> str:
    """A name that no other layer has.

    Example:
        >>> get_uid("my_block")
        'my_block'
    """
    return unique_name(prefix)


__all__ = [*SAME.split(), *RENAMED, "Variable", "backend", "batch_flatten", "clear_session"]
__all__ += ["epsilon", "floatx", "get_uid", "get_value", "image_data_format", "int_shape"]
__all__ += ["is_float_dtype", "is_int_dtype", "is_keras_tensor", "random_normal", "random_uniform"]
__all__ += ["set_epsilon", "set_floatx", "set_image_data_format", "set_value", "standardize_dtype"]
__all__ += ["variable"]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
