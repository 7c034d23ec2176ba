"""What is written is true: examples run, public names say what they do, links lead somewhere."""

from __future__ import annotations

import ast
import contextlib
import doctest
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest

from docs.__main__ import write_sources
from grafito import language
from grafito.utils import clear_session

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MODULES = sorted(
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCE.glob("grafito/**/*.py")
    if path.name != "__main__.py"
)

LONGEST_DOCSTRING = 25  # lines; what needs more room is a page of the documentation
MOST_ARGUMENTS = 7

# Public names, or the modules that define them, without examples -> why. It may only shrink.
WITHOUT_EXAMPLE: dict[str, str] = {}

# Modules whose examples read real data -> the folder that holds them.
NEEDS_DATA = {
    "grafito.datasets.boston_housing": "boston-housing",
    "grafito.datasets.california_housing": "california-housing",
    "grafito.datasets.cifar10": "cifar-10",
    "grafito.datasets.cifar100": "cifar-100",
    "grafito.datasets.fashion_mnist": "fashion-mnist",
    "grafito.datasets.imdb": "imdb",
    "grafito.datasets.mnist": "mnist",
    "grafito.datasets.pima": "pima",
}

# Modules at the top of the package that serve the others and are not for users.
INTERNAL = {"grafito.registry", "grafito.seeds", "grafito.shown"}


def page_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Examples may write files; they land in a folder of the test."""
    monkeypatch.chdir(tmp_path)


# Pages


def code_blocks(text: str) -> Iterator[tuple[int, str]]:
    """The line number and the text of each block of Python code."""
    for match in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start(1)), match[1]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_code_of_page(page, tmp_path, monkeypatch):
    """The blocks of a page run in order, as one program; one page speaks Spanish around it."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "page"}
    spanish = page == ROOT / "docs/guide/es/questions.md"
    with language.use("es") if spanish else contextlib.nullcontext():
        try:
            for line, block in code_blocks(page.read_text()):  # with the line numbers of the page
                exec(compile("\n" * line + block, str(page), "exec"), namespace)
        finally:
            language.set_language(None)  # a page that fails leaves no language to others


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_of_page(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [target for target in targets if "://" not in target]
    missing = [target for target in local if not (page.parent / target).exists()]
    assert not missing


def test_links_of_the_website(tmp_path):
    """What a page of the website links to is there too: fewer files than in the project."""
    write_sources(tmp_path)
    missing = [
        (page_name(ROOT / page.relative_to(tmp_path)), target)
        for page in tmp_path.glob("**/*.md")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not missing


TRANSLATED = {  # pages in English, with the same page in Spanish
    ROOT / "README.md": ROOT / "README.es.md",
    **{page: page.parent / "es" / page.name for page in ROOT.glob("docs/guide/*.md")},
}


@pytest.mark.parametrize("page", TRANSLATED, ids=page_name)
def test_code_is_the_same_in_spanish(page):
    """But for comments, the names of files and the order of the blocks."""

    def code(page: Path) -> list[str]:
        blocks = [block for _, block in code_blocks(page.read_text())]
        return sorted(ast.unparse(NoFileNames().visit(ast.parse(block))) for block in blocks)

    assert code(page) == code(TRANSLATED[page])


class NoFileNames(ast.NodeTransformer):
    """Replaces the names of pictures, which each language may choose."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        picture = isinstance(node.value, str) and node.value.endswith((".svg", ".png"))
        return ast.Constant("picture") if picture else node


def test_decisions_are_counted():
    text = (ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"^## (\d+)\.", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_both_readmes_install_alike():
    pages = ROOT / "README.md", ROOT / "README.es.md"
    commands = [re.findall(r"^pip install .+$", page.read_text(), re.MULTILINE) for page in pages]
    assert commands[0] == commands[1]
    assert len(commands[0]) == 2


def test_code_blocks_are_found():
    text = "a\n```python\nx = 1\ny = 2\n```\n```sh\nls\n```\n```python\nz = 3\n```\n"
    assert list(code_blocks(text)) == [(2, "x = 1\ny = 2\n"), (9, "z = 3\n")]


# Docstrings


@pytest.mark.filterwarnings("ignore:.*CIFAR-100")  # the real data may be a subset
@pytest.mark.parametrize("name", MODULES)
def test_examples_of_module(name, real_data):
    if name in NEEDS_DATA:
        real_data(NEEDS_DATA[name])
    clear_session()  # automatic names begin again
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name), name):
        runner.run(test, out=report.append)
    if report:
        pytest.fail("".join(report), pytrace=False)


def public_objects() -> dict[str, Any]:
    """Every public function and class, by the first of its public names.

    Public are the names that a module lists in `__all__`, and those that a file at the top of the
    package defines without an underscore.
    """
    found: dict[str, Any] = {}
    for name in sorted(set(MODULES) - INTERNAL):
        here = importlib.import_module(name)
        names = getattr(here, "__all__", None)
        if names is None and name.count(".") == 1:
            names = [n for n in vars(here) if not n.startswith("_")]
        for each in names or ():
            thing = getattr(here, each)
            defined = getattr(thing, "__module__", "")
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            if defined.startswith("grafito") and thing not in found.values():
                found[f"{name}.{each}"] = thing
    return found


def is_error(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


def test_public_names_are_explained():
    """A docstring, at most a screen long, with an example.

    Errors have their example at the base class; plain records show themselves by their fields.
    """
    wrong: list[str] = []
    excused: set[str] = set()
    for name, thing in public_objects().items():
        text = inspect.cleandoc(thing.__doc__ or "")
        lines = len(text.splitlines())
        if not text:
            wrong.append(f"{name}: no docstring")
        elif lines > LONGEST_DOCSTRING:
            wrong.append(f"{name}: {lines} lines, more than {LONGEST_DOCSTRING}")
        if ">>>" not in text and not is_error(thing) and not is_dataclass(thing):
            excuse = {name, thing.__module__} & WITHOUT_EXAMPLE.keys()
            excused |= excuse
            if not excuse:
                wrong.append(f"{name}: no example (>>>)")
    wrong += [f"{name}: needs no excuse now" for name in WITHOUT_EXAMPLE.keys() - excused]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def test_arguments_are_few(keras):
    """At most seven by position, unless Keras has the name too, and so its arguments."""
    wrong = []
    for name, thing in public_objects().items():
        if is_error(thing):
            continue
        count = sum(
            parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            for parameter in inspect.signature(thing).parameters.values()
        )
        if count > MOST_ARGUMENTS and find(keras, name.split(".")[1:]) is None:
            wrong.append(f"{name}: {count} arguments, more than {MOST_ARGUMENTS}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def find(thing: Any, path: list[str]) -> Any:
    for part in path:
        thing = getattr(thing, part, None)
    return thing
