"""Tables of results as Markdown, for the document to include; the caption stays with the prose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path


def save_table(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], align: str
) -> None:
    """Write a pipe table.

    header, rows: cells of Markdown (inline mathematics allowed). align: one letter a column,
    "l", "c" or "r". Raises ValueError when a row's length or a letter does not fit.
    """
    if len(align) != len(header) or any(len(row) != len(header) for row in rows):
        raise ValueError(f"{path}: every row needs {len(header)} cells, as the header has")
    columns = list(zip(header, *rows, strict=True))
    marks = [_rule(column, letter) for column, letter in zip(columns, align, strict=True)]
    lines = [header, marks, *rows]
    path.write_text("\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n", "utf-8")


def _rule(cells: Sequence[str], letter: str) -> str:
    """Return a column's rule: colons for its alignment, dashes in proportion to its width.

    Pandoc takes the dashes for relative widths when a table is too wide for its natural ones.
    """
    if letter not in "lcr":
        raise ValueError(f"a column is aligned l, c or r, not {letter!r}")
    dashes = "-" * max(3, *map(_width, cells))
    return {"l": f":{dashes}", "c": f":{dashes}:", "r": f"{dashes}:"}[letter]


def _width(cell: str) -> int:
    """Return about how many letters wide a cell is: a reference as shown, code set smaller."""
    if cell.startswith("`"):
        return round(0.8 * len(cell.strip("`")))
    shown = re.sub(r"@[\w-]+", "Proposition 00", cell)
    return len(re.sub(r"\\[A-Za-z]+|[\\{}$^_*]", "", shown))
