"""Mixed precision as a rewrite: products and convolutions read numbers rounded to bfloat16.

bfloat16 has the 8 exponent bits of float32 and 8 bits of precision. A product of two such numbers
is exact in float32, where they are added up; CPUs and GPUs do so in half the time. Everything else
stays as it was: weights, sums, losses, statistics and updates are float32. So a small step is not
lost in a large weight, and no loss needs scaling.
"""

from __future__ import annotations

from grafito.errors import ArgumentError, unknown_name
from grafito.graph.convolution import Convolution
from grafito.graph.elementwise import Cast, Greater
from grafito.graph.evaluate import topological_order
from grafito.graph.linear import MatMul
from grafito.graph.program import Graph
from grafito.graph.rewrite import _like
from grafito.graph.shaping import Reshape, Transpose
from grafito.graph.tensor import Constant, Tensor

PRECISIONS = ("float32", "mixed_bfloat16")
CONTRACTIONS = (MatMul, Convolution)
MOVES = (
    Reshape,
    Transpose,
)  # what they read is rounded, so that all who read it share one rounding


def check_precision(precision: str) -> str:
    """The name, if there is such a precision.

    Raises:
        UnknownNameError: for another one.
        ArgumentError: for "float64", which is a matter of the layers.
    """
    if precision == "float64":
        raise ArgumentError(
            "The dtype of weights is fixed when they are created, before `compile`.",
            received="precision='float64'",
            fix='dtype="float64" for Input and layers',
        )
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    return precision


def with_precision(traced: Graph, precision: str) -> Graph:
    """The step in a precision of `PRECISIONS`; "float32" leaves the dtypes of the layers."""
    return mixed_bfloat16(traced) if precision == "mixed_bfloat16" else traced


def mixed_bfloat16(traced: Graph) -> Graph:
    """The same step, the float32 inputs of its products and convolutions rounded to bfloat16.

    Each rounding is a pair of casts in the graph, so drawings show it and engines agree on it. An
    engine may read the rounded numbers where only a sign is asked for (the slope of ReLU): they
    differ from 0 wherever x does, down to 2**-134.

    Args:
        traced: a step, with its gradients.

    Returns:
        The step with the same inputs, outputs and variables.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((1, 1), name="x")
        >>> step = graph.trace_graph(lambda x: {"y": graph.matmul(x, 1.0 + x)}, {"x": x})
        >>> float(graph.value(mixed_bfloat16(step).outputs["y"], {"x": [[1 + 2**-9]]})[0, 0])
        2.0
    """
    order = topological_order(traced.results)
    rounding = {
        _source(y) for x in order if _rounds(x) for y in x.inputs if not _is_bfloat16(_source(y))
    }
    became: dict[Tensor, Tensor] = {}
    rounded: dict[Tensor, Tensor] = {}

    def narrow(y: Tensor) -> Tensor:
        """The new tensor in the place of y, rounded; still a float32."""
        if y not in rounded:
            if isinstance(y.op, MOVES):
                rounded[y] = _like(y, y.op, narrow(y.inputs[0]))
            elif y in rounding:
                half = _like(y, Cast("bfloat16"), became[y])
                half.dtype, half.name = "bfloat16", None
                rounded[y] = _like(y, Cast("float32"), half)
            else:
                rounded[y] = became[y]
        return rounded[y]

    for x in order:
        inputs = tuple(became[y] for y in x.inputs)
        if _rounds(x):
            inputs = tuple(narrow(y) for y in x.inputs)
        elif _asks_sign(x) and x.inputs[0] in rounding:
            inputs = (narrow(x.inputs[0]), inputs[1])
        same = all(i is j for i, j in zip(inputs, x.inputs, strict=True))
        became[x] = x if same else _like(x, x.op, *inputs)
    return Graph(
        traced.inputs,
        {name: became[x] for name, x in traced.outputs.items()},
        {variable: became[x] for variable, x in traced.updates.items()},
    )


def reads_bfloat16(x: Tensor) -> bool:
    """Whether all that an op reads was rounded to bfloat16.

    Example:
        >>> from grafito import graph
        >>> x = graph.cast(graph.cast(graph.placeholder((2, 2)), "bfloat16"), "float32")
        >>> reads_bfloat16(graph.matmul(x, x))
        True
    """
    return all(_is_bfloat16(_source(y)) for y in x.inputs)


def _rounds(x: Tensor) -> bool:
    return isinstance(x.op, CONTRACTIONS) and x.dtype == "float32"


def _source(x: Tensor) -> Tensor:
    """What is rounded in the place of x: the tensor that moves made it from."""
    while isinstance(x.op, MOVES):
        (x,) = x.inputs
    return x


def _is_bfloat16(x: Tensor) -> bool:
    """Whether all its numbers are bfloat16 already."""
    return isinstance(x.op, Cast) and x.inputs[0].dtype == "bfloat16"


def _asks_sign(x: Tensor) -> bool:
    if not isinstance(x.op, Greater):
        return False
    zero = x.inputs[1]
    return isinstance(zero.op, Constant) and zero.size == 1 and not zero.op.array.any()
