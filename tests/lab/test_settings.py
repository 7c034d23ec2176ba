"""Settings written on a command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafito.errors import ArgumentError
from grafito.lab.settings import read_settings, write_settings

READ = {
    "": {},
    "a=1": {"a": 1},
    "a=1, b=-2.5 ,c=.5,d=1e-3": {"a": 1, "b": -2.5, "c": 0.5, "d": 0.001},
    "x=[1,-1],W=[[1,2],[3,4]]": {"x": [1, -1], "W": [[1, 2], [3, 4]]},
    "optimizer=sgd,skip=true": {"optimizer": "sgd", "skip": True},
    "ñ=2": {"ñ": 2},
}


@pytest.mark.parametrize("text", READ)
def test_read(text):
    assert read_settings(text) == READ[text]


@pytest.mark.parametrize(
    "text", ["a", "a=", "=1", "1a=2", "a=1,b", "a=1,a=2", "x=[1,2", "x=1,,y=2"]
)
def test_unreadable(text):
    with pytest.raises(ArgumentError):
        read_settings(text)


VALUES = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(st.integers(-9, 9), max_size=4),
    st.sampled_from(["sgd", "relu", "sparse_categorical_crossentropy"]),
)


@given(st.dictionaries(st.sampled_from("abcdefg"), VALUES))
def test_what_is_written_is_read(settings):
    assert read_settings(write_settings(settings)) == settings
