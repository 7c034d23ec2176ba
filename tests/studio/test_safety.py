"""Who gets in, what may be asked for, and what is left when a process is gone."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import pathlib
import signal
import time
from urllib.parse import urlsplit

import pytest
import websockets
from studios import running, socket_address, tab
from typer.testing import CliRunner

from grafito.cli import app
from grafito.studio import listening, server
from grafito.studio.keeping import Kept

ROWS = (b"%d.5,0.%d,%s\n" % (i % 7, i, b"xy"[i % 2 :][:1]) for i in range(40))
TABLE = b"a,b,kind\n" + b"".join(ROWS)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cache")) as (address, _process):
        yield address


def ask(address, method, path, body=None, headers=None, token=True):
    """The status, the headers and the body of an answer."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
    with contextlib.closing(connection):
        mark = "&" if "?" in path else "?"
        whole = f"{path}{mark}{place.query}" if token else path
        connection.request(method, whole, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def routes():
    """Every route that the server has."""
    kept = Kept.__new__(Kept)
    kept.folder, kept.saved = None, list
    studio = server.Studio(1, "en", {}, kept)
    return {route.path for route in studio.app._app.routes}


PLACES = ("/", "/page/main.js", "/upload/csv", "/upload/model", "/download/program", "/socket")


def test_the_routes_are_those_that_are_tried_here():
    assert routes() == {"/", "/page/{name:path}", "/upload/{kind}", "/download/{what}", "/socket"}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil:80"])
@pytest.mark.parametrize("path", PLACES)
def test_another_name_of_this_machine_is_refused(address, path, host):
    for method in ("GET", "POST"):
        assert ask(address, method, path, headers={"Host": host})[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "file://"])
@pytest.mark.parametrize("path", PLACES)
def test_the_page_of_another_site_is_refused(address, path, origin):
    for method in ("GET", "POST"):
        assert ask(address, method, path, headers={"Origin": origin})[0] == 403


def test_a_socket_of_another_site_is_refused(address):
    async def use():
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(socket_address(address), origin="http://evil.example")
        for wrong in (address[:-1], address.partition("?")[0] + "?"):
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(socket_address(wrong))

    asyncio.run(use())


@pytest.mark.parametrize("path", ["/", "/upload/csv", "/upload/model", "/download/model"])
def test_without_the_token_nothing_is_told(address, path):
    method = "POST" if "upload" in path else "GET"
    for given in ("", "?token=", "?token=wrong"):
        status, _headers, body = ask(address, method, path + given, token=False)
        assert status == 403
        assert address.rpartition("=")[2].encode() not in body
    if path == "/":
        assert b"lacks its token" in body


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT", "TRACE", "OPTIONS", "CONNECT"])
@pytest.mark.parametrize("path", PLACES)
def test_no_other_method_does_anything(address, method, path):
    headers = {"X-HTTP-Method-Override": "GET"}
    assert ask(address, method, path, headers=headers)[0] in (400, 403, 404, 405)


@pytest.mark.parametrize(
    "name",
    [
        "../server.py",
        "..%2fserver.py",
        "%2e%2e/server.py",
        "..%252fserver.py",
        "..\\server.py",
        "/etc/passwd",
        "x;/../../server.py",
        "index.html%00.js",
        "",
    ],
)
def test_no_path_leads_out_of_the_page(address, name):
    assert ask(address, "GET", f"/page/{name}")[0] in (400, 404)


def test_every_answer_has_the_policy(address):
    for path in ("/", "/page/none", "/download/none", "/none"):
        headers = {k.lower(): v for k, v in ask(address, "GET", path)[1].items()}
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_a_table_is_taken_and_trained_on(address):
    status, _headers, body = ask(address, "POST", "/upload/csv?name=mine.csv", TABLE)
    told = json.loads(body)
    assert (status, told["columns"], told["name"]) == (200, ["a", "b", "kind"], "mine.csv")

    async def use():
        async with tab(address) as page:
            data = {"name": "csv", "upload": told["upload"], "target": "kind"}
            built = await page.ask("built", "build", settings={"data": data})
            assert built["data"]["classes"] == ["x", "y"]
            await page.ask("state", "step", by="epoch")
            return await page.ask("welcome", "hello", version=1, language="es")

    assert asyncio.run(use())["words"]["Train"] == "Entrenar"
    status, _headers, body = ask(address, "GET", "/download/program")
    assert status == 200
    compile(body, "network.py", "exec")


@pytest.mark.parametrize("content", [b"", b"\0\1\2", b"a,b\n1\n", b'"' * 100])
def test_what_is_no_table_gets_words(address, content):
    status, _headers, body = ask(address, "POST", "/upload/csv?language=es", content)
    assert status in (200, 400)
    if status == 400:
        assert json.loads(body)["what"]


def test_what_is_no_model_gets_words(address):
    _status, _headers, body = ask(address, "POST", "/upload/model", b"no model at all")
    upload = json.loads(body)["upload"]

    async def use():
        async with tab(address) as page:
            await page.say("build", settings={"model": upload})
            while (message := await page.hear())["type"] != "error":
                pass
            return message

    assert asyncio.run(use())["what"]


def test_an_upload_that_is_too_large_is_refused_in_words(address):
    body = b"1,2\n" * 2_100_000
    status, _headers, answer = ask(address, "POST", "/upload/csv", body)
    assert status == 413
    assert json.loads(answer)["what"] == "The file is too large."


def alive(process: int) -> bool:
    with contextlib.suppress(OSError):
        os.kill(process, 0)
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


def child_of(process) -> int:
    """The process that trains: of all below the server, the one that was started for it."""
    below = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"PPid:\t{process.pid}\n" in (folder / "status").read_text():
                below.append((folder / "cmdline").read_text())
                found = int(folder.name) if "spawn_main" in below[-1] else None
                if found:
                    return found
    raise AssertionError(below)


linux = pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks among the processes")


@linux
def test_what_a_server_leaves_that_is_killed(tmp_path):
    async def train(address):
        async with tab(address) as page:
            settings = {"layers": [{"units": 3, "activation": "tanh"}], "seed": 11}
            await page.ask("built", "build", settings=settings)
            await page.say("step", by="epoch")
            await page.until("state", epoch=1)
            return page.last["state"]["numbers"]

    async def again(address):
        async with tab(address) as page:
            (saved, *_others) = page.last["welcome"]["saved"]
            built = await page.ask("built", "open", saved=saved["id"])
            assert built["settings"]["seed"] == 11
            await page.until("state", epoch=1)
            return page.last["state"]["numbers"]

    with running(tmp_path) as (address, process):
        numbers = asyncio.run(train(address))
        child = child_of(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed = time.monotonic()
        while alive(child):
            assert time.monotonic() - killed < 10
            time.sleep(0.05)
    with running(tmp_path) as (address, _process):
        assert asyncio.run(again(address)) == numbers


@linux
def test_a_process_that_is_killed_is_followed_by_another(tmp_path):
    async def use(address, process):
        async with tab(address) as page:
            await page.ask("built", "build", settings={"seed": 5})
            await page.say("step", by="epoch")
            await page.until("state", epoch=1)
            await page.ask("state", "pause")  # which keeps the training
            os.kill(child_of(process), signal.SIGKILL)
            while (message := await page.hear())["type"] != "error":
                pass
            assert message["what"].startswith("The process that trains has ended")
            (saved, *_others) = (await page.until("welcome"))["saved"]
            built = await page.ask("built", "open", saved=saved["id"])
            while built["settings"]["seed"] != 5:
                built = await page.until("built")

    with running(tmp_path) as (address, process):
        asyncio.run(use(address, process))


def test_two_tabs_and_a_reload_see_one_training(address):
    async def use():
        async with tab(address) as first, tab(address, "es") as second:
            await first.ask("built", "build", settings={"data": {"name": "circles"}})
            told = await second.until("built")
            assert told["settings"]["data"]["name"] == "circles"
            await first.say("step", by="batch")
            await second.until("state", batch=2)
            assert second.last["state"]["text"] == "época 0 · lote 2"
        async with tab(address) as third:
            assert third.last["built"]["settings"]["data"]["name"] == "circles"
            assert third.last["state"]["text"] == "epoch 0 · batch 2"

    asyncio.run(use())


def test_a_studio_without_its_packages_says_how_to_install_them(monkeypatch):
    monkeypatch.setattr("grafito.studio.NEEDED", ("no_such_package",))
    done = CliRunner().invoke(app, ["studio", "--no-browser", "--lang", "en"])
    assert done.exit_code == 1
    assert "pip install 'grafito[studio]'" in done.output


def test_a_port_that_is_taken_is_not_the_end():
    first = listening.listen(0)
    with contextlib.closing(first):
        second = listening.listen(first.getsockname()[1])
        with contextlib.closing(second):
            assert second.getsockname()[0] == "127.0.0.1"
            assert second.getsockname()[1] != first.getsockname()[1]
