"""`make archive`: one zip from which others can read, check and build the report again.

It holds both documents, the manifest, the record of an audit, every result with its sidecar, the
sources at the commit with the locks, a bill of materials (CycloneDX) and a description (RO-Crate).
The same commit gives the same bytes.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.pipeline import audit, code, contract, crate, products, step, verify_tree, versions
from scripts.pipeline.partial import path_for
from scripts.pipeline.step import Step

ARCHIVE = "report/build/archive.zip"
BOM = "bom.json"
EARLIEST = 315_532_800
"""The first moment that a zip can name, 1980, in seconds since 1970."""


class ArchiveError(Exception):
    """There is nothing yet that could be handed on; the message says what to do."""


def archive(root: Path) -> int:
    """Write `ARCHIVE`; return how many files it holds. Raises ArchiveError, nothing is written."""
    commit = audit.git(root, "rev-parse", "HEAD")
    sources = [name for name in audit.git(root, "ls-files", "-z").split("\0") if name]
    steps = step.of_tree(root)
    for fault in faults(root, commit, sources, steps):
        raise ArchiveError(fault)
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or audit.git(root, "log", "-1", "--format=%ct")
    moment = datetime.datetime.fromtimestamp(max(int(seconds), EARLIEST), datetime.UTC)
    made = [output for each in steps for output in each.outputs]
    records = [f"{name}{verify_tree.SUFFIX}" for name in made]
    names = sorted({*sources, *made, *records, audit.AUDIT})
    raw = [name for name in names if name in contract.recorded(root)]
    described = crate.describe(
        root, [*names, BOM], raw, audit=audit.AUDIT, bom=BOM, commit=commit, moment=moment
    )
    contents = {name: (root / name).read_bytes() for name in names}
    contents |= {BOM: _bill(root, moment), crate.METADATA: described.encode()}
    runs = {name for name in names if os.access(root / name, os.X_OK)}
    partial = path_for(root / ARCHIVE)
    try:
        _write(partial, contents, runs, moment)
        partial.replace(root / ARCHIVE)
    finally:
        partial.unlink(missing_ok=True)
    return len(contents)


def faults(root: Path, commit: str, sources: Sequence[str], steps: Sequence[Step]) -> Iterator[str]:
    """Yield what stands against an archive, the first thing to do first.

    commit: that of the sources, or nothing; sources: the committed files.
    """
    if not commit:
        yield "An archive names a commit, and this folder is no git repository: work in a clone."
    if changed := audit.changed(root):
        yield f"The sources are not those of the commit: commit {', '.join(changed[:5])}."
    for each in steps:
        read = {*each.contract.files, *code.files(root, each.contract.module)}
        if missing := sorted(read.difference(sources)):
            yield f"{each.name} reads {missing[0]}, which is not committed: git add it and commit."
    if not (root / products.MANIFEST).is_file():
        yield "Nothing was built here; run `make report`."
    for each in steps:  # not what lies here from rules that are no more
        yield from verify_tree.mismatches(root, each.outputs)
    try:
        found = json.loads((root / audit.AUDIT).read_bytes())
    except (OSError, ValueError):
        found = {}
    wanted = {
        "commit": commit,
        "changed": [],
        "manifest": contract.sha256(root / products.MANIFEST),
    }
    if any(found.get(name) != value for name, value in wanted.items()):
        yield f"{audit.AUDIT} is no audit of this commit and these results; run `make audit` first."
    if not found["passed"]:
        yield f"The audit found something wrong, see {audit.AUDIT}; mend it and audit again."


def _bill(root: Path, moment: datetime.datetime) -> bytes:
    """The bill of materials of the locked packages, as JSON."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", versions.LOCK]
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--of", "JSON"]
    date = {"SOURCE_DATE_EPOCH": str(int(moment.timestamp()))}
    done = subprocess.run(
        [*command, *options], cwd=root, env=os.environ | date, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise ArchiveError(f"cyclonedx-py made no bill of materials: {done.stderr.decode()}")
    return done.stdout


def _write(
    path: Path, contents: dict[str, bytes], runs: set[str], moment: datetime.datetime
) -> None:
    """Write a zip: folders and files sorted, all of one moment. runs: those that are programs."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        folders = {f"{name.partition('/')[0]}/": b"" for name in contents if "/" in name}
        for name, content in sorted((folders | contents).items()):
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is written
            mode = 0o40755 if name in folders else 0o100755 if name in runs else 0o100644
            entry.external_attr = mode << 16
            file.writestr(entry, content)


def main() -> int:
    """Archive the current folder; return the exit code."""
    root = Path.cwd()
    try:
        count = archive(root)
    except ArchiveError as error:
        print(error, file=sys.stderr)
        return 1
    size = (root / ARCHIVE).stat().st_size / 1e6
    print(f"{count} files, {size:.0f} MB: {ARCHIVE}, SHA-256 {contract.sha256(root / ARCHIVE)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
