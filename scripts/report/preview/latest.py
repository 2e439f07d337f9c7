"""Work of which only the last result counts."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable


class Latest:
    """Does a piece of work in a thread of its own, as often as needed and never twice at once.

    What is asked for while it is at work is done once more after it, however often it was asked.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._wanted = threading.Event()
        threading.Thread(target=self._keep_working, daemon=True).start()

    def ask(self) -> None:
        """Ask for the work to be done on what is there from now on."""
        self._wanted.set()

    @property
    def is_late(self) -> bool:
        """Whether it was asked for again since it began."""
        return self._wanted.is_set()

    def _keep_working(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._work()
            except Exception:  # a mistake here must not end the preview
                traceback.print_exc()
