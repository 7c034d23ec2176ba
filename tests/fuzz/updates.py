"""Random programs with state: several updates, aliases, values assigned twice, one step or more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fuzz.both_engines import DATA, agree, poisoned
from fuzz.graphs import EXACT, RULES, Random, grow, small
from grafito import engines, graph
from grafito.graph import Tensor, Variable

SHORT = 40  # cases of the short form

SHAPES = [(), (1,), (2,), (5,), (17,), (1, 3), (3, 1), (2, 3), (1, 4, 4, 2), (3, 4, 4, 2)]


def case(rng: np.random.Generator) -> None:
    """The state and the outputs after each of two runs."""
    llvm = pytest.importorskip("grafito.engines.llvm")
    choose = Random(rng)
    exact = choose.one([True, False])
    rules, data = (EXACT, DATA["ties"]) if exact else (RULES, DATA["normal"])
    few = [choose.one(SHAPES) for _ in range(2)]
    start = [np.asarray(data(rng, choose.one(few)), "float64") for _ in range(choose.whole(1, 4))]
    variables = [Variable(a, dtype="float64", name=f"w{i}") for i, a in enumerate(start)]
    x = graph.placeholder(few[0], "float64", "x")

    def step(x: Tensor) -> dict[str, Tensor]:
        for _ in range(choose.whole(1, 5)):
            w = choose.one(variables)
            w.assign(new_value(choose, w, [x, *variables], rules))
        return {"y": choose.one(variables) * 1.0, "x": x + 0.0}

    traced = graph.trace_graph(step, {"x": x})
    arrays = [{"x": np.asarray(data(rng, x.shape), "float64")} for _ in range(2)]
    steps, threads = choose.whole(1, 3), choose.whole(1, 3)
    seen: list[list[np.ndarray]] = []
    with poisoned():
        for engine in (llvm.Engine(threads=threads), engines.get("reference")):
            for w, a in zip(variables, start, strict=True):
                w.storage = a.copy()
            program, found = engine.compile(traced), []
            for given in arrays:
                program.bind(given)
                found += [np.asarray(v) for v in program.run(steps).values()]
                found += [np.array(w.storage) for w in variables]
            seen.append(found)
    for n, (ours, theirs) in enumerate(zip(*seen, strict=True)):
        agree(ours, theirs, (1e-8, 1e-9), f"number {n}")


def new_value(choose: Random, w: Variable, tensors: Sequence[Tensor], rules: Any) -> Tensor:
    """What a variable may become: shifted, another variable, or something computed."""
    kind = choose.one(["shift", "alias", "computed", "computed"])
    alike = [y for y in tensors if y.shape == w.shape and y is not w]
    if kind == "alias" and alike:
        return choose.one(alike)
    if kind == "shift" and w.ndim:
        axis = choose.whole(0, w.ndim - 1)
        k = choose.whole(0, w.shape[axis])
        before = (slice(None),) * axis
        pieces = [w[(*before, slice(k, None))], small(w[(*before, slice(0, k))] * 2.0)]
        return graph.concatenate(pieces, axis)
    made = grow(choose, rules, tensors, choose.whole(1, 6))
    fitting = [y for y in made[len(tensors) :] if y.shape == w.shape]
    if fitting:
        return small(choose.one(fitting))
    return small(w + graph.sum(made[-1]))
