"""Dense with everything, as a course writes it for Keras 3."""

import pathlib

import keras
import numpy as np

keras.utils.set_random_seed(3)
r = np.random.default_rng(0)
x, y = r.random((200, 28, 28)), keras.utils.to_categorical(r.integers(0, 10, 200), 10)
model = keras.models.Sequential()
model.add(keras.layers.Input(shape=(28, 28)))
model.add(keras.layers.Flatten())
model.add(
    keras.layers.Dense(
        30,
        activation="relu",
        kernel_initializer=keras.initializers.HeNormal(seed=1),
        kernel_regularizer=keras.regularizers.l2(1e-4),
        bias_constraint=keras.constraints.NonNeg(),
    )
)
model.add(keras.layers.BatchNormalization())
model.add(keras.layers.Dropout(0.2))
model.add(keras.layers.Dense(20, activity_regularizer=keras.regularizers.L1L2(1e-5, 1e-5)))
model.add(keras.layers.LeakyReLU(negative_slope=0.1))
model.add(keras.layers.Dense(10, activation=keras.activations.softmax))
rate = keras.optimizers.schedules.ExponentialDecay(1e-3, 100, 0.9)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=rate, clipnorm=1.0),
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(k=3, name="top3")],
)
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True)
best = keras.callbacks.ModelCheckpoint(
    "best.weights.h5", save_weights_only=True, save_best_only=True
)
log = keras.callbacks.CSVLogger("log.csv")
history = model.fit(
    x, y, batch_size=64, epochs=2, validation_split=0.25, callbacks=[stop, best, log], verbose=0
)
results = model.evaluate(x, y, verbose=0, return_dict=True)
seen = {
    "keys": list(history.history),
    "results": sorted(results),
    "layers": len(model.layers),
    "weights": [w.shape for w in model.get_weights()],
    "trainable": len(model.trainable_variables),
    "shape": model.output_shape,
    "log": pathlib.Path("log.csv").read_text().split()[0],
}
