"""A whole step as one graph: from inputs and old state to outputs and new state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grafito.errors import GraphError
from grafito.graph.evaluate import topological_order
from grafito.graph.rewrite import rewrite, with_known_values
from grafito.graph.show import label_shown
from grafito.graph.tensor import Input, Tensor, as_tensor
from grafito.graph.trace import Trace
from grafito.graph.variable import State, Variable


@dataclass(frozen=True, eq=False)
class Graph:
    """What an engine compiles.

    Attributes:
        inputs: placeholders by name; arrays are bound to them.
        outputs: tensors by name, computed in each step.
        updates: the variables that a step changes, each with its new value.
    """

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    updates: Mapping[Variable, Tensor]

    @property
    def results(self) -> list[Tensor]:
        """Outputs, then new values of the variables."""
        return [*self.outputs.values(), *self.updates.values()]

    @property
    def nodes(self) -> list[Tensor]:
        """All tensors, inputs before users."""
        return topological_order(self.results)

    @property
    def variables(self) -> list[Variable]:
        """The variables that a step reads or changes."""
        read = [x for x in self.nodes if isinstance(x, Variable)]
        return list(dict.fromkeys([*read, *self.updates]))


def trace_graph(
    function: Callable[..., Mapping[str, Any]],
    inputs: Mapping[str, Tensor],
    training: bool = False,
    step: Tensor | None = None,
) -> Graph:
    """The graph of one call of a function, simplified.

    Args:
        function: called with the inputs by name; returns its outputs by name. The variables that
            it assigns are the updates.
        inputs: placeholders by name.
        training: whether layers behave as in training.
        step: integer tensor that keys the random numbers.

    Returns:
        The graph, for an engine to compile.

    Raises:
        GraphError: when the result depends on a placeholder that is not an input.

    Example:
        >>> from grafito import graph
        >>> total = graph.Variable(0.0, name="total")
        >>> def count(x):
        ...     total.assign(total + graph.sum(x))
        ...     return {"total": total}
        >>> step = trace_graph(count, {"x": graph.placeholder((3,), name="x")})
        >>> [v.name for v in step.updates]
        ['total']
    """
    with Trace(training, step) as trace:
        results = function(**inputs)
        if not isinstance(results, Mapping):
            raise GraphError(
                "A step must return a dictionary from names to tensors.",
                received=repr(results),
                fix='return {"loss": loss}',
            )
        outputs = {name: as_tensor(x) for name, x in results.items()}
        outputs |= label_shown(trace, [*outputs.values(), *trace.updates.values()])
    simplified = rewrite(with_known_values([*outputs.values(), *trace.updates.values()]))
    traced = Graph(
        dict(inputs),
        dict(zip(outputs, simplified, strict=False)),
        dict(zip(trace.updates, simplified[len(outputs) :], strict=True)),
    )
    known = set(inputs.values())
    for x in traced.nodes:
        if isinstance(x.op, Input) and x not in known:
            raise GraphError("A step depends on a placeholder that is not its input.", where=x)
        if isinstance(x.op, State) and not isinstance(x, Variable):
            raise GraphError("A rewrite lost a variable.", where=x)
    return traced
