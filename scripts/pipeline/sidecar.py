"""The sidecar of an artifact: `<artifact>.prov.json`, which says where its bytes come from.

It has no times and no paths of this machine, so the same build gives the same sidecar.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.pipeline.contract import sha256

FORMAT = 1

Digest = Callable[[Path], str]


def path_of(artifact: Path) -> Path:
    """Return the path of an artifact's sidecar."""
    return artifact.with_name(artifact.name + ".prov.json")


def hashes(
    root: Path, contract: str, inputs: Sequence[str], digest: Digest = sha256
) -> dict[str, str]:
    """Return the SHA-256 of everything that a step reads, by path from `root`.

    That is its inputs and, where its contract says so, their sidecars. Raises FileNotFoundError.
    digest: what gives a file's SHA-256, from memory where many steps read the same files.
    """
    names = list(inputs)
    if json.loads(contract).get("reads_sidecars"):
        names += [str(path_of(Path(name))) for name in inputs if path_of(root / name).is_file()]
    return {name: digest(root / name) for name in names}


def content(
    digest: str,
    contract: str,
    inputs: Mapping[str, str],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Return a sidecar's content.

    digest: SHA-256 of the artifact. contract: the rule's contract
    string. inputs: SHA-256 of what the step read, by path from the root. versions: the
    packages that can change a result.
    """
    return {
        "format": FORMAT,
        "sha256": digest,
        "contract": json.loads(contract),
        "inputs": dict(inputs),
        "versions": dict(versions),
    }


def read(artifact: Path) -> dict[str, Any] | None:
    """Return an artifact's sidecar, or None if there is none that can be read."""
    try:
        found = json.loads(path_of(artifact).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def mismatches(
    root: Path, artifacts: Sequence[str], contract: str, inputs: Sequence[str], digest: Digest
) -> dict[str, str]:
    """Return why artifacts of a step are not what their rule wants now, in words, by artifact.

    artifacts and inputs: paths from `root`. Each artifact's bytes, its contract and the bytes of
    its inputs are compared with its sidecar. digest: as in `hashes`.
    """
    wanted = json.loads(contract)
    present = [name for name in inputs if (root / name).is_file()]
    # Where an input is missing it will be made again, and then Snakemake runs this step too.
    now = hashes(root, contract, present, digest) if len(present) == len(inputs) else None
    reasons = {name: _mismatch(root / name, wanted, now, digest) for name in artifacts}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _mismatch(
    path: Path, wanted: Any, inputs: Mapping[str, str] | None, digest: Digest
) -> str | None:
    if not path.is_file():
        return "missing"
    found = read(path)
    if found is None or found.get("format") != FORMAT:
        return "no readable sidecar"
    if found.get("contract") != wanted:
        return "settings, code or pins changed"
    if found.get("sha256") != digest(path):
        return "damaged: its bytes do not match its sidecar"
    if inputs is None:
        return None
    recorded = found.get("inputs")
    if not isinstance(recorded, dict) or set(recorded) != set(inputs):
        return "made from other inputs"
    changed = [name for name, value in inputs.items() if recorded[name] != value]
    return f"made from another {changed[0]}" if changed else None


def stage(artifact: Path, sidecar: Mapping[str, Any]) -> Path:
    """Write an artifact's sidecar under its temporary name, which is returned."""
    text = json.dumps(sidecar, indent=1, sort_keys=True) + "\n"
    partial = partial_path(path_of(artifact))
    partial.write_text(text, encoding="utf-8")
    return partial


def partial_path(path: Path) -> Path:
    """Return the temporary name beside `path` under which this process may write it."""
    return path.with_name(f".partial-{os.getpid()}-{path.name}")


def put_in_place(moves: Mapping[Path, Path]) -> None:
    """Move finished temporary files to their places: all on disk first, then visible, never half.

    moves: each file's place by its temporary path; they are moved in this order.
    """
    for partial in moves:
        with partial.open("rb") as file:
            os.fsync(file.fileno())
    for partial, path in moves.items():
        partial.replace(path)
