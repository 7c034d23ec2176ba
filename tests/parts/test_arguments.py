"""Parts keep the lists and dictionaries that they were given as these were then."""

import copy

import numpy as np
import pytest
import specs_layers
import specs_losses
import specs_parts

from grafito import (
    Model,
    Sequential,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from grafito import constraints as constraints
from grafito.models.resumption import training_state
from grafito.optimizers import SGD, schedules
from grafito.registry import Configurable

TABLES = [
    (layers, specs_layers.LAYERS),
    (losses, specs_losses.LOSSES),
    (metrics, [*specs_losses.LOSSES_AS_METRICS, *specs_losses.METRICS]),
    (optimizers, specs_parts.OPTIMIZERS),
    (schedules, specs_parts.SCHEDULES),
    (initializers, specs_parts.INITIALIZERS),
    (regularizers, specs_parts.REGULARIZERS),
    (constraints, specs_parts.CONSTRAINTS),
]


def as_lists(value):
    """The same with lists for tuples, at every depth."""
    if isinstance(value, (list, tuple)):
        return [as_lists(x) for x in value]
    if isinstance(value, dict):
        return {key: as_lists(x) for key, x in value.items()}
    return value


def spoil(value):
    """Change every list and dictionary inside."""
    if isinstance(value, list):
        for x in value:
            spoil(x)
        value.append(value[0])
        value[0] = 99
    elif isinstance(value, dict):
        for x in value.values():
            spoil(x)
        value["spoilt"] = 99


ROWS = [
    pytest.param(getattr(module, row.name), as_lists(row.arguments), id=str(row))
    for module, table in TABLES
    for row in table
    if any(isinstance(x, (list, tuple, dict)) for x in row.arguments.values())
]


@pytest.mark.parametrize(("kind", "arguments"), ROWS)
def test_what_is_done_to_a_list_afterwards(kind, arguments):
    given = copy.deepcopy(arguments)
    part = kind(**given)
    before = copy.deepcopy(part.get_config())
    spoil(list(given.values()))
    assert part.get_config() == before
    config = copy.deepcopy(before)
    again = kind.from_config(config)
    assert config == before  # nothing is taken out of it, or added
    spoil(list(config.values()))
    assert again.get_config() == before
    spoil(list(part.get_config().values()))
    assert part.get_config() == before


def test_a_class_of_the_user_may_share_a_list():
    class Log(Configurable):
        def __init__(self, lines):
            self.lines = lines

    lines = []
    Log(lines).lines.append("one")
    assert lines == ["one"]


def test_lists_given_to_models():
    x = layers.Input((2,))
    stack = [layers.Input((2,)), layers.Dense(1)]
    ends = [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)]
    one, two = Sequential(stack), Model(x, ends)
    measures, losses_, factors = ["mae"], ["mse", "mse"], {"a": 1.0, "b": 2.0}
    one.compile("sgd", loss="mse", metrics=measures)
    two.compile(SGD(0.1), loss=losses_, loss_weights=factors)
    stack.append(layers.Dense(3))
    ends.pop()
    measures.append("mse")
    losses_[1] = "mae"
    factors["b"] = 100.0
    data, y = np.ones((4, 2), "f"), np.ones((4, 1), "f")
    assert len(one.layers) == 1
    assert set(one.fit(data, y, verbose=0).history) == {"loss", "mae"}
    two.fit(data, [y, y], verbose=0)
    logs = two.evaluate(data, [y, y], verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(logs["a_loss"] + 2 * logs["b_loss"], rel=1e-6)
    assert training_state(two)[0]["loss"] == ["mse", "mse"]
    for model in (one, two):
        config = model.get_config()
        before = copy.deepcopy(config)
        type(model).from_config(config)
        assert config == before
        spoil(config)
        assert model.get_config() == before
