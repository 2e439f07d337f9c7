"""Kills, orphans, two builds at once, full and read-only disks: the build cannot be corrupted."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from house import SNAKEMAKE, House, rows
from kills import REPORT, Build, Trees, building, report, session_folder, two_builds

COMPUTE = "scripts.dice.compute"
PUBLISH = "scripts.report.publish"
ARRAYS = "data/results/dice/compute.npz"
PDF = "report/build/assignment.pdf"


in_either_way = pytest.mark.parametrize(
    "words", rows([REPORT, SNAKEMAKE], [REPORT]), ids=["make report", "plain"]
)


@pytest.fixture(scope="session")
def trees(tmp_path_factory) -> Trees:
    return two_builds(session_folder(tmp_path_factory))


def test_the_two_builds_differ(trees):
    """Or a tree that was left as it was would look like a recovered one."""
    assert trees.first.keys() == trees.other.keys()
    assert trees.first[ARRAYS] != trees.other[ARRAYS]
    assert trees.first[PDF] != trees.other[PDF]


def leftovers(house: House) -> list[Path]:
    return [
        *house.root.rglob(".partial-*"),
        *(path for path in (house.root / "data/stage").rglob("*") if path.is_file()),
        *(house.root / ".snakemake/locks").glob("*"),
        *(house.root / "data").glob(".previous*"),
    ]


def assert_recovers(house: House, wanted: dict[str, str], *words: str) -> None:
    code, text = report(house)
    assert code == 0, text
    for word in words:
        assert word in text
    assert house.artifacts() == wanted
    assert leftovers(house) == []


@pytest.mark.parametrize(
    "at_work", rows([True, False], [True]), ids=["in the step", "before the lock"]
)
def test_a_killed_process_group_recovers(trees, tmp_path, at_work):
    house = trees.copy(tmp_path / "house", ARRAYS)
    with building(house) as build:
        build.catch(COMPUTE, at_work)
        build.kill_group()
        assert not (house.root / ARRAYS).exists()
        assert_recovers(house, trees.other, "Unlocking")


@pytest.mark.whole
def test_a_killed_build_recovers_in_plain_snakemake_too(trees, tmp_path):
    house = trees.copy(tmp_path / "house", PDF)
    with building(house) as build:
        build.catch(PUBLISH, at_work=True)
        build.kill_group()
    assert "Unlocking" in house.build().text
    assert house.artifacts() == trees.other
    assert leftovers(house) == []


def products(house: House) -> dict[str, str]:
    return {name: sha for name, sha in house.artifacts().items() if name.startswith("report/build")}


@in_either_way
def test_a_render_that_fails_leaves_the_products(trees, tmp_path, words):
    house = trees.copy(tmp_path / "house")
    before = products(house)
    house.edit("report/exercises/dice.qmd", lambda text: f"{text}\nSee @sec-nowhere.\n")
    for _ in range(2):
        run = house.command(*words)
        assert run.code != 0
        assert "The PDF was not changed." in run.text
        assert products(house) == before
        assert leftovers(house) == []
    house.edit("report/exercises/dice.qmd", lambda text: text.replace("See @sec-nowhere.", ""))
    assert house.build().rules == {"publish_report"}
    assert products(house) != before


@in_either_way
@pytest.mark.parametrize("module", rows([COMPUTE, PUBLISH], [PUBLISH]))
def test_an_interrupted_build_leaves_the_products(trees, tmp_path, words, module):
    house = trees.copy(tmp_path / "house", ARRAYS, PDF)
    before = products(house)
    with building(house, *words) as build:
        build.catch(module, at_work=True)
        build.interrupt()
        build.go_on()
        assert build.wait() != 0
    assert products(house) == before
    assert_recovers(house, trees.other)


def test_an_orphan_is_ended_and_its_work_done_again(trees, tmp_path):
    house = trees.copy(tmp_path / "house", ARRAYS)
    with building(house) as build:
        orphan = build.catch(COMPUTE, at_work=True)
        build.kill_snakemake()
        assert orphan.is_running()
        assert "at work in this folder" in plain_build(house)
        assert_recovers(house, trees.other, "Ending a step left behind", "Unlocking")
        assert not orphan.is_running()


def plain_build(house: House) -> str:
    run = house.snakemake()
    assert run.code != 0
    assert "Traceback" not in run.text
    return run.text


def test_a_late_orphan_does_not_win_over_a_changed_configuration(trees, tmp_path):
    house = trees.copy(tmp_path / "house", ARRAYS)
    old = (house.root / "workflow/config.yaml").read_bytes()
    with building(house) as build:
        orphan = build.catch(COMPUTE, at_work=True)
        command, environment = orphan.cmdline(), orphan.environ()
        build.kill_snakemake()
        (house.root / "workflow/config.yaml").write_bytes(
            (trees.house.root / "workflow/config.yaml").read_bytes()
        )
        assert old != (house.root / "workflow/config.yaml").read_bytes()
        assert_recovers(house, trees.first, "Ending a step left behind")
    # The same job once more, as if it had been slow to start: it outlived its build.
    late = subprocess.run(
        command, cwd=house.root, env=environment, capture_output=True, text=True, check=False
    )
    assert late.returncode != 0
    assert "the build that started this job has ended" in late.stderr
    assert house.artifacts() == trees.first


@pytest.mark.whole
def test_an_orphan_that_finished_with_old_settings_is_replaced(trees, tmp_path):
    house = trees.copy(tmp_path / "house", ARRAYS)
    with building(house) as build:
        orphan = build.catch(COMPUTE, at_work=True)
        build.kill_snakemake()
        build.go_on()
        psutil.wait_procs([orphan], timeout=60)
    assert trees.other[ARRAYS] == house.artifacts()[ARRAYS]
    (house.root / "workflow/config.yaml").write_bytes(
        (trees.house.root / "workflow/config.yaml").read_bytes()
    )
    assert_recovers(house, trees.first)


def test_of_two_builds_one_waits(trees, tmp_path):
    house = trees.copy(tmp_path / "house", ARRAYS)
    with building(house) as first:
        first.catch(COMPUTE, at_work=True)
        with building(house) as second:
            wait_for(second, "waiting for it")
            first.go_on()
            assert first.wait() == 0, first.text
            assert second.wait() == 0, second.text
            assert "steps to do" not in second.text, second.text
    assert house.artifacts() == trees.other
    assert leftovers(house) == []


@pytest.mark.whole
def test_a_build_that_another_overtakes_waits(trees, tmp_path):
    """While its Snakemake is still starting, nothing is locked."""
    house = trees.copy(tmp_path / "house", ARRAYS)
    with building(house) as first, building(house) as second:
        first.stop_snakemake()
        second.catch(COMPUTE, at_work=True)
        first.go_on()
        wait_for(first, "waiting for it")
        second.go_on()
        for build in (first, second):
            assert build.wait() == 0, build.text
    assert house.artifacts() == trees.other
    assert leftovers(house) == []


@in_either_way
def test_plain_snakemake_beside_a_build_says_what_to_do(trees, tmp_path, words):
    house = trees.copy(tmp_path / "house", ARRAYS)
    with building(house, *words) as build:
        build.catch(COMPUTE, at_work=True)
        run = house.command(*SNAKEMAKE)
        assert run.code != 0
        assert "Wait until it has ended, or run `make report`" in run.text
        assert "unlock" not in run.text.lower()


def wait_for(build: Build, words: str, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while words not in build.text:
        assert time.monotonic() < deadline, build.text
        assert build.process.poll() is None, build.text
        time.sleep(0.02)


@pytest.mark.whole
def test_two_builds_started_together_do_no_harm(trees, tmp_path):
    house = trees.copy(tmp_path / "house")
    with building(house) as first, building(house) as second:
        ends = [(build.wait(), build.text) for build in (first, second)]
    for code, text in ends:
        assert "Traceback" not in text
        assert code == 0, text
    assert house.artifacts() == trees.other
    assert leftovers(house) == []


@contextmanager
def mounted(target: Path, *options: str) -> Iterator[None]:
    target.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", *options, str(target)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"file systems cannot be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(target)], check=True)


def fill(folder: Path) -> Path:
    """Fill a disk to the last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1_000_000, 4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    assert shutil.disk_usage(folder).free == 0
    return ballast


def test_no_build_begins_on_a_full_disk(trees, tmp_path):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=90m", "none"):
        house = trees.copy(tmp_path / "disk/house")
        code, text = report(house)
        assert code == 1
        assert "MB are free on the disk" in text
        assert "MB are free on the disk" in plain_build(house)
        assert "Traceback" not in text
        assert house.artifacts() == trees.first


@pytest.mark.parametrize("module", rows([COMPUTE, PUBLISH], [PUBLISH]))
def test_a_disk_that_fills_up_leaves_the_old_document(trees, tmp_path, module):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=250m", "none"):
        house = trees.copy(tmp_path / "disk/house", ARRAYS)
        with building(house) as build:
            build.catch(module, at_work=module == COMPUTE)
            ballast = fill(tmp_path / "disk")
            build.go_on()
            assert build.wait() != 0
            assert "No space left on device" in build.text
        products = {name for name in trees.first if name.startswith("report/build/")}
        now = house.artifacts()
        assert {name: now.get(name) for name in products} == {
            name: trees.first[name] for name in products
        }
        ballast.unlink()
        assert_recovers(house, trees.other)


def test_a_read_only_tree_is_named_and_left_alone(trees, tmp_path):
    house = trees.copy(tmp_path / "house")
    with mounted(house.root, "--bind", str(house.root)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(house.root)], check=True)
        code, text = report(house)
        assert code == 1
        assert "data/.lock cannot be written: Read-only file system" in text
        assert "Traceback" not in text
        assert "Read-only file system" in plain_build(house)
        assert house.artifacts() == trees.first
