"""The value of any node at an index: loaded, or computed from its inputs at their indices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.codegen import elementwise_ops as elementwise
from grafito.engines.llvm.codegen.addresses import (
    Index,
    operands,
    physical,
    through_reshape,
)
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Gathered,
    Loop,
)
from grafito.engines.llvm.codegen.builder import (
    I32,
    I64,
    Builder,
    i64,
)
from grafito.engines.llvm.ir.nodes import (
    Node,
)
from grafito.engines.llvm.ir.shapes import unit_axes_only
from grafito.graph.dtypes import numpy_dtype

Place = tuple[Node, Index]
Recipe = tuple[list[Place], Callable[[list[Any]], Any]]


class Reader:
    """Emits the values of nodes inside one kernel.

    Args:
        code: where to emit.
        materialized: the nodes that have a buffer.
        pointers: from stored nodes to their pointers.
        width: lanes of the layout (not of this code's vectors).
        errors: pointer to the two words that an index out of range is written to.

    Attributes:
        env: values of loop variables; that of the lane variable is that of lane 0.
        lane: the loop variable that differs between lanes, or None.
        mask: which lanes exist, or None for all.
        strict: whether lanes beyond the batch are loaded as zeros; else as they are in memory,
            where their results are never used.
    """

    def __init__(
        self,
        code: Builder,
        materialized: Set[Node],
        pointers: dict[Node, Any],
        width: int,
        errors: Any,
    ):
        self.code, self.materialized, self.pointers = code, materialized, pointers
        self.width, self.errors = width, errors
        self.env: dict[Loop, Any] = {}
        self.lane: Loop | None = None
        self.mask: Any = None
        self.strict = False
        self._memo: dict[Any, Any] = {}

    def start(self, known: dict[Any, Any] | None = None) -> None:
        """Forget computed values: they are not available at the next position in the code.

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
            value = x.array.reshape(-1)[0]
            if x.dtype == "bfloat16":
                value = float(value.astype(numpy_dtype(x.dtype)))
            return c.const(value, x.dtype)
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
        return self._made(x, index, self._reading)

    def compute(self, x: Node, index: Index) -> Any:
        """The elements, not from x's own buffer."""
        return self._made(x, index, self._computing)

    def _made(self, x: Node, index: Index, recipe: Callable[[Node, Index], Recipe]) -> Any:
        """A value, after those that it is computed from: depth is free."""
        known = self._memo
        stack = [] if (x, index) in known else [((x, index), *recipe(x, index))]
        while stack:
            place, parts, make = stack[-1]
            missing = next((part for part in parts if part not in known), None)
            if missing is not None:
                stack.append((missing, *self._reading(*missing)))
            else:
                known[place] = make([known[part] for part in parts])
                stack.pop()
        return known[x, index]

    def _reading(self, x: Node, index: Index) -> Recipe:
        """What is needed for a value, and how it is made from that."""
        if x in self.materialized or x.leaf:
            return [], lambda args: self.load(x, physical(x, index, self.width))
        return self._computing(x, index)

    def _computing(self, x: Node, index: Index) -> Recipe:
        if x.kind == "reshape" and not unit_axes_only(x):
            return [], lambda args: self.load(*through_reshape(x, index, self.width))
        return operands(x, index), lambda args: self._from_values(x, index, args)

    def _from_values(self, x: Node, index: Index, args: list[Any]) -> Any:
        c = self.code
        if x.moves or x.kind == "copy":
            return args[0]
        if x.kind == "fill":
            return c.const(x.value, x.dtype)
        if x.kind == "onehot":
            position = elementwise.cast(c, args[0], x.inputs[0].dtype, "int64")
            hit = c.b.icmp_signed("==", position, self.vector(index[-1]))
            return elementwise.cast(c, hit, "bool", x.dtype)
        if x.kind == "bounds_check":
            return self._check(x, args[0])
        return elementwise.emit(c, x.kind, x.inputs[-1].dtype, x.dtype, args, x.dtype)

    def _check(self, x: Node, given: Any) -> Any:
        """Indices counted from 0; the first one outside is reported and becomes 0."""
        c, b = self.code, self.code.b
        zero, length = c.const(0, "int64"), c.const(x.length, "int64")
        counted = b.add(given, length) if x.from_end else given
        wrapped = b.select(b.icmp_signed("<", given, zero), counted, given)
        wrong = b.icmp_unsigned(">=", wrapped, length)
        if self.mask is not None:
            wrong = b.and_(wrong, self.mask)

        def report() -> None:
            for lane in reversed(range(c.lanes)):  # the first lane that is wrong comes last
                with b.if_then(b.extract_element(wrong, ir.Constant(I32, lane))):
                    index = b.extract_element(given, ir.Constant(I32, lane))
                    b.store(index, b.gep(self.errors, [i64(1)], source_etype=I64))
            b.store(i64(x.length), b.gep(self.errors, [i64(2)], source_etype=I64))
            b.store(i64(2 if x.unsigned else 1), self.errors)

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
