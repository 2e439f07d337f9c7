"""What users of Snakemake find: its commands work, and its own bookkeeping is not needed."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from house import House


def test_a_report_holds_the_document_and_every_figure(finished: House, tmp_path: Path) -> None:
    report = tmp_path / "report.zip"
    run = finished.command("-m", "snakemake", "--cores", "1", "--report", str(report))
    assert run.code == 0, run.text
    names = [Path(name).name for name in zipfile.ZipFile(report).namelist()]
    figures = {path.name for path in (finished.root / "data/figures").rglob("*.svg")}
    assert figures | {"assignment.pdf", "assignment.html"} <= set(names)


@pytest.mark.parametrize(
    "listing", [["--summary"], ["--detailed-summary"], ["--dag"], ["--rulegraph"], ["--filegraph"]]
)
def test_a_listing_names_every_step(finished: House, listing: list[str]) -> None:
    run = finished.command("-m", "snakemake", "--cores", "1", *listing)
    assert run.code == 0, run.text
    for rule in finished.graph.rules:
        assert rule in run.text


@pytest.mark.skipif(shutil.which("conda") is not None, reason="conda is here")
@pytest.mark.parametrize("option", [["--containerize"], ["--archive", "all.tar.gz"]])
def test_what_needs_conda_says_so(finished: House, option: list[str]) -> None:
    run = finished.command("-m", "snakemake", "--cores", "1", *option)
    assert run.code != 0
    assert f"`snakemake {option[0]}` needs conda" in run.text


def test_touched_files_rerun_nothing_even_after_snakemake_s_notes_are_lost(house: House) -> None:
    shutil.rmtree(house.root / ".snakemake")
    for path in house.tracked():
        os.utime(path)
    assert house.dry_run() == set()
    assert house.build().rules == set()
