"""What an experiment hands over: figures, tables, texts, histories, models and numbers.

Each is in the folder of the run as soon as it is handed over, and `index.json` lists them in
order, so that a report can be drawn from the folder alone, however the run ended. Titles and texts
stay English there; the report translates them.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grafito.callbacks import Callback, CSVLogger, History
from grafito.callbacks.base import Logs
from grafito.engines import Engine
from grafito.errors import ArgumentError, missing_attribute
from grafito.files.writing import replace_file
from grafito.lab.backups import Clock, backup_of
from grafito.lab.folder import RunFolder, plain_name
from grafito.lab.prose.sentence import Words, entries, unjudged
from grafito.language import LANGUAGES, current, known_names, say, translate, use
from grafito.models.progress import format_logs
from grafito.models.summary import summarize

if TYPE_CHECKING:
    from grafito.insight import Player

MANY_EPOCHS = 100  # of more, only some are shown
SHOWN_EPOCHS = 20
PNG_DOTS = 150  # per inch


class Record:
    """The contents of a run, in the order in which a reader should see them.

    Args:
        folder: where they go.
        engine: what trains.
        verbose: as in `Model.fit`.

    Attributes:
        histories: the histories of all trainings, by name.
        numbers: those that count, the most important one first.
        epochs: done in all trainings that have a history.
        seconds: of these trainings.
        interrupted: whether Ctrl-C ended a training; nothing more should be trained then.

    Example:
        >>> import tempfile
        >>> from grafito import engines
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     record = Record(RunFolder(Path(parent), {}), engines.get("auto"))
        ...     record.table("squares", ["x", "x²"], [[2, 4]], "Squares")
        ...     print((record.folder.path / "squares.csv").read_text(encoding="utf-8").split())
        ['x,x²', '2,4']
    """

    def __init__(self, folder: RunFolder, engine: Engine, verbose: Any = "auto"):
        self.folder = folder
        self.engine = engine
        self.verbose = verbose
        self.ours = True  # names of classes and forms are grafito's, not of somebody's experiment
        self.quick = False  # whether data and epochs are too few to judge by
        self.histories: dict[str, History] = {}
        self.numbers: dict[str, float] = {}
        self.epochs = 0
        self.seconds = 0.0
        self.interrupted = False
        self._tried = 0, 0.0
        self._contents: list[dict[str, Any]] = []
        self._files: dict[str, str] = {}  # what each was named

    def __getattr__(self, name: str) -> Any:
        raise missing_attribute(self, "record", name)

    def section(self, title: str) -> None:
        """What follows is about this."""
        self._add(kind="section", title=title)

    def text(self, text: str, title: str = "", **values: Any) -> None:
        """Paragraphs; `{name}` in them stands for the value of that name.

        Texts among the values are translated, numbers get the decimal sign of the language.
        """
        self._add(kind="text", title=title, text=text, values=values)

    def words(self, part: str, paragraphs: Iterable[Iterable[Words]], title: str = "") -> None:
        """Paragraphs of sentences and formulas for a part of the page.

        Args:
            part: "task", "theory", "choices", "answers", "findings" or "limits".
            paragraphs: empty ones are left out.
            title: of the paragraphs, where they need one; of answers the question.
        """
        if self.quick:
            paragraphs = unjudged(paragraphs, answer=part == "answers")
        told = [paragraph for paragraph in entries(paragraphs) if paragraph]
        if told:
            self._add(kind="words", part=part, title=title, paragraphs=told)

    def carry_over(self, entry: Mapping[str, Any]) -> None:
        """Words that another run has handed over, and that hold here too."""
        self._add(**entry)

    def figure(
        self,
        name: str,
        figure: Any,
        title: str,
        caption: str = "",
        moving: Callable[..., str] | None = None,
        **values: Any,
    ) -> None:
        """A figure, kept as NAME.svg and NAME.png; captions are texts with values.

        Args:
            name: of the files.
            figure: a function that draws it in the language `lang`, such as a `partial` of one of
                `grafito.figures`, and is called for each language (the folder LANG keeps the
                others); or a Matplotlib figure, which keeps its language.
            title: a text.
            caption: likewise.
            moving: a function that gives the text of an SVG which moves, in the language `lang`; it
                is kept as NAME-moving.svg, and a page shows it above the figure. On paper, and
                where less motion is asked for, the figure stands alone.
            values: of the names in both, as in `text`.
        """
        files = {"file": self._file(name, ".svg"), "png": self._file(name, ".png")}
        if moving:
            files["moving"] = self._file(f"{name}-moving", ".svg")
        drawn = self._draw(figure, current()) if callable(figure) else figure
        self._save(drawn, files, moving and self._draw(moving, current()))
        others = {}
        for lang in LANGUAGES if callable(figure) else ():
            if lang != current():
                (self.folder.path / lang).mkdir(exist_ok=True)
                others[lang] = {key: f"{lang}/{file}" for key, file in files.items()}
                self._save(
                    self._draw(figure, lang), others[lang], moving and self._draw(moving, lang)
                )
        self._add(
            kind="figure", **files, title=title, caption=caption, values=values,
            lang=current(), others=others,
        )  # fmt: skip

    def _draw(self, figure: Any, lang: str) -> Any:
        """A figure in a language; the names in it are translated where grafito chose them."""
        with known_names(self.ours):
            return figure(lang=lang)

    def _save(self, drawn: Any, files: Mapping[str, str], moving: str | None = None) -> None:
        """A figure as its two files, and the drawing that moves where there is one."""
        if moving:
            replace_file(self.folder.path / files["moving"], moving)
        for key, options in (
            ("file", {"format": "svg"}),
            ("png", {"format": "png", "dpi": PNG_DOTS}),
        ):
            content = io.BytesIO()
            drawn.savefig(content, **options)
            replace_file(self.folder.path / files[key], content.getvalue())

    def player(
        self, name: str, player: Player, title: str, caption: str = "", **values: Any
    ) -> None:
        """A training step, operation by operation, kept as NAME.html and as the table NAME.csv.

        Args:
            name: of the files; the folder LANG keeps the page in each other language.
            player: where it stands.
            title: a text.
            caption: likewise.
            values: of the names in both, as in `text`.
        """
        from grafito.insight.page import COLUMNS, step_rows
        from grafito.lab.report.blocks import Writer

        file, rows = self._file(name, ".html"), self._file(name, ".csv")
        others = {lang: {"file": f"{lang}/{file}"} for lang in LANGUAGES if lang != current()}
        for lang, named in {current(): {"file": file}, **others}.items():
            path = self.folder.path / named["file"]
            path.parent.mkdir(exist_ok=True)
            with use(lang), known_names(self.ours):
                player.save(path, title=Writer().filled(title, values), lang=lang)
        self._write_csv(rows, [COLUMNS, *step_rows(player)])
        self._add(
            kind="player", file=file, rows=rows, title=title, caption=caption, values=values,
            lang=current(), others=others,
        )  # fmt: skip

    def table(
        self,
        name: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        title: str,
        caption: str = "",
        words: Sequence[str] = (),
        **values: Any,
    ) -> None:
        """A table, kept as NAME.csv with English titles and points in its decimals.

        `{name}` in its title and caption as in `text`. The cells of the columns `words` are
        grafito's words, also where the names are somebody else's.
        """
        rows = [list(row) for row in rows]
        if any(len(row) != len(columns) for row in rows):
            raise ArgumentError(
                "Every row of a table has a cell for each column.",
                where=f"table {name!r}",
                received=f"rows of {sorted({len(row) for row in rows})} cells",
                expected=f"{len(columns)} cells",
            )
        file = self._file(name, ".csv")
        self._write_csv(file, [columns, *rows])
        told = {"words": list(words)} if words else {}
        self._add(kind="table", file=file, title=title, caption=caption, values=values, **told)

    def metrics(self, numbers: Mapping[str, float]) -> None:
        """Numbers that count; kept in metrics.json."""
        self.numbers |= {name: float(value) for name, value in numbers.items()}
        epochs, seconds = self.totals
        totals = {"epochs": epochs, "seconds": round(seconds, 3)}
        self.folder.write_json("metrics.json", {**self.numbers, **totals})

    @property
    def totals(self) -> tuple[int, float]:
        """Epochs and seconds of the trainings with a history; where there are none, of trials."""
        return (self.epochs, self.seconds) if self.histories else self._tried

    def fit(self, model: Any, x: Any, y: Any = None, name: str = "", **settings: Any) -> History:
        """Train a model; its history is kept, epoch by epoch, as history-NAME.csv.

        A run that goes on later goes on from a backup of it, in the folder `backup`.

        Args:
            model: a model that is compiled.
            x: inputs, as in `Model.fit`.
            y: targets.
            name: what to call it among other trainings of the same run.
            settings: of `Model.fit`.
        """
        file = self._file(_with("history", name), ".csv", name)
        epochs = settings.get("epochs", 1)
        callbacks: list[Any] = [CSVLogger(self.folder.path / file), *settings.pop("callbacks", [])]
        verbose = self.verbose
        if verbose == "auto" and epochs > MANY_EPOCHS:
            verbose = 0
            callbacks.append(_Milestones(epochs))
        if name and self.verbose:
            say(f"{translate(name)}:")
        self._add(kind="history", file=file, name=name)
        clock = Clock()
        callbacks += [clock, *backup_of(self.folder, Path(file).stem, callbacks)]
        history = model.fit(x, y, callbacks=callbacks, verbose=verbose, **settings)
        self.histories[name] = history
        self._count(history, clock.seconds)
        return history

    def trial(self, model: Any, x: Any, y: Any = None, **settings: Any) -> History:
        """Train one of many models of which only numbers are handed over."""
        began = time.perf_counter()
        history: History = model.fit(x, y, verbose=0, **settings)
        epochs, seconds = self._tried
        self._tried = epochs + len(history.epoch), seconds + time.perf_counter() - began
        self.interrupted |= history.interrupted
        return history

    def history(self, history: History, name: str, seconds: float) -> None:
        """The history of a training that something else has done, kept as history-NAME.csv."""
        file = self._file(_with("history", name), ".csv", name)
        columns = ["epoch", *history.history]
        rows = zip(history.epoch, *history.history.values(), strict=True)
        self._write_csv(file, [columns, *map(list, rows)])
        self._add(kind="history", file=file, name=name)
        self.histories[name] = history
        self._count(history, seconds)

    def model(self, model: Any, name: str = "") -> Path:
        """A model, kept as model-NAME.safetensors; the file."""
        file = self._file(_with("model", name), ".safetensors", name)
        model.save(self.folder.path / file)
        self._add(
            kind="model",
            file=file,
            name=name,
            summary=asdict(summarize(model)),
            parameters=model.count_params(),
        )
        return self.folder.path / file

    def _count(self, history: History, seconds: float) -> None:
        self.epochs += len(history.epoch)
        self.seconds += seconds
        self.interrupted |= history.interrupted

    def _write_csv(self, file: str, rows: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        replace_file(self.folder.path / file, text.getvalue())

    def _file(self, name: str, ending: str, given: str = "") -> str:
        """A file of this run, named once; names that differ in letters it lacks get numbers."""
        stem, number = plain_name(name), 1
        file = stem + ending
        while self._files.get(file, given) != given:
            number += 1
            file = f"{stem}-{number}{ending}"
        if file in self._files:
            raise ArgumentError(f"The run has a file {file} already.", fix="another name")
        self._files[file] = given
        return file

    def _add(self, **entry: Any) -> None:
        self._contents.append({key: value for key, value in entry.items() if value not in ("", {})})
        self.folder.write_json("index.json", self._contents)


def _with(kind: str, name: str) -> str:
    """A file's name without what some file systems refuse."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")
    return f"{kind}-{plain}" if plain else kind


class _Milestones(Callback):
    """Prints some of many epochs, evenly spread."""

    only_reads_logs = True

    def __init__(self, epochs: int):
        self.epochs = epochs
        self.every = epochs // SHOWN_EPOCHS

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not (epoch + 1) % self.every:
            title = f"{translate('Epoch')} {epoch + 1}/{self.epochs}"
            say(f"{title} - {format_logs(logs or {})}")
