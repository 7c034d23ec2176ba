"""Parity of bits, of which exclusive or is the smallest case: bits and answers are -1 and 1."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from grafito import figures, graph, layers, optimizers
from grafito.datasets import generators
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.experiments.graphs import show_network_graph
from grafito.lab.prose.answers_of_others import both_learn, far_fewer, learns, rises, with_units
from grafito.lab.prose.conclusions import still_falls
from grafito.lab.prose.conclusions_by_hand import starts
from grafito.lab.prose.conclusions_of_exercises import slowest_to_learn
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_of_networks import PARITY, XOR
from grafito.lab.prose.theory import theory_of
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Functional, Model
from grafito.utils import set_random_seed

MOST_WEIGHTS = 25  # of a network whose graph can be read
SEEN = (N_("binary accuracy"), N_("training binary accuracy"))  # names of numbers
MOST_CURVES = 7  # that can be told apart


class Start(NamedTuple):
    """What came of one training among several from other seeds.

    Attributes:
        right: patterns that are right at the end.
        history: its numbers, epoch by epoch.
    """

    right: int
    history: dict[str, list[float]]


def epochs_to_learn(accuracies: Sequence[float]) -> int | None:
    """The first epoch, counted from 1, from which on all is right; None where it is not so.

    Example:
        >>> epochs_to_learn([0.5, 1.0, 0.75, 1.0, 1.0]), epochs_to_learn([1.0, 0.5])
        (4, None)
    """
    wrong = np.flatnonzero(np.asarray(accuracies) < 1)
    if not len(wrong):
        return 1 if len(accuracies) else None
    return int(wrong[-1]) + 2 if wrong[-1] + 1 < len(accuracies) else None


STILL_FALLING = N_(
    "All {patterns} patterns are learned from {learned} of {starts} other starts in {epochs} "
    "epochs; the one that knows least has {worst} right. The loss of the rest still falls, so more "
    "epochs may be enough."
)
AT_REST = N_(
    "All {patterns} patterns are learned from {learned} of {starts} other starts in {epochs} "
    "epochs; the one that knows least has {worst} right. The rest stay in a local minimum or on a "
    "plateau, and another seed helps more than more epochs."
)


@dataclass(frozen=True, kw_only=True)
class Parity(Training):
    """All patterns of some bits; is the number of ones odd? A pattern is right by its sign.

    Attributes:
        bits: how many inputs.
        hidden: how many hidden units.
        skip: whether the output sees the inputs beside the hidden units.
        activation: of the hidden units and of the output.
        low: what a zero is written as, in bits and answers: -1 or 0.
        starts: networks of other seeds that are trained too, to see how many learn.
        bits_each, hidden_each: trained in every combination, instead of one network.
    """

    task = PARITY
    name = "parity"
    course = "TP2-7"
    what = N_("Whether the number of ones among some bits is odd.")
    asked = N_(
        "Learn the parity of N bits with N' hidden units: for N = 2 and several N', for N' = 15 "
        "and several N, and with N' much smaller than N."
    )
    expected = N_("the more hidden units, the faster; far fewer than bits do not learn")
    variants: ClassVar[Variants] = {
        "enough": {},
        "few": {"hidden": 2},
        "hidden-units": {"bits_each": (2,), "hidden_each": (1, 2, 3, 4, 6, 8, 15), "starts": 20},
        "bits": {"bits_each": (2, 3, 4, 5, 6, 7, 8, 9), "hidden_each": (15,)},
        "narrow": {"bits_each": (4, 6, 8), "hidden_each": (1, 2, 3, 4, 6, 8)},
        "side-by-side": {"bits_each": (4,), "hidden_each": (1, 2, 4, 8)},
    }
    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 100, "starts": 2}

    epochs: int = 1000
    batch_size: int = 16
    optimizer: str = "adam"
    learning_rate: float = 0.01
    loss: str = "mse"
    metrics: tuple[str, ...] = ("binary_accuracy",)
    bits: int = 4
    hidden: int = 8
    skip: bool = False
    activation: str = "tanh"
    low: int = -1
    starts: int = 10
    bits_each: tuple[int, ...] = ()
    hidden_each: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(bits=1, hidden=1, starts=0, low=-1)

    def load(self) -> Data:
        x, y = generators.parity(self.bits)
        span = 1 - self.low
        all_patterns = (span * x + self.low, span * y + self.low)
        return all_patterns, all_patterns

    def network(self, x: np.ndarray) -> Model:
        bits = layers.Input((self.bits,), name="bits")
        hidden = layers.Dense(self.hidden, activation=self.activation, name="hidden")(bits)
        seen = layers.concatenate([hidden, bits]) if self.skip else hidden
        return Functional(bits, layers.Dense(1, activation=self.activation, name="output")(seen))

    def compiled(self, x: np.ndarray, engine: Any) -> Model:
        """With the accuracy of a threshold in the middle of what zeros and ones are written as."""
        middle = self.middle

        def binary_accuracy(y_true: graph.Tensor, y_pred: graph.Tensor) -> graph.Tensor:
            return graph.mean(
                graph.cast((y_true > middle) == (y_pred > middle), "float32"), axis=-1
            )

        model = self.network(x)
        settings = {"learning_rate": self.learning_rate}
        optimizer = optimizers.get({"class_name": self.optimizer, "config": settings})
        ours = {"binary_accuracy": binary_accuracy}
        metrics = [ours.get(name, name) for name in self.metrics]
        model.compile(optimizer, loss=self.loss, metrics=metrics, engine=engine)
        return model

    @property
    def middle(self) -> float:
        """Between what a zero and a one are written as."""
        return (1 + self.low) / 2

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        return {
            "right": self._right(model, data),
            "patterns": len(data[1][1]),
            **super().measure(model, data),
        }

    def conduct(self, record: Record) -> None:
        if self.bits_each and self.hidden_each:
            self._sweep(record)
        else:
            super().conduct(record)

    def show(self, record: Record, trained: Trained) -> None:
        self._show_graph(record, trained)
        if self.starts and not record.interrupted:
            others = self.other_starts(record)
            right = np.array([start.right for start in others])
            learned = int((right == 2**self.bits).sum())
            rest = [start.history["loss"] for start in others if start.right < 2**self.bits]
            record.text(
                (STILL_FALLING if any(map(still_falls, rest)) else AT_REST)
                if rest
                else N_("All of {starts} other starts learn the {patterns} patterns too."),
                title=N_("Other starts"),
                starts=len(right),
                learned=learned,
                patterns=2**self.bits,
                epochs=self.epochs,
                worst=int(right.min()),
            )
            record.metrics({"starts_that_learn": learned / len(right)})

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        right = {n: int(one.numbers["right"]) for n, one in trained.items()}
        patterns = 2**self.bits
        if len(right) > 1:
            found = both_learn(right, patterns)
            record.words("answers", [[found]], N_("Do both learn it?"))
        else:
            found = learns(right[self.variant], patterns)
            record.words("answers", [[found]], N_("Does the network learn it?"))

    def _show_graph(self, record: Record, trained: Trained, name: str = "") -> None:
        """Hand over the graph of a network that is small enough."""
        if trained.model.count_params() <= MOST_WEIGHTS:
            show_network_graph(record, self, trained, example=1, of=name)

    def other_starts(self, record: Record) -> list[Start]:
        """What comes of a training from each of the seeds that follow."""
        found: list[Start] = []
        for seed in range(self.seed + 1, self.seed + 1 + self.starts):
            if record.interrupted and found:
                break
            set_random_seed(seed)
            data = self.load()
            model = self.compiled(data[0][0], record.engine)
            settings = {"batch_size": self.batch_size, "epochs": self.epochs}
            history = record.trial(model, *data[0], **settings)
            found.append(Start(self._right(model, data), history.history))
        return found

    def _right(self, model: Model, data: Data) -> int:
        """How many patterns have an output on the right side of the middle."""
        x, y = data[1]
        outputs = model.predict(x, batch_size=len(x), verbose=0)
        return int(((outputs > self.middle) == (y > self.middle)).sum())

    def _sweep(self, record: Record) -> None:
        """Every number of bits with every number of hidden units, from several starts."""
        shares: dict[str, dict[int, np.ndarray]] = {}
        speeds: dict[str, dict[int, list[int]]] = {}
        curves: dict[str, list[dict[str, list[float]]]] = {}
        rows = []
        over_bits = len(self.hidden_each) == 1
        for bits, hidden in itertools.product(self.bits_each, self.hidden_each):
            if record.interrupted:
                break
            found = self.with_settings(bits=bits, hidden=hidden).other_starts(record)
            share = np.array([start.right for start in found]) / 2**bits
            name = f"N' = {hidden}" if over_bits else f"N = {bits}"
            setting = bits if over_bits else hidden
            shares.setdefault(name, {})[setting] = share
            counts = [epochs_to_learn(start.history.get("binary_accuracy", ())) for start in found]
            taken = [count for count in counts if count is not None]
            if taken:
                speeds.setdefault(name, {})[setting] = taken
            curves[f"N = {bits}, N' = {hidden}"] = [start.history for start in found]
            learned = int((share == 1).sum())
            median = float(np.median(taken)) if taken else ""
            rows.append([bits, hidden, len(share), learned, median, share.mean(), share.min()])
        self._show_sweep(record, shares, speeds, curves)
        record.table(
            "sweep",
            ["bits", "hidden units", "starts", "starts that learn", "epochs to learn",
             "right on average", "least"],
            rows,
            N_("Share of right patterns"),
            N_("The epochs are the median of the starts that learn."),
        )  # fmt: skip
        record.metrics(
            {"starts_that_learn": float(np.mean([row[3] for row in rows])) / self.starts}
        )
        learned_share = {(row[0], row[1]): row[3] / row[2] for row in rows}
        if not over_bits:
            by_units = [
                (units, float(np.mean([v for (_, h), v in learned_share.items() if h == units])))
                for units in self.hidden_each
                if any(h == units for _, h in learned_share)
            ]
            record.words(
                "answers",
                [said(with_units(by_units))],
                N_("What do more hidden units change?"),
            )
        record.words(
            "answers",
            [said(far_fewer(learned_share))],
            N_("Do far fewer hidden units than bits learn it?"),
        )
        if rows:
            model = self.network(self.load()[0][0])
            record.words("theory", theory_of([model], [self.loss], [self.optimizer]))
            record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
            medians = dict(zip(curves, (row[4] for row in rows), strict=True))
            known = {name: int(each) for name, each in medians.items() if each != ""}
            record.words(
                "findings",
                [starts([(r[0], r[1], r[2], r[3]) for r in rows]), said(slowest_to_learn(known))],
            )
            record.words("limits", [paragraph(self.task.of(self.variant).limits)])

    def _show_sweep(
        self,
        record: Record,
        shares: Mapping[str, Mapping[int, np.ndarray]],
        speeds: Mapping[str, Mapping[int, list[int]]],
        curves: Mapping[str, list[dict[str, list[float]]]],
    ) -> None:
        """Hand over what is learned, how fast, and the curves of the starts."""
        setting = N_("bits") if len(self.hidden_each) == 1 else N_("hidden units")
        record.figure(
            "sweep",
            partial(
                figures.sweep,
                shares,
                names=(setting, N_("share of right patterns")),
                reference={N_("guessed"): 0.5},
            ),
            N_("What is learned"),
            N_("Mean of {starts} starts, and the span from the worst to the best."),
            starts=self.starts,
        )
        if speeds:
            names = setting, N_("epochs to learn")
            record.figure(
                "speed",
                partial(figures.sweep, speeds, names=names, log="y"),
                N_("How fast it is learned"),
                N_("Of the starts that learn all patterns; a missing point: none does."),
            )
        if len(curves) <= MOST_CURVES:
            record.figure(
                "start-curves",
                partial(figures.curves, curves),
                N_("Training, side by side"),
                N_("The mean of the starts; the band reaches from the least to the greatest."),
            )


SMOOTH = N_("With tanh and -1 and 1, two hidden units are enough.")
FASTER = N_("The larger rate arrives within 1,000 epochs.")
GRAPHS = {
    "loss": Said("mse"),
    "learning_rate": Said(0.01, FASTER),
    "epochs": Said(3000, FASTER),
}
THESIS = {
    "hidden": Said(5, SMOOTH),
    "activation": Said("sigmoid", SMOOTH),
    "low": Said(0, SMOOTH),
    "learning_rate": Said(1.0, N_("Steps of single examples need a smaller rate.")),
}


@dataclass(frozen=True, kw_only=True)
class Xor(Parity):
    """Two bits and two hidden units.

    Attributes:
        zoom: first and last epoch of the enlarged curves of several forms.
    """

    task = XOR
    name = "xor"
    course = "TP2-6, TP4-2, TFG 4.3"
    what = N_("Exclusive or by a small network.")
    asked = N_(
        "Learn exclusive or with two architectures, plain and with the inputs concatenated to the "
        "hidden layer; compare full batches with one example at a time."
    )
    expected = N_("learns")
    said: ClassVar[Sayings] = {
        **dict.fromkeys(("plain", "concatenated"), GRAPHS),
        **dict.fromkeys(("full-batch", "one-by-one"), THESIS),
    }
    variants: ClassVar[Variants] = {
        "plain": {},
        "concatenated": {"skip": True},
        "architectures": {},
        "batches": {},
        "full-batch": {},
        "one-by-one": {"batch_size": 1},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "architectures": ("plain", "concatenated"),
        "batches": ("full-batch", "one-by-one"),
    }

    batch_size: int = 4
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    bits: int = 2
    hidden: int = 2
    zoom: tuple[int, ...] = (1, 40)

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        for name, one in trained.items():
            self.another(name)._show_graph(record, one, name)
        first, last = self.zoom
        histories = {name: one.history for name, one in trained.items()}
        record.figure(
            "zoom",
            partial(figures.curves, histories, "loss", log=True, zoom=(first, last)),
            N_("The first epochs, enlarged"),
            N_(
                "One by one, each step serves one example at the cost of the others, in an order "
                "that changes from epoch to epoch, and each epoch makes more steps."
            )
            if "one-by-one" in trained
            else "",
        )
        losses = {name: one.history.history.get("loss", []) for name, one in trained.items()}
        record.words("findings", [said(rises(losses))])
