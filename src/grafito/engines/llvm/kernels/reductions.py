"""Machine code of reductions, of whatever their input is computed from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import Index
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
)
from grafito.engines.llvm.codegen.builder import (
    I32,
    Builder,
    computed_in,
    i64,
)
from grafito.engines.llvm.codegen.elementwise_ops import (
    OPS,
)
from grafito.engines.llvm.codegen.frame import (
    UNITS,
    Compiled,
    Frame,
    at_lane_0,
    emit_epilogue,
    lane_groups,
    partial_batch,
    result_places,
    vectors,
)
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.ir.builders import identity
from grafito.engines.llvm.ir.kinds import CHEAP, Family
from grafito.engines.llvm.ir.nodes import (
    Node,
)

MOST_AT_ONCE = 8  # results of a reduction that are summed at the same time

COMBINE = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}


def reduction(frame: Frame) -> Compiled:
    """A reduction of whatever its input is computed from; results may follow it."""
    kernel, materialized, width = frame.kernel, frame.materialized, frame.width
    x = kernel.anchor
    assert x is not None
    (y,) = x.inputs
    loops, index = loop_nest.own_index(y.shape, y.lanes, width)
    inside = {loop for a in x.axis for loop, _ in index[a].terms}
    kept_index = tuple(Affine() if a in x.axis else i for a, i in enumerate(index))
    places = [
        *loop_nest.addresses(y, index, materialized, width, False),
        *result_places(kernel, kept_index, materialized, width),
    ]
    groups: dict[Loop, Any] = {loop: loop in inside for loop in loops}
    if y.lanes:
        for loop, name in lane_groups(loops, y.shape, width).items():
            groups[loop] = (name, groups[loop])
    loops, new = loop_nest.merge(loops, places, groups)
    index, kept_index = loop_nest.replace(index, new), loop_nest.replace(kept_index, new)
    kept = [loop for loop in loops if groups[loop] in (False, ("lane", False), ("block", False))]
    reduced = [loop for loop in loops if loop not in kept]
    return _Reduction(frame, x, y, index, kept_index, kept, reduced).emit(loops[-1])


class _Reduction:
    """The loops of one reduction.

    The last loop runs in vectors: either it is reduced, and the lanes are combined at the end, or
    it is kept, and each lane has a result of its own.
    """

    def __init__(
        self,
        frame: Frame,
        x: Node,
        y: Node,
        index: Index,
        kept_index: Index,
        kept: list[Loop],
        reduced: list[Loop],
    ):
        self.frame, self.x, self.y = frame, x, y
        self.index, self.kept_index = index, kept_index
        self.kept, self.reduced = kept, reduced

    def emit(self, lane: Loop) -> Compiled:
        code = self.frame.code(loop_nest.vector_lanes(lane.size, self.frame.width))
        reader = self.frame.reader(code)
        kernel, y = self.frame.kernel, self.y
        across = lane in self.reduced
        outer = self.kept if across else self.kept[:-1]
        padded = y.lanes and y.shape[0] % self.frame.width != 0

        batch = None if across else partial_batch(kernel, self.kept_index, lane)
        count = (
            self._results_at_once(outer, lane) if batch is None else 1
        )  # each block has its mask
        if count > 1:
            *rest, many = outer
            outer = [*rest, Loop(many.size // count)]

        def unit(u: Any) -> None:
            loop_nest.unflatten(code, u, outer, reader.env)
            offsets: list[dict[Loop, Any]] = [{}]
            if count > 1:
                first = code.b.mul(reader.env[outer[-1]], i64(count))
                offsets = [{many: code.b.add(first, i64(n))} for n in range(count)]
            if across:
                totals = self._accumulate(code, reader, self.reduced, lane, padded, offsets)
                one = Builder.on(code, 1)
                single = self._single(one, reader)
                for offset, total in zip(offsets, totals, strict=True):
                    reader.env.update(offset)
                    total = combine_lanes(code, total, self.x.kind, self.x.dtype)
                    emit_epilogue(single, kernel, self.kept_index, total)
            else:
                size = i64(lane.size)

                def body() -> None:
                    totals = self._accumulate(code, reader, self.reduced, lane, False, offsets)
                    for offset, total in zip(offsets, totals, strict=True):
                        reader.env.update(offset)
                        emit_epilogue(reader, kernel, self.kept_index, total)

                vectors(code, reader, lane, i64(0), size, body, batch)

        code.loop(self.frame.begin, self.frame.end, 1, unit)
        return self.frame.finish(code, loop_nest.product(outer), 2.0 * y.size)

    def _results_at_once(self, outer: list[Loop], lane: Loop) -> int:
        """How many neighbouring results are reduced at once, because they share cache lines."""
        if not outer or not any(loop is not lane for loop in self.reduced) or not self._cheap():
            return 1
        most = min(MOST_AT_ONCE, loop_nest.product(outer) // (UNITS // 2))
        return max((n for n in range(1, most + 1) if outer[-1].size % n == 0), default=1)

    def _cheap(self) -> bool:
        """Whether the reduced expression is cheap, so that its code may be repeated."""
        stack = [self.y]
        while stack:
            node = stack.pop()
            if node not in self.frame.materialized and not node.leaf:
                if node.row.cost > CHEAP or node.row.family is Family.GENERATED:
                    return False
                stack += node.inputs
        return True

    def _single(self, one: Builder, reader: Reader) -> Reader:
        single = self.frame.reader(one)
        single.env = reader.env
        return single

    def _accumulate(
        self,
        code: Builder,
        reader: Reader,
        reduced: list[Loop],
        lane: Loop,
        padded: bool,
        offsets: Sequence[dict[Loop, Any]],
    ) -> Sequence[Any]:
        """The reduced loops, carrying a vector of results for each of the spots."""
        kind, dtype = self.x.kind, self.x.dtype
        operand = computed_in(dtype)
        neutral = code.const(identity(kind, dtype), operand)
        combine = OPS[COMBINE[kind]]

        def one(total: Any) -> Any:
            reader.start()
            if padded:  # neither read nor add images that do not exist
                first = reader.scalar(at_lane_0(self.index[0], lane))
                reader.mask = code.mask(code.b.sub(i64(self.y.shape[0]), first))
            value, mask = reader.value(self.y, self.index), reader.mask
            if padded:
                reader.mask = None
            if lane in reduced and mask is not None:
                value = code.b.select(mask, value, neutral)
            return combine(code, operand, total, value)

        def body(totals: Sequence[Any]) -> Sequence[Any]:
            new = []
            for offset, total in zip(offsets, totals, strict=True):
                reader.env.update(offset)
                new.append(one(total))
            return new

        def descend(loops: list[Loop], totals: Sequence[Any]) -> Sequence[Any]:
            if not loops:
                return body(totals)
            loop, rest = loops[0], loops[1:]
            if loop is lane:
                return self._lane_loop(code, reader, lane, totals, body)

            def step(i: Any, *carried: Any) -> Sequence[Any]:
                reader.env[loop] = i
                return descend(rest, carried)

            return code.loop(i64(0), i64(loop.size), 1, step, totals)

        return descend(reduced, [neutral] * len(offsets))

    def _lane_loop(
        self,
        code: Builder,
        reader: Reader,
        lane: Loop,
        totals: Sequence[Any],
        body: Callable[[Sequence[Any]], Sequence[Any]],
    ) -> Sequence[Any]:
        whole = lane.size // code.lanes * code.lanes
        reader.lane = lane if code.lanes > 1 else None

        def step(j: Any, *carried: Any) -> Sequence[Any]:
            reader.env[lane] = j
            return body(carried)

        if whole == code.lanes:
            totals = step(i64(0), *totals)
        elif whole:
            totals = code.loop(i64(0), i64(whole), code.lanes, step, totals)
        if lane.size % code.lanes:
            reader.mask = code.mask(i64(lane.size - whole))
            totals = step(i64(whole), *totals)
            reader.mask = None
        return totals


def combine_lanes(code: Builder, total: Any, kind: str, dtype: str) -> Any:
    """Combine the lanes of a register by halves, always in the same order."""
    lanes = code.lanes
    operand = computed_in(dtype)
    while lanes > 1:
        lanes //= 2
        low, high = (
            code.b.shuffle_vector(total, total, code.integers(range(at, at + lanes), I32))
            for at in (0, lanes)
        )
        total = OPS[COMBINE[kind]](Builder.on(code, lanes), operand, low, high)
    return Builder.on(code, 1).round_bfloat16(total) if dtype == "bfloat16" else total
