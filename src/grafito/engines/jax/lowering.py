"""From a graph to JAX: one function that computes a step, made of its ops.

Most ops say what they compute with the names of NumPy, which JAX has too. The rules here are those
of the others: what writes into an array, what NumPy has no name for, and what may meet an index
outside of an axis, which compiled code cannot raise.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from grafito.errors import GraphError
from grafito.graph import convolution, pooling
from grafito.graph.dtypes import numpy_dtype
from grafito.graph.elementwise import Erf, Erfinv
from grafito.graph.evaluate import topological_order
from grafito.graph.linear import MatMul
from grafito.graph.precision import CONTRACTIONS, reads_bfloat16
from grafito.graph.program import Graph
from grafito.graph.shaping import ScatterAdd, Take, Unslice
from grafito.graph.tensor import Constant, Op, Tensor

Values = dict[Tensor, Any]
AnyOp = TypeVar("AnyOp", bound=Op)
Rule = Callable[..., Any]
RULES: dict[type[Op], Rule] = {}


class Fault:
    """The first index of a step that is outside of its axis, and the length of that axis."""

    def __init__(self) -> None:
        self.found: Any = jnp.zeros(3, "int64")  # whether there is one, the index, the length

    def check(self, indices: Any, lowest: int, size: int) -> Any:
        """The indices; one that is outside is noted and becomes the nearest inside."""
        wrong = indices >= size
        if jnp.issubdtype(indices.dtype, jnp.signedinteger):
            wrong |= indices < lowest
        first = indices.reshape(-1)[jnp.argmax(wrong)] if indices.size else jnp.zeros((), "int64")
        noted = jnp.stack([jnp.any(wrong).astype("int64"), first.astype("int64"), jnp.int64(size)])
        self.found = jnp.where(self.found[0] > 0, self.found, noted)
        return jnp.clip(indices, lowest, size - 1)


def rule(*ops: type[Op]) -> Callable[[Rule], Rule]:
    """Register how ops of these kinds are computed: from the op, the fault, and the inputs."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return register


def lower(
    graph: Graph, given: Container[Tensor] = (), placed: Callable[[Tensor, Any], Any] | None = None
) -> Callable[[Values], tuple[dict[str, Any], list[Any], Any]]:
    """The function of a step: from leaves to outputs, new values of variables, and the fault.

    Args:
        graph: the step.
        given: tensors that are leaves too, although they could be computed.
        placed: says of a tensor and its value where it is to be.
    """
    order = topological_order(graph.results, given)
    constants = {
        x: np.asarray(x.op.array, numpy_dtype(x.dtype)) for x in order if isinstance(x.op, Constant)
    }

    def step(leaves: Values) -> tuple[dict[str, Any], list[Any], Any]:
        values: Values = {**leaves, **{x: jnp.asarray(a) for x, a in constants.items()}}
        fault = Fault()
        for x in order:
            if x not in values:  # a leaf, or given
                value = _compute(x, fault, [values[y] for y in x.inputs])
                values[x] = placed(x, value) if placed else value
        outputs = {name: values[x] for name, x in graph.outputs.items()}
        return outputs, [values[x] for x in graph.updates.values()], fault.found

    return step


def _compute(x: Tensor, fault: Fault, inputs: list[Any]) -> Any:
    """The value of a tensor from those of its inputs; bfloat16 is computed in float32."""
    narrow = [a.dtype == jnp.bfloat16 for a in inputs]
    inputs = [a.astype("float32") if n else a for a, n in zip(inputs, narrow, strict=True)]
    rounded = isinstance(x.op, CONTRACTIONS) and reads_bfloat16(x)
    with jax.named_scope(x.op.name), jax.default_matmul_precision(None if rounded else "highest"):
        own = _rounded_matmul if rounded and isinstance(x.op, MatMul) else RULES.get(type(x.op))
        try:
            value = own(x.op, fault, *inputs) if own else x.op.value(jnp, *inputs)
        except (jax.errors.JAXTypeError, TypeError, AttributeError) as error:
            raise GraphError(
                f"The engine 'jax' has no rule for the op {x.op.name!r}.",
                where=x,
                received=f"{type(error).__name__}: {str(error).splitlines()[0]}",
                fix="engine='llvm'",
            ) from error
    return jnp.asarray(value).astype(numpy_dtype(x.dtype)).reshape(x.shape)


def _rounded_matmul(op: Op, fault: Fault, x: Any, y: Any) -> Any:
    """The operands are bfloat16 already: the device's own products of them, added in float32."""
    return jnp.matmul(x.astype("bfloat16"), y.astype("bfloat16"), preferred_element_type="float32")


@rule(Erf)
def _erf(op: Op, fault: Fault, x: Any) -> Any:
    return lax.erf(x)


@rule(Erfinv)
def _erfinv(op: Op, fault: Fault, x: Any) -> Any:
    return jnp.copysign(lax.erf_inv(x), x)


@rule(Unslice)
def _unslice(op: Unslice, fault: Fault, x: Any) -> Any:
    """Padding that is put between the elements too."""
    at = []
    for axis, (size, start, stop, step) in enumerate(
        zip(op.shape, op.starts, op.stops, op.steps, strict=True)
    ):
        places = range(size)[slice(start, stop, step)]
        if step < 0:
            x, places = jnp.flip(x, axis), places[::-1]
        last = places[-1] if places else -1
        between = places.step - 1 if len(places) > 1 else 0
        at.append((places[0], size - 1 - last, between) if places else (0, size, 0))
    return lax.pad(x, jnp.zeros((), x.dtype), at)


@rule(Take)
def _take(op: Take, fault: Fault, x: Any, indices: Any) -> Any:
    size = x.shape[op.axis]
    indices = fault.check(indices, -size if op.from_end else 0, size)
    return jnp.take(x, indices, axis=op.axis, mode="wrap")


@rule(ScatterAdd)
def _scatter_add(op: ScatterAdd, fault: Fault, x: Any, indices: Any) -> Any:
    before, after = x.shape[: op.axis], x.shape[op.axis + indices.ndim :]
    out = jnp.zeros((*before, op.size, *after), x.dtype)
    indices = fault.check(indices, -op.size, op.size)
    return out.at[(slice(None),) * op.axis + (indices,)].add(x)


# A convolution is linear in both of its operands, and XLA has the transpose of a linear function.


def _convolve(op: convolution.Convolution, x: Any, k: Any) -> Any:
    return lax.conv_general_dilated(
        x,
        k,
        op.strides,
        op.padding,
        rhs_dilation=op.dilation,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=op.groups,
    )


def _transposed(function: Callable[[Any], Any], shape: Any, y: Any) -> Any:
    (x,) = jax.linear_transpose(function, jax.ShapeDtypeStruct(shape, y.dtype))(y)
    return x


@rule(convolution.Conv2D)
def _conv2d(op: Any, fault: Fault, x: Any, k: Any) -> Any:
    return _convolve(op, x, k)


@rule(convolution.Conv2DInputGradient)
def _conv2d_input_gradient(op: Any, fault: Fault, y: Any, k: Any) -> Any:
    return _transposed(lambda x: _convolve(op, x, k), op.shape, y)


@rule(convolution.Conv2DKernelGradient)
def _conv2d_kernel_gradient(op: Any, fault: Fault, x: Any, y: Any) -> Any:
    return _transposed(lambda k: _convolve(op, x, k), op.shape, y)


# Pooling: where a window sees an element, as slices; and back, as padding around and between.


def _placed(op: pooling.Pool, parts: list[Any], shape: tuple[int, ...]) -> Any:
    """The sum of what each element of the windows gives back, in an image of a shape."""
    sizes = [n + sum(pads) for n, pads in zip(shape[1:3], op.padding, strict=True)]
    total: Any = 0
    for (a, b), part in zip(np.ndindex(op.size), parts, strict=True):
        at = [(0, 0, 0)]
        for first, size, stride, count in zip(
            (a, b), sizes, op.strides, part.shape[1:3], strict=True
        ):
            at.append((first, size - first - stride * (count - 1) - 1, stride - 1))
        total = total + lax.pad(part, jnp.zeros((), part.dtype), [*at, (0, 0, 0)])
    return op.crop(total)


@rule(pooling.SumPoolGradient)
def _sum_pool_gradient(op: Any, fault: Fault, g: Any) -> Any:
    return _placed(op, [g] * (op.size[0] * op.size[1]), op.shape)


@rule(pooling.MaxPoolScatter)
def _max_pool_scatter(op: Any, fault: Fault, x: Any, g: Any) -> Any:
    winners = op.winners(jnp, x)
    parts = [jnp.where(winners == i, g, 0) for i in range(op.size[0] * op.size[1])]
    return _placed(op, parts, x.shape)
