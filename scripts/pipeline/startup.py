"""What happens before Snakemake looks at a single file: compare what is there with what is wanted.

Snakemake decides by time stamps and by its own notes in `.snakemake`; both can be wrong (edits
with an old time stamp, restored trees, damaged files). So each artifact's bytes and sidecar are
compared with its rule; what does not match is removed, and Snakemake makes it again. What matches
gets a time stamp that Snakemake accepts, so a mere `touch` reruns nothing.
"""

from __future__ import annotations

import atexit
import functools
import gc
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from scripts.pipeline import (
    cache,
    code,
    config,
    lock,
    products,
    rules,
    shared,
    sidecar,
    why,
    writable,
)
from scripts.pipeline.contract import sha256
from scripts.pipeline.partial import PATTERN
from scripts.pipeline.stage import STAGES
from scripts.pipeline.step import LISTED, Step, keep_contracts, save, steps_of


def begin(root: Path) -> None:
    """End the process with a message if the folder or the configuration file cannot be used.

    Called before anything else. Snakemake makes a million objects before its first job, and hardly
    one of them is garbage: not to look for it until then saves a tenth of a start.
    """
    gc.disable()
    config.check_file(root)


def reconcile(root: Path, steps: Sequence[Step], cache_limit: int) -> dict[str, list[str]]:
    """Remove what is not what its rule wants; return the reasons for each such artifact.

    Takes the build lock (raises lock.BusyError if others outlast `lock.PATIENCE`) and keeps it,
    shared, until the process ends. cache_limit: bytes that the run cache may hold.
    """
    with lock.exclusive(root, float(os.environ.get(lock.PATIENCE, "0"))) as descriptor:
        _remove_leftovers(root)
        products.put_back(root)
        digest = functools.cache(sha256)  # while nothing can change: jobs come after
        products.keep(root, digest)
        atexit.register(_end, root, descriptor)
        cache.prune(root, cache_limit)
        made = {output for step in steps for output in step.outputs}
        _end_the_future(root, {name for step in steps for name in step.inputs} - made)
        _remove_other_divisions(root, steps)
        removed: dict[str, list[str]] = {}
        for step in steps:
            reasons = why.mismatches(root, step, digest)
            for output in reasons:
                (root / output).unlink(missing_ok=True)
                sidecar.path_of(root / output).unlink(missing_ok=True)
            removed |= reasons
            if not reasons:
                _settle_time_stamps(root, step, made)
        return removed


def starts_a_build(arguments: Sequence[str]) -> bool:
    """Tell whether a `snakemake` command line will run jobs: no dry run, no listing, no unlock."""
    plain = all(word in _PLAIN or not word.startswith("-") for word in arguments)
    if plain and not any(map(os.path.exists, _PROFILES)) and "SNAKEMAKE_PROFILE" not in os.environ:
        return True  # the common case, because Snakemake takes long to read its command line
    from snakemake.cli import parse_args

    options = vars(parse_args(list(arguments))[1])
    return not any(options.get(name) for name in _NO_BUILD)


_PLAIN = ("--cores", "-c", "--jobs", "-j", "--quiet", "-q", "--keep-going", "-k")
"""Options of a build and of nothing else."""

_PROFILES = ("default", "profiles/default", "workflow/profiles/default")
"""Where Snakemake finds options by itself, any of them."""

_NO_BUILD = (
    "dryrun", "touch", "lint", "list_rules", "list_target_rules", "print_compilation", "dag",
    "rulegraph", "filegraph", "d3dag", "unlock", "cleanup_metadata", "conda_cleanup_envs",
    "conda_create_envs_only", "list_conda_envs", "cleanup_shadow", "container_cleanup_images",
    "list_changes", "list_input_changes", "list_params_changes", "list_untracked", "summary",
    "detailed_summary", "archive", "containerize", "delete_all_output", "delete_temp_output",
    "report", "generate_unit_tests",
)  # fmt: skip


_NEED_CONDA = frozenset({"--containerize", "--archive"})


def prepare(workflow: Any, cached: Mapping[str, Any]) -> None:
    """Do the comparison, if this process is a build's main one; called at the Snakefile's end.

    cached: the settings of the run cache.
    Ends the process with a message if another build is at work or something cannot be written,
    or, for `make why`, with the explanation of what would run.
    """
    root, steps = Path(workflow.basedir), steps_of(workflow)
    _put_python_on_path()
    shared.announce(cached)
    for option in _NEED_CONDA.intersection(sys.argv):
        if shutil.which("conda") is None:
            raise SystemExit(
                f"`snakemake {option}` needs conda, and none is on PATH: install Miniforge first."
            )
    if listed := os.environ.get(LISTED):
        save(Path(listed), steps)
        raise SystemExit(0)
    if os.environ.get(why.ASKED):
        print(why.told(root, steps))
        raise SystemExit(0)
    rules.flag_files(workflow)
    if not workflow.is_main_process:
        _refuse_outlived(root)
        return
    if not starts_a_build(sys.argv[1:]):
        _show_what_a_build_would_do(workflow, root, steps)
        return
    at_the_first_job(workflow)
    _go_by_time_stamps(workflow)
    try:
        writable.check(root)
        reconcile(root, steps, cached["megabytes"] * 1_000_000)
        why.record(root, steps)
        keep_contracts(root, steps)
        code.keep(root)
    except (lock.BusyError, writable.UnwritableError) as error:
        raise SystemExit(str(error)) from None
    except OSError as error:
        raise SystemExit(str(writable.explained(error, Path(error.filename or root)))) from None


def _refuse_outlived(root: Path) -> None:
    """End the process with a message if its build has ended and another one has begun.

    It is the Snakemake of a cluster's job, which removes old results before the step is asked to
    run.
    """
    try:
        with lock.shared(root):
            pass
    except lock.OutlivedError as error:
        raise SystemExit(str(error)) from None


def _show_what_a_build_would_do(workflow: Any, root: Path, steps: Sequence[Step]) -> None:
    """Let a dry run list the steps that a build would run, by the same comparison as a build.

    Nothing is changed: Snakemake is told to run these steps and to judge nothing by itself.
    """
    from snakemake.io import _IOFile

    explained = why.explain(root, steps)
    wrong = {output for step in steps if step.name in explained for output in step.outputs}

    async def never(*_: Any) -> bool:
        return False

    def change(settings: Any) -> None:
        settings.forcerun = frozenset({*settings.forcerun, *wrong})
        settings.rerun_triggers = frozenset()
        _IOFile.is_newer = never
        for rule in workflow.rules:
            rule.group = None  # a step at a time, as a build on this machine shows them

    _before_jobs_are_chosen(workflow, change)


def _go_by_time_stamps(workflow: Any) -> None:
    """Let Snakemake judge by time stamps alone, which are settled.

    It would also run a step whose input has other names than last time: chunks of another division.
    """
    from snakemake.settings.enums import RerunTrigger

    def change(settings: Any) -> None:
        settings.rerun_triggers = frozenset({RerunTrigger.MTIME})

    _before_jobs_are_chosen(workflow, change)


def _before_jobs_are_chosen(workflow: Any, change: Callable[[Any], None]) -> None:
    """Change the settings by which Snakemake chooses, made after the Snakefile has been read."""
    prepare_dag = workflow._prepare_dag

    def told(*arguments: Any, **more: Any) -> Any:
        change(workflow.dag_settings)
        return prepare_dag(*arguments, **more)

    workflow._prepare_dag = told


def at_the_first_job(workflow: Any) -> None:
    """Look for garbage again, and lift Snakemake's usual limit of 100 jobs a second.

    The limit's timer outlives the last job and keeps Snakemake from ending for up to a second. The
    limit spares clusters; one that somebody asked for stays.
    """

    def begin_jobs(log: str) -> None:
        gc.enable()
        limiter = workflow.scheduler.job_rate_limiter
        if workflow.local_exec and limiter and (limiter.max_jobs, limiter.timespan) == _USUAL_LIMIT:
            workflow.scheduler.job_rate_limiter = None

    workflow.onstart(begin_jobs)  # when the scheduler is there, before its first job


_USUAL_LIMIT = (100, 1)
"""Jobs and seconds, unless `--max-jobs-per-timespan` says otherwise."""


def _put_python_on_path() -> None:
    """Let `python` in a rule be this one, also where nobody activated its environment."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    folder = str(Path(sys.executable).parent)
    if folder != folders[0]:
        os.environ["PATH"] = os.pathsep.join([folder, *folders])


def _remove_leftovers(root: Path) -> None:
    """Clear what a killed build left; the lock says that nothing of it is alive."""
    locks = list((root / ".snakemake/locks").glob("*"))
    if locks:
        print("Unlocking after a build that was killed.", file=sys.stderr)
    # Snakemake's notes of what is half done: here results are in place whole, or not at all.
    for note in (*locks, *(root / ".snakemake/incomplete").rglob("*")):
        if note.is_file():
            note.unlink()
    shutil.rmtree(root / STAGES, ignore_errors=True)
    for leftover in (root / why.RECORDS).glob(PATTERN):
        leftover.unlink()


def _remove_other_divisions(root: Path, steps: Sequence[Step]) -> None:
    """Remove chunks of which another division was made, with their sidecars, logs, benchmarks."""
    now = {step.name.rpartition("/")[2] for step in steps if step.is_chunk}
    for folder in CHUNKS_IN:
        for path in (root / folder).rglob("*-of-*"):
            if (item := CHUNK.match(path.name)) and item[1] not in now and path.is_file():
                path.unlink()


CHUNKS_IN = ("data/results", "data/logs", "data/benchmarks")
CHUNK = re.compile(r"(\d+-of-\d+)\.")


def _end(root: Path, descriptor: int) -> None:
    """Put the products back, unless a job is still at work: then the next build does."""
    if lock.alone(descriptor) and (names := products.put_back(root)):
        print(f"Not changed: {', '.join(names)}.", file=sys.stderr)


def _end_the_future(root: Path, names: Set[str]) -> None:
    """Stamp committed files of the future (a clock was set back) with now.

    Snakemake fails a step that read one, although it is `ancient`. Nothing here goes by the stamp.
    """
    now = time.time_ns()
    for path in (root / name for name in names):
        if path.is_file() and path.stat().st_mtime_ns > now:
            _stamp(path, now)


def _settle_time_stamps(root: Path, step: Step, made: Set[str]) -> None:
    """Give a step's outputs a time stamp that Snakemake accepts.

    It takes outputs, or a benchmark, older than their inputs for stale, and refuses to make
    anything from a file of the future. Only inputs that the build made count: the others are
    `ancient` in the rules.
    """
    inputs = [root / name for name in (*step.inputs, *step.chunks) if name in made]
    times = [path.stat().st_mtime_ns for path in inputs if path.is_file()]
    newest, now = max(times, default=0), time.time_ns()
    written = [*step.outputs, step.benchmark] if step.benchmark else step.outputs
    for path in (root / name for name in written):
        if not path.is_file():
            continue  # a benchmark that was removed: Snakemake does not ask for it
        found = path.stat().st_mtime_ns
        wanted = min(max(found, newest), now)
        if found != wanted:
            _stamp(path, wanted)


def _stamp(path: Path, moment: int) -> None:
    """Give a file a time stamp, in nanoseconds. Raises UnwritableError, which names the file."""
    try:
        os.utime(path, ns=(moment, moment))
    except OSError as error:
        raise writable.explained(error, path) from None
