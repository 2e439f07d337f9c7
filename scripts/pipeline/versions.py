"""Which versions are installed of what can change a result: Python's, and those of the packages.

`importlib.metadata.version` reads a package's whole description to find its version; the name of
the folder that holds the description says it too, and one listing finds all of them.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path

LOCK = "envs/requirements.txt"

PACKAGES = ("numpy", "scipy", "torch", "matplotlib", "numba", "sympy", "pypandoc_binary", "typst")

_SUFFIX = ".dist-info"


@functools.cache
def installed() -> dict[str, str]:
    """Return the installed versions by name, Python's among them.

    Raises importlib.metadata.PackageNotFoundError for a package that is not installed.
    """
    found: dict[str, str] = {}
    for place in map(Path, filter(os.path.isdir, sys.path)):
        for folder in place.glob(f"*{_SUFFIX}"):
            name, _, version = folder.name.removesuffix(_SUFFIX).partition("-")
            found.setdefault(re.sub(r"[-_.]+", "_", name).lower(), version)
    versions = {name: found.get(name) or importlib.metadata.version(name) for name in PACKAGES}
    return versions | {"python": platform.python_version()}


def unlike_locked(root: Path) -> dict[str, tuple[str, str]]:
    """Return, by name, the locked and the installed version of each package where they differ.

    Only names that the lock has for this machine count; of a build such as "2.13.0+cpu" only what
    stands before the plus.
    """
    from packaging.requirements import Requirement  # here: no build needs it

    found = {}
    for line in (root / LOCK).read_text(encoding="utf-8").splitlines():
        if not re.match(r"\w", line):
            continue
        pin = Requirement(line.rstrip(" \\"))
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(pin.name)
        except importlib.metadata.PackageNotFoundError:
            version = "none"
        (locked,) = (specifier.version for specifier in pin.specifier)
        if version.partition("+")[0] != locked:
            found[pin.name] = (locked, version)
    return found
