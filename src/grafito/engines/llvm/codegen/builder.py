"""A thin layer over llvmlite's builder: loops, vectors, masks, loads and stores.

Every value in a register is a vector of `lanes` elements, also where there is one lane. Integers
that count or address are i64 scalars.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.ir as ir

from grafito.graph.dtypes import is_floating

I1, I8, I16, I32, I64 = (ir.IntType(n) for n in (1, 8, 16, 32, 64))
POINTER = ir.PointerType()
F32, F64 = ir.FloatType(), ir.DoubleType()

REGISTER = {"float32": F32, "float64": F64, "bfloat16": F32, "bool": I1}
MEMORY = {"float32": F32, "float64": F64, "bfloat16": I16, "bool": I8}
SIZES = {"float32": 4, "float64": 8, "bfloat16": 2, "bool": 1}
for _bits in (8, 16, 32, 64):
    for _name in (f"int{_bits}", f"uint{_bits}"):
        REGISTER[_name] = MEMORY[_name] = ir.IntType(_bits)
        SIZES[_name] = _bits // 8


def computed_in(dtype: str) -> str:
    """The dtype in which elements are computed: bfloat16 is widened."""
    return "float32" if dtype == "bfloat16" else dtype


def i64(value: int) -> Any:
    """A constant that counts."""
    return ir.Constant(I64, int(value))


class Builder:
    """Emits one function.

    Args:
        function: the LLVM function; emission starts in a new block of it.
        lanes: elements of a vector.
        bf16_dot: whether products of bfloat16 may be added up two at a time.
    """

    def __init__(self, function: Any, lanes: int, bf16_dot: bool = False):
        self.function = function
        self.b = ir.IRBuilder(function.append_basic_block())
        self.lanes, self.bf16_dot = lanes, bf16_dot

    @classmethod
    def on(cls, other: Builder, lanes: int) -> Builder:
        """The same place in the same function, with vectors of another length."""
        code = cls.__new__(cls)
        code.function, code.b, code.lanes, code.bf16_dot = (
            other.function,
            other.b,
            lanes,
            other.bf16_dot,
        )
        return code

    # Loops

    def loop(
        self,
        start: Any,
        stop: Any,
        step: int,
        body: Callable[..., Sequence[Any] | None],
        carried: Sequence[Any] = (),
    ) -> list[Any]:
        """`body(i, *carried)` for i = start, start + step, ...; it returns the next `carried`."""
        b = self.b
        before = b.block
        head, inside, after = (self.function.append_basic_block() for _ in range(3))
        b.branch(head)
        b.position_at_end(head)
        i = b.phi(I64)
        i.add_incoming(start, before)
        phis = [b.phi(x.type) for x in carried]
        for phi, x in zip(phis, carried, strict=True):
            phi.add_incoming(x, before)
        b.cbranch(b.icmp_signed("<", i, stop), inside, after)
        b.position_at_end(inside)
        new = body(i, *phis) or ()
        i.add_incoming(b.add(i, i64(step)), b.block)
        for phi, x in zip(phis, new, strict=True):
            phi.add_incoming(x, b.block)
        b.branch(head)
        b.position_at_end(after)
        return phis

    def vectors(self, start: Any, size: int, stop: Any, body: Callable[[Any, Any], None]) -> None:
        """`body(i, mask)` for each vector in [start, stop), where stop is `size` or whole vectors.

        Only a last vector that is not full has a mask, the others None: a masked store delays the
        loads that follow it.
        """
        rest = size % self.lanes
        if not rest:
            self.loop(start, stop, self.lanes, lambda i: body(i, None))
            return
        whole = i64(size - rest)
        last = self.b.icmp_signed(">", stop, whole)
        full = self.b.select(last, whole, stop)
        self.loop(start, full, self.lanes, lambda i: body(i, None))
        self.when(last, lambda: body(whole, self.mask(i64(rest))))

    def when(self, condition: Any, body: Callable[[], None]) -> None:
        """`body()` where a scalar condition holds."""
        with self.b.if_then(condition):
            body()

    # Values

    def smaller(self, x: Any, y: Any) -> Any:
        """The smaller of two counts."""
        return self.b.select(self.b.icmp_signed("<", x, y), x, y)

    def vector(self, element: Any) -> Any:
        """The type of a register of such elements."""
        return ir.VectorType(element, self.lanes)

    def const(self, value: Any, dtype: str) -> Any:
        """The same number in all lanes."""
        value = float(value) if is_floating(dtype) else int(value)
        return _known((value,) * self.lanes, REGISTER[dtype], str(value))

    def integers(self, values: Sequence[int], element: Any = I64) -> Any:
        """A vector of known integers."""
        return _known(tuple(values), element)

    def splat(self, scalar: Any) -> Any:
        """A scalar in all lanes."""
        kind = self.vector(scalar.type)
        nothing = ir.Constant(kind, ir.Undefined)
        first = self.b.insert_element(nothing, scalar, ir.Constant(I32, 0))
        return self.b.shuffle_vector(first, nothing, self.integers([0] * self.lanes, I32))

    def iota(self) -> Any:
        """0, 1, ... as i64."""
        return self.integers(range(self.lanes))

    def first(self, x: Any) -> Any:
        """The scalar in lane 0."""
        return self.b.extract_element(x, ir.Constant(I32, 0))

    def intrinsic(self, name: str, result: Any, *args: Any) -> Any:
        """A call of an LLVM intrinsic, declared where it is new."""
        module = self.function.module
        known = module.globals.get(name)
        if known is None:
            known = ir.Function(module, ir.FunctionType(result, [a.type for a in args]), name)
        return self.b.call(known, args)

    def apply(self, name: str, x: Any, *more: Any) -> Any:
        """`llvm.name` on vectors of one type."""
        return self.intrinsic(f"llvm.{name}.{_suffix(x.type)}", x.type, x, *more)

    def whole(self, x: Any, to: Any, signed: bool) -> Any:
        """Floats as integers: the nearest end of the type for what does not fit, 0 for NaN."""
        name = "fptosi" if signed else "fptoui"
        return self.intrinsic(f"llvm.{name}.sat.{_suffix(to)}.{_suffix(x.type)}", to, x)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """The value of x y + z, in one rounding where the CPU can."""
        return self.apply("fmuladd", x, y, z)

    # Masks

    def mask(self, count: Any) -> Any:
        """True in the first `count` lanes."""
        if isinstance(count, ir.Constant):
            return self.integers([int(n < count.constant) for n in range(self.lanes)], I1)
        return self.b.icmp_signed("<", self.iota(), self.splat(count))

    def any(self, mask: Any) -> Any:
        """Whether one lane at least is true, as a scalar."""
        return self.intrinsic(f"llvm.vector.reduce.or.v{self.lanes}i1", I1, mask)

    # Memory

    def at(self, pointer: Any, dtype: str, offset: Any) -> Any:
        """The address of an element."""
        return self.b.gep(pointer, [offset], source_etype=MEMORY[dtype])

    def load_scalar(self, pointer: Any, dtype: str, offset: Any) -> Any:
        """One element, as it is in memory."""
        return self.b.load(self.at(pointer, dtype, offset), typ=MEMORY[dtype], align=SIZES[dtype])

    def load(self, pointer: Any, dtype: str, offset: Any, mask: Any = None) -> Any:
        """`lanes` elements next to each other; 0 where the mask is false."""
        address = self.at(pointer, dtype, offset)
        kind = self.vector(MEMORY[dtype])
        if mask is None:
            raw = self.b.load(address, typ=kind, align=SIZES[dtype])
        else:
            name = f"llvm.masked.load.{_suffix(kind)}.p0"
            zero = ir.Constant(kind, None)
            raw = self.intrinsic(name, kind, address, ir.Constant(I32, SIZES[dtype]), mask, zero)
        return self.from_memory(raw, dtype)

    def gather(self, pointer: Any, dtype: str, offsets: Any, mask: Any = None) -> Any:
        """The elements at a vector of offsets; 0 where the mask is false."""
        addresses = self.b.gep(pointer, [offsets], source_etype=MEMORY[dtype])
        addresses.type = ir.VectorType(POINTER, self.lanes)
        kind = self.vector(MEMORY[dtype])
        mask = (
            mask
            if mask is not None
            else ir.Constant(self.vector(I1), [ir.Constant(I1, 1)] * self.lanes)
        )
        name = f"llvm.masked.gather.{_suffix(kind)}.v{self.lanes}p0"
        zero = ir.Constant(kind, None)
        raw = self.intrinsic(name, kind, addresses, ir.Constant(I32, SIZES[dtype]), mask, zero)
        return self.from_memory(raw, dtype)

    def store(self, x: Any, pointer: Any, dtype: str, offset: Any, mask: Any = None) -> None:
        """`lanes` elements next to each other, where the mask is true."""
        if isinstance(mask, ir.Constant) and [lane.constant for lane in mask.constant] == [
            1, *[0] * (self.lanes - 1),
        ]:  # fmt: skip
            # LLVM 22.1 stores 32 bits for the one lane of numbers that were truncated to 16.
            self.store_scalar(x, pointer, dtype, offset)
            return
        x = self.to_memory(x, dtype)
        address = self.at(pointer, dtype, offset)
        if mask is None:
            self.b.store(x, address, align=SIZES[dtype])
        else:
            name = f"llvm.masked.store.{_suffix(x.type)}.p0"
            self.intrinsic(name, ir.VoidType(), x, address, ir.Constant(I32, SIZES[dtype]), mask)

    def scatter(self, x: Any, pointer: Any, dtype: str, offsets: Any, mask: Any = None) -> None:
        """Elements to a vector of offsets, all different."""
        x = self.to_memory(x, dtype)
        addresses = self.b.gep(pointer, [offsets], source_etype=MEMORY[dtype])
        addresses.type = ir.VectorType(POINTER, self.lanes)
        mask = (
            mask
            if mask is not None
            else ir.Constant(self.vector(I1), [ir.Constant(I1, 1)] * self.lanes)
        )
        name = f"llvm.masked.scatter.{_suffix(x.type)}.v{self.lanes}p0"
        self.intrinsic(name, ir.VoidType(), x, addresses, ir.Constant(I32, SIZES[dtype]), mask)

    def store_scalar(self, x: Any, pointer: Any, dtype: str, offset: Any) -> None:
        """Lane 0 to one element."""
        raw = self.first(self.to_memory(x, dtype))
        self.b.store(raw, self.at(pointer, dtype, offset), align=SIZES[dtype])

    def prefetch(self, pointer: Any, dtype: str, offset: Any) -> None:
        """Prefetch the cache line of an element; the address need not be valid."""
        now = [ir.Constant(I32, n) for n in (0, 3, 1)]  # to read, into all caches, data
        self.intrinsic("llvm.prefetch.p0", ir.VoidType(), self.at(pointer, dtype, offset), *now)

    def from_memory(self, raw: Any, dtype: str) -> Any:
        """From memory to register form: in memory booleans are bytes, bfloat16 half words."""
        if dtype == "bool":
            return self.b.icmp_unsigned("!=", raw, ir.Constant(raw.type, None))
        if dtype == "bfloat16":
            wide = self.b.zext(raw, self.vector(I32))
            high = self.b.shl(wide, self.const(16, "int32"))
            return self.b.bitcast(high, self.vector(F32))
        return raw

    def to_memory(self, x: Any, dtype: str) -> Any:
        """The inverse; a bfloat16 was rounded when it was computed."""
        if dtype == "bool":
            return self.b.zext(x, self.vector(I8))
        if dtype == "bfloat16":
            bits = self.b.bitcast(x, self.vector(I32))
            return self.b.trunc(self.b.lshr(bits, self.const(16, "int32")), self.vector(I16))
        return x

    def round_bfloat16(self, x: Any) -> Any:
        """The nearest bfloat16, ties to even, as a float32; NaN stays."""
        b = self.b
        bits = b.bitcast(x, self.vector(I32))
        odd = b.and_(b.lshr(bits, self.const(16, "int32")), self.const(1, "int32"))
        rounded = b.add(bits, b.add(odd, self.const(0x7FFF, "int32")))
        truncated = b.and_(rounded, self.const(-65536, "int32"))
        nan = b.fcmp_unordered("uno", x, x)
        return b.select(nan, x, b.bitcast(truncated, x.type))


def _suffix(kind: Any) -> str:
    """How intrinsics spell a vector type."""
    element = kind.element
    name = {F32: "f32", F64: "f64"}.get(element) or f"i{element.width}"
    return f"v{kind.count}{name}"


@functools.lru_cache(maxsize=4096)
def _known(values: tuple[Any, ...], element: Any, spelled: str = "") -> Any:
    """A constant vector, made once for all its uses; `spelled` tells -0.0 from 0.0."""
    return ir.Constant(
        ir.VectorType(element, len(values)), [ir.Constant(element, v) for v in values]
    )
