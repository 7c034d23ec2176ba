"""Everything that a terminal shows has a Spanish text, and no Spanish text is left over."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grafito import lab, language
from grafito.errors import UnknownNameError

SOURCE = Path(__file__).resolve().parents[1] / "src" / "grafito"
TREES = [ast.parse(path.read_bytes()) for path in SOURCE.rglob("*.py")]


def translated():
    """The texts given to `translate`, also under the name `_`."""
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                if name in ("_", "translate") and isinstance(node.args[0], ast.Constant):
                    yield node.args[0].value


def test_no_text_is_missing():
    texts = {*translated(), *(kind.what for kind in lab.kinds().values())}
    assert len(texts) > 40
    assert texts <= language.SPANISH.keys()


def test_no_text_is_left_over():
    catalogue = ast.parse((SOURCE / "language.py").read_bytes())
    trees = [tree for tree in TREES if ast.dump(tree) != ast.dump(catalogue)]
    used = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    used |= {text.replace("_", " ") for text in used}  # names of metrics
    assert language.SPANISH.keys() <= used


@pytest.mark.parametrize(
    ("asked", "surroundings", "chosen"),
    [
        ("es", {"GRAFITO_LANG": "en"}, "es"),
        ("en", {"GRAFITO_LANG": "es"}, "en"),
        (None, {"GRAFITO_LANG": "es"}, "es"),
        (None, {"LANG": "es_AR.UTF-8"}, "es"),
        (None, {"LANG": "en_US.UTF-8", "LC_ALL": "es_ES"}, "es"),
        (None, {"LANG": "fr_FR"}, "en"),
        (None, {"LANG": "C.UTF-8"}, "en"),
        (None, {}, "en"),
    ],
)
def test_choice(asked, surroundings, chosen, monkeypatch):
    for name in ("GRAFITO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    assert language.choose(asked) == chosen


def test_a_language_that_is_not_spoken():
    with pytest.raises(UnknownNameError, match="en, es"):
        language.choose("fr")


def test_the_language_ends_with_its_block():
    with language.use("es"), language.use("en"):
        assert language.translate("loss") == "loss"
    assert language.current() == "en"
