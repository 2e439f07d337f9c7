"""Runs the build up to what the documents show, and follows what it says."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_LAST = ("ask_assignment", "ask_companion")  # behind them come the documents
_PROGRESS = re.compile(r" *\d+/\d+  |\d+ steps to do$")
_OF_NO_INTEREST = re.compile(r"scripts\.[\w.]+: (computed|restored)|Not changed: |Done in |\s*$")


def build(root: Path, tell: Callable[[str], None], is_late: Callable[[], bool]) -> str | None:
    """Run the steps that are due, up to what the documents show; return what went wrong, or "".

    tell: is given each line about the progress. is_late: tells whether the result is of no use any
    more; then the build is interrupted, and None is returned. What `make report` published stays.
    """
    command = [sys.executable, "-m", "scripts.pipeline.report", "--until", *_LAST]
    ours, its = pty.openpty()  # to a terminal the build says which steps are at work
    process = subprocess.Popen(
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=its, stderr=its,
        start_new_session=True, env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    os.close(its)
    said, interrupted = [], False
    try:
        for line in _lines(ours):
            if _PROGRESS.match(line):
                tell(line.strip())
            elif line and not _OF_NO_INTEREST.match(line):
                said.append(line)
            if not interrupted and is_late():
                interrupted = True
                _interrupt(process)
        code = process.wait()
    finally:
        _interrupt(process)
        os.close(ours)
    if interrupted:
        return None
    return "" if code == 0 else "\n".join(said)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Do to the build what Ctrl-C in its terminal does: it keeps what is finished."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)


def _lines(terminal: int) -> Iterator[str]:
    """What is printed, line by line as a person sees it; an empty one whenever nothing is."""
    rest = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if not ready:
            yield ""
            continue
        try:
            read = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody has it open any more
            read = b""
        if not read:
            yield rest.decode(errors="replace")
            return
        *lines, rest = re.split(rb"\r?\n|\r\x1b\[K|\r", rest + read)
        yield from (line.decode(errors="replace") for line in lines)
