"""One who takes part, in a process of its own: trains a network when told to.

It speaks with `benchmarks.process` as `benchmarks.worker` does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from typing import Any

from benchmarks.wide.networks import NETWORKS
from benchmarks.worker import end_with_parent, held_to, peak_bytes, stay_on


def main(task: dict[str, Any]) -> None:
    """Run one participant."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def tell(**answer: Any) -> None:
        print(json.dumps(answer), file=channel, flush=True)

    def run() -> tuple[float, float]:
        began = time.perf_counter()
        loss = participant.run()
        return time.perf_counter() - began, float(loss)

    end_with_parent()
    stay_on(task["threads"])
    network = NETWORKS[task["network"]]
    if task["steps"]:
        network = replace(network, steps=task["steps"])
    participant: Any
    if task["entry"] == "grafito":
        from benchmarks.wide.in_grafito import Participant

        participant = Participant(network, held_to(task["isa"]) if task["isa"] else "auto")
    else:
        import torch

        from benchmarks.wide.in_torch import Participant as InTorch

        torch.set_num_threads(task["threads"])
        participant = InTorch(network, task["entry"])
    first, loss = run()
    tell(first_seconds=first, first_loss=loss)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        seconds, loss = run()
        tell(seconds=seconds, loss=loss)
    tell(peak_bytes=peak_bytes())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
