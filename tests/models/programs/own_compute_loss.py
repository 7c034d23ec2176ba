"""A model with a loss and metrics of its own, as a course writes it for Keras 3."""

import keras
import numpy as np

loss_tracker = keras.metrics.Mean(name="loss")
mae_metric = keras.metrics.MeanAbsoluteError(name="mae")


class CustomModel(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = keras.losses.mean_squared_error(y, y_pred)
        loss = sum([loss.mean(), *self.losses])
        loss_tracker.update_state(loss)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight):
        mae_metric.update_state(y, y_pred, sample_weight=sample_weight)
        return {"loss": loss_tracker.result(), "mae": mae_metric.result()}

    @property
    def metrics(self):
        return [loss_tracker, mae_metric]


inputs = keras.Input(shape=(32,))
h = keras.layers.Dense(8, kernel_regularizer="l2")(inputs)
outputs = keras.layers.Dense(1)(h)
model = CustomModel(inputs, outputs)
r = np.random.default_rng(0)
model.set_weights([r.normal(size=w.shape) * 0.1 for w in model.get_weights()])
model.compile(optimizer=keras.optimizers.SGD(0.01))
x, y = r.random((64, 32)), r.random((64, 1))
hist = model.fit(x, y, epochs=2, verbose=0, shuffle=False)
seen = dict(
    k=sorted(hist.history),
    l=np.round(hist.history["loss"], 4).tolist(),
    m=np.round(hist.history["mae"], 4).tolist(),
    e=np.round(model.evaluate(x, y, verbose=0, return_dict=False), 4).tolist(),
)
