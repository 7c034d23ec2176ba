"""How the number of a unit came about: its inputs times its weights, the sum, the activation."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from grafito import activations, graph
from grafito.errors import ArgumentError, GrafitoError
from grafito.figures.formula import formula_mathml
from grafito.figures.text import number
from grafito.language import translate as _
from grafito.models import Model
from grafito.studio.session import Session

MOST_TERMS = 6


def of_unit(session: Session, layer: int, unit: int, example: int) -> dict[str, Any]:
    """The calculation of one unit for one example of the batch that comes next.

    Raises:
        ArgumentError: where there is no such unit, or it is no sum of products.
    """
    network, batch = session.network, session.batch(session.steps.step)
    layers = network.units()
    part = layers[layer] if 0 <= layer < len(layers) else None
    kernel = getattr(part, "kernel", None)
    rows, columns = kernel.shape if kernel is not None and len(kernel.shape) == 2 else (0, 0)
    if part is None or not (0 <= unit < columns and 0 <= example < len(batch)):
        raise ArgumentError("There is no such unit.", received=f"{layer}, {unit}, {example}")
    before, after = Model(network.model.inputs, [part.input, part.output])(batch.x)
    inputs = np.asarray(before)[example]
    matrix, *rest = part.get_weights()
    weights, bias = matrix[:, unit], float(rest[0][unit]) if rest else 0.0
    value = float(np.asarray(after)[example, unit])
    more = " + …" if rows > MOST_TERMS else ""
    pairs = list(zip(weights, inputs, strict=True))[:MOST_TERMS]
    products = " + ".join(f"{_told(w)} · {_told(x)}" for w, x in pairs)
    activation = part.get_config().get("activation")
    name = activation if isinstance(activation, str) else "linear"
    z = number(float(inputs @ weights) + bias, 3)
    return {
        "title": _("Unit {} of the layer {}, example {}").format(unit + 1, part.name, example + 1),
        "lines": [
            {"text": None, "maths": None if more else _formula(name, len(pairs))},
            {"text": f"z = {products}{more} + {_told(bias)} = {z}", "maths": None},
            {"text": f"a = {name}({z}) = {number(value, 3)}", "maths": None},
        ],
        "value": number(value, 3),
        "gradient": _gradient(session, part.name, (example, unit), value),
    }


def _told(value: float) -> str:
    text = number(float(value), 3)
    return f"({text})" if value < 0 else text


def _formula(name: str, count: int) -> str | None:
    """The formula of a unit, where its activation can be written as one."""
    terms = " + ".join(f"w{i + 1}*x{i + 1}" for i in range(count))
    with contextlib.suppress(GrafitoError):
        text = f"{terms} + b" if name == "linear" else f"{name}({terms} + b)"
        return formula_mathml(graph.parse(text, {}, activations.registry.entries), "a")
    return None


def _gradient(session: Session, layer: str, at: tuple[int, int], value: float) -> str:
    """Of the loss by the unit's output, where the step is being looked at and has it."""
    for op in session.player.plan if session.player else []:
        if op.way != "back" or op.gradient is None or op.value.ndim != 2 or not op.number:
            continue
        assert session.player is not None
        if layer in session.player.reading.marks[op.node].groups:
            same = np.isclose(op.value[at], value, rtol=1e-4, atol=1e-5)  # the output itself
            return number(float(op.gradient[at]), 3) if same else ""
    return ""
