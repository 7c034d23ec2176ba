"""Matrix products of a batch in lanes: a register holds one feature of many examples."""

from __future__ import annotations

from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import address
from grafito.engines.llvm.codegen.affine import Affine, Loop, var
from grafito.engines.llvm.codegen.builder import i64
from grafito.engines.llvm.codegen.frame import Compiled, Frame
from grafito.engines.llvm.codegen.tile import (
    TileEpilogue,
    TileStore,
    accumulate,
    best_tile,
    in_pieces,
)
from grafito.engines.llvm.codegen.tile_loop import TileLoop


def matmul(frame: Frame) -> Compiled:
    """The product x @ y of a batch in lanes: a register holds one feature of many examples.

    The elements of y are broadcast, in whatever order they are in memory.
    """
    kernel, materialized, width, out = frame.kernel, frame.materialized, frame.width, frame.out
    x, y = out.inputs
    (batch, columns), inner = out.shape, x.shape[1]
    blocks = -(-batch // width)
    tile = best_tile(frame.target, blocks, columns, 1, reuse=4 * inner * width)
    code = frame.code(width)
    reader = frame.reader(code)
    tall, wide = Loop(-(-blocks // tile.rows)), Loop(-(-columns // tile.vectors))
    k, row, column, lane = Loop(inner), Loop(tile.rows), Loop(tile.vectors), Loop(width)
    block = var(tall) * tile.rows + var(row)
    n = block * width + var(lane)
    j = var(wide) * tile.vectors + var(column)
    at = var(k) if inner != 1 else Affine()
    j = j if columns != 1 else Affine()
    x_at = address(x, (n, at), width, materialized)
    y_at = address(y, (at, j), width, materialized)
    store = TileStore(code, out.dtype, tile.rows * tile.vectors)

    loop = TileLoop(out.dtype, x_at, y_at, (row, column), lane, [(k, False)])

    def mask() -> Any:
        first = code.b.mul(reader.scalar(block), i64(width))
        return code.mask(code.b.sub(i64(batch), first))

    partial = mask if batch % width else None
    epilogue = TileEpilogue(kernel, (n, j), (row, column), lane, store, partial)

    def run(height: int, across: int) -> None:
        totals = accumulate(reader, loop, (height, across))
        epilogue.of_registers(reader, totals, across)

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, [tall, wide], reader.env)

        def columns_done(across: int) -> None:
            in_pieces(
                code, reader.env[tall], tall, blocks, tile.rows, lambda height: run(height, across)
            )

        in_pieces(code, reader.env[wide], wide, columns, tile.vectors, columns_done)

    units = loop_nest.product([tall, wide]) if out.size else 0
    if units:
        code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, units, 2.0 * out.size * inner / 16)
