"""Layers that read text: what Keras 3.15 on TensorFlow computed, recorded once, stands as rows."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest

from grafito import layers, models, utils
from grafito.errors import ArgumentError, DataError, GraphError, NotBuiltError

TEXTS = ["The cat sat on the mat.", "The dog ate my homework!", "A cat, a dog; a mouse"]
NEW = ["the cat and the bird ran", "a DOG!", ""]
WORDS = ["the", "a", "dog", "cat", "sat", "on", "my", "mouse", "mat", "homework", "ate"]
IDF = [0.8554334, 0.6931472, 0.9162908, 0.6931472, 0.6931472, *[0.9162908] * 7]
A, B = IDF[1], IDF[2]


def rows(places, depth, value=1.0):
    """Rows of zeros with other numbers at some places."""
    out = np.zeros((len(places), depth))
    for row, found in zip(out, places, strict=True):
        for place in found:
            row[place] = found[place] if isinstance(found, dict) else value
    return out.tolist()


SETS = [[0, 1, 4], [2, 3], []]
SUMS = [{0: 3 * IDF[0], 1: 2 * A, 4: A}, {2: B, 3: A}, {}]
VECTORIZED = [
    ({}, [[2, 5, 1, 2, 1, 1], [3, 4, 0, 0, 0, 0], [0] * 6], ["", "[UNK]", *WORDS]),
    ({"max_tokens": 6}, [[2, 5, 1, 2, 1, 1], [3, 4, 0, 0, 0, 0], [0] * 6], None),
    ({"output_sequence_length": 4}, [[2, 5, 1, 2], [3, 4, 0, 0], [0] * 4], None),
    ({"output_mode": "multi_hot"}, rows(SETS, 12), ["[UNK]", *WORDS]),
    (
        {"output_mode": "multi_hot", "max_tokens": 20, "pad_to_max_tokens": True},
        rows(SETS, 20),
        ["[UNK]", *WORDS],
    ),
    (
        {"output_mode": "count", "max_tokens": 6},
        [[3, 2, 0, 0, 1, 0], [0, 0, 1, 1, 0, 0], [0] * 6],
        ["[UNK]", *WORDS[:5]],
    ),
    ({"output_mode": "tf_idf"}, rows(SUMS, 12), ["[UNK]", *WORDS]),
    (
        {"output_mode": "tf_idf", "max_tokens": 20, "pad_to_max_tokens": True},
        rows(SUMS, 20),
        None,
    ),
    (
        {"ngrams": 2, "max_tokens": 8},
        [[2, 5, 1, 2, 1, 1, 1, 1, 1, 1, 1], [3, 4, 1, *[0] * 8], [0] * 11],
        ["", "[UNK]", "the", "a", "dog", "cat", "the mat", "the dog"],
    ),
    (
        {"ngrams": (2,), "max_tokens": 6},
        [[4, 1, 1, 1, 1], [1, 0, 0, 0, 0], [0] * 5],
        ["", "[UNK]", "the mat", "the dog", "the cat", "sat on"],
    ),
    (
        {"standardize": None, "max_tokens": 5},
        [[4, 1, 1, 4, 1, 1], [2, 1, 0, 0, 0, 0], [0] * 6],
        ["", "[UNK]", "a", "The", "the"],
    ),
    (
        {"standardize": "lower", "max_tokens": 6},
        [[2, 1, 1, 2, 1, 1], [3, 1, 0, 0, 0, 0], [0] * 6],
        ["", "[UNK]", "the", "a", "sat", "on"],
    ),
    (
        {"standardize": "strip_punctuation", "max_tokens": 6},
        [[1, 3, 1, 1, 1, 1], [4, 1, 0, 0, 0, 0], [0] * 6],
        ["", "[UNK]", "dog", "cat", "a", "The"],
    ),
    (
        {"split": "character", "max_tokens": 8, "output_sequence_length": 6},
        [[3, 1, 6, 2, 1, 4], [4, 2, 1, 5, 1, 0], [0] * 6],
        ["", "[UNK]", " ", "t", "a", "o", "e", "m"],
    ),
    ({"split": None}, [1, 1, 0], None),
    (
        {"vocabulary": ["cat", "dog"]},
        [[1, 2, 1, 1, 1, 1], [1, 3, 0, 0, 0, 0], [0] * 6],
        ["", "[UNK]", "cat", "dog"],
    ),
    (
        {"vocabulary": ["cat", "dog"], "output_mode": "tf_idf", "idf_weights": [0.5, 0.25]},
        [[1.875, 0.5, 0.0], [0.375, 0.0, 0.25], [0.0] * 3],
        ["[UNK]", "cat", "dog"],
    ),
]


def known(layer, data):
    """The layer, adapted where it was given no vocabulary."""
    if layer.vocabulary is None:
        layer.adapt(data)
    return layer


def again(layer):
    return layers.deserialize(json.loads(json.dumps(layers.serialize(layer))))


def check(layer, given, expected, vocabulary):
    for each in (layer, again(layer)):
        np.testing.assert_allclose(each(given).numpy(), expected, rtol=1e-6)
        if vocabulary is not None:
            assert each.get_vocabulary() == vocabulary
            assert each.vocabulary_size() == len(vocabulary)
    assert again(layer).get_config() == layer.get_config()


@pytest.mark.parametrize(("arguments", "expected", "vocabulary"), VECTORIZED, ids=str)
def test_texts(arguments, expected, vocabulary):
    layer = known(layers.TextVectorization(**arguments), TEXTS)
    check(layer, np.array(NEW), expected, vocabulary)
    check(layer, [[text] for text in NEW], expected, vocabulary)


ROW, SET = ["[UNK]", "d", "z", "c", "b", "a"], [["a", "d", "z"], ["d", "m", "b"]]
LETTERS, NUMBERS = list("abcd"), [12, 36, 1138, 42]
FOUR, PAIR = [["a", "c", "d", "d"], ["d", "z", "b", "z"]], [[0, 1, 2, 5], [0, 1, 4]]
STRINGS = [
    ({}, SET, [[5, 1, 2], [1, 0, 4]], ROW),
    ({"mask_token": "[MASK]"}, SET, [[6, 2, 3], [2, 1, 5]], ["[MASK]", *ROW]),
    ({"num_oov_indices": 0}, SET[:1], [[4, 0, 1]], ROW[1:]),
    ({"max_tokens": 3}, SET, [[0, 1, 2], [1, 0, 0]], ROW[:3]),
    (
        {"output_mode": "one_hot"},
        SET,
        [np.eye(6)[[5, 1, 2]].tolist(), np.eye(6)[[1, 0, 4]].tolist()],
        ROW,
    ),
    ({"output_mode": "multi_hot"}, SET, [[0, 1, 1, 0, 0, 1], [1, 1, 0, 0, 1, 0]], ROW),
    (
        {"output_mode": "tf_idf"},
        SET,
        [[0, 0.5108256, 0.6931472, 0, 0, 0.6931472], [0.6566828, 0.5108256, 0, 0, 0.6931472, 0]],
        ROW,
    ),
    (
        {"output_mode": "multi_hot", "mask_token": "a"},
        SET,
        [[0, 1, 1, 0, 0], [1, 1, 0, 0, 1]],
        ROW[:5],
    ),
    (
        {"output_mode": "count", "max_tokens": 10, "pad_to_max_tokens": True},
        SET,
        [[0, 1, 1, 0, 0, 1, 0, 0, 0, 0], [1, 1, 0, 0, 1, 0, 0, 0, 0, 0]],
        ROW,
    ),
    ({"vocabulary": LETTERS}, FOUR, [[1, 3, 4, 4], [4, 0, 2, 0]], ["[UNK]", *LETTERS]),
    ({"vocabulary": ["[UNK]", *LETTERS]}, FOUR, [[1, 3, 4, 4], [4, 0, 2, 0]], ["[UNK]", *LETTERS]),
    ({"vocabulary": LETTERS}, "a", 1, None),
    (
        {"vocabulary": LETTERS, "output_mode": "one_hot"},
        [["a"], ["z"]],
        [[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]],
        None,
    ),
    (
        {"vocabulary": LETTERS, "output_mode": "multi_hot"},
        FOUR,
        [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]],
        None,
    ),
    (
        {"vocabulary": LETTERS, "output_mode": "count"},
        FOUR,
        [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]],
        None,
    ),
    (
        {"vocabulary": LETTERS, "output_mode": "tf_idf", "idf_weights": [0.25, 0.75, 0.6, 0.4]},
        FOUR,
        [[0, 0.25, 0, 0.6, 0.8], [1.0, 0, 0.75, 0, 0.4]],
        None,
    ),
    (
        {"vocabulary": LETTERS, "mask_token": ""},
        [["a", "", "q"]],
        [[2, 0, 1]],
        ["", "[UNK]", *LETTERS],
    ),
]


@pytest.mark.parametrize(("arguments", "given", "expected", "vocabulary"), STRINGS, ids=str)
def test_strings(arguments, given, expected, vocabulary):
    layer = known(layers.StringLookup(**arguments), [["a", "c", "d"], ["d", "z", "b"]])
    check(layer, given, expected, vocabulary)


WHOLE = [[12, 1138, 42, 42], [42, 7, 36, 7]]
INTEGERS = [
    (
        {"vocabulary": NUMBERS},
        [[12, 1138, 42], [42, 1000, 36]],
        [[1, 3, 4], [4, 0, 2]],
        [-1, *NUMBERS],
    ),
    (
        {"vocabulary": NUMBERS, "num_oov_indices": 2},
        [[12, 1138, 42], [37, 1000, 36], [-3, -4, 7]],
        [[2, 4, 5], [1, 0, 3], [1, 0, 1]],
        [-1, -1, *NUMBERS],
    ),
    (
        {"vocabulary": NUMBERS, "mask_token": 0, "num_oov_indices": 3},
        [[12, 0, 42], [37, 1000, 36], [-3, -4, 7]],
        [[4, 0, 7], [2, 2, 5], [1, 3, 2]],
        [0, -1, -1, -1, *NUMBERS],
    ),
    (
        {"vocabulary": NUMBERS, "output_mode": "one_hot"},
        WHOLE,
        [np.eye(5)[[1, 3, 4, 4]].tolist(), np.eye(5)[[4, 0, 2, 0]].tolist()],
        None,
    ),
    (
        {"vocabulary": NUMBERS, "output_mode": "multi_hot"},
        WHOLE,
        [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]],
        None,
    ),
    (
        {"vocabulary": NUMBERS, "output_mode": "count"},
        WHOLE,
        [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]],
        None,
    ),
    (
        {"vocabulary": NUMBERS, "output_mode": "tf_idf", "idf_weights": [0.25, 0.75, 0.6, 0.4]},
        WHOLE,
        [[0, 0.25, 0, 0.6, 0.8], [1.0, 0, 0.75, 0, 0.4]],
        None,
    ),
    ({}, [[12, 7]], [[5, 0]], [-1, 42, 1138, 1000, 36, 12]),
    (
        {"max_tokens": 3, "output_mode": "count"},
        [[12, 42], [7, 42]],
        [[1, 1, 0], [1, 1, 0]],
        [-1, 42, 1138],
    ),
    (
        {"output_mode": "tf_idf"},
        [[12, 42], [7, 42]],
        [[0, 0.5108256, 0, 0, 0, 0.6931472], [0.6566828, 0.5108256, 0, 0, 0, 0]],
        None,
    ),
]


@pytest.mark.parametrize(("arguments", "given", "expected", "vocabulary"), INTEGERS, ids=str)
def test_integers(arguments, given, expected, vocabulary):
    layer = known(layers.IntegerLookup(**arguments), np.array([[12, 1138, 42], [42, 1000, 36]]))
    check(layer, np.array(given), expected, vocabulary)


def test_back_to_terms():
    back = layers.StringLookup(vocabulary=LETTERS, invert=True)
    assert back([[1, 3, 4], [4, 0, 2]]).tolist() == [["a", "c", "d"], ["d", "[UNK]", "b"]]
    back = layers.IntegerLookup(vocabulary=NUMBERS, invert=True)
    assert back([[1, 3, 4], [4, 0, 2]]).tolist() == [[12, 1138, 42], [42, -1, 36]]
    with pytest.raises(GraphError, match="outside of models"):
        back(layers.Input((1,)))


def test_unknown_texts_share_the_places_of_the_unknown():
    layer = layers.StringLookup(vocabulary=LETTERS, num_oov_indices=3)
    found = layer([[str(i) for i in range(100)]]).numpy()[0]
    assert set(found.tolist()) == {0, 1, 2}
    assert np.array_equal(found, again(layer)([[str(i) for i in range(100)]]).numpy()[0])


@pytest.mark.parametrize("name", ["TextVectorization", "StringLookup", "IntegerLookup"])
def test_arguments_of_keras(keras, name):
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (layers, keras.layers))
    absent = {"ragged", "salt", "oov_method", "kwargs"}
    assert [n for n in ours if n in theirs and n != "kwargs"] == [
        n for n in theirs if n not in absent and n in ours
    ]
    assert {n for n in theirs if n not in ours} <= absent
    assert all(ours[n].default == theirs[n].default for n in ours if n in theirs and n != "kwargs")


# In models


def classifier(engine="auto", **arguments):
    read = layers.TextVectorization(output_sequence_length=6, **arguments)
    read.adapt(TEXTS)
    stack = [read, layers.Embedding(read.vocabulary_size(), 3, embeddings_initializer="ones")]
    stack += [layers.GlobalAveragePooling1D(), layers.Dense(1, kernel_initializer="ones")]
    model = models.Sequential(stack)
    model.compile("sgd", "mse", engine=engine)
    return model


Y = np.array([0.0, 1.0, 1.0])


@pytest.mark.parametrize("engine", ["reference", "llvm", "jax"])
def test_a_model_reads_text_on_every_engine(engine, tmp_path):
    model = classifier(engine)
    tokens = model.layers[0].tokens(TEXTS)
    same = models.Sequential([layers.Input((6,), dtype="int32"), *classifier().layers[1:]])
    same.compile("sgd", "mse", engine=engine)
    for texts, numbers in ((np.array(TEXTS), tokens), (TEXTS, tokens)):
        ours = model.fit(texts, Y, epochs=3, verbose=0, shuffle=False, validation_data=(texts, Y))
        theirs = same.fit(
            numbers, Y, epochs=3, verbose=0, shuffle=False, validation_data=(numbers, Y)
        )
        assert ours.history == theirs.history
    expected = same.predict(tokens, verbose=0)
    assert np.array_equal(model.predict(TEXTS, verbose=0), expected)
    assert np.array_equal(model.predict_on_batch(np.array(TEXTS)), expected)
    np.testing.assert_allclose(model(TEXTS).numpy(), expected, rtol=1e-5)
    assert model.evaluate(TEXTS, Y, verbose=0) == same.evaluate(tokens, Y, verbose=0)
    assert model.test_on_batch(TEXTS, Y) == same.test_on_batch(tokens, Y)
    assert model.train_on_batch(TEXTS, Y) == same.train_on_batch(tokens, Y)
    model.save(tmp_path / "m.safetensors")
    loaded = models.load_model(tmp_path / "m.safetensors")
    assert loaded.layers[0].get_vocabulary() == ["", "[UNK]", *WORDS]
    assert np.array_equal(loaded.predict(TEXTS, verbose=0), model.predict(TEXTS, verbose=0))
    assert models.clone_model(model).predict(TEXTS, verbose=0).shape == (3, 1)
    model.summary(print_fn=lambda text: None)


class Batches(utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return np.array(TEXTS[i : i + 1]), Y[i : i + 1]


def test_streams_of_text():
    model, read = classifier(), layers.TextVectorization()
    read.adapt(Batches())
    assert read.get_vocabulary() == ["", "[UNK]", *WORDS]
    history = model.fit(Batches(), epochs=2, verbose=0, validation_data=Batches()).history
    assert len(history["val_loss"]) == 2
    assert model.predict(Batches(), verbose=0).shape == (3, 1)
    same = classifier()
    same.fit((Batches()[i] for i in (0, 1, 2)), steps_per_epoch=3, verbose=0)


def several(engine="auto"):
    age = layers.Input((1,), name="age")
    kind = layers.Input((1,), dtype="string", name="kind")
    rooms = layers.Input((1,), dtype="int64", name="rooms")
    named, counted = layers.StringLookup(output_mode="one_hot"), layers.IntegerLookup()
    named.adapt([["flat"], ["house"], ["flat"]])
    counted.adapt([1, 5, 7])
    places = layers.Flatten()(layers.Embedding(4, 2)(counted(rooms)))
    x = layers.concatenate([age, named(kind), places])
    model = models.Model([age, kind, rooms], layers.Dense(1)(x))
    model.compile("adam", "mse", engine=engine)
    return model


TABLE = {
    "age": np.array([[1.0], [2.0], [3.0], [4.0]]),
    "kind": np.array([["flat"], ["house"], ["boat"], ["flat"]]),
    "rooms": np.array([[1], [5], [9], [7]]),
}


@pytest.mark.parametrize("engine", ["reference", "llvm", "jax"])
def test_a_table_with_lookups(engine, tmp_path):
    model = several(engine)
    first = model.predict(TABLE, verbose=0)
    assert np.array_equal(model.predict(list(TABLE.values()), verbose=0), first)
    assert np.isfinite(model.fit(TABLE, np.ones(4), verbose=0).history["loss"]).all()
    outer = models.Model(model.inputs, layers.Dense(1)(model(model.inputs)))
    assert outer.predict(TABLE, verbose=0).shape == (4, 1)
    model.save(tmp_path / "m.safetensors")
    loaded = models.load_model(tmp_path / "m.safetensors")
    assert np.array_equal(loaded.predict(TABLE, verbose=0), model.predict(TABLE, verbose=0))


class Own(models.Model):
    def __init__(self):
        super().__init__()
        self.read = layers.TextVectorization(vocabulary=WORDS, output_mode="multi_hot")
        self.dense = layers.Dense(1)

    def call(self, inputs):
        return self.dense(self.read(inputs))


def test_a_model_of_ones_own():
    model = Own()
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(np.array(TEXTS), Y, verbose=0).history["loss"]).all()
    assert model.predict(TEXTS, verbose=0).shape == model(TEXTS).shape == (3, 1)


def upper(text):
    return text.upper()


def halves(text):
    return text.split("A")


def test_functions_of_ones_own_are_saved_by_name(tmp_path):
    model = models.Sequential(
        [layers.TextVectorization(standardize=upper, split=halves, vocabulary=["C", "T S"])]
    )
    assert model.predict(["cat sat"], verbose=0).tolist() == [[2, 3, 1]]
    model.save(tmp_path / "m.safetensors")
    known = {"upper": upper, "halves": halves}
    loaded = models.load_model(tmp_path / "m.safetensors", custom_objects=known)
    assert loaded.predict(["cat sat"], verbose=0).tolist() == [[2, 3, 1]]


def test_another_vocabulary_holds_from_then_on(tmp_path):
    read = layers.StringLookup(vocabulary=["a", "b"])
    model = models.Sequential([layers.Input((2,), dtype="string"), read])
    assert model.predict([["a", "b"]], verbose=0).tolist() == [[1, 2]]
    read.set_vocabulary(["b", "a"])
    assert model.predict([["a", "b"]], verbose=0).tolist() == [[2, 1]]
    (tmp_path / "words.txt").write_text("b\nc\na\n")
    read.set_vocabulary(str(tmp_path / "words.txt"))
    assert model.predict([["a", "b"]], verbose=0).tolist() == [[3, 1]]
    counted = layers.IntegerLookup(vocabulary=[3, 4])
    model = models.Sequential([layers.Input((1,), dtype="int64"), counted])
    assert model.predict([[3]], verbose=0).tolist() == [[1]]
    counted.set_vocabulary([4, 3])
    assert model.predict([[3]], verbose=0).tolist() == [[2]]


# What does not fit


BAD = {
    "before adapt": (NotBuiltError, "adapt", lambda: layers.StringLookup()(["a"])),
    "vocabulary": (NotBuiltError, "adapt", lambda: layers.TextVectorization().get_vocabulary()),
    "size": (NotBuiltError, "adapt", lambda: layers.IntegerLookup().vocabulary_size()),
    "integers": (NotBuiltError, "adapt", lambda: layers.IntegerLookup()(np.array([[1]]))),
    "rows": (
        NotBuiltError,
        "adapt",
        lambda: models.Sequential([layers.TextVectorization(output_mode="count")]),
    ),
    "empty": (ArgumentError, "at least one", lambda: layers.StringLookup(vocabulary=[])),
    "twice": (ArgumentError, "'a' twice", lambda: layers.StringLookup(vocabulary=["a", "a"])),
    "nothing": (DataError, "no data", lambda: layers.TextVectorization().adapt([])),
    "no words": (DataError, "no data", lambda: layers.TextVectorization().adapt(["", "!"])),
    "unknown": (
        DataError,
        "'z'",
        lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["z"]),
    ),
    "weights": (
        ArgumentError,
        "idf_weights",
        lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"),
    ),
    "numbers": (DataError, r"\[1\].*7", lambda: layers.StringLookup(vocabulary=["a"])(["a", 7])),
    "column of numbers": (
        DataError,
        "float",
        lambda: several().predict({**TABLE, "kind": np.ones((4, 1))}, verbose=0),
    ),
    "missing": (
        DataError,
        "nan",
        lambda: several().predict(
            {**TABLE, "kind": np.array([["flat"], [float("nan")]], dtype=object)}, verbose=0
        ),
    ),
    "two columns": (
        DataError,
        "one text",
        lambda: layers.TextVectorization(vocabulary=["a"])([["a", "b"]]),
    ),
    "floats first": (
        ArgumentError,
        "dtype='string'",
        lambda: layers.StringLookup(vocabulary=["a"])(layers.Input((1,))),
    ),
    "later": (
        ArgumentError,
        "stands first",
        lambda: layers.StringLookup(vocabulary=["a"])(layers.Dense(1)(layers.Input((1,)))),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit(case):
    kind, words, act = BAD[case]
    with pytest.raises(kind, match=f"(?s){words}"):
        act()


@pytest.mark.parametrize("dtype", [object, "U3", "S3"])
def test_no_texts_keep_their_shape(dtype):
    lookup = layers.StringLookup(vocabulary=["a"])
    assert lookup(np.empty((0, 1), dtype)).shape == (0, 1)
    assert layers.TextVectorization(vocabulary=["a"], output_sequence_length=4)(
        np.empty((0,), dtype)
    ).shape == (0, 4)


def readers_of_one_text(engine="auto"):
    """Words in order, words counted and letters, of one text; a model within reads it too."""
    text = layers.Input((1,), dtype="string", name="text")
    words, counts, letters = (
        layers.TextVectorization(vocabulary=WORDS, output_sequence_length=4),
        layers.TextVectorization(vocabulary=WORDS, output_mode="count"),
        layers.TextVectorization(split="character", output_mode="multi_hot", vocabulary=["a", "t"]),
    )
    whole = layers.StringLookup(vocabulary=TEXTS, output_mode="one_hot")
    inner = models.Model(text, layers.concatenate([letters(text), whole(text)]))
    wide = layers.concatenate([counts(text), inner(text)])
    model = models.Model(text, {"deep": words(text), "wide": wide})
    model.compile(engine=engine)
    return model, (words, counts, letters, whole)


@pytest.mark.parametrize("engine", ["reference", "llvm", "jax"])
def test_one_text_for_several_layers(engine, tmp_path):
    model, (words, counts, letters, whole) = readers_of_one_text(engine)
    texts = np.array(TEXTS)[:, None]
    wide = np.concatenate([layer(texts).numpy() for layer in (counts, letters, whole)], axis=1)
    model.save(tmp_path / "m.safetensors")
    for each in (model, models.load_model(tmp_path / "m.safetensors"), models.clone_model(model)):
        for found in (each.predict(texts, verbose=0), each(texts), each.predict({"text": texts})):
            assert np.array_equal(found["deep"], words(texts).numpy())
            assert np.array_equal(found["wide"], wide)
    assert np.array_equal(model.predict(texts[:1], verbose=0)["wide"], wide[:1])
    with pytest.raises(DataError, match="no examples"):
        model.predict(texts[:0], verbose=0)


def test_one_text_for_two_tables_of_terms():
    x = layers.Input((2,), dtype="string")
    one, other = (layers.StringLookup(vocabulary=v, output_mode="one_hot") for v in (["a"], ["b"]))
    number = layers.StringLookup(vocabulary=["b"])(x)
    model = models.Model(x, [number, layers.Flatten()(other(x))])
    assert model.predict([["a", "b"]], verbose=0)[0].tolist() == [[0, 1]]
    x = layers.Input((1,), dtype="string")
    model = models.Model(x, layers.concatenate([one(x), other(x)]))
    assert model.predict([["a"], ["b"]], verbose=0).tolist() == [[0, 1, 1, 0], [1, 0, 0, 1]]


def test_layers_that_find_other_lengths_in_one_text():
    x = layers.Input((1,), dtype="string")
    words = layers.TextVectorization(vocabulary=WORDS)
    letters = layers.TextVectorization(split="character", vocabulary=["a"])
    model = models.Model(x, [words(x), letters(x)])
    with pytest.raises(GraphError, match="output_sequence_length=7"):
        model.predict([["the cat"]], verbose=0)


def test_a_text_that_no_layer_reads():
    x, other = (layers.Input((1,), dtype="string") for _ in range(2))
    model = models.Model([x, other], layers.StringLookup(vocabulary=["a"])(x))
    with pytest.raises(GraphError, match="TextVectorization"):
        model.predict([np.array([["a"]]), np.array([["b"]])], verbose=0)
