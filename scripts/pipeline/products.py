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
PRODUCTS = (
    PDF,
    *(f"report/build/{name}" for name in ("assignment.html", "companion.pdf", "companion.html")),
    "report/build/manifest.json",
)
PREVIOUS = "data/.previous"


def keep(root: Path, digest: sidecar.Digest) -> None:
    """Link the products to `PREVIOUS`, if all are there and whole. Raises OSError.

    digest: what gives a file's SHA-256.
    """
    for product in (root / name for name in PRODUCTS):
        found = sidecar.read(product)
        if found is None or not product.is_file() or found.get("sha256") != digest(product):
            return
    new = root / f"{PREVIOUS}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for path in _with_sidecars(root):
        try:
            os.link(path, new / path.name)
        except OSError:  # a file system without links
            shutil.copy2(path, new / path.name)
    new.rename(root / PREVIOUS)


def put_back(root: Path) -> bool:
    """Bring back what `keep` kept, if something is missing now; tell whether that was so."""
    kept, paths = root / PREVIOUS, _with_sidecars(root)
    missing = kept.is_dir() and not all(path.is_file() for path in paths)
    if missing:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            (kept / path.name).replace(path)
    shutil.rmtree(kept, ignore_errors=True)
    return missing


def _with_sidecars(root: Path) -> list[Path]:
    products = [root / name for name in PRODUCTS]
    return products + [sidecar.path_of(product) for product in products]
