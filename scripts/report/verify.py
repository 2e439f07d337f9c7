"""Checks of the finished PDF and HTML, in the form of every other check of the build.

    python -m scripts.report.verify --pdf A.pdf --html A.html [--output checks.json]

Each check names what it found wrong, so a failure can be mended without opening the file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from scripts.report.edition_html import Page, read_page
from scripts.report.edition_pdf import Drawing, Structure, read_drawing, read_structure

_PLACEHOLDERS = re.compile(r"\?@[\w-]*|\?\?+|\?(?:var|meta|env|invalid)\b[:\w.]*|\{\{<|>\}\}")
_NAMED = re.compile(
    r"\b(Figure|Table|Equation|Section|Theorem|Lemma|Corollary|Proposition|Conjecture|Definition"
    r"|Example|Exercise|Algorithm)\s(\d+(?:\.\d+)*[a-z]?)(?![\w])(\s\([A-Z][A-Za-z ,'’-]*\))?"
)
_PANEL = re.compile(r"(\d) \(([a-z])\)")  # as Quarto's HTML refers to one
_CAPTION = re.compile(r"\b(Figure|Table) (\d+):")


@dataclass(frozen=True)
class Check:
    """One claim about the document and what speaks against it."""

    name: str
    statement: str
    offences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the claim."""
        return not self.offences

    def record(self, document: str) -> dict[str, Any]:
        """The check of a document as the manifest lists it; ``value`` counts the offences."""
        return {
            "id": f"{document}.{self.name}",
            "exercise": "report",
            "statement": self.statement,
            "method": "exhaustive",
            "value": len(self.offences),
            "bound": 0,
            "passed": self.passed,
        }


def verify(pdf: Path, html: Path | None = None) -> list[Check]:
    """Check the finished document. Raises FileNotFoundError when a file is missing."""
    shown = pdf.read_bytes()
    page = read_page(html.read_bytes()) if html is not None else None
    return checks(read_structure(shown), read_drawing(shown), page)


def checks(structure: Structure, drawing: Drawing, page: Page | None = None) -> list[Check]:
    """Check a document of which PDF and HTML have been read already."""
    found = _pdf_checks(structure, drawing)
    return found if page is None else found + _html_checks(page, structure, drawing)


def _pdf_checks(structure: Structure, drawing: Drawing) -> list[Check]:
    return [
        _check("pdf-resolved", "the PDF holds no unresolved reference or variable",
               _placeholders(drawing.text, structure.author)),
        _check("pdf-margins", "everything in the PDF lies within the margins", drawing.outside),
        _check("pdf-metadata", "the PDF has title and language, is tagged, and claims PDF/UA-1",
               structure.metadata_faults),
        _check("pdf-fonts", "every font of the PDF is embedded", structure.loose_fonts),
        _check("pdf-alternatives", "every figure and formula of the PDF has alternative text",
               structure.silent),
        _check("pdf-tables", "every table of the PDF has header cells", structure.headless),
        _check("pdf-headings", "the headings of the PDF skip no level",
               _skips(structure.headings)),
        _check("pdf-captions", "figures and tables of the PDF are numbered 1, 2, 3, …",
               _caption_gaps(drawing.text)),
    ]  # fmt: skip


def _check(name: str, statement: str, offences: Sequence[str] | Iterator[str]) -> Check:
    return Check(name, statement, tuple(offences))


def _placeholders(text: str, author: str) -> list[str]:
    """What was left unresolved in a text; the author may be called as they like."""
    if author and "{{< var author." not in author:  # which is itself unresolved
        letters = map(re.escape, "".join(author.split()))
        text = re.sub(r"\s*".join(letters), "", text)
    return _PLACEHOLDERS.findall(text)


def _skips(headings: Sequence[tuple[int, str]]) -> Iterator[str]:
    level = 0
    for found, name in headings:
        if found > level + 1:
            yield f"{name} after level {level}"
        level = found


def _caption_gaps(text: str) -> Iterator[str]:
    for kind in ("Figure", "Table"):
        numbers = [int(number) for name, number in _CAPTION.findall(text) if name == kind]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{kind}: {numbers}"


def _html_checks(page: Page, structure: Structure, drawing: Drawing) -> list[Check]:
    doubles = [name for name, count in Counter(page.ids).items() if count > 1]
    return [
        _check("html-resolved", "the HTML holds no unresolved reference or variable",
               _placeholders(page.text, structure.author)),
        _check("html-metadata", "the HTML has title and language",
               [name for name in ("title", "language") if not getattr(page, name).strip()]),
        _check("html-self-contained", "the HTML loads nothing from the network", page.loads),
        _check("html-alternatives", "every image of the HTML has alternative text",
               [name[:40] for name, words in page.images if len(words.split()) < 3]),
        _check("html-tables", "every table of the HTML has header cells",
               [f"table number {n}" for n, headed in enumerate(page.tables, 1) if not headed]),
        _check("html-headings", "the headings of the HTML skip no level", _skips(page.headings)),
        _check("html-formulas", "the formulas of the HTML are MathML",
               [] if page.formulas else ["no formula at all"]),
        _check("html-links", "every link inside the HTML leads somewhere, by one name only",
               [link for link in page.links if link and link not in page.ids] + doubles),
        _check("same-numbering", "PDF and HTML number and title everything alike",
               _differences(drawing.text, page.text)),
        _check("same-headings", "PDF and HTML have the same headings",
               _unequal(structure.outline, page.sections)),
    ]  # fmt: skip


def _differences(pdf_text: str, html_text: str) -> Iterator[str]:
    """Numbered names that one edition has more often than the other, and captions out of order.

    A figure may float past a table, so the captions of each kind have an order of their own.
    """
    editions = [
        Counter("".join(found).strip() for found in _NAMED.findall(_PANEL.sub(r"\1\2", text)))
        for text in (pdf_text, html_text)
    ]
    for name in sorted(editions[0].keys() | editions[1].keys()):
        if editions[0][name] != editions[1][name]:
            yield f"{name}: {editions[0][name]} times in the PDF, {editions[1][name]} in the HTML"
    captions = [sorted(_CAPTION.findall(text), key=itemgetter(0)) for text in (pdf_text, html_text)]
    if captions[0] != captions[1]:
        yield "the captions come in another order"


def _unequal(outline: Sequence[str], headings: Sequence[str]) -> Iterator[str]:
    """Headings of one edition only; the bibliography may go by either of its names."""

    def letters(names: Sequence[str]) -> list[str]:
        kept = [re.sub(r"\W", "", name).lower() for name in names]
        return [name for name in kept if name not in ("bibliography", "references", "footnotes")]

    first, second = letters(outline), letters(headings)
    if first != second:
        one_sided = sorted(set(first) ^ set(second))
        yield from one_sided or ["the headings come in another order"]


def complaints(checks: Sequence[Check]) -> Iterator[str]:
    """Yield a sentence for each check that fails: the claim, and what speaks against it."""
    for check in checks:
        if not check.passed:
            shown = "; ".join(check.offences[:5])
            more = f" (and {len(check.offences) - 5} more)" if len(check.offences) > 5 else ""
            yield f"verify: not so: {check.statement}: {shown}{more}"


def main(arguments: list[str] | None = None) -> int:
    """Command line: records as JSON on stdout or in a file; exit code 1 when a check fails."""
    parser = argparse.ArgumentParser(description="Check the finished PDF and HTML.")
    parser.add_argument("--pdf", type=Path, required=True)
    parser.add_argument("--html", type=Path)
    parser.add_argument("--output", type=Path, help="write the records here instead of to stdout")
    options = parser.parse_args(arguments)
    try:
        checks = verify(options.pdf, options.html)
    except FileNotFoundError as error:
        print(f"verify: {error.filename} does not exist; render it first.", file=sys.stderr)
        return 1
    found = [check.record(options.pdf.stem) for check in checks]
    records = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if options.output:
        options.output.write_text(records, encoding="utf-8")
    else:
        print(records, end="")
    for complaint in complaints(checks):
        print(complaint, file=sys.stderr)
    return 0 if all(check.passed for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
