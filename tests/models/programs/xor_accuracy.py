"""Exclusive or with an accuracy of one's own, as a course writes it for Keras 3."""

import keras
import numpy as np
from keras.layers import Dense, Input, concatenate
from keras.models import Model


def acc(y_true, y_pred):
    return keras.metrics.binary_accuracy(y_true, y_pred, threshold=0)


x = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=float)
y = np.array([0, 1, 1, 0]).reshape((4, 1))
i = Input(shape=(2,))
h = Dense(1, activation=keras.activations.tanh, use_bias=True)(i)
o = Dense(1, activation="tanh")(concatenate([i, h], axis=1))
m = Model(i, o)
m.summary()
m.set_weights(
    [np.array([[0.5], [-0.4]]), np.array([0.1]), np.array([[0.3], [0.2], [-0.6]]), np.array([0.05])]
)
m.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.5, momentum=0.9),
    loss="mean_squared_error",
    metrics=[acc, "binary_accuracy"],
)
h = m.fit(x, y, epochs=20, batch_size=4, verbose=0, shuffle=False)
w, b = m.layers[1].get_weights()
seen = dict(
    k=sorted(h.history),
    loss=np.round(h.history["loss"], 4).tolist(),
    a=h.history["acc"],
    w=np.round(w, 3).tolist(),
    n=[l.name for l in m.layers],
    p=(m.predict(x, verbose=0) > 0.5).astype(int).tolist(),
    c=m.count_params(),
)
