"""Programs of the guides that Keras runs on TensorFlow alone: text, tables, folders, own steps.

What they give is recorded, and is the same on every engine.
"""

from __future__ import annotations

import numpy as np
import pytest

from grafito import (
    Model,
    Sequential,
    callbacks,
    graph,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    utils,
)

engines = pytest.mark.parametrize("engine", ["reference", "llvm", "jax"])
GOOD, BAD = ["a fine and moving film", "a good good story"], ["a dull film", "no story, no fun!"]


@engines
def test_reviews(engine, tmp_path):
    """A vectoriser, an embedding, a convolution; exported with the layer that reads the text."""
    texts = np.array([*GOOD, *BAD] * 4)
    labels = np.array([1.0, 1.0, 0.0, 0.0] * 4)
    vectorize = layers.TextVectorization(max_tokens=30, output_sequence_length=8)
    vectorize.adapt(texts)
    inputs = layers.Input(shape=(8,), dtype="int64")
    x = layers.Embedding(30, 4)(inputs)
    x = layers.Dropout(0.5)(x)
    x = layers.Conv1D(8, 3, padding="valid", activation="relu")(x)
    x = layers.GlobalMaxPooling1D()(x)
    model = Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"], engine=engine)
    numbers = vectorize(texts)
    assert numbers[0].numpy().tolist() == [2, 9, 11, 7, 6, 0, 0, 0]
    model.fit(numbers, labels, epochs=12, verbose=0)
    whole = layers.Input(shape=(1,), dtype="string")
    export = Model(whole, model(vectorize(whole)))
    export.compile("adam", "binary_crossentropy", metrics=["accuracy"], engine=engine)
    assert export.evaluate(texts, labels, verbose=0)[1] == 1.0
    export.save(tmp_path / "m.safetensors")
    loaded = models.load_model(tmp_path / "m.safetensors")
    assert np.array_equal(loaded.predict(texts, verbose=0), export.predict(texts, verbose=0))


@engines
def test_a_table(engine):
    """Numbers are normalised, texts and codes looked up, all in one model of named inputs."""
    rng = np.random.default_rng(0)
    n = 60
    data = {
        "age": rng.uniform(20, 80, (n, 1)),
        "thal": rng.choice(["normal", "fixed", "reversible"], (n, 1)),
        "ca": rng.choice([0, 1, 2, 9], (n, 1)),
        "chol": rng.normal(240, 50, (n, 1)),
    }
    y = ((data["thal"] == "fixed") | (data["age"] > 60)).astype("float32")
    inputs = {
        "age": layers.Input((1,), name="age"),
        "thal": layers.Input((1,), name="thal", dtype="string"),
        "ca": layers.Input((1,), name="ca", dtype="int64"),
        "chol": layers.Input((1,), name="chol"),
    }
    features = []
    for name in ("age", "chol"):
        normalize = layers.Normalization()
        normalize.adapt(data[name])
        features.append(normalize(inputs[name]))
    for name, kind in (("thal", layers.StringLookup), ("ca", layers.IntegerLookup)):
        lookup = kind(output_mode="multi_hot")
        lookup.adapt(data[name])
        features.append(lookup(inputs[name]))
    bins = layers.Discretization(num_bins=4, output_mode="one_hot")
    bins.adapt(data["age"])
    features.append(bins(inputs["age"]))
    x = layers.Dense(16, activation="relu")(layers.concatenate(features))
    model = Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    assert model.layers[-2].kernel.shape == (2 + 4 + 5 + 4, 16)
    model.compile(optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"], engine=engine)
    history = model.fit(data, y, epochs=15, batch_size=16, verbose=0, validation_split=0.2)
    assert history.history["accuracy"][-1] > 0.9
    one = {"age": [[70.0]], "thal": [["fixed"]], "ca": [[3]], "chol": [[200.0]]}
    assert model.predict({k: np.array(v) for k, v in one.items()}, verbose=0).shape == (1, 1)


def test_a_folder_with_augmentation(tmp_path):
    """Pictures in folders, half of them held out, varied in training."""
    utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    for kind, bright in (("dark", 60), ("light", 190)):
        (tmp_path / kind).mkdir()
        for i in range(12):
            utils.save_img(
                tmp_path / kind / f"{i}.png", rng.normal(bright, 20, (9, 7, 3)), scale=False
            )
    train, held_out = utils.image_dataset_from_directory(
        tmp_path,
        validation_split=0.25,
        subset="both",
        seed=1337,
        image_size=(8, 8),
        batch_size=6,
        verbose=False,
    )
    varied = Sequential(
        [layers.RandomFlip("horizontal", seed=1), layers.RandomRotation(0.1, seed=2)]
    )
    train = train.map(lambda images, labels: (varied(images, training=True).numpy(), labels))
    model = Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    logits = losses.BinaryCrossentropy(from_logits=True)
    accuracy = metrics.BinaryAccuracy(name="acc", threshold=0.0)
    model.compile(optimizers.Adam(0.1), logits, metrics=[accuracy])
    path = tmp_path / "best.safetensors"
    best = callbacks.ModelCheckpoint(str(path), save_best_only=True, monitor="val_loss")
    model.fit(train, epochs=25, validation_data=held_out, callbacks=[best], verbose=0)
    assert models.load_model(path).evaluate(held_out, verbose=0)[1] == 1.0
    picture = utils.img_to_array(utils.load_img(tmp_path / "light" / "1.png", target_size=(8, 8)))
    assert model.predict(picture[None], verbose=0)[0, 0] > 0


class VAE(Model):
    """With a training step of its own, as the guide writes it for a tape of gradients."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encode = Sequential([layers.Input((6,)), layers.Dense(4)])
        self.decode = Sequential([layers.Input((2,)), layers.Dense(6, activation="sigmoid")])
        self.total, self.kl = metrics.Mean(name="total"), metrics.Mean(name="kl")

    @property
    def metrics(self):
        return [self.total, self.kl]

    def call(self, inputs):
        return self.decode(self.encode(inputs)[:, :2])

    def train_step(self, data):
        x = utils.unpack_x_y_sample_weight(data)[0]
        code = self.encode(x)
        mean, log_var = code[:, :2], code[:, 2:]
        noise = graph.random.normal(mean.shape, seed=3, step=self.optimizer.iterations)
        again = self.decode(mean + ops.exp(0.5 * log_var) * noise)
        kl = -0.5 * (1 + log_var - ops.square(mean) - ops.exp(log_var))
        kl = ops.mean(ops.sum(kl, axis=1))
        loss = ops.mean(ops.sum(ops.square(x - again), axis=1)) + kl
        slopes = graph.gradients(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_weights, strict=True))
        self.total.update_state(loss)
        self.kl.update_state(kl)
        return {m.name: m.result() for m in self.metrics}


@engines
def test_a_variational_autoencoder(engine):
    x = np.random.default_rng(0).uniform(size=(32, 6)).astype("float32")
    model = VAE()
    model.compile(optimizers.Adam(0.02), engine=engine)
    history = model.fit(x, epochs=10, batch_size=8, verbose=0).history
    assert sorted(history) == ["kl", "total"]
    assert history["total"][-1] < history["total"][0]


def test_a_loop_of_ones_own():
    """Gradients by hand, batch by batch, with metrics that are reset."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3)).astype("float32")
    y = (x @ [[1.0], [2.0], [-1.0]] > 0).astype("float32")
    model = Sequential([layers.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    optimizer, accuracy = optimizers.SGD(0.5), metrics.BinaryAccuracy(threshold=0.0)
    loss = losses.BinaryCrossentropy(from_logits=True)
    seen = []
    for _ in range(3):
        for start in range(0, 40, 10):
            part = slice(start, start + 10)
            logits = model(graph.as_tensor(x[part]), training=True)
            value = loss(y[part], logits)
            slopes = graph.gradients(value, model.trainable_weights)
            optimizer.apply_gradients(zip(slopes, model.trainable_weights, strict=True))
            accuracy.update_state(y[part], logits)
        seen.append(float(accuracy.result()))
        accuracy.reset_state()
    assert seen[-1] > 0.9


def test_a_forecast():
    """Windows of a series, the value after each of them as target."""
    series = np.sin(np.arange(120) / 5).astype("float32")
    windows = utils.timeseries_dataset_from_array(
        series[:-10], series[10:], 10, batch_size=16, shuffle=True, seed=1
    )
    train, test = utils.split_dataset(windows, left_size=0.8)
    model = Sequential([layers.Input((10,)), layers.Dense(8, activation="tanh"), layers.Dense(1)])
    model.compile(optimizers.Adam(0.05), "mse")
    model.fit(train, epochs=15, verbose=0)
    assert model.evaluate(test, verbose=0) < 0.05
