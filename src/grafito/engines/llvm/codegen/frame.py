"""The function of a kernel: its arguments, its epilogue and its vector loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import (
    Index,
    fit_index,
    physical,
)
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
)
from grafito.engines.llvm.codegen.builder import (
    I64,
    POINTER,
    Builder,
    i64,
)
from grafito.engines.llvm.codegen.reader import (
    Reader,
    buffers_of,
)
from grafito.engines.llvm.ir.kernel import (
    Kernel,
    Store,
)
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.ir.target import Target

UNITS = 16  # minimum work units that a kernel leaves for the threads
CHUNK = 64  # vectors of a long loop in one work unit


@dataclass
class Compiled:
    """The text of a kernel's function and how to call it.

    Attributes:
        text: LLVM code of the module with one function, called `name`.
        buffers: the nodes whose pointers it takes, in order.
        units: how much work there is; a call does the units from `begin` to `end`.
        cost: operations, roughly.
        scratch: bytes that each thread needs while it runs.
    """

    text: str
    buffers: list[Node]
    units: int
    cost: float
    scratch: int = 0


class Frame:
    """The function of one kernel: its arguments and a reader of its inputs.

    Args:
        kernel: what to compute.
        materialized: nodes that have a buffer.
        target: the CPU; its lanes are those of the layout.
        shared: whether a result is written over an input.
    """

    def __init__(self, kernel: Kernel, materialized: Set[Node], target: Target, shared: bool):
        self.kernel, self.materialized = kernel, materialized
        self.target, self.width = target, target.lanes
        targets = [s.target for s in kernel.stores]
        work = [kernel.work] if kernel.work is not None else []
        reads = sorted(kernel.reads, key=lambda x: x.number)
        self.buffers = buffers_of(dict.fromkeys([*reads, *targets, *work]))
        self.module = ir.Module("kernel")
        arguments = [POINTER] * (len(self.buffers) + 2) + [I64, I64]
        kind = ir.FunctionType(ir.VoidType(), arguments)
        self.function = ir.Function(self.module, kind, "kernel")
        for argument in self.function.args[: len(self.buffers)]:
            if not shared:
                argument.add_attribute("noalias")
        self.pointers = dict(zip(self.buffers, self.function.args, strict=False))
        self.errors, self.scratch, self.begin, self.end = self.function.args[-4:]

    @property
    def out(self) -> Node:
        """The kernel's anchor."""
        assert self.kernel.anchor is not None
        return self.kernel.anchor

    def code(self, lanes: int) -> Builder:
        anchor = self.kernel.anchor
        return Builder(self.function, lanes, anchor is not None and "bf16_dot" in anchor.attributes)

    def reader(self, code: Builder) -> Reader:
        return Reader(code, self.materialized, self.pointers, self.width, self.errors)

    def finish(self, code: Builder, units: int, cost: float, scratch: int = 0) -> Compiled:
        code.b.ret_void()
        return Compiled(str(self.module), self.buffers, units, cost, scratch)


def outlined(
    frame: Frame,
    reader: Reader,
    loops: Sequence[Loop],
    values: Sequence[Any],
    body: Callable[..., None],
) -> None:
    """Emit `body(reader, *values)` as a function and call it.

    So the loops of the body have all registers for themselves.

    Args:
        frame: of the kernel.
        reader: whose buffers it reads.
        loops: the variables that it uses, set by the reader.
        values: pointers and integers that it uses besides.
        body: emits the function.
    """
    pointers = [*dict.fromkeys(reader.pointers.values()), reader.errors]
    given = [*pointers, *(reader.env[loop] for loop in loops), *values]
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in given])
    name = f"part_{len(frame.module.functions)}"
    function = ir.Function(frame.module, kind, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    code = Builder(function, reader.code.lanes, reader.code.bf16_dot)
    inside = dict(zip(pointers, function.args, strict=False))
    known = {node: inside[pointer] for node, pointer in reader.pointers.items()}
    own = Reader(code, reader.materialized, known, reader.width, inside[reader.errors])
    rest = function.args[len(pointers) :]
    own.env.update(zip(loops, rest, strict=False))
    body(own, *rest[len(loops) :])
    code.b.ret_void()
    reader.code.b.call(function, given)


def store_place(s: Store, index: Index, width: int) -> Affine:
    """Where a result goes, given its own index."""
    if s.starts is not None and s.steps is not None:
        index = tuple(i * k + n for i, k, n in zip(index, s.steps, s.starts, strict=True))
    return physical(s.target, index, width)


def emit_epilogue(reader: Reader, kernel: Kernel, index: Index, known: Any = None) -> None:
    """Compute and store all results at an index, given the register of the anchor."""
    start = {}
    if kernel.anchor is not None:
        at = fit_index(index, kernel.shape, kernel.anchor.shape, kernel.lanes)
        start[kernel.anchor, at] = known
    reader.start(start)
    values = {}
    for x in kernel.results:
        values[x] = reader.compute(x, fit_index(index, kernel.shape, x.shape, kernel.lanes))
    for s in kernel.stores:
        at = fit_index(index, kernel.shape, s.node.shape, kernel.lanes)
        reader.store(values[s.node], s.target, store_place(s, at, reader.width))


def result_places(
    kernel: Kernel, index: Index, materialized: Set[Node], width: int
) -> list[Affine]:
    """All addresses that the results read and write, apart from the anchor's inputs."""
    places: list[Affine] = []
    for x in kernel.results:
        at = fit_index(index, kernel.shape, x.shape, kernel.lanes)
        if x is not kernel.anchor:
            inside = materialized | set(kernel.results)
            places += loop_nest.addresses(x, at, inside, width)
    for s in kernel.stores:
        at = fit_index(index, kernel.shape, s.node.shape, kernel.lanes)
        places.append(store_place(s, at, width))
    return places


def lane_groups(loops: list[Loop], shape: tuple[int, ...], width: int) -> dict[Loop, str]:
    """The loops of a batch in lanes that are not merged: lanes, and blocks where one is partial."""
    if shape[0] % width:
        return {loops[0]: "block", loops[-1]: "lane"}
    return {loops[-1]: "lane"}


def partial_batch(kernel: Kernel, index: Index, lane: Loop) -> tuple[int, Affine] | None:
    """The size of a batch that does not fill its lanes, and the first image of a block; or None."""
    width = lane.size
    if not kernel.lanes or kernel.shape[0] % width == 0:
        return None
    return kernel.shape[0], at_lane_0(index[0], lane)


def vectors(
    code: Builder,
    reader: Reader,
    lane: Loop,
    first: Any,
    stop: Any,
    body: Callable[[], None],
    batch: tuple[int, Affine] | None = None,
) -> None:
    """The vector loop of a reader; its last vector may be partly masked.

    Args:
        code: where to emit.
        reader: whose lane variable runs.
        lane: the loop.
        first: where it starts.
        stop: where it ends.
        body: emits what is done for a vector.
        batch: the number of images, and the first one of this block; later lanes are masked.
    """

    def step(j: Any, mask: Any) -> None:
        reader.lane = lane if code.lanes > 1 else None
        reader.env[lane] = j
        if batch is not None:
            count = code.b.sub(i64(batch[0]), reader.scalar(batch[1]))
            mask = code.mask(count)
        reader.mask = mask
        body()
        reader.mask = None

    if lane.size == code.lanes:
        step(i64(0), None)
    else:
        code.vectors(first, lane.size, stop, step)


def at_lane_0(index: Affine, lane: Loop) -> Affine:
    """The first image of the block."""
    return Affine(index.constant, tuple((v, c) for v, c in index.terms if v is not lane))


def batch_mask(
    code: Builder, reader: Reader, node: Node, block: Loop, width: int
) -> Callable[[], Any] | None:
    """Emits which lanes of a block hold an image; None where all blocks are full."""
    if node.shape[0] % width == 0:
        return None
    return lambda: code.mask(
        code.b.sub(i64(node.shape[0]), code.b.mul(reader.env[block], i64(width)))
    )
