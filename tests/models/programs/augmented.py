"""Images that are varied in training, resized inside of the model, and read from batches."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)


class Pictures(keras.utils.PyDataset):
    def __init__(self, images, labels, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.images, self.labels, self.batch_size = images, labels, batch_size

    def __len__(self):
        return -(-len(self.images) // self.batch_size)

    def __getitem__(self, index):
        part = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.images[part], self.labels[part]


augmentation = keras.Sequential(
    [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(0.1),
        layers.RandomContrast(0.2),
        layers.RandomBrightness(0.1),
        layers.RandomZoom(0.1),
    ],
    name="augmentation",
)
images = rng.uniform(0, 255, (20, 10, 8, 3)).astype("float32")
labels = rng.integers(0, 2, (20, 1)).astype("float32")
inputs = keras.Input(shape=(10, 8, 3))
x = augmentation(inputs)
x = layers.Resizing(8, 8)(x)
x = layers.Rescaling(1.0 / 255)(x)
for size in (4, 8):
    x = layers.SeparableConv2D(size, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.25)(x)
outputs = layers.Dense(1, activation=None)(x)
model = keras.Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(3e-4),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(name="acc", threshold=0.0)],
)
history = model.fit(
    Pictures(images, labels, 6, workers=2),
    epochs=2,
    validation_data=Pictures(images, labels, 6),
    verbose=0,
)
windows = [layers.CategoryEncoding(4, output_mode="count")(np.array([[1, 1, 3]]))]
seen = {
    "names": sorted(history.history),
    "weights": model.count_params(),
    "varied": augmentation(images, training=True).shape,
    "counts": np.asarray(windows[0]).tolist(),
    "bins": np.asarray(layers.Discretization([0.0, 1.0])(np.array([[-1.0, 0.5, 3.0]]))).tolist(),
    "probability": model.predict(images, verbose=0).shape,
}
