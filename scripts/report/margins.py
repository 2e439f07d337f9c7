"""Finds what stands outside the text block of a PDF's pages."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

from scripts.report.source import Document

#: Points by which a letter may stand over the margin: Typst hangs punctuation out by about 3.
OVERHANG = 4.0

_POINTS = {"pt": 1.0, "in": 72.0, "cm": 72 / 2.54, "mm": 7.2 / 2.54}

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points."""


@dataclass(frozen=True)
class _Block:
    """Where the text of a page may stand: its size, the margin at both sides, the foot's edge."""

    width: float
    height: float
    margin: float
    foot: float

    def excess(self, box: Box) -> float:
        """Points by which a box leaves the text block; negative inside."""
        left, bottom, right, top = box
        sideways = max(self.margin - left, right - (self.width - self.margin))
        return max(sideways, self.foot - bottom, top - (self.height - 0.5 * self.margin))


@dataclass(frozen=True)
class Sheet:
    """A page's text below its running head, its size, the boxes of its runs, and its number's."""

    text: str
    size: tuple[float, float]
    runs: tuple[Box, ...]
    number: Box | None


def read_sheet(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> Sheet:
    """Read what `measured_margin` and `overhanging` ask of a page."""
    width, height = page.get_size()
    runs = tuple(text.get_rect(index) for index in range(text.count_rects()))
    numbers = [box for box in runs if _may_be_page_number(text, box, width, height)]
    lowest = min(numbers, key=lambda box: box[3], default=None)
    below_head = text.get_text_range(_head(text))
    return Sheet(below_head, (width, height), runs, lowest)


def _head(text: pypdfium2.PdfTextPage) -> int:
    """How many letters the page's running head has, which comes first and is tagged as no text."""
    letters = range(text.count_chars())
    return next((index for index in letters if not _is_artifact(text, index)), len(letters))


def _is_artifact(text: pypdfium2.PdfTextPage, index: int) -> bool:
    """Whether a letter is tagged as no text, or is a blank that PDFium has put in."""
    item = raw.FPDFText_GetTextObject(text, index)
    marks = range(raw.FPDFPageObj_CountMarks(item)) if item else ()
    return not item or any(
        _name(raw.FPDFPageObj_GetMark(item, mark)) == "Artifact" for mark in marks
    )


def _name(mark: raw.FPDF_PAGEOBJECTMARK) -> str:
    letters, size = (ctypes.c_ushort * 64)(), ctypes.c_ulong()
    raw.FPDFPageObjMark_GetName(mark, letters, ctypes.sizeof(letters), size)
    return bytes(letters)[: max(size.value, 2) - 2].decode("utf-16le")


def named_margin(document: Document) -> float | None:
    """Points between the edge and the text by a document's settings; None if they do not say."""
    given = document.options("typst").get("margin")
    found = re.fullmatch(r"([\d.]+)(pt|cm|mm|in)", str(given.get("x"))) if given else None
    return float(found[1]) * _POINTS[found[2]] if found else None


def measured_margin(sheets: Sequence[Sheet]) -> float | None:
    """Points between the edge and the text, measured on the pages; None without text."""
    # Lines begin at the margin, so more text does than at any other place.
    starts: Counter[int] = Counter()
    for left, _, right, _ in (run for sheet in sheets for run in sheet.runs):
        starts[round(left)] += round(right - left)
    return float(starts.most_common(1)[0][0]) if starts else None


def overhanging(
    page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, sheet: Sheet, margin: float | None
) -> Iterator[tuple[str, float]]:
    """What stands outside a page's text block, and by how many points: letters and drawings."""
    if margin is None:
        return
    foot = sheet.number[3] if sheet.number else 0.04 * sheet.size[1]
    block = _Block(*sheet.size, margin, foot)
    # Letters take long to read, and a run holds its letters: look where a run sticks out.
    if any(block.excess(box) > OVERHANG for box in sheet.runs if box != sheet.number):
        for box, letter in _letters(text):
            if block.excess(box) > OVERHANG and not (letter.isdigit() and box[3] <= block.foot):
                yield letter, block.excess(box)
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(raw.FPDFPage_CountObjects(page)):
        item = raw.FPDFPage_GetObject(page, index)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            continue
        raw.FPDFPageObj_GetBounds(item, left, bottom, right, top)
        box = left.value, bottom.value, right.value, top.value
        # A path's own points take long to read and lie within its bounds.
        if kind == raw.FPDF_PAGEOBJ_PATH and block.excess(box) > OVERHANG:
            box = _extent(item)
        if block.excess(box) > OVERHANG:
            yield "a drawing", block.excess(box)


def _letters(text: pypdfium2.PdfTextPage) -> Iterator[tuple[Box, str]]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for index in range(text.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(text, index))
        raw.FPDFText_GetCharBox(text, index, left, right, bottom, top)
        if letter.strip() and right.value > left.value:
            yield (left.value, bottom.value, right.value, top.value), letter


def _extent(path: raw.FPDF_PAGEOBJECT) -> Box:
    """The box of a path on the page.

    PDFium takes every corner of a stroked line for a mitred one, which puts the box of a round
    curve far outside it; so the points themselves are taken.
    """
    found, x, y = raw.FS_MATRIX(), ctypes.c_float(), ctypes.c_float()
    raw.FPDFPageObj_GetMatrix(path, found)
    matrix = pypdfium2.PdfMatrix.from_raw(found)
    points = []
    for index in range(raw.FPDFPath_CountSegments(path)):
        raw.FPDFPathSegment_GetPoint(raw.FPDFPath_GetPathSegment(path, index), x, y)
        points.append(matrix.on_point(x.value, y.value))
    across, up = [point[0] for point in points], [point[1] for point in points]
    return min(across), min(up), max(across), max(up)


def _may_be_page_number(text: pypdfium2.PdfTextPage, box: Box, width: float, height: float) -> bool:
    """Whether a run of letters is a number in the middle of the page's foot."""
    left, _, right, top = box
    return (
        top < 0.1 * height
        and abs((left + right) / 2 - width / 2) < 15
        and text.get_text_bounded(*box).strip().isdigit()
    )
