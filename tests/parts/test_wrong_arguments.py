"""Constructors that are given values of other kinds answer in words, and make nothing half."""

import inspect

import numpy as np
import pytest

from grafito import (
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from grafito.errors import ArgumentError, GrafitoError
from grafito.optimizers import schedules

ROOMS = (callbacks, constraints, initializers, layers, losses, metrics, optimizers, regularizers)
ROOMS += (schedules,)
MADE = {
    f"{room.__name__}.{name}": getattr(room, name)
    for room in ROOMS
    for name in room.__all__
    if inspect.isclass(getattr(room, name)) and name not in ("LossWarning", "Registry")
}
WRONG = (None, "x", -1, [1, 2], np.ones((2, 3)), {}, 3.5, object(), np.nan)

GOOD = {  # values for arguments without a default
    "units": 3, "filters": 2, "kernel_size": 3, "rate": 0.5, "input_dim": 4, "output_dim": 3,
    "function": abs, "target_shape": (3,), "dims": (1,), "activation": "relu", "n": 3,
    "stddev": 0.1, "height": 2, "width": 2, "factor": 0.1, "axes": 1, "filepath": "a.safetensors",
    "filename": "a.csv", "schedule": lambda epoch: 0.1, "fn": abs, "scale": 2.0, "shape": (3,),
    "initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5, "boundaries": [1],
    "values": [0.1, 0.2], "num_classes": 3, "monitor": "loss",
}  # fmt: skip


def arguments(name):
    """The parameters of a constructor, and values for those without a default."""
    parameters = inspect.signature(MADE[name]).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return named, {p.name: GOOD.get(p.name, 1) for p in named if p.default is p.empty}


@pytest.mark.parametrize("name", MADE)
def test_a_wrong_value_is_told_in_words(name):
    named, needed = arguments(name)
    raw = []
    for parameter in named:
        for value in WRONG:
            try:
                MADE[name](**{**needed, parameter.name: value})
            except GrafitoError:
                pass
            except Exception as error:
                raw.append((parameter.name, value, error))
    assert raw == []


def test_what_came_is_told():
    with pytest.raises(ArgumentError) as error:
        initializers.VarianceScaling(scale="x")
    assert error.value.rows["received"] == "scale='x'"
    assert "scale=1.0" in error.value.rows["expected"]
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        layers.Dense()


def test_an_error_of_the_users_class_stays_its_own():
    class Own(layers.Layer):
        def __init__(self, size):
            super().__init__()
            self.half = size / 2

    with pytest.raises(TypeError, match="unsupported operand"):
        Own("x")


FLAGS = [(name, p.name) for name in MADE for p in arguments(name)[0] if isinstance(p.default, bool)]


@pytest.mark.parametrize(("name", "flag"), FLAGS)
def test_a_flag_is_no_text(name, flag):
    """The text "False" would count as True."""
    needed = arguments(name)[1] | ({"function": "abs"} if name.endswith(".Operation") else {})
    for value in ("False", None, {"a": 1}):
        with pytest.raises(GrafitoError, match="must be True or False"):
            MADE[name](**{**needed, flag: value})
