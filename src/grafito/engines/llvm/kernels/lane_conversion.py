"""Elementwise kernels that read images stored one after the other and write them as lanes."""

from __future__ import annotations

import math
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import fit_index
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
)
from grafito.engines.llvm.codegen.builder import (
    i64,
)
from grafito.engines.llvm.codegen.elementwise_ops import OPS
from grafito.engines.llvm.codegen.frame import (
    CHUNK,
    Compiled,
    Frame,
    emit_epilogue,
    lane_groups,
    partial_batch,
    result_places,
    store_place,
)
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.codegen.transpose import transpose
from grafito.engines.llvm.ir.nodes import Node

MOST_RESULTS = 4  # results whose code may be unrolled for each element of a square


def irregular(at: Affine, lane: Loop) -> bool:
    """Whether the lanes of a register are not neighbours in memory."""
    steady = not any(v.at.depends(lane) for v, _ in at.gathered())
    return at.depends(lane) and not (steady and at.coefficient(lane) == 1)


class _TransposingReader(Reader):
    """Transposes a square of images by elements in registers instead of gathering each lane."""

    inner: Loop
    count: Any  # how many there are in this block
    start_at: Any  # the first element of the square

    def begin(self, inner: Loop, count: Any, start: Any) -> None:
        """A new square begins."""
        self.inner, self.count, self.start_at = inner, count, start
        self.squares: dict[tuple[Node, Affine], list[Any]] = {}
        self.position = 0

    def _load(self, x: Node, at: Affine) -> Any:
        lane, code = self.lane, self.code
        if lane is None or not irregular(at, lane):
            return super()._load(x, at)
        if (x, at) not in self.squares:
            now = self.env[self.inner]
            self.env[self.inner] = self.start_at
            rows = []
            for n in range(code.lanes):  # the last image again where there are no more
                last = code.b.sub(self.count, i64(1))
                beyond = code.b.icmp_signed(">", i64(n), last)
                self.env[lane] = code.b.select(beyond, last, i64(n))
                rows.append(code.load(self.pointers[x], x.dtype, self.scalar(at)))
            self.env[self.inner], self.env[lane] = now, i64(0)
            self.squares[x, at] = transpose(code, rows)
        return self.squares[x, at][self.position]


def through_registers(frame: Frame) -> Compiled | None:
    """The kernel, with transposes in registers; None where no gather is replaced."""
    kernel, materialized, width = frame.kernel, frame.materialized, frame.width
    if not kernel.lanes or len(kernel.results) > MOST_RESULTS:
        return None
    loops, index = loop_nest.own_index(kernel.shape, True, width)
    places = result_places(kernel, index, materialized, width)
    loops, new = loop_nest.merge(loops, places, lane_groups(loops, kernel.shape, width))
    index = loop_nest.replace(index, new)
    places = result_places(kernel, index, materialized, width)
    inner, lane = loops[-2], loops[-1]
    across = [at for at in places if irregular(at, lane)]
    targets = [
        store_place(s, fit_index(index, kernel.shape, s.node.shape, True), width)
        for s in kernel.stores
    ]
    rows = all(
        at.coefficient(inner) == 1 and not any(v.at.depends(inner) for v, _ in at.gathered())
        for at in across
    )
    scattered = any(irregular(at, lane) for at in targets)
    if not across or not rows or scattered or len(loops) < 3 or inner.size < width:
        return None
    code = frame.code(width)
    reader = _TransposingReader(code, materialized, frame.pointers, width, frame.errors)
    squares = -(-inner.size // width)
    part, outer = Loop(-(-squares // CHUNK)), loops[:-2]
    batch = partial_batch(kernel, index, lane)

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, [*outer, part], reader.env)
        reader.lane, reader.env[lane] = lane, i64(0)
        count = i64(width)
        if batch is not None:
            count = code.b.sub(i64(batch[0]), reader.scalar(batch[1]))
            reader.mask = code.mask(count)
        first = code.b.mul(reader.env[part], i64(CHUNK * width))
        stop = code.b.add(first, i64(CHUNK * width))
        stop = code.b.select(code.b.icmp_signed("<", stop, i64(inner.size)), stop, i64(inner.size))

        def square(start: Any) -> None:  # the last one may do some elements again
            late = code.b.icmp_signed(">", start, i64(inner.size - width))
            start = code.b.select(late, i64(inner.size - width), start)
            reader.begin(inner, count, start)
            for position in range(width):
                reader.position = position
                reader.env[inner] = code.b.add(start, i64(position))
                emit_epilogue(reader, kernel, index)

        code.loop(first, stop, width, square)
        reader.mask = None

    code.loop(frame.begin, frame.end, 1, unit)
    work = sum(8 if x.kind in OPS else 2 for x in kernel.results)
    return frame.finish(
        code, loop_nest.product([*outer, part]), float(math.prod(kernel.shape)) * work
    )
