"""What every test stands on: fixed surroundings, the witnesses, real data where it is."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

# Read when the libraries are first imported, so these come before any of them.
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"  # witnesses compare in float64; float32 stays float32
os.environ["MPLBACKEND"] = "agg"
os.environ["GRAFITO_LANG"] = "en"

# A shell that starts the tests in the background has them ignore Ctrl-C, and so their processes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Compiled code and parsed data of the tests; workers share the folder of the process that began.
if "GRAFITO_CACHE" not in os.environ:
    os.environ["GRAFITO_CACHE"] = tempfile.mkdtemp(prefix="grafito-tests-")
    atexit.register(shutil.rmtree, os.environ["GRAFITO_CACHE"], ignore_errors=True)

# The same examples in every run: a failure that comes and goes tells nobody anything.
hypothesis.settings.register_profile("grafito", derandomize=True, deadline=None)
hypothesis.settings.load_profile("grafito")

HAS_TORCH = importlib.util.find_spec("torch") is not None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that uses the fixture of a witness is marked so; without PyTorch its tests skip."""
    for item in items:
        for witness in {"keras", "torch"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(witness)
        if not HAS_TORCH and item.get_closest_marker("torch"):
            item.add_marker(pytest.mark.skip(reason="PyTorch, the second witness, is missing"))


@pytest.fixture(autouse=True)
def surroundings_stay() -> Iterator[None]:
    """A test leaves our settings, the folder and NumPy's error state as it found them."""

    def state() -> dict[str, Any]:
        ours = {name: value for name, value in os.environ.items() if name.startswith("GRAFITO_")}
        kept = Path("not-finite").exists()  # a step that `check_finite` kept
        return {**ours, "folder": os.getcwd(), "kept step": kept, "np.seterr": np.geterr()}

    before = state()
    yield
    assert state() == before


@pytest.fixture
def torch():
    """PyTorch, the second witness."""
    return pytest.importorskip("torch")


@pytest.fixture(scope="session")
def keras():
    """Keras 3 on its JAX backend, the first witness."""
    import keras

    assert keras.backend.backend() == "jax"
    return keras


@pytest.fixture
def real_data():
    """A function from a data set's name to its folder; skips where the files are absent."""

    def folder(name: str) -> Path:
        for root in filter(None, os.environ.get("GRAFITO_DATA", "").split(os.pathsep)):
            if Path(root, name).is_dir():
                return Path(root, name)
        pytest.skip(f"{name}: no such folder in GRAFITO_DATA")

    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, where the tests of pages have it."""
    sync = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium")
    with sync.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"], timeout=120_000
        )
        yield opened
        opened.close()
