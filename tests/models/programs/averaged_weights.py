"""Mixed precision, averaged weights, and gradients gathered over several steps."""

import keras
import numpy as np
from keras import layers

keras.mixed_precision.set_global_policy("mixed_bfloat16")
rng = np.random.default_rng(0)
x, y = rng.normal(size=(32, 6)).astype("float32"), rng.normal(size=(32, 1)).astype("float32")
half = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
half.compile("adam", "mse")
half_losses = half.fit(x, y, epochs=2, verbose=0).history["loss"]
keras.mixed_precision.set_global_policy("float32")


def train(**more):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.05, **more), "mse")
    model.fit(x, y, epochs=4, batch_size=8, shuffle=False, verbose=0)
    return model.get_weights()[0]


plain = train()
averaged = train(use_ema=True, ema_momentum=0.9)
gathered = train(gradient_accumulation_steps=4)
whole = keras.Sequential([keras.Input((6,)), layers.Dense(1, kernel_initializer="ones")])
whole.compile(keras.optimizers.SGD(0.05), "mse")
whole.fit(x, y, epochs=4, batch_size=32, shuffle=False, verbose=0)
seen = {
    "finite": bool(np.isfinite(half_losses).all()),
    "plain": plain.round(4).ravel().tolist(),
    "averaged": averaged.round(4).ravel().tolist(),
    "gathered": gathered.round(4).ravel().tolist(),
    "as the whole batch": bool(np.allclose(gathered, whole.get_weights()[0], atol=1e-5)),
}
