"""Runs Pandoc on one chapter, or on the frame that holds them, and remembers what it made.

A conversion is a function of the text, the settings and the files that the command names, so a
process that renders again converts only what has changed.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scripts.report.engines.choice import package_version
from scripts.report.source import RenderError

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")
_HERE = Path(__file__).parent
_NOTHING = '{"headings": [], "items": [], "mentions": []}'
SEPARATOR = "\ue016"
"""What the templates print between the text and what Lua tells of it."""


@dataclass(frozen=True)
class Conversion:
    """What Pandoc is to do: its options, the text, the metadata, the files that it reads."""

    options: tuple[str, ...]
    text: str
    metadata: str
    folder: str
    files: str


@dataclass(frozen=True)
class Part:
    """What Pandoc made of a chapter or of the frame, with the tokens still in it.

    record: headings, what carries a number, whose numbers are mentioned (`lua/common.lua`).
    citations: a document of Pandoc, one block a citation; empty where there are none.
    """

    text: str
    contents: str
    record: Mapping[str, Any]
    citations: Mapping[str, Any]


class PandocError(Exception):
    """Pandoc refused a text: its error output, or the first warning of its log."""

    def __init__(self, stderr: str = "", warning: Mapping[str, Any] | None = None) -> None:
        super().__init__(stderr or str(warning))
        self.stderr = stderr
        self.warning = warning


@functools.cache
def program() -> Path:
    """The Pandoc of the wheel; never one that happens to be on PATH. Raises RenderError."""
    package_version("pypandoc_binary")
    spec = importlib.util.find_spec("pypandoc")
    if spec is None or spec.origin is None:
        raise RenderError("the package pypandoc_binary is damaged; install it anew.")
    files = Path(spec.origin).parent / "files"
    return next(path for path in (files / "pandoc", files / "pandoc.exe") if path.exists())


def fingerprint(paths: Sequence[Path]) -> str:
    """SHA-256 over the contents of files and of all that lies in this folder, 64 hex digits."""
    digest = hashlib.sha256()
    own = sorted(path for path in _HERE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in [*own, *paths]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def convert(conversion: Conversion) -> Part:
    """Convert one text. Raises PandocError; every warning of Pandoc is an error here."""
    made, log = _converted(conversion)
    for entry in json.loads(log or "[]"):
        if entry.get("verbosity") in ("WARNING", "ERROR"):
            raise PandocError(warning=entry)
    text, contents, record, citations = made.rstrip().split(SEPARATOR)
    return Part(
        text.strip("\n"),
        contents.strip(),
        json.loads(record or _NOTHING),
        json.loads(citations or "{}"),
    )


@functools.lru_cache(maxsize=128)
def _converted(conversion: Conversion) -> tuple[str, str]:
    """Output and log of a run of Pandoc; a failure, which may be the machine's, is forgotten."""
    with tempfile.TemporaryDirectory() as folder:
        metadata, log = Path(folder, "metadata.json"), Path(folder, "log.json")
        metadata.write_text(conversion.metadata, encoding="utf-8")
        command = [
            str(program()), "--standalone", "--wrap=none", f"--data-dir={_HERE}",
            f"--variable=separator={SEPARATOR}", f"--metadata-file={metadata}", f"--log={log}",
            *conversion.options,
        ]  # fmt: skip
        done = subprocess.run(
            command, input=conversion.text, cwd=conversion.folder, capture_output=True,
            encoding="utf-8", check=False,
        )  # fmt: skip
        logged = log.read_text(encoding="utf-8") if log.exists() else ""
    if done.returncode != 0:
        raise PandocError(done.stderr)
    return done.stdout, logged


def forget() -> None:
    """Remember no conversion: a file was changed while Pandoc may have been reading it."""
    _converted.cache_clear()


@functools.cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count())


def in_parallel(work: Callable[[_Given], _Made], given: Sequence[_Given]) -> list[_Made]:
    """``work`` done on each of ``given``, as many at once as there are cores; results in order.

    Raises what the first of them that fails raises.
    """
    return list(_workers().map(work, given))
