"""Pooling with images as lanes: a register holds the same element of many images.

The inputs of these kernels are padded already.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import Index, address, physical, without_unit_axes
from grafito.engines.llvm.codegen.affine import Loop, var
from grafito.engines.llvm.codegen.builder import I32, computed_in, i64
from grafito.engines.llvm.codegen.elementwise_ops import OPS
from grafito.engines.llvm.codegen.frame import Compiled, Frame, batch_mask, emit_epilogue, vectors
from grafito.engines.llvm.ir.kernel import disjoint_windows
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.kernels.convolution.direct import UNROLLED

CHANNELS_A_UNIT = 16  # channels in a work unit; they are neighbours in memory


class _Pooling:
    """What pooling kernels share: a loop over windows, and over the elements of a window."""

    def __init__(self, frame: Frame):
        self.frame, self.kernel, self.out = frame, frame.kernel, frame.out
        self.materialized, self.width = frame.materialized, frame.width
        self.code = self.frame.code(self.width)
        self.reader = self.frame.reader(self.code)
        self.tap = [Loop(n) for n in self.out.window]

    def seen(self, index: Index) -> Index:
        """Where the element of the window at `index` is."""
        rows = zip(index[1:3], self.out.strides, self.tap, strict=True)
        return (index[0], *(i * s + var(t) for i, s, t in rows), index[3])

    def load(self, x: Node, index: Index) -> Any:
        index = without_unit_axes(x, index)
        return self.reader.load(*address(x, index, self.width, self.materialized))

    def each_tap(self, body: Callable[..., Sequence[Any]], carried: Sequence[Any]) -> Sequence[Any]:
        """`body(number, *carried)` for each element of a window, row by row."""
        code, (a, b) = self.code, self.tap

        def iteration(t: Any, *now: Any) -> Sequence[Any]:
            self.reader.env[a] = code.b.udiv(t, i64(b.size))
            self.reader.env[b] = code.b.urem(t, i64(b.size))
            self.reader.start()
            return body(t, *now)

        if a.size * b.size > UNROLLED:
            return code.loop(i64(0), i64(a.size * b.size), 1, iteration, carried)
        for t in range(a.size * b.size):
            self.reader.env[a], self.reader.env[b] = i64(t // b.size), i64(t % b.size)
            self.reader.start()
            carried = body(i64(t), *carried)
        return carried

    def zero(self) -> Any:
        return self.code.const(0, self.out.dtype)

    def winner(self, x: Node, index: Index) -> Any:
        """The number of the largest element of the window, the first of several; NaN wins."""
        code = self.code
        lowest = code.const(-math.inf, computed_in(x.dtype))

        def body(t: Any, best: Any, which: Any) -> Sequence[Any]:
            value = self.load(x, self.seen(index))
            larger = code.b.fcmp_unordered(">", value, best)  # or one of both is NaN
            larger = code.b.and_(larger, code.b.fcmp_ordered("ord", best, best))
            return (
                code.b.select(larger, value, best),
                code.b.select(larger, self.number(t), which),
            )

        return self.each_tap(body, [lowest, code.const(0, "int32")])[1]

    def number(self, t: Any) -> Any:
        """The number of an element of a window in all lanes."""
        return self.code.splat(self.code.b.trunc(t, I32))

    def gathering(self, value: Callable[[Index], Any]) -> Compiled:
        """A result for each window."""
        loops, index = loop_nest.own_index(self.out.shape, True, self.width)
        outer, lane = loops[:-1], loops[-1]
        code, reader = self.code, self.reader

        def unit(u: Any) -> None:
            loop_nest.unflatten(code, u, outer, reader.env)
            vectors(
                code, reader, lane, i64(0), i64(self.width),
                lambda: emit_epilogue(reader, self.kernel, index, value(index)),
            )  # fmt: skip

        code.loop(self.frame.begin, self.frame.end, 1, unit)
        return self.frame.finish(code, loop_nest.product(outer), self._cost())

    def scattering(self, windows_shape: Sequence[int], add: Callable[[Index], None]) -> Compiled:
        """Zeros, then sums over all windows that see an element; some channels are one unit."""
        loops, index = loop_nest.own_index(tuple(windows_shape), True, self.width)
        block, lane = loops[0], loops[-1]
        size = {v for v, _ in index[3].terms}
        places = [loop for loop in loops[1:-1] if loop not in size]
        h, w = Loop(self.out.shape[1]), Loop(self.out.shape[2])
        channel = next((loop for loop in loops[1:-1] if loop in size), Loop(1))
        part = Loop(-(-channel.size // CHANNELS_A_UNIT))
        code, reader = self.code, self.reader

        def unit(u: Any) -> None:
            loop_nest.unflatten(code, u, [block, part], reader.env)
            first = code.b.mul(reader.env[part], i64(CHANNELS_A_UNIT))
            stop = code.b.add(first, i64(CHANNELS_A_UNIT))
            more = code.b.icmp_signed(">", stop, i64(channel.size))
            stop = code.b.select(more, i64(channel.size), stop)
            reader.lane, reader.env[lane] = lane, i64(0)

            def clear(p: Any) -> None:
                loop_nest.unflatten(code, p, [h, w], reader.env)
                at = physical(self.out, (index[0], var(h), var(w), index[3]), self.width)
                each(lambda: reader.store(self.zero(), self.out, at))

            def each(body: Callable[[], None]) -> None:
                def one(c: Any) -> None:
                    reader.env[channel] = c
                    body()

                code.loop(first, stop, 1, one)

            code.loop(i64(0), i64(h.size * w.size), 1, clear)

            def window(p: Any) -> None:
                if places:
                    loop_nest.unflatten(code, p, places, reader.env)
                each(lambda: add(index))

            code.loop(i64(0), i64(loop_nest.product(places)), 1, window)

        code.loop(self.frame.begin, self.frame.end, 1, unit)
        return self.frame.finish(code, loop_nest.product([block, part]), self._cost())

    def spreading(
        self, value: Callable[[Any, Any], Any], start: Callable[[Index], Any]
    ) -> Compiled:
        """A result for each element of disjoint windows; a row of windows is one unit.

        Args:
            value: of an element of a window, given its number and what `start` made.
            start: what is computed once for a window.
        """
        loops, index = loop_nest.own_index(self.out.inputs[-1].shape, True, self.width)
        rows = {v for v, _ in index[1].terms}
        outer = [loops[0], *(loop for loop in loops[1:-1] if loop in rows)]
        inner = [loop for loop in loops[1:-1] if loop not in rows]
        code, reader, lane = self.code, self.reader, loops[-1]
        mask = batch_mask(code, reader, self.out, loops[0], self.width)
        place = without_unit_axes(self.out, self.seen(index))

        def unit(u: Any) -> None:
            loop_nest.unflatten(code, u, outer, reader.env)
            reader.lane, reader.env[lane] = lane, i64(0)

            def window(p: Any) -> None:
                if inner:
                    loop_nest.unflatten(code, p, inner, reader.env)
                known = start(index)

                def body(t: Any) -> Sequence[Any]:
                    reader.mask = mask() if mask is not None else None
                    emit_epilogue(reader, self.kernel, place, value(t, known))
                    reader.mask = None
                    return ()

                self.each_tap(body, [])

            code.loop(i64(0), i64(loop_nest.product(inner)), 1, window)

        code.loop(self.frame.begin, self.frame.end, 1, unit)
        return self.frame.finish(code, loop_nest.product(outer), self._cost())

    def add_at(self, index: Index, value: Any) -> None:
        """Add to the result at an index."""
        at = physical(self.out, without_unit_axes(self.out, index), self.width)
        before = self.reader._load(self.out, at)
        total = self.code.b.fadd(before, value)
        if self.out.dtype == "bfloat16":
            total = self.code.round_bfloat16(total)
        self.reader.store(total, self.out, at)

    def _cost(self) -> float:
        return float(max(self.out.size, self.out.inputs[0].size) * math.prod(self.out.window)) / 4


def maxpool(frame: Frame) -> Compiled:
    """The largest element of each window."""
    return _pool(frame, "maximum", -math.inf)


def sumpool(frame: Frame) -> Compiled:
    """The sum of each window."""
    return _pool(frame, "add", 0.0)


def _pool(frame: Frame, op: str, start: float) -> Compiled:
    w = _Pooling(frame)
    (x,) = w.out.inputs
    operand = computed_in(x.dtype)

    def value(index: Index) -> Any:
        def body(_: Any, total: Any) -> Sequence[Any]:
            return [OPS[op](w.code, operand, total, w.load(x, w.seen(index)))]

        total = w.each_tap(body, [w.code.const(start, operand)])[0]
        return w.code.round_bfloat16(total) if x.dtype == "bfloat16" else total

    return w.gathering(value)


def maxpool_gather(frame: Frame) -> Compiled:
    """The element of h where x is largest, for each window."""
    w = _Pooling(frame)
    x, h = w.out.inputs

    def value(index: Index) -> Any:
        which = w.winner(x, index)

        def body(t: Any, taken: Any) -> Sequence[Any]:
            here = w.code.b.icmp_signed("==", which, w.number(t))
            return [w.code.b.select(here, w.load(h, w.seen(index)), taken)]

        return w.each_tap(body, [w.zero()])[0]

    return w.gathering(value)


def maxpool_gradient(frame: Frame) -> Compiled:
    """The g of each window added where x is largest in it."""
    w = _Pooling(frame)
    x, g = w.out.inputs

    def known(index: Index) -> tuple[Any, Any]:
        which = w.winner(x, index)
        w.reader.start()
        return which, w.load(g, index)

    def value(t: Any, found: tuple[Any, Any]) -> Any:
        which, slope = found
        here = w.code.b.icmp_signed("==", which, w.number(t))
        return w.code.b.select(here, slope, w.zero())

    if disjoint_windows(w.out):
        return w.spreading(value, known)

    def add(index: Index) -> None:
        found = known(index)

        def body(t: Any) -> Sequence[Any]:
            w.add_at(w.seen(index), value(t, found))
            return ()

        w.each_tap(body, [])

    return w.scattering(g.shape, add)


def sumpool_gradient(frame: Frame) -> Compiled:
    """The g of each window added to all elements that it sees."""
    w = _Pooling(frame)
    (g,) = w.out.inputs

    def known(index: Index) -> Any:
        w.reader.start()
        return w.load(g, index)

    if disjoint_windows(w.out):
        return w.spreading(lambda _, slope: slope, known)

    def add(index: Index) -> None:
        slope = known(index)

        def body(_: Any) -> Sequence[Any]:
            w.add_at(w.seen(index), slope)
            return ()

        w.each_tap(body, [])

    return w.scattering(g.shape, add)
