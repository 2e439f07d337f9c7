"""The sidecar of an artifact: `<artifact>.prov.json`, which says where its bytes come from.

It has no times and no paths of this machine, so the same build gives the same sidecar.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.pipeline import partial
from scripts.pipeline.contract import Contract, sha256

FORMAT = 2

Digest = Callable[[Path], str]


def path_of(artifact: Path) -> Path:
    """Return the path of an artifact's sidecar."""
    return artifact.with_name(artifact.name + ".prov.json")


def hashes(root: Path, contract: Contract, digest: Digest = sha256) -> dict[str, str]:
    """Return the SHA-256 of everything that a step reads, by path from `root`.

    That is its inputs and, where its contract says so, their sidecars. Raises FileNotFoundError.
    digest: what gives a file's SHA-256, from memory where many steps read the same files.
    """
    names = contract.inputs
    if contract.sidecars:
        names += [str(path_of(Path(name))) for name in names if path_of(root / name).is_file()]
    return {name: digest(root / name) for name in names}


def content(
    digest: str, contract: Contract, inputs: Mapping[str, str], versions: Mapping[str, str]
) -> dict[str, Any]:
    """Return a sidecar's content.

    digest: SHA-256 of the artifact. inputs: SHA-256 of what the step read, by path from the root.
    versions: the packages that can change a result.
    """
    return {
        "format": FORMAT,
        "sha256": digest,
        "contract": contract.content,
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


def stage(artifact: Path, sidecar: Mapping[str, Any]) -> Path:
    """Write an artifact's sidecar under its temporary name, which is returned."""
    text = json.dumps(sidecar, indent=1, sort_keys=True) + "\n"
    temporary = partial.path_for(path_of(artifact))
    temporary.write_text(text, encoding="utf-8")
    return temporary


def put_in_place(moves: Mapping[Path, Path]) -> None:
    """Move finished temporary files to their places: all on disk first, then visible, never half.

    moves: each file's place by its temporary path; they are moved in this order.
    """
    for temporary in moves:
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
    for temporary, path in moves.items():
        temporary.replace(path)
