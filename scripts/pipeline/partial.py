"""Temporary names: a file is written under one and then renamed, so that it is whole or not there.

Jobs of one build may run on many machines, where process ids repeat, and a job that a cluster
starts again may still run elsewhere. So a name is drawn at random; nothing is made from it.
"""

from __future__ import annotations

import secrets
from pathlib import Path

PATTERN = ".partial-*"
"""What a killed process leaves behind."""


def path_for(path: Path) -> Path:
    """Return a name beside `path` that no other process has, under which it may be written."""
    return path.with_name(f".partial-{secrets.token_hex(8)}-{path.name}")
