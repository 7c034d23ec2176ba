"""From a graph to a compiled program: the passes of the compiler, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grafito.engines.llvm.compilation import driver as schedule
from grafito.engines.llvm.compilation import kernel_cache as library
from grafito.engines.llvm.compilation.driver import (
    Call,
    Place,
)
from grafito.engines.llvm.compilation.kernel_cache import Source
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.ir.kernel import (
    Kernel,
    Store,
)
from grafito.engines.llvm.ir.nodes import (
    LEAVES,
    Node,
)
from grafito.engines.llvm.lowering import bfloat16 as bfloat_layout
from grafito.engines.llvm.lowering import ops as lower
from grafito.engines.llvm.planning import memory
from grafito.engines.llvm.planning.fusion import (
    choose_stored,
    drop_unread,
    make_kernels,
)
from grafito.engines.llvm.planning.layout import spread_lanes
from grafito.engines.llvm.planning.updates import (
    find_in_place,
    update_order,
)
from grafito.graph.evaluate import topological_order
from grafito.graph.program import Graph


@dataclass
class Assembled:
    """The code of a program and what its pointers mean.

    Attributes:
        driver: LLVM code of the function that calls the kernels.
        sources: that of each different kernel, by name.
        table: for each pointer of the table the leaf or the output that it points to; the first
            entry is the arena.
        outputs: name of the output, by table entry.
        arena: bytes that the threads share.
        scratch: bytes behind it for each thread.
        calls: the kernels of a step.
    """

    driver: str
    sources: dict[str, Source]
    table: list[Node | None]
    outputs: dict[int, str]
    arena: int
    scratch: int
    calls: list[Call]
    kernels: list[Kernel]

    @property
    def texts(self) -> dict[str, str]:
        """LLVM code of each different kernel, by name."""
        return {name: source.text for name, source in self.sources.items()}


def assemble(
    graph: Graph, machine: Machine, begin: Callable[[Source], None] | None = None
) -> Assembled:
    """All passes, from the graph to code for LLVM.

    Args:
        graph: what to compute.
        machine: what to compile for.
        begin: called with the code of each different kernel as soon as there is one.
    """
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
    return _emit(planned, stored, outputs, in_place, machine, begin)


def _copy(x: Node) -> Node:
    return Node("copy", (x,), x.shape, x.dtype)


def _emit(
    planned: list[Kernel],
    stored: set[Node],
    outputs: Mapping[str, Node],
    in_place: Mapping[Node, Node],
    machine: Machine,
    begin: Callable[[Source], None] | None,
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

    sources: dict[str, Source] = {}
    calls: list[Call] = []
    for kernel in planned:
        targets = [s.target for s in kernel.stores]
        shared = any(t in in_place or t.kind == "variable" for t in targets)
        routine = library.routine(kernel, stored, shared, machine)
        if routine.name not in sources:
            sources[routine.name] = routine.source
            if begin is not None:
                begin(routine.source)
        calls.append(
            Call(
                routine,
                [place_of(x) for x in routine.buffers],
                [place_of(x) for x in routine.buffers if x in kernel.reads],
                [place_of(x) for x in (*targets, kernel.work) if x is not None],
                any(x.kind == "check" for x in kernel.results),
            )
        )
    driver = schedule.driver(calls, arena, *machine.pause(), machine.yield_name())
    scratch = schedule.scratch(calls)
    return Assembled(driver, sources, table, names, arena, scratch, calls, planned)
