"""The jobs in PyTorch, as its users write them: images with their channels first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.jobs import WORDS, Job, Layer, Shape

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
LOSSES = {"crossentropy": nn.CrossEntropyLoss, "binary": nn.BCEWithLogitsLoss, "mse": nn.MSELoss}


class Words(nn.Module):
    """Vectors of words, turned so that a convolution of sequences can read them."""

    def __init__(self, size: int):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From (N, L) to (N, C, L)."""
        return self.embedding(x).transpose(1, 2)


class Largest(nn.Module):
    """The largest value of each channel of a sequence."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From (N, C, L) to (N, C)."""
        return x.amax(dim=2)


def make_layer(layer: Layer, shape: Shape) -> nn.Module:
    """One layer without its activation."""
    if layer.kind == "dense":
        return nn.Linear(shape[-1], layer.units)
    if layer.kind == "conv":
        kind = nn.Conv1d if len(shape) == 2 else nn.Conv2d
        return kind(shape[-1], layer.units, layer.window, padding="same" if layer.same else 0)
    if layer.kind == "max_pool":
        return nn.MaxPool2d(layer.window, layer.stride)
    if layer.kind == "embedding":
        return Words(layer.units)
    return nn.Flatten() if layer.kind == "flatten" else Largest()


def build_model(job: Job) -> nn.Sequential:
    """The network; a last softmax or sigmoid that belongs to the loss is left to the loss."""
    modules: list[nn.Module] = []
    for layer, shape in job.with_shapes():
        modules.append(make_layer(layer, shape))
        in_loss = layer is job.layers[-1] and job.loss in ("crossentropy", "binary")
        if layer.activation and not in_loss:
            modules.append(ACTIVATIONS[layer.activation]())
    return nn.Sequential(*modules)


@torch.no_grad()
def set_weights(model: nn.Sequential, job: Job) -> None:
    """Give the network the job's initial weights, turned to PyTorch's order of the axes."""
    weighted = [module for module in model if list(module.parameters())]
    before: Layer | None = None
    image: Shape = ()
    arrays = job.initial_weights()
    for layer, shape in job.with_shapes():
        if layer.kind == "flatten":
            image = shape
        if layer.weight_shapes(shape):
            kernel, *bias = next(arrays)
            if before is not None and before.kind == "flatten":  # rows go from HWC to CHW
                kernel = kernel.reshape(*image, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
            if layer.kind != "embedding":
                kernel = np.moveaxis(kernel, (-1, -2), (0, 1))
            for parameter, array in zip(weighted.pop(0).parameters(), (kernel, *bias), strict=True):
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))
        before = layer


def make_optimizer(job: Job, model: nn.Module, fused: bool) -> torch.optim.Optimizer:
    """The optimizer with Keras's settings. A penalty on kernels is its weight decay."""
    kernels = [p for p in model.parameters() if p.ndim > 1]
    biases = [p for p in model.parameters() if p.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": kernels, "weight_decay": 2 * job.l2},
        {"params": biases},
    ]
    options: dict[str, Any] = {"lr": job.rate} | ({"fused": True} if fused else {})
    if job.optimizer == "sgd":
        return torch.optim.SGD(groups, **options)
    if job.optimizer == "adam":
        return torch.optim.Adam(groups, eps=1e-7, **options)
    if job.optimizer == "adagrad":
        return torch.optim.Adagrad(groups, initial_accumulator_value=0.1, eps=1e-7, **options)
    return torch.optim.Adadelta(groups, rho=0.95, eps=1e-7, **options)


class Participant:
    """A training loop over slices of tensors in memory, or over a DataLoader.

    Args:
        job: what to do.
        x, y: images with channels first, unless the form is channels_last.
        form: eager, channels_last, autocast (to bfloat16), autocast_channels_last, fused
            (optimizer), loader or compile.
        device: where the data and the network lie.
    """

    compile_seconds = None  # not told; it is what the first run takes longer

    def __init__(
        self, job: Job, x: np.ndarray, y: np.ndarray, form: str = "eager", device: str = "cpu"
    ):
        self.job, self.form, self.device = job, "", device
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        if job.loss == "crossentropy":
            self.y = self.y.long()
        self.model = build_model(job)
        if form.endswith("channels_last"):
            self.x = self.x.permute(0, 3, 1, 2)  # the same memory under PyTorch's names
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        set_weights(self.model, job)
        self.model.to(device)
        self.x, self.y = self.x.to(device), self.y.to(device)
        self.loss = LOSSES[job.loss]()
        self.narrow = form.startswith("autocast")
        self.optimizer = make_optimizer(job, self.model, form == "fused")
        self.call = torch.compile(self.model) if form == "compile" else self.model
        self.loader = None
        if form == "loader":
            data = torch.utils.data.TensorDataset(self.x, self.y)
            self.loader = torch.utils.data.DataLoader(data, batch_size=job.batch)

    def count_params(self) -> int:
        """The number of weights."""
        return sum(math.prod(p.shape) for p in self.model.parameters())

    def penalty(self) -> float:
        """What the job's loss adds for the weights; weight decay does not show it."""
        kernels = (p for p in self.model.parameters() if p.ndim > 1)
        return self.job.l2 * sum(p.detach().square().sum().item() for p in kernels)

    def batches(self) -> Iterable[Any]:
        """One pass over the data."""
        if self.loader is not None:
            return self.loader
        size = self.job.batch
        return ((self.x[i : i + size], self.y[i : i + size]) for i in range(0, len(self.x), size))

    def run(self) -> float:
        """Train for the job's epochs; the mean loss of the last one, without penalties."""
        for _ in range(self.job.epochs):
            total = torch.zeros((), device=self.device)
            for x, y in self.batches():
                self.optimizer.zero_grad()
                with torch.autocast(self.device, torch.bfloat16, enabled=self.narrow):
                    out = self.call(x)
                loss = self.loss(out.float(), y)
                loss.backward()
                self.optimizer.step()
                total += loss.detach() * len(x)
        return total.item() / len(self.x)
