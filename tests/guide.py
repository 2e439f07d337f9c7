"""docs/new-exercise.md, followed to the letter: its commands are run, its edits made in a copy."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

EXERCISE = "dice"
"""The exercise that the page adds."""

BLOCK = re.compile(r"^```\w+ (?P<head>\S.*)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)


def follow(copy: Path, environment: Mapping[str, str]) -> None:
    """Do what each code block of the copy's page says in its first line."""
    for block in BLOCK.finditer((copy / "docs/new-exercise.md").read_text("utf-8")):
        if block["head"] == "run":
            run(["sh", "-e", "-c", block["body"]], copy, environment)
        else:
            words = shlex.split(block["head"])
            _edit(copy, dict(word.split("=", 1) for word in words), block["body"])


def _edit(copy: Path, head: Mapping[str, str], body: str) -> None:
    path = copy / (head.get("file") or head["append"])
    old = path.read_text("utf-8")
    if "append" in head:
        new = old.rstrip("\n") + "\n" + body
    elif "after" in head:
        new = old.replace(head["after"] + "\n", head["after"] + "\n" + body, 1)
    else:
        new = old.replace(head["before"], body + head["before"], 1)
    assert new != old, f"{head} changes nothing"
    path.write_text(new, "utf-8")


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
