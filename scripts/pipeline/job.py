"""The wrapper around every step: run it, or restore it, and put its results in place whole.

    python -m scripts.pipeline.job --contract JSON --log FILE
        --inputs … --outputs … -- MODULE OPTIONS

The step runs as `python -m MODULE OPTIONS` with the contract's settings added as options, in a
folder that holds what its rule declares and nothing else (`stage`). What it writes there is moved
into place, with sidecars, only after the step has succeeded and if what it read is still what it
was when the build began.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.common.command_line import option, text_of
from scripts.pipeline import cache, code, lock, sidecar, versions
from scripts.pipeline.contract import JOB_MODULE, sha256
from scripts.pipeline.stage import Stage, staged

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    job = _parse(arguments)
    try:
        with lock.shared(Path.cwd()) as descriptor:
            how = run(job, descriptor)
    except (StepError, lock.OutlivedError) as error:
        _say(f"{job.module} failed: {error}")
        return 1
    except OSError as error:
        _say(f"{job.module} failed: {error}. Earlier results were kept.")
        return 1
    except KeyboardInterrupt:
        _say(f"{job.module} was interrupted. Earlier results were kept.")
        return 130
    _say(f"{job.module}: {how}")
    return 0


def _say(text: str) -> None:
    """Print for the person who builds; on a terminal, over the line of what is at work."""
    clear = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{clear}{text}", file=sys.stderr)


def run(job: argparse.Namespace, descriptor: int) -> str:
    """Bring a job's outputs and sidecars into place; return "computed" or "restored …".

    descriptor: the open lock, which the step inherits. Raises StepError or OSError; whatever was
    in place before is then untouched.
    """
    root = Path.cwd()
    inputs = sidecar.hashes(root, job.contract, [str(path) for path in job.inputs])
    key = cache.key(job.contract, inputs)
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with staged(root, job.outputs) as stage:
        how = "restored from the run cache"
        if cache.restore(root, key, stage.made):
            job.log.write_text(f"{job.module}: {how} (nothing was computed)\n", encoding="utf-8")
        else:
            how = "computed"
            _compute(job, stage, inputs, descriptor)
            _refuse_changes(root, job.contract, inputs)
            cache.store(root, key, stage.made)
        moves: dict[Path, Path] = {}
        had = versions.installed()  # in a cluster or with `--use-conda` not those of the contract
        for made, output in zip(stage.made, job.outputs, strict=True):
            provenance = sidecar.content(sha256(made), job.contract, inputs, had)
            moves |= {made: output, sidecar.stage(made, provenance): sidecar.path_of(output)}
        for output in job.outputs:
            output.parent.mkdir(parents=True, exist_ok=True)
        sidecar.put_in_place(moves)
    return how


def _refuse_changes(root: Path, contract: str, inputs: Mapping[str, str]) -> None:
    """Raise StepError if what a step read is not what its contract and `inputs` say.

    A file that is edited during a build would otherwise go into the run cache under the wrong key.
    """
    wanted = json.loads(contract)
    read = {**inputs, **wanted["files"]}
    changed = [
        name
        for name, digest in read.items()
        if not (root / name).is_file() or sha256(root / name) != digest
    ]
    if "code" in wanted:
        code.forget()
        try:
            found = code.fingerprint(root, f"scripts.{wanted['step']}", JOB_MODULE)
        except (ValueError, OSError):
            found = "half edited"
        changed += ["its code"] if found != wanted["code"] else []
    if changed:
        raise StepError(
            f"{', '.join(changed)} changed while the build ran, so its result was dropped. "
            "Start the build again."
        )


def _compute(
    job: argparse.Namespace, stage: Stage, inputs: Mapping[str, str], descriptor: int
) -> None:
    contract = json.loads(job.contract)
    files = [*inputs, *contract["files"]]
    watched = stage.fill(files, code.files(stage.root, f"scripts.{contract['step']}"))
    settings = contract["settings"].items()
    words = [f"{option(name)}={text_of(value)}" for name, value in settings]
    command = [sys.executable, "-m", job.module, *job.options, *words]
    with job.log.open("w", encoding="utf-8") as log:
        log.write(f"$ {shlex.join(command)}\n")
        log.flush()
        # With the lock's descriptor the step holds the lock too: as long as anything lives that
        # could still write, no other build begins.
        exit_code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            env=_environment(job) | watched, cwd=stage.folder,
            preexec_fn=functools.partial(_die_with_parent, os.getpid()),
            pass_fds=(descriptor,), check=False,
        ).returncode  # fmt: skip
    stage.keep_logs(job.log.parent)
    if refused := stage.refused():
        raise StepError("\n".join([*refused, f"(all of it: {job.log})"]))
    if exit_code != 0:
        text = job.log.read_text(encoding="utf-8", errors="replace").splitlines()[1:]
        shown = "\n".join(text[-SHOWN_LINES:]) or "it printed nothing"
        raise StepError(f"exit code {exit_code}\n{shown}\n(all of it: {job.log})")
    missing = [str(path) for path in job.outputs if not (stage.folder / path).is_file()]
    if missing:
        raise StepError(f"it ended without writing {', '.join(missing)}; see {job.log}")
    if extra := stage.extra(files):
        raise StepError(
            f"it also wrote {', '.join(extra)}; name that under `output:` of the rule, or write it "
            "to a temporary folder (`tempfile`)."
        )


def _environment(job: argparse.Namespace) -> dict[str, str]:
    """Return an environment in which a result cannot depend on the caller's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith(KEPT_OF_TOOLS)
    }
    single = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    fixed = {
        "PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    given = dict(word.split("=", 1) for word in job.environment)
    return kept | dict.fromkeys(single, "1") | fixed | given


def _die_with_parent(parent: int) -> None:
    """Ask Linux to end the step when this wrapper dies, so that no orphan goes on computing."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be asked for
        os._exit(1)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contract", required=True, help="the rule's contract, JSON")
    parser.add_argument("--log", required=True, type=Path)
    parser.add_argument("--environment", nargs="*", default=[], help="NAME=VALUE, for the step")
    parser.add_argument("--inputs", nargs="*", default=[], type=Path)
    parser.add_argument("--outputs", nargs="+", required=True, type=Path)
    parser.add_argument("command", nargs="+", help="-- MODULE OPTIONS")
    words = list(sys.argv[1:] if arguments is None else arguments)
    cut = words.index("--") if "--" in words else len(words)
    job = parser.parse_args([*words[:cut], "--", *words[cut + 1 :]])
    job.module, *job.options = job.command
    return job


if __name__ == "__main__":
    sys.exit(main())
