"""Linear regression by gradient descent, beside the least-squares solution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.callbacks import Callback
from grafito.datasets import generators
from grafito.errors import unknown_name
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.experiments.descent import Way
from grafito.lab.experiments.graphs import show_network_graph
from grafito.lab.prose.answers_of_others import found_line
from grafito.lab.prose.conclusions_of_exercises import pulled, same_line, scaled_better
from grafito.lab.prose.sentence import said
from grafito.lab.prose.tasks_of_networks import ICE_CREAMS
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Model, Sequential

SCALINGS = ("standard", "tenths", "unscaled")
ENTERED = 150.0  # what is written down for the hottest day, where it is wrong
CONVERGED: dict[str, Any] = {"scaling": "tenths", "learning_rate": 0.08, "epochs": 4000}
AXES = {
    "tenths": (N_("temperature (10 °C)"), N_("ice creams sold (tens)")),
    "": (N_("temperature (°C)"), N_("ice creams sold")),
}


@dataclass(frozen=True, kw_only=True)
class IceCreams(Training):
    """One neuron without activation.

    Attributes:
        scaling: "standard" brings temperatures to mean 0 and deviation 1; "tenths" divides
            temperatures and sales by 10; "unscaled" leaves both as they are.
        outlier: what was sold on the hottest day; 0 leaves it as it was.
        column: whether the bias is the weight of a column of ones instead of the layer's own.
    """

    task = ICE_CREAMS
    name = "ice-creams"
    course = "TFG 4.1"
    what = N_("Ice creams sold against temperature, a line by gradient descent.")
    asked = N_(
        "Fit a line by gradient descent; draw data and line, and the way of descent on the loss "
        "surface over weight and bias."
    )
    expected = N_("a final squared error of 1.5533527, sales counted in tens")
    said: ClassVar[Sayings] = {
        "line": {
            "scaling": Said("tenths", N_("With mean 0 the surface is a round bowl: few steps.")),
            "column": Said(True, N_("A layer has the bias as a weight of its own.")),
        }
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "line": {"squared_error_in_tens": 1.5533527}
    }
    variants: ClassVar[Variants] = {
        "line": {},
        "outlier": {},
        "mse": {"outlier": ENTERED},
        "mae": {"outlier": ENTERED, "loss": "mae", "learning_rate": 0.1, "epochs": 1000},
        "bias": {},
        "bias-of-layer": CONVERGED,
        "column-of-ones": {**CONVERGED, "column": True},
        "scales": {},
        "standardised": {},
        "unscaled": {"scaling": "unscaled", "learning_rate": 0.0009},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "outlier": ("mse", "mae"),
        "bias": ("bias-of-layer", "column-of-ones"),
        "scales": ("standardised", "unscaled"),
    }
    shortened: ClassVar[Mapping[str, Any]] = {}  # it takes seconds

    epochs: int = 200
    batch_size: int = 16
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    loss: str = "mse"
    metrics: tuple[str, ...] = ()
    scaling: str = "standard"
    outlier: float = 0.0
    column: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scaling not in SCALINGS:
            raise unknown_name("scaling", self.scaling, SCALINGS)

    @cached_property
    def way(self) -> Way:
        """What weight and bias were after each step of the last training."""
        return Way()

    def days(self) -> tuple[np.ndarray, np.ndarray]:
        """Temperatures and sales, one row a day, the coldest first."""
        x, y = generators.ice_creams()
        if self.outlier:
            y = y.copy()
            y[int(x.argmax())] = self.outlier
        return (x / 10, y / 10) if self.scaling == "tenths" else (x, y)

    def seen(self, x: np.ndarray) -> np.ndarray:
        """What the layer is given for temperatures (n, 1)."""
        return np.c_[x, np.ones(len(x), x.dtype)] if self.column else x

    def load(self) -> Data:
        x, y = self.days()
        return (self.seen(x), y), (self.seen(x), y)

    def network(self, x: np.ndarray) -> Sequential:
        parts: list[Any] = [layers.Input(x.shape[1:])]
        if self.scaling == "standard" and not self.column:
            parts.append(layers.Normalization())
            parts[-1].adapt(x)
        return Sequential([*parts, layers.Dense(1, use_bias=not self.column)])

    def callbacks(self) -> Sequence[Callback]:
        return [self.way]

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        x, y = (np.asarray(part[:, 0], "float64") for part in data[1])
        slope, intercept = np.polyfit(x, y, 1)
        ends = self.seen(np.array([[0.0], [1.0]]))
        at_zero, at_one = model(ends).numpy()[:, 0]  # far from all days: no prediction
        errors = (at_zero + (at_one - at_zero) * x - y) ** 2
        in_tens = 1.0 if self.scaling == "tenths" else 0.01
        others = {}
        if self.outlier:
            others = {"error_of_other_days": float(np.mean(errors[x < x.max()]))}
        return {
            **others,
            **super().measure(model, data),
            "squared_error_in_tens": float(errors.sum()) * in_tens,
            "least_squares_loss": float(np.mean((slope * x + intercept - y) ** 2)),
            "slope": float(at_one - at_zero),
            "intercept": float(at_zero),
            "least_squares_slope": float(slope),
            "least_squares_intercept": float(intercept),
        }

    def show(self, record: Record, trained: Trained) -> None:
        x, y = self.days()
        line = np.poly1d(np.polyfit(x[:, 0], y[:, 0], 1))
        found: dict[str, Any] = {N_("gradient descent"): self._line(trained)}
        fit = partial(
            figures.function_fit,
            x,
            y,
            {**found, N_("least squares"): line},
            names=AXES.get(self.scaling, AXES[""]),
        )
        record.figure("fit", fit, N_("Data and line"))
        self._show_surface(record, x, y)
        if self.loss == "mse":
            numbers = trained.numbers
            exact = numbers["least_squares_slope"], numbers["least_squares_intercept"]
            losses = numbers["loss"], numbers["least_squares_loss"]
            answer = found_line(numbers["slope"], numbers["intercept"], exact, *losses)
            record.words("answers", [[answer]], N_("Does descent find the line of least squares?"))
        show_network_graph(record, self, trained)

    def _line(self, trained: Trained) -> Callable[[np.ndarray], np.ndarray]:
        return lambda x: trained.predict(self.seen(x))

    def _show_surface(self, record: Record, x: np.ndarray, y: np.ndarray) -> None:
        """Hand over the way on the loss surface, from above and as a landscape."""
        standard = self.scaling == "standard"
        scaled = ((x - x.mean()) / x.std() if standard else x)[:, 0].astype(np.float64)

        def loss(weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
            errors = weight[..., None] * scaled + bias[..., None] - y[:, 0]
            return (abs(errors) if self.loss == "mae" else errors**2).mean(axis=-1)

        surface = partial(
            figures.loss_surface,
            loss,
            {"gradient descent": self.way.points},
            names=(N_("weight"), N_("bias")),
            minimum=None if self.loss == "mae" else np.polyfit(scaled, y[:, 0], 1).tolist(),
        )
        record.figure(
            "surface",
            surface,
            N_("The way on the loss surface"),
            N_(
                "Weight and bias of the scaled temperature. Scaling makes the surface a round "
                "bowl, where the gradient points straight at the minimum; see descent-variants "
                "for one that is not round."
            )
            if standard
            else N_("Weight and bias of the temperature as it is seen: a long and narrow valley."),
        )
        record.figure(
            "landscape",
            partial(surface, solid=True),
            N_("The same surface in three dimensions"),
            N_("The height is the loss; the way runs down to the lowest point."),
        )

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        forms = {name: self.another(name) for name in trained}
        show = {"outlier": self._show_outlier, "bias": self._show_bias, "scales": self._show_scales}
        show[self.variant](record, forms, trained)

    def _show_outlier(
        self, record: Record, forms: Mapping[str, IceCreams], trained: Mapping[str, Trained]
    ) -> None:
        x, y = next(iter(forms.values())).days()
        kept = x[:, 0] < x.max()
        lines: dict[str, Any] = {n: form._line(trained[n]) for n, form in forms.items()}
        lines[N_("without that day")] = np.poly1d(np.polyfit(x[kept, 0], y[kept, 0], 1))
        record.figure(
            "fit",
            partial(figures.function_fit, x, y, lines, names=AXES[""]),
            N_("Two losses and a day that is wrong"),
            N_("The third line is that of least squares through the other days."),
        )
        errors = {name: one.numbers["error_of_other_days"] for name, one in trained.items()}
        record.words("findings", [said(pulled(errors))])

    def _show_bias(
        self, record: Record, forms: Mapping[str, IceCreams], trained: Mapping[str, Trained]
    ) -> None:
        keys = ("slope", "intercept", "loss")
        record.table(
            "bias",
            ["form", *keys],
            [[name, *(one.numbers[key] for key in keys)] for name, one in trained.items()],
            N_("The line of each"),
        )
        ends = [[one.numbers[key] for key in keys] for one in trained.values()]
        record.words("findings", [said(same_line(float(np.ptp(ends, axis=0).max())))])

    def _show_scales(
        self, record: Record, forms: Mapping[str, IceCreams], trained: Mapping[str, Trained]
    ) -> None:
        rows, ratios = [], {}
        for name, form in forms.items():
            x = form.days()[0][:, 0].astype(np.float64)
            x = (x - x.mean()) / x.std() if form.scaling == "standard" else x
            seen = np.stack([x, np.ones(len(x))])
            low, high = np.linalg.eigvalsh(2 * seen @ seen.T / len(x))
            ratios[name] = float(high / low)
            numbers = trained[name].numbers
            rows.append(
                [name, form.learning_rate, 2 / high, ratios[name], numbers["loss"],
                 numbers["least_squares_loss"]]
            )  # fmt: skip
        record.table(
            "scales",
            ["form", "learning rate", "largest rate", "curvature", "loss", "least squares"],
            rows,
            N_("What scaling changes"),
            N_(
                "Above the largest rate descent diverges. Curvature: across the valley by along it."
            ),
        )
        record.words("findings", [said(scaled_better(ratios))])
