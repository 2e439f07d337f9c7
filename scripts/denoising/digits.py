"""Reads the handwritten digits (data/raw/digits.csv), the real images of exercise 4.2."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.common.arrays import Floats, Ints

SIDE = 8
"""Width and height of an image, in pixels."""
DARKEST = 16
"""Largest pixel value in the file; the smallest is 0."""

HEADER = ",".join(["label", *(f"p{row}{column}" for row in range(SIDE) for column in range(SIDE))])


def read_digits(path: Path) -> tuple[Ints, Ints]:
    """Read pixels (n, 64), integers 0 to 16, and labels (n,), integers 0 to 9.

    Raises ValueError, naming the file, the line and what was expected there, if the file is
    missing or damaged.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path}: the digits cannot be read ({error}); restore the committed file."
        ) from error
    if not lines or lines[0] != HEADER:
        raise ValueError(f"{path}:1: expected the header label,p00,...,p77")
    rows = np.array([_row(path, number, line) for number, line in enumerate(lines[1:], 2)])
    if len(rows) == 0:
        raise ValueError(f"{path}: no image after the header")
    return rows[:, 1:], rows[:, 0]


def _row(path: Path, number: int, line: str) -> list[int]:
    cells = line.split(",")
    limits = [9] + [DARKEST] * SIDE**2
    if len(cells) != len(limits):
        raise ValueError(f"{path}:{number}: expected {len(limits)} values, found {len(cells)}")
    for cell, limit in zip(cells, limits, strict=True):
        if not (cell.isascii() and cell.isdigit() and int(cell) <= limit):
            raise ValueError(
                f"{path}:{number}: expected an integer from 0 to {limit}, found {cell!r}"
            )
    return [int(cell) for cell in cells]


def scale(pixels: Ints) -> Floats:
    """Return pixels 0 to 16 as intensities from -1 to 1, the convention of Ho et al. (2020)."""
    return pixels / (DARKEST / 2) - 1.0


def unscale(images: Floats) -> Ints:
    """Return the nearest whole pixel values; the inverse of `scale` up to rounding."""
    return np.rint((images + 1.0) * (DARKEST / 2)).astype(np.int64)
