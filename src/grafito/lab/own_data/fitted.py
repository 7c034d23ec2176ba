"""A network that a run of `fit` has kept, and what it says of new rows and pictures."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grafito.datasets.columns import Column, TypedTable, typed_table
from grafito.datasets.encoding import TableEncoder
from grafito.datasets.readers.cells import read_cells
from grafito.errors import DataError, FileError
from grafito.figures.text import number
from grafito.files.writing import replace_file
from grafito.lab.own_data.pictures import ENDINGS, read_picture
from grafito.lab.report.recorded_run import read_run
from grafito.language import translate as _
from grafito.models import Model, load_model

SHOWN = 10  # rows in a terminal
FILE = "fitted.json"


@dataclass(frozen=True, repr=False)
class Prediction:
    """What a network says of some rows, or pictures.

    Attributes:
        target: the name of what is predicted.
        values: classes as texts, numbers, or days (n,).
        chances: of classes, the probability of each (n, classes); else None.
        names: of the rows: numbers of lines, or files.
        remarks: what was noticed on the way, as sentences in the language being spoken.
    """

    target: str
    values: np.ndarray
    chances: np.ndarray | None
    names: Sequence[str]
    remarks: Sequence[str] = ()

    def table(self, lang: str | None = None) -> str:
        """The first rows, and the remarks."""
        told = self._first(lang)
        wide = max((len(row[0]) for row in told), default=0)
        lines = [f"{row[0]:<{wide}}  {'  '.join(row[1:])}" for row in told]
        return "\n".join([*lines, *self._notes()])

    def __repr__(self) -> str:
        return f"<Prediction of {self.target!r} for {len(self.values)} rows>"

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        from grafito.notebooks.parts import block, escape, table

        titles = [
            "",
            escape(self.target),
            *([_("probability")] if self.chances is not None else []),
        ]
        rows = [[escape(cell) for cell in row] for row in self._first(None)]
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes())
        return block(_("Prediction"), table(titles, rows) + notes)

    def _first(self, lang: str | None) -> list[tuple[str, ...]]:
        """The first rows: name, value, and the probability of a class."""
        told: list[tuple[str, ...]] = []
        for place, value in enumerate(self.values[:SHOWN]):
            is_number = self.values.dtype.kind == "f"
            text = number(float(value), 4, lang) if is_number else str(value)
            told.append((str(self.names[place]), text))
        if self.chances is not None:
            told = [
                (*row, f"{number(100 * float(p.max()), 1, lang)} %")
                for row, p in zip(told, self.chances, strict=False)
            ]
        return told

    def _notes(self) -> list[str]:
        """How many rows are not shown, and the remarks."""
        more = len(self.values) - SHOWN
        return [*([_("and {} more").format(more)] if more > 0 else []), *self.remarks]


class Fitted:
    """The network of a run of `fit`, with all that it needs to predict.

    Args:
        folder: of the run.

    Attributes:
        told: what the run kept of the data: target, classes, columns.
        numbers: its scores, that of held-out rows first.
        result: what the run returned, where it was run here.

    Raises:
        FileError: for a folder that is none of such a run.

    Example:
        >>> Fitted("nowhere")
        Traceback (most recent call last):
        ...
        grafito.errors.FileError: There is no such folder.
          where      nowhere
          expected   a folder with configuration.json, as `grafito run` leaves it
    """

    result: Any = None

    def __init__(self, folder: str | os.PathLike[str]):
        run = read_run(folder)
        self.folder, self.numbers = Path(folder), run.numbers
        try:
            self.told: dict[str, Any] = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise FileError(
                "The run holds no network that predicts.",
                where=self.folder,
                expected=f"a file {FILE}, as `grafito fit` leaves it",
                fix="grafito fit data.csv --target NAME",
            ) from None

    def __repr__(self) -> str:
        score = next(iter(self.numbers.items()), None)
        told = "" if score is None else f", {score[0]}={score[1]:.4g}"
        return f"<Fitted {self.told['target']!r}{told}, in {self.folder}>"

    def _repr_html_(self) -> str | None:
        """What the run returned; of one that was read from its folder, the text alone."""
        return None if self.result is None else self.result._repr_html_()

    @cached_property
    def model(self) -> Model:
        """The network."""
        return load_model(self.folder / "model.safetensors")

    @property
    def report(self) -> Path:
        """The page of the run."""
        return self.folder / "report.html"

    def predict(self, data: Any) -> Prediction:
        """Predict new rows, or pictures.

        Args:
            data: a data frame or the path of a table, with the columns of the training; or the path
                of a picture, or of a folder of pictures.

        Raises:
            DataError: where a column is missing, or nothing can be read.
        """
        is_path, is_frame = isinstance(data, (str, os.PathLike)), hasattr(data, "columns")
        if self.told["kind"] == "table" and (is_path or is_frame):
            return self._of_table(data)
        if not is_path:
            raise DataError(
                "This is neither a data frame nor the path of a file or folder.",
                where="data",
                received=type(data).__name__,
            )
        return self._of_pictures(Path(data))

    def _of_table(self, data: Any) -> Prediction:
        told = self.told
        table = typed_table(
            data,
            missing=told["missing"],
            categories=told["categories"],
            month_first=told.get("month_first", False),
        )
        encoder = TableEncoder.from_config(told["columns"])
        columns, remarks = [], []
        for one in encoder.encodings:
            column = _like(self._column(table, one.name), one.kind, table)
            columns.append(column)
            if one.kind == "category":
                new = {v for v in column.values if v is not None} - {*one.levels}
                if new and not one.rest:
                    some = ", ".join(sorted(new)[:3])
                    text = _("Column {} has values that training did not have: {}.")
                    remarks.append(text.format(repr(one.name), some))
            elif one.knots:
                beyond = (column.values < one.knots[0]) | (column.values > one.knots[-1])
                if beyond.any():
                    text = _("Column {} has {} numbers beyond those of the training.")
                    remarks.append(text.format(repr(one.name), int(beyond.sum())))
        outputs = self.model.predict(encoder.transform(columns), batch_size=1000, verbose=0)
        lines = table.cells.lines if table.cells else range(len(table))
        return self._prediction(outputs, [str(line) for line in lines], remarks)

    def _column(self, table: TypedTable, name: str) -> Column:
        if name in table.columns:
            return table.columns[name]
        near = get_close_matches(name, table.columns, 1)
        raise DataError(
            "A column is missing that the network was trained on.",
            where=table.source,
            received=", ".join(map(repr, table.columns)),
            expected=repr(name),
            fix=f"the name {name!r} in place of {near[0]!r}" if near else None,
        )

    def _of_pictures(self, path: Path) -> Prediction:
        files = [path]
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in ENDINGS)
        elif not path.is_file():
            raise FileError("There is no such file.", where=path)
        size, colour = self.told["size"], self.told["colour"]
        read = {file: read_picture(file, size, colour) for file in files}
        good = {file: picture for file, picture in read.items() if isinstance(picture, np.ndarray)}
        if not good:
            raise DataError("No picture can be read.", where=path, received=f"{len(read)} files")
        remarks = [
            _("{} cannot be read and was left out.").format(file.name)
            for file in files
            if file not in good
        ]
        outputs = self.model.predict(np.stack([*good.values()]), batch_size=100, verbose=0)
        return self._prediction(outputs, [file.name for file in good], remarks)

    def _prediction(
        self, outputs: np.ndarray, names: Sequence[str], remarks: Sequence[str]
    ) -> Prediction:
        told = self.told
        if told["classes"]:
            values = np.array(told["classes"], object)[outputs.argmax(axis=1)]
            return Prediction(told["target"], values, outputs, names, remarks)
        values = outputs[:, 0].astype("float64") * told["deviation"] + told["mean"]
        if told.get("dates"):
            values = np.datetime64(0, "D") + np.round(values).astype("timedelta64[D]")
        return Prediction(told["target"], values, None, names, remarks)

    def predict_file(self, data: str | os.PathLike[str], out: Path) -> Prediction:
        """Predict a table or pictures, and write a table with the predictions beside the rows.

        A table is written with the signs that it came with: what has `;` and decimal commas gets
        decimal commas.

        Args:
            data: a path, as in `predict`.
            out: the file to write.

        Raises:
            FileError: where the file exists already.
        """
        if out.exists():
            raise FileError("The file exists already.", where=out, fix="--out another.csv")
        found = self.predict(os.fspath(data))
        titles, rows, delimiter = [_("file")], [[name] for name in found.names], ","
        if self.told["kind"] == "table":
            cells = read_cells(os.fspath(data))
            titles = [*cells.names]
            rows = [list(row) for row in zip(*cells.columns, strict=True)]
            delimiter = cells.delimiter or "\t"
        comma = delimiter == ";"
        name = found.target if self.told["kind"] == "table" else _(found.target)
        titles.append(_("{} (predicted)").format(name))
        if found.chances is not None:
            titles.append(_("probability"))
        for place, row in enumerate(rows):
            value = found.values[place]
            chances = found.chances
            if chances is not None:
                last = f"{chances[place].max():.4f}"
            else:
                last = _written(value) if found.values.dtype.kind == "f" else str(value)
            row += [] if chances is None else [value]
            row.append(last.replace(".", ",") if comma else last)
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows([titles, *rows])
        mark = "\ufeff" if comma else ""  # by which a spreadsheet knows UTF-8
        replace_file(out, mark + text.getvalue())
        return found


def _written(value: float) -> str:
    """Six digits of a number, without an exponent where a spreadsheet would show it."""
    rounded = float(f"{value:.6g}")
    if 1e-5 <= abs(rounded) < 1e15:
        return np.format_float_positional(rounded, trim="-")
    return f"{rounded:g}"


def _like(column: Column, kind: str, table: TypedTable) -> Column:
    """A column of new rows as the kind that it had in training."""
    if column.kind == kind or column.is_missing.all():
        if column.kind == kind:
            return column
        empty = np.full(len(column.values), None if kind == "category" else np.nan)
        return Column(column.name, kind, empty.astype(object if kind == "category" else float))
    if kind == "category":
        return column.as_category()
    some = dict.fromkeys(column.text(value) for value in column.values[~column.is_missing])
    raise DataError(
        "A column holds something else than in training.",
        where=f"{table.source}, column {column.name!r}",
        received=", ".join(repr(text[:40]) for text in [*some][:3]),
        expected=kind,
    )
