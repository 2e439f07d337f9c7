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
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "data/.lock"
BUILD_ID = "ASSIGNMENT_BUILD_ID"
"""Environment variable that tells a job which build started it."""


LEAST_FREE = 100_000_000
"""Bytes that must be free before a build begins: what all results take, the run cache included."""


class LockError(Exception):
    """No build can begin in this folder; the message says why and what to do."""


class BusyError(LockError):
    """Another build, or a job of one, is at work in this folder."""


class UnwritableError(LockError):
    """The folder cannot be written, or its disk is as good as full."""


class OutlivedError(Exception):
    """The build that started this job has ended and another one has begun."""


@contextmanager
def exclusive(root: Path, patience: float = 0.0, room: int = LEAST_FREE) -> Iterator[int]:
    """Hold the lock alone and become the current build; on leaving, keep it shared until exit.

    patience: seconds to wait for other builds and jobs. room: bytes that must be free on the disk.
    Raises BusyError if the others outlast it, and UnwritableError, before anything is changed, if a
    build could not write here.
    """
    path = root / LOCK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UnwritableError(
            f"{path} cannot be written: {error.strerror}. Nothing was changed; make this folder "
            "writable, or build in a copy of it."
        ) from None
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise BusyError(
                    "Another build, or a job that one left behind, is at work in this folder. "
                    "Wait until it has ended, or run `make report`, which waits and then goes on."
                ) from None
            time.sleep(0.05)
    free = shutil.disk_usage(root).free
    if free < room:
        os.close(descriptor)
        raise UnwritableError(
            f"Only {free // 1_000_000} MB are free on the disk of {root}, and a build may need "
            f"{room // 1_000_000} MB. Nothing was changed; make room and start again."
        )
    identity = secrets.token_hex(16)
    os.pwrite(descriptor, identity.encode(), 0)  # all ids are equally long: this needs no room
    os.ftruncate(descriptor, len(identity))
    os.environ[BUILD_ID] = identity
    yield descriptor
    # The descriptor stays open on purpose: the shared lock is held until this process ends.
    fcntl.flock(descriptor, fcntl.LOCK_SH)


@contextmanager
def shared(root: Path) -> Iterator[int]:
    """Hold the lock as a job of the current build; give its descriptor.

    It is let go when the last process that holds the descriptor ends or closes it. Raises
    OutlivedError if that build has ended.
    """
    path = root / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        expected = os.environ.get(BUILD_ID)
        if expected and os.pread(descriptor, 64, 0).decode() != expected:
            raise OutlivedError("the build that started this job has ended; nothing was written")
        yield descriptor
    finally:
        os.close(descriptor)
