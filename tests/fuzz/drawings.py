"""Drawings of random formulas and networks, read back as a student would compute them by hand.

Each node of a picture is computed again from the numbers on the arrows that enter it: its value
from their values, their gradients by the chain rule from those that come back to it. So a node, an
arrow or a call of a function that is lost changes a number, whatever the drawing is made from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

import numpy as np

from grafito import Model, Sequential, activations, graph, layers
from grafito.figures import Diagram, Edge, graph_diagram

SHORT = 300  # cases of the short form

# Ops by what is written in their node.
OPS: dict[str, Callable] = {
    "+": graph.add,
    "×": graph.multiply,
    "÷": graph.divide,
    "·": graph.matmul,
    "max": graph.maximum,
    "min": graph.minimum,
    ">": graph.greater,
    "≥": graph.greater_equal,
    "where": lambda c, x, y: graph.where(graph.greater(c, 0.5), x, y),
    "−": lambda *x: graph.negative(*x) if len(x) == 1 else graph.subtract(*x),
    "σ": graph.sigmoid,
    "tanh": graph.tanh,
    "sin": graph.sin,
    "exp": graph.exp,
    "expm1": graph.expm1,
    "softplus": graph.softplus,
    "ReLU": graph.relu,
    "x²": graph.square,
    "|x|": graph.abs,
}  # fmt: skip
FUNCTIONS: dict[str, Callable] = {
    name: getattr(activations, name)
    for name in ("sigmoid", "tanh", "elu", "silu", "softsign", "relu", "mish", "celu")
}
ONE = ("σ", "tanh", "sin", "softplus", "ReLU", "x²", "|x|", "−")
TWO = ("+", "−", "×", "max", "min")
DIGITS = 15
HIDDEN = ("reshape", "cast", "broadcastto", "input", "state", "constant")
PRINTED = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")
LEVELS = ("ops", "functions", "layers")


def mix(a: graph.Tensor, b: graph.Tensor) -> graph.Tensor:
    """A function of two values, made of ops."""
    with graph.scope("mix"):
        return graph.tanh(a) * b - a


def case(rng: np.random.Generator) -> None:
    """A formula or a network at each level."""
    if rng.random() < 0.5:
        output, feeds, calls, known = formula(rng)
    else:
        output, feeds, calls, known = network(rng)
    order = graph.topological_order([output])
    ops = Counter(x.op.name for x in order if x.op.name not in HIDDEN)
    for level in LEVELS:
        diagram = graph_diagram(output, feeds, level=level, digits=DIGITS)
        numbers = {
            "final": np.atleast_2d(graph.value(output, feeds, dtype="float64")),
            **{name: np.atleast_2d(np.asarray(v, "float64")) for name, v in feeds.items()},
        }
        read_back(diagram, {**OPS, **FUNCTIONS, "mix": mix, **known}, numbers)
        drawn = Counter(n.label for n in diagram.nodes if n.kind in ("op", "block"))
        if level == "ops":
            assert drawn.total() == ops.total(), (drawn, ops)
        elif level == "functions":
            for name, count in calls["functions"].items():
                assert drawn[name] == count, (name, level, drawn, calls)
        for name, count in calls["layers"].items() if level == "layers" else ():
            assert drawn[name] == count, (name, level, drawn, calls)
        leaves = {n.label for n in diagram.nodes if n.kind in ("input", "parameter")}
        assert leaves >= set(feeds), (leaves, feeds)


def formula(rng: np.random.Generator) -> tuple:
    """A formula over scalars or rows, in which functions often meet their own results."""
    shape = () if rng.random() < 0.5 else (2,)
    names = ["x", "y", "z"][: rng.integers(1, 4)]
    inputs = [graph.placeholder(shape, name=name) for name in names]
    values = [round(float(v), 2) for v in rng.normal(size=3 * 2)]
    values[int(rng.integers(6))] = 0.0  # where kinks and ties are
    array = np.reshape(values, (3, 2))
    feeds = {n: array[i] if shape else array[i, 0] for i, n in enumerate(names)}
    functions: Counter[str] = Counter()  # how often each is called

    def grow(depth: int) -> graph.Tensor:
        choice = rng.random()
        if not depth or choice < 0.1:
            return inputs[int(rng.integers(len(inputs)))]
        if choice < 0.2:
            return graph.constant(float(rng.choice([0.5, -1.0, 2.0])))
        if choice < 0.4:
            return OPS[str(rng.choice(ONE))](grow(depth - 1))
        if choice < 0.6:
            return OPS[str(rng.choice(TWO))](grow(depth - 1), grow(depth - 1))
        if choice < 0.7:
            x = grow(depth - 1)
            y = x if rng.random() < 0.5 else grow(depth - 1)
            functions["mix"] += 1
            return mix(x, x * 0.5 if y is x else y)
        name, x = str(rng.choice(list(FUNCTIONS))), grow(depth - 1)
        for _ in range(rng.integers(1, 4)):  # its own result
            functions[name] += 1
            x = FUNCTIONS[name](x)
        return x

    output = grow(4)
    for one in inputs:  # every input is used
        output = graph.add(output, one)
    # The name of some is also that of an op, which the formula may hold by itself.
    own = {n: count for n, count in functions.items() if n not in (*OPS, "sigmoid", "relu")}
    return output, feeds, {"functions": own, "layers": own}, {}


def network(rng: np.random.Generator) -> tuple:
    """A network with layers that are called again, one model in another, and a way around."""
    units = int(rng.integers(1, 4))
    known: dict[str, Callable] = {}
    counts: Counter[str] = Counter()

    def dense(name: str) -> layers.Layer:
        activation = str(rng.choice(["linear", "relu", "elu", "sigmoid", "mish"]))
        layer = layers.Dense(units, activation=activation, bias_initializer="random_normal",
                             name=name)  # fmt: skip
        known[name] = lambda x, *weights: by_hand(layer, x, *weights)
        return layer

    x = h = layers.Input((units,), name="x")
    shared, inner = dense("shared"), Sequential([dense("first"), dense("second")], name="inner")
    for _ in range(rng.integers(1, 5)):
        choice = rng.random()
        if choice < 0.5:
            counts["shared"] += 1
            h = shared(h)
        elif choice < 0.7:
            counts.update(["first", "second"])
            h = inner(h)
        elif choice < 0.85:
            around = layers.Add(name=f"add{len(known)}")
            known[around.name] = lambda a, b: a + b
            counts.update([around.name, "shared"])
            h = around([h, shared(h)])
        else:
            layer = dense(f"own{len(known)}")
            counts[layer.name] += 1
            h = layer(h)
    model = Model(x, h)
    data = np.round(rng.normal(size=(1, units)), 2)
    data[0, int(rng.integers(units))] = 0.0
    placeholder = graph.placeholder((1, units), name="x")
    calls = {"functions": {}, "layers": dict(counts)}
    return model(placeholder), {"x": data}, calls, known


def by_hand(layer: layers.Dense, x: graph.Tensor, *weights: graph.Tensor) -> graph.Tensor:
    """A dense layer with the weights that are drawn as entering it, or with its own."""
    if not weights:
        return layer(x)
    kernel, bias = weights
    return layer.activation(x @ kernel + bias)


def read_back(diagram: Diagram, known: Mapping[str, Callable], numbers: Mapping) -> None:
    """Every node again from its arrows."""
    enters: dict[str, list[Edge]] = defaultdict(list)
    leaves: dict[str, list[Edge]] = defaultdict(list)
    for edge in diagram.edges:
        enters[edge.target].append(edge)
        leaves[edge.source].append(edge)
    kinds = {node.name: node.kind for node in diagram.nodes}
    labels = {node.name: node.label for node in diagram.nodes}

    def value(edge: Edge) -> np.ndarray:
        if kinds[edge.source] == "constant" and not edge.value:
            return np.array([[float(labels[edge.source].replace("−", "-"))]])
        return matrix(edge.value)

    for node in diagram.nodes:
        if node.kind == "output":
            same(value(enters[node.name][0]), numbers["final"], "the output")
            continue
        if node.kind == "input":
            for edge in leaves[node.name]:
                same(value(edge), numbers[node.label], node.label)
        if node.kind not in ("op", "block"):
            continue
        assert enters[node.name], f"nothing enters {node.label}"
        arrays = [value(edge) for edge in enters[node.name]]
        inputs = [graph.placeholder(a.shape, "float64", f"in{i}") for i, a in enumerate(arrays)]
        feeds = {f"in{i}": a for i, a in enumerate(arrays)}
        result = known[node.label](*inputs)
        for edge in leaves[node.name]:
            same(value(edge), graph.value(result, feeds, dtype="float64"), node.label)
        back = [matrix(edge.gradient) for edge in leaves[node.name] if edge.gradient]
        if not back:
            continue
        weighted = graph.sum(result * graph.constant(sum(back), "float64"))
        slopes = graph.value(graph.gradients(weighted, inputs), feeds, dtype="float64")
        for edge, slope in zip(enters[node.name], slopes, strict=True):
            if edge.gradient:
                same(matrix(edge.gradient), slope, f"the slope of {node.label}")
            elif kinds[edge.source] != "constant":
                assert not np.any(slope), f"no gradient comes back from {node.label}"


def matrix(text: str) -> np.ndarray:
    """The numbers that stand on an arrow; a scalar and a row are matrices too."""
    plain = text.translate(PRINTED).replace("·10", "e").replace(",", "")
    return np.array([[float(n) for n in row.strip("[] ").split()] for row in plain.split("\n")])


def same(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    """Equal as far as the digits on the arrows tell."""
    expected = np.atleast_2d(expected)
    np.testing.assert_allclose(
        found, np.broadcast_to(expected, found.shape), rtol=1e-6, atol=1e-9, err_msg=what
    )
