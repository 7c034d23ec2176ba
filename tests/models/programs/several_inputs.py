"""Several inputs, as a course writes it for Keras 3."""

import keras
import numpy as np

r = np.random.default_rng(0)
a, b = keras.Input((3,), name="a"), keras.Input((4,), name="b")
shared = keras.layers.Dense(6, activation="tanh")
x = keras.layers.add([shared(keras.layers.Dense(4)(a)), shared(b)])
x = keras.layers.multiply([x, keras.layers.Dense(6)(b)])
one = keras.layers.Dense(1, name="one")(x)
two = keras.layers.Dense(3, activation="softmax", name="two")(keras.layers.concatenate([x, a]))
model = keras.Model([a, b], [one, two])
model.compile(
    "rmsprop",
    loss={"one": "mse", "two": "sparse_categorical_crossentropy"},
    metrics={"one": "mae", "two": ["accuracy"]},
)
xa, xb = r.random((30, 3)), r.random((30, 4))
history = model.fit(
    {"a": xa, "b": xb}, {"one": r.random(30), "two": r.integers(0, 3, 30)}, epochs=1, verbose=0
)
seen = {
    "keys": list(history.history),
    "shapes": [p.shape for p in model.predict([xa, xb], verbose=0)],
    "params": model.count_params(),
    "weights": [w.shape for w in model.get_weights()],
}
