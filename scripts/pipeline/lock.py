"""Who may write: one build at a time, and no job that outlived its build.

The lock is an `flock` on `data/.lock`, which the system lets go when a process dies. A build holds
it exclusively while it compares and removes, then shared for as long as it lives; each job and
the step that it runs hold it shared. The file's text is the id of the last build: a job that
finds another id there was started by a build that has ended, and must not write.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "data/.lock"
BUILD_ID = "ASSIGNMENT_BUILD_ID"
"""Environment variable that tells a job which build started it."""

PATIENCE = "ASSIGNMENT_PATIENCE"
"""Environment variable: for how many seconds a build waits for another one; unset is not at all."""


class BusyError(Exception):
    """Another build, or a job of one, is at work in this folder; the message says what to do."""


class OutlivedError(Exception):
    """The build that started this job has ended and another one has begun."""


@contextmanager
def exclusive(root: Path, patience: float = 0.0) -> Iterator[int]:
    """Hold the lock alone and become the current build; on leaving, keep it shared until exit.

    patience: seconds to wait for other builds and jobs. Raises BusyError if they outlast it.
    """
    descriptor = _opened(root)
    try:
        _wait(descriptor, patience)
    except BusyError:
        os.close(descriptor)
        raise
    identity = secrets.token_hex(16)
    os.pwrite(descriptor, identity.encode(), 0)  # all ids are equally long: this needs no room
    os.ftruncate(descriptor, len(identity))
    os.environ[BUILD_ID] = identity
    yield descriptor
    # The descriptor stays open on purpose: the shared lock is held until this process ends.
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def alone(descriptor: int) -> bool:
    """Tell whether nobody else is at work, and hold the lock alone if so."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def shared(root: Path) -> Iterator[int]:
    """Hold the lock as a job of the current build; give its descriptor.

    It is let go when the last process that holds the descriptor ends or closes it. Raises
    OutlivedError if that build has ended.
    """
    descriptor = _opened(root)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        expected = os.environ.get(BUILD_ID)
        if expected and os.pread(descriptor, 64, 0).decode() != expected:
            raise OutlivedError("the build that started this job has ended; nothing was written")
        yield descriptor
    finally:
        os.close(descriptor)


def _opened(root: Path) -> int:
    path = root / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _wait(descriptor: int, patience: float) -> None:
    """Take the lock as soon as nobody else holds it. Raises BusyError after some seconds."""
    deadline, told = time.monotonic() + patience, False
    while not alone(descriptor):
        if time.monotonic() >= deadline:
            raise BusyError(
                "Another build, or a job that one left behind, is at work in this folder. "
                "Wait until it has ended, or run `make report`, which waits and then goes on."
            )
        if not told:
            print("Another build is at work in this folder; waiting for it.", file=sys.stderr)
            told = True
        time.sleep(0.05)
