"""What one takes along: a program, the model, a report, the step as a page."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from grafito import figures, lab
from grafito.callbacks import History
from grafito.insight import Player
from grafito.lab.training import show_networks
from grafito.language import current, message
from grafito.studio.examples import REGRESSION
from grafito.studio.program import program
from grafito.studio.session import NUMBERS, Session

KINDS = ("program", "program-keras", "model", "report", "player")
MOST_REGIONS = 10  # classes whose boundaries are drawn, which takes time for each of them
OCTETS, HTML, PYTHON = "application/octet-stream", "text/html", "text/x-python"


def export(session: Session, what: str) -> tuple[str, str, bytes]:
    """The name of a file, its kind, and its content.

    Raises:
        ArgumentError: for what cannot be taken along.
    """
    if what == "model":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            session.network.model.save(path)
            return path.name, OCTETS, path.read_bytes()
    if what == "player":
        player = session.player or Player(session.steps)
        return "step.html", HTML, player.html(lang=current()).encode()
    if what == "report":
        return "report.html", HTML, report(session)
    text = program(session, "keras" if what == "program-keras" else "grafito")
    return "network.py", PYTHON, text.encode()


@dataclass(frozen=True, kw_only=True)
class Built(lab.Experiment):
    """The training of a studio as an experiment whose report is drawn; it trains nothing."""

    name: ClassVar[str] = "studio"
    what: ClassVar[str] = message("A network that was built and trained in the studio.")

    optimizer: str = ""
    learning_rate: float = 0.0
    loss: str = ""
    batch_size: int = 0
    session: ClassVar[Session]

    def begins(self) -> list[str]:
        return []

    def conduct(self, record: lab.Record) -> None:
        session = self.session
        network = session.network
        history = History()
        for epoch, point in enumerate(session.history):
            logs = {name: point[name] for name in NUMBERS if point[name] is not None}
            if logs:
                history.on_epoch_end(epoch, logs)
        record.metrics({k: v for k, v in session.numbers.items() if v is not None})
        record.model(network.model)
        show_networks(record, {"": network.model})
        if len(history.epoch) > 1:
            sheet = partial(figures.curves, history)
            record.figure("curves", sheet, message("Training"))
        examples = network.examples
        few = network.model.outputs[0].shape[-1] <= MOST_REGIONS
        if examples.is_plane and examples.task != REGRESSION and few:
            x, y = examples.x[~examples.held_out], examples.y[~examples.held_out]
            regions = partial(figures.decision_regions, self._answers, x, y, resolution=80)
            record.figure("regions", regions, message("What the network answers in the plane"))

    def _answers(self, points: np.ndarray) -> Any:
        network = self.session.network
        return network.model.predict(network.inputs(points), verbose=0)


def report(session: Session) -> bytes:
    """A page with the numbers, the curves, the network and its regions."""
    settings = session.settings
    kind = type("Built", (Built,), {"session": session, "__module__": __name__})
    experiment = kind(
        seed=settings.seed,
        optimizer=settings.optimizer,
        learning_rate=settings.rate,
        loss=session.network.loss,
        batch_size=settings.batch,
    )
    with tempfile.TemporaryDirectory() as folder:
        engine = session.network.model._executor.engine.name
        result = lab.run(experiment, engine=engine, out=folder, verbose=0, name="report")
        return (result.folder / "report.html").read_bytes()
