"""The value of any node at an index: loaded, or computed from its inputs at their indices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.emit import elementwise
from grafito.engines.llvm.emit.affine import Affine, Gathered, Loop, dot, row_major
from grafito.engines.llvm.emit.code import I32, I64, Code, i64
from grafito.engines.llvm.nodes import LEAVES, Node
from grafito.engines.llvm.plan import trivial
from grafito.errors import GraphError

Index = tuple[Affine, ...]


def physical(node: Node, index: Index, lanes: int) -> Affine:
    """The place of an element in the buffer of a stored node.

    Raises:
        GraphError: when the batch index does not split into blocks of lanes.
    """
    if not node.lanes:
        return dot(index, row_major(node.shape))
    split = index[0].split(lanes)
    if split is None:
        raise GraphError("A batch in lanes is read out of order.", where=repr(node))
    rest = row_major(node.shape[1:])
    size = node.size // node.shape[0] if node.shape[0] else 0
    return split[0] * (size * lanes) + dot(index[1:], rest) * lanes + split[1]


def flat(node: Node, index: Index) -> Affine:
    """The position of an element in row-major order."""
    return dot(index, row_major(node.shape))


def source_index(x: Node, index: Index) -> tuple[Node, Index]:
    """The node that a move reads, and where; a reshape must be trivial."""
    y = x.inputs[0]
    if x.kind == "transpose":
        where: list[Any] = [None] * len(index)
        for place, axis in zip(index, x.axes, strict=True):
            where[axis] = place
    elif x.kind == "broadcast":
        where = list(broadcast_index(y, index))
    elif x.kind == "slice":
        where = [i * step + start for i, start, step in zip(index, x.starts, x.steps, strict=True)]
    elif x.kind == "flip":
        where = [
            i * -1 + (n - 1) if a in x.axes else i
            for a, (i, n) in enumerate(zip(index, y.shape, strict=True))
        ]
    elif x.kind == "take":
        indices = x.inputs[1]
        used = len(indices.shape)
        inner = index[x.axis : x.axis + used]
        buffer, at = address(indices, inner, 1)
        picked = Affine(0, ((Gathered(buffer, at), 1),))
        where = [*index[: x.axis], picked, *index[x.axis + used :]]
    else:
        where = list(reshape_index(x, y, index))
    return y, tuple(where)


def reshape_index(x: Node, y: Node, index: Index) -> Index:
    """The index in y of a reshape that only adds or drops axes of size 1."""
    if x.lanes:
        long = iter(i for i, n in zip(index[1:], x.shape[1:], strict=True) if n != 1)
        return (index[0], *(Affine() if n == 1 else next(long) for n in y.shape[1:]))
    long = iter(i for i, n in zip(index, x.shape, strict=True) if n != 1)
    return tuple(Affine() if n == 1 else next(long) for n in y.shape)


def broadcast_index(x: Node, index: Index) -> Index:
    """Where an operand is read for an element of the broadcast result."""
    own = index[len(index) - len(x.shape) :]
    return tuple(  # a batch in lanes fills them, also where it is one image
        Affine() if n == 1 and not (x.lanes and axis == 0) else i
        for axis, (i, n) in enumerate(zip(own, x.shape, strict=True))
    )


def address(
    x: Node, index: Index, lanes: int, stored: set[Node] | None = None
) -> tuple[Node, Affine]:
    """The buffer and the place in it of an element of a node behind moves."""
    while True:
        if x.kind in LEAVES or (stored is not None and x in stored) or x.kind == "check":
            return x, physical(x, index, lanes)
        if x.kind == "reshape" and not trivial(x):
            return through_reshape(x, index, lanes)
        if x.kind not in ("transpose", "broadcast", "slice", "flip", "take", "reshape"):
            return x, physical(x, index, lanes)
        x, index = source_index(x, index)


def through_reshape(x: Node, index: Index, lanes: int) -> tuple[Node, Affine]:
    """The place in the stored node that x is another shape of."""
    y = x.inputs[0]
    while y.kind == "reshape" and not trivial(y):
        (y,) = y.inputs
    if not y.lanes:
        return y, flat(x, index)
    split = index[0].split(lanes)
    if split is None:
        raise GraphError("A batch in lanes is read out of order.", where=repr(x))
    rest = dot(index[1:], row_major(x.shape[1:]))
    return y, split[0] * (x.size // x.shape[0] * lanes) + rest * lanes + split[1]


class Reader:
    """Emits the values of nodes inside one kernel.

    Args:
        code: where to emit.
        stored: the nodes that have a buffer.
        pointers: from stored nodes to their pointers.
        width: lanes of the layout (not of this code's vectors).
        errors: pointer to the two words that an index out of range is written to.

    Attributes:
        env: values of loop variables; that of the lane variable is that of lane 0.
        lane: the loop variable that differs between lanes, or None.
        mask: which lanes exist, or None for all.
        strict: whether images that do not exist are read as zeros. Else what is there in a block of
            lanes is taken, since nothing is made of it.
    """

    def __init__(
        self, code: Code, stored: set[Node], pointers: dict[Node, Any], width: int, errors: Any
    ):
        self.code, self.stored, self.pointers = code, stored, pointers
        self.width, self.errors = width, errors
        self.env: dict[Loop, Any] = {}
        self.lane: Loop | None = None
        self.mask: Any = None
        self.strict = False
        self._memo: dict[Any, Any] = {}

    def start(self, known: dict[Any, Any] | None = None) -> None:
        """Forget what was computed: a new place in the code begins.

        Args:
            known: (node, index) to register, for what is there already.
        """
        self._memo = dict(known or {})

    # Addresses

    def scalar(self, a: Affine) -> Any:
        """The value in lane 0 as i64."""
        b = self.code.b
        total = None
        for variable, coefficient in a.terms:
            if isinstance(variable, Gathered):
                raw = self.code.load_scalar(
                    self.pointers[variable.buffer], variable.buffer.dtype, self.scalar(variable.at)
                )
                value = raw if raw.type == I64 else b.sext(raw, I64)
            else:
                value = self.env[variable]
            term = value if coefficient == 1 else b.mul(value, i64(coefficient))
            total = term if total is None else b.add(total, term)
        if total is None:
            return i64(a.constant)
        return b.add(total, i64(a.constant)) if a.constant else total

    def vector(self, a: Affine) -> Any:
        """The values in all lanes as a vector of i64."""
        b, c = self.code.b, self.code
        total = c.splat(self.scalar(Affine(a.constant, self._steady(a))))
        for variable, coefficient in a.terms:
            if isinstance(variable, Loop) and variable is self.lane:
                lanes = b.add(c.splat(self.env[variable]), c.iota())
            elif isinstance(variable, Gathered) and self.lane and variable.at.depends(self.lane):
                lanes = self._gathered(variable)
            else:
                continue
            total = b.add(total, b.mul(lanes, c.const(coefficient, "int64")))
        return total

    def _steady(self, a: Affine) -> tuple[Any, ...]:
        return tuple(
            (v, c)
            for v, c in a.terms
            if v is not self.lane
            and not (isinstance(v, Gathered) and self.lane and v.at.depends(self.lane))
        )

    def _gathered(self, variable: Gathered) -> Any:
        key = ("gathered", variable)
        if key not in self._memo:
            self._memo[key] = self.load(variable.buffer, variable.at)
        return self._memo[key]

    # Values

    def load(self, x: Node, at: Affine) -> Any:
        """A vector of elements of a buffer."""
        key = ("load", x, at)
        if key not in self._memo:
            self._memo[key] = self._load(x, at)
        return self._memo[key]

    def _load(self, x: Node, at: Affine) -> Any:
        c = self.code
        if x.kind == "constant" and x.array.size == 1:
            return (
                c.const(x.array.reshape(-1)[0], x.dtype)
                if x.dtype != "bfloat16"
                else c.const(float(x.array.reshape(-1)[0].astype("bfloat16")), x.dtype)
            )
        pointer = self.pointers[x]
        if self.lane is None or not at.depends(self.lane):
            raw = c.load_scalar(pointer, x.dtype, self.scalar(at))
            return c.from_memory(c.splat(raw), x.dtype)
        regular = not any(v.at.depends(self.lane) for v, _ in at.gathered())
        if regular and at.coefficient(self.lane) == 1:
            return c.load(pointer, x.dtype, self.scalar(at), self._mask_for(x))
        return c.gather(pointer, x.dtype, self.vector(at), self.mask)

    def _mask_for(self, x: Node) -> Any:
        """The lanes of a node's buffer to touch; a block of lanes is there as a whole."""
        return None if x.lanes and not self.strict else self.mask

    def value(self, x: Node, index: Index) -> Any:
        """The node's elements at an index, in the lanes of a register."""
        key = (x, index)
        if key not in self._memo:
            self._memo[key] = self._value(x, index)
        return self._memo[key]

    def _value(self, x: Node, index: Index) -> Any:
        if x in self.stored or x.kind in LEAVES:
            return self.load(x, physical(x, index, self.width))
        if x.kind == "reshape" and not trivial(x):
            return self.load(*through_reshape(x, index, self.width))
        if x.kind in ("transpose", "broadcast", "slice", "flip", "take", "reshape"):
            return self.value(*source_index(x, index))
        return self.compute(x, index)

    def compute(self, x: Node, index: Index) -> Any:
        """The elements, not from x's own buffer."""
        c = self.code
        if x.kind in ("transpose", "broadcast", "slice", "flip", "take", "reshape"):
            if x.kind == "reshape" and not trivial(x):
                return self.load(*through_reshape(x, index, self.width))
            return self.value(*source_index(x, index))
        if x.kind == "copy":
            return self.value(x.inputs[0], index)
        if x.kind == "fill":
            return c.const(x.value, x.dtype)
        if x.kind == "onehot":
            position = elementwise.cast(
                c, self.value(x.inputs[0], index[:-1]), x.inputs[0].dtype, "int64"
            )
            hit = c.b.icmp_signed("==", position, self.vector(index[-1]))
            return elementwise.cast(c, hit, "bool", x.dtype)
        args = [self.value(y, broadcast_index(y, index)) for y in x.inputs]
        if x.kind == "check":
            return self._check(x, args[0])
        operand = x.inputs[-1].dtype
        return elementwise.emit(c, x.kind, operand, x.dtype, args, x.dtype)

    def _check(self, x: Node, given: Any) -> Any:
        """Indices counted from 0; the first one outside is reported and becomes 0."""
        c, b = self.code, self.code.b
        zero, length = c.const(0, "int64"), c.const(x.length, "int64")
        wrapped = b.select(b.icmp_signed("<", given, zero), b.add(given, length), given)
        wrong = b.icmp_unsigned(">=", wrapped, length)
        if self.mask is not None:
            wrong = b.and_(wrong, self.mask)

        def report() -> None:
            for lane in reversed(range(c.lanes)):  # the first lane that is wrong comes last
                with b.if_then(b.extract_element(wrong, ir.Constant(I32, lane))):
                    index = b.extract_element(given, ir.Constant(I32, lane))
                    b.store(index, b.gep(self.errors, [i64(1)], source_etype=I64))
            b.store(i64(x.length), b.gep(self.errors, [i64(2)], source_etype=I64))
            b.store(i64(1), self.errors)

        c.when(c.any(wrong), report)
        return b.select(wrong, zero, wrapped)

    def store(self, value: Any, x: Node, at: Affine, pointer: Any = None) -> None:
        """A register to a buffer."""
        c = self.code
        pointer = pointer if pointer is not None else self.pointers[x]
        if self.lane is None or not at.depends(self.lane):
            c.store_scalar(value, pointer, x.dtype, self.scalar(at))
        elif at.coefficient(self.lane) == 1:
            c.store(value, pointer, x.dtype, self.scalar(at), self._mask_for(x))
        else:
            c.scatter(value, pointer, x.dtype, self.vector(at), self.mask)


def buffers_of(nodes: Iterable[Node]) -> list[Node]:
    """Nodes whose elements are in memory, not in the code."""
    return [x for x in nodes if not (x.kind == "constant" and x.array.size == 1)]
