"""What the preview shows: the last good editions, what is wrong, how far the build is."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Mapping
from typing import Any


class Board:
    """Written by whoever makes something, read by whoever shows it; each change wakes the latter.

    An edition is a page or a file by its name, as `assignment.html`. A fault has the name of what
    could not be made.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._editions: dict[str, bytes] = {}
        self._versions: dict[str, str] = {}
        self._faults: dict[str, str] = {}
        self._progress = ""

    def show(self, editions: Mapping[str, bytes]) -> None:
        """Put editions in the place of those of their names, all at once."""
        versions = {name: hashlib.sha256(made).hexdigest() for name, made in editions.items()}
        with self._changed:
            self._editions |= editions
            self._versions |= versions
            self._wake()

    def blame(self, name: str, fault: str) -> None:
        """Say what is wrong with what has this name; an empty text: nothing any more."""
        with self._changed:
            if self._faults.get(name, "") != fault:
                self._faults[name] = fault
                self._wake()
                if fault:
                    print(f"\n{fault}", file=sys.stderr)

    def report(self, progress: str) -> None:
        """Say how far the build is; an empty text: it is not at work."""
        with self._changed:
            if progress != self._progress:
                self._progress = progress
                self._wake()

    def edition(self, name: str) -> tuple[bytes, str] | None:
        """The edition of a name with its version, if there is one."""
        with self._changed:
            made = self._editions.get(name)
            return None if made is None else (made, self._versions[name])

    def after(self, count: int, seconds: float) -> tuple[int, dict[str, Any]] | None:
        """How many changes there were and what holds now, as soon as there were more than `count`.

        None if there were none within some seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._count > count, seconds):
                return None
            faults = [text for _, text in sorted(self._faults.items()) if text]
            said = {"faults": list(dict.fromkeys(faults)), "progress": self._progress}
            return self._count, {"versions": dict(self._versions), **said}

    def _wake(self) -> None:
        self._count += 1
        self._changed.notify_all()
