"""Finds markup that Pandoc would print as text, or take for something else than was meant.

Pandoc begins a heading, a div, a list, a table, a quotation or a note only behind a blank line, and
reads what stands directly under other text as part of it, without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from scripts.report.parts import DIV, HEADING, attribute_blocks, find_images, without_attributes
from scripts.report.source import Document, code_fences

#: An item of a list, and one that a line of a paragraph hardly begins with by chance.
_ITEM = re.compile(r"[ \t]*(?:[-+*]|\(?(?:\w+|#|@[\w-]*)[.)])[ \t]+\S")
_FIRST = re.compile(r"[ \t]*(?:[-+*]|\(?[1ai][.)]|\(?@[\w-]*\))[ \t]+\S")
_NOTE = re.compile(r" {0,3}\[\^?[^\]\s]+\]:")
_ROW = re.compile(r"[ \t]*(?:\|.*\|[ \t]*$|\+[-=])")
_RULE = re.compile(r"[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*[|+])*[ \t]*:?-+:?[ \t]*\|?[ \t]*$")
_CAPTION = re.compile(r"[ \t>]*(?::|[Tt]able:)[ \t]")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_PARAGRAPH = re.compile(r"(?:[^\n]*\S[^\n]*(?:\n|\Z))+")
_OPENING = re.compile(r"\s*(?:[-+*>#]+|\(?(?:\w+|@[\w-]*)[.)])\s")
_INDENTED = 4
_PAIRED = re.compile(r"\\.|\*\*+|`+", re.DOTALL)
_TILDES = re.compile(r"[ \t]*~{3,}")


class Stray(NamedTuple):
    """Markup that does not act as such: where it stands, and what to do about it."""

    offset: int
    message: str


class _Line(NamedTuple):
    """A line: where it begins, as the author wrote it, and with x for code and formulas."""

    offset: int
    text: str
    prose: str

    @property
    def indent(self) -> int:
        text = self.text.expandtabs(_INDENTED)
        return len(text) - len(text.lstrip())


@dataclass
class _Block:
    """The block that is being read: ``kind`` is "" behind a blank line.

    hanging: whether an indented block belongs to a list or a note above it.
    """

    kind: str = ""
    hanging: bool = False
    indent: int = 0
    lines: int = 0
    columns: int = 0
    divs: list[int] = field(default_factory=list)

    def begin(self, kind: str, indent: int = 0) -> None:
        self.kind, self.indent, self.lines, self.columns = kind, indent, 0, 0


def stray_markup(document: Document) -> Iterator[Stray]:
    """Every piece of markup of the body that does not act as such."""
    yield from _out_of_place(document)
    yield from _captions_alone(document)
    yield from _pictures_in_text(document)
    yield from _loose_braces(document)
    yield from _unpaired(document)
    for (start, _), latex, display in document.formulas:
        if display and re.search(r"\n[ \t]*\n", latex):
            yield Stray(start, "a displayed formula holds no blank line; take it out of this one.")
        elif display and re.match(r"\n[ \t]*(?:[:~][ \t]|[=-]+[ \t]*\n)", latex):
            yield Stray(start, "begin this formula with another sign, or in the dollars' line.")


def _lines(document: Document) -> Iterator[_Line]:
    """The lines of the body; a block of code is one blank line to what surrounds it."""
    fences = list(code_fences(document.text, document.body))
    offset = document.body
    for text in document.text[document.body :].split("\n"):
        start, offset = offset, offset + len(text) + 1
        inside = next((first for first, end in fences if first <= start < end), None)
        is_comment = (
            text.strip() and "`" not in text and not document.code_free[start:offset].strip()
        )
        if inside is None and not is_comment:
            prose = document.prose[start : offset - 1]
            if prose != text:  # a formula counts as text
                prose = "".join(
                    "x" if sign.isspace() > was.isspace() else sign
                    for sign, was in zip(prose, text, strict=True)
                )
            yield _Line(start, text, prose)
        elif inside == start and _TILDES.match(text):
            yield _Line(start, text, "")
        elif inside is not None:
            yield _Line(start, "", "")


def _out_of_place(document: Document) -> Iterator[Stray]:
    block = _Block()
    for line in _lines(document):
        if not line.text.strip(" \t>"):
            block.begin("")
            continue
        found = _of_line(line, block)
        if found is not None:
            yield Stray(line.offset, found)
        block.lines += 1
    for offset in block.divs:
        yield Stray(offset, "this div is unclosed; end it with a line `:::`.")


def _of_line(line: _Line, block: _Block) -> str | None:
    """What is wrong with a line; ``block`` is carried on to behind it."""
    text, fence = line.prose, DIV.match(line.prose)
    if fence:
        return _of_fence(line, block, opens=bool(fence[2]))
    if HEADING.match(text.lstrip()):
        under, block.kind = block.kind, ""
        if line.indent:
            return "a heading begins at the margin; take the blanks before it away."
        return _wants_blank(under, "a heading")
    if re.match(r"#{1,6}[A-Za-z]", text):
        return r"write a heading as `# Title`, with a blank between, or the sign as `\#`."
    if block.kind:
        return _of_continuation(line, block)
    if line.indent >= _INDENTED and not block.hanging:
        return "a line that begins with four blanks is code; take them away, or write a fence."
    block.begin(_kind(text), line.indent)
    block.hanging = block.kind in ("list", "note", "caption") or (block.hanging and line.indent > 0)
    return None


def _of_fence(line: _Line, block: _Block, opens: bool) -> str | None:
    under, block.kind = block.kind, ""
    if opens:
        block.divs.append(line.offset)
    if line.indent and opens:
        return "a div begins at the margin; take the blanks before its colons away."
    if opens:
        return _wants_blank(under, "a div")
    if not block.divs:
        return "these colons close nothing; take them out."
    block.divs.pop()
    return None


def _wants_blank(under: str, what: str) -> str | None:
    return f"{what} needs a blank line before it; without one it is text." if under else None


def _kind(text: str, item: re.Pattern[str] = _ITEM) -> str:
    """What a block is, by its first line."""
    for kind, begin in (("table", _ROW), ("list", item), ("note", _NOTE), ("caption", _CAPTION)):
        if begin.match(text):
            return kind
    return "quotation" if text.lstrip().startswith(">") else "text"


def _of_continuation(line: _Line, block: _Block) -> str | None:
    """What is wrong with a line that stands directly under another."""
    text = line.prose
    if block.kind == "table":
        return _of_row(text, block)
    if block.lines == 1 and "|" in text and _RULE.match(text):
        block.kind = "table"
        block.columns = _cells(text)
        return None
    if _UNDERLINE.match(text):
        return "this line makes a heading of the one above it; write `# Title`, or a blank line."
    if _TILDES.match(line.text):
        return _wants_blank(block.kind, "code between tildes")
    kind = _kind(text, _FIRST)
    if kind == "caption":
        block.hanging = True  # a definition
    if block.kind != "text" or kind in ("text", "caption"):
        return None
    if kind == "list" and line.indent < block.indent:
        return None  # the next item of the list that this paragraph belongs to
    block.begin(kind)
    return _wants_blank(block.kind, f"a {kind}")


def _of_row(text: str, block: _Block) -> str | None:
    if _CAPTION.match(text):
        block.kind = "caption"
    elif block.lines == 1 and _RULE.match(text):
        block.columns = _cells(text)
    elif block.columns and "|" not in text:
        return "this line is read as a row of the table above; leave a blank line between."
    elif block.columns and _cells(text) != block.columns:
        return (
            f"this row has {_cells(text)} cells and its table {block.columns} columns; give it "
            r"as many (write `\|` for a bar that is no border)."
        )
    return None


def _cells(row: str) -> int:
    bars = re.findall(r"(?<!\\)\|", row.strip().strip("|"))
    return len(bars) + 1


def _captions_alone(document: Document) -> Iterator[Stray]:
    """Captions of tables with no table beside them, or with braces."""
    paragraphs = list(_PARAGRAPH.finditer(document.prose))
    for index, match in enumerate(paragraphs):
        if not (_CAPTION.match(match[0]) and "{#tbl-" in document.text[slice(*match.span())]):
            continue
        if re.search(r"\\[{}]", match[0]):
            yield Stray(match.start(), "a table's caption holds no braces; Quarto would lose it.")
        if match[0][0].isspace() and _in_div(document, match.start()):
            yield Stray(
                match.start(),
                "a numbered table in a list in a div loses its caption in Quarto; take it out of "
                "the list or of the div.",
            )
        beside = [other[0] for other in paragraphs[max(index - 1, 0) : index + 2] if other != match]
        if not re.search(r"\||--", "".join(beside)):
            yield Stray(match.start(), "no table stands above or below this caption.")


def _in_div(document: Document, offset: int) -> bool:
    lines = document.prose[document.body : offset].split("\n")
    fences = (DIV.match(line) for line in lines)
    return sum(1 if fence[2] else -1 for fence in fences if fence) > 0


def _pictures_in_text(document: Document) -> Iterator[Stray]:
    """Figures that do not stand alone, of which Pandoc would keep the picture only."""
    text, images = document.text, find_images(document)
    for match in re.finditer(r"(?<!\\)!\[", without_attributes(document)):
        if match.start() not in {image.offset for image in images}:
            yield Stray(
                match.start(), r"an image is written `![caption](file)`; write `\!` for the sign."
            )
    for image in images:
        if not image.caption.strip() and not image.attributes.identifier:
            continue
        line = text.rfind("\n", 0, image.offset) + 1
        before = text[text.rfind("\n", 0, max(line - 1, 0)) + 1 : max(line - 1, 0)]
        first, _, behind = text[image.end :].partition("\n")
        alone = not text[line : image.offset].strip(" \t>") and not first.strip()
        if not (alone and _parts(before) and _parts(behind.partition("\n")[0])):
            yield Stray(
                image.offset,
                f"the figure {image.path} must stand alone between blank lines, or its caption "
                "and its number are lost.",
            )


def _parts(line: str) -> bool:
    """Whether a line keeps its neighbours apart: blank, a heading, the fence of a div."""
    bare = line.strip(" \t>")
    return not bare or bool(HEADING.match(bare)) or bool(DIV.match(bare)) or bare == "---"


def _loose_braces(document: Document) -> Iterator[Stray]:
    """Attributes that belong to nothing, and titles that would be read as lists."""
    for attributes, start, end in attribute_blocks(document):
        for key in ("name", "title"):
            if _OPENING.match(attributes.values.get(key, "")):
                yield Stray(
                    start,
                    f"the {key} `{attributes.values[key]}` reads as a block, whose first sign is "
                    "lost; write it as a heading inside the div.",
                )
        if not (attributes.identifier or attributes.classes or attributes.values):
            continue  # the elements of a set
        line = document.prose.rfind("\n", 0, start) + 1
        before = document.text[line:start].rstrip()
        rest = document.prose[end:].partition("\n")[0].strip()
        prose = document.prose[line:start]
        at_end = HEADING.match(prose) or DIV.match(prose + "x") or _CAPTION.match(prose)
        if before.endswith(("$$", ")", "]", "`")) or (at_end and not rest.strip(":")):
            continue
        if not before and document.text[:line].rstrip(" \t").endswith("$$\n"):
            continue
        yield Stray(
            start,
            "these braces belong to nothing and are printed as text; put them where their heading, "
            r"formula, image or caption ends, or write `\{`.",
        )


def _unpaired(document: Document) -> Iterator[Stray]:
    """Signs that open or close emphasis or code by themselves."""
    rule = re.compile(r"^[ \t>]*(?:[-+*][ \t]+)*(?:\*[ \t]*){3,}$", re.MULTILINE)
    prose = rule.sub(lambda found: " " * len(found[0]), without_attributes(document))
    for paragraph in _PARAGRAPH.finditer(prose):
        signs = [found for found in _PAIRED.finditer(paragraph[0]) if found[0][0] != "\\"]
        for sign, what in (("*", "strong text"), ("`", "code")):
            found = [match for match in signs if match[0][0] == sign]
            if len(found) % 2:
                yield Stray(
                    paragraph.start() + found[-1].start(),
                    f"`{found[-1][0]}` opens or closes no {what}; pair it, or write a backslash "
                    "before it.",
                )
