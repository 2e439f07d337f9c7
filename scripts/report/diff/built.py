"""A finished build, as a comparison sees it: values, checks, figures, texts, and their records."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.pipeline import sidecar
from scripts.pipeline.contract import paths
from scripts.pipeline.products import MANIFEST

PICTURES = (".svg", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Found:
    """Something that a build found: what it is, and the file that says so."""

    content: Any
    file: str


@dataclass(frozen=True)
class Built:
    """The build in `root`, called `name`; `records` are the sidecars of its results by path."""

    root: Path
    name: str
    records: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, root: Path, name: str) -> Built:
        """Read the sidecars of the manifest and of all that it comes from; others may lie about.

        With each result come those of the same step.
        """
        records: dict[str, Mapping[str, Any]] = {}
        waiting = [MANIFEST]
        while waiting:
            path = waiting.pop()
            found = None if path in records else sidecar.read(root / path)
            if found is not None:
                records[path] = found
                waiting += [*found["inputs"], *paths(found["contract"].get("makes", {}))]
        return cls(root, name, records)

    @functools.cached_property
    def values(self) -> dict[str, Found]:
        """Every number that the text may print, `{"text", "value"}`, by `topic.key`."""
        return {
            f"{Path(path).parent.name}.{key}": Found(entry, path)
            for path, summary in self._summaries()
            for key, entry in summary.get("values", {}).items()
        }

    @functools.cached_property
    def checks(self) -> dict[str, Found]:
        """The record of every check of an exercise, by its id."""
        return {
            check["id"]: Found(check, path)
            for path, summary in self._summaries()
            for check in summary.get("checks", [])
        }

    def _summaries(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The JSON files that exercises made; those of the report hold the same once more."""
        for path, record in sorted(self.records.items()):
            if path.endswith(".json") and not record["contract"]["step"].startswith("report."):
                yield path, json.loads((self.root / path).read_bytes())

    @functools.cached_property
    def displays(self) -> dict[str, str]:
        """The SHA-256 of every figure and table, and of the author's own pictures, by path."""
        made = {
            path: record["sha256"]
            for path, record in self.records.items()
            if path.startswith("data/figures/")
        }
        own = self._committed
        return made | {path: own[path] for path in own if path.endswith(PICTURES)}

    @functools.cached_property
    def places(self) -> dict[str, tuple[str, ...]]:
        """Where the text shows each number and display: a file, and the innermost label there."""
        manifest = json.loads((self.root / MANIFEST).read_bytes())
        shown = {
            f"{topic}.{key}": entry
            for topic, values in manifest["values"].items()
            for key, entry in values.items()
        } | {entry["path"]: entry for entry in manifest["artifacts"]}
        return {
            name: tuple(
                f"{place['file']} ({place['label'] or place['heading']})"
                for place in entry.get("places", [])  # none before the manifest knew them
            )
            for name, entry in shown.items()
        }

    @functools.cached_property
    def texts(self) -> dict[str, str]:
        """The author's texts, by path."""
        names = sorted(path for path in self._committed if path.endswith(".qmd"))
        return {path: (self.root / path).read_text("utf-8-sig") for path in names}

    @functools.cached_property
    def _committed(self) -> dict[str, str]:
        """The SHA-256 of every committed file that the documents are made from."""
        files: dict[str, str] = {}
        for record in self.records.values():
            if record["contract"]["step"].startswith("report."):
                files |= record["contract"]["files"]
        return {path: digest for path, digest in files.items() if (self.root / path).is_file()}
