"""The finished products, which stay in place until new ones are whole.

Snakemake and the comparison remove old results before new ones are made. So a build keeps links to
the products, and brings them back if it ends without new ones, in whatever way it ends; where it
was killed, the next build does so first.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scripts.pipeline import sidecar

PDF = "report/build/assignment.pdf"
MANIFEST = "report/build/manifest.json"
PRODUCTS = (
    PDF,
    *(f"report/build/{name}" for name in ("assignment.html", "companion.pdf", "companion.html")),
    MANIFEST,
)
PREVIOUS = "data/.previous"


def keep(root: Path, digest: sidecar.Digest) -> None:
    """Link the products that are there and whole to `PREVIOUS`. Raises OSError.

    digest: what gives a file's SHA-256.
    """
    new = root / f"{PREVIOUS}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for product in (root / name for name in PRODUCTS):
        found = sidecar.read(product)
        if found is not None and product.is_file() and found.get("sha256") == digest(product):
            for path in (product, sidecar.path_of(product)):
                try:
                    os.link(path, new / path.name)
                except OSError:  # a file system without links
                    shutil.copy2(path, new / path.name)
    new.rename(root / PREVIOUS)


def put_back(root: Path) -> list[str]:
    """Bring back what `keep` kept and is missing now; return the products' names.

    Each comes alone with its sidecar: a new one that was finished stays.
    """
    kept, back = root / PREVIOUS, []
    for name in PRODUCTS:
        files = (root / name, sidecar.path_of(root / name))
        if (kept / files[0].name).is_file() and not all(path.is_file() for path in files):
            for path in files:
                path.parent.mkdir(parents=True, exist_ok=True)
                (kept / path.name).replace(path)
            back.append(name)
    shutil.rmtree(kept, ignore_errors=True)
    return back
