"""One who takes part, in a process of its own: trains a network when told to.

It speaks with `benchmarks.process` as `benchmarks.worker` does.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

from benchmarks.wide.networks import NETWORKS
from benchmarks.worker import held_to, serve


def prepare(task: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The participant; of making it nothing is told."""
    network = NETWORKS[task["network"]]
    if task["steps"]:
        network = replace(network, steps=task["steps"])
    if task["entry"] == "grafito":
        from benchmarks.wide.in_grafito import Participant

        return Participant(network, held_to(task["isa"]) if task["isa"] else "auto"), {}
    import torch

    from benchmarks.wide.in_torch import Participant as InTorch

    torch.set_num_threads(task["threads"])
    return InTorch(network, task["entry"]), {}


def main(task: dict[str, Any]) -> None:
    """Run one participant."""
    serve(task["threads"], lambda: prepare(task))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
