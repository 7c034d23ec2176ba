"""Learning-rate schedules: rates by hand, on numbers and tensors, and the rates of Keras."""

import numpy as np
import pytest
from specs_parts import SCHEDULES

from grafito import graph
from grafito.errors import ArgumentError, UnknownNameError
from grafito.optimizers import schedules

rows = pytest.mark.parametrize("row", SCHEDULES, ids=str)


def test_every_schedule_has_a_row():
    registered = {cls.__name__ for cls in schedules.registry.entries.values()}
    assert registered == {row.name for row in SCHEDULES}


@rows
def test_rates_by_hand(row):
    schedule = row.build(schedules)
    for step, rate in row.rates.items():
        result = schedule(step)
        assert (result.shape, result.dtype) == ((), "float32")
        assert result.item() == pytest.approx(rate, rel=1e-6, abs=1e-7)


@rows
def test_keras_has_the_same_rates(keras, row):
    theirs = row.build(keras.optimizers.schedules)
    step = graph.placeholder((), "int32", name="step")
    ours = row.build(schedules)(step)
    for i in range(40):
        rate = graph.value(ours, {"step": i})
        np.testing.assert_allclose(rate, theirs(np.int32(i)), rtol=1e-5, atol=1e-7)


@rows
def test_configuration(keras, row):
    part = row.build(schedules)
    again = schedules.deserialize(schedules.serialize(part))
    assert type(again) is type(part)
    assert again.get_config() == part.get_config()
    assert part.get_config() == row.build(keras.optimizers.schedules).get_config()


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: schedules.CosineDecay(0.1, 0), "decay_steps=0"),
        (lambda: schedules.ExponentialDecay(0.1, -5, 0.5), "ExponentialDecay needs a positive"),
        (lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1]), "2 boundaries and 1 values"),
    ],
)
def test_errors(build, error):
    with pytest.raises(ArgumentError, match=error):
        build()


def test_unknown_name():
    with pytest.raises(UnknownNameError, match="'CosineDecay'"):
        schedules.get("CosinDecay")
