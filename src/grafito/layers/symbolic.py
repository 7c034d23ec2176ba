"""The graph of layers: symbols with a free batch size, and the layer calls between them.

A `Symbol` is what `Input` returns and what a layer makes of it. It has a shape in which None stands
for a size that is known when the model runs. Tensors, in contrast, have static shapes: a model
traces its layers once for each batch size.
"""

from __future__ import annotations

import functools
import re
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grafito.errors import GraphError, ShapeError, missing_attribute
from grafito.graph import Trace, placeholder
from grafito.graph.nest import flatten, map_structure
from grafito.graph.numpy_calls import UFUNCS
from grafito.graph.operators import comparable

if TYPE_CHECKING:
    from grafito.layers.base import Layer

SymbolicShape = tuple[int | None, ...]

# Sizes that stand for None while shapes are found; a size that differs between the two is free.
_PROBES = ((2, 64), (3, 128))
_UNLIKELY = (509, 521)  # sizes that no function fits by chance

# Methods of symbols by NumPy's function for the operator, when an array stands on the left.
_REFLECTED = {
    "add": "__radd__",
    "subtract": "__rsub__",
    "multiply": "__rmul__",
    "divide": "__rtruediv__",
    "floor_divide": "__rfloordiv__",
    "remainder": "__rmod__",
    "matmul": "__rmatmul__",
    "power": "__rpow__",
    "bitwise_and": "__rand__",
    "bitwise_or": "__ror__",
    "bitwise_xor": "__rxor__",
    "less": "__gt__",
    "less_equal": "__ge__",
    "greater": "__lt__",
    "greater_equal": "__le__",
    "equal": "__eq__",
    "not_equal": "__ne__",
}


def _operator(name: str, reflected: bool = False) -> Callable[..., Any]:
    """An operator of symbols: a layer that applies the function of `grafito.ops`."""

    def forward(self: Symbol, *others: Any) -> Any:
        return self.as_operation(name, (*others, self) if reflected else (self, *others), {})

    return forward


class Symbol:
    """The output of a layer, with a free batch size.

    Attributes:
        shape: sizes, None where free; the first is the batch.
        dtype: name of the element type.
        node: the layer call that makes it.

    Example:
        >>> from grafito import layers
        >>> x = layers.Input((28, 28))
        >>> layers.Flatten()(x).shape
        (None, 784)
    """

    def __init__(self, shape: SymbolicShape, dtype: str, name: str | None = None):
        self.shape = shape
        self.dtype = dtype
        self.name = name
        self.node: Node | None = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<Symbol {self.name or ''} {self.dtype}{list(self.shape)}>".replace("  ", " ")

    def __getattr__(self, name: str) -> Any:
        raise missing_attribute(self, "symbol", name)

    def __bool__(self) -> bool:
        raise GraphError(
            "A symbolic value has no truth value while the model is being built.",
            where=self,
            fix="ops.where(condition, a, b) in place of `if`",
        )

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise GraphError(
            "A symbolic value has no numbers while the model is being built.",
            where=self,
            expected="a layer that is called on it",
            fix="ops.exp(symbol), likewise for other functions of grafito.ops; for "
            "numbers and gradients p = model(graph.as_tensor(x))",
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """`array + symbol` is an operation; `np.exp(symbol)` is told what to write."""
        reflected = getattr(self, _REFLECTED.get(ufunc.__name__, ""), None)
        if method == "__call__" and reflected and not kwargs and inputs[0] is not self:
            return reflected(inputs[0])
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        raise _not_of_numpy(self, name)

    # Arithmetic between symbols is a layer too, so it is drawn and saved like the others.
    def __add__(self, other: Any) -> Symbol:
        return _combine("add", self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Symbol:
        return _combine("subtract", self, other)

    def __rsub__(self, other: Any) -> Symbol:
        return (-self) + other

    def __mul__(self, other: Any) -> Symbol:
        return _combine("multiply", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Symbol:
        if isinstance(other, (int, float)) and other:
            return self * (1.0 / other)
        return self.as_operation("divide", (self, other), {})

    def __neg__(self) -> Symbol:
        return self * -1.0

    def __eq__(self, other: object) -> Any:
        same = comparable(other) or isinstance(other, Symbol)
        return self.as_operation("equal", (self, other), {}) if same else NotImplemented

    def __ne__(self, other: object) -> Any:
        same = comparable(other) or isinstance(other, Symbol)
        return self.as_operation("not_equal", (self, other), {}) if same else NotImplemented

    __rtruediv__ = _operator("divide", reflected=True)
    __floordiv__, __rfloordiv__ = _operator("floor_divide"), _operator("floor_divide", True)
    __pow__, __rpow__ = _operator("power"), _operator("power", reflected=True)
    __mod__, __rmod__ = _operator("mod"), _operator("mod", reflected=True)
    __matmul__, __rmatmul__ = _operator("matmul"), _operator("matmul", reflected=True)
    __and__, __rand__ = _operator("logical_and"), _operator("logical_and", reflected=True)
    __or__, __ror__ = _operator("logical_or"), _operator("logical_or", reflected=True)
    __xor__, __rxor__ = _operator("logical_xor"), _operator("logical_xor", reflected=True)
    __lt__, __le__ = _operator("less"), _operator("less_equal")
    __gt__, __ge__ = _operator("greater"), _operator("greater_equal")
    __abs__, __invert__ = _operator("abs"), _operator("logical_not")
    __getitem__ = _operator("get_item")
    __hash__ = object.__hash__  # by identity, like that of tensors

    def as_operation(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a function of `grafito.ops` gives for arguments among which there are symbols."""
        from grafito.layers.operation import operation

        return operation(function, args, kwargs)

    def __iter__(self) -> Any:
        raise GraphError(
            "A symbol stands for the output of a layer; it has no numbers and no gradients.",
            where=self,
            expected="a tensor: what a model gives for data",
            fix="p = model(graph.as_tensor(x)); graph.gradients(p, model.trainable_weights); for a "
            "part of it x[:, 0]",
        )

    __len__ = __float__ = __int__ = __iter__


def _not_of_numpy(symbol: Symbol, function: str) -> GraphError:
    """The error for a function of NumPy that is called on a symbol."""
    from grafito import ops

    name = UFUNCS.get(function, function)
    return GraphError(
        "A function of NumPy reads numbers, and a symbol has none.",
        where=f"np.{function}",
        received=symbol,
        fix=f"ops.{name}" if hasattr(ops, name) else "a function of grafito.ops",
    )


def _combine(kind: str, x: Symbol, other: Any) -> Symbol:
    from grafito import layers

    if isinstance(other, Symbol):
        return getattr(layers, kind)([x, other])
    if not isinstance(other, (int, float)):
        return x.as_operation(kind, (x, other), {})
    scale, offset = {"add": (1, other), "subtract": (1, -other), "multiply": (other, 0)}[kind]
    return layers.Rescaling(scale, offset)(x)


class Output:
    """A symbol that a call gave, by a weak reference: whoever uses a symbol holds it, and its call.

    So a network that nobody uses any more is freed at once, not when Python looks for cycles.
    """

    def __init__(self, symbol: Symbol):
        self.form = symbol.shape, symbol.dtype, symbol.name
        self.known = weakref.ref(symbol)

    def symbol(self, node: Node) -> Symbol:
        """The symbol; another one of the same form where nobody held it."""
        symbol = self.known()
        if symbol is None:
            symbol = Symbol(*self.form)
            symbol.node = node
            self.known = weakref.ref(symbol)
        return symbol


class Node:
    """One call of a layer on symbols."""

    def __init__(self, layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any):
        self.layer = layer
        self.args = args
        self.kwargs = kwargs
        self._outputs = map_structure(Output, outputs)
        for symbol in flatten(outputs):
            symbol.node = self

    @property
    def outputs(self) -> Any:
        """The symbols that the call gave, in the structure of what the layer returned."""
        return map_structure(lambda output: output.symbol(self), self._outputs)

    @property
    def inputs(self) -> list[Symbol]:
        return symbols_in((self.args, self.kwargs))


def symbols_in(structure: Any) -> list[Symbol]:
    """The symbols among the leaves of a structure."""
    return [x for x in flatten(structure) if isinstance(x, Symbol)]


def infer_outputs(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Symbols for the outputs of a call, found by tracing it with two batch sizes."""
    try:
        small = _traced(call, args, kwargs, _PROBES[0])
    except ShapeError as error:
        try:
            _traced(call, args, kwargs, _UNLIKELY)
        except ShapeError as other:
            _leave_open(error, other)
        raise
    others = iter(flatten(_traced(call, args, kwargs, _PROBES[1])))
    return map_structure(lambda x: _symbol(x, next(others)), small)


def _traced(call: Callable[..., Any], args: Any, kwargs: Any, probe: tuple[int, int]) -> Any:
    with Trace():
        stand_in = functools.partial(_probe, probe=probe)
        return call(*map_structure(stand_in, args), **map_structure(stand_in, kwargs))


def _leave_open(error: ShapeError, other: ShapeError) -> None:
    """Say None for the numbers of an error that another batch size changes."""

    def merged(a: str, b: str) -> str:
        pairs = re.split(r"(\d+)", a), re.split(r"(\d+)", b)
        if len(pairs[0]) != len(pairs[1]):
            return a
        return "".join(x if x == y else "None" for x, y in zip(*pairs, strict=True))

    error.rows = {
        name: merged(text, other.rows.get(name, text)) for name, text in error.rows.items()
    }
    error.message = error.told(str)
    error.args = (error.message,)


TEXT = "string"  # the dtype of an Input for text; its symbol stands for the numbers made of it


def is_text(symbol: Symbol) -> bool:
    """Whether a symbol is that of an Input for text."""
    node = symbol.node
    return node is not None and not node.args and node.layer.dtype == TEXT


def asked_dtype(symbol: Symbol) -> str:
    """The dtype that an Input was asked for."""
    return TEXT if is_text(symbol) else symbol.dtype


def _probe(x: Any, probe: tuple[int, int]) -> Any:
    if not isinstance(x, Symbol):
        return x
    batch, inner = probe
    free = (batch, *[inner] * (x.ndim - 1))
    shape = tuple(f if n is None else n for n, f in zip(x.shape, free, strict=True))
    return placeholder(shape, x.dtype, x.name)


def _symbol(small: Any, large: Any) -> Symbol:
    shape = tuple(a if a == b else None for a, b in zip(small.shape, large.shape, strict=True))
    return Symbol(shape, small.dtype)


def nodes_between(inputs: list[Symbol], outputs: list[Symbol]) -> list[Node]:
    """The layer calls from inputs to outputs, each after those that it needs.

    Raises:
        GraphError: when an output depends on a symbol that is not among the inputs.
    """
    order: list[Node] = []
    done: set[int] = {id(x) for x in inputs}
    seen: set[int] = set()
    stack: list[tuple[Symbol, bool]] = [(x, False) for x in reversed(outputs)]
    while stack:
        symbol, inputs_done = stack.pop()
        node = symbol.node
        if id(symbol) in done:
            continue
        if node is None or not node.inputs:
            raise GraphError(
                "An output depends on an input that the model is not given.",
                where=repr(symbol),
                fix="name it among the inputs: Model(inputs=[...], outputs=...)",
            )
        if inputs_done:
            if id(node) not in seen:
                seen.add(id(node))
                order.append(node)
            done.add(id(symbol))
        else:
            stack.append((symbol, True))
            stack.extend((x, False) for x in reversed(node.inputs) if id(x) not in done)
    return order


def layers_by_depth(nodes: list[Node], outputs: list[Symbol]) -> list[Layer]:
    """The layers of these calls in Keras's order, which is that of `get_weights`.

    The farthest from the outputs come first; layers of the same depth stand in the order in which
    a walk back from the outputs meets them.
    """
    depth_of_node: dict[int, int] = {}
    depth_of_layer: dict[Layer, int] = {}
    for node in reversed(nodes):
        depth = max(depth_of_node.get(id(node), 0), depth_of_layer.get(node.layer, 0))
        depth_of_layer[node.layer] = depth
        for symbol in node.inputs:
            source = symbol.node
            if source is not None:
                depth_of_node[id(source)] = max(depth_of_node.get(id(source), 0), depth + 1)
                if not source.inputs:
                    depth_of_layer[source.layer] = depth_of_node[id(source)]
    met: dict[Layer, int] = {}
    walked: set[int] = set()
    stack = list(reversed(outputs))
    while stack:
        source = stack.pop().node
        if source is None or id(source) in walked:
            continue
        walked.add(id(source))
        if source.layer in depth_of_layer:
            met.setdefault(source.layer, len(met))
            stack.extend(reversed(source.inputs))
    return sorted(met, key=lambda layer: (-depth_of_layer[layer], met[layer]))


def shape_path(symbol: Symbol) -> str:
    """The chain of layers and shapes that led to a symbol, for messages."""
    parts = [str(symbol.shape)]
    for _ in range(6):
        node = symbol.node
        if node is None or not node.inputs:
            break
        symbol = node.inputs[0]
        parts.append(f"{symbol.shape} -> {node.layer.name}")
    else:
        parts.append("...")
    return " ".join(reversed(parts))
