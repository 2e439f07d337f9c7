"""Generated documents: PDF words = HTML words = the words that the generator put in.

    DOCUMENTS=5000 python -m pytest tests/test_differential.py -n auto

tries that many; without it the same ones each time. What fails is made small and printed
with its source, what was expected and what was got.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from comparison import difference, differences, wide_project
from generated import (
    BULLET,
    END,
    FORMULA,
    MAYBE,
    Citation,
    Document,
    Equation,
    Figure,
    Formula,
    Heading,
    Line,
    Note,
    Paragraph,
    Part,
    Reference,
    Statement,
    Table,
    Text,
    source,
)
from grammar import documents
from house import rows
from hypothesis import HealthCheck, given, seed, settings

from scripts.report.engines import assembly
from scripts.report.engines.assembly import Edition
from scripts.report.engines.numbering import numbers

A_TEST = 20
DOCUMENTS = int(os.environ.get("DOCUMENTS", 10 * A_TEST))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    wide_project(tmp_path)
    return tmp_path


@pytest.mark.parametrize("number", rows(range(-(-DOCUMENTS // A_TEST)), [0]))
def test_generated_documents_lose_no_word(number: int, folder: Path) -> None:
    @seed(number)
    @settings(
        max_examples=A_TEST, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(documents())
    def lose_no_word(document: Document) -> None:
        found = list(differences(document, folder))
        text, variables = source(document)
        assert not found, "\n\n".join([*found, text, str(variables)])

    lose_no_word()


# ------------------------------------------------------------------- the test itself


def line(*items: Part | str) -> Line:
    parts = tuple(Text(item) if isinstance(item, str) else item for item in items)
    return Line(parts, (" ",) * (len(parts) - 1))


KNOWN = Document(
    line("A title"),
    None,
    ("A. Student",),
    None,
    (
        Heading(1, line("One heading")),
        Paragraph(line("Some words", Citation(("two2001",)), Note(line("A note")))),
        Figure(line("First caption", Reference(2, "@label")), "a line that rises", ""),
        Figure(line("Second caption"), "a line that falls", ""),
        Table(
            (line("leftmost"), line("rightmost")),
            ((line("5"), line("- 3")),),
            ("---", "---"),
            line("A list"),
        ),
        Statement(
            "thm", line("Its name"), True, (Paragraph(line("It holds", Citation(("ada1843",)))),)
        ),
        Equation(True, Formula((("x_1", "x1", "x1"), ("<", "<", "<")))),
    ),
)


def test_a_document_is_found_whole(folder: Path) -> None:
    assert list(differences(KNOWN, folder)) == []


@pytest.mark.parametrize(
    ("put_in", "printed"),
    [
        ("Second caption", ""), ("rightmost", ""), ("A note", ""), ("Its name", "Its"),
        ("Some words", "Somewords"), ("One heading", "One heading heading"),
        ("It holds", "It holds {.x}"), ("First caption", "caption First"), ("holds", "hold"),
        ("a line that rises", "a line"), ("leftmost", "left most"), ("A list", "A List"),
    ],
)  # fmt: skip
def test_what_an_engine_loses_adds_or_changes_is_found(
    put_in: str, printed: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assembled = Edition.assembled

    def changed(edition: Edition) -> str:
        text = assembled(edition)
        assert put_in in text
        return text.replace(put_in, printed)

    monkeypatch.setattr(Edition, "assembled", changed)
    found = list(differences(KNOWN, folder))
    assert [text.split(":")[0] for text in found] == ["pdf", "html"]


def test_numbers_that_are_swapped_are_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swapped(*items: Any) -> dict[str, str]:
        given = numbers(*items)
        return {label: {"1": "2", "2": "1"}.get(number, number) for label, number in given.items()}

    monkeypatch.setattr(assembly, "numbers", swapped)
    found = list(differences(KNOWN, folder))
    assert [text.split(":")[0] for text in found] == ["pdf", "html"]


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("a b", "a b", True), ("a b", "ab", False), ("ab", "a b", False), ("a b", "a b c", False),
        ("a b c", "a b", False), ("a\nb", "ab", False), (f"a{MAYBE}b", "ab", True),
        (f"a{MAYBE}b", "a b", True), (f"{FORMULA}x1{END} a", "1 xa", True),
        (f"{FORMULA}x1{END}", "x", False), (f"{FORMULA}x1{END}\n{FORMULA}√y{END}", "x√\n1y", True),
        (f"{FORMULA}x1{END} a {FORMULA}√y{END}", "x√ a 1y", False),
        (f"{BULLET}\na", "• a", True), ("ab", "𝑎b", True),
        ("...", "…", False), ("-5", "−5", False), ("it's", "it’s", False),
    ],
)  # fmt: skip
def test_what_counts_as_the_same(expected: str, got: str, same: bool) -> None:
    assert (difference(expected, got, "html") == []) == same


def test_a_line_break_of_a_pdf_says_nothing_about_blanks() -> None:
    assert difference("a b", "a\r\nb", "pdf") == difference("ab", "a\r\nb", "pdf") == []
    assert difference("a b", "ab", "pdf") != []
