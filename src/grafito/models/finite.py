"""`check_finite`: finds the step that made the first NaN or infinity, and the op that made it.

Nothing is added to the compiled step. The losses are checked after each slice, and the weights now
and then: a NaN that matters reaches one of them and stays there. When one is found, the steps since
the last copy of the state are repeated one by one. This gives the state before the bad step, which
is then computed op by op to find the first value that is not finite. Model and batch are kept in a
file, from which `grafito replay` does the step again.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grafito.engines import Program
from grafito.errors import GrafitoError, NonFiniteError
from grafito.graph import Tensor, Variable, topological_order
from grafito.graph.differentiate import DOUBLE_WHERE, branch_not_taken
from grafito.language import message
from grafito.layers.base import Layer
from grafito.models.batches import Batches
from grafito.models.culprits import GRADIENT, SAFE, first_bad, guarding_where, is_finite, users_op
from grafito.models.outputs import Outputs

DATA = "the data, as they enter the model"
FOLDER = Path("not-finite")  # in the current one: of model and batch, for a replay
SHOWN = 8  # numbers of examples
RARELY = 50  # wait this many times as long as a copy of the state takes: an overhead of 2 %


@dataclass(frozen=True)
class Call:
    """Steps that ran together on these data; `go(start, steps)` repeats them."""

    program: Program
    batches: Batches
    go: Callable[[int, int], Outputs]
    start: int
    size: int
    steps: int


class FiniteCheck:
    """Checks the training of a model.

    Args:
        model: for the names of its layers.
        counter: counts the training steps.
        start: the variable that each call sets anew.
        folder: where model and batch are kept for a replay; None keeps nothing.
    """

    def __init__(
        self, model: Layer, counter: Variable, start: Variable, folder: Path | None = FOLDER
    ):
        self._model = weakref.ref(model)  # the model holds this object
        self._folder = folder
        self._counter, self._start = counter, start
        self._copies: dict[Variable, np.ndarray] = {}
        self._left: dict[Variable, Any] = {}  # what the last call left
        self._calls: list[Call] = []  # since the copies were made
        self._made, self._cost = 0.0, 0.0

    def run(self, call: Call, last: bool) -> Outputs:
        """Run the steps of a call and check their results.

        Args:
            call: the steps.
            last: whether an epoch ends with this call; then the weights are checked.

        Raises:
            NonFiniteError: when a loss or a weight is not finite.
        """
        state = call.program.graph.updates.keys() - {self._start}
        changed = any(v.storage is not self._left.get(v) for v in state)
        if changed or time.perf_counter() - self._made > RARELY * self._cost:
            if not changed and self._bad_weights():
                self._explain()
            self._copy(state)
        outputs = call.go(call.start, call.steps)
        self._calls.append(call)
        self._left = {v: v.storage for v in state}
        if bad_losses(outputs) or (last and self._bad_weights()):
            self._explain()
        return outputs

    def _copy(self, state: Any) -> None:
        began = time.perf_counter()
        self._copies = {v: _copied(v.storage, self._copies.get(v)) for v in state}
        self._calls = []
        self._made = time.perf_counter()
        self._cost = self._made - began

    def _restore(self) -> None:
        for variable, array in self._copies.items():
            variable.storage = array.copy()

    def _bad_weights(self) -> list[Variable]:
        weights = [v for v in self._left if v.trainable]
        return [v for v in weights if not is_finite(np.asarray(v.storage))]

    def _explain(self) -> None:
        """Restore the state before the first bad step and report what went wrong in it."""
        calls, self._calls = self._calls, []
        self._restore()
        for number, call in enumerate(calls):
            for i in range(call.steps):
                outputs = call.go(call.start + i * call.size, 1)
                losses, weights = bad_losses(outputs), self._bad_weights()
                if not losses and not weights:
                    continue
                arrays = dict(call.program.arrays)  # earlier calls may bind others
                self._restore()
                for earlier in calls[:number]:
                    earlier.go(earlier.start, earlier.steps)
                if i:
                    call.go(call.start, i)
                self._start.storage = np.array(call.start + i * call.size, "int32")
                self._left = {}
                raise self._error(call, arrays, call.start + i * call.size, losses, weights)
        raise NonFiniteError(
            "A loss or a weight was not finite, but repeating the step gave finite values."
        )

    def _error(
        self,
        call: Call,
        arrays: dict[str, Any],
        start: int,
        losses: dict[str, float],
        weights: list[Variable],
    ) -> NonFiniteError:
        graph = call.program.graph
        leaves = {graph.inputs[name]: np.asarray(a) for name, a in arrays.items()}
        leaves |= {v: np.asarray(v.storage) for v in graph.variables}
        model = self._model()
        names = {part.name for part in model.family()[1:]} if model else set()
        sources = [graph.outputs[name] for name in losses]
        sources += [new for variable, new in graph.updates.items() if variable.trainable]
        first = first_bad(graph.results, leaves, sources)
        order = topological_order(graph.results)
        op = None if first is None else users_op(first.tensor, order)
        place = None if first is None or op is None else _place(first.tensor, op, names)
        seen = [
            message(f"The {n} became NaN" if np.isnan(v) else f"The {n} became infinite")
            for n, v in losses.items()
        ]
        seen = seen or [f"The weights {weights[0].path} became NaN or infinite"]
        step = int(self._counter.numpy()) + 1
        fix = what_to_try(op, place, step, least=first.least_of(op) if first else 0.0)
        if op is not None and op.op.name in SAFE and guarding_where(op, order) is not None:
            text = message(
                "graph.where(c, {}, 0), the double where, if the `where` around this {} is to "
                "avoid the value; else {}"
            )
            fix = text.format(SAFE[op.op.name], op.op.name, fix)
        elif place != DATA and not losses and branch_not_taken(graph.results) is not None:
            fix = f"if a `where` is to avoid this value, {DOUBLE_WHERE}; else {fix}"
        batch = told_batch(call, start)
        error = NonFiniteError(
            f"{seen[0]} at step {step}; the model keeps what it had before.",
            where=f"{place or 'unknown'}: the first value that is not finite",
            received=batch,
            fix=fix,
            replay=self._kept(call, start, step, batch),
        )
        error.found = first
        return error

    def _kept(self, call: Call, start: int, step: int, batch: str) -> str | None:
        """Keep model and batch; how to see the step again, or why that cannot be."""
        model: Any = self._model()
        if self._folder is None or model is None:
            return None
        positions = call.batches.orders.reshape(-1)[start : start + call.size]
        try:
            model._keep_step(self._folder, call.batches.examples.rows(positions), step, batch)
        except GrafitoError as error:
            return message(f"{error.what} The batch was not kept.")
        return f"grafito replay {self._folder}"


def told_batch(call: Call, start: int) -> str:
    """Which batch it is that begins here in the orders, in words."""
    batches, size = call.batches, call.size
    if batches.size == batches.length and batches.size == len(batches.examples):
        return f"a batch of {size} examples"
    positions = batches.orders.reshape(-1)[start : start + size]
    some = ", ".join(map(str, positions[:SHOWN])) + (", ..." if size > SHOWN else "")
    number = start % batches.length // batches.size + 1
    return f"batch {number} of the epoch, training examples {some}"


def _copied(array: Any, into: np.ndarray | None) -> np.ndarray:
    """A copy; it reuses the memory of an older copy if there is one."""
    if into is None:
        return np.array(array)
    into[...] = array
    return into


def bad_losses(outputs: Outputs) -> dict[str, float]:
    """The first non-finite value of each loss; of each output, if no output is named a loss."""
    floating = {name: v for name, v in outputs.items() if v.dtype.kind == "f"}
    losses = {name: v for name, v in floating.items() if "loss" in name} or floating
    return {name: float(v[~np.isfinite(v)][0]) for name, v in losses.items() if not is_finite(v)}


# Ops that turn finite values into non-finite ones, whatever the weights are: what to change.
CURES = {
    "log": "the logarithm of 0: graph.log(x + 1e-7), from_logits=True in a loss of grafito, or "
    "graph.binary_cross_entropy",
    "log1p": "the logarithm of 0: graph.log1p(x + 1e-7)",
    "sqrt": "the slope of a root is infinite at 0: graph.sqrt(x + 1e-7)",
    "divide": "a division by 0: graph.where(y == 0, 0.0, x / graph.where(y == 0, 1.0, y)), or "
    "y + 1e-7",
    "power": "the base is 0 or negative: graph.maximum(x, 1e-7) ** p",
    "exp": "too large for exp: subtract the largest first, exp(x - graph.max(x)), or graph.softmax",
    "expm1": "too large for expm1: graph.minimum(x, 50.0)",
}
NEGATIVE = {  # the same of numbers below those that the op is for
    "log": "the logarithm of a negative number: graph.log(graph.maximum(x, 1e-7))",
    "log1p": "log1p of a number below -1: graph.log1p(graph.maximum(x, -0.999999))",
    "sqrt": "the root of a negative number: graph.sqrt(graph.maximum(x, 1e-7))",
}
LOWEST = {"log1p": -1.0}  # where the op begins, if not at 0
EARLY = 3  # after this many steps the weights may have diverged


def what_to_try(
    first: Tensor | None,
    place: str | None,
    step: int,
    back: bool = False,
    least: float = 0.0,
) -> str:
    """The advice for this op and step; in the first steps the learning rate is not the cause.

    Args:
        first: the op's value, the first that is not finite.
        place: where it was computed.
        step: of the training, from 1.
        back: whether it belongs to the way back.
        least: the least number that the op was given.
    """
    if place == DATA:
        return "divide the data by their standard deviation"
    name = _culprit(first, back) if first is not None else ""
    cures = NEGATIVE if least < LOWEST.get(name, 0.0) and name in NEGATIVE else CURES
    cure = cures.get(name)
    if cure is not None and step <= EARLY:
        return cure
    if cure is None and step == 1 and place is not None and "layer" in place:
        return "divide the data by their standard deviation, or smaller initial weights"
    rate = "a smaller learning rate, or clipnorm=1.0 for the optimizer"
    return rate if cure is None else f"{rate}; or {cure}"


def _culprit(x: Tensor, back: bool) -> str:
    """The op that made the value; of a gradient, the op whose gradient it is, as far as seen."""
    if x.op.name == "divide" and (back or GRADIENT in x.scope):
        below = x.inputs[1]
        return below.op.name if below.op.name == "sqrt" else "divide"
    return x.op.name


def _place(x: Tensor, op: Tensor, layers: set[str]) -> str:
    """Where a value was computed, in words: what it is, and the user's op that computed it."""
    if isinstance(x, Variable):
        return f"the weights {x.path}"
    inside = [name for name in x.scope if name in layers]
    weights = [v for v in topological_order([x]) if isinstance(v, Variable) and v.trainable]
    if not inside and not weights:
        return DATA
    scope = "/".join(name for name in x.scope if name != GRADIENT)
    part = f"layer {inside[-1]!r}" if inside else repr(scope or "the step")
    side = "gradient" if GRADIENT in x.scope else "output"
    return f"the {side} of {part} ({op.op.name})"
