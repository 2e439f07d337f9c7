"""What lets Quarto work on report/ by itself: the date, the preview, nothing left behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
import yaml
from documents import ROOT

from scripts.report.engines import choice, pandoc

REPORT = ROOT / "report"


def test_a_bare_render_has_the_documents_date() -> None:
    lines = (REPORT / "_environment").read_text().splitlines()
    variables = dict(line.split("=") for line in lines if not line.startswith("#"))
    front = yaml.safe_load((REPORT / "assignment.qmd").read_text().split("---\n")[1])
    day = datetime.combine(front["date"], time(), UTC)
    seconds = str(int(day.timestamp()))
    assert variables == {"SOURCE_DATE_EPOCH": seconds, "TYPST_IGNORE_SYSTEM_FONTS": "true"}


def test_the_preview_watches_every_text_of_the_author() -> None:
    watched = yaml.safe_load((REPORT / "_quarto.yml").read_text())["execute"]["ipynb-filters"]
    texts = {path.relative_to(ROOT).as_posix() for path in REPORT.glob("exercises/*.qmd")}
    assert set(watched) == texts
    assert len(watched) == len(texts)


@pytest.mark.parametrize("left", [True, False])
def test_a_render_leaves_no_copies_of_the_figures(tmp_path: Path, left: bool) -> None:
    if left:
        (tmp_path / "build" / "generated" / "topic").mkdir(parents=True)
        (tmp_path / "build" / "generated" / "topic" / "a.svg").touch()
    (tmp_path / "build").mkdir(exist_ok=True)
    (tmp_path / "build" / "assignment.pdf").touch()
    script = yaml.safe_load((REPORT / "_quarto.yml").read_text())["project"]["post-render"]
    shutil.copy(REPORT / script, tmp_path)
    environment = os.environ | {"QUARTO_PROJECT_OUTPUT_DIR": "build"}
    command = [str(pandoc.program()), "lua", script]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    assert [path.name for path in (tmp_path / "build").iterdir()] == ["assignment.pdf"]


def test_git_ignores_what_quarto_would_have_it_ignore() -> None:
    """Quarto writes this file where it is not there, or lacks one of the two lines."""
    ignored = (REPORT / ".gitignore").read_text().splitlines()
    assert {"/.quarto/", "**/*.quarto_ipynb"} <= set(ignored)


def test_every_place_names_the_same_least_version() -> None:
    least = ".".join(map(str, choice.MINIMUM))
    assert f"Quarto {least} or newer" in (ROOT / "README.md").read_text()
    assert f"quarto>={least}" in (ROOT / "envs" / "assignment.yaml").read_text()
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    found = re.findall(r"^ +version: ([\d.]+)$", workflow, re.MULTILINE)
    assert found
    assert all(tuple(map(int, version.split(".")))[:2] >= choice.MINIMUM for version in found)
