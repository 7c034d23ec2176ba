"""The server of the studio: one page, one socket a tab, and nobody but this machine's user."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from grafito import language
from grafito.errors import ArgumentError, GrafitoError
from grafito.studio import messages, words
from grafito.studio.child import Child
from grafito.studio.exports import KINDS
from grafito.studio.guard import Guard
from grafito.studio.keeping import Kept
from grafito.studio.session import told
from grafito.studio.settings import Malformed

PAGE = Path(__file__).parent / "page"
MOST_TABS = 16
MOST_WAITING = 32_000_000  # bytes for a tab that reads nothing
UPLOADS = {"csv": 8_000_000, "model": 256_000_000}  # bytes
SLOWEST = 60.0  # seconds for an upload
MOST_CELLS, MOST_COLUMNS = 2_000_000, 2000  # of a table
TICKET = 60.0  # seconds in which a browser that is opened asks for the page
KIND = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}
TOO_MANY = language.message("The studio is open in too many tabs: close some of them.")
WRONG_TOKEN = language.message(
    "The address lacks its token, or has an old one. Open the address that `grafito studio` "
    "printed."
)


@dataclass(eq=False)
class Tab:
    """A page that is open.

    Attributes:
        socket: to it.
        language: that it speaks.
        ready: whether it has drawn the last picture.
        sending: the task that sends; where it ends, so does the tab.
        number: by which the child process knows it.
        waiting: bytes of what waits to be sent.
        told: whether it has what it was built from; what changes comes after that.
        outbox: what waits to be sent.
    """

    socket: WebSocket
    language: str
    number: int
    waiting: int = 0
    told: bool = False
    ready: bool = True
    sending: asyncio.Task[None] | None = None
    outbox: asyncio.Queue[str | bytes] = field(default_factory=lambda: asyncio.Queue(1000))

    def say(self, message: Mapping[str, Any] | bytes) -> None:
        """Send something when it can be sent; a page that reads nothing is given up."""
        text = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False)
        if not self.outbox.full() and self.waiting < MOST_WAITING:
            self.waiting += len(text)
            self.outbox.put_nowait(text)
        elif self.sending is not None:
            self.sending.cancel()

    async def send(self) -> None:
        """Send what is said, in turn."""
        while True:
            text = await self.outbox.get()
            self.waiting -= len(text)
            if isinstance(text, bytes):
                await self.socket.send_bytes(text)
            else:
                await self.socket.send_text(text)


class Studio:
    """What the server holds: the token, the tabs, and the process that trains.

    Args:
        port: that is listened to.
        lang: of a page that asks for none.
        source: what the command line named.
        kept: where trainings and uploads lie.
    """

    def __init__(self, port: int, lang: str, source: Mapping[str, Any], kept: Kept):
        self.token = secrets.token_urlsafe(24)
        place = f"http://127.0.0.1:{port}/"
        self.address = f"{place}?token={self.token}"
        # Other users see what a browser is started with; so it gets what is good for one time.
        self._ticket = secrets.token_urlsafe(24)
        self._until = time.monotonic() + TICKET
        self.once = f"{place}?ticket={self._ticket}"
        self._lang, self._source, self._kept = lang, source, kept
        self._saved = [{"id": name, "text": text} for name, text in kept.saved()]
        self._tabs: dict[int, Tab] = {}
        self._sockets = 0  # with those that have not said hello
        self._uploading = False
        self._count = 0
        self._files = {
            path.relative_to(PAGE).as_posix(): path
            for path in sorted(PAGE.rglob("*"))
            if path.is_file() and path.suffix in KIND
        }
        self.app = Guard(
            Starlette(
                routes=[
                    Route("/", self._index, methods=["GET"]),
                    Route("/page/{name:path}", self._file, methods=["GET"]),
                    Route("/upload/{kind}", self._upload, methods=["POST"]),
                    Route("/download/{what}", self._download, methods=["GET"]),
                    WebSocketRoute("/socket", self._socket),
                ],
                lifespan=self._life,
            ),
            port,
        )

    @contextlib.asynccontextmanager
    async def _life(self, app: Any) -> Any:
        self.child = Child(str(self._kept.folder), self._source, self._heard, self._restarted)
        try:
            yield
        finally:
            await asyncio.to_thread(self.child.leave)

    def _knows(self, request: Request | WebSocket) -> bool:
        given = request.query_params.get("token", "")
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _opens(self, request: Request) -> bool:
        """Whether this is the browser that the studio opened; it is, once."""
        given = request.query_params.get("ticket", "")
        known = secrets.compare_digest(given.encode(), self._ticket.encode())
        if known:
            self._ticket = secrets.token_urlsafe(24)
        return known and time.monotonic() < self._until

    def _language(self, request: Request) -> str:
        asked = request.query_params.get("language", "")
        return asked if asked in language.LANGUAGES else self._lang

    # Pages and files

    async def _index(self, request: Request) -> Response:
        if self._opens(request):
            return RedirectResponse(self.address, 303)
        if not self._knows(request):
            text = language.translator(self._lang)(WRONG_TOKEN)
            page = f'<!doctype html><html lang="{self._lang}"><meta charset="utf-8">'
            page += f"<title>grafito</title><p>{text}</p></html>"
            return Response(page, 403, media_type=KIND[".html"])
        return self._of_page("index.html")

    async def _file(self, request: Request) -> Response:
        return self._of_page(request.path_params["name"])

    def _of_page(self, name: str) -> Response:
        path = self._files.get(name)
        if path is None:
            return Response("Not found", 404)
        return Response(path.read_bytes(), media_type=KIND[path.suffix])

    async def _upload(self, request: Request) -> Response:
        if not self._knows(request):
            return Response("Forbidden", 403)
        kind = request.path_params["kind"]
        if kind not in UPLOADS:
            return Response("Not found", 404)
        with language.use(self._language(request)):
            try:
                return await self._take(request, kind)
            except TimeoutError:
                return Response("Request timeout", 408)
            except ClientDisconnect:
                return Response("", 400)
            except UploadError as error:
                return JSONResponse({"type": "error", "of": "upload", **told(error)}, error.status)
            except GrafitoError as error:
                return JSONResponse({"type": "error", "of": "upload", **told(error)}, 400)

    async def _take(self, request: Request, kind: str) -> Response:
        if self._uploading:
            raise UploadError("Another file is being opened.", 429)
        self._uploading = True
        try:
            async with asyncio.timeout(SLOWEST):
                content = await _body(request, UPLOADS[kind])
            upload, columns = await asyncio.to_thread(self._keep, content, kind)
        finally:
            self._uploading = False
        name = request.query_params.get("name", "")[:100]
        return JSONResponse({"upload": upload, "name": name, "columns": columns})

    def _keep(self, content: bytes, kind: str) -> tuple[str, list[str]]:
        from grafito.datasets.columns import typed_table

        if kind != "csv":
            return self._kept.upload(content, kind), []
        _check_size(content)
        upload = self._kept.upload(content, kind)
        return upload, list(typed_table(self._kept.file(upload)).columns)

    async def _download(self, request: Request) -> Response:
        if not self._knows(request):
            return Response("Forbidden", 403)
        what = request.path_params["what"]
        if what not in KINDS:
            return Response("Not found", 404)
        found = await self.child.export(what, self._language(request))
        if found is None:
            return Response("", 503)
        if "error" in found:
            return JSONResponse(found["error"], 409)
        headers = {"content-disposition": f'attachment; filename="{found["name"]}"'}
        return Response(found["content"], media_type=found["kind"], headers=headers)

    # Tabs

    async def _socket(self, socket: WebSocket) -> None:
        if not self._knows(socket):
            await socket.close(1008)
            return
        await socket.accept()
        if self._sockets >= MOST_TABS:
            await socket.close(4403, language.translator(self._lang)(TOO_MANY))
            return
        self._count += 1
        self._sockets += 1
        tab = Tab(socket, self._lang, self._count)
        tab.sending = asyncio.create_task(tab.send())
        tasks = {tab.sending, asyncio.create_task(self._listen(tab))}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._tabs.pop(tab.number, None)
            self._sockets -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.child.say({"type": "left", "tab": tab.number})
            self._tell_languages()
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
                await socket.close(1013)

    async def _listen(self, tab: Tab) -> None:
        while True:
            event = await tab.socket.receive()
            if event["type"] != "websocket.receive":
                return
            try:
                self._obey(tab, messages.read(event.get("text") or event.get("bytes") or b""))
            except Malformed as error:
                with language.use(tab.language):
                    text = {"type": "error", "of": "message", **told(error)}
                await tab.socket.send_text(json.dumps(text))
                await tab.socket.close(1008)
                return

    def _obey(self, tab: Tab, message: dict[str, Any]) -> None:
        kind = message["type"]
        if tab.number not in self._tabs and kind != "hello":
            raise Malformed("The first message is hello.", received=kind)
        if self.child.is_behind(tab.number) and kind not in ("pause", "seen"):
            self._tell_error(tab, GrafitoError("What was asked for before is not done yet."))
        elif kind == "hello":
            tab.language = message.get("language") or self._lang
            self._tabs[tab.number] = tab
            self._tell_languages()
            self._welcome(tab)
            if not self.child.is_alive:
                self._tell_error(tab, _dead())
        elif kind == "language":
            tab.language = message["language"]
            self._tell_languages()
            tab.say({"type": "words", **self._words(tab)})
            self._refresh(tab)
        elif kind == "seen":
            if not tab.ready:
                tab.ready = True
                self.child.say({"type": "want", "fresh": False})
        elif self.child.is_alive:
            self.child.say({**message, "tab": tab.number})
        else:
            self._tell_error(tab, _dead())

    def _tell_error(self, tab: Tab, error: GrafitoError) -> None:
        with language.use(tab.language):
            tab.say({"type": "error", "of": "train", **told(error)})

    def _welcome(self, tab: Tab) -> None:
        tab.say({"type": "welcome", "version": 1, **self._words(tab), "saved": self._saved})
        self._refresh(tab)

    def _words(self, tab: Tab) -> dict[str, Any]:
        lang = tab.language
        return {
            "language": lang,
            "languages": list(language.LANGUAGES),
            "words": words.words(lang),
            "choices": words.choices(lang),
        }

    def _refresh(self, tab: Tab) -> None:
        tab.ready = True
        self.child.say({"type": "refresh", "tab": tab.number})
        self.child.say({"type": "want", "fresh": True})

    def _tell_languages(self) -> None:
        spoken = {tab.language for tab in self._tabs.values()}
        self.child.say({"type": "languages", "languages": sorted(spoken)})

    def _heard(self, message: dict[str, Any], tab: Any, lang: str | None) -> None:
        """Hand on what the child process says."""
        content = message.get("content", message)
        for each in list(self._tabs.values()):
            if tab not in (None, each.number) or lang not in (None, each.language):
                continue
            each.told = each.told or (tab is not None and message["type"] == "built")
            if not each.told and message["type"] != "error":
                continue
            if message["type"] == "picture":
                if each.ready:
                    each.ready = False
                    each.say(content)
            else:
                each.say(content)

    def _restarted(self, again: bool) -> None:
        """The process that trains has ended; another one has begun, or none does any more."""
        self._saved = [{"id": name, "text": text} for name, text in self._kept.saved()]
        error = GrafitoError("The process that trains has ended; a new one begins.")
        self._tell_languages()
        for tab in self._tabs.values():
            self._tell_error(tab, error if again else _dead())
            self._welcome(tab)


def _dead() -> GrafitoError:
    return GrafitoError(
        "The process that trains ends again and again.", fix="start the studio anew"
    )


class UploadError(ArgumentError):
    """An upload that is not taken, with the status of the answer."""

    def __init__(self, what: str, status: int, **rows: str):
        super().__init__(what, **rows)
        self.status = status


def _check_size(content: bytes) -> None:
    """Refuse a table whose cells are too many to be looked at while one waits."""
    signs = b",;\t|"
    columns = 1 + max(content.partition(b"\n")[0].count(sign) for sign in signs)
    cells = content.count(b"\n") + max(content.count(sign) for sign in signs)
    if columns > MOST_COLUMNS or cells > MOST_CELLS:
        raise UploadError(
            "The table is too large.",
            413,
            received=f"{columns:,} columns, {cells:,} cells",
            expected=f"{MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells at most",
        )


async def _body(request: Request, most: int) -> bytes:
    """The body of a request, as long as it is not too long."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise UploadError(
                "The file is too large.",
                413,
                received=f"more than {size:,} bytes",
                expected=f"{most:,} bytes at most",
            )
        parts.append(part)
    return b"".join(parts)
