"""Rewrites: the same values from fewer ops, or from ops that lose no digits.

A rule looks at one op and at the ops that feed it, and returns what can stand in its place, or
None. `rewrite` applies the rules along the graph until none fires, and merges ops that compute the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from grafito.graph import elementwise as ew
from grafito.graph.evaluate import Computed, topological_order
from grafito.graph.neural import (
    BinaryCrossEntropy,
    CrossEntropy,
    LogSoftmax,
    SigmoidCrossEntropy,
    Softmax,
    SoftmaxCrossEntropy,
)
from grafito.graph.reductions import Sum
from grafito.graph.shaping import BroadcastTo, Reshape, Transpose
from grafito.graph.tensor import Constant, Input, Op, Tensor
from grafito.graph.trace import current_trace
from grafito.graph.variable import State

Rule = Callable[[Tensor], Tensor | None]

SMALL = 1024  # elements: constants up to this size are compared by their bytes and may be folded


def rewrite(
    outputs: Iterable[Tensor],
    keep: Iterable[Tensor] = (),
    rules: Sequence[Rule] | None = None,
    merge: bool = True,
) -> list[Tensor]:
    """The outputs computed by a simpler graph, with the same values and gradients.

    Inputs and variables stay the same objects, and so do the new values of variables in an active
    trace; ops that are rebuilt keep their names and scopes. To have the stable forms in the
    gradient too, rewrite a loss by `STABLE_FORMS`, differentiate it, then rewrite the whole.

    Args:
        outputs: tensors to compute.
        keep: tensors that stay the same objects, with what they are computed from; rules do not
            look inside them. For example constants that will be fed.
        rules: `RULES` by default.
        merge: make one of ops with equal inputs and attributes.

    Returns:
        A tensor for each output, of its shape and dtype.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((), name="x")
        >>> rewrite([graph.log(graph.sigmoid(x * 1)) + 0])[0].inputs[0]
        <softplus float32[]>
    """
    now, rules = list(outputs), RULES if rules is None else rules
    trace = current_trace()
    opaque = {*keep, *(trace.updates.values() if trace else ())}
    fixed = set(topological_order(opaque))
    while True:
        before, now = now, _one_pass(now, opaque, fixed, rules, merge)
        if all(x is y for x, y in zip(before, now, strict=True)):
            return now


def with_known_values(outputs: list[Tensor]) -> list[Tensor]:
    """The outputs with constants for tensors whose value was computed by a call on arrays."""
    computed = Computed()
    became: dict[Tensor, Tensor] = {}
    for x in topological_order(outputs, computed):
        if x in computed:
            became[x] = _like(x, Constant(x.computed))
        else:
            inputs = tuple(became[i] for i in x.inputs)
            same = all(i is j for i, j in zip(inputs, x.inputs, strict=True))
            became[x] = x if same else _like(x, x.op, *inputs)
    return [became[x] for x in outputs]


def _one_pass(
    outputs: list[Tensor],
    opaque: set[Tensor],
    fixed: set[Tensor],
    rules: Sequence[Rule],
    merge: bool,
) -> list[Tensor]:
    became = {x: x for x in fixed}
    known: dict[Hashable, Tensor] = {}
    for x in topological_order(outputs):
        if x not in fixed:
            inputs = tuple(became[i] for i in x.inputs)
            same = all(i is j for i, j in zip(inputs, x.inputs, strict=True))
            y = x if same else _like(x, x.op, *inputs)
            if inputs and opaque.isdisjoint(inputs):
                y = _apply(rules, y)
            became[x] = known.setdefault(_identity(y), y) if merge else y
    return [became[x] for x in outputs]


def _apply(rules: Sequence[Rule], x: Tensor) -> Tensor:
    for rule in rules:
        y = rule(x)
        if y is not None:
            return y
    return x


def _identity(x: Tensor) -> Hashable:
    """Equal for tensors that have the same value."""
    if isinstance(x.op, (Input, State)):
        return x
    if isinstance(x.op, Constant):
        array = x.op.array
        content = array.tobytes() if array.size <= SMALL else id(array)
        return x.dtype, array.dtype.str, x.shape, content
    return x.op, x.inputs, x.shape, x.dtype


def _like(x: Tensor, op: Op, *inputs: Tensor) -> Tensor:
    """A tensor in the place of x: of its shape and dtype, with its name and scope."""
    y = Tensor(op, inputs, x.shape, x.dtype, x.name)
    y.scope = x.scope
    return y


# Stable forms


def log_of_softmax(x: Tensor) -> Tensor | None:
    """ln softmax(z) is one op, exact where a probability is 0 in its dtype"""
    match x.op, x.inputs[0].op:
        case ew.Log(), Softmax(axis=axis):
            return _like(x, LogSoftmax(axis), *x.inputs[0].inputs)
    return None


def log_of_sigmoid(x: Tensor) -> Tensor | None:
    """ln σ(z) = -softplus(-z), exact where σ(z) is 0 or 1 in its dtype"""
    match x.op, x.inputs[0].op:
        case ew.Log(), ew.Sigmoid():
            minus_z = _like(x, ew.Negative(), *x.inputs[0].inputs)
            return _like(x, ew.Negative(), _like(x, ew.Softplus(), minus_z))
    return None


def log_of_the_rest(x: Tensor) -> Tensor | None:
    """ln(1 - σ(z)) = -softplus(z), exact where σ(z) is 0 or 1 in its dtype"""
    match x.op, x.inputs[0].op:
        case ew.Log(), ew.Subtract():
            one, s = x.inputs[0].inputs
            if isinstance(s.op, ew.Sigmoid) and s.shape == x.shape and _all_equal(one, 1):
                return _like(x, ew.Negative(), _like(x, ew.Softplus(), *s.inputs))
    return None


def log_of_choice(x: Tensor) -> Tensor | None:
    """The logarithm of a number or a probability, as in `xlogy`, is that of each of them"""
    match x.op, x.inputs[0].op:
        case ew.Log(), ew.Where():
            condition, number, p = x.inputs[0].inputs
            if isinstance(p.op, (Softmax, ew.Sigmoid)) and isinstance(number.op, Constant):
                logs = [Tensor(ew.Log(), (y,), y.shape, y.dtype) for y in (number, p)]
                return _like(x, ew.Where(), condition, *logs)
    return None


def cross_entropy_by_hand(x: Tensor) -> Tensor | None:
    """Σ t ln softmax(z) over the classes adds nothing for a class with target 0"""
    match x.op, x.inputs[0].op:
        case Sum(axis=axes, keepdims=False), ew.Multiply():
            last = x.inputs[0].ndim - 1
            for t, log in (x.inputs[0].inputs, x.inputs[0].inputs[::-1]):
                along = isinstance(log.op, LogSoftmax) and log.op.axis == last and axes == (last,)
                if along and t.shape == log.shape:
                    loss = _like(x, SoftmaxCrossEntropy(), *log.inputs, t)
                    return _like(x, ew.Negative(), loss)
    return None


def cross_entropy_of_softmax(x: Tensor) -> Tensor | None:
    """The cross-entropy of softmax(z) is that of the logits z, where nothing need be clipped"""
    match x.op, x.inputs[0].op:
        case CrossEntropy(), Softmax(axis=axis) if axis == x.inputs[0].ndim - 1:
            return _like(x, SoftmaxCrossEntropy(), *x.inputs[0].inputs, x.inputs[1])
    return None


def cross_entropy_of_sigmoid(x: Tensor) -> Tensor | None:
    """The binary cross-entropy of σ(z) is that of the logits z, where nothing need be clipped"""
    match x.op, x.inputs[0].op:
        case BinaryCrossEntropy(), ew.Sigmoid():
            return _like(x, SigmoidCrossEntropy(), *x.inputs[0].inputs, x.inputs[1])
    return None


# Ops that change nothing

NEUTRAL: dict[type[Op], tuple[int, bool]] = {  # the number, and whether it may stand on the left
    ew.Add: (0, True),
    ew.Subtract: (0, False),
    ew.Multiply: (1, True),
    ew.Divide: (1, False),
    ew.Power: (1, False),
}


def neutral_number(x: Tensor) -> Tensor | None:
    """z + 0, z - 0, 1 z, z / 1 and z ** 1 are z; of a sum only the sign of a zero may differ"""
    if type(x.op) not in NEUTRAL:
        return None
    number, commutes = NEUTRAL[type(x.op)]
    left, right = x.inputs
    for z, other in ((left, right), (right, left))[: 1 + commutes]:
        if (z.shape, z.dtype) == (x.shape, x.dtype) and _all_equal(other, number):
            return z
    return None


def _all_equal(x: Tensor, number: float) -> bool:
    """Whether every element is known to be the number."""
    while isinstance(x.op, (BroadcastTo, Reshape)):
        (x,) = x.inputs
    if not isinstance(x.op, Constant) or not 0 < x.size <= SMALL:
        return False
    return bool(np.all(x.op.array == number))


def idle_move(x: Tensor) -> Tensor | None:
    """A cast to the same dtype, and a move or sum that leaves every element where it is"""
    if not isinstance(x.op, (ew.Cast, Reshape, BroadcastTo, Transpose, Sum)):
        return None
    (z,) = x.inputs
    idle = (z.shape, z.dtype) == (x.shape, x.dtype)
    if isinstance(x.op, Transpose):
        idle = x.op.axes == tuple(range(x.ndim))
    elif isinstance(x.op, Sum):
        idle = idle and all(z.shape[a] == 1 for a in x.op.axis)
    return z if idle else None


def double_move(x: Tensor) -> Tensor | None:
    """Two reshapes, transposes, broadcasts or changes of sign in a row are one, or none"""
    if len(x.inputs) != 1 or type(x.inputs[0].op) is not type(x.op):
        return None
    (first,) = x.inputs
    (z,) = first.inputs
    match first.op, x.op:
        case ew.Negative(), _:
            return z
        case Transpose(axes=before), Transpose(axes=after):
            return _like(x, Transpose(tuple(before[a] for a in after)), z)
        case ((Reshape() | BroadcastTo()), _):
            return _like(x, x.op, z)
    return None


def idle_broadcast(x: Tensor) -> Tensor | None:
    """An operand need not be repeated before an op that broadcasts by itself"""
    if not isinstance(x.op, ew.Elementwise):
        return None
    for i, repeated in enumerate(x.inputs):
        if isinstance(repeated.op, BroadcastTo):
            inputs = (*x.inputs[:i], repeated.inputs[0], *x.inputs[i + 1 :])
            if np.broadcast_shapes(*(z.shape for z in inputs)) == x.shape:
                return _like(x, x.op, *inputs)
    return None


# Constants


def constant_folding(x: Tensor) -> Tensor | None:
    """An op on constants is a constant, of the same bits, where that makes no large array"""
    large = x.size > max(SMALL, *(z.size for z in x.inputs))
    if large or isinstance(x.op, BroadcastTo) or "bfloat16" in (x.dtype, x.inputs[0].dtype):
        return None  # NumPy alone has no bfloat16
    arrays = [np.asarray(z.op.array, z.dtype) for z in x.inputs if isinstance(z.op, Constant)]
    if len(arrays) != len(x.inputs):
        return None
    with np.errstate(all="ignore"):  # infinities and NaN are values
        return _like(x, Constant(np.asarray(x.op.value(np, *arrays))))


STABLE_FORMS: tuple[Rule, ...] = (
    log_of_softmax,
    log_of_sigmoid,
    log_of_the_rest,
    log_of_choice,
    cross_entropy_by_hand,
    cross_entropy_of_softmax,
    cross_entropy_of_sigmoid,
)
RULES: tuple[Rule, ...] = (
    *STABLE_FORMS,
    neutral_number,
    idle_move,
    double_move,
    idle_broadcast,
    constant_folding,
)
