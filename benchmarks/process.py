"""Starts those who take part and talks with them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Failed(Exception):
    """A participant ended, or was too slow; the text says why."""


def environment(
    threads: int, cache: str, more: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """The variables for a process with so many threads, and a cache of its own for grafito."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GRAFITO_THREADS")
    return {
        **os.environ,
        **dict.fromkeys(names, str(threads)),
        "GRAFITO_CACHE": cache,
        "JAX_ENABLE_X64": "0",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        **more,
    }


class Process:
    """A participant that runs in a process of its own.

    Args:
        task: what `benchmarks.worker` reads.
        cache: the folder for grafito's compiled programs.
        limit: seconds to wait for an answer.
        more: variables of its environment.
        module: what runs in it.
    """

    def __init__(
        self,
        task: dict[str, Any],
        cache: str,
        limit: float,
        more: Mapping[str, str] = MappingProxyType({}),
        module: str = "benchmarks.worker",
    ):
        self.limit = limit
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in `close`
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", module, json.dumps(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment(task["threads"], cache, more),
            text=True,
        )

    def answer(self) -> dict[str, Any]:
        """The next line that it writes.

        Raises:
            Failed: when it ends without one, or takes longer than the limit.
        """
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], self.limit)[0]:
            raise Failed(f"no answer in {self.limit:g} s")
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            # The last line that is not indented is the error, whatever it explains below.
            said = [line for line in self.errors.read().splitlines() if line[:1].strip()]
            raise Failed(said[-1][:200] if said else f"ended with {self.process.returncode}")
        return json.loads(line)

    def ask(self, word: str) -> dict[str, Any]:
        """Tell it to do something; its answer."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: `answer` says why
            print(word, file=self.process.stdin, flush=True)
        return self.answer()

    def close(self) -> None:
        """End it if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]
        self.process.wait()
        self.errors.close()


def measure_peak(threads: int, lanes: int | None = None) -> float:
    """The peak of so many threads in GFLOP/s, from a process of its own."""
    program = "from benchmarks import peak, worker; "
    program += f"worker.stay_on({threads}); print(peak.measure({lanes}))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=environment(threads, ""),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)
