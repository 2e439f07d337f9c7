"""The shared cache: what other machines computed, in a folder or a store that fsspec reaches.

What the run cache lacks is fetched into it and restored from there like anything else; what a step
computes is offered. `store.py` does both in a process of its own, in the environment of
`make store` if there is one: a store that hangs, lies or lacks its library cannot do more than
cost a warning. One that failed once in a build is not asked again by it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.pipeline import cache
from scripts.pipeline.stage import STAGES

ANNOUNCED = "ASSIGNMENT_SHARED_CACHE"
"""Environment variable: the settings of the run cache, by which a build tells its jobs."""

Say = Callable[[str], None]

PYTHON = ".venv/store/bin/python"
"""Where `make store` installs what stores need whose pins are not those of the results."""


def announce(settings: Mapping[str, Any]) -> None:
    """Tell the jobs of this build. settings: the block `cache` of the configuration."""
    os.environ[ANNOUNCED] = json.dumps(dict(settings))


def fetch(root: Path, run: str, names: Sequence[str], say: Say) -> None:
    """Bring a run's entry into the run cache, if it is known and undamaged.

    names: the rule's outputs. say: is given the warning, if there is one.
    """
    store = _store()

    def fill(entry: Path) -> None:
        outcome, reason = _errand(root, "fetch", store, run, entry, names)
        if outcome == "damaged":
            _warn(root, outcome, store, f"holds something damaged: {reason}. It is not used.", say)
        elif outcome == "failed":
            _warn(root, "fetch", store, f"cannot be used: {reason}. The build does without.", say)

    if store and not _gave_up(root, "fetch"):
        cache.add(root, run, fill)


def offer(root: Path, run: str, names: Sequence[str], say: Say) -> None:
    """Store a run's entry of the run cache, if the settings say so; the rest as in `fetch`."""
    store, entry = _store(), root / cache.CACHE / run
    if not store or store["shared_access"] == "read" or not entry.is_dir():
        return
    if _gave_up(root, "fetch") or _gave_up(root, "offer"):
        return
    outcome, reason = _errand(root, "offer", store, run, entry, names)
    if outcome != "done":
        _warn(root, "offer", store, f"takes nothing: {reason}. The build goes on.", say)


def _store() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(os.environ.get(ANNOUNCED, "{}"))
    return found if found.get("shared") else {}


def _errand(
    root: Path, errand: str, store: Mapping[str, Any], run: str, entry: Path, names: Sequence[str]
) -> tuple[str, str]:
    """Return what `store.py` says of an errand, and why."""
    own, seconds = root / PYTHON, str(store["shared_seconds"])
    python = str(own) if own.exists() else sys.executable
    program = str(Path(__file__).with_name("store.py"))
    words = [errand, store["shared"], seconds, run, str(entry), *names]
    try:
        done = subprocess.run(
            [python, "-I", program, *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError as error:
        return "failed", str(error)
    if done.returncode == -signal.SIGALRM:
        return "failed", f"no answer within {seconds} s"
    if done.returncode != 0:
        return "failed", " ".join(done.stderr.split())[-300:] or f"exit code {done.returncode}"
    outcome, _, reason = done.stdout.strip().rpartition("\n")[2].partition(": ")
    return outcome, reason


def _note(root: Path, what: str) -> Path:
    """What the jobs of one build tell each other; the next build removes it with the stages."""
    return root / STAGES / f".shared-{what}"


def _gave_up(root: Path, errand: str) -> bool:
    return _note(root, errand).exists()


def _warn(root: Path, what: str, store: Mapping[str, Any], wrong: str, say: Say) -> None:
    """Say what is wrong, once in a build."""
    try:
        _note(root, what).touch(exist_ok=False)
    except FileExistsError:
        return
    except OSError:  # a full disk: then more than once
        pass
    say(f"Warning: the shared cache {store['shared']} {wrong}")
