"""Variables: how they are made, read and assigned."""

import keras
import numpy as np
import pytest

import grafito
from grafito import graph, initializers, layers
from grafito.errors import ArgumentError, ShapeError, UnknownArgumentError, UnknownNameError

MADE = {
    "a number of NumPy": ((np.float64(2),), {}),
    "a scalar": ((np.float32(2.5),), {}),
    "an array": ((np.arange(3, dtype="float32"),), {}),
    "a name": (("ones",), {"shape": (2, 3)}),
    "a function": ((lambda shape, dtype: np.full(shape, 3, dtype),), {"shape": (2,)}),
    "keywords": ((), {"initializer": "zeros", "shape": (2,), "trainable": False, "name": "w"}),
    "by position": (("ones", (2,), "float32", False), {"name": "w"}),
    "no axes": (("ones", ()), {}),
    "integers": (("ones",), {"shape": (2,), "dtype": "int32"}),
}


@pytest.mark.parametrize("case", MADE)
def test_variables_are_made_as_in_keras(case):
    arguments, named = MADE[case]
    ours = grafito.Variable(*arguments, **named)
    theirs = keras.Variable(*arguments, **named)
    assert ours.shape == tuple(theirs.shape)
    assert (ours.dtype, ours.trainable) == (theirs.dtype, theirs.trainable)
    np.testing.assert_array_equal(ours.numpy(), np.asarray(theirs))
    assert "name" not in named or ours.name == theirs.name


@pytest.mark.parametrize("initializer", [initializers.RandomUniform(seed=1), "uniform"])
@pytest.mark.parametrize("shape", [(2, 3), [2, 3], (np.int64(2), 3), 6])
def test_initializers_fill_the_shape(initializer, shape):
    made = grafito.Variable(shape=shape, initializer=initializer)
    assert made.shape == (tuple(shape) if np.ndim(shape) else (shape,))
    assert made.numpy().std() > 0


def test_classes_of_initializers_are_initializers():
    assert grafito.Variable(initializers.Ones, (2,)).numpy().tolist() == [1.0, 1.0]


REFUSED = {
    "an initializer without a shape": (lambda: graph.Variable("ones"), ArgumentError, "shape=(2"),
    "a dtype for a shape": (lambda: graph.Variable(1.0, "int32"), ArgumentError, "dtype='int32'"),
    "another shape": (lambda: graph.Variable([1.0, 2.0], (3,)), ShapeError, "(2,)"),
    "not an integer": (lambda: graph.Variable("ones", (2.5,)), ArgumentError, "integers"),
    "a size that is free": (lambda: graph.Variable("ones", (None, 2)), ArgumentError, "integers"),
    "a negative size": (lambda: graph.Variable("ones", (-1,)), ArgumentError, "(-1,)"),
    "no such initializer": (lambda: graph.Variable("unifrm", (2,)), UnknownNameError, "uniform"),
    "TensorFlow's name": (
        lambda: graph.Variable(initial_value=1.0),
        UnknownArgumentError,
        "initializer=1.0",
    ),
    "an argument of Keras": (
        lambda: graph.Variable(1.0, aggregation="mean"),
        UnknownArgumentError,
        "trainable",
    ),
    "nothing": (lambda: graph.Variable(), ArgumentError, "initializer"),
    "None": (lambda: graph.Variable(None, (2,)), ArgumentError, "initializer"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_variable_is_refused(case):
    make, error, told = REFUSED[case]
    with pytest.raises(error) as caught:
        make()
    assert told in str(caught.value)


def test_value_is_what_the_variable_holds_now():
    w = graph.Variable([1.0, 2.0])
    before = w.value
    w.assign([3.0, 4.0])
    assert isinstance(before, graph.Tensor)
    assert before.numpy().tolist() == [1.0, 2.0]
    assert w.value.numpy().tolist() == [3.0, 4.0]


def test_value_leads_gradients_to_the_variable():
    w = graph.Variable([1.0, 2.0])
    assert graph.gradients(graph.sum(w.value * w.value), w).numpy().tolist() == [2.0, 4.0]


def test_value_in_a_step_is_what_was_last_assigned():
    class Counting(layers.Layer):
        def build(self, shape):
            self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.seen.assign_add(2.0)
            self.seen.assign_sub(1.0)
            return x * self.seen.value

    model = grafito.Sequential([layers.Input((1,)), Counting()])
    model.compile(loss="mse")
    assert model.predict(np.ones((2, 1)), verbose=0).tolist() == [[1.0], [1.0]]


STEPS = {
    "assign": (lambda w: w.assign([5.0, 6.0]), [5.0, 6.0]),
    "assign_add": (lambda w: w.assign_add([1.0, 2.0]), [2.0, 4.0]),
    "assign_add a number": (lambda w: w.assign_add(1), [2.0, 3.0]),
    "assign_sub": (lambda w: w.assign_sub([1.0, 0.5]), [0.0, 1.5]),
    "assign_sub itself": (lambda w: w.assign_sub(w), [0.0, 0.0]),
}


@pytest.mark.parametrize("case", STEPS)
def test_assignments(case):
    step, expected = STEPS[case]
    w = graph.Variable([1.0, 2.0])
    step(w)
    assert w.numpy().tolist() == expected


@pytest.mark.parametrize("step", ["assign", "assign_add", "assign_sub"])
def test_assignments_keep_the_shape(step):
    w = graph.Variable([1.0, 2.0], name="w")
    with pytest.raises(ShapeError):
        getattr(w, step)([[1.0, 2.0], [3.0, 4.0]])


def test_the_own_dense_layer_of_a_text_book():
    class NaiveDense:
        def __init__(self, input_size, output_size, activation=None):
            self.W = grafito.Variable(shape=(input_size, output_size), initializer="uniform")
            self.b = grafito.Variable(shape=(output_size,), initializer="zeros")

        def __call__(self, x):
            return graph.relu(x @ self.W + self.b)

    layer = NaiveDense(3, 2)
    assert layer(np.ones((4, 3), "float32")).shape == (4, 2)
    np.testing.assert_array_equal(layer.W.value.numpy(), layer.W.numpy())
