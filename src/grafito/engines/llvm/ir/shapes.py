"""Shapes that differ by axes of size 1 alone: their elements are in the same order."""

from __future__ import annotations

from grafito.engines.llvm.ir.nodes import Node, Shape


def unit_axes_only(x: Node) -> bool:
    """Whether a reshape only adds or drops axes of size 1."""
    return fits(x.inputs[0].shape, x.shape, x.lanes)


def fits(shape: Shape, other: Shape, lanes: bool) -> bool:
    """Whether the shapes differ by axes of size 1 alone."""
    return loops_of(shape, lanes) == loops_of(other, lanes)


def loops_of(shape: Shape, lanes: bool) -> Shape:
    """The axes longer than 1; in lanes the first one is the batch, whatever its size."""
    return tuple(n for axis, n in enumerate(shape) if n != 1 or (lanes and axis == 0))
