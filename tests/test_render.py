"""The renderer: the sample's words as Quarto gives them, its numbers, its errors, its bytes."""

from __future__ import annotations

import html
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
import yaml
from documents import FRONT, ROOT, SAMPLE, fake_quarto, filtered, write_document

from scripts.report import render as command
from scripts.report.engines import choice, embedded
from scripts.report.engines.choice import resolve_engine
from scripts.report.engines.self_contained import with_images
from scripts.report.render import RenderError, render
from scripts.report.source import read_document
from scripts.report.variables import markdown_escape


def text_of_pdf(path: Path) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def text_of_html(path: Path) -> str:
    """The words of the page's body, mathematics left out."""
    body = path.read_text().split("<body>")[1]
    body = re.sub(r"<math.*?</math>", " ", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body.replace("\n", " ")))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample rendered by the embedded engine."""
    folder = tmp_path_factory.mktemp("sample")
    render(
        SAMPLE / "sample.qmd",
        engine="embedded",
        pdf=folder / "sample.pdf",
        html=folder / "sample.html",
    )
    return folder


# ------------------------------------------------------------------- the sample, word by word


def words(text: str) -> list[str]:
    """Words, numbers and references in order; leaders, page numbers and icons are none of them."""
    text = text.replace("\u2060", "").replace("\u00a0", " ").replace("-\n", "-")
    text = re.sub(r"(?:\. ){3,}\.? ?\d*", "\n", text)
    text = re.sub(r"^\d+$", "", text, flags=re.MULTILINE)
    text = re.sub(r"[\ue000-\uf8ff]", "", text)
    return re.findall(r"[\w'’-]+|[\[\](),.;:“”]", text)


def prose(text: str) -> list[str]:
    """The words outside formulas: ordinary letters, two or more, with the numbers beside them.

    The set of two-dimensional formulas depends on the extractor; their letters are mathematical
    alphabets and single digits, which this leaves out.
    """
    text = re.sub(r"[\U0001d400-\U0001d7ff]", " ", text)
    kept = [word for word in words(text) if re.fullmatch(r"[\w'’-]{2,}|[A-Za-z]", word)]
    return [word for word in kept if word not in {"min", "𝟏"} and not re.fullmatch(r"\d{2,}", word)]


def without_footnote(tokens: list[str]) -> list[str]:
    """The tokens without the footnote, which stands at the foot of whatever page it falls on."""
    note = ["Ties", "are", "broken", "either", "way"]
    at = next(i for i, t in enumerate(tokens) if t.endswith("Ties"))
    return tokens[:at] + tokens[at + len(note) :]


def test_sample_has_the_words_of_quarto_in_their_order(sample: Path) -> None:
    expected = without_footnote(prose((SAMPLE / "expected.txt").read_text()))
    made = without_footnote(prose(text_of_pdf(sample / "sample.pdf")))
    assert len(expected) > 200
    assert made == expected


def test_sample_matches_quartos_own_pdf_through_the_same_extractor(sample: Path) -> None:
    expected = without_footnote(prose(text_of_pdf(SAMPLE / "expected.pdf")))
    assert without_footnote(prose(text_of_pdf(sample / "sample.pdf"))) == expected


NUMBERED = re.compile(
    r"(?:Equation|Section|Figure|Table|Theorem|Lemma|Corollary|Definition)[\s\u00a0]\d[\d.]*[a-z]?"
    r"|\[\d[^\]]*\]|\(\d\)|\([ab]\)|0\.500|3\.997|\b1[28]\b"
)


def numbers(text: str) -> list[str]:
    """References, captions, citations and values in their order; a stretched blank is one blank."""
    found = NUMBERED.findall(re.sub(r"\s+", " ", text))
    return [item.rstrip(".") for item in found]


def test_sample_has_the_numbers_of_quarto_in_their_order(sample: Path) -> None:
    made = numbers(text_of_pdf(sample / "sample.pdf"))
    assert made == numbers(text_of_pdf(SAMPLE / "expected.pdf"))
    for wanted in ("Figure 2b", "[1, sec. 4]", "[2]", "0.500", "3.997", "(1)", "Section 1.1.1"):
        assert wanted in made


def test_html_has_the_words_of_the_pdf_in_their_order(tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    shutil.copytree(SAMPLE, folder)
    shutil.copy(ROOT / "report" / "ieee.csl", folder)
    settings = folder / "_quarto.yml"
    settings.write_text(settings.read_text() + "csl: ieee.csl\n")
    render(
        folder / "sample.qmd", engine="embedded", pdf=tmp_path / "a.pdf", html=tmp_path / "a.html"
    )
    pdf = without_footnote(prose(text_of_pdf(tmp_path / "a.pdf")))
    page = text_of_html(tmp_path / "a.html").removeprefix(" Skip to the text")
    web = without_footnote(prose(page))
    assert web == pdf
    assert "Figure 2b; S. J. D. Prince [2])" in text_of_html(tmp_path / "a.html")


# ------------------------------------------------------------------------------- properties


def test_two_renders_are_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    render(
        SAMPLE / "sample.qmd", engine="embedded", pdf=tmp_path / "b.pdf", html=tmp_path / "b.html"
    )
    assert (tmp_path / "b.pdf").read_bytes() == (sample / "sample.pdf").read_bytes()
    assert (tmp_path / "b.html").read_bytes() == (sample / "sample.html").read_bytes()


def test_the_date_of_the_pdf_is_the_documents(sample: Path) -> None:
    information = pypdf.PdfReader(sample / "sample.pdf").metadata
    assert information is not None
    assert str(information["/CreationDate"]).startswith("D:20230409000000")
    assert information.title == "A sample of what the report uses"
    assert information.author == "A. Student"


HOSTILE = (
    r"""# $ * _ < " \ @ ` ~ ^ [ ] { } | & % // /* -- ... 1. 'x' <b> $x$ $$ @fig-x ![a](b) {{<"""
)


def test_hostile_values_come_out_as_they_are(tmp_path: Path) -> None:
    value = markdown_escape(HOSTILE).replace("'", "''")
    front = FRONT.replace('"A"', '"{{< var h >}}"').replace('"T"', '"T {{< var h >}}"')
    body = (
        "# One {#sec-one}\n\nBegin {{< var h >}} end. *{{< var h >}}*\n\n"
        "| a | b |\n|---|---|\n| {{< var h >}} | `{{< var h >}}` |\n\n"
        '![A {{< var h >}} b.](line.svg){#fig-x fig-alt="Alt {{< var h >}} end"}\n'
    )
    document = write_document(tmp_path, body, front=front, variables=f"h: '{value}'\n")
    render(document, engine="embedded", pdf=tmp_path / "a.pdf", html=tmp_path / "a.html")
    squeezed = re.sub(r"\s+", "", HOSTILE)
    pdf = re.sub(r"\s+", "", text_of_pdf(tmp_path / "a.pdf")).replace("…", "...")
    assert pdf.count(squeezed) == 7  # title, author, prose, emphasis, two cells, caption
    page = (tmp_path / "a.html").read_text()
    web = re.sub(r"\s+", "", text_of_html(tmp_path / "a.html"))
    assert html.unescape(web).count(squeezed) == 7
    assert f"Alt {HOSTILE} end" in alternatives(tmp_path / "a.pdf")
    alt = re.search(r'<img[^>]* alt="([^"]*)"', page)
    assert alt is not None
    assert html.unescape(alt[1]) == f"Alt {HOSTILE} end"
    information = pypdf.PdfReader(tmp_path / "a.pdf").metadata
    assert information is not None
    assert information.author == HOSTILE


def test_a_variable_in_a_formula_is_its_plain_text(tmp_path: Path) -> None:
    document = write_document(
        tmp_path, "$x = {{< var a.b >}}$\n", variables='a:\n  b: "\\\\-3.5"\n'
    )
    render(document, engine="embedded", html=tmp_path / "a.html")
    assert "x = -3.5</annotation>" in (tmp_path / "a.html").read_text()


KINDS = {
    "thm": "Theorem", "lem": "Lemma", "cor": "Corollary", "prp": "Proposition",
    "cnj": "Conjecture", "def": "Definition", "exm": "Example", "exr": "Exercise",
}  # fmt: skip


def test_each_theorem_kind_counts_by_itself(tmp_path: Path) -> None:
    body = "# One\n\n"
    for kind in KINDS:
        body += (
            f"::: {{#{kind}-a}}\n## Name {kind}\nFirst.\n:::\n\n::: {{#{kind}-b}}\nSecond.\n:::\n\n"
        )
    body += "See " + ", ".join(f"@{kind}-b" for kind in KINDS) + "; only -@thm-b.\n"
    document = write_document(tmp_path, body)
    render(document, engine="embedded", pdf=tmp_path / "a.pdf", html=tmp_path / "a.html")
    pdf = text_of_pdf(tmp_path / "a.pdf").replace("\u00a0", " ")
    pdf = re.sub(r"\s+", " ", pdf)
    page = text_of_html(tmp_path / "a.html").replace("\u00a0", " ")
    for text in (pdf, page):
        for kind, name in KINDS.items():
            assert f"{name} 1 (Name {kind})." in text
            assert f"{name} 2." in text
        assert "See " + ", ".join(f"{name} 2" for name in KINDS.values()) + "; only 2." in text


def test_callouts_panels_pagebreak_and_raw_text(tmp_path: Path) -> None:
    body = "# One\n\n"
    for kind in ("note", "tip", "warning", "caution", "important"):
        body += f"::: {{.callout-{kind}}}\nBody {kind}.\n:::\n\n"
        body += f'::: {{.callout-{kind} title="Own {kind}"}}\nMore.\n:::\n\n'
    body += "{{< pagebreak >}}\n\nPaper `#str(1+1)`{=typst} and `<i>web</i>`{=html}.\n\n"
    body += "::: {layout-ncol=2}\nLeft.\n\nRight.\n:::\n\nShown: `{{{< var x >}}}`.\n"
    document = write_document(tmp_path, body)
    render(document, engine="embedded", pdf=tmp_path / "a.pdf", html=tmp_path / "a.html")
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "a.pdf").pages]
    assert pages[-1].startswith("Paper 2 and .")
    page = text_of_html(tmp_path / "a.html")
    assert "Paper and web." in re.sub(r" +", " ", page)
    for text in ("\n".join(pages), page):
        for kind in ("note", "tip", "warning", "caution", "important"):
            assert kind.capitalize() in text
            assert f"Own {kind}" in text
        assert "{{< var x >}}" in text.replace("&lt;", "<").replace("&gt;", ">")
        assert "Left." in text


def test_the_documents_own_header_reaches_its_output(tmp_path: Path) -> None:
    front = FRONT.replace("date:", "format:\n  typst:\n    include-in-header: own.typ\ndate:")
    document = write_document(tmp_path, "Some words.\n", front=front)
    (tmp_path / "own.typ").write_text('#show "words": "letters"\n')
    render(document, engine="embedded", pdf=tmp_path / "a.pdf", html=tmp_path / "a.html")
    assert "Some letters." in text_of_pdf(tmp_path / "a.pdf")
    assert "Some words." in text_of_html(tmp_path / "a.html")


def test_the_documents_own_styles_and_fonts_travel_with_the_html(tmp_path: Path) -> None:
    front = FRONT.replace("date:", "format:\n  html:\n    css: styles/own.css\ndate:")
    document = write_document(tmp_path, "Some words.\n", front=front)
    sheet = tmp_path / "styles" / "own.css"
    sheet.parent.mkdir()
    sheet.write_text('@font-face { font-family: "F"; src: url("f.woff2") format("woff2"); }\n')
    with pytest.raises(RenderError, match=r"f\.woff2 cannot go into the HTML"):
        render(document, engine="embedded", html=tmp_path / "a.html")
    (sheet.parent / "f.woff2").write_bytes(b"font")
    render(document, engine="embedded", pdf=tmp_path / "a.pdf", html=tmp_path / "a.html")
    head = (tmp_path / "a.html").read_text().partition("</head>")[0]
    assert 'src: url(data:font/woff2;base64,Zm9udA==) format("woff2")' in head


@pytest.mark.parametrize(
    ("attributes", "name"),
    [('alt="a > b" ', "a&amp;b.svg"), ("", "a&amp;b.svg"), ('class="x" alt="" ', "a&amp;b.svg")],
)
def test_images_go_into_the_page_whatever_stands_before_their_source(
    tmp_path: Path, attributes: str, name: str
) -> None:
    (tmp_path / "a&b.svg").write_text("<svg/>")
    page = with_images(f'<p><img {attributes}src="{name}" width="3" /></p>', tmp_path)
    assert f'<img {attributes}src="data:image/svg+xml;base64,PHN2Zy8+" width="3" />' in page


def test_the_region_of_the_language(tmp_path: Path) -> None:
    front = FRONT.replace("date:", "lang: en-GB\ndate:")
    document = write_document(tmp_path, "Words.\n", front=front)
    render(document, engine="embedded", pdf=tmp_path / "a.pdf", html=tmp_path / "a.html")
    assert str(pypdf.PdfReader(tmp_path / "a.pdf").root_object["/Lang"]) == "en-GB"
    assert '<html lang="en-GB">' in (tmp_path / "a.html").read_text()


# ------------------------------------------------------------------------------- errors

ERRORS = {
    "unknown shortcode": ("{{< meta title >}}\n", "doc.qmd:7", "the shortcode `meta` is unknown"),
    "unresolved reference": ("See @fig-none.\n", "doc.qmd:7", "`@fig-none` refers to nothing"),
    "unresolved variable": ("A {{< var a.c >}}.\n", "doc.qmd:7", "`a.c` has no value"),
    "variable without key": ("A {{< var >}}.\n", "doc.qmd:7", "exactly one key"),
    "unknown citation": ("As [@nobody2020] said.\n", "doc.qmd:7", "`@nobody2020`"),
    "missing figure": (
        '![C](no.svg){#fig-a fig-alt="x"}\n', "doc.qmd:7", "the figure no.svg does not exist"),
    "missing include": ("{{< include no.qmd >}}\n", "doc.qmd:7", "no.qmd does not exist"),
    "figure without alt": ("![C](line.svg){#fig-a}\n", "doc.qmd:7", "no alternative text"),
    "figure without label": (
        '![C](line.svg){fig-alt="x"}\n', "doc.qmd:7", "needs a caption and a label"),
    "equation without alt": ("$$\nx\n$$ {#eq-a}\n", "doc.qmd:7", "alt=\"…\""),
    "equation with a wrong label": (
        "$$\nx\n$$ {#x-a alt=\"x\"}\n", "doc.qmd:7", "begin with `eq-`"),
    "unsupported class": ("::: {.column-margin}\nx\n:::\n", "doc.qmd:7", "`.column-margin`"),
    "unsupported bare class": ("::: aside\nx\n:::\n", "doc.qmd:7", "`.aside`"),
    "unsupported attribute": ("::: {.proof odd=1}\nx\n:::\n", "doc.qmd:7", "`odd`"),
    "unsupported span class": ("[x]{.odd}\n", "doc.qmd:7", "`.odd`"),
    "unsupported heading class": ("# One {.odd}\n", "doc.qmd:7", "`.odd`"),
    "unsupported image attribute": (
        '![C](line.svg){#fig-a fig-alt="x" lightbox=true}\n', "doc.qmd:7", "`lightbox`"),
    "unsupported label kind": ("::: {#rem-a}\nx\n:::\n", "doc.qmd:7", "`rem-`"),
    "label on a proof": ("::: {.proof #foo}\nx\n:::\n", "doc.qmd:7", "no label"),
    "layout of a callout": (
        "::: {.callout-note layout-ncol=2}\nx\n:::\n", "doc.qmd:7", "`layout-ncol`"),
    "name of nothing": ("::: {name=x}\nx\n:::\n", "doc.qmd:7", "`name`"),
    "code that would run": ("```{python}\nx\n```\n", "doc.qmd:7", "never run"),
    "attribute of code": ("```{.python filename=x}\nx\n```\n", "doc.qmd:7", "`filename`"),
    "raw latex": ("Then\n\n\\newpage\n\nx\n", "doc.qmd:9", "raw tex"),
    "lone dollar": ("It costs $x + y.\n", "doc.qmd:7", "opens or closes no formula"),
    "raw typst that fails": ("```{=typst}\n#quux\n```\n", "doc.qmd:8", "unknown variable: quux"),
    "letter without a glyph": ("A \U00013000 here.\n", "doc.qmd:7", "could not be displayed"),
    "image that is none": ("![C](doc.qmd){#fig-a fig-alt=\"x\"}\n", "doc.qmd:7", "image format"),
    "broken svg": ("![C](bad.svg){#fig-a fig-alt=\"x\"}\n", "doc.qmd:7", "failed to parse SVG"),
    "raw html": ("A <b>bold</b> word.\n", "doc.qmd:7", "`<b>`"),
    "formula": ("Let $\\foo{x}$ be.\n", "doc.qmd:7", "`\\foo{x}`"),
    "duplicate label": (
        "::: {#thm-a}\nx\n:::\n\n::: {#thm-a}\ny\n:::\n", "doc.qmd:11", "`thm-a` is taken"),
    "footnote that is missing": ("A note.[^a]\n", "doc.qmd:7", "`[^a]`"),
    "footnote that is not used": ("A note.\n\n[^a]: Lost.\n", "doc.qmd:9", "a"),
    "link to nothing": ("Go [there](#there).\n", "doc.qmd:7", "`#there` has no target"),
    "heading that skips": ("# A\n\n### B\n", "doc.qmd:9", "level 3 follows one of level 1"),
    "reference to a section without number": (
        "# A {#sec-a .unnumbered}\n\nSee @sec-a.\n", "doc.qmd:9", "without a number"),
    "table without label": ("| a |\n|---|\n| 1 |\n\n: Words.\n", "doc.qmd:11", "needs a label"),
    "table without header": ("  --- ---\n  1   2\n  --- ---\n", "doc.qmd", "no header row"),
    "words before a citation": ("[see @prince2023]\n", "doc.qmd:7", "drops the words before"),
    "mixed brackets": (
        "# A {#sec-a}\n\n[@sec-a; @prince2023]\n", "doc.qmd:9", "citations or cross-references"),
    "words behind a reference": (
        "# A {#sec-a}\n\n[@sec-a, p. 3]\n", "doc.qmd:9", "no text behind it"),
    "unclosed div": ("::: {.proof}\nx\n", "doc.qmd", "unclosed"),
    "unclosed code": ("```python\nx\n", "doc.qmd:7", "never closed"),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_error_names_file_line_and_remedy_and_keeps_the_old_output(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body, place, message = ERRORS[case]
    document = write_document(tmp_path, body, variables="a:\n  b: x\n")
    output = tmp_path / "out.pdf"
    output.write_bytes(b"old")
    arguments = [str(document), "--engine", "embedded", "--output", str(output)]
    assert command.main(arguments) == 1
    said = capsys.readouterr().err
    assert f"{place}:" in said
    assert message.lower() in said.lower()
    assert "Traceback" not in said
    assert "\n\n" not in said.strip()
    assert output.read_bytes() == b"old"
    assert not list(tmp_path.glob(".out.pdf*"))


SETTINGS = {
    "unknown key": ("brand: x.yml", "`brand`"),
    "unknown format": ("format:\n  docx: default", "`docx`"),
    "code that would run": ("execute:\n  enabled: true", "`execute:"),
    "filter at another place": ("filters:\n  - other.lua", "other.lua"),
    "filter that is missing": ("filters:\n  - path: no.lua\n    at: post-quarto", "does not exist"),
    "style that is missing": ("csl: no.csl", "no.csl does not exist"),
    "header that is missing": ("include-in-header: no.typ", "no.typ does not exist"),
    "header that is no file": ("include-in-header:\n  - text: x", "`include-in-header:"),
    "unknown author key": ("author:\n  - name: A\n    orcid: 1", "`orcid`"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_a_setting_without_meaning_is_refused_by_name(case: str, tmp_path: Path) -> None:
    setting, message = SETTINGS[case]
    front = FRONT.replace('author: "A"\n', "") if setting.startswith("author") else FRONT
    front = front.replace("date: 2023-04-09\n", f"date: 2023-04-09\n{setting}\n")
    document = write_document(tmp_path, "x\n", front=front)
    with pytest.raises(RenderError, match=re.escape(message)):
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")
    assert not (tmp_path / "a.pdf").exists()


def test_a_document_without_a_date_is_refused(tmp_path: Path) -> None:
    front = FRONT.replace("date: 2023-04-09\n", "")
    document = write_document(tmp_path, "x\n", front=front)
    with pytest.raises(RenderError, match="fixed date"):
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")


# ------------------------------------------------------------------------------- engines


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a folder of ours first and no Quarto anywhere."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    choice._asked.cache_clear()
    if shutil.which("quarto"):
        pytest.skip("a system-wide Quarto is installed")
    return folder


BROKEN = {
    "too old": ("echo 1.9.37", "Quarto 1.9.37 is too old; install Quarto 1.10 or later"),
    "that fails": (
        "echo no deno >&2; exit 3",
        "is broken (`quarto --version` ended with 3: no deno)",
    ),
    "that says nothing": ("exit 0", "is broken (`quarto --version` ended with 0: no word)"),
    "of another kind": ("echo chess engine 3", "ended with 0: chess engine 3)"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_quarto_that_cannot_be_used_is_named(
    path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script, message = BROKEN[case]
    (path / "quarto").write_text(f"#!/bin/sh\n{script}\n")
    (path / "quarto").chmod(0o755)
    assert resolve_engine("auto")[0] == "embedded"
    said = capsys.readouterr().err
    assert said.startswith("report.engine: auto: ")
    assert message in said
    assert said.endswith("Now the embedded engine renders.\n")
    with pytest.raises(RenderError, match=re.escape(message)):
        resolve_engine("quarto")


def test_a_quarto_that_is_no_program_is_named(path: Path) -> None:
    (path / "quarto").write_bytes(b"\x7fELF")
    (path / "quarto").chmod(0o755)
    assert resolve_engine("auto")[0] == "embedded"
    with pytest.raises(RenderError, match="the `quarto` on PATH is broken"):
        resolve_engine("quarto")


def test_auto_takes_quarto_where_it_is_recent(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert resolve_engine("auto")[0] == "embedded"
    assert capsys.readouterr().err == ""
    fake_quarto(path, "")
    assert resolve_engine("auto") == ("quarto", "quarto 1.10.18")
    assert resolve_engine("embedded")[0] == "embedded"


def test_unknown_and_missing_engines_are_named(path: Path) -> None:
    with pytest.raises(RenderError, match=r"unknown engine `latex`; choose one of auto, quarto"):
        resolve_engine("latex")
    with pytest.raises(RenderError, match="no `quarto` is on PATH; install Quarto"):
        resolve_engine("quarto")
    fake_quarto(path, "", "1.4.2")
    with pytest.raises(RenderError, match=r"Quarto 1\.4\.2 is too old"):
        resolve_engine("quarto")


def test_quarto_is_asked_for_the_right_thing(path: Path, tmp_path: Path) -> None:
    fake_quarto(path, 'echo "$@ $SOURCE_DATE_EPOCH" > doc.pdf; echo web > doc.html')
    document = write_document(tmp_path / "doc", "# One\n")
    made = render(document, engine="quarto", pdf=tmp_path / "a.pdf", html=tmp_path / "a.html")
    assert made == ("quarto", "quarto 1.10.18")
    assert (tmp_path / "a.pdf").read_text() == "render doc.qmd --to typst 1680998400\n"
    assert (tmp_path / "a.html").read_text() == "web\n"
    assert not (tmp_path / "doc" / "doc.pdf").exists()


def test_quarto_sees_no_other_document_of_the_project(path: Path, tmp_path: Path) -> None:
    """It would read that, too, and what it includes is not there: no step names it."""
    fake_quarto(path, "ls *.qmd > doc.pdf")
    document = write_document(tmp_path / "doc", "# One\n")
    document.with_name("other.qmd").write_text("{{< include generated/none.md >}}\n")
    settings = document.with_name("_quarto.yml")
    settings.write_text("project: {render: [other.qmd, doc.qmd]}\n" + settings.read_text())
    render(document, engine="quarto", pdf=tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_text() == "doc.qmd\n"


@pytest.mark.parametrize(
    "script",
    ["echo 'WARN: Unable to resolve crossref @fig-x' >&2; touch doc.pdf", "echo bad >&2; exit 1"],
)
def test_quartos_failures_and_mere_warnings_stop_the_render(
    path: Path, tmp_path: Path, script: str
) -> None:
    fake_quarto(path, script)
    document = write_document(tmp_path / "doc", "# One\n")
    (tmp_path / "a.pdf").write_bytes(b"old")
    with pytest.raises(RenderError, match=r"Unable to resolve|bad"):
        render(document, engine="quarto", pdf=tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == b"old"


def test_the_checks_hold_for_quarto_too(path: Path, tmp_path: Path) -> None:
    fake_quarto(path, "touch doc.pdf")
    document = write_document(tmp_path / "doc", "See @fig-none.\n")
    with pytest.raises(RenderError, match="refers to nothing"):
        render(document, engine="quarto", pdf=tmp_path / "a.pdf")


def test_the_new_output_takes_the_old_ones_place_in_one_step(tmp_path: Path) -> None:
    document = write_document(tmp_path, "Words.\n")
    output, witness = tmp_path / "a.pdf", tmp_path / "witness.pdf"
    output.write_bytes(b"old")
    os.link(output, witness)
    render(document, engine="embedded", pdf=output)
    assert witness.read_bytes() == b"old"
    assert output.read_bytes().startswith(b"%PDF")
    assert not list(tmp_path.glob(".a.pdf*"))


def test_an_output_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.pdf").mkdir()
    document = write_document(tmp_path, "Words.\n")
    assert (
        command.main([str(document), "--engine", "embedded", "--output", str(tmp_path / "out.pdf")])
        == 1
    )
    assert "out.pdf" in capsys.readouterr().err


def test_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.report.render", str(SAMPLE / "sample.qmd"),
         "--engine", "latex", "--output", str(tmp_path / "a.pdf")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("render: unknown engine `latex`")


# ------------------------------------------------------------------------------- formulas, contents

WEB = {
    r"2\log2 - \log\max q": r"2\,\log\,2 - \log\,\max \,q",
    r"\max_\theta\min_{\phi} L": r"\max_\theta\,\min_{\phi} \,L",
    r"\lambda_{\max}(M) < \log(2)\tanh'z": r"\lambda_{\max}(M) < \log(2)\,\tanh'\,z",
    r"\Bigl(\frac12\Bigr)^2": r"{\Bigl(\frac12\Bigr)}^2",
    r"2ab\operatorname{Cov} x": r"2ab\,\operatorname{Cov}\,x",
    r"A\setminus B": r"A\,\setminus\, B",
}


def test_formulas_that_browsers_set_badly_are_mended() -> None:
    formulas = "\n\n".join(f"Now (${latex}$), so." for latex in WEB) + "\n\n(a) x\n(b) y\n"
    page = html.unescape(filtered(formulas, "html", ["operator-spaces", "web"]))
    assert re.findall(r'x-tex">(.*?)</annotation>', page) == list(WEB.values())
    assert page.count('<span class="together">(<math') == page.count("</math>),</span>") == len(WEB)
    assert '<div class="in-parentheses">\n<ol type="a">' in page


@pytest.mark.parametrize(("sections", "columns"), [(5, 2), (2, 1)])
def test_long_contents_stand_in_two_columns(tmp_path: Path, sections: int, columns: int) -> None:
    body = "".join(f"# S {{#sec-{n}}}\n\n" + "## T\n\nx\n\n" * 5 for n in range(sections))
    document = write_document(tmp_path, body)
    shutil.copy(ROOT / "report" / "header.typ", tmp_path)
    settings = yaml.safe_load((tmp_path / "_quarto.yml").read_text())
    settings["format"]["typst"]["include-in-header"] = "header.typ"
    (tmp_path / "_quarto.yml").write_text(yaml.safe_dump(settings))
    page = pypdf.PdfReader(io.BytesIO(embedded.render_pdf(read_document(document)))).pages[0]
    starts = {round(link.get_object()["/Rect"][0]) for link in page["/Annots"]}
    assert len(starts) == columns


def test_labelled_equation_keeps_its_authors_words(tmp_path: Path) -> None:
    document = write_document(
        tmp_path, '$$\nx^2\n$$ {#eq-a alt="My own words"}\n\nSee @eq-a, $y$.\n'
    )
    render(document, engine="embedded", pdf=tmp_path / "a.pdf")
    content = "".join(str(item) for item in alternatives(tmp_path / "a.pdf"))
    assert "My own words" in content
    assert "x squared" not in content
    assert "y" in alternatives(tmp_path / "a.pdf")


def alternatives(pdf: Path) -> list[str]:
    """Every alternative text of the PDF."""

    def below(node: Any) -> Iterator[str]:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                yield from below(child)
        elif isinstance(node, dict):
            if "/Alt" in node:
                yield str(node["/Alt"])
            yield from below(node.get("/K"))

    root = pypdf.PdfReader(pdf).root_object
    return list(below(root["/StructTreeRoot"]["/K"]))
