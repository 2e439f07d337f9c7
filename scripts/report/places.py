"""Finds where a document shows what the build made, and what its labels stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from scripts.pipeline.rules import observations
from scripts.report.parts import (
    DIV,
    REFERENCE_KINDS,
    attribute_blocks,
    find_equations,
    find_headings,
    find_images,
    find_shortcodes,
    parse_attributes,
)
from scripts.report.source import Document

_REFERENCE = re.compile(rf"@((?:{'|'.join(REFERENCE_KINDS)})-[\w-]+)")


class _Part(NamedTuple):
    """A stretch of the text that has a label or is headed by words; either may be empty."""

    start: int
    end: int
    label: str
    heading: str = ""


class Places:
    """Where the numbers, pictures, tables and labels of a document stand."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def record(self) -> dict[str, Any]:
        """Both as JSON data, for the manifest.

        "shown": the places of each, by the key of a number or the name of a file; of a place the
        file, the last heading before it, `within`: the labels of what it stands in, the largest
        first, and `near`: the labels and observations that its paragraph refers to. "labels": what
        each label stands in.
        """
        shown: dict[str, list[dict[str, Any]]] = {}
        for name, offset in sorted(self._shown(), key=lambda found: found[1]):
            shown.setdefault(name, []).append(self._place(offset))
        labels = {part.label: self._within(part.start)[:-1] for part in self._parts if part.label}
        return {"shown": shown, "labels": labels}

    def _shown(self) -> Iterator[tuple[str, int]]:
        """Key or name, and offset, of each number, picture and included file."""
        for code in find_shortcodes(self.document.text):
            if code.name == "var":
                yield code.arguments[0], code.span[0]
        for image in find_images(self.document):
            yield image.path, image.offset
        starts = [0, *(found.end() for found in re.finditer("\n", self.document.text))]
        lines = dict(zip(self.document.places, starts, strict=False))
        for name, places in self.document.includes.items():
            yield from ((name, lines[place]) for place in places)

    def _place(self, offset: int) -> dict[str, Any]:
        headings = [part for part in self._sections if part.start <= offset]
        start, end = self._paragraph(offset)
        return {
            "file": self.document.place(offset).file,
            "heading": headings[-1].heading if headings else "",
            "within": self._within(offset),
            "near": sorted(
                {
                    *_REFERENCE.findall(self.document.prose[start:end]),
                    *observations(self.document.text[start:end]),
                }
            ),
        }

    def _within(self, offset: int) -> list[str]:
        """The labels of the parts around an offset, the largest first."""
        around = [part for part in self._parts if part.start <= offset < part.end and part.label]
        return [part.label for part in sorted(around, key=lambda part: part.start - part.end)]

    def _paragraph(self, offset: int) -> tuple[int, int]:
        text = self.document.text
        end = text.find("\n\n", offset)
        return text.rfind("\n\n", 0, offset) + 2, len(text) if end < 0 else end

    @cached_property
    def _parts(self) -> list[_Part]:
        """Sections, divs, pictures, formulas, tables; of any other label its paragraph."""
        document = self.document
        parts = [*self._sections, *self._divs()]
        parts += [
            _Part(image.offset, image.end, image.attributes.identifier)
            for image in find_images(document)
        ]
        parts += [
            _Part(equation.formula[0], equation.label[1], equation.attributes.identifier)
            for equation in find_equations(document)
        ]
        known = {part.label for part in parts}
        for attributes, start, _ in attribute_blocks(document):
            if attributes.identifier and attributes.identifier not in known:
                parts.append(_Part(*self._captioned(start), attributes.identifier))
        return parts

    def _captioned(self, offset: int) -> tuple[int, int]:
        """The paragraph around an offset, with the table above it that it may be the caption of."""
        start, end = self._paragraph(offset)
        above = self._paragraph(len(self.document.text[:start].rstrip()))[0]
        return above if self.document.text.startswith("|", above) else start, end

    @cached_property
    def _sections(self) -> list[_Part]:
        """Each heading that stands in no div, with all up to the next that is as large."""
        found = []
        for offset, match in find_headings(self.document):
            words = self.document.text[offset + match.start(2) : offset + match.end(2)]
            title, _, braces = words.partition("{#")
            label = parse_attributes(f"#{braces}").identifier if braces else ""
            found.append((len(match[1]), offset, label, title.strip()))
        ends = [
            next((start for other, start, *_ in found[n:] if other <= level), None)
            for n, (level, *_) in enumerate(found, 1)
        ]
        last = len(self.document.text)
        return [
            _Part(start, end or last, label, title)
            for (_, start, label, title), end in zip(found, ends, strict=True)
        ]

    def _divs(self) -> Iterator[_Part]:
        opened: list[tuple[int, str]] = []
        offset = 0
        for line in self.document.prose.split("\n"):
            fence = DIV.match(line)
            if fence and fence[2]:
                opened.append((offset, parse_attributes(fence[2].strip("{}")).identifier))
            elif fence and opened:
                start, label = opened.pop()
                yield _Part(start, offset, label)
            offset += len(line) + 1
