"""Tests of data never use the network, the user's cache or the user's folders by chance."""

from __future__ import annotations

import os
import socket

import pytest

REAL_DATA = os.environ.get("GRAFITO_DATA")


@pytest.fixture(autouse=True)
def _on_its_own(monkeypatch, tmp_path):
    monkeypatch.delenv("GRAFITO_DATA", raising=False)
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path / "cache"))
    connect = socket.socket.connect

    def only_local(self, address):
        if address[0] != "127.0.0.1":
            raise ConnectionError("no network in tests")
        return connect(self, address)

    def resolve(host, *rest, **named):
        if host != "127.0.0.1":
            raise socket.gaierror(-2, "no network in tests")
        return lookup(host, *rest, **named)

    lookup = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", only_local)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.fixture
def real_files(monkeypatch):
    """Point GRAFITO_DATA at the real files again; a test gets them by naming the data set."""

    def require(name: str) -> None:
        from grafito.datasets.catalogue import card
        from grafito.datasets.store import find

        if not REAL_DATA:
            pytest.skip(f"{name}: the variable GRAFITO_DATA names no folder with the real files")
        monkeypatch.setenv("GRAFITO_DATA", REAL_DATA)
        missing = [file.name for file in card(name).files if find(card(name), file) is None]
        if missing:
            pytest.skip(f"{name}: {', '.join(missing)} is in no folder of GRAFITO_DATA")

    return require
