"""Convolutional, as a course writes it for Keras 3."""

import keras
import numpy as np

r = np.random.default_rng(0)
x, y = r.random((40, 32, 32, 3)).astype("float32"), r.integers(0, 10, (40, 1))
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.RandomFlip("horizontal"),
        keras.layers.Conv2D(6, (5, 5), activation="relu", padding="same"),
        keras.layers.MaxPooling2D((2, 2)),
        keras.layers.SeparableConv2D(8, 3, strides=2, activation="elu"),
        keras.layers.SpatialDropout2D(0.1),
        keras.layers.Conv2DTranspose(4, 3, strides=2),
        keras.layers.AveragePooling2D(2),
        keras.layers.LayerNormalization(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
        keras.layers.Softmax(),
    ]
)
model.compile("adagrad", "sparse_categorical_crossentropy", metrics=["acc"])
history = model.fit(x, y, epochs=1, batch_size=16, verbose=0)
model.layers[1].trainable = False
seen = {
    "keys": list(history.history),
    "weights": [w.shape for w in model.get_weights()],
    "shape": model.predict(x, verbose=0).shape,
    "frozen": len(model.trainable_variables),
}
