"""What is to be predicted, and from which columns of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from grafito.datasets.columns import Column, TypedTable
from grafito.errors import ArgumentError, DataError, one_of, unknown_name
from grafito.language import message as N_

FEWEST = 20  # rows
FEW_CLASSES = 20  # whole numbers of a target that are so few are classes
REPEATED = 5  # rows of each, on average
ENOUGH = 30  # rows from which on a column may be said to give the target away
LARGEST = 1e100  # of a quantity: sums of its squares are numbers still
PROBLEMS = ("classification", "regression")

NOTHING = N_("nothing is in it")
ONE_VALUE = N_("all its values are the same")
IDENTIFIER = N_("it names the row: no value comes twice")
LOOSE_TEXT = N_("its texts hardly repeat")
GIVES_AWAY = N_("it gives the target away")
AS_ASKED = N_("as was asked")

_NAMES = re.compile(
    r"(^|[\W_])(id|uuid|guid|idx|index|key|dni|rut|nif|c[oó]digo|n[uú]mero|nro|row|fila)($|[\W_])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Question:
    """A target, and the columns that it is to be predicted from.

    Attributes:
        target: its column, in the rows that have a value there.
        problem: "classification" or "regression".
        columns: that are used, in the same rows.
        left_out: the others by name, each with the reason.
        without_target: how many rows have no target, and are left out.
        found: whether the problem was found from the target, not asked for.
    """

    target: Column
    problem: str
    columns: tuple[Column, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    without_target: int = 0
    found: bool = True

    def __len__(self) -> int:
        return len(self.target.values)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes as texts, numbers in their order; none of a quantity."""
        if self.problem == "regression":
            return ()
        if self.target.kind == "category":
            return tuple(sorted(set(self.target.values)))
        return tuple(map(self.target.text, np.unique(self.target.values)))

    @cached_property
    def y(self) -> np.ndarray:
        """The numbers of the classes, or the values."""
        if self.problem == "regression":
            return self.target.values
        number = {text: k for k, text in enumerate(self.classes)}
        return np.array([number[text] for text in self.target.as_category().values])

    @property
    def is_of_dates(self) -> bool:
        """Whether what is predicted are dates, as numbers of days."""
        return self.problem == "regression" and self.target.kind == "date"

    @cached_property
    def rare_classes(self) -> tuple[str, ...]:
        """Classes with one row, which no row is left to test, or to learn, them by."""
        if self.problem == "regression":
            return ()
        once = np.bincount(self.y, minlength=len(self.classes)) == 1
        return tuple(name for name, rare in zip(self.classes, once, strict=True) if rare)

    @cached_property
    def equal_rows(self) -> int:
        """How many rows repeat another one, target included."""
        keys = [np.asarray(c.values).tolist() for c in (*self.columns, self.target)]
        rows = [*map(repr, zip(*keys, strict=True))]
        return len(rows) - len(set(rows))


def question_of(
    table: TypedTable,
    target: str,
    *,
    problem: str = "auto",
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Question:
    """What a target is predicted from: all columns that can help on rows that are not known yet.

    Args:
        table: with its columns.
        target: the name of one.
        problem: "auto", "classification" or "regression".
        drop: columns that are left out.
        keep: columns that are used in any case.

    Raises:
        ArgumentError: for a column or a problem that does not exist.
        DataError: for a table, or a target, from which nothing can be learned.
    """
    names = list(table.columns)
    if not target:
        raise ArgumentError(
            "It is not said which column is to be predicted.",
            where=table.source,
            expected=one_of(names),
            fix=f"--target {names[-1]!r}",
        )
    for name in (target, *drop, *keep):
        if name not in names:
            raise unknown_name("column", name, names)
    if problem not in ("auto", *PROBLEMS):
        raise unknown_name("task", problem, ("auto", *PROBLEMS))
    chosen = table.columns[target]
    rows = np.flatnonzero(~chosen.is_missing)
    chosen = chosen.rows(rows)
    found = problem if problem != "auto" else _problem_of(chosen)
    _check_target(chosen, found, table)
    columns, left_out = [], {}
    for name in names:
        if name == target:
            continue
        column = table.columns[name].rows(rows)
        why = AS_ASKED if name in drop else "" if name in keep else _useless(column)
        if why:
            left_out[name] = why
        else:
            columns.append(column)
    given = [c.name for c in columns if c.name not in keep and gives_away(c, chosen, found)]
    if len(given) < len(columns):  # else it is all there is
        left_out |= dict.fromkeys(given, GIVES_AWAY)
        columns = [column for column in columns if column.name not in given]
    if not columns:
        raise DataError(
            "No column is left to predict from.",
            where=table.source,
            received=", ".join(map(repr, left_out)) or f"{target!r} alone",
            expected="a column whose values repeat, or numbers",
            fix=f"--keep {next(iter(left_out))!r}" if left_out else None,
        )
    without = len(table) - len(rows)
    return Question(chosen, found, tuple(columns), left_out, without, problem == "auto")


def _problem_of(target: Column) -> str:
    """Classes where the target is text, or a few whole numbers that come often."""
    if target.kind != "number":
        return "classification" if target.kind == "category" else "regression"
    whole = np.array_equal(target.values, np.round(target.values))
    few = target.distinct <= min(FEW_CLASSES, max(2, len(target.values) // REPEATED))
    return "classification" if whole and few else "regression"


def _check_target(target: Column, problem: str, table: TypedTable) -> None:
    count = len(target.values)
    where = f"{table.source}, column {target.name!r}"
    if count < FEWEST:
        raise DataError(
            "There are too few rows to learn from some and test on others.",
            where=where,
            received=f"{count} rows with a target",
            expected=f"at least {FEWEST}",
        )
    if target.distinct < 2:
        raise DataError(
            "The target has the same value in all rows.",
            where=where,
            received=target.text(target.values[0]),
            expected="at least two values",
        )
    if problem == "regression" and target.kind != "category":
        largest = float(np.abs(target.values).max())
        if largest > LARGEST:
            raise DataError(
                "The target has numbers too large to compute with: their squares have no number.",
                where=where,
                received=f"{largest:.3g}",
                expected=f"at most {LARGEST:.0e}",
                fix="another unit, as millions in place of units; or correct the cell",
            )
    if problem == "classification" and target.distinct > count / 2:
        raise DataError(
            "The target has too many classes.",
            where=where,
            received=f"{target.distinct} classes in {count} rows",
            expected="several rows of each class",
            fix=f"grafito fit {table.source} --target {target.name!r} --task regression"
            if target.kind != "category"
            else "another column as --target, or groups in place of single names",
        )
    if problem == "regression" and target.kind == "category":
        raise DataError(
            "A target of text has no order to be predicted as a quantity.",
            where=where,
            received=", ".join(map(repr, dict.fromkeys(target.values[:5]))),
            fix=f"grafito fit {table.source} --target {target.name!r} --task classification",
        )


def _useless(column: Column) -> str:
    """Why a column cannot help; "" where it may."""
    count = int((~column.is_missing).sum())
    distinct = column.distinct
    if not count:
        return NOTHING
    if distinct == 1 and count == len(column.values):
        return ONE_VALUE
    if column.kind == "category":
        if distinct == count:
            return IDENTIFIER
        return LOOSE_TEXT if distinct > count / 2 else ""
    if column.kind == "number" and distinct == count == len(column.values):
        values = column.values
        whole = np.array_equal(values, np.round(values))
        if whole and (np.ptp(values) == count - 1 or _NAMES.search(column.name)):
            return IDENTIFIER
    return ""


def gives_away(column: Column, target: Column, problem: str) -> bool:
    """Whether a column alone tells the target, as a copy of it in another form does.

    Example:
        >>> euros = Column("euros", "number", np.arange(40.0) ** 2)
        >>> dollars = Column("dollars", "number", 1.1 * np.arange(40.0) ** 2)
        >>> gives_away(dollars, euros, "regression")
        True
    """
    both = ~column.is_missing
    if both.sum() < ENOUGH:
        return False
    x, y = column.values[both], target.values[both]
    if problem == "regression":
        if column.kind == "category":
            _, group = np.unique(x.astype(str), return_inverse=True)
            counts = np.bincount(group)
            spread = np.sum((y - (np.bincount(group, y) / counts)[group]) ** 2)
            return bool(
                len(counts) < len(y) / REPEATED and spread <= 1e-9 * np.sum((y - y.mean()) ** 2)
            )
        ranks = np.array([np.argsort(np.argsort(v, kind="stable")) for v in (x, y)], float)
        if len(np.unique(x)) < len(x) / 2 or len(np.unique(y)) < len(y) / 2:
            ranks = np.array([x, y], float)  # too many ties for ranks
        return bool(abs(np.corrcoef(ranks)[0, 1]) > 0.9999)
    labels = np.array([str(value) for value in y])
    if column.kind == "category":
        pairs = {(a, b) for a, b in zip(x, labels, strict=True)}
        levels = len({a for a, _ in pairs})
        return len(pairs) == levels < len(x) / REPEATED
    order = np.argsort(x, kind="stable")
    changes = int((labels[order][1:] != labels[order][:-1]).sum())
    apart = all(np.intersect1d(x[labels == a], x[labels != a]).size == 0 for a in np.unique(labels))
    return changes == len(np.unique(labels)) - 1 and apart
