"""The wrapper around every step: run it, or restore it, and put its results in place whole.

    python -m scripts.pipeline.job --contract JSON --log FILE

The step's command line follows from its contract. It runs in a folder that holds what its rule
declares and nothing else (`stage`). What it writes there is moved into place, with sidecars, only
after the step has succeeded and if what it read is still what it was when the build began.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scripts.pipeline import cache, code, lock, process, shared, sidecar, versions
from scripts.pipeline.contract import PROCESS, Contract, sha256
from scripts.pipeline.process import StepError
from scripts.pipeline.stage import Stage, staged


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    job = _parse(arguments)
    module = job.contract.module
    try:
        with lock.shared(Path.cwd()) as descriptor:
            how = run(job.contract, job.log, job.threads, descriptor)
    except (StepError, lock.OutlivedError) as error:
        _say(f"{module} failed: {error}")
        return 1
    except OSError as error:
        _say(f"{module} failed: {error}. Earlier results were kept.")
        return 1
    except KeyboardInterrupt:
        _say(f"{module} was interrupted. Earlier results were kept.")
        return 130
    _say(f"{module}: {how}")
    return 0


def _say(text: str) -> None:
    """Print for the person who builds; on a terminal, over the line of what is at work."""
    clear = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{clear}{text}", file=sys.stderr)


def run(contract: Contract, log: Path, threads: str, descriptor: int) -> str:
    """Bring a step's outputs and sidecars into place; return "computed" or "restored …".

    log: what the step prints, and threads: how many it may use. descriptor: the open lock.
    Raises StepError or OSError; whatever was in place before is then untouched.
    """
    root, outputs = Path.cwd(), [Path(name) for name in contract.outputs]
    divided, contract = contract, contract.undivided
    inputs = sidecar.hashes(root, contract)
    key = cache.key(contract, inputs)
    log.parent.mkdir(parents=True, exist_ok=True)
    with staged(root, outputs) as stage:
        if how := _restored(root, key, contract, stage):
            log.write_text(f"{contract.module}: {how} (nothing was computed)\n", encoding="utf-8")
        else:
            how = "computed"
            read = inputs | _chunks(root, divided)
            compute(divided, read, stage, log, threads, descriptor)
            _refuse_changes(root, contract, read)
            cache.store(root, key, stage.made)
        moves: dict[Path, Path] = {}
        had = versions.installed()  # in a cluster or with `--use-conda` not those of the contract
        for made, output in zip(stage.made, outputs, strict=True):
            provenance = sidecar.content(sha256(made), contract, inputs, had)
            moves |= {made: output, sidecar.stage(made, provenance): sidecar.path_of(output)}
        for output in outputs:
            output.parent.mkdir(parents=True, exist_ok=True)
        sidecar.put_in_place(moves)
    if how == "computed":
        shared.offer(root, key, contract.outputs, _say)
    return how


def _restored(root: Path, key: str, contract: Contract, stage: Stage) -> str:
    """Bring the results of a known run into the stage; return from where, or "" if it is none."""
    if cache.restore(root, key, stage.made):
        return "restored from the run cache"
    shared.fetch(root, key, contract.outputs, _say)
    return "restored from the shared cache" if cache.restore(root, key, stage.made) else ""


def compute(
    contract: Contract,
    inputs: Iterable[str],
    stage: Stage,
    log: Path,
    threads: str,
    descriptor: int,
) -> None:
    """Run a step in its stage, as `run` does, from its contract alone. Raises StepError, OSError.

    inputs: the paths of all that it reads, from the root.
    """
    process.run(
        contract.module, contract.words, stage, files=[*inputs, *contract.files],
        modules=code.files(stage.root, contract.module), log=log, threads=threads,
        descriptor=descriptor,
    )  # fmt: skip


def _chunks(root: Path, contract: Contract) -> dict[str, str]:
    """Return the SHA-256 of the chunks that a step gathers, by path from `root`.

    Its own record will not name them. So raise StepError for one that is not, by its own record,
    what today's code makes with the step's settings.
    """
    digests = {name: sha256(root / name) for name in contract.chunks}
    for name, digest in digests.items():
        found = sidecar.read(root / name)
        part = Contract(**found["contract"]) if found else None
        if not (
            found and part
            and found["sha256"] == digest
            and part.is_part_of(contract)
            and part.code == code.fingerprint(root, part.module, PROCESS)
        ):  # fmt: skip
            raise StepError(f"{name} is no chunk of this step's work. Start the build again.")
    return digests


def _refuse_changes(root: Path, contract: Contract, inputs: Mapping[str, str]) -> None:
    """Raise StepError if what a step read is not what its contract and `inputs` say.

    A file that is edited during a build would otherwise go into the run cache under the wrong key.
    """
    changed = [
        name
        for name, digest in {**inputs, **contract.files}.items()
        if not (root / name).is_file() or sha256(root / name) != digest
    ]
    code.forget()
    try:
        found = code.fingerprint(root, contract.module, PROCESS)
    except (ValueError, OSError):
        found = "half edited"
    changed += ["its code"] if found != contract.code else []
    if changed:
        raise StepError(
            f"{', '.join(changed)} changed while the build ran, so its result was dropped. "
            "Start the build again."
        )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    told = {"type": Contract.parsed, "help": "the rule's contract, JSON"}
    parser.add_argument("--contract", required=True, **told)  # type: ignore[arg-type]
    parser.add_argument("--log", required=True, type=Path)
    parser.add_argument("--threads", default="1", help="how many the step may use")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
