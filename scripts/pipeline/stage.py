"""The folder in which a step runs: its inputs at their places, and nothing else of the repository.

What no audit hook can see (libraries in C, Pandoc, Typst, Quarto) finds only declared files there;
what Python opens elsewhere in the repository is refused by `watch/sitecustomize.py`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STAGES = "data/stage"
"""Where the stages are; a killed build leaves one behind, and the next build removes it."""

DECLARED = "ASSIGNMENT_DECLARED"
"""Environment variable: the file that tells each Python of a step what it may open."""

WATCH = Path(__file__).parent / "watch"


@dataclass(frozen=True)
class Stage:
    """A stage: its folder, and what lies beside it; `outputs` by their place in the repository."""

    root: Path
    place: Path
    outputs: Sequence[Path]

    @property
    def folder(self) -> Path:
        """The current folder of the step."""
        return self.place / "files"

    @property
    def made(self) -> list[Path]:
        """The outputs' places in the stage."""
        return [self.folder / output for output in self.outputs]

    def fill(self, files: Iterable[str], modules: Iterable[str]) -> dict[str, str]:
        """Show the declared files; return the environment in which a step is watched.

        files: what the step may read, modules: the files of its code, as paths from the root.
        Raises OSError.
        """
        names = sorted(set(files))
        for name in names:
            if not Path(name).is_absolute():
                _link(self.root / name, self.folder / name)
        declared = {
            "root": str(self.root),
            "stage": str(self.folder),
            "record": str(self._record),
            "cache": str(self.place / "cache"),
            "files": names,
            "modules": sorted(modules),
        }
        declaration = self.place / "declared.json"
        declaration.write_text(json.dumps(declared), encoding="utf-8")
        path = os.pathsep.join([str(WATCH), str(self.root)])
        # Numba keeps compiled code, and does not notice when a function changes that it calls.
        caches = {"NUMBA_CACHE_DIR": str(self.place / "cache")}
        return {DECLARED: str(declaration), "PYTHONPATH": path} | caches

    def refused(self) -> list[str]:
        """What the step opened, or tried to, without declaring it. Raises OSError if unwatched."""
        told = self._record.read_text(encoding="utf-8").splitlines()
        return list(dict.fromkeys(told))

    def extra(self, inputs: Iterable[str]) -> list[str]:
        """What lies in the stage and is neither input nor output."""
        known = {self.folder / name for name in inputs} | set(self.made)
        return [
            path.relative_to(self.folder).as_posix()
            for path in sorted(self.folder.rglob("*"))
            if path not in known and path.is_file()
        ]

    def keep_logs(self, logs: Path) -> None:
        """Move what the step wrote into the folder of its log to its place. Raises OSError."""
        for path in (self.folder / logs).glob("*"):
            path.replace(self.root / logs / path.name)

    @property
    def _record(self) -> Path:
        return self.place / "refused"


@contextmanager
def staged(root: Path, outputs: Sequence[Path]) -> Iterator[Stage]:
    """An empty stage for the step that makes `outputs`.

    Its place is its own: a cluster may start a job again that still runs on another machine.
    """
    stage = Stage(root, root / STAGES / secrets.token_hex(8), outputs)
    try:
        for path in stage.made:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield stage
    finally:
        shutil.rmtree(stage.place, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    real = source.resolve()
    try:
        os.link(real, target)
    except OSError:  # another disk, another owner, or a file system without links
        shutil.copy2(real, target)
