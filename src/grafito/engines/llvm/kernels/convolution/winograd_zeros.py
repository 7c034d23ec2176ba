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
from typing import Any

from grafito.engines.llvm.codegen.affine import (
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    I32,
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


class Zeros:
    """Finds the results of tiles that see only zeros, image by image, and makes them 0.

    Pixels outside of the image are taken for the nearest one inside, which each window that sees
    them sees too.

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
        self.masks = TileStore(self.code, "int32", math.prod(out.tile) * group)
        self.lines = TileStore(self.code, "int32", self.across[0] * out.tile[1])
        self.first, self.next = Loop(self.channels), Loop(min(CHANNELS, self.channels))
        self.at = tiles.address(image, var(self.first) + var(self.next))

    @classmethod
    def of(cls, tiles: ImageTiles, image: Node, out: Node, group: int) -> Zeros | None:
        """None where such results are 0 by themselves."""
        if all(exact(m, r) for m, r in zip(out.tile, out.window, strict=True)):
            return None
        return cls(tiles, image, out, group)

    def find(self, t: Any) -> None:
        """Look at the tile that was entered."""
        code, b = self.code, self.code.b
        for place in range(math.prod(self.out.tile)):
            b.store(code.const(-1, "int32"), self._mask(t, place))
        both = zip(self.out.tile, self.out.window, self.out.before, strict=True)
        rows, columns = (
            [self._position(axis, i64(p)) for p in shared(*sizes)]
            for axis, sizes in enumerate(both)
        )
        seen = self._gather(list(itertools.product(rows, columns)))
        empty = functools.reduce(b.or_, (b.not_(self._holds(x)) for x in seen))
        if self.tiles.mask is not None:
            empty = b.and_(empty, self.tiles.mask())
        code.when(code.any(empty), lambda: self._look(t))

    def keep(self, t: Any, place: int, value: Any) -> Any:
        """A result, or 0 where it sees only zeros."""
        b = self.code.b
        mask = b.load(self._mask(t, place), typ=self.masks.kind)
        return b.bitcast(b.and_(b.bitcast(value, mask.type), mask), value.type)

    def _mask(self, t: Any, place: int) -> Any:
        count = math.prod(self.out.tile)
        return self.masks.at(self.code.b.add(self.code.b.mul(t, i64(count)), i64(place)))

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

    def _gather(self, places: Sequence[tuple[Any, Any]]) -> list[Any]:
        """What some pixels hold in all channels, bit by bit."""
        code, reader, step = self.code, self.tiles.reader, self.next.size

        def block(number: Any, *seen: Any) -> list[Any]:
            first = code.b.mul(number, i64(step))
            reader.env[self.first] = code.smaller(first, i64(self.channels - step))
            new = []
            for (i, j), bits in zip(places, seen, strict=True):
                reader.env[self.tiles.place[0]], reader.env[self.tiles.place[1]] = i, j
                for k in range(step):
                    reader.env[self.next] = i64(k)
                    reader.start()
                    bits = code.b.or_(bits, code.b.bitcast(reader.load(*self.at), bits.type))
                new.append(bits)
            return new

        nothing = [code.const(0, "int32")] * len(places)
        return code.loop(i64(0), i64(-(-self.channels // step)), 1, block, nothing)

    def _holds(self, bits: Any) -> Any:
        """Whether they are more than a sign."""
        code = self.code
        return code.b.icmp_signed(
            "!=", code.b.shl(bits, code.const(1, "int32")), code.const(0, "int32")
        )

    def _look(self, t: Any) -> None:
        """Look at all pixels of the tile."""
        b, (high, wide) = self.code.b, self.out.window
        columns = [self._position(1, i64(j)) for j in range(self.across[1])]

        def line(i: Any) -> None:
            row = self._position(0, i)
            seen = self._gather([(row, column) for column in columns])
            for j in range(self.out.tile[1]):
                place = b.add(b.mul(i, i64(self.out.tile[1])), i64(j))
                b.store(functools.reduce(b.or_, seen[j : j + wide]), self.lines.at(place))

        self.code.loop(i64(0), i64(self.across[0]), 1, line)
        for i, j in itertools.product(*map(range, self.out.tile)):
            lines = [self.lines.get(i64((i + k) * self.out.tile[1] + j)) for k in range(high)]
            mask = b.sext(self._holds(functools.reduce(b.or_, lines)), self.code.vector(I32))
            b.store(mask, self._mask(t, i * self.out.tile[1] + j))
