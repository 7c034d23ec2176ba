"""Rare positives: class weights, precision and recall, a schedule, and a stop."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
x = rng.normal(size=(200, 5)).astype("float32")
y = (x[:, :1] + 0.2 * rng.normal(size=(200, 1)) > 1.3).astype("uint8")
train_x, val_x, train_y, val_y = x[:160], x[160:], y[:160], y[160:]
counts = np.bincount(train_y[:, 0])
weights = {0: 1.0 / counts[0], 1: 1.0 / counts[1]}
model = keras.Sequential(
    [
        keras.Input(shape=train_x.shape[1:]),
        layers.Dense(16, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(1, activation="sigmoid"),
    ]
)
schedule = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=5, decay_rate=0.9)
model.compile(
    optimizer=keras.optimizers.Adam(schedule),
    loss="binary_crossentropy",
    metrics=[
        keras.metrics.FalseNegatives(name="fn"),
        keras.metrics.Precision(name="precision"),
        keras.metrics.Recall(name="recall"),
        keras.metrics.AUC(name="auc"),
    ],
)
stop = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
history = model.fit(
    train_x,
    train_y,
    batch_size=32,
    epochs=3,
    verbose=0,
    callbacks=[stop],
    validation_data=(val_x, val_y),
    class_weight=weights,
)
seen = {
    "names": sorted(history.history),
    "counts": counts.tolist(),
    "steps": int(model.optimizer.iterations.numpy()) > 0,
    "results": sorted(model.evaluate(val_x, val_y, verbose=0, return_dict=True)),
}
