"""The jobs on a GPU: whether there is one, how everyone is told, and a table of plain times."""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
from typing import Any

PEERS = ("grafito", "pytorch", "pytorch-channels-last", "jax")  # they need JAX and PyTorch alone
VARIABLES = {"JAX_PLATFORMS": "cuda"}
TORCH = "cuda"
LOOK = """
import jax, torch
try:
    found = [d.device_kind for d in jax.devices("gpu")]
except RuntimeError as error:
    found = []
print("|".join([found[0] if found else "", "yes" if torch.cuda.is_available() else ""]))
"""


def obstacle() -> str:
    """Why nothing can be measured on a GPU here; nothing where it can."""
    for library in ("jax", "torch"):
        if importlib.util.find_spec(library) is None:
            return f"--device gpu needs {library}: pip install {library}"
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=False)
    of_jax, _, of_torch = (done.stdout.splitlines() or ["|"])[-1].partition("|")
    if not of_jax:
        return "there is no GPU that JAX finds: pip install 'jax[cuda13]' on a machine with one"
    if not of_torch:
        return "there is no GPU that PyTorch finds: its package is one without CUDA"
    return ""


def table(result: dict[str, Any]) -> str:
    """The times of one job, in seconds for whole epochs, and examples a second."""
    lines = [
        f"{result['title']}, batches of {result['batch']}, {result['optimizer']}",
        "",
        "| | seconds | fastest to slowest | examples/s | first run, s | loss |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for entry in result["entries"].values():
        if "skipped" in entry or not entry["seconds"]:
            lines.append(f"| {entry['title']} | {entry.get('skipped', 'no run')} | | | | |")
            continue
        times = [seconds * result["scale"] for seconds in entry["seconds"]]
        middle = statistics.median(times)
        rate = result["examples"] * result["scale"] * result["epochs"] / middle
        lines.append(
            f"| {entry['title']} | {middle:.3g} | {min(times):.3g} to {max(times):.3g} "
            f"| {rate:,.0f} | {entry['first_seconds']:.3g} | {entry['losses'][-1]:.4f} |"
        )
    return "\n".join(lines)
