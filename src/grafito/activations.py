"""Activation functions, with Keras's names: tensor in, tensor of the same shape out.

Each is built from ops of the graph inside a scope of its own name, so that a drawing can show it
as one node or open it. Where a function has a kink its slope there is written at the function. A
branch that is not taken is computed at a harmless value, so that it never yields a NaN gradient.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from grafito import graph
from grafito.errors import names_of as _names_of
from grafito.graph import Tensor
from grafito.registry import Registry, deserializer, serialize

__all__ = ["celu", "deserialize", "elu", "exponential", "gelu", "get", "hard_sigmoid", "leaky_relu"]
__all__ += ["hard_silu", "hard_swish", "linear", "log_sigmoid", "log_softmax", "mish", "registry"]
__all__ += ["relu", "relu6", "selu", "serialize", "sigmoid"]
__all__ += ["silu", "softmax", "softplus", "softsign", "swish", "tanh"]

registry = Registry("activation")


def get(identifier: Any) -> Callable[[Any], Tensor]:
    """The activation for a name, a function or a configuration; None gives `linear`.

    Raises:
        UnknownNameError: when the name is not known; it proposes the nearest.

    Example:
        >>> get("relu") is relu, get(None) is linear
        (True, True)
    """
    return linear if identifier is None else registry.get(identifier)


deserialize = deserializer(get)


def _activation(*aliases: str) -> Callable[[Callable], Callable]:
    """Register a function, and have it build its ops in a scope of its name."""

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def scoped(x: Any, *args: Any, **kwargs: Any) -> Tensor:
            x = graph.as_tensor(x)  # a number is what the function reads, no part of it
            with graph.scope(function.__name__):
                return function(x, *args, **kwargs)

        return registry.register(*aliases)(scoped)

    return decorate


@_activation()
def linear(x: Tensor) -> Tensor:
    """The identity, x itself.

    Example:
        >>> linear([-1.0, 2.0]).numpy().tolist()
        [-1.0, 2.0]
    """
    return x


@_activation()
def relu(
    x: Tensor,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """The rectified linear unit, max(x, 0) by default.

    In general f(x) = min(x, max_value) above the threshold, negative_slope (x - threshold) below.
    The slope is 0 at the threshold and at max_value; with a negative_slope alone it is 1 at 0, as
    in `leaky_relu`.

    Args:
        x: a tensor of any shape.
        negative_slope: slope below the threshold.
        max_value: the largest value, or None for no limit.
        threshold: where the unit begins to pass x on.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.

    Example:
        >>> relu([-2.0, 0.5, 9.0], max_value=6).numpy().tolist()
        [0.0, 0.5, 6.0]
    """
    if negative_slope and not threshold and max_value is None:
        return leaky_relu(x, negative_slope)
    y = graph.where(x <= threshold, 0, x) if threshold else graph.relu(x)
    if max_value is not None:
        y = graph.where(y >= max_value, max_value, y)  # NaN stays
    return y - negative_slope * graph.relu(threshold - x) if negative_slope else y


@_activation()
def relu6(x: Tensor) -> Tensor:
    """The rectified linear unit with an end: min(max(x, 0), 6). The slope at 0 and at 6 is 0.

    Example:
        >>> relu6([-1.0, 2.0, 7.0]).numpy().tolist()
        [0.0, 2.0, 6.0]
    """
    return relu(x, max_value=6)


@_activation()
def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Tensor:
    """The leaky relu: x where x ≥ 0, else negative_slope x; the slope at 0 is 1.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic
    models", 2013.

    Example:
        >>> leaky_relu([-1.0, 2.0], 0.5).numpy().tolist()
        [-0.5, 2.0]
    """
    return graph.where(x >= 0, x, negative_slope * x)


@_activation()
def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit: x where x > 0, else alpha (exp(x) - 1).

    The slope at 0 is alpha, that from the left.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
    exponential linear units", 2016.

    Example:
        >>> print(elu([-1.0, 2.0]).numpy().round(3))
        [-0.632  2.   ]
    """
    return _exponential_below_zero(x, alpha, 1.0)


@_activation()
def selu(x: Tensor) -> Tensor:
    """The scaled elu, 1.0507 elu(x, 1.6733), which keeps mean 0 and variance 1 from layer to layer.

    The slope at 0 is that from the left, 1.7581.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017.

    Example:
        >>> print(selu([-1.0, 2.0]).numpy().round(3))
        [-1.111  2.101]
    """
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return scale * _exponential_below_zero(x, alpha, 1.0)


@_activation()
def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """The smooth elu: x where x > 0, else alpha (exp(x / alpha) - 1).

    The slope at 0 is 1 from both sides.

    Source: Barron, "Continuously differentiable exponential linear units", 2017.

    Example:
        >>> print(celu([-1.0, 2.0], 0.5).numpy().round(3))
        [-0.432  2.   ]
    """
    return _exponential_below_zero(x, alpha, alpha)


def _exponential_below_zero(x: Tensor, alpha: float, width: float) -> Tensor:
    below = graph.where(x > 0, 0, x)  # exp of a large x would be infinite
    return graph.where(x > 0, x, alpha * graph.expm1(below / width))


@_activation()
def gelu(x: Tensor, approximate: bool = False) -> Tensor:
    """The Gaussian error linear unit, x Φ(x) = x (1 + erf(x / √2)) / 2.

    Φ is the normal distribution.

    Args:
        x: a tensor of any shape.
        approximate: take x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 instead.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.

    Example:
        >>> print(gelu([-1.0, 2.0]).numpy().round(3))
        [-0.159  1.954]
    """
    if approximate:
        curve = graph.tanh(math.sqrt(2 / math.pi) * x * (1 + 0.044715 * graph.square(x)))
    else:
        curve = graph.erf(x * math.sqrt(0.5))
    return 0.5 * x * (1 + curve)


@_activation("swish")
def silu(x: Tensor) -> Tensor:
    """The sigmoid linear unit, x sigmoid(x), also called swish.

    Source: Ramachandran, Zoph and Le, "Searching for activation functions", 2017.

    Example:
        >>> print(silu([-1.0, 2.0]).numpy().round(3))
        [-0.269  1.762]
    """
    return x * graph.sigmoid(x)


swish = silu


@_activation()
def softplus(x: Tensor) -> Tensor:
    """A smooth relu, ln(1 + exp(x)).

    Example:
        >>> print(softplus([0.0, 100.0]).numpy().round(3))
        [  0.693 100.   ]
    """
    return graph.softplus(x)


@_activation()
def softsign(x: Tensor) -> Tensor:
    """The soft sign, x / (1 + |x|), between -1 and 1; the slope at 0 is 1.

    Example:
        >>> softsign([-1.0, 3.0]).numpy().tolist()
        [-0.5, 0.75]
    """
    return x / (1 + graph.abs(x))


@_activation()
def sigmoid(x: Tensor) -> Tensor:
    """The logistic function, 1 / (1 + exp(-x)), between 0 and 1.

    Example:
        >>> print(sigmoid([0.0, 2.0]).numpy().round(3))
        [0.5   0.881]
    """
    return graph.sigmoid(x)


@_activation()
def hard_sigmoid(x: Tensor) -> Tensor:
    """Straight lines for a sigmoid: x / 6 + 1/2, limited to [0, 1].

    The slope at -3 and at 3 is 0.

    Example:
        >>> hard_sigmoid([-4.0, 0.0, 1.5]).numpy().tolist()
        [0.0, 0.5, 0.75]
    """
    return relu(x + 3, max_value=6) / 6


@_activation("hard_swish")
def hard_silu(x: Tensor) -> Tensor:
    """Straight lines and a parabola for a silu: x times `hard_sigmoid` of x.

    Example:
        >>> hard_silu([-4.0, 0.0, 3.0]).numpy().tolist()
        [-0.0, 0.0, 3.0]
    """
    return x * hard_sigmoid(x)


hard_swish = hard_silu


@_activation()
def log_sigmoid(x: Tensor) -> Tensor:
    """The logarithm of the logistic function, without overflow.

    Example:
        >>> print(log_sigmoid([0.0, -100.0]).numpy().round(3))
        [  -0.693 -100.   ]
    """
    return -graph.softplus(-x)


@_activation()
def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent, (exp(x) - exp(-x)) / (exp(x) + exp(-x)).

    Example:
        >>> print(tanh([0.0, 1.0]).numpy().round(3))
        [0.    0.762]
    """
    return graph.tanh(x)


@_activation()
def exponential(x: Tensor) -> Tensor:
    """The exponential function, exp(x).

    Example:
        >>> print(exponential([0.0, 1.0]).numpy().round(3))
        [1.    2.718]
    """
    return graph.exp(x)


@_activation()
def softmax(x: Tensor, axis: int | Sequence[int] = -1) -> Tensor:
    """Positive numbers that sum to 1 along an axis: exp(xᵢ) / Σⱼ exp(xⱼ).

    Args:
        x: a tensor of at least one axis.
        axis: the axis of the classes, or several axes that sum to 1 together.

    Example:
        >>> softmax([0.0, 0.0, 0.0, 0.0]).numpy().tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    return graph.softmax(x, axis) if isinstance(axis, int) else graph.exp(log_softmax(x, axis))


@_activation()
def log_softmax(x: Tensor, axis: int | Sequence[int] = -1) -> Tensor:
    """The logarithm of the softmax, xᵢ - ln Σⱼ exp(xⱼ) along an axis.

    Args:
        x: a tensor of at least one axis.
        axis: the axis of the classes, or several axes that sum to 1 together.

    Example:
        >>> log_softmax([0.0, 1000.0]).numpy().tolist()
        [-1000.0, 0.0]
    """
    if isinstance(axis, int):
        return graph.log_softmax(x, axis)
    return x - graph.logsumexp(x, axis, keepdims=True)  # type: ignore[arg-type]  # or told


@_activation()
def mish(x: Tensor) -> Tensor:
    """A smooth unit near silu, x tanh(ln(1 + exp(x))).

    Source: Misra, "Mish: a self regularized non-monotonic activation function", 2019.

    Example:
        >>> print(mish([-1.0, 2.0]).numpy().round(3))
        [-0.303  1.944]
    """
    return x * graph.tanh(graph.softplus(x))


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
