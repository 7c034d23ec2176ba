"""What a compiled program consists of, as tables that a reader can follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grafito.engines.interface import format_bytes
from grafito.engines.llvm.compilation.driver import (
    Call,
    Place,
)
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import (
    Node,
)
from grafito.engines.llvm.pipeline import Assembled

Row = tuple[str, ...]
SHOWN = 5  # fused ops that a line names


def operations(kernel: Kernel, call: Call) -> int:
    """Additions and multiplications of one run, functions counted as one."""
    x = kernel.anchor
    following = sum(r.size for r in kernel.results if r is not x and r.elementwise)
    if x is None:
        return following
    return following + x.row.flops(x)


def title(kernel: Kernel) -> str:
    """What a kernel computes, in one line: its anchor, then the ops that are fused with it."""
    anchor = kernel.anchor
    ops, moves = _inside(kernel)
    if anchor is not None:
        head = anchor.row.title or anchor.kind
        head += " in tiles (AMX)" if anchor.attributes.get("amx") else ""
    elif ops:
        head, ops = ops[0], ops[1:]
    else:
        head = f"copy ({', '.join(moves)})" if moves else "copy"
    more = f" + {len(ops) - SHOWN} more" if len(ops) > SHOWN else ""
    return " + ".join([head, *ops[:SHOWN]]) + more


def _inside(kernel: Kernel) -> tuple[list[str], list[str]]:
    """The elementwise ops and the moves that a kernel does in registers, each once."""
    ops: dict[str, None] = {}
    moves: dict[str, None] = {}
    seen: set[Node] = set()

    def visit(x: Node) -> None:
        if x in seen or x in kernel.reads or x.leaf:
            return
        seen.add(x)
        for y in x.inputs:
            visit(y)
        if x.moves:
            moves[x.row.title or x.kind] = None
        elif x is not kernel.anchor and x.kind not in ("copy", "stopgradient", "concat", "pad"):
            ops[x.row.title or x.kind] = None

    for x in kernel.results:
        visit(x)
    return list(ops), list(moves)


def schedule(assembled: Assembled) -> str:
    """The kernels of a step in order, as a table with totals."""
    rows: list[Row] = [
        (
            *("kernel", "layer", "computes (+ what is fused)", "loops", "layout", "threads"),
            *("FLOPs", "bytes", "writes to"),
        )
    ]
    flops = touched = 0
    for kernel, call in zip(assembled.kernels, assembled.calls, strict=True):
        size = sum(p.size for p in [*call.reads, *call.writes])
        work = operations(kernel, call)
        flops, touched = flops + work, touched + size
        rows.append(
            (
                call.name,
                "/".join(scope_of(kernel)),
                title(kernel),
                " x ".join(map(str, kernel.shape)) or "1",
                "images as lanes" if kernel.lanes else "rows",
                "all" if call.parallel else "one",
                count(work),
                format_bytes(size),
                _name_of(call.writes[0], assembled),
            )
        )
    arena = format_bytes(assembled.arena)
    total = (f"{len(assembled.calls)} kernels", *[""] * 5, count(flops), format_bytes(touched))
    return table([*rows, (*total, f"arena of {arena}")], right=(6, 7), total=True)


def _name_of(place: Place, assembled: Assembled) -> str:
    """A buffer as a reader knows it: a place in the arena, a variable, an output."""
    if place.entry == 0:
        return f"arena at {place.offset:,}"
    if place.entry in assembled.outputs:
        return f"output {assembled.outputs[place.entry]}"
    x = assembled.table[place.entry]
    assert x is not None
    return f"{x.kind} {getattr(x.tensor, 'path', x.tensor.name)}"


def measured(assembled: Assembled, seconds: Sequence[float], peak: float) -> str:
    """The time of each kernel, as a table with totals.

    Args:
        assembled: the program.
        seconds: for each kernel.
        peak: operations of float32 that one thread does in a second at most.
    """
    rows: list[Row] = [
        ("kernel", "layer", "computes", "µs", "% of step", "GFLOP/s", "% of peak", "GB/s")
    ]
    whole, flops, touched = max(sum(seconds), 1e-12), 0, 0
    for kernel, call, took in zip(assembled.kernels, assembled.calls, seconds, strict=True):
        work, size = operations(kernel, call), sum(p.size for p in [*call.reads, *call.writes])
        flops, touched = flops + work, touched + size
        what = (call.name, "/".join(scope_of(kernel)), title(kernel))
        rows.append((*what, *_speed(took, took / whole, work, size, peak)))
    total = (f"{len(assembled.calls)} kernels", "", "", *_speed(whole, 1.0, flops, touched, peak))
    told = f"One thread; peak: {peak / 1e9:.1f} GFLOP/s of float32 in one thread, as measured here."
    return f"{table([*rows, total], right=range(3, 8), total=True)}\n{told}"


def _speed(seconds: float, share: float, work: int, size: int, peak: float) -> Row:
    rate = work / max(seconds, 1e-12)
    return (
        f"{seconds * 1e6:.1f}",
        f"{share:.1%}",
        f"{rate / 1e9:.1f}",
        f"{rate / peak:.0%}",
        f"{size / max(seconds, 1e-12) / 1e9:.1f}",
    )


def count(n: int) -> str:
    """A large number in short.

    Example:
        >>> count(28412160)
        '28.4 M'
    """
    size = float(n)
    for unit in ("", " k", " M", " G"):
        if size < 1000:
            return f"{size:.0f}" if not unit else f"{size:.1f}{unit}"
        size /= 1000
    return f"{size:.1f} T"


def scope_of(kernel: Kernel) -> tuple[str, ...]:
    """The layer that the kernel belongs to."""
    x = kernel.anchor if kernel.anchor is not None else kernel.results[0]
    return x.scope


def table(rows: Iterable[Row], right: Iterable[int] = (), total: bool = False) -> str:
    """Columns of text, the first row their titles.

    Args:
        rows: of equal length.
        right: columns of numbers, which end at the same place.
        total: whether the last row stands apart.
    """
    rows, right = list(rows), set(right)
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    last = [rule, lines.pop()] if total else []
    return "\n".join([lines[0], rule, *lines[1:], *last])
