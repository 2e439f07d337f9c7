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
