"""Steps along a direction that follows the curvature of the loss: all data in each step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError
from grafito.graph import Tensor, Variable
from grafito.optimizers.base import Optimizer, registry

DECREASE, CURVATURE = 0.1, 0.9  # of the two conditions for a step
LONGEST_SEARCH = 20  # steps along one direction before it begins anew downhill
TINY = 1e-10  # of s·y / y·y in a pair that says nothing
CHANGING = "weight_decay clipnorm clipvalue global_clipnorm use_ema gradient_accumulation_steps"
SEARCH = 5  # numbers: t, the ends of its bracket, q at the lower one, how many t there were


@registry.register("lbfgs")
class LBFGS(Optimizer):
    """Limited-memory BFGS: w ← w₀ + t d with d = -H g₀, all data in each step.

    H, near the inverse of the Hessian, follows from the last pairs s = w - w₀, y = g - g₀ by the
    two-loop recursion. Each step tries one t. With p = g₀·d and q = g·d it is too short where
    q < 0.9 p, too far where q > -0.8 p; else w₀ moves to w. These conditions of Hager and Zhang
    need slopes alone; near a minimum they keep more digits than differences of losses do.

    Args:
        learning_rate: the first t along each d.
        history_size: how many pairs are kept.
        **options: those of `Optimizer` that leave the gradient and the step as they are.

    Raises:
        ArgumentError: for an option that changes them, or a weight with a constraint.

    Source: Nocedal and Wright, "Numerical optimization", 2006, algorithm 7.4; Hager and Zhang, "A
    new conjugate gradient method with guaranteed descent", 2005.

    Example:
        >>> w, lbfgs = graph.Variable([3.0, -4.0]), LBFGS()
        >>> for _ in range(9):
        ...     lbfgs.apply([graph.gradients(graph.sum((w - 1) ** 2 * [1.0, 9.0]), w)], [w])
        >>> w.numpy().round(3).tolist()
        [1.0, 1.0]
    """

    full_batch = True

    def __init__(self, learning_rate: Any = 1.0, history_size: int = 10, **options: Any):
        super().__init__(learning_rate, **options)
        self.history_size = history_size
        changing = [name for name in CHANGING.split() if getattr(self, name)]
        if changing:
            raise ArgumentError(
                "LBFGS needs the gradient of the loss as it is, and chooses its own steps.",
                received=f"{changing[0]}={getattr(self, changing[0])!r}",
                fix="LBFGS()",
            )
        if type(history_size) is not int or history_size < 1:
            raise ArgumentError(
                "LBFGS keeps a whole number of pairs, one or more.",
                received=f"history_size={history_size!r}",
                fix="history_size=10",
            )

    def slots(self):
        return {"start": 0.0, "gradient": 0.0, "direction": 0.0, "search": np.zeros(SEARCH)}

    def _kept(self, variable: Variable) -> dict[str, Any]:
        pairs = np.zeros((self.history_size, *variable.shape))
        return {**self.slots(), "moves": pairs, "changes": pairs}

    def _change(self, gradients, variables, due, rate, count):
        for variable in variables:
            if variable.constraint is not None:
                raise ArgumentError(
                    "LBFGS follows straight lines, and a constraint leaves them.",
                    received=f"a constraint of {variable.path}",
                    fix="optimizer='adam'",
                )
        kept = {n: [self._slots[v][n] for v in variables] for n in self._slots[variables[0]]}
        w, g = _joined(variables), _joined(gradients)
        start, slope_at, direction = (_joined(kept[n]) for n in ("start", "gradient", "direction"))
        search = [graph.cast(s, g.dtype) for s in kept["search"]]
        length, low, high, slope_at_low, tries = graph.unstack(graph.min(graph.stack(search), 0))

        first, slope = graph.dot(slope_at, direction), graph.dot(g, direction)
        short = slope < CURVATURE * first
        far = graph.logical_not(slope <= (2 * DECREASE - 1) * first)  # NaN is too far as well
        found = graph.logical_not(graph.logical_or(short, far))
        begins = graph.logical_or(graph.equal(tries, 0), tries > LONGEST_SEARCH)
        moved = graph.logical_or(found, begins)

        def with_last(name: str, last: Tensor) -> Tensor:
            old = _joined(kept[name], self.history_size)
            new = graph.concatenate([old[1:], graph.expand_dims(last, 0)])
            return graph.where(begins, 0, graph.where(found, new, old))

        moves, changes = with_last("moves", w - start), with_last("changes", g - slope_at)
        ahead, knows = _direction(g, moves, changes)
        gentle = graph.minimum(1, 1 / graph.maximum(graph.sum(graph.abs(g)), TINY))
        rate = graph.cast(rate, g.dtype)
        begun = (graph.where(knows, rate, rate * gentle), 0, 0, graph.dot(g, ahead), 1)
        narrowed = _narrowed(length, low, high, slope_at_low, slope, short)
        search = [graph.where(moved, *x) for x in zip(begun, (*narrowed, tries + 1), strict=True)]
        new = {"start": w, "gradient": g, "direction": ahead}
        old = {"start": start, "gradient": slope_at, "direction": direction}
        new = {name: graph.where(moved, x, old[name]) for name, x in new.items()}
        new |= {"moves": moves, "changes": changes}
        w = new["start"] + search[0] * new["direction"]
        self._assign(variables, {"": w, **new}, graph.stack(search))

    def _assign(self, variables, joined: dict[str, Tensor], search: Tensor) -> None:
        """Give each variable and its slots their part of what is joined."""
        at = 0
        for variable in variables:
            size = int(np.prod(variable.shape))
            for name, x in joined.items():
                kept = self._slots[variable][name] if name else variable
                part = graph.reshape(x[..., at : at + size], kept.shape)
                kept.assign(graph.cast(part, kept.dtype))
            self._slots[variable]["search"].assign(graph.cast(search, variable.dtype))
            at += size


def _joined(parts: Iterable[Any], rows: int | None = None) -> Tensor:
    """Tensors end to end as one vector, or as rows of one matrix."""
    shape = (-1,) if rows is None else (rows, -1)
    return graph.concatenate([graph.reshape(x, shape) for x in parts], axis=-1)


def _direction(g: Tensor, moves: Tensor, changes: Tensor) -> tuple[Tensor, Tensor]:
    """-H g by the two-loop recursion, and whether there is a pair; else, or uphill, -g."""
    inner, squares = graph.sum(moves * changes, axis=1), graph.sum(changes * changes, axis=1)
    known = inner > TINY * squares
    rho = graph.where(known, 1 / graph.where(known, inner, 1), 0)
    shares: list[Tensor] = []
    d = g
    for i in reversed(range(moves.shape[0])):
        shares.insert(0, rho[i] * graph.dot(moves[i], d))
        d = d - shares[0] * changes[i]
    d = d * graph.where(known[-1], inner[-1] / graph.where(known[-1], squares[-1], 1), 1)
    for i, share in enumerate(shares):
        d = d + moves[i] * (share - rho[i] * graph.dot(changes[i], d))
    falls = graph.logical_and(known[-1], graph.dot(g, d) > 0)
    return -graph.where(falls, d, g), falls


def _narrowed(
    length: Tensor, low: Tensor, high: Tensor, slope_at_low: Tensor, slope: Tensor, short: Tensor
) -> tuple[Tensor, ...]:
    """The next t, and its bracket: twice as far, in the middle, or where a line crosses 0."""
    crossing = slope_at_low / (slope_at_low - slope)
    share = graph.where(graph.isfinite(crossing), graph.clip(crossing, 0.1, 0.9), 0.5)
    longer = graph.where(high > 0, (length + high) / 2, 2 * length)
    return (
        graph.where(short, longer, low + (length - low) * share),
        graph.where(short, length, low),
        graph.where(short, high, length),
        graph.where(short, slope, slope_at_low),
    )
