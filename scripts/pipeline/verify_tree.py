"""`make verify`: recompute the hash of everything that was built, here or in a copy elsewhere.

Every sidecar is read: the artifact beside it must have the SHA-256 that it records, and so must
each file that the artifact was made from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.pipeline import sidecar
from scripts.pipeline.contract import sha256

SUFFIX = ".prov.json"
FOLDERS = ("data/results", "data/figures", "report")


def mismatches(root: Path) -> Iterator[str]:
    """Yield a sentence for each file of a built tree whose bytes are not those recorded."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob(f"*{SUFFIX}")):
            artifact = path.with_name(path.name.removesuffix(SUFFIX))
            name = artifact.relative_to(root)
            found = sidecar.read(artifact)
            if found is None:
                yield f"{name}: its sidecar cannot be read; run `make report`."
                continue
            recorded = {str(name): found["sha256"]} | found["inputs"] | found["contract"]["files"]
            for file, digest in recorded.items():
                if not (root / file).is_file():
                    yield f"{file} is missing ({name} needs it); run `make report`."
                elif sha256(root / file) != digest:
                    yield f"{file} is not what {name} records; run `make report`."


def main() -> int:
    """Print what is wrong in the current folder; return the exit code."""
    root = Path.cwd()
    built = sum(1 for folder in FOLDERS for _ in (root / folder).rglob(f"*{SUFFIX}"))
    found = list(dict.fromkeys(mismatches(root)))
    print("\n".join(found) or f"{built} artifacts, every hash as recorded.")
    if not built:
        print("Nothing was built here; run `make report`.", file=sys.stderr)
    return 1 if found or not built else 0


if __name__ == "__main__":
    sys.exit(main())
