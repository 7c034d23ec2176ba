"""Calls on arrays give results that keep their value and belong to the graph."""

import numpy as np
import pytest

from grafito import Model, Sequential, figures, graph, layers, optimizers
from grafito.engines import get
from grafito.errors import GraphError, UnknownNameError

X = np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4)


class Own(Model):
    def __init__(self):
        super().__init__()
        self.parts_ = [layers.Dense(3, activation="tanh"), layers.Dense(2)]

    def call(self, x):
        return self.parts_[1](self.parts_[0](x))


def functional():
    x = layers.Input((4,))
    return Model(x, layers.add([layers.Dense(2)(x), layers.Dense(2, activation="relu")(x)]))


NETWORKS = {
    "layer": lambda: layers.Dense(2),
    "normalisation": layers.BatchNormalization,
    "stack": lambda: Sequential([layers.Dense(3, activation="sigmoid"), layers.Dense(2)]),
    "functional": functional,
    "subclass": Own,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_the_weights(name):
    network = NETWORKS[name]()
    y = network(X)
    network.set_weights([w + 0.1 for w in network.get_weights()])
    weights = network.trainable_variables
    at_once, formula = network(X), network(graph.as_tensor(X))
    assert not np.allclose(y, at_once)
    found = [
        graph.value(graph.gradients(graph.mean(graph.square(out)), weights))
        for out in (at_once, formula)
    ]
    for ours, right in zip(*found, strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-5, atol=1e-6)
        assert np.abs(right).max() > 0


@pytest.mark.parametrize("name", NETWORKS)
def test_a_value_stays_what_it_was(name):
    network = NETWORKS[name]()
    y = network(X)
    before, weights = y.numpy(), network.trainable_variables
    loss = graph.mean(graph.square(y))
    slopes = graph.gradients(loss, weights)
    then = graph.value([loss, *slopes])
    network.set_weights([w + 1 for w in network.get_weights()])
    np.testing.assert_array_equal(y.numpy(), before)
    for now, was in zip(graph.value([loss, *slopes]), then, strict=True):
        np.testing.assert_array_equal(now, was)
    y.numpy()[...] = 7
    np.testing.assert_array_equal(y.numpy(), before)


def test_fit_does_not_change_what_was_computed_before():
    network = NETWORKS["stack"]()
    network.compile(optimizers.SGD(0.5), loss="mse")
    network.fit(X, X[:, :2], verbose=0)
    y = network(X)
    before = y.numpy()
    slopes = graph.gradients(graph.mean(y), network.trainable_variables)
    was = graph.value(slopes)
    network.fit(X, X[:, :2], epochs=3, verbose=0)
    np.testing.assert_array_equal(y.numpy(), before)
    for now, then in zip(graph.value(slopes), was, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("name", [n for n in NETWORKS if n != "normalisation"])
def test_a_loop_of_ones_own_trains(name):
    network = NETWORKS[name]()
    network(X)
    adam, losses = optimizers.Adam(0.05), []
    for _ in range(30):
        loss = graph.mean(graph.square(network(X) - X[:, :2]))
        adam.apply(graph.gradients(loss, network.trainable_variables), network.trainable_variables)
        losses.append(float(loss))
    assert losses[-1] < 0.3 * losses[0]


def test_layers_on_results_of_layers():
    encoder, decoder = layers.Dense(3), layers.Dense(4)
    code = encoder(X)
    out = decoder(code)
    before = out.numpy()
    encoder.set_weights([w * 2 for w in encoder.get_weights()])
    decoder.set_weights([w * 2 for w in decoder.get_weights()])
    np.testing.assert_array_equal(out.numpy(), before)
    slopes = graph.gradients(graph.sum(out), [*encoder.weights, *decoder.weights])
    np.testing.assert_allclose(
        slopes[2].numpy(), np.tile(code.numpy().sum(0)[:, None], (1, 4)), rtol=1e-5
    )
    assert all(np.abs(s.numpy()).max() > 0 for s in slopes)


def test_random_layers_are_drawn_once():
    y = layers.Dropout(0.5)(np.ones((50, 4)), training=True)
    np.testing.assert_array_equal(y.numpy(), (y + 0).numpy())
    z = layers.Dropout(0.5)(np.ones((50, 4)), training=True)
    assert (y.numpy() != z.numpy()).any()


@pytest.mark.parametrize("engine", ["reference", "llvm"])
def test_a_step_takes_a_result_as_a_constant(engine):
    if engine == "llvm":
        pytest.importorskip("llvmlite")
    teacher = layers.Dense(2)
    target = teacher(X)
    right = 3 * target.numpy()
    step = graph.trace_graph(
        lambda x: {"y": 3 * target + 0 * x}, {"x": graph.placeholder((), name="x")}
    )
    assert not step.variables
    assert not any(x.op.name == "matmul" for x in step.nodes)
    program = get(engine).compile(step)
    program.bind({"x": np.float32(1)})
    teacher.set_weights([w + 1 for w in teacher.get_weights()])
    np.testing.assert_allclose(program.run()["y"][0], right, rtol=1e-6)


def test_other_weights_may_be_fed():
    dense = layers.Dense(2)
    y = dense(X)
    kernel = np.ones((4, 2), "float32")
    np.testing.assert_allclose(
        graph.value(y, {dense.kernel: kernel}), X @ kernel, rtol=1e-5, atol=1e-6
    )
    assert graph.gradient(graph.sum(y), dense.bias).tolist() == [5.0, 5.0]


def test_a_drawing_shows_the_weights():
    dense = layers.Dense(2)
    drawn = figures.graph_diagram(dense(X))
    assert "kernel" in str(drawn)


def test_an_input_without_connection_is_an_error():
    v, w = graph.Variable(1.0, name="v"), graph.Variable(2.0, name="w")
    with pytest.raises(GraphError, match=r"does not depend(?s:.*)\bv\b(?s:.*)unconnected"):
        graph.gradients(w * w, [w, v])
    slopes = graph.gradients(w * w, [w, v], unconnected="zero")
    assert [s.numpy().item() for s in slopes] == [4.0, 0.0]
    assert graph.gradients(graph.floor(v), v).numpy() == 0  # flat, but connected
    assert graph.gradients(v, v).numpy() == 1
    with pytest.raises(UnknownNameError):
        graph.gradients(w * w, v, unconnected="none")
    with pytest.raises(GraphError):
        graph.gradients(w * 2, layers.Dense(1)(X))
