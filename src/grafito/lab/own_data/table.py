"""A table of one's own: columns become inputs, and one of them is predicted from the others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.datasets.columns import Column, TypedTable, typed_table
from grafito.datasets.encoding import TableEncoder
from grafito.figures.text import short
from grafito.lab.own_data import rivals
from grafito.lab.own_data.experiment import Inputs, OwnData
from grafito.lab.own_data.folds import Fold
from grafito.lab.own_data.question import Question, question_of
from grafito.lab.prose import of_own_data as prose
from grafito.lab.prose.sentence import Words
from grafito.lab.record import Record
from grafito.language import message as N_
from grafito.language import translator
from grafito.models import Model, Sequential

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW_COLUMNS = 100  # whose importance is measured
SHOWN_COLUMNS = 10  # in the figure
KINDS = {"number": N_("number"), "category": N_("category"), "date": N_("date")}


@dataclass(frozen=True, kw_only=True)
class OwnTable(OwnData):
    """A column of a table predicted from the others, beside a linear model and boosting.

    `lab.fit` makes one and runs it.

    Attributes:
        target: the column that is predicted.
        problem: "classification", "regression", or "auto", which finds out.
        drop: columns that are left out.
        keep: columns that are used though they seem useless, or give the target away.
        categories: columns of numbers that are names of classes.
        missing: texts that stand for a missing value, besides the usual ones.
        units: sizes of the hidden layers.
        activation: of these.

    Example:
        >>> OwnTable(path="houses.csv", target="price").begins()
        ['fit', 'houses.csv', '--target', 'price']
    """

    what = N_("A column of a table of one's own, predicted from the others.")

    target: str = ""
    problem: str = "auto"
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    units: tuple[int, ...] = (64, 64)
    activation: str = "relu"

    said_first: ClassVar[tuple[str, ...]] = ("path", "target")

    def begins(self) -> list[str]:
        begun = super().begins()
        return [*begun, "--target", self.target] if begun else []

    @cached_property
    def table(self) -> TypedTable:
        """The columns with their kinds."""
        data = self.path if self.data_in_memory is None else self.data_in_memory
        return typed_table(data, missing=self.missing, categories=self.categories)

    @cached_property
    def question(self) -> Question:
        """What is predicted from what."""
        return question_of(
            self.table, self.target, problem=self.problem, drop=self.drop, keep=self.keep
        )

    @property
    def y(self) -> np.ndarray:
        return self.question.y

    @property
    def classes(self) -> tuple[str, ...]:
        return self.question.classes

    @property
    def what_is_predicted(self) -> str:
        return self.target

    def _encoder(self, train: np.ndarray) -> TableEncoder:
        return TableEncoder.of(self._rows(train))

    def _rows(self, rows: np.ndarray) -> list[Column]:
        return [column.rows(rows) for column in self.question.columns]

    def inputs(self, train: np.ndarray) -> Inputs:
        encoder = self._encoder(train)
        return lambda rows: encoder.transform(self._rows(rows))

    def network(self, shape: tuple[int, ...]) -> Model:
        hidden: list[Any] = []
        for n in self.units:
            hidden.append(layers.Dense(n, activation=self.activation))
            if self.dropout:
                hidden.append(layers.Dropout(self.dropout))
        last = layers.Dense(len(self.classes) or 1, "softmax" if self.classes else None)
        return Sequential([layers.Input(shape), *hidden, last])

    def rivals(self, train: np.ndarray, others: np.ndarray) -> Mapping[str, np.ndarray]:
        encoder, count = self._encoder(train), len(self.classes)
        x = [encoder.transform(self._rows(rows), scores=False) for rows in (train, others)]
        (plain, are_categories), (others_plain, _) = (
            encoder.plain(self._rows(rows)) for rows in (train, others)
        )
        trees = rivals.boosting(count, self.seed, are_categories)
        y = self.y[train]
        return {
            rivals.LINEAR: rivals.answers(rivals.linear(count, self.seed), x[0], y, x[1]),
            rivals.BOOSTING: rivals.answers(trees, plain, y, others_plain),
        }

    def state(self) -> dict[str, Any]:
        everything = np.arange(len(self.question))
        return {
            "columns": self._encoder(everything).config(),
            "missing": [*self.missing],
            "categories": [*self.categories],
            "dates": self.question.is_of_dates,
            "month_first": any(each.month_first for each in self.table.columns.values()),
        }

    def _further(self, folds: Sequence[Fold]) -> dict[str, float]:
        found = super()._further(folds)
        return (
            {N_("mean absolute error in days"): next(iter(found.values()))}
            if (self.question.is_of_dates)
            else found
        )

    @property
    def unit(self) -> str:
        return N_("days since 1970") if self.question.is_of_dates else ""

    def task_words(self) -> list[Words]:
        return prose.question(self.question)

    def describe_data(self, record: Record) -> None:
        question = self.question
        self.hand_over(record, self._card())
        rows = []
        for name, column in self.table.columns.items():
            use = N_("target") if name == self.target else N_("input")
            why = question.left_out.get(name)
            rows.append(
                [
                    name,
                    KINDS[column.kind],
                    int(column.is_missing.sum()),
                    column.distinct,
                    _range(column),
                    _examples(column),
                    N_("left out") if why else use,
                    why or column.remark,
                ]
            )
        record.table(
            "columns",
            ["name", "kind", "missing", "distinct", "range", "values", "use", "remark"],
            rows,
            N_("The columns"),
            N_("What each holds, and what it is used for."),
            words=("kind", "range", "use", "remark"),
        )

    def _card(self) -> dict[str, Any]:
        """The card of the data, as the page shows it."""
        table, question = self.table, self.question
        rows = [
            [N_("rows"), str(len(table))],
            [N_("columns"), str(len(table.columns))],
            [N_("target"), self.target],
            [N_("classes"), ", ".join(question.classes[:20])],
            [N_("rows without a target"), str(question.without_target)],
            [N_("rows that repeat another"), str(question.equal_rows)],
        ]
        words = [
            [N_("licence"), N_("not stated: who gathered the data, and who may use them?")],
            [N_("faults"), N_("not stated: how were they gathered, and who is not in them?")],
        ]
        if table.cells is not None:
            content = Path(table.source).read_bytes()
            rows.append(["SHA-256", hashlib.sha256(content).hexdigest()])
        shown = [row for row in rows if row[1] not in ("", "0")]
        return {"name": Path(table.source).name, "rows": shown, "words": words}

    def choices(self) -> list[list[Words]]:
        return [prose.encoding(self.question), *prose.fewer(rivals.rounds(len(self.classes)))]

    def show(self, record: Record, folds: Sequence[Fold]) -> None:
        if not 1 < len(self.question.columns) <= FEW_COLUMNS:
            return
        losses = self._importance(folds)
        order = sorted(losses, key=lambda name: -float(np.mean(losses[name])))
        shown = {name: losses[name] for name in order[:SHOWN_COLUMNS]}
        record.table(
            "importance",
            ["name", "loss of score"],
            [[name, round(float(np.mean(losses[name])), 4)] for name in order],
            N_("What each column is worth"),
        )
        record.figure(
            "importance",
            partial(_worth, shown),
            N_("What each column is worth"),
            N_(
                "How much of the held-out score is lost when the values of a column are shuffled; "
                "of columns that say the same, each seems worth little."
            ),
        )

    def _importance(self, folds: Sequence[Fold]) -> dict[str, list[float]]:
        """How much of the score is lost in each fold where a column is shuffled."""
        rng = np.random.default_rng(self.seed)
        lost: dict[str, list[float]] = {column.name: [] for column in self.question.columns}
        for fold in folds:
            whole = self._score(fold.held_out, fold.answers)
            encoder, columns = self._encoder(fold.train), self._rows(fold.held_out)
            for place, column in enumerate(columns):
                order = rng.permutation(len(fold.held_out))
                mixed = [*columns[:place], column.rows(order), *columns[place + 1 :]]
                outputs = fold.model.predict(encoder.transform(mixed), batch_size=1000, verbose=0)
                answers = self._answers(outputs, fold.scale)
                lost[column.name].append(whole - self._score(fold.held_out, answers))
        return lost


def _worth(losses: Mapping[str, list[float]], lang: str) -> Figure:
    """The figure of what columns are worth; their names stay as they are."""
    return figures.sweep(losses, names=("", translator(lang)(N_("loss of score"))), lang=lang)


def _range(column: Column) -> str:
    """The ends of numbers and dates, as English writes them."""
    present = column.values[~column.is_missing]
    if column.kind == "category" or not len(present):
        return ""
    ends = float(present.min()), float(present.max())
    if column.kind == "number":
        return " – ".join(short(end, "en") for end in ends)
    return " – ".join(column.text(np.floor(day)) for day in ends)


def _examples(column: Column) -> str:
    """The most frequent categories."""
    present = column.values[~column.is_missing]
    if column.kind != "category" or not len(present):
        return ""
    texts, counts = np.unique(present.astype(str), return_counts=True)
    some = [str(texts[k])[:20] for k in np.argsort(-counts, kind="stable")[:3]]
    return ", ".join(some) + (", ..." if len(texts) > len(some) else "")
