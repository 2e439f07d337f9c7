"""Whether a build can write where it must; asked before anything is changed."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

WRITTEN = (
    "data/results", "data/figures", "data/cache", "data/code", "data/logs", "data/benchmarks",
    "data/stage", "report/generated", "report/build", ".snakemake",
)  # fmt: skip
"""The folders in which nothing lies but what builds wrote."""

LEAST_FREE = 100_000_000
"""Bytes that must be free before a build begins: what all results take, the run cache included."""


class UnwritableError(Exception):
    """Something cannot be written, or the disk is as good as full; the message says what to do."""


def check(root: Path) -> None:
    """Raise UnwritableError for the first thing that a build must write in `root` and cannot."""
    lock = root / "data/.lock"
    try:
        lock.parent.mkdir(exist_ok=True)
        os.close(os.open(lock, os.O_RDWR | os.O_CREAT, 0o644))
    except OSError as error:
        raise explained(error, lock) from None
    for top in (root / name for name in WRITTEN):
        for folder, _, names in os.walk(top):
            _check(Path(folder))
            for name in names:
                _check(Path(folder, name))
    _check(root / "report")
    free = shutil.disk_usage(root).free
    if free < LEAST_FREE:
        raise UnwritableError(
            f"Only {free // 1_000_000} MB are free on the disk of {root}, and a build may need "
            f"{LEAST_FREE // 1_000_000} MB. Nothing was changed; make room and start again."
        )


def explained(error: OSError, path: Path) -> UnwritableError:
    """The error that says whose the file is that could not be written, and what to do about it."""
    found = next(place for place in (path, *path.parents) if place.exists())
    remedy = "Make this folder writable, or build in a copy of it."
    if not _is_own(found):
        owner, own = _name(found.stat().st_uid), _name(os.geteuid())
        remedy = (
            f"{'It' if found == path else found} belongs to {owner}, as after a build with `sudo`. "
            f"Take everything here back: sudo chown -R {own} ."
        )
    return UnwritableError(f"{path} cannot be written: {error.strerror}. {remedy}")


def _check(path: Path) -> None:
    if os.access(path, os.W_OK) or not path.exists():  # it may vanish: a build may be at work
        return
    # A file that is replaced may be read-only, if it is one's own; a folder must be writable.
    if path.is_dir() or not _is_own(path):
        raise explained(PermissionError(0, "Permission denied"), path)


def _is_own(path: Path) -> bool:
    return path.lstat().st_uid == os.geteuid()


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
