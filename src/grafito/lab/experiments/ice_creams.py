"""Linear regression by gradient descent, beside the least-squares solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.callbacks import Callback
from grafito.datasets import generators
from grafito.errors import unknown_name
from grafito.lab.course import Said, Sayings
from grafito.lab.experiments.descent import Way
from grafito.lab.experiments.graphs import show_network_graph
from grafito.lab.prose.tasks_of_networks import ICE_CREAMS
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Model, Sequential

SCALINGS = ("standard", "tenths")


@dataclass(frozen=True, kw_only=True)
class IceCreams(Training):
    """One neuron without activation.

    Attributes:
        scaling: "standard" brings temperatures to mean 0 and deviation 1; "tenths" divides
            temperatures and sales by 10.
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
        "": {"scaling": Said("tenths", N_("With mean 0 the surface is a round bowl: few steps."))}
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "": {"squared_error_in_tens": 1.5533527}
    }
    departures = (
        N_(
            "The course writes the bias as a column of ones; a layer has it as a weight of its own."
        ),
    )
    shortened: ClassVar[Mapping[str, Any]] = {}  # it takes seconds

    epochs: int = 200
    batch_size: int = 16
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    loss: str = "mse"
    metrics: tuple[str, ...] = ()
    scaling: str = "standard"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scaling not in SCALINGS:
            raise unknown_name("scaling", self.scaling, SCALINGS)

    @cached_property
    def way(self) -> Way:
        """What weight and bias were after each step of the last training."""
        return Way()

    def load(self) -> Data:
        x, y = generators.ice_creams()
        points = (x / 10, y / 10) if self.scaling == "tenths" else (x, y)
        return points, points

    def network(self, x: np.ndarray) -> Sequential:
        parts: list[Any] = [layers.Input((1,))]
        if self.scaling == "standard":
            parts.append(layers.Normalization())
            parts[-1].adapt(x)
        return Sequential([*parts, layers.Dense(1)])

    def callbacks(self) -> Sequence[Callback]:
        return [self.way]

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        x, y = (np.asarray(part[:, 0], "float64") for part in data[1])
        slope, intercept = np.polyfit(x, y, 1)
        at_zero, at_one = model.predict(np.array([[0.0], [1.0]]), verbose=0)[:, 0]
        numbers = super().measure(model, data)
        in_tens = 1.0 if self.scaling == "tenths" else 0.01
        return {
            **numbers,
            "squared_error_in_tens": numbers["loss"] * len(y) * in_tens,
            "least_squares_loss": float(np.mean((slope * x + intercept - y) ** 2)),
            "slope": float(at_one - at_zero),
            "intercept": float(at_zero),
            "least_squares_slope": float(slope),
            "least_squares_intercept": float(intercept),
        }

    def show(self, record: Record, trained: Trained) -> None:
        x, y = trained.data[0]
        line = np.poly1d(np.polyfit(x[:, 0], y[:, 0], 1))
        fit = partial(
            figures.function_fit,
            x,
            y,
            {N_("gradient descent"): trained.predict, N_("least squares"): line},
            names=(N_("temperature (°C)"), N_("ice creams sold"))
            if self.scaling == "standard"
            else (N_("temperature (10 °C)"), N_("ice creams sold (tens)")),
        )
        record.figure("fit", fit, N_("Data and line"))
        standard = self.scaling == "standard"
        scaled = ((x - x.mean()) / x.std() if standard else x)[:, 0].astype(np.float64)

        def loss(weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
            return ((weight[..., None] * scaled + bias[..., None] - y[:, 0]) ** 2).mean(axis=-1)

        surface = partial(
            figures.loss_surface,
            loss,
            {"gradient descent": self.way.points},
            names=(N_("weight"), N_("bias")),
            minimum=np.polyfit(scaled, y[:, 0], 1).tolist(),
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
            else N_("Weight and bias of the temperature in tens: a long and narrow valley."),
        )
        show_network_graph(record, self, trained)
