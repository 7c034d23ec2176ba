"""A variational autoencoder: a sampling layer, and a loss of reconstruction and divergence."""

import keras
import numpy as np
from keras import layers, ops


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        shape = ops.shape(z_mean)
        epsilon = keras.random.normal(shape=shape, seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


latent_dim = 2
encoder_inputs = keras.Input(shape=(12, 12, 1))
x = layers.Conv2D(4, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
x = layers.Flatten()(x)
x = layers.Dense(8, activation="relu")(x)
z_mean = layers.Dense(latent_dim, name="z_mean")(x)
z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)
z = Sampling()([z_mean, z_log_var])
encoder = keras.Model(encoder_inputs, [z_mean, z_log_var, z], name="encoder")

latent_inputs = keras.Input(shape=(latent_dim,))
x = layers.Dense(6 * 6 * 4, activation="relu")(latent_inputs)
x = layers.Reshape((6, 6, 4))(x)
outputs = layers.Conv2DTranspose(1, 3, activation="sigmoid", strides=2, padding="same")(x)
decoder = keras.Model(latent_inputs, outputs, name="decoder")


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")

    def call(self, inputs):
        return self.decoder(self.encoder(inputs)[0])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        z_mean, z_log_var, z = self.encoder(x)
        reconstruction = self.decoder(z)
        crossentropy = keras.losses.binary_crossentropy(x, reconstruction)
        reconstruction_loss = ops.mean(ops.sum(crossentropy, axis=(1, 2)))
        kl_loss = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
        kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
        self.kl_tracker.update_state(kl_loss)
        return reconstruction_loss + kl_loss


images = np.random.default_rng(0).uniform(size=(32, 12, 12, 1)).astype("float32")
vae = VAE(encoder, decoder)
vae.compile(optimizer=keras.optimizers.Adam())
history = vae.fit(images, images, epochs=2, batch_size=8, verbose=0)

grid = decoder.predict(np.array([[0.0, 0.0], [1.0, -1.0]]), verbose=0)
seen = {
    "weights": vae.count_params(),
    "losses": len(history.history["loss"]),
    "finite": bool(np.isfinite(history.history["loss"]).all()),
    "lower": bool(history.history["loss"][1] < history.history["loss"][0]),
    "grid": grid.shape,
    "encoded": [part.shape for part in encoder.predict(images, verbose=0)],
}
