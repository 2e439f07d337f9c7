"""The rule contract: one string that says everything a step's result depends on but its inputs.

It holds the step's named settings, its command, the fingerprint of its code, the hash of the pinned
versions, the installed ones, and the SHA-256 of each committed file that it reads. Snakemake
compares it as a rule parameter; the start-up comparison compares it with the string in the
artifact's sidecar.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.pipeline import code, versions

JOB_MODULE = "scripts.pipeline.job"
"""The wrapper around every step; its code is part of every contract."""

PINS = ("envs/requirements.txt", "envs/assignment.yaml")


class ContractError(Exception):
    """A rule that asks for something that is not there, or a committed file that was changed."""


def contract(
    root: Path,
    step: str,
    settings: Mapping[str, Any],
    *names: str,
    files: Iterable[str] = (),
    reads_sidecars: bool = False,
) -> str:
    """Return the contract of one step as JSON on one line, keys sorted.

    root: the repository's root. step: the module below `scripts` that the rule runs.
    settings, names: the configuration block and the keys of it that the step reads.
    files: committed files that the step reads (paths from the root); their bytes count, not
    their time stamps. Those under data/raw must match data/raw/SHA256SUMS.
    reads_sidecars: whether the step also reads the sidecars of its inputs.
    Raises ContractError, naming the rule's mistake, the code that cannot be read, or the file that
    is missing or changed.
    """
    unknown = [name for name in names if name not in settings]
    if unknown:
        raise ContractError(f"{step}: no setting named {', '.join(unknown)} in its configuration")
    try:
        fingerprint = code.fingerprint(root, f"scripts.{step}", JOB_MODULE)
    except ValueError as error:
        raise ContractError(f"{step}: {error}") from None
    content: dict[str, Any] = {
        "step": step,
        "settings": {name: settings[name] for name in names},
        "code": fingerprint,
        "pins": pins_hash(root),
        "versions": versions.installed(),
        "files": {path: _committed(root, path) for path in files},
    }
    if reads_sidecars:
        content["reads_sidecars"] = True
    return json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False)


def with_command(contract: str, command: str, files: Sequence[Mapping[str, Sequence[str]]]) -> str:
    """Return a contract with the command that its rule runs added.

    command: the shell command before Snakemake fills in `{input.arrays}` and the like.
    files: the rule's inputs, and its outputs, by the names that the command knows them by; it
    does something else when two files swap names.
    Raises ContractError if the command runs another step than that of the contract.
    """
    content = json.loads(contract)
    if f"scripts.{content['step']}" not in command.split():
        raise ContractError(
            f"its contract is that of scripts.{content['step']}, which its shell command does not "
            "run; name the same step in both."
        )
    content["command"] = command
    content["names"] = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    return json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False)


@functools.cache
def pins_hash(root: Path) -> str:
    """Return the SHA-256 (hex) of the pinned names and versions; comments do not count."""
    lines = [line for name in PINS for line in (root / name).read_text("utf-8").splitlines()]
    pins = sorted(line.split("#")[0].strip().lower() for line in lines)
    return hashlib.sha256("\n".join(pin for pin in pins if pin).encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def _committed(root: Path, path: str) -> str:
    if not (root / path).is_file():
        raise ContractError(f"{path} is missing; restore it: git checkout -- {path}")
    found = sha256(root / path)
    wanted = _recorded(root).get(path) if path.startswith("data/raw/") else found
    if wanted is None:
        raise ContractError(f"{path} has no line in data/raw/SHA256SUMS; add its SHA-256 {found}")
    if found != wanted:
        raise ContractError(
            f"{path} was changed: its SHA-256 is {found}, and data/raw/SHA256SUMS says {wanted}. "
            f"Restore it (git checkout -- {path}), or record the new hash if the change is meant."
        )
    return found


@functools.cache
def _recorded(root: Path) -> dict[str, str]:
    sums = root / "data/raw/SHA256SUMS"
    if not sums.is_file():
        raise ContractError("data/raw/SHA256SUMS is missing; restore it with git checkout")
    pairs = (line.split() for line in sums.read_text(encoding="utf-8").splitlines() if line.strip())
    return {f"data/raw/{name.lstrip('*')}": digest for digest, name in pairs}
