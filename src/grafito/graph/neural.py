"""Softmax and the cross-entropies, of probabilities and of logits.

A cross-entropy of probabilities loses digits where a probability is near 0 or 1, so Keras clips
it there. The same loss of the logits has no such trouble: it is the stable form that the rewriter
puts in place of softmax or sigmoid followed by a cross-entropy.
"""

from __future__ import annotations

from typing import Any

from grafito.errors import ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.reductions import Axis, axes_of, sum
from grafito.graph.shaping import expand_dims, reshape, transpose
from grafito.graph.tensor import Array, Op, Shape, Tensor

EPSILON = 1e-7  # how near to 0 and 1 a probability may come inside a logarithm, as in Keras


class Softmax(Op):
    """exp(x) / Σ exp(x) along an axis, without overflow

    An element of -inf becomes 0; where all are -inf, or one is +inf, the result is NaN.
    """

    symbol = "softmax"
    axis: int

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return x.shape, x.dtype

    def value(self, xp: Any, x: Array) -> Array:
        e = xp.exp(x - _largest(xp, x, self.axis))
        return e / xp.sum(e, axis=self.axis, keepdims=True)

    def gradient(self, g: Tensor, out: Tensor, x: Tensor) -> tuple[Tensor | None, ...]:
        return (out * (g - sum(g * out, self.axis, keepdims=True)),)


class LogSoftmax(Op):
    """x - ln Σ exp(x) along an axis: the logarithm of the softmax, exact where that is near 0"""

    symbol = "ln softmax"
    axis: int

    def infer(self, x):
        return x.shape, x.dtype

    def value(self, xp, x):
        return _log_softmax(xp, x, self.axis)

    def gradient(self, g, out, x):
        return (g - ew.exp(out) * sum(g, self.axis, keepdims=True),)


class SoftmaxCrossEntropy(Op):
    """-Σ t ln softmax(z) over the last axis, of logits z and targets t

    An op, not a composition, because its gradient, softmax(z) Σt - t, is simpler than those of
    its parts. A class with target 0 adds nothing, even where its logit is -inf.
    """

    symbol = "CE"

    def infer(self, z, t):
        return z.shape[:-1], z.dtype

    def value(self, xp, z, t):
        log_probabilities = _log_softmax(xp, z, -1)
        terms = xp.where(t == 0, xp.zeros_like(z), log_probabilities) * t
        return -xp.sum(terms, axis=-1)

    def gradient(self, g, out, z, t):
        g = expand_dims(g, -1)
        return g * (softmax(z) * sum(t, -1, keepdims=True) - t), -(g * log_softmax(z))


class SigmoidCrossEntropy(ew.Elementwise):
    """max(z, 0) - z t + ln(1 + exp(-|z|)), of a logit z and a target t

    This is -t ln σ(z) - (1 - t) ln(1 - σ(z)), without overflow or lost digits.
    """

    symbol = "BCE"

    def value(self, xp, z, t):
        positive = xp.real(z) >= 0
        return xp.where(positive, z * (1 - t), -z * t) + xp.log1p(xp.exp(xp.where(positive, -z, z)))

    def gradient(self, g, out, z, t):
        return g * (ew.sigmoid(z) - t), -(g * z)


class CrossEntropy(Op):
    """-Σ t ln(clip(p / Σp, ε, 1 - ε)) over the last axis, of probabilities p and targets t

    The slope of the clip is 0 outside its bounds and 1/2 at them. Where Σp is 0 the result is NaN.
    """

    symbol = "CE"

    def infer(self, p, t):
        return p.shape[:-1], p.dtype

    def value(self, xp, p, t):
        q = p / xp.sum(p, axis=-1, keepdims=True)
        return -xp.sum(t * xp.log(_clip(xp, q)), axis=-1)

    def gradient(self, g, out, p, t):
        total = sum(p, -1, keepdims=True)
        q = p / total
        g = expand_dims(g, -1)
        slope = t * _inside(q) / _safe(q)
        return g * (sum(slope * q, -1, keepdims=True) - slope) / total, -(g * ew.log(_safe(q)))


class BinaryCrossEntropy(ew.Elementwise):
    """-t ln c - (1 - t) ln(1 - c) with c = clip(p, ε, 1 - ε), of a probability p and a target t

    The slope of the clip is 0 outside its bounds and 1/2 at them.
    """

    symbol = "BCE"

    def value(self, xp, p, t):
        c = _clip(xp, p)
        return -(t * xp.log(c)) - (1 - t) * xp.log(1 - c)

    def gradient(self, g, out, p, t):
        c = _safe(p)
        return g * _inside(p) * ((1 - t) / (1 - c) - t / c), g * (ew.log(1 - c) - ew.log(c))


def _largest(xp, x, axis):
    return xp.max(xp.real(x), axis=axis, keepdims=True, initial=-xp.inf)


def _log_softmax(xp, x, axis):
    shifted = x - _largest(xp, x, axis)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def _clip(xp, p):
    """p limited to [ε, 1 - ε]; complex numbers by their real part, for the complex step."""
    limited = xp.where(xp.real(p) < EPSILON, xp.full_like(p, EPSILON), p)
    return xp.where(xp.real(p) > 1 - EPSILON, xp.full_like(p, 1 - EPSILON), limited)


def _safe(p: Tensor) -> Tensor:
    return ew.clip(p, EPSILON, 1 - EPSILON)


def _inside(p: Tensor) -> Tensor:
    """The slope of the clip: 1 between the bounds, 1/2 at them, 0 outside."""
    above, below = ew.cast(p > EPSILON, p.dtype), ew.cast(p < 1 - EPSILON, p.dtype)
    not_below, not_above = ew.cast(p >= EPSILON, p.dtype), ew.cast(p <= 1 - EPSILON, p.dtype)
    return (above + not_below) * (below + not_above) * 0.25


# The public functions


def _along(op: type[Softmax | LogSoftmax], x: Any, axis: Axis) -> Tensor:
    """The op along one axis, or over several at once: they are moved to the end and joined."""
    (x,) = ew.reals(x)
    axes = list(axes_of(x, axis))
    if not x.size or not axes:
        return x if x.size == 0 else reshape(op(0)(reshape(x, (1,))), x.shape)
    if len(axes) == 1:
        return op(axes[0])(x)
    order = [a for a in range(x.ndim) if a not in axes] + axes
    moved = transpose(x, order)
    kept = x.ndim - len(axes)
    y = op(kept)(reshape(moved, (*moved.shape[:kept], -1)))
    return transpose(reshape(y, moved.shape), [order.index(a) for a in range(x.ndim)])


def softmax(x: Any, axis: Axis = -1) -> Tensor:
    """exp(x) / Σ exp(x) along an axis, or several: positive numbers with sum 1, without overflow.

    Example:
        >>> softmax([1000.0, 1000.0]).numpy().tolist()
        [0.5, 0.5]
    """
    return _along(Softmax, x, axis)


def log_softmax(x: Any, axis: Axis = -1) -> Tensor:
    """x - ln Σ exp(x) along an axis, or several: the logarithm of the softmax, exact near 0.

    Example:
        >>> log_softmax([0.0, 1000.0]).numpy().tolist()
        [-1000.0, 0.0]
    """
    return _along(LogSoftmax, x, axis)


def softmax_cross_entropy(logits: Any, targets: Any) -> Tensor:
    """-Σ t ln softmax(z) over the last axis, for logits z.

    Args:
        logits: shape (..., classes), any real numbers.
        targets: the same shape; a probability for each class.

    Returns:
        Shape (...).

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> softmax_cross_entropy([[0.0, 1000.0]], [[1.0, 0.0]]).numpy().tolist()
        [1000.0]
    """
    return SoftmaxCrossEntropy()(*_pair("softmax_cross_entropy", "logits", logits, targets, 1))


def sigmoid_cross_entropy(logits: Any, targets: Any) -> Tensor:
    """-t ln σ(z) - (1 - t) ln(1 - σ(z)) element by element, for logits z.

    Args:
        logits: any shape, any real numbers.
        targets: the same shape; the probability of yes.

    Returns:
        The same shape.

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> sigmoid_cross_entropy([1000.0, 1000.0], [0.0, 1.0]).numpy().tolist()
        [1000.0, 0.0]
    """
    return SigmoidCrossEntropy()(*_pair("sigmoid_cross_entropy", "logits", logits, targets))


def cross_entropy(probabilities: Any, targets: Any) -> Tensor:
    """-Σ t ln(clip(p / Σp, ε, 1 - ε)) over the last axis, with ε = 1e-7, as in Keras.

    Args:
        probabilities: shape (..., classes); divided by their sum.
        targets: the same shape; a probability for each class.

    Returns:
        Shape (...).

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> print(cross_entropy([[0.25, 0.75]], [[1, 0]]).numpy().round(4))
        [1.3863]
    """
    return CrossEntropy()(*_pair("cross_entropy", "probabilities", probabilities, targets, 1))


def binary_cross_entropy(probabilities: Any, targets: Any) -> Tensor:
    """-t ln c - (1 - t) ln(1 - c) with c = clip(p, ε, 1 - ε) and ε = 1e-7, as in Keras.

    Args:
        probabilities: any shape.
        targets: the same shape; the probability of yes.

    Returns:
        The same shape.

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> print(binary_cross_entropy([0.25, 0.25], [1, 0]).numpy().round(4))
        [1.3863 0.2877]
    """
    return BinaryCrossEntropy()(
        *_pair("binary_cross_entropy", "probabilities", probabilities, targets)
    )


def _pair(where: str, name: str, x: Any, t: Any, axes: int = 0) -> tuple[Tensor, ...]:
    """Outputs and targets as tensors of one dtype and shape, which has at least so many axes."""
    x, t = ew.reals(x, t)
    if x.shape != t.shape or x.ndim < axes:
        numbers = bool(axes and x.shape) and t.shape == x.shape[:-1]
        raise ShapeError(
            f"A cross-entropy compares {name} and targets of one shape.",
            where=where,
            received=f"{name} {x.shape} and targets {t.shape}",
            expected="(..., classes) for both" if axes else "two equal shapes",
            fix=(
                f"graph.one_hot(targets, {x.shape[-1]}) for targets that are class numbers"
                if numbers
                else "graph.binary_cross_entropy, of two numbers"
                if not x.shape
                else "graph.reshape one of them"
            ),
        )
    return x, t
