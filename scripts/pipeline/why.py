"""`make why`: for each step that the next build would run, the reason in words.

    python -m scripts.pipeline.why

Nothing is run or changed. Which function changed is known from the record that each build leaves
of the code behind its steps (`data/code/<fingerprint>.json`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.pipeline import code, sidecar
from scripts.pipeline.contract import JOB_MODULE, PINS, sha256

if TYPE_CHECKING:
    from scripts.pipeline.startup import Step

RECORDS = "data/code"
ASKED = "ASSIGNMENT_WHY"
"""Environment variable that turns a dry run into an explanation."""

LONGEST = 60
"""Letters of a setting's value that are shown."""


def explain(root: Path, steps: Sequence[Step]) -> dict[str, list[str]]:
    """Return, for each step that would run, its reasons; steps in the order in which they run."""
    found: dict[str, list[str]] = {}
    remade: dict[str, str] = {}
    for step in steps:
        reasons = list(dict.fromkeys(_own_reasons(root, step)))
        read = Counter(remade[name] for name in step.inputs if name in remade)
        reasons += [f"it reads {_files(n)} that {maker} makes again" for maker, n in read.items()]
        if reasons:
            found[step.name] = reasons
            remade |= dict.fromkeys(step.outputs, step.name)
    return found


def _files(count: int) -> str:
    return "a file" if count == 1 else f"{count} files"


def _own_reasons(root: Path, step: Step) -> Iterator[str]:
    """What is wrong with a step's outputs themselves."""
    wanted = json.loads(step.contract)
    for output in step.outputs:
        if not (root / output).is_file():
            yield f"{output} is missing"
            continue
        found = sidecar.read(root / output)
        if found is None or found.get("format") != sidecar.FORMAT:
            yield f"{output} has no readable record of where it comes from"
            continue
        if found["sha256"] != sha256(root / output):
            yield f"{output} is damaged: its bytes are not those that were made"
        yield from _differences(root, found["contract"], wanted)
        yield from _other_inputs(root, found["inputs"], step)


def _other_inputs(root: Path, recorded: Mapping[str, str], step: Step) -> Iterator[str]:
    present = [name for name in step.inputs if (root / name).is_file()]
    now = sidecar.hashes(root, step.contract, present)
    for name in sorted(recorded.keys() | now.keys()):
        if name not in now and name in step.inputs:
            continue  # it is missing: the step that makes it says so
        if recorded.get(name) != now.get(name):
            yield f"{name} is not the one that it was made from"


def _differences(root: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Say in words how two contracts differ."""
    for kind, word in (("settings", "setting"), ("tools", "tool"), ("versions", "version of")):
        before, after = old.get(kind) or {}, new.get(kind) or {}
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield f"{word} {name}: {_shown(before, name)} -> {_shown(after, name)}"
    for name in sorted(old["files"].keys() | new["files"].keys()):
        if old["files"].get(name) != new["files"].get(name):
            yield f"{name} was edited"
    if old["pins"] != new["pins"]:
        yield f"the pinned versions in {' or '.join(PINS)} changed"
    if old.get("command") != new["command"]:
        yield f"its command changed: {_other_words(str(old.get('command')), new['command'])}"
    elif old.get("names") != new["names"]:
        yield "its rule names other files as inputs or outputs, or names them otherwise"
    if old["code"] != new["code"]:
        yield from _changed_code(root, old["code"], new["step"])


def _shown(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "(none)"
    text = json.dumps(values[name], ensure_ascii=True)
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."


def _other_words(old: str, new: str) -> str:
    before, after = old.split(), new.split()
    gone = [word for word in before if word not in after]
    added = [word for word in after if word not in before]
    told = (("without", gone), ("with", added))
    parts = [f"{how} {' '.join(words)}" for how, words in told if words]
    return ", ".join(parts) or "the same words in another order"


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
    modules = code.reached(root, f"scripts.{step}", JOB_MODULE)
    return {module: code.definitions(root, module) for module in modules}


def record(root: Path, steps: Sequence[Step]) -> None:
    """Keep, for later explanations, what each function behind the steps looks like now."""
    for step in steps:
        contract = json.loads(step.contract)
        path = root / RECORDS / f"{contract['code']}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = sidecar.partial_path(path)
            partial.write_text(json.dumps(_definitions(root, contract["step"])), encoding="utf-8")
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
