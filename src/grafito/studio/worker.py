"""The child process that trains: it does what the server asks, and tells what came of it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from grafito import seeds
from grafito.errors import GrafitoError
from grafito.language import use
from grafito.models import load_model
from grafito.studio import exports, frames
from grafito.studio.calculation import of_unit
from grafito.studio.keeping import Kept
from grafito.studio.opening import NAME, for_model, opened
from grafito.studio.session import Session, told
from grafito.studio.settings import Settings, changed

SLICE = 1 / 200  # seconds of training before messages are read again
PICTURE = 1 / 60  # seconds between two pictures at least
MEASURED = 1 / 10  # between two points of the curves
SAVED = 5.0  # between two checkpoints
PATIENCE = 8.0  # seconds for the last checkpoint, once the server is gone
WHOLE = 0.25  # seconds for an epoch to be done at once; a longer one is done as a training is
MOVES = ("step", "back", "go")  # which are not begun once one of these is asked for:
STOPS = ("pause", "build", "reset", "open")
MOST_COLUMNS = 1000  # of a table, that the page is told
Message = Mapping[str, Any]


def main(connection: Connection, folder: str | None, source: Mapping[str, Any]) -> None:
    """Train until the server is gone.

    Args:
        connection: to the server.
        folder: where checkpoints and uploads lie; None for the user's cache.
        source: what the command line named, see `opening`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends this
    Worker(connection, Kept(Path(folder) if folder else None), source).run()


class Worker:
    """What the child process does."""

    def __init__(self, connection: Connection, kept: Kept, source: Mapping[str, Any]):
        self._connection, self._kept, self._source = connection, kept, source
        self._given: Mapping[str, Any] = {}
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._languages: set[str] = set()
        self._running = False
        self._pending: list[Message] = []
        self._target: int | None = None  # the step at which a long epoch ends
        self._unsaved = False  # whether the pages know that nothing can be kept
        self._speed: float | None = None
        self._wanted = False  # whether a page waits for a picture
        self._changed = True  # whether the last picture is an old one
        self._number = 0
        self._told_points = 0
        self._times = dict.fromkeys(("picture", "measured", "saved", "batch"), 0.0)
        self._path = kept.new(os.getpid())
        self._session: Session | None = None
        self._unheard: GrafitoError | None = None

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        self._begin()
        while True:
            self._hear()
            if self._pending:
                message = self._pending.pop(0)
                if message["type"] == "gone":
                    self._save()
                    return
                self._guarded(message["type"], self._answer, message)
                self._send({"type": "answered"}, message.get("tab"))
                continue
            if self._running:
                self._guarded("train", self._train)
            self._guarded("picture", self._draw)

    def _listen(self) -> None:
        """Read what the server says; when it is gone, this process ends within seconds."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._inbox.put(self._connection.recv())
        threading.Timer(PATIENCE, os._exit, (1,)).start()
        self._inbox.put({"type": "gone"})

    def _hear(self) -> None:
        """Take the messages that came; where nothing is to be done, wait for one.

        What is asked for before a pause, and not begun yet, is not begun any more.
        """
        with contextlib.suppress(queue.Empty):
            if not self._pending:
                idle = not self._running and not (self._wanted and self._changed)
                self._pending.append(self._inbox.get(timeout=None if idle else self._pause()))
            while True:
                message = self._inbox.get_nowait()
                if message["type"] in STOPS:
                    self._drop(MOVES)
                elif message["type"] == "left":
                    self._drop((*MOVES, "unit", "refresh"), message["tab"])
                first = message["type"] == "gone"
                self._pending.insert(0 if first else len(self._pending), message)

    def _drop(self, kinds: tuple[str, ...], tab: Any = None) -> None:
        """Forget messages that wait; without a tab, those of all."""
        kept = []
        for message in self._pending:
            if message["type"] in kinds and tab in (None, message.get("tab")):
                self._send({"type": "answered"}, message.get("tab"))
            else:
                kept.append(message)
        self._pending = kept

    def _pause(self) -> float:
        """Seconds until something is due."""
        now = time.perf_counter()
        due = self._times["picture"] + PICTURE if self._wanted and self._changed else now + 1
        if self._running:
            due = min(due, self._times["batch"] + (1 / self._speed if self._speed else 0))
        return min(max(due - now, 0.0005), 1.0)

    # Doing

    def _begin(self) -> None:
        """The network that the page shows first."""
        settings = Settings()
        try:
            settings, self._given = opened(self._source, self._kept)
            self._use(Session(settings, self._kept.file, self._given))
        except GrafitoError as error:
            self._unheard = error  # no page is there yet
            self._given = {}
            self._use(Session(Settings(), self._kept.file))

    @property
    def session(self) -> Session:
        """The training of now."""
        assert self._session is not None
        return self._session

    def _use(self, session: Session) -> None:
        self._session, self._running, self._told_points = session, False, 0
        self._target = None
        self._times["saved"] = time.perf_counter()
        self._changed = True

    def _answer(self, message: Message) -> None:
        getattr(self, f"_do_{message['type']}")(message)

    def _guarded(self, kind: str, do: Callable[..., None], *message: Message) -> None:
        """Do something; what goes wrong is told, and ends no training."""
        tab = message[0].get("tab") if message else None
        try:
            do(*message)
        except GrafitoError as error:
            self._running = self._running and kind not in (*MOVES, "train")
            self._refuse(kind, error, tab)
        except Exception:  # a fault of ours
            traceback.print_exc()
            self._running = self._running and kind != "train"
            fault = GrafitoError(
                "Something went wrong in the studio.",
                fix="the terminal in which the studio was started says more",
            )
            self._refuse(kind, fault, tab)
            if kind == "export":
                self._send({"type": "exported", "id": message[0]["id"], "error": _plain(fault)})

    def _refuse(self, kind: str, error: GrafitoError, tab: Any, **more: Any) -> None:
        for lang in self._languages or {"en"}:
            with use(lang):
                self._send({**_plain(error, kind), **more}, tab, lang)

    def _do_build(self, message: Message) -> None:
        try:
            before = self.session.settings
            settings = changed(before, message["settings"])
            given = self._kept_given(settings)
            if settings.model and settings.model != before.model:
                model = load_model(self._kept.file(settings.model))
                settings = for_model(model, settings, self.session.network.model)
                given = {**given, "model": model}
            self._use(Session(settings, self._kept.file, given))
        except GrafitoError as error:
            self._refuse("build", error, message["tab"], settings=self.session.settings.plain())
            return
        self._tell_all()

    def _kept_given(self, settings: Settings) -> Mapping[str, Any]:
        """What the command line named, as long as the settings ask for it."""
        return self._given if settings.data.name == NAME else {}

    def _do_train(self, message: Message) -> None:
        self._running, self._target = True, None
        self._tell_state()

    def _do_pause(self, message: Message) -> None:
        self._running, self._target = False, None
        self._measured()
        self._save()
        self._tell_state()

    def _do_step(self, message: Message) -> None:
        self._running, by = False, message["by"]
        if by == "epoch":
            self._do_epoch()
        else:
            self.session.forward(by)
            self._moved()

    def _do_epoch(self) -> None:
        """To the end of this epoch, or of the one after those that were asked for."""
        session = self.session
        step = max(self._target or 0, session.steps.step)
        self._target = (step // session.batches + 1) * session.batches
        self._running = True
        self._train(WHOLE)

    def _do_back(self, message: Message) -> None:
        self._running = False
        self.session.back(message["by"])
        self._told_points = 0
        self._moved()

    def _do_go(self, message: Message) -> None:
        self._running = False
        if message.get("batch") is not None:
            self.session.go_to_batch(message["batch"])
            self._told_points = 0
        else:
            self.session.go(message.get("operation") or 1)
        self._moved()

    def _do_speed(self, message: Message) -> None:
        batches = message["batches"]
        self._speed = None if batches is None else min(max(float(batches), 0.1), 1e5)

    def _do_reset(self, message: Message) -> None:
        settings = self.session.settings
        seed = message.get("seed")
        if seed is None and not message.get("same", True):
            seed = seeds.stream().generate_state(1)[0] % 2**31
            seeds.set_seed(None)
        if seed is not None:
            settings = changed(settings, {"seed": int(seed), "fresh": True})
        self._begin_given(settings)
        self._tell_all()

    def _begin_given(self, settings: Settings) -> None:
        if self._given and settings.data.name == NAME:
            _, self._given = opened(self._source, self._kept)  # with its first weights
        self._use(Session(settings, self._kept.file, self._kept_given(settings)))

    def _do_open(self, message: Message) -> None:
        self._use(self._kept.read(message["saved"]))
        self._tell_all()

    def _do_unit(self, message: Message) -> None:
        for lang in self._languages:
            with use(lang):
                told = of_unit(
                    self.session, message["layer"], message["unit"], message.get("example", 0)
                )
                self._send({"type": "calculation", **told}, message["tab"], lang)

    def _do_languages(self, message: Message) -> None:
        self._languages = set(message["languages"])

    def _do_left(self, message: Message) -> None:
        """A tab is closed: `_hear` has forgotten what it wanted to see."""

    def _do_refresh(self, message: Message) -> None:
        self._tell_all(message["tab"])
        if self._unheard:
            self._refuse("open", self._unheard, message["tab"])
            self._unheard = None

    def _do_want(self, message: Message) -> None:
        self._wanted = True
        self._changed = self._changed or message["fresh"]

    def _do_export(self, message: Message) -> None:
        with use(message["language"]):
            try:
                name, kind, content = exports.export(self.session, message["what"])
                told_: dict[str, Any] = {"name": name, "kind": kind, "content": content}
            except GrafitoError as error:
                told_ = {"error": _plain(error)}
        self._send({"type": "exported", "id": message["id"], **told_})

    # Training

    def _train(self, seconds: float = SLICE) -> None:
        """A slice of training."""
        began = time.perf_counter()
        if self._speed and began < self._times["batch"] + 1 / self._speed:
            return
        while time.perf_counter() - began < seconds:
            self.session.run(1)
            if self.session.steps.step == self._target:
                self._running, self._target = False, None
                self.session.measure()
                self._moved()
                return
            if self._speed and seconds == SLICE:
                break
        self._times["batch"] = began
        self._changed = True
        now = time.perf_counter()
        if now > self._times["measured"] + MEASURED:
            self._measured()
            self._tell_state()
        if now > self._times["saved"] + SAVED:
            self._save()

    def _measured(self) -> None:
        began = time.perf_counter()
        self.session.measure()
        self._times["measured"] = time.perf_counter() + 3 * (time.perf_counter() - began)

    def _save(self) -> None:
        if self._session is None or not self._session.steps.step:
            return
        if self._session.settings.data.name == NAME:
            return  # what the command line names is opened from there
        began = time.perf_counter()
        try:
            self._kept.write(self._path, self._session)
            self._unsaved = False
        except GrafitoError as error:
            if not self._unsaved:  # said once
                self._refuse("save", error, None)
            self._unsaved = True
        ended = time.perf_counter()
        self._times["saved"] = ended + 20 * (ended - began)

    def _draw(self) -> None:
        """A picture, where a page waits for one and there is a new one."""
        now = time.perf_counter()
        if not (self._wanted and self._changed) or now < self._times["picture"] + PICTURE:
            return
        self._wanted, self._changed = False, False
        self._number += 1
        arrays, more = self.session.pictures.arrays()
        cost = time.perf_counter() - now  # at most half of the time is for pictures
        self._times["picture"] = now + max(2 * cost - PICTURE, 0)
        self._send({"type": "picture", "content": frames.frame(1, self._number, arrays, **more)})

    # Telling

    def _send(self, message: Message, tab: Any = None, lang: str | None = None) -> None:
        with contextlib.suppress(OSError):  # the server is gone; `_listen` sees that too
            self._connection.send((message, tab, lang))

    def _moved(self) -> None:
        self._changed = True
        self._tell_state()
        self._tell_operation()

    def _tell_all(self, tab: Any = None) -> None:
        built = {
            "type": "built",
            "settings": self.session.settings.plain(),
            "chosen": {"output": self.session.network.output, "loss": self.session.network.loss},
            "network": self.session.network.description(),
            "data": self._data(),
        }
        self._send(built, tab)
        self._send({"type": "points", "content": frames.points(self.session.network, 0)}, tab)
        self._send({"type": "history", **self.session.plain_history()}, tab)
        self._changed = True
        self._tell_state(tab)
        self._tell_operation(tab)

    def _data(self) -> dict[str, Any]:
        examples = self.session.network.examples
        held_out = int(examples.held_out.sum())
        return {
            "plane": examples.limits(),
            "classes": list(examples.classes),
            "examples": len(examples.y) - held_out,
            "validation": held_out,
            "columns": list(examples.columns)[:MOST_COLUMNS],
            "table": list(examples.table)[:MOST_COLUMNS],
        }

    def _tell_state(self, tab: Any = None) -> None:
        if self._told_points > len(self.session.history):
            self._told_points = 0
        history = self.session.plain_history(self._told_points)
        if tab is None and (history["epochs"] or not self._told_points):
            self._send({"type": "history", **history})
            self._told_points = len(self.session.history)
        for lang in self._languages:
            with use(lang):
                state = {**self.session.state(self._running), "speed": self._speed}
                self._send({"type": "state", **state}, tab, lang)

    def _tell_operation(self, tab: Any = None) -> None:
        for lang in self._languages:
            with use(lang):
                found = self.session.operation(tab is not None, lang)
            if found is not None:
                self._send({"type": "operation", **found}, tab, lang)
            elif tab is None:
                self._send({"type": "operation", "at": -1, "events": []}, tab, lang)


def _plain(error: GrafitoError, kind: str = "download") -> dict[str, Any]:
    """An error as a message."""
    return {"type": "error", "of": kind, **told(error)}
