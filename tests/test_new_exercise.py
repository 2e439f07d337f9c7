"""docs/new-exercise.md, followed to the letter in a copy that has only one other exercise."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest

BLOCK = re.compile(r"^```\w+ (?P<head>\S.*)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
KEPT = "gan_game"


def snakemake(house: Path) -> str:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["snakemake", "--cores", "1"], cwd=house, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def house(root, tmp_path):
    """The repository with one exercise."""
    house = tmp_path / "house"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (root / name).is_file():
            (house / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, house / name)
    snakefile = house / "Snakefile"
    topics = re.compile(r"^TOPICS = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)
    snakefile.write_text(topics.sub(f'TOPICS = [\n    "{KEPT}",\n]\n', snakefile.read_text()))
    document = house / "report/assignment.qmd"
    others = re.compile(rf"^{{{{< include exercises/(?!{KEPT}).*>}}}}\n+", re.MULTILINE)
    document.write_text(others.sub("", document.read_text()))
    return house


def follow(page: str, house: Path) -> None:
    """Do what each code block of the page says in its first line."""
    for block in BLOCK.finditer(page):
        given = dict(word.split("=", 1) for word in shlex.split(block["head"]))
        path = house / (given.get("file") or given["append"])
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text() if path.exists() else ""
        if "append" in given:
            new = old.rstrip("\n") + "\n" + block["body"]
        elif "after" in given:
            new = old.replace(given["after"] + "\n", given["after"] + "\n" + block["body"], 1)
        elif "before" in given:
            new = old.replace(given["before"], block["body"] + given["before"], 1)
        else:
            assert not old, f"{path} exists already"
            new = block["body"]
        assert new != old, f"{block['head']} changes nothing"
        path.write_text(new)


def text_of(house: Path) -> str:
    pages = pypdf.PdfReader(house / "report/build/assignment.pdf").pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_page_adds_an_exercise_that_can_be_removed_again(root, house):
    before = {path: path.read_bytes() for path in house.rglob("*") if path.is_file()}
    page = (root / "docs/new-exercise.md").read_text("utf-8")
    follow(page, house)
    snakemake(house)
    text = text_of(house)
    assert "the sum of two dice" in text
    assert "6 faces has mean 7.000" in text
    assert "dice.distribution" in text
    ran = snakemake(house)
    assert "Nothing to be done" in ran
    for path in house.rglob("*"):
        if path.is_file() and path in before:
            path.write_bytes(before[path])
    for path in ("scripts/dice", "data/results/dice", "data/figures/dice"):
        shutil.rmtree(house / path)
    for path in ("workflow/rules/dice.smk", "report/exercises/dice.qmd"):
        (house / path).unlink()
    snakemake(house)
    assert "dice" not in text_of(house)
