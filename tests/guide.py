"""The guide's exercise, added as `make new` adds it, and commands in a copy that has it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.pipeline import new

EXERCISE, TITLE = new.NAME, new.TITLE
"""The exercise that `docs/new-exercise.md` explains."""


def follow(copy: Path) -> None:
    """Add the guide's exercise to a copy."""
    new.add(copy, EXERCISE, TITLE)


def run(command: Sequence[str], copy: Path, environment: Mapping[str, str]) -> None:
    """Run a command at the copy's root; it must succeed."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, cwd=copy, env=dict(environment), check=False, **pipes)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-6000:]}"


def run_tests(
    files: Sequence[str], only: str, copy: Path, environment: Mapping[str, str], *options: str
) -> None:
    """Run tests of a copy as `make test` does: in these files, those that `only` (`-k`) selects."""
    plain = {name: text for name, text in environment.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    command += ["-m", "not whole", "-k", only, f"--basetemp={copy.parent / 'tests'}"]
    run([*command, *(f"tests/{name}.py" for name in files)], copy, plain)
