"""Automatic names that begin anew for a while."""

import threading

from grafito import layers
from grafito.layers.automatic_names import names_apart, reset_names


def test_names_begin_anew_inside_and_go_on_outside():
    reset_names()
    assert [layers.Dense(1).name for _ in range(2)] == ["dense", "dense_1"]
    with names_apart():
        assert layers.Dense(1).name == "dense"
        with names_apart():
            assert layers.Dense(1).name == "dense"
        assert layers.Dense(1).name == "dense_1"
    assert layers.Dense(1).name == "dense_2"


def test_another_thread_keeps_its_names():
    reset_names()
    begun, made, names = threading.Event(), threading.Event(), []

    def other():
        begun.wait(10)
        names.extend(layers.Dense(1).name for _ in range(2))
        made.set()

    thread = threading.Thread(target=other)
    thread.start()
    with names_apart():
        begun.set()
        made.wait(10)
    thread.join()
    assert [*names, layers.Dense(1).name] == ["dense", "dense_1", "dense_2"]
