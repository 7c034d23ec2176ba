"""The table of node kinds: each row leads to code."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("llvmlite")

from grafito.engines.llvm.codegen.elementwise_ops import OPS
from grafito.engines.llvm.ir.kinds import KINDS, Family
from grafito.engines.llvm.kernels import select

KERNELS = [path for kind in KINDS.values() for path in kind.kernel.values()]


@pytest.mark.parametrize("path", KERNELS)
def test_a_kernel_is_a_function(path):
    assert callable(select.function(path))


def test_every_elementwise_kind_has_code():
    elsewhere = {"cast", "fill", "bounds_check"}  # in the reader
    kinds = {name for name, kind in KINDS.items() if kind.family is Family.ELEMENTWISE}
    assert kinds - elsewhere == set(OPS)


def test_what_has_a_kernel_has_a_buffer():
    assert not [name for name, kind in KINDS.items() if kind.kernel and not kind.materialized]


def test_a_family_of_kernels_is_imported_when_a_program_needs_it():
    program = (
        "import sys, numpy as np\n"
        "from grafito import Input, layers, models\n"
        "m = models.Sequential([Input((4,)), layers.Dense(3)])\n"
        "m.compile('sgd', 'mse', engine='llvm')\n"
        "m.fit(np.zeros((8, 4), 'float32'), np.zeros((8, 3), 'float32'), verbose=0)\n"
        "print([n for n in sys.modules if '.llvm.kernels.' in n])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env=os.environ | {"GRAFITO_CACHE": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "kernels.matmul.rows" in done.stdout
    assert not [word for word in ("amx", "winograd", "bfloat16") if word in done.stdout]
