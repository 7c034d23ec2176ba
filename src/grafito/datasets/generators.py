"""Small made data: no download, the same numbers for the same seed everywhere."""

from __future__ import annotations

import numpy as np

from grafito.errors import ArgumentError

__all__ = ["circles", "ice_creams", "logistic_map", "moons", "parity", "spirals", "xor"]

Arrays = tuple[np.ndarray, np.ndarray]

_TEMPERATURES = (25, 26, 27, 28, 29, 29.5, 30.5, 31, 32, 33.5, 34, 36.5, 37, 37.5, 39, 40)
_SOLD = (10, 18, 12, 20, 18, 20, 22, 30, 32, 30, 35, 36, 40, 38, 37, 41)


def xor() -> Arrays:
    """The four cases of exclusive or, the smallest problem that no single neuron solves.

    Returns:
        (x, y): inputs (4, 2) and targets (4, 1), float32 of 0 and 1.

    Source: Minsky and Papert: Perceptrons, 1969

    Example:
        >>> x, y = xor()
        >>> y[:, 0].tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    return parity(2)


def parity(bits: int) -> Arrays:
    """All patterns of some bits, and whether the number of ones is odd.

    Args:
        bits: how many, 1 to 20.

    Returns:
        (x, y): inputs (2**bits, bits), counting upwards, and targets (2**bits, 1), float32.

    Raises:
        ArgumentError: bits is outside 1 to 20.

    Source: Rumelhart, Hinton, Williams: Learning internal representations by error propagation,
    1986

    Example:
        >>> x, y = parity(3)
        >>> x[6].tolist(), y[6].tolist()
        ([1.0, 1.0, 0.0], [0.0])
    """
    if not 1 <= bits <= 20:
        raise ArgumentError(
            "parity has an impossible number of bits.",
            where="bits",
            received=bits,
            expected="1 to 20",
        )
    places = np.arange(bits)[::-1]
    x = (np.arange(2**bits)[:, None] >> places) & 1
    y = x.sum(axis=1, keepdims=True) % 2
    return x.astype(np.float32), y.astype(np.float32)


def moons(samples: int = 1000, noise: float = 0.1, seed: int | None = 0) -> Arrays:
    """Two half circles that interlock, one class each.

    Args:
        samples: how many points, at least 2.
        noise: standard deviation of the normal noise.
        seed: of the noise and the order; None draws anew each time.

    Returns:
        (x, y): points (samples, 2) of float32 and labels (samples,) of uint8, 0 and 1.

    Raises:
        ArgumentError: samples or noise is too small.

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_moons.html

    Example:
        >>> x, y = moons(100)
        >>> x.shape, y.sum().item()
        ((100, 2), 50)
    """
    from sklearn.datasets import make_moons

    _check(samples, noise)
    return _typed(*make_moons(samples, noise=noise, random_state=seed))


def circles(
    samples: int = 1000, noise: float = 0.05, factor: float = 0.5, seed: int | None = 0
) -> Arrays:
    """A circle inside another, one class each.

    Args:
        samples: how many points, at least 2.
        noise: standard deviation of the normal noise.
        factor: radius of the inner circle (class 1) where the outer one (class 0) has 1.
        seed: of the noise and the order; None draws anew each time.

    Returns:
        (x, y): points (samples, 2) of float32 and labels (samples,) of uint8, 0 and 1.

    Raises:
        ArgumentError: samples or noise is too small, or factor is not between 0 and 1.

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_circles.html

    Example:
        >>> x, y = circles(100, noise=0)
        >>> bool(np.allclose(np.linalg.norm(x[y == 1], axis=1), 0.5))
        True
    """
    from sklearn.datasets import make_circles

    _check(samples, noise)
    if not 0 < factor < 1:
        raise ArgumentError(
            "The inner circle must be smaller than the outer one.",
            where="factor",
            received=factor,
            expected="between 0 and 1",
        )
    return _typed(*make_circles(samples, noise=noise, factor=factor, random_state=seed))


def spirals(
    samples: int = 1000,
    classes: int = 2,
    turns: float = 1.5,
    noise: float = 0.02,
    seed: int | None = 0,
) -> Arrays:
    """Spiral arms that wind around each other, one class each.

    Args:
        samples: how many points, at least one per class.
        classes: how many arms, at least 2.
        turns: how often an arm goes round, more than 0.
        noise: standard deviation of the normal noise; an arm ends at radius 1.
        seed: of the points and their order; None draws anew each time.

    Returns:
        (x, y): points (samples, 2) of float32 and labels (samples,) of uint8.

    Raises:
        ArgumentError: an argument is outside its range.

    Source: Lang and Witbrock: Learning to tell two spirals apart, 1988

    Example:
        >>> x, y = spirals(90, classes=3)
        >>> np.bincount(y).tolist()
        [30, 30, 30]
    """
    if not 2 <= classes <= 256 or turns <= 0:
        raise ArgumentError(
            "spirals needs at least two arms that turn.",
            where="classes, turns",
            received=f"classes={classes}, turns={turns}",
            expected="classes from 2 to 256, turns above 0",
        )
    _check(samples, noise, least=classes)
    random = np.random.RandomState(seed)
    y = random.permutation(np.arange(samples) % classes)
    # The square root spreads the points evenly over the area.
    radius = np.sqrt(random.uniform(size=samples))
    angle = 2 * np.pi * (turns * radius + y / classes)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _typed(x + noise * random.normal(size=x.shape), y)


def logistic_map(length: int, x0: float = 0.1, r: float = 4.0) -> np.ndarray:
    """The series x -> r x (1 - x), chaotic for r = 4: a rule that is simple and hard to foretell.

    Args:
        length: how many values, at least 1.
        x0: the first value, 0 to 1.
        r: the growth, 0 to 4.

    Returns:
        The series (length,) of float64, all values from 0 to 1.

    Raises:
        ArgumentError: an argument is outside its range.

    Source: May: Simple mathematical models with very complicated dynamics, Nature, 1976

    Example:
        >>> logistic_map(4, x0=0.25).tolist()
        [0.25, 0.75, 0.75, 0.75]
    """
    if length < 1 or not 0 <= x0 <= 1 or not 0 <= r <= 4:
        raise ArgumentError(
            "The logistic map leaves its interval.",
            where="length, x0, r",
            received=f"length={length}, x0={x0}, r={r}",
            expected="length of at least 1, x0 from 0 to 1, r from 0 to 4",
        )
    series = np.empty(length)
    series[0] = x0
    for step in range(1, length):
        series[step] = r * series[step - 1] * (1 - series[step - 1])
    return series


def ice_creams() -> Arrays:
    """Sixteen days: the temperature and the ice creams sold, nearly on a line.

    Returns:
        (x, y): temperatures in degrees Celsius (16, 1) and sales (16, 1), float32.

    Example:
        >>> x, y = ice_creams()
        >>> x[0].item(), y[0].item()
        (25.0, 10.0)
    """
    x, y = (np.array(values, np.float32)[:, None] for values in (_TEMPERATURES, _SOLD))
    return x, y


def _typed(x: np.ndarray, y: np.ndarray) -> Arrays:
    return x.astype(np.float32), y.astype(np.uint8)


def _check(samples: int, noise: float, least: int = 2) -> None:
    if samples < least or noise < 0:
        raise ArgumentError(
            "The generator has too few points or negative noise.",
            where="samples, noise",
            received=f"samples={samples}, noise={noise}",
            expected=f"samples of at least {least}, noise of at least 0",
        )


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
