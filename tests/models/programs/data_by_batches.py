"""Data that a class gives batch by batch, as a course writes it for Keras 3."""

import keras
import numpy as np


class DataGenerator(keras.utils.PyDataset):
    "Generates data for Keras"

    def __init__(
        self, list_IDs, labels, batch_size=8, dim=(6,), n_classes=3, shuffle=True, **kwargs
    ):
        super().__init__(**kwargs)
        self.dim, self.batch_size, self.labels, self.list_IDs, self.n_classes, self.shuffle = (
            dim,
            batch_size,
            labels,
            list_IDs,
            n_classes,
            shuffle,
        )
        self.ends = 0
        self.on_epoch_end()

    def __len__(self):
        return int(np.floor(len(self.list_IDs) / self.batch_size))

    def __getitem__(self, index):
        indexes = self.indexes[index * self.batch_size : (index + 1) * self.batch_size]
        return self._data([self.list_IDs[k] for k in indexes])

    def on_epoch_end(self):
        self.ends += 1
        self.indexes = np.arange(len(self.list_IDs))
        if self.shuffle:
            np.random.shuffle(self.indexes)

    def _data(self, ids):
        X = np.empty((self.batch_size, *self.dim))
        y = np.empty((self.batch_size), dtype=int)
        for i, ID in enumerate(ids):
            X[i,] = np.full(self.dim, ID)
            y[i] = self.labels[ID]
        return X, keras.utils.to_categorical(y, num_classes=self.n_classes)


tg = DataGenerator(list(range(32)), {i: i % 3 for i in range(32)})
vg = DataGenerator(list(range(16)), {i: i % 3 for i in range(16)}, shuffle=False)
m = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax")])
m.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
h = m.fit(tg, validation_data=vg, epochs=2, verbose=0)
ev = m.evaluate(vg, verbose=0)
p = m.predict(vg, verbose=0)
p2 = m.predict(vg, steps=1, verbose=0)


def gen(n):
    for i in range(n):
        X, y = vg[i % 2]
        yield X, y, np.ones(8)


h2 = m.fit(gen(10), steps_per_epoch=5, epochs=2, shuffle=False, verbose=0)
e2 = m.evaluate(gen(3), steps=2, verbose=0)
seen = dict(k=list(h.history), e=len(ev), p=p.shape, p2=p2.shape, h2=len(h2.epoch))
