"""Linear regression by gradient descent, beside the least-squares solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grafito import language, layers
from grafito.datasets import generators
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Model, Sequential


@dataclass(frozen=True, kw_only=True)
class IceCreams(Training):
    """One neuron without activation; the temperatures are brought to mean 0 and deviation 1."""

    name = "ice-creams"
    what = N_("Ice creams sold against temperature, a line by gradient descent.")

    epochs: int = 200
    batch_size: int = 16
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    loss: str = "mse"
    metrics: tuple[str, ...] = ()

    def load(self) -> Data:
        points = generators.ice_creams()
        return points, points

    def network(self, x: np.ndarray) -> Sequential:
        scaling = layers.Normalization()
        scaling.adapt(x)
        return Sequential([layers.Input((1,)), scaling, layers.Dense(1)])

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        x, y = (np.asarray(part[:, 0], "float64") for part in data[1])
        slope, intercept = np.polyfit(x, y, 1)
        at_zero, at_one = model.predict(np.array([[0.0], [1.0]]), verbose=0)[:, 0]
        return {
            **super().measure(model, data),
            "least_squares_loss": float(np.mean((slope * x + intercept - y) ** 2)),
            "slope": float(at_one - at_zero),
            "intercept": float(at_zero),
            "least_squares_slope": float(slope),
            "least_squares_intercept": float(intercept),
        }

    def show(self, record: Record, trained: Trained) -> None:
        from grafito.figures import canvas

        x, y = trained.data[0]
        ends = np.array([[x.min()], [x.max()]])
        _ = language.translate
        sheet = canvas.new_sheet(4.6, 3.4, layout="constrained")
        with canvas.style():
            axes = sheet.add_subplot()
            axes.plot(x, y, "o", color=canvas.BLUE, label=_("days"))
            line = trained.predict(ends)
            axes.plot(ends, line, color=canvas.ORANGE, label=_("gradient descent"))
            line = np.polyval(np.polyfit(x[:, 0], y[:, 0], 1), ends)
            axes.plot(ends, line, ":", color=canvas.INK, label=_("least squares"))
            axes.set(xlabel=_("temperature (°C)"), ylabel=_("ice creams sold"))
            axes.legend()
        record.figure("fit", sheet, N_("Data and line"))
