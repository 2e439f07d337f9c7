"""`make verify`: recompute the hash of everything that was built, here or in a copy elsewhere.

Every sidecar is read: the artifact beside it must have the SHA-256 that it records, and so must
each file that the artifact was made from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.pipeline import sidecar
from scripts.pipeline.contract import sha256

SUFFIX = ".prov.json"
FOLDERS = ("data/results", "data/figures", "report")


def artifacts(root: Path) -> Iterator[str]:
    """Yield the path of everything in a tree that has a sidecar."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob(f"*{SUFFIX}")):
            yield path.relative_to(root).as_posix().removesuffix(SUFFIX)


def mismatches(root: Path, names: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each file whose bytes are not those that the sidecars of some record."""
    for name in names:
        found = sidecar.read(root / name)
        if found is None:
            yield f"{name}: its sidecar cannot be read; run `make report`."
            continue
        recorded = {name: found["sha256"]} | found["inputs"] | found["contract"]["files"]
        for file, digest in recorded.items():
            if not (root / file).is_file():
                yield f"{file} is missing ({name} needs it); run `make report`."
            elif sha256(root / file) != digest:
                yield f"{file} is not what {name} records; run `make report`."


def main() -> int:
    """Print what is wrong in the current folder; return the exit code."""
    root = Path.cwd()
    built = list(artifacts(root))
    found = list(dict.fromkeys(mismatches(root, built)))
    print("\n".join(found) or f"{len(built)} artifacts, every hash as recorded.")
    if not built:
        print("Nothing was built here; run `make report`.", file=sys.stderr)
    return 1 if found or not built else 0


if __name__ == "__main__":
    sys.exit(main())
