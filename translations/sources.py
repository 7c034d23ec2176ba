"""Finds the texts of grafito's Python files, as an extractor of Babel.

A text is what stands in `translate(...)`, `_(...)` or `message(...)`, in an attribute of an
experiment that is shown, and in what an experiment hands over to its record. Where babel.cfg says
so, the sentences of errors too: an f-string there is a template, its values are written {}.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARKS = {"_", "N_", "message", "translate"}
ATTRIBUTES = {"what", "asked", "expected", "class_names"}  # of experiments
HANDED_OVER = {"section": 0, "text": 0, "figure": 2, "table": 1}  # to a record; the first text
KINDS = {"unknown_name", "Registry"}  # their first argument says what is named
ROWS = {"where", "received", "expected", "path", "fix"}  # of an error; one word there is a name

WORD = re.compile(r"[^\W\d_]{2}")

Found = tuple[int, None, str, list[str]]


def texts(file: Any, keywords: Any, comment_tags: Any, options: dict[str, str]) -> Iterator[Found]:
    """Line, function, text and comments of each text in a file, as Babel asks for them."""
    name = Path(file.name).as_posix().rpartition("src/grafito/")[2]
    errors = name.startswith(tuple(options.get("errors", "").split()))
    for node in ast.walk(ast.parse(file.read())):
        for expression in _candidates(node, errors):
            for text in templates(expression):
                if WORD.search(text.replace("{}", "")):
                    yield node.lineno, None, text, []


def _candidates(node: ast.AST, errors: bool) -> Iterator[ast.expr | str]:
    """Texts to be shown that stand in a node, or the expressions that say them."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in MARKS:
            yield node.args[0]
        elif name in HANDED_OVER and ast.unparse(node.func) == f"record.{name}":
            for word in (*node.args[HANDED_OVER[name] :], *(w.value for w in node.keywords)):
                yield from word.elts if isinstance(word, (ast.List, ast.Tuple)) else [word]
        elif name in KINDS:
            yield from (f"Unknown {kind} {{}}." for kind in templates(node.args[0]))
        elif errors and name == "fail":
            yield from node.args
        elif errors and name.endswith("Error"):
            yield from node.args[:1]
            rows = (word.value for word in node.keywords if word.arg in ROWS)
            yield from (text for row in rows for text in templates(row) if " " in text)
    elif isinstance(node, ast.ClassDef):
        for line in node.body:
            target = getattr(line, "target", None) or next(iter(getattr(line, "targets", [])), None)
            if getattr(target, "id", "") in ATTRIBUTES and getattr(line, "value", None):
                value = line.value
                yield from value.elts if isinstance(value, ast.Tuple) else [value]
    elif isinstance(node, ast.Dict) and errors:
        names = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        if {"received", "expected"} <= set(names):  # the rows of an error
            yield from names


def templates(node: ast.expr | str) -> Iterator[str]:
    """What an expression can say, with {} in place of the values of an f-string."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            part.value.replace("{", "{{").replace("}", "}}")
            if isinstance(part, ast.Constant)
            else "{}"
            for part in node.values
        )
    elif isinstance(node, ast.IfExp):
        yield from templates(node.body)
        yield from templates(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from templates(value)
