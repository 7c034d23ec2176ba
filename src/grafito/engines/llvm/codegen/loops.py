"""The loops of a kernel: one for each axis, merged where addresses allow; the last in vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

from grafito.engines.llvm.codegen.addresses import (
    Index,
    operands,
    physical,
    through_reshape,
)
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    Builder,
    i64,
)
from grafito.engines.llvm.ir.nodes import (
    Node,
    Shape,
)
from grafito.engines.llvm.ir.shapes import unit_axes_only


def own_index(shape: Shape, lanes: bool, width: int) -> tuple[list[Loop], Index]:
    """A loop for each axis longer than 1, and the index that they make.

    With lanes the first loop runs over blocks of images and the last one over those of a block.
    """
    if not lanes:
        loops = [Loop(n) for n in shape]
        index = tuple(var(loop) if loop.size != 1 else Affine() for loop in loops)
        return [loop for loop in loops if loop.size != 1], index
    block, lane = Loop(-(-shape[0] // width)), Loop(width)
    rest = [Loop(n) for n in shape[1:]]
    index = tuple(var(loop) if loop.size != 1 else Affine() for loop in rest)
    first = var(block) * width + var(lane)
    return [block, *(loop for loop in rest if loop.size != 1), lane], (first, *index)


def addresses(
    x: Node, index: Index, materialized: Set[Node], width: int, top: bool = True
) -> list[Affine]:
    """All addresses that the value of x at an index depends on."""
    return [at for _, at in places(x, index, materialized, width, top)]


def places(
    x: Node, index: Index, materialized: Set[Node], width: int, top: bool = True
) -> list[tuple[Node | None, Affine]]:
    """The same with the buffers; None for what is computed from the index itself."""
    found: list[tuple[Node | None, Affine]] = []
    seen: set[tuple[Node, Index]] = set()
    stack = [(x, index)]
    while stack:
        y, at = stack.pop()
        if (y, at) in seen:
            continue
        seen.add((y, at))
        if (y in materialized or y.leaf) and not (top and y is x):
            found.append((y, physical(y, at, width)))
        elif y.kind == "reshape" and not unit_axes_only(y):
            found.append(through_reshape(y, at, width))
        else:
            if y.kind == "onehot":
                found.append((None, at[-1]))
            stack += operands(y, at)
    return found


def merge(
    loops: Sequence[Loop], places: Sequence[Affine], groups: dict[Loop, Any] | None = None
) -> tuple[list[Loop], dict[Loop, Affine]]:
    """Merge neighbouring loops where every address is affine in the merged variable.

    Args:
        loops: outermost first.
        places: the addresses.
        groups: only loops of one group are merged; the new loops are added to it.

    Returns:
        The loops, and what stands for the old variables.
    """
    groups = {} if groups is None else groups
    merged: list[Loop] = []
    new: dict[Loop, Affine] = {}
    places = list(places)
    for loop in loops:
        if merged and groups.get(merged[-1]) == groups.get(loop):
            outer = merged[-1]
            if all(_together(a, outer, loop) for a in places):
                both = Loop(outer.size * loop.size)
                groups[both] = groups.get(loop)
                step = {outer: Affine(), loop: var(both)}
                new = {v: a.replace(step) for v, a in new.items()} | step
                places = [a.replace(step) for a in places]
                merged[-1] = both
                continue
        merged.append(loop)
    return merged, new


def _together(a: Affine, outer: Loop, inner: Loop) -> bool:
    """Whether an address is affine in the merged loop, and so are its gathered indices."""
    return a.coefficient(outer) == a.coefficient(inner) * inner.size and all(
        _together(v.at, outer, inner) for v, _ in a.gathered()
    )


def replace(index: Index, new: dict[Loop, Affine]) -> Index:
    """An index in the variables that stand for the old ones."""
    return tuple(a.replace(new) for a in index)


def unflatten(code: Builder, unit: Any, loops: Sequence[Loop], env: dict[Loop, Any]) -> None:
    """The loop variables of a position in their product, last one fastest."""
    b = code.b
    for n, loop in reversed(list(enumerate(loops))):
        if n == 0:
            env[loop] = unit
        else:
            env[loop] = b.urem(unit, i64(loop.size))
            unit = b.udiv(unit, i64(loop.size))


def walk(
    code: Builder,
    env: dict[Loop, Any],
    loops: Sequence[tuple[Loop, bool]],
    bounds: Callable[[Loop], tuple[Any, Any]] | None,
    body: Callable[[Sequence[Any]], Sequence[Any]],
    totals: Sequence[Any],
) -> Sequence[Any]:
    """Emit nested loops that carry sums; `body(totals)` adds to them in the innermost one.

    Args:
        code: where to emit.
        env: the loop variables that are set.
        loops: outermost first, and whether each is written out.
        bounds: emits begin and end of a loop that is not; all of it by default.
        body: emits what is done; returns the new sums.
        totals: the sums before.
    """
    if not loops:
        return body(totals)
    (loop, written_out), *rest = loops

    def iteration(i: Any, *carried: Any) -> Sequence[Any]:
        env[loop] = i
        return walk(code, env, rest, bounds, body, carried)

    if written_out:
        for i in range(loop.size):
            totals = iteration(i64(i), *totals)
        return totals
    begin, end = bounds(loop) if bounds is not None else (i64(0), i64(loop.size))
    return code.loop(begin, end, 1, iteration, totals)


def pieces(size: int, piece: int) -> list[tuple[int, int]]:
    """Lengths of the pieces of an axis, each with how often it comes."""
    whole, rest = divmod(size, piece)
    return [(n, count) for n, count in ((piece, whole), (rest, 1)) if n and count]


def product(loops: Iterable[Loop]) -> int:
    """How often the innermost of the loops runs."""
    return math.prod(loop.size for loop in loops)


def vector_lanes(size: int, width: int) -> int:
    """Lanes for a loop of this size: a power of two up to the width."""
    return min(width, 1 << max(0, size - 1).bit_length())
