"""The notebooks of the documentation run from top to bottom, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.rglob("*.ipynb"))


def name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_there_are_three_in_each_language():
    assert len(NOTEBOOKS) == 6
    assert {p.name for p in FOLDER.glob("*.ipynb")} == {p.name for p in FOLDER.glob("es/*.ipynb")}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_outputs_are_cleared(path):
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells(path))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=name)
def test_the_cells_are_the_same_in_spanish(path):
    """But for the language chosen and the names in pictures."""

    def kinds(one: Path) -> list[tuple[str, int]]:
        return [
            (cell["cell_type"], len(cell["source"]) * (cell["cell_type"] == "code"))
            for cell in cells(one)
        ]

    assert kinds(path) == kinds(FOLDER / "es" / path.name)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [o for o in outputs if o.get("name") == "stderr"]
    pages = [o["data"] for o in outputs if o["output_type"] in ("display_data", "execute_result")]
    assert sum("text/html" in page or "image/svg+xml" in page for page in pages) >= 3
