"""`make why`: for each step that the next build would run, the reason in words.

    python -m scripts.pipeline.why

Nothing is run or changed. Which function changed is known from the record that each build leaves
of the code behind its steps (`data/code/<fingerprint>.json`).
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.pipeline import code, sidecar
from scripts.pipeline.contract import PINS, PROCESS, Contract, sha256
from scripts.pipeline.partial import path_for
from scripts.pipeline.sidecar import Digest
from scripts.pipeline.step import Step

RECORDS = "data/code"
ASKED = "ASSIGNMENT_WHY"
"""Environment variable that turns a dry run into an explanation."""

LONGEST = 60
"""Letters of a setting's value that are shown."""


def explain(root: Path, steps: Sequence[Step]) -> dict[str, list[str]]:
    """Return, for each step that would run, its reasons; steps in the order in which they run.

    A chunk that is missing or wrong is made only if it is gathered.
    """
    found: dict[str, list[str]] = {}
    remade: dict[str, str] = {}
    digest = functools.cache(sha256)  # many steps read the same files
    gathering = {name: step.name for step in steps for name in step.chunks}
    for step in sorted(steps, key=lambda step: step.is_chunk):
        if step.is_chunk and gathering[step.outputs[0]] not in found:
            continue
        own = mismatches(root, step, digest).values()
        reasons = list(dict.fromkeys(reason for one in own for reason in one))
        read = Counter(remade[name] for name in step.inputs if name in remade)
        reasons += [f"it reads {_files(n)} that {maker} makes again" for maker, n in read.items()]
        if reasons:
            found[step.name] = reasons
            remade |= dict.fromkeys(step.outputs, step.name)
    return {step.name: found[step.name] for step in steps if step.name in found}


def _files(count: int) -> str:
    return "a file" if count == 1 else f"{count} files"


def mismatches(root: Path, step: Step, digest: Digest) -> dict[str, list[str]]:
    """Return why outputs of a step are not what its rule wants now, in words, by output.

    Each output's bytes, its contract and the bytes of the inputs are compared with its sidecar.
    digest: what gives a file's SHA-256.
    """
    # Where an input is missing it will be made again, and then Snakemake runs this step too.
    whole = all((root / name).is_file() for name in step.inputs)
    now = sidecar.hashes(root, step.contract, digest) if whole else None
    found = {
        output: list(_mismatches(root, output, step.contract, now, digest))
        for output in step.outputs
    }
    return {output: reasons for output, reasons in found.items() if reasons}


def _mismatches(
    root: Path, output: str, wanted: Contract, inputs: Mapping[str, str] | None, digest: Digest
) -> Iterator[str]:
    if not (root / output).is_file():
        yield f"{output} is missing"
        return
    found = sidecar.read(root / output)
    if found is None or found.get("format") != sidecar.FORMAT:
        yield f"{output} has no readable record of where it comes from"
        return
    if found.get("sha256") != digest(root / output):
        yield f"{output} is damaged: its bytes are not those that were made"
    recorded, contract = found.get("inputs"), found.get("contract")
    if _text(contract) != wanted.text:
        yield from differences(root, contract, wanted)
    if inputs is None or recorded == inputs:
        return
    if not isinstance(recorded, dict):
        recorded = {}
    for name in sorted(recorded.keys() | inputs.keys()):
        if recorded.get(name) != inputs.get(name):
            yield f"{name} is not the one that it was made from"


def differences(root: Path, found: Any, wanted: Contract) -> Iterator[str]:
    """Say in words how a recorded contract differs from one of the code in `root`."""
    try:
        old = Contract(**found)
        yield from _told(root, old, wanted)
    except (TypeError, AttributeError):
        yield "its record is of another version of this project"


def _told(root: Path, old: Contract, new: Contract) -> Iterator[str]:
    for before, after, word in (
        (old.settings, new.settings, "setting"),
        (old.versions, new.versions, "version of"),
    ):
        for name in sorted(before.keys() | after.keys()):
            if _text(before.get(name)) != _text(after.get(name)):
                yield f"{word} {name}: {_shown(before, name)} -> {_shown(after, name)}"
    for name in sorted(old.files.keys() | new.files.keys()):
        if old.files.get(name) != new.files.get(name):
            yield f"{name} was edited"
    if old.pins != new.pins:
        yield f"the pinned versions in {' or '.join(PINS)} changed"
    if (old.reads, old.makes, old.sidecars) != (new.reads, new.makes, new.sidecars):
        yield "its rule names other files as inputs or outputs, or names them otherwise"
    if old.step != new.step:
        yield f"its rule runs {new.step} instead of {old.step}"
    elif old.code != new.code:
        yield from _changed_code(root, old.code, new.step)


def _text(value: Any) -> str:
    """A value as JSON, in which 2 is not 2.0."""
    return json.dumps(value, sort_keys=True)


def _shown(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "(none)"
    text = json.dumps(values[name], ensure_ascii=True)
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."


def _changed_code(root: Path, old: str, step: str) -> Iterator[str]:
    try:
        before = json.loads((root / RECORDS / f"{old}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield "its code changed (in which function is not on record)"
        return
    after = _definitions(root, step)
    for module in sorted(before.keys() | after.keys()):
        was, now = before.get(module, {}), after.get(module, {})
        file = module.replace(".", "/") + ".py"
        for name in sorted(was.keys() | now.keys()):
            if was.get(name) != now.get(name):
                change = (
                    "is new" if name not in was else "is gone" if name not in now else "changed"
                )
                yield f"{name} in {file} {change}"


def _definitions(root: Path, step: str) -> dict[str, dict[str, str]]:
    modules = code.reached(root, f"scripts.{step}", PROCESS)
    return {module: code.definitions(root, module) for module in modules}


def record(root: Path, steps: Sequence[Step]) -> None:
    """Keep, for later explanations, what each function behind the steps looks like now."""
    for step in steps:
        path = root / RECORDS / f"{step.contract.code}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path_for(path)
            partial.write_text(json.dumps(_definitions(root, step.contract.step)), encoding="utf-8")
            partial.replace(path)


def told(root: Path, steps: Sequence[Step]) -> str:
    """Return the explanation as text for a person."""
    found = explain(root, steps)
    if not found:
        return "Nothing would run: every artifact is what its step would make."
    parts = [f"{name}\n" + "".join(f"    {text}\n" for text in found[name]) for name in found]
    return "\n".join(parts) + f"\n{len(found)} of {len(steps)} steps would run."


def main() -> int:
    """Ask the Snakefile for the explanation; return the exit code."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all"]
    return subprocess.run(command, env=os.environ | {ASKED: "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
