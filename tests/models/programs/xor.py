"""Xor, as a course writes it for Keras 3."""

import keras
import numpy as np

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
inputs = keras.Input(shape=(2,))
hidden = keras.layers.Dense(2, activation="tanh")(inputs)
joined = keras.layers.Concatenate()([inputs, hidden])
outputs = keras.layers.Dense(1, activation="tanh")(joined)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(loss="mse", optimizer=keras.optimizers.SGD(learning_rate=0.1), metrics=["mse"])
history = model.fit(x, y, epochs=3, batch_size=1, verbose=0)
seen = {
    "keys": list(history.history),
    "params": model.count_params(),
    "epochs": history.epoch,
    "shape": model.predict(x, verbose=0).shape,
}
