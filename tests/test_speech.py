"""Typer's own words: Spanish where it is asked for, and unchanged in English."""

from __future__ import annotations

import pytest
from typer import rich_utils
from typer.testing import CliRunner

from grafito import cli

# A command line, what is said of it in English, and in Spanish.
SAID = {
    "help": (["--help"], ["Usage:", "[OPTIONS] COMMAND [ARGS]...", "Commands", "Name the exp"],
             ["Uso:", "[OPCIONES] COMANDO [ARGUMENTOS]...", "Comandos", "Enumera los exp"]),
    "help of a command": (
        ["run", "--help"],
        ["Usage:", "Arguments", "Options", "[default: runs]", "[required]", "Show this message"],
        ["Uso:", "Argumentos", "Opciones", "[por defecto: runs]", "[obligatorio]", "esta ayuda"],
    ),
    "help of a group": (["data", "--help"], ["Usage:", "Check the files"], ["Uso:", "Comprueba"]),
    "no command": ([], ["Usage:"], ["Uso:"]),
    "unknown command": (["rnu"], ["Usage:", "No such command 'rnu'", "'run'", "Try"],
                        ["Uso:", "No existe el comando 'rnu'", "'run'", "La ayuda"]),
    "unknown option": (["run", "--epoks"], ["No such option: --epoks", "--epochs"],
                       ["No existe la opción: --epoks", "--epochs"]),
    "unknown option of a group": (["data", "list", "--x"], ["No such option"],
                                  ["No existe la opción"]),
    "missing": (["run"], ["Missing argument "], ["Falta el argumento "]),
    "no value": (["run", "--epochs"], ["requires an argument"], ["necesita un valor"]),
    "no number": (["run", "xor", "--epochs", "x"], ["Invalid value for '--epochs'", "integer"],
                  ["Valor no válido de '--epochs'", "número entero"]),
    "too small": (["run", "xor", "--seeds", "0"], ["Invalid value for '--seeds'"],
                  ["Valor no válido de '--seeds'"]),
    "too many": (["run", "xor", "xor"], ["unexpected extra argument"], ["Sobra"]),
    "unknown name": (["run", "zor"], ["Unknown experiment 'zor'"], ["Experimento desconocido"]),
}  # fmt: skip

# How a language is asked for: words of the command line, and GRAFITO_LANG.
ASKED = {
    "es": [(["--lang", "es"], ""), (["--lang=es_AR"], "en"), ([], "es")],
    "en": [([], ""), (["--lang", "en"], "es"), ([], "fr")],
}


def said(words, lang, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    monkeypatch.setattr(rich_utils, "MAX_WIDTH", 200)
    monkeypatch.setenv("GRAFITO_LANG", lang)
    done = CliRunner().invoke(cli.app, words)
    return done.stdout + done.stderr


@pytest.mark.parametrize("case", SAID)
def test_typer_speaks_the_language(case, monkeypatch):
    words, english, spanish = SAID[case]
    for lang, expected, other in (("en", english, spanish), ("es", spanish, english)):
        text = said(words, lang, monkeypatch)
        assert [part for part in expected if part not in text] == []
        assert not [part for part in other if part not in expected and part in text]


@pytest.mark.parametrize("lang", ASKED)
@pytest.mark.parametrize("way", range(3))
def test_the_language_is_known_before_the_command(lang, way, monkeypatch):
    words, surroundings = ASKED[lang][way]
    text = said(["run", "--help", *words], surroundings, monkeypatch)
    assert ("Uso:" in text) == (lang == "es")


def test_an_unknown_language_is_an_error(monkeypatch):
    assert "Unknown language 'fr'" in said(["list", "--lang", "fr"], "", monkeypatch)
    assert "Unknown language 'fr'" in said(["list"], "fr", monkeypatch)


def test_typer_is_left_as_it_was(monkeypatch):
    before = dict(vars(rich_utils))
    said(["run", "--help"], "es", monkeypatch)
    monkeypatch.undo()
    assert {k: v for k, v in vars(rich_utils).items() if k.isupper()} == {
        k: v for k, v in before.items() if k.isupper()
    }
