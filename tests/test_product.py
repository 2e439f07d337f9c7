"""What a process remembers of a document: the bytes of a new process, at the price of the edit."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from documents import write_document

from scripts.report import edition_pdf
from scripts.report.engines import pandoc
from scripts.report.product import Product, make
from scripts.report.source import RenderError

BODY = "# One {#sec-1}\n\nSee @sec-2 and $x$.\n\n# Two {#sec-2}\n\nText.\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="9"><rect {}/></svg>'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A document in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_document(tmp_path, BODY)
    Path("own.svg").write_text(SVG.format('width="40" height="9"'))
    return tmp_path


def made() -> Product:
    return make("doc.qmd", "embedded", [])


def alone() -> Product:
    """What a process makes that knows nothing yet."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(made).result()


def add(text: str, name: str = "doc.qmd") -> None:
    with Path(name).open("a", encoding="utf-8") as file:
        file.write(text)


def change(name: str, old: str, new: str) -> None:
    text = Path(name).read_text(encoding="utf-8")
    assert old in text
    Path(name).write_text(text.replace(old, new), encoding="utf-8")


EDITS: dict[str, Callable[[], Any]] = {
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
    "a filter": lambda: add(
        "\nfunction Str(el) if el.text == 'more.' then return 'less.' end end\n",
        "_extensions/spoken-math/operator-spaces.lua",
    ),
}


def test_it_gives_the_bytes_of_a_render_from_nothing_after_any_edit(folder: Path) -> None:
    seen = set()
    for name, edit in EDITS.items():
        edit()
        found = made()
        assert found == alone(), name
        seen.add(found.pdf)
    assert len(seen) == len(EDITS)
    assert b"sentence less." in found.html


def test_it_does_what_an_edit_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add("\n".join(f"\nThis is the paragraph number {n}." for n in range(90)))
    made()
    done: list[str] = []

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **options: done.append(name) or function(*given, **options)

    monkeypatch.setattr(pandoc.subprocess, "run", counted("chapter", pandoc.subprocess.run))
    monkeypatch.setattr(edition_pdf, "read_sheet", counted("page", edition_pdf.read_sheet))
    made()
    assert done == []
    add("\nThis is the paragraph number 9.\n")  # no new letters, which would change the fonts
    made()
    assert sorted(done) == ["chapter", "chapter", "page"]  # for either edition, and the last page


def test_what_is_wrong_is_said_and_mended(folder: Path) -> None:
    before, text = made(), Path("doc.qmd").read_text()
    add("\nSee @sec-3.\n")
    with pytest.raises(RenderError, match=r"doc\.qmd:15: `@sec-3` refers to nothing"):
        made()
    Path("doc.qmd").write_text(text)
    assert made() == before


def test_a_folder_made_anew_is_read_anew(folder: Path) -> None:
    for word in ("First", "Second"):
        inside = write_document(folder / "house", f"{word}.\n").parent
        os.chdir(inside)
        assert word.encode() in made().html
        os.chdir(folder)
        inside.rename(folder / word)
