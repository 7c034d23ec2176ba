"""One training: forward and back, by epochs, batches and operations, and what is told of it.

All numbers are those of `insight`: whole steps of its `Training`, operations of its `Player`.
"""

from __future__ import annotations

import math
import re
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, GrafitoError, LossWarning
from grafito.graph.random import permutations
from grafito.insight.diagnosis import NOTHING, of_training
from grafito.insight.page import Marks, drawing_of, event_of, step_diagram, texts_of
from grafito.insight.player import Player
from grafito.insight.rules.learning import rate_too_large
from grafito.insight.statistics import Samples, asked
from grafito.insight.steps import Training
from grafito.language import localised, message, numeral, retell
from grafito.language import translate as _
from grafito.layers.automatic_names import names_apart
from grafito.models.examples import Examples, make_examples
from grafito.models.probe import Probe
from grafito.studio import examples as data
from grafito.studio.frames import Pictures
from grafito.studio.network import Network, build
from grafito.studio.settings import Settings

NUMBERS = ("loss", "accuracy", "val_loss", "val_accuracy")
TITLES = {
    "loss": message("training loss"),
    "accuracy": message("training accuracy"),
    "val_loss": message("validation loss"),
    "val_accuracy": message("validation accuracy"),
}
PLACE = message("epoch {} · batch {}")
PLACE_IN_STEP = message("epoch {} · batch {} · operation {} of {}")
LOOKED_AT = 5  # steps from one sample of the diagnosis to the next
MOST_HISTORY = 4000  # points of the curves
KEPT_AS = re.compile(r"^.*[0-9a-f]{32}\.\w+(, )?")  # where an upload lies, which no page needs
MOST_STEPPED = 200_000  # weights of a network whose operations are looked at


class Session:
    """A network that is trained.

    Args:
        settings: of the network.
        files: from the name of an upload to where it lies.
        given: a model and its examples from the command line, in place of those of the settings.

    Attributes:
        network: the model with its data.
        history: the points of the curves: epoch and the four numbers of each.
    """

    def __init__(
        self,
        settings: Settings,
        files: Callable[[str], Path],
        given: Mapping[str, Any] | None = None,
    ):
        given = given or {}
        self.told: list[LossWarning] = []
        with self._listening(), names_apart():
            examples = given["examples"] if "examples" in given else data.make(settings, files)
            self.network: Network = build(settings, examples, files, given.get("model"))
        self._x, self._y = self.network.part(False)
        self._held_out = self.network.part(True)
        self._orders: tuple[int, np.ndarray] = -1, np.zeros(0, int)
        self.steps = Training(self.network.model, self.batch)
        self.pictures = Pictures(self.network)
        self.furthest = 0
        self.history: list[dict[str, float | None]] = []
        self.numbers: dict[str, float | None] = {}
        self.player: Player | None = None
        self.at = -1  # the operation that is shown, in the plan of the player
        self._drawn: dict[str, tuple[Any, str, Marks]] = {}  # by language
        self._told: dict[str, Any] = {}  # the plan that the pages of a language have
        self._speed = (time.perf_counter(), 0, 0.0)
        self._watch()
        self.measure()

    # Batches

    @property
    def settings(self) -> Settings:
        return self.network.settings

    @property
    def batches(self) -> int:
        """Of an epoch."""
        return -(-len(self._x) // self.settings.batch)

    def batch(self, step: int) -> Examples:
        """The examples of a step, in the order in which `fit` takes them."""
        epoch, batch = divmod(step, self.batches)
        if self._orders[0] != epoch:
            seed = self.network.model._shuffle_seed
            order = permutations(len(self._x), seed=seed, steps=[epoch * self.batches])[0]
            self._orders = epoch, order
        rows = self._orders[1][batch * self.settings.batch : (batch + 1) * self.settings.batch]
        return make_examples(self._x[rows], self._y[rows])

    def _watch(self) -> None:
        self.samples = Samples()
        self.network.model.look_into(Probe(LOOKED_AT, asked, self._take))

    def _take(self, step: int, numbers: Mapping[str, Any]) -> None:
        if len(self.samples) < 5000:
            self.samples.take(step, numbers)

    def _listening(self) -> Any:
        return _Listening(self.told)

    # Forward and back

    def forward(self, by: str) -> None:
        """One operation, one batch, or to the end of the epoch."""
        if by == "operation":
            return self._next_operation()
        self.player, self.at = None, -1
        self.run(self.batches - self.steps.step % self.batches if by == "epoch" else 1)
        self.measure()
        return None

    def run(self, count: int) -> None:
        """So many batches."""
        if self.player is not None:
            self.player, self.at = None, -1
        with self._listening(), np.errstate(all="ignore"):
            for _step in range(count):
                self.steps.forward()

    def _next_operation(self) -> None:
        if self.player is None:
            self._open_player()
            self.at = 0
        elif self.at < len(self.player) - 1:
            self.at += 1
        else:
            with self._listening(), np.errstate(all="ignore"):
                self.player.next_step()
            self.at = 0
            self.measure()

    def back(self, by: str) -> None:
        """The same back; at the beginning nothing is left to take back."""
        step = self.steps.step
        if by == "operation" and self.player is not None and self.at > 0:
            self.at -= 1
            return
        if by == "operation" and not step:
            self.player, self.at = None, -1
            return
        if not step:
            return
        self.go_to_batch(step - 1 if by != "epoch" else (step - 1) // self.batches * self.batches)
        if by == "operation":
            self._open_player()
            assert self.player is not None
            self.at = len(self.player) - 1

    def go_to_batch(self, number: int) -> None:
        """To the beginning of a batch that was reached before, counted from 0 over all epochs."""
        self.furthest = max(self.furthest, self.steps.step)
        with self._listening(), np.errstate(all="ignore"):
            self.steps.to(min(max(number, 0), self.furthest))
        self.player, self.at = None, -1
        self._watch()
        epoch = self.epoch
        self.history = [point for point in self.history if (point["epoch"] or 0) <= epoch]
        self.measure()

    def go(self, operation: int) -> None:
        """To an operation of this batch, counted from 1."""
        if self.player is None:
            self._open_player()
        assert self.player is not None
        self.player.at(operation - 1)
        self.at = operation - 1

    def _open_player(self) -> None:
        if self.network.model.count_params() > MOST_STEPPED:
            raise ArgumentError(
                "The network is too large for its operations to be looked at one by one.",
                received=f"{self.network.model.count_params():,} parameters",
                expected=f"{MOST_STEPPED:,} at most",
            )
        with np.errstate(all="ignore"):
            self.player = Player(self.steps)

    # What is told

    @property
    def epoch(self) -> float:
        return self.steps.step / self.batches

    def measure(self) -> None:
        """Loss and accuracy of both parts, with the weights of now; a point of the curves."""
        found: dict[str, float | None] = dict.fromkeys(NUMBERS)
        with self._listening(), np.errstate(all="ignore"):
            for before, (x, y) in (("", (self._x, self._y)), ("val_", self._held_out)):
                if len(x):
                    logs = self.network.model.evaluate(
                        x, y, batch_size=1000, verbose=0, return_dict=True
                    )
                    for name in ("loss", "accuracy"):
                        value = logs.get(name)
                        fine = value is not None and math.isfinite(value)
                        found[before + name] = float(value) if fine else None
        self.numbers = found
        if not self.history or self.history[-1]["epoch"] != self.epoch:
            self.history.append({"epoch": self.epoch, **found})
            if len(self.history) > MOST_HISTORY:
                del self.history[1:-1:2]

    def state(self, running: bool) -> dict[str, Any]:
        """Where the training is, in words."""
        epoch, batch = divmod(self.steps.step, self.batches)
        operations = len(self.player) if self.player else 0
        place = (numeral(f"{epoch:,}"), batch + 1)
        text = _(PLACE).format(*place)
        if self.player:
            text = _(PLACE_IN_STEP).format(*place, self.at + 1, operations)
        return {
            "text": text,
            "running": running,
            "epoch": epoch,
            "batch": batch + 1,
            "batches": self.batches,
            "operation": self.at + 1,
            "operations": operations,
            "done": self.steps.step,
            "furthest": max(self.furthest, self.steps.step),
            "numbers": [
                {"name": name, "text": _(TITLES[name]), "value": self.numbers.get(name)}
                for name in NUMBERS
            ],
            "diagnosis": self.diagnosis(),
            "rate": self._rate(),
            "can_go_back": bool(self.steps.step) or self.at > 0,
        }

    def _rate(self) -> str:
        """How fast it goes, measured between two calls."""
        then, step, rate = self._speed
        now = time.perf_counter()
        if now - then > 1:
            size = min(self.settings.batch, len(self._x))
            rate = max(self.steps.step - step, 0) * size / (now - then)
            self._speed = now, self.steps.step, rate
        return _("{} examples/s").format(numeral(f"{rate:,.0f}"))

    def diagnosis(self) -> dict[str, Any]:
        """The gravest of what the rules find, in one line, and its evidence."""
        logs = {
            name: [point[name] for point in self.history if point[name] is not None]
            for name in NUMBERS
        }
        model = self.network.model
        found = [*of_training(model, self.samples, logs, self._y).values(), *self.told[:1]]  # type: ignore[arg-type]
        if not found and self.numbers["loss"] is None:  # no sample was taken since one went back
            found += filter(None, [rate_too_large([math.nan], self.settings.rate)])
        if not found:
            return {"text": _(NOTHING), "more": "", "good": True}
        first, _end, rest = found[0].error.told(retell, localised).partition("\n")
        return {"text": first, "more": rest, "good": False}

    def operation(self, whole: bool, lang: str) -> dict[str, Any] | None:
        """The operation that is shown, with what the page lacks of its step."""
        if self.player is None:
            return None
        told: dict[str, Any] = {"svg": None, "texts": None, "start": None, "events": None}
        plan = self.player.plan
        if whole or self._told.get(lang) is not plan:
            self._told[lang] = plan
            diagram = step_diagram(self.player.reading)
            form = [(m.name, m.kind, m.title) for m in self.player.reading.marks.values()]
            new = lang not in self._drawn or self._drawn[lang][0] != form
            if new:
                self._drawn[lang] = form, drawing_of(diagram), Marks(diagram)
            _form, svg, marks = self._drawn[lang]
            told = {
                "svg": svg if whole or new else None,
                "texts": texts_of(diagram),
                "start": marks.leaves,
                "events": [event_of(op, marks) for op in plan],
            }
        return {**told, "at": self.at}

    def plain_history(self, since: int = 0) -> dict[str, Any]:
        """The points of the curves from one on, as columns."""
        rows = self.history[since:]
        return {
            "first": since,
            "epochs": [row["epoch"] for row in rows],
            **{name: [row[name] for row in rows] for name in NUMBERS},
        }


class _Listening:
    """A block in which what `fit` warns of is kept instead of printed."""

    def __init__(self, told: list[LossWarning]):
        self._told = told

    def __enter__(self) -> None:
        self._caught = warnings.catch_warnings(record=True)
        self._seen = self._caught.__enter__()
        warnings.simplefilter("always")

    def __exit__(self, *error: Any) -> None:
        self._caught.__exit__(*error)
        for each in self._seen or ():
            if isinstance(each.message, LossWarning) and len(self._told) < 20:
                self._told.append(each.message)


def told(error: GrafitoError) -> dict[str, Any]:
    """An error as the page shows it, in the language being spoken."""
    given = {name: KEPT_AS.sub("", value) for name, value in error.rows.items()}
    rows = [[_(name), localised(retell(value))] for name, value in given.items() if value]
    where = given.get("where", "")
    what = localised(retell(error.what))
    return {
        "text": "\n".join([what, *(f"  {name:<9}  {value}" for name, value in rows)]),
        "what": what,
        "rows": rows,
        "field": where if " " not in where else "",
    }
