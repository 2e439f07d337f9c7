"""Chapters: a document read piece by piece is the document read whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from documents import write_document
from house import House

from scripts.report.engines import assembly, chapters, embedded, numbering, pandoc
from scripts.report.mistakes import check
from scripts.report.source import Document, RenderError, read_document
from scripts.report.variables import load_variables

INTERWOVEN = """
Before the first chapter: @fig-b and [see @sec-two].

# One {#sec-one}

As @prince2023 and @thm-b say, $x$ {{< var a.b >}} [@goodfellow2014, p. 3].

::: {#thm-a}
## Of @eq-b
It is {{< var a.b >}}.
:::

![A line.](line.svg){#fig-a fig-alt="A straight line."}

$$
x = 1
$$ {#eq-a alt="x is one"}

## Deeper {#sec-deeper}

More.

# Two [@goodfellow2014] {#sec-two}

| a |
|---|
| 1 |

: A table, see @tbl-b. {#tbl-a}

::: {#fig-b layout-ncol=2}
![Left.](line.svg){#fig-b-left fig-alt="A straight line."}

![Right.](line.svg){#fig-b-right fig-alt="A straight line."}

Two lines.
:::

# Aside {.unnumbered}

$$ y $$ {#eq-b alt="y"}

# Three {#sec-three}

::: {#thm-b}
By [@thm-a; @lem-a], @fig-b-right, [-@eq-a], @Sec-deeper, and [@prince2023; @goodfellow2014].
:::

::: {#lem-a}
Yes.
:::

| b |
|---|
| 2 |

: Another. {#tbl-b}
"""


def interwoven(folder: Path) -> Document:
    front = (
        '---\ntitle: "T {{< var a.b >}}"\nauthor: "A"\ndate: 2023-04-09\n'
        'abstract: "{{< var a.b >}}, @fig-a and [@prince2023]."\n---\n'
    )
    return read_document(
        write_document(folder, INTERWOVEN, front=front, variables='a:\n  b: "1.50"\n')
    )


def typst_of(document: Document) -> str:
    """Typst of a document; a heading ends a paragraph."""
    return re.sub(r"\n+", "\n", embedded.typst_source(document))


def read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no document be divided."""
    monkeypatch.setattr(assembly, "chapters", lambda read: [(read.body, len(read.text))])


def both(document: Document, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Typst and HTML of a document read by chapters, and of the same read whole."""
    divided = typst_of(document), embedded.render_html(document).decode()
    read_whole(monkeypatch)
    return [divided, (typst_of(document), embedded.render_html(document).decode())]


def test_reading_by_chapters_is_reading_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = interwoven(tmp_path)
    assert len(chapters.chapters(document)) == 6
    first, second = both(document, monkeypatch)
    assert first[0] == second[0]
    assert first[1] == second[1]
    assert not any("\ue000" <= sign <= "\uf8ff" for sign in "".join(first))


def test_the_report_is_read_by_chapters_as_it_is_read_whole(
    whole: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each exercise has a name: else all would be read again after each edit."""
    document = read_document(whole.root / "report/companion.qmd")
    headings = len(re.findall("^##? .*{#sec-", document.text, re.MULTILINE))
    assert len(chapters.chapters(document)) == headings + 1  # and what stands before the first
    texts: list[str] = []

    def counted(conversion: pandoc.Conversion) -> pandoc.Part:
        texts.append(conversion.text)
        return pandoc.convert(conversion)

    monkeypatch.setattr(assembly, "convert", counted)
    by_chapters = typst_of(document)
    assert sum(text.startswith(("# ", "## ")) for text in texts) == headings
    page = (whole.root / "report/build/companion.html").read_text("utf-8")  # was read so, too
    read_whole(monkeypatch)
    assert typst_of(document) == by_chapters
    assert embedded.render_html(document).decode() == page
    assert not any("\ue000" <= sign <= "\uf8ff" for sign in by_chapters + page)


def test_chapters_that_would_share_a_name_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "# One {#sec-1}\n\n## Same\n\nx\n\n# Two {#sec-2}\n\n## Same\n\ny\n"
    document = read_document(write_document(tmp_path, body))
    first, second = both(document, monkeypatch)
    assert first == second
    assert 'label("same-1")' in first[0]


@pytest.mark.parametrize(
    "far",
    [
        "A note.[^n]\n\n[^n]: Here.\n",
        "A note.^[Here.]\n",
        "[words][name]\n\n[name]: #sec-1\n",
        "- (@) An example.\n",
        "\\newcommand{\\a}{b}\n\n$\\a$\n",
        "See [Words of a title].\n\n## Words of a title {#sec-w}\n",
        "```\na\n```\n\n# Three {#sec-3}\n\n```\nb\n```\n",
    ],
)
def test_what_reaches_into_other_chapters_keeps_the_body_whole(tmp_path: Path, far: str) -> None:
    body = "# One {#sec-1}\n\nx\n\n# Two {#sec-2}\n\n"
    plain = read_document(write_document(tmp_path / "plain", body + "y\n"))
    assert len(chapters.chapters(plain)) == 2
    document = read_document(write_document(tmp_path / "far", body + far))
    assert chapters.chapters(document) == [(document.body, len(document.text))]


@pytest.mark.parametrize(
    "inside",
    [
        "::: {#thm-a}\n\n# A title\n\nx\n:::\n",
        "```\n\n# a comment\n```\n",
        "<!--\n\n# hidden\n\n-->\n",
        "words\n# that Pandoc reads on\n",
    ],
)
def test_a_sign_that_begins_no_chapter(tmp_path: Path, inside: str) -> None:
    document = read_document(write_document(tmp_path, f"# One {{#sec-1}}\n\nx\n\n{inside}"))
    assert len(chapters.chapters(document)) == 1


def test_only_the_changed_chapter_is_converted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "# One {#sec-1}\n\nSee @sec-2.\n\n# Two {#sec-2}\n\nIt is {{< var a.b >}}.\n"
    path = write_document(tmp_path, body, variables='a:\n  b: "1"\n')
    runs: list[str] = []
    run = pandoc.subprocess.run

    def counted(command: list[str], **options: Any) -> Any:
        runs.append(options["input"])
        return run(command, **options)

    monkeypatch.setattr(pandoc.subprocess, "run", counted)
    embedded.typst_source(read_document(path))
    assert len(runs) == 3  # two chapters and the frame
    embedded.typst_source(read_document(path))
    assert len(runs) == 3
    path.write_text(path.read_text().replace("See", "Now see"))
    assert "Now see" in embedded.typst_source(read_document(path))
    assert len(runs) == 4
    (tmp_path / "_variables.yml").write_text('a:\n  b: "2"\n')
    assert r"It is 2\." in embedded.typst_source(read_document(path))
    assert len(runs) == 5
    lua = tmp_path / "_extensions" / "spoken-math" / "speech.lua"
    lua.write_text(lua.read_text() + "\n")
    embedded.typst_source(read_document(path))
    assert len(runs) == 8


def test_what_is_edited_while_pandoc_reads_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_document(tmp_path, "# One {#sec-1}\n\nOld words.\n")
    lua = tmp_path / "_extensions" / "spoken-math" / "operator-spaces.lua"
    before = lua.read_text()
    after = before + "\nfunction Str(el) if el.text == 'Old' then return 'New' end end\n"
    run = pandoc.subprocess.run

    def edited_meanwhile(command: list[str], **options: Any) -> Any:
        lua.write_text(after)
        return run(command, **options)

    monkeypatch.setattr(pandoc.subprocess, "run", edited_meanwhile)
    assert "New words" in embedded.typst_source(read_document(path))
    monkeypatch.undo()
    lua.write_text(before)
    assert "Old words" in embedded.typst_source(read_document(path))


def test_a_failure_of_the_machine_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_document(tmp_path, "# One {#sec-1}\n\nWords of their own.\n")
    run = pandoc.subprocess.run

    def killed(command: list[str], **options: Any) -> Any:
        return run(["sh", "-c", "kill -9 $$"], **options)

    monkeypatch.setattr(pandoc.subprocess, "run", killed)
    with pytest.raises(RenderError, match="Pandoc failed"):
        embedded.typst_source(read_document(path))
    monkeypatch.undo()
    assert "Words of their own" in embedded.typst_source(read_document(path))


def test_numbers_by_hand() -> None:
    items = [
        {"label": "s1", "kind": "sec", "level": 1}, {"label": "s11", "kind": "sec", "level": 2},
        {"label": "f1", "kind": "fig"}, {"label": "f1a", "kind": "fig", "panel": "a"},
        {"label": "t1", "kind": "tbl"}, {"label": "f2", "kind": "fig"},
        {"label": "s2", "kind": "sec", "level": 1}, {"label": "s21", "kind": "sec", "level": 2},
    ]  # fmt: skip
    assert numbering.numbers(items) == {
        "s1": "1", "s11": "1.1", "f1": "1", "f1a": "1a", "t1": "1", "f2": "2", "s2": "2",
        "s21": "2.1",
    }  # fmt: skip


def test_a_label_without_a_number_is_refused(tmp_path: Path) -> None:
    path = write_document(tmp_path, "# One {#sec-1 .unnumbered}\n\nSee @sec-1.\n")
    with pytest.raises(RenderError, match=r"doc.qmd:9: nothing that has a number is labelled `sec"):
        embedded.typst_source(read_document(path))


def test_private_characters_are_refused(tmp_path: Path) -> None:
    document = read_document(write_document(tmp_path, "A \ue0101\ue011.\n", variables="a: \ue000"))
    with pytest.raises(RenderError, match=r"doc.qmd:7: the private character U\+E010"):
        check(document)
    with pytest.raises(RenderError, match="`a` holds a private character"):
        load_variables(tmp_path / "_variables.yml")
