"""The checks of the finished document: a sound one passes, and each check is seen to fail."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pypdf
import pytest
import typst
from documents import ROOT, SAMPLE, copy_filters
from pypdf.generic import NameObject

from scripts.report.render import render
from scripts.report.verify import Check, main, verify

QUARTO = ROOT / "tests" / "data" / "quarto"


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample as the report's settings render it: PDF/UA-1 and HTML."""
    folder = tmp_path_factory.mktemp("edition")
    source = folder / "source"
    shutil.copytree(SAMPLE, source)
    copy_filters(source)
    shutil.copytree(ROOT / "report" / "fonts", source / "fonts")
    shutil.copy(ROOT / "report" / "ieee.csl", source)
    shutil.copy(ROOT / "report" / "header.typ", source)
    project = (ROOT / "report" / "_quarto.yml").read_text()
    (source / "_quarto.yml").write_text(project.replace("assignment.qmd", "sample.qmd"))
    game = source / "exercises" / "game.qmd"
    text = game.read_text().replace("{#eq-loss}", '{#eq-loss alt="The loss in words."}')
    # Where the mark of a note follows a number, no reader of a PDF knows which is which.
    game.write_text(re.sub(r"(@sec-[\w-]+)\.\[\^", r"\1 below.[^", text))
    pdf, html = folder / "a.pdf", folder / "a.html"
    render(source / "sample.qmd", engine="embedded", pdf=pdf, html=html)
    return folder


def failures(checks: list[Check]) -> dict[str, tuple[str, ...]]:
    return {check.name: check.offences for check in checks if not check.passed}


def test_a_sound_document_passes_every_check(edition: Path) -> None:
    checks = verify(edition / "a.pdf", edition / "a.html")
    assert failures(checks) == {}
    assert len(checks) == 18
    assert len({check.name for check in checks}) == 18


def test_records_have_the_shape_of_every_check(edition: Path) -> None:
    for check in verify(edition / "a.pdf"):
        record = check.record("a")
        assert list(record) == [
            "id", "exercise", "statement", "method", "value", "bound", "passed",
        ]  # fmt: skip
        assert record["id"] == f"a.{check.name}"
        assert (record["value"], record["bound"], record["passed"]) == (0, 0, True)


def test_quartos_own_pdf_is_read_too() -> None:
    """Quarto rendered the reference without PDF/UA-1: exactly what that asks for is missed."""
    found = failures(verify(SAMPLE / "expected.pdf"))
    assert set(found) == {"pdf-metadata", "pdf-alternatives"}
    assert found["pdf-metadata"] == ("no PDF/UA-1 marker",)


def test_what_quarto_makes_of_an_exercise_passes_every_check() -> None:
    """4.3 with the report's settings and filters, as Quarto 1.10.18 rendered it."""
    checks = verify(QUARTO / "exercise.pdf", QUARTO / "exercise.html")
    assert failures(checks) == {}
    assert len(checks) == 18


# ------------------------------------------------------------------------------- the PDF

HEAD = '#set document(title: "T")\n#set page(margin: 3cm, numbering: "1")\n#set text(lang: "en")\n'
FILL = "#lorem(300)\n\n"


def made(folder: Path, body: str, *, standards: list[str] | None = None) -> Path:
    """A PDF set from Typst's own language, for faults that the renderer would refuse."""
    path = folder / "made.pdf"
    shutil.copy(SAMPLE / "line.svg", folder)
    (folder / "made.typ").write_text(HEAD + FILL + body)
    typst.compile(
        str(folder / "made.typ"),
        output=str(path),
        ignore_system_fonts=True,
        pdf_standards=standards or [],  # type: ignore[arg-type]
        timestamp=0,
    )
    return path


FAULTS = {
    "pdf-resolved": ("See ?\\@fig-x and ?var:a.b and \\{\\{< var x >}}.", "?@fig-x"),
    "pdf-margins": ("$ " + "x + " * 40 + "x $", "page 1: "),
    "pdf-alternatives": ("$x$", "formula"),
    "pdf-tables": ("#table(columns: 2, [a], [b])", "table number 1"),
    "pdf-headings": ("= One\n=== Three", "H3 after level 1"),
    "pdf-captions": ("Figure 1: a. Figure 3: b.", "Figure: [1, 3]"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_pdf_is_seen(name: str, tmp_path: Path) -> None:
    body, offence = FAULTS[name]
    found = failures(verify(made(tmp_path, body)))
    assert offence in " ".join(found[name])
    assert set(found) <= {name, "pdf-metadata", "pdf-alternatives"}


@pytest.mark.parametrize(
    "body",
    [
        "#table(columns: 14, ..range(14).map(i => [wide#i#i#i]))",
        '#move(dx: -2cm, image("line.svg", width: 100%))',
        "#place(bottom, dy: 1.5cm)[low words]",
        "#move(dx: 2cm, rect(width: 100%)[x])",
        "```\n" + "unbroken" * 20 + "\n```",
    ],
)
def test_whatever_leaves_the_text_block_is_seen(body: str, tmp_path: Path) -> None:
    assert "pdf-margins" in failures(verify(made(tmp_path, body)))


@pytest.mark.parametrize(
    "body",
    ["#footnote[Small.] $ x $", "#align(right)[At the edge.]", '#image("line.svg")',
     '#set page(margin: (x: 3cm, y: 2.4cm))\n#v(1fr)\n'
     '#align(center)[gap #text(font: "DejaVu Sans Mono")[7] gap]'],
)  # fmt: skip
def test_what_stays_inside_is_left_alone(body: str, tmp_path: Path) -> None:
    assert "pdf-margins" not in failures(verify(made(tmp_path, body)))


@pytest.mark.parametrize("alt", ["x", "line.svg as drawn here", ""])
def test_a_figure_must_say_what_it_shows(alt: str, tmp_path: Path) -> None:
    found = failures(verify(made(tmp_path, f'#image("line.svg", alt: "{alt}")')))
    assert "figure" in found["pdf-alternatives"][0]


def changed(source: Path, target: Path, *, drop: str = "", font: bool = False) -> Path:
    """A copy of a PDF without one entry of its catalogue, title or fonts."""
    writer = pypdf.PdfWriter(clone_from=source)
    if drop == "title":
        writer.metadata = {"/Producer": "x"}
    elif drop:
        del writer.root_object[NameObject(drop)]
    if font:
        objects: list[Any] = list(writer._objects)
        for item in objects:
            if isinstance(item, dict):
                item.pop("/FontFile3", None)
                item.pop("/FontFile2", None)
    writer.write(target)
    return target


@pytest.mark.parametrize(
    ("drop", "offence"),
    [("title", "no title"), ("/Lang", "no language"), ("/MarkInfo", "not tagged"),
     ("/Metadata", "no PDF/UA-1 marker")],
)  # fmt: skip
def test_missing_metadata_are_named(drop: str, offence: str, edition: Path, tmp_path: Path) -> None:
    found = failures(verify(changed(edition / "a.pdf", tmp_path / "b.pdf", drop=drop)))
    assert found["pdf-metadata"] == (offence,)


def test_a_font_that_is_not_embedded_is_named(edition: Path, tmp_path: Path) -> None:
    found = failures(verify(changed(edition / "a.pdf", tmp_path / "b.pdf", font=True)))
    assert "NewCM10" in " ".join(found["pdf-fonts"])


# ------------------------------------------------------------------------------- the HTML

EDITS: dict[str, tuple[Any, str]] = {
    "html-resolved": ("</main>", "<p>?@fig-x {{&lt; var a &gt;}}</p></main>"),
    "html-metadata": ('<html lang="en-US">', "<html>"),
    "html-self-contained": ("</head>", '<script src="https://example.org/x.js"></script></head>'),
    "html-alternatives": ('alt="The same line again."', 'alt=""'),
    "html-tables": (re.compile(r"<(/?)th\b"), r"<\1td"),
    "html-headings": (re.compile(r'<h2 id="sec(.*?)</h2>', re.DOTALL), r'<h5 id="sec\1</h5>'),
    "html-formulas": (re.compile(r"<math.*?</math>", re.DOTALL), "x"),
    "html-links": ('id="thm-value"', 'id="thm-other"'),
    "same-numbering": ("Theorem\u00a01 (Value", "Theorem\u00a02 (Value"),
    "same-headings": ("</span> Training</h1>", "</span> Learning</h1>"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_fault_in_the_html_is_seen(name: str, edition: Path, tmp_path: Path) -> None:
    old, new = EDITS[name]
    source = (edition / "a.html").read_text()
    broken = old.sub(new, source) if isinstance(old, re.Pattern) else source.replace(old, new)
    assert broken != source
    (tmp_path / "b.html").write_text(broken)
    assert name in failures(verify(edition / "a.pdf", tmp_path / "b.html"))


@pytest.mark.parametrize(
    "load",
    ['<link rel="stylesheet" href="//example.org/a.css">', '<img src="http://example.org/a.png" '
     'alt="a b c">', "<style>@import url(x)</style>", "<style>b{background:url(https://a.b/c)}"
     "</style>", '<iframe src="https://example.org"></iframe>'],
)  # fmt: skip
def test_every_way_to_the_network_is_seen(load: str, edition: Path, tmp_path: Path) -> None:
    (tmp_path / "b.html").write_text(
        (edition / "a.html").read_text().replace("</main>", f"{load}</main>")
    )
    assert "html-self-contained" in failures(verify(edition / "a.pdf", tmp_path / "b.html"))


# ------------------------------------------------------------------------------- command line


def test_command_line(edition: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pdf, html, out = str(edition / "a.pdf"), str(edition / "a.html"), tmp_path / "checks.json"
    assert main(["--pdf", pdf, "--html", html, "--output", str(out)]) == 0
    assert all(record["passed"] for record in json.loads(out.read_text()))
    (tmp_path / "b.html").write_text((edition / "a.html").read_text().replace("Training", "x"))
    assert main(["--pdf", pdf, "--html", str(tmp_path / "b.html")]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)[-1]["passed"] is False
    assert "not so: PDF and HTML have the same headings: 5training; 5x" in captured.err
    assert main(["--pdf", str(tmp_path / "none.pdf")]) == 1
    assert "does not exist; render it first" in capsys.readouterr().err
