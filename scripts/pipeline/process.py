"""The process of a step: its environment, its folder, and what it must not have done.

Of all that surrounds a step this alone can change a result, so its code counts in every contract.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.pipeline.stage import Stage

SHOWN_LINES = 25

KEPT = (
    "PATH", "LD_LIBRARY_PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "MPLCONFIGDIR",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
)  # fmt: skip
"""What a step sees of the caller's environment: where things are."""

KEPT_OF_TOOLS = ("CONDA_", "DENO_", "QUARTO_")
"""Where Quarto finds its parts, by the first letters."""


class StepError(Exception):
    """The step ended with an error or without its files; the message is the step's own."""


def run(
    module: str,
    words: Sequence[str],
    stage: Stage,
    *,
    files: Sequence[str],
    modules: Sequence[str],
    log: Path,
    threads: str,
    descriptor: int,
) -> None:
    """Run a step in its stage; its outputs are then there. Raises StepError or OSError.

    module, words: the command line. files: what the step may read, modules: the files of its code,
    as paths from the root. threads: how many the step may use. descriptor: the open lock, which
    the step inherits: as long as anything lives that could still write, no other build begins.
    """
    watched = stage.fill(files, modules)
    command = [sys.executable, "-m", module, *words]
    with log.open("w", encoding="utf-8") as told:
        told.write(f"$ {shlex.join(command)}\n")
        told.flush()
        exit_code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT,
            env=_environment(threads) | watched, cwd=stage.folder,
            preexec_fn=functools.partial(_die_with_parent, os.getpid()),
            pass_fds=(descriptor,), check=False,
        ).returncode  # fmt: skip
    stage.keep_logs(log.parent)
    if refused := stage.refused():
        raise StepError("\n".join([*refused, f"(all of it: {log})"]))
    if exit_code != 0:
        text = log.read_text(encoding="utf-8", errors="replace").splitlines()[1:]
        shown = "\n".join(text[-SHOWN_LINES:]) or "it printed nothing"
        raise StepError(f"exit code {exit_code}\n{shown}\n(all of it: {log})")
    missing = [str(path) for path in stage.outputs if not (stage.folder / path).is_file()]
    if missing:
        raise StepError(f"it ended without writing {', '.join(missing)}; see {log}")
    if extra := stage.extra(files):
        raise StepError(
            f"it also wrote {', '.join(extra)}; name that under `output:` of the rule, or write it "
            "to a temporary folder (`tempfile`)."
        )


def _environment(threads: str) -> dict[str, str]:
    """Return an environment in which a result cannot depend on the caller's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith(KEPT_OF_TOOLS)
    }
    single = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    fixed = {
        "PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
        "ASSIGNMENT_THREADS": threads,
    }  # fmt: skip
    return kept | dict.fromkeys(single, "1") | fixed


def _die_with_parent(parent: int) -> None:
    """Ask Linux to end the step when this wrapper dies, so that no orphan goes on computing."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be asked for
        os._exit(1)
