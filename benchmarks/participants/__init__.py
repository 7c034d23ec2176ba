"""Those who take part: one file a library, found by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from benchmarks.jobs import Job


@dataclass(frozen=True)
class Entry:
    """One who takes part.

    Args:
        title: what the table calls it.
        module: the file here with its class `Participant`.
        library: the package that it needs.
        option: which of its forms.
        applies: whether it can do the job as it is meant.
    """

    title: str
    module: str
    library: str
    option: str = ""

    def applies(self, job: Job) -> bool:
        """Whether this form differs from the others, and can do the job as it is meant."""
        if self.option.startswith("autocast") and job.precision == "float32":
            return False
        if self.option.endswith("channels_last"):
            return len(job.shape) == 3
        if self.option == "fused":  # of PyTorch's optimizers only these have such a form
            return job.optimizer in ("sgd", "adam", "adagrad")
        if self.module == "in_sklearn":  # it knows Adam and SGD, cross-entropy after softmax
            return job.name == "mnist-dense"
        return True

    def participant(self) -> type:
        """The class, whose library is imported now."""
        return importlib.import_module(f"{__name__}.{self.module}").Participant


ENTRIES = {
    "grafito": Entry("grafito", "in_grafito", "grafito"),
    "pytorch": Entry("PyTorch eager", "in_torch", "torch", "eager"),
    "pytorch-channels-last": Entry(
        "PyTorch eager, channels_last", "in_torch", "torch", "channels_last"
    ),
    "pytorch-fused": Entry("PyTorch eager, fused optimizer", "in_torch", "torch", "fused"),
    "pytorch-autocast": Entry("PyTorch eager, bfloat16 autocast", "in_torch", "torch", "autocast"),
    "pytorch-autocast-channels-last": Entry(
        "PyTorch eager, bfloat16 autocast, channels_last",
        "in_torch",
        "torch",
        "autocast_channels_last",
    ),
    "pytorch-loader": Entry("PyTorch with DataLoader", "in_torch", "torch", "loader"),
    "pytorch-compile": Entry("torch.compile", "in_torch", "torch", "compile"),
    "keras": Entry("Keras on JAX", "in_keras", "keras"),
    "jax": Entry("JAX by hand", "in_jax", "jax"),
    "sklearn": Entry("scikit-learn MLP", "in_sklearn", "sklearn"),
}
# The rows of which the faster one is "PyTorch eager": the same program, two orders of the memory.
BASELINES = ("pytorch", "pytorch-channels-last")
