"""What drawings and tables of graphs say: numbers, names, levels, languages, errors."""

import operator

import numpy as np
import pytest
from figures import drawings

from grafito import Model, Sequential, activations, graph, layers, losses
from grafito.errors import ArgumentError, GrafitoError, GraphError
from grafito.figures import (
    Diagram,
    Edge,
    Node,
    draw_diagram,
    draw_graph,
    graph_diagram,
    graph_table,
)
from grafito.figures.layered import Link, split_groups
from grafito.language import known_names

X = {"x": [-3.1, 1.5]}

# Course exercise 1: output, then the gradients of w0, x0, w1, x1, b.
NEURONS = {
    "sigmoid": (graph.sigmoid, "0.666", "0.623 0.323 −0.400 −0.078 0.222"),
    "tanh": (graph.tanh, "0.598", "1.799 0.932 −1.156 −0.225 0.642"),
    "elu": (activations.elu, "0.690", "2.800 1.450 −1.800 −0.350 1.000"),
    "leaky_relu": (
        lambda z: activations.leaky_relu(z, 0.1),
        "0.690",
        "2.800 1.450 −1.800 −0.350 1.000",
    ),
}


def table_rows(text):
    """Cells by the name of the node; cells lie two spaces apart."""
    lines = [[cell.strip() for cell in line.split("  ") if cell] for line in text.splitlines()]
    return {cells[0].partition(" = ")[0]: cells[1:] for cells in lines}


@pytest.mark.parametrize(("activation", "output", "slopes"), NEURONS.values(), ids=NEURONS)
def test_numbers_of_exercise_1(activation, output, slopes):
    y = drawings.neuron(activation)
    diagram = graph_diagram(y, drawings.NEURON)
    leaves = {node.name: node.label for node in diagram.nodes if node.kind == "input"}
    found = {leaves[edge.source]: edge for edge in diagram.edges if edge.source in leaves}
    assert [found[name].gradient for name in ("w0", "x0", "w1", "x1", "b")] == slopes.split()
    assert found["w1"].value == "−0.350"
    assert (diagram.edges[-1].value, diagram.edges[-1].gradient) == (output, "1.000")
    rows = table_rows(graph_table(y, drawings.NEURON))
    assert rows["#4"][0] == "0.690"
    assert [rows[name][1] for name in ("w0", "x0", "w1", "x1", "b")] == slopes.split()


def test_numbers_of_exercise_2():
    rows = table_rows(graph_table(drawings.dense_layer()[2], X))
    assert rows["W"][1] == "[[−0.304 0.147] [−0.406 0.196]]"
    assert rows["b"][1] == "[0.098 0.131]"
    assert rows["#2"][0] == "[−0.380 0.100]"
    assert rows["#3"][0] == "[0.406 0.525]"
    assert list(rows.values())[-1] == ["0.220", "1.000"]


def test_a_table_in_spanish():
    x = graph.placeholder((), name="x")
    assert graph_table(graph.exp(-x), {"x": 1.0}, lang="es").splitlines() == [
        "nodo           valor  gradiente",
        "x              1,000     −0,368",
        "#1 = −x       −1,000      0,368",
        "#2 = exp(#1)   0,368      1,000",
    ]


FORMULAS = {
    "x²": lambda x, w: graph.square(x),
    "|x|": lambda x, w: graph.abs(x),
    "x · w": lambda x, w: x @ w,
    "x − 2": lambda x, w: x - 2,
    "1 ÷ x": lambda x, w: 1 / x,
    "−x": lambda x, w: -x,
    "tanh(x)": lambda x, w: graph.tanh(x),
    "max(x, w)": lambda x, w: graph.maximum(x, w),
    "where(x, w, 0.5)": lambda x, w: graph.where(x, w, 0.5),
}


@pytest.mark.parametrize(("formula", "build"), FORMULAS.items(), ids=FORMULAS)
def test_a_table_writes_ops_as_formulas(formula, build):
    x = graph.placeholder((2, 2), name="x", dtype="bool" if "where" in formula else "float32")
    w = graph.placeholder((2, 2), name="w")
    table = graph_table(build(x, w), gradients=False)
    assert f"#1 = {formula} " in table


def test_each_use_of_a_value_has_its_gradient():
    x = graph.placeholder((), name="x")
    diagram = graph_diagram(x * x + x, {"x": 3.0})
    assert sorted(edge.gradient for edge in diagram.edges if edge.source == "0") == [
        "1.000",
        "3.000",
        "3.000",
    ]
    assert table_rows(graph_table(x * x + x, {"x": 3.0}))["x"] == ["3.000", "7.000"]


def test_no_gradient_flows_to_constants_integers_and_conditions():
    x = graph.placeholder((), name="x")
    y = graph.where(x > 0, 2 * x, graph.constant(0.0))
    diagram = graph_diagram(y, {"x": 1.5})
    labels = {node.name: node.label for node in diagram.nodes}
    back = {(labels[e.source], labels[e.target]) for e in diagram.edges if e.gradient}
    assert back == {("x", "×"), ("×", "where"), ("where", "")}


def test_without_values_shapes_are_drawn():
    x = graph.placeholder((5, 2), name="x")
    diagram = graph_diagram(graph.sum(graph.tanh(x)))
    assert [edge.value for edge in diagram.edges] == ["(5 × 2)", "(5 × 2)", ""]
    assert not any(edge.gradient for edge in diagram.edges)


def test_variables_need_no_feeds():
    w = graph.Variable(2.0, name="layer/w")
    diagram = graph_diagram(w * w)
    assert diagram.nodes[0].label == "w"
    assert diagram.nodes[0].kind == "parameter"
    assert diagram.edges[-1].value == "4.000"


def test_plumbing_is_left_out():
    labels = [node.label for node in graph_diagram(drawings.dense_layer()[0], X).nodes]
    assert labels == ["W", "x", "·", "b", "+", ""]


LEVELS = {
    "ops": ["·", "+", ">", "expm1", "where"] * 2 + ["+"],
    "functions": ["·", "+", "elu"] * 2 + ["+"],
    "layers": ["dense_0", "dense_1", "add"],
}


@pytest.mark.parametrize(("level", "labels"), LEVELS.items(), ids=LEVELS)
def test_levels(level, labels):
    diagram = graph_diagram(drawings.network(2), X, level=level)
    found = [node.label for node in diagram.nodes if node.kind in ("op", "block")]
    assert sorted(found) == sorted(labels)
    first, last = diagram.edges[0], diagram.edges[-1]
    ops = graph_diagram(drawings.network(2), X)
    assert last.value == ops.edges[-1].value
    assert first.value == "[−3.100 1.500]"
    assert first.gradient == ops.edges[0].gradient


def shared(x):
    with graph.scope("shared"):
        return graph.tanh(graph.exp(x))


DENSE = layers.Dense(1, kernel_initializer="ones", bias_initializer="ones", name="dense")

# What is called several times, and how often its name stands in a drawing.
CALLS = {
    "function, its own result": (lambda x: activations.elu(activations.elu(x)), "elu", 2),
    "of one op": (lambda x: activations.silu(activations.silu(activations.silu(x))), "silu", 3),
    "layer, with an op between": (lambda x: shared(shared(x) * 2), "shared", 2),
    "layer, in a row": (lambda x: shared(shared(shared(x))), "shared", 3),
    "layer, side by side": (lambda x: shared(x) + shared(x), "shared", 2),
    "layer with weights": (lambda x: DENSE(DENSE(DENSE(graph.reshape(x, (1, 1))))), "dense", 3),
}


@pytest.mark.parametrize(("build", "name", "count"), CALLS.values(), ids=CALLS)
def test_each_call_is_drawn(build, name, count):
    x = graph.placeholder((), name="x")
    diagram = graph_diagram(build(x), {"x": 0.1}, level="layers")
    assert [n.label for n in diagram.nodes if n.kind == "block"].count(name) == count
    whole = graph_diagram(build(x), {"x": 0.1})
    assert diagram.edges[-1].value == whole.edges[-1].value
    placed = split_groups(
        {n.name: n.groups for n in whole.nodes}, [Link(e.source, e.target) for e in whole.edges]
    )
    assert len({path for path in placed.values() if path and path[0][0] == name}) == count


def test_weights_of_a_layer_called_twice_are_drawn_once():
    x = graph.placeholder((1, 1), name="x")
    for level, ops in {"functions": ["·", "+"] * 2, "layers": []}.items():
        diagram = graph_diagram(DENSE(DENSE(x)), {"x": [[2.0]]}, level=level)
        assert [n.kind for n in diagram.nodes if n.kind == "parameter"] == ["parameter"] * 2
        assert [n.label for n in diagram.nodes if n.kind == "op"] == ops


def test_layers_show_the_gradients_of_their_weights():
    diagram = graph_diagram(MODEL, np.ones((1, 2)), level="layers")
    names = {node.name: node.label for node in diagram.nodes}
    found = {names[e.source]: (e.value, e.gradient) for e in diagram.edges}
    assert found["kernel"] == ("[1.000]\n[1.000]", "[1.000]\n[1.000]")
    assert found["bias"] == ("0.000", "1.000")


def test_nodes_are_numbered_as_in_the_table():
    source, feeds = "exp(2*x) + x", {"x": 0.5}
    diagram = graph_diagram(source, feeds)
    drawn = [(node.number, node.label) for node in diagram.nodes if node.kind == "op"]
    rows = graph_table(source, feeds).splitlines()[1:]
    told = [row.split(" = ")[0] for row in rows if " = " in row]
    assert [number for number, _ in drawn] == told == ["#1", "#2", "#3"]


@pytest.mark.parametrize(("parameters", "quiet"), [([], set()), (["w"], {"x", "t"})])
def test_gradients_of_data_are_grey_where_something_is_to_be_learned(parameters, quiet):
    diagram = graph_diagram("(w*x - t)^2", {"w": 1, "x": 2, "t": 3}, parameters=parameters)
    names = {node.name: node.label for node in diagram.nodes}
    assert {names[edge.source] for edge in diagram.edges if edge.quiet} == quiet


def test_an_op_that_reads_a_value_twice_has_two_arrows_at_each_level():
    x = graph.placeholder((), name="x")
    for level in ("ops", "functions", "layers"):
        edges = graph_diagram(x * x, {"x": 3.0}, level=level).edges
        assert [e.gradient for e in edges] == ["3.000", "3.000", "1.000"]


def test_a_constant_that_a_function_is_given_is_no_part_of_it():
    diagram = graph_diagram(activations.elu(2.0), level="functions")
    assert [node.label for node in diagram.nodes] == ["2", "elu", ""]


def test_a_model_is_no_layer():
    with graph.scope("model"):
        y = drawings.network(2)
    diagram = graph_diagram(y, X, level="layers")
    assert {n.label for n in diagram.nodes if n.kind == "block"} == {"dense_0", "dense_1", "add"}


MODEL = Sequential([layers.Input((2,)), layers.Dense(1, kernel_initializer="ones")])
TWO = layers.Input((1,), name="a"), layers.Input((1,), name="b")

# What is drawn, with which values, the labels of its leaves and the last number.
SOURCES = {
    "formula": ("max(0, w*x)", {"w": 2, "x": 3}, ["0", "w", "x"], "6.000"),
    "formula of vectors": ("sum(w*x)", {"w": [1, 2], "x": [3.0, 4.0]}, ["w", "x"], "11.000"),
    "formula with elu": ("elu(x)", {"x": 2.5}, ["0", "x", "1", "0", "0", "1"], "2.500"),
    "formula, shapes alone": ("w*x", None, ["w", "x"], ""),
    "function": (lambda w: w * 2, {"w": 1}, ["w", "2"], "2.000"),
    "function of one value": (lambda w: w * 2, 1.5, ["w", "2"], "3.000"),
    "function, shapes alone": (lambda w, x: w @ x if w.shape else w * x, None, ["w", "x"], ""),
    "function with a default": (activations.leaky_relu, {"x": 4.0}, None, "4.000"),
    "function of several": (lambda x: [x, x + 1], {"x": 1.0}, ["x", "1"], "2.000"),
    "function by place": (operator.mul, (), None, None),
    "loss": (losses.MeanSquaredError(), None, None, None),
    "model": (MODEL, np.ones((1, 2)), ["x", "kernel", "bias"], "2.000"),
    "model of lists": (MODEL, [[1.0, 3.0]], ["x", "kernel", "bias"], "4.000"),
    "model, shapes alone": (MODEL, None, ["x", "kernel", "bias"], "(1 × 1)"),
    "layer": (layers.Dense(1, kernel_initializer="ones"), [[1.0]], None, "1.000"),
    "model of two": (Model(list(TWO), layers.Add()(list(TWO))), [np.ones((1, 1))] * 2, None,
                     "2.000"),
    "model of two, shapes alone": (Model(list(TWO), layers.Add()(list(TWO))), None, None,
                                   "(1 × 1)"),
    "model of names": (Model(dict(zip("ab", TWO, strict=True)), layers.Add()(list(TWO))),
                       {"a": [[1.0]], "b": [[2.0]]}, ["a", "b"], "3.000"),
    "tensor": (graph.parse("x + 1"), {"x": 1}, ["x", "1"], "2.000"),
}  # fmt: skip


@pytest.mark.parametrize("case", SOURCES)
def test_what_can_be_drawn(case):
    source, feeds, labels, last = SOURCES[case]
    if last is None:
        with pytest.raises(GrafitoError):
            graph_diagram(source, [1] if feeds is None else feeds)
        return
    diagram = graph_diagram(source, feeds)
    leaves = ("input", "parameter", "constant")
    found = [node.label for node in diagram.nodes if node.kind in leaves]
    assert labels is None or sorted(found) == sorted(labels)
    assert diagram.edges[-1].value == last
    assert isinstance(graph_table(source, feeds), str)


def test_weights_of_a_layer_are_named_in_the_language_of_the_drawing():
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    figure = draw_graph(model, np.ones((1, 2)), lang="es")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"núcleo", "sesgo", "·", "producto de matrices"} <= set(texts)
    assert not {"kernel", "bias", "@"} & set(texts)
    mine = graph_diagram("kernel*x", parameters=["kernel"], lang="es")
    assert mine.nodes[0].label == "kernel"  # somebody's own name stays


@pytest.mark.parametrize(("known", "title"), [(True, "salida"), (False, "output")])
def test_layers_keep_the_names_that_a_user_gave_them(known, title):
    model = Sequential([layers.Input((2,)), layers.Dense(1, name="output")])
    with known_names(known):  # those of an experiment of grafito are translated
        figure = draw_graph(model, np.ones((1, 2)), lang="es")
    assert title in [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("name", ["relu", "elu", "leaky_relu", "softplus", "log_sigmoid", "mse"])
def test_functions_keep_the_names_of_the_library_in_each_language(name):
    """A student finds them under these names: no "Unidad lineal", no capitals of our own."""
    x = graph.placeholder((1, 2), name="x")
    output = losses.get(name)(x, x) if name == "mse" else activations.get(name)(x)
    drawn = {
        lang: [
            n.label
            for n in graph_diagram(output, {"x": [X["x"]]}, level="functions", lang=lang).nodes
        ]
        for lang in ("en", "es")
    }
    known = {"relu": "ReLU", "mse": "mean_squared_error"}
    assert known.get(name, name) in drawn["es"]
    assert drawn["es"] == drawn["en"]


def test_parameters_are_drawn_as_such():
    kinds = {
        node.label: node.kind
        for node in graph_diagram("w*x + b", parameters=("w", "b")).nodes
        if node.kind != "op"
    }
    assert kinds == {"w": "parameter", "x": "input", "b": "parameter", "": "output"}
    numbers = graph_diagram("w*x", {"w": 1, "x": 2}, parameters=["w"])
    assert [edge.gradient for edge in numbers.edges] == ["2.000", "1.000", "1.000"]
    with pytest.raises(ArgumentError, match="Unknown input 'v'"):
        graph_diagram("w*x", parameters=["v"])


@pytest.mark.parametrize(
    ("formula", "shapes", "table"),
    [
        ("-x", {}, ["node", "x", "#1 = −x"]),
        ("x @ w", {"x": (2,), "w": (2, 3)}, ["node      shape", "x          (2)",
                                             "w       (2 × 3)", "#1 = x · w  (3)"]),
    ],
)  # fmt: skip
def test_a_table_without_values(formula, shapes, table):
    found = graph_table(graph.parse(formula, shapes)).splitlines()
    assert [line.split() for line in found] == [line.split() for line in table]


def test_larger_arrays_are_written_out_where_asked():
    x = np.arange(10.0).reshape(5, 2)
    assert "(5 × 2)" in graph_table("x*2", {"x": x})
    whole = graph_table("x*2", {"x": x}, most=5, digits=0)
    assert "[[0 2] [4 6] [8 10] [12 14] [16 18]]" in whole
    assert graph_diagram("x*2", {"x": x}, most=5, digits=0).edges[-1].value.count("\n") == 4


def test_an_inner_region_around_one_op_is_left_out():
    assert {node.groups for node in graph_diagram(drawings.dense_layer()[1], X).nodes} == {
        (),
        ("dense",),
    }


x = graph.placeholder((2,), name="x")
n0, n1 = Node("a", "a"), Node("b", "b")
MISTAKES = {
    "level": (lambda: draw_graph(x, level="layer"), ArgumentError, "'layers'"),
    "language": (lambda: draw_graph(x, lang="fr"), ArgumentError, "one of en, es"),
    "no tensor": (lambda: draw_graph([1.0]), ArgumentError, "Only tensors"),
    "nothing": (lambda: draw_graph(None), ArgumentError, "Only tensors"),
    "an output of a model": (lambda: draw_graph(MODEL.output), ArgumentError, r"draw_graph\(model"),
    "an unbuilt model": (
        lambda: draw_graph(Sequential([layers.Dense(1)])),
        ArgumentError,
        r"draw_graph\(model, x",
    ),
    "a formula without a value": (
        lambda: draw_graph("w*x", {"w": 1}),
        ArgumentError,
        r"'x' was given no value.\n.*'x': \.",
    ),
    "a tensor without a value": (
        lambda: draw_graph(graph.parse("w*x"), {"w": 1}),
        ArgumentError,
        "{'w': ..., 'x': ...}",
    ),
    "a function without a value": (
        lambda: draw_graph(lambda w, x: w * x, {"w": 1}),
        ArgumentError,
        "'x' was given no value",
    ),
    "another argument": (
        lambda: draw_graph(lambda w: w, {"v": 1}),
        ArgumentError,
        "Unknown argument of the func",
    ),
    "a function of nothing": (
        lambda: draw_graph(lambda x: 3, {"x": 1}),
        ArgumentError,
        "Only tens",
    ),
    "values without names": (lambda: draw_graph("w*x", [1, 2]), ArgumentError, "by name"),
    "missing input": (lambda: draw_graph(graph.exp(x), {}), ArgumentError, "'x'"),
    "too large": (
        lambda: draw_graph(graph.stack([graph.exp(x) for _ in range(500)])),
        ArgumentError,
        "too many nodes",
    ),
    "no nodes": (lambda: Diagram(()), ArgumentError, "at least one node"),
    "twice": (lambda: Diagram((n0, n1, n0)), ArgumentError, "same name"),
    "to nowhere": (lambda: Diagram((n0,), (Edge("a", "c"),)), ArgumentError, "does not exist"),
    "cycle": (
        lambda: draw_diagram(Diagram((n0, n1), (Edge("a", "b"), Edge("b", "a")))),
        GraphError,
        "cycle",
    ),
}


@pytest.mark.parametrize(("call", "error", "text"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_graph_without_functions_is_the_same_at_both_levels():
    y = graph.parse("1/(1+exp(-x))")
    ops, functions = (graph_diagram(y, {"x": 0.5}, level=level) for level in ("ops", "functions"))
    assert [node.label for node in ops.nodes] == [node.label for node in functions.nodes]
