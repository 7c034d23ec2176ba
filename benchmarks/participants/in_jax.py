"""The jobs in JAX by hand: a jitted training step and nothing but jax.numpy and lax."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.jobs import Job, Layer

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    None: lambda x: x,
}
EPSILON = 1e-7
_AXES = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC")}


def apply_layer(layer: Layer, weights: list[jax.Array], x: jax.Array) -> jax.Array:
    """One layer without its activation."""
    if layer.kind == "dense":
        return x @ weights[0] + weights[1]
    if layer.kind == "conv":
        axes = x.ndim - 2
        padding = "SAME" if layer.same else "VALID"
        y = lax.conv_general_dilated(
            x, weights[0], (1,) * axes, padding, dimension_numbers=_AXES[axes]
        )
        return y + weights[1]
    if layer.kind == "max_pool":
        window, stride = (1, layer.window, layer.window, 1), (1, layer.stride, layer.stride, 1)
        return lax.reduce_window(x, -jnp.inf, lax.max, window, stride, "VALID")
    if layer.kind == "embedding":
        return weights[0][x]
    return x.reshape(len(x), -1) if layer.kind == "flatten" else x.max(axis=1)


def loss(job: Job, weights: list[list[jax.Array]], x: jax.Array, y: jax.Array) -> jax.Array:
    """The mean loss of a batch, with penalties."""
    arrays = iter(weights)
    for layer, shape in job.with_shapes():
        x = apply_layer(layer, next(arrays) if layer.weight_shapes(shape) else [], x)
        if layer is not job.layers[-1] or job.loss == "mse":
            x = ACTIVATIONS[layer.activation](x)
    if job.loss == "crossentropy":
        picked = jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], axis=1)
        value = -picked.mean()
    elif job.loss == "binary":
        value = jnp.mean(jnp.maximum(x, 0) - x * y + jnp.log1p(jnp.exp(-jnp.abs(x))))
    else:
        value = jnp.mean((x - y) ** 2)
    if job.l2:
        value += job.l2 * sum(jnp.sum(layer[0] ** 2) for layer in weights)
    return value


def first_slots(job: Job, w: jax.Array) -> list[jax.Array]:
    """What the optimizer remembers of a weight, before the first step."""
    count = {"sgd": 0, "adam": 2, "adagrad": 1, "adadelta": 2}[job.optimizer]
    return [jnp.full_like(w, 0.1 if job.optimizer == "adagrad" else 0) for _ in range(count)]


def update(
    job: Job, w: jax.Array, g: jax.Array, slots: list[jax.Array], step: jax.Array
) -> tuple[jax.Array, list[jax.Array]]:
    """One step of the optimizer, with Keras's settings."""
    if job.optimizer == "sgd":
        return w - job.rate * g, []
    if job.optimizer == "adam":
        m = 0.9 * slots[0] + 0.1 * g
        v = 0.999 * slots[1] + 0.001 * g * g
        rate = job.rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        return w - rate * m / (jnp.sqrt(v) + EPSILON), [m, v]
    if job.optimizer == "adagrad":
        a = slots[0] + g * g
        return w - job.rate * g / jnp.sqrt(a + EPSILON), [a]
    a = 0.95 * slots[0] + 0.05 * g * g
    d = g * jnp.sqrt(slots[1] + EPSILON) / jnp.sqrt(a + EPSILON)
    return w - job.rate * d, [a, 0.95 * slots[1] + 0.05 * d * d]


@partial(jax.jit, static_argnums=(0, 5), donate_argnums=(1,))
def train_step(
    job: Job, state: Any, x: jax.Array, y: jax.Array, start: jax.Array, size: int
) -> Any:
    """One step on the examples from `start` on; the new state."""
    weights, slots, step, total = state
    batch = (lax.dynamic_slice_in_dim(a, start, size) for a in (x, y))
    value, gradients = jax.value_and_grad(partial(loss, job))(weights, *batch)
    step = step + 1
    flat, tree = jax.tree.flatten(weights)
    steps = [
        update(job, w, g, s, step)
        for w, g, s in zip(flat, jax.tree.leaves(gradients), slots, strict=True)
    ]
    new = jax.tree.unflatten(tree, [w for w, _ in steps])
    return new, [s for _, s in steps], step, total + size * value


class Participant:
    """One jitted step, called for each batch; the state is given to it and comes back."""

    form = ""
    compile_seconds = None  # not told; it is what the first run takes longer

    def __init__(self, job: Job, x: np.ndarray, y: np.ndarray, engine: str = ""):
        self.job, self.x, self.y = job, jnp.asarray(x), jnp.asarray(y)
        weights = [[jnp.asarray(a) for a in arrays] for arrays in job.initial_weights()]
        slots = [first_slots(job, w) for w in jax.tree.leaves(weights)]
        self.state = (weights, slots, jnp.float32(0), jnp.float32(0))

    def count_params(self) -> int:
        """The number of weights."""
        return sum(w.size for w in jax.tree.leaves(self.state[0]))

    def run(self) -> float:
        """Train for the job's epochs; the mean loss of the last one, with penalties."""
        for _ in range(self.job.epochs):
            self.state = (*self.state[:3], jnp.float32(0))
            for start in range(0, len(self.x), self.job.batch):
                size = min(self.job.batch, len(self.x) - start)
                self.state = train_step(self.job, self.state, self.x, self.y, start, size)
        return float(self.state[3]) / len(self.x)
