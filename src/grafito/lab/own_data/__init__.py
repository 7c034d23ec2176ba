"""Data of one's own without code: a table or a folder of pictures gives a report and a network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grafito.errors import ArgumentError, DataError, FileError
from grafito.lab.own_data.experiment import OwnData
from grafito.lab.own_data.fitted import Fitted, Prediction
from grafito.lab.own_data.photos import OwnPhotos
from grafito.lab.own_data.table import OwnTable
from grafito.lab.report.recorded_run import read_run
from grafito.lab.resuming import resume as go_on
from grafito.lab.runner import Result, run

__all__ = [
    "Fitted",
    "OwnData",
    "OwnPhotos",
    "OwnTable",
    "Prediction",
    "conducted",
    "fit",
    "own_experiment",
]


def own_experiment(
    data: Any, target: str = "", *, resume: str | os.PathLike[str] | None = None, **settings: Any
) -> OwnData:
    """The experiment that `fit` runs, after its data were read and looked at.

    Args:
        data: a data frame, or the path of a CSV or TSV file or of a folder of pictures.
        target: the column to predict, for a table.
        resume: the folder of a run that was stopped, whose settings hold where none are given.
        settings: attributes of `OwnTable` or `OwnPhotos`; None leaves one as it is.

    Raises:
        FileError: for data that cannot be read.
        DataError: for data from which nothing can be learned.
        ArgumentError: for a column or a setting that does not exist.

    Example:
        >>> own_experiment("nowhere.csv", "price")
        Traceback (most recent call last):
        ...
        grafito.errors.FileError: There is no such file or folder.
          where      nowhere.csv
    """
    given = {name: value for name, value in settings.items() if value is not None}
    if resume is not None:
        begun = read_run(resume).configuration
        given = {**begun.get("changes", {}), **given}
        used = begun.get("settings", {})
        target = str(target) or used.get("target", "")
        if _are_same(data, used.get("path")):
            data = used["path"]
    if hasattr(data, "columns") and hasattr(data, "dtypes"):
        experiment: OwnData = OwnTable(data_in_memory=data, target=str(target))
        table = True
    elif isinstance(data, (str, os.PathLike)):
        path = Path(data)
        if not path.exists():
            raise FileError("There is no such file or folder.", where=path)
        table = path.is_file()
        name = os.fspath(data)
        experiment = OwnTable(path=name, target=target) if table else OwnPhotos(path=name)
    else:
        raise DataError(
            "This is neither a data frame nor the path of a file or folder.",
            where="data",
            received=type(data).__name__,
            fix="pandas.DataFrame({'size': sizes, 'price': prices})"
            if isinstance(data, Mapping)
            else "pandas.DataFrame(data, columns=[...])",
        )
    if not table and target:
        raise ArgumentError(
            "Pictures have no column: their folders are the classes.",
            where="target",
            received=target,
            fix=f"grafito fit {Path(data).name}",
        )
    experiment = experiment.with_settings(**given)
    len(experiment.y)  # reads the data, before a folder is made
    return experiment


def fit(
    data: Any,
    target: str = "",
    *,
    resume: str | os.PathLike[str] | None = None,
    engine: str = "auto",
    out: str | os.PathLike[str] = "runs",
    lang: str | None = None,
    verbose: Any = "auto",
    **settings: Any,
) -> Fitted:
    r"""Train a network on data of one's own, and measure it beside simpler models.

    The run leaves a report in OUT/NAME/TIME, with a card of the data, and a network that predicts.

    Args:
        data: a data frame, or the path of a CSV or TSV file, or of a folder with a folder of
            pictures for each class.
        target: the column to predict, for a table.
        resume: the folder of a run of the same data that was stopped, to go on with it.
        engine: as in `lab.run`; so are the next three.
        out: see above.
        lang: see above.
        verbose: see above.
        settings: attributes of `OwnTable` or `OwnPhotos`, such as `drop=("code",)`.

    Example:
        >>> import tempfile
        >>> from grafito import lab
        >>> rows = "\n".join(f"{a},{b},{a - 2 * b}" for a in range(8) for b in range(5))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "sums.csv").write_text("a,b,sum\n" + rows)
        ...     found = lab.fit(f"{folder}/sums.csv", "sum", epochs=2, out=folder, verbose=0)
        ...     len(found.predict(f"{folder}/sums.csv").values)
        40
    """
    experiment = own_experiment(data, target, resume=resume, **settings)
    result = conducted(experiment, resume, engine=engine, out=out, lang=lang, verbose=verbose)
    found = Fitted(result.folder)
    found.result = result
    return found


def conducted(
    experiment: OwnData, resume: str | os.PathLike[str] | None, *, out: Any, **how: Any
) -> Result:
    """The result of a new run in OUT, or of one that goes on in its own folder.

    Example:
        >>> conducted(OwnTable(path="houses.csv", target="price"), "nowhere", out="runs")
        Traceback (most recent call last):
        ...
        grafito.errors.FileError: There is no such folder.
          where     nowhere
          expected  a folder with configuration.json, as `grafito run` leaves it
    """
    if resume is None:
        return run(experiment, out=out, **how)
    result = go_on(resume, experiment, **how)
    assert isinstance(result, Result)
    return result


def _are_same(data: Any, path: Any) -> bool:
    """Whether two paths lead to one file or folder."""
    try:
        return os.path.samefile(data, path)
    except (OSError, TypeError, ValueError):
        return False
