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
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.pipeline import sidecar
from scripts.pipeline.contract import Contract, sha256
from scripts.pipeline.partial import PATTERN, path_for
from scripts.pipeline.verify_tree import artifacts

CACHE = "data/cache"
ENTRY = "entry.json"
"""The SHA-256 of each file of an entry, in a list; written last."""

OTHER_TREE = "data/diff/tree"
"""Where `make diff` builds the other side."""


def key(contract: Contract, inputs: Mapping[str, str]) -> str:
    """Return the key of a run: SHA-256 (hex) of its contract and its inputs' hashes by path."""
    return _digest(contract.content, inputs)


def _digest(contract: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    text = json.dumps([contract, dict(inputs)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def store(root: Path, run: str, files: Sequence[Path]) -> None:
    """Keep copies of a run's finished files, in the order of the rule's outputs."""

    def fill(entry: Path) -> None:
        for index, file in enumerate(files):
            shutil.copyfile(file, entry / str(index))
        digests = [sha256(entry / str(index)) for index in range(len(files))]
        (entry / ENTRY).write_text(json.dumps(digests), encoding="utf-8")

    add(root, run, fill)


def add(root: Path, run: str, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a run's entry into an empty folder; it counts once `ENTRY` is in it.

    A cache that cannot be written (a full disk) is no reason to fail: the results are in place.
    """
    entry = root / CACHE / run
    partial = path_for(entry)
    try:
        partial.mkdir(parents=True)
        fill(partial)
        if (partial / ENTRY).is_file():
            partial.rename(entry)
    except OSError:
        pass
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def restore(root: Path, run: str, files: Sequence[Path]) -> bool:
    """Copy a run's results to `files` and return True, if they are kept and undamaged."""
    entry = root / CACHE / run
    try:
        digests = json.loads((entry / ENTRY).read_text(encoding="utf-8"))
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


def share(source: Path, target: Path) -> None:
    """Give another tree's cache the entries of this one's, as links: each prunes its own.

    An entry that both have counts as used when it was used last in either.
    """
    for entry in _entries(source):
        kept = target / CACHE / entry.name
        partial = path_for(kept)
        try:
            if kept.is_dir():
                used = max(path.stat().st_mtime_ns for path in (entry, kept))
                os.utime(kept, ns=(used, used))
            else:
                shutil.copytree(entry, partial, copy_function=_linked)
                partial.rename(kept)
        except OSError:  # it was pruned meanwhile, or the disk is full: then it is computed
            shutil.rmtree(partial, ignore_errors=True)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def prune(root: Path, limit: int) -> None:
    """Remove least recently used entries until the cache holds at most `limit` bytes.

    Those behind the results that are in place, here or in `OTHER_TREE`, go last.
    """
    for leftover in (root / CACHE).glob(PATTERN):
        shutil.rmtree(leftover, ignore_errors=True)
    sizes = {
        entry: sum(file.stat().st_size for file in entry.iterdir()) for entry in _entries(root)
    }
    if sum(sizes.values()) <= limit:
        return
    in_place = {run for tree in (root, root / OTHER_TREE) for run in _in_place(tree)}
    total = 0
    for entry in sorted(
        sizes, key=lambda path: (path.name in in_place, path.stat().st_mtime_ns), reverse=True
    ):
        total += sizes[entry]
        if total > limit:
            shutil.rmtree(entry, ignore_errors=True)


def _entries(root: Path) -> list[Path]:
    found = (root / CACHE).glob("[!.]*")
    return [path for path in found if path.is_dir() and not path.is_symlink()]


def _in_place(tree: Path) -> Iterator[str]:
    """Yield the keys of the runs whose results are in place in a tree."""
    for name in artifacts(tree):
        found = sidecar.read(tree / name)
        if found is not None and {"contract", "inputs"} <= found.keys():
            yield _digest(found["contract"], found["inputs"])
