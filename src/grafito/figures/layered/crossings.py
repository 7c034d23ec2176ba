"""The order of each column, chosen so that few lines cross."""

from __future__ import annotations

import itertools
import math
import random
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Sequence

from grafito.figures.layered.columns import Item, Path, prefixes

ATTEMPTS = 12
PATIENCE = 4  # sweeps that may pass without a better order

Columns = list[list[Item]]


def order_columns(columns: Columns) -> None:
    """Reorder each column in place; the members of a group stay together.

    Barycentre sweeps from left to right and back, then swaps of neighbours (Gansner et al. 1993).
    The order that comes in is kept unless another one has fewer crossings. Where crossings remain,
    a few shuffled beginnings are tried, from a fixed seed: the same graph gives the same drawing.
    """
    chance = random.Random(0)
    start = [list(column) for column in columns]
    best, fewest = start, math.inf
    for attempt in range(ATTEMPTS):
        for column, items in zip(columns, start, strict=True):
            column[:] = chance.sample(items, len(items)) if attempt else items
        _settle(columns, lambda item, at: at[item])
        least, idle = math.inf, 0
        for sweep in itertools.count():
            _swap_neighbours(columns)
            crossings = count_crossings(columns)
            idle = 0 if crossings < least else idle + 1
            least = min(crossings, least)
            if crossings < fewest:
                best, fewest = [list(column) for column in columns], crossings
            if fewest == 0 or idle == PATIENCE:
                break
            _sweep(columns, rightwards=sweep % 2 == 0)
        if fewest == 0:
            break
    for column, items in zip(columns, best, strict=True):
        column[:] = items


def count_crossings(columns: Columns) -> int:
    """How many pairs of lines cross.

    Example:
        >>> count_crossings([])
        0
    """
    total = 0
    for column, following in itertools.pairwise(columns):
        at = {item: index for index, item in enumerate(following)}
        ends: list[int] = []
        for item in column:
            for end in sorted(at[other] for other in item.right):
                total += len(ends) - bisect_right(ends, end)
                insort(ends, end)
    return total


def _heights(columns: Columns) -> dict[Item, float]:
    """Place of each item in its column: 0 at the top, 1 at the bottom."""
    return {
        item: (index + 0.5) / len(column) for column in columns for index, item in enumerate(column)
    }


def _sweep(columns: Columns, rightwards: bool) -> None:
    """Give each item the mean place of its neighbours in the column before."""

    def mean(item: Item, at: dict[Item, float]) -> float:
        near = item.left if rightwards else item.right
        return sum(at[other] for other in near) / len(near) if near else at[item]

    _settle(columns, mean, 1 if rightwards else -1)


def _settle(
    columns: Columns, key: Callable[[Item, dict[Item, float]], float], step: int = 1
) -> None:
    """Sort each column by key, group by group, then give groups one order in all columns."""
    at = _heights(columns)
    means = _group_means(at)
    for column in columns[::step]:
        column[:] = _sorted(column, {item: key(item, at) for item in column}, means)
        at.update(_heights([column]))
    means = _group_means(_heights(columns))
    for column in columns:
        column[:] = _agree(column, means)


def _group_means(at: dict[Item, float]) -> dict[Path, float]:
    members = defaultdict(list)
    for item, height in at.items():
        for group in prefixes(item.path):
            members[group].append(height)
    return {path: sum(heights) / len(heights) for path, heights in members.items()}


def _blocks(items: Sequence[Item], depth: int) -> dict[Item | Path, list[Item]]:
    """The items by the group they lie in at this depth; loose items stand alone."""
    blocks: dict[Item | Path, list[Item]] = defaultdict(list)
    for item in items:
        blocks[item.path[: depth + 1] if len(item.path) > depth else item].append(item)
    return blocks


def _sorted(
    items: Sequence[Item], keys: dict[Item, float], means: dict[Path, float], depth: int = 0
) -> list[Item]:
    blocks = _blocks(items, depth)
    result = []
    for block in sorted(blocks, key=lambda b: keys[b] if isinstance(b, Item) else means[b]):
        inner = blocks[block]
        result += inner if isinstance(block, Item) else _sorted(inner, keys, means, depth + 1)
    return result


def _agree(items: Sequence[Item], means: dict[Path, float], depth: int = 0) -> list[Item]:
    """Groups in the order of their means, in the places where groups stand."""
    blocks = _blocks(items, depth)
    groups = iter(sorted((b for b in blocks if not isinstance(b, Item)), key=lambda b: means[b]))
    result = []
    for block in blocks:
        if isinstance(block, Item):
            result.append(block)
        else:
            result += _agree(blocks[group := next(groups)], means, len(group))
    return result


def _swap_neighbours(columns: Columns) -> None:
    """Swap two neighbours of the same group wherever that takes a crossing away."""
    improved = True
    while improved:
        improved = False
        for index, column in enumerate(columns):
            around = [c for c in columns[max(index - 1, 0) : index + 2] if c is not column]
            at = {item: place for other in around for place, item in enumerate(other)}
            for i in range(len(column) - 1):
                a, b = column[i], column[i + 1]
                if a.path == b.path and _between(b, a, at) < _between(a, b, at):
                    column[i], column[i + 1] = b, a
                    improved = True


def _between(upper: Item, lower: Item, at: dict[Item, int]) -> int:
    """Crossings between the lines of two neighbours in this order."""
    return sum(
        at[a] > at[b]
        for side in ("left", "right")
        for a in getattr(upper, side)
        for b in getattr(lower, side)
    )
