"""Those who want to harm: strangers on this machine, hostile files, pages that talk nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import websockets
from studio.test_safety import alive, ask, child_of, linux
from studios import read_frame, running, socket_address, tab

from grafito import Sequential, layers
from grafito.errors import FileError
from grafito.files.arrays import write_arrays
from grafito.studio import child, exports, server, worker
from grafito.studio.guard import Guard
from grafito.studio.keeping import Kept
from grafito.studio.session import Session
from grafito.studio.settings import Settings, changed

XOR = {
    "data": {"name": "xor"},
    "features": ["x1", "x2"],
    "layers": [{"units": 4, "activation": "tanh"}],
    "rate": 0.1,
    "batch": 4,
    "output": None,
    "loss": None,
    "optimizer": "adam",
    "l1": 0,
    "l2": 0,
    "model": None,
}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cache")) as (address, _process):
        yield address


async def trains(address):
    """A fresh tab trains XOR, whatever was before."""
    async with tab(address) as page:
        seed = random.randrange(10**9)
        await page.say("build", settings={**XOR, "seed": seed})
        while (await page.until("built"))["settings"]["seed"] != seed:
            pass
        await page.say("speed", batches=None)
        await page.say("train")
        while page.number("accuracy") != 1:
            await page.until("state")
        await page.say("pause")
        await page.until("state", running=False)


async def error_of(page):
    while (message := await page.hear())["type"] != "error":
        pass
    return message


def connections(address, count):
    place = urlsplit(address)
    return [socket.create_connection((place.hostname, place.port)) for _ in range(count)]


def test_connections_that_ask_for_nothing_keep_nobody_out(address):
    silent = connections(address, 100)
    for each in silent[:50]:
        each.sendall(b"GET / HTTP/1.1\r\nHo")
    try:
        for _ in range(3):
            assert ask(address, "GET", "/")[0] == 200
        asyncio.run(trains(address))
        silent[0].settimeout(20)
        with contextlib.suppress(ConnectionResetError):
            assert silent[0].recv(1) == b""
        silent[-1].settimeout(20)
        with contextlib.suppress(ConnectionResetError):
            assert silent[-1].recv(1) == b""
    finally:
        for each in silent:
            each.close()


def test_sockets_that_say_nothing_are_counted(address):
    async def use():
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(server.MOST_TABS):
                await stack.enter_async_context(websockets.connect(socket_address(address)))
            one_more = await stack.enter_async_context(websockets.connect(socket_address(address)))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await one_more.recv()
            assert closed.value.rcvd.code == 4403
            assert "too many tabs" in closed.value.rcvd.reason
        await trains(address)

    asyncio.run(use())


def test_what_is_neither_text_nor_http_leaves_no_traceback(tmp_path, capfd):
    async def use(address):
        async with websockets.connect(socket_address(address)) as page:
            await page.send(b"\xff\xfe\xed\xa0\x80", text=True)
            with pytest.raises(websockets.ConnectionClosed):
                await page.recv()
        place = urlsplit(address)
        head = f"POST /none HTTP/1.1\r\nHost: {place.netloc}\r\nTransfer-Encoding: chunked\r\n\r\n"
        (connection,) = connections(address, 1)
        with contextlib.closing(connection):
            connection.sendall(head.encode())
            assert b"404" in connection.recv(100)
            connection.sendall(b"zz\r\nno chunk at all\r\n" * 100)
            time.sleep(0.2)
        await trains(address)

    with running(tmp_path) as (address, _process):
        asyncio.run(use(address))
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "settings",
    [
        '{"data": {"target": "\\ud800"}}',
        '{"rate": 1' + "0" * 400 + "}",
        '{"layers": [{"units": 1' + "0" * 400 + "}]}",
        '{"seed": 1e999}',
    ],
)
def test_what_no_tab_can_be_told_is_never_taken(address, settings):
    async def use():
        async with tab(address) as page:
            await page.socket.send(f'{{"type": "build", "settings": {settings}}}')
            assert "went wrong" not in (await error_of(page))["what"]
        await trains(address)

    asyncio.run(use())


def nonsense(random: random.Random) -> str:
    """A message that may be right, with something changed in it."""
    names = ["tanh", "relu", "softmax", "glu", "sgd", "adam", "mse", "hinge", "xor", "moons", "csv"]
    odd = [None, True, 0, -1, 1, 2.5, 1e308, 2**40, "", "x", "\0", "é" * 300, [], {}, [[0]], *names]
    settings = {
        "data": {
            "name": random.choice(["xor", "moons", "digits", "points", "regression", "classes"]),
            "examples": random.choice([4, 9, 40]),
            "validation": random.choice([0, 0.1, 0.9]),
            "points": [[random.choice([0, 1, 1e6]), i, i % 3] for i in range(6)],
        },
        "features": random.sample(["x1", "x2", "x1*x2"], 2),
        "layers": [
            {"units": random.choice([0, 1, 3]), "activation": random.choice(names)}
            for _ in range(random.randrange(3))
        ],
        "loss": random.choice([None, None, *names]),
        "rate": random.choice([0, 0.1, 1e6, -1]),
        "batch": random.choice([1, 4, 10_000]),
    }
    by = random.choice(["operation", "batch", "epoch"])
    message = random.choice(
        [
            {"type": "hello", "version": 1, "language": random.choice(["es", "en", None])},
            {"type": "build", "settings": settings},
            {"type": "build", "settings": dict(random.sample(list(settings.items()), 2))},
            {"type": "step", "by": by},
            {"type": "back", "by": by},
            {"type": "go", random.choice(["operation", "batch"]): random.choice([-1, 0, 1, 20])},
            {"type": "train"},
            {"type": "pause"},
            {"type": "speed", "batches": random.choice([None, 0, -1, 1e308, 40])},
            {"type": "reset", "same": random.choice([True, False])},
            {"type": "unit", "layer": random.choice([-1, 0, 1]), "unit": 0, "example": 0},
            {"type": "language", "language": "es"},
            {"type": "open", "saved": random.choice(["../x", "training-20260101000000-1"])},
        ]
    )
    if random.random() < 0.3:
        table = message.get("settings", message)
        table = table.get("data", table) if random.random() < 0.5 else table
        if table:
            table[random.choice(list(table))] = random.choice(odd)
    text = json.dumps(message)
    at = random.randrange(len(text))
    return (
        text[:at] + random.choice('{}[]",\\0') + text[at + 1 :] if random.random() < 0.03 else text
    )


def test_nonsense_of_two_tabs_harms_nothing(address, capfd):
    """Whatever a page says is done or answered in words; `seed` is in the name of what failed."""

    async def one(seed):
        draw = random.Random(seed)
        for _tab in range(6):
            async with websockets.connect(socket_address(address), max_size=None) as page:
                await page.send('{"type": "hello", "version": 1}')
                heard = asyncio.create_task(hear(page))
                with contextlib.suppress(websockets.ConnectionClosed):
                    for _ in range(25):
                        await page.send(nonsense(draw))
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.2)
                heard.cancel()
                with contextlib.suppress(asyncio.CancelledError, websockets.ConnectionClosed):
                    await heard

    async def hear(page):
        while True:
            got = await page.recv()
            if isinstance(got, bytes):
                read_frame(got)
                continue
            message = json.loads(got, parse_constant=pytest.fail)
            if message["type"] == "error":
                assert "went wrong" not in message["text"]
                assert "Error(" not in message["text"]

    async def use():
        await asyncio.gather(one(1), one(2))
        await trains(address)

    asyncio.run(use())


LONG = {
    "data": {"name": "moons", "examples": 5000},
    "layers": [{"units": 400, "activation": "tanh"}] * 3,
    "batch": 1,
}


def test_epochs_that_take_long_are_paused_at_once(address):
    async def use():
        async with tab(address) as page:
            await page.ask("built", "build", settings=LONG)
            for _ in range(20):
                await page.say("step", by="epoch")
            await page.until("state", running=True)
            began = time.monotonic()
            await page.say("pause")
            await page.until("state", running=False)
            assert time.monotonic() - began < 30  # an epoch takes minutes
        await trains(address)

    asyncio.run(use())


def test_a_flood_of_questions_is_answered_in_words(address):
    async def use():
        async with tab(address) as page:
            for _ in range(500):
                await page.say("hello", version=1, language=None)
            assert (await error_of(page))["what"].startswith("What was asked for before")
        await trains(address)

    asyncio.run(use())


def test_what_a_closed_tab_asked_for_keeps_no_other_waiting(address):
    async def use():
        async with tab(address) as page:
            await page.ask("built", "build", settings=LONG)
            for _ in range(30):
                await page.say("step", by="operation")
        began = time.monotonic()
        await trains(address)
        assert time.monotonic() - began < 40

    asyncio.run(use())


@linux
def test_a_tab_that_opens_after_the_last_process_is_told(tmp_path):
    async def use(address, process):
        for _ in range(child.MOST_STARTS):
            found = None
            while found is None:
                with contextlib.suppress(AssertionError):
                    found = child_of(process)
            os.kill(found, signal.SIGKILL)
            while alive(found):
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        async with websockets.connect(socket_address(address)) as page:
            await page.send('{"type": "hello", "version": 1}')
            while (message := json.loads(await page.recv()))["type"] != "error":
                pass
            assert message["what"].startswith("The process that trains ends again and again")
        assert ask(address, "GET", "/download/model")[0] == 503

    with running(tmp_path) as (address, process):
        asyncio.run(use(address, process))


@pytest.mark.parametrize("content", [b"", b"\xff" * 2000, b"\x10\x27" + bytes(6) + b"[" * 10_000])
def test_a_damaged_file_is_told_without_paths_and_without_python(address, content):
    upload = json.loads(ask(address, "POST", "/upload/model", content)[2])["upload"]

    async def use():
        async with tab(address) as page:
            await page.say("build", settings={"model": upload})
            told = await error_of(page)
            assert "Error" not in told["text"]
            assert "uploads" not in json.dumps(told)

    asyncio.run(use())


def test_a_report_of_many_classes_draws_no_boundary_of_each(tmp_path):
    model = Sequential([layers.Input((2,)), layers.Dense(300, "softmax")])
    path = tmp_path / "model.safetensors"
    model.save(path)
    kept = Kept(tmp_path)
    upload = kept.upload(path.read_bytes(), "model")
    settings = changed(Settings(), {"data": {"name": "classes"}, "model": upload})
    began = time.monotonic()
    assert b"<html" in exports.export(Session(settings, kept.file), "report")[2]
    assert time.monotonic() - began < 60


def test_a_table_that_is_too_large_is_refused_at_once(address):
    wide = b",".join(b"c%d" % i for i in range(100_000)) + b"\n" + b"1," * 99_999 + b"1\n"
    for body in (wide, b"a,b\n" + b"1,2\n" * 1_500_000):
        began = time.monotonic()
        status, _headers, answer = ask(address, "POST", "/upload/csv", body)
        assert (status, json.loads(answer)["what"]) == (413, "The table is too large.")
        assert time.monotonic() - began < 20


def test_a_second_upload_waits_for_the_first(address):
    place = urlsplit(address)
    head = f"POST /upload/csv?{place.query} HTTP/1.1\r\nHost: {place.netloc}\r\n"
    (slow,) = connections(address, 1)
    with contextlib.closing(slow):
        slow.sendall(f"{head}Content-Length: 1000\r\n\r\na,b\n".encode())
        time.sleep(0.5)
        status, _headers, answer = ask(address, "POST", "/upload/csv", b"a,b\n1,2\n")
        assert (status, json.loads(answer)["what"]) == (429, "Another file is being opened.")
    for _ in range(50):
        status = ask(address, "POST", "/upload/csv", b"a,b\n1,2\n")[0]
        if status == 200:
            break
        time.sleep(0.1)
    assert status == 200


def test_where_nothing_can_be_kept_it_is_said_and_the_training_goes_on(tmp_path, capfd):
    async def use(address):
        async with tab(address) as page:
            shutil.rmtree(tmp_path / "studio")
            (tmp_path / "studio").write_text("a file in place of the folder")
            status, _headers, body = ask(address, "POST", "/upload/csv", b"a,b\n1,2\n")
            assert status == 400
            assert json.loads(body)["what"]
            await page.ask("state", "step", by="batch")
            await page.say("pause")
            assert (await error_of(page))["of"] == "save"
            await page.ask("state", "pause")  # said once
        await trains(address)

    with running(tmp_path) as (address, _process):
        asyncio.run(use(address))
    assert "Traceback" not in capfd.readouterr().err


class Heard:
    """A connection that remembers what was sent."""

    def __init__(self):
        self.messages = []

    def send(self, message):
        self.messages.append(message[0])


def test_a_fault_of_ours_is_answered_too(tmp_path, monkeypatch, capsys):
    def fails(*_arguments):
        raise IndexError("list index out of range")

    heard = Heard()
    one = worker.Worker(heard, Kept(tmp_path), {})
    one._begin()
    monkeypatch.setattr(exports, "export", fails)
    message = {"type": "export", "id": 3, "what": "model", "language": "en"}
    one._guarded("export", one._answer, message)
    (answer,) = [x for x in heard.messages if x["type"] == "exported"]
    assert answer["id"] == 3
    assert answer["error"]["what"] == "Something went wrong in the studio."
    monkeypatch.setattr(Session, "run", fails)
    one._running = True
    one._guarded("train", one._train)
    assert not one._running
    assert "IndexError" not in json.dumps(heard.messages)
    assert "IndexError" in capsys.readouterr().err


def test_a_process_that_ends_at_once_is_not_started_for_ever(monkeypatch):
    async def use():
        monkeypatch.setattr(child.Child, "_start", lambda self: self._starts.append(now[0]))
        monkeypatch.setattr(child.time, "monotonic", lambda: now[0])
        ended = []
        one = child.Child("", {}, print, ended.append)
        for _ in range(child.MOST_STARTS):
            one._starts = one._starts[-child.MOST_STARTS :]
            now[0] += 100  # now and then
            one._lost()
        assert all(ended)
        for _ in range(child.MOST_STARTS):
            one._starts = one._starts[-child.MOST_STARTS :]
            one._lost()
        assert not ended[-1]
        one.say({"type": "want"})
        assert await one.export("model", "en") is None

    now = [0.0]
    asyncio.run(use())


def test_a_browser_is_opened_with_what_is_good_once():
    kept = Kept.__new__(Kept)
    kept.folder, kept.saved = None, list
    studio = server.Studio(1, "en", {}, kept)
    assert studio.token not in studio.once
    asked = SimpleNamespace(query_params={"ticket": studio.once.partition("=")[2]})
    assert [studio._opens(asked) for _ in range(2)] == [True, False]
    assert not studio._opens(SimpleNamespace(query_params={}))


def test_the_address_of_port_80_has_none():
    async def asked(host, port):
        sent = []

        async def app(*_arguments):
            sent.append({"status": 200})

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "headers": [(b"host", host.encode())], "method": "GET"}
        await Guard(app, port)(scope, None, send)
        return sent[0]["status"]

    assert asyncio.run(asked("127.0.0.1", 80)) == 200
    assert asyncio.run(asked("127.0.0.1", 8321)) == 403


def test_a_checkpoint_of_something_else_is_refused_in_words(tmp_path):
    kept = Kept(tmp_path)
    path = kept.new(1)
    for content in ({}, {"settings": Settings().plain()}, {"settings": 3, "step": "x"}):
        write_arrays(path, {}, {"studio": 1, **content})
        with pytest.raises((FileError, ValueError)) as error:
            kept.read(path.name)
        assert hasattr(error.value, "what")


@linux
@pytest.mark.parametrize("wait", [0.0, 0.2])
def test_ctrl_c_right_after_the_start_ends_all_without_a_traceback(tmp_path, wait):
    command = [sys.executable, "-m", "grafito", "studio", "--port", "0", "--no-browser"]
    environment = {**os.environ, "GRAFITO_CACHE": str(tmp_path)}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        deadline = time.monotonic() + 20
        found = None
        while found is None and time.monotonic() < deadline:
            with contextlib.suppress(AssertionError):
                found = child_of(process)
        time.sleep(wait)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _out, errors = process.communicate(timeout=40)
    assert time.monotonic() - began < child.LEAVE  # nobody had to be ended
    assert "Traceback" not in errors
    assert not alive(found)


def test_a_tab_that_reads_nothing_is_given_up():
    async def use():
        one = server.Tab(SimpleNamespace(), "en", 1)
        one.sending = asyncio.create_task(asyncio.sleep(100))
        for _ in range(100):
            one.say(bytes(1_000_000))
        assert one.waiting <= server.MOST_WAITING
        with pytest.raises(asyncio.CancelledError):
            await one.sending

    asyncio.run(use())
