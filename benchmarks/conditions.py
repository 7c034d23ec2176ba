"""What everyone is held to: as installed, AVX2 only, or MKL at full speed on any CPU.

MKL, the product library of PyTorch's packages, uses half of the registers' width on CPUs that are
not Intel's. It asks a function of its own which CPU it has; a library that is loaded before answers
for it. That shows what PyTorch gives beside us on an Intel CPU, and is for measuring alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ANSWER = "int mkl_serv_intel_cpu_true(void) { return 1; }\n"
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
}
# XLA obeys, and the product library in it does not.
DISOBEYS = {"jax": "its products use wider registers whatever they are told"}
DISOBEYS |= {"keras": DISOBEYS["jax"]}
LANES_OF_AVX2 = 8


@dataclass(frozen=True)
class Conditions:
    """Of a contest.

    Args:
        isa: the instruction set that all are held to: "avx2", or "" for what the CPU has.
        full_mkl: whether MKL is told that the CPU is Intel's.
    """

    isa: str = ""
    full_mkl: bool = False

    @property
    def name(self) -> str:
        """What distinguishes the names of the files of results."""
        return "-".join([self.isa] * bool(self.isa) + ["full-mkl"] * self.full_mkl)

    @property
    def title(self) -> str:
        """What the page calls them."""
        held = "all held to AVX2" if self.isa else ""
        full = "PyTorch's product library at full speed" if self.full_mkl else ""
        return ", ".join(filter(None, [held, full])) or "as installed"

    @property
    def lanes(self) -> int | None:
        """Numbers of float32 in a register, where they are limited."""
        return LANES_OF_AVX2 if self.isa else None

    def obstacle(self, entry: str) -> str:
        """Why one cannot take part; nothing where it can."""
        return DISOBEYS.get(entry, "") if self.isa else ""

    def variables(self, entry: str, folder: Path) -> dict[str, str]:
        """The environment of one who takes part.

        Args:
            entry: its name.
            folder: for the library that answers for MKL.

        Raises:
            OSError, subprocess.CalledProcessError: when there is no C compiler, or it fails.
        """
        found = dict(AVX2) if self.isa else {}
        if self.full_mkl and entry.startswith("pytorch"):
            found["LD_PRELOAD"] = str(_library(folder))
        return found


def _library(folder: Path) -> Path:
    """The shared library, compiled once in a folder."""
    library = folder / "intel.so"
    if not library.exists():
        compiler = shutil.which("cc")
        if compiler is None:
            raise OSError("--full-mkl needs a C compiler `cc`")
        (folder / "intel.c").write_text(ANSWER)
        command = [compiler, "-shared", "-fPIC", "-o", library, folder / "intel.c"]
        subprocess.run(command, check=True, env=os.environ)
    return library


def narrowed(features: str) -> str:
    """The features of a CPU without those beyond AVX2, as LLVM spells them."""
    return ",".join(
        f"-{feature[1:]}" if feature.startswith(("+avx512", "+amx", "+avx10")) else feature
        for feature in features.split(",")
    )
