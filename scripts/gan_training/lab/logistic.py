"""The logistic function for compiled loops: no branch, no table, so that compilers vectorize it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

OPTIONS: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy", "nogil": True}
"""Numba options of every loop that uses it: fused multiply-add allowed, reordering not."""


@intrinsic
def _power_of_two(_typing: Any, shifted: Any) -> Any:
    """2^k from the float k + bias + 1.5·2^(mantissa bits): move its low bits to the exponent."""
    mantissa = 23 if shifted == types.float32 else 52

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(32 if mantissa == 23 else 64)
        bits = builder.bitcast(arguments[0], integer)
        bits = builder.shl(bits, ir.Constant(integer, mantissa))
        return builder.bitcast(bits, arguments[0].type)

    return shifted(shifted), generate


@intrinsic
def _clamped(_typing: Any, u: Any, largest: Any) -> Any:
    """u, but at most `largest` in size. Anything for NaN, which a GAN's state then still holds.

    LLVM merges two comparisons in a row into what no vector minimum can do; asked for minimum and
    maximum by name, it leaves them alone. A fifth of the training time.
    """

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        number, edge = arguments
        kind = ir.FunctionType(number.type, [number.type, number.type])
        least, most = (
            builder.module.declare_intrinsic(f"llvm.{name}", [number.type], kind)
            for name in ("minnum", "maxnum")
        )
        flags = ("nnan", "nsz")
        below = builder.call(least, [number, edge], fastmath=flags)
        return builder.call(most, [below, builder.fneg(edge)], fastmath=flags)

    return u(u, u), generate


@functools.cache
def complement(precision: str) -> Any:
    """Return the compiled function u ↦ 1/(1 + e^u) for "float64" or "float32".

    e^u = 2^k e^r with |r| ≤ ½ log 2, and e^r = (Q+P)/(Q−P), the diagonal Padé approximant: order 5
    in double precision (relative error 9e-16 at the ends, vanishing like r¹¹), order 3 in single
    (6e-9). The quotient joins that of the logistic function: one division in all.
    """
    double = precision == "float64"
    dtype = np.float64 if double else np.float32
    log2e, ln2 = dtype(1.4426950408889634), dtype(0.6931471805599453)
    rounder = dtype(1.5 * 2.0**52 + 1023 if double else 1.5 * 2.0**23 + 127)
    largest = dtype(700.0 if double else 87.0)  # keeps e^u finite
    p1, p3 = dtype(15120), dtype(420)
    q0, q2, q4 = dtype(30240), dtype(3360), dtype(30)
    s1, t0, t2 = dtype(60), dtype(120), dtype(12)

    scaled: Any = _power_of_two  # numba fills in the first parameter of these two
    clamped: Any = _clamped

    @njit(forceinline=True, **OPTIONS)  # type: ignore[untyped-decorator]
    def value(u: Any) -> Any:
        """1 / (1 + e^u)."""
        u = clamped(u, largest)
        shifted = u * log2e + rounder  # so large that adding it rounds u log2(e) to k
        r = u - (shifted - rounder) * ln2
        s = r * r
        if double:
            odd = r * (p1 + s * (p3 + s))
            even = q0 + s * (q2 + s * q4)
        else:
            odd = r * (s1 + s)
            even = t0 + s * t2
        below = even - odd
        return below / (below + scaled(shifted) * (even + odd))

    return value
