"""What the embedded engine reads of settings and markup: as Quarto does, or refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pypdf
import pytest
from documents import FRONT, ROOT, write_document

from scripts.report.engines import features
from scripts.report.parts import REFERENCE_KINDS
from scripts.report.render import RenderError, render
from scripts.report.source import read_document
from scripts.report.variables import load_variables


def text_of_pdf(path: Path) -> str:
    """Words of the PDF, leaders of the contents left out, each blank one blank."""
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    return " ".join(re.sub(r"(?:\. ?){5,}", " ", text.replace("\u2060", "")).split())


def text_of_html(path: Path) -> str:
    """Words of the page's body, formulas left out, each blank one blank."""
    body = path.read_text().partition("<body>")[2]
    body = re.sub(r"<math.*?</math>", "", body, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", body).split())


def rendered(document: Path) -> tuple[str, str]:
    """The words of both editions."""
    pdf, html = document.with_suffix(".pdf"), document.with_suffix(".html")
    render(document, engine="embedded", pdf=pdf, html=html)
    return text_of_pdf(pdf), text_of_html(html)


def refusal(document: Path) -> str:
    """The one refusal of both editions."""
    said = set()
    for name, output in (("pdf", "a.pdf"), ("html", "a.html")):
        with pytest.raises(RenderError) as error:
            render(document, engine="embedded", **{name: document.with_name(output)})
        said.add(str(error.value))
    assert len(said) == 1
    return said.pop()


# ------------------------------------------------------------------------------- the list of it


def test_the_documentation_lists_what_the_engine_reads() -> None:
    text = (ROOT / "docs" / "document.md").read_text()
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    assert set(re.findall(r"`([\w-]+)`", " ".join(cells))) == set(features.KEYS)
    kinds = re.search(r"of the kinds (.*?);", text, re.DOTALL)
    assert kinds is not None
    assert tuple(re.findall(r"`(\w+)`", kinds[1])) == REFERENCE_KINDS


# ------------------------------------------------------------------------------- settings

SETTINGS = {
    "another language": ("lang: de", "lang: de"),
    "no language": ("lang: english", "lang: english"),
    "a list of languages": ("lang: [en]", "lang: "),
    "depth of numbers": ("number-depth: 2", "`number-depth`"),
    "keywords": ("keywords: [a, b]", "`keywords`"),
    "title of the contents": ("toc-title: List", "`toc-title`"),
    "a number for a switch": ("toc: 1", "`toc: 1`"),
    "a text for a switch": ('toc: "true"', "`toc: true`"),
    "YAML 1.1's true": ("toc: yes", "doc.qmd:5: `yes` means different things"),
    "True": ("toc: True", "doc.qmd:5: `True` means different things"),
    "no value": ("subtitle:", "doc.qmd:5: `` means different things"),
    "a number that Quarto reformats": ("subtitle: 1.50", "doc.qmd:5: `1.50` means different"),
    "a key given twice": ("toc: true\ntoc: false", "doc.qmd:6: the key `toc` is given twice"),
    "an alias": ("subtitle: &x a\nabstract: *x", "an alias"),
    "a tag": ("subtitle: !x a", "doc.qmd:5: the tag `!x`"),
    "a key that is no word": ("1: a", "doc.qmd:5: this key is no plain word"),
    "depth of contents": ("toc-depth: 9", "`toc-depth: 9`"),
    "list of titles": ("subtitle: [a]", "`subtitle: ['a']`"),
    "paper of another name": ("format:\n  typst:\n    papersize: letter", "`papersize: letter`"),
    "a margin of one value": ("format:\n  typst:\n    margin: 2cm", "`margin: 2cm`"),
    "a margin without unit": ("format:\n  typst:\n    margin:\n      x: 2", "`margin: "),
    "numbers of another look": ("section-numbering: 1.1.a", "`section-numbering: 1.1.a`"),
    "numbers of unnumbered sections": ("number-sections: false", "of unnumbered sections"),
    "sections of one format": (
        "format:\n  html:\n    number-sections: false", "`number-sections` that differs"),
    "a format that is no map": ("format:\n  typst: 1", "doc.qmd:5: `format` names"),
    "a list of formats": ("format: [typst]", "doc.qmd:5: `format` names"),
    "a list of offsets": ("number-offset: [3]", "`number-offset: [3]`"),
    "a time": ("subtitle: a\ndate: 2023-04-09 10:00:00", "given twice"),
    "a program before the render": ("project:\n  pre-render: x.py", "`project: "),
    "a font that is no folder": ("font-paths: {a: b}", "`font-paths: "),
    "a kind of file": ("author:\n  - name: [A]", "`name` of an author"),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTINGS)
def test_a_setting_that_quarto_reads_otherwise_is_refused(case: str, tmp_path: Path) -> None:
    setting, message = SETTINGS[case]
    front = FRONT.replace('author: "A"\n', "") if setting.startswith("author") else FRONT
    front = front.replace("\n---\n\n", f"\n{setting}\n---\n\n")
    assert message in refusal(write_document(tmp_path, "x\n", front=front))


@pytest.mark.parametrize("day", ["April 9, 2023", "2023-04-09 10:00:00", "2023-4", "today"])
def test_a_date_is_a_day(tmp_path: Path, day: str) -> None:
    document = write_document(tmp_path, "x\n", front=FRONT.replace("2023-04-09", day))
    assert "the document needs a fixed date" in refusal(document)


@pytest.mark.parametrize("name", ["_metadata.yml", "_brand.yml", "_variables.yaml"])
def test_a_file_that_quarto_reads_by_itself_is_refused(tmp_path: Path, name: str) -> None:
    document = write_document(tmp_path, "x\n")
    (tmp_path / name).write_text("subtitle: s\n")
    assert name in refusal(document)


@pytest.mark.parametrize(
    "front", ["toc: false", "toc: false\nformat: html", "toc: false\nformat:\n  typst: default"]
)
def test_a_documents_own_setting_counts_more_than_a_formats(tmp_path: Path, front: str) -> None:
    front = FRONT.replace("date:", f"{front}\ndate:")
    document = write_document(tmp_path, "# One\n\nText.\n", front=front)
    project = tmp_path / "_quarto.yml"
    common = project.read_text().replace("toc: true\n", "")
    project.write_text(re.sub(r"^  (typst|html):\n", r"  \1:\n    toc: true\n", common, flags=re.M))
    for words in rendered(document):
        assert "1 One Text." in words
        assert "Table of contents" not in words
    assert read_document(document).options("typst")["papersize"] == "a4"


def test_both_editions_are_in_the_english_that_quarto_takes(tmp_path: Path) -> None:
    document = write_document(tmp_path, "Words.\n", front=FRONT.replace("date:", "lang: en\ndate:"))
    rendered(document)
    assert str(pypdf.PdfReader(tmp_path / "doc.pdf").root_object["/Lang"]) == "en-US"
    assert '<html lang="en">' in (tmp_path / "doc.html").read_text()
    document = write_document(tmp_path, "Words.\n")
    rendered(document)
    assert str(pypdf.PdfReader(tmp_path / "doc.pdf").root_object["/Lang"]) == "en-US"
    assert '<html lang="en-US">' in (tmp_path / "doc.html").read_text()


# ------------------------------------------------------------------------------- numbers

DEEP = "# One {#sec-a}\n\n## Two {#sec-b}\n\n### Three {#sec-c}\n\nSee @sec-a, @sec-b, @sec-c.\n"


def test_without_section_numbering_the_third_level_is_refused(tmp_path: Path) -> None:
    document = write_document(tmp_path, DEEP)
    project = tmp_path / "_quarto.yml"
    project.write_text(re.sub(r"\n *section-numbering: .*", "", project.read_text()))
    assert "doc.qmd:11: Quarto numbers a heading of the third level 1.1.a" in refusal(document)
    document.write_text(document.read_text().replace("###", "##"))
    for words in rendered(document):
        assert "See Section 1, Section 1.1, Section 1.2." in words.replace("\u00a0", " ")


@pytest.mark.parametrize("place", ["number-offset: 3\n", "  html:\n    number-offset: 3\n"])
def test_sections_count_from_an_offset(tmp_path: Path, place: str) -> None:
    header = "format:\n  typst:\n    include-in-header: h.typ\n"
    front = header + place if place.startswith(" ") else place + header
    body = DEEP + "\n# Next {#sec-d}\n\nSee @sec-d.\n"
    document = write_document(tmp_path, body, front=FRONT.replace("date:", front + "date:"))
    (tmp_path / "h.typ").write_text("#counter(heading).update(3)\n")
    for words in rendered(document):
        assert "Table of contents 4 One" in words
        assert "See Section 4, Section 4.1, Section 4.1.1." in words.replace("\u00a0", " ")
        assert "5 Next See Section 5." in words.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("offset", "header"),
    [(3, ""), (3, "#counter(heading).update(2)\n"), (0, "#counter(heading).update(3)\n")],
)
def test_an_offset_of_one_edition_is_refused(tmp_path: Path, offset: int, header: str) -> None:
    front = f"number-offset: {offset}\nformat:\n  typst:\n    include-in-header: h.typ\n"
    document = write_document(tmp_path, DEEP, front=FRONT.replace("date:", front + "date:"))
    (tmp_path / "h.typ").write_text(header)
    assert "doc.qmd:1: Quarto's PDF counts" in refusal(document)


def test_two_documents_share_a_project(tmp_path: Path) -> None:
    first = write_document(tmp_path, "{{< include part.qmd >}}\n", variables="a: 0.93\n")
    (tmp_path / "part.qmd").write_text("# Shared {#sec-s}\n\nIt is {{< var a >}}, see @sec-s.\n")
    project = tmp_path / "_quarto.yml"
    listed = "project:\n  type: default\n  render: [doc.qmd, companion.qmd]\n"
    project.write_text(listed + project.read_text())
    second = tmp_path / "companion.qmd"
    own = "number-offset: 3\nformat:\n  typst:\n    include-in-header: h.typ\n"
    second.write_text(FRONT.replace("date:", own + "date:") + "# Own\n\n{{< include part.qmd >}}\n")
    (tmp_path / "h.typ").write_text("#counter(heading).update(3)\n")
    for _ in range(2):  # one after the other, and again
        for words in rendered(first):
            assert "1 Shared It is 0.93, see Section 1." in words.replace("\u00a0", " ")
        for words in rendered(second):
            assert "4 Own 5 Shared It is 0.93, see Section 5." in words.replace("\u00a0", " ")


# ------------------------------------------------------------------------------- variables

AS_WRITTEN = {
    "a": ("18", "18"), "b": ("3.997", "3.997"), "c": ('"0.500"', "0.500"), "d": ("-0.5", "-0.5"),
    "e": ("2023-04-09", "2023-04-09"), "f": ("1:30", "1:30"), "g": ("0", "0"),
    "h": ("'yes'", "yes"),
    "i": ("1234567.12345678", "1234567.12345678"), "j": ("plain words", "plain words"),
    "k": ("123456789012345", "123456789012345"), "l": ("\n  two\n  lines", "two lines"),
}  # fmt: skip
"""What Quarto 1.10 prints of a value of `_variables.yml`."""


def test_variables_are_printed_as_they_are_written(tmp_path: Path) -> None:
    variables = "".join(f"{key}: {given}\n" for key, (given, _) in AS_WRITTEN.items())
    body = "".join(f"«{{{{< var {key} >}}}}» " for key in AS_WRITTEN) + "\n"
    for words in rendered(write_document(tmp_path, body, variables=variables)):
        found = re.findall("«(.*?)»", words.replace("\u2212", "-"))
        assert found == [printed for _, printed in AS_WRITTEN.values()]


@pytest.mark.parametrize(
    "given",
    ["0.500", "1e-3", "1.0e-3", "007", "0x1F", "1_000", "+3", ".5", "5.", "0.05", "12345678.5",
     "12345678901234567890", "-0", "true", "False", "yes", "No", "on", "~", "null", "", "[1, 2]"],
)  # fmt: skip
def test_a_value_that_quarto_reformats_is_refused_by_line(tmp_path: Path, given: str) -> None:
    path = tmp_path / "_variables.yml"
    path.write_text(f"a:\n  x: 1\n  b: {given}\n")
    with pytest.raises(RenderError, match=r"_variables.yml:3: .*of `a\.b` must be a text or a who"):
        load_variables(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", r":3: the key `a` is given twice"),
        ("a: &x 1\nb: *x\n", "an alias"),
        ("a:\n  1: x\n", r":2: this key is no plain word"),
        ("a:\n  b.c: x\n", r":2: no document can ask for the key `b.c`"),
        ('a: "x\\u000cy"\n', r":1: `a` holds a control character, U\+000C"),
        ("- a\n", "pairs are wanted"),
        ("a: " + "[" * 100_000, r":1: .*nested more than 10 levels"),
    ],
)
def test_variables_that_no_document_can_show_are_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "_variables.yml"
    path.write_text(text)
    with pytest.raises(RenderError, match=message):
        load_variables(path)


# ------------------------------------------------------------------------------- markup

PICTURE = '![One](line.svg){#fig-b fig-alt="x"}\n'
TABLE = "| a |\n|---|\n| 1 |\n"
PANELS = "".join(f'![P](line.svg){{#fig-p{n} fig-alt="x"}}\n\n' for n in range(27))

MARKUP = {
    "a table in a figure": (
        f"::: {{#fig-a}}\n{PICTURE}\n{TABLE}\n: Two {{#tbl-c}}\n\nWhole.\n:::\n", 14, "tbl-c"),
    "a figure in a table": (f"::: {{#tbl-a}}\n{PICTURE}\nWhole.\n:::\n", 8, "fig-b"),
    "a figure in a figure": (
        f"::: {{#fig-a}}\n::: {{#fig-c}}\n{PICTURE}\nInner.\n:::\n\nWhole.\n:::\n", 8, "fig-c"),
    "an equation in a figure": (
        '::: {#fig-a}\n$$\nx\n$$ {#eq-a alt="x"}\n\nWhole.\n:::\n', 10, "eq-a"),
    "a theorem in a figure": (
        "::: {#fig-a}\n::: {#thm-a}\nx\n:::\n\nWhole.\n:::\n", 8, "thm-a"),
    "more panels than letters": (f"::: {{#fig-a}}\n{PANELS}Whole.\n:::\n", 60, "a to z"),
    "a table's empty caption": (f"{TABLE}\n: {{#tbl-a}}\n", 11, "the caption of tbl-a is empty"),
    "a caption of blanks": (
        '::: {#fig-a}\n![](line.svg){fig-alt="x"}\n\n` `\n:::\n', 7, "caption of fig-a is empty"),
    "a figure without caption": (
        '::: {#fig-a}\n![](line.svg){fig-alt="x"}\n:::\n', 7, "last paragraph"),
    "columns that are no number": ("::: {layout-ncol=two}\nA\n\nB\n:::\n", 7, "number of columns"),
    "no columns": ("::: {layout-ncol=0}\nA\n\nB\n:::\n", 7, "number of columns"),
    "a layout": ('::: {layout="[[1,1],[1]]"}\nA\n\nB\n:::\n', 7, "`layout`"),
    "rows": ("::: {layout-nrow=2}\nA\n\nB\n:::\n", 7, "`layout-nrow`"),
    "an algorithm": ("::: {#alg-a}\nx\n:::\n", 7, "`alg-` (algorithm)"),
    "a reference to an algorithm": ("See @alg-a.\n", 7, "a numbered algorithm"),
    "a listing": ("```{#lst-a .python}\nx\n```\n", 7, "code has no label"),
    "a reference to a listing": ("```python\nx\n```\n\nSee @lst-a.\n", 11, "a numbered listing"),
    "a diagram": ("```{mermaid}\nx\n```\n", 7, "diagram in {mermaid} is not drawn here; have a"),
    "another diagram": ("```{dot}\nx\n```\n", 7, "the diagram in {dot}"),
    "R": ("```{r}\nx\n```\n", 7, "never run; write ```r instead of {r}"),
    "Observable": ("```{ojs}\nx\n```\n", 7, "write ```ojs instead"),
    "annotated code": ("```python\nx = 1  # <1>\n```\n\n1. One.\n", 8, "annotation <1>"),
    "code annotated otherwise": ("```c\nx;  /* <12> */\n```\n", 8, "annotation <12>"),
    "numbered lines": ("```{.python .numberLines}\nx\n```\n", 7, "`.numberLines`"),
    "code with a file's name": ('```{.python filename="a"}\nx\n```\n', 7, "`filename`"),
    "a page break in a sentence": ("One {{< pagebreak >}} two\n", 7, "alone between blank lines"),
    "a page break under text": ("One\n{{< pagebreak >}}\n\ntwo\n", 8, "alone between blank lines"),
    "a page break in code": ("```\n{{< pagebreak >}}\n```\n", 8, "alone between blank lines"),
    "a page break in a list": ("- a\n\n  {{< pagebreak >}}\n", 9, "alone between blank lines"),
    "a width in pixels": ('![C](line.svg){#fig-a fig-alt="x" width=9px}\n', 7, "the width of"),
    "a bare height": ('![C](line.svg){#fig-a fig-alt="x" height=9}\n', 7, "the height of"),
    "a class of another meaning": ("[x]{.aside}\n", 7, "`.aside`"),
    "an attribute of a span": ("[x]{.underline style=a}\n", 7, "`style`"),
    "a brace too many": ("# A {#sec-{{< var v >}}}\n", 7, "`{{<` begins or ends no shortcode"),
    "a brace too few": ("It is {{< var v >}.\n", 7, "`{{<` begins or ends no shortcode"),
}  # fmt: skip


@pytest.mark.parametrize("case", MARKUP)
def test_markup_that_quarto_reads_otherwise_is_refused(case: str, tmp_path: Path) -> None:
    body, line, message = MARKUP[case]
    said = refusal(write_document(tmp_path, body, variables="v: 1\n"))
    assert message in said
    assert f"doc.qmd:{line}: " in said


def test_code_that_only_looks_annotated_is_shown(tmp_path: Path) -> None:
    document = write_document(tmp_path, "```\nvector<3>\nif x <1> y\n```\n")
    for words in rendered(document):
        assert "vector<3>" in words.replace("&lt;", "<").replace("&gt;", ">")


def test_a_span_has_its_class_in_the_html(tmp_path: Path) -> None:
    document = write_document(tmp_path, "It is [0.93]{.smallcaps}, [*very* $x$]{.smallcaps} so.\n")
    pdf, html = rendered(document)
    assert "It is 0.93, very 𝑥 so." in pdf
    assert "It is 0.93, very so." in html
    page = document.with_suffix(".html").read_text()
    assert '<span class="smallcaps">0.93</span>' in page
    assert '<span class="smallcaps"><em>very</em>' in page


def test_panels_of_tables_are_lettered(tmp_path: Path) -> None:
    panels = f"{TABLE}\n: One {{#tbl-b}}\n\n{TABLE}\n: Two {{#tbl-c}}\n"
    body = f"::: {{#tbl-a layout-ncol=2}}\n{panels}\nWhole.\n:::\n\nSee @tbl-a, @tbl-c.\n"
    for words in rendered(write_document(tmp_path, body)):
        words = words.replace("\u00a0", " ")
        assert "Table 1: Whole. (a) One a 1 (b) Two a 1 See Table 1, Table 1b." in words


def test_a_page_break_alone_begins_a_page(tmp_path: Path) -> None:
    document = write_document(tmp_path, "One.\n\n{{< pagebreak >}}\n\nTwo.\n")
    render(document, engine="embedded", pdf=tmp_path / "a.pdf")
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "a.pdf").pages]
    assert ["One." in page for page in pages] == [True, False]
    assert pages[1].startswith("Two.")
