"""Which column each node, label and bend of a line takes."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from grafito.errors import GraphError

Path = tuple[tuple[str, int], ...]  # names of groups, outermost first, each with a piece number


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    """The size of a node and the groups it lies in, outermost first."""

    width: float
    height: float
    groups: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """A line from box to box with the size of its label."""

    source: str
    target: str
    width: float = 0.0
    height: float = 0.0


@dataclasses.dataclass(eq=False, slots=True)
class Item:
    """What takes a place in a column: a node, a label or a point where a long line passes."""

    kind: Literal["node", "label", "bend"]
    name: str
    column: int
    width: float
    height: float
    path: Path
    left: list[Item] = dataclasses.field(default_factory=list)
    right: list[Item] = dataclasses.field(default_factory=list)


LINE_HEIGHT = 8.0  # room for a line that passes a column


def build_columns(
    boxes: Mapping[str, Box], links: Sequence[Link]
) -> tuple[list[list[Item]], list[list[Item]]]:
    """Items by column (nodes in even columns, labels in odd ones) and by link.

    Nodes come in the order of a walk from the last outputs to their inputs, which draws a formula
    the way it is read; it is the starting point for the ordering.

    Raises:
        GraphError: when the links form a cycle.
    """
    paths = split_groups({name: box.groups for name, box in boxes.items()}, links)
    ranks = _rank(boxes, links, paths)
    items = {
        name: Item("node", name, 2 * ranks[name], box.width, box.height, paths[name])
        for name, box in boxes.items()
    }
    chains = _route(items, links)
    columns: list[list[Item]] = [[] for _ in range(2 * max(ranks.values(), default=0) + 1)]
    for item in _walk(items.values()):
        columns[item.column].append(item)
    return columns, chains


def split_groups(groups: Mapping[str, tuple[str, ...]], links: Sequence[Link]) -> dict[str, Path]:
    """Group paths where no way leaves a group and comes back: such groups fall into pieces.

    Each call of a layer is a region of its own. So is each piece of a call whose ways leave it
    and come back, because a single one would have to surround all that happens between.

    Raises:
        GraphError: when the links form a cycle.

    Example:
        >>> links = [Link("a", "b"), Link("b", "c")]
        >>> split_groups({"a": ("f",), "b": (), "c": ("f",)}, links)["c"]
        (('f', 1),)
    """
    order = _in_order(groups, links)
    paths: dict[str, Path] = dict.fromkeys(groups, ())
    for depth in range(max(map(len, groups.values()), default=0)):
        members = defaultdict(list)
        for name, names in groups.items():
            if len(names) > depth:
                call = getattr(names[depth], "number", 0)
                members[paths[name], names[depth], call].append(name)
        pieces: dict[tuple[Path, str], Iterator[int]] = defaultdict(itertools.count)
        for (outer, group, _), inside in members.items():
            for part in _connected(inside, links):
                entries = _entries(set(part), order, links)
                number = {
                    entry: next(pieces[outer, group]) for entry in sorted(set(entries.values()))
                }
                for name, entry in entries.items():
                    paths[name] = (*outer, (group, number[entry]))
    return paths


def _in_order(names: Iterable[str], links: Sequence[Link]) -> list[str]:
    """The names, sources before targets."""
    try:
        return _sorted(names, [(link.source, link.target) for link in links])
    except CycleError as error:
        raise GraphError(
            "A graph with a cycle cannot be drawn from left to right.",
            received=" -> ".join(error.args[1]),
            expected="links that never lead back",
        ) from error


def _connected(names: Sequence[str], links: Sequence[Link]) -> list[list[str]]:
    """The names in parts that hang together; a leaf goes with its first reader."""
    inside, targets = set(names), {link.target for link in links}
    part = {name: name for name in names}

    def root(name: str) -> str:
        while part[name] != name:
            name = part[name]
        return name

    joined = set()
    for link in links:
        leaf = link.source not in targets
        if {link.source, link.target} <= inside and not (leaf and link.source in joined):
            part[root(link.source)] = root(link.target)
            joined.add(link.source)
    parts = defaultdict(list)
    for name in names:
        parts[root(name)].append(name)
    return list(parts.values())


def _entries(part: set[str], order: Sequence[str], links: Sequence[Link]) -> dict[str, int]:
    """How often the ways to each name of the part have left the part before."""
    sources, targets = defaultdict(list), defaultdict(list)
    for link in links:
        sources[link.target].append(link.source)
        targets[link.source].append(link.target)
    count: dict[str, int] = {}  # only of names in the part or behind it
    for name in order:
        ways = [count[s] + (name in part and s not in part) for s in sources[name] if s in count]
        if ways or name in part:
            count[name] = max([*ways, 0])
    for name in part:
        if targets[name] and not sources[name] and part.issuperset(targets[name]):
            count[name] = min(count[target] for target in targets[name])
    return {name: count[name] for name in order if name in part}


def _rank(
    boxes: Mapping[str, Box], links: Sequence[Link], paths: Mapping[str, Path]
) -> dict[str, int]:
    """Columns as late as the readers allow, so that a parameter stands beside its op."""
    plain = [(link.source, link.target) for link in links]
    arcs = [*plain, *_group_arcs(plain, paths)]
    try:
        order = _sorted(boxes, arcs)
    except CycleError:  # two groups that feed each other share columns
        arcs, order = plain, _sorted(boxes, plain)
    targets = defaultdict(list)
    for source, target in arcs:
        targets[source].append(target)
    from_right: dict[str, int] = {}
    for name in reversed(order):
        from_right[name] = max((from_right[t] + 1 for t in targets[name]), default=0)
    last = max(from_right.values(), default=0)
    return {name: last - rank for name, rank in from_right.items()}


def _sorted(names: Iterable[str], arcs: Sequence[tuple[str, str]]) -> list[str]:
    sources: dict[str, list[str]] = {name: [] for name in names}
    for source, target in arcs:
        sources[target].append(source)
    return list(TopologicalSorter(sources).static_order())


def _group_arcs(
    arcs: Sequence[tuple[str, str]], paths: Mapping[str, Path]
) -> Iterator[tuple[str, str]]:
    """What feeds a group stands left of all of it, what reads it stands right of all of it."""
    members = defaultdict(list)
    for name, path in paths.items():
        for group in prefixes(path):
            members[group].append(name)
    pairs = set()
    for source, target in arcs:
        a, b = paths[source], paths[target]
        shared = shared_depth(a, b)
        outer_a, outer_b = a[: shared + 1], b[: shared + 1]
        first: Path | str = outer_a if len(outer_a) > shared else source
        then: Path | str = outer_b if len(outer_b) > shared else target
        pairs.add((first, then))
    for first, then in sorted(pairs, key=str):
        for source in members[first] if isinstance(first, tuple) else [first]:
            for target in members[then] if isinstance(then, tuple) else [then]:
                yield source, target


def shared_depth(a: Path, b: Path) -> int:
    """How many outer groups two paths have in common."""
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1
    return count


def prefixes(path: Path) -> list[Path]:
    """The groups on a path, outermost first, each as the path to it."""
    return [path[: depth + 1] for depth in range(len(path))]


def _route(items: Mapping[str, Item], links: Sequence[Link]) -> list[list[Item]]:
    """The items of each link from source to target; joins neighbours along the way."""
    load: dict[int, float] = defaultdict(float)
    first: dict[Path, int] = {}
    last: dict[Path, int] = {}
    for item in items.values():
        for group in prefixes(item.path):
            first[group] = min(first.get(group, item.column), item.column)
            last[group] = max(last.get(group, item.column), item.column)
    chains = []
    for link in links:
        source, target = items[link.source], items[link.target]
        between = range(source.column + 1, target.column)
        # The label takes the emptiest column on the way, near the reader where several are equal.
        spot = min(between[::2], key=lambda column: (load[column], -column))
        load[spot] += link.height
        chain = [source]
        for column in between:
            leaving = [group for group in prefixes(source.path) if last[group] >= column]
            entering = [group for group in prefixes(target.path) if first[group] <= column]
            path = max(((), *leaving, *entering), key=len)
            if column == spot and link.height:
                chain.append(Item("label", "", column, link.width, link.height, path))
            else:
                chain.append(Item("bend", "", column, 0.0, LINE_HEIGHT, path))
        chain.append(target)
        for a, b in itertools.pairwise(chain):
            a.right.append(b)
            b.left.append(a)
        chains.append(chain)
    return chains


def _walk(items: Iterable[Item]) -> Iterator[Item]:
    """Every item once, from the ends to the beginnings, first inputs first."""
    seen: set[Item] = set()
    stack = [item for item in reversed(list(items)) if not item.right]
    while stack:
        item = stack.pop()
        if item not in seen:
            seen.add(item)
            yield item
            stack.extend(reversed(item.left))
