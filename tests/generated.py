"""Documents as trees: how an author writes each part down, and the words that a reader must find.

Neither asks the engine, nor Pandoc, what the Markdown means. ``grammar.py`` draws the trees.

Words are a line for each block, to be compared sign by sign. Marks say what an extractor of text
cannot know: ``MAYBE`` (a blank or none), ``BULLET`` (any sign that begins an item), and ``FORMULA``
… ``END`` (signs in any order, with any blanks).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import yaml

Edition = Literal["pdf", "html"]
MAYBE, BULLET, FORMULA, END = "\0", "\1", "\2", "\3"

KINDS = {
    "fig": "Figure", "tbl": "Table", "eq": "Equation", "sec": "Section", "thm": "Theorem",
    "lem": "Lemma", "cor": "Corollary", "prp": "Proposition", "cnj": "Conjecture",
    "def": "Definition", "exm": "Example", "exr": "Exercise",
}  # fmt: skip
LEVELS, LISTED_LEVELS = 4, 2
"""Down to which level headings have numbers, and stand in the contents."""


class Part:
    """A part of a document."""

    def markdown(self, book: Book) -> str:
        """How an author writes it."""
        raise NotImplementedError

    def words(self, book: Book, edition: Edition) -> str:
        """What a reader finds in an edition."""
        raise NotImplementedError


def parts(whole: Part) -> Iterator[Part]:
    """The parts that a part is made of, in the order of the source."""
    waiting: list[Any] = [getattr(whole, entry.name) for entry in fields(whole)]  # type: ignore
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, Part):
            yield found
        elif isinstance(found, tuple):
            waiting[:0] = found


class Book:
    """What the parts of one document know of each other: labels, numbers, citations, values.

    labels, numbers, variables: by the ``id`` of the part. names: label, kind and number of whatever
    may be referred to. notes: the footnotes in order. cited: keys in the order of their numbers.
    """

    def __init__(self, document: Document, name: str = "doc") -> None:
        self.name = name
        self.labels: dict[int, str] = {}
        self.numbers: dict[int, str] = {}
        self.names: list[tuple[str, str, str]] = []
        self.notes: list[Note] = []
        self.cited: list[str] = []
        self.variables: dict[int, str] = {}
        self.values: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._section = [0] * 7
        self._read(document, None)

    def _read(self, part: Part, around: Panels | None) -> None:
        if isinstance(part, Heading) and part.numbered:
            self._section[part.level] += 1
            self._section[part.level + 1 :] = [0] * (6 - part.level)
            self._label(part, "sec", ".".join(map(str, self._section[1 : part.level + 1])))
        elif isinstance(part, Captioned) and part.caption is not None and around is not None:
            letter = "abc"[[id(panel) for panel in around.panels].index(id(part))]
            self._label(part, part.kind, self.numbers[id(around)] + letter)
        elif isinstance(part, Captioned | Equation | Statement) and part.labelled:
            self._counts[part.kind] += 1
            self._label(part, part.kind, str(self._counts[part.kind]))
        elif isinstance(part, Note):
            self.notes.append(part)
            self.numbers[id(part)] = str(len(self.notes))
        elif isinstance(part, Variable):
            self.variables[id(part)] = f"v{len(self.variables)}"
            self.values[self.variables[id(part)]] = part.text
        elif isinstance(part, Citation):
            self.cited += [key for key in part.keys if key not in self.cited]
        for inner in parts(part):
            self._read(inner, part if isinstance(part, Panels) else around)

    def _label(self, part: Part, kind: str, number: str) -> None:
        label = f"{kind}-{len(self.labels)}"
        self.labels[id(part)], self.numbers[id(part)] = label, number
        self.names.append((label, KINDS[kind], number))


# ------------------------------------------------------------------- within a line


def escape(text: str) -> str:
    """The Markdown of a literal text: a backslash before every sign of ASCII but blanks."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def escape_lightly(text: str) -> str:
    """The same with backslashes only where, within a line, Pandoc would read something else."""
    text = re.sub(r"""[\\`*_{}\[\]()#!|<>^$@"'~]|&(?=[\w#])""", r"\\\g<0>", text)
    return re.sub(r"(?<=-)-|(?<=\.)\.", r"\\\g<0>", text)


@dataclass(frozen=True)
class Text(Part):
    """Words as they are."""

    text: str
    lightly: bool = False

    def markdown(self, book: Book) -> str:
        return escape_lightly(self.text) if self.lightly else escape(self.text)

    def words(self, book: Book, edition: Edition) -> str:
        return self.text


@dataclass(frozen=True)
class Smart(Part):
    """What Pandoc makes typographic signs of, as an author types it."""

    source: str
    shown: str

    def markdown(self, book: Book) -> str:
        return self.source

    def words(self, book: Book, edition: Edition) -> str:
        return self.shown


@dataclass(frozen=True)
class Line(Part):
    """Parts of a line, and what stands between them: nothing, a blank, a line break."""

    items: tuple[Part, ...] = ()
    gaps: tuple[str, ...] = ()

    def markdown(self, book: Book, before: str = "\n") -> str:
        """``before``: what the line follows, a blank where no block can begin."""
        written = ""
        for gap, item in zip((before, *self.gaps), self.items, strict=False):
            exposed = isinstance(item, Text) and gap != " "
            written += gap + (escape(item.text) if exposed else item.markdown(book))
        return written.removeprefix(before)

    def words(self, book: Book, edition: Edition) -> str:
        found = ""
        for gap, item in zip(("", *self.gaps), self.items, strict=False):
            found += ("\n" if gap == "\\\n" else gap and " ") + item.words(book, edition)
        return found


@dataclass(frozen=True)
class Marked(Part):
    """Emphasis and its like, quotation marks (which Pandoc bends), a link."""

    opening: str
    closing: str
    inner: Line
    shown: tuple[str, str] = ("", "")

    def markdown(self, book: Book) -> str:
        return self.opening + self.inner.markdown(book) + self.closing

    def words(self, book: Book, edition: Edition) -> str:
        return self.shown[0] + self.inner.words(book, edition) + self.shown[1]


@dataclass(frozen=True)
class Script(Part):
    """Text set lower or higher."""

    mark: str
    text: str

    def markdown(self, book: Book) -> str:
        return self.mark + escape(self.text).replace(" ", r"\ ") + self.mark

    def words(self, book: Book, edition: Edition) -> str:
        return MAYBE + self.text + MAYBE


@dataclass(frozen=True)
class Code(Part):
    """Code within a line."""

    text: str

    def markdown(self, book: Book) -> str:
        ticks = "``" if "`" in self.text else "`"
        return f"{ticks} {self.text} {ticks}"

    def words(self, book: Book, edition: Edition) -> str:
        """In a PDF the extractor may see a blank where the font changes."""
        return self.text if edition == "html" else f"{MAYBE}{self.text}{MAYBE}"


@dataclass(frozen=True)
class Formula(Part):
    """A formula within a line; each piece is its LaTeX, its signs in the PDF, those in the HTML."""

    pieces: tuple[tuple[str, str, str], ...]

    @property
    def latex(self) -> str:
        return " ".join(piece[0] for piece in self.pieces)

    def signs(self, edition: Edition) -> str:
        return "".join(piece[1 if edition == "pdf" else 2] for piece in self.pieces)

    def markdown(self, book: Book) -> str:
        return f"${self.latex}$"

    def words(self, book: Book, edition: Edition) -> str:
        return FORMULA + self.signs(edition) + END


@dataclass(frozen=True)
class Reference(Part):
    """A reference to one of the document's labels (``which``, counted round), in some form."""

    which: int
    form: str

    def markdown(self, book: Book) -> str:
        if not book.names:
            return "nothing"
        return self.form.replace("label", book.names[self.which % len(book.names)][0])

    def words(self, book: Book, edition: Edition) -> str:
        if not book.names:
            return "nothing"
        _, name, number = book.names[self.which % len(book.names)]
        own = re.match(r"\[(\w+)(?: @|\]\()", self.form)
        if "](#" in self.form:
            return own[1] if own else ""
        return number if "-@" in self.form else f"{own[1] if own else name} {number}"


@dataclass(frozen=True)
class Citation(Part):
    """A citation: keys of ``BIBLIOGRAPHY``, in brackets or as a word of the sentence."""

    keys: tuple[str, ...]
    locator: str = ""
    named: bool = False

    def markdown(self, book: Book) -> str:
        if self.named:
            return f"@{self.keys[0]}" + (f" [{self.locator}]" if self.locator else "")
        keys = "; ".join(f"@{key}" for key in self.keys)
        return f"[{keys}, {self.locator}]" if self.locator else f"[{keys}]"

    def words(self, book: Book, edition: Edition) -> str:
        numbers = sorted(book.cited.index(key) + 1 for key in self.keys)
        shown = ", ".join(f"[{number}]" for number in numbers)
        if self.locator:
            shown = f"{shown[:-1]}, {self.locator}]"
        return f"{BIBLIOGRAPHY[self.keys[0]][0]} {shown}" if self.named else shown


@dataclass(frozen=True)
class Variable(Part):
    """A variable whose value is a text; the marks are those of code, or none."""

    text: str
    marks: str = ""

    def markdown(self, book: Book) -> str:
        variable = f"{book.name}.{book.variables[id(self)]}"
        return f"{self.marks}{{{{< var {variable} >}}}}{self.marks}"

    def words(self, book: Book, edition: Edition) -> str:
        return self.text


@dataclass(frozen=True)
class Note(Part):
    """A footnote."""

    inner: Line

    def markdown(self, book: Book) -> str:
        return f"^[{self.inner.markdown(book)}]"

    def words(self, book: Book, edition: Edition) -> str:
        return MAYBE + book.numbers[id(self)] + MAYBE

    def foot(self, book: Book, edition: Edition) -> str:
        """The note itself."""
        text = self.inner.words(book, edition)
        return f"{text}{MAYBE}↩" if edition == "html" else f"{self.words(book, edition)}{text}"


# ------------------------------------------------------------------- blocks


def stacked(blocks: Sequence[Part], book: Book) -> str:
    """The Markdown of blocks, one below the other."""
    return "\n\n".join(block.markdown(book) for block in blocks)


def read(blocks: Sequence[Part], book: Book, edition: Edition) -> str:
    """The words of blocks, one after the other."""
    return "\n".join(block.words(book, edition) for block in blocks)


def indented(text: str, first: str) -> str:
    """A text behind a marker."""
    return first + re.sub(r"\n(?!\n)", "\n" + " " * len(first), text)


def quoted(text: str) -> str:
    """A text as the value of an attribute."""
    return '"' + re.sub(r'[\\"]', r"\\\g<0>", text).replace("&", "&amp;") + '"'


@dataclass(frozen=True)
class Paragraph(Part):
    line: Line

    def markdown(self, book: Book) -> str:
        return self.line.markdown(book)

    def words(self, book: Book, edition: Edition) -> str:
        return self.line.words(book, edition)


@dataclass(frozen=True)
class Heading(Part):
    level: int
    line: Line
    numbered: bool = True

    def markdown(self, book: Book) -> str:
        mark = f"#{book.labels[id(self)]}" if self.numbered else ".unnumbered"
        return f"{'#' * self.level} {self.line.markdown(book, ' ')} {{{mark}}}"

    def words(self, book: Book, edition: Edition) -> str:
        number = f"{book.numbers[id(self)]} " if self.numbered else ""
        return number + self.line.words(book, edition)


MARKERS = {
    "-": ("-", "-", "-"),
    "1.": ("1.", "2.", "3."),
    "3.": ("3.", "4.", "5."),
    "a)": ("a)", "b)", "c)"),
    "(i)": ("(i)", "(ii)", "(iii)"),
}
"""The markers of a list's items, by that of the first."""


@dataclass(frozen=True)
class Items(Part):
    """A list: three items at most, each some blocks."""

    style: str
    items: tuple[tuple[Part, ...], ...]
    tight: bool

    def markdown(self, book: Book) -> str:
        gap = "\n" if self.tight else "\n\n"
        return gap.join(
            indented(gap.join(block.markdown(book) for block in item), f"{mark:<3} ")
            for mark, item in zip(MARKERS[self.style], self.items, strict=False)
        )

    def words(self, book: Book, edition: Edition) -> str:
        found = []
        for mark, item in zip(MARKERS[self.style], self.items, strict=False):
            found += [BULLET if self.style == "-" else mark] if edition == "pdf" else []
            found.append(read(item, book, edition))
        return "\n".join(found)


@dataclass(frozen=True)
class Definitions(Part):
    """A list of terms and what they mean."""

    items: tuple[tuple[Line, tuple[Part, ...]], ...]

    def markdown(self, book: Book) -> str:
        return "\n\n".join(
            f"{term.markdown(book)}\n\n{indented(stacked(inner, book), ':   ')}"
            for term, inner in self.items
        )

    def words(self, book: Book, edition: Edition) -> str:
        return "\n".join(
            f"{term.words(book, edition)}\n{read(inner, book, edition)}"
            for term, inner in self.items
        )


@dataclass(frozen=True)
class Quotation(Part):
    blocks: tuple[Part, ...]

    def markdown(self, book: Book) -> str:
        return "> " + stacked(self.blocks, book).replace("\n", "\n> ").replace("> \n", ">\n")

    def words(self, book: Book, edition: Edition) -> str:
        return read(self.blocks, book, edition)


@dataclass(frozen=True)
class CodeBlock(Part):
    language: str
    lines: tuple[str, ...]

    def markdown(self, book: Book) -> str:
        return "\n".join([f"```{self.language}", *self.lines, "```"])

    def words(self, book: Book, edition: Edition) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Rule(Part):
    """A line across the page."""

    def markdown(self, book: Book) -> str:
        return "***"

    def words(self, book: Book, edition: Edition) -> str:
        return ""


@dataclass(frozen=True)
class Equation(Part):
    """A displayed formula."""

    labelled: bool
    formula: Formula
    kind: ClassVar[str] = "eq"

    def markdown(self, book: Book) -> str:
        label = f' {{#{book.labels[id(self)]} alt="A formula"}}' if self.labelled else ""
        return f"$$\n{self.formula.latex}\n$${label}"

    def words(self, book: Book, edition: Edition) -> str:
        number = f"({book.numbers[id(self)]})" if self.labelled else ""
        return FORMULA + self.formula.signs(edition) + number + END


class Captioned(Part):
    """What has a caption and then a label, too."""

    kind: str
    caption: Line | None

    @property
    def labelled(self) -> bool:
        return self.caption is not None

    def printed(self, book: Book, edition: Edition) -> str:
        """The caption as printed: "Figure 1: words", or "(a) words" under a panel."""
        if self.caption is None:
            return ""
        number = book.numbers[id(self)]
        lead = f"{KINDS[self.kind]} {number}:" if number.isdigit() else f"({number[-1]})"
        return f"{lead} {self.caption.words(book, edition)}"


@dataclass(frozen=True)
class Figure(Captioned):
    caption: Line
    alternative: str
    width: str
    kind: ClassVar[str] = "fig"

    def markdown(self, book: Book) -> str:
        attributes = f"#{book.labels[id(self)]} fig-alt={quoted(self.alternative)}{self.width}"
        return f"![{self.caption.markdown(book, ' ')}](line.svg){{{attributes}}}"

    def words(self, book: Book, edition: Edition) -> str:
        return self.printed(book, edition)


@dataclass(frozen=True)
class Table(Captioned):
    head: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    columns: tuple[str, ...]
    caption: Line | None
    kind: ClassVar[str] = "tbl"

    def markdown(self, book: Book) -> str:
        rows = [[cell.markdown(book, " ") for cell in row] for row in (self.head, *self.rows)]
        rows.insert(1, list(self.columns))
        written = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        if self.caption is None:
            return written
        return f"{written}\n\n: {self.caption.markdown(book, ' ')} {{#{book.labels[id(self)]}}}"

    def words(self, book: Book, edition: Edition) -> str:
        cells = [cell.words(book, edition) for row in (self.head, *self.rows) for cell in row]
        return "\n".join([self.printed(book, edition), *cells])


@dataclass(frozen=True)
class Panels(Captioned):
    """Figures or tables side by side, with one caption for all."""

    kind: str
    panels: tuple[Part, ...]
    caption: Line

    def markdown(self, book: Book) -> str:
        inner = stacked([*self.panels, Paragraph(self.caption)], book)
        return f"::: {{#{book.labels[id(self)]} layout-ncol={len(self.panels)}}}\n{inner}\n:::"

    def words(self, book: Book, edition: Edition) -> str:
        both = [read(self.panels, book, edition), self.printed(book, edition)]
        return "\n".join(reversed(both) if self.kind == "tbl" else both)


@dataclass(frozen=True)
class Statement(Part):
    """A theorem and its like, a proof, a callout; only the first kind has a label."""

    kind: str
    title: Line | None
    as_heading: bool
    blocks: tuple[Part, ...]

    @property
    def labelled(self) -> bool:
        return self.kind in KINDS

    def markdown(self, book: Book) -> str:
        attributes = f"#{book.labels[id(self)]}" if self.labelled else f".{self.kind}"
        inner = stacked(self.blocks, book)
        if self.title is not None and self.as_heading:
            inner = f"## {self.title.markdown(book, ' ')}\n{inner}"
        elif self.title is not None:
            key = "title" if "callout" in self.kind else "name"
            attributes += f" {key}={quoted(self.title.markdown(book))}"
        return f"::: {{{attributes}}}\n{inner}\n:::"

    def words(self, book: Book, edition: Edition) -> str:
        return f"{self._head(book, edition)}\n{read(self.blocks, book, edition)}"

    def _head(self, book: Book, edition: Edition) -> str:
        title = None if self.title is None else self.title.words(book, edition)
        if "callout" in self.kind:
            return self.kind.removeprefix("callout-").capitalize() if title is None else title
        name = KINDS.get(self.kind, self.kind.capitalize())
        name += f" {book.numbers[id(self)]}" if self.labelled else ""
        return f"{name}." if title is None else f"{name} ({title})."


# ------------------------------------------------------------------- the whole


@dataclass(frozen=True)
class Document(Part):
    title: Line
    subtitle: Line | None
    authors: tuple[str, ...]
    abstract: Line | None
    blocks: tuple[Part, ...]

    @property
    def alternatives(self) -> list[str]:
        """The alternative texts of the figures, in order."""
        waiting, found = [*parts(self)], []
        while waiting:
            part = waiting.pop(0)
            found += [part.alternative] if isinstance(part, Figure) else []
            waiting[:0] = parts(part)
        return found


BIBLIOGRAPHY = {
    "ada1843": ("A. Lovelace", "A. Lovelace, Notes on an engine. Taylor, 1843."),
    "two2001": (
        "M. Curie and P. Erdős",
        "M. Curie and P. Erdős, “On two things,” Journal, vol. 3, pp. 1–9, 2001.",
    ),
    "many1999": ("A. One et al.", "A. One et al., A book by many. Press, 1999."),
}
"""By key: the authors within a sentence, and the entry of the list."""

BIBTEX = """@book{ada1843,
  title = {Notes on an engine}, author = {Lovelace, Ada}, publisher = {Taylor}, year = {1843}
}
@article{two2001,
  title = {On two things}, author = {Curie, Marie and Erdős, Paul}, journal = {Journal},
  volume = {3}, pages = {1--9}, year = {2001}
}
@book{many1999,
  title = {A book by many}, publisher = {Press}, year = {1999},
  author = {One, A. and Two, B. and Three, C. and Four, D. and Five, E. and Six, F. and Seven, G.}
}
"""


def source(document: Document, name: str = "doc") -> tuple[str, dict[str, Any]]:
    """The text of a document and the variables that it asks for, below its name."""
    book = Book(document, name)
    front = {
        "toc-depth": LISTED_LEVELS,
        "title": document.title.markdown(book),
        "author": [escape(author) for author in document.authors],
        "date": "2023-04-09",
    }
    for key, line in (("subtitle", document.subtitle), ("abstract", document.abstract)):
        if line is not None:
            front[key] = line.markdown(book)
    header = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1000)
    values = {variable: escape(text) for variable, text in book.values.items()}
    return f"---\n{header}---\n\n{stacked(document.blocks, book)}\n", {name: values}


def sections(document: Document, book: Book, edition: Edition) -> dict[str, list[str]]:
    """The words of an edition, by what stands together in it."""
    title = [document.title.words(book, edition)]
    if document.subtitle is not None:
        title.append(document.subtitle.words(book, edition))
    title += [*document.authors, "2023-04-09"]
    if document.abstract is not None:
        title.append(f"Abstract {document.abstract.words(book, edition)}")
    entries = [f"[{number}] {BIBLIOGRAPHY[key][1]}" for number, key in enumerate(book.cited, 1)]
    return {
        "title": title,
        "contents": list(_contents(document, book, edition)),
        "body": [read(document.blocks, book, edition)],
        "bibliography": ["Bibliography", *entries] if entries else [],
        "notes": [note.foot(book, edition) for note in book.notes],
    }


def words(document: Document, edition: Edition) -> str:
    """What an edition must show from its first word to its last."""
    found = sections(document, Book(document), edition)
    last = ("bibliography", "notes") if edition == "pdf" else ("notes", "bibliography")
    order = ("title", "contents", "body", *last)
    return "\n".join(line for section in order for line in found[section])


def _contents(document: Document, book: Book, edition: Edition) -> Iterator[str]:
    """The table of contents; all of the PDF is one page."""
    listed = [
        block.words(book, edition)
        for block in document.blocks
        if isinstance(block, Heading) and block.level <= LISTED_LEVELS
    ]
    yield "Table of contents"
    for entry in [*listed, *["Bibliography"] * bool(book.cited)]:
        yield f"{entry}\n1" if edition == "pdf" else entry
