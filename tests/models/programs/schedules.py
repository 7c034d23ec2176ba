"""Schedules of the learning rate, as a course writes it for Keras 3."""

import keras
import numpy as np


class MyLRSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, initial_learning_rate, warm=4):
        self.initial_learning_rate = initial_learning_rate
        self.warm = warm

    def __call__(self, step):
        return self.initial_learning_rate / (step + 1)

    def get_config(self):
        return {"initial_learning_rate": self.initial_learning_rate, "warm": self.warm}


x = np.ones((32, 3))
y = np.ones((32, 1))
out = {}
S = keras.optimizers.schedules
for name, s in dict(
    own=MyLRSchedule(0.1),
    exp=S.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.96, staircase=True),
    cos=S.CosineDecay(0.0, 10, alpha=0.1, warmup_target=0.1, warmup_steps=3),
    poly=S.PolynomialDecay(0.1, 10, 0.01, power=0.5),
    inv=S.InverseTimeDecay(0.1, 2, 0.5),
    pw=S.PiecewiseConstantDecay([2, 5], [0.1, 0.05, 0.01]),
).items():
    m = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    m.compile(keras.optimizers.SGD(s, momentum=0.5), "mse")
    h = m.fit(x, y, batch_size=8, epochs=2, verbose=0, shuffle=False)
    out[name] = (
        np.round(h.history["loss"], 5).tolist(),
        round(float(s(7)), 5),
        type(m.optimizer.get_config()["learning_rate"]).__name__,
        int(m.optimizer.iterations),
    )
o = keras.optimizers.get({"class_name": "Adam", "config": {"learning_rate": 0.01}})
o2 = keras.optimizers.Adam.from_config(keras.optimizers.Adam(0.02, beta_1=0.8).get_config())
c = keras.optimizers.serialize(o2)
seen = dict(
    out=out,
    o=round(float(o.learning_rate), 4),
    o2=o2.beta_1,
    c=c["class_name"],
    d=keras.optimizers.deserialize(c).beta_1,
)
