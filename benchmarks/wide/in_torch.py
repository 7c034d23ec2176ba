"""A grafito model as PyTorch's users would write it: images and sequences with channels first.

Layers and calls are read from the model's configuration, weights are copied and turned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.wide.networks import PENALTY, RATES, Network
from grafito import Model

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}

Arrays = list[np.ndarray]


class Parallel(nn.Module):
    """Some function of tensors as a module."""

    def __init__(self, function: Callable[..., torch.Tensor]):
        super().__init__()
        self.function = function

    def forward(self, *x: Any) -> torch.Tensor:
        """Its value."""
        return self.function(*x)


def _first(kernel: np.ndarray) -> np.ndarray:
    """Window axes last: (..., in, out) becomes (out, in, ...)."""
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def _dense(c: dict[str, Any], arrays: Arrays, flat: tuple[int, ...]) -> nn.Module:
    kernel, *bias = arrays
    if len(flat) > 1:  # rows go from HWC to CHW
        kernel = np.moveaxis(kernel.reshape(*flat, -1), -2, 0).reshape(kernel.shape)
    return _with(nn.Linear(*kernel.shape), [kernel.T, *bias])


def _conv(c: dict[str, Any], arrays: Arrays, flat: tuple[int, ...]) -> nn.Module:
    kernel, *bias = arrays
    make = nn.Conv1d if kernel.ndim == 3 else nn.Conv2d
    made = make(
        kernel.shape[-2] * c["groups"],
        kernel.shape[-1],
        kernel.shape[:-2],
        stride=c["strides"],
        padding=c["padding"] if c["padding"] == "same" else 0,
        dilation=c["dilation_rate"],
        groups=c["groups"],
        bias=bool(bias),
    )
    return _with(made, [_first(kernel), *bias])


def _depthwise(c: dict[str, Any], arrays: Arrays, flat: tuple[int, ...]) -> nn.Module:
    kernel, *bias = arrays
    channels, times = kernel.shape[-2:]
    made = nn.Conv2d(
        channels, channels * times, kernel.shape[:2], padding=c["padding"], groups=channels,
        bias=bool(bias),
    )  # fmt: skip
    weights = kernel.transpose(2, 3, 0, 1).reshape(channels * times, 1, *kernel.shape[:2])
    return _with(made, [weights, *bias])


def _separable(c: dict[str, Any], arrays: Arrays, flat: tuple[int, ...]) -> nn.Module:
    depth, point, *bias = arrays
    one = _depthwise(c, [depth], flat)
    two = nn.Conv2d(*point.shape[-2:], 1, bias=bool(bias))
    return nn.Sequential(one, _with(two, [_first(point), *bias]))


def _transposed(c: dict[str, Any], arrays: Arrays, flat: tuple[int, ...]) -> nn.Module:
    kernel, *bias = arrays
    around = (kernel.shape[0] - c["strides"][0]) // 2
    made = nn.ConvTranspose2d(
        kernel.shape[-1], kernel.shape[-2], kernel.shape[:2], c["strides"], padding=around
    )
    return _with(made, [kernel.transpose(3, 2, 0, 1), *bias])


def _normalization(c: dict[str, Any], arrays: Arrays, flat: tuple[int, ...]) -> nn.Module:
    size = len(arrays[0])
    kind = nn.BatchNorm2d if len(flat) == 3 else nn.BatchNorm1d
    return kind(size, eps=c["epsilon"], momentum=1 - c["momentum"])


def _layer_normalization(c: dict[str, Any], arrays: Arrays, flat: tuple[int, ...]) -> nn.Module:
    return nn.LayerNorm(len(arrays[0]), eps=c["epsilon"])


def _embedding(c: dict[str, Any], arrays: Arrays, flat: tuple[int, ...]) -> nn.Module:
    table = _with(nn.Embedding(*arrays[0].shape), arrays)
    return nn.Sequential(table, Parallel(lambda x: x.transpose(1, 2)))


def _pool(kind: str) -> Callable[..., nn.Module]:
    def make(c: dict[str, Any], *_: Any) -> nn.Module:
        return getattr(nn, kind)(c["pool_size"], c["strides"])

    return make


def _plain(make: Callable[[dict[str, Any]], nn.Module]) -> Callable[..., nn.Module]:
    return lambda c, *_: make(c)


def _spread(shape: list[int]) -> tuple[int, ...]:
    return (-1, shape[-1], *shape[:-1])


MODULES: dict[str, Callable[..., nn.Module]] = {
    "Dense": _dense,
    "Conv1D": _conv,
    "Conv2D": _conv,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Conv2DTranspose": _transposed,
    "BatchNormalization": _normalization,
    "LayerNormalization": _layer_normalization,
    "Embedding": _embedding,
    "MaxPooling2D": _pool("MaxPool2d"),
    "AveragePooling2D": _pool("AvgPool2d"),
    "GlobalAveragePooling1D": _plain(lambda c: Parallel(lambda x: x.mean(2))),
    "GlobalAveragePooling2D": _plain(lambda c: Parallel(lambda x: x.mean((2, 3)))),
    "GlobalMaxPooling1D": _plain(lambda c: Parallel(lambda x: x.amax(2))),
    "GlobalMaxPooling2D": _plain(lambda c: Parallel(lambda x: x.amax((2, 3)))),
    "Flatten": _plain(lambda c: nn.Flatten()),
    "Dropout": _plain(lambda c: nn.Dropout(c["rate"])),
    "Activation": _plain(lambda c: ACTIVATIONS[c["activation"]]()),
    "Add": _plain(lambda c: Parallel(lambda xs: sum(xs[1:], xs[0]))),
    "Concatenate": _plain(lambda c: Parallel(lambda xs: torch.cat(xs, 1))),
    "Reshape": _plain(lambda c: Parallel(lambda x: x.reshape(_spread(c["target_shape"])))),
}


@torch.no_grad()
def _with(module: nn.Module, arrays: Arrays) -> Any:
    """The module with these numbers as its parameters."""
    for parameter, array in zip(module.parameters(), arrays, strict=True):
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))
    return module


class Translated(nn.Module):
    """The model's calls, one after the other; a last softmax is left to the loss."""

    def __init__(self, model: Model, with_softmax: bool):
        super().__init__()
        config = model.get_config()
        self.calls = [call["args"][1][0] for call in config["calls"]]
        self.members = nn.ModuleList()
        flat: tuple[int, ...] = ()
        for call, one in zip(config["calls"], config["layers"], strict=True):
            layer, kind, c = (
                model.get_layer(one["config"]["name"]),
                one["class_name"],
                one["config"],
            )
            assert call["layer"] == len(self.members), "each layer is called once"
            shape = one["build_shape"]
            before = tuple(shape[1:]) if not isinstance(shape[0], list) else ()
            arrays = layer.get_weights()
            made = MODULES[kind](c, arrays, flat if kind == "Dense" else before)
            flat = before if kind == "Flatten" else ()
            activation = ACTIVATIONS.get(c.get("activation", "linear")) if arrays else None
            self.members.append(nn.Sequential(made, activation()) if activation else made)
        self.with_softmax = with_softmax

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """From inputs to logits, or to the output."""
        values: list[Any] = []

        def read(argument: Any) -> Any:
            if isinstance(argument, dict):
                kind, index, *_ = argument["symbol"]
                return inputs[index] if kind == "input" else values[index]
            return [read(x) for x in argument[1]]

        for member, argument in zip(self.members, self.calls, strict=True):
            values.append(member(read(argument)))
        return values[-1]


def channels_first(array: np.ndarray) -> np.ndarray:
    """Images and sequences with the axis that PyTorch wants first."""
    if array.dtype == np.int32 or array.ndim < 3:
        return array
    return np.ascontiguousarray(np.moveaxis(array, -1, 1))


class Participant:
    """A training loop over slices of tensors in memory.

    Args:
        network: what to do.
        form: eager, channels_last or compile.
    """

    def __init__(self, network: Network, form: str):
        model = network.model()
        inputs, targets = network.examples(model)
        self.network = network
        self.inputs = [torch.from_numpy(channels_first(x)) for x in inputs]
        images = network.loss == "mse"
        self.targets = torch.from_numpy(channels_first(targets) if images else targets)
        if not images:
            self.targets = self.targets.long()
        self.model = Translated(model, images)
        if network.precision == "float64":
            self.model.double()
        if form == "channels_last":
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.inputs = [
                x.to(memory_format=torch.channels_last) if x.ndim == 4 else x for x in self.inputs
            ]
        self.call = torch.compile(self.model) if form == "compile" else self.model
        self.loss = nn.MSELoss() if images else nn.CrossEntropyLoss(reduction="none")
        weights = network.weights_of_classes()
        self.weights = torch.tensor(list(weights.values())) if weights else None
        self.optimizer = self._optimizer()

    def _optimizer(self) -> torch.optim.Optimizer:
        parameters, rate = self.model.parameters(), RATES[self.network.optimizer]
        if self.network.optimizer == "adam":
            return torch.optim.Adam(parameters, lr=rate, eps=1e-7)
        return torch.optim.SGD(parameters, lr=rate)

    def _loss(self, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        loss = self.loss(out, y)
        if self.weights is not None:
            loss = loss * self.weights[y]
        loss = loss.mean()
        if self.network.own_step:
            loss = loss + PENALTY * torch.softmax(out, 1).square().mean()
        return loss

    def run(self) -> float:
        """Train on all examples once; the mean loss."""
        size, total = self.network.batch, torch.zeros(())
        for start in range(0, len(self.targets), size):
            self.optimizer.zero_grad()
            out = self.call(*(x[start : start + size] for x in self.inputs))
            loss = self._loss(out, self.targets[start : start + size])
            loss.backward()
            if self.network.clip:
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.network.clip)
            self.optimizer.step()
            total += loss.detach()
        return total.item() / self.network.steps
