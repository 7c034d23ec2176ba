"""One function, `html`, that knows what to show of each kind of object."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np

from grafito import figures, graph
from grafito.callbacks import History
from grafito.errors import GrafitoError
from grafito.figures.formula import formula_mathml
from grafito.figures.text import number, with_decimal_sign
from grafito.graph import Tensor, Variable
from grafito.language import in_words, localised, retell
from grafito.language import translate as _
from grafito.layers import Layer
from grafito.models import Model
from grafito.models.summary import summarize
from grafito.notebooks.parts import block, escape, numbers, section, settings, table
from grafito.optimizers import Optimizer
from grafito.registry import Configurable

MOST_LAYERS = 30  # with their details; of further ones a row
MOST_ROWS = 80
MOST_NODES = 40  # of a graph that is drawn
MOST_IN_FORMULA = 25
LARGEST_DRAWING = 150_000  # characters


@singledispatch
def html(shown: Any) -> str:
    """What a notebook shows, as HTML without script.

    Args:
        shown: a model, layer, optimizer or other part, a tensor, or a history.

    Example:
        >>> from grafito import layers, models
        >>> model = models.Sequential([layers.Input((4,)), layers.Dense(3)])
        >>> "(None, 3)" in html(model)
        True
    """
    return block("", f"<pre>{escape(repr(shown))}</pre>")


@html.register
def _of_model(model: Model) -> str:
    summary = summarize(model)
    layers = model.layers
    rows = [
        [_named(layer, str(row[0]), i), *map(_cell, row[1:])]
        for i, (layer, row) in enumerate(zip(layers, summary.rows, strict=True))
        if i < MOST_ROWS
    ]
    if len(layers) > MOST_ROWS:
        rows.append([f"… {len(layers) - MOST_ROWS}", *[""] * (len(summary.titles) - 1)])
    totals = " · ".join(
        f"{escape(_(name))}: {escape(localised(value))}" for name, value in summary.totals
    )
    note = f"<p>{escape(retell(summary.note))}</p>" if summary.note else ""
    return block(
        f"{_('Model')}: {summary.model}",
        table([_(title) for title in summary.titles], rows) + f"<p>{totals}</p>{note}",
    )


def _named(layer: Layer, title: str, index: int) -> str:
    """The name of a layer, which unfolds to its settings and weights."""
    if index >= MOST_LAYERS or not (layer.weights or _own_settings(layer)):
        return escape(title)
    return section(title, _details(layer))


@html.register
def _of_layer(layer: Layer) -> str:
    inside = _details(layer) or f"<p>{escape(_('no settings, no weights'))}</p>"
    return block(f"{layer.name} ({type(layer).__name__})", inside)


def _details(layer: Layer) -> str:
    """The settings of a layer, and for each weight its shape and how its numbers lie."""
    parts = [settings(_own_settings(layer))] if _own_settings(layer) else []
    weights = layer.weights[:6]
    if weights:
        titles = [_("weight"), _("shape"), _("mean"), _("std"), "min", "max"]
        parts.append(table(titles, [_spread(weight) for weight in weights]))
    return "".join(parts)


def _own_settings(layer: Layer) -> dict[str, Any]:
    return {} if isinstance(layer, Model) else layer.told_arguments()


def _spread(weight: Variable) -> list[str]:
    array = np.asarray(weight.numpy(), np.float64)
    few = [array.mean(), array.std(), array.min(), array.max()] if array.size else [0.0] * 4
    return [escape(weight.name or ""), str(weight.shape), *(_number(float(x)) for x in few)]


@html.register
def _of_optimizer(optimizer: Optimizer) -> str:
    given = optimizer.own_arguments()
    if optimizer.built:
        given["iterations"] = int(optimizer.iterations.numpy())
    return block(type(optimizer).__name__, settings(given))


@html.register
def _of_configurable(part: Configurable) -> str:
    return block(type(part).__name__, settings(part.own_arguments()))


@html.register
def _of_history(history: History) -> str:
    if not history.history:
        return block(_("History"), f"<p>{escape(_('no epoch yet'))}</p>")
    last = {in_words(name): values[-1] for name, values in history.history.items()}
    titles = [_("Epoch"), *map(escape, last)]
    row = [
        str(history.epoch[-1] + 1 if history.epoch else len(history.history)),
        *map(_cell, last.values()),
    ]
    return block(_("History"), table(titles, [row]) + _drawn(figures.curves(history)))


@html.register
def _of_variable(x: Variable) -> str:
    return block(f"{x.path} · {x.dtype}{list(x.shape)}", numbers(x.numpy()))


@html.register
def _of_tensor(x: Tensor) -> str:
    title = f"{x.name or x.op.name} · {x.dtype}{list(x.shape)}"
    if not x.inputs:
        return block(title, numbers(x.numpy()) if x.unfed is None else "")
    count = len(graph.topological_order([x]))
    parts = [formula_mathml(x)] if count <= MOST_IN_FORMULA else []
    if x.unfed is None:
        parts.append(numbers(x.numpy()))
    if count <= MOST_NODES:
        try:
            parts.append(_drawn(figures.draw_graph(x)))
        except GrafitoError as error:  # a graph that cannot be drawn still has a title
            parts.append(f"<pre>{escape(str(error))}</pre>")
    else:
        parts.append(f"<p>{escape(_('{} operations').format(count))}</p>")
    return block(title, "".join(parts))


def _drawn(figure: Any) -> str:
    """A figure as an element of a page: nothing but SVG, as wide as there is room."""
    svg = figure._repr_svg_()
    if len(svg) > LARGEST_DRAWING:
        return ""
    return f'<div class="drawing">{svg[svg.index("<svg") :]}</div>'


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return number(value, 0)
    return _number(float(value)) if isinstance(value, (float, np.floating)) else escape(str(value))


def _number(value: float) -> str:
    return with_decimal_sign(f"{value:.4g}", None)
