"""A model of one's own with layers, a metric and a callback of one's own, saved and loaded."""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="programs")
class Linear(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="programs")
class Block(keras.Model):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first, self.second = Linear(units), Linear(1)
        self.norm = layers.UnitNormalization()
        self.drop = layers.Dropout(0.5)

    def call(self, x, training=False):
        x = ops.relu(self.first(x))
        self.add_loss(1e-3 * ops.sum(ops.square(x)))
        return self.second(self.drop(self.norm(x), training=training))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Within(keras.metrics.Metric):
    def __init__(self, name="within", **kwargs):
        super().__init__(name=name, **kwargs)
        self.hits = self.add_variable(shape=(), initializer="zeros", name="hits")
        self.count = self.add_variable(shape=(), initializer="zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        near = ops.cast(ops.abs(y_true - y_pred) < 1.0, "float32")
        self.hits.assign_add(ops.sum(near))
        self.count.assign_add(ops.cast(ops.size(y_true), "float32"))

    def result(self):
        return self.hits / self.count


class Note(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.notes = []

    def on_epoch_end(self, epoch, logs=None):
        self.notes.append((epoch, sorted(logs)))


rng = np.random.default_rng(0)
x, y = rng.normal(size=(24, 3)).astype("float32"), rng.normal(size=(24, 1)).astype("float32")
model, note = Block(5), Note()
model.compile("adam", keras.losses.Huber(), metrics=[Within()])
model.fit(x, y, epochs=2, verbose=0, callbacks=[note])
before = model.predict(x, verbose=0)
model.save("block.keras")
loaded = keras.models.load_model("block.keras", custom_objects={"Within": Within})
seen = {
    "notes": note.notes,
    "weights": [tuple(w.shape) for w in model.trainable_weights],
    "same": bool(np.allclose(loaded.predict(x, verbose=0), before, atol=1e-6)),
    "units": loaded.get_config()["units"],
}
