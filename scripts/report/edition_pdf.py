"""What the checks ask of a PDF: its text, its headings, its names, and what is wrong with it."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pikepdf
import pypdfium2

from scripts.report.edition_text import squeezed
from scripts.report.margins import Sheet, measured_margin, overhanging, read_sheet
from scripts.report.page_prints import fingerprints

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Structure:
    """A PDF as its objects have it; each list of faults names what is wrong.

    headings: level and kind of each heading of the structure tree. outline: the bookmarks.
    """

    author: str
    outline: list[str]
    headings: list[tuple[int, str]]
    metadata_faults: list[str]
    loose_fonts: list[str]
    silent: list[str]
    headless: list[str]


@dataclass(frozen=True)
class Drawing:
    """A PDF as it is drawn: its text, and what stands outside the text block."""

    text: str
    outside: list[str]


def read_structure(pdf: bytes) -> Structure:
    """Read a PDF's objects."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        nodes = list(_structure(file))
        with file.open_outline() as entries:
            outline = [squeezed(title) for title in _outline(entries.root)]
        return Structure(
            squeezed(_text_of(file.docinfo, "/Author")),
            outline,
            [(int(kind[2]), kind) for kind, _ in nodes if re.match(r"/H[1-6]", kind)],
            list(_metadata_faults(file)),
            list(_loose_fonts(file)),
            list(_silent(nodes)),
            list(_headless(nodes)),
        )


def read_drawing(pdf: bytes, margin: float | None = None) -> Drawing:
    """Read what a PDF shows; pages that the last one had too are not read again.

    margin: points between the edge and the text; None: as measured on the pages.
    """
    with pikepdf.open(io.BytesIO(pdf)) as file:
        prints = fingerprints(file)
    with pypdfium2.PdfDocument(pdf) as document:
        page = functools.cache(document.get_page)  # both take long to open
        text = functools.cache(lambda index: page(index).get_textpage())
        pages = _PAGES.kept(prints, lambda index: read_sheet(page(index), text(index)))
        margin = measured_margin(pages) if margin is None else margin
        faults = _FAULTS.kept(
            [(known, margin) for known in prints],
            lambda index: tuple(overhanging(page(index), text(index), pages[index], margin)),
        )
    outside = [
        f"page {number}: {what} by {points:.0f} pt"
        for number, found in enumerate(faults, 1)
        for what, points in found
    ]
    return Drawing(_text(page.text for page in pages), outside)


class _Memory(Generic[_Value]):
    """What was found out about each page of the last document."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Value] = {}

    def kept(self, keys: Sequence[Hashable], find: Callable[[int], _Value]) -> list[_Value]:
        """The value for each key, by its index where it was not known; others are forgotten."""
        values = [
            self._known[key] if key in self._known else find(index)
            for index, key in enumerate(keys)
        ]
        self._known = dict(zip(keys, values, strict=True))
        return values


_PAGES: _Memory[Sheet] = _Memory()
_FAULTS: _Memory[tuple[tuple[str, float], ...]] = _Memory()


def _text(pages: Iterable[str]) -> str:
    """The text of every page; words that a line break divided are joined."""
    text = "\n".join(pages)
    # PDFium writes a hyphen at a line's end that divides a word as one of the first two.
    return squeezed(re.sub(r"(?<=\w)[\x02\ufffe\u2010\u00ad-](?:\r?\n)?(?=\w)", _joined, text))


def _joined(hyphen: re.Match[str]) -> str:
    is_division = hyphen[0][0] in "\x02\ufffe" or hyphen[0].endswith("\n")
    return "" if is_division else hyphen[0]


def _structure(file: pikepdf.Pdf) -> Iterator[tuple[str, Any]]:
    """Kind and dictionary of each node of the structure tree, in reading order."""
    waiting = [file.Root.get("/StructTreeRoot")]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pikepdf.Array):
            waiting.extend(reversed(list(node)))
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                yield str(node["/S"]), node
            waiting.append(node.get("/K"))


def _outline(entries: Sequence[pikepdf.OutlineItem]) -> Iterator[str]:
    for entry in entries:
        yield entry.title
        yield from _outline(entry.children)


def _metadata_faults(file: pikepdf.Pdf) -> Iterator[str]:
    catalog: Any = file.Root
    if not _text_of(file.docinfo, "/Title").strip():
        yield "no title"
    if not _text_of(catalog, "/Lang"):
        yield "no language"
    if not catalog.get("/MarkInfo", {}).get("/Marked"):
        yield "not tagged"
    metadata = catalog.get("/Metadata")
    claims = metadata.read_bytes().decode("utf-8", "replace") if metadata is not None else ""
    if not re.search(r"pdfuaid:part(?:>|=['\"])1", claims):
        yield "no PDF/UA-1 marker"


def _loose_fonts(file: pikepdf.Pdf) -> Iterator[str]:
    seen = set()
    for page in file.pages:
        fonts: Any = page.resources.get("/Font", {})
        for font in fonts.values():
            name = _text_of(font, "/BaseFont") or "unnamed"
            inner = font["/DescendantFonts"][0] if "/DescendantFonts" in font else font
            descriptor = inner.get("/FontDescriptor", {})
            embedded = any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
            if _text_of(font, "/Subtype") != "/Type3" and not embedded and name not in seen:
                seen.add(name)
                yield name


def _text_of(node: Any, key: str) -> str:
    """An entry of a dictionary of the PDF as text; empty where there is none."""
    return str(node.get(key, ""))


def _silent(nodes: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Figures and formulas whose alternative text says nothing."""
    for kind, node in nodes:
        alt = _text_of(node, "/Alt").strip()
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
