"""Tiles of images for Winograd's convolutions: loads, transforms and scratch memory.

With images as lanes the transforms are elementwise: a register holds one element of a tile of many
images.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import address, without_unit_axes
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    Builder,
    i64,
)
from grafito.engines.llvm.codegen.frame import Frame, batch_mask
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.lowering.winograd import (
    Matrix,
    matrices,
    points,
    transposed,
)

Grid = Sequence[Sequence[Any]]


def transform(code: Builder, matrix: Matrix, xs: Sequence[Any], pairs: str) -> list[Any]:
    """The product matrix @ xs; what two rows share but for signs is computed once.

    Args:
        code: where to emit.
        matrix: known numbers.
        xs: registers.
        pairs: "powers" where columns are powers of a point (rows of p and -p share even and odd
            ones), "points" where columns are points (p and -p are neighbours).
    """
    n = len(xs)
    if pairs == "powers":
        groups = [list(range(start, n, 2)) for start in (0, 1)]
    else:
        groups = [[0], *([k, k + 1] for k in range(1, n - 1, 2)), [n - 1]] if n > 1 else [[0]]
    known: dict[Any, Any] = {}

    def total(terms: list[tuple[float, Any]]) -> Any:
        (factor, x), *rest = sorted(terms, key=lambda term: term[0] != 1)
        value = x if factor == 1 else code.b.fmul(code.const(factor, "float32"), x)
        for factor, x in rest:
            if abs(factor) == 1:
                value = (code.b.fadd if factor == 1 else code.b.fsub)(value, x)
            else:
                value = code.fma(code.const(factor, "float32"), x, value)
        return value

    results = []
    for row in matrix:
        halves = []
        for group in groups:
            used = [(row[k], k) for k in group if row[k]]
            if used:
                scale = used[-1][0]
                key = tuple((factor / scale, k) for factor, k in used)
                if key not in known:
                    known[key] = total([(factor, xs[k]) for factor, k in key])
                halves.append((scale, known[key]))
        results.append(total(halves))
    return results


def both_ways(code: Builder, rows: Matrix, columns: Matrix, grid: Grid, pairs: str) -> Grid:
    """The product rows @ grid @ columns'."""
    half = [transform(code, columns, line, pairs) for line in grid]
    transposed = [transform(code, rows, line, pairs) for line in zip(*half, strict=True)]
    return list(zip(*transposed, strict=True))


class _Counter:
    """Counts the additions and multiplications that a transform emits."""

    def __init__(self) -> None:
        self.b, self.count = self, 0

    def const(self, value: float, dtype: str) -> None:
        """A known number is no operation."""

    def fma(self, *operands: Any) -> None:
        self.count += 2

    def fadd(self, *operands: Any) -> None:
        self.count += 1

    fsub = fmul = fadd


def operations(x: Node) -> tuple[int, int]:
    """Of the transforms of a tile: of the image, and of results (or of what comes back to them)."""
    (a, _, b), (a_across, _, b_across) = matrices_of(x)
    counts = points(x.tile, x.window)
    back = x.kind == "winograd"
    of_results = (a, a_across) if back else (transposed(a), transposed(a_across))
    found = []
    for both, shape, pairs in (
        ((b, b_across), counts, "powers"),
        (of_results, counts if back else x.tile, "points" if back else "powers"),
    ):
        counter = _Counter()
        both_ways(counter, *both, [[None] * shape[1]] * shape[0], pairs)  # type: ignore[arg-type]
        found.append(counter.count)
    return found[0], found[1]


def matrices_of(x: Node) -> Sequence[tuple[Matrix, Matrix, Matrix]]:
    """A', G and B' along both axes."""
    return [matrices(m, r) for m, r in zip(x.tile, x.window, strict=True)]


class ImageTiles:
    """The tiles of a batch of images, counted in vectors: one tile of as many images as lanes.

    A tile has every `dilation`-th result along an axis, so that it sees every such pixel; the tiles
    of a phase begin at the same remainder.
    """

    def __init__(self, frame: Frame, reader: Reader, x: Node, y: Node, width: int):
        self.reader, self.code, self.width, self.materialized = (
            reader,
            reader.code,
            width,
            frame.materialized,
        )
        self.tile, self.step = x.tile, x.dilation
        self.places = y.shape[1:3]
        self.block, self.lane = Loop(-(-y.shape[0] // width)), Loop(width)
        self.spans = [m * d for m, d in zip(self.tile, self.step, strict=True)]
        self.phase = [Loop(min(n, d)) for n, d in zip(self.places, self.step, strict=True)]
        self.at = [Loop(-(-n // span)) for n, span in zip(self.places, self.spans, strict=True)]
        self.loops = [self.block, *itertools.chain(*zip(self.phase, self.at, strict=True))]
        self.origin = [
            var(phase) + var(at) * span
            for phase, at, span in zip(self.phase, self.at, self.spans, strict=True)
        ]
        self.n = var(self.block) * width + var(self.lane)
        self.count = loop_nest.product(self.loops)
        self.place = Loop(1), Loop(1)  # of an element that is read
        self.mask = batch_mask(self.code, reader, y, self.block, width)

    def enter(self, vector: Any) -> None:
        """Set the variables to those of a vector."""
        loop_nest.unflatten(self.code, vector, self.loops, self.reader.env)
        self.reader.env[self.lane] = i64(0)
        self.reader.lane = self.lane

    def address(self, x: Node, channel: Affine) -> tuple[Node, Affine]:
        index = (self.n, var(self.place[0]), var(self.place[1]), channel)
        return address(x, without_unit_axes(x, index), self.width, self.materialized)

    def patch(
        self, at: tuple[Node, Affine], shape: Sequence[int], counts: Sequence[int],
        before: Sequence[int], masked: bool,
    ) -> Grid:  # fmt: skip
        """The elements of a tile, 0 outside of the image (and of the batch where masked)."""
        code, reader = self.code, self.reader
        rows, columns = (
            [
                self._position(axis, (a - before[axis]) * self.step[axis], shape[axis])
                for a in range(counts[axis])
            ]
            for axis in (0, 1)
        )
        reader.mask = self.mask() if masked and self.mask is not None else None
        zero = code.const(0, "float32")
        grid = []
        for (i, i_inside), (j, j_inside) in itertools.product(rows, columns):
            inside = [c for c in (i_inside, j_inside) if c is not None]
            if False in inside:
                grid.append(zero)
                continue
            reader.env[self.place[0]], reader.env[self.place[1]] = i, j
            reader.start()
            value = reader.load(*at)
            if inside:
                both = inside[0] if len(inside) == 1 else code.b.and_(*inside)
                value = code.b.select(code.splat(both), value, zero)
            grid.append(value)
        reader.mask = None
        if not masked:
            self._prefetch_next(at, rows, columns[counts[1] - self.tile[1] :])
        return [grid[k : k + len(columns)] for k in range(0, len(grid), len(columns))]

    def _prefetch_next(
        self, at: tuple[Node, Affine], rows: Sequence[Any], columns: Sequence[Any]
    ) -> None:
        """Prefetch the first pixels of the next tile: hardware follows fewer streams."""
        code, reader, step = self.code, self.reader, i64(self.spans[1])
        for (i, i_inside), (j, _) in itertools.product(rows, columns):
            if i_inside is not False:
                reader.env[self.place[0]], reader.env[self.place[1]] = i, code.b.add(j, step)
                code.prefetch(reader.pointers[at[0]], at[0].dtype, reader.scalar(at[1]))

    def find(self, i: Any, j: Any) -> Any:
        """Set the variables of a place to an element of a tile of results; whether it exists."""
        b, found = self.code.b, []
        for axis, shift in enumerate((i, j)):
            shift, size = b.mul(shift, i64(self.step[axis])), self.places[axis]
            position = b.add(self.begin(axis), shift)
            if size % self.spans[axis]:
                found.append(b.icmp_signed("<", position, i64(size)))
                position = self.code.smaller(position, i64(size - 1))
            self.reader.env[self.place[axis]] = position
        return functools.reduce(b.and_, found) if found else None

    def load(self, at: tuple[Node, Affine], inside: Any) -> Any:
        """The element there; 0 where it does not exist, and in lanes without an image."""
        self.reader.mask = self.mask() if self.mask is not None else None
        self.reader.start()
        value = self.reader.load(*at)
        self.reader.mask = None
        if inside is None:
            return value
        return self.code.b.select(self.code.splat(inside), value, self.code.const(0, "float32"))

    def _position(self, axis: int, shift: int, size: int) -> tuple[Any, Any]:
        """Where along an axis, and whether that is inside: None if always, False if never."""
        code, phases, tiles = self.code, self.phase[axis].size, self.at[axis].size
        last = phases - 1 + (tiles - 1) * self.spans[axis] + shift
        if last < 0 or shift >= size:
            return i64(0), False
        position = code.b.add(self.begin(axis), i64(shift))
        if shift >= 0 and last < size:
            return position, None
        inside = code.b.icmp_unsigned("<", position, i64(size))
        return code.b.select(inside, position, i64(0)), inside

    def left(self, axis: int) -> Any:
        """How many results of a tile there are along an axis."""
        code, size, step = self.code, self.places[axis], self.step[axis]
        if size % self.spans[axis] == 0:
            return i64(self.tile[axis])
        left = code.b.sub(i64(size + step - 1), self.begin(axis))
        return code.smaller(code.b.udiv(left, i64(step)), i64(self.tile[axis]))

    def begin(self, axis: int) -> Any:
        """Where the results of the tile begin along an axis."""
        return self.reader.scalar(self.origin[axis])


class Scratch:
    """[points][vectors][channels] registers; points are padded apart to use other cache sets."""

    def __init__(self, code: Builder, pointer: Any, points: int, vectors: int, channels: int):
        self.code, self.pointer, self.channels = code, pointer, channels
        self.step = (vectors * channels + 1) * code.lanes
        self.bytes = points * self.step * 4

    def at(self, point: Any, vector: Any, channel: Any) -> Any:
        b, lanes = self.code.b, self.code.lanes
        row = b.mul(vector, i64(self.channels * lanes))
        return b.add(b.add(b.mul(point, i64(self.step)), row), b.mul(channel, i64(lanes)))

    def put(self, grid: Grid, vector: Any, channel: Any) -> None:
        for point, value in enumerate(itertools.chain.from_iterable(grid)):
            at = self.at(i64(point), vector, channel)
            self.code.store(value, self.pointer, "float32", at)

    def get(self, point: Any, vector: Any, channel: Any) -> Any:
        return self.code.load(self.pointer, "float32", self.at(point, vector, channel))
