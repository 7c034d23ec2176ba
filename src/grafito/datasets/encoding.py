"""Columns of a table as inputs of a network; everything is measured on the training part alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from grafito.datasets.columns import Column

MOST_LEVELS = 40  # categories with an input of their own; rarer ones share one
RAREST = 3  # rows of a category that gets one
ENOUGH = 60  # rows from which on that is asked
KNOTS = 64  # quantiles of a column
DAYS_OF_YEAR = 365.2425
BOUND = 3.0  # of the normal scores


@dataclass(frozen=True)
class Encoding:
    """How one column becomes inputs.

    A number has two: (x - mean) / deviation, held within ±5, and its normal score, the quantile of
    a normal distribution at its rank among the training rows, which no outlier moves. What is
    missing becomes the median, and has an input of its own that says so. A date is its number of
    days, and the places in its year and week as sine and cosine. A category is one-hot.

    Attributes:
        name: of the column.
        kind: "number", "date" or "category".
        median, mean, deviation: of the training rows.
        knots: their quantiles; the first and the last are their ends.
        levels: the categories with an input of their own.
        gaps: whether the training rows had missing values.
        rest: whether they had categories without an input of their own.
    """

    name: str
    kind: str
    median: float = 0.0
    mean: float = 0.0
    deviation: float = 1.0
    knots: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    gaps: bool = False
    rest: bool = False

    @classmethod
    def of(cls, column: Column) -> Encoding:
        """Measure the training rows of a column.

        Example:
            >>> column = Column("size", "number", np.array([1.0, 3.0, np.nan]))
            >>> Encoding.of(column).median, Encoding.of(column).gaps
            (2.0, True)
        """
        gaps = bool(column.is_missing.any())
        present = column.values[~column.is_missing]
        if column.kind == "category":
            texts, counts = np.unique(present.astype(str), return_counts=True)
            order = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
            least = RAREST if len(present) >= ENOUGH else 1
            levels = tuple(str(texts[k]) for k in order if counts[k] >= least)
            return cls(
                column.name, column.kind, levels=levels, gaps=gaps, rest=len(levels) < len(texts)
            )
        if not len(present):
            present = np.zeros(1)
        median = float(np.median(present))
        knots = np.unique(np.quantile(present, np.linspace(0, 1, KNOTS)))
        return cls(
            column.name,
            column.kind,
            median,
            *mean_and_deviation(present),
            tuple(knots.tolist()),
            gaps=gaps,
        )

    def transform(self, column: Column, scores: bool = True) -> np.ndarray:
        """The inputs (rows, count) for other rows of this column.

        Args:
            column: of the same kind.
            scores: whether a number has its normal score too.
        """
        missing = column.is_missing
        parts: list[np.ndarray]
        if self.kind == "category":
            known = {text: k for k, text in enumerate(self.levels)}
            place = np.array([known.get(v, -1) for v in column.values], int)
            parts = [place == k for k in range(len(self.levels))]
            if self.rest:
                parts.append((place < 0) & ~missing)
        else:
            values = np.where(missing, self.median, column.values)
            scaled = np.clip((values - self.mean) / self.deviation, -5, 5)
            parts = [scaled, self._score(values)] if scores and len(self.knots) > 2 else [scaled]
            if self.kind == "date":
                parts += _calendar(values, missing)
        if self.gaps:
            parts.append(missing)
        return np.column_stack(parts).astype("float32") if parts else np.zeros((len(missing), 0))

    def _score(self, values: np.ndarray) -> np.ndarray:
        """The normal scores of values, by their place among the quantiles."""
        from scipy.special import ndtri

        shares = np.interp(values, self.knots, np.linspace(0, 1, len(self.knots)))
        return np.clip(ndtri(shares), -BOUND, BOUND)

    def plain(self, column: Column) -> np.ndarray:
        """One or a few columns as trees take them: numbers, NaN, and the numbers of categories."""
        if self.kind == "category":
            known = {text: float(k) for k, text in enumerate(self.levels)}
            rest = float(len(self.levels))
            values = [np.nan if v is None else known.get(v, rest) for v in column.values]
            return np.array(values, np.float64)[:, None]
        if self.kind == "number":
            return column.values[:, None]
        year, week = column.values % DAYS_OF_YEAR, np.floor(column.values) % 7
        return np.column_stack([column.values, year, week, column.values % 1])


def mean_and_deviation(values: np.ndarray) -> tuple[float, float]:
    """Both of numbers of any size, whose squares may have no number; 1 in place of a deviation 0.

    Example:
        >>> mean_and_deviation(np.array([1e300, 3e300]))
        (2e+300, 1e+300)
    """
    power = int(np.frexp(np.abs(values).max())[1])
    scaled = np.ldexp(values, -power)
    mean, deviation = (float(np.ldexp(part, power)) for part in (scaled.mean(), scaled.std()))
    return mean, deviation or 1.0


def _calendar(days: np.ndarray, missing: np.ndarray) -> list[np.ndarray]:
    """Where in the year, the week and the day; nothing is said of what is missing."""
    found = []
    for period in (DAYS_OF_YEAR, 7.0, 1.0):
        angle = 2 * np.pi * days / period
        if period == 1.0 and not (days[~missing] % 1).any():
            continue
        found += [np.where(missing, 0, np.sin(angle)), np.where(missing, 0, np.cos(angle))]
    return found


@dataclass(frozen=True)
class TableEncoder:
    """How a table becomes inputs, column by column."""

    encodings: tuple[Encoding, ...]

    @classmethod
    def of(cls, columns: Iterable[Column]) -> TableEncoder:
        """Measure the training rows of these columns.

        Example:
            >>> columns = [Column("city", "category", np.array(["a", "b", "a", None], object))]
            >>> TableEncoder.of(columns).transform(columns).tolist()
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
        """
        return cls(tuple(map(Encoding.of, columns)))

    def transform(self, columns: Iterable[Column], scores: bool = True) -> np.ndarray:
        """The inputs (rows, count), float32."""
        pairs = zip(self.encodings, columns, strict=True)
        return np.hstack([one.transform(column, scores) for one, column in pairs])

    def plain(self, columns: Iterable[Column]) -> tuple[np.ndarray, list[bool]]:
        """The same for trees, with their gaps as NaN, and which columns are categories."""
        parts, are = [], []
        for one, column in zip(self.encodings, columns, strict=True):
            parts.append(one.plain(column))
            are += [one.kind == "category"] * parts[-1].shape[1]
        return np.hstack(parts), are

    def config(self) -> list[dict[str, Any]]:
        """What a file keeps of it."""
        return [asdict(one) for one in self.encodings]

    @classmethod
    def from_config(cls, config: Iterable[Mapping[str, Any]]) -> TableEncoder:
        """An encoder as `config` described it."""
        read = []
        for one in config:
            given: dict[str, Any] = {**one}
            given |= {name: tuple(given[name]) for name in ("knots", "levels")}
            read.append(Encoding(**given))
        return cls(tuple(read))
