"""From a graph to a compiled program: the passes of the compiler, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grafito.engines.llvm.compilation import driver, kernel_cache
from grafito.engines.llvm.compilation.driver import Call, Place
from grafito.engines.llvm.compilation.kernel_cache import Source
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.ir.kernel import Kernel, Store
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.lowering import bfloat16, ops
from grafito.engines.llvm.planning import memory
from grafito.engines.llvm.planning.fusion import choose_materialized, drop_unread, make_kernels
from grafito.engines.llvm.planning.layout import spread_lanes
from grafito.engines.llvm.planning.products import arrange
from grafito.engines.llvm.planning.summation import in_any_order
from grafito.engines.llvm.planning.updates import find_in_place, update_order
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
    kernels: Sequence[Kernel]

    @property
    def texts(self) -> dict[str, str]:
        """LLVM code of each different kernel, by name."""
        return {name: source.text for name, source in self.sources.items()}


@dataclass(frozen=True)
class Stage:
    """What one pass hands to the next; a pass returns another one and changes nothing in it.

    Attributes:
        graph: what to compute.
        outputs: the node of each output.
        updates: the new value of each variable's node.
        order: all nodes, in the order in which they are computed.
        materialized: the nodes that have a buffer.
        kernels: in the order in which they run.
        in_place: the variable that a new value is written over.
    """

    graph: Graph
    outputs: Mapping[str, Node] = field(default_factory=dict)
    updates: Mapping[Node, Node] = field(default_factory=dict)
    order: Sequence[Node] = ()
    materialized: frozenset[Node] = frozenset()
    kernels: Sequence[Kernel] = ()
    in_place: Mapping[Node, Node] = field(default_factory=dict)

    @property
    def results(self) -> list[Node]:
        """What is computed for others: outputs and new values of variables."""
        return [*self.outputs.values(), *self.updates.values()]

    def map(self, became: Mapping[Node, Node]) -> Stage:
        """With the results that these nodes became."""
        return replace(
            self,
            outputs={name: became[x] for name, x in self.outputs.items()},
            updates={v: became[x] for v, x in self.updates.items()},
        )

    def __str__(self) -> str:
        if self.kernels:
            return "\n".join(map(str, self.kernels))
        order = self.order or topological_order(self.results)
        return "\n".join(f"{'*' if x in self.materialized else ' '} {x}" for x in order)


def lower_ops(stage: Stage, machine: Machine) -> Stage:
    """Ops become nodes; results that are not elementwise are copied to where they go."""
    graph = stage.graph
    became = ops.lower(graph.results, machine.bf16_dot, machine.amx)
    leaves = {v: became.get(v) for v in graph.updates}
    updates: dict[Node, Node] = {}
    outputs = {name: _copy(became[x]) for name, x in graph.outputs.items()}
    for v, x in graph.updates.items():
        leaf = leaves[v] or Node.make("variable", (), v.shape, v.dtype, tensor=v)
        new = became[x]
        if not new.elementwise or new in updates.values() or new.kind == "bounds_check":
            new = _copy(new)
        updates[leaf] = new
    return replace(stage, outputs=outputs, updates=updates)


def order_sums(stage: Stage, machine: Machine) -> Stage:
    """Choose the products whose terms may be added in any order."""
    return stage.map(in_any_order(topological_order(stage.results), stage.updates.keys()))


def arrange_products(stage: Stage, machine: Machine) -> Stage:
    """Products read large matrices as they lie, and take in what follows their reshapes."""
    return stage.map(arrange(topological_order(stage.results), stage.results))


def images_as_lanes(stage: Stage, machine: Machine) -> Stage:
    """Choose the layout of each node; a variable is never in lanes."""
    stage = stage.map(spread_lanes(topological_order(stage.results), machine.width))
    updates = {v: _copy(new) if new.lanes else new for v, new in stage.updates.items()}
    return replace(stage, updates=updates)


def bfloat16_operands(stage: Stage, machine: Machine) -> Stage:
    """Products of bfloat16 read their operands in the forms that their instructions take."""
    return stage.map(bfloat16.arrange(topological_order(stage.results), machine.amx))


def order_updates(stage: Stage, machine: Machine) -> Stage:
    """An update comes after those who read the old value."""
    return replace(stage, order=update_order(stage.updates, list(stage.outputs.values())))


def materialize(stage: Stage, machine: Machine) -> Stage:
    """Choose the nodes that get a buffer; the others are computed where they are read."""
    return replace(stage, materialized=frozenset(choose_materialized(stage.order, stage.results)))


def fuse(stage: Stage, machine: Machine) -> Stage:
    """Group what is materialized into kernels."""
    kernels = make_kernels(stage.order, stage.materialized, machine.width)
    return replace(stage, kernels=kernels)


def update_in_place(stage: Stage, machine: Machine) -> Stage:
    """Write new values over old ones where no one reads these later; copy the others at the end."""
    in_place = find_in_place(stage.kernels, stage.updates, stage.materialized)
    commits = []
    for v, new in stage.updates.items():
        if new not in in_place:
            commit = _copy(new)
            stores = (Store(commit, v),)
            commits.append(Kernel(None, v.shape, False, (commit,), stores, frozenset({new})))
    return replace(stage, kernels=[*stage.kernels, *commits], in_place=in_place)


def keep_in_registers(stage: Stage, machine: Machine) -> Stage:
    """Results that only their own kernel reads are not written to memory."""
    kernels = drop_unread(stage.kernels, {*stage.results, *stage.updates})
    return replace(stage, kernels=kernels)


PASSES: list[Callable[[Stage, Machine], Stage]] = [
    lower_ops,
    order_sums,
    arrange_products,
    images_as_lanes,
    bfloat16_operands,
    order_updates,
    materialize,
    fuse,
    update_in_place,
    keep_in_registers,
]


def stages(graph: Graph, machine: Machine) -> Iterator[tuple[str, Stage]]:
    """The name of each pass, and what it made."""
    stage = Stage(graph)
    for each in PASSES:
        stage = each(stage, machine)
        yield each.__name__, stage


def listing(graph: Graph, machine: Machine) -> str:
    """The program after each pass, as text."""
    return "\n\n".join(
        f"== {name.replace('_', ' ')}\n\n{stage}" for name, stage in stages(graph, machine)
    )


def assemble(
    graph: Graph, machine: Machine, begin: Callable[[Source], None] | None = None
) -> Assembled:
    """All passes, from the graph to code for LLVM.

    Args:
        graph: what to compute.
        machine: what to compile for.
        begin: called with the code of each different kernel as soon as there is one.
    """
    *_, (_, stage) = stages(graph, machine)
    return _emit(stage, machine, begin)


def _copy(x: Node) -> Node:
    return Node.make("copy", (x,), x.shape, x.dtype)


def _emit(stage: Stage, machine: Machine, begin: Callable[[Source], None] | None) -> Assembled:
    """Give every buffer its place, and write the kernels and the function that calls them."""
    planned, outputs, in_place = stage.kernels, stage.outputs, stage.in_place
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
            if x.leaf:
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
        routine = kernel_cache.routine(kernel, stage.materialized, shared, machine)
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
                any(x.kind == "bounds_check" for x in kernel.results),
            )
        )
    text = driver.driver(calls, arena, machine)
    scratch = driver.scratch(calls)
    return Assembled(text, sources, table, names, arena, scratch, calls, planned)
