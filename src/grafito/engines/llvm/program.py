"""From a graph to a compiled program: the passes of the compiler, one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from grafito.engines.llvm import (
    amx_convolution,
    bfloat_layout,
    bfloat_matmul,
    bfloat_weights,
    convolution,
    kernels,
    lower,
    matmul,
    memory,
    pooling,
    products,
    reductions,
    schedule,
    turning,
    winograd_gradient,
    winograd_kernels,
)
from grafito.engines.llvm import whole as whole_arrays
from grafito.engines.llvm.machine import Machine
from grafito.engines.llvm.nodes import LEAVES, REDUCTIONS, Node
from grafito.engines.llvm.plan import (
    Kernel,
    Store,
    choose_stored,
    drop_unread,
    find_in_place,
    make_kernels,
    spread_lanes,
    update_order,
)
from grafito.engines.llvm.schedule import Call, Place
from grafito.graph.evaluate import topological_order
from grafito.graph.program import Graph

BY_KIND = (
    convolution.EMIT
    | pooling.EMIT
    | amx_convolution.OF_WEIGHTS
    | winograd_kernels.EMIT
    | winograd_gradient.EMIT
    | whole_arrays.EMIT
)


@dataclass
class Assembled:
    """The text of a program and what its pointers mean.

    Attributes:
        driver: LLVM code of the function that calls the kernels.
        texts: that of each different kernel, by name.
        table: for each pointer of the table the leaf or the output that it points to; the first
            entry is the arena.
        outputs: name of the output, by table entry.
        arena: bytes that the threads share.
        scratch: bytes behind it for each thread.
        calls: the kernels of a step.
    """

    driver: str
    texts: dict[str, str]
    table: list[Node | None]
    outputs: dict[int, str]
    arena: int
    scratch: int
    calls: list[Call]
    kernels: list[Kernel]


def assemble(graph: Graph, machine: Machine) -> Assembled:
    """All passes, from the graph to text for LLVM."""
    became = lower.lower(graph.results, machine.pairs, machine.tiles)
    outputs = {name: _copy(became[x]) for name, x in graph.outputs.items()}
    leaf = {
        v: became.get(v) or Node("variable", (), v.shape, v.dtype, tensor=v) for v in graph.updates
    }
    updates: dict[Node, Node] = {}
    for variable, x in graph.updates.items():
        new = became[x]
        if not new.elementwise or new in updates.values() or new.kind == "check":
            new = _copy(new)
        updates[leaf[variable]] = new
    everything = [*outputs.values(), *updates.values()]
    spread_lanes(topological_order(everything), machine.width)
    for v, new in updates.items():
        if new.lanes:
            updates[v] = _copy(new)
    everything = [*outputs.values(), *updates.values()]
    bfloat_layout.arrange(topological_order(everything), machine.tiles)
    order = update_order(updates, list(outputs.values()))
    stored = choose_stored(order, everything)
    planned = make_kernels(order, stored, machine.width)
    in_place = find_in_place(planned, updates, stored)
    for v, new in updates.items():
        if new not in in_place:
            commit = _copy(new)
            planned.append(Kernel(None, v.shape, False, [commit], [Store(commit, v)], {new}))
    drop_unread(planned, set(everything) | set(leaf.values()))
    planned = [kernel for kernel in planned if kernel.stores]
    return _emit(planned, stored, outputs, in_place, machine)


def _copy(x: Node) -> Node:
    return Node("copy", (x,), x.shape, x.dtype)


def _emit(
    planned: list[Kernel],
    stored: set[Node],
    outputs: Mapping[str, Node],
    in_place: Mapping[Node, Node],
    machine: Machine,
) -> Assembled:
    width = machine.width
    elsewhere: dict[Node, object] = {**dict.fromkeys(outputs.values()), **in_place}
    offsets, arena = memory.place(planned, elsewhere, width)
    table: list[Node | None] = [None]
    names: dict[int, str] = {}
    places: dict[Node, Place] = {}
    for name, x in outputs.items():
        size = memory.bytes_of(x, width)
        places[x] = Place(len(table), 0, size, x.size * size // max(x.size, 1))
        names[len(table)] = name
        table.append(x)

    def place_of(x: Node) -> Place:
        x = in_place.get(x, x)
        if x not in places:
            size = memory.bytes_of(x, width)
            if x.kind in LEAVES:
                places[x] = Place(len(table), 0, size)
                table.append(x)
            else:
                places[x] = Place(0, offsets[x], size)
        return places[x]

    texts: dict[str, str] = {}
    calls: list[Call] = []
    for kernel in planned:
        targets = [s.target for s in kernel.stores]
        shared = any(t in in_place or t.kind == "variable" for t in targets)
        compiled = emit_kernel(kernel, stored, width, shared)
        name = kernel_name(kernel, compiled.text)
        if name not in texts:
            texts[name] = compiled.text.replace('@"kernel"', f'@"{name}"')
        reads = [place_of(x) for x in compiled.buffers if x in kernel.reads]
        calls.append(
            Call(
                name,
                compiled,
                [place_of(x) for x in compiled.buffers],
                reads,
                [place_of(x) for x in (*targets, kernel.work) if x is not None],
                any(x.kind == "check" for x in kernel.results),
            )
        )
    driver = schedule.driver(calls, arena, *machine.pause(), machine.yield_name())
    scratch = schedule.scratch(calls)
    return Assembled(driver, texts, table, names, arena, scratch, calls, planned)


def kernel_name(kernel: Kernel, text: str) -> str:
    """What it computes and a digest of its code: the same name in each program that has it."""
    kind = kernel.primary.kind if kernel.primary is not None else "elementwise"
    return f"{kind}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def emit_kernel(kernel: Kernel, stored: set[Node], width: int, shared: bool) -> kernels.Compiled:
    """The machine code of a kernel, by its primary."""
    primary = kernel.primary
    kind = primary.kind if primary is not None else None
    if primary is None or kind is None:
        turned = turning.elementwise(kernel, stored, width, shared)
        if turned is not None:
            return turned
        emit = kernels.elementwise
    elif kind in REDUCTIONS:
        emit = reductions.reduction
    elif kind == "matmul" and bfloat_layout.packed(primary):
        emit = bfloat_matmul.matmul
    elif kind == "matmul":
        emit = products.matmul_lanes if kernel.lanes else matmul.matmul
    elif kind == "imagepairs" or (kind == "convkernel" and primary.inputs[1].kind == "imagepairs"):
        emit = bfloat_weights.EMIT[kind]
    elif kind in ("conv", "convback") and primary.attributes.get("tiles"):
        emit = amx_convolution.EMIT[kind]
    else:
        emit = BY_KIND[kind]
    return emit(kernel, stored, width, shared)
