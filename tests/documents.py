"""Small documents with the report's settings, for the tests of the renderer."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pypdfium2
import yaml

from scripts.report.engines import pandoc
from scripts.report.render import render

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "data" / "sample"
EXTENSION = ROOT / "report" / "_extensions" / "spoken-math"

FRONT = '---\ntitle: "T"\nauthor: "A"\ndate: 2023-04-09\n---\n\n'


def _settings() -> dict[str, Any]:
    """The report's settings but for the files that belong to the report alone."""
    settings: dict[str, Any] = yaml.safe_load((ROOT / "report" / "_quarto.yml").read_text())
    del settings["project"], settings["execute"], settings["number-offset"]
    del settings["format"]["typst"]["include-in-header"], settings["format"]["html"]["css"]
    return settings


def write_document(folder: Path, body: str, *, front: str = FRONT, variables: str = "") -> Path:
    """A document with the report's settings in an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    copy_filters(folder)
    shutil.copy(ROOT / "report" / "ieee.csl", folder)
    shutil.copy(SAMPLE / "line.svg", folder)
    shutil.copy(SAMPLE / "references.bib", folder)
    (folder / "bad.svg").write_text("<svg")
    (folder / "_quarto.yml").write_text(yaml.safe_dump(_settings(), sort_keys=False))
    if variables:
        (folder / "_variables.yml").write_text(variables)
    (folder / "doc.qmd").write_text(front + body)
    return folder / "doc.qmd"


def copy_filters(folder: Path) -> None:
    """The report's filters, extension and page, where its settings name them."""
    for name in ("filters", "_extensions", "web"):
        shutil.copytree(ROOT / "report" / name, folder / name, dirs_exist_ok=True)


def rendered(document: Path) -> tuple[str, str]:
    """What the embedded engine prints beside a document: the words of its PDF, and its page."""
    pdf, page = document.with_name("a.pdf"), document.with_name("a.html")
    render(document, engine="embedded", pdf=pdf, html=page)
    return words_of_pdf(pdf), page.read_text("utf-8")


def words_of_pdf(pdf: Path | bytes) -> str:
    """The words of a PDF, page after page."""
    with pypdfium2.PdfDocument(pdf) as file:
        return "\n".join(page.get_textpage().get_text_range() for page in file)


def words_of_page(page: str) -> str:
    """The words of some HTML, without the LaTeX that stands behind its formulas."""
    page = re.sub(r"<(annotation|script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^<>]+>", "", page))


def filtered(markdown: str, to: str, filters: Iterable[str]) -> str:
    """What Pandoc makes of Markdown with some of the report's filters."""
    command = [pandoc.program(), "--from=markdown", f"--to={to}", "--mathml", "--wrap=none"]
    found = {path.stem: path for path in (ROOT / "report").rglob("*.lua")}
    command += [f"--lua-filter={found[name]}" for name in filters]
    done = subprocess.run(
        command, input=markdown, capture_output=True, encoding="utf-8", check=True
    )
    assert "WARNING" not in done.stderr
    return done.stdout


def fake_quarto(folder: Path, script: str, version: str = "1.10.18") -> None:
    """A program `quarto` that answers --version and runs `script` for anything else."""
    folder.mkdir(exist_ok=True)
    program = folder / "quarto"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo {version}; exit; fi\n{script}\n'
    )
    program.chmod(0o755)
