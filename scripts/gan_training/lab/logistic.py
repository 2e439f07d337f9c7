"""The logistic function for compiled loops: no branch, no table, so that compilers vectorize it."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit
from numba.extending import intrinsic

OPTIONS: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy", "nogil": True}
"""Numba options of every loop that uses it: fused multiply-add allowed, reordering not."""


@intrinsic
def _power_of_two(_typing: Any, shifted: Any) -> Any:
    """2^k from the float k + bias + 1.5·2^52: move its low bits to the exponent."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(64)
        bits = builder.bitcast(arguments[0], integer)
        bits = builder.shl(bits, ir.Constant(integer, 52))
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


_scaled: Any = _power_of_two  # numba fills in the first parameter of these two
_bounded: Any = _clamped
_LOG2E, _LN2 = 1.4426950408889634, 0.6931471805599453
_ROUNDER = 1.5 * 2.0**52 + 1023  # so large that adding it rounds a number; and the exponent's bias
_LARGEST = 700.0  # keeps e^u finite


@njit(forceinline=True, **OPTIONS)  # type: ignore[untyped-decorator]
def complement(u: Any) -> Any:
    """1 / (1 + e^u).

    e^u = 2^k e^r with |r| ≤ ½ log 2, and e^r = (Q+P)/(Q−P), the diagonal Padé approximant of order
    5 (relative error 9e-16 at the ends, vanishing like r¹¹). The quotient joins that of the
    logistic function: one division in all.
    """
    u = _bounded(u, _LARGEST)
    shifted = u * _LOG2E + _ROUNDER
    r = u - (shifted - _ROUNDER) * _LN2  # u log2(e) is rounded to k
    s = r * r
    odd = r * (15120.0 + s * (420.0 + s))
    even = 30240.0 + s * (3360.0 + s * 30.0)
    below = even - odd
    return below / (below + _scaled(shifted) * (even + odd))
