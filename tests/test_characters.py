"""Every character of an author is printed, or refused with its place and a remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documents import FRONT, fake_quarto, rendered, words_of_page, write_document
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from scripts.report.engines import quarto
from scripts.report.render import RenderError, render
from scripts.report.source import read_document

MARK = b"\xef\xbb\xbf"


def both(document: Path) -> tuple[str, str]:
    """The words of both editions, formulas included."""
    pdf, page = rendered(document)
    return " ".join(pdf.split()), words_of_page(page.partition("<body>")[2])


def write_font(path: Path, letters: str) -> None:
    """A font that draws a box for each letter."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (800, 700), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = [".notdef", *(f"u{ord(letter):X}" for letter in letters)]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(letter): f"u{ord(letter):X}" for letter in letters})
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (900, 100)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Boxes", "styleName": "Regular", "psName": "Boxes-Regular"})
    font.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    font.setupPost()
    path.parent.mkdir(exist_ok=True)
    font.save(path)


# ------------------------------------------------------------------------------- marks and lines

FILES = [
    *("doc.qmd", "part.qmd", "_quarto.yml", "_variables.yml", "references.bib", "ieee.csl"),
    *("filters/web.lua", "_extensions/spoken-math/_extension.yml"),
    *("_extensions/spoken-math/typst-math.lua", "own.typ", "own.css", "line.svg"),
]


@pytest.mark.parametrize("name", FILES)
def test_a_byte_order_mark_and_crlf_change_no_word(tmp_path: Path, name: str) -> None:
    own = "format:\n  typst:\n    include-in-header: own.typ\n  html:\n    css: own.css\n"
    body = "# One {#sec-a}\n\nCited [@prince2023].\n\n{{< include part.qmd >}}\n"
    document = write_document(
        tmp_path, body, front=FRONT.replace("date:", own + "date:"), variables="a: x\n"
    )
    figure = '![Words](line.svg){#fig-a fig-alt="x"}\n'
    (tmp_path / "part.qmd").write_text(
        f"# Part {{#sec-p}}\n\n{{{{< var a >}}}} @sec-p.\n\n{figure}"
    )
    (tmp_path / "own.typ").write_text('#show "Figure": "Picture"\n')
    (tmp_path / "own.css").write_text("p { color: red; }\n")
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(MARK + content.replace(b"\n", b"\r\n"))
    pdf, page = both(document)
    for words in (pdf, " ".join(page.split())):
        words = words.replace("\u00a0", " ")
        assert "1 One Cited [1]." in words
        assert "2 Part x Section 2." in words
        assert "Understanding" in words
        assert "\ufeff" not in words
    assert "Picture 1: Words" in pdf.replace("\u00a0", " ")
    assert "p { color: red; }" in document.with_name("a.html").read_text()


def test_quarto_is_given_no_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "part.qmd").write_bytes(MARK + b"# Part\n")
    (tmp_path / "line.svg").write_bytes(MARK + b"<svg/>")
    for name in ("part.qmd", "line.svg"):
        quarto._copy(str(tmp_path / name), str(tmp_path / f"copy-{name}"))
    assert (tmp_path / "copy-part.qmd").read_bytes() == b"# Part\n"
    assert (tmp_path / "copy-line.svg").read_bytes() == MARK + b"<svg/>"


CONTROLS = "\x00\x07\x0b\x0c\r\x1b\x7f\x85\u2028\u2029\ufeff\uffff"


@pytest.mark.parametrize("control", CONTROLS, ids=[f"{ord(c):04X}" for c in CONTROLS])
@pytest.mark.parametrize("name", ["doc.qmd", "part.qmd", "_quarto.yml", "_variables.yml"])
def test_a_control_character_is_refused_by_line(tmp_path: Path, control: str, name: str) -> None:
    document = write_document(tmp_path, "{{< include part.qmd >}}\n", variables="a: x\n")
    (tmp_path / "part.qmd").write_text("Words.\n")
    file = tmp_path / name
    lines = file.read_text().count("\n")
    file.write_bytes(file.read_bytes() + f"# a{control}b\n".encode())
    message = rf"{name}:{lines + 1}: the control character U\+{ord(control):04X} is no text"
    with pytest.raises(RenderError, match=message):
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")


def test_lines_are_those_that_every_reader_counts(tmp_path: Path) -> None:
    code = "```\na\tb \u00a0 \u2003 c\n```\n"
    document = read_document(write_document(tmp_path, f"{code}\nWords.\n"))
    assert document.place(document.text.index("Words")).line == 11
    assert "Words" in document.prose
    assert "c\n" not in document.prose


# ------------------------------------------------------------------------------- scripts

PRINTED = {
    "cyrillic": "Привет", "greek": "Γειά σου", "vietnamese": "Nguyễn Phượng", "polish": "Żółć",
    "turkish": "İstanbul ığş", "hebrew": "שלום", "arabic": "مرحبا", "devanagari": "नमस्ते",
    "double struck": "𝔼𝟙", "decomposed": "e\u0301n\u0303", "signs": "☃✓■→∞",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e", "marks of direction": "a\u200eb",
    "soft hyphen": "con\u00adtent", "variation": "☃\ufe0e",
}  # fmt: skip


@pytest.mark.parametrize("script", PRINTED)
def test_scripts_that_typsts_own_fonts_have(tmp_path: Path, script: str) -> None:
    text = PRINTED[script]
    front = FRONT.replace('"A"', f'"{text}"').replace('"T"', f'"T {text}"')
    front = front.replace("date:", f'subtitle: "{text}"\nabstract: "{text}"\ndate:')
    body = (
        f"# {text} {{#sec-a}}\n\nText {text}, *{text}*, `{text}`, {{{{< var v >}}}}, "
        f"$\\text{{{text}}}$.\n\n| a |\n|---|\n| {text} |\n\n: {text} {{#tbl-a}}\n"
    )
    document = write_document(tmp_path, body, front=front, variables=f'v: "{text}"\n')
    pdf, page = both(document)
    # Title, author, subtitle, abstract, contents, heading, five in the text, caption, cell.
    assert page.count(text) == 13
    backwards = script in ("hebrew", "arabic")  # in the order in which they stand on the paper
    assert pdf.count(text) + (pdf.count(text[::-1]) if backwards else 0) == 13


LETTERS = {
    "beyond the first plane": "𠮷", "chinese": "汉", "japanese": "ひ", "korean": "한", "thai": "ส",
    "emoji": "😀", "private": "\uf8ff", "unassigned": "\u0378",
}  # fmt: skip

PLACES = {
    "the author": ('author: "{}"', "x", 5),
    "the title": ('title: "{}"', "x", 5),
    "the subtitle": ('subtitle: "{}"', "x", 5),
    "the abstract": ('abstract: "{}"', "x", 5),
    "prose": ("toc: true", "x {}", 8),
    "a heading": ("toc: true", "# {}", 8),
    "a cell": ("toc: true", "| a |\n|---|\n| {} |", 10),
    "a caption": ("toc: true", '![{}](line.svg){{#fig-a fig-alt="x"}}', 8),
    "code": ("toc: true", "`{}`", 8),
    "a formula": ("toc: true", "$\\text{{{}}}$", 8),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("standard", ["ua-1", ""])
def test_a_letter_that_no_font_has_is_refused_wherever_it_stands(
    tmp_path: Path, place: str, standard: str
) -> None:
    setting, body, line = PLACES[place]
    key = setting.partition(":")[0]
    kept = re.sub(rf'^{key}: "\w+"\n', "", FRONT, flags=re.M)
    line -= FRONT.count("\n") - kept.count("\n")
    front = kept.replace("\n---\n\n", f"\n{setting}\n---\n\n").replace("{}", "𠮷")
    document = write_document(tmp_path, body.format("𠮷") + "\n", front=front)
    if not standard:
        project = tmp_path / "_quarto.yml"
        project.write_text(project.read_text().replace("    pdf-standard: ua-1\n", ""))
    with pytest.raises(RenderError) as error:
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")
    assert f"doc.qmd:{line}: 𠮷 (U+20BB7) could not be displayed" in str(error.value)
    assert f"Put a font file (.ttf or .otf) that has it into {tmp_path / 'fonts'}" in str(
        error.value
    )


@pytest.mark.parametrize("script", LETTERS)
def test_letters_that_typsts_own_fonts_lack(tmp_path: Path, script: str) -> None:
    letter = LETTERS[script]
    document = write_document(tmp_path, f"One {letter} two {letter}.\n")
    with pytest.raises(RenderError) as error:
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")
    assert str(error.value).count("U+") == 1
    assert f"doc.qmd:7: {letter} (U+{ord(letter):04X}) could not be" in str(error.value)


def test_a_name_from_the_configuration_is_refused_there(tmp_path: Path) -> None:
    front = FRONT.replace('"A"', '"{{< var author.name >}}"')
    name = 'author:\n  name: "𠮷田 T\\\\."\ntopic:\n  word: "汉"\n'
    document = write_document(tmp_path, "{{< var topic.word >}}\n", front=front, variables=name)
    with pytest.raises(RenderError) as error:
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")
    config, variables = str(error.value).split("\n")
    assert config.startswith(
        "workflow/config.yaml: author.name: 𠮷 (U+20BB7), 田 (U+7530) could not be displayed"
    )
    assert "_variables.yml: topic.word: 汉 (U+6C49) could not be displayed" in variables


def test_a_font_in_the_documents_folder_prints_what_typsts_own_lack(tmp_path: Path) -> None:
    front = FRONT.replace('"A"', '"{{< var author.name >}}"')
    variables = 'author:\n  name: "𠮷田"\n'
    body = "# 田\n\n*田* `田` $\\text{𠮷}$ and Hello.\n"
    document = write_document(tmp_path, body, front=front, variables=variables)
    with pytest.raises(RenderError, match="U\\+20BB7"):
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")
    write_font(tmp_path / "fonts" / "boxes.ttf", "𠮷田Helo")
    pdf, page = both(document)
    assert "T 𠮷田 2023-04-09" in pdf
    assert "田 田 𠮷 and Hello." in pdf
    assert "𠮷田" in page
    (tmp_path / "fonts" / "boxes.ttf").unlink()
    with pytest.raises(RenderError, match="U\\+20BB7"):
        render(document, engine="embedded", pdf=tmp_path / "a.pdf")


def test_a_font_changes_nothing_that_typsts_own_can_set(tmp_path: Path) -> None:
    document = write_document(tmp_path, "# Hello\n\n*Hello* `Hello` $x$\n")
    render(document, engine="embedded", pdf=tmp_path / "a.pdf")
    write_font(tmp_path / "fonts" / "boxes.ttf", "Helox田")
    render(document, engine="embedded", pdf=tmp_path / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_quartos_complaint_about_a_letter_is_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = 'error: the text `"𠮷"` could not be displayed with font `"X"`'
    fake_quarto(tmp_path / "bin", f"echo '{said}' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    document = read_document(write_document(tmp_path / "doc", "A 𠮷.\n"))
    with pytest.raises(RenderError, match=r"doc\.qmd:7: 𠮷 \(U\+20BB7\) could not be displayed"):
        quarto.render_pdf(document)
