"""Documents from the grammar that the engine accepts, each with the words that it must give.

``documents()`` draws a tree; ``files`` writes it down as Markdown, ``words`` says what either
edition has to show. Neither asks the engine, nor Pandoc, what the Markdown means.

The words of a document are a line for each block, to be compared sign by sign. Marks say what an
extractor of text cannot know: ``MAYBE`` (a blank or none), ``BULLET`` (any sign of a list), and
``FORMULA`` … ``END`` (signs in any order, with any blanks).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import count
from typing import Any, ClassVar, Literal

import yaml
from hypothesis import strategies as st

Edition = Literal["pdf", "html"]
MAYBE, BULLET, FORMULA, END = "\0", "\1", "\2", "\3"

# ------------------------------------------------------------------- the parts of a document


class Book:
    """What the parts of one document know of each other: labels, numbers, notes, variables."""

    def __init__(self, document: Document) -> None:
        self.labels: dict[int, str] = {}
        self.names: list[tuple[str, str, str]] = []
        self.numbers: dict[int, str] = {}
        self.notes: dict[int, int] = {}
        self.variables: dict[int, str] = {}
        self.values: dict[str, str] = {}
        self.cited: list[str] = []
        counts: dict[str, Iterator[int]] = {}
        section = [0] * 7

        def label(node: Node, kind: str, number: str) -> None:
            self.labels[id(node)] = f"{kind}-{len(self.labels)}"
            self.numbers[id(node)] = number
            self.names.append((self.labels[id(node)], KINDS[kind], number))

        def visit(node: Node, whole: str, panels: Iterator[int]) -> None:
            if isinstance(node, Heading) and node.numbered:
                section[node.level] += 1
                section[node.level + 1 :] = [0] * (6 - node.level)
                label(node, "sec", ".".join(map(str, section[1 : node.level + 1])))
            elif isinstance(node, Figure | Table) and whole:
                label(node, node.kind, whole + "abcdef"[next(panels)])
            elif isinstance(node, Figure | Panels) or (
                isinstance(node, Table) and node.caption is not None
            ) or (isinstance(node, Equation | Statement) and node.labelled):
                number = str(next(counts.setdefault(node.kind, count(1))))
                label(node, node.kind, number)
                if isinstance(node, Panels):
                    whole, panels = number, count()
            elif isinstance(node, Note):
                self.notes[id(node)] = len(self.notes) + 1
            elif isinstance(node, Variable):
                self.variables[id(node)] = f"v{len(self.variables)}"
                self.values[self.variables[id(node)]] = node.text
            elif isinstance(node, Citation):
                self.cited += [key for key in node.keys if key not in self.cited]
            for child in children(node):
                visit(child, whole, panels)

        for part in document.parts():
            visit(part, "", count())


class Node:
    """A part of a document."""

    def markdown(self, book: Book) -> str:
        """How an author writes it."""
        raise NotImplementedError

    def words(self, book: Book, edition: Edition) -> str:
        """What a reader finds in an edition."""
        raise NotImplementedError


def children(node: Node) -> Iterator[Node]:
    """The parts that a part is made of, in the order in which they are printed."""
    names = [entry.name for entry in fields(node)]  # type: ignore[arg-type]
    if getattr(node, "kind", "") == "tbl":  # whose caption stands above
        names.sort(key="caption".__ne__)
    for name in names:
        waiting = [getattr(node, name)]
        while waiting:
            found = waiting.pop(0)
            if isinstance(found, Node):
                yield found
            elif isinstance(found, tuple):
                waiting[:0] = found


def escape(text: str) -> str:
    """The Markdown of a literal text: a backslash before every sign of ASCII but blanks."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def escape_lightly(text: str) -> str:
    """The same with backslashes only where, within a line, Pandoc would read something else."""
    text = re.sub(r"""([\\`*_{}\[\]()#!|<>^$@"'~])|(&)(?=[\w#])""", r"\\\g<0>", text)
    return re.sub(r"(?<=-)-|(?<=\.)\.", r"\\\g<0>", text)


# Within a line


@dataclass(frozen=True)
class Text(Node):
    """Words as they are."""

    text: str
    lightly: bool = False

    def markdown(self, book: Book) -> str:
        return escape_lightly(self.text) if self.lightly else escape(self.text)

    def words(self, book: Book, edition: Edition) -> str:
        return self.text


@dataclass(frozen=True)
class Smart(Node):
    """What Pandoc makes typographic signs of, as an author types it."""

    source: str
    shown: str

    def markdown(self, book: Book) -> str:
        return self.source

    def words(self, book: Book, edition: Edition) -> str:
        return self.shown


@dataclass(frozen=True)
class Line(Node):
    """Parts of a line, and what stands between them: nothing, a blank, a line break."""

    items: tuple[Node, ...] = ()
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
class Styled(Node):
    """Emphasis and its like."""

    marks: tuple[str, str]
    inner: Line

    def markdown(self, book: Book) -> str:
        return self.marks[0] + self.inner.markdown(book) + self.marks[1]

    def words(self, book: Book, edition: Edition) -> str:
        return self.inner.words(book, edition)


@dataclass(frozen=True)
class Script(Node):
    """Text set lower or higher."""

    mark: str
    inner: Text

    def markdown(self, book: Book) -> str:
        return self.mark + self.inner.markdown(book).replace(" ", r"\ ") + self.mark

    def words(self, book: Book, edition: Edition) -> str:
        return MAYBE + self.inner.words(book, edition) + MAYBE


@dataclass(frozen=True)
class Quoted(Node):
    """Words in quotation marks that Pandoc bends."""

    marks: tuple[str, str, str]
    inner: Line

    def markdown(self, book: Book) -> str:
        return self.marks[0] + self.inner.markdown(book) + self.marks[0]

    def words(self, book: Book, edition: Edition) -> str:
        return self.marks[1] + self.inner.words(book, edition) + self.marks[2]


@dataclass(frozen=True)
class Code(Node):
    """Code within a line."""

    text: str

    def markdown(self, book: Book) -> str:
        ticks = "``" if "`" in self.text else "`"
        return f"{ticks} {self.text} {ticks}"

    def words(self, book: Book, edition: Edition) -> str:
        return self.text


@dataclass(frozen=True)
class Math(Node):
    """A formula within a line: its LaTeX, and its signs in the PDF and in the HTML."""

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
class Link(Node):
    """A link to an address."""

    inner: Line
    target: str

    def markdown(self, book: Book) -> str:
        return f"[{self.inner.markdown(book)}]({self.target})"

    def words(self, book: Book, edition: Edition) -> str:
        return self.inner.words(book, edition)


@dataclass(frozen=True)
class Reference(Node):
    """A reference to one of the document's labels (``which``, counted round), in one of its forms."""

    which: int
    form: str

    def markdown(self, book: Book) -> str:
        if not book.names:
            return "nothing"
        label = book.names[self.which % len(book.names)][0]
        return self.form.replace("label", label)

    def words(self, book: Book, edition: Edition) -> str:
        if not book.names:
            return "nothing"
        _, name, number = book.names[self.which % len(book.names)]
        if "-@" in self.form:
            return number
        prefix = re.match(r"\[(\w+) ", self.form)
        return f"{prefix[1] if prefix else name} {number}"


@dataclass(frozen=True)
class Citation(Node):
    """A citation: keys of ``BIBLIOGRAPHY``, in brackets or as a word of the sentence."""

    keys: tuple[str, ...]
    locator: str = ""
    named: bool = False

    def markdown(self, book: Book) -> str:
        if self.named:
            return f"@{self.keys[0]}" + (f" [{self.locator}]" if self.locator else "")
        return f"[{'; '.join('@' + key for key in self.keys)}{', ' * bool(self.locator)}{self.locator}]"

    def words(self, book: Book, edition: Edition) -> str:
        numbers = sorted(book.cited.index(key) + 1 for key in self.keys)
        shown = ", ".join(f"[{number}]" for number in numbers)
        if self.locator:
            shown = f"{shown[:-1]}, {self.locator}]"
        return f"{BIBLIOGRAPHY[self.keys[0]][0]} {shown}" if self.named else shown


@dataclass(frozen=True)
class Variable(Node):
    """A variable whose value is a text."""

    text: str

    def markdown(self, book: Book) -> str:
        return f"{{{{< var {book.variables[id(self)]} >}}}}"

    def words(self, book: Book, edition: Edition) -> str:
        return self.text


@dataclass(frozen=True)
class CodeVariable(Variable):
    """The same in code."""

    def markdown(self, book: Book) -> str:
        return f"`{super().markdown(book)}`"


@dataclass(frozen=True)
class Note(Node):
    """A footnote."""

    inner: Line

    def markdown(self, book: Book) -> str:
        return f"^[{self.inner.markdown(book)}]"

    def words(self, book: Book, edition: Edition) -> str:
        return f"{MAYBE}{book.notes[id(self)]}{MAYBE}"

    def foot(self, book: Book, edition: Edition) -> str:
        """The note itself."""
        text = self.inner.words(book, edition)
        if edition == "html":
            return f"{text}{MAYBE}↩"
        return f"{book.notes[id(self)]}{MAYBE}{text}"


# Blocks

def stacked(blocks: Sequence[Node], book: Book) -> str:
    return "\n\n".join(block.markdown(book) for block in blocks)


def read(blocks: Sequence[Node], book: Book, edition: Edition) -> str:
    return "\n".join(block.words(book, edition) for block in blocks)


def indented(text: str, first: str) -> str:
    return first + text.replace("\n", "\n" + " " * len(first))


@dataclass(frozen=True)
class Paragraph(Node):
    line: Line

    def markdown(self, book: Book) -> str:
        return self.line.markdown(book)

    def words(self, book: Book, edition: Edition) -> str:
        return self.line.words(book, edition)


@dataclass(frozen=True)
class Heading(Node):
    level: int
    line: Line
    numbered: bool = True

    def markdown(self, book: Book) -> str:
        tail = f"{{#{book.labels[id(self)]}}}" if self.numbered else "{.unnumbered}"
        return f"{'#' * self.level} {self.line.markdown(book, ' ')} {tail}"

    def words(self, book: Book, edition: Edition) -> str:
        number = f"{book.numbers[id(self)]} " if self.numbered else ""
        return number + self.line.words(book, edition)


@dataclass(frozen=True)
class Items(Node):
    """A list; ``style`` is the marker of the first item."""

    style: str
    items: tuple[tuple[Node, ...], ...]
    tight: bool

    def markdown(self, book: Book) -> str:
        gap = "\n" if self.tight else "\n\n"
        return gap.join(
            indented(gap.join(block.markdown(book) for block in item), f"{mark:<4} ")
            for mark, item in zip(STYLES[self.style], self.items, strict=False)
        )

    def words(self, book: Book, edition: Edition) -> str:
        return "\n".join(
            (f"{BULLET if self.style == '-' else mark}\n" if edition == "pdf" else "")
            + read(item, book, edition)
            for mark, item in zip(STYLES[self.style], self.items, strict=False)
        )


STYLES = {
    "-": ("-", "-", "-"),
    "1.": ("1.", "2.", "3."),
    
}


@dataclass(frozen=True)
class Definitions(Node):
    items: tuple[tuple[Line, tuple[Node, ...]], ...]

    def markdown(self, book: Book) -> str:
        return "\n\n".join(
            f"{term.markdown(book)}\n\n{indented(stacked(inner, book), ':   ')}"
            for term, inner in self.items
        )

    def words(self, book: Book, edition: Edition) -> str:
        return "\n".join(
            term.words(book, edition) + "\n" + read(inner, book, edition)
            for term, inner in self.items
        )


@dataclass(frozen=True)
class Quotation(Node):
    blocks: tuple[Node, ...]

    def markdown(self, book: Book) -> str:
        return indented(stacked(self.blocks, book), "> ").replace("\n  ", "\n> ")

    def words(self, book: Book, edition: Edition) -> str:
        return read(self.blocks, book, edition)


@dataclass(frozen=True)
class CodeBlock(Node):
    language: str
    lines: tuple[str, ...]

    def markdown(self, book: Book) -> str:
        return "\n".join([f"```{self.language}", *self.lines, "```"])

    def words(self, book: Book, edition: Edition) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Rule(Node):
    def markdown(self, book: Book) -> str:
        return "***"

    def words(self, book: Book, edition: Edition) -> str:
        return ""


@dataclass(frozen=True)
class Equation(Node):
    """A displayed formula."""

    labelled: bool
    formula: Math
    kind: ClassVar[str] = "eq"

    def markdown(self, book: Book) -> str:
        label = f' {{#{book.labels[id(self)]} alt="A formula"}}' if self.labelled else ""
        return f"$$\n{self.formula.latex}\n$${label}"

    def words(self, book: Book, edition: Edition) -> str:
        number = f"({book.numbers[id(self)]})" if self.labelled else ""
        return FORMULA + self.formula.signs(edition) + number + END


def caption(node: Node, line: Line, book: Book, edition: Edition) -> str:
    """A caption as printed, by the kind and number of what it belongs to."""
    number = book.numbers[id(node)]
    lead = f"{KINDS[node.kind]} {number}:" if number.isdigit() else f"({number[-1]})"
    return f"{lead} {line.words(book, edition)}"


@dataclass(frozen=True)
class Figure(Node):
    caption: Line
    alternative: str
    kind: ClassVar[str] = "fig"

    def markdown(self, book: Book) -> str:
        alternative = self.alternative.replace("\\", "\\\\").replace('"', '\\"')
        label = f"#{book.labels[id(self)]}"
        return f'![{self.caption.markdown(book, " ")}](line.svg){{{label} fig-alt="{alternative}"}}'

    def words(self, book: Book, edition: Edition) -> str:
        return caption(self, self.caption, book, edition)


@dataclass(frozen=True)
class Table(Node):
    caption: Line | None
    head: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    kind: ClassVar[str] = "tbl"

    def markdown(self, book: Book) -> str:
        rows = [[cell.markdown(book, " ") for cell in row] for row in (self.head, *self.rows)]
        rows.insert(1, ["---"] * len(self.head))
        written = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        if self.caption is not None:
            written += f"\n\n: {self.caption.markdown(book, ' ')} {{#{book.labels[id(self)]}}}"
        return written

    def words(self, book: Book, edition: Edition) -> str:
        words = [] if self.caption is None else [caption(self, self.caption, book, edition)]
        for row in (self.head, *self.rows):
            words += [cell.words(book, edition) for cell in row]
        return "\n".join(words)


@dataclass(frozen=True)
class Panels(Node):
    """Figures or tables side by side, with one caption for all."""

    kind: str
    panels: tuple[Node, ...]
    caption: Line

    def markdown(self, book: Book) -> str:
        inner = stacked([*self.panels, Paragraph(self.caption)], book)
        return f"::: {{#{book.labels[id(self)]} layout-ncol={len(self.panels)}}}\n{inner}\n:::"

    def words(self, book: Book, edition: Edition) -> str:
        own, inner = caption(self, self.caption, book, edition), read(self.panels, book, edition)
        return f"{own}\n{inner}" if self.kind == "tbl" else f"{inner}\n{own}"


@dataclass(frozen=True)
class Statement(Node):
    """A theorem and its like; a proof has no label, and a callout neither."""

    kind: str
    labelled: bool
    title: Line | None
    as_heading: bool
    blocks: tuple[Node, ...]

    def markdown(self, book: Book) -> str:
        attributes = f"#{book.labels[id(self)]}" if self.labelled else f".{self.kind}"
        inner = stacked(self.blocks, book)
        if self.title is not None and self.as_heading:
            inner = f"## {self.title.markdown(book)}\n{inner}"
        elif self.title is not None:
            title = self.title.markdown(book).replace("\\", "\\\\").replace('"', '\\"')
            attributes += f' {"title" if "callout" in self.kind else "name"}="{title}"'
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


@dataclass(frozen=True)
class Document(Node):
    title: Line
    subtitle: Line | None
    authors: tuple[str, ...]
    abstract: Line | None
    blocks: tuple[Node, ...]

    def parts(self) -> Iterator[Node]:
        yield from children(self)

    @property
    def notes(self) -> list[Note]:
        """The footnotes, in order."""
        found: list[Note] = []
        waiting: list[Node] = list(self.parts())
        while waiting:
            node = waiting.pop(0)
            if isinstance(node, Note):
                found.append(node)
            waiting[:0] = children(node)
        return found


KINDS = {
    "fig": "Figure", "tbl": "Table", "eq": "Equation", "sec": "Section", "thm": "Theorem",
    "lem": "Lemma", "cor": "Corollary", "prp": "Proposition", "cnj": "Conjecture",
    "def": "Definition", "exm": "Example", "exr": "Exercise", "alg": "Algorithm",
}  # fmt: skip

# ------------------------------------------------------------------- the document as a whole

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


def files(document: Document) -> Mapping[str, str]:
    """The files of a document by name: its text and its variables."""
    book = Book(document)
    front: dict[str, Any] = {"title": document.title.markdown(book), "date": "2023-04-09"}
    if document.subtitle:
        front["subtitle"] = document.subtitle.markdown(book)
    if document.abstract:
        front["abstract"] = document.abstract.markdown(book)
    front["author"] = [escape(name) for name in document.authors]
    values = {name: escape(text) for name, text in book.values.items()}
    header = yaml.safe_dump(front, allow_unicode=True, width=1000)
    return {
        "doc.qmd": f"---\n{header}---\n\n{stacked(document.blocks, book)}\n",
        "_variables.yml": yaml.safe_dump(values, allow_unicode=True),
    }


def words(document: Document, edition: Edition) -> str:
    """What an edition must show from its first word to its last."""
    book = Book(document)
    title = [document.title.words(book, edition)]
    if document.subtitle:
        title.append(document.subtitle.words(book, edition))
    title += [*document.authors, "2023-04-09"]
    if document.abstract:
        title.append(f"Abstract {document.abstract.words(book, edition)}")
    notes = [note.foot(book, edition) for note in document.notes]
    entries = [f"[{n}] {BIBLIOGRAPHY[key][1]}" for n, key in enumerate(book.cited, 1)]
    bibliography = ["Bibliography", *entries] if entries else []
    body = read(document.blocks, book, edition)
    after = [*bibliography, *notes] if edition == "pdf" else [*notes, *bibliography]
    return "\n".join([*title, *_contents(document, book, edition), body, *after])


def _contents(document: Document, book: Book, edition: Edition) -> Iterator[str]:
    page = "\n1" if edition == "pdf" else ""
    yield "Table of contents"
    for block in document.blocks:
        if isinstance(block, Heading) and block.level <= 3:
            yield block.words(book, edition) + page
    if book.cited:
        yield f"Bibliography{page}"


# ------------------------------------------------------------------- how documents are drawn

HOSTILE = """+ - = / // /* */ # #v #let #[x] * ** _ __ ` ``` ~ ~~ @ @x @fig-x <a> <b> </b> <- -> => <= ~>
    \\ \\n \\alpha $ $x$ $$ ' " 5' 6" it's 'x' "x" -- --- -? -5 .. ... 1. 1) (a) a. i. [x] [ ] { } {.c}
    {#x} | || ^ ^2^ ~2~ & &amp; &lt; % %% ! ![ ? ?? : :: ::: ; , . !! (x) {{< >}} <!-- --> :smile:
    http://a.b/c?d=e&f#g https://a.b 1/2 1-2 a_b a*b 10,5 3.14 #1 C# C++ e.g. i.e. Dr. p. 1990s
    € § × − ‐ – — … « » ± ° naïve Ärger Œuvre Σύνολο слово Straße ﬁ ½""".split()
PLAIN = """alpha beta word letter line sum value proof plain table figure section theorem note text
    one two three""".split()



def known(word: str) -> bool:
    """TEMPORARY: words that are known to be lost."""
    return bool(re.search(r"-\?|(?<![\w])-\d|\d'|^[-+=/]|\.\.\.|`|[<>]|^\d+\.", word))


plain_words = st.sampled_from(PLAIN)
signs = st.text("+-=/#*_`~@<>\\$'\"[]{}|^&%!?.,:;()ab1", min_size=1, max_size=5)
hostile_words = (st.sampled_from(HOSTILE) | signs).filter(lambda w: not known(w))
texts = st.builds(
    Text,
    st.lists(plain_words | hostile_words, min_size=1, max_size=4).map(" ".join),
    st.booleans(),
)
smart = st.sampled_from(
    [
        Smart("it's", "it’s"), Smart("a--b", "a–b"), Smart("a---b", "a—b"), Smart("so...", "so…"),
        Smart(r"5\' 6\"", "5' 6\""), Smart("&amp;", "&"), Smart("&copy;", "©"), Smart("a -- b", "a – b"),
        Smart("http://a.b/c_d", "http://a.b/c_d"), Smart(r"a\ b", "a b"),
        Smart("“x”", "“x”"), Smart("‘x’", "‘x’"), Smart("x’s", "x’s"),
    ]
)  # fmt: skip
codes = st.builds(
    Code,
    st.lists(plain_words | hostile_words, min_size=1, max_size=3)
    .map(" ".join)
    .filter(lambda text: "``" not in text and "|" not in text and "{{<" not in text),
)

FORMULAS = [
    ("x", "x", "x"), ("N", "N", "N"), (r"\alpha", "α", "α"), (r"\theta", "θ", "θ"), ("2", "2", "2"),
    ("3.5", "3.5", "3.5"), ("+", "+", "+"), ("-", "−", "−"), ("=", "=", "="), ("<", "<", "<"),
    (r"\le", "≤", "≤"), (r"\ne", "≠", "≠"), (r"\cdot", "⋅", "⋅"), (r"\times", "×", "×"),
    (r"\in", "∈", "∈"), (r"\to", "→", "→"), (r"\infty", "∞", "∞"), (r"\partial", "∂", "∂"),
    ("x_1", "x1", "x1"), ("x^2", "x2", "x2"), ("x_i^{n+1}", "xin+1", "xin+1"), ("f'", "f′", "f′"),
    (r"\frac{a}{b}", "ab", "ab"), (r"\frac{x_1}{y+1}", "x1y+1", "x1y+1"),
    (r"\left(x\right)", "(x)", "(x)"), ("(x,y)", "(x,y)", "(x,y)"), ("[0,1)", "[0,1)", "[0,1)"),
    (r"\{x\}", "{x}", "{x}"), (r"\mathbb{R}", "R", "R"), (r"\mathcal{L}", "L", "L"),
    (r"\mathbf{x}", "x", "x"), (r"\text{if so}", "ifso", "ifso"), (r"\operatorname{tr}", "tr", "tr"),
    (r"\log x", "logx", "logx"), (r"\%", "%", "%"), (r"\$", "$", "$"), (r"\#", "#", "#"),
    (r"\_", "_", "_"), ("/", "/", "/"), ("!", "!", "!"), (r"\ldots", "…", "…"),
    (r"\quad", "", ""), (r"\,", "", ""), (r"\sum_{i=1}^n", "∑i=1n", "∑i=1n"), (":", ":", ":"),
    (r"\binom{n}{k}", "(nk)", "(nk)"), (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", "(abcd)", "(abcd)"),
    (r"\lVert x\rVert", "‖x‖", "‖x‖"), (r"\lvert x\rvert", "|x|", "|x|"), (r"\text{R\&D}", "R&D", "R&D"),
    (r"\text{a-b}", "a-b", "a-b"), (r"\sqrt{x}", "√x", "x"), (r"\hat{x}", "x\u0302", "x\u0302"),
    (r"\mathrm{KL}", "KL", "KL"), (r"\text{it's}", "it’s", "it’s"), (r"\text{x -- y}", "x–y", "x–y"),
]  # fmt: skip
maths = st.builds(
    Math, st.lists(st.sampled_from(FORMULAS), min_size=1, max_size=5).map(tuple)
).filter(lambda math: bool(math.signs("pdf")))

STYLES_OF_TEXT = [("*", "*"), ("**", "**"), ("~~", "~~"), ("[", "]{.smallcaps}"), ("[", "]{.underline}")]
DOUBLE, SINGLE = ('"', "“", "”"), ("'", "‘", "’")
ADDRESSES = ["https://a.b/c?d=e&f#g", "https://a.b/(c)_d~e", "mailto:a@b.c"]
FORMS = ["@label", "[@label]", "[-@label]", "-@label", "[Abb @label]"]


@st.composite
def lines(
    draw: st.DrawFn, parts: st.SearchStrategy[Node], size: int, breaks: bool = False
) -> Line:
    """Parts with gaps between them; none where one of the two is plain text that does no harm."""
    items: list[Node] = []
    gaps: list[str] = []
    for item in draw(st.lists(parts, min_size=1, max_size=size)):
        if items:
            before = items[-1]
            if isinstance(before, Reference | Citation) and not isinstance(item, Text):
                items.append(Text("and"))  # else Pandoc may take the two together
                gaps.append(" ")
            gaps.append(draw(st.sampled_from([" ", *["\n", "\\\n"] * breaks, *_touch(items[-1], item)])))
        items.append(item)
    return Line(tuple(items), tuple(gaps))


def _touch(before: Node, after: Node) -> list[str]:
    loose = Text, Quoted, Smart, Variable
    if isinstance(after, Text) and not isinstance(before, loose):
        return [] if re.match(r"\w", after.text) else [""]
    loose = *loose, Reference, Citation, Line
    return [""] if isinstance(before, Text) and not isinstance(after, loose) else []


def spans(
    inner: st.SearchStrategy[Line], quotes: Sequence[tuple[str, str, str]] = (DOUBLE, SINGLE)
) -> st.SearchStrategy[Node]:
    """Parts of a line that hold other parts."""
    return st.one_of(
        st.builds(Styled, st.sampled_from(STYLES_OF_TEXT), inner),
        st.builds(Quoted, st.sampled_from(quotes), lines(st.builds(Text, plain_words), 2)),  # TEMPORARY
        st.builds(Link, inner, st.sampled_from(ADDRESSES)),
    )


leaves = st.one_of(texts, texts, smart, codes, maths)
short = lines(st.one_of(texts, texts, codes, maths), 2)
words_only = lines(texts, 2)
scripts = st.builds(
    Script, st.sampled_from("~^"), st.builds(Text, st.sampled_from(["2", "n", "th", "a b", "+", "#", "*"]))
)
references = st.builds(Reference, st.integers(0, 20), st.sampled_from(FORMS))
citations = st.builds(
    Citation, st.permutations(list(BIBLIOGRAPHY)).flatmap(
        lambda keys: st.sampled_from([tuple(keys[:1]), tuple(keys[:1]), tuple(keys[:2])])
    ),
) | st.builds(
    Citation, st.sampled_from(list(BIBLIOGRAPHY)).map(lambda key: (key,)),
    st.sampled_from(["", "p. 5"]), st.booleans(),
)
values = st.lists(plain_words | hostile_words, min_size=1, max_size=3).map(" ".join)
variables = st.builds(Variable, values) | st.builds(CodeVariable, values)
titles = lines(leaves | spans(short), 4)
headings = lines(leaves | spans(short) | scripts | variables, 4)
captions = lines(leaves | spans(short) | scripts | variables | references | citations, 4)
notes = st.builds(Note, st.tuples(texts, lines(leaves | spans(words_only) | citations | references, 3)).map(
    lambda two: Line((two[0], *two[1].items), (" ", *two[1].gaps))
))
possessives = st.builds(
    lambda owner: Line((owner, Smart("'s", "’s")), ("",)),
    maths, # TEMPORARY
)
"""Not beside single quotation marks, which Pandoc would pair with the apostrophe."""
rich = st.one_of(leaves, scripts, variables, references, citations, notes)
proses = lines(st.one_of(leaves, rich, spans(short)), 7, breaks=True) | lines(
    st.one_of(leaves, rich, spans(short, [DOUBLE]), possessives), 7, breaks=True
)
cells = st.just(Line()) | captions

paragraphs = st.builds(Paragraph, proses)
tables = st.integers(1, 3).flatmap(
    lambda width: st.builds(
        Table, st.none() | captions,
        st.lists(captions, min_size=width, max_size=width).map(tuple),
        st.lists(
            st.lists(cells, min_size=width, max_size=width).map(tuple), min_size=1, max_size=3
        ).map(tuple),
    )
)  # fmt: skip
figures = st.builds(
    Figure, captions,
    st.lists(hostile_words, min_size=1, max_size=3).map(lambda words: "a line " + " ".join(words)).filter(lambda text: not re.search(r"\{\{<|[$<]", text)),
)  # fmt: skip
equations = st.builds(Equation, st.booleans(), maths.filter(lambda math: math.latex[0] not in ":+-="))  # TEMPORARY
code_blocks = st.builds(
    CodeBlock, st.sampled_from(["", "python", "text"]),
    st.lists(codes.map(lambda code: code.text), min_size=1, max_size=3).map(tuple),
)  # fmt: skip


@st.composite
def panels(draw: st.DrawFn) -> Panels:
    kind = draw(st.sampled_from(["fig", "tbl"]))
    panel = figures if kind == "fig" else tables.filter(lambda table: table.caption is not None)
    inner = draw(st.lists(panel, min_size=1, max_size=3))
    return Panels(kind, tuple(inner), draw(captions))


def apart(blocks: Sequence[Node]) -> tuple[Node, ...]:
    """Blocks with a paragraph between two lists, which would be one."""
    found: list[Node] = []
    for block in blocks:
        if found and isinstance(block, Items | Definitions) and isinstance(found[-1], Items | Definitions):
            found.append(Paragraph(Line((Text("between"),))))
        found.append(block)
    return tuple(found)


def sequences(block: st.SearchStrategy[Node], size: int) -> st.SearchStrategy[tuple[Node, ...]]:
    return st.lists(block, min_size=1, max_size=size).map(apart)


def containers(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Blocks that hold other blocks."""
    blocks = sequences(inner, 3)
    loose = st.builds(
        Items, st.sampled_from(list(STYLES)),
        st.lists(st.tuples(paragraphs, inner).map(apart) | st.tuples(paragraphs), min_size=1, max_size=3).map(tuple),
        st.just(False),
    )  # fmt: skip
    return st.one_of(
        loose,
        st.builds(Quotation, blocks),
        st.builds(Definitions, st.lists(st.tuples(titles, blocks.filter(lambda b: not isinstance(b[0], CodeBlock))), min_size=1, max_size=2).map(tuple)),
        st.builds(
            Statement, st.sampled_from([kind for kind in KINDS if kind not in ("fig", "tbl", "eq", "sec")]),
            st.just(True), st.none() | titles, st.just(True), blocks,
        ),
        st.builds(
            Statement,
            st.sampled_from(["proof", "remark", "solution", *(f"callout-{kind}" for kind in (
                "note", "tip", "warning", "caution", "important"))]),
            st.just(False), st.none() | titles, st.just(True), blocks,
        ),
    )  # fmt: skip


simple = st.one_of(paragraphs, paragraphs, tables, figures, equations, code_blocks)
tight_lists = st.deferred(lambda: st.builds(
    Items, st.sampled_from(list(STYLES)),
    st.lists(st.tuples(paragraphs) | st.tuples(paragraphs, tight_lists), min_size=1, max_size=3).map(tuple),
    st.just(True),
))  # fmt: skip
nested = simple | tight_lists | st.builds(Rule) | containers(simple | tight_lists)
blocks = st.one_of(simple, simple, panels(), tight_lists, containers(nested))


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Node, ...]:
    """Sections, each a heading (at most one level below the last) and some blocks."""
    found: list[Node] = list(draw(st.lists(blocks, max_size=2)))
    level = 0
    for _ in range(draw(st.integers(1, 4))):
        level = draw(st.integers(1, min(level + 1, 4)))
        found.append(Heading(level, draw(headings), draw(st.sampled_from([True, True, False]))))
        found += draw(st.lists(blocks, max_size=3))
    return apart(found)


def documents() -> st.SearchStrategy[Document]:
    """Documents of every kind of part."""
    return st.builds(
        Document, titles, st.none() | titles,
        st.lists(st.lists(plain_words | hostile_words, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=2).map(tuple),
        st.none() | titles, bodies(),
    )  # fmt: skip
