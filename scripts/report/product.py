"""Makes the finished document: PDF and HTML side by side, each checked as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.report import verify
from scripts.report.edition_html import Page, read_page
from scripts.report.edition_pdf import Drawing, Structure, read_drawing, read_structure
from scripts.report.margins import named_margin
from scripts.report.render import ENGINES, Engine, prepared
from scripts.report.source import Document


@dataclass(frozen=True)
class Product:
    """Both editions, and what was found when they were checked, against the claims or not."""

    pdf: bytes
    html: bytes
    checks: tuple[verify.Check, ...]


def make(qmd: str | Path, engine: str, made: Iterable[str | Path]) -> Product:
    """Render and verify a document with one of `render.ENGINES`; write nothing.

    ``made``: the generated files that rules make, all of which must be shown. Raises RenderError.

    Called again in one process it gives the bytes that a new process gives, and does only what an
    edit changed. What Pandoc made of each chapter, Typst of each page and the checks of each drawn
    page is remembered where it is made.
    """
    document = prepared(qmd, made)
    with ThreadPoolExecutor(2) as pool:
        on_paper = pool.submit(_pdf, ENGINES[engine], document)
        on_screen = pool.submit(_html, ENGINES[engine], document)
    pdf, structure, drawing = on_paper.result()
    html, page = on_screen.result()
    return Product(pdf, html, tuple(verify.checks(structure, drawing, page)))


def _pdf(engine: Engine, document: Document) -> tuple[bytes, Structure, Drawing]:
    """The PDF, and what the checks ask of it. Raises RenderError."""
    pdf = engine.render_pdf(document)
    return pdf, read_structure(pdf), read_drawing(pdf, named_margin(document))


def _html(engine: Engine, document: Document) -> tuple[bytes, Page]:
    html = engine.render_html(document)
    return html, read_page(html)
