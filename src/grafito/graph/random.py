"""Random numbers as ops: a counter-based generator, and distributions composed on top of it.

A generator with hidden state gives other numbers when the work is split differently. Here a number
depends only on what it is: its seed, its use (which layer asks), its step and its position. So
every engine, any number of threads and a resumed training all see the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from grafito.errors import ArgumentError
from grafito.graph import elementwise as ew
from grafito.graph.dtypes import INTEGER, is_floating
from grafito.graph.shaping import count, lengths, moveaxis, normalize_axis, reshape, stack, take
from grafito.graph.tensor import Array, Op, Shape, Tensor, as_tensor, constant

__all__ = [
    "ArgSort",
    "RandomBits",
    "argsort",
    "bernoulli",
    "normal",
    "permutation",
    "permutations",
    "philox",
    "random_bits",
    "truncated_normal",
    "uniform",
]

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_INCREMENTS = (0x9E3779B9, 0xBB67AE85)  # of the golden ratio and of √3 - 1
ROUNDS = 10
MASK = 0xFFFFFFFF
CACHED = 1 << 13  # blocks that NumPy makes together: their intermediate values stay in the cache


class RandomBits(Op):
    """uint32 words of Philox 4x32-10, keyed by a seed; the one input is the step

    Element i is word i % 4 of the block with counter (i // 4, use, step, 0), all modulo 2³², and
    the key is (seed mod 2³², seed // 2³²). No gradient passes.
    """

    symbol = "random"
    analytic = False
    shape: Shape
    seed: int
    use: int

    def infer(self, step: Tensor) -> tuple[Shape, str]:
        return self.shape, "uint32"

    def value(self, xp: Any, step: Array) -> Array:
        count = math.prod(self.shape)
        blocks = max(1, -(-count // 4))
        use = xp.asarray([self.use & MASK], dtype="uint32")
        step = xp.reshape(xp.asarray(step).astype("uint32"), (1,))
        key, zero = (self.seed & MASK, self.seed >> 32), xp.zeros(1, dtype="uint32")

        def words(start: int, end: int) -> Array:
            counter = xp.arange(start, end, dtype="uint32"), use, step, zero
            return xp.stack(philox(xp, counter, key), axis=-1)

        part = CACHED if xp is np else blocks
        parts = [words(i, min(i + part, blocks)) for i in range(0, blocks, part)]
        return xp.reshape(xp.reshape(xp.concatenate(parts), -1)[:count], self.shape)

    def gradient(self, g: Tensor, out: Tensor, step: Tensor) -> tuple[Tensor | None, ...]:
        return (None,)


def philox(xp: Any, counter: Sequence[Array], key: tuple[int, int]) -> tuple[Array, ...]:
    """The four words that Philox 4x32-10 makes of a counter and a key.

    An array module other than NumPy needs no integer wider than 32 bits.

    Args:
        xp: an array module.
        counter: four arrays of uint32 that broadcast; the first has at least one axis.
        key: two integers below 2³².

    Returns:
        Four arrays of uint32.

    Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.

    Example:
        >>> import numpy as np
        >>> words = philox(np, np.zeros((4, 1), dtype="uint32"), (0, 0))
        >>> " ".join(f"{int(word[0]):08x}" for word in words)
        '6627e8d5 e169c58d bc57ac4c 9b00dbd8'
    """
    a, b, c, d = counter
    for i in range(ROUNDS):
        k0, k1 = (
            xp.asarray((k + i * step) & MASK, dtype="uint32")
            for k, step in zip(key, KEY_INCREMENTS, strict=True)
        )
        high_a, low_a = _multiply_wide(xp, a, MULTIPLIERS[0])
        high_c, low_c = _multiply_wide(xp, c, MULTIPLIERS[1])
        a, b, c, d = high_c ^ b ^ k0, low_c, high_a ^ d ^ k1, low_a
    return a, b, c, d


def _multiply_wide(xp: Any, x: Array, m: int) -> tuple[Array, Array]:
    """The upper and the lower 32 bits of x m; without wider integers from 16-bit halves."""
    if xp is np:
        wide = np.multiply(x, np.uint64(m))
        return (wide >> np.uint64(32)).astype("uint32"), wide.astype("uint32")
    whole, m_low, m_high = (xp.asarray(n, dtype="uint32") for n in (m, m & 0xFFFF, m >> 16))
    x_low, x_high = x & 0xFFFF, x >> 16
    middle = x_low * m_high + (x_low * m_low >> 16)  # below 2³², as is the next sum
    carry = x_high * m_low + (middle & 0xFFFF)
    return x_high * m_high + (middle >> 16) + (carry >> 16), x * whole


class ArgSort(Op):
    """The positions that sort the last axis, smallest first; equal elements keep their order

    No gradient passes.
    """

    symbol = "argsort"
    analytic = False

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return x.shape, "int32"

    def value(self, xp, x):
        return xp.argsort(x, axis=-1, stable=True).astype("int32")

    def gradient(self, g, out, x):
        return (None,)


# The public functions


def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """The positions that sort an axis, smallest first; equal elements keep their order.

    Example:
        >>> argsort([3.0, 1.0, 2.0]).numpy().tolist()
        [1, 2, 0]
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    axis = normalize_axis(axis, x.ndim)
    return moveaxis(ArgSort()(moveaxis(x, axis, -1)), -1, axis)


def random_bits(shape: Sequence[int], *, seed: int, step: Any = 0, use: int = 0) -> Tensor:
    """Independent 32-bit words, each value equally likely.

    Args:
        shape: shape of the result, of fewer than 2³⁴ elements.
        seed: an integer of 64 bits, the same for a whole program.
        step: an integer or an integer scalar tensor that counts steps, taken modulo 2³².
        use: an integer of 32 bits that tells apart the uses within a step.

    Raises:
        ArgumentError: for a seed or a use out of range, or a step that is no integer scalar.

    Example:
        >>> [f"{word:08x}" for word in random_bits((2,), seed=0).numpy()]
        ['6627e8d5', 'e169c58d']
    """
    for name, given, bits in (("seed", seed, 64), ("use", use, 32)):
        if not (isinstance(given, Integral) and 0 <= given < 2**bits):
            raise ArgumentError(
                f"The {name} of random numbers is out of range.",
                received=f"{name}={given!r}",
                expected=f"an integer from 0 to 2**{bits} - 1",
            )
    if isinstance(step, int):
        step = constant(step & MASK, "uint32")
    step = as_tensor(step)
    if step.shape or step.dtype not in INTEGER:
        raise ArgumentError(
            "The step of random numbers must be one integer.",
            received=repr(step),
            expected="an integer or an integer tensor of shape ()",
        )
    return RandomBits(_sizes(shape), int(seed), int(use))(step)


def uniform(
    shape: Sequence[int],
    low: Any = 0.0,
    high: Any = 1.0,
    *,
    seed: int,
    step: Any = 0,
    use: int = 0,
    dtype: str = "float32",
) -> Tensor:
    """Numbers spread evenly over [low, high).

    They are made of 24 random bits in every dtype, so that a float64 model draws the same ones.
    As with NumPy, rounding may reach `high` where the interval is narrow for its distance from 0.

    Args:
        shape: shape of the result.
        low: the smallest value.
        high: the limit above.
        seed: which numbers, with step and use; see `random_bits`.
        step: the step.
        use: the use within a step.
        dtype: a floating type.

    Example:
        >>> print(uniform((3,), seed=7).numpy().round(4))
        [0.9546 0.7502 0.1142]
    """
    words = random_bits(shape, seed=seed, step=step, use=use)
    unit = ew.cast(words - words % 256, _wide(dtype)) * 2.0**-32
    return _affine(unit, high - low, low, dtype)


def normal(
    shape: Sequence[int],
    mean: Any = 0.0,
    stddev: Any = 1.0,
    *,
    seed: int,
    step: Any = 0,
    use: int = 0,
    dtype: str = "float32",
) -> Tensor:
    """Numbers with a normal distribution, by the Box-Muller transform.

    Elements 2i and 2i + 1 are √(-2 ln u) cos 2πv and √(-2 ln u) sin 2πv, with u in (0, 1] from
    word 2i and v in [0, 1) from word 2i + 1. No number is farther than 5.8 deviations.

    Args:
        shape: shape of the result.
        mean: of the distribution.
        stddev: of the distribution.
        seed: which numbers, with step and use; see `random_bits`.
        step: the step.
        use: the use within a step.
        dtype: a floating type.

    Source: Box and Muller, "A note on the generation of random normal deviates", 1958.

    Example:
        >>> print(normal((3,), 5.0, seed=7).numpy().round(4))
        [5.0024 2.5132 5.4228]
    """
    shape = _sizes(shape)
    size = math.prod(shape)
    pairs = uniform((-(-size // 2), 2), seed=seed, step=step, use=use, dtype=_wide(dtype))
    radius = ew.sqrt(-2.0 * ew.log(1.0 - pairs[:, 0]))
    angle = pairs[:, 1] * (2 * math.pi)
    both = stack([radius * ew.cos(angle), radius * ew.sin(angle)], axis=-1)
    return _affine(reshape(reshape(both, (-1,))[:size], shape), stddev, mean, dtype)


def truncated_normal(
    shape: Sequence[int],
    mean: Any = 0.0,
    stddev: Any = 1.0,
    *,
    seed: int,
    step: Any = 0,
    use: int = 0,
    dtype: str = "float32",
) -> Tensor:
    """Numbers with a normal distribution cut off at two deviations: √2 erf⁻¹(u).

    `stddev` is that of the whole distribution; that of the cut one is 0.8796 of it.

    Args:
        shape: shape of the result.
        mean: of the distribution.
        stddev: of the distribution before the cut.
        seed: which numbers, with step and use; see `random_bits`.
        step: the step.
        use: the use within a step.
        dtype: a floating type.

    Example:
        >>> print(truncated_normal((3,), seed=7).numpy().round(4))
        [ 1.5056  0.6396 -1.1182]
    """
    edge = math.erf(2 / math.sqrt(2))
    drawn = uniform(shape, -edge, edge, seed=seed, step=step, use=use, dtype=_wide(dtype))
    return _affine(ew.clip(math.sqrt(2) * ew.erfinv(drawn), -2.0, 2.0), stddev, mean, dtype)


def bernoulli(shape: Sequence[int], p: Any, *, seed: int, step: Any = 0, use: int = 0) -> Tensor:
    """True with probability p, else False; never for p = 0, always for p = 1.

    Args:
        shape: shape of the result.
        p: a probability, or an array of them that broadcasts to the shape.
        seed: which numbers, with step and use; see `random_bits`.
        step: the step.
        use: the use within a step.

    Raises:
        ArgumentError: for a number outside [0, 1].

    Example:
        >>> bernoulli((4,), 0.5, seed=7).numpy().tolist()
        [False, False, True, True]
    """
    if isinstance(p, (int, float)) and not 0 <= p <= 1:
        raise ArgumentError("A probability must lie between 0 and 1.", received=f"p={p}")
    return ew.less(uniform(shape, seed=seed, step=step, use=use), p)


def permutation(n: int, *, seed: int, step: Any = 0, use: int = 0) -> Tensor:
    """The integers 0 to n - 1 in random order, as int32.

    They are sorted by 64-bit random keys: first by the lower word, then by the upper one.

    Args:
        n: how many.
        seed: which numbers, with step and use; see `random_bits`.
        step: the step.
        use: the use within a step.

    Example:
        >>> permutation(5, seed=7).numpy().tolist()
        [4, 1, 3, 2, 0]
    """
    n = count(n, "permutation", "n")
    keys = random_bits((n, 2), seed=seed, step=step, use=use)
    by_lower = argsort(keys[:, 1])
    by_both = argsort(take(keys[:, 0], by_lower))
    return take(by_lower, by_both)


def permutations(n: int, *, seed: int, steps: Sequence[int], use: int = 0) -> np.ndarray:
    """`permutation` at many steps, drawn together: an array of int32 with a row for each step.

    Args:
        n: how many integers are permuted.
        seed: which numbers, with step and use; see `random_bits`.
        steps: the steps.
        use: the use within a step.

    Example:
        >>> permutations(5, seed=7, steps=[0, 1]).tolist()
        [[4, 1, 3, 2, 0], [4, 1, 0, 3, 2]]
    """
    counter = (
        np.arange(-(-n // 2), dtype="uint32"),
        np.asarray([use & MASK], "uint32"),
        np.asarray([step & MASK for step in steps], "uint32")[:, None],
        np.zeros(1, "uint32"),
    )
    words = np.stack(philox(np, counter, (seed & MASK, seed >> 32)), axis=-1)
    words = words.reshape(len(steps), -1, 2)[:, :n].astype("uint64")
    keys = words[..., 0] << np.uint64(32) | words[..., 1]
    order = np.argsort(keys, axis=-1)  # not stable, hence fast
    ordered = np.take_along_axis(keys, order, axis=-1)
    if (ordered[:, 1:] == ordered[:, :-1]).any():
        order = np.argsort(keys, axis=-1, kind="stable")
    return order.astype("int32")


def _sizes(shape: Any) -> tuple[int, ...]:
    return lengths(shape, "random numbers", "random.uniform((2, 3), seed=0)")


def _wide(dtype: str) -> str:
    """The dtype to compute in before the result is cast to `dtype`."""
    if not is_floating(dtype):
        raise ArgumentError(
            "These random numbers must be floating-point.",
            received=f"dtype={dtype!r}",
            expected="float32, float64 or bfloat16",
            fix="graph.random_bits or graph.permutation for integers",
        )
    return "float64" if dtype == "float64" else "float32"


def _affine(x: Tensor, scale: Any, offset: Any, dtype: str) -> Tensor:
    """x scale + offset, without the steps that change nothing."""
    if not (isinstance(scale, (int, float)) and scale == 1):
        x = x * scale
    if not (isinstance(offset, (int, float)) and offset == 0):
        x = x + offset
    return ew.cast(x, dtype)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
