"""Layers of a trained network are frozen under a new head, then tuned."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
x = rng.uniform(0, 255, (24, 12, 12, 3)).astype("float32")
y = rng.integers(0, 3, 24)

base = keras.Sequential(
    [
        keras.Input((12, 12, 3)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Conv2D(6, 3, activation="relu"),
        layers.GlobalAveragePooling2D(name="features"),
        layers.Dense(5, activation="softmax"),
    ]
)
base.compile("adam", "sparse_categorical_crossentropy")
base.fit(x / 255, rng.integers(0, 5, 24), epochs=1, verbose=0)

base_model = keras.Model(base.inputs, base.get_layer("features").output)
base_model.trainable = False
inputs = keras.Input(shape=(12, 12, 3))
z = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
z = base_model(z, training=False)
z = layers.Dropout(0.2)(z)
outputs = layers.Dense(3)(z)
model = keras.Model(inputs, outputs)
frozen = [w.copy() for w in base_model.get_weights()]
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
)
head = len(model.trainable_weights)
model.fit(x, y, epochs=2, verbose=0)
kept = all(np.array_equal(a, b) for a, b in zip(frozen, base_model.get_weights()))

base_model.trainable = True
for layer in base_model.layers[:-3]:
    layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-5),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
model.fit(x, y, epochs=1, verbose=0)
first = base_model.layers[-5].get_weights() if len(base_model.layers) > 5 else frozen[:2]
seen = {
    "head": head,
    "kept": kept,
    "tuned": len(model.trainable_weights),
    "changed": not np.array_equal(frozen[-2], base_model.get_weights()[-2]),
    "total": model.count_params(),
}
