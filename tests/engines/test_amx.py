"""Products in AMX tiles: where they are taken, which instructions are emitted, what these do.

No CPU with AMX is needed. `test_bfloat.py` runs the same kernels, emulated where there is none.
"""

import os
import platform
import re
import sys

import amx_emulated
import numpy as np
import pytest

from grafito import graph
from grafito.graph.precision import mixed_bfloat16
from grafito.graph.program import trace_graph

pytest.importorskip("llvmlite")

import llvmlite.binding as llvm

from grafito.engines.llvm import report
from grafito.engines.llvm.codegen import amx
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.lowering import costs
from grafito.engines.llvm.pipeline import assemble

AVX512 = "+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512bf16,+avx2,+fma"
TILES = f"{AVX512},+amx-tile,+amx-bf16"
LINUX = "x86_64-unknown-linux-gnu"


# Leave of the system


@pytest.fixture
def asked(monkeypatch):
    """The system calls, answered with 0; another answer can be put before them."""
    calls, answer = [], [0]

    def syscall(*words):
        calls.append(words)
        return answer[-1]

    amx.permitted.cache_clear()
    monkeypatch.setattr(amx, "_syscall", syscall)
    monkeypatch.setattr(amx.sys, "platform", "linux")
    monkeypatch.setattr(amx.platform, "machine", lambda: "x86_64")
    yield calls, answer
    amx.permitted.cache_clear()


@pytest.mark.parametrize(("answer", "leave"), [(0, True), (-1, False)])
def test_linux_is_asked_once(asked, answer, leave):
    calls, answers = asked
    answers.append(answer)
    assert [amx.permitted(), amx.permitted()] == [leave, leave]
    assert calls == [(158, 0x1023, 18)]  # arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)


@pytest.mark.parametrize(
    ("system", "machine"), [("win32", "AMD64"), ("darwin", "x86_64"), ("linux", "aarch64")]
)
def test_other_systems_are_not_asked(asked, monkeypatch, system, machine):
    monkeypatch.setattr(amx.sys, "platform", system)
    monkeypatch.setattr(amx.platform, "machine", lambda: machine)
    assert not amx.permitted()
    assert asked[0] == []


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="a number of Linux on x86-64"
)
def test_the_system_is_called():
    assert amx._syscall(39) == os.getpid()
    assert amx._syscall(158, 0, 0) == -1  # arch_prctl knows no such request


@pytest.mark.parametrize(
    ("features", "answer", "tiles"),
    [(TILES, 0, True), (TILES, -1, False), (AVX512, 0, False), (f"{AVX512},+amx-tile", 0, False)],
)
def test_this_cpu_needs_the_features_and_leave(asked, monkeypatch, features, answer, tiles):
    class Host:
        def flatten(self):
            return features

    asked[1].append(answer)
    monkeypatch.setattr(llvm, "get_host_cpu_features", Host)
    machine = Machine(triple=LINUX)
    assert machine.amx is tiles
    assert ("+amx-bf16" in machine.features) is tiles  # what is compiled is told apart by them


def test_features_that_are_given_are_believed(asked):
    asked[1].append(-1)
    assert Machine("sapphirerapids", TILES, LINUX).amx
    assert not Machine("sapphirerapids", AVX512, LINUX).amx
    assert not Machine("sapphirerapids", "+amx-tile,+amx-bf16,+avx2", LINUX).amx  # needs pairs


@pytest.mark.parametrize(
    ("cpu", "features", "pairs"),
    [
        ("znver4", AVX512, True),
        ("znver5", AVX512, True),
        ("sapphirerapids", AVX512, False),
        ("cooperlake", AVX512, False),
        ("sapphirerapids", TILES, True),  # what tiles do not take
        ("znver4", AVX512.replace("+avx512bf16", "-avx512bf16"), False),
        ("znver3", "+avx2,+fma", False),
    ],
)
def test_products_of_pairs_are_made_where_they_gain(asked, cpu, features, pairs):
    assert Machine(cpu, features, LINUX).bf16_dot is pairs


# Which products, and their code


def trilinear(function, *shapes):
    """The graph of a function of two arrays and of its gradients."""
    xs = {n: graph.placeholder(s, name=n) for n, s in zip("xw", shapes, strict=True)}

    def step(x, w):
        y = function(x, w)
        x_slope, w_slope = graph.gradients(graph.sum(graph.square(y)), [x, w])
        return {"y": y, "x": x_slope, "w": w_slope}

    return mixed_bfloat16(trace_graph(step, xs))


def product(rows, columns, depth):
    return trilinear(lambda x, w: x @ w, (rows, depth), (depth, columns))


def convolution(images, size, channels, filters, window):
    shapes = (images, size, size, channels), (window, window, channels, filters)
    return trilinear(lambda x, w: graph.conv2d(x, w, 1, "same"), *shapes)


LARGE = {"product": product(200, 300, 400), "convolution": convolution(64, 16, 64, 48, 3)}
MADE = ("matmul", "conv_")  # in tiles, by the names of their kernels


def assembly(step, features, cpu="sapphirerapids"):
    """The machine code of the products, as text, and their object files."""
    machine = Machine(cpu, features, LINUX)
    kernels = assemble(step, machine).texts
    texts = [text for name, text in kernels.items() if name.startswith(MADE)]
    codes = [machine._target.emit_assembly(machine.optimize(text)) for text in texts]
    return codes, [machine.compile(text) for text in texts]


@pytest.mark.parametrize("name", LARGE)
def test_products_in_tiles_use_the_instructions(name):
    codes, binaries = assembly(LARGE[name], TILES)
    assert len(codes) == 3
    for code, binary in zip(codes, binaries, strict=True):
        order = re.findall(r"^\s(ldtilecfg|tile\w+|tdp\w+|vdp\w+)", code, re.MULTILINE)
        assert order[0] == "ldtilecfg"
        assert order[-1] == "tilerelease"
        inside = {"tilezero", "tileloadd", "tdpbf16ps", "tilestored"}
        assert set(order[1:-1]) == inside
        # Sums in tiles 0 to 3; rows of x in 4 and 5, columns of y in 6 and 7.
        products = re.findall(r"tdpbf16ps\s+%tmm(\d), %tmm(\d), %tmm(\d)", code)
        assert ("6", "4", "0") in products
        assert all(y in "67" and x in "45" and z in "0123" for y, x, z in products)
        assert b"\xc4\xe2\x4a\x5c\xc4" in binary  # tdpbf16ps tmm0, tmm4, tmm6
        assert b"llvm.x86" not in binary


@pytest.mark.parametrize(
    ("cpu", "features"),
    [
        ("sapphirerapids", AVX512),
        ("cooperlake", AVX512),
        ("haswell", "+avx2,+fma,+amx-tile,+amx-bf16"),
        ("x86-64", "+sse2"),
    ],
)
@pytest.mark.parametrize("name", LARGE)
def test_other_cpus_get_no_tile_instruction(name, cpu, features):
    codes, binaries = assembly(LARGE[name], features, cpu)
    assert not [code for code in codes if re.search("tmm|tilecfg|tilerelease", code)]
    assert not [b for b in binaries if b"\xc4\xe2\x78\x49\xc0" in b]  # tilerelease


def test_small_or_badly_filled_products_are_not_made_in_tiles():
    assert costs.pays(128, 128, 128)
    assert costs.pays(64, 4096, 4096)
    assert not costs.pays(32, 32, 32)  # over before tiles are configured
    assert not costs.pays(2, 4097, 33)  # fifteen of sixteen parts of the tiles would be zeros
    for small in (product(17, 33, 40), convolution(16, 8, 3, 4, 3)):
        codes, _ = assembly(small, TILES)
        assert codes
        assert not [code for code in codes if "tmm" in code]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("product", {"matrix product": 3}),
        (
            "convolution",
            {
                "convolution": 1,
                "convolution, gradient of its input": 1,
                "convolution, gradient of its weights": 1,
            },
        ),
    ],
)
def test_the_schedule_tells_what_is_made_in_tiles(name, counts):
    tables = [
        report.schedule(assemble(LARGE[name], Machine("sapphirerapids", features, LINUX)))
        for features in (TILES, AVX512)
    ]
    for what, count in counts.items():
        assert [t.count(f"  {what} in tiles (AMX)") for t in tables] == [count, 0]


def test_tiles_are_preferred_to_float32_of_winograd():
    with_tiles, without = (
        assemble(LARGE["convolution"], Machine("sapphirerapids", features, LINUX)).texts
        for features in (TILES, AVX512)
    )
    assert not [name for name in with_tiles if name.startswith("winograd")]
    assert [name for name in without if name.startswith("winograd")]


# The emulation


def address(array):
    return array.ctypes.data


def configured(shapes):
    emulator = amx_emulated.Emulator()
    raw = np.zeros(64, "uint8")
    raw[0] = 1
    for tile, (rows, size) in enumerate(shapes):
        raw[48 + tile], raw[16 + 2 * tile] = rows, size
    emulator.ldtilecfg(address(raw))
    return emulator


def test_the_emulation_multiplies_tiles_of_any_shape():
    rng = np.random.default_rng(0)
    m, n, k = 5, 7, 3
    emulator = configured([(m, 4 * n), (m, 4 * k), (k, 4 * n)])
    x, y = (rng.integers(-8, 8, s).astype("float32") for s in ((m, k, 2), (k, n, 2)))
    start = rng.integers(-8, 8, (m, n)).astype("float32")
    halves = [(z.view("uint32") >> 16).astype("uint16") for z in (x, y)]
    result = np.full((m, n + 1), -1, "float32")
    emulator.tileloadd64(0, address(start), 4 * n)
    emulator.tileloadd64(1, address(halves[0]), 4 * k)
    emulator.tileloadd64(2, address(halves[1]), 4 * n)
    emulator.tdpbf16ps(0, 1, 2)
    emulator.tilestored64(0, address(result), 4 * n + 4)
    assert emulator.faults == []
    np.testing.assert_array_equal(result[:, :n], start + np.einsum("mkp,knp->mn", x, y))
    assert np.all(result[:, n] == -1)


def test_the_emulation_takes_subnormal_numbers_for_zero_and_rounds_to_even():
    emulator = configured([(1, 4), (1, 4), (1, 4)])

    def dot(start, x, y):
        numbers = np.float32([start, *x, *y])
        halves = (numbers[1:].view("uint32") >> 16).astype("uint16")
        emulator.tileloadd64(0, address(numbers), 4)
        emulator.tileloadd64(1, address(halves), 4)
        emulator.tileloadd64(2, address(halves[2:]), 4)
        emulator.tdpbf16ps(0, 1, 2)
        emulator.tilestored64(0, address(numbers), 4)
        return numbers[0]

    assert dot(1, [2.0**-24, 0], [1, 0]) == 1  # a tie
    assert dot(1, [3 * 2.0**-24, 0], [1, 0]) == 1 + 2.0**-22
    assert dot(0, [2.0**-127, 0], [2.0**64, 0]) == 0
    assert dot(0, [2.0**-64, 0], [2.0**-63, 0]) == 0
    assert dot(2.0**-127, [2.0**-126, 0], [1, 0]) == 2.0**-126
    assert emulator.faults == []


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("tilezero", lambda e: e.tilezero(3)),
        ("tdpbf16ps", lambda e: e.tdpbf16ps(0, 1, 1)),
        ("tdpbf16ps", lambda e: e.tdpbf16ps(0, 2, 1)),
        ("tilezero", lambda e: (e.tilerelease(), e.tilezero(0))),
        ("ldtilecfg", lambda e: e.ldtilecfg(address(np.zeros(64, "uint8")))),
    ],
)
def test_the_emulation_finds_faults(name, run):
    emulator = configured([(5, 28), (5, 12), (3, 28)])
    run(emulator)
    assert emulator.faults == [name]
