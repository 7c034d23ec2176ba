"""Programs as courses write them for Keras 3 run with only the import changed.

Each of `programs/` is run twice, with `import keras` and with `import grafito as keras`, and ends
with a dictionary `seen`; shapes, names and counts must be the same in both.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

PROGRAMS = sorted(Path(__file__).with_name("programs").glob("*.py"))


@pytest.mark.filterwarnings("ignore:A file named")  # such names are told once
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_only_the_import_changes(path, keras, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = path.read_text()
    ours = source.replace("import keras\n", "import grafito as keras\n")
    ours = ours.replace("from keras.", "from grafito.").replace("from keras ", "from grafito ")
    seen = []
    for program in (source, ours):
        keras.utils.clear_session()
        from grafito.layers.automatic_names import reset_names

        reset_names()
        namespace: dict[str, object] = {}
        exec(compile(program, path.name, "exec"), namespace)
        seen.append(namespace["seen"])
    theirs, mine = seen
    for key, value in theirs.items():
        assert _plain(mine[key]) == _plain(value), key
    assert os.getcwd() == str(tmp_path)


def _plain(value):
    """Tuples and lists, NumPy numbers and Python numbers compare as equal."""
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value
