"""The graph: symbolic tensors, ops with their gradients, differentiation, checking.

    >>> from grafito import graph
    >>> x = graph.placeholder((), name="x")
    >>> y = graph.sigmoid(2 * x + 1)
    >>> slope = graph.gradients(y, x)
    >>> print(f"{float(graph.value(slope, {'x': 0.5})):.4f}")
    0.2100
"""

from grafito.graph.check import check_gradients
from grafito.graph.convolution import (
    conv1d,
    conv1d_transpose,
    conv2d,
    conv2d_transpose,
    depthwise_conv2d,
)
from grafito.graph.differentiate import gradient, gradients
from grafito.graph.elementwise import (
    abs,
    add,
    cast,
    clip,
    cos,
    divide,
    equal,
    erf,
    erfinv,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    isfinite,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    not_equal,
    power,
    relu,
    round,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    square,
    stop_gradient,
    subtract,
    tanh,
    where,
)
from grafito.graph.evaluate import Evaluator, topological_order, value
from grafito.graph.execute import execute
from grafito.graph.linear import matmul
from grafito.graph.neural import (
    binary_cross_entropy,
    cross_entropy,
    log_softmax,
    sigmoid_cross_entropy,
    softmax,
    softmax_cross_entropy,
)
from grafito.graph.parse import parse
from grafito.graph.pooling import average_pool, max_pool
from grafito.graph.random import (
    argsort,
    bernoulli,
    normal,
    permutation,
    random_bits,
    truncated_normal,
    uniform,
)
from grafito.graph.reductions import (
    argmax,
    argmin,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    prod,
    sum,
    variance,
)
from grafito.graph.shaping import (
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    moveaxis,
    one_hot,
    ones_like,
    pad,
    reshape,
    scatter_add,
    slice,
    split,
    squeeze,
    stack,
    take,
    transpose,
    zeros_like,
)
from grafito.graph.tensor import Op, Tensor, Variable, as_tensor, constant, placeholder
from grafito.graph.trace import Trace, current_trace, scope

__all__ = [name for name in dir() if not name.startswith("_")]
