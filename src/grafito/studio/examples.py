"""The examples of the studio: generated, drawn by hand, or out of a file of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grafito.datasets import digits, generators
from grafito.datasets.columns import typed_table
from grafito.datasets.encoding import TableEncoder
from grafito.datasets.transforms import stratified_split
from grafito.errors import ArgumentError, unknown_name
from grafito.lab.own_data.question import question_of
from grafito.language import message
from grafito.studio.settings import DataSettings, Settings

BINARY, CLASSES, REGRESSION = "binary", "classes", "regression"
MOST_CLASSES = 100
SEED = 0  # of generated examples and of the part that is held out


class Feature(NamedTuple):
    """What the page calls it, what it is in NumPy, and its numbers."""

    title: str
    code: str
    of: Callable[[np.ndarray], np.ndarray]


FEATURES = {
    "x1": Feature("x₁", "x[:, 0]", lambda x: x[:, 0]),
    "x2": Feature("x₂", "x[:, 1]", lambda x: x[:, 1]),
    "x1^2": Feature("x₁²", "x[:, 0] ** 2", lambda x: x[:, 0] ** 2),
    "x2^2": Feature("x₂²", "x[:, 1] ** 2", lambda x: x[:, 1] ** 2),
    "x1*x2": Feature("x₁x₂", "x[:, 0] * x[:, 1]", lambda x: x[:, 0] * x[:, 1]),
    "sin(x1)": Feature("sin x₁", "np.sin(x[:, 0])", lambda x: np.sin(x[:, 0])),
    "sin(x2)": Feature("sin x₂", "np.sin(x[:, 1])", lambda x: np.sin(x[:, 1])),
}


@dataclass(frozen=True)
class Examples:
    """The examples of a training.

    Attributes:
        x: inputs of both parts, before features are made of them.
        y: classes from 0, or numbers.
        held_out: which rows are for validation.
        task: "binary", "classes" or "regression".
        classes: their names.
        columns: the names of the inputs.
        shape: of a picture that each example is, or None.
        as_given: whether x and y are as the model and the loss take them.
        table: the columns of the file, of which one is predicted.
        lines: the Python that makes x and y, for the program.
    """

    x: np.ndarray
    y: np.ndarray
    held_out: np.ndarray
    task: str
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ("x1", "x2")
    shape: tuple[int, ...] | None = None
    as_given: bool = False
    table: tuple[str, ...] = ()
    lines: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_plane(self) -> bool:
        """Whether the inputs are the two axes of a plane."""
        return self.x.ndim == 2 and self.x.shape[1] == 2

    @property
    def has_features(self) -> bool:
        """Whether the model takes features of the plane, which the page chooses."""
        return self.is_plane and not self.as_given and self.columns == ("x1", "x2")

    def limits(self) -> list[float] | None:
        """The part of the plane, or of the one axis, that is drawn."""
        if self.x.ndim != 2 or self.x.shape[1] > 2:
            return None
        low, high = self.x.min(axis=0), self.x.max(axis=0)
        edge = np.maximum(0.15 * (high - low), 0.25)
        return np.stack([low - edge, high + edge], axis=1).astype(float).ravel().tolist()


def make(settings: Settings, files: Callable[[str], Path]) -> Examples:
    """The examples that settings ask for.

    Args:
        settings: all of them.
        files: from the name of an upload to where it lies.

    Raises:
        UnknownNameError: for a data set that there is not.
        ArgumentError, DataError: for examples that cannot be made so.

    Example:
        >>> make(Settings(DataSettings("xor")), Path).y.tolist()
        [0, 1, 1, 0]
    """
    data = settings.data
    if data.name not in SETS:
        raise unknown_name("data set", data.name, SETS)
    return SETS[data.name](data, files)


def with_features(x: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The chosen features of points in the plane, as columns."""
    for name in names:
        if name not in FEATURES:
            raise unknown_name("feature", name, FEATURES)
    if not names:
        raise ArgumentError("A network needs an input.", where="features", fix='["x1", "x2"]')
    return np.stack([FEATURES[name].of(x) for name in names], axis=1).astype("float32")


def _held_out(y: np.ndarray, share: float, classes: bool) -> np.ndarray:
    held = np.zeros(len(y), bool)
    if share and round(share * len(y)) and round(share * len(y)) < len(y):
        labels = y if classes else np.arange(len(y), dtype=float) + 0.5
        held[stratified_split(labels, share, SEED)[1]] = True
    return held


def _classified(x: Any, y: Any, data: DataSettings, line: str, module: str = "") -> Examples:
    x, y = np.asarray(x, "float32"), np.asarray(y).astype("int32").ravel()
    count = max(2, int(y.max()) + 1)
    names = tuple(str(i) for i in range(count))
    task = BINARY if count == 2 else CLASSES
    given = (module or "from grafito.datasets import generators", f"x, y = {line}")
    return Examples(x, y, _held_out(y, data.validation, True), task, names, lines=given)


def _generated(data: DataSettings, files: Any) -> Examples:
    """The points of `datasets.generators` of this name."""
    noise = 0.2 * data.noise if data.name == "spirals" else data.noise
    x, y = getattr(generators, data.name)(data.examples, noise=noise, seed=SEED)
    line = f"generators.{data.name}({data.examples}, noise={noise:g}, seed={SEED})"
    return _classified(x, y, data, line)


def _xor(data: DataSettings, files: Any) -> Examples:
    x, y = generators.xor()
    line = "generators.xor()"
    return _classified(x, y, DataSettings("xor", validation=0.0), line)


def _several(data: DataSettings, files: Any) -> Examples:
    from sklearn.datasets import make_blobs

    spread = 0.5 + 2 * data.noise
    x, y = make_blobs(data.examples, centers=data.classes, cluster_std=spread, random_state=SEED)
    line = (
        f"make_blobs({data.examples}, centers={data.classes}, cluster_std={spread:g}, "
        f"random_state={SEED})"
    )
    return _classified(
        x / 5, y, data, f"{line}\nx = x / 5", "from sklearn.datasets import make_blobs"
    )


def _regression(data: DataSettings, files: Any) -> Examples:
    random = np.random.default_rng(SEED)
    x = random.uniform(-1, 1, (data.examples, 1))
    y = np.sin(3 * x[:, 0]) + data.noise * random.normal(size=data.examples)
    lines = (
        f"random = np.random.default_rng({SEED})",
        f"x = random.uniform(-1, 1, ({data.examples}, 1))",
        f"y = np.sin(3 * x[:, 0]) + {data.noise:g} * random.normal(size={data.examples})",
    )
    held = _held_out(y, data.validation, False)
    x, y = x.astype("float32"), y.astype("float32")
    return Examples(x, y, held, REGRESSION, (), ("x1",), lines=lines)


def _digits(data: DataSettings, files: Any) -> Examples:
    (x, y), (x_test, y_test) = digits.load_data()
    x, y = np.concatenate([x, x_test]) / 16.0, np.concatenate([y, y_test])
    x, y = x[: data.examples], y[: data.examples].astype("int32")
    lines = (
        "from grafito.datasets import digits",
        "(x, y), (x_test, y_test) = digits.load_data()",
        "x, y = np.concatenate([x, x_test]) / 16.0, np.concatenate([y, y_test])",
        f"x, y = x[:{data.examples}].reshape(-1, 64), y[:{data.examples}].astype('int32')",
    )
    x = x.reshape(len(x), 64).astype("float32")
    held = _held_out(y, data.validation, True)
    names = tuple(str(i) for i in range(10))
    columns = tuple(f"x{i + 1}" for i in range(64))
    return Examples(x, y, held, CLASSES, names, columns, (8, 8), lines=lines)


def _points(data: DataSettings, files: Any) -> Examples:
    rows = [point for point in data.points if len(point) == 3]
    if len({point[2] for point in rows}) < 2 or len(rows) < 4:
        raise ArgumentError(
            "Four points are needed, of two classes at least.",
            where="data.points",
            received=f"{len(rows)} points",
        )
    table = np.array(rows, "float64")
    y = table[:, 2]
    if (y < 0).any() or (y > 9).any() or (y != y.round()).any():
        raise ArgumentError("Classes are numbered from 0 to 9.", where="data.points")
    lines = (
        f"points = np.array({[list(map(_short, row)) for row in rows]})",
        "x, y = points[:, :2], points[:, 2].astype('int32')",
    )
    made = _classified(table[:, :2], y, data, "")
    return Examples(made.x, made.y, made.held_out, made.task, made.classes, lines=lines)


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def _csv(data: DataSettings, files: Callable[[str], Path]) -> Examples:
    if data.upload is None:
        raise ArgumentError("No file was chosen.", where="data.upload", expected="a table as CSV")
    table = typed_table(files(data.upload))
    columns = tuple(table.columns)
    target = data.target or columns[-1]
    question = question_of(table, target)
    x, y, classes = table_examples(question)
    if len(classes) > MOST_CLASSES:
        raise ArgumentError(
            "The column has too many classes.",
            where=f"column {target!r}",
            received=f"{len(classes)}",
            expected=f"{MOST_CLASSES} at most",
        )
    task = REGRESSION if not classes else BINARY if len(classes) == 2 else CLASSES
    lines = (
        "from grafito.datasets.columns import typed_table",
        "from grafito.datasets.encoding import TableEncoder",
        "from grafito.lab.own_data.question import question_of",
        f'question = question_of(typed_table("data.csv"), {target!r})',
        "encoder = TableEncoder.of(question.columns)",
        "x, y = encoder.transform(question.columns, scores=False), question.y",
    )
    held = _held_out(y, data.validation, bool(classes))
    names = tuple(column.name for column in question.columns)
    if len(names) != x.shape[1]:  # categories have a column each
        names = tuple(f"x{i + 1}" for i in range(x.shape[1]))
    return Examples(x, y, held, task, classes, names, table=columns, lines=lines)


def table_examples(question: Any) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Inputs as columns of numbers, targets, and the names of their classes."""
    columns = list(question.columns)
    x = TableEncoder.of(columns).transform(columns, scores=False).astype("float32")
    kind = "int32" if question.classes else "float32"
    return x, np.asarray(question.y).astype(kind), tuple(question.classes)


SETS: Mapping[str, Callable[[DataSettings, Callable[[str], Path]], Examples]] = {
    "moons": _generated,
    "circles": _generated,
    "xor": _xor,
    "spirals": _generated,
    "classes": _several,
    "regression": _regression,
    "digits": _digits,
    "points": _points,
    "csv": _csv,
}
NAMES = {
    "moons": message("Moons"),
    "circles": message("Circles"),
    "xor": message("XOR"),
    "spirals": message("Spirals"),
    "classes": message("Several classes"),
    "regression": message("Regression"),
    "digits": message("Digits"),
    "points": message("My points"),
    "csv": message("My CSV"),
}
