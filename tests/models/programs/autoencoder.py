"""Autoencoder, as a course writes it for Keras 3."""

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
seen = {
    "keys": list(history.history),
    "code": encoder.predict(x, verbose=0).shape,
    "names": [layer.name for layer in whole.layers],
    "layer": whole.get_layer("code").units,
}
