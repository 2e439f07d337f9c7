"""Draws documents from the grammar that the engine accepts, with words that look like markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generated import (
    BIBLIOGRAPHY,
    KINDS,
    LEVELS,
    MARKERS,
    Citation,
    Code,
    CodeBlock,
    Definitions,
    Document,
    Equation,
    Figure,
    Formula,
    Heading,
    Items,
    Line,
    Marked,
    Note,
    Panels,
    Paragraph,
    Part,
    Quotation,
    Reference,
    Rule,
    Script,
    Smart,
    Statement,
    Table,
    Text,
    Variable,
    parts,
)
from hypothesis import strategies as st

# ------------------------------------------------------------------- words

PLAIN = """alpha beta word letter line sum value proof plain table figure section theorem note text
    one two three"""
HOSTILE = r"""+ - = / // /* */ # #v #let #[x] * ** _ __ ` ``` ~ ~~ @ @x @fig-x <a> <b> </b> <-
    -> => <= ~> \ \n \alpha $ $x$ $$ ' " 5' 6" it's 'x' "x" -- --- -? -5 .. ... 1. 1) (a) a. i.
    [ ] { } {.c} {#x} | || ^ ^2^ ~2~ & &amp; &lt; % %% ! ![ ? ?? : :: ::: ; , . !! (x) <!-- -->
    :smile: http://a.b/c?d=e&f#g https://a.b 1/2 1-2 a_b a*b 10,5 3.14 #1 C# C++ e.g. i.e. Dr.
    p. 1990s € § × − ‐ – — … « » ± ° naïve Ärger Œuvre Σύνολο слово Straße ﬁ ½"""
SIGNS = "+-=/#*_`~@<>\\$'\"[]{}|^&%!?.,:;()ab1"

hostile = st.sampled_from(HOSTILE.split()) | st.text(SIGNS, min_size=1, max_size=5).filter(
    lambda text: ">}}" not in text and "{{<" not in text  # a shortcode, wherever it stands
)
phrases = st.lists(st.sampled_from(PLAIN.split()) | hostile, min_size=1, max_size=4).map(" ".join)
texts = st.builds(Text, phrases, st.booleans())
smart = st.sampled_from([
    Smart("it's", "it’s"), Smart("1990's", "1990’s"), Smart("x’s", "x’s"), Smart("‘x’", "‘x’"),
    Smart("“x”", "“x”"), Smart(r"5\' 6\"", "5' 6\""), Smart("a--b", "a–b"), Smart("a---b", "a—b"),
    Smart("a -- b", "a – b"), Smart("so...", "so…"), Smart("&amp;", "&"), Smart("&copy;", "©"),
    Smart(r"a\ b", "a b"), Smart("http://a.b/c_d", "http://a.b/c_d"),
])  # fmt: skip
code_texts = phrases.filter(lambda text: not re.search(r"``|\|", text))
codes = st.builds(Code, code_texts)

PIECES = [
    *((sign, sign, sign) for sign in "xN2+=<:/!"), ("-", "−", "−"), ("3.5", "3.5", "3.5"),
    (r"\alpha", "α", "α"), (r"\theta", "θ", "θ"), (r"\le", "≤", "≤"), (r"\ne", "≠", "≠"),
    (r"\cdot", "⋅", "⋅"), (r"\times", "×", "×"), (r"\in", "∈", "∈"), (r"\to", "→", "→"),
    (r"\infty", "∞", "∞"), (r"\partial", "∂", "∂"), (r"\ldots", "…", "…"), (r"\%", "%", "%"),
    (r"\$", "$", "$"), (r"\#", "#", "#"), (r"\_", "_", "_"), (r"\&", "&", "&"), (r"\quad", "", ""),
    (r"\,", "", ""), ("x_1", "x1", "x1"), ("x^2", "x2", "x2"), ("x_i^{n+1}", "xin+1", "xin+1"),
    ("f'", "f′", "f′"), (r"\frac{a}{b}", "ab", "ab"), (r"\frac{x_1}{y+1}", "x1y+1", "x1y+1"),
    (r"\sqrt{x}", "√x", "x"), (r"\hat{x}", "x", "x\u0302"), (r"\binom{n}{k}", "(nk)", "(nk)"),
    (r"\sum_{i=1}^n", "∑i=1n", "∑i=1n"), (r"\log x", "logx", "logx"), ("(x,y)", "(x,y)", "(x,y)"),
    ("[0,1)", "[0,1)", "[0,1)"), (r"\{x\}", "{x}", "{x}"), (r"\left(x\right)", "(x)", "(x)"),
    (r"\lVert x\rVert", "‖x‖", "‖x‖"), (r"\lvert x\rvert", "|x|", "|x|"),
    (r"\mathbb{R}", "R", "R"), (r"\mathcal{L}", "L", "L"), (r"\mathbf{x}", "x", "x"),
    (r"\mathrm{KL}", "KL", "KL"), (r"\operatorname{tr}", "tr", "tr"),
    (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", "(abcd)", "(abcd)"),
    (r"\text{if so}", "ifso", "ifso"), (r"\text{R\&D}", "R&D", "R&D"),
    (r"\text{a-b}", "a-b", "a-b"), (r"\text{it's}", "it’s", "it’s"),
    (r"\text{x -- y}", "x–y", "x–y"),
]  # fmt: skip
formulas = (
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=5)
    .filter(lambda pieces: any(piece[1] for piece in pieces))
    .map(lambda pieces: Formula(tuple(pieces)))
)

# ------------------------------------------------------------------- lines


@st.composite
def lines(
    draw: st.DrawFn, part: st.SearchStrategy[Part], size: int, breaks: tuple[str, ...] = ()
) -> Line:
    """Parts with gaps between them: a blank, one of ``breaks``, nothing where Markdown allows."""
    items: list[Part] = []
    gaps: list[str] = []
    for item in draw(st.lists(part, min_size=1, max_size=size)):
        if items and isinstance(items[-1], Reference | Citation) and not isinstance(item, Text):
            items.append(Text("and"))  # else Pandoc may take the two for one
            gaps.append(" ")
        if items:
            touching = ("",) if _may_touch(items[-1], item) else ()
            gaps.append(draw(st.sampled_from((" ", *breaks, *touching))))
        items.append(item)
    return Line(tuple(items), tuple(gaps))


def _may_touch(before: Part, after: Part) -> bool:
    """Plain text may follow most parts, if it begins with a sign, and may precede some."""
    if isinstance(after, Text):
        parts = Marked, Script, Code, Formula, Reference, Citation, Note
        return isinstance(before, parts) and not re.match(r"\w", after.text)
    return isinstance(before, Text) and isinstance(after, Script | Code | Formula | Note)


STYLES = [("*", "*"), ("**", "**"), ("~~", "~~"), ("[", "]{.smallcaps}"), ("[", "]{.underline}")]
ADDRESSES = ["https://a.b/c?d=e&f#g", "https://a.b/(c)_d~e", "mailto:a@b.c"]
FORMS = ["@label", "[@label]", "[-@label]", "-@label", "[Abb @label]", "[there](#label)"]


def styled(inner: st.SearchStrategy[Line]) -> st.SearchStrategy[Part]:
    """Emphasis and its like, and links."""
    links = [("[", f"]({address})") for address in ADDRESSES]
    return st.sampled_from([*STYLES, *links]).flatmap(
        lambda marks: st.builds(Marked, st.just(marks[0]), st.just(marks[1]), inner)
    )


def opened(rest: st.SearchStrategy[Line]) -> st.SearchStrategy[Line]:
    """Lines that begin with plain text: a citation's bracket would meet the caption's or note's."""
    return st.builds(lambda first, line: Line((first, *line.items), (" ", *line.gaps)), texts, rest)


def closed(start: st.SearchStrategy[Line]) -> st.SearchStrategy[Line]:
    """Lines that end in a word: what follows, a mark or a label, may be misread behind a sign."""
    return st.builds(
        lambda line, last: Line((*line.items, Text(last)), (*line.gaps, " ")),
        start, st.sampled_from(PLAIN.split()),
    )  # fmt: skip


short = lines(st.one_of(texts, texts, codes, formulas), 2)
words_only = lines(texts, 2)
double_quotes = st.builds(Marked, st.just('"'), st.just('"'), closed(short), st.just(("“", "”")))
single_quotes = st.builds(Marked, st.just("'"), st.just("'"), words_only, st.just(("‘", "’")))
scripts = st.builds(
    Script, st.sampled_from("~^"), st.sampled_from(["2", "n", "th", "a b", "+", "#"])
)
references = st.builds(Reference, st.integers(0, 20), st.sampled_from(FORMS))
keys = st.lists(st.sampled_from(list(BIBLIOGRAPHY)), min_size=1, max_size=2, unique=True).map(tuple)
citations = st.builds(Citation, keys) | st.builds(
    Citation, st.sampled_from([(key,) for key in BIBLIOGRAPHY]), st.sampled_from(["", "p. 5"]),
    st.booleans(),
)  # fmt: skip
variables = st.builds(Variable, phrases, st.just("`")) | st.builds(
    lambda value, word: Line((Variable(value), Text(word)), (" ",)),
    phrases, st.sampled_from(PLAIN.split()),
)  # fmt: skip
"""A word behind each: Quarto takes a line from one shortcode to another for a single one."""
possessives = st.builds(
    lambda owner: Line((owner, Smart("'s", "’s")), ("",)),
    st.one_of(references, codes, formulas, st.builds(Variable, phrases), styled(words_only)),
)
"""Not beside single quotation marks, with which Pandoc would pair the apostrophe."""

simple = st.one_of(texts, texts, smart, codes, formulas, double_quotes)
titles = lines(simple | styled(short) | single_quotes, 4)
headings = lines(st.one_of(simple, styled(short), single_quotes, scripts, variables), 4)
mixed = lines(
    st.one_of(simple, styled(short), single_quotes, scripts, variables, references, citations), 4
)
cells = st.just(Line()) | mixed


captions = closed(opened(mixed) | lines(simple, 3))


def braced(part: Part) -> bool:
    """Whether a part shows braces."""
    shown = getattr(part, "text", "")
    return "{" in shown or "}" in shown or any(braced(inner) for inner in parts(part))


table_captions = captions.filter(lambda line: not braced(line))
"""Quarto loses those with braces."""
notes = st.builds(
    lambda word, line: Note(Line((Text(word), *line.items), (" ", *line.gaps))),
    st.sampled_from(PLAIN.split()),
    lines(st.one_of(simple, styled(words_only), citations, references), 3),
)
"""A word first: in a second note Pandoc may take the bracket of `€ [@key]` for text."""
rich = st.one_of(simple, simple, styled(short), scripts, variables, references, citations, notes)
paragraphs = st.builds(Paragraph, lines(rich | single_quotes, 7, ("\n", "\\\n"))) | st.builds(
    Paragraph, lines(rich | possessives, 7, ("\n", "\\\n"))
)

# ------------------------------------------------------------------- blocks


@st.composite
def tables(draw: st.DrawFn, caption: st.SearchStrategy[Line | None]) -> Table:
    """One to three columns, one to three rows below the head."""
    width = draw(st.integers(1, 3))

    def row(cell: st.SearchStrategy[Line]) -> st.SearchStrategy[tuple[Line, ...]]:
        return st.tuples(*[cell] * width)

    rows = draw(st.lists(row(cells), min_size=1, max_size=3))
    columns = draw(st.sampled_from([("---",), (":---",), (":---:",), ("---:",)]))
    return Table(draw(row(mixed)), tuple(rows), columns * width, draw(caption))


def figures(caption: st.SearchStrategy[Line]) -> st.SearchStrategy[Figure]:
    """Pictures with all sorts of alternative texts."""
    alternatives = phrases.map(lambda text: f"a line {text}")
    return st.builds(Figure, caption, alternatives, st.sampled_from(["", " width=50%"]))


equations = st.builds(
    Equation, st.booleans(), formulas.filter(lambda formula: formula.latex[0] not in ":=-")
)
code_blocks = st.builds(
    CodeBlock, st.sampled_from(["", "python", "text"]),
    st.lists(code_texts, min_size=1, max_size=3).map(tuple),
)  # fmt: skip


@st.composite
def panels(draw: st.DrawFn) -> Panels:
    """One to three figures or tables side by side; Quarto's panels cannot name each other."""
    caption = closed(lines(simple | styled(short), 3))
    kind, panel = draw(
        st.sampled_from(
            [
                ("fig", figures(caption)),
                ("tbl", tables(caption.filter(lambda line: not braced(line)))),
            ]
        )
    )
    return Panels(kind, tuple(draw(st.lists(panel, min_size=1, max_size=3))), draw(captions))


def apart(blocks: Sequence[Part]) -> tuple[Part, ...]:
    """Blocks with a paragraph behind each list, which might go on in the next block."""
    found: list[Part] = []
    for block in blocks:
        goes_on = Items, Definitions, Table, CodeBlock
        if found and isinstance(found[-1], Items | Definitions) and isinstance(block, goes_on):
            found.append(Paragraph(Line((Text("between"),))))
        found.append(block)
    return tuple(found)


def lists(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    """Lists and definitions of several blocks, the first of them a paragraph."""
    items = (st.tuples(paragraphs, inner) | st.tuples(paragraphs)).map(apart)
    terms = st.tuples(titles, items)
    return st.one_of(
        st.builds(
            Items, st.sampled_from(list(MARKERS)),
            st.lists(items, min_size=1, max_size=3).map(tuple), st.just(False),
        ),
        st.builds(Definitions, st.lists(terms, min_size=1, max_size=2).map(tuple)),
    )  # fmt: skip


def containers(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    """Blocks that hold other blocks."""
    blocks = st.lists(inner, min_size=1, max_size=3).map(apart)
    kinds = [kind for kind in KINDS if kind not in ("fig", "tbl", "eq", "sec")]
    kinds += ["proof", "remark", "solution"]
    kinds += [f"callout-{kind}" for kind in ("note", "tip", "warning", "caution", "important")]
    return st.one_of(
        st.builds(Quotation, blocks),
        st.builds(
            Statement, st.sampled_from(kinds), st.none() | titles, st.booleans(), blocks
        ),
    )  # fmt: skip


tight_lists = st.deferred(
    lambda: st.builds(
        Items, st.sampled_from(list(MARKERS)),
        st.lists(
            st.tuples(paragraphs) | st.tuples(paragraphs, tight_lists), min_size=1, max_size=3
        ).map(tuple),
        st.just(True),
    )
)  # fmt: skip


def leaves_with(caption: st.SearchStrategy[Line | None]) -> st.SearchStrategy[Part]:
    """Blocks that hold no others, with such captions of tables."""
    others = (figures(captions), equations, code_blocks)
    return st.one_of(paragraphs, paragraphs, tables(caption), *others)


leaves = leaves_with(st.none() | table_captions)
nested_lists = lists(st.one_of(leaves, tight_lists, st.just(Rule())))
lists_in_divs = lists(st.one_of(leaves_with(st.none()), tight_lists, st.just(Rule())))
"""Quarto loses the caption of a numbered table there."""
nested = st.one_of(leaves, tight_lists, lists_in_divs, st.just(Rule()), containers(leaves))
blocks = st.one_of(leaves, leaves, panels(), tight_lists, nested_lists, containers(nested))


AUTHORS = ["A. Student", "Anna-Lena O'Neil", "Erdős Pál"]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Two to four headings, each at most one level below the last, with blocks below them."""
    found: list[Part] = list(draw(st.lists(blocks, max_size=2)))
    level = 0
    for _ in range(draw(st.integers(2, 4))):
        level = draw(st.integers(1, min(level + 1, LEVELS)))
        numbered = draw(st.booleans())
        found.append(Heading(level, draw(headings), numbered))
        found += draw(st.lists(blocks, min_size=1, max_size=3))
    return Document(
        draw(titles),
        draw(st.none() | titles),
        tuple(draw(st.lists(st.sampled_from(AUTHORS), min_size=1, max_size=2, unique=True))),
        draw(st.none() | titles),
        apart(found),
    )
