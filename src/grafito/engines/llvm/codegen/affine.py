"""Affine expressions of loop variables: how an index or an address moves in a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Loop:
    """A loop variable that runs from 0 to size - 1."""

    size: int


@dataclass(frozen=True)
class Gathered:
    """An integer that is read from memory: element `at` of the buffer of an index tensor."""

    buffer: Any
    at: Affine


@dataclass(frozen=True)
class Affine:
    """constant + Σ coefficient · variable.

    Attributes:
        constant: the part that does not move.
        terms: pairs of a variable (a `Loop` or a `Gathered`) and its coefficient, never 0.
    """

    constant: int = 0
    terms: tuple[tuple[Any, int], ...] = ()

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.constant + other, self.terms)
        total = dict(self.terms)
        for variable, coefficient in other.terms:
            total[variable] = total.get(variable, 0) + coefficient
        kept = tuple((v, c) for v, c in total.items() if c)
        return Affine(self.constant + other.constant, kept)

    def __mul__(self, factor: int) -> Affine:
        if not factor:
            return Affine()
        return Affine(self.constant * factor, tuple((v, c * factor) for v, c in self.terms))

    def coefficient(self, variable: Any) -> int:
        """How much it grows when the variable grows by 1."""
        return dict(self.terms).get(variable, 0)

    def step(self, variable: Loop) -> int:
        """How much it grows with the variable; where that picks an index that is read, with it."""
        picked = (c for v, c in self.gathered() if v.at.depends(variable))
        return self.coefficient(variable) or next(picked, 0)

    def gathered(self) -> list[tuple[Gathered, int]]:
        """The terms that are read from memory."""
        return [(v, c) for v, c in self.terms if isinstance(v, Gathered)]

    def depends(self, variable: Loop) -> bool:
        """Whether it changes with the variable, directly or through a gathered index."""
        return any(
            v is variable or (isinstance(v, Gathered) and v.at.depends(variable))
            for v, _ in self.terms
        )

    def split(self, lanes: int) -> tuple[Affine, Affine] | None:
        """Quotient and remainder by `lanes`, where they are affine too; else None."""
        low = tuple((v, c) for v, c in self.terms if c % lanes)
        high = tuple((v, c // lanes) for v, c in self.terms if not c % lanes)
        rest = self.constant % lanes
        if any(isinstance(v, Gathered) or c < 0 for v, c in low):
            return None
        if rest + sum((v.size - 1) * c for v, c in low) >= lanes:
            return None
        return Affine(self.constant // lanes, high), Affine(rest, low)

    def divide(self, apart: Callable[[Any], bool]) -> tuple[Affine, Affine]:
        """The terms of the variables that stand apart, and the rest with the constant."""
        first = tuple((v, c) for v, c in self.terms if apart(v))
        rest = tuple((v, c) for v, c in self.terms if not apart(v))
        return Affine(0, first), Affine(self.constant, rest)

    def replace(self, new: dict[Any, Affine]) -> Affine:
        """With variables replaced by expressions, also in the addresses of gathered indices."""
        total = Affine(self.constant)
        for v, c in self.terms:
            if isinstance(v, Gathered):
                v = Gathered(v.buffer, v.at.replace(new))
                total += Affine(0, ((v, c),))
            else:
                total += new.get(v, var(v)) * c
        return total


def var(variable: Any) -> Affine:
    """The variable itself."""
    return Affine(0, ((variable, 1),))


def dot(indices: Iterable[Affine], strides: Iterable[int]) -> Affine:
    """Σ index · stride: the address of an element."""
    total = Affine()
    for index, stride in zip(indices, strides, strict=True):
        total += index * stride
    return total


def row_major(shape: Iterable[int]) -> tuple[int, ...]:
    """The strides of an array without gaps, last axis fastest."""
    strides: list[int] = []
    step = 1
    for size in reversed(list(shape)):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))
