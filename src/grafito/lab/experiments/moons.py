"""Two half moons: the boundary that a smooth, an angular and a too large network draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, graph, layers
from grafito.callbacks import History
from grafito.datasets import generators
from grafito.figures.moving import Stage, moving_plane
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.prose.answers_of_others import epochs_to_goal, half_of
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_of_networks import MOONS
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.language import translator
from grafito.models import Model, Sequential

LINES, LINE = 13, 60  # of the grid, and points of each
MOVING_LINE = 25  # points of each where they move
STRAIGHT = N_(
    "Are linear units enough? Layers without activation multiply one matrix by another, and the "
    "product is a matrix again: however many layers there are, the boundary stays a straight line."
)


def epochs_until(history: History, accuracy: float) -> int | None:
    """The first epoch, counted from 1, that ends with a test accuracy; None if none does.

    Example:
        >>> history = History()
        >>> history.history["val_accuracy"] = [0.5, 0.9, 0.95]
        >>> epochs_until(history, 0.9)
        2
    """
    reached = np.array(history.history.get("val_accuracy", ())) >= accuracy
    return int(reached.argmax()) + 1 if reached.any() else None


def stages_of_plane(
    model: Model, x: np.ndarray, y: np.ndarray, lang: str | None = None
) -> list[Stage]:
    """The plane as it enters, after the weights of each layer and after its activation.

    The last stage has the straight line by which the last layer parts the points.
    """
    say = translator(lang)
    grid, points = grid_of(x, MOVING_LINE), x
    stages = [Stage(say(N_("input")), grid, points)]

    def reach(title: str, function: Callable[[np.ndarray], Any], layer: int) -> None:
        nonlocal grid, points
        flat = np.asarray(function(grid.reshape(-1, 2).astype(np.float32)))
        grid, points = flat.reshape(grid.shape), np.asarray(function(points.astype(np.float32)))
        stages.append(Stage(f"{say(N_('layer'))} {layer}: {title}", grid, points))

    for number, layer in enumerate(model.layers[:-1], start=1):
        weights, biases = layer.get_weights()
        affine = partial(_affine, weights, biases)
        reach(say(N_("times its weights, plus its biases")), affine, number)
        reach(f"{say(N_('activation'))} {layer.activation.__name__}", layer.activation, number)
    (w, (b,)), every = model.layers[-1].get_weights(), np.concatenate([grid.reshape(-1, 2), points])
    normal = w[:, 0].astype(float)
    foot = every.mean(axis=0) - normal * (normal @ every.mean(axis=0) + b) / (normal @ normal)
    along = np.array([-normal[1], normal[0]]) / np.hypot(*normal) * 4 * np.ptp(every, axis=0).max()
    title = say(N_("the last layer parts the points by a straight line"))
    return [*stages, Stage(title, grid, points, np.stack([foot - along, foot + along]))]


def _affine(weights: np.ndarray, biases: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ weights + biases


def grid_of(x: np.ndarray, count: int = LINE) -> np.ndarray:
    """Lines of a grid around points (n, 2), in both directions: (lines, count, 2).

    Example:
        >>> grid_of(np.zeros((1, 2))).shape
        (26, 60, 2)
    """
    low, high = x.min(axis=0) - 0.2, x.max(axis=0) + 0.2
    ways = np.linspace(0, 1, count)
    lines = [
        low + (high - low) * np.stack([np.full(count, at), ways][::turn], axis=1)
        for turn in (1, -1)
        for at in np.linspace(0, 1, LINES)
    ]
    return np.stack(lines)


def moved(model: Model, points: np.ndarray) -> list[np.ndarray]:
    """Points (n, 2) as they enter a network and after each of its layers of two units.

    Example:
        >>> model = Sequential([layers.Input((2,)), layers.Dense(2), layers.Dense(1)])
        >>> [each.shape for each in moved(model, np.zeros((3, 2)))]
        [(3, 2), (3, 2)]
    """
    inputs = graph.placeholder(points.shape, name="x")
    passed, outputs = inputs, []
    for layer in model.layers[:-1]:
        passed = layer(passed)
        outputs.append(passed)
    found = graph.value(outputs, {"x": points.astype(np.float32)})
    return [points, *(np.asarray(each) for each in found)]


def layers_of_plane(model: Model, x: np.ndarray, y: np.ndarray, lang: str | None = None) -> Any:
    """A panel for the plane of the inputs and one for that of each layer."""
    from grafito.figures import canvas

    grids, points = moved(model, grid_of(x).reshape(-1, 2)), moved(model, x)
    say = translator(lang)
    sheet = canvas.new_sheet(0.4 + 2.4 * len(grids), 2.7, layout="constrained")
    titles = [say(N_("input")), *(f"{say(N_('layer'))} {n}" for n in range(1, len(grids)))]
    sheet.alt = ", ".join(titles)
    with canvas.style():
        for place, (grid, at, title) in enumerate(zip(grids, points, titles, strict=True), 1):
            axes = sheet.add_subplot(1, len(grids), place)
            for line in grid.reshape(-1, LINE, 2):
                axes.plot(*line.T, color=canvas.FAINT, linewidth=0.6, zorder=1)
            for label in (0, 1):
                look = canvas.look(label)
                axes.plot(
                    *at[y.reshape(-1) == label].T, look["marker"], color=look["color"],
                    ms=3.5, mec="white", mew=0.4, zorder=2, label=f"{say(N_('class'))} {label}",
                )  # fmt: skip
            axes.set(title=title)
            for axis in (axes.xaxis, axes.yaxis):
                canvas.number_ticks(axis, lang)
        handles = sheet.axes[0].get_legend_handles_labels()[0]
        sheet.legend(handles=handles, loc="outside lower center", ncols=2)
    return sheet


def _plane_in_motion(model: Model, x: np.ndarray, y: np.ndarray, lang: str | None = None) -> str:
    """The same as a drawing that moves: what each layer does, step by step."""
    return moving_plane(
        stages_of_plane(model, x, y, lang), y.reshape(-1).astype(int).tolist(), lang
    )


@dataclass(frozen=True, kw_only=True)
class Moons(Training):
    """Points on two half moons with noise; tested on points of another seed.

    Attributes:
        samples: points for training.
        noise: standard deviation of the noise.
        units: sizes of the hidden layers.
        activation: of the hidden layers.
        goal: a test accuracy; the epochs that it takes are counted.
    """

    task = MOONS
    name = "moons"
    course = "TFG 4.2"
    what = N_("Two half moons, three networks: what each takes for the boundary.")
    asked = N_(
        "Draw the decision regions of an overfitting network 100-70-50, of 10 sigmoid units and of "
        "8 ReLU units; count the epochs that each needs for the same accuracy."
    )
    expected = N_("93.6 % of the training points; ReLU in half the epochs of the sigmoid")
    said: ClassVar[Sayings] = {
        "": {
            "samples": Said(250, N_("Fewer points let the large network show its overfitting.")),
            "noise": Said(0.25, N_("With a little less noise the two moons can be told apart.")),
        },
        "overfitting": {
            "units": Said((100, 70, 50)),
            "activation": Said("sigmoid", N_("ReLU overfits within 500 epochs.")),
            "batch_size": Said(100, N_("Smaller batches make more steps in an epoch.")),
        },
        "sigmoid": {
            "units": Said((10,)),
            "activation": Said("sigmoid"),
            "epochs": Said(6000, N_("Adam arrives within 500 epochs.")),
        },
        "relu": {
            "units": Said((8,)),
            "activation": Said("relu"),
            "epochs": Said(3000, N_("Adam arrives within 500 epochs.")),
        },
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "sigmoid": {"training_accuracy": 0.936},
        "relu": {"training_accuracy": 0.936},
    }
    departures = (
        N_(
            "The course has one set of points and gives the accuracy on it. Here 1,000 new points "
            "test the networks, for only they show overfitting."
        ),
    )
    variants: ClassVar[Variants] = {
        "all": {},
        "sigmoid": {"units": (10,), "activation": "sigmoid", "learning_rate": 0.1},
        "relu": {"units": (8,), "activation": "relu", "learning_rate": 0.1},
        "overfitting": {"units": (100, 70, 50), "activation": "relu", "learning_rate": 0.003},
        "plane": {"units": (2, 2, 2), "activation": "tanh", "learning_rate": 0.03},
        "linear-units": {},
        "linear": {"units": (10, 10), "activation": "linear", "learning_rate": 0.1},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "all": ("overfitting", "sigmoid", "relu"),
        "linear-units": ("linear", "sigmoid", "relu"),
    }
    shortened: ClassVar[Mapping[str, Any]] = {}  # it takes seconds

    epochs: int = 500
    learning_rate: float = 0.01
    loss: str = "binary_crossentropy"
    follow_test: bool = True
    samples: int = 200
    noise: float = 0.22
    units: tuple[int, ...] = (10,)
    activation: str = "sigmoid"
    goal: float = 0.936

    def load(self) -> Data:
        train = generators.moons(self.samples, self.noise, seed=self.seed)
        return train, generators.moons(1000, self.noise, seed=self.seed + 1)

    def network(self, x: np.ndarray) -> Sequential:
        return Sequential(
            [
                layers.Input((2,)),
                *(layers.Dense(n, activation=self.activation) for n in self.units),
                layers.Dense(1, activation="sigmoid"),
            ]
        )

    def show(self, record: Record, trained: Trained) -> None:
        x, y = trained.data[0]
        regions = partial(figures.decision_regions, trained.predict, x, y, errors=True, bands=True)
        record.figure("regions", regions, N_("Decision regions"))
        if all(units == 2 for units in self.units):  # each layer moves points of a plane
            record.figure(
                "layers",
                partial(layers_of_plane, trained.model, x, y),
                N_("How the layers move the plane"),
                N_(
                    "A grid and the training points, as they enter and after each layer. The last "
                    "layer has to part them by a straight line."
                ),
                moving=partial(_plane_in_motion, trained.model, x, y),
            )
        self._count_epochs(record, {self.variant: trained})

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        x, y = next(iter(trained.values())).data[0]
        predicts = {name: one.predict for name, one in trained.items()}
        record.figure(
            "regions",
            partial(figures.decision_regions, predicts, x, y, errors=True, bands=True),
            N_("Decision regions"),
            N_("With the training examples; at the boundary both classes are equally probable."),
        )
        if "linear" in trained:
            record.words("findings", [paragraph(STRAIGHT)])
        self._count_epochs(record, trained)

    def _count_epochs(self, record: Record, trained: Mapping[str, Trained]) -> None:
        """Hand over when each has reached the goal."""
        counts = {name: epochs_until(one.history, self.goal) for name, one in trained.items()}
        record.words(
            "answers",
            [[epochs_to_goal(counts, self.goal)]],
            N_("How many epochs does each need for the same accuracy?"),
        )
        record.words(
            "answers",
            [said(half_of(counts, "relu", "sigmoid"))],
            N_("Does ReLU need half the epochs of the sigmoid?"),
        )
        record.table(
            "goal",
            ["form", "epochs until the goal", "best test accuracy", "last test accuracy"],
            [
                [name, counts[name] or "", max(each), each[-1]]
                for name, one in trained.items()
                if (each := one.history.history.get("val_accuracy"))
            ],
            N_("Epochs until the test accuracy is {goal}"),
            N_("Empty where it never was."),
            goal=self.goal,
        )
