"""Distillation of a teacher into a student, as a course writes it for Keras 3."""

import keras
import numpy as np
from keras import layers


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.teacher = teacher
        self.student = student

    def compile(
        self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3
    ):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha = alpha
        self.temperature = temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        distillation_loss = self.distillation_loss_fn(
            keras.activations.softmax(teacher_pred / self.temperature, axis=1),
            keras.activations.softmax(y_pred / self.temperature, axis=1),
        ) * (self.temperature**2)
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def call(self, x):
        return self.student(x)


def net(n, name):
    return keras.Sequential(
        [keras.Input((6,)), layers.Dense(n, activation="relu"), layers.Dense(3)], name=name
    )


t, s = net(16, "teacher"), net(4, "student")
r = np.random.default_rng(0)
X, Y = r.random((40, 6)), r.integers(0, 3, 40)
for m in (t, s):
    m.set_weights([r.normal(size=w.shape) * 0.4 for w in m.get_weights()])
distiller = Distiller(student=s, teacher=t)
distiller.compile(
    optimizer=keras.optimizers.SGD(0.1),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
    student_loss_fn=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    distillation_loss_fn=keras.losses.KLDivergence(),
    alpha=0.1,
    temperature=10,
)
tw = t.get_weights()[0].copy()
h = distiller.fit(X, Y, epochs=2, verbose=0, shuffle=False)
ev = distiller.evaluate(X, Y, verbose=0)
seen = dict(
    k=sorted(h.history),
    l=np.round(h.history["loss"], 4).tolist(),
    e=np.round(ev, 4).tolist(),
    w=np.round(s.get_weights()[0][0], 3).tolist(),
    n=len(distiller.trainable_weights),
    a=np.round(h.history["sparse_categorical_accuracy"], 4).tolist(),
    tm=bool((tw == t.get_weights()[0]).all()),
)
