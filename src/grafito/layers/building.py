"""How layers come to their weights: `build` by a call or by hand, and nowhere else."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from grafito import graph
from grafito.errors import ArgumentError, GraphError, ShapeError
from grafito.graph.nest import flatten, map_structure, sequence_like
from grafito.graph.trace import current_scope
from grafito.layers.symbolic import Symbol

if TYPE_CHECKING:
    from grafito.layers.base import Layer

_made: ContextVar[list[Layer] | None] = ContextVar("made", default=None)  # during this call


def building(build: Callable[..., None]) -> Callable[..., None]:
    """A method `build` that marks its layer as built, whoever calls it.

    Where it fails, the layer stays as it was. Built again for the same shapes it does nothing.
    """
    signature = inspect.signature(build)

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        self.check_ready()
        if self._building:  # by a subclass: super().build(input_shape)
            return build(self, *args, **kwargs)
        given = list(_given_shapes(signature, self, args, kwargs).items())
        first, others = (given[0][1] if given else None), dict(given[1:])
        if self.built:
            return _check_same(self, first, others)
        before = {**vars(self), "_weights": list(self._weights)}
        self._building = True
        try:
            with graph.scope(self.name):
                build(self, *args, **kwargs)
                for part in self.sublayers:
                    if part.kind == "model":
                        lengthen_paths(part)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)  # no half of its weights
            raise
        self._building, self.built = False, True
        self.build_shape, self.build_shapes = first, others

    return wrapped


def lengthen_paths(model: Layer) -> None:
    """Put the name of a model that becomes a part of another before the paths of its weights."""
    start = "/".join([*current_scope(), model.name]) + "/"
    for variable in model.weights:
        if not variable.path.startswith(start):
            variable.path = start + variable.path


def _given_shapes(
    signature: inspect.Signature, layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of `build` by name."""
    try:
        bound = signature.bind(layer, *args, **kwargs).arguments
    except TypeError as error:
        raise ArgumentError(
            "A layer is built for the shape of its input.",
            where=f"layer {layer.name!r} ({type(layer).__name__})",
            received=error,
            fix="layer.build((None, 784))",
        ) from None
    named = dict(list(bound.items())[1:])
    return {k: v for k, v in named.items() if k != "shapes"} | named.get("shapes", {})


def _check_same(layer: Layer, first: Any, others: dict[str, Any]) -> None:
    """Raise where a layer that has weights is to be built for other shapes."""
    known = layer.build_shape is not None
    if (
        known
        and layer.weights
        and (_plain(first), _plain(others))
        != (
            _plain(layer.build_shape),
            _plain(layer.build_shapes),
        )
    ):
        raise ShapeError(
            f"Layer {layer.name!r} ({type(layer).__name__}) is built already.",
            received=first,
            expected=layer.build_shape,
            fix=f"a new layer: {type(layer).__name__}(...)",
        )


def _plain(shape: Any) -> Any:
    """A shape, or a structure of shapes, that can be compared."""
    if isinstance(shape, dict):
        return {key: _plain(part) for key, part in shape.items()}
    return tuple(map(_plain, shape)) if isinstance(shape, (list, tuple)) else shape


def shapes_for_build(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `build` for a call: the shape of the first input, or one of each by name.

    `build(a_shape, b_shape)` goes with `call(a, b)`.
    """
    given = dict(zip(inspect.signature(layer.call).parameters, args, strict=False)) | kwargs
    shapes = {name: map_structure(shape_for_build, value) for name, value in given.items()}
    parameters = list(inspect.signature(layer.build).parameters.values())
    first = next(iter(shapes.values())) if args or kwargs else None
    if len(parameters) == 1:
        return {parameters[0].name: first}
    found: dict[str, Any] = {}
    for i, parameter in enumerate(parameters):
        argument = parameter.name.removesuffix("_shape")
        if parameter.kind is parameter.VAR_KEYWORD:
            tensors = [n for n, v in list(given.items())[1:] if _has_tensors(v)]
            found |= {f"{name}_shape": shapes[name] for name in tensors}
        elif argument in shapes:
            found[parameter.name] = shapes[argument]
        elif i == 0:
            found[parameter.name] = first
        elif parameter.default is parameter.empty:
            raise ArgumentError(
                f"`build` of {type(layer).__name__} asks for the shape of no argument of `call`.",
                where=f"layer {layer.name!r}, argument {parameter.name!r}",
                expected=", ".join(f"{name}_shape" for name in given),
            )
    return found


def _has_tensors(structure: Any) -> bool:
    return any(isinstance(x, (graph.Tensor, Symbol)) for x in flatten(structure))


def shape_for_build(x: Any) -> Any:
    """The shape of an input with the batch left free; None for what is no tensor."""
    if isinstance(x, Symbol):
        return x.shape
    return (None, *x.shape[1:]) if isinstance(x, graph.Tensor) else None


def symbols_of_shape(shape: Any, dtype: str) -> Any:
    """A symbol for a shape, or a structure of symbols for a structure of shapes."""
    if isinstance(shape, dict):
        return {key: symbols_of_shape(part, dtype) for key, part in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(n, (list, tuple, dict)) for n in shape):
        return sequence_like(shape, [symbols_of_shape(part, dtype) for part in shape])
    try:
        return Symbol(tuple(None if n is None else int(n) for n in shape), dtype)
    except TypeError:
        raise ShapeError(
            "A shape must be a tuple of sizes.",
            received=repr(shape),
            fix="(None, 784), with None for the batch",
        ) from None


def build_again(layer: Layer, shape: Any, others: dict[str, Any], count: int) -> None:
    """Build a layer as the one was that it is made after.

    Args:
        layer: made from the configuration of the other one.
        shape: that it was built for.
        others: those of the other arguments of `build`.
        count: of its weights. A `build` of one's own may have left parts to the first call.
    """
    if not layer.built:
        layer.build(shape, **others)
    if len(layer.weights) < count:
        named = {name.removesuffix("_shape"): other for name, other in others.items()}
        symbols = symbols_of_shape([shape, named], layer.dtype)
        layer(symbols[0], **symbols[1])


@contextlib.contextmanager
def forgotten(layer: Layer) -> Iterator[None]:
    """What is built inside is forgotten afterwards; the layer and its parts are as they were."""
    before = [(part, _copied(vars(part))) for part in layer.family()]
    try:
        yield
    finally:
        for part, state in before:
            vars(part).clear()
            vars(part).update(state)


def _copied(state: dict[str, Any]) -> dict[str, Any]:
    """The attributes, with copies of those that can be changed in place."""
    return {k: v.copy() if isinstance(v, (list, dict)) else v for k, v in state.items()}


def note_made(layer: Layer) -> None:
    """Remember a new layer where another one is being called."""
    made = _made.get()
    if made is not None:
        made.append(layer)


@contextlib.contextmanager
def inside_a_call(layer: Layer) -> Iterator[None]:
    """Raise a GraphError where the outermost call made a layer with weights that it does not keep.

    Such weights would be others in each tracing of the call, and no optimizer would know them.
    """
    if _made.get() is not None:
        yield
        return
    made: list[Layer] = []
    token = _made.set(made)
    try:
        yield
    finally:
        _made.reset(token)
    stray = [new for new in made if new.parts(graph.Variable)]
    kept = set(layer.family()) if stray else set()
    for new in stray:
        if new not in kept:
            kind = type(new).__name__
            raise GraphError(
                "A layer with weights was made inside a call, so its weights are new in each call.",
                where=f"layer {new.name!r} ({kind}), made by {layer.name!r} "
                f"({type(layer).__name__})",
                fix=f"make {kind} in __init__, and in `call` only call it",
            )


def keeping(step: Callable[..., Any]) -> Callable[..., Any]:
    """A method in which, as in `call`, no layers with weights are made."""

    @functools.wraps(step)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> Any:
        with inside_a_call(self):
            return step(self, *args, **kwargs)

    return wrapped
