"""What is measured of a training step, as tensors of the step itself, and read again as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grafito import graph
from grafito.graph import Tensor, Trace, Variable
from grafito.graph.dtypes import is_floating
from grafito.layers import Layer
from grafito.models.health import activation_of

KERNEL = 2  # axes of a weight that is a kernel, no bias
FLAT = {"sigmoid": (0.01, 0.99), "tanh": (-0.98, 0.98)}  # 1 % of the range from its ends
RELUS = ("relu", "relu6")


@dataclass
class LayerSamples:
    """The numbers of one layer, one of each sample.

    Attributes:
        activation: its name, "" for none.
        mean: of the outputs.
        spread: their standard deviation.
        peak: of a ReLU layer, for each unit the largest output of any sample since the last epoch
            began; a dead one has 0.
        answers: of a last layer with a unit for each class, what was the largest at least once.
        ends: of a last layer of one unit, the least output with its sign turned, and the greatest.
        flat: of a sigmoid or tanh layer, the share of outputs where the curve is flat.
        gradient: norm of the kernel's gradient.
        weight: norm of the kernel.
        update: length of the step that the kernel makes, as a share of its norm.
    """

    activation: str = ""
    mean: list[float] = field(default_factory=list)
    spread: list[float] = field(default_factory=list)
    peak: np.ndarray | None = None
    answers: np.ndarray | None = None
    ends: np.ndarray | None = None
    flat: list[float] = field(default_factory=list)
    gradient: list[float] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    update: list[float] = field(default_factory=list)

    @property
    def dead(self) -> int:
        """Units that gave 0 for every example that was seen."""
        return 0 if self.peak is None else int((self.peak <= 0).sum())


def asked(trace: Trace) -> dict[str, Tensor]:
    """The tensors that tell how a step goes; their names have a kind and a layer, path or nothing.

    Outputs of what has layers within it are left out, but for gradients; of the last layer there
    are its answers.
    """
    found: dict[str, Tensor] = {}
    losses = [x for kind, _, x in trace.seen if kind == "loss"]
    if losses:
        found["cost"] = losses[-1]
    outputs = [(o, x) for kind, o, x in trace.seen if kind == "output" and _leaf(o)]
    last = outputs[-1][0] if outputs else None
    if outputs:
        found |= _of_answers(*outputs[-1])
    for layer, x in outputs:
        if layer is not last and is_floating(x.dtype) and x.ndim > 1:
            found |= {f"{kind} {layer.name}": t for kind, t in _of_output(layer, x).items()}
    for kind, variable, g in trace.seen:
        if kind == "gradient" and isinstance(variable, Variable) and len(variable.shape) >= KERNEL:
            new = trace.updates.get(variable, variable)
            norms = {"gradient": g, "weight": variable, "update": new - variable}
            found |= {f"{name} {variable.path}": _norm(t) for name, t in norms.items()}
    return found


def _leaf(layer: Any) -> bool:
    return isinstance(layer, Layer) and not layer.sublayers


def _of_output(layer: Any, x: Tensor) -> dict[str, Tensor]:
    x = graph.cast(x, "float32")
    mean = graph.mean(x)
    found = {"mean": mean, "square": graph.mean(graph.square(x))}
    activation = activation_of(layer)
    if activation in RELUS:
        found["peak"] = graph.max(x, axis=tuple(range(x.ndim - 1)))
    elif activation in FLAT:
        low, high = FLAT[activation]
        flat = graph.logical_or(x < low, x > high)
        found["flat"] = graph.mean(graph.cast(flat, "float32"))
    return found


def _of_answers(layer: Any, x: Tensor) -> dict[str, Tensor]:
    """How many examples there were, and which classes they were answered with."""
    found = {"examples": graph.constant(float(x.shape[0] if x.ndim else 1))}
    if x.ndim != KERNEL or not is_floating(x.dtype):
        return found
    x = graph.cast(x, "float32")
    if x.shape[1] == 1:
        found[f"ends {layer.name}"] = graph.stack([-graph.min(x), graph.max(x)])
    else:
        best = graph.equal(x, graph.max(x, axis=1, keepdims=True))
        found[f"answers {layer.name}"] = graph.max(graph.cast(best, "float32"), axis=0)
    return found


def _norm(x: Any) -> Tensor:
    return graph.sqrt(graph.sum(graph.square(graph.cast(x, "float32"))))


class Samples:
    """What was read of the steps that were looked into.

    Attributes:
        steps: their numbers.
        losses: of their batches, before the step.
        sizes: examples in each batch.
        seen: examples in the samples since the last epoch began.
        layers: by name, or by the path of the weights.

    Example:
        >>> samples = Samples()
        >>> samples.take(0, {"cost": 2.0, "mean h": 0.5, "square h": 0.5, "peak h": [1.0, 0.0]})
        >>> samples.layers["h"].dead, samples.layers["h"].spread
        (1, [0.5])
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.losses: list[float] = []
        self.sizes: list[int] = []
        self.seen = 0
        self.layers: dict[str, LayerSamples] = {}

    def __len__(self) -> int:
        return len(self.steps)

    def new_epoch(self) -> None:
        """Dead is a unit, and never the answer a class, that is so in the last epoch."""
        self.seen = 0
        for layer in self.layers.values():
            layer.peak = layer.answers = layer.ends = None

    def take(self, step: int, numbers: Mapping[str, Any]) -> None:
        """Read the numbers of one step."""
        self.steps.append(step)
        for name, number in numbers.items():
            kind, _, owner = name.partition(" ")
            if kind == "cost":
                self.losses.append(float(number))
                continue
            if kind == "examples":
                self.sizes.append(int(number))
                self.seen += int(number)
                continue
            layer = self.layers.get(owner)
            if layer is None:
                layer = self.layers[owner] = LayerSamples()
            if kind in ("peak", "answers", "ends"):
                new, before = np.asarray(number), getattr(layer, kind)
                setattr(layer, kind, new if before is None else np.maximum(before, new))
            elif kind == "square":
                square, mean = float(number), layer.mean[-1]
                layer.spread.append(math.sqrt(max(square - mean * mean, 0.0)))
            elif kind == "update":
                layer.update.append(float(number) / max(layer.weight[-1], 1e-12))
            else:
                getattr(layer, kind).append(float(number))

    @property
    def whole_losses(self) -> list[float]:
        """The losses without those of much smaller batches, which lie apart by chance."""
        if len(self.sizes) != len(self.losses):
            return self.losses
        largest = max(self.sizes, default=0)
        pairs = zip(self.losses, self.sizes, strict=True)
        return [loss for loss, size in pairs if 2 * size >= largest or not np.isfinite(loss)]

    def longest(self, units: Mapping[str, int]) -> dict[str, float]:
        """For each kernel how far one update moved the weights of a unit at most.

        Args:
            units: how many a kernel has, by its path.
        """
        return {
            name: max(
                step * weight for step, weight in zip(layer.update, layer.weight, strict=True)
            )
            / units[name] ** 0.5
            for name, layer in self.layers.items()
            if layer.update and units.get(name)
        }

    def answered(self, threshold: float = 0.5) -> list[int] | None:
        """The classes that were answered in the last epoch; None where the outputs are no classes.

        Args:
            threshold: between the classes of one unit.
        """
        for layer in self.layers.values():
            if layer.answers is not None:
                return np.flatnonzero(layer.answers).tolist()
            if layer.ends is not None:
                low, high = -layer.ends[0], layer.ends[1]
                return [
                    label
                    for label, is_so in enumerate((low <= threshold, high > threshold))
                    if is_so
                ]
        return None

    def middle(self, kind: str) -> dict[str, float]:
        """For each layer the median of a kind of number over the samples."""
        found = {name: getattr(layer, kind) for name, layer in self.layers.items()}
        return {name: float(np.median(values)) for name, values in found.items() if values}

    def early(self, kind: str, count: int = 3) -> dict[str, float]:
        """The same of the first samples."""
        found = {name: getattr(layer, kind)[:count] for name, layer in self.layers.items()}
        return {name: float(np.median(values)) for name, values in found.items() if values}
