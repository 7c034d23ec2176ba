"""The laboratory: experiments by name, each run leaving a folder with all that it was and gave."""

from __future__ import annotations

from grafito.lab.catalog import get, kinds, names
from grafito.lab.comparison import Comparison, compare
from grafito.lab.doctor import examine
from grafito.lab.experiment import Experiment
from grafito.lab.explanation import explain
from grafito.lab.launching import join, launch
from grafito.lab.own_data import Fitted, OwnPhotos, OwnTable, Prediction, fit, own_experiment
from grafito.lab.record import Record
from grafito.lab.report import write_markdown, write_pdf, write_report
from grafito.lab.resuming import resume
from grafito.lab.runner import Result, run
from grafito.lab.searching import Search, search
from grafito.lab.seeds import run_seeds
from grafito.lab.settings import read_lists, read_settings
from grafito.lab.training import Trained, Training

__all__ = [
    "Comparison",
    "Experiment",
    "Fitted",
    "OwnPhotos",
    "OwnTable",
    "Prediction",
    "Record",
    "Result",
    "Search",
    "Trained",
    "Training",
    "compare",
    "examine",
    "explain",
    "fit",
    "get",
    "join",
    "kinds",
    "launch",
    "names",
    "own_experiment",
    "read_lists",
    "read_settings",
    "resume",
    "run",
    "run_seeds",
    "search",
    "write_markdown",
    "write_pdf",
    "write_report",
]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
