"""Rules of gradients: weights that no training step can change, read from the graph."""

from __future__ import annotations

from collections.abc import Sequence

from grafito.graph import Tensor, Variable, topological_order
from grafito.graph.dtypes import is_floating
from grafito.graph.tensor import Op, placeholder
from grafito.layers import Layer
from grafito.losses import LossWarning

SHOWN = 3  # weights that a warning names


def all_frozen(model: Layer) -> LossWarning | None:
    """The warning for a model that has weights, and none that an optimizer may change.

    Example:
        >>> from grafito import Sequential, layers
        >>> model = Sequential([layers.Input((2,)), layers.Dense(1)], name="D")
        >>> all_frozen(model) is None
        True
        >>> model.trainable = False
        >>> print(str(all_frozen(model)).splitlines()[0])
        Nothing to train: all weights of 'D' are frozen.
    """
    if model.trainable_weights or not model.weights:
        return None
    return LossWarning(
        f"Nothing to train: all weights of {model.name!r} are frozen.",
        fix="model.trainable = True before this call",
    )


def unreached(
    loss: Tensor, weights: Sequence[Variable], spared: Sequence[Tensor] = ()
) -> LossWarning | None:
    """The warning for weights that no gradient of the loss reaches; it names the op that stops it.

    Args:
        loss: what is minimized.
        weights: those that an optimizer changes.
        spared: outputs that were given no loss; what only they depend on is meant to stay.

    Example:
        >>> from grafito import graph
        >>> w = graph.Variable(1.5, name="w")
        >>> print(str(unreached(graph.round(w) ** 2, [w])).splitlines()[0])
        No gradient reaches w: 'round' is flat, its slope is 0 everywhere.
    """
    order = topological_order([loss])
    reached = _reached(loss, order)
    lost = [w for w in weights if w not in reached]
    if lost and spared:
        meant = set(topological_order(spared)) - set(order)
        lost = [w for w in lost if w not in meant]
    if not lost:
        return None
    names = ", ".join(w.path for w in lost[:SHOWN]) + (", ..." if len(lost) > SHOWN else "")
    op = _what_stops(lost[0], order, reached)
    if op is None:
        return LossWarning(
            f"No gradient reaches {names}: the loss does not depend on it."
            if len(lost) == 1
            else f"No gradient reaches {names}: the loss does not depend on them.",
            fix="a loss that uses y_pred, or trainable = False for the layer",
        )
    return LossWarning(
        f"No gradient reaches {names}: {op.op.name!r} is flat, its slope is 0 everywhere.",
        where="/".join(op.scope) or None,
        fix=f'a function with a slope in place of {op.op.name!r}: activation="sigmoid" in a layer, '
        'loss="mse" for a loss; in a metric it does no harm',
    )


def _reached(loss: Tensor, order: Sequence[Tensor]) -> set[Tensor]:
    """The tensors that a gradient of the loss reaches."""
    found = {loss}
    for x in reversed(order):
        if x in found:
            found.update(
                y
                for y, open_ in zip(x.inputs, _passes(x), strict=True)
                if open_ and is_floating(y.dtype)
            )
    return found


def _passes(x: Tensor) -> tuple[bool, ...]:
    """For each input, whether a gradient can flow back to it through the op."""
    if not x.inputs or not is_floating(x.dtype):
        return (False,) * len(x.inputs)
    kind: tuple[type[Op] | str, ...] = (type(x.op), *(y.dtype for y in x.inputs))
    if kind not in _open:
        parts = x.op.gradient(placeholder(x.shape, x.dtype), x, *x.inputs)
        _open[kind] = tuple(part is not None for part in parts)
    return _open[kind]


# By class of op and dtypes of its inputs, asked once of the op's own gradient.
_open: dict[tuple[type[Op] | str, ...], tuple[bool, ...]] = {}


def _what_stops(weight: Variable, order: Sequence[Tensor], reached: set[Tensor]) -> Tensor | None:
    """The op nearest to the loss that blocks the gradient to the weight; None without a path."""
    users: set[Tensor] = {weight}
    for x in order:
        if any(y in users for y in x.inputs):
            users.add(x)
    for x in reversed(order):
        if x in reached and x in users:
            for y, open_ in zip(x.inputs, _passes(x), strict=True):
                if y in users and not (open_ and is_floating(y.dtype)):
                    return _flat(x if is_floating(y.dtype) else y, users)
    return None


def _flat(x: Tensor, users: set[Tensor]) -> Tensor:
    """Of a chain of integers and booleans, the first, which was computed from floats."""
    while True:
        below = [y for y in x.inputs if y in users]
        if is_floating(x.dtype) or any(is_floating(y.dtype) for y in below) or not below:
            return x
        x = below[0]
