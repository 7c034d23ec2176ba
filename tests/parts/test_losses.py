"""Losses: values by hand, values and gradients of Keras, gradients by differences, ends, errors."""

import inspect
import warnings

import jax
import numpy as np
import pytest
from specs_losses import LABELS, LOGITS, LOSSES, NUMBERS, ONE_HOT, SOFTMAX, WEIGHTS, K, N, Row

from grafito import graph, layers, losses
from grafito.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from grafito.graph.rewrite import rewrite
from grafito.registry import custom_objects, snake_case

rows = pytest.mark.parametrize("row", LOSSES, ids=str)
keras_rows = pytest.mark.parametrize("row", [r for r in LOSSES if r.keras], ids=str)
reductions = pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", None]
)


def value_and_gradient(loss, y_true, y_pred, weights=None, dtype="float64"):
    """The loss, and the gradient of its sum in the predictions."""
    x = graph.placeholder(np.shape(y_pred), dtype, name="y_pred")
    out = loss(y_true, x, weights)
    return graph.value([out, graph.gradients(graph.sum(out), x)], {x: y_pred})


# The tables


def test_every_loss_has_a_row():
    public = {
        name
        for name in losses.__all__
        if inspect.isclass(thing := getattr(losses, name)) and issubclass(thing, losses.Loss)
    }
    registered = {entry.__name__ for entry in losses.registry.entries.values()}
    rows = {row.name for row in LOSSES}
    assert registered == rows | {"FunctionLoss"}
    assert public == registered | {"Loss"}


@pytest.mark.parametrize("row", [r for r in LOSSES if r.by_hand], ids=str)
def test_values_by_hand(row):
    y_true, y_pred, expected = row.by_hand
    loss = row.build(losses)(y_true, np.array(y_pred, "float64"))
    assert loss.shape == ()
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@reductions
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@keras_rows
def test_keras_computes_the_same(keras, row, reduction, weights):
    theirs = row.build(keras.losses, reduction=reduction, dtype="float64")
    if row.arguments.get("axis") == 0:
        weights = None if weights is None else weights[:K]
    ours = value_and_gradient(
        row.build(losses, reduction=reduction), row.y_true, row.y_pred, weights
    )
    slopes = jax.grad(lambda y: theirs(row.y_true, y, weights).sum())(row.y_pred)
    # Keras takes means in float32.
    expected = np.asarray(theirs(row.y_true, row.y_pred, weights))
    np.testing.assert_allclose(ours[0], expected, rtol=2e-7)
    np.testing.assert_allclose(ours[1], slopes, rtol=2e-7, atol=1e-7 * np.abs(slopes).max())


@keras_rows
def test_keras_computes_the_same_in_float32(keras, row):
    y_pred = row.y_pred.astype("float32")
    ours = value_and_gradient(row.build(losses), row.y_true, y_pred, dtype="float32")
    theirs = row.build(keras.losses)
    value, slopes = jax.value_and_grad(lambda y: theirs(row.y_true.astype("float32"), y))(y_pred)
    assert ours[0].dtype == ours[1].dtype == "float32"
    np.testing.assert_allclose(ours[0], value, rtol=1e-6)
    np.testing.assert_allclose(ours[1], slopes, rtol=1e-5, atol=1e-6 * np.abs(slopes).max())


ENDS = np.array([0.0, 1e-9, 1e-7, 0.5, 1 - 1e-7, 1 - 1e-9, 1.0])
TARGETS = np.array([0.0, 1.0, 1.0, 0.3, 0.0, 1.0, 0.0])


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "BinaryFocalCrossentropy", "KLDivergence"])
def test_keras_clips_probabilities_at_the_same_ends(keras, name):
    row = Row(name, TARGETS[:, None], ENDS[:, None], {"reduction": "sum"})
    theirs = row.build(keras.losses, dtype="float64")
    ours = value_and_gradient(row.build(losses), row.y_true, row.y_pred)
    np.testing.assert_allclose(ours[0], theirs(row.y_true, row.y_pred), rtol=1e-6)
    slopes = np.asarray(jax.grad(lambda y: theirs(row.y_true, y))(row.y_pred))
    np.testing.assert_allclose(ours[1], slopes, rtol=1e-6)


@pytest.mark.parametrize(
    "name",
    ["CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy"],
)
def test_keras_clips_rows_of_probabilities_at_the_same_ends(keras, name):
    y_pred = np.array([[0.0, 1.0], [1.0, 0.0], [1e-9, 1 - 1e-9], [0.25, 0.75]])
    labels = np.array([0, 0, 1, 1])
    y_true = labels if name.startswith("Sparse") else np.eye(2)[labels]
    theirs = getattr(keras.losses, name)(dtype="float64")
    ours = value_and_gradient(getattr(losses, name)(), y_true, y_pred)
    np.testing.assert_allclose(ours[0], theirs(y_true, y_pred), rtol=1e-7)
    slopes = jax.grad(lambda y: theirs(y_true, y))(y_pred)
    np.testing.assert_allclose(ours[1], slopes, rtol=1e-6, atol=1e-12)


@rows
def test_gradients_agree_with_differences(row):
    loss = row.build(losses)
    report = graph.check_gradients(lambda y_pred: loss(row.y_true, y_pred), [row.y_pred])
    assert not report.kinks


@rows
def test_function_forms_give_each_example(row):
    function = getattr(losses, snake_case(row.name))
    values = function(row.y_true, row.y_pred, **row.arguments)
    whole = row.build(losses, reduction=None)(row.y_true, row.y_pred)
    assert function.__name__ == snake_case(row.name)
    assert np.array_equal(values.numpy(), whole.numpy())


def arguments(thing):
    names = [*inspect.signature(thing).parameters]
    return [name for name in names if name not in ("fn", "kwargs")]


@keras_rows
def test_keras_has_the_same_arguments(keras, row):
    assert arguments(getattr(losses, row.name)) == arguments(getattr(keras.losses, row.name))
    name = snake_case(row.name)
    assert arguments(getattr(losses, name)) == arguments(getattr(keras.losses, name))


@keras_rows
def test_keras_has_the_same_settings(keras, row):
    theirs, ours = row.build(keras.losses).get_config(), row.build(losses).get_config()
    assert {name: ours[name] for name in theirs} == theirs


@rows
def test_configuration_round_trip(row):
    loss = row.build(losses, reduction="sum")
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


# Logits and stable forms

FAR = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]])


@pytest.mark.parametrize(
    ("name", "y_true", "expected"),
    [
        ("BinaryCrossentropy", [[1, 0, 0], [1, 0, 1]], [LN2 := np.log(2) / 3, 2e4 / 3]),
        ("CategoricalCrossentropy", [[0, 1, 0], [0, 1, 0]], [2e4, np.log(2)]),
        ("SparseCategoricalCrossentropy", [2, 0], [1e4, 2e4 + np.log(2)]),
        ("BinaryFocalCrossentropy", [[1, 0, 0], [1, 0, 1]], [LN2 / 4, 2e4 / 3]),
        ("CategoricalFocalCrossentropy", [[0, 1, 0], [0, 1, 0]], [5e3, np.log(2) / 16]),
    ],
)
def test_far_logits_stay_finite_and_right(name, y_true, expected):
    loss = getattr(losses, name)(from_logits=True, reduction=None)
    value, slopes = value_and_gradient(loss, y_true, FAR, dtype="float32")
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize(
    ("activation", "name", "y_true"),
    [
        (graph.sigmoid, "BinaryCrossentropy", [[1, 0, 0], [1, 0, 1]]),
        (graph.softmax, "CategoricalCrossentropy", [[0, 1, 0], [0, 1, 0]]),
        (graph.softmax, "SparseCategoricalCrossentropy", [2, 0]),
    ],
)
def test_rewriting_finds_the_logits_behind_probabilities(activation, name, y_true):
    x = graph.placeholder(FAR.shape, name="x")
    (loss,) = rewrite([getattr(losses, name)()(y_true, activation(x))])
    stable = getattr(losses, name)(from_logits=True)(y_true, x)
    slopes = [graph.gradients(y, x) for y in (loss, stable)]
    ours, theirs = (
        graph.value([loss, slopes[0]], {x: FAR}),
        graph.value([stable, slopes[1]], {x: FAR}),
    )
    assert float(ours[0]) == float(theirs[0]) > 100
    assert np.array_equal(ours[1], theirs[1])


def test_log_cosh_does_not_overflow():
    loss = losses.LogCosh(reduction=None)([[0.0], [0.0]], [[1e4], [-1e4]])
    np.testing.assert_allclose(loss.numpy(), 1e4 - np.log(2), rtol=1e-6)


# The multiclass hinge


@pytest.mark.parametrize("y_true", [LABELS, LABELS[:, None], ONE_HOT], ids=["n", "n1", "one-hot"])
def test_multiclass_hinge_is_that_of_weston_and_watkins(y_true):
    terms = np.maximum(0, 1 + LOGITS - LOGITS[np.arange(N), LABELS][:, None])
    expected = terms.sum(axis=1) - 1  # the term of the class itself is always 1
    loss = losses.MulticlassHinge(reduction="none")(y_true, LOGITS)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)


def test_multiclass_hinge_gradient_by_hand():
    _, slopes = value_and_gradient(losses.get("svm"), [1], np.array([[1.5, 2.0, 3.0, 0.5]]))
    assert slopes.tolist() == [[1.0, -2.0, 1.0, 0.0]]


def test_torch_has_the_same_multiclass_hinge(torch):
    scores = torch.tensor(LOGITS, requires_grad=True)
    theirs = torch.nn.functional.multi_margin_loss(scores, torch.tensor(LABELS)) * K
    theirs.backward()
    value, slopes = value_and_gradient(losses.MulticlassHinge(), LABELS, LOGITS)
    assert float(value) == pytest.approx(theirs.item(), rel=1e-12)
    np.testing.assert_allclose(slopes, scores.grad.numpy(), rtol=1e-12)


# Shapes and weights


@pytest.mark.parametrize("name", ["mse", "mae", "huber", "hinge"])
def test_a_vector_is_never_broadcast_against_a_column(name):
    y, p = np.sign(NUMBERS[:, 0]), LOGITS[:, 0]
    loss = losses.get(name)
    expected = float(loss(y[:, None], p[:, None]))
    assert float(loss(y, p[:, None])) == expected
    assert float(loss(y[:, None], p)) == expected
    assert loss.pair(y, p[:, None])[0].shape == (N, 1)


def test_a_users_own_function_is_protected_too():
    y, p = NUMBERS[:, 0], LOGITS[:, :1]
    loss = losses.get(lambda y_true, y_pred: (y_true - y_pred) ** 2)
    assert float(loss(y, p)) == pytest.approx(np.mean((y - p[:, 0]) ** 2), rel=1e-6)


def test_sequences_lose_their_last_axis_as_in_keras(keras):
    y, p = NUMBERS.reshape(N, K), LOGITS.reshape(N, K, 1)
    ours = losses.MeanSquaredError(reduction="sum")
    theirs = keras.losses.MeanSquaredError(reduction="sum")
    assert float(ours(y, p)) == pytest.approx(float(theirs(y, p)), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "words"),
    [
        ("mse", (5, 3), (5, 4), ["(5, 3)", "(5, 4)", "a last layer with 3 units"]),
        ("mse", (5,), (5, 4), ["(5,)", "(5, 4)", "a last layer with 1 unit"]),
        ("mse", (5, 4), (5, 1), ["(5, 4)", "(5, 1)", "a last layer with 4 units"]),
        ("mae", (6, 1), (5, 1), ["(6, 1)", "(5, 1)", "one target for each example"]),
        ("binary_crossentropy", (5,), (5, 4), ["(5,)", "(5, 4)", "sparse_categorical"]),
        (
            "categorical_crossentropy",
            (5,),
            (5, 4),
            ["Integer labels", "sparse_categorical_crossentropy", "to_categorical(y, 4)"],
        ),
        ("categorical_crossentropy", (5, 1), (5, 4), ["Integer labels", "(5, 1)"]),
        ("categorical_hinge", (5,), (5, 4), ["Integer labels", "multiclass_hinge"]),
        (
            "sparse_categorical_crossentropy",
            (5, 4),
            (5, 4),
            ["One-hot", "'categorical_crossentropy'", "argmax"],
        ),
        ("sparse_categorical_crossentropy", (5,), (5,), ["(5,)", "an integer for each"]),
        ("svm", (5, 3), (5, 4), ["(5, 3)", "(5, 4)"]),
    ],
)
def test_wrong_shapes_say_what_to_edit(name, y_true, y_pred, words):
    with pytest.raises(ShapeError) as error:
        losses.get(name)(np.ones(y_true, int), np.ones(y_pred))
    assert not [word for word in words if word not in str(error.value)], error.value


def test_the_class_axis_may_be_another():
    loss = losses.SparseCategoricalCrossentropy(axis=1)
    y_pred = SOFTMAX[:10].reshape(2, 5, K)
    y_true = LABELS[:10].reshape(2, 5)
    expected = float(losses.SparseCategoricalCrossentropy()(y_true, y_pred))
    assert float(loss(y_true, np.moveaxis(y_pred, -1, 1))) == pytest.approx(expected, rel=1e-12)
    one_hot = np.moveaxis(np.eye(K)[y_true], -1, 1)
    categorical = losses.CategoricalCrossentropy(axis=1)
    moved = float(categorical(one_hot, np.moveaxis(y_pred, -1, 1)))
    assert moved == pytest.approx(expected, rel=1e-12)


def test_weights_of_one_for_each_example():
    loss = losses.get(lambda y_true, y_pred: abs(y_true - y_pred))  # a value for each output
    by_example = loss(NUMBERS, LOGITS, WEIGHTS)
    assert float(by_example) == pytest.approx(
        np.mean(np.abs(NUMBERS - LOGITS) * WEIGHTS[:, None]), rel=1e-9
    )
    assert float(loss(NUMBERS, LOGITS, WEIGHTS[:, None])) == float(by_example)
    mse = losses.MeanSquaredError()
    assert float(mse(NUMBERS, LOGITS, 2.0)) == 2 * float(mse(NUMBERS, LOGITS))


@pytest.mark.parametrize("weights", [np.ones(3), np.ones((N, K, 1)), np.ones((1, N))])
def test_weights_that_do_not_fit_are_an_error(weights):
    with pytest.raises(ShapeError, match="one weight for each example"):
        losses.MeanSquaredError()(NUMBERS, LOGITS, weights)


def test_weights_of_zero_give_zero():
    loss = losses.MeanSquaredError(reduction="mean_with_sample_weight")
    value, slopes = value_and_gradient(loss, NUMBERS, LOGITS, np.zeros(N))
    assert float(value) == 0
    assert not slopes.any()


def test_ignored_examples_may_hold_anything():
    y_pred = SOFTMAX.copy()
    y_pred[0] = np.nan
    labels = LABELS.copy()
    labels[0] = -1
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    value, slopes = value_and_gradient(loss, labels, y_pred)
    rest = losses.SparseCategoricalCrossentropy()(labels[1:], SOFTMAX[1:])
    assert float(value) == pytest.approx(float(rest), rel=1e-12)
    assert not slopes[0].any()


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "bool"])
def test_targets_of_any_dtype(dtype):
    y_true = (LABELS % 2).astype(dtype)[:, None]
    expected = float(losses.get("mse")(y_true.astype(float), SOFTMAX[:, :1]))
    assert float(losses.get("mse")(y_true, SOFTMAX[:, :1])) == expected
    sparse = losses.get("sparse_categorical_crossentropy")
    assert float(sparse(y_true, SOFTMAX)) == float(sparse(LABELS % 2, SOFTMAX))


# What a user writes


def test_names_classes_functions_and_objects():
    mse = losses.MeanSquaredError
    for identifier in ("mse", "MSE", "mean_squared_error", "MeanSquaredError", mse, mse()):
        assert type(losses.get(identifier)) is mse
    assert type(losses.get(losses.mean_squared_error)) is mse
    assert losses.get(None) is None
    with pytest.raises(UnknownNameError, match="mean_squared_error"):
        losses.get("mean_square_error")


def test_a_function_is_stored_by_its_name():
    def cubic(y_true, y_pred):
        return abs(y_true - y_pred) ** 3

    config = losses.serialize(losses.get(cubic))
    assert config["config"]["fn"] == config["config"]["name"] == "cubic"
    with custom_objects({"cubic": cubic}):
        assert losses.deserialize(config).fn is cubic


def test_a_subclass_needs_a_call():
    with pytest.raises(NotImplementedError, match="needs a method call"):
        losses.Loss()([1.0], [1.0])


def test_reductions_have_two_names():
    for name, other in (("mean", "sum_over_batch_size"), ("none", None)):
        same = [losses.Huber(reduction=r)(NUMBERS, LOGITS, WEIGHTS).numpy() for r in (name, other)]
        assert np.array_equal(*same)


def test_an_unknown_reduction_is_an_error():
    with pytest.raises(ArgumentError, match="'sum_over_batch_size'"):
        losses.MeanSquaredError(reduction="average")


@pytest.mark.parametrize("name", ["crossentropy", "ce"])
@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (((9,), (9, 1)), "binary_crossentropy"),
        (((9, 1), (9, 1)), "binary_crossentropy"),
        (((9,), (9, 4)), "sparse_categorical_crossentropy"),
        (((9, 1), (9, 4)), "sparse_categorical_crossentropy"),
        (((9, 4), (9, 4)), "categorical_crossentropy"),
        (((9, 5), (9, 5, 4)), "sparse_categorical_crossentropy"),
    ],
)
def test_crossentropy_chooses_its_form(name, shapes, expected):
    assert losses.resolve(name, *shapes).name == expected
    assert losses.resolve("mse", *shapes).name == "mean_squared_error"


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
    ("categorical_focal_crossentropy", "tanh", 3, 'activation="softmax"'),
    ("kl_divergence", "linear", 3, 'activation="sigmoid"'),
]
UNUSUAL = [
    ("binary_crossentropy", "softmax", 2, "categorical_crossentropy"),
    (LOGITS_BCE, "sigmoid", 1, "from_logits=False"),
    (LOGITS_SPARSE, "softmax", 3, "without activation"),
    ("categorical_crossentropy", "sigmoid", 3, 'activation="softmax"'),
    ("sparse_categorical_crossentropy", "relu", 3, 'activation="softmax"'),
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
        ("binary_crossentropy", [0.1, 3.7], 1, ["3.7", "y.max()"]),
        ("hinge", [1, 2], 1, ["2 at index 1", "multiclass_hinge"]),
        ("squared_hinge", [-1, 0.5], 1, ["0.5 at index 1"]),
        ("mse", [[1.0, 2.0], [np.nan, np.inf]], 2, ["NaN", "index (1, 0)", "2 such"]),
        ("mse", ["cat", "dog"], 1, ["numpy.unique", "cat"]),
    ],
)
def test_labels_that_do_not_fit_say_what_to_edit(loss, y, classes, words):
    with pytest.raises(DataError) as error:
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
