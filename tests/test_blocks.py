"""Markup that does not act as such is refused by name; what is text comes out as it was written."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pypdfium2
import pytest
from documents import FRONT, write_document

from scripts.report import product
from scripts.report.render import RenderError, prepared

FIGURE = '![Cap.](line.svg){#fig-a fig-alt="A plain test line"}'
OTHER = '![Cap two.](line.svg){#fig-b fig-alt="A plain test line"}'
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"
NUMBERED = "".join(f"    {line}\n" for line in f"{TABLE}\n: Cap {{#tbl-a}}".split("\n"))

REFUSED = {
    "a callout under text": ("text\n::: {.callout-note}\nx\n:::\n", 2, "a div needs a blank line"),
    "a div in a div": ("::: {.proof}\nx\n::: {.callout-note}\ny\n:::\n:::\n", 3, "a div needs"),
    "a div under a list": ("- a\n::: {.proof}\nx\n:::\n", 2, "a div needs"),
    "a div with blanks before it": ("  ::: {.proof}\n  x\n  :::\n", 1, "begins at the margin"),
    "a div that is open": ("::: {.proof}\nx\n", 1, "unclosed"),
    "colons alone": ("text\n\n:::\n\nmore\n", 3, "these colons close nothing"),
    "colons twice": ("::: {.proof}\nx\n:::\n:::\n", 4, "these colons close nothing"),
    "a heading under text": ("text\n# A {#sec-a}\n\nSee @sec-a.\n", 2, "a heading needs a blank"),
    "a heading under a formula": ("x\n$$\ny\n$$\n# A\n", 5, "a heading needs a blank"),
    "a heading under a list": ("- a\n# A\n", 2, "a heading needs a blank"),
    "a heading with a blank before it": (" # A\n", 1, "begins at the margin"),
    "a heading without a blank in it": ("#A\n", 1, "with a blank between"),
    "a line under text": ("text\n---\n\nmore\n", 2, "makes a heading of the one above"),
    "a table under text": (f"text\n{TABLE}", 2, "a table needs a blank"),
    "text under a table": (f"{TABLE}text\n", 4, "read as a row"),
    "a caption alone": ("text\n\n: Cap {#tbl-a}\n\nmore\n", 3, "no table stands above or below"),
    "braces in a caption": (f"{TABLE}\n: a \\{{b\\}} {{#tbl-a}}\n", 5, "holds no braces"),
    "a numbered table in a list in a div": (
        f"::: {{#lem-a}}\n1.  x\n\n{NUMBERED}\n:::\n", 8, "in a list in a div loses its caption"),
    "two shortcodes in a line": (
        "x\n\n{{< var a.b >}} of {{< var a.b >}}\n", 3, "begins and ends with a shortcode"),
    "a list under text": ("text\n- a\n- b\n", 2, "a list needs a blank"),
    "numbers under text": ("text\n1. a\n2. b\n", 2, "a list needs a blank"),
    "a quotation under text": ("text\n> a\n", 2, "a quotation needs a blank"),
    "a note under text": ("text[^a]\n[^a]: n\n", 2, "a note needs a blank"),
    "tildes under text": ("text\n~~~\na\n~~~\n", 2, "code between tildes needs"),
    "a blank line in a formula": ("$$\na\n\n+ b\n$$\n", 1, "holds no blank line"),
    "a label away from its formula": ('$$\ny\n$$\n\n{#eq-a alt="y"}\n', 5, "belong to nothing"),
    "a label under its heading": ("# A\n{#sec-a}\n", 2, "belong to nothing"),
    "a label inside its heading": ("# A {#sec-a} b\n", 1, "belong to nothing"),
    "a class alone": ("a {.x} b\n", 1, "belong to nothing"),
    "strong text that is open": ("a **b c\n", 1, "opens or closes no strong text"),
    "code that is open": ("a `b c\n", 1, "opens or closes no code"),
    "four blanks": (f"text\n\n    {FIGURE}\n", 3, "is code"),
    "a tab": ("text\n\n\tmore\n", 3, "is code"),
    "a figure under text": (f"text\n{FIGURE}\n", 2, "must stand alone"),
    "a figure over text": (f"{FIGURE}\ntext\n", 1, "must stand alone"),
    "two figures on a line": (f"{FIGURE} {OTHER}\n", 1, "must stand alone"),
    "two figures on two lines": (f"{FIGURE}\n{OTHER}\n", 2, "must stand alone"),
    "a figure with a full stop": (f"{FIGURE}.\n", 1, "must stand alone"),
    "a figure as an item": (f"- {FIGURE}\n", 1, "must stand alone"),
    "a figure in a cell": (f"| a |\n|---|\n| {FIGURE} |\n", 3, "must stand alone"),
    "an image by reference": ("![c][r]\n\n[r]: line.svg\n", 1, "an image is written"),
    "a citation behind a reference": (
        "# A {#sec-a}\n\nSee @sec-a [@prince2023].\n", 3, "one citation to Pandoc"),
    "a formula that begins like a definition": ("$$\n: x\n$$\n", 1, "begin this formula with"),
    "a row with a third cell": (f"{TABLE}| 1 | 2 | 3 |\n", 4, "this row has 3 cells"),
    "a row with one cell": (f"{TABLE}| 1 |\n", 4, "this row has 1 cells"),
    "a row without bars at its ends": ("a | b\n---|---\n1 | 2 | 3\n", 3, "this row has 3 cells"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_markup_that_would_be_lost_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    body, line, message = REFUSED[case]
    with pytest.raises(RenderError) as caught:
        prepared(write_document(tmp_path, body, variables="a:\n  b: x\n"))
    line += FRONT.count("\n")
    assert re.search(rf"doc\.qmd:{line}: .*{re.escape(message)}", str(caught.value))


ACCEPTED = {
    "a fence under text": ("text\n```python\na\n```\nmore\n", "text a more"),
    "a heading under a heading": ("# A\n## B\ntext\n", "1 A 1.1 B text"),
    "a figure under a heading": (f"# A\n{FIGURE}\n", "1 A Figure 1: Cap."),
    "a figure in a list": (f"- a\n\n    {FIGURE}\n\n- b\n", "a Figure 1: Cap. b"),
    "a caption of two lines": (FIGURE.replace("Cap.", "One\ntwo.") + "\n", "Figure 1: One two."),
    "an icon": ('a ![](line.svg){fig-alt="A plain line" width=1cm} b\n', "a b"),
    "a caption over its table": (f": Cap {{#tbl-a}}\n\n{TABLE}", "Table 1: Cap a b 1 2"),
    "a numbered table in a list": (f"1.  x\n\n{NUMBERED}", "x Table 1: Cap a b 1 2"),
    "a numbered table in a div": (
        f"::: {{#lem-a}}\nx\n\n{TABLE}\n: Cap {{#tbl-a}}\n:::\n",
        "Lemma 1. x Table 1: Cap a b 1 2",
    ),
    "a caption under its table": (f"{TABLE}: Cap {{#tbl-a}}\n", "Table 1: Cap a b 1 2"),
    "bars in cells": ("| a | b |\n|---|---|\n| `x|y` | p\\|q |\n", "a b x|y p|q"),
    "notes side by side": ("x[^a]\n\n[^a]: n\n", "x 1 n"),
    "a list in a list": ("- a\n  - b\n    c\n\n  d\n- e\n", "a b c d e"),
    "rules": ("a\n\n***\n\n-   b\n\n    ***\n\n- * * *\n", "a b"),
    "items of two paragraphs": ("5)  u\n\n    v\n\n(7)  w\n\n     x\n", "u v w x"),
    "a definition": ("T\n:   u\n\n    v\n", "T u v"),
    "a list under the first paragraph of an item": ("- u\n\n  3. v\n     1) w\n", "u v w"),
    "a table in a quotation": (
        f"> {TABLE.replace(chr(10), chr(10) + '> ')}\n> : Cap {{#tbl-a}}\n",
        "Table 1: Cap a b 1 2",
    ),
    "ticks in an attribute": (
        '![](line.svg){fig-alt="A `` line b"} `z` ![](line.svg){fig-alt="A ` line b"} `u`\n',
        "z u",
    ),
    "an item of code": ("- `c`\n  d\n  1) e\n", "c d e"),
    "code in a quotation": ("> ```text\n> x\n> ```\n>\n> ::: {.proof}\n> y\n> :::\n", "x Proof. y"),
    "signs of an image in an attribute": (
        FIGURE.replace("A plain", "A ![ $$ plain") + "\n\nu $y$\n",
        "Figure 1: Cap. u y",
    ),
    "strong text behind a backslash": ("**a \\\\** b\n", "a b"),
    "a reference before a paragraph": (
        "# A {#sec-a}\n\nSee @sec-a\n\n[@prince2023]\n",
        "1 A See Section 1 [1]",
    ),
    "a dollar before a formula": ("\\$$y$ u\n", "$ y u"),
    "a year": ("of the year\n1990. Then\n", "of the year 1990. Then"),
    "a rule": ("x\n\n---\n\ny\n", "x y"),
    "a comment": ("x\n\n<!-- c -->\n# A\n\ny\n<!-- d\ne -->\nz\n", "x 1 A y z"),
    "a label under a formula": ('$$\ny\n$$\n{#eq-a alt="y"}\n\n@eq-a\n', "y (1) Equation 1"),
    "a set": ("the set {a, b}\n", "the set {a, b}"),
    "div after div": ("::: {.proof}\nx\n:::\n::: {.proof}\ny\n:::\n", "Proof. x Proof. y"),
}


def words_of(document: Path) -> tuple[str, str]:
    """What both editions print behind the contents, blanks made one."""
    made = product.make(document, "embedded", [])
    assert [check.name for check in made.checks if not check.passed] in ([], ["html-formulas"])
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.pdf)]
    pages = [re.sub(r"\s*\d+\s*$", "", page) for page in pages]
    pdf = " ".join(pages).partition("@@")[2]
    body = made.html.decode().partition("<main")[2]
    body = re.sub(r"<(annotation|script)\b(?s:.*?)</\1>", "", body)
    web = re.sub(r"<(?=/?(?:p|li|h\d|td|th|div|figcaption|ol|ul|dt|dd|br|math)\b)", " <", body)
    web = html.unescape(re.sub(r"<[^<>]*>", "", web)).partition("@@")[2]
    return normal(pdf), normal(web)


def normal(text: str) -> str:
    text = text.replace("\u00a0", " ").replace("\U0001d466", "y").replace("↩︎", "")
    return " ".join(re.sub(r"[•◦‣]|\ufe0e", " ", text).split())


@pytest.mark.parametrize("case", ACCEPTED)
def test_markup_that_acts_is_left_alone(case: str, tmp_path: Path) -> None:
    body, words = ACCEPTED[case]
    for found in words_of(write_document(tmp_path, f"\\@\\@\n\n{body}")):
        found = found.partition("Bibliography")[0]
        for word in words.split():
            assert word in found
        assert sorted(re.sub(r"[\W\d]", "", found)) == sorted(re.sub(r"[\W\d]", "", words))


TEXT = {
    "a heading by hand": ("# 1. By hand {#sec-h}\n\ntext, see @sec-h\n",
                          "1 1. By hand text, see Section 1"),
    "a heading of signs": ("# = x\n\n## + 5\n\n## - 3\n\n## / t: u\n",
                           "1 = x 1.1 + 5 1.2 - 3 1.3 / t: u"),
    "cells": (f"{TABLE}| - x | 1. y |\n| + z | = w |\n| / t: u | # v |\n| + 5 | - 3 |\n",
              "a b 1 2 - x 1. y + z = w / t: u # v + 5 - 3"),
    "items": ("- \\+ p\n- `- x`\n- [- y]{.smallcaps}\n- *a* = b\n- c\\\n  \\- d\n",
              "+ p - x - y a = b c - d"),
    "a caption": (f"{TABLE}\n: - 1. = x {{#tbl-a}}\n", "Table 1: - 1. = x a b 1 2"),
    "a title of a theorem": ("::: {#thm-a}\n## - x\n\n= y\n:::\n", "Theorem 1 (- x). = y"),
    "a hyphen and a sign": ("a -? b-?c \\-\\- \\.\\.\\. -5 x\n", "a -? b-?c -- ... -5 x"),
    "signs behind calls": ("*e*(y) *e*.foo `c`(z) `c`.d ^s^(t) *e*\\[u\\]\n",
                           "e(y) e.foo c(z) c.d s(t) e[u]"),
    "signs of Typst": ("// z /* c */ \\@a #b \\<c\\> e\\~f \\_g\\_ \\*h\\* \\$i a;b\n",
                       "// z /* c */ @a #b <c> e~f _g_ *h* $i a;b"),
    "a list that counts in its own way": (
        "a)  x\n\n    1. y\n\n3. u\n\n   1. v\n\n      b. w\n", "a) x 1. y 3. u 1. v b. w"),
    "a fence as an item": ("-   ```text\n    = x\n    ```\n\nu $y$\n", "= x u y"),
    "a dollar behind a backslash": ("a\\\\$y$ and \\$1 b\n", "a\\y and $1 b"),
    "a tick behind a backslash": ("\\`` = x ` and \\<a b\\>\n", "` = x and <a b>"),
    "signs in an attribute": ('![](line.svg){fig-alt="costs 5$ each <b>"} z\n', "z"),
    "an address": ("https\\://x.y/z\n", "https://x.y/z"),
    "apostrophes": ("# A {#sec-a}\n\n@sec-a's. Figure 2's, 1990's, `c`'s, **b**'s, f'.\n",
                    "1 A Section 1’s. Figure 2’s, 1990’s, c’s, b’s, f’."),
    "a sign before a bracket": ("\\@fig-x [@prince2023]\n", "@fig-x [1]"),
    "quotes at the start": ("# 'a'\n\n'b' `c`\n", "1 ‘a’ ‘b’ c"),
    "signs in quotes": ("'\\-\\?' \"\\.\\.\\.\" \"1990's\"\n", "‘-?’ “...” “1990’s”"),
    "quotes": ("# A {#sec-a}\n\n\"@sec-a\" and '*z*' and (\"a\"), 5\\' 6\\\".\n",
               "1 A “Section 1” and ‘z’ and (“a”), 5' 6\"."),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXT)
def test_no_sign_of_a_text_is_taken_for_markup(case: str, tmp_path: Path) -> None:
    body, words = TEXT[case]
    found = words_of(write_document(tmp_path, f"\\@\\@\n\n{body}"))
    pdf, web = (text.partition("Bibliography")[0] for text in found)
    assert pdf.replace(" ", "") == words.replace(" ", "")
    counted = "counts" in case  # a browser's work
    assert web.replace(" ", "") == (
        re.sub(r"\w[.)]| ", "", words) if counted else "".join(words.split())
    )


def test_the_author_may_be_called_what_typst_would_take_for_markup(tmp_path: Path) -> None:
    front = FRONT.replace('"A"', "'+ b-?'").replace('"T"', "'1. = x'")
    made = product.make(write_document(tmp_path, "x $y$\n", front=front), "embedded", [])
    text = pypdfium2.PdfDocument(made.pdf)[0].get_textpage().get_text_range()
    assert text.split("\r\n")[:2] == ["1. = x", "+ b-?"]


def test_a_title_that_reads_as_a_list_is_refused(tmp_path: Path) -> None:
    document = write_document(tmp_path, '::: {#thm-a name="- x"}\ny\n:::\n')
    with pytest.raises(RenderError, match=r"doc\.qmd:7: the name `- x` reads as a block"):
        product.make(document, "embedded", [])


DRAWINGS = {
    "a picture": '<image href="q.png" width="5" height="5"/>',
    "a picture by its old name": '<image xlink:href="q.png" width="5" height="5"/>',
    "part of another drawing": '<use href="other.svg#a"/>',
    "a style sheet": "<style>@import url(own.css);</style>",
    "a pattern of another drawing": '<rect width="5" height="5" fill="url(other.svg#p)"/>',
    "HTML": '<foreignObject width="5" height="5"><p>words</p></foreignObject>',
}


@pytest.mark.parametrize("case", DRAWINGS)
def test_a_drawing_that_shows_another_file_is_refused(case: str, tmp_path: Path) -> None:
    document = write_document(tmp_path, f"{FIGURE}\n")
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{}</svg>'
    (tmp_path / "line.svg").write_text(svg.format(DRAWINGS[case]))
    with pytest.raises(RenderError, match=r"doc\.qmd:7: the figure line\.svg shows `"):
        prepared(document)


PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def test_a_drawing_may_hold_a_picture_and_name_its_own_parts(tmp_path: Path) -> None:
    document = write_document(tmp_path, f"\\@\\@\n\n{FIGURE}\n")
    (tmp_path / "line.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        '<defs><linearGradient id="g"/><path id="p" d="M0 0h5v5z"/></defs>'
        '<a href="https://example.org/"><use href="#p" fill="url(#g)"/></a>'
        f'<image width="5" height="5" href="data:image/png;base64,{PNG}"/></svg>'
    )
    assert words_of(document) == ("Figure 1: Cap.", "Figure 1: Cap.")


def test_many_short_rows_do_not_move_the_margin(tmp_path: Path) -> None:
    """The text block is the settings', not where most of the letters happen to begin."""
    rows = "".join(f"| {n} words | and more {n} |\n" for n in range(36))
    body = f"A line.\n\n| a | b |\n|---|---|\n{rows}\n: Cap {{#tbl-a}}\n"
    made = product.make(write_document(tmp_path, body), "embedded", [])
    assert [check.name for check in made.checks if not check.passed] == ["html-formulas"]


def test_what_leaves_the_text_block_is_still_seen_beside_many_rows(tmp_path: Path) -> None:
    rows = "".join(f"| {n} words | and more {n} |\n" for n in range(36))
    wide = "`" + "unbroken" * 20 + "`"
    body = f"A line.\n\n| a | b |\n|---|---|\n{rows}\n: Cap {{#tbl-a}}\n\n{wide}\n"
    made = product.make(write_document(tmp_path, body), "embedded", [])
    assert "pdf-margins" in [check.name for check in made.checks if not check.passed]
