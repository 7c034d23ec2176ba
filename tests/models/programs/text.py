"""Text, as a course writes it for Keras 3."""

import keras
import numpy as np

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
history = model.fit(
    x, y, validation_data=(x, y), epochs=2, verbose=0, class_weight={0: 1.0, 1: 2.0}
)
seen = {
    "x": x.tolist(),
    "keys": list(history.history),
    "weights": [w.shape for w in model.get_weights()],
}
