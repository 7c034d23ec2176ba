"""Random graphs, with their gradients, compute on the CPU engine what they do on the reference."""

import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

pytest.importorskip("llvmlite")

from grafito import graph
from grafito.engines.llvm import Engine
from grafito.graph.program import Graph

SIZES = [1, 1, 2, 3, 5, 16, 17]  # of an axis: around the lanes of a vector
LARGEST = 3000  # elements of a tensor
IMAGES = [(2, 6, 5, 3), (16, 5, 5, 2), (17, 4, 6, 1), (1, 7, 7, 4)]

# Each rule takes `draw`, a tensor of as many axes as it needs and all tensors so far, and makes one
# more; it may be too large. Values stay of moderate size, so that no rounding is blown up.
UNARY = {
    "tanh": graph.tanh,
    "sigmoid": graph.sigmoid,
    "sin": graph.sin,
    "relu": graph.relu,
    "abs": graph.abs,
    "negative": graph.negative,
    "exp": lambda x: graph.exp(graph.tanh(x)),
    "log": lambda x: graph.log(1.5 + graph.square(graph.sin(x))),
    "softmax": lambda x: graph.softmax(x) if x.ndim else x,
    "log_softmax": lambda x: graph.log_softmax(graph.tanh(x)) if x.ndim else x,
    "stop_gradient": graph.stop_gradient,
}
BINARY = {
    "add": graph.add,
    "subtract": graph.subtract,
    "multiply": lambda x, y: graph.tanh(x) * y,
    "divide": lambda x, y: x / (2.0 + graph.square(y)),
    "maximum": graph.maximum,
    "where": lambda x, y: graph.where(graph.greater(x, 0.25), x, y),
}
REDUCTIONS = [graph.sum, graph.mean, graph.max, graph.min, graph.logsumexp, graph.variance]


def unary(draw, x, tensors):
    return UNARY[draw(st.sampled_from(list(UNARY)))](x)


def binary(draw, x, tensors):
    fitting = [y for y in tensors if broadcast(x.shape, y.shape)]
    y = draw(st.sampled_from(fitting))
    return BINARY[draw(st.sampled_from(list(BINARY)))](x, y)


def broadcast(*shapes):
    try:
        return math.prod(np.broadcast_shapes(*shapes)) <= LARGEST
    except ValueError:
        return False


def reduction(draw, x, tensors):
    axes = [axis for axis in range(x.ndim) if draw(st.booleans())]
    function = draw(st.sampled_from(REDUCTIONS))
    return function(graph.tanh(x), axis=tuple(axes) or None, keepdims=draw(st.booleans()))


def cumulative(draw, x, tensors):
    return graph.cumsum(graph.tanh(x), axis=draw(st.integers(0, x.ndim - 1)))


def reshape(draw, x, tensors):
    left, shape = x.size, []
    while left > 1 and len(shape) < 3:
        shape.append(draw(st.sampled_from([n for n in range(1, left + 1) if left % n == 0])))
        left //= shape[-1]
    return graph.reshape(x, (*shape, left))


def transpose(draw, x, tensors):
    return graph.transpose(x, draw(st.permutations(range(x.ndim))))


def slice_(draw, x, tensors):
    index = []
    for n in x.shape:
        start = draw(st.integers(0, n - 1))
        index.append(slice(start, draw(st.integers(start + 1, n)), draw(st.integers(1, 3))))
    return x[tuple(index)]


def flip(draw, x, tensors):
    return graph.flip(x, draw(st.integers(0, x.ndim - 1)))


def pad(draw, x, tensors):
    widths = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in x.shape]
    return graph.pad(x, widths, 0.5)


def concatenate(draw, x, tensors):
    return graph.concatenate([x, graph.sin(x), x], draw(st.integers(0, x.ndim - 1)))


def take(draw, x, tensors):
    axis = draw(st.integers(0, x.ndim - 1))
    n = x.shape[axis]
    return graph.take(x, np.array(draw(st.lists(st.integers(-n, n - 1), min_size=1))), axis)


def matmul(draw, x, tensors):
    fitting = [y for y in tensors if y.ndim == 2 and y.shape[0] == x.shape[-1]]
    n = draw(st.sampled_from(SIZES))
    y = draw(st.sampled_from([*fitting, known((x.shape[-1], n)), graph.transpose(x, swapped(x))]))
    return graph.tanh(x @ y)


def swapped(x):
    return (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)


def convolution(draw, x, tensors):
    padding, strides = draw(st.sampled_from(["same", "valid"])), draw(st.integers(1, 2))
    h, w = (draw(st.integers(1, min(3, n))) for n in x.shape[1:3])
    channels = x.shape[3]
    groups = draw(st.sampled_from([g for g in (1, 2, 3, channels) if channels % g == 0]))
    kernel = known((h, w, channels // groups, groups * draw(st.integers(1, 3))))
    return graph.tanh(graph.conv2d(x, kernel, strides, padding, groups=groups))


def pool(draw, x, tensors):
    function = draw(st.sampled_from([graph.max_pool, graph.average_pool]))
    window = tuple(draw(st.integers(1, min(3, n))) for n in x.shape[1:3])
    padding = draw(st.sampled_from(["same", "valid"]))
    return function(x, window, draw(st.integers(1, 2)), padding)


def known(shape):
    return graph.constant(np.random.default_rng(sum(shape)).normal(size=shape))


RULES = [  # with the axes that they need; some more often
    *[(unary, 0), (binary, 0), (reduction, 0), (reshape, 0), (transpose, 0)],
    *[(cumulative, 1), (slice_, 1), (flip, 1), (pad, 1), (concatenate, 1), (take, 1), (matmul, 2)],
    *[(unary, 0), (binary, 0), (binary, 0), (matmul, 2), (convolution, 4), (pool, 4)],
    *[(convolution, 4), (pool, 4)],
]


@st.composite
def graphs(draw):
    """Inputs with their arrays, and some of the tensors computed from them."""
    shapes = st.one_of(
        st.lists(st.sampled_from(SIZES), max_size=3).map(tuple), st.sampled_from(IMAGES)
    )
    inputs = [
        graph.placeholder(shape, "float64", f"x{i}")
        for i, shape in enumerate(draw(st.lists(shapes, min_size=1, max_size=3)))
    ]
    tensors = [x for x in inputs if x.size <= LARGEST]
    for _ in range(draw(st.integers(1, 12))):
        most = max(x.ndim for x in tensors)
        rule, axes = draw(st.sampled_from([rule for rule in RULES if rule[1] <= most]))
        fitting = [x for x in tensors if x.ndim >= axes and (axes < 4 or x.ndim == 4)]
        if fitting:
            new = rule(draw, draw(st.sampled_from(fitting)), tensors)
            if new.size <= LARGEST:
                tensors.append(new)
    results = draw(st.lists(st.sampled_from(tensors), min_size=1, max_size=2, unique=True))
    return inputs, [*results, tensors[-1]]


def arrays_for(inputs):
    rng = np.random.default_rng(0)
    return {x: np.asarray(rng.normal(size=x.shape)) for x in inputs}


@hypothesis.given(graphs())
@hypothesis.settings(max_examples=100, suppress_health_check=list(hypothesis.HealthCheck))
def test_random_graphs(made):
    check(*made)


def check(inputs, results):
    """The results and their gradients are those of the reference."""
    total = sum(graph.sum(graph.sin(y)) for y in results)
    outputs = [*results, *graph.gradients(total, inputs)]
    arrays = arrays_for(inputs)
    theirs = graph.value(outputs, arrays)
    names = [str(i) for i in range(len(outputs))]
    feeds = {x.name: x for x in inputs}
    program = Engine(threads=1).compile(Graph(feeds, dict(zip(names, outputs, strict=True)), {}))
    program.bind({name: arrays[x] for name, x in feeds.items()})
    ours = program.run()
    for name, expected in zip(names, theirs, strict=True):
        scale = np.max(np.abs(expected), initial=1e-6)
        np.testing.assert_allclose(ours[name][0], expected, rtol=1e-9, atol=1e-10 * scale)


@pytest.mark.parametrize("order", [(0, 1, 3, 2), (3, 0, 1, 2), (2, 1, 0, 3)])
@pytest.mark.parametrize("n", [2, 16, 17])
def test_transposed_images(order, n):
    """Images are stored as lanes; what reads them in another order gets them by rows."""
    x = graph.placeholder((n, 4, 6, 3), "float64", "x0")
    pooled = graph.max_pool(graph.sin(x), 2, 1, "same")
    turned = graph.transpose(pooled, order)
    check([x], [graph.sum(turned, axis=0), turned, pooled * graph.reshape(turned, x.shape)])


def test_a_slice_that_takes_all():
    """A step along an axis of one element leaves nothing out."""
    x = graph.placeholder((1, 3, 1), "float64", "x0")
    check([x], [graph.sin(x), x[0:1:2, :, 0:1:3]])


def test_a_step_along_a_batch_of_one_image():
    x = graph.placeholder((1, 7, 7, 4), "float64", "x0")
    pooled = graph.max_pool(graph.tanh(x), 2, 1, "same")
    check([x], [pooled, graph.sin(pooled[0:1:2, ::3, 1:, :])])


def test_a_batch_that_leaves_lanes_empty_is_reduced():
    """Several blocks at a time are no way here: the last one has fewer images than lanes."""
    x = graph.placeholder((1004, 4, 4, 3), "float64", "x0")
    pooled = graph.average_pool(graph.tanh(x), 2, 2, "valid")
    check([x], [graph.max(graph.exp(graph.reshape(pooled, (1004, 12))), axis=1)])
