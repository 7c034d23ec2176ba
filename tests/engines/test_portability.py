"""Code for other CPUs: run where this one can, else compiled and its object file looked at."""

import platform
import re
import struct

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import llvmlite.binding as llvm
from specs_ops import OPS

from grafito import Input, graph, layers, models
from grafito.engines.llvm import Engine
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.lowering import winograd as method
from grafito.engines.llvm.pipeline import assemble
from grafito.graph.dtypes import is_floating
from grafito.graph.program import Graph

X86 = platform.machine().lower() in ("x86_64", "amd64")
CPUS = {  # name, features, lanes of float32, registers that the code may not name
    "AVX-512": ("skylake-avx512", "+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx2,+fma", 16, []),
    "AVX2": ("haswell", "+avx2,+fma,+bmi,+bmi2,+f16c", 8, ["zmm", "vdpbf16ps", "tdpbf16ps"]),
    "SSE2": ("x86-64", "+sse2", 4, ["zmm", "ymm", "vfm", "vmul"]),
}
ARM = ("generic", "+neon", "aarch64-unknown-linux-gnu")
# What the code may leave to the C library, beside the kernels themselves.
C_FUNCTIONS = {"sin", "cos", "fmod", "fmodf", "memset", "memcpy", "sched_yield"}


def with_gradients(row, dtype):
    """The graph of a row: value, and gradients where it has them; and arrays for its inputs."""
    arrays = [np.asarray(x) for x in row.inputs]
    arrays = [x.astype(dtype) if x.dtype.kind == "f" else x for x in arrays]
    xs = {f"x{i}": graph.placeholder(x.shape, x.dtype, f"x{i}") for i, x in enumerate(arrays)}
    outputs = [row.function(*xs.values())]
    if row.order and is_floating(outputs[0].dtype):
        floating = [x for x in xs.values() if is_floating(x.dtype)]
        outputs += graph.gradients([graph.square(outputs[0])], floating, unconnected="zero")
    g = Graph(xs, {str(i): y for i, y in enumerate(outputs)}, {})
    return g, dict(zip(xs, arrays, strict=True))


@pytest.fixture(params=CPUS)
def cpu(request):
    """Name and features of a CPU whose code runs on this one."""
    name, features, *_ = CPUS[request.param]
    here = llvm.get_host_cpu_features() if X86 else {}
    missing = [f for f in features.split(",") if not here.get(f[1:])]
    if missing:
        pytest.skip(f"this CPU has no {' '.join(missing)}")
    assert Machine(name, features).width == CPUS[request.param][2]
    return request.param


@pytest.mark.parametrize("row", OPS, ids=lambda row: row.name)
def test_values_and_gradients_on_other_cpus(row, cpu):
    g, arrays = with_gradients(row, "float32")
    program = Engine(cpu=CPUS[cpu][0], features=CPUS[cpu][1]).compile(g)
    program.bind(arrays)
    feeds = {x: arrays[name] for name, x in g.inputs.items()}
    theirs = graph.value(list(g.outputs.values()), feeds)
    for ours, theirs_, y in zip(program.run().values(), theirs, g.outputs.values(), strict=True):
        assert ours.dtype == theirs_.dtype
        scale = np.max(np.abs(theirs_), initial=1e-30)
        np.testing.assert_allclose(ours[0], theirs_, rtol=2e-5, atol=2e-5 * scale, err_msg=y)


def network():
    """The graph of a training step."""
    model = models.Sequential(
        [
            Input((9, 9, 2)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, "softmax"),
        ]
    )
    programs = []

    class Recorder(Engine):
        def compile(self, g):
            programs.append(g)
            return super().compile(g)

    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], engine=Recorder())
    model.train_on_batch(np.zeros((17, 9, 9, 2), "float32"), np.zeros(17, "int64"))
    return programs[-1]


@pytest.mark.parametrize("name", ["AVX2", "SSE2"])
def test_code_names_no_register_that_the_cpu_lacks(name):
    machine = Machine(*CPUS[name][:2], triple="x86_64-unknown-linux-gnu")
    assembled = assemble(network(), machine)
    for text in [assembled.driver, *assembled.texts.values()]:
        code = machine._target.emit_assembly(machine.optimize(text))
        assert not [word for word in CPUS[name][3] if word in code]


def masked():
    """A Winograd convolution in long tiles, whose windows of zeros are looked for."""
    x, k = graph.placeholder((16, 8, 8, 32), name="x"), graph.placeholder((3, 3, 32, 32), name="k")
    y = graph.relu(graph.conv2d(x, k, padding="same"))
    g = graph.gradients(graph.sum(y), [x, k])
    return Graph({"x": x, "k": k}, {"y": y, "dx": g[0], "dk": g[1]}, {})


@pytest.mark.parametrize("name", CPUS)
def test_a_masked_convolution_compiles_for_a_cpu_that_is_not_here(name, monkeypatch):
    monkeypatch.setattr(method, "choose", lambda *_, **__: (4, 4))
    machine = Machine(*CPUS[name][:2], triple="x86_64-unknown-linux-gnu")
    assembled = assemble(masked(), machine)
    defined, needed, registers = set(), set(), set()
    for text in [assembled.driver, *assembled.texts.values()]:
        has, needs = symbols(machine.compile(text))
        defined, needed = defined | has, needed | needs
        code = machine._target.emit_assembly(machine.optimize(text))
        registers |= {word for word in ("xmm", "ymm", "zmm") if word in code}
        assert not [word for word in CPUS[name][3] if word in code]
    assert any("winograd" in text for text in assembled.texts)
    assert {"AVX-512": "zmm", "AVX2": "ymm", "SSE2": "xmm"}[name] in registers
    assert needed - defined <= C_FUNCTIONS


# 64-bit Arm: the object files are whole, for that machine, and call nothing unknown


def symbols(elf):
    """Names that an ELF object defines, and those that it needs."""
    (sections,), (size, count) = (
        struct.unpack_from("<Q", elf, 40),
        struct.unpack_from("<HH", elf, 58),
    )
    headers = [struct.unpack_from("<IIQQQQIIQQ", elf, sections + i * size) for i in range(count)]
    table = next(h for h in headers if h[1] == 2)
    names = headers[table[6]][4]
    defined, needed = set(), set()
    for at in range(table[4] + 24, table[4] + table[5], 24):
        name, info, _, section = struct.unpack_from("<IBBH", elf, at)
        text = elf[names + name : elf.index(b"\0", names + name)].decode()
        if info >> 4:  # not local
            (defined if section else needed).add(text)
    return defined, needed


def check_arm(g):
    machine = Machine(*ARM)
    assert machine.width == 4
    assembled = assemble(g, machine)
    defined, needed = set(), set()
    for text in [assembled.driver, *assembled.texts.values()]:
        elf = machine.compile(text)
        assert elf[:6] == b"\x7fELF\x02\x01"  # 64 bits, little-endian
        assert struct.unpack_from("<HH", elf, 16) == (1, 183)  # relocatable, AArch64
        has, needs = symbols(elf)
        defined |= has
        needed |= needs
    assert {"program", *assembled.texts} <= defined
    assert needed - defined <= C_FUNCTIONS


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", OPS, ids=lambda row: row.name)
def test_every_op_compiles_for_64_bit_arm(row, dtype):
    check_arm(with_gradients(row, dtype)[0])


def test_a_training_step_compiles_for_64_bit_arm():
    check_arm(network())


def test_a_masked_convolution_compiles_for_64_bit_arm(monkeypatch):
    monkeypatch.setattr(method, "choose", lambda *_, **__: (4, 4))
    check_arm(masked())


# Windows and macOS: the same of their object files, where names begin with an underscore on macOS.


def coff_symbols(file):
    """Names that an object file of Windows defines, and those that it needs."""
    _, _, _, at, count, _, _ = struct.unpack_from("<HHIIIHH", file, 0)
    strings, defined, needed = at + 18 * count, set(), set()
    while at < strings:
        short, _, section, _, storage, more = struct.unpack_from("<8sIhHBB", file, at)
        start = strings + int.from_bytes(short[4:], "little")
        long = short[:4] == bytes(4)
        name = file[start : file.index(b"\0", start)] if long else short.rstrip(b"\0")
        if storage == 2:  # external
            (defined if section else needed).add(name.decode())
        at += 18 * (1 + more)
    return defined, needed


def macho_symbols(file):
    """Names that an object file of macOS defines, and those that it needs."""
    defined, needed, at = set(), set(), 32
    for _ in range(struct.unpack_from("<I", file, 16)[0]):
        command, size, symbols_at, count, strings = struct.unpack_from("<5I", file, at)
        if command == 2:  # the table of symbols
            for i in range(count):
                offset, kind = struct.unpack_from("<IB", file, symbols_at + 16 * i)
                start = strings + offset
                name = file[start : file.index(b"\0", start)].decode()
                if kind & 1:  # external
                    (defined if kind & 0xE else needed).add(name)
        at += size
    return defined, needed


# `_fltused` is a mark that nothing refers to; ntdll has `__chkstk`, for functions with much on the
# stack.
OF_WINDOWS = {"SwitchToThread", "_fltused", "__chkstk"}
WINDOWS = (coff_symbols, (C_FUNCTIONS - {"sched_yield"}) | OF_WINDOWS)
MACOS = (macho_symbols, {f"_{name}" for name in C_FUNCTIONS} | {"_bzero"})
SYSTEMS = {
    "x86_64-pc-windows-msvc": ("haswell", "+avx2,+fma", *WINDOWS),
    "aarch64-pc-windows-msvc": ("generic", "+neon", *WINDOWS),
    "x86_64-apple-darwin": ("haswell", "+avx2,+fma", *MACOS),
    "arm64-apple-darwin": ("apple-m1", "+neon", *MACOS),
}


@pytest.mark.parametrize("made", [network, masked], ids=["a training step", "a convolution"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_code_for_other_systems_is_whole_and_calls_only_what_they_have(system, made, monkeypatch):
    monkeypatch.setattr(method, "choose", lambda *_, **__: (4, 4))
    cpu, features, read, known = SYSTEMS[system]
    machine = Machine(cpu, features, system)
    assembled = assemble(made(), machine)
    defined, needed = set(), set()
    for text in [assembled.driver, *assembled.texts.values()]:
        has, needs = read(machine.compile(text))
        defined, needed = defined | has, needed | needs
    start = "_" if "apple" in system else ""
    assert {start + name for name in ("program", *assembled.texts)} <= defined
    assert needed - defined <= known


# The words by which threads wait for each other. Arm reorders what x86 does not, which emulation on
# x86 cannot show: so the code is read.

ORDERS = {"load": {"acquire", "seq_cst"}, "store": {"release", "seq_cst"}}
ORDERS["atomicrmw"] = {"acq_rel", "seq_cst"}


def unordered(text):
    """Lines that reach a word of `control` without an order that the other threads can rely on."""
    words, wrong, reached = {"%control"}, [], 0
    for line in text.splitlines():
        if made := re.match(r"\s*(%\w+) = getelementptr i64, ptr %control,", line):
            words.add(made[1])
        touched = re.search(r"\b(load|store|atomicrmw|cmpxchg)\b.*ptr (%\w+)", line)
        if touched and touched[2] in words:
            reached += 1
            if not ORDERS.get(touched[1], set()) & set(re.findall(r"\w+", line)):
                wrong.append(line)
    assert reached > 0
    return wrong


def test_the_words_of_the_barrier_are_read_and_written_in_order():
    machine = Machine(*ARM)
    assembled = assemble(network(), machine)
    assert unordered(assembled.driver) == []
    plain = assembled.driver.replace(
        "store atomic i64 %next, ptr %generation release", "store i64 %next, ptr %generation"
    )
    assert len(unordered(plain)) == 1
    code = machine._target.emit_assembly(machine.optimize(assembled.driver))
    meet = code[code.index("meet:") : code.index("ret", code.index("meet:"))]
    assert re.search(r"\bldap?r\b", meet)  # acquire
    assert re.search(r"\bstlr\b", meet)  # release
    assert re.search(r"\bld(add|axr)al|ldaxr|__aarch64_ldadd8_acq_rel", meet)
