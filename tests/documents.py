"""Small documents with the report's settings, for the tests of the renderer."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "data" / "sample"

FRONT = '---\ntitle: "T"\nauthor: "A"\ndate: 2023-04-09\n---\n\n'
PROJECT = """lang: en
number-sections: true
toc: true
bibliography: references.bib
csl: ieee.csl
filters:
  - path: filters/citations.lua
    at: post-quarto
  - path: filters/operator-spaces.lua
    at: post-quarto
  - path: filters/typst-math.lua
    at: post-quarto
  - path: filters/spoken-math.lua
    at: post-quarto
format:
  typst:
    pdf-standard: ua-1
    papersize: a4
  html:
    html-math-method: mathml
    embed-resources: true
"""


def write_document(folder: Path, body: str, *, front: str = FRONT, variables: str = "") -> Path:
    """A document with the report's settings in an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "report" / "filters", folder / "filters", dirs_exist_ok=True)
    shutil.copy(ROOT / "report" / "ieee.csl", folder)
    shutil.copy(SAMPLE / "line.svg", folder)
    shutil.copy(SAMPLE / "references.bib", folder)
    (folder / "bad.svg").write_text("<svg")
    (folder / "_quarto.yml").write_text(PROJECT)
    if variables:
        (folder / "_variables.yml").write_text(variables)
    (folder / "doc.qmd").write_text(front + body)
    return folder / "doc.qmd"
