"""What can be drawn: tensors, the text of a formula, a function, a layer or model; as tensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from grafito import activations, graph
from grafito.errors import ArgumentError, GrafitoError, unknown_name
from grafito.figures.given import as_numbers
from grafito.graph import Tensor
from grafito.layers import Layer
from grafito.layers.symbolic import Symbol

Source = Tensor | Sequence[Tensor] | str | Callable[..., Any]


def outputs_of(source: Any, feeds: Any) -> tuple[list[Tensor], Any]:
    """The tensors of what is drawn, and the values of their inputs by tensor or name.

    Args:
        source: tensors, a formula, a function of tensors, or a layer or model.
        feeds: by name what a formula or function reads; what a model is called with.

    Raises:
        ArgumentError: for something else, or values that do not fit it.
    """
    if isinstance(source, str):
        given = _by_name(feeds)
        shapes = {name: as_numbers(value, name).shape for name, value in given.items()}
        tensor = graph.parse(source, shapes, activations.registry.entries)
        return [tensor], None if feeds is None else given
    if isinstance(source, Layer):
        return _called(source, feeds)
    if callable(source) and not isinstance(source, Tensor):
        return _traced(source, feeds)
    if isinstance(source, Symbol):
        raise ArgumentError(
            "An output of a model has no numbers before the model is called.",
            where="outputs",
            received=repr(source),
            fix="draw_graph(model, x)",
        )
    return _listed(source, "a tensor or several, a formula, a function or a model"), feeds


def _called(model: Layer, x: Any) -> tuple[list[Tensor], Any]:
    """A layer or model, called with arrays: one, a list of them, or by name."""
    if x is None:
        try:
            shapes = getattr(model, "input_shape", None)
        except GrafitoError:  # it is not built
            shapes = None
        several = isinstance(shapes, list)
        x = [_example(shape) for shape in (shapes if isinstance(shapes, list) else [shapes])]
        if any(each is None for each in x):
            raise ArgumentError(
                "A model is drawn with what it is called with.",
                where=model.name,
                expected="examples, of a shape (examples, ...)",
                fix="draw_graph(model, x[:1])",
            )
        return _called(model, x if several else x[0])[0], None
    if isinstance(x, Mapping):
        inputs: Any = {str(name): _placeholder(value, str(name)) for name, value in x.items()}
        return _listed(model(inputs), "tensors"), {inputs[str(n)]: x[n] for n in x}
    if isinstance(x, (list, tuple)) and any(isinstance(part, np.ndarray) for part in x):
        inputs = [_placeholder(value, f"x{i}") for i, value in enumerate(x)]
        return _listed(model(inputs), "tensors"), dict(zip(inputs, x, strict=True))
    inputs = _placeholder(x, "x")
    return _listed(model(inputs), "tensors"), {inputs: x}


def _example(shape: Any) -> np.ndarray | None:
    """One example of this shape, None where sizes are not known."""
    known = isinstance(shape, tuple) and all(isinstance(n, int) for n in shape[1:])
    return np.zeros((1, *shape[1:]), "float32") if known else None


def _placeholder(value: Any, name: str) -> Tensor:
    """An input for these examples; decimal numbers are float32, as in training."""
    given = graph.as_tensor(value)
    dtype = "float32" if given.dtype.startswith("float") else given.dtype
    return graph.placeholder(given.shape, dtype, name)


def _traced(function: Callable[..., Any], feeds: Any) -> tuple[list[Tensor], Any]:
    """A function of tensors; its arguments are the inputs."""
    try:
        known = list(inspect.signature(function).parameters.values())
    except ValueError as error:  # a function that is not written in Python
        raise ArgumentError(
            "This function does not say what it takes.",
            received=repr(function),
            fix="lambda x: ... with functions of grafito.graph",
        ) from error
    known = [p for p in known if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if feeds is not None and not isinstance(feeds, Mapping) and known:
        feeds = {known[0].name: feeds}
    given = _by_name(feeds)
    for name in given:
        if name not in {p.name for p in known}:
            raise unknown_name("argument of the function", name, [p.name for p in known])
    read = [p for p in known if p.name in given or p.default is p.empty]
    missing = [p.name for p in read if p.name not in given]
    if missing and feeds is not None:
        raise missing_value(missing[0], [p.name for p in read])
    inputs = [
        graph.placeholder(as_numbers(given.get(p.name, 0.0), p.name).shape, name=p.name)
        for p in read
    ]
    free = [(p, x) for p, x in zip(read, inputs, strict=True)]
    result = function(
        *(x for p, x in free if p.kind is p.POSITIONAL_ONLY),
        **{p.name: x for p, x in free if p.kind is not p.POSITIONAL_ONLY},
    )
    return _listed(result, "a function that returns a tensor, or several"), (
        None if feeds is None else given
    )


def missing_value(name: str, names: Sequence[str]) -> ArgumentError:
    """The error for an input without a value, where the names of all inputs are known."""
    values = ", ".join(f"{each!r}: ..." for each in names)
    return ArgumentError(f"The input {name!r} was given no value.", fix=f"{{{values}}}")


def _by_name(feeds: Any) -> dict[str, Any]:
    if feeds is not None and not (
        isinstance(feeds, Mapping) and all(isinstance(name, str) for name in feeds)
    ):
        raise ArgumentError(
            "The values of inputs must be given by name.",
            where="feeds",
            received=repr(feeds)[:80],
            fix='{"x": 1.0}',
        )
    return dict(feeds or {})


def _listed(outputs: Any, expected: str) -> list[Tensor]:
    if isinstance(outputs, Mapping):
        outputs = outputs.values()
    tensors = [outputs] if not isinstance(outputs, (list, tuple)) else list(outputs)
    for x in tensors:
        if not isinstance(x, Tensor):
            raise ArgumentError(
                "Only tensors of the graph can be drawn.",
                where="outputs",
                received=type(x).__name__,
                expected=expected,
            )
    return tensors
