"""The studio from outside: a process, its address, and tabs that talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
import websockets
from studios import running, socket_address, tab

XOR = {
    "data": {"name": "xor"},
    "layers": [{"units": 4, "activation": "tanh"}],
    "rate": 0.1,
    "batch": 4,
}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cache")) as (address, _process):
        yield address


def test_xor_is_learned_and_stepped_back_to_the_same_numbers(address):
    async def use():
        async with tab(address) as page:
            built = await page.ask("built", "build", settings=XOR)
            assert built["network"]["parameters"] == 17
            assert built["data"]["examples"] == 4
            await page.say("train")
            while page.number("accuracy") != 1:
                await page.until("state")
            await page.say("pause")
            await page.until("state", running=False)
            before = page.last["state"]
            await page.say("step", by="operation")
            await page.until("state")
            assert " · operation 1 of " in page.last["state"]["text"]
            operation = await page.until("operation")
            assert operation["svg"].startswith("<svg")
            assert operation["at"] == 0
            first = operation["events"][0]
            await page.say("step", by="batch")
            await page.until("state", epoch=before["epoch"] + 1)
            assert page.last["state"]["numbers"] != before["numbers"]
            await page.say("back", by="batch")
            await page.until("state", epoch=before["epoch"])
            assert page.last["state"]["numbers"] == before["numbers"]
            await page.say("go", operation=1)
            again = await page.until("operation", at=0)
            assert again["events"][0] == first

    asyncio.run(use())


def test_wrong_settings_are_told_with_the_words_of_the_parts(address):
    async def use():
        async with tab(address, "es") as page:
            await page.say("build", settings={"layers": [{"units": 0}]})
            while (message := await page.hear())["type"] != "error":
                pass
            assert message["what"] == "Dense necesita un número entero como 'units'."
            assert ["recibido", "units=0"] in message["rows"]

    asyncio.run(use())


@pytest.mark.parametrize(
    "text", ['{"type": "exec"}', "[]", "{", '{"type": "step", "by": 3}', "[" * 100_000]
)
def test_what_no_page_says_gets_words_and_a_closed_socket(address, text):
    async def use():
        async with websockets.connect(socket_address(address)) as socket:
            await socket.send(text)
            assert json.loads(await socket.recv())["type"] == "error"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd.code == 1008

    asyncio.run(use())


def test_a_message_that_is_too_long_ends_the_connection_and_nothing_else(address):
    async def use():
        async with websockets.connect(socket_address(address)) as socket:
            with contextlib.suppress(websockets.ConnectionClosed):
                await socket.send("x" * 5_000_000)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
        async with tab(address):
            pass

    asyncio.run(use())


def test_tabs_that_come_and_go_leave_no_traceback(tmp_path, capfd):
    async def use(address):
        for _ in range(3):
            async with tab(address) as page:
                await page.say("build", settings=XOR)
                await page.say("train")
                await page.until("built")
                page.socket.transport.abort()  # as of a laptop that fell asleep

    with running(tmp_path) as (address, _process):
        asyncio.run(use(address))
    assert "Traceback" not in capfd.readouterr().err


def test_layers_of_each_network_are_counted_from_the_first(address):
    async def use():
        async with tab(address) as page:
            for _ in range(2):
                built = await page.ask("built", "build", settings=XOR)
                assert [x["name"] for x in built["network"]["layers"]] == ["dense", "dense_1"]

    asyncio.run(use())
