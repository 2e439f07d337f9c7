"""A fork that keeps the frame and none of the assignment's exercises has a green suite."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import guide
import pytest
from house import ENVIRONMENT, copy_all, keep, topics

pytestmark = pytest.mark.skipif(guide.EXERCISE in topics(), reason="this is such a fork")

QUICK = (
    "test_dice", "test_config", "test_quarto_project", "test_common", "test_progress",
    "test_declared", "test_verify_tree", "test_why", "test_fork",
)  # fmt: skip
OF_REASONS = "not test_why or nothing_would_run or exactly_the_steps"


def delete_all_exercises(fork: Path) -> None:
    """Delete every file of theirs, their blocks of settings and their lines in the lists."""
    names = topics(fork)
    keep(fork)
    for name in names:
        shutil.rmtree(fork / "scripts" / name, ignore_errors=True)  # the laboratory has none
        (fork / f"workflow/rules/{name}.smk").unlink()
    for name in names:  # a topic may have several
        for path in fork.glob(f"tests/test_{name}*.py"):
            path.unlink()
    block = re.compile(rf"^({'|'.join(names)}):\n((  .*)?\n)*", re.MULTILINE)
    for path in (fork / "workflow/config.yaml", fork / "tests/readers.yaml"):
        path.write_text(block.sub("", path.read_text("utf-8")), "utf-8")


def test_the_frame_is_tested_without_the_assignments_exercises(tmp_path):
    fork = copy_all(tmp_path / "fork")
    delete_all_exercises(fork)
    guide.follow(fork)
    assert topics(fork) == [guide.EXERCISE]
    every = [path.stem for path in sorted((fork / "tests").glob("test_*.py"))]
    guide.run_tests(every, "", fork, ENVIRONMENT, "--collect-only")
    guide.run_tests(QUICK, OF_REASONS, fork, ENVIRONMENT)
