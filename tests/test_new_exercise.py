"""docs/new-exercise.md, followed to the letter in a copy that has only one other exercise."""

from __future__ import annotations

import shutil

import guide
import pypdf
import pytest
from house import ENVIRONMENT, House, copy_all, copy_source, keep, topics

pytestmark = pytest.mark.skipif(guide.EXERCISE in topics(), reason="the page was followed here")

LINT = (
    "ruff check .", "ruff format --check .", "snakefmt --check Snakefile workflow/rules",
    "lint-imports --no-cache", "mypy -p scripts.dice",
)  # fmt: skip

TESTS = ("test_dice", "test_config", "test_quarto_project", "test_reruns", "test_language")
"""Its own; declarations and schema of settings; what the preview watches; readers; its text."""

OF_RERUNS = "not (test_reruns or test_language) or dice or table_of_readers"


PARTS = ("exercises", "companion")


def text_of(house: House) -> str:
    pages = pypdf.PdfReader(house.root / "report/build/companion.pdf").pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_page_adds_an_exercise_that_can_be_removed_again(tmp_path):
    house = copy_source(tmp_path / "house")
    keep(house.root, topics()[0])
    before = {path: path.read_bytes() for path in house.root.rglob("*") if path.is_file()}
    guide.follow(house.root, ENVIRONMENT)
    house.build()
    text = text_of(house)
    assert "the sum of two dice" in text
    assert "mean 8.000" in text
    assert "dice.distribution" in text
    assert "Nothing to be done" in house.build().text
    house.put_back(before)
    for path in ("scripts/dice", "data/results/dice", "data/figures/dice"):
        shutil.rmtree(house.root / path)
    for path in ("workflow/rules/dice.smk", *(f"report/{part}/dice.qmd" for part in PARTS)):
        (house.root / path).unlink()
    house.build()
    assert "dice" not in text_of(house)


def test_lint_and_the_tests_that_the_page_can_break_are_content(tmp_path):
    copy = copy_all(tmp_path / "house")
    keep(copy, topics()[0])
    guide.follow(copy, ENVIRONMENT)
    for command in LINT:
        guide.run(command.split(), copy, ENVIRONMENT)
    guide.run_tests(TESTS, OF_RERUNS, copy, ENVIRONMENT)
