"""What can be wrong with a training, each a pure function from numbers to words.

A rule returns a `LossWarning` with what it saw and one edit to try, or None where it sees nothing.
Those that `fit` asks before its first step are in `models.health` and are asked here too.
"""

from grafito.insight.rules.data import (
    class_never_predicted,
    equal_rows,
    inputs_not_scaled,
    scaled_differently,
)
from grafito.insight.rules.layers import (
    dead_units,
    exploding_gradients,
    never_adapted,
    saturated_units,
    vanishing_gradients,
)
from grafito.insight.rules.learning import (
    one_has_won,
    overfitting,
    rate_too_large,
    rate_too_small,
    shuffled_labels,
    underfitting,
    validation_looks_better,
)
from grafito.models.health import linear_in_a_row

__all__ = [
    "class_never_predicted",
    "dead_units",
    "equal_rows",
    "exploding_gradients",
    "inputs_not_scaled",
    "linear_in_a_row",
    "never_adapted",
    "one_has_won",
    "overfitting",
    "rate_too_large",
    "rate_too_small",
    "saturated_units",
    "scaled_differently",
    "shuffled_labels",
    "underfitting",
    "validation_looks_better",
    "vanishing_gradients",
]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
