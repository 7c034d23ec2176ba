"""Every hook of a callback, as a course writes it for Keras 3."""

import keras
import numpy as np

log = []


class CustomCallback(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        log.append(("train_begin", sorted(logs.keys())))

    def on_train_end(self, logs=None):
        log.append(("train_end", sorted(logs.keys())))

    def on_epoch_begin(self, epoch, logs=None):
        log.append(("epoch_begin", epoch, sorted(logs.keys())))

    def on_epoch_end(self, epoch, logs=None):
        log.append(("epoch_end", epoch, sorted(logs.keys())))

    def on_test_begin(self, logs=None):
        log.append(("test_begin", sorted(logs.keys())))

    def on_test_end(self, logs=None):
        log.append(("test_end", sorted(logs.keys())))

    def on_predict_begin(self, logs=None):
        log.append(("predict_begin", sorted(logs.keys())))

    def on_predict_end(self, logs=None):
        log.append(("predict_end", sorted(logs.keys())))

    def on_train_batch_begin(self, batch, logs=None):
        log.append(("tbb", batch, sorted(logs.keys())))

    def on_train_batch_end(self, batch, logs=None):
        log.append(("tbe", batch, sorted(logs.keys())))

    def on_test_batch_begin(self, batch, logs=None):
        log.append(("vbb", batch, sorted(logs.keys())))

    def on_test_batch_end(self, batch, logs=None):
        log.append(("vbe", batch, sorted(logs.keys())))

    def on_predict_batch_begin(self, batch, logs=None):
        log.append(("pbb", batch, sorted(logs.keys())))

    def on_predict_batch_end(self, batch, logs=None):
        log.append(("pbe", batch, sorted(logs.keys())))


class EarlyStoppingAtMinLoss(keras.callbacks.Callback):
    def __init__(self, patience=0):
        super().__init__()
        self.patience = patience
        self.best_weights = None

    def on_train_begin(self, logs=None):
        self.wait = 0
        self.stopped_epoch = 0
        self.best = np.inf

    def on_epoch_end(self, epoch, logs=None):
        current = logs.get("loss")
        if np.less(current, self.best):
            self.best = current
            self.wait = 0
            self.best_weights = self.model.get_weights()
        else:
            self.wait += 1
            if self.wait >= self.patience:
                self.stopped_epoch = epoch
                self.model.stop_training = True
                self.model.set_weights(self.best_weights)


class Rate(keras.callbacks.Callback):
    def __init__(self, schedule):
        super().__init__()
        self.schedule = schedule

    def on_epoch_begin(self, epoch, logs=None):
        if not hasattr(self.model.optimizer, "learning_rate"):
            raise ValueError('Optimizer must have a "lr" attribute.')
        lr = self.model.optimizer.learning_rate
        self.model.optimizer.learning_rate = self.schedule(epoch, float(np.asarray(lr)))
        print(
            f"\nEpoch {epoch}: Learning rate is {float(np.array(self.model.optimizer.learning_rate))}."
        )


model = keras.Sequential()
model.add(keras.layers.Dense(1))
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=0.1),
    loss="mean_squared_error",
    metrics=["mean_absolute_error"],
)
r = np.random.default_rng(0)
x, y = r.random((48, 7)), r.random(48)
model.fit(
    x, y, batch_size=16, epochs=1, verbose=0, validation_split=0.5, callbacks=[CustomCallback()]
)
model.evaluate(x, y, batch_size=24, verbose=0, callbacks=[CustomCallback()])
model.predict(x, batch_size=24, callbacks=[CustomCallback()], verbose=0)
e = EarlyStoppingAtMinLoss()
h = model.fit(
    x,
    y,
    batch_size=16,
    steps_per_epoch=3,
    epochs=4,
    verbose=0,
    callbacks=[e, Rate(lambda e, lr: lr * 0.5)],
)
seen = dict(
    log=[repr(l) for l in log],
    lr=round(float(np.asarray(model.optimizer.learning_rate)), 5),
    w=len(e.best_weights),
    p=e.params.get("epochs"),
)
