"""Finds the parts of a document: shortcodes, images, equations, labels, and what they use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from scripts.report.source import Document, Place, blank

#: Cross-reference prefixes: what the part of a label before its first hyphen may be.
REFERENCE_KINDS = (
    *("fig", "tbl", "eq", "sec"),
    *("thm", "lem", "cor", "prp", "cnj", "def", "exm", "exr"),
)
#: Prefixes that Quarto numbers too and that this project does not use, with what they stand for.
#: (Quarto heads an algorithm "Algorithm 1" and refers to it as "alg. 1".)
FOREIGN_KINDS = {
    "alg": "algorithm", "lst": "listing", "nte": "note", "wrn": "warning", "tip": "tip",
    "imp": "important note", "cau": "caution", "rem": "remark", "sol": "solution",
    "vid": "video", "dia": "diagram",
}  # fmt: skip

_SHORTCODE = re.compile(r"(?<!\{)\{\{<\s*(.*?)\s*>\}\}(?!\})", re.DOTALL)
#: A line that is a heading: its signs and its words.
HEADING = re.compile(r"^(#{1,6})[ \t]+(.*)$")
#: A line that opens or closes a div: its fence, and what stands behind.
DIV = re.compile(r"^[ \t>]*(:{3,})[ \t]*(.*?)[ \t:]*$")
_ATTRIBUTE = re.compile(
    r"""#(?P<id>[^\s}"'=]+)|\.(?P<cls>[^\s}"'=]+)"""
    r"""|(?P<key>[\w:-]+)\s*=\s*(?:"(?P<dq>(?:\\.|[^"\\])*)"|'(?P<sq>[^']*)'|(?P<bare>[^\s}]+))"""
    r"""|(?P<dash>-)(?=[\s}]|$)""",
    re.DOTALL,
)


@dataclass(frozen=True)
class Attributes:
    """What stands between braces: ``{#id .class key="value"}``."""

    identifier: str
    classes: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True)
class Image:
    """An image as the text names it, from ``offset`` to behind its attributes at ``end``."""

    path: str
    caption: str
    attributes: Attributes
    offset: int
    end: int


@dataclass(frozen=True)
class Shortcode:
    """``{{< name argument … >}}`` in the text."""

    name: str
    arguments: tuple[str, ...]
    span: tuple[int, int]


@dataclass(frozen=True)
class Equation:
    """A displayed formula with a label: ``$$…$$ {#eq-x alt="…"}``.

    ``formula`` is the span of the dollars and what is between them, ``label`` that of the braces.
    """

    formula: tuple[int, int]
    label: tuple[int, int]
    latex: str
    attributes: Attributes


@dataclass(frozen=True)
class Label:
    """A label that the text defines; ``numbered`` is false for a heading without a number."""

    name: str
    offset: int
    numbered: bool = True


def find_shortcodes(text: str) -> list[Shortcode]:
    """Every shortcode that is not escaped by a third brace, in order."""
    found = []
    for match in _SHORTCODE.finditer(text):
        name, *arguments = match[1].split() or [""]
        found.append(Shortcode(name, tuple(arguments), match.span()))
    return found


def parse_attributes(inner: str) -> Attributes:
    """Read the inside of an attribute block."""
    identifier, classes, values = "", [], {}
    for match in _ATTRIBUTE.finditer(inner):
        if match["id"]:
            identifier = match["id"]
        elif match["cls"]:
            classes.append(match["cls"])
        elif match["dash"]:
            classes.append("unnumbered")
        elif match["key"]:
            value = next(match[group] for group in ("dq", "sq", "bare") if match[group] is not None)
            values[match["key"]] = re.sub(r"\\(.)", r"\1", value)
    return Attributes(identifier, tuple(classes), values)


def _closing(text: str, start: int) -> int:
    """Offset just behind the bracket that closes the one at ``start``, or -1."""
    opener = text[start]
    depth, quoted = 0, ""
    for sign in _SIGNS[opener].finditer(text, start):
        char = sign[0]
        if char[0] == "\\":
            continue
        if char in "\"'":
            quoted = "" if quoted == char else quoted or char
        elif not quoted:
            depth += 1 if char == opener else -1
            if depth == 0:
                return sign.end()
    return -1


#: What counts between a bracket and the one that closes it; quotes hide those of attributes.
_SIGNS = {
    "[": re.compile(r"\\.|[][]", re.DOTALL),
    "(": re.compile(r"\\.|[()]", re.DOTALL),
    "{": re.compile(r"\\.|[{}\"']", re.DOTALL),
}


@lru_cache(maxsize=4)  # asked for by one check after the other
def find_images(document: Document) -> tuple[Image, ...]:
    """Every image of the body, in order."""
    text, images = without_attributes(document), []
    for match in re.finditer(r"(?<!\\)!\[", text):
        bracket = match.end() - 1
        end = _closing(text, bracket)
        if end < 0 or end >= len(text) or text[end] != "(":
            continue
        close = _closing(text, end)
        if close < 0:
            continue
        target = document.text[end + 1 : close - 1].split()
        attributes, stop = attributes_at(document, close)
        caption = document.text[bracket + 1 : end - 1]
        path = target[0] if target else ""
        images.append(Image(path, caption, attributes, match.start(), stop))
    return tuple(images)


def attributes_at(document: Document, offset: int) -> tuple[Attributes, int]:
    """The attribute block that starts at ``offset`` (if one does) and the offset behind it."""
    if document.prose[offset : offset + 1] != "{":
        return Attributes("", (), {}), offset
    end = _closing(document.prose, offset)
    if end < 0:
        return Attributes("", (), {}), offset
    return parse_attributes(document.text[offset + 1 : end - 1]), end


@lru_cache(maxsize=4)
def attribute_blocks(document: Document) -> tuple[tuple[Attributes, int, int], ...]:
    """What stands between braces outside code and formulas, and its span, in order."""
    found, last = [], 0
    for match in re.finditer(r"(?<!\\)\{(?=[#.\w-])", document.prose):
        attributes, end = attributes_at(document, match.start())
        if match.start() >= last:
            found.append((attributes, match.start(), end))
            last = end
    return tuple(found)


def find_headings(document: Document) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield offset and match (of `HEADING`) of each heading of the text, not of titles in divs."""
    depth, offset = 0, 0
    for line in document.prose.split("\n"):
        if fence := DIV.match(line):
            depth += 1 if fence[2] else -1
        elif depth == 0 and (heading := HEADING.match(line)):
            yield offset, heading
        offset += len(line) + 1


@lru_cache(maxsize=4)
def without_attributes(document: Document) -> str:
    """``document.prose`` without attribute blocks, whose values are no Markdown."""
    return blank(document.prose, [(start, end) for _, start, end in attribute_blocks(document)])


def find_equations(document: Document) -> Iterator[Equation]:
    """Yield every equation with a label, in order; Quarto allows one line break before it."""
    gap = re.compile(r"[ \t]*\n?[ \t]*(?=\{#)")
    for span, latex, display in document.formulas:
        behind = gap.match(document.prose, span[1]) if display else None
        if behind is not None:
            attributes, end = attributes_at(document, behind.end())
            yield Equation(span, (behind.end(), end), latex, attributes)


def find_labels(document: Document) -> list[Label]:
    """Every explicit label of the body, in order, double ones included."""
    headings = {}
    for match in re.finditer(HEADING.pattern, document.prose, re.MULTILINE):
        headings[match.start()] = (len(match[1]), match.end())
    labels = []
    for attributes, start, end in attribute_blocks(document):
        if not attributes.identifier:
            continue
        line = document.prose.rfind("\n", 0, start) + 1
        level, stop = headings.get(line, (0, 0))
        numbered = not (level and end <= stop) or "unnumbered" not in attributes.classes
        labels.append(Label(attributes.identifier, start, numbered))
    return labels


def figures_used(document: Document) -> dict[str, list[Place]]:
    """Every image file that the document names, with the places where it does."""
    used: dict[str, list[Place]] = {}
    for image in find_images(document):
        used.setdefault(image.path, []).append(document.place(image.offset))
    return used
