"""What a compiled program consists of, as tables that a reader can follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grafito.engines.interface import format_bytes
from grafito.engines.llvm.compilation.driver import Place
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.pipeline import Assembled
from grafito.engines.llvm.roofline import Cost, Roofline
from grafito.language import localised
from grafito.language import message as N_
from grafito.language import translate as _

Row = tuple[str, ...]
SHOWN = 5  # fused ops that a line names
LEAST = 1e-7  # seconds of a kernel that tell a rate; shorter times are those of the clock
# The kinds of places that a kernel writes to.
PLACES = (N_("input"), N_("variable"), N_("constant"))


def title(kernel: Kernel) -> str:
    """What a kernel computes, in one line: its anchor, then the ops that are fused with it."""
    anchor = kernel.anchor
    ops, moves = _inside(kernel)
    if anchor is not None:
        head = _(anchor.row.title) or anchor.kind
        head += _(" in tiles (AMX)") if anchor.attributes.get("amx") else ""
    elif ops:
        head, ops = ops[0], ops[1:]
    else:
        head = f"{_('copy')} ({', '.join(moves)})" if moves else _("copy")
    more = _(" + {} more").format(len(ops) - SHOWN) if len(ops) > SHOWN else ""
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
            moves[_(x.row.title) or x.kind] = None
        elif x is not kernel.anchor and x.kind not in ("copy", "stopgradient", "concat", "pad"):
            ops[_(x.row.title) or x.kind] = None

    for x in kernel.results:
        visit(x)
    return list(ops), list(moves)


def schedule(assembled: Assembled) -> str:
    """The kernels of a step in order, as a table with totals."""
    rows: list[Row] = [
        (
            *(_("kernel"), _("layer"), _("computes (+ what is fused)"), _("loops")),
            *(_("layout"), _("threads"), "FLOPs", _("bytes"), _("writes to")),
        )
    ]
    flops = touched = 0
    for kernel, call in zip(assembled.kernels, assembled.calls, strict=True):
        cost = Cost.of(kernel, call)
        flops, touched = flops + cost.operations, touched + cost.bytes
        rows.append(
            (
                call.name,
                "/".join(scope_of(kernel)),
                title(kernel),
                " x ".join(map(str, kernel.shape)) or "1",
                _("images as lanes") if kernel.lanes else _("rows"),
                _("all") if call.parallel else _("one"),
                count(cost.operations),
                format_bytes(cost.bytes),
                _name_of(call.writes[0], assembled),
            )
        )
    arena = format_bytes(assembled.arena)
    kernels = _("{} kernels").format(len(assembled.calls))
    total = (kernels, *[""] * 5, count(flops), format_bytes(touched))
    return table([*rows, (*total, _("arena of {}").format(arena))], right=(6, 7), total=True)


def _name_of(place: Place, assembled: Assembled) -> str:
    """A buffer as a reader knows it: a place in the arena, a variable, an output."""
    if place.entry == 0:
        return _("arena at {}").format(f"{place.offset:,}")
    if place.entry in assembled.outputs:
        return f"{_('output')} {assembled.outputs[place.entry]}"
    x = assembled.table[place.entry]
    assert x is not None
    return f"{_(x.kind)} {getattr(x.tensor, 'path', x.tensor.name)}"


def measured(assembled: Assembled, seconds: Sequence[float], roofline: Roofline) -> str:
    """The time of each kernel beside the least that it could take, as a table with totals.

    Args:
        assembled: the program.
        seconds: for each kernel.
        roofline: what one thread does at most.
    """
    rows: list[Row] = [
        (
            *(_("kernel"), _("layer"), _("computes"), "µs", _("% of step"), "FLOPs"),
            *(_("saved"), _("bytes"), "GFLOP/s", _("roof µs"), _("bound by"), _("% of roof")),
        )
    ]
    whole, all_roofs = max(sum(seconds), 1e-12), 0.0
    flops = saved = touched = 0
    for kernel, call, took in zip(assembled.kernels, assembled.calls, seconds, strict=True):
        cost = Cost.of(kernel, call)
        computing, moving = roofline.limits(cost)
        roof, took = max(computing, moving), max(took, 1e-12)
        flops, saved, touched = flops + cost.operations, saved + cost.saved, touched + cost.bytes
        all_roofs += roof
        rows.append(
            (
                *(call.name, "/".join(scope_of(kernel)), title(kernel)),
                *(f"{took * 1e6:.1f}", f"{took / whole:.1%}", *_work(cost)),
                f"{(cost.operations - cost.saved) / took / 1e9:.1f}" if took >= LEAST else "–",
                *(f"{roof * 1e6:.1f}", _("operations") if computing > moving else _("bytes")),
                f"{roof / took:.0%}" if took >= LEAST else "–",
            )
        )
    rows.append(
        (
            *(_("{} kernels").format(len(assembled.calls)), "", "", f"{whole * 1e6:.1f}", "100.0%"),
            *(*_work(Cost(flops, saved, touched)), f"{(flops - saved) / whole / 1e9:.1f}"),
            *(f"{all_roofs * 1e6:.1f}", "", f"{all_roofs / whole:.0%}"),
        )
    )
    return f"{table(rows, right=(3, 4, 5, 6, 7, 8, 9, 11), total=True)}\n{_told(roofline)}"


def _work(cost: Cost) -> Row:
    saved = count(cost.saved) if cost.saved else ""
    return count(cost.operations), saved, format_bytes(cost.bytes)


def _told(roofline: Roofline) -> str:
    """The machine's limits, and what the columns mean."""
    peaks = ", ".join(f"{kind} {rate / 1e9:.1f}" for kind, rate in roofline.peaks.items())
    told = _(
        "One thread. Peaks in GFLOP/s: {}; {} GB/s, as measured here for as many bytes as a step "
        "touches. The roof is the longer of FLOPs / peak and bytes / bandwidth. The FLOPs under "
        "'saved' are not done: Winograd's method needs fewer, and rows of padding are skipped. "
        "A kernel whose operands lie in a nearer cache may pass 100 %."
    ).format(peaks, f"{roofline.bandwidth / 1e9:.1f}")
    return localised(told)


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
    """Columns of text, the first row their titles; numbers as the language writes them.

    Args:
        rows: of equal length.
        right: columns of numbers, which end at the same place.
        total: whether the last row stands apart.
    """
    rows, right = [tuple(map(localised, row)) for row in rows], set(right)
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
