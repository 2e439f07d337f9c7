"""What users of Snakemake find: its commands work, and its own bookkeeping is not needed."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from house import House

from scripts.pipeline import lock, products


def test_a_report_holds_the_document_and_every_figure(finished: House, tmp_path: Path) -> None:
    report = tmp_path / "report.zip"
    run = finished.command("-m", "snakemake", "--cores", "1", "--report", str(report))
    assert run.code == 0, run.text
    names = [Path(name).name for name in zipfile.ZipFile(report).namelist()]
    figures = {path.name for path in (finished.root / "data/figures").rglob("*.svg")}
    documents = {Path(name).name for name in products.PRODUCTS if "manifest" not in name}
    assert figures | documents <= set(names)


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


@pytest.mark.parametrize(("build", "code"), [("", 0), ("another build", 1)])
def test_a_job_of_a_cluster_touches_nothing_once_its_build_has_ended(
    house: House, build: str, code: int
) -> None:
    """A job may wait in the queue for long; its Snakemake removes old results before all else."""
    before = house.artifacts()
    job = ["--mode", "remote", "--force", "--nolock", "data/results/dice/compute.npz"]
    run = house.snakemake(*job, more={lock.BUILD_ID: build})
    assert run.code == code, run.text
    assert ("has ended" in run.text) == bool(code)
    assert house.artifacts() == before
