"""Results of tiles whose windows see only zeros.

Their sum is 0, and what follows depends on that: ReLU has slope 0 there, and max pooling takes the
first of them. In a tile of two results each is made of points that see nothing beside its window,
so the sum is 0 by itself. In longer tiles the other pixels add numbers that cancel but for
rounding; results are set to 0 wherever the window holds no pixel but 0 and -0, even where a weight
is NaN. A few pixels that all windows share tell for most tiles that there is nothing to do.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafito.engines.llvm.codegen.affine import (
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    I32,
    I64,
    i64,
)
from grafito.engines.llvm.codegen.tile import TileStore
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.kernels.convolution.winograd_tiles import (
    ImageTiles,
)
from grafito.engines.llvm.lowering.winograd import (
    matrices,
    points,
)

CHANNELS = 8  # that are looked at together


def exact(tile: int, size: int) -> bool:
    """Whether each result along an axis is made of points that see nothing beside its window."""
    results, _, data = matrices(tile, size)
    return all(
        start <= pixel < start + size
        for start, row in enumerate(results)
        for factor, point in zip(row, data, strict=True)
        if factor
        for pixel, weight in enumerate(point)
        if weight
    )


def shared(tile: int, size: int, before: int) -> list[int]:
    """Pixels along an axis of which each window has one, within the image in the first tile."""
    pixels = []
    for first in range(0, tile, size):
        last = min(first + size, tile) - 1  # windows from first to last share all from last on
        pixels.append(min(max(last, before), first + size - 1))
    return pixels


@dataclass(frozen=True)
class PhaseTaps:
    """Which places of the window have taps along an axis, by phase.

    Attributes:
        whole: how many phases have taps everywhere; they come first.
        others: how many have none at one place.
        empty: that place.
    """

    whole: int
    others: int
    empty: int

    @classmethod
    def of(cls, out: Node, axis: int) -> PhaseTaps:
        """Windows are flipped on the way back; phases without any tap are left out."""
        stride, taps, size = out.strides[axis], out.taps[axis], out.window[axis]
        whole = taps - stride * (size - 1)
        return cls(whole, stride - whole if size > 1 else 0, 0 if out.of_filters else size - 1)

    @property
    def groups(self) -> int:
        """How many kinds of phases there are."""
        return 2 if self.others else 1


class Zeros:
    """Finds the results of tiles that see only zeros, image by image, and makes them 0.

    Pixels outside of the image are taken for the nearest one inside, which each window that sees
    them sees too. Phases are taken in groups that have taps at the same places.

    Args:
        tiles: of the convolution.
        image: what they see.
        out: the convolution.
        group: how many tiles are seen before results are shown.
    """

    def __init__(self, tiles: ImageTiles, image: Node, out: Node, group: int):
        self.tiles, self.code, self.out = tiles, tiles.code, out
        self.shape, self.channels = image.shape[1:3], image.shape[3]
        self.across = points(out.tile, out.window)
        self.taps = PhaseTaps.of(out, 0), PhaseTaps.of(out, 1)
        groups = math.prod(taps.groups for taps in self.taps)
        self.tile_masks = math.prod(out.tile) * (groups if out.of_filters else 1)
        self.masks = TileStore(self.code, "int32", self.tile_masks * group)
        self.lines = TileStore(self.code, "int32", self.across[0] * out.tile[1])
        self.each = self.channels if out.of_filters else self.channels // math.prod(out.strides)
        self.first, self.next = Loop(self.channels), Loop(min(CHANNELS, self.each))
        self.at = tiles.address(image, var(self.first) + var(self.next))

    @classmethod
    def of(cls, tiles: ImageTiles, image: Node, out: Node, group: int) -> Zeros | None:
        """None where such results are 0 by themselves."""
        by_themselves = all(exact(m, r) for m, r in zip(out.tile, out.window, strict=True))
        if by_themselves and not any(PhaseTaps.of(out, axis).others for axis in (0, 1)):
            return None
        return cls(tiles, image, out, group)

    def find(self, t: Any) -> None:
        """Look at the tile that was entered."""
        code, b = self.code, self.code.b
        for place in range(self.tile_masks):
            b.store(code.const(-1, "int32"), self._mask(t, place))
        rows, columns = (self._shared(axis) for axis in (0, 1))
        seen = self._gather(list(itertools.product(rows, columns)), (i64(0), i64(0)))
        empty = functools.reduce(b.or_, (b.not_(self._holds(x)) for x in seen))
        if self.tiles.mask is not None:
            empty = b.and_(empty, self.tiles.mask())
        code.when(code.any(empty), lambda: self._look(t))

    def _shared(self, axis: int) -> list[Any]:
        """Pixels along an axis of which each window has one, at least in some channels."""
        out = self.out
        size, skipped = out.window[axis], 0
        if out.of_filters and self.taps[axis].others:
            size, skipped = size - 1, 1
        found = shared(out.tile[axis], size, out.before[axis] - skipped)
        return [self._position(axis, i64(p + skipped)) for p in found]

    def keep(self, t: Any, place: int, value: Any, filter_: Any) -> Any:
        """A result of a filter, or 0 where it sees only zeros."""
        b = self.code.b
        at = i64(place)
        if self.out.of_filters:
            at = b.add(b.mul(self._group_of(filter_), i64(math.prod(self.out.tile))), at)
        mask = b.load(self._mask(t, at), typ=self.masks.kind)
        return b.bitcast(b.and_(b.bitcast(value, mask.type), mask), value.type)

    def _group_of(self, filter_: Any) -> Any:
        """The number of the group to which a filter belongs."""
        b, out, (rows, columns) = self.code.b, self.out, self.taps
        phase = b.udiv(filter_, i64(out.shape[3] // math.prod(out.strides)))
        row, column = b.udiv(phase, i64(out.strides[1])), b.urem(phase, i64(out.strides[1]))
        first, second = (
            b.zext(b.icmp_unsigned(">=", n, i64(taps.whole)), I64) if taps.others else i64(0)
            for n, taps in ((row, rows), (column, columns))
        )
        return b.add(b.mul(first, i64(columns.groups)), second)

    def _mask(self, t: Any, place: Any) -> Any:
        place = i64(place) if isinstance(place, int) else place
        return self.masks.at(self.code.b.add(self.code.b.mul(t, i64(self.tile_masks)), place))

    def _position(self, axis: int, pixel: Any) -> Any:
        """Where a pixel of the tile is along an axis of the image."""
        code, b, tiles = self.code, self.code.b, self.tiles
        step, env = i64(tiles.step[axis]), tiles.reader.env
        phase = env[tiles.phase[axis]]
        begin = b.mul(env[tiles.at[axis]], i64(self.out.tile[axis]))
        at = b.add(b.sub(begin, i64(self.out.before[axis])), pixel)
        at = b.select(b.icmp_signed("<", at, i64(0)), i64(0), at)
        last = b.udiv(b.sub(i64(self.shape[axis] - 1), phase), step)
        return b.add(phase, b.mul(code.smaller(at, last), step))

    def _gather(self, places: Sequence[tuple[Any, Any]], group: tuple[Any, Any]) -> list[Any]:
        """What some pixels hold in all channels of a group of phases, bit by bit."""
        code, b, reader, step = self.code, self.code.b, self.tiles.reader, self.next.size
        (row, rows), (column, columns) = (
            self._phases(axis, number) for axis, number in enumerate(group)
        )
        start: Any = i64(0)

        def block(number: Any, *seen: Any) -> list[Any]:
            first = code.smaller(b.mul(number, i64(step)), i64(self.each - step))
            reader.env[self.first] = b.add(start, first)
            new = []
            for (i, j), bits in zip(places, seen, strict=True):
                reader.env[self.tiles.place[0]], reader.env[self.tiles.place[1]] = i, j
                for k in range(step):
                    reader.env[self.next] = i64(k)
                    reader.start()
                    bits = b.or_(bits, b.bitcast(reader.load(*self.at), bits.type))
                new.append(bits)
            return new

        def phase(number: Any, *seen: Any) -> list[Any]:
            nonlocal start
            i, j = b.udiv(number, columns), b.urem(number, columns)
            line = b.mul(b.add(i, row), i64(self.out.strides[1]))
            start = b.mul(b.add(line, b.add(j, column)), i64(self.each))
            return code.loop(i64(0), i64(-(-self.each // step)), 1, block, seen)

        nothing = [code.const(0, "int32")] * len(places)
        return code.loop(i64(0), b.mul(rows, columns), 1, phase, nothing)

    def _phases(self, axis: int, group: Any) -> tuple[Any, Any]:
        """The first phase of a group of channels along an axis, and how many it has."""
        b, taps = self.code.b, self.taps[axis]
        if self.out.of_filters:
            return i64(0), i64(1)
        if not taps.others:
            return i64(0), i64(taps.whole)
        first = b.icmp_unsigned("==", group, i64(0))
        pairs = (0, taps.whole), (taps.whole, taps.others)
        begin, count = (b.select(first, i64(x), i64(y)) for x, y in pairs)
        return begin, count

    def _holds(self, bits: Any) -> Any:
        """Whether they are more than a sign."""
        code = self.code
        return code.b.icmp_signed(
            "!=", code.b.shl(bits, code.const(1, "int32")), code.const(0, "int32")
        )

    def _look(self, t: Any) -> None:
        """Look at all pixels of the tile, for each group of phases."""
        code, out, (rows, columns) = self.code, self.out, self.taps
        if not out.of_filters:  # all groups of channels together
            for place in range(self.tile_masks):
                code.b.store(code.const(0, "int32"), self._mask(t, place))

        def group(number: Any) -> None:
            pair = number, number
            if columns.groups > 1:
                pair = code.b.udiv(number, i64(2)), code.b.urem(number, i64(2))
            self._look_at(t, number, pair)

        code.loop(i64(0), i64(rows.groups * columns.groups), 1, group)

    def _look_at(self, t: Any, number: Any, group: tuple[Any, Any]) -> None:
        """Look at the pixels that a group sees."""
        b, tile, (high, wide) = self.code.b, self.out.tile, self.out.window
        columns = [self._position(1, i64(j)) for j in range(self.across[1])]

        def line(i: Any) -> None:
            row = self._position(0, i)
            seen = self._gather([(row, column) for column in columns], group)
            for j in range(tile[1]):
                place = b.add(b.mul(i, i64(tile[1])), i64(j))
                b.store(self._union(1, group[1], seen[j : j + wide]), self.lines.at(place))

        self.code.loop(i64(0), i64(self.across[0]), 1, line)
        first = b.mul(number, i64(math.prod(tile))) if self.out.of_filters else i64(0)
        for i, j in itertools.product(*map(range, tile)):
            lines = [self.lines.get(i64((i + k) * tile[1] + j)) for k in range(high)]
            holds = self._holds(self._union(0, group[0], lines))
            mask = self._mask(t, b.add(first, i64(i * tile[1] + j)))
            holds = b.sext(holds, self.code.vector(I32))
            if not self.out.of_filters:
                holds = b.or_(holds, b.load(mask, typ=self.masks.kind))
            b.store(holds, mask)

    def _union(self, axis: int, group: Any, bits: list[Any]) -> Any:
        """The bits of the places along an axis where a group has taps."""
        b, taps = self.code.b, self.taps[axis]
        if taps.others:
            all_taps = b.icmp_unsigned("==", group, i64(0))
            nothing = self.code.const(0, "int32")
            bits = list(bits)
            bits[taps.empty] = b.select(all_taps, bits[taps.empty], nothing)
        return functools.reduce(b.or_, bits)
