"""Compares the words of a document's two editions with those that were put into it."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pikepdf
import yaml
from documents import words_of_pdf, write_document
from generated import BIBTEX, BULLET, END, FORMULA, MAYBE, Document, Edition, source, words

from scripts.report.edition_html import read_page
from scripts.report.engines import embedded
from scripts.report.render import prepared

WIDE = """// All of the document on one page; no line reaches its end or touches the next.
#set page(width: 300cm, height: auto, numbering: none)
#set text(hyphenate: false)
#set par(leading: 2em)
#set outline.entry(fill: none)
"""


def wide_project(folder: Path) -> dict[str, Any]:
    """A folder with the report's settings, for generated documents; returns the settings."""
    write_document(folder, "").unlink()
    (folder / "wide.typ").write_text(WIDE, encoding="utf-8")
    (folder / "references.bib").write_text(BIBTEX, encoding="utf-8")
    options: dict[str, Any] = yaml.safe_load((folder / "_quarto.yml").read_text(encoding="utf-8"))
    options["format"]["typst"]["include-in-header"] = "wide.typ"
    (folder / "_quarto.yml").write_text(yaml.safe_dump(options), encoding="utf-8")
    return options


# ------------------------------------------------------------------- what an edition shows

SOFT = re.compile("[\u200b\u2060\u00ad\u2061-\u2064\ufe00-\ufe0f]")
VARIANTS = re.compile("[\U0001d400-\U0001d7ff\u2100-\u214f\ufb00-\ufb06\u00a0\u2000-\u200a\u202f]")


def plain(text: str) -> str:
    """Text with plain letters for those of mathematics and for ligatures, without soft signs."""
    text = SOFT.sub("", text)
    return VARIANTS.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), text)


def text_of_pdf(pdf: bytes) -> str:
    # PDFium writes a hyphen at the end of a line otherwise, and an accent not beside its letter.
    return re.sub("[\x02\ufffe]", "-", words_of_pdf(pdf)).replace("\u0302", "")


def alternatives_of_pdf(pdf: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(pdf)) as file:
        nodes = [node for node in file.objects if isinstance(node, pikepdf.Dictionary)]
        return [str(node["/Alt"]) for node in nodes if node.get("/S") == "/Figure"]


# ------------------------------------------------------------------- comparison


def signs(text: str) -> Iterator[tuple[str, str]]:
    """What stands before each sign, and the sign; formulas without a sign between count as one.

    The subscript of one may stand behind the root of the next, in a PDF.
    """
    formula = f"{FORMULA}[^{END}]*{END}"
    pattern = rf"([\s{MAYBE}]*)({formula}(?:[\s{MAYBE}]*{formula})*|[^\s{MAYBE}])"
    for between, sign in re.findall(pattern, plain(text)):
        yield next((gap for gap in (MAYBE, "\n", " ") if gap in between), ""), sign


def difference(expected: str, got: str, edition: Edition) -> list[str]:
    """Where the text of an edition first departs from what is expected; nothing where it does not.

    A line break says nothing about blanks in a PDF, whose extractor makes one wherever a font or
    the height changes; in the HTML it is a blank.
    """
    found, read, done, after_formula = list(signs(got)), 0, "", True
    for gap, sign in signs(expected):
        inside = re.sub(rf"[\s{MAYBE}{FORMULA}{END}]", "", sign) if sign[0] == FORMULA else ""
        formula = sorted(inside)
        here = found[read : read + max(1, len(formula))]
        if formula:
            same = sorted(sign for _, sign in here) == formula
        elif sign == BULLET:
            same = bool(here) and here[0][1] in "•‣–"
        else:
            same = bool(here) and here[0][1] == sign
        unsure = after_formula or formula or MAYBE in gap
        unsure = unsure or (edition == "pdf" and bool(here) and "\n" in gap + here[0][0])
        if not same or (not unsure and bool(gap) != bool(here[0][0])):
            context = "".join(gap + sign for gap, sign in found[max(0, read - 40) : read + 40])
            return [f"{edition}: {gap + sign!r} expected behind {done[-60:]!r}, got {context!r}"]
        read, done, after_formula = read + len(here), done + gap + sign, bool(formula)
    rest = "".join(gap + sign for gap, sign in found[read:])
    return [f"{edition}: the end expected behind {done[-60:]!r}, got {rest!r}"] if rest else []


def differences(document: Document, folder: Path) -> Iterator[str]:
    """What either edition of a document lost, added or changed. Raises RenderError."""
    text, variables = source(document)
    (folder / "doc.qmd").write_text(text, encoding="utf-8")
    (folder / "_variables.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
    read = prepared(folder / "doc.qmd")
    pdf, page = embedded.render_pdf(read), read_page(embedded.render_html(read))
    web = "".join(page.pieces).strip().removeprefix("Skip to the text")
    yield from difference(words(document, "pdf"), text_of_pdf(pdf), "pdf")
    yield from difference(words(document, "html"), web, "html")
    shown: Sequence[str] = document.alternatives
    for edition, got in (
        ("pdf", alternatives_of_pdf(pdf)),
        ("html", [alternative for _, alternative in page.images]),
    ):
        if sorted(got) != sorted(shown):
            yield f"{edition}: alternative texts {shown} expected, got {got}"
