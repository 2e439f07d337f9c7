"""Snakemake's events as a person wants them: steps done of total, the step at work, its time.

Used by `make report` (`snakemake --logger steps`); plain `snakemake` keeps its own output.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from logging import LogRecord
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent


class LogHandler(LogHandlerBase):
    """Prints a line when a step ends and, on a terminal, which steps are at work meanwhile."""

    def __post_init__(self) -> None:
        """Start with no step known."""
        self._total = 0
        self._done = 0
        self._failed = False
        self._started: dict[int, tuple[str, float]] = {}
        self._terminal = sys.stderr.isatty()
        self._writing = threading.Lock()
        self._ended = threading.Event()
        if self._terminal:
            threading.Thread(target=self._keep_showing, daemon=True).start()

    def emit(self, record: LogRecord) -> None:
        """Print what the event means for a reader; ignore the rest."""
        fields: Any = record.__dict__
        event = fields.get("event")
        if event == LogEvent.RUN_INFO:
            self._total = fields["stats"]["total"]
            self._say(f"{self._total} steps to do")
        elif event == LogEvent.JOB_INFO:
            self._started[fields["jobid"]] = (fields["rule_name"], time.monotonic())
        elif event == LogEvent.JOB_FINISHED:
            self._finish(fields["job_id"])
        elif event == LogEvent.JOB_ERROR:
            self._failed = True
            self._started.pop(fields["jobid"], None)
            self._say(f"{fields['rule_name']} failed; its message is above")
        elif event == LogEvent.ERROR or record.levelname == "ERROR":
            # Of a step that failed, Snakemake says no more than the step itself, but at length.
            text = record.getMessage()
            about_a_step = self._failed or "CalledProcessError" in text
            if text and text != "None" and not about_a_step:
                self._say(text)

    def close(self) -> None:
        """Stop showing."""
        self._ended.set()
        super().close()

    def _finish(self, job: int) -> None:
        self._done += 1
        name, start = self._started.pop(job, ("", time.monotonic()))
        seconds = time.monotonic() - start
        self._say(f"{self._done:3d}/{self._total}  {name:<32} {seconds:6.1f} s")

    def _say(self, text: str) -> None:
        clear = "\r\033[K" if self._terminal else ""
        with self._writing:
            print(f"{clear}{text}", file=sys.stderr, flush=True)

    def _keep_showing(self) -> None:
        """Twice a second say on the last line which steps are at work, and for how long."""
        while not self._ended.wait(0.5):
            now = time.monotonic()
            steps = [f"{name} {now - start:.0f} s" for name, start in [*self._started.values()]]
            if steps:
                line = f"{self._done:3d}/{self._total}  at work: {', '.join(steps)}"
                line = line[: shutil.get_terminal_size().columns - 1]
                with self._writing:
                    print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

    @property
    def writes_to_stream(self) -> bool:
        """Yes, to standard error."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """No."""
        return False

    @property
    def has_filter(self) -> bool:
        """It chooses events itself."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It formats them itself."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """No."""
        return False
