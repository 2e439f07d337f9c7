"""Snakemake's events as a person wants them: steps done of total, the step at work, its time.

Used by `make report` (`snakemake --logger steps`); plain `snakemake` keeps its own output.
"""

from __future__ import annotations

import sys
import time
from logging import LogRecord
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent


class LogHandler(LogHandlerBase):
    """Prints one line when a step starts (on a terminal only) and one when it ends."""

    def __post_init__(self) -> None:
        """Start with no step known."""
        self._total = 0
        self._done = 0
        self._started: dict[int, tuple[str, float]] = {}
        self._terminal = sys.stderr.isatty()

    def emit(self, record: LogRecord) -> None:
        """Print what the event means for a reader; ignore the rest."""
        fields: Any = record.__dict__
        event = fields.get("event")
        if event == LogEvent.RUN_INFO:
            self._total = fields["stats"]["total"]
            self._say(f"{self._total} steps to do")
        elif event == LogEvent.JOB_INFO:
            self._started[fields["jobid"]] = (fields["rule_name"], time.monotonic())
            self._show_at_work()
        elif event == LogEvent.JOB_FINISHED:
            self._finish(fields["job_id"])
        elif event == LogEvent.JOB_ERROR:
            self._say(f"{fields['rule_name']} failed; its message is above")
        elif event == LogEvent.ERROR or record.levelname == "ERROR":
            text = str(fields.get("exception") or record.getMessage())
            if text and text != "None" and "log(s)" not in text:
                self._say(text)

    def _finish(self, job: int) -> None:
        self._done += 1
        name, start = self._started.pop(job, ("", time.monotonic()))
        seconds = time.monotonic() - start
        self._say(f"{self._done:3d}/{self._total}  {name:<32} {seconds:6.1f} s")
        self._show_at_work()

    def _say(self, text: str) -> None:
        clear = "\r\033[K" if self._terminal else ""
        print(f"{clear}{text}", file=sys.stderr, flush=True)

    def _show_at_work(self) -> None:
        names = ", ".join(name for name, _ in self._started.values())
        if self._terminal and names:
            print(f"\r\033[K  at work: {names}", end="", file=sys.stderr, flush=True)

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
