"""Parity of bits, of which exclusive or is the smallest case: bits and answers are -1 and 1."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.datasets import generators
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.experiments.graphs import show_network_graph
from grafito.lab.prose.conclusions import rises
from grafito.lab.prose.conclusions_by_hand import starts
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_of_networks import PARITY, XOR
from grafito.lab.prose.theory import theory_of
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Functional, Model
from grafito.utils import set_random_seed

MOST_WEIGHTS = 12  # of a network whose graph can be read


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
    }
    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 100, "starts": 2}

    epochs: int = 1000
    batch_size: int = 16
    optimizer: str = "adam"
    learning_rate: float = 0.01
    loss: str = "mse"
    metrics: tuple[str, ...] = ()
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
        if trained.model.count_params() <= MOST_WEIGHTS:
            show_network_graph(record, self, trained, example=1)
        if self.starts and not record.interrupted:
            right = self.other_starts(record)
            learned = int((right == 2**self.bits).sum())
            record.text(
                N_(
                    "Of {starts} other starts {learned} learn all {patterns} patterns in {epochs} "
                    "epochs. The rest stay in a local minimum or on a plateau: the one that knows "
                    "least has {worst} right. Another seed is the cure."
                )
                if learned < len(right)
                else N_("All of {starts} other starts learn the {patterns} patterns too."),
                title=N_("Other starts"),
                starts=len(right),
                learned=learned,
                patterns=2**self.bits,
                epochs=self.epochs,
                worst=int(right.min()),
            )
            record.metrics({"starts_that_learn": learned / len(right)})

    def other_starts(self, record: Record) -> np.ndarray:
        """How many patterns are right after training from each of the seeds that follow."""
        right: list[int] = []
        for seed in range(self.seed + 1, self.seed + 1 + self.starts):
            if record.interrupted and right:
                break
            set_random_seed(seed)
            data = self.load()
            model = self.compiled(data[0][0], record.engine)
            record.trial(model, *data[0], batch_size=self.batch_size, epochs=self.epochs)
            right.append(self._right(model, data))
        return np.array(right)

    def _right(self, model: Model, data: Data) -> int:
        """How many patterns have an output on the right side of the middle."""
        x, y = data[1]
        middle = (1 + self.low) / 2
        outputs = model.predict(x, batch_size=len(x), verbose=0)
        return int(((outputs > middle) == (y > middle)).sum())

    def _sweep(self, record: Record) -> None:
        """Every number of bits with every number of hidden units, from several starts."""
        shares: dict[str, dict[int, np.ndarray]] = {}
        rows = []
        over_bits = len(self.hidden_each) == 1
        for bits, hidden in itertools.product(self.bits_each, self.hidden_each):
            if not record.interrupted:
                form = self.with_settings(bits=bits, hidden=hidden)
                share = form.other_starts(record) / 2**bits
                name = f"N' = {hidden}" if over_bits else f"N = {bits}"
                shares.setdefault(name, {})[bits if over_bits else hidden] = share
                learned = int((share == 1).sum())
                rows.append([bits, hidden, len(share), learned, share.mean(), share.min()])
        record.figure(
            "sweep",
            partial(
                figures.sweep,
                shares,
                names=(
                    N_("bits") if over_bits else N_("hidden units"),
                    N_("share of right patterns"),
                ),
                reference={N_("guessed"): 0.5},
            ),
            N_("What is learned"),
            N_("Mean of {starts} starts, and the span from the worst to the best."),
            starts=self.starts,
        )
        record.table(
            "sweep",
            ["bits", "hidden units", "starts", "starts that learn", "right on average", "least"],
            rows,
            N_("Share of right patterns"),
        )
        record.metrics(
            {"starts_that_learn": float(np.mean([row[3] for row in rows])) / self.starts}
        )
        if rows:
            model = self.network(self.load()[0][0])
            record.words("theory", theory_of([model], [self.loss], [self.optimizer]))
            record.words("choices", [paragraph(self.task.reasons)])
            record.words("findings", [starts([(r[0], r[1], r[2], r[3]) for r in rows])])
            record.words("limits", [paragraph(self.task.limits)])


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
        first, last = self.zoom
        histories = {name: one.history for name, one in trained.items()}
        record.figure(
            "zoom",
            partial(figures.curves, histories, log=True, zoom=(first, last)),
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
