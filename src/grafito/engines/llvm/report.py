"""What a compiled program consists of, as tables that a reader can follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grafito.engines.llvm.nodes import REDUCTIONS, WINDOWS, Node
from grafito.engines.llvm.plan import Kernel
from grafito.engines.llvm.schedule import Call

Row = tuple[str, ...]


def operations(kernel: Kernel, call: Call) -> int:
    """Additions and multiplications of one run, functions counted as one."""
    x = kernel.primary
    following = sum(r.size for r in kernel.results if r is not x and r.elementwise)
    if x is None:
        return following
    if x.kind == "matmul":
        return following + 2 * x.size * x.inputs[0].shape[-1]
    if x.kind == "conv":
        k = x.inputs[1].shape
        return following + 2 * x.size * k[0] * k[1] * k[2]
    if x.kind in ("winograd", "winosums"):  # what the plain sum takes
        image, y = (x.inputs[0], x) if x.kind == "winograd" else x.inputs
        return following + 2 * y.size * x.window[0] * x.window[1] * image.shape[3]
    if x.kind == "convback":
        k = x.inputs[1].shape
        y = x.inputs[0].inputs[0] if x.inputs[0].kind == "parts" else x.inputs[0]
        return following + 2 * y.size * k[0] * k[1] * k[2]
    if x.kind == "convkernel":
        images, y = x.inputs[0].shape[0], x.inputs[1]
        return following + 2 * x.size * images * y.shape[1] * y.shape[2]
    if x.kind in WINDOWS:
        return following + x.size
    return following + (x.inputs[0].size if x.kind in REDUCTIONS and x.inputs else x.size)


def title(kernel: Kernel) -> str:
    """What a kernel computes, in one line: its primary, then what was fused to it."""
    primary = kernel.primary
    fused = [_short(x) for x in kernel.results if x is not primary]
    head = _short(primary) if primary is not None else ""
    return " + ".join(filter(None, [head, *fused[:4]])) + (" + ..." if len(fused) > 4 else "")


def _short(x: Node) -> str:
    if x.kind in ("stopgradient", "copy") and x.inputs:
        return f"copy {x.inputs[0].kind}"
    return x.kind


def schedule_rows(kernels: Sequence[Kernel], calls: Sequence[Call]) -> list[Row]:
    """For each kernel: name, layer, what it computes, loops, layout, operations, bytes, place."""
    rows: list[Row] = [
        ("kernel", "layer", "computes", "shape", "layout", "run by", "operations", "bytes", "place")
    ]
    for kernel, call in zip(kernels, calls, strict=True):
        touched = sum(p.size for p in [*call.reads, *call.writes])
        first = call.writes[0]
        rows.append(
            (
                call.name,
                "/".join(scope_of(kernel)),
                title(kernel),
                "x".join(map(str, kernel.shape)) or "1",
                "images as lanes" if kernel.lanes else "rows",
                "all" if call.parallel else "one",
                f"{operations(kernel, call):,}",
                f"{touched:,}",
                f"arena + {first.offset}" if first.entry == 0 else f"array {first.entry}",
            )
        )
    return rows


def scope_of(kernel: Kernel) -> tuple[str, ...]:
    """The layer that the kernel belongs to."""
    x = kernel.primary if kernel.primary is not None else kernel.results[0]
    return x.scope


def table(rows: Iterable[Row]) -> str:
    """Columns of text, the first row their titles."""
    rows = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])
