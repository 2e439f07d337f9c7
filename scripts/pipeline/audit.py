"""`make audit`: run steps again, in empty folders and without any cache, and compare the bytes.

    python -m scripts.pipeline.audit 5 [NONCE]
    python -m scripts.pipeline.audit compute_dice

Steps are drawn by the hash of the manifest, which nobody can choose freely, and by a nonce of
whoever audits, which nobody knows beforehand. What was run, on what, and with what result, is
written to `report/build/audit.json`. docs/trust.md says what that proves.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.pipeline import cache, code, job, lock, products, sidecar, step, versions, why
from scripts.pipeline.contract import Contract, sha256
from scripts.pipeline.partial import path_for
from scripts.pipeline.process import StepError
from scripts.pipeline.stage import staged
from scripts.pipeline.step import Step

AUDIT = "report/build/audit.json"
LOGS = "data/logs/audit"
FORMAT = 1


class AuditError(Exception):
    """Nothing can be audited here; the message says what to do."""


def audit(root: Path, asked: str, nonce: str, tell: Callable[[str], None]) -> dict[str, Any]:
    """Audit as many steps as `asked` for, or "all", and return what was found, as JSON data.

    nonce: any text; the same one draws the same steps. tell: what is called with a line for each
    step. Raises AuditError, and lock.BusyError while a build is at work.
    """
    manifest = root / products.MANIFEST
    if not manifest.is_file():
        raise AuditError("Nothing was built here; run `make report`.")
    _forget(root)
    steps = step.of_tree(root, *_with_engine(manifest))
    chosen = draw([each.name for each in steps], asked, sha256(manifest), nonce)
    audited = []
    with lock.exclusive(root) as descriptor, ThreadPoolExecutor(os.cpu_count()) as pool:
        run = functools.partial(_audited, root, descriptor)
        for found in pool.map(run, (each for each in steps if each.name in chosen)):
            tell(_line(found))
            audited.append(found)
    environment = [
        f"{name} {had} is installed, and {versions.LOCK} has {locked}"
        for name, (locked, had) in versions.unlike_locked(root).items()
    ]
    return {
        "format": FORMAT,
        "manifest": sha256(manifest),
        **_commit(root),
        "nonce": nonce,
        "of": len(steps),
        "steps": audited,
        "versions": versions.installed(),
        "environment": environment,
        "passed": not environment and not any(found["findings"] for found in audited),
    }


def draw(names: Sequence[str], asked: str, manifest: str, nonce: str) -> set[str]:
    """Return the names of the steps that are audited.

    asked: how many, "all", or one by its name. manifest: its SHA-256. Raises AuditError for
    anything else.
    """
    if asked in names:
        return {asked}
    if asked != "all" and not (asked.isdecimal() and int(asked)):
        raise AuditError(f"STEPS is a number of steps, `all` or a step's name, not `{asked}`.")
    count = len(names) if asked == "all" else int(asked)

    def rank(name: str) -> str:
        return hashlib.sha256(json.dumps([manifest, nonce, name]).encode()).hexdigest()

    return set(sorted(names, key=rank)[:count])


def _audited(root: Path, descriptor: int, audited: Step) -> dict[str, Any]:
    """Run a step again; return what it was run on, what came out, and what is wrong."""
    contract = audited.contract
    wrong = why.mismatches(root, audited, sha256)
    findings = list(dict.fromkeys(text for texts in wrong.values() for text in texts))
    inputs: dict[str, str] = {}
    outputs: dict[str, dict[str, str | None]] = {}
    try:
        inputs = sidecar.hashes(root, contract)
        again = _again(root, audited, inputs, descriptor)
        for output, digest in again.items():
            found = sha256(root / output) if (root / output).is_file() else None
            outputs[output] = {"found": found, "recomputed": digest}
            if found not in (None, digest):
                findings.append(f"{output} is not what the step makes")
        findings += _forged_entry(root, contract, inputs, list(again.values()))
    except (StepError, OSError) as error:
        findings.append(f"it could not be run again: {error}")
    return {
        "step": audited.name,
        "script": f"scripts/{contract.step.replace('.', '/')}.py",
        "contract": hashlib.sha256(contract.text.encode()).hexdigest(),
        "inputs": inputs | dict(contract.files),
        "outputs": outputs,
        "findings": findings,
    }


def _again(root: Path, audited: Step, inputs: Mapping[str, str], descriptor: int) -> dict[str, str]:
    """Run a step from its contract; return the SHA-256 of what it makes, by path."""
    contract, log = audited.contract, root / LOGS / f"{audited.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with staged(root, [Path(name) for name in contract.outputs]) as stage:
        job.compute(contract, inputs, stage, log, "1", descriptor)
        return dict(zip(contract.outputs, map(sha256, stage.made), strict=True))


def _forged_entry(
    root: Path, contract: Contract, inputs: Mapping[str, str], digests: Sequence[str]
) -> list[str]:
    """Say so if the run cache would restore anything else than what the step makes."""
    entry = root / cache.CACHE / cache.key(contract, inputs)
    kept = [entry / str(index) for index in range(len(digests))]
    if not all(map(Path.is_file, kept)) or [sha256(path) for path in kept] == list(digests):
        return []
    return [f"the run cache holds other results of it, in {entry.relative_to(root)}; delete it"]


def _forget(root: Path) -> None:
    """Remove what only saves time and could be forged: what is known of the code, and its bytes."""
    (root / code.SURVEY).unlink(missing_ok=True)
    for folder in (root / "scripts").rglob("__pycache__"):
        shutil.rmtree(folder, ignore_errors=True)


def _with_engine(manifest: Path) -> list[str]:
    """Snakemake's words for the engine that rendered the documents, whatever `auto` is here."""
    found = sidecar.read(manifest)
    if found is None or found.get("sha256") != sha256(manifest):
        return []
    engine = json.loads(manifest.read_bytes())["engine"]["name"]
    return ["--config", f"report={json.dumps({'engine': engine})}"]


def _commit(root: Path) -> dict[str, Any]:
    """The commit of the sources, and which of them differ from it; no commit in a plain folder."""
    commit = git(root, "rev-parse", "HEAD")
    return {"commit": commit or None, "changed": changed(root)}


def changed(root: Path) -> list[str]:
    """Return the committed files that are not as they were committed."""
    return git(root, "diff", "HEAD", "--name-only").splitlines()


def git(root: Path, *words: str) -> str:
    """Return what git prints in the repository whose root is `root`; nothing if it is none."""
    command = ["git", "-C", str(root), *words]
    top = [*command[:3], "rev-parse", "--show-toplevel"]
    try:
        found = subprocess.run(top, capture_output=True, text=True, check=True).stdout.strip()
        if Path(found).resolve() != root.resolve():
            return ""
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _line(found: Mapping[str, Any]) -> str:
    if not found["findings"]:
        return f"{found['step']}: {len(found['outputs'])} results, the same bytes"
    return "\n    ".join([f"{found['step']}:", *found["findings"]])


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit the current folder; return the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    asked, nonce = [*words, "", ""][:2]
    asked = asked or "5"
    root = Path.cwd()
    try:
        found = audit(root, asked, nonce or secrets.token_hex(16), print)
    except (AuditError, lock.BusyError) as error:
        print(error, file=sys.stderr)
        return 1
    drawn = asked == "all" or asked.isdecimal()
    if drawn:  # the record is of steps that nobody chose
        path = root / AUDIT
        partial = path_for(path)
        partial.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        partial.replace(path)
    wrong = [each["step"] for each in found["steps"] if each["findings"]]
    print(*found["environment"], sep="\n", end="\n" if found["environment"] else "")
    print(
        f"{len(found['steps'])} of {found['of']} steps, "
        + (f"drawn by the nonce {found['nonce']}: " if drawn else "chosen by name: ")
        + (f"{len(wrong)} not as recorded." if wrong else "all as recorded.")
        + (f" See {AUDIT}." if drawn else "")
    )
    return 0 if found["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
