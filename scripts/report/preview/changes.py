"""Sees what is saved, and tells what it is."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path

import watchfiles

from scripts.pipeline.rules import MADE, is_editors

FOLDERS = ("report", "scripts", "workflow", "data/raw", "envs")


class Kind(enum.Enum):
    """What a file is to the preview."""

    TEXT = "the author's, in the folder of the documents"
    CODE = "read by steps, or by what reads the rules"
    ENGINE = "the same, and part of what renders"
    MADE = "made by a build, by this preview's or by another"


def kind(name: str) -> Kind | None:
    """What a file is, by its path from the root; None: of no interest."""
    parts = name.split("/")
    if any(map(is_editors, parts)) or name.startswith("report/build"):
        return None
    if parts[0] == "report":
        return Kind.MADE if parts[1] in MADE else Kind.TEXT
    if parts[0] == "scripts" and parts[1] in ("common", "pipeline", "report"):
        return Kind.ENGINE
    return Kind.CODE if name == "Snakefile" or name.startswith(FOLDERS) else None


def seen(root: Path, *, below: bool) -> Iterator[set[Kind]]:
    """Yield, as soon as files were saved or deleted, of which kinds they are.

    below: whether to look into `FOLDERS`, or at what stands in the root itself. Raises OSError.
    """
    watched = [root / name for name in FOLDERS if (root / name).is_dir()] if below else [root]
    for changes in watchfiles.watch(*watched, recursive=below, debounce=200, step=30):
        names = (Path(path).relative_to(root).as_posix() for _, path in changes)
        if found := {what for what in map(kind, names) if what is not None}:
            yield found
