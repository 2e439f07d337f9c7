"""Generated documents: PDF words = HTML words = the words that the generator put in."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from documents import ROOT, SAMPLE
from generated import BIBTEX, BULLET, END, FORMULA, MAYBE, Document, Edition, documents, files, words
from hypothesis import HealthCheck, Phase, given, seed, settings

from scripts.report.edition_html import read_page
from scripts.report.engines import embedded
from scripts.report.render import prepared

BLOCK = 50
DOCUMENTS = int(os.environ.get("DOCUMENTS", BLOCK))
PROJECT = """lang: en
number-sections: true
toc: true
bibliography: references.bib
csl: ieee.csl
filters:
  - path: filters/operator-spaces.lua
    at: post-quarto
  - path: filters/typst-math.lua
    at: post-quarto
  - path: filters/spoken-math.lua
    at: post-quarto
  - path: filters/web.lua
    at: post-quarto
format:
  typst:
    pdf-standard: ua-1
    include-in-header: wide.typ
  html:
    html-math-method: mathml
    embed-resources: true
"""
WIDE = """#set page(width: 300cm, height: auto, numbering: none)
#set text(hyphenate: false)
#set outline.entry(fill: none)
"""


def new_project(folder: Path) -> Path:
    shutil.copytree(ROOT / "report" / "filters", folder / "filters")
    shutil.copy(ROOT / "report" / "ieee.csl", folder)
    shutil.copy(SAMPLE / "line.svg", folder)
    for name, text in {"_quarto.yml": PROJECT, "wide.typ": WIDE, "references.bib": BIBTEX}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose documents are set on one page without end, which no line leaves."""
    return new_project(tmp_path)


def pdf_words(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as file:
        return "\n".join(page.get_textpage().get_text_range() for page in file)


def html_words(page: bytes) -> str:
    text = " ".join("".join(read_page(page).pieces).split())
    return text.removeprefix("Skip to the text ")


SOFT = re.compile("[\u200b\u2060\u00ad\u2061-\u2064\ufe00-\ufe0f\ufeff]")
COMPATIBLE = re.compile("[\U0001d400-\U0001d7ff\u2100-\u214f\ufb00-\ufb06\u00a0\u2000-\u200a\u202f]")


def plain(text: str) -> str:
    """Text with the letters of mathematics and of ligatures as plain ones."""
    text = SOFT.sub("", text)
    return COMPATIBLE.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), text)


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """Signs, and what stands before each; a formula counts as one sign."""
    found = re.finditer(rf"([\s{MAYBE}]*)({FORMULA}[^{END}]*{END}|[^\s{MAYBE}])", plain(text))
    for piece in found:
        gap = MAYBE if MAYBE in piece[1] else "\n" if "\n" in piece[1] else " " if piece[1] else ""
        yield gap, piece[2]


def difference(expected: str, got: str, edition: Edition) -> str | None:
    """Where the text of an edition first departs from what is expected; None where it does not."""
    signs = list(pieces(got))
    wanted_end = read = 0
    loose = False

    def report(wanted: str) -> str:
        here = "".join(gap + sign for gap, sign in signs[max(0, read - 40) : read + 40])
        return f"{edition}: expected {wanted!r} behind {done[-60:]!r}, got {here!r}"

    done = ""
    for gap, sign in pieces(expected):
        if sign[0] == FORMULA:
            wanted = sorted(re.sub(r"\s", "", sign[1:-1]))
            found = signs[read : read + len(wanted)]
            if sorted(sign for _, sign in found) != wanted:
                return report(sign[1:-1])
            read += len(wanted)
            loose = True
            done += f" {sign[1:-1]} "
            continue
        if read == len(signs):
            return report(sign)
        between, found_sign = signs[read]
        if found_sign != sign and not (sign == BULLET and found_sign in "•‣–"):
            return report(sign)
        free = loose or read == 0 or gap == MAYBE or (edition == "pdf" and "\n" in (gap, between))
        if not free and (gap != "") != (between != ""):
            return report(gap + sign)
        read, loose, done = read + 1, False, done + gap + sign
    return report("the end") if read < len(signs) else None


def faults(document: Document, folder: Path) -> Iterator[str]:
    for name, text in files(document).items():
        (folder / name).write_text(text, encoding="utf-8")
    read = prepared(folder / "doc.qmd")
    pdf = pdf_words(embedded.render_pdf(read))
    html = html_words(embedded.render_html(read))
    for edition, got in (("pdf", pdf), ("html", html)):
        found = difference(words(document, edition), got, edition)
        if found:
            yield found


@pytest.mark.parametrize("block", range(-(-DOCUMENTS // BLOCK)))
def test_generated_documents_lose_no_word(block: int, project: Path) -> None:
    @seed(block)
    @settings(max_examples=min(BLOCK, DOCUMENTS), deadline=None, database=None,
              suppress_health_check=list(HealthCheck))
    @given(documents())
    def loses_no_word(document: Document) -> None:
        found = list(faults(document, project))
        assert not found, "\n".join([*found, files(document)["doc.qmd"], files(document)["_variables.yml"]])

    loses_no_word()
