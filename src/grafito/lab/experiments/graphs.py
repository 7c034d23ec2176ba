"""Computational graphs by hand: one unit with four activations, and a layer of two units."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from grafito import activations, figures, graph, losses
from grafito.errors import ArgumentError
from grafito.figures.gallery import values_and_slopes
from grafito.figures.text import function_name
from grafito.insight import Player
from grafito.lab.experiment import Experiment
from grafito.lab.prose.conclusions_by_hand import checked, outputs, steepest
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_by_hand import (
    ACTIVATION_GRAPHS,
    LEAKY_SLOPE,
    TWO_NEURONS,
    WHEN,
)
from grafito.lab.record import Record
from grafito.lab.training import Trained, Training
from grafito.language import message as N_
from grafito.utils import set_random_seed

UPRIGHT = 10.0  # inches of a drawing that fits an upright sheet of paper
WIDEST = 5  # units of a layer whose values are written out
FAR = 5.0  # from 0, where activations show what they are
SUITS = {
    "sigmoid": N_("the output, as the probability of one of two classes"),
    "tanh": N_("small networks, and outputs between −1 and 1"),
    "elu": N_("hidden layers, where the mean of the outputs should be near 0"),
    "leaky_relu": N_("hidden layers, where units of ReLU would die"),
}

UNIT: dict[str, Any] = {"w0": 1.45, "x0": 2.8, "w1": -0.35, "x1": -1.8, "b": -4.0}

LAYER: dict[str, Any] = {
    "W": [[-0.2, 2.0], [-0.5, -0.3]],
    "x": [-3.1, 1.5],
    "b": [-4.0, -1.0],
    "t": [0.0, 0.0],
}


def slopes_by_difference(
    output: graph.Tensor, feeds: dict[str, Any], step: float = 1e-5
) -> dict[str, np.ndarray]:
    """The gradient of each input by central differences, as a witness.

    Args:
        output: a scalar that depends on inputs with these names.
        feeds: their values.
        step: how far each element is moved.

    Example:
        >>> x = graph.placeholder((), "float64", "x")
        >>> round(float(slopes_by_difference(graph.square(x), {"x": 3.0})["x"]), 6)
        6.0
    """
    slopes = {}
    for name, value in feeds.items():
        values = np.array(value, np.float64)
        slope = np.zeros_like(values)
        for place in np.ndindex(values.shape):
            moved = np.zeros_like(values)
            moved[place] = step
            ends = [graph.value(output, {**feeds, name: values + sign * moved}) for sign in (1, -1)]
            slope[place] = (float(ends[0]) - float(ends[1])) / (2 * step)
        slopes[name] = slope
    return slopes


STEP = N_("One training step, operation by operation")
STEP_CAPTION = N_("Forward the values, then back the gradients, by the buttons or the arrow keys.")


class Shown(NamedTuple):
    """A graph that was handed over: its value, its gradients, and how far two ways agree."""

    value: float
    slopes: dict[str, float]
    difference: float


def show_graph(
    record: Record, name: str, output: graph.Tensor, feeds: dict[str, Any], of: str = ""
) -> Shown:
    """Hand over the drawing of a graph and the table of its inputs; `of` is what it computes."""
    whose: dict[str, Any] = {"of": of} if of else {}
    drawing = partial(figures.draw_graph, output, feeds, level="functions", width=UPRIGHT)
    record.figure(
        name,
        drawing,
        N_("Values and gradients: {of}") if of else N_("Values and gradients"),
        N_("Values are black, gradients red, going back."),
        **whose,
    )
    record.player(
        f"{name}-step",
        Player(output, feeds),
        N_("{of}, operation by operation") if of else N_("The same, operation by operation"),
        STEP_CAPTION,
        **whose,
    )
    inputs = {t.name: t for t in graph.topological_order([output]) if t.name in feeds}
    witness = slopes_by_difference(output, feeds)
    rows = []
    slopes: dict[str, float] = {}
    difference = 0.0
    for key, value in feeds.items():
        slope = np.asarray(graph.gradient(output, inputs[key], feeds))
        for place in np.ndindex(np.shape(value)):
            index = "".join(f"[{i}]" for i in place)
            numbers = (np.asarray(value)[place], slope[place], witness[key][place])
            rows.append([f"{key}{index}", *(round(float(number), 6) for number in numbers)])
            slopes[f"{key}{index}"] = float(numbers[1])
            difference = max(difference, abs(float(numbers[1]) - float(numbers[2])))
    record.table(
        f"{name}-gradients",
        ["input", "value", "gradient", "central difference"],
        rows,
        N_("The numbers of {of}, checked by differences")
        if of
        else N_("The same numbers, checked by differences"),
        **whose,
    )
    return Shown(float(graph.value(output, feeds)), slopes, difference)


def show_network_graph(
    record: Record, form: Training, trained: Trained, example: int = 0, of: str = ""
) -> None:
    """Hand over the graph of a small network and its loss, and its first training step.

    Args:
        record: what it is handed over to.
        form: how the network was trained.
        trained: the network.
        example: which of the training data.
        of: what the network is called, where there are several; of these no step is shown.
    """
    x, y = (part[example] for part in trained.data[0])
    feeds = {name: np.asarray(value)[None] for name, value in (("x", x), ("t", y))}
    seen, targets = (graph.placeholder(value.shape, name=n) for n, value in feeds.items())
    output = losses.get(form.loss)(targets, trained.model(seen))
    values: dict[str, Any] = {"of": of} if of else {}
    record.figure(
        f"graph-{of}".removesuffix("-"),
        partial(figures.draw_graph, output, feeds, level="functions", most=WIDEST, width=UPRIGHT),
        N_("The network and its loss as a graph: {of}")
        if of
        else N_("The network and its loss as a graph"),
        N_("The values of one example, black, and the gradients of the loss, red."),
        **values,
    )
    if of:
        return
    set_random_seed(form.seed)  # the weights with which the training began
    untrained = form.compiled(trained.data[0][0], record.engine)
    with contextlib.suppress(ArgumentError):  # settings may make it too large for a page
        record.player("step", Player(untrained, x[None], y[None]), STEP, STEP_CAPTION)


@dataclass(frozen=True, kw_only=True)
class ActivationGraphs(Experiment):
    """A unit with two inputs, f(w0 x0 + w1 x1 + b)."""

    task = ACTIVATION_GRAPHS
    name = "activation-graphs"
    course = "TP2-1"
    what = N_("The graph of a unit with two inputs and four activations, by hand.")
    asked = N_(
        "Compute all values and gradients of a unit with two inputs for sigmoid, tanh, ELU and "
        "leaky ReLU, and draw each function with its derivative."
    )
    functions: ClassVar[dict[str, Callable[[graph.Tensor], graph.Tensor]]] = {
        "sigmoid": activations.sigmoid,
        "tanh": activations.tanh,
        "elu": activations.elu,
        "leaky_relu": lambda z: activations.leaky_relu(z, LEAKY_SLOPE),
    }

    def conduct(self, record: Record) -> None:
        shown: dict[str, Shown] = {}
        for name, function in self.functions.items():
            of = function_name(name, "en")
            record.section(of)
            inputs = {key: graph.placeholder((), "float64", key) for key in UNIT}
            z = inputs["w0"] * inputs["x0"] + inputs["w1"] * inputs["x1"] + inputs["b"]
            shown[name] = show_graph(record, name, function(z), UNIT, of)
            record.metrics({f"{of} output": shown[name].value})
        record.section(N_("The functions"))
        record.figure(
            "functions",
            partial(figures.activation_gallery, dict(self.functions)),
            N_("Each function and its derivative"),
        )
        self._advise(record)
        first = next(iter(shown.values()))
        record.words("answers", [paragraph(WHEN)], N_("Which activation is used when?"))
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        record.words(
            "findings",
            [
                said(outputs({function_name(n, "en"): one.value for n, one in shown.items()})),
                said(steepest(first.slopes, N_("The output with the sigmoid"))),
                [checked(max(one.difference for one in shown.values()))],
            ],
        )
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])

    def _advise(self, record: Record) -> None:
        """Hand over what each function does far from 0, and where it is used."""
        points = np.array([-FAR, 0.0, FAR])
        rows = []
        for name, function in self.functions.items():
            values, slopes = values_and_slopes(function, points)
            numbers = (values[0], values[2], slopes[0], slopes[1], slopes[2])
            cells = (float(f"{n:.4g}") for n in numbers)
            rows.append([function_name(name, "en"), *cells, SUITS[name]])
        record.table(
            "when",
            ["function", "f(−5)", "f(5)", "f'(−5)", "f'(0)", "f'(5)", "suits"],
            rows,
            N_("Which activation when"),
            N_("Where a derivative is nearly 0 a unit hardly learns; where f' = 1 nothing fades."),
        )


@dataclass(frozen=True, kw_only=True)
class TwoNeurons(Experiment):
    """Two sigmoid units with two inputs, and the mean squared error: mean((f(Wx + b) - t)²)."""

    task = TWO_NEURONS
    name = "two-neurons"
    course = "TP2-2"
    what = N_("The graph of a layer of two sigmoid units with its loss, by hand.")
    asked = N_("Compute the loss of two sigmoid units and the gradients of all that it depends on.")
    departures = (N_("The course names no target; t = 0 is assumed here for both units."),)

    def conduct(self, record: Record) -> None:
        W, x, b, t = (graph.placeholder(np.shape(v), "float64", k) for k, v in LAYER.items())
        loss = graph.mean(graph.square(graph.sigmoid(graph.matmul(W, x) + b) - t))
        shown = show_graph(record, "layer", loss, LAYER)
        record.metrics({"loss": shown.value})
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        record.words(
            "answers",
            [said(steepest(shown.slopes, N_("The loss")))],
            N_("On what does the loss depend most?"),
        )
        record.words("findings", [[checked(shown.difference)]])
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])
