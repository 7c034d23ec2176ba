"""Elementwise kernels."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.affine import Loop
from grafito.engines.llvm.codegen.builder import i64
from grafito.engines.llvm.codegen.elementwise_ops import OPS
from grafito.engines.llvm.codegen.frame import (
    CHUNK,
    UNITS,
    Compiled,
    Frame,
    emit_epilogue,
    lane_groups,
    partial_batch,
    result_places,
    vectors,
)
from grafito.engines.llvm.kernels.lane_conversion import through_registers


def elementwise(frame: Frame) -> Compiled:
    """All results, element by element."""
    kernel, materialized, width = frame.kernel, frame.materialized, frame.width
    converted = through_registers(frame)
    if converted is not None:
        return converted
    loops, index = loop_nest.own_index(kernel.shape, kernel.lanes, width)
    places = result_places(kernel, index, materialized, width)
    groups = lane_groups(loops, kernel.shape, width) if kernel.lanes else {}
    loops, new = loop_nest.merge(loops, places, groups)
    index = loop_nest.replace(index, new)
    size = loops[-1].size if loops else 1
    code = frame.code(loop_nest.vector_lanes(size, width))
    reader = frame.reader(code)
    outer, lane = (loops[:-1], loops[-1]) if loops else ([], None)
    inner: list[Loop] = []  # loops within a unit, so that it has some work
    while (
        outer
        and loop_nest.product(outer[:-1]) >= UNITS
        and loop_nest.product(inner) * size < CHUNK * 16
    ):
        inner.insert(0, outer.pop())
    chunk = CHUNK * code.lanes if not (outer or inner) else max(size, 1)
    units = loop_nest.product(outer) if outer or inner else -(-size // chunk)

    def unit(u: Any) -> None:
        if lane is None:
            emit_epilogue(reader, kernel, index)
            return
        first, stop = i64(0), i64(size)
        if outer:
            loop_nest.unflatten(code, u, outer, reader.env)
        elif not inner:
            first = code.b.mul(u, i64(chunk))
            stop = code.b.add(first, i64(chunk))
            stop = code.b.select(code.b.icmp_signed("<", stop, i64(size)), stop, i64(size))

        def descend(rest: Sequence[Loop]) -> None:
            if rest:

                def iteration(i: Any) -> None:
                    reader.env[rest[0]] = i
                    descend(rest[1:])

                code.loop(i64(0), i64(rest[0].size), 1, iteration)
                return
            batch = partial_batch(kernel, index, lane)
            following = functools.partial(emit_epilogue, reader, kernel, index)
            vectors(code, reader, lane, first, stop, following, batch)

        descend(inner)

    code.loop(frame.begin, frame.end, 1, unit)
    work = sum(8 if x.kind in OPS else 2 for x in kernel.results)
    return frame.finish(code, units, float(math.prod(kernel.shape)) * work)
