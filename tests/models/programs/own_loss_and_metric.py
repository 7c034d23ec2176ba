"""Loss, metric and penalty of one's own, as a course writes it for Keras 3."""

import keras
import numpy as np
from keras import layers


class CustomMSE(keras.losses.Loss):
    def __init__(self, regularization_factor=0.1, name="custom_mse"):
        super().__init__(name=name)
        self.regularization_factor = regularization_factor

    def call(self, y_true, y_pred):
        mse = keras.losses.mean_squared_error(y_true, y_pred)
        reg = (0.5 - y_pred) ** 2
        return mse + reg[:, 0] * self.regularization_factor


class CountPositives(keras.metrics.Metric):
    def __init__(self, name="count_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.count = self.add_variable(shape=(), name="ctp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign_add(1.0)

    def result(self):
        return self.count + 0.0

    def reset_state(self):
        self.count.assign(0)


class ActivityRegularizationLayer(layers.Layer):
    def call(self, inputs):
        self.add_loss(keras.regularizers.L2(0.1)(inputs))
        return inputs


inputs = keras.Input(shape=(5,), name="digits")
x = layers.Dense(4, activation="relu", name="dense_1")(inputs)
x = ActivityRegularizationLayer()(x)
outputs = layers.Dense(1, name="predictions")(x)
model = keras.Model(inputs=inputs, outputs=outputs)
r = np.random.default_rng(0)
model.set_weights([r.normal(size=w.shape) for w in model.get_weights()])
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=1e-3),
    loss=CustomMSE(),
    metrics=[CountPositives()],
)
X, Y = r.random((40, 5)), r.random((40, 1))
h = model.fit(X, Y, batch_size=8, epochs=2, verbose=0, shuffle=False)
sw = np.ones(40)
sw[:10] = 2.0
h2 = model.fit(
    X,
    Y,
    sample_weight=sw,
    batch_size=8,
    epochs=1,
    verbose=0,
    validation_data=(X, Y, sw),
    shuffle=False,
)
seen = dict(
    h=np.round(h.history["loss"], 4).tolist(),
    c=[float(v) for v in h.history["count_positives"]],
    k=list(h2.history),
    l=np.round(h2.history["loss"] + h2.history["val_loss"], 4).tolist(),
    n=len(model.losses),
)
