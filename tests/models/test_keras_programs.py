"""Programs as courses write them for Keras 3 run with only the import changed.

Each program is run twice: with `import keras` and with `import grafito as keras`. It ends with a
dictionary `seen`; shapes, names and counts must be the same in both.
"""

from __future__ import annotations

import os
import textwrap

import numpy as np
import pytest

PROGRAMS = {
    "xor": """
        import keras, numpy as np
        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        y = np.array([[0], [1], [1], [0]])
        inputs = keras.Input(shape=(2,))
        hidden = keras.layers.Dense(2, activation="tanh")(inputs)
        joined = keras.layers.Concatenate()([inputs, hidden])
        outputs = keras.layers.Dense(1, activation="tanh")(joined)
        model = keras.Model(inputs=inputs, outputs=outputs)
        model.compile(loss="mse", optimizer=keras.optimizers.SGD(learning_rate=0.1), metrics=["mse"])
        history = model.fit(x, y, epochs=3, batch_size=1, verbose=0)
        seen = dict(keys=list(history.history), params=model.count_params(),
                    epochs=history.epoch, shape=model.predict(x, verbose=0).shape)
    """,
    "dense with everything": """
        import keras, numpy as np
        import pathlib
        keras.utils.set_random_seed(3)
        r = np.random.default_rng(0)
        x, y = r.random((200, 28, 28)), keras.utils.to_categorical(r.integers(0, 10, 200), 10)
        model = keras.models.Sequential()
        model.add(keras.layers.Input(shape=(28, 28)))
        model.add(keras.layers.Flatten())
        model.add(keras.layers.Dense(30, activation="relu",
            kernel_initializer=keras.initializers.HeNormal(seed=1),
            kernel_regularizer=keras.regularizers.l2(1e-4),
            bias_constraint=keras.constraints.NonNeg()))
        model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.Dropout(0.2))
        model.add(keras.layers.Dense(20, activity_regularizer=keras.regularizers.L1L2(1e-5, 1e-5)))
        model.add(keras.layers.LeakyReLU(negative_slope=0.1))
        model.add(keras.layers.Dense(10, activation=keras.activations.softmax))
        rate = keras.optimizers.schedules.ExponentialDecay(1e-3, 100, 0.9)
        model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate, clipnorm=1.0),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
            metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(k=3, name="top3")])
        stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True)
        best = keras.callbacks.ModelCheckpoint("best.weights.h5" if keras.__name__ == "keras" else "best.safetensors", save_weights_only=True, save_best_only=True)
        log = keras.callbacks.CSVLogger("log.csv")
        history = model.fit(x, y, batch_size=64, epochs=2, validation_split=0.25, callbacks=[stop, best, log], verbose=0)
        results = model.evaluate(x, y, verbose=0, return_dict=True)
        seen = dict(keys=list(history.history), results=sorted(results), layers=len(model.layers),
                    weights=[w.shape for w in model.get_weights()],
                    trainable=len(model.trainable_variables), shape=model.output_shape,
                    log=pathlib.Path("log.csv").read_text().split()[0])
    """,
    "convolutional": """
        import keras, numpy as np
        r = np.random.default_rng(0)
        x, y = r.random((40, 32, 32, 3)).astype("float32"), r.integers(0, 10, (40, 1))
        model = keras.Sequential([
            keras.Input((32, 32, 3)),
            keras.layers.RandomFlip("horizontal"),
            keras.layers.Conv2D(6, (5, 5), activation="relu", padding="same"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.SeparableConv2D(8, 3, strides=2, activation="elu"),
            keras.layers.SpatialDropout2D(0.1),
            keras.layers.Conv2DTranspose(4, 3, strides=2),
            keras.layers.AveragePooling2D(2),
            keras.layers.LayerNormalization(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10),
            keras.layers.Softmax(),
        ])
        model.compile("adagrad", "sparse_categorical_crossentropy", metrics=["acc"])
        history = model.fit(x, y, epochs=1, batch_size=16, verbose=0)
        model.layers[1].trainable = False
        seen = dict(keys=list(history.history), weights=[w.shape for w in model.get_weights()],
                    shape=model.predict(x, verbose=0).shape, frozen=len(model.trainable_variables))
    """,
    "text": """
        import keras, numpy as np
        r = np.random.default_rng(0)
        words = [list(r.integers(1, 50, n)) for n in r.integers(3, 30, 60)]
        x = keras.utils.pad_sequences(words, maxlen=20, padding="post", truncating="post")
        y = r.integers(0, 2, 60)
        model = keras.Sequential()
        model.add(keras.layers.Embedding(50, 8))
        model.add(keras.layers.Conv1D(16, 3, activation="relu"))
        model.add(keras.layers.MaxPooling1D(2))
        model.add(keras.layers.Flatten())
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        model.build((None, 20))
        model.compile(loss="binary_crossentropy", optimizer="adadelta", metrics=["accuracy"])
        history = model.fit(x, y, validation_data=(x, y), epochs=2, verbose=0, class_weight={0: 1.0, 1: 2.0})
        seen = dict(x=x.tolist(), keys=list(history.history), weights=[w.shape for w in model.get_weights()])
    """,
    "autoencoder": """
        import keras
        import numpy as np
        from keras.layers import Dense, GaussianNoise, Input
        from keras.models import Model
        x = np.random.default_rng(0).random((64, 20)).astype("float32")
        i = Input((20,), name="picture")
        noisy = GaussianNoise(0.5)(i)
        code = Dense(4, activation="relu", name="code")(noisy)
        decoded = Dense(20, activation="sigmoid", name="restored")(code)
        whole, encoder = Model(i, decoded), Model(i, code)
        whole.compile(optimizer="nadam", loss="mean_squared_error", metrics=["mae", "mse"])
        history = whole.fit(x, x, epochs=2, shuffle=True, verbose=0)
        seen = dict(keys=list(history.history), code=encoder.predict(x, verbose=0).shape,
                    names=[layer.name for layer in whole.layers], layer=whole.get_layer("code").units)
    """,
    "layer of one's own": """
        import keras, numpy as np
        class Linear(keras.layers.Layer):
            def __init__(self, units=4, **kwargs):
                super().__init__(**kwargs)
                self.units = units
            def build(self, input_shape):
                self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True, name="w")
                self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True, name="b")
            def call(self, inputs):
                return inputs @ self.w + self.b
            def get_config(self):
                return {**super().get_config(), "units": self.units}
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.one, self.two = Linear(5), Linear(1)
            def call(self, x):
                return self.two(self.one(x))
        x = np.ones((10, 3), "float32")
        net = Net()
        net.compile("sgd", "mse")
        before = net.evaluate(x, np.zeros(10), verbose=0)
        net.fit(x, np.zeros((10, 1)), epochs=20, verbose=0)
        seen = dict(lower=net.evaluate(x, np.zeros(10), verbose=0) < before,
                    weights=[w.shape for w in net.weights], names=[w.name for w in net.weights],
                    config=Linear(7).get_config()["units"], trainable=net.one.trainable)
    """,
    "several inputs": """
        import keras, numpy as np
        r = np.random.default_rng(0)
        a, b = keras.Input((3,), name="a"), keras.Input((4,), name="b")
        shared = keras.layers.Dense(6, activation="tanh")
        x = keras.layers.add([shared(keras.layers.Dense(4)(a)), shared(b)])
        x = keras.layers.multiply([x, keras.layers.Dense(6)(b)])
        one = keras.layers.Dense(1, name="one")(x)
        two = keras.layers.Dense(3, activation="softmax", name="two")(keras.layers.concatenate([x, a]))
        model = keras.Model([a, b], [one, two])
        model.compile("rmsprop", loss={"one": "mse", "two": "sparse_categorical_crossentropy"},
                      metrics={"one": "mae", "two": ["accuracy"]})
        xa, xb = r.random((30, 3)), r.random((30, 4))
        history = model.fit({"a": xa, "b": xb}, {"one": r.random(30), "two": r.integers(0, 3, 30)}, epochs=1, verbose=0)
        seen = dict(keys=list(history.history), shapes=[p.shape for p in model.predict([xa, xb], verbose=0)],
                    params=model.count_params(), weights=[w.shape for w in model.get_weights()])
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_only_the_import_changes(name, keras, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = textwrap.dedent(PROGRAMS[name])
    ours = (
        source.replace("import keras, numpy as np", "import grafito as keras, numpy as np")
        .replace("import keras\n", "import grafito as keras\n")
        .replace("from keras.", "from grafito.")
    )
    seen = []
    for program in (source, ours):
        keras.utils.clear_session()
        from grafito.layers.base import reset_names

        reset_names()
        namespace: dict[str, object] = {}
        exec(compile(program, name, "exec"), namespace)
        seen.append(namespace["seen"])
    theirs, mine = seen
    for key, value in theirs.items():
        assert _plain(mine[key]) == _plain(value), key
    assert os.getcwd() == str(tmp_path)


def _plain(value):
    """Tuples and lists, NumPy numbers and Python numbers compare as equal."""
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value
