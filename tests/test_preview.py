"""The preview without a browser: what a save leads to, and that nothing breaks it."""

from __future__ import annotations

import hashlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import pytest
from house import ENVIRONMENT, House

from scripts.pipeline import products
from scripts.pipeline.step import CONTRACTS
from scripts.report.preview import building, rendering
from scripts.report.preview.changes import Kind, kind, seen
from scripts.report.preview.latest import Latest
from scripts.report.preview.workers import Worker
from scripts.report.source import RenderError

PATIENCE = 300.0
"""Seconds that anything may take, on a machine that is busy."""

TEXT, FURTHER = "report/exercises/dice.qmd", "report/companion/dice.qmd"
STEP = "scripts/dice/compute.py"


# --- its parts ---


def test_what_is_asked_for_at_work_is_done_once_more() -> None:
    begun, go, done = queue.Queue(), queue.Queue(), []

    def work() -> None:
        begun.put(None)
        done.append(go.get(timeout=PATIENCE))

    latest = Latest(work)
    latest.ask()
    begun.get(timeout=PATIENCE)
    assert not latest.is_late
    for _ in range(5):
        latest.ask()
    assert latest.is_late
    go.put(1)
    begun.get(timeout=PATIENCE)
    assert (done, latest.is_late) == ([1], False)
    go.put(2)
    latest.ask()
    begun.get(timeout=PATIENCE)
    assert done == [1, 2]
    assert begun.empty()
    go.put(3)


def test_a_mistake_of_its_own_is_told_and_ends_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    works: queue.Queue[int] = queue.Queue()

    def work() -> None:
        works.put(1)
        raise ValueError("a mistake")

    latest = Latest(work)
    for _ in range(2):
        latest.ask()
        works.get(timeout=PATIENCE)
    assert "ValueError: a mistake" in capfd.readouterr().err


def test_a_worker_remembers_until_it_is_renewed() -> None:
    worker = Worker(is_urgent=True)
    first = worker.call(os.getpid)
    assert first not in (os.getpid(), None)
    assert worker.call(os.getpid) == first
    worker.renew()
    assert worker.call(os.getpid) != first
    psutil.Process(first).wait(PATIENCE)


def test_a_worker_tells_what_went_wrong_and_works_on() -> None:
    worker = Worker(is_urgent=True)
    first = worker.call(os.getpid)
    with pytest.raises(RenderError, match="no/such/file: No such file"):
        worker.call(os.stat, "no/such/file")
    with pytest.raises(RenderError, match="ValueError: invalid literal"):
        worker.call(int, "x")
    assert worker.call(os.getpid) == first


def test_a_worker_that_was_killed_is_replaced() -> None:
    worker = Worker(is_urgent=True)
    first = worker.call(os.getpid)
    with pytest.raises(RenderError, match="save once more"):
        worker.call(os.kill, first, signal.SIGKILL)
    assert worker.call(os.getpid) != first


def test_what_is_not_urgent_gives_way() -> None:
    urgent, other = (
        Worker(is_urgent=is_urgent).call(os.getpriority, os.PRIO_PROCESS, 0)
        for is_urgent in (True, False)
    )
    assert urgent == os.getpriority(os.PRIO_PROCESS, 0) < other


def test_each_file_is_of_its_kind() -> None:
    kinds = {
        "report/exercises/dice.qmd": Kind.TEXT,
        "report/references.bib": Kind.TEXT,
        "report/filters/web.lua": Kind.TEXT,
        "report/own/picture.svg": Kind.TEXT,
        "report/generated/dice/distribution.svg": Kind.MADE,
        "report/_variables.yml": Kind.MADE,
        "scripts/dice/plot.py": Kind.CODE,
        "workflow/config.yaml": Kind.CODE,
        "workflow/rules/dice.smk": Kind.CODE,
        "data/raw/SHA256SUMS": Kind.CODE,
        "Snakefile": Kind.CODE,
        "envs/requirements.txt": Kind.CODE,
        "scripts/report/engines/template.typ": Kind.ENGINE,
        "scripts/common/tables.py": Kind.ENGINE,
        "report/build/assignment.html": None,
        "report/exercises/.dice.qmd.swp": None,
        "report/exercises/#dice.qmd#": None,
        "report/exercises/dice.qmd~": None,
        "data/results/dice/compute.json": None,
        "README.md": None,
    }
    assert {name: kind(name) for name in kinds} == kinds


SAVES: dict[str, Callable[[Path], object]] = {
    "written": lambda path: path.write_text("new"),
    "moved over it": lambda path: path.with_suffix(".tmp").replace(path),
    "deleted": Path.unlink,
    "new, in a new folder": lambda path: (
        (path.parent / "own").mkdir(), (path.parent / "own/new.qmd").write_text("new"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", SAVES)
@pytest.mark.parametrize("name", ["report/exercises/a.qmd", "Snakefile"])
def test_it_sees_every_way_to_save(tmp_path: Path, how: str, name: str) -> None:
    path = tmp_path / name
    if how.startswith("new") and name == "Snakefile":
        pytest.skip("what is new in the root is of no interest")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("old")
    path.with_suffix(".tmp").write_text("other")
    found: queue.Queue[set[Kind]] = queue.Queue()

    def follow() -> None:
        for kinds in seen(tmp_path, below=name != "Snakefile"):
            found.put(kinds)

    threading.Thread(target=follow, daemon=True).start()
    probe = path if name == "Snakefile" else path.with_name("probe.qmd")
    while found.empty():  # until the watch has begun
        probe.write_text("probe")
        threading.Event().wait(0.2)
    while True:
        try:
            found.get(timeout=1)
        except queue.Empty:
            break
    SAVES[how](path)
    assert found.get(timeout=PATIENCE) == {Kind.CODE if name == "Snakefile" else Kind.TEXT}


def add(text: str, name: str = TEXT) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text((root / name).read_text() + text)


ASKS: dict[str, tuple[Callable[[Path], object], bool]] = {
    "nothing": (lambda root: None, False),
    "a sentence": (add("\nOne more.\n"), False),
    "a label": (add("\n$$x = y$$ {#eq-new}\n"), True),
    "an observation": (add('\n[It is so.]{.observed check="dice.mode"}\n'), True),
    "a label of what goes further": (add("\n$$x$$ {#eq-new}\n", FURTHER), False),
    "a new file": (lambda root: (root / "report/new.qmd").write_text("new"), True),
    "a deleted file": (lambda root: (root / TEXT).unlink(), True),
    "no text": (lambda root: (root / TEXT).write_bytes(b"\xff"), False),
    "no record": (lambda root: (root / CONTRACTS).unlink(), True),
    "a record of something else": (lambda root: (root / CONTRACTS).write_text('{"a": []}'), True),
}


@pytest.mark.parametrize("name", ASKS)
def test_text_that_asks_for_something_new_is_built_first(house: House, name: str) -> None:
    edit, asks = ASKS[name]
    edit(house.root)
    assert rendering.is_outdated(house.root) == asks


def test_documents_are_those_of_the_build_while_what_they_show_is_there(house: House) -> None:
    found = {task.name: task for task in rendering.tasks(house.root)}
    assert set(found) == {"assignment", "companion"}
    picture = "report/generated/dice/distribution.svg"
    assert picture in found["companion"].made
    (house.root / picture).unlink()
    assert rendering.tasks(house.root) == []


def delayed(house: House, seconds: int) -> None:
    """Have a step take so long."""
    wait = f"import time\n\ntime.sleep({seconds})\n\n\ndef main("
    house.edit(STEP, lambda text: text.replace("def main(", wait))


def built(house: House) -> tuple[str | None, list[str]]:
    told: list[str] = []
    return building.build(house.root, told.append, lambda: False), told


def published(house: House) -> list[str]:
    """The hashes of what `make report` published."""
    files = [house.root / name for name in products.PRODUCTS]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def test_a_build_says_how_far_it_is_and_leaves_the_published(house: House) -> None:
    before = published(house)
    delayed(house, 2)
    fault, told = built(house)
    assert fault == ""
    assert any(re.match(r"0/6  at work: compute_dice \d+ s", line) for line in told)
    assert re.match(r"6/6  ask_(assignment|companion) +\d+\.\d s", told[-1])
    assert published(house) == before
    fault, told = built(house)
    assert fault == ""
    assert set(told) <= {"0 steps to do"}


FAULTS: dict[str, tuple[Callable[[House], object], str]] = {
    "a setting": (
        lambda house: house.edit(
            "workflow/config.yaml", lambda text: text.replace("red: ", "red: x")
        ),
        "workflow/config.yaml: dice.red is 'x",
    ),
    "code that is none": (
        lambda house: house.edit("scripts/dice/model.py", lambda text: text + "\ndef ("),
        "scripts/dice/model.py",
    ),
    "code that fails": (
        lambda house: house.edit("scripts/dice/model.py", lambda text: text + "\n1 / 0\n"),
        "ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_build_that_fails_says_why(house: House, name: str) -> None:
    before = published(house)
    edit, said = FAULTS[name]
    edit(house)
    fault, _ = built(house)
    assert fault
    assert said in fault
    assert "steps to do" not in fault
    assert published(house) == before


def test_a_build_that_is_late_is_interrupted(house: House) -> None:
    before = published(house)
    delayed(house, 900)
    told: list[str] = []
    late = building.build(house.root, told.append, lambda: any("compute_dice" in x for x in told))
    assert late is None
    assert not at_work(house)
    assert published(house) == before


def at_work(house: House) -> list[psutil.Process]:
    """The processes that work in the house's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(house.root) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


# --- all of it ---


class Preview:
    """A preview at work in a house, and its pages as they are served."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.report.preview", "--port", "0"], cwd=house.root,
            env={name: text for name, text in ENVIRONMENT.items() if name not in WITH_A_BROWSER},
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr is not None
        first = self.process.stderr.readline()
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.url = re.search(r"http://[\d.]+:\d+/", first)[0]

    def page(self, name: str) -> str:
        try:
            with urlopen(self.url + name, timeout=PATIENCE) as answer:
                return answer.read().decode()
        except HTTPError:
            return ""

    def state(self) -> str:
        """What the preview tells its pages at the moment."""
        with urlopen(self.url + "events", timeout=PATIENCE) as answer:
            return next(line for line in answer if line.startswith(b"data")).decode()

    def wait(self, holds: Callable[[], bool]) -> None:
        for _ in range(int(PATIENCE / 0.1)):
            if holds():
                return
            threading.Event().wait(0.1)
        pytest.fail(self.state()[-3000:])

    def shows(self, words: str, *names: str) -> None:
        """Wait until pages hold some words."""
        for name in names or ("assignment.html", "companion.html"):
            self.wait(lambda name=name: words in re.sub("</?span[^>]*>", "", self.page(name)))

    def tells(self, words: str) -> None:
        """Wait until the pages are told something."""
        self.wait(lambda: words in self.state())


WITH_A_BROWSER = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


@pytest.fixture(scope="module")
def _previewed(finished: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preview]:
    preview = Preview(finished.clone(tmp_path_factory.mktemp("preview") / "house"))
    preview.shows("", "assignment.pages", "companion.pages")
    yield preview
    preview.process.kill()
    preview.process.communicate()


@pytest.fixture
def preview(_previewed: Preview) -> Iterator[Preview]:
    """A preview that all tests share; committed files are put back."""
    kept = _previewed.house.sources()
    yield _previewed
    for path in set(_previewed.house.tracked()) - set(kept):
        path.unlink()
    _previewed.house.put_back(kept)
    _previewed.tells('"faults": [], "progress": ""')


def test_a_sentence_is_in_both_editions_and_what_was_published_stays(preview: Preview) -> None:
    before = published(preview.house)
    preview.house.edit(TEXT, lambda text: text + "\nAn entirely novel sentence.\n")
    preview.shows("An entirely novel sentence.")
    preview.shows("An entirely novel sentence.", "assignment.pages", "companion.pages")
    picture = re.search(r'src="/(assignment.pages/\w+\.png)"', preview.page("assignment.pages"))[1]
    with urlopen(preview.url + picture, timeout=PATIENCE) as answer:
        assert answer.read(8) == b"\x89PNG\r\n\x1a\n"
    assert published(preview.house) == before


def test_a_setting_is_built_and_then_shown(preview: Preview) -> None:
    before = preview.house.config["dice"]["red"]
    assert before != 5
    preview.house.configure({"dice.red": 5})
    preview.shows("A red die with 5 faces")
    preview.shows("A red die with 5 faces", "assignment.pages", "companion.pages")


def test_a_mistake_has_file_line_and_remedy_and_the_page_stays(preview: Preview) -> None:
    lines = (preview.house.root / TEXT).read_text().count("\n")
    preview.house.edit(TEXT, lambda text: text + "\nSee @thm-nowhere.\n")
    preview.tells(f"{TEXT}:{lines + 2}: `@thm-nowhere` refers to nothing")
    assert "</html>" in preview.page("assignment.html")
    preview.house.edit(TEXT, lambda text: text.replace("@thm-nowhere", "that"))
    preview.shows("See that.")
    preview.tells('"faults": []')


def test_what_make_report_would_refuse_is_said_as_soon_as_it_is_shown(preview: Preview) -> None:
    wide = "+".join(["x"] * 120)
    preview.house.edit(TEXT, lambda text: f"{text}\n$${wide}$$\n")
    preview.tells("verify: not so: everything in the PDF lies within the margins")
    preview.house.edit(TEXT, lambda text: text.replace(wide, "y"))
    preview.tells('"faults": []')


def test_a_deleted_file_is_missed_and_found_again(preview: Preview) -> None:
    text = (preview.house.root / TEXT).read_text()
    (preview.house.root / TEXT).unlink()
    preview.tells(f"the file {TEXT} does not exist; create it")
    (preview.house.root / TEXT).write_text(text + "\nIt came back.\n")
    preview.shows("It came back.")


def test_of_many_saves_the_last_one_wins(preview: Preview) -> None:
    text = (preview.house.root / TEXT).read_text()
    for number in range(25):
        (preview.house.root / TEXT).write_text(f"{text}\nThis is save number {number}.\n")
        threading.Event().wait(0.2)
    preview.shows("This is save number 24.")
    preview.shows("This is save number 24.", "assignment.pages", "companion.pages")
    preview.tells('"faults": []')


def test_a_save_in_the_middle_of_a_render_is_rendered_after_it(preview: Preview) -> None:
    preview.house.edit("report/filters/web.lua", lambda text: "for i = 1, 1e8 do end\n" + text)
    preview.house.edit(TEXT, lambda text: text + "\nThe first save.\n")
    preview.wait(lambda: any("pandoc" in process.name() for process in at_work(preview.house)))
    preview.house.edit(TEXT, lambda text: text.replace("The first save.", "The second save."))
    preview.shows("The second save.")


def test_a_new_setting_interrupts_the_build_with_the_old_one(preview: Preview) -> None:
    before = (preview.house.root / STEP).read_text()
    delayed(preview.house, 900)
    preview.tells("at work: compute_dice")
    (preview.house.root / STEP).write_text(before)
    preview.tells('"progress": ""')


def test_what_another_build_makes_is_shown(preview: Preview) -> None:
    picture = preview.house.root / "report/generated/dice/distribution.svg"
    made = picture.read_bytes()
    picture.unlink()
    preview.wait(lambda: picture.is_file() and picture.read_bytes() == made)


def test_it_ends_with_all_that_it_began(house: House) -> None:
    delayed(house, 900)
    preview = Preview(house)
    preview.tells("at work: compute_dice")
    preview.process.send_signal(signal.SIGINT)
    assert preview.process.wait(PATIENCE) == 0
    for process in at_work(house):
        process.wait(PATIENCE)
