"""The base of the initializers, and those whose numbers do not depend on the shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import ShapeError, undefined
from grafito.graph import Tensor, constant, random
from grafito.registry import Configurable, Registry
from grafito.seeds import next_seed

registry = Registry("initializer")

Shape = Sequence[int]


class Initializer(Configurable):
    """Base of all initializers; a subclass defines `__call__(shape, dtype)`.

    Example:
        >>> class Halves(Initializer):
        ...     def __call__(self, shape, dtype="float32"):
        ...         return Constant(0.5)(shape, dtype)
        >>> Halves()((2,)).numpy().tolist()
        [0.5, 0.5]
    """

    def __call__(self, shape: Shape, dtype: str | None = "float32") -> Tensor:
        """Initial values of this shape and dtype (float32 for None)."""
        raise undefined(self, "__call__(self, shape, dtype)")


@registry.register()
class Constant(Initializer):
    """One value everywhere, or the values of an array.

    Args:
        value: a number, or an array that broadcasts to the shape.

    Raises:
        ShapeError: when called with a shape that the array does not broadcast to.

    Example:
        >>> Constant(3.0)((2,)).numpy().tolist()
        [3.0, 3.0]
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def __call__(self, shape, dtype="float32"):
        try:
            values = np.broadcast_to(np.asarray(self.value), tuple(shape))
        except ValueError:
            raise ShapeError(
                "The values of Constant do not have the shape of the weight.",
                received=np.shape(self.value),
                expected=tuple(shape),
            ) from None
        return constant(values, dtype or "float32")


@registry.register("zero")
class Zeros(Constant):
    """0 everywhere.

    Example:
        >>> Zeros()((2,)).numpy().tolist()
        [0.0, 0.0]
    """

    def __init__(self):
        super().__init__(0.0)


@registry.register("one")
class Ones(Constant):
    """1 everywhere.

    Example:
        >>> Ones()((2,)).numpy().tolist()
        [1.0, 1.0]
    """

    def __init__(self):
        super().__init__(1.0)


@registry.register("IdentityInitializer")
class Identity(Initializer):
    """The identity matrix, times a gain.

    Args:
        gain: the number on the diagonal.

    Raises:
        ShapeError: when called with a shape that is no matrix.

    Example:
        >>> Identity(2.0)((2, 3)).numpy().tolist()
        [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape, dtype="float32"):
        if len(shape) != 2:
            raise ShapeError("Identity makes matrices.", received=shape, expected="two sizes")
        return constant(self.gain * np.eye(*shape), dtype or "float32")


class RandomInitializer(Initializer):
    """Base of the initializers that draw numbers.

    Args:
        seed: an integer for the same numbers at each call; None for other ones each time.

    Example:
        >>> bool((RandomNormal(seed=1)((3,)).numpy() == RandomNormal(seed=1)((3,)).numpy()).all())
        True
    """

    def __init__(self, seed: int | None = None):
        self.seed = seed

    def keys(self, dtype: str | None) -> dict[str, Any]:
        """The arguments that say which random numbers a call gets, and of which dtype."""
        seed = next_seed() if self.seed is None else self.seed
        return {"seed": seed, "dtype": dtype or "float32"}


@registry.register("normal")
class RandomNormal(RandomInitializer):
    """Numbers with a normal distribution.

    Args:
        mean: of the distribution.
        stddev: its standard deviation.
        seed: an integer for the same numbers at each call; None for other ones each time.

    Example:
        >>> print(RandomNormal(5.0, 1.0, seed=7)((3,)).numpy().round(4))
        [5.0024 2.5132 5.4228]
    """

    draw = staticmethod(random.normal)

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None):
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape, dtype="float32"):
        return self.draw(shape, self.mean, self.stddev, **self.keys(dtype))


@registry.register()
class TruncatedNormal(RandomNormal):
    """Numbers with a normal distribution that is cut off two deviations from its mean.

    Args:
        mean: of the distribution.
        stddev: its standard deviation before the cut; that of the numbers is 0.8796 of it.
        seed: an integer for the same numbers at each call; None for other ones each time.

    Example:
        >>> bool(abs(TruncatedNormal()((1000,)).numpy()).max() <= 0.1)
        True
    """

    draw = staticmethod(random.truncated_normal)


@registry.register("uniform")
class RandomUniform(RandomInitializer):
    """Numbers spread evenly over [minval, maxval).

    Args:
        minval: the smallest number.
        maxval: the limit above.
        seed: an integer for the same numbers at each call; None for other ones each time.

    Example:
        >>> print(RandomUniform(0, 1, seed=7)((3,)).numpy().round(4))
        [0.9546 0.7502 0.1142]
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None):
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape, dtype="float32"):
        return random.uniform(shape, self.minval, self.maxval, **self.keys(dtype))


@registry.register("OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """A matrix whose columns, or rows where they are fewer, have length 1 and right angles.

    It is the Q of the decomposition A = QR of normal numbers, with the signs that make R's
    diagonal positive, so every orthogonal matrix is equally likely. A weight with more than two
    axes is taken as a matrix of its last axis and all others together.

    Args:
        gain: the length of the columns instead of 1.
        seed: an integer for the same numbers at each call; None for other ones each time.

    Raises:
        ShapeError: when called with fewer than two sizes.

    Source: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning
    in deep linear neural networks", 2014.

    Example:
        >>> q = Orthogonal()((4, 2)).numpy()
        >>> print(abs(q.T @ q).round(3))
        [[1. 0.]
         [0. 1.]]
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None):
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape, dtype="float32"):
        if len(shape) < 2:
            raise ShapeError("Orthogonal makes matrices.", received=shape, expected="two sizes")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(random.normal(tall, **self.keys("float64")).numpy())
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        matrix = q if rows >= columns else q.T
        return constant(self.gain * matrix.reshape(shape), dtype or "float32")


def get(identifier: Any) -> Any:
    """The initializer for a name, a configuration, a class, an object, a function or an array.

    Example:
        >>> from grafito import initializers
        >>> initializers.get([[1.0], [2.0]])((2, 1)).numpy().tolist()
        [[1.0], [2.0]]
    """
    if isinstance(identifier, list) or hasattr(identifier, "__array__"):
        return Constant(identifier)
    return registry.get(identifier)
