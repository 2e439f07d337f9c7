"""Processes that remember: each does one kind of work, again and again, until the preview ends."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from scripts.report.source import RenderError

_Made = TypeVar("_Made")


class Worker:
    """A process that calls functions; it begins with the first one, and anew where it was lost.

    is_urgent: whether it goes before those that are not, wherever both want the processor.
    """

    def __init__(self, *, is_urgent: bool) -> None:
        self._is_urgent = is_urgent
        self._ends: Connection | None = None
        self._outdated = threading.Event()

    def call(self, function: Callable[..., _Made], *given: Any) -> _Made:
        """Call a function in the process. Raises RenderError, for whatever goes wrong there."""
        if self._outdated.is_set():
            self._outdated.clear()
            self._end()
        try:
            pipe = self._ends = self._ends or _begin(self._is_urgent)
            pipe.send((function, given))
            made, fault = pipe.recv()
        except (EOFError, OSError):
            self._end()
            raise RenderError(
                "The process that renders has ended, maybe for want of memory; save once more."
            ) from None
        if fault:
            raise RenderError(fault)
        result: _Made = made
        return result

    def renew(self) -> None:
        """Have the next call done by a new process, which reads the code anew."""
        self._outdated.set()

    def _end(self) -> None:
        if self._ends is not None:
            self._ends.close()  # upon which the process ends
            self._ends = None


def _begin(is_urgent: bool) -> Connection:
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    context.Process(target=_serve, args=(its, is_urgent), daemon=True).start()
    its.close()
    return ours


def _serve(pipe: Connection, is_urgent: bool) -> None:
    """Answer calls until the preview closes its end, or dies."""
    if not is_urgent:
        os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's, which the preview handles
    with contextlib.suppress(EOFError):
        while True:
            function, given = pipe.recv()
            pipe.send(_answer(function, given))


def _answer(function: Callable[..., Any], given: tuple[Any, ...]) -> tuple[Any, str]:
    """What a function returns, or what went wrong."""
    try:
        return function(*given), ""
    except RenderError as error:
        return None, str(error)
    except OSError as error:
        return None, f"{error.filename or 'A file'}: {error.strerror or error}"
    except Exception:
        return None, traceback.format_exc()
