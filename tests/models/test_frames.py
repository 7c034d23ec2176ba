"""DataFrames and Series in fit, evaluate and predict, as they are."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import grafito
from grafito import layers
from grafito.errors import DataError
from grafito.models import load_model

pandas = pytest.importorskip("pandas")


def frame(rows=40):
    rng = np.random.default_rng(0)
    return pandas.DataFrame(
        {
            "size": rng.normal(size=rows),
            "rooms": pandas.array(rng.integers(1, 6, rows), dtype="Int64"),
            "garden": rng.random(rows) > 0.5,
            "city": pandas.Categorical(rng.choice(["Lima", "Quito", "Salta"], rows)),
            "sold": pandas.date_range("2024-01-01 12:00", periods=rows),
        }
    )


def model(columns, outputs=1, loss="mse"):
    grafito.utils.set_random_seed(0)
    last = layers.Dense(outputs, "softmax" if outputs > 1 else None)
    built = grafito.Sequential([layers.Input((columns,)), last])
    built.compile(grafito.optimizers.SGD(1e-9), loss)
    return built


def plain(x):
    """The numbers that the frame stands for, made by hand."""
    days = (x["sold"] - pandas.Timestamp("1970-01-01")) / pandas.Timedelta("1D")
    parts = [x["size"], x["rooms"].astype("float64"), x["garden"], x["city"].cat.codes, days]
    return np.column_stack([np.asarray(part, "float64") for part in parts])


def test_all_kinds_of_columns_are_their_numbers():
    x = frame()
    ours, theirs = model(5), model(5)
    ours.fit(x, x["size"], epochs=2, verbose=0)
    theirs.fit(plain(x), x["size"].to_numpy(), epochs=2, verbose=0)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(ours.predict(x, verbose=0), theirs.predict(plain(x), verbose=0))
    assert ours.evaluate(x, x["size"], verbose=0) == theirs.evaluate(plain(x), x["size"], verbose=0)


@pytest.mark.parametrize("column", ["size", "rooms", "garden", "city", "sold"])
def test_each_column_is_a_frame_and_a_series(column):
    x = frame()
    alone = grafito.models.frames.frame_array("x", x[[column]])
    assert alone.dtype.kind in "biuf"
    assert np.array_equal(alone[:, 0], plain(x)[:, list(x).index(column)])
    assert np.array_equal(grafito.models.frames.frame_array("x", x[column]), alone[:, 0])


def test_a_column_of_the_inputs_may_be_called_y():
    """Its categories are its own, not those of the targets."""
    x = pandas.DataFrame({"y": pandas.Categorical(["a", "b", "a", "b"])})
    classes = model(1, 2, "sparse_categorical_crossentropy")
    classes.fit(x, pandas.Series(["no", "no", "yes", "yes"], dtype="category"), verbose=0)
    others = pandas.DataFrame({"y": pandas.Categorical(["a", "c"])})
    with pytest.raises(DataError, match="other categories") as wrong:
        classes.predict(others, verbose=0)
    assert wrong.value.rows["where"] == "x['y']"


def test_categories_are_class_labels():
    x = frame()
    classes = model(1, 3, "sparse_categorical_crossentropy")
    classes.fit(x[["size"]], x["city"], verbose=0)
    others = x.assign(city=x["city"].cat.set_categories(["Salta", "Lima", "Quito"]))
    with pytest.raises(DataError, match="other categories") as wrong:
        classes.evaluate(x[["size"]], others["city"], verbose=0)
    assert "set_categories(['Lima', 'Quito', 'Salta'])" in wrong.value.rows["try"]


def test_what_is_missing_is_named_by_its_column():
    x = frame()
    x.loc[3, "rooms"] = pandas.NA
    with pytest.raises(DataError, match="non-finite") as wrong:
        model(2).fit(x[["size", "rooms"]], x["size"], verbose=0)
    assert wrong.value.rows["where"] == "x['rooms'], row 3"
    for column, value in (("sold", pandas.NaT), ("city", None)):
        gap = frame()
        gap.loc[5, column] = value
        with pytest.raises(DataError) as wrong:
            model(2).fit(gap[["size", column]], gap["size"], verbose=0)
        assert wrong.value.rows["where"] == f"x[{column!r}], row 5"


@pytest.mark.parametrize("dtype", [object, "string", None])
def test_text_is_refused_with_a_way_out(dtype):
    x = frame()
    x["city"] = x["city"].astype(str).astype(dtype or "str")
    with pytest.raises(DataError, match="holds text") as wrong:
        model(2).fit(x[["size", "city"]], x["size"], verbose=0)
    assert wrong.value.rows["where"] == "x['city']"
    assert 'astype("category")' in wrong.value.rows["try"]
    with pytest.raises(DataError, match="holds text"):
        model(1).fit(x[["size"]], x["city"], verbose=0)
    numbers = x[["size"]].assign(rooms=x["rooms"].astype(str).astype(dtype or "str"))
    with pytest.raises(DataError, match="holds text"):
        model(2).fit(numbers, x["size"], verbose=0)


def test_columns_in_another_order_are_refused():
    x = frame()[["size", "rooms", "garden"]]
    trained = model(3)
    trained.fit(x, x["size"], verbose=0)
    for use in (
        lambda x: trained.predict(x, verbose=0),
        lambda x: trained.evaluate(x, x["size"], verbose=0),
        lambda x: trained.fit(x, x["size"], verbose=0),
    ):
        with pytest.raises(DataError, match="another order") as wrong:
            use(x[["rooms", "size", "garden"]])
        assert wrong.value.rows["try"] == "x[['size', 'rooms', 'garden']]"
    with pytest.raises(DataError, match="A column is missing") as wrong:
        trained.predict(x.rename(columns={"rooms": "roms"}), verbose=0)
    assert wrong.value.rows["try"] == "x.rename(columns={'roms': 'rooms'})"
    assert trained.predict(x.astype("float64").to_numpy(), verbose=0).shape == (40, 1)


def test_a_file_keeps_the_columns(tmp_path):
    x = frame()[["size", "rooms"]].assign(city=frame()["city"].astype("category"))
    trained = model(3)
    trained.fit(x, x["size"], verbose=0)
    trained.save(tmp_path / "model.safetensors")
    for copy in (load_model(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(trained))):
        assert copy.predict(x, verbose=0).shape == (40, 1)
        with pytest.raises(DataError, match="another order"):
            copy.predict(x[["rooms", "size", "city"]], verbose=0)
        others = x.assign(city=x["city"].cat.add_categories(["Lugo"]))
        with pytest.raises(DataError, match="other categories"):
            copy.predict(others, verbose=0)


def test_a_file_leaves_out_categories_that_are_no_plain_values(tmp_path):
    x = frame()[["size"]]
    x["bin"] = pandas.cut(x["size"], 3)
    trained = model(2)
    trained.fit(x, x["size"], verbose=0)
    trained.save(tmp_path / "model.safetensors")
    assert load_model(tmp_path / "model.safetensors").predict(x, verbose=0).shape == (40, 1)


def test_validation_data_have_the_same_columns():
    x = frame()[["size", "rooms"]]
    with pytest.raises(DataError, match="another order"):
        model(2).fit(x, x["size"], validation_data=(x[["rooms", "size"]], x["size"]), verbose=0)


def test_two_columns_of_one_name_are_refused():
    x = frame()[["size", "size", "rooms"]]
    with pytest.raises(DataError, match="the same name"):
        model(3).fit(x, frame()["size"], verbose=0)


def test_splits_and_weights_of_classes_know_the_columns():
    x = frame()
    split = model(2)
    weights = {0: 1.0, 1: 2.0}
    split.fit(
        x[["size", "rooms"]], x["garden"], validation_split=0.25, class_weight=weights, verbose=0
    )
    with pytest.raises(DataError, match="another order"):
        split.predict(x[["rooms", "size"]], verbose=0)
