"""A PDF as a browser's page: a picture of each of its pages, with its words behind it."""

from __future__ import annotations

import html
import io
import threading
from dataclasses import dataclass

import pikepdf
import pypdfium2

from scripts.report.page_prints import fingerprints

_SCALE = 2
"""Dots of a picture for each point of the paper."""

_known: dict[str, Sheet] = {}
_PDFIUM = threading.Lock()
"""PDFium does one thing at a time."""


@dataclass(frozen=True)
class Sheet:
    """A page of a PDF: its fingerprint, its size in points, its words."""

    fingerprint: str
    width: float
    height: float
    words: str


def sheets(pdf: bytes) -> list[Sheet]:
    """The pages of a PDF; those that the last one had too are not read again."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        prints = fingerprints(file)
    with pypdfium2.PdfDocument(pdf) as document:
        found = {
            known: _known.get(known) or _read(document[index], known)
            for index, known in enumerate(prints)
        }
    _known.clear()
    _known.update(found)
    return [found[known] for known in prints]


def _read(page: pypdfium2.PdfPage, fingerprint: str) -> Sheet:
    words = " ".join(page.get_textpage().get_text_range().split())
    width, height = page.get_size()
    return Sheet(fingerprint, width, height, words)


def as_page(title: str, found: list[Sheet]) -> bytes:
    """The pages one below the other; a page's picture is `<title>.pages/<fingerprint>.png`."""
    pictures = "\n".join(
        f'<img src="/{title}.pages/{sheet.fingerprint}.png" alt="{html.escape(sheet.words)}"'
        f' width="{sheet.width * 4 / 3:.0f}" height="{sheet.height * 4 / 3:.0f}" loading="lazy">'
        for sheet in found
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}.pdf</title>'
        "<style>body { background: #888; margin: 0 } img { background: white; display: block; "
        "margin: 1em auto; max-width: 100%; height: auto }</style></head>"
        f"<body>\n{pictures}\n</body></html>\n"
    ).encode()


def picture(pdf: bytes, fingerprint: str) -> bytes | None:
    """A page as PNG; None if the PDF has no such page."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        prints = fingerprints(file)
    if fingerprint not in prints:
        return None
    made = io.BytesIO()
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        page = document[prints.index(fingerprint)]
        page.render(scale=_SCALE).to_pil().save(made, "png", compress_level=1)
    return made.getvalue()
