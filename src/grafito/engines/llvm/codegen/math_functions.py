"""Functions of vectors of float32 or float64: range reduction, then a polynomial; no branch.

Coefficients are Taylor coefficients, or are fitted once to the C library's functions where a
function has no short series. Errors are at most 2 units in the last place of float32.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.engines.llvm.codegen.builder import (
    F32,
    F64,
    I32,
    I64,
    Builder,
)

WORD = {"float32": "int32", "float64": "int64"}
MANTISSA = {"float32": 23, "float64": 52}
BIAS = {"float32": 127, "float64": 1023}
LN2 = {  # in two parts; the first times an exponent is exact
    "float32": (0.693359375, -2.12194440054690583e-4),
    "float64": (6.93147180369123816490e-01, 1.90821492927058770002e-10),
}
LARGEST = {"float32": 88.72283935546875, "float64": 709.782712893384}
SMALLEST = {"float32": -104.0, "float64": -746.0}
PI_HALVES = (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21)


class Mathematics:
    """The functions for one dtype, emitted into one function's code.

    Args:
        code: where to emit.
        dtype: float32 or float64.
    """

    def __init__(self, code: Builder, dtype: str):
        self.c, self.b, self.dtype = code, code.b, dtype
        self.single = dtype == "float32"
        self.real = code.vector(F32 if self.single else F64)
        self.whole = code.vector(I32 if self.single else I64)

    def k(self, value: float) -> Any:
        return self.c.const(value, self.dtype)

    def n(self, value: int) -> Any:
        return self.c.const(value, WORD[self.dtype])

    def polynomial(self, x: Any, coefficients: Sequence[float]) -> Any:
        """Σ cᵢ xⁱ by Horner's rule."""
        total = self.k(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = self.c.fma(total, x, self.k(c))
        return total

    def less(self, x: Any, y: Any) -> Any:
        return self.b.fcmp_ordered("<", x, y)

    def abs(self, x: Any) -> Any:
        return self.c.apply("fabs", x)

    def copysign(self, size: Any, sign: Any) -> Any:
        return self.c.apply("copysign", size, sign)

    def nan(self, x: Any) -> Any:
        return self.b.fcmp_unordered("uno", x, x)

    def limit(self, x: Any, low: float, high: float) -> Any:
        """The value limited to [low, high]; NaN becomes a bound."""
        x = self.b.select(self.b.fcmp_ordered(">", x, self.k(low)), x, self.k(low))
        return self.b.select(self.less(x, self.k(high)), x, self.k(high))

    def _power_of_two(self, n: Any) -> Any:
        """2 ** n for integers with a normal result."""
        biased = self.b.add(n, self.n(BIAS[self.dtype]))
        return self.b.bitcast(self.b.shl(biased, self.n(MANTISSA[self.dtype])), self.real)

    def _scale(self, x: Any, n: Any) -> Any:
        """The value of x 2 ** n in two steps, so that neither overflows before the result does."""
        half = self.b.ashr(n, self.n(1))
        x = self.b.fmul(x, self._power_of_two(half))
        return self.b.fmul(x, self._power_of_two(self.b.sub(n, half)))

    def _reduce_exp(self, x: Any) -> tuple[Any, Any]:
        """Two numbers, n and r, with x = n ln 2 + r and |r| ≤ ln 2 / 2."""
        iterations = self.c.apply("rint", self.b.fmul(x, self.k(1 / math.log(2))))
        high, low = LN2[self.dtype]
        r = self.c.fma(iterations, self.k(-high), x)
        r = self.c.fma(iterations, self.k(-low), r)
        return self.b.fptosi(iterations, self.whole), r

    def exp(self, x: Any) -> Any:
        bounded = self.limit(x, SMALLEST[self.dtype], LARGEST[self.dtype])
        n, r = self._reduce_exp(bounded)
        terms = 8 if self.single else 14
        p = self.polynomial(r, [1 / math.factorial(i) for i in range(terms)])
        y = self._scale(p, n)
        y = self.b.select(
            self.b.fcmp_ordered(">", x, self.k(LARGEST[self.dtype])), self.k(math.inf), y
        )
        return self.b.select(self.nan(x), x, y)

    def expm1(self, x: Any) -> Any:
        bounded = self.limit(x, -40.0, LARGEST[self.dtype])
        n, r = self._reduce_exp(bounded)
        terms = 9 if self.single else 15
        p = self.polynomial(r, [1 / math.factorial(i) for i in range(2, terms)])
        p = self.c.fma(self.b.fmul(r, r), p, r)
        # 2ⁿ p + 2ⁿ - 1, halved while it grows so that the largest x does not overflow
        half = self._power_of_two(self.b.sub(n, self.n(1)))
        y = self.c.fma(half, p, self.b.fsub(half, self.k(0.5)))
        y = self.b.fmul(y, self.k(2.0))
        y = self.b.select(
            self.b.fcmp_ordered(">", x, self.k(LARGEST[self.dtype])), self.k(math.inf), y
        )
        tiny = self.less(self.abs(x), self.k(1e-10 if self.single else 1e-20))
        return self.b.select(self.b.or_(self.nan(x), tiny), x, y)

    def log(self, x: Any) -> Any:
        return self._log(x, None)

    def log1p(self, x: Any) -> Any:
        u = self.b.fadd(x, self.k(1.0))
        lost = self.b.fsub(x, self.b.fsub(u, self.k(1.0)))
        y = self._log(u, self.b.fdiv(lost, u))
        infinite = self.b.fcmp_ordered("==", u, self.k(math.inf))
        y = self.b.select(infinite, u, y)
        zero = self.b.fcmp_ordered("==", x, self.k(0.0))
        return self.b.select(zero, x, y)  # keeps the sign of a zero

    def _log(self, x: Any, correction: Any) -> Any:
        """Correction + ln x, from the exponent and ln(1 + f) = f - (f²/2 - s (f²/2 + R(s²)))."""
        b, bits = self.b, MANTISSA[self.dtype]
        tiny = self.less(x, self.k(float(np.finfo(self.dtype).tiny)))
        normal = b.select(tiny, b.fmul(x, self.k(2.0**bits)), x)
        word = b.bitcast(normal, self.whole)
        # the exponent of x / √½, so that the mantissa lies between √½ and √2
        root = int(np.array(math.sqrt(0.5), self.dtype).view(WORD[self.dtype]))
        shifted = b.sub(word, self.n(root))
        exponent = b.ashr(shifted, self.n(bits))
        mantissa = b.bitcast(b.sub(word, b.shl(exponent, self.n(bits))), self.real)
        e = b.sitofp(exponent, self.real)
        e = b.fsub(e, b.select(tiny, self.k(float(bits)), self.k(0.0)))
        f = b.fsub(mantissa, self.k(1.0))
        s = b.fdiv(f, b.fadd(f, self.k(2.0)))
        z = b.fmul(s, s)
        terms = 6 if self.single else 12
        r = b.fmul(z, self.polynomial(z, [2 / (2 * i + 1) for i in range(1, terms)]))
        half = b.fmul(b.fmul(f, f), self.k(0.5))
        high, low = LN2[self.dtype]
        rest = b.fmul(s, b.fadd(half, r))
        rest = self.c.fma(e, self.k(low), rest)
        if correction is not None:
            rest = b.fadd(rest, correction)
        y = self.c.fma(e, self.k(high), b.fsub(f, b.fsub(half, rest)))
        y = b.select(b.fcmp_ordered("==", x, self.k(math.inf)), x, y)
        y = b.select(b.fcmp_ordered("==", x, self.k(0.0)), self.k(-math.inf), y)
        return b.select(
            b.fcmp_unordered(">=", x, self.k(0.0)), b.select(self.nan(x), x, y), self.k(math.nan)
        )

    def tanh(self, x: Any) -> Any:
        b = self.b
        size = self.abs(x)
        bounded = b.select(b.fcmp_ordered(">", size, self.k(20.0)), self.k(20.0), size)
        t = self.expm1(b.fmul(bounded, self.k(2.0)))
        far = b.fsub(self.k(1.0), b.fdiv(self.k(2.0), b.fadd(t, self.k(2.0))))
        z = b.fmul(x, x)
        series = self.polynomial(z, _tanh_series(9 if self.single else 20)[1:])
        near = self.c.fma(b.fmul(size, z), series, size)
        y = b.select(self.less(size, self.k(0.55)), near, far)
        return b.select(self.nan(x), x, self.copysign(y, x))

    def sigmoid(self, x: Any) -> Any:
        b = self.b
        one, positive = self.k(1.0), b.fcmp_ordered(">=", x, self.k(0.0))
        e = self.exp(b.fneg(self.abs(x)))
        below = b.fadd(e, one)
        lost = b.fsub(e, b.fsub(below, one))  # to rounding; 1 / below is y, or 1 - y
        y = b.fdiv(b.select(positive, one, e), below)
        inverse = b.select(positive, y, b.fsub(one, y))
        return self.c.fma(b.fneg(b.fmul(y, lost)), inverse, y)

    def softplus(self, x: Any) -> Any:
        b = self.b
        e = self.log1p(self.exp(b.fneg(self.abs(x))))
        positive = b.select(self.less(x, self.k(0.0)), self.k(0.0), x)
        return b.fadd(positive, e)

    # Angles

    def sin(self, x: Any) -> Any:
        return self._angle(x, 0)

    def cos(self, x: Any) -> Any:
        return self._angle(x, 1)

    def _angle(self, x: Any, quarter: int) -> Any:
        """sin(x + quarter π/2), in double precision."""
        if self.single:
            wide = Mathematics(self.c, "float64")
            y = wide._angle(self.b.fpext(x, wide.real), quarter)
            return self.b.fptrunc(y, self.real)
        b = self.b
        far = b.fcmp_ordered(">", self.abs(x), self.k(2.0**20))
        near = b.select(far, self.k(0.0), x)
        iterations = self.c.apply("rint", b.fmul(near, self.k(2 / math.pi)))
        r = near
        for part in PI_HALVES:
            r = self.c.fma(iterations, self.k(-part), r)
        n = b.add(b.fptosi(iterations, self.whole), self.n(quarter))
        z = b.fmul(r, r)
        odd = [(-1) ** i / math.factorial(2 * i + 1) for i in range(1, 9)]
        even = [(-1) ** i / math.factorial(2 * i) for i in range(1, 10)]
        sine = self.c.fma(b.fmul(r, z), self.polynomial(z, odd), r)
        cosine = self.c.fma(z, self.polynomial(z, even), self.k(1.0))
        is_cosine = b.icmp_signed("!=", b.and_(n, self.n(1)), self.n(0))
        negative = b.icmp_signed("!=", b.and_(n, self.n(2)), self.n(0))
        y = b.select(is_cosine, cosine, sine)
        y = b.select(negative, b.fneg(y), y)
        return self._far_angle(x, y, far, quarter)

    def _far_angle(self, x: Any, y: Any, far: Any, quarter: int) -> Any:
        """Angles of more than 2²⁰ need π to a thousand bits: the C library has them."""
        b, c = self.b, self.c
        before = b.block
        with b.if_then(c.any(far)):
            exact = c.apply("cos" if quarter else "sin", b.select(far, x, self.k(0.0)))
            mixed, inside = b.select(far, exact, y), b.block
        result = b.phi(y.type)
        result.add_incoming(y, before)
        result.add_incoming(mixed, inside)
        return b.select(
            b.or_(self.nan(x), b.fcmp_ordered("==", self.abs(x), self.k(math.inf))),
            self.k(math.nan),
            result if quarter else b.select(b.fcmp_ordered("==", x, self.k(0.0)), x, result),
        )

    # The error function

    def erf(self, x: Any) -> Any:
        """As x P(x²) below 1, and as 1 - exp(-x²) Q(x) above."""
        if self.single:
            wide = Mathematics(self.c, "float64")
            return self.b.fptrunc(wide.erf(self.b.fpext(x, wide.real)), self.real)
        b = self.b
        near, tail = self._near_and_tail(x)
        far = self.copysign(b.fsub(self.k(1.0), tail), x)
        y = b.select(self.less(self.abs(x), self.k(1.0)), near, far)
        return b.select(self.nan(x), x, y)

    def _near_and_tail(self, x: Any) -> tuple[Any, Any]:
        """erf(x), right where |x| < 1, and 1 - erf(|x|), right where |x| ≥ 1."""
        b = self.b
        small, large = _erf_coefficients()
        near = b.fmul(x, self.polynomial(b.fmul(x, x), small))
        size = self.limit(self.abs(x), 0.0, 6.0)
        t = b.fdiv(self.k(9.6), b.fadd(size, self.k(2.0)))
        u = b.fsub(t, self.k(2.2))  # from -1 at x = 6 to 1 at x = 1
        square = b.fmul(size, size)
        lost = self.c.apply("fma", size, size, b.fneg(square))
        decay = self.exp(b.fneg(square))
        decay = self.c.fma(decay, b.fneg(lost), decay)
        return near, b.fmul(decay, self.chebyshev(u, large))

    def chebyshev(self, x: Any, coefficients: Sequence[float]) -> Any:
        """Σ cᵢ Tᵢ(x) by Clenshaw's rule."""
        b = self.b
        twice, last, before = b.fadd(x, x), self.k(0.0), self.k(0.0)
        for c in reversed(coefficients[1:]):
            last, before = b.fadd(self.c.fma(twice, last, b.fneg(before)), self.k(c)), last
        return b.fadd(self.c.fma(x, last, b.fneg(before)), self.k(coefficients[0]))

    def erfinv(self, x: Any) -> Any:
        """Winitzki's closed form, then Halley's iteration on erf, or on 1 - erf near 1."""
        if self.single:
            wide = Mathematics(self.c, "float64")
            return self.b.fptrunc(wide.erfinv(self.b.fpext(x, wide.real)), self.real)
        b = self.b
        a = 0.147
        size = self.abs(x)
        rest = b.fsub(self.k(1.0), size)
        log = self.log(b.fmul(rest, b.fadd(self.k(1.0), size)))
        t = self.c.fma(log, self.k(0.5), self.k(2 / (math.pi * a)))
        inside = b.fsub(b.fmul(t, t), b.fmul(log, self.k(1 / a)))
        y = self.c.apply("sqrt", b.fsub(self.c.apply("sqrt", inside), t))
        for _ in range(3):
            slope = b.fmul(self.exp(b.fneg(b.fmul(y, y))), self.k(2 / math.sqrt(math.pi)))
            near, tail = self._near_and_tail(y)
            close = self.less(y, self.k(1.0))
            error = b.select(close, b.fsub(near, size), b.fsub(rest, tail))
            error = b.fdiv(error, slope)
            y = b.fsub(y, b.fdiv(error, self.c.fma(y, error, self.k(1.0))))
        one = b.fcmp_ordered("==", size, self.k(1.0))
        y = self.copysign(b.select(one, self.k(math.inf), y), x)
        zero = b.fcmp_ordered("==", x, self.k(0.0))
        return b.select(zero, x, y)

    # Powers

    def power(self, x: Any, y: Any) -> Any:
        """|x| ** y = exp(y ln |x|) in double precision, with the sign of an odd power."""
        if self.single:
            wide = Mathematics(self.c, "float64")
            z = wide.power(self.b.fpext(x, wide.real), self.b.fpext(y, wide.real))
            return self.b.fptrunc(z, self.real)
        b, k = self.b, self.k
        size = self.abs(x)
        z = self._exp_of_product(y, size)
        whole = b.fcmp_ordered("==", self.c.apply("floor", y), y)
        half = b.fmul(y, k(0.5))
        odd = b.and_(whole, b.fcmp_ordered("!=", self.c.apply("floor", half), half))
        sign = self.copysign(k(1.0), x)
        z = b.select(odd, b.fmul(z, sign), z)
        negative = b.and_(self.less(x, k(0.0)), b.fcmp_ordered("!=", size, k(math.inf)))
        z = b.select(b.and_(negative, b.not_(whole)), k(math.nan), z)
        z = b.select(b.or_(self.nan(x), self.nan(y)), k(math.nan), z)
        one = b.or_(b.fcmp_ordered("==", y, k(0.0)), b.fcmp_ordered("==", x, k(1.0)))
        minus_one = b.and_(
            b.fcmp_ordered("==", x, k(-1.0)), b.fcmp_ordered("==", self.abs(y), k(math.inf))
        )
        return b.select(b.or_(one, minus_one), k(1.0), z)

    def _exp_of_product(self, y: Any, x: Any) -> Any:
        """exp(y ln x); the rounding error of ln x, times y, is made good by one Newton step."""
        b = self.b
        log = self.log(x)
        ordinary = b.and_(b.fcmp_ordered(">", x, self.k(0.0)), self.less(x, self.k(math.inf)))
        # x / exp(ln x) - 1 is what ln x lacks
        bounded = b.select(ordinary, log, self.k(0.0))
        lacking = b.fsub(b.fdiv(x, self.exp(bounded)), self.k(1.0))
        lacking = b.select(ordinary, lacking, self.k(0.0))
        product = b.fmul(y, log)
        rest = b.fadd(self.c.apply("fma", y, log, b.fneg(product)), b.fmul(y, lacking))
        z = self.exp(product)
        fine = b.and_(ordinary, self.less(self.abs(product), self.k(740.0)))
        return b.select(fine, self.c.fma(z, rest, z), z)


@functools.cache
def _tanh_series(terms: int) -> list[float]:
    """The coefficients of x, x³, x⁵, ... from tanh' = 1 - tanh²."""
    c = [1.0]
    for n in range(1, terms):
        c.append(-sum(c[i] * c[n - 1 - i] for i in range(n)) / (2 * n + 1))
    return c


@functools.cache
def _erf_coefficients() -> tuple[list[float], list[float]]:
    """P with erf(x) = x P(x²) on [0, 1], and Chebyshev's for exp(x²) erfc(x) on [1, 6].

    1 - erf(6) is below the last place of 1, so nothing beyond is needed.
    """
    small = [
        2 / math.sqrt(math.pi) * (-1) ** i / (math.factorial(i) * (2 * i + 1)) for i in range(19)
    ]

    def scaled(u: Any) -> Any:
        x = 9.6 / (u + 2.2) - 2
        return np.array([math.exp(v * v) * math.erfc(v) for v in x.tolist()])

    return small, [float(c) for c in np.polynomial.chebyshev.chebinterpolate(scaled, 28)]
