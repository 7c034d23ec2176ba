"""Checks before training: does the loss fit the last activation?

An error where training cannot work, a warning where it works but is seldom meant.
"""

from __future__ import annotations

from typing import Any

from grafito.errors import ArgumentError, LossWarning, warn
from grafito.graph.tensor import Tensor
from grafito.language import message
from grafito.losses.base import Loss
from grafito.losses.classification import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
)
from grafito.losses.regression import KLDivergence, Poisson

BINARY = (BinaryCrossentropy, BinaryFocalCrossentropy)
CATEGORICAL = (
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    CategoricalFocalCrossentropy,
)
# What values an activation can give, where it matters to a loss.
PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid")
CUT = ("relu", "relu6")  # all outputs of an example may be 0
POSITIVE = (*CUT, "softplus", "exponential")
SIGNED = (
    *("linear", "tanh", "softsign", "hard_tanh", "leaky_relu", "elu", "selu", "celu", "gelu"),
    *("silu", "swish", "mish", "log_softmax", "log_sigmoid"),
)


def check_loss_fits(
    loss: Loss, activation: Any, units: int | None = None, where: str = "the last layer"
) -> None:
    """Check a loss against what the model's output can be, before training.

    Args:
        loss: a loss; a user's own function is not checked.
        activation: of the last layer: its name, the function (its `__name__` counts) or the output
            tensor; what is not recognised is not checked.
        units: size of the output's last axis; known from the tensor.
        where: name of the layer, for the message.

    Raises:
        ArgumentError: when training cannot work: a softmax or a categorical loss with one unit; a
            cross-entropy of values that are no probabilities.

    Warns:
        LossWarning: when it works, but is seldom meant: logits that are probabilities already, a
            binary loss over a softmax, a categorical loss over sigmoids.

    Example:
        >>> from grafito import losses
        >>> losses.check_loss_fits(losses.get("mse"), "linear", units=1)
    """
    finding = unusual(loss, activation, units, where)
    if finding is not None:
        warn(finding)


def unusual(
    loss: Loss, activation: Any, units: int | None = None, where: str = "the last layer"
) -> LossWarning | None:
    """What `check_loss_fits` warns of, as a value; it raises the same errors.

    Example:
        >>> from grafito import losses
        >>> unusual(losses.get("mse"), "linear", units=1) is None
        True
    """
    if isinstance(activation, Tensor):
        units = activation.shape[-1] if activation.ndim > 1 and units is None else units
        activation = activation_of(activation)
    kind = activation if isinstance(activation, str) else getattr(activation, "__name__", None)
    kind = "linear" if activation is None else kind
    found = _words(kind, units, loss.name)
    logits = getattr(loss, "from_logits", False)
    if units == 1 and (kind == "softmax" or isinstance(loss, CATEGORICAL)):
        raise ArgumentError(
            "A softmax over a single unit is always 1, so nothing can be learned."
            if kind == "softmax"
            else "A categorical loss compares units, one for each class, and here is only one.",
            where=where,
            received=found,
            expected="a sigmoid for one unit, or a unit for each class",
            fix='Dense(1, activation="sigmoid") with "binary_crossentropy", or Dense(2, '
            'activation="softmax") with "sparse_categorical_crossentropy"',
        )
    if logits and kind in PROBABILITIES:
        return LossWarning(
            "The loss expects logits, but the outputs are probabilities already: learning is slow.",
            where=where,
            received=found,
            fix="from_logits=False, or a last layer without activation",
        )
    elif isinstance(loss, (*BINARY, *CATEGORICAL, KLDivergence)) and not logits:
        binary = not isinstance(loss, CATEGORICAL)
        proper = "sigmoid" if binary else "softmax"
        if kind in SIGNED or kind in CUT or (kind in POSITIVE and binary):
            raise ArgumentError(
                "This loss takes the logarithm of probabilities; the outputs are no probabilities.",
                where=where,
                received=found,
                expected="outputs from 0 to 1",
                fix=f'activation="{proper}" in the last layer'
                + ("" if isinstance(loss, KLDivergence) else ", or the loss with from_logits=True"),
            )
        if kind == "softmax" and isinstance(loss, BINARY):
            return LossWarning(
                "A binary loss treats each class as a question of its own; a softmax picks one.",
                where=where,
                received=found,
                fix='"categorical_crossentropy" for one class out of several, or '
                'activation="sigmoid" for several at once',
            )
        elif kind != "softmax" and not binary and kind in (*PROBABILITIES, *POSITIVE):
            return LossWarning(
                "A categorical loss picks one class; these outputs do not have sum 1.",
                where=where,
                received=found,
                fix='activation="softmax", or "binary_crossentropy" for several classes at once',
            )
    elif isinstance(loss, Poisson) and kind in SIGNED:
        return LossWarning(
            "The Poisson loss is NaN where an output is below 0.",
            where=where,
            received=found,
            fix='activation="softplus" or "exponential" in the last layer',
        )
    return None


def _words(kind: str | None, units: int | None, loss: str) -> str:
    if units is None:
        return message(f"activation {kind!r}, loss {loss!r}")
    elif units == 1:
        return message(f"activation {kind!r} with 1 unit, loss {loss!r}")
    return message(f"activation {kind!r} with {units} units, loss {loss!r}")


def activation_of(output: Tensor) -> str:
    """Name of the activation that made a tensor; "" where that cannot be seen.

    Example:
        >>> from grafito import graph
        >>> activation_of(graph.tanh(graph.placeholder((1, 2))))
        'tanh'
    """
    while output.op.name in ("reshape", "cast"):
        (output,) = output.inputs
    name = {"exp": "exponential", "logsoftmax": "log_softmax"}.get(output.op.name, output.op.name)
    if name in (*PROBABILITIES, *POSITIVE, "tanh", "log_softmax"):
        return name
    candidates = [output, *(output.inputs if name == "add" else ())]
    while any(x.op.name == "reshape" for x in candidates):
        candidates = [x.inputs[0] if x.op.name == "reshape" else x for x in candidates]
    return "linear" if any(x.op.name.startswith(("matmul", "conv")) for x in candidates) else ""
