"""Divides a document into chapters that Pandoc can read one by one.

A changed sentence then costs the conversion of one chapter. A chapter reaches from one heading of
the first two levels to the next. Where something in one chapter could change how Pandoc reads
another, the whole body is one chapter, so that the result is always that of reading it whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.report.parts import find_headings
from scripts.report.source import Document, code_fences

_REACHES_FAR = re.compile(
    r"\[\^|\^\["  # footnotes are numbered through
    r"|^ {0,3}\[[^\]\n]+\]:"  # the target of [text][name] may stand in any chapter
    r"|^[ \t>*+-]*\(@[\w-]*\)\s"  # examples are numbered through
    r"|\\(?:re)?newcommand\b|\\def\b|\\newenvironment\b|\\DeclareMathOperator\b",
    re.MULTILINE,
)
#: A block for one edition only, which has no numbered lines.
_RAW = re.compile(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*\{=")


def chapters(document: Document) -> list[tuple[int, int]]:
    """Spans of ``document.text`` that make up the body, in order; one where it is indivisible."""
    starts = sorted({document.body, *_divisions(document)})
    spans = list(zip(starts, [*starts[1:], len(document.text)], strict=True))
    spans = [span for span in spans if document.text[slice(*span)].strip()] or spans
    return [(document.body, len(document.text))] if _is_one(document, spans) else spans


def _divisions(document: Document) -> Iterator[int]:
    """Offsets of the headings of the first two levels, outside divs and behind a blank line."""
    for offset, heading in find_headings(document):
        before = document.text.rfind("\n", 0, max(offset - 1, 0)) + 1
        if len(heading[1]) <= 2 and not document.text[before:offset].strip():
            yield offset


def _is_one(document: Document, spans: list[tuple[int, int]]) -> bool:
    if _REACHES_FAR.search(document.code_free, document.body):
        return True
    with_code = {
        span
        for start, _ in code_fences(document.text, document.body)
        for span in spans
        if span[0] <= start < span[1] and not _RAW.match(document.text, start)
    }
    return len(with_code) > 1 or _links_by_title(document)  # the lines of code are numbered through


def _links_by_title(document: Document) -> bool:
    """Whether a heading's words stand in brackets somewhere, which makes them a link to it."""
    titles = re.findall(r"^#{1,6}[ \t]+(.*?)[ \t]*(?:\{[^}\n]*\})?[ \t]*$", document.text, re.M)
    bracketed = {
        " ".join(words.lower().split())
        for words in re.findall(r"\[([^\[\]]+)\](?!\()", document.text[document.body :])
    }
    return any(" ".join(title.lower().split()) in bracketed for title in titles)
