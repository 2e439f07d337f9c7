"""The differences as lines for the terminal, and for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scripts.report.diff.rows import Kind, Row

HEADS: dict[Kind, str] = {
    "cause": "What was changed",
    "number": "Numbers",
    "check": "Checks",
    "figure": "Figures",
    "table": "Tables",
    "sentence": "Sentences",
}


def text(rows: Sequence[Row], old: str, new: str) -> str:
    """Return all rows as text. old, new: what the sides are called."""
    if not rows:
        return f"{old} and {new} give the same: every number, check, figure and sentence."
    lines = [f"{old} -> {new}"]
    for kind, head in HEADS.items():
        chosen = [row for row in rows if row.kind == kind]
        if chosen:
            lines += ["", f"{head} ({len(chosen)})"]
            lines += [f"  {line}" for row in chosen for line in _lines(row)]
    return "\n".join(lines)


def _lines(row: Row) -> Iterator[str]:
    """A row: first what differs, then, further in, where and why."""
    change = f"  ({row.change})" if row.change else ""
    if row.kind in ("number", "check") and row.old and row.new:
        yield f"{row.name}: {row.old} -> {row.new}{change}"
    elif row.kind in ("number", "check"):
        yield f"{row.name}: {row.old or row.new}{change}"
    elif row.kind == "cause":
        yield f"{row.name}: {row.change}"
    else:
        yield f"{row.name}{change}"
    if row.kind == "sentence":
        yield from (
            f"  {sign} {words}" for sign, words in (("-", row.old), ("+", row.new)) if words
        )
        return  # its reason is that it was edited
    if row.places:
        yield f"    in {', '.join(row.places)}"
    if row.reasons:
        yield f"    because {'; '.join(row.reasons)}"
