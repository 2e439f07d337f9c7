"""Numbers on their way into the prose: the exact value, and the text that the reader sees."""

from __future__ import annotations

import math
from typing import Any


def value(number: float | int | str, form: str = "") -> dict[str, Any]:
    """Return one number that the prose may use, `{{< var topic.key >}}`.

    number: the exact value (a word is allowed: the name of an outcome).
    form: a format specification for the text, for example ".3f"; empty means `str`.
    Raises ValueError for NaN and infinity: a result that is not a number must not be printed.
    """
    if isinstance(number, (int, float)) and not math.isfinite(number):
        raise ValueError(f"{number} cannot be shown in the report")
    plain = number if isinstance(number, (int, str)) else float(number)
    return {"value": plain, "text": format(plain, form)}


def in_formula(number: float, form: str = ".3g") -> dict[str, Any]:
    """Return a value for use inside `$...$`: as `value`, with a power of ten for an exponent."""
    plain = value(number, form)
    return scientific(number) if "e" in plain["text"] else plain


def value_or(word: str, number: float, form: str = "") -> dict[str, Any]:
    """Return `value(number, form)`, or the word where there is no number: it is NaN."""
    return value(word) if math.isnan(number) else value(number, form)


def scientific(number: float, digits: int = 1) -> dict[str, Any]:
    r"""Return a value whose text is TeX, `2.3 \times 10^{-15}`, for use inside `$...$` only.

    digits: digits after the point of the mantissa. Zero is shown as 0.
    """
    if number == 0:
        return value(0)
    if not math.isfinite(number):
        raise ValueError(f"{number} cannot be shown in the report")
    mantissa, exponent = f"{number:.{digits}e}".split("e")
    return {"value": float(number), "text": rf"{mantissa} \times 10^{{{int(exponent)}}}"}
