"""By hand: the shapes of a network's matrices, and one whole update of the weights."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from grafito import figures, graph, layers
from grafito.insight import Player
from grafito.lab.experiment import Experiment
from grafito.lab.experiments.graphs import STEP, STEP_CAPTION, UPRIGHT, WIDEST, show_graph
from grafito.lab.prose.conclusions_by_hand import by_formulas
from grafito.lab.prose.conclusions_of_exercises import stepped
from grafito.lab.prose.sentence import Sentence, paragraph, said
from grafito.lab.prose.tasks_of_exercises import DIMENSIONS, ONE_UPDATE
from grafito.lab.record import Record
from grafito.language import message as N_
from grafito.models import Sequential

LETTERS = ("z", "a", "δ")


@dataclass(frozen=True, kw_only=True)
class Dimensions(Experiment):
    """A network with one hidden layer, ReLU in both layers.

    Attributes:
        inputs, hidden, outputs: how many of each.
        examples: in the batch.
    """

    task = DIMENSIONS
    name = "dimensions"
    course = "TAA"
    what = N_("The shapes of all matrices of a network 10-50-3.")
    asked = N_(
        "A network has 10 inputs, a hidden layer of 50 units and 3 outputs, all with ReLU. What "
        "are the shapes of the input X, of the hidden weights and biases, of the output weights "
        "and biases and of the output Y, and which equation computes Y?"
    )

    inputs: int = 10
    hidden: int = 50
    outputs: int = 3
    examples: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(inputs=1, hidden=1, outputs=1, examples=1)

    def conduct(self, record: Record) -> None:
        first = layers.Dense(self.hidden, activation="relu", name="hidden")
        last = layers.Dense(self.outputs, activation="relu", name="output")
        model = Sequential([layers.Input((self.inputs,)), first, last])
        x = np.random.default_rng(self.seed).normal(size=(self.examples, self.inputs))
        y = model.predict(x, verbose=0)
        weights = model.get_weights()
        kernels, biases = weights[::2], weights[1::2]
        by_equation = x
        for kernel, bias in zip(kernels, biases, strict=True):
            by_equation = np.maximum(by_equation @ kernel + bias, 0)
        shapes = {
            N_("the input X"): x,
            N_("the hidden weights Wh"): kernels[0],
            N_("the hidden biases bh"): biases[0],
            N_("the output weights Wo"): kernels[1],
            N_("the output biases bo"): biases[1],
            N_("the output Y"): y,
        }
        record.figure(
            "network",
            partial(figures.network_diagram, model),
            N_("The network"),
            N_("Of each layer: the shape of its output, and how many parameters it has."),
        )
        record.table(
            "shapes",
            ["what", "shape", "numbers"],
            [[name, " × ".join(map(str, each.shape)), each.size] for name, each in shapes.items()],
            N_("Five questions: the shapes"),
            N_("A batch of {examples} examples, one in each row."),
            examples=self.examples,
        )
        record.metrics({"parameters": model.count_params()})
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        told = {
            "parameters": model.count_params(),
            "hidden": self.inputs * self.hidden + self.hidden,
            "output": self.hidden * self.outputs + self.outputs,
            "difference": float(abs(by_equation - y).max()),
        }
        record.words(
            "findings",
            [
                [
                    Sentence(
                        N_(
                            "The network has {parameters} parameters: {hidden} in the hidden layer "
                            "and {output} in the output. The equation, computed by NumPy, and the "
                            "network give the same Y, to within {difference}."
                        ),
                        told,
                    )
                ]
            ],
        )
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])


@dataclass(frozen=True, kw_only=True)
class OneUpdate(Experiment):
    """Forward, back and one step of a network of sigmoids, written out.

    Attributes:
        sizes: inputs, and units of each layer.
        learning_rate: of the step.
        target: what each output should be.
    """

    task = ONE_UPDATE
    name = "one-update"
    course = "TFG 3.5"
    what = N_("One whole update of a network 2-5-3-1 by hand: values, deltas, new weights.")
    asked = N_(
        "Compute the deltas, the gradients and the new weights of a network 2-5-3-1 for one "
        "example; and the chain rule for temperature, thirst and water."
    )

    sizes: tuple[int, ...] = (2, 5, 3, 1)
    learning_rate: float = 0.5
    target: float = 1.0

    def weights(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Kernel and bias of each layer, with two decimals."""
        rng = np.random.default_rng(self.seed)
        pairs = itertools.pairwise(self.sizes)
        return [
            (rng.normal(size=pair).round(2), rng.normal(size=pair[1]).round(2)) for pair in pairs
        ]

    def conduct(self, record: Record) -> None:
        record.section(N_("The chain rule: temperature, thirst, water"))
        heat = graph.placeholder((), "float64", "temperature")
        thirst = 0.5 * heat
        water = show_graph(record, "thirst", 2.0 * thirst, {"temperature": 30.0})
        record.section(N_("One update of a network"))
        x = np.array([0.5, -1.0] * self.sizes[0])[: self.sizes[0]]
        weights = self.weights()
        sums, outputs = self._forward(x, weights)
        deltas = self._back(outputs, weights)
        slopes = [(np.outer(a, delta), delta) for a, delta in zip(outputs, deltas, strict=False)]
        moved = [
            (W - self.learning_rate * dW, b - self.learning_rate * db)
            for (W, b), (dW, db) in zip(weights, slopes, strict=True)
        ]
        before, after = (self._loss(outputs[-1]), self._loss(self._forward(x, moved)[1][-1]))
        difference = self._draw(record, x, weights, slopes)
        self._tabulate(record, (sums, outputs[1:], deltas), (weights, slopes, moved))
        squares = sum(float((part**2).sum()) for pair in slopes for part in pair)
        record.metrics(
            {
                "loss before": before,
                "loss after": after,
                "water per degree": water.slopes["temperature"],
            }
        )
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        expected = self.learning_rate * squares
        record.words(
            "findings", [said(stepped(before, after, expected)), [by_formulas(difference)]]
        )
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])

    def _forward(self, x: np.ndarray, weights: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The sums z of each layer; and its outputs a, the input before them."""
        sums, outputs = [], [x]
        for W, b in weights:
            sums.append(outputs[-1] @ W + b)
            outputs.append(1 / (1 + np.exp(-sums[-1])))
        return sums, outputs

    def _loss(self, a: np.ndarray) -> float:
        return float(((a - self.target) ** 2).mean())

    def _back(self, outputs: list[np.ndarray], weights: Any) -> list[np.ndarray]:
        """The δ of each layer, by the formulas."""
        last = outputs[-1]
        deltas = [2 * (last - self.target) / len(last) * last * (1 - last)]
        for a, (W, _b) in zip(outputs[-2:0:-1], weights[:0:-1], strict=True):
            deltas.insert(0, W @ deltas[0] * a * (1 - a))
        return deltas

    def _draw(self, record: Record, x: np.ndarray, weights: Any, slopes: Any) -> float:
        """Hand over the graph and its steps; how far its gradients are from the formulas."""
        feeds: dict[str, Any] = {"x": x}
        passed: graph.Tensor = graph.placeholder(x.shape, "float64", "x")
        names: list[str] = []
        for number, pair in enumerate(weights, start=1):
            for letter, value in zip("Wb", pair, strict=True):
                names.append(f"{letter}{number}")
                feeds[names[-1]] = value
            W, b = (
                graph.placeholder(v.shape, "float64", n)
                for n, v in zip(names[-2:], pair, strict=True)
            )
            passed = graph.sigmoid(graph.matmul(passed, W) + b)
        loss = graph.mean(graph.square(passed - self.target))
        drawing = partial(
            figures.draw_graph,
            loss,
            feeds,
            level="functions",
            parameters=names,
            most=WIDEST,
            width=UPRIGHT,
        )
        record.figure("update", drawing, N_("The network and its loss as a graph"))
        record.player("update-step", Player(loss, feeds), STEP, STEP_CAPTION)
        inputs = {t.name: t for t in graph.topological_order([loss]) if t.name in names}
        found = [graph.gradient(loss, inputs[name], feeds) for name in names]
        flat = [part for pair in slopes for part in pair]
        return max(float(abs(a - b).max()) for a, b in zip(found, flat, strict=True))

    def _tabulate(self, record: Record, units: Any, steps: Any) -> None:
        """Hand over z, a and δ of each unit, and what the step makes of each weight."""
        rows = [
            [layer, unit, *(float(each[layer - 1][unit - 1]) for each in units)]
            for layer in range(1, len(self.sizes))
            for unit in range(1, self.sizes[layer] + 1)
        ]
        record.table(
            "units",
            ["layer", "unit", *LETTERS],
            [[*row[:2], *(round(value, 6) for value in row[2:])] for row in rows],
            N_("Sum, output and delta of each unit"),
        )
        moves = []
        for number, (old, slope, new) in enumerate(zip(*steps, strict=True), start=1):
            for letter, *parts in zip("Wb", old, slope, new, strict=True):
                for place in np.ndindex(parts[0].shape):
                    index = ", ".join(str(i + 1) for i in place)
                    values = (round(float(part[place]), 6) for part in parts)
                    moves.append([f"{letter}{number}[{index}]", *values])
        record.table(
            "weights",
            ["weight", "before", "gradient", "after"],
            moves,
            N_("What the step makes of each weight"),
            N_("After = before − {rate} · gradient."),
            rate=self.learning_rate,
        )
