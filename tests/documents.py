"""Small documents with the report's settings, for the tests of the renderer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "data" / "sample"

FRONT = '---\ntitle: "T"\nauthor: "A"\ndate: 2023-04-09\n---\n\n'


def _settings() -> dict[str, Any]:
    """The report's settings but for the files that belong to the report alone."""
    settings: dict[str, Any] = yaml.safe_load((ROOT / "report" / "_quarto.yml").read_text())
    del settings["project"], settings["execute"]
    del settings["format"]["typst"]["include-in-header"], settings["format"]["html"]["css"]
    return settings


def write_document(folder: Path, body: str, *, front: str = FRONT, variables: str = "") -> Path:
    """A document with the report's settings in an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "report" / "filters", folder / "filters", dirs_exist_ok=True)
    shutil.copy(ROOT / "report" / "ieee.csl", folder)
    shutil.copy(SAMPLE / "line.svg", folder)
    shutil.copy(SAMPLE / "references.bib", folder)
    (folder / "bad.svg").write_text("<svg")
    (folder / "_quarto.yml").write_text(yaml.safe_dump(_settings(), sort_keys=False))
    if variables:
        (folder / "_variables.yml").write_text(variables)
    (folder / "doc.qmd").write_text(front + body)
    return folder / "doc.qmd"
