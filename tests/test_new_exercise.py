"""`make new`: three exercises in a row, in a copy that has only one other exercise."""

from __future__ import annotations

import re
import shutil

import guide
import pypdf
import pytest
from house import ENVIRONMENT, ROOT, House, copy_all, copy_source, keep, topics

from scripts.pipeline import new

pytestmark = pytest.mark.skipif(guide.EXERCISE in topics(), reason="it was added here")

LINT = (
    "ruff check .", "ruff format --check .", "snakefmt --check Snakefile workflow/rules",
    "lint-imports --no-cache", "codespell",
    *(f"mypy -p scripts.{name}" for name in ("dice", "two_arms")),
)  # fmt: skip

TESTS = (
    *("test_dice", "test_two_arms", "test_config", "test_quarto_project", "test_reruns"),
    *("test_language", "test_far_settings"),
)
"""Their own; declarations and schema of settings; what the preview watches; readers; texts."""

OF_THEM = "not (test_reruns or test_language) or dice or two_arms or table_of_readers"

THREE = {"raffle": "A raffle, held often", "two_arms": "Bandits with two arms", "dice": guide.TITLE}


def text_of(house: House) -> str:
    pages = pypdf.PdfReader(house.root / "report/build/companion.pdf").pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def copy(tmp_path):
    """A copy of the sources with one exercise."""
    house = copy_source(tmp_path / "house")
    keep(house.root, topics()[0])
    return house


def test_three_exercises_are_added_and_can_be_removed_again(copy):
    before = {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()}
    for name, title in THREE.items():
        new.add(copy.root, name, title)
    copy.build()
    text = text_of(copy)
    for title in THREE.values():
        assert title in text
    assert text.count("mean 8.000") == text.count("Every sum is as probable as") == 3
    assert "Nothing to be done" in copy.build().text
    copy.put_back(before)
    for path in {*copy.root.rglob("*")} - before.keys():
        if path.is_file() and not path.relative_to(copy.root).parts[0].startswith((".", "data")):
            path.unlink()
    for name in THREE:
        for path in (f"scripts/{name}", f"data/results/{name}", f"data/figures/{name}"):
            shutil.rmtree(copy.root / path)
    copy.build()
    assert "raffle" not in text_of(copy)


def test_lint_and_the_tests_that_new_exercises_can_break_are_content(tmp_path):
    copy = copy_all(tmp_path / "house")
    keep(copy, topics()[0])
    for name in ("two_arms", "dice"):
        new.add(copy, name, THREE[name])
    for command in LINT:
        guide.run(command.split(), copy, ENVIRONMENT)
    guide.run_tests(TESTS, OF_THEM, copy, ENVIRONMENT)


@pytest.mark.parametrize(
    ("name", "title", "message"),
    [
        ("Coin", "A coin", "is no name.*small letters"),
        ("two__arms", "Two arms", "is no name"),
        ("../coin", "A coin", "is no name"),
        ("", "A coin", "is no name"),
        ("a" * 25, "A coin", "is no name"),
        ("random", "Random walks", "another meaning"),
        ("lambda", "Lambda", "another meaning"),
        ("report", "A report", "another meaning"),
        ("common", "In common", "another meaning"),
        (topics()[0], "Again", "already"),
        ("coin", "", "is no title"),
        ("coin", "A coin\nthrown", "is no title"),
        ("coin", 'A "coin"', "is no title"),
        ("coin", "$x$", "is no title"),
        ("coin", "a " * 31, "is no title"),
    ],
)
def test_what_cannot_be_added_is_refused_before_anything_is_written(copy, name, title, message):
    before = {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()}
    with pytest.raises(new.NewError, match=message):
        new.add(copy.root, name, title)
    assert {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: (root / "tests/test_coin.py").write_text("x"), r"test_coin\.py is there"),
        (
            lambda root: (root / "report/_quarto.yml").write_text("x: 1\n"),
            r"_quarto\.yml: its list",
        ),
    ],
)
def test_a_file_in_the_way_and_a_list_that_is_gone_stop_it(copy, change, message):
    change(copy.root)
    with pytest.raises(new.NewError, match=message):
        new.add(copy.root, "coin", "A coin")
    assert not (copy.root / "scripts/coin").exists()


def test_without_arguments_it_asks(copy, monkeypatch, capsys):
    monkeypatch.chdir(copy.root)
    answers = iter(["coin", "A coin"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    assert new.main(["", ""]) == 0
    assert "report/exercises/coin.qmd" in capsys.readouterr().out
    assert new.main(["coin", "A coin"]) == 1
    assert "already" in capsys.readouterr().err


def test_the_page_names_every_file_that_is_added_or_changed(copy):
    before = {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()}
    guide.follow(copy.root)
    after = {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()}
    page = (ROOT / "docs/new-exercise.md").read_text("utf-8")
    unsaid = {"scripts/dice/__init__.py", "workflow/schemas/config.schema.json"}
    found = {str(path.relative_to(copy.root)) for path in after if after[path] != before.get(path)}
    assert {path for path in found - unsaid if path not in page} == set()
    links = re.findall(r"\]\((dice/[^)]+)\)", page)
    assert {link.removeprefix("dice/") for link in links} <= found
