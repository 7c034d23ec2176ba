"""One training step, operation by operation, forward and back, with every number."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, unknown_name
from grafito.figures.drawn_graph import Arrow, Mark, Reading, read_graph
from grafito.figures.sources import outputs_of
from grafito.figures.text import array_line, in_formula
from grafito.graph import Tensor
from grafito.insight.chain_rule import LEAF, ChainRule, rule_of
from grafito.insight.steps import Descent, Training
from grafito.insight.trial import copy_of, examples_of
from grafito.language import message, translate, use
from grafito.layers import Layer

MOST = 150  # operations; beyond, nobody steps through them
FORWARD, BACK = message("forward"), message("back")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation on its way forward or back.

    Attributes:
        number: that of the node, as in `graph_table`.
        name: of the op, or of the input or weight.
        way: "forward" or "back".
        formula: "#3 = #1 × #2", with the names of inputs.
        inputs: what it is computed from, by these names.
        value: what it gives.
        gradient: of the output at it; None on the way forward, and where there is none.
        rule: how it hands its gradient on.
        received: on the way back, the gradient that each input receives of it, all its uses summed.
        node: its name in the drawing.
    """

    number: int
    name: str
    way: str
    formula: str
    inputs: Mapping[str, np.ndarray]
    value: np.ndarray
    gradient: np.ndarray | None
    rule: ChainRule
    received: Mapping[str, np.ndarray]
    node: str = ""

    def __str__(self) -> str:
        lines = [f"{in_formula(self.formula)} = {array_line(self.value)}  ({translate(self.way)})"]
        if self.way == BACK and self.gradient is not None:
            lines.append(f"  {translate('gradient')}: {array_line(self.gradient)}")
            lines += [
                f"  {in_formula(name)} ← {array_line(part)}" for name, part in self.received.items()
            ]
            lines.append(f"  {translate(self.rule.words)}")
        return "\n".join(lines)


class Player:
    """Plays one training step of a model or a graph, operation by operation, forward and back.

    Values and gradients inside a step are the reference engine's, in float64; whole steps are done
    by the engine that trains the model, on a copy, and can be taken back exactly.

    Args:
        source: a compiled model; or a tensor, the text of a formula, or a function of tensors; or
            the `Training` of `insight.steps`, which the player then moves itself.
        x: examples for a model; else values of the inputs, by name.
        y: the targets of a model.
        parameters: names of the inputs of a formula that a step changes.
        rate: the learning rate of such a step.

    Example:
        >>> player = Player("(w*x - t)^2", {"w": 2.0, "x": 3.0, "t": 5.0}, parameters=["w"])
        >>> print(player.forward())
        #1 = w × x = 6.000  (forward)
        >>> print(player.at("w"))
        w = 2.000  (back)
          gradient: 6.000
          Gradients of all uses are added up; here they end.
        >>> player.next_step()
        >>> float(player.at("w").value)
        1.4
    """

    def __init__(
        self,
        source: Any,
        x: Any = None,
        y: Any = None,
        *,
        parameters: Sequence[str] = (),
        rate: float = 0.1,
    ):
        self._steps: Training | Descent
        if isinstance(source, Training):
            self._steps = source
        elif isinstance(source, Layer):
            examples = examples_of(source, x, y)
            self._steps = Training(copy_of(source), lambda step: examples)
        else:
            outputs, feeds = outputs_of(source, x)
            self._steps = Descent(_scalar(outputs), feeds, parameters, rate)
        self._read()

    def _read(self) -> None:
        """The graph of the step that comes now, with its numbers."""
        output, feeds = self._steps.graph()
        count = sum(bool(x.inputs) for x in graph.topological_order([output]))
        if count > MOST:
            raise ArgumentError(
                "The graph has too many operations to be stepped through.",
                received=f"{count} operations",
                expected=f"{MOST} at most",
                fix='a network of fewer layers, with the loss "mse"',
            )
        self.reading = read_graph([output], feeds, True)
        self.plan = plan_of(self.reading, self._steps.names)
        self._cursor = -1

    def __len__(self) -> int:
        return len(self.plan)

    @property
    def step(self) -> int:
        """How many whole steps were done."""
        return self._steps.step

    # Operations

    def forward(self) -> Operation:
        """The next operation: those forward first, then those back; at the end the last stays."""
        self._cursor = min(self._cursor + 1, len(self.plan) - 1)
        return self.plan[self._cursor]

    def back(self) -> Operation:
        """The operation before this one; at the beginning the first stays."""
        self._cursor = max(self._cursor - 1, 0)
        return self.plan[self._cursor]

    def at(self, operation: int | str) -> Operation:
        """Go to an operation: by its place in the step, or the last of that name, which is back.

        Raises:
            ArgumentError: when there is none.
        """
        if isinstance(operation, str):
            labels = [op.formula.partition(" =")[0] for op in self.plan]
            found = [i for i, op in enumerate(self.plan) if operation in (labels[i], op.name)]
            if not found:
                raise unknown_name("operation", operation, [*labels, *(o.name for o in self.plan)])
            self._cursor = found[-1]
        else:
            if not isinstance(operation, (int, np.integer)) or not 0 <= operation < len(self.plan):
                raise ArgumentError(
                    "The step has no such operation.",
                    received=operation,
                    expected=f"an integer from 0 to {len(self.plan) - 1}, or a name",
                )
            self._cursor = int(operation)
        return self.plan[self._cursor]

    # Steps

    def next_step(self) -> None:
        """Do the training step, and begin with the next one."""
        self._steps.forward()
        self._read()

    def previous_step(self) -> None:
        """Take the last step back: exactly, replayed from a copy of the state."""
        if not self.step:
            raise ArgumentError("This is the first step.", received="previous_step()")
        self._steps.to(self.step - 1)
        self._read()

    # As text and page

    def table(self, lang: str | None = None) -> str:
        """All operations of the step with their numbers, as text: the exercise by hand, solved."""
        with use(lang):
            return "\n".join(map(str, self.plan))

    def html(self, *, title: str | None = None, lang: str | None = None) -> str:
        """The step as one page that is stepped through without a server."""
        from grafito.insight.page import player_page

        return player_page(self, title, lang)

    def save(
        self, path: str | os.PathLike[str], *, title: str | None = None, lang: str | None = None
    ) -> Path:
        """Write the page to a file, whole or not at all."""
        from grafito.files.writing import replace_file

        return replace_file(path, self.html(title=title, lang=lang))

    def _repr_html_(self) -> str:
        from grafito.insight.page import TITLE, framed

        return framed(self.html(), translate(TITLE))

    @property
    def says(self) -> str:
        """Where the numbers come from."""
        return self._steps.says


def _scalar(outputs: Sequence[Tensor]) -> Tensor:
    parts = [x if x.shape == () else graph.sum(x) for x in outputs]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def plan_of(reading: Reading, names: Mapping[Tensor, str]) -> list[Operation]:
    """The operations of a step in order: forward from the inputs, back from the output."""
    into: dict[str, list[Arrow]] = {name: [] for name in reading.marks}
    for arrow in reading.arrows:
        into[arrow.target].append(arrow)
    labels: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for mark in reading.marks.values():
        x = mark.tensors[0]
        if mark.kind == "op":
            numbers[mark.name] = len(numbers) + 1
            labels[mark.name] = x.name or f"#{numbers[mark.name]}"
        else:
            number = (
                f"{reading.values[x].item():.4g}" if x.size == 1 and x in reading.values else ""
            )
            labels[mark.name] = names.get(x) or x.name or number or "C"
    forward = [
        _operation(mark, into[mark.name], reading, labels, numbers, FORWARD)
        for mark in reading.marks.values()
        if mark.kind == "op"
    ]
    back = [
        _operation(mark, into[mark.name], reading, labels, numbers, BACK)
        for mark in reversed(reading.marks.values())
        if mark.kind in ("op", "input", "parameter") and mark.tensors[0] in reading.gradients
    ]
    return [*forward, *back]


def _operation(
    mark: Mark,
    arrows: Sequence[Arrow],
    reading: Reading,
    labels: Mapping[str, str],
    numbers: Mapping[str, int],
    way: str,
) -> Operation:
    from grafito.figures.graph import op_formula

    x = mark.tensors[0]
    names = [labels[arrow.source] for arrow in arrows]
    label = labels[mark.name]
    formula = f"{label} = {op_formula(x, names)}" if mark.kind == "op" else label
    back = way == BACK
    received: dict[str, np.ndarray] = {}
    for name, arrow in zip(names, arrows, strict=True):
        if back and arrow.gradient is not None:  # x * x receives as both factors
            received[name] = received.get(name, 0.0) + arrow.gradient
    return Operation(
        number=numbers.get(mark.name, 0),
        name=x.name or x.op.name if mark.kind == "op" else label,
        way=way,
        formula=formula,
        inputs={
            name: arrow.value
            for name, arrow in zip(names, arrows, strict=True)
            if arrow.value is not None
        },
        value=reading.values[x],
        gradient=reading.gradients.get(x) if back else None,
        rule=rule_of(x.op.name) if mark.kind == "op" else ChainRule(LEAF),
        received=received,
        node=mark.name,
    )
