"""A row of the table, and how it is run."""

from __future__ import annotations

import ast
import contextlib
import functools
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import grafito
from grafito import language
from grafito.errors import GrafitoError, GrafitoWarning

SOURCE = Path(grafito.__file__).parent
SENTENCES = {"what", "where", "received", "expected", "path"}


@dataclass(frozen=True)
class Row:
    """A case that raises an error (or warns), and its hint.

    Args:
        case: the code.
        old: the part of the case that the hint replaces.
        new: what it says to write; it stands in the text of the hint.
        sentence: why the hint is no code to be carried out, where it is none.
        before: code that comes first in both.
        says: what stands in the text of the hint, where it is not the whole of `new`.
    """

    case: str
    old: str = ""
    new: str = ""
    sentence: str = ""
    before: str = ""
    says: str = ""

    @property
    def mended(self) -> str:
        """The case with the hint carried out."""
        assert self.old in self.case, f"{self.old!r} is not in the case"
        return self.case.replace(self.old, self.new)


def names() -> dict[str, object]:
    """What a case may use, made anew."""
    grafito.layers.automatic_names.reset_names()
    rng = np.random.default_rng(0)
    x = rng.random((60, 4)).astype("float32")
    rooms = {room: getattr(grafito, room) for room in grafito.__all__}
    return {
        **rooms,
        "np": np,
        "numpy": np,
        "grafito": grafito,
        "rng": rng,
        "x": x,
        "y": x.sum(axis=1),
        "labels": np.arange(60) % 3,
        "images": rng.random((60, 8, 8)).astype("float32"),
        "net": net,
        "classifier": classifier,
    }


def net(*stack, loss="mse", shape=(4,), **settings):
    """A compiled model of these layers, by default one linear unit."""
    layers = grafito.layers
    model = grafito.Sequential([layers.Input(shape), *(stack or [layers.Dense(1)])])
    model.compile(settings.pop("optimizer", "sgd"), loss, **settings)
    return model


def classifier(*stack, loss="sparse_categorical_crossentropy", shape=(4,), **settings):
    """A compiled model whose last layer is a softmax of three units."""
    last = grafito.layers.Dense(3, activation="softmax")
    return net(*stack, last, loss=loss, shape=shape, **settings)


def run(code: str, scope: dict[str, object]) -> None:
    """Run the code; a warning of ours is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", GrafitoWarning)
        exec(code, scope)


def error_of(row: Row) -> GrafitoError:
    """The error that the case raises, or that of its warning."""
    scope = names()
    run(row.before, scope)
    try:
        run(row.case, scope)
    except GrafitoError as error:
        return error
    except GrafitoWarning as warning:
        return warning.error
    raise AssertionError(f"no error: {row.case}")


def hint_of(row: Row) -> str:
    """The text after `try` of the error that the case raises."""
    return hint_in(str(error_of(row)))


def hint_in(text: str) -> str:
    """What stands after `try`."""
    found = re.search(r"^  (?:try|probar)\s+(.*)\Z", text, re.DOTALL | re.MULTILINE)
    assert found, f"no hint: {text}"
    return found.group(1)


QUOTED = re.compile(
    r"'[^']*'|\"[^\"]*\"|`[^`]*`|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^>]*>|\S*[(_=./]\S*"
)

CODE = ("lambda ", "grafito ", "pip ")  # what commands and functions begin with
PROSE = re.compile(r"\b[A-Za-z]{2,} [a-z]{2,}\b")


def english_in(error: GrafitoError) -> list[str]:
    """The sentences of an error that stay English where Spanish is spoken."""
    sentences = [error.what, *(text for name, text in error.rows.items() if name != "received")]
    with language.use("es"):
        words = [s for s in sentences if not s.startswith(CODE) and PROSE.search(QUOTED.sub("", s))]
        return [s for s in words if language.retell(s) == s]


# Which hints the sources hold


@functools.cache
def sites() -> dict[tuple[str, int], str]:
    """Each `fix=` in the sources: file and line of the call, with its name in messages."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for name, call in calls(ast.parse(path.read_bytes())):
            if any(k.arg == "fix" and not _none(k.value) for k in call.keywords):
                file = path.relative_to(SOURCE).as_posix()
                found[str(path), call.lineno] = f"{file} {name}"
    return found


def _none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def calls(tree: ast.AST, name: str = "module") -> Iterator[tuple[str, ast.Call]]:
    """All calls, each with the name of the function that it stands in."""
    for node in ast.iter_child_nodes(tree):
        inner = name
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            inner = node.name if name == "module" else f"{name}.{node.name}"
        if isinstance(node, ast.Call):
            yield name, node
        yield from calls(node, inner)


@contextlib.contextmanager
def watched() -> Iterator[Counter[tuple[str, int]]]:
    """Counts the sites whose errors are made inside the block."""
    met: Counter[tuple[str, int]] = Counter()
    spans = _spans()
    original = GrafitoError.__init__

    def noted(self: GrafitoError, what: str, **rows: object) -> None:
        original(self, what, **rows)
        frame = sys._getframe(1)
        while frame is not None and rows.get("fix") is not None:
            file = frame.f_code.co_filename
            line = frame.f_lineno
            for first, last in spans.get(file, ()):
                if first <= line <= last:
                    met[file, first] += 1
            frame = frame.f_back

    GrafitoError.__init__ = noted
    try:
        yield met
    finally:
        GrafitoError.__init__ = original


@functools.cache
def _spans() -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for _, call in calls(ast.parse(path.read_bytes())):
            if (str(path), call.lineno) in sites() and any(k.arg == "fix" for k in call.keywords):
                found.setdefault(str(path), []).append((call.lineno, call.end_lineno))
    return found
