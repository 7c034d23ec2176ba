"""Layers with weights, state and layers inside, as a course writes it for Keras 3."""

import keras
import numpy as np
from keras import layers


class Linear(layers.Layer):
    def __init__(self, units=32, input_dim=32):
        super().__init__()
        self.w = self.add_weight(
            shape=(input_dim, units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(shape=(units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return inputs @ self.w + self.b


class ComputeSum(layers.Layer):
    def __init__(self, input_dim):
        super().__init__()
        self.total = self.add_weight(initializer="zeros", shape=(input_dim,), trainable=False)

    def call(self, inputs):
        self.total.assign_add(inputs.sum(axis=0))
        return self.total


class MLPBlock(layers.Layer):
    def __init__(self):
        super().__init__()
        self.linear_1 = Linear(8, 4)
        self.linear_2 = Linear(1, 8)

    def call(self, inputs):
        x = self.linear_1(inputs)
        x = keras.activations.relu(x)
        return self.linear_2(x)


class OuterLayer(layers.Layer):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3, kernel_regularizer=keras.regularizers.l2(1e-3))

    def call(self, inputs):
        return self.dense(inputs)


lin = Linear(4, 2)
y = lin(np.ones((2, 2)))
cs = ComputeSum(2)
a = np.array(cs(np.ones((2, 2), "float32")))
b = np.array(cs(np.ones((2, 2), "float32")))
mlp = MLPBlock()
z = mlp(np.ones((3, 4)))
o = OuterLayer()
o(np.zeros((1, 3)))


class CustomDropout(layers.Layer):
    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.inner = layers.Dropout(rate)

    def call(self, inputs, training=None):
        if training:
            return self.inner(inputs, training=training)
        return inputs


cd = CustomDropout(0.5)
seen = dict(
    y=y.shape,
    a=a.tolist(),
    b=b.tolist(),
    w=len(cs.weights),
    nt=len(cs.non_trainable_weights),
    mw=len(mlp.weights),
    mt=len(mlp.trainable_weights),
    z=z.shape,
    l=len(o.losses),
    same=bool((np.array(cd(np.ones((4, 4)))) == 1).all()),
    diff=bool((np.array(cd(np.ones((40, 4)), training=True)) != 1).any()),
    ww=[w is v for w, v in zip(lin.weights, [lin.w, lin.b])],
)
