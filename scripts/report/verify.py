"""Checks of the finished PDF and HTML, in the form of every other check of the build.

    python -m scripts.report.verify --pdf A.pdf --html A.html [--output checks.json]

Each check names what it found wrong, so a failure can be mended without opening the file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2

from scripts.report.margins import outside

_PLACEHOLDERS = re.compile(r"\?@[\w-]*|\?\?+|\?(?:var|meta|env|invalid)\b[:\w.]*|\{\{<|>\}\}")
_NAMED = re.compile(
    r"\b(Figure|Table|Equation|Section|Theorem|Lemma|Corollary|Proposition|Conjecture|Definition"
    r"|Example|Exercise|Algorithm)\s(\d+(?:\.\d+)*[a-z]?)(?![\w])(\s\([A-Z][A-Za-z ,'’-]*\))?"
)
_CAPTION = re.compile(r"\b(Figure|Table) (\d+):")
_VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
#: Elements inside a line: no blank where they begin and end.
_INLINE = {"a", "b", "code", "em", "i", "q", "s", "small", "span", "strong", "sub", "sup", "u"}


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

    def record(self) -> dict[str, Any]:
        """The check as the manifest lists it; ``value`` counts the offences."""
        return {
            "id": f"report.{self.name}",
            "exercise": "report",
            "statement": self.statement,
            "method": "exhaustive",
            "value": len(self.offences),
            "bound": 0,
            "passed": self.passed,
        }


def verify(
    pdf: Path, html: Path | None = None, expected_headings: Sequence[str] = ()
) -> list[Check]:
    """Check the finished document.

    ``expected_headings`` must all be headings of the PDF (and of the HTML), in that order.
    Raises FileNotFoundError when a file is missing.
    """
    reader = pypdf.PdfReader(pdf)
    nodes = list(_structure(reader))
    text = _pdf_text(pdf)
    author = _author(reader)
    outline = [_squeezed(title) for _, title in _outline(reader.outline, 1)]
    checks = [
        _check("pdf-resolved", "the PDF holds no unresolved reference or variable",
               _placeholders(text, author)),
        _check("pdf-margins", "everything in the PDF lies within the margins", outside(pdf)),
        _check("pdf-metadata", "the PDF has title and language, is tagged, and claims PDF/UA-1",
               _metadata_offences(reader)),
        _check("pdf-fonts", "every font of the PDF is embedded", _loose_fonts(reader)),
        _check("pdf-alternatives", "every figure and formula of the PDF has alternative text",
               _silent(nodes)),
        _check("pdf-tables", "every table of the PDF has header cells", _headless(nodes)),
        _check("pdf-headings", "the headings of the PDF skip no level",
               _skips([(int(kind[2]), kind) for kind, _ in nodes if re.match(r"/H[1-6]", kind)])),
        _check("pdf-captions", "figures and tables of the PDF are numbered 1, 2, 3, …",
               _caption_gaps(text)),
    ]  # fmt: skip
    if expected_headings:
        checks.append(
            _check("pdf-contents", "the PDF holds every heading that it should",
                   _missing(outline, expected_headings))
        )  # fmt: skip
    if html is not None:
        page = html.read_text(encoding="utf-8")
        checks += _html_checks(page, text, outline, expected_headings, author)
    return checks


def _check(name: str, statement: str, offences: Sequence[str] | Iterator[str]) -> Check:
    return Check(name, statement, tuple(offences))


def _placeholders(text: str, author: str) -> list[str]:
    """What was left unresolved in a text; the author may be called as they like."""
    letters = map(re.escape, "".join(author.split()))
    return _PLACEHOLDERS.findall(re.sub(r"\s*".join(letters), "", text) if author else text)


def _author(reader: pypdf.PdfReader) -> str:
    """The author as the PDF's metadata have it, unless that is itself an unresolved variable."""
    author = _squeezed((reader.metadata.author if reader.metadata else None) or "")
    return "" if "{{< var author." in author else author


def _squeezed(text: str) -> str:
    """Text with plain letters, single blanks and no soft characters, for comparisons."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub("[\u200b\u2060\u00ad\u2061-\u2064]", "", text)
    return " ".join(text.split())


# ------------------------------------------------------------------------------- PDF


def _pdf_text(pdf: Path) -> str:
    """The text of every page; words that a line break divided are joined."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    # PDFium writes a hyphen at a line's end that divides a word as one of the first two.
    return _squeezed(re.sub(r"(?<=\w)[\x02\ufffe\u2010\u00ad-](?:\r?\n)?(?=\w)", _joined, text))


def _joined(hyphen: re.Match[str]) -> str:
    is_division = hyphen[0][0] in "\x02\ufffe" or hyphen[0].endswith("\n")
    return "" if is_division else hyphen[0]


def _structure(reader: pypdf.PdfReader) -> Iterator[tuple[str, Any]]:
    """Kind and dictionary of each node of the structure tree, in reading order."""

    def walk(node: Any) -> Iterator[tuple[str, Any]]:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                yield from walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                yield str(node["/S"]), node
            if "/K" in node:
                yield from walk(node["/K"])

    tree = _catalog(reader).get("/StructTreeRoot")
    if tree is not None:
        yield from walk(tree)


def _catalog(reader: pypdf.PdfReader) -> Any:
    return reader.trailer["/Root"].get_object()


def _outline(entries: Any, level: int) -> Iterator[tuple[int, str]]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _outline(entry, level + 1)
        else:
            yield level, str(entry.title)


def _metadata_offences(reader: pypdf.PdfReader) -> Iterator[str]:
    catalog = _catalog(reader)
    title = reader.metadata.title if reader.metadata else None
    if not (title and title.strip()):
        yield "no title"
    if not catalog.get("/Lang"):
        yield "no language"
    if not catalog.get("/MarkInfo", {}).get("/Marked"):
        yield "not tagged"
    metadata = catalog.get("/Metadata")
    claims = metadata.get_object().get_data().decode("utf-8", "replace") if metadata else ""
    if not re.search(r"pdfuaid:part(?:>|=['\"])1", claims):
        yield "no PDF/UA-1 marker"


def _loose_fonts(reader: pypdf.PdfReader) -> Iterator[str]:
    seen = set()
    for page in reader.pages:
        fonts = page.get("/Resources", {}).get_object().get("/Font", {}).get_object()
        for reference in fonts.values():
            font = reference.get_object()
            name = str(font.get("/BaseFont", "unnamed"))
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            descriptor = inner.get("/FontDescriptor", {}).get_object()
            embedded = any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
            if font.get("/Subtype") != "/Type3" and not embedded and name not in seen:
                seen.add(name)
                yield name


def _silent(nodes: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Figures and formulas whose alternative text says nothing."""
    for kind, node in nodes:
        alt = str(node.get("/Alt", "")).strip()
        if kind == "/Formula" and (not alt or re.search(r"\\[A-Za-z]|empty formula", alt)):
            yield f"formula: {alt!r}"
        if kind == "/Figure" and (len(alt.split()) < 3 or re.search(r"\.(?:svg|png|pdf)\b", alt)):
            yield f"figure: {alt!r}"


def _headless(nodes: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Tables after whose beginning no header cell comes before the next table."""
    tables = [index for index, (kind, _) in enumerate(nodes) if kind == "/Table"]
    for number, start in enumerate(tables, 1):
        end = tables[number] if number < len(tables) else len(nodes)
        if not any(kind == "/TH" for kind, _ in nodes[start:end]):
            yield f"table number {number}"


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


def _missing(headings: Sequence[str], expected: Sequence[str]) -> Iterator[str]:
    """Expected headings that do not come, or not in this order (numbers aside)."""
    bare = [re.sub(r"^[\d.]+ ", "", heading) for heading in headings]
    at = 0
    for wanted in map(_squeezed, expected):
        places = [i for i in range(at, len(bare)) if wanted in (bare[i], headings[i])]
        if places:
            at = places[0] + 1
        else:
            yield wanted


# ------------------------------------------------------------------------------- HTML


class _Page(HTMLParser):
    """What the checks ask of a page: text, headings, ids, links, images, tables, loads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language = self.title = ""
        self.text: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.images: list[dict[str, str]] = []
        self.tables: list[bool] = []
        self.formulas = 0
        self._open: list[str] = []
        self._heading: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        if tag not in _INLINE:
            self.text.append(" ")
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "html":
            self.language = values.get("lang", "")
        elif tag == "img":
            self.images.append(values)
        elif tag == "math":
            self.formulas += 1
        elif tag == "table":
            self.tables.append(False)
        elif tag == "th" and self.tables:
            self.tables[-1] = True
        elif tag == "a" and values.get("href", "").startswith("#"):
            self.links.append(values["href"][1:])
        elif re.fullmatch("h[1-6]", tag):
            self._heading = []
        loaded = values.get("src", "") + (values.get("href", "") if tag == "link" else "")
        if re.match(r"(?:https?:)?//", loaded):
            self.loads.append(loaded)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.text.append(" ")
        while tag in self._open and self._open.pop() != tag:
            pass
        if re.fullmatch("h[1-6]", tag) and self._heading is not None:
            inside = "" if "nav" in self._open else _squeezed("".join(self._heading))
            if inside:
                self.headings.append((int(tag[1]), inside))
            self._heading = None

    def handle_data(self, data: str) -> None:
        if "style" in self._open or "script" in self._open:
            self.loads += re.findall(r"url\(['\"]?((?:https?:)?//[^)'\"]*)|@import[^;]*", data)
        elif "annotation" in self._open:
            return
        elif "title" in self._open and "head" in self._open:
            self.title += data
        elif "body" in self._open or "head" not in self._open:
            self.text.append(data)
            if self._heading is not None:
                self._heading.append(data)


def _html_checks(
    source: str, pdf_text: str, outline: Sequence[str], expected: Sequence[str], author: str
) -> list[Check]:
    page = _Page()
    page.feed(source)
    text = _squeezed("".join(page.text))
    headings = [name for level, name in page.headings if level > 1]
    doubles = [name for name, count in Counter(page.ids).items() if count > 1]
    checks = [
        _check("html-resolved", "the HTML holds no unresolved reference or variable",
               _placeholders(text, author)),
        _check("html-metadata", "the HTML has title and language",
               [name for name in ("title", "language") if not getattr(page, name).strip()]),
        _check("html-self-contained", "the HTML loads nothing from the network", page.loads),
        _check("html-alternatives", "every image of the HTML has alternative text",
               [image.get("src", "")[:40] for image in page.images
                if len(image.get("alt", "").split()) < 3]),
        _check("html-tables", "every table of the HTML has header cells",
               [f"table number {n}" for n, headed in enumerate(page.tables, 1) if not headed]),
        _check("html-headings", "the headings of the HTML skip no level", _skips(page.headings)),
        _check("html-formulas", "the formulas of the HTML are MathML",
               [] if page.formulas else ["no formula at all"]),
        _check("html-links", "every link inside the HTML leads somewhere, by one name only",
               [link for link in page.links if link and link not in page.ids] + doubles),
        _check("same-numbering", "PDF and HTML number and title everything alike",
               _differences(pdf_text, text)),
        _check("same-headings", "PDF and HTML have the same headings",
               _unequal(outline, headings)),
    ]  # fmt: skip
    if expected:
        checks.append(
            _check("html-contents", "the HTML holds every heading that it should",
                   _missing(headings, expected))
        )  # fmt: skip
    return checks


def _differences(pdf_text: str, html_text: str) -> Iterator[str]:
    """Numbered names that one edition has more often than the other, and captions out of order."""
    editions = [
        Counter("".join(found).strip() for found in _NAMED.findall(text))
        for text in (pdf_text, html_text)
    ]
    for name in sorted(editions[0].keys() | editions[1].keys()):
        if editions[0][name] != editions[1][name]:
            yield f"{name}: {editions[0][name]} times in the PDF, {editions[1][name]} in the HTML"
    if _CAPTION.findall(pdf_text) != _CAPTION.findall(html_text):
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


# ------------------------------------------------------------------------------- command line


def main(arguments: list[str] | None = None) -> int:
    """Command line: records as JSON on stdout or in a file; exit code 1 when a check fails."""
    parser = argparse.ArgumentParser(description="Check the finished PDF and HTML.")
    parser.add_argument("--pdf", type=Path, required=True)
    parser.add_argument("--html", type=Path)
    parser.add_argument("--expect-headings", nargs="*", default=[], metavar="HEADING")
    parser.add_argument("--output", type=Path, help="write the records here instead of to stdout")
    options = parser.parse_args(arguments)
    try:
        checks = verify(options.pdf, options.html, options.expect_headings)
    except FileNotFoundError as error:
        print(f"verify: {error.filename} does not exist; render it first.", file=sys.stderr)
        return 1
    records = json.dumps([check.record() for check in checks], indent=2, ensure_ascii=False) + "\n"
    if options.output:
        options.output.write_text(records, encoding="utf-8")
    else:
        print(records, end="")
    for check in checks:
        if not check.passed:
            shown = "; ".join(check.offences[:5])
            more = f" (and {len(check.offences) - 5} more)" if len(check.offences) > 5 else ""
            print(f"verify: not so: {check.statement}: {shown}{more}", file=sys.stderr)
    return 0 if all(check.passed for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
