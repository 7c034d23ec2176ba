"""Losses as users call them: shapes, weights, dtypes, names, functions of their own."""

import numpy as np
import pytest
from specs_losses import LABELS, LOGITS, NUMBERS, SOFTMAX, WEIGHTS, K, N, value_and_gradient

from grafito import losses
from grafito.errors import ArgumentError, ShapeError, UnknownNameError
from grafito.registry import custom_objects

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
    with pytest.raises(ShapeError, match=r"one weight (for|and one value for) each example"):
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
