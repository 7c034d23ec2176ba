"""Faults that can be found before the first step, or at the end of an epoch.

The rules are pure functions: from tensors, arrays and settings to a `LossWarning`, or None where
nothing is wrong. `Findings` tells the gravest of them. Like all warnings they are silenced with
`warnings.filterwarnings("ignore", category=grafito.losses.LossWarning)`.
"""

from grafito.models.health.data import (
    absent_classes,
    few_batches,
    negative_class_weights,
    negative_weights,
    of_fit,
)
from grafito.models.health.gradients import all_frozen, unreached
from grafito.models.health.order import activation_of, activations, linear_in_a_row
from grafito.models.health.outputs import accuracy_of_logits, accuracy_of_numbers, out_of_reach
from grafito.models.health.telling import Findings, FirstNaN

__all__ = [
    "Findings",
    "FirstNaN",
    "absent_classes",
    "accuracy_of_logits",
    "accuracy_of_numbers",
    "activation_of",
    "activations",
    "all_frozen",
    "few_batches",
    "linear_in_a_row",
    "negative_class_weights",
    "negative_weights",
    "of_fit",
    "out_of_reach",
    "unreached",
]
