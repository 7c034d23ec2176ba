"""Initializers whose variance follows from the shape of the weight."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grafito.errors import ArgumentError
from grafito.graph import random
from grafito.initializers.basic import RandomInitializer, Shape, registry

TRUNCATED_DEVIATION = 0.87962566103423978  # of a standard normal that is cut off at 2


@registry.register()
class VarianceScaling(RandomInitializer):
    """Numbers of mean 0 and variance scale / n, with n a count of inputs or outputs of a unit.

    Args:
        scale: a positive number.
        mode: n is "fan_in" (inputs), "fan_out" (outputs) or "fan_avg" (their mean).
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: an integer for the same numbers at each call; None for other ones each time.
        input_axes, output_axes: the axes that `compute_fans` multiplies, both or none.

    Example:
        >>> limit = abs(VarianceScaling(3.0, distribution="uniform")((9, 5)).numpy()).max()
        >>> bool(limit <= 1)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ):
        super().__init__(seed)
        distribution = distribution.lower()
        self.scale = scale
        self.mode = mode
        self.distribution = "truncated_normal" if distribution == "normal" else distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        distributions = ("truncated_normal", "untruncated_normal", "uniform")
        for name, usable, expected in (
            ("scale", scale > 0, "a positive number"),
            ("mode", mode in MODES, " or ".join(MODES)),
            ("distribution", self.distribution in distributions, " or ".join(distributions)),
        ):
            if not usable:
                raise ArgumentError(
                    f"{type(self).__name__} cannot use this {name}.",
                    received=f"{name}={getattr(self, name)!r}",
                    expected=expected,
                )

    def __call__(self, shape, dtype="float32"):
        fans = compute_fans(shape, self.input_axes, self.output_axes)
        variance = self.scale / max(1.0, MODES[self.mode](*fans))
        deviation, keys = math.sqrt(variance), self.keys(dtype)
        if self.distribution == "uniform":
            limit = math.sqrt(3) * deviation
            return random.uniform(shape, -limit, limit, **keys)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, deviation, **keys)
        return random.truncated_normal(shape, 0.0, deviation / TRUNCATED_DEVIATION, **keys)


MODES = {
    "fan_in": lambda fan_in, fan_out: fan_in,
    "fan_out": lambda fan_in, fan_out: fan_out,
    "fan_avg": lambda fan_in, fan_out: (fan_in + fan_out) / 2,
}


def compute_fans(
    shape: Shape, input_axes: Shape | None = None, output_axes: Shape | None = None
) -> tuple[int, int]:
    """How many numbers a unit reads and how many units read a number: (fan_in, fan_out).

    The last two axes of a weight are its inputs and outputs; the axes before them are the window
    of a convolution, which multiplies both.

    Args:
        shape: of the weight.
        input_axes: the axes to multiply for the inputs instead.
        output_axes: likewise for the outputs; both are given, or none.

    Example:
        >>> compute_fans((784, 64)), compute_fans((3, 3, 16, 32))
        ((784, 64), (144, 288))
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        return (math.prod(shape),) * 2
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


class _Scaled(VarianceScaling):
    """A named choice of scale, mode and distribution."""

    choice: tuple[float, str, str]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ):
        super().__init__(*self.choice, seed, input_axes, output_axes)


@registry.register()
class GlorotUniform(_Scaled):
    """Uniform numbers of variance 2 / (fan_in + fan_out), also named after Xavier.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010.

    Example:
        >>> bool(abs(GlorotUniform()((3, 3)).numpy()).max() <= 1)
        True
    """

    choice = (1.0, "fan_avg", "uniform")


@registry.register()
class GlorotNormal(_Scaled):
    """Normal numbers, cut off at two deviations, of variance 2 / (fan_in + fan_out).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010.

    Example:
        >>> GlorotNormal()((3, 3)).shape
        (3, 3)
    """

    choice = (1.0, "fan_avg", "truncated_normal")


@registry.register()
class HeUniform(_Scaled):
    """Uniform numbers of variance 2 / fan_in, for layers with relu.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.

    Example:
        >>> bool(abs(HeUniform()((6, 3)).numpy()).max() <= 1)
        True
    """

    choice = (2.0, "fan_in", "uniform")


@registry.register()
class HeNormal(_Scaled):
    """Normal numbers, cut off at two deviations, of variance 2 / fan_in, for layers with relu.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.

    Example:
        >>> HeNormal()((6, 3)).shape
        (6, 3)
    """

    choice = (2.0, "fan_in", "truncated_normal")


@registry.register()
class LecunUniform(_Scaled):
    """Uniform numbers of variance 1 / fan_in.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998.

    Example:
        >>> bool(abs(LecunUniform()((3, 3)).numpy()).max() <= 1)
        True
    """

    choice = (1.0, "fan_in", "uniform")


@registry.register()
class LecunNormal(_Scaled):
    """Normal numbers, cut off at two deviations, of variance 1 / fan_in, for layers with selu.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998.

    Example:
        >>> LecunNormal()((3, 3)).shape
        (3, 3)
    """

    choice = (1.0, "fan_in", "truncated_normal")
