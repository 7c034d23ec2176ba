"""A layered drawing of an acyclic graph, left to right (Sugiyama, Tagawa and Toda 1981).

Three steps, one file each: `columns` gives every node and every edge label a column, `crossings`
orders each column so that few lines cross, and `coordinates` turns the order into lengths. Labels
take part as if they were nodes, so they cannot lie on nodes or on each other. Groups (layers of a
network) keep a rectangle of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafito.figures.layered.columns import Box, Link, Path, build_columns, split_groups
from grafito.figures.layered.coordinates import Placement, Region, Stretch, assign_coordinates
from grafito.figures.layered.crossings import count_crossings, order_columns

__all__ = ["Box", "Link", "Path", "Placement", "Region", "Stretch", "place", "split_groups"]


def place(
    boxes: Mapping[str, Box],
    links: Sequence[Link],
    titles: Mapping[str, tuple[float, float]] | None = None,
) -> Placement:
    """Positions for boxes, labels and lines, in the unit of the sizes given; y grows downwards.

    Args:
        boxes: name to size and groups.
        links: lines from box to box, each with the size of its label.
        titles: width and height of the title of each group, written at its upper left.

    Returns:
        The placement; its `crossings` says how many pairs of lines cross.

    Raises:
        GraphError: when the links form a cycle.

    Example:
        >>> boxes = {"x": Box(20, 20), "y": Box(20, 20)}
        >>> place(boxes, [Link("x", "y", 30, 10)]).nodes["x"][0] < 30
        True
    """
    columns, chains = build_columns(boxes, links)
    order_columns(columns)
    placement = assign_coordinates(columns, chains, titles or {})
    placement.crossings = count_crossings(columns)
    return placement


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
