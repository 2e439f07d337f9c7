"""Finds what stands outside the text block of a PDF's pages."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from pypdfium2 import raw

#: Points by which a letter may stand over the margin: Typst hangs punctuation out by about 3.
OVERHANG = 4.0

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points."""


@dataclass(frozen=True)
class _Page:
    """What stands on a page: its size in points, its letters, its drawings.

    starts: the whole points at which letters begin, their side bearing included.
    """

    width: float
    height: float
    letters: Sequence[tuple[Box, str]]
    starts: Sequence[int]
    drawings: Sequence[pypdfium2.PdfObject]


def outside(pdf: Path) -> Iterator[str]:
    """Say which letters and drawings stand outside the text block, and by how many points.

    The text block is measured on the pages themselves. Raises FileNotFoundError.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [_read(page) for page in document]
        # Lines begin at the margin, so more letters do than at any other place.
        starts = Counter(start for page in pages for start in page.starts)
        if starts:
            margin = float(starts.most_common(1)[0][0])
            for number, page in enumerate(pages, 1):
                for what, points in _overhanging(page, margin):
                    yield f"page {number}: {what} by {points:.0f} pt"
    finally:
        document.close()


def _overhanging(page: _Page, margin: float) -> Iterator[tuple[str, float]]:
    foot = _foot(page)

    def excess(box: Box) -> float:
        left, bottom, right, top = box
        sideways = max(margin - left, right - (page.width - margin))
        return max(sideways, foot - bottom, top - (page.height - 0.5 * margin))

    for box, letter in page.letters:
        if excess(box) > OVERHANG and not (letter.isdigit() and box[3] <= foot):
            yield letter, excess(box)
    for drawing in page.drawings:
        # A path's own points take long to read and lie within its bounds.
        if excess(drawing.get_bounds()) > OVERHANG and excess(_extent(drawing)) > OVERHANG:
            yield "a drawing", excess(_extent(drawing))


def _read(page: pypdfium2.PdfPage) -> _Page:
    text = page.get_textpage()
    letters: list[tuple[Box, str]] = []
    starts: list[int] = []
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    loose = raw.FS_RECTF()
    for index in range(text.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(text, index))
        raw.FPDFText_GetCharBox(text, index, left, right, bottom, top)
        if letter.strip() and right.value > left.value:
            letters.append(((left.value, bottom.value, right.value, top.value), letter))
            raw.FPDFText_GetLooseCharBox(text, index, loose)
            starts.append(round(loose.left))
    drawings = [
        item for item in page.get_objects(max_depth=1) if item.type != raw.FPDF_PAGEOBJ_TEXT
    ]
    width, height = page.get_size()
    return _Page(width, height, letters, starts, drawings)


def _extent(item: pypdfium2.PdfObject) -> Box:
    """The box of a drawing on the page.

    PDFium takes every corner of a stroked line for a mitred one, which puts the box of a round
    curve far outside it; for paths the points themselves are taken.
    """
    if item.type != raw.FPDF_PAGEOBJ_PATH:
        left, bottom, right, top = item.get_bounds()
        return left, bottom, right, top
    matrix, x, y = item.get_matrix(), ctypes.c_float(), ctypes.c_float()
    points = []
    for index in range(raw.FPDFPath_CountSegments(item.raw)):
        raw.FPDFPathSegment_GetPoint(raw.FPDFPath_GetPathSegment(item.raw, index), x, y)
        points.append(matrix.on_point(x.value, y.value))
    across, up = [point[0] for point in points], [point[1] for point in points]
    return min(across), min(up), max(across), max(up)


def _foot(page: _Page) -> float:
    """The upper edge of the page number, below which nothing else may stand."""
    numbers = [
        top
        for (left, _, right, top), letter in page.letters
        if letter.isdigit()
        and top < 0.1 * page.height
        and abs((left + right) / 2 - page.width / 2) < 15
    ]
    return max(numbers, default=0.04 * page.height)
