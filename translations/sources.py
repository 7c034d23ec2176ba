"""Finds the texts of grafito's Python files, as an extractor of Babel.

A text is what stands in `translate(...)`, `_(...)` or `message(...)`. In experiments it is also
what is shown of their attributes, the names of their settings and numbers (learning_rate is shown
as "learning rate"), and what they hand over to their record. The sentences of errors and warnings
are texts too, and so is all other prose, three words in a row, but docstrings and what babel.cfg
calls verbatim. An f-string is a template, its values are written {}.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARKS = {"_", "N_", "message", "say", "translate"}
ATTRIBUTES = {"what", "asked", "expected", "class_names"}  # of experiments
HANDED_OVER = {"section": 0, "text": 0, "figure": 2, "table": 1, "metrics": 0}  # the first text
CARD = {"what", "examples", "classes", "split", "licence", "faults"}  # of a data set
KINDS = {"unknown_name", "Registry"}  # their first argument says what is named
ROWS = {"where", "received", "expected", "path", "fix"}  # of an error; one word there is a name

WORD = re.compile(r"[^\W\d_]{2}")
PROSE = re.compile(r"(?<![\w.])[^\W\d_]+ [a-z]{2,} [a-z]{2,}(?![\w(])")
FUNCTION_WORDS = re.compile(r" (?:a|an|and|before|for|in|itself|of|or|own|the|then|with|which) ")
PLACE = re.compile(r"outside \w+ \w+")  # of a legend, for those who draw it

LITERALS = (ast.Constant, ast.JoinedStr, ast.BinOp)

Found = tuple[int, None, str, list[str]]


def texts(file: Any, keywords: Any, comment_tags: Any, options: dict[str, str]) -> Iterator[Found]:
    """Line, function, text and comments of each text in a file, as Babel asks for them."""
    name = Path(file.name).as_posix().rpartition("src/grafito/")[2]  # as babel.cfg has it
    verbatim, settings, table = (
        name.startswith(tuple(options.get(kind, "").split()))
        for kind in ("verbatim", "settings", "tables")
    )
    tree = ast.parse(file.read())
    silent = set(_silent(tree))
    for node in ast.walk(tree):
        for expression in _candidates(node, settings):
            for text in templates(expression):
                if WORD.search(text.replace("{}", "")):
                    yield node.lineno, None, text, []
        if node not in silent and isinstance(node, LITERALS) and not verbatim:
            yield from (
                (node.lineno, None, text, []) for text in templates(node) if _prose(text, table)
            )


def _prose(text: str, table: bool) -> bool:
    found = PROSE.search(text) or (table and FUNCTION_WORDS.search(text))
    return bool(found) and not PLACE.fullmatch(text) and "\n" not in text


def _silent(tree: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, and the pieces of other texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            for side in (node.left, node.right):
                yield from (side.body, side.orelse) if isinstance(side, ast.IfExp) else (side,)


def _candidates(node: ast.AST, settings: bool) -> Iterator[ast.expr | str]:
    """Texts to be shown that stand in a node, or the expressions that say them."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in MARKS:
            yield node.args[0]
        elif name in HANDED_OVER and ast.unparse(node.func) == f"record.{name}":
            for word in (*node.args[HANDED_OVER[name] :], *(w.value for w in node.keywords)):
                yield from _members(word)
        elif name == "DataSet":
            yield from (word.value for word in node.keywords if word.arg in CARD)
        elif name in KINDS:
            yield from (f"Unknown {kind} {{}}." for kind in templates(node.args[0]))
        elif name == "fail":
            yield from node.args
        elif name.endswith(("Error", "Warning")):
            yield from node.args[:1]
            rows = (word.value for word in node.keywords if word.arg in ROWS)
            yield from (text for row in rows for text in templates(row) if " " in text)
    elif isinstance(node, ast.ClassDef) and node.bases:
        for line in node.body:
            if isinstance(line, ast.Assign | ast.AnnAssign) and line.value:
                target = line.targets[0] if isinstance(line, ast.Assign) else line.target
                name = ast.unparse(target)
                if name in ATTRIBUTES:
                    yield from _members(line.value)
                elif name == "together":
                    yield from (
                        each
                        for names in ast.walk(line.value)
                        if isinstance(names, ast.Tuple)
                        for each in names.elts
                    )
                elif (
                    settings
                    and isinstance(line, ast.AnnAssign)
                    and "ClassVar" not in ast.unparse(line.annotation)
                ):
                    yield name.replace("_", " ")
    elif isinstance(node, ast.FunctionDef) and node.name == "measure":
        for inner in ast.walk(node):
            if isinstance(inner, ast.Dict):
                yield from _members(inner)
    elif isinstance(node, ast.Dict):
        names = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        if {"received", "expected"} <= set(names):  # the rows of an error
            yield from names


def _members(node: ast.expr) -> Iterator[ast.expr | str]:
    """The elements of a list, the keys of a dictionary as they are shown, or the one expression."""
    if isinstance(node, ast.List | ast.Tuple):
        yield from node.elts
    elif isinstance(node, ast.Dict):
        keys = (key for key in node.keys if key)
        yield from (text.replace("_", " ") for key in keys for text in templates(key))
    else:
        yield node


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
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [list(templates(side)) or ["{}"] for side in (node.left, node.right)]
        if sides != [["{}"], ["{}"]]:
            yield from map("".join, itertools.product(*sides))
