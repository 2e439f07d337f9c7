"""The run cache: results by what they were made from, so that nothing is computed twice.

The key is the step's contract with its inputs' hashes; an entry is a folder with the files and
their SHA-256. An entry whose bytes do not match is thrown away, never used. Least recently used
entries go first when the cache outgrows its limit.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.pipeline.contract import Contract, sha256

CACHE = "data/cache"


def key(contract: Contract, inputs: Mapping[str, str]) -> str:
    """Return the key of a run: SHA-256 (hex) of its contract and its inputs' hashes by path."""
    text = json.dumps([contract.content, dict(inputs)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def store(root: Path, run: str, files: Sequence[Path]) -> None:
    """Keep copies of a run's finished files, in the order of the rule's outputs.

    A cache that cannot be written (a full disk) is no reason to fail: the results are in place.
    """
    entry = root / CACHE / run
    partial = entry.with_name(f".partial-{os.getpid()}-{run}")
    try:
        partial.mkdir(parents=True)
        for index, file in enumerate(files):
            shutil.copyfile(file, partial / str(index))
        digests = [sha256(partial / str(index)) for index in range(len(files))]
        (partial / "entry.json").write_text(json.dumps(digests), encoding="utf-8")
        partial.rename(entry)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)


def restore(root: Path, run: str, files: Sequence[Path]) -> bool:
    """Copy a run's results to `files` and return True, if they are kept and undamaged."""
    entry = root / CACHE / run
    try:
        digests = json.loads((entry / "entry.json").read_text(encoding="utf-8"))
        if not isinstance(digests, list) or len(digests) != len(files):
            raise ValueError(entry)
        for index, (file, digest) in enumerate(zip(files, digests, strict=True)):
            shutil.copyfile(entry / str(index), file)
            if sha256(file) != digest:
                raise ValueError(entry)
        os.utime(entry)
    except (OSError, ValueError):
        for file in files:
            file.unlink(missing_ok=True)
        shutil.rmtree(entry, ignore_errors=True)
        return False
    return True


def prune(root: Path, limit: int) -> None:
    """Remove least recently used entries until the cache holds at most `limit` bytes."""
    cache = root / CACHE
    if not cache.is_dir():
        return
    for leftover in cache.glob(".partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folders = [path for path in cache.iterdir() if path.is_dir() and not path.is_symlink()]
    entries = sorted(folders, key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    total = 0
    for entry in entries:
        total += sum(file.stat().st_size for file in entry.iterdir())
        if total > limit:
            shutil.rmtree(entry, ignore_errors=True)
