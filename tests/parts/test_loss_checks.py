"""The checks before training: wrong pairs of loss, activation and labels, and right ones."""

import warnings

import numpy as np
import pytest

from grafito import Sequential, graph, layers, losses
from grafito.errors import ArgumentError, DataError

# Does the loss fit the last layer?

LOGITS_BCE = losses.BinaryCrossentropy(from_logits=True)
LOGITS_SPARSE = losses.SparseCategoricalCrossentropy(from_logits=True)
UNFIT = [
    ("binary_crossentropy", "softmax", 1, "sigmoid"),
    ("mse", "softmax", 1, "sigmoid"),
    ("categorical_crossentropy", "softmax", 1, "sigmoid"),
    ("categorical_crossentropy", "sigmoid", 1, "binary_crossentropy"),
    ("sparse_categorical_crossentropy", "linear", 1, "binary_crossentropy"),
    ("binary_crossentropy", "linear", 1, 'activation="sigmoid"'),
    ("binary_crossentropy", "tanh", 1, "from_logits=True"),
    ("binary_crossentropy", "relu", 1, 'activation="sigmoid"'),
    ("categorical_crossentropy", "linear", 3, 'activation="softmax"'),
    ("sparse_categorical_crossentropy", "linear", 3, "from_logits=True"),
    ("sparse_categorical_crossentropy", "relu", 3, 'activation="softmax"'),
    ("categorical_crossentropy", "relu6", 3, "from_logits=True"),
    ("categorical_focal_crossentropy", "tanh", 3, 'activation="softmax"'),
    ("kl_divergence", "linear", 3, 'activation="sigmoid"'),
]
UNUSUAL = [
    ("binary_crossentropy", "softmax", 2, "categorical_crossentropy"),
    (LOGITS_BCE, "sigmoid", 1, "from_logits=False"),
    (LOGITS_SPARSE, "softmax", 3, "without activation"),
    ("categorical_crossentropy", "sigmoid", 3, 'activation="softmax"'),
    ("sparse_categorical_crossentropy", "softplus", 3, 'activation="softmax"'),
    ("poisson", "linear", 1, "softplus"),
]
FIT = [
    ("binary_crossentropy", "sigmoid", 1),
    ("binary_crossentropy", "sigmoid", 5),
    ("binary_crossentropy", "hard_sigmoid", 1),
    ("categorical_crossentropy", "softmax", 2),
    ("sparse_categorical_crossentropy", "softmax", 10),
    ("kl_divergence", "softmax", 3),
    ("kl_divergence", "sigmoid", 3),
    (LOGITS_BCE, "linear", 1),
    (LOGITS_SPARSE, "linear", 3),
    ("hinge", "tanh", 1),
    ("hinge", "linear", 1),
    ("categorical_hinge", "linear", 3),
    ("categorical_hinge", "softmax", 3),
    ("svm", "linear", 3),
    ("mse", "softmax", 3),
    ("mse", "sigmoid", 1),
    ("mse", "tanh", 1),
    ("mae", "relu", 1),
    ("poisson", "exponential", 1),
    ("sparse_categorical_crossentropy", "my_own_activation", 3),
    (lambda y_true, y_pred: y_pred, "linear", 1),
]


@pytest.mark.parametrize(("loss", "activation", "units", "fix"), UNFIT)
def test_a_loss_that_cannot_work_is_an_error(loss, activation, units, fix):
    with pytest.raises(ArgumentError) as error:
        losses.check_loss_fits(losses.get(loss), activation, units, where="dense_2")
    assert "dense_2" in str(error.value)
    assert fix in str(error.value)


@pytest.mark.parametrize(("loss", "activation", "units", "fix"), UNUSUAL)
def test_a_loss_that_is_seldom_meant_is_a_warning(loss, activation, units, fix):
    with pytest.warns(losses.LossWarning) as caught:
        losses.check_loss_fits(losses.get(loss), activation, units)
    assert fix in str(caught[0].message)


@pytest.mark.parametrize(("loss", "activation", "units"), FIT)
def test_a_loss_that_fits_says_nothing(loss, activation, units):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        losses.check_loss_fits(losses.get(loss), activation, units)
    assert not caught


LAST_LAYERS = [
    lambda activation: layers.Dense(3, activation=activation),
    lambda activation: layers.Dense(3, activation=activation, use_bias=False),
    lambda activation: layers.Conv2D(3, 3, activation=activation),
]


@pytest.mark.parametrize("last", LAST_LAYERS, ids=["dense", "dense without bias", "conv"])
def test_the_activation_is_recognised_in_the_output(last):
    loss = losses.get("categorical_crossentropy")
    for activation in (None, "linear", "tanh"):
        output = last(activation)(graph.placeholder((2, 5, 5, 1)))
        with pytest.raises(ArgumentError, match="logarithm"):
            losses.check_loss_fits(loss, output)
    losses.check_loss_fits(loss, last("softmax")(graph.placeholder((2, 5, 5, 1))))
    with pytest.warns(losses.LossWarning):
        losses.check_loss_fits(loss, last("sigmoid")(graph.placeholder((2, 5, 5, 1))))


def test_what_is_not_recognised_is_not_checked():
    loss = losses.get("binary_crossentropy")
    normalized = layers.BatchNormalization()(graph.placeholder((4, 3)))
    losses.check_loss_fits(loss, normalized)
    losses.check_loss_fits(loss, graph.placeholder((4, 3)))


def test_training_checks_the_loss():
    from grafito import models

    model = models.Sequential([layers.Input((2,)), layers.Dense(1, activation="softmax")])
    model.compile("sgd", "binary_crossentropy")
    with pytest.raises(ArgumentError, match="always 1"):
        model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)


# Do the labels fit the loss?


@pytest.mark.parametrize(
    ("loss", "y", "classes", "words"),
    [
        ("sparse_categorical_crossentropy", [1, 2, 3], 3, ["from 1 to 3", "y - 1"]),
        ("sparse_categorical_crossentropy", [0, 12, 1], 10, ["12 at index 1", "with 13 units"]),
        ("sparse_categorical_crossentropy", [0, -1], 10, ["-1 at index 1", "0 to 9"]),
        ("sparse_categorical_crossentropy", [0.5, 1], 2, ["0.5 at index 0"]),
        ("svm", [[1], [2]], 2, ["from 1 to 2"]),
        ("svm", [[0, 1], [1, 1]], 2, ["2.0 at index 1", "sum 1"]),
        ("categorical_crossentropy", [[0, 1], [1, 1]], 2, ["2", "sigmoid", "binary"]),
        ("categorical_crossentropy", [[0, 1], [0, 0]], 2, ["0.0 at index 1"]),
        ("categorical_crossentropy", [[2, -1], [0, 1]], 2, ["-1 at index (0, 1)"]),
        ("binary_crossentropy", [-1, 1], 1, ["-1 at index 0", "(y + 1) / 2"]),
        ("binary_crossentropy", [0, 255, 17], 1, ["255 at index 1", "y / 255"]),
        ("binary_crossentropy", [0, 1, 2], 1, ["2 at index 2", "sparse_categorical"]),
        ("binary_crossentropy", [0.1, 3.7], 1, ["3.7", 'loss="mse"']),
        ("hinge", [1, 2], 1, ["2 at index 1", "multiclass_hinge"]),
        ("squared_hinge", [-1, 0.5], 1, ["0.5 at index 1"]),
        ("mse", [[1.0, 2.0], [np.nan, np.inf]], 2, ["NaN", "index (1, 0)", "2 in total"]),
        ("mse", ["cat", "dog"], 1, ["numpy.unique", "cat"]),
    ],
)
def test_labels_that_do_not_fit_say_what_to_edit(loss, y, classes, words):
    with pytest.raises((DataError, losses.LossWarning)) as error:  # warnings are errors here
        losses.check_labels(losses.get(loss), np.array(y), classes, where="y_train")
    assert "y_train" in str(error.value)
    assert not [word for word in words if word not in str(error.value)], error.value


@pytest.mark.parametrize(
    ("loss", "y", "classes"),
    [
        ("sparse_categorical_crossentropy", [0, 9, 3], 10),
        ("sparse_categorical_crossentropy", [[0], [1]], 2),
        ("sparse_categorical_crossentropy", np.array([3, 0], "uint8"), 4),
        (losses.SparseCategoricalCrossentropy(ignore_class=-1), [0, -1, 1], 2),
        (losses.SparseCategoricalCrossentropy(ignore_class=-1), [-1, -1], 2),
        ("categorical_crossentropy", np.eye(3, dtype="uint8"), 3),
        ("categorical_crossentropy", [[0.3, 0.7]], 2),
        ("svm", np.eye(3), 3),
        ("svm", [2, 0], 3),
        ("binary_crossentropy", [True, False], 1),
        ("binary_crossentropy", [0.25, 1], 1),
        ("hinge", [0, 1], 1),
        ("hinge", [-1, 1], 1),
        ("hinge", [1, 1], 1),
        ("mse", [-1e6, 3], 1),
        ("mse", np.zeros((0, 3)), 3),
        (lambda y_true, y_pred: y_pred, [7, -7], None),
    ],
)
def test_labels_that_fit_pass(loss, y, classes):
    losses.check_labels(losses.get(loss), np.asarray(y), classes)


# What counts, and what a rounding may miss


def test_examples_of_weight_0_may_have_any_label():
    sparse, one_hot = map(
        losses.get, ("sparse_categorical_crossentropy", "categorical_crossentropy")
    )
    rows = np.eye(3)[[0, 2, 1]]
    rows[1] = 0
    losses.check_labels(sparse, np.array([0, -1, 2]), 3, weights=np.array([1.0, 0.0, 2.0]))
    losses.check_labels(one_hot, rows, 3, weights=np.array([1.0, 0.0, 2.0]))
    with pytest.raises(DataError, match="ignore_class=-1"):
        losses.check_labels(sparse, np.array([0, -1, 2]), 3, weights=np.array([1.0, 0.5, 2.0]))


@pytest.mark.parametrize(("form", "row"), [("sparse", -1), ("one-hot", [0.0, 0.0, 0.0])])
def test_padding_of_weight_0_is_trained_on(form, row):
    x = np.ones((4, 2), "float32")
    y = np.array([0, 1, 2, -1]) if form == "sparse" else np.vstack([np.eye(3), [row]])
    name = "sparse_categorical_crossentropy" if form == "sparse" else "categorical_crossentropy"
    model = Sequential([layers.Input((2,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", name)
    history = model.fit(x, y, sample_weight=np.array([1.0, 1, 1, 0]), verbose=0)
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_a_rounding_above_1_is_a_probability():
    above = np.array([np.nextafter(np.float32(1), 2), 0.5], "float32")
    losses.check_labels(losses.get("binary_crossentropy"), above)
    with pytest.raises(DataError):
        losses.check_labels(losses.get("binary_crossentropy"), above + 0.001)


def test_rows_of_several_labels_are_a_warning():
    y = np.array([[1, 1, 0], [0, 1, 0]])
    with pytest.warns(losses.LossWarning, match='activation="sigmoid"'):
        losses.check_labels(losses.get("categorical_crossentropy"), y, 3)


ONE_COLUMN = {
    "categorical": losses.CategoricalCrossentropy(),
    "logits": losses.CategoricalCrossentropy(from_logits=True),
    "sparse": losses.SparseCategoricalCrossentropy(),
    "focal": losses.CategoricalFocalCrossentropy(),
    "a function": losses.categorical_crossentropy,
    "the first axis": losses.CategoricalCrossentropy(axis=1),
}


@pytest.mark.parametrize("case", ONE_COLUMN)
def test_a_categorical_loss_of_one_column_is_told_in_a_loop_of_ones_own(case):
    predicted = np.full((4, 1, 3) if case == "the first axis" else (4, 1), 0.5, "float32")
    targets = np.zeros((4,), int) if case == "sparse" else np.ones_like(predicted)
    with pytest.warns(losses.LossWarning, match="one column") as caught:
        ONE_COLUMN[case](targets, predicted)
    assert caught[0].filename == __file__
