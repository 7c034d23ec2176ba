"""Two networks that compete: the one is frozen in the other's model."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
discriminator = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(4, 3, strides=2, padding="same"),
        layers.LeakyReLU(negative_slope=0.2),
        layers.GlobalMaxPooling2D(),
        layers.Dense(1, activation="sigmoid"),
    ],
    name="discriminator",
)
discriminator.compile(
    loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.001), metrics=["accuracy"]
)
generator = keras.Sequential(
    [
        keras.Input((5,)),
        layers.Dense(2 * 2 * 4),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Reshape((2, 2, 4)),
        layers.Conv2DTranspose(4, 4, strides=2, padding="same"),
        layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid"),
    ],
    name="generator",
)
discriminator.trainable = False
noise = keras.Input((5,))
gan = keras.Model(noise, discriminator(generator(noise)))
gan.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.001))

real = rng.uniform(size=(16, 8, 8, 1)).astype("float32")
frozen = [w.copy() for w in discriminator.get_weights()]
generator_losses = []
for _ in range(3):
    made = generator.predict(rng.normal(size=(16, 5)), verbose=0)
    discriminator.trainable = True
    discriminator.train_on_batch(real, np.ones((16, 1)))
    discriminator.train_on_batch(made, np.zeros((16, 1)))
    discriminator.trainable = False
    generator_losses.append(float(gan.train_on_batch(rng.normal(size=(16, 5)), np.ones((16, 1)))))
seen = {
    "trainable": [len(gan.trainable_weights), len(discriminator.trainable_weights)],
    "weights": [generator.count_params(), discriminator.count_params(), gan.count_params()],
    "made": made.shape,
    "finite": bool(np.isfinite(generator_losses).all()),
}
