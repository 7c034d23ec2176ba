"""What somebody adds to a report: notes, author, title; and the report as Markdown."""

from __future__ import annotations

import json

import pytest
from lab.run_folders import run_folder
from typer.testing import CliRunner

from grafito import cli
from grafito.lab.report import write_markdown, write_report


@pytest.fixture
def folder(tmp_path):
    return run_folder(tmp_path / "run")


# Notes, what the page has of them, and what it has not.
NOTES = {
    "words": ("They are **wide**.", "<strong>wide</strong>", "**"),
    "heading": ("# Mine", "<h3>Mine</h3>", "<h1>Mine"),
    "table": ("| a |\n| --- |\n| 7 |", "<td>7</td>", "| 7 |"),
    "tags": ("<script>alert(1)</script>", "&lt;script&gt;", "<script"),
    "a tag inside": ("a <img src=x onerror=alert(1)> b", "&lt;img", "<img src=x"),
    "a link that acts": ("[x](javascript:alert(1))", "javascript", 'href="javascript'),
    "a picture of the run": ("![mine](curves.png)", 'src="data:image/png', 'src="curves.png'),
    "a picture elsewhere": ("![mine](http://example.org/a.png)", "mine", "example.org"),
    "a picture outside": ("![mine](../../secret.png)", "mine", "secret"),
    "a formula": (r"With $\frac{1}{2}$ of it.", "<mfrac><mrow><mn>1</mn>", "$"),
    "a formula on its own": ("$$\nx\n- y\n$$", 'display="block"><mrow><mi>x</mi><mo>−</mo>', "$$"),
    "prices": ("It costs $5 or $6.", "It costs $5 or $6.", "<math"),
    "a formula in code": ("`$x$`", "<code>$x$</code>", "<math"),
    "a comparison": ("$a<b$", "<mo>&lt;</mo>", "a<b"),
    "a formula that is none": (r"$\frac{$ and more", r"<code>\frac{</code>", "Traceback"),
    "a script in a formula": (r"$\text{<script>alert(1)</script>}$", "&lt;script&gt;", "<script"),
    "a tag in a formula": (r"$\text{<img src=x onerror=alert(1)>}$", "&lt;img", "<img src=x"),
    "an entity in a formula": (r"$\text{&lt;script&gt;}$", "&lt;script&gt;", "<script>"),
    "a link in a formula": (r"$\href{javascript:alert(1)}{x}$", "<mi>x</mi>", "javascript"),
    "a style in a formula": (r"$\style{position:fixed}{x}$", "<mi>x</mi>", "position:fixed"),
    "a formula that defines": (r"$\newcommand{\a}{\a\a}\a$", r"<code>\newcommand", "<math"),
    "a deep formula": ("$" + "{" * 999 + "x" + "}" * 999 + "$", "x", "Traceback"),
    "a long formula": ("$" + "x+" * 9_999 + "x$", "<code>x+x", "<math"),
    "broken text": (b"\xff\xfe\x00 kept", "kept", "Traceback"),
    "nothing": ("  \n", "</html>", 'id="notes"'),
}


@pytest.mark.parametrize("case", NOTES)
def test_notes(case, folder):
    text, there, gone = NOTES[case]
    (folder / "notes.md").write_bytes(text if isinstance(text, bytes) else text.encode())
    page = write_report(folder).read_text()
    assert there in page
    assert gone not in page


def test_notes_outside_the_folder_stay_outside(folder, tmp_path):
    (tmp_path / "secret.md").write_text("a secret")
    (folder / "notes.md").symlink_to(tmp_path / "secret.md")
    assert "a secret" not in write_report(folder).read_text()


def test_author_and_title_are_kept(folder):
    page = write_report(folder, author="Ana <b>", title="Mine & yours").read_text()
    assert "Ana &lt;b&gt;" in page
    assert "<h1>Mine &amp; yours</h1>" in page
    assert "Ana &lt;b&gt;" in write_report(folder, lang="es").read_text()
    assert "Eva" in write_report(folder, author="Eva").read_text()
    assert json.loads((folder / "report.json").read_text())["title"] == "Mine & yours"


@pytest.mark.parametrize("content", ["{", "[1]", '{"author": 3, "title": ["x"]}', "\x00"])
def test_a_damaged_signature_is_no_signature(content, folder):
    (folder / "report.json").write_text(content)
    assert "</html>" in write_report(folder).read_text()


def test_the_command_line_signs_and_writes_markdown(folder):
    words = ["report", str(folder), "--author", "Ana", "--title", "Mine", "--markdown"]
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.stderr
    assert (folder / "report.md").read_text().startswith("# Mine\n\n*Ana*")


def test_markdown_has_figures_tables_and_notes(folder):
    (folder / "notes.md").write_text("My *own* words.")
    text = write_markdown(folder, lang="es").read_text()
    for part in ("(curves.png)", "| sandalia |", "My *own* words.", "## Resultados"):
        assert part in text
    assert "<b>" not in text  # of the task
