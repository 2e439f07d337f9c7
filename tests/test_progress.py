"""What `make report` prints of Snakemake's events."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shutil
import sys
import time

import pytest
from house import ROOT
from snakemake_interface_logger_plugins.common import LogEvent

PLUGIN = ROOT / "workflow/logger/snakemake_logger_plugin_steps/__init__.py"


@pytest.fixture
def handler(monkeypatch):
    """A new handler; it asks whether it writes to a terminal when it is made."""

    handlers = []

    def make(terminal: bool):
        spec = importlib.util.spec_from_file_location("steps", PLUGIN)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
        monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((40, 24)))
        handlers.append(module.LogHandler(None, None))
        return handlers[-1]

    yield make
    for each in handlers:
        each.close()


def event(kind: LogEvent | None, message: str = "", level: int = logging.INFO, **fields):
    record = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    record.__dict__ |= fields | ({"event": kind} if kind else {})
    return record


def begin(handler) -> None:
    handler.emit(event(LogEvent.RUN_INFO, stats={"total": 3}))
    handler.emit(event(LogEvent.JOB_INFO, jobid=1, rule_name="compute_gan_game"))


def test_steps_are_counted_and_timed(handler, capsys):
    steps = handler(terminal=False)
    begin(steps)
    steps.emit(event(LogEvent.JOB_FINISHED, job_id=1))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "3 steps to do"
    assert re.fullmatch(r"  1/3  compute_gan_game  +0\.\d s", said[1])


def test_a_terminal_shows_the_steps_at_work_and_how_long(handler, capsys):
    steps = handler(terminal=True)
    begin(steps)
    steps.emit(event(LogEvent.JOB_INFO, jobid=2, rule_name="compute_denoising"))
    time.sleep(1.3)
    said = capsys.readouterr().err
    assert "\r\033[K  0/3  at work: compute_gan_game 1 s" in said
    assert max(len(line) for line in re.split(r"[\r\n]|\033\[K", said)) < 40


def test_a_failure_of_a_step_is_told_once(handler, capsys):
    steps = handler(terminal=False)
    begin(steps)
    error = logging.ERROR
    long = "CalledProcessError " * 500
    steps.emit(event(LogEvent.ERROR, long, error, exception="RuleException"))
    steps.emit(event(LogEvent.JOB_ERROR, "", error, jobid=1, rule_name="compute_gan_game"))
    steps.emit(event(None, "Exiting because a job execution failed.", error))
    steps.emit(event(LogEvent.ERROR, "At least one job did not", error, exception="WorkflowError"))
    said = capsys.readouterr().err.splitlines()
    assert said[1:] == ["compute_gan_game failed; its message is above"]


def test_what_snakemake_itself_cannot_do_is_told_in_its_words(handler, capsys):
    text = "MissingInputException in rule check_gan_game: no rule makes data/results/x.npz"
    handler(terminal=False).emit(
        event(LogEvent.ERROR, text, logging.ERROR, exception="MissingInputException")
    )
    assert text in capsys.readouterr().err
