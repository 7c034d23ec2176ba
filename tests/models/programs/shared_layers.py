"""Functional models: shared layers, several inputs and outputs, and a model inside of a model."""

import keras
import numpy as np
from keras import layers

title = keras.Input(shape=(None,), name="title")
body = keras.Input(shape=(None,), name="body")
tags = keras.Input(shape=(4,), name="tags")
shared = layers.Embedding(50, 6, name="words")
average = layers.GlobalAveragePooling1D()
x = layers.concatenate([average(shared(title)), average(shared(body)), tags])
priority = layers.Dense(1, name="priority")(x)
department = layers.Dense(3, activation="softmax", name="department")(x)
model = keras.Model(
    inputs=[title, body, tags], outputs={"priority": priority, "department": department}
)
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss={
        "priority": keras.losses.BinaryCrossentropy(from_logits=True),
        "department": "categorical_crossentropy",
    },
    loss_weights={"priority": 1.0, "department": 0.2},
    metrics={"department": ["accuracy"]},
)
rng = np.random.default_rng(0)
data = {
    "title": rng.integers(50, size=(20, 7)),
    "body": rng.integers(50, size=(20, 9)),
    "tags": rng.integers(2, size=(20, 4)).astype("float32"),
}
targets = {"priority": rng.uniform(size=(20, 1)), "department": np.eye(3)[rng.integers(3, size=20)]}
history = model.fit(data, targets, epochs=2, batch_size=8, verbose=0)
outputs = model.predict(data, verbose=0)


def block(inputs, units):
    x = layers.Dense(units, activation="relu")(inputs)
    x = layers.GroupNormalization(2)(x)
    return layers.add([x, layers.Dense(units)(inputs)])


inner_input = keras.Input((4,))
inner = keras.Model(inner_input, block(block(inner_input, 6), 4), name="inner")
outer_input = keras.Input((4,))
outer = keras.Model(outer_input, inner(inner(outer_input)) + outer_input)
clone = keras.models.clone_model(outer)
again = keras.models.model_from_json(outer.to_json())
seen = {
    "names": sorted(history.history),
    "outputs": {name: outputs[name].shape for name in sorted(outputs)},
    "weights": [
        model.count_params(),
        outer.count_params(),
        clone.count_params(),
        again.count_params(),
    ],
    "layers": [layer.name for layer in model.layers if "concatenate" not in layer.name][-2:],
    "shape": outer.predict(data["tags"], verbose=0).shape,
}
