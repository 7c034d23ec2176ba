"""The jobs in grafito."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.jobs import Job, Layer
from grafito import Sequential, engines, layers, optimizers, regularizers
from grafito.engines import Engine, Program

LOSSES = {"crossentropy": "sparse_categorical_crossentropy", "binary": "binary_crossentropy"}


def make_layer(layer: Layer, shape: tuple[int, ...], kinds: Any, penalty: Any) -> Any:
    """One layer for inputs of this shape, of grafito or of Keras: they have the same names."""
    axes = len(shape) - 1
    if layer.kind == "dense":
        return kinds.Dense(layer.units, layer.activation, kernel_regularizer=penalty)
    if layer.kind == "conv":
        return getattr(kinds, f"Conv{axes}D")(
            layer.units,
            layer.window,
            padding="same" if layer.same else "valid",
            activation=layer.activation,
            kernel_regularizer=penalty,
        )
    if layer.kind == "embedding":
        from benchmarks.jobs import WORDS

        return kinds.Embedding(WORDS, layer.units)
    if layer.kind == "max_pool":
        return getattr(kinds, f"MaxPooling{axes}D")(layer.window, layer.stride)
    return kinds.Flatten() if layer.kind == "flatten" else kinds.GlobalMaxPooling1D()


def input_dtype(job: Job) -> str:
    """Word ranks are integers, all else is float32."""
    return "int32" if job.layers[0].kind == "embedding" else "float32"


def build_model(job: Job) -> Sequential:
    """The network with weights of its own."""
    penalty = regularizers.L2(job.l2) if job.l2 else None
    return Sequential(
        [
            layers.Input(job.shape, dtype=input_dtype(job)),
            *(make_layer(layer, shape, layers, penalty) for layer, shape in job.with_shapes()),
        ]
    )


class Timed(Engine):
    """An engine that notes how long it compiles."""

    name = "timed"
    preference = -1

    def __init__(self, engine: Engine):
        self.engine = engine
        self.seconds = 0.0

    def compile(self, graph: Any) -> Program:
        began = time.perf_counter()
        try:
            return self.engine.compile(graph)
        finally:
            self.seconds += time.perf_counter() - began


class Participant:
    """Sequential, compile, fit, with the order of the data kept."""

    def __init__(self, job: Job, x: np.ndarray, y: np.ndarray, engine: str = "auto"):
        self.job, self.x, self.y = job, x, y
        self.model = build_model(job)
        weighted = (layer for layer in self.model.layers if layer.weights)
        for layer, arrays in zip(weighted, job.initial_weights(), strict=True):
            layer.set_weights(arrays)
        self.engine = Timed(engines.get(engine))
        self.model.compile(
            optimizers.get({"class_name": job.optimizer, "config": {"learning_rate": job.rate}}),
            loss=LOSSES.get(job.loss, job.loss),
            engine=self.engine,
            precision=job.precision,
        )

    @property
    def form(self) -> str:
        """What ran, for the table."""
        return f"engine {self.engine.engine.name}"

    @property
    def compile_seconds(self) -> float:
        """Seconds in the compiler."""
        return self.engine.seconds

    def count_params(self) -> int:
        """The number of weights."""
        return self.model.count_params()

    def run(self) -> float:
        """Train for the job's epochs; the mean loss of the last one, with penalties."""
        history = self.model.fit(
            self.x, self.y, self.job.batch, epochs=self.job.epochs, verbose=0, shuffle=False
        )
        return history.history["loss"][-1]
