"""A column less a row: the n by n differences where n were meant."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from grafito.errors import LossWarning
from grafito.graph.elementwise import Cast, Elementwise, StopGradient
from grafito.graph.reductions import Sum
from grafito.graph.shaping import Reshape
from grafito.graph.tensor import Tensor


def crossed(
    outputs: Sequence[Tensor], order: Sequence[Tensor], sources: Collection[Tensor]
) -> LossWarning | None:
    """The warning for a loss that compares each prediction with the targets of all examples.

    An op combines values of shapes (n, 1) and (n,), of which one follows from the sources and the
    other does not, and all n² results are added up. Where both follow from them, where the column
    was made from a vector at that place, or where more than a sum is made of the results
    (distances, attention, a layer by hand), that is what was meant.

    Args:
        outputs: what is differentiated.
        order: all on which they depend, inputs first.
        sources: with respect to what.

    Example:
        >>> from grafito import graph
        >>> p, y = graph.placeholder((3, 1), name="p"), graph.placeholder((3,), name="y")
        >>> loss = graph.sum(graph.square(y - p))
        >>> print(crossed([loss], graph.topological_order([loss]), [p]))
        A column and a vector give a table: each prediction is compared with all targets.
          where      'subtract'
          received   predictions (3, 1), targets (3,)
          expected   targets of shape (3, 1)
          try        y.reshape(-1, 1), with y the targets
    """
    found = _squares(outputs, order)
    if not found:
        return None
    depends = set(sources)
    for x in order:
        if not isinstance(x.op, StopGradient) and any(y in depends for y in x.inputs):
            depends.add(x)
    for x in found:
        n = x.shape[0]
        columns = {y in depends for y in x.inputs if y.shape == (n, 1) and not _stood_up(y)}
        rows = {y in depends for y in x.inputs if y.shape == (n,)}
        if len(columns) == len(rows) == 1 and columns != rows:
            ours, theirs = ((n, 1), (n,)) if True in columns else ((n,), (n, 1))
            return LossWarning(
                "A column and a vector give a table: each prediction is compared with all targets.",
                where=" in ".join(filter(None, (repr(x.op.name), "/".join(x.scope)))),
                received=f"predictions {ours}, targets {theirs}",
                expected=f"targets of shape {ours}",
                fix=f"y.reshape({'-1, 1' if True in columns else '-1'}), with y the targets",
            )
    return None


def _squares(outputs: Sequence[Tensor], order: Sequence[Tensor]) -> list[Tensor]:
    """Tables of n by n results, made by an elementwise op, of which only the sum is used."""
    summed = {y for y in outputs if not y.shape}
    found = []
    for x in reversed(order) if summed else ():
        if x not in summed:
            continue
        if isinstance(x.op, (Sum, Cast)):
            summed.update(x.inputs)
        elif isinstance(x.op, Elementwise):
            table = x.ndim == 2 and x.shape[0] == x.shape[1] > 1
            if table or all(y.shape in ((), x.shape) for y in x.inputs):
                same = [y for y in x.inputs if y.shape == x.shape]
                summed.update(same if table or len(same) == 1 or not x.shape else ())
            if table:
                found.append(x)
    return found[::-1]


def _stood_up(column: Tensor) -> bool:
    """Whether a column was made from a vector at this place."""
    return isinstance(column.op, Reshape) and column.inputs[0].ndim == 1
