"""The code of kernels: looked up by their keys, or else generated.

Generating the text of a kernel takes a third as long as compiling it. So the cache has two kinds
of entries. Machine code is named by a digest of its text. What is known of a kernel, which is how
it is called and the name of its machine code, is named by a digest of its key. A program whose
kernels are all known runs without generating any text.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import grafito.graph
from grafito.engines.llvm.compilation import disk_cache
from grafito.engines.llvm.compilation.kernel_key import (
    Key,
    describe,
    rebuild,
)
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import (
    Node,
)
from grafito.engines.llvm.ir.target import Target
from grafito.engines.llvm.kernels.select import emit_kernel

# A digest of all code generators: entries of another version of them are not found.
FOLDERS = [Path(__file__).parents[1], Path(grafito.graph.__file__).parent]
SOURCES = disk_cache.digest_of(file for folder in FOLDERS for file in folder.rglob("*.py"))


class Source:
    """LLVM code that is generated when it is needed.

    Args:
        key: the name of its machine code in the cache.
        write: generates it.
    """

    def __init__(self, key: str, write: Callable[[], str]):
        self.key, self._write = key, write

    @functools.cached_property
    def text(self) -> str:
        return self._write()


@dataclass
class Routine:
    """A kernel's function: how it is called, and its code.

    Attributes:
        name: what it computes and a digest of its code: the same in each program that has it.
        buffers: the nodes whose pointers it takes, in order.
        units: how much work there is; a call does the units from `begin` to `end`.
        cost: operations, roughly.
        scratch: bytes that each thread needs while it runs.
        source: its code.
    """

    name: str
    buffers: list[Node]
    units: int
    cost: float
    scratch: int
    source: Source


def routine(kernel: Kernel, materialized: Set[Node], shared: bool, machine: Machine) -> Routine:
    """The function of a kernel, from the cache or generated; for the arguments see `describe`."""
    key_parts, nodes = describe(kernel, materialized, shared)
    written = functools.cache(functools.partial(_write, key_parts, machine.kernels))
    writer = [SOURCES, np.__version__, repr(machine.kernels)]
    key = disk_cache.key([*machine.names, *writer, repr(key_parts)])
    entry = disk_cache.read(key)
    if entry is not None:
        known = json.loads(entry)
    else:
        text, known = written()
        known["code"] = machine.key(text)
        disk_cache.write(key, json.dumps(known).encode())
    return Routine(
        known["name"],
        [nodes[i] for i in known["buffers"]],
        known["units"],
        known["cost"],
        known["scratch"],
        Source(known["code"], lambda: written()[0]),
    )


def _write(key_parts: Key, target: Target) -> tuple[str, dict[str, Any]]:
    """The text of a kernel's function, and what else is to be known of it."""
    kernel, materialized, shared, nodes = rebuild(key_parts)
    emitted = emit_kernel(kernel, materialized, target, shared)
    kind = kernel.anchor.kind if kernel.anchor is not None else "elementwise"
    name = f"{kind}_{hashlib.sha256(emitted.text.encode()).hexdigest()[:12]}"
    known = {
        "name": name,
        "buffers": [nodes.index(x) for x in emitted.buffers],
        "units": emitted.units,
        "cost": emitted.cost,
        "scratch": emitted.scratch,
    }
    return emitted.text.replace('@"kernel"', f'@"{name}"'), known
