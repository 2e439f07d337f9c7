"""The renderer that stays: the same bytes as without it, never stale, and nobody needs it."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from documents import write_document
from house import House

from scripts.report import resident
from scripts.report.resident import Answer, Request, answered

MODULE = "scripts.report.resident"
REQUEST = Request("doc.qmd", "embedded", [])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> Iterator[Path]:
    """A document in the current folder, with a renderer's socket of its own; none is left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(root))
    short = tempfile.mkdtemp(prefix="r-")  # a socket's path has at most 107 bytes
    (tmp_path / "t").symlink_to(short)
    monkeypatch.setattr(resident.tempfile, "tempdir", short)
    monkeypatch.setenv("TMPDIR", short)
    monkeypatch.setenv(resident.SECONDS, "60")
    write_document(tmp_path, "# One {#sec-1}\n\nSee @sec-2 and $x$.\n\n# Two {#sec-2}\n\nText.\n")
    yield tmp_path
    for process in renderers(tmp_path):
        process.kill()
        process.wait()
    shutil.rmtree(short)


def renderers(folder: Path) -> list[psutil.Process]:
    """The renderers that a test started."""
    found = []
    for process in psutil.process_iter():
        try:
            if MODULE in process.cmdline() and process.environ().get("TMPDIR") == str(
                (folder / "t").resolve()
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


def alone(request: Request = REQUEST) -> Answer:
    """What a render says that starts from nothing, in a process of its own."""
    program = (
        "from dataclasses import astuple; from scripts.report.resident import Request, answer;"
        f"print(astuple(answer({request!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return Answer(*ast.literal_eval(done.stdout))


def add(text: str, name: str = "doc.qmd") -> None:
    with Path(name).open("a", encoding="utf-8") as file:
        file.write(text)


def change(name: str, old: str, new: str) -> None:
    text = Path(name).read_text(encoding="utf-8")
    assert old in text
    Path(name).write_text(text.replace(old, new), encoding="utf-8")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="9"><rect {}/></svg>'

EDITS = {
    "nothing": lambda: None,
    "a sentence": lambda: add("\nOne sentence more.\n"),
    "a figure": lambda: add('\n![A bar.](own.svg){#fig-a fig-alt="A black bar, drawn."}\n'),
    "its file": lambda: Path("own.svg").write_text(SVG.format('width="60" height="9"')),
    "references": lambda: add("\nAs @prince2023 says, see @fig-a and [@goodfellow2014].\n"),
    "the bibliography": lambda: change("references.bib", "Deep", "Quite Deep"),
    "a chapter": lambda: change("doc.qmd", "# Two", "# Between {#sec-b}\n\nShort.\n\n# Two"),
    "pages": lambda: add("".join(f"\nThis is the paragraph number {n}.\n" for n in range(90))),
    "a heading's name": lambda: change("doc.qmd", "# Between", "# Amid"),
    "the title": lambda: change("doc.qmd", 'title: "T"', 'title: "U"'),
}


def test_it_gives_the_bytes_of_a_render_from_nothing_after_any_edit(folder: Path) -> None:
    Path("own.svg").write_text(SVG.format('width="40" height="9"'))
    seen = set()
    for name, edit in EDITS.items():
        edit()
        found = answered(REQUEST)
        assert found.pdf, found.problems
        assert found == alone(), name
        seen.add(found.pdf)
    assert len(seen) == len(EDITS)
    add(
        "\nfunction Str(el) if el.text == 'more.' then return 'less.' end end\n",
        "filters/operator-spaces.lua",
    )
    assert b"sentence less." in answered(REQUEST).html
    assert answered(REQUEST) == alone()
    assert len(renderers(folder)) == 1


def test_what_is_wrong_is_said_and_mended(folder: Path) -> None:
    assert answered(REQUEST).pdf
    before = Path("doc.qmd").read_text()
    add("\nSee @sec-3.\n")
    found = answered(REQUEST)
    assert found.pdf == b""
    assert "doc.qmd:15: `@sec-3` refers to nothing" in found.problems[0]
    Path("doc.qmd").write_text(before)
    assert answered(REQUEST).pdf
    assert len(renderers(folder)) == 1


def test_a_folder_made_anew_is_read_anew(folder: Path) -> None:
    inside = folder / "house"
    inside.mkdir()
    os.chdir(inside)
    write_document(inside, "First.\n")
    assert b"First" in answered(REQUEST).html
    os.chdir(folder)
    inside.rename(folder / "old")
    write_document(inside, "Second.\n")
    os.chdir(inside)
    assert b"Second" in answered(REQUEST).html
    assert len(renderers(folder)) == 1


def test_another_python_ends_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answered(REQUEST).pdf
    (first,) = renderers(folder)
    monkeypatch.setattr(resident, "identity", lambda: "newer")
    # The one that is started now has another identity as well, so it ends too, and is not needed.
    assert answered(REQUEST).pdf
    first.wait(10)
    assert renderers(folder) == []


def test_its_code_is_what_it_has_loaded(root: Path, tmp_path: Path) -> None:
    for name in ("scripts/pipeline", "scripts/report", "scripts/common"):
        shutil.copytree(root / name, tmp_path / name)
    shutil.copy(root / "scripts/__init__.py", tmp_path / "scripts")
    program = """
from pathlib import Path
from scripts.report import product, resident
def edit(name):
    with Path("scripts", name).open("a") as file: file.write("# more")
    return resident.code()
first = resident.code()
print([edit(name) != first for name in ("report/collect.py", "report/engines/chapters.py")])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout == "[False, True]\n"


def test_edited_code_ends_it(folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("scripts/pipeline", "scripts/report", "scripts/common", "report/filters"):
        shutil.copytree(root / name, folder / name)
    shutil.copy(root / "report/ieee.csl", folder / "report")
    shutil.copy(root / "scripts/__init__.py", folder / "scripts")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    assert answered(REQUEST).pdf
    (first,) = renderers(folder)
    change("scripts/report/engines/template.html", "</body>", "<!-- newer --></body>")
    change(
        "scripts/report/engines/embedded.py",
        "return with_images",
        "print()\n    return with_images",
    )
    assert b"<!-- newer -->" in answered(REQUEST).html
    first.wait(10)
    (second,) = renderers(folder)
    assert second != first


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.2, 0.5])
def test_who_asks_may_be_killed(folder: Path, moment: float) -> None:
    wanted = answered(REQUEST)
    add("\nMore.\n")
    program = f"from scripts.report.resident import Request, answered; answered({REQUEST!r})"
    client = subprocess.Popen([sys.executable, "-c", program])
    time.sleep(moment)
    client.send_signal(signal.SIGKILL)
    client.wait()
    found = answered(REQUEST)
    assert found.problems == []
    assert b"More." in found.html
    assert found.html != wanted.html


def test_it_may_be_killed_itself(folder: Path) -> None:
    assert answered(REQUEST).pdf
    (first,) = renderers(folder)
    add("\nMore.\n")
    threading.Timer(0.05, first.kill).start()
    found = answered(REQUEST)
    assert found == alone()
    first.wait(10)
    add("\nAnd more.\n")
    assert answered(REQUEST) == alone()


@pytest.mark.parametrize("way", ["switched off", "a strange folder", "a long path", "Quarto"])
def test_without_it_the_document_is_rendered_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "switched off":
        monkeypatch.setenv(resident.SECONDS, "0")
    elif way == "a strange folder":
        (folder / f"t/assignment-renderer-{os.getuid()}").mkdir(mode=0o755)
    elif way == "a long path":
        deep = folder / "t" / ("d" * 120)
        deep.mkdir()
        monkeypatch.setattr(resident.tempfile, "tempdir", str(deep))
        monkeypatch.setenv("TMPDIR", str(deep))
    asked: list[Request] = []
    monkeypatch.setattr(resident, "answer", lambda request: asked.append(request))
    answered(Request("doc.qmd", "quarto" if way == "Quarto" else "embedded", []))
    assert len(asked) == 1
    assert renderers(folder) == []


@pytest.mark.parametrize("seconds", ["soon", ""])
def test_a_strange_number_of_seconds_is_named(
    monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    monkeypatch.setenv(resident.SECONDS, seconds)
    with pytest.raises(ValueError, match=f"{resident.SECONDS} is .{seconds}.; set it"):
        answered(REQUEST)


def test_another_environment_ends_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = resident.identity()
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    assert resident.identity() != before


def test_it_ends_when_nobody_comes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(resident.SECONDS, "0.2")
    assert answered(REQUEST).pdf
    for process in renderers(folder):
        process.wait(30)
    assert [path.name for path in (folder / "t").rglob("*")] == [
        f"assignment-renderer-{os.getuid()}"
    ]


def test_nobody_else_may_ask(folder: Path) -> None:
    assert answered(REQUEST).pdf
    (place,) = (folder / f"t/assignment-renderer-{os.getuid()}").iterdir()
    assert place.parent.stat().st_mode & 0o077 == 0
    with socket.socket(socket.AF_UNIX) as connection:  # nonsense does no harm
        connection.connect(str(place))
        connection.sendall(b"nonsense\n")
    assert answered(REQUEST).pdf


def test_a_build_with_it_is_a_build_without_it(house: House, tmp_path: Path, folder: Path) -> None:
    other = house.clone(tmp_path / "other")
    more = {"ASSIGNMENT_RENDERER_SECONDS": "60", "TMPDIR": os.environ["TMPDIR"]}
    for number in (1, 2):
        for each, environment in ((house, more), (other, {})):
            each.edit(
                "report/exercises/gan_game.qmd", lambda text, n=number: f"{text}\nSentence {n}.\n"
            )
            assert each.build(more=environment).rules == {"publish_report"}
        assert house.artifacts() == other.artifacts()
    assert len(renderers(folder)) == 1
