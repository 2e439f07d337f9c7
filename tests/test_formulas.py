"""Formulas: nothing of one is lost or read otherwise, in the PDF, the HTML or spoken."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from documents import FRONT, rendered, words_of_page, write_document

from scripts.report.edition_pdf import _structure
from scripts.report.mistakes import check
from scripts.report.render import RenderError, render
from scripts.report.source import read_document


def read(folder: Path, formula: str) -> tuple[str, str, list[str]]:
    """A displayed formula: the letters of the PDF and of the HTML, and the alternative texts."""
    document = write_document(folder, f"# S\n\nBefore.\n\n$$\n{formula}\n$$\n\nAfter.\n")
    pdf, page = rendered(document)
    with pikepdf.open(folder / "a.pdf") as file:
        spoken = [str(node["/Alt"]) for _, node in _structure(file) if "/Alt" in node]

    def between(text: str) -> str:
        inside = text.rpartition("Before.")[2].partition("After.")[0]
        return " ".join(re.sub("[\u2061\ufe00-\ufe0f]", "", inside).split())

    return between(pdf), between(words_of_page(page)), spoken


# ------------------------------------------------------------------------------- what is mended

LETTERS = {
    "an ampersand in text": (r"\text{precision \& recall}", "precision & recall"),
    "a percent sign in text": (r"\text{50\% of \$5 or \#6, a\_ b}", "50% of $5 or #6, a_ b"),
    "a number with thousands": (r"1{,}000", "1,000"),
    "thousands in text": (r"\text{of 12{,}345 or 1{,}000{,}000}", "of 12,345 or 1,000,000"),
    "words that are markup in Typst": (
        r"\text{@a #b // c /* d */ e_f ^g *h* [i] <j> = k}",
        "@a #b // c /* d */ e_f ^g *h* [i] <j> = k",
    ),
    "words that are names in Typst": (r"\text{sect times.circle}", "sect times.circle"),
}


@pytest.mark.parametrize("case", LETTERS)
def test_both_editions_have_the_words(case: str, tmp_path: Path) -> None:
    formula, letters = LETTERS[case]
    pdf, web, _ = read(tmp_path, formula)
    assert (pdf, web) == (letters, letters)


SIGNS = {
    "an ampersand in roman letters": (r"\mathrm{R\&D}", "R&D"),
    "an ampersand among symbols": (r"2 \& 3", "2&3"),
    "an ampersand as an operator": (r"2 \mathbin{\&} 3", "2&3"),
    "intersections": (r"2 \cap 3 \bigcap 4 \sqcap 5", "2∩3⋂4⊓5"),
    "circled operators": (r"2 \otimes 3 \odot 4 \ominus 5 \bigotimes 6 \oplus 7", "2⊗3⊙4⊖5⨂6⊕7"),
    "double brackets": (r"\llbracket 2 \rrbracket", "⟦2⟧"),
    "a fraction squared": (r"\frac{3}{4}^2", "342"),
}


@pytest.mark.parametrize("case", SIGNS)
def test_both_editions_have_the_signs(case: str, tmp_path: Path) -> None:
    formula, signs = SIGNS[case]
    pdf, web, _ = read(tmp_path, formula)
    assert sorted(pdf.replace(" ", "")) == sorted(signs)
    assert web.replace(" ", "") == signs


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (
            r"\det J = \begin{vmatrix} 1 & 2 \\ 3 & 4 \end{vmatrix}",
            "determinant capital J equals determinant with rows 1, 2; 3, 4; end determinant",
        ),
        (
            r"\begin{Vmatrix} 1 & 2 \\ 3 & 4 \end{Vmatrix}",
            "norm of matrix with rows 1, 2; 3, 4; end norm",
        ),
    ],
)
def test_matrices_between_bars(formula: str, words: str, tmp_path: Path) -> None:
    pdf, web, spoken = read(tmp_path, formula)
    assert spoken == [words]
    for text in (pdf, web):
        assert sorted(re.findall(r"\d", text)) == ["1", "2", "3", "4"]


def test_a_denominator_keeps_its_power_to_itself(tmp_path: Path) -> None:
    """Typst reads a/b^2 as a over the square of b."""
    heights = []
    for number, formula in enumerate((r"\frac{3}{4}^2", r"\frac{3}{4^2}")):
        document = write_document(tmp_path / str(number), f"$$\n{formula}\n$$\n")
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")
        with pypdfium2.PdfDocument(tmp_path / "a.pdf") as file:
            page = file[0].get_textpage()
            places = {
                page.get_text_range(i, 1): page.get_charbox(i) for i in range(page.count_chars())
            }
        heights.append(places["2"][1] - places["4"][3])  # above the 4's top or not
    assert heights[0] > 0
    assert heights[1] < 0


def test_a_labelled_equation_is_mended_too(tmp_path: Path) -> None:
    body = '$$\n2 \\cap 3 \\& 4\n$$ {#eq-a alt="Its own words"}\n'
    document = write_document(tmp_path, body)
    assert "2∩3&4(1)" in rendered(document)[0].replace(" ", "")


# ------------------------------------------------------------------------------- what is refused

REFUSED = {
    "tag": (r"a &= b \tag{1}", r"`\tag` has no effect in a formula; label the whole with {#eq-…}"),
    "tag with a star": (r"a \tag*{A}", r"`\tag` has no effect"),
    "label": (r"a \label{x}", r"`\label` has no effect"),
    "reference": (r"a = \eqref{x}", r"`\eqref` has no effect"),
    "columns with a rule": (r"\begin{array}{c|cc} 1", r"`\begin{array}{c|cc}` asks for rules"),
    "columns with rules": (r"\begin{array}{|c|c|} 1", r"`\begin{array}{|c|c|}` asks for rules"),
    "columns with a double rule": (r"\begin{array}{c||c} 1", r"`\begin{array}{c||c}` asks for"),
    "columns with a sign": (r"\begin{array}{r@{:}l} 1", r"`\begin{array}{r@{:}l}` asks for"),
    "a rule": (r"\begin{array}{cc} 1 \\ \hline", r"`\hline` asks for rules"),
    "a part of a rule": (r"\begin{array}{cc} 1 \\ \cline{1-2}", r"`\cline` asks for rules"),
    "an option": (r"\begin{aligned}[t] a", r"`\begin{aligned}[t]` would print its option"),
    "a star": (r"\begin{pmatrix*}[r] a", r"`\begin{pmatrix*}[r]` would print its option"),
    "colour": (r"\color{red} x", r"`\color` reaches neither edition"),
    "a letter with a sign above": (r"\overset{n}{X+1}", r"`\overset{n}` would be an exponent"),
    "a letter with a sign below": (r"\underset{n}{\Gamma}", r"`\underset{n}` would be an exponent"),
}


@pytest.mark.parametrize("label", ["", ' {#eq-a alt="words"}'])
@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_lost_is_refused_where_it_stands(
    case: str, label: str, tmp_path: Path
) -> None:
    formula, message = REFUSED[case]
    document = read_document(
        write_document(tmp_path, f"Inline $x$.\n\n$$\nz\n{formula}\n$${label}\n")
    )
    with pytest.raises(RenderError) as caught:
        check(document)
    assert f"doc.qmd:11: {message}" in str(caught.value)


def test_inline_formulas_are_asked_as_well(tmp_path: Path) -> None:
    document = read_document(write_document(tmp_path, "x\n\nBy $a \\tag{1}$.\n"))
    with pytest.raises(RenderError, match=r"doc\.qmd:9: `\\tag` has no effect"):
        check(document)


@pytest.mark.parametrize(
    "formula",
    [
        r"\begin{array}{r l} 1 & 2 \end{array}",
        r"\begin{array}{*{3}{c}@{}} 1 & 2 & 3\end{array}",
        r"\overset{d}{=} \stackrel{\text{iid}}\sim \underset{x}{\operatorname{argmin}}",
        r"\underset{\theta}{\min} \overset{def}{:=} \underset{n\to\infty}{\longrightarrow}",
        r"\begin{align} a &= b \nonumber \\ c &= d \end{align} \colon",
    ],
)
def test_what_both_editions_have_is_not_refused(formula: str, tmp_path: Path) -> None:
    check(read_document(write_document(tmp_path, f"$$\n{formula}\n$$\n")))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("x\n\n\\begin{align}\na &= b\n\\end{align}\n", r"\\begin"),
        ("x\n\nSee \\ref{y}.\n", r"\\ref"),
    ],
)
def test_tex_outside_dollars_is_refused_for_every_engine(
    body: str, found: str, tmp_path: Path
) -> None:
    document = read_document(write_document(tmp_path, body, front=FRONT))
    with pytest.raises(RenderError, match=rf"doc\.qmd:9: the raw TeX `{found}` reaches neither"):
        check(document)
