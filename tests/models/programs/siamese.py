"""Two images through one network; a contrastive loss of their distance."""

import keras
import numpy as np
from keras import layers, ops


def euclidean_distance(vectors):
    x, y = vectors
    squares = ops.sum(ops.square(x - y), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(squares, keras.backend.epsilon()))


def contrastive_loss(margin=1):
    def loss(y_true, y_pred):
        square = ops.square(y_pred)
        beyond = ops.square(ops.maximum(margin - y_pred, 0))
        return ops.mean((1 - y_true) * square + y_true * beyond)

    return loss


inputs = layers.Input((10, 10, 1))
x = layers.BatchNormalization()(inputs)
x = layers.Conv2D(4, (5, 5), activation="tanh")(x)
x = layers.AveragePooling2D(pool_size=(2, 2))(x)
x = layers.Flatten()(x)
x = layers.BatchNormalization()(x)
embedding = keras.Model(inputs, layers.Dense(6, activation="tanh")(x))

one, other = layers.Input((10, 10, 1)), layers.Input((10, 10, 1))
merged = layers.Lambda(euclidean_distance, output_shape=(1,))([embedding(one), embedding(other)])
outputs = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(merged))
siamese = keras.Model(inputs=[one, other], outputs=outputs)
siamese.compile(loss=contrastive_loss(margin=1), optimizer="RMSprop", metrics=["accuracy"])

rng = np.random.default_rng(0)
first, second = (rng.uniform(size=(24, 10, 10, 1)).astype("float32") for _ in range(2))
labels = rng.integers(0, 2, (24, 1)).astype("float32")
history = siamese.fit(
    [first, second],
    labels,
    validation_data=([first, second], labels),
    batch_size=8,
    epochs=2,
    verbose=0,
)
results = siamese.evaluate([first, second], labels, verbose=0)
seen = {
    "names": sorted(history.history),
    "weights": [siamese.count_params(), len(siamese.trainable_weights)],
    "results": len(results),
    "finite": bool(np.isfinite(results).all()),
    "shape": siamese.predict([first, second], verbose=0).shape,
}
