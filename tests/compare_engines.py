"""Real Quarto beside the embedded engine, on the same generated documents.

    PYTHONPATH=. python tests/compare_engines.py [how many, 20] [seed, 0]

Both must print the words that the generator put in. What Quarto prints otherwise on purpose is
listed in this file and nowhere else. Needs Quarto 1.10 on PATH and some four seconds a document.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from comparison import difference, differences, text_of_pdf, wide_project
from documents import ROOT
from generated import KINDS, Book, Document, sections, source, words
from grammar import documents
from hypothesis import HealthCheck, Phase, given, seed, settings

from scripts.report.edition_html import read_page
from scripts.report.render import RenderError

Documents = Mapping[str, Document]

PLAIN = {
    "update(3)": "update(0)",
    "placement: auto": "placement: none",
    "pagebreak(weak: true)": "[]",
}
"""What the report's header does to the order of words, and what does nothing to it."""


def main(count: int = 20, number: int = 0) -> int:
    """Compare so many documents; returns how many differ."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = {f"d{index}": _document(number + index) for index in range(count)}
        refused = _rendered(Path(folder), drawn)
        wide_project(Path(folder))  # again, for the embedded engine
        different = 0
        for name, document in drawn.items():
            found = [refused[name]] if name in refused else []
            found = found or [*_differences(Path(folder), name, document)]
            different += bool(found)
            if found:
                print(f"\n=== {name}", *found, source(document, name)[0], sep="\n")
    print(f"{different} of {len(drawn)} documents differ.")
    return different


def _document(number: int) -> Document:
    """The document of a seed: what is drawn behind the simplest of all, which comes first."""
    found: list[Document] = []

    @seed(number)
    @settings(
        max_examples=2, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(documents())
    def draw(document: Document) -> None:
        found.append(document)

    draw()
    return found[-1]


def _rendered(folder: Path, drawn: Documents) -> dict[str, str]:
    """Have Quarto render all documents as one project; returns what it says about the others.

    It stops at a document that it cannot render; the rest are then tried again without that one.
    """
    options = wide_project(folder)
    header = (ROOT / "report" / "header.typ").read_text(encoding="utf-8")  # callouts without icon
    for ours, plain in PLAIN.items():
        assert ours in header
        header = header.replace(ours, plain)
    (folder / "header.typ").write_text(header, encoding="utf-8")
    options["format"]["typst"]["include-in-header"] = ["header.typ", "wide.typ"]
    variables, refused = {}, {}
    for name, document in drawn.items():
        text, values = source(document, name)
        (folder / f"{name}.qmd").write_text(text, encoding="utf-8")
        variables |= values
    (folder / "_variables.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
    while True:
        waiting = [name for name in drawn if not _done(folder, name) and name not in refused]
        if not waiting:
            return refused
        options["project"] = {"type": "default", "render": [f"{name}.qmd" for name in waiting]}
        (folder / "_quarto.yml").write_text(yaml.safe_dump(options), encoding="utf-8")
        # All on one page, whose lines are long enough.
        sizes = ["-M", "papersize:a0", "-M", "fontsize:6pt", "-M", "page-numbering:false"]
        command = ["quarto", "render", *sizes]
        made = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
        failed = [name for name in waiting if not _done(folder, name)]
        if failed:
            said = made.stdout + made.stderr
            # It reads all documents before it renders the first, and names the one it stops at.
            named = re.search(r"[Ii]n file \S*?(d\d+)\.qmd", said)
            name = named[1] if named and named[1] in failed else failed[0]
            refused[name] = "Quarto: " + " ".join(said[said.find("ERROR") :].split())[:600]


def _done(folder: Path, name: str) -> bool:
    return all((folder / f"{name}.{suffix}").exists() for suffix in ("pdf", "html"))


def _differences(folder: Path, name: str, document: Document) -> Iterator[str]:
    """Where an edition of either engine departs from the words that were put in."""
    pdf = text_of_pdf((folder / f"{name}.pdf").read_bytes())
    # The kind of a callout stands before its title, for screen readers.
    hidden = rb'<span class="screen-reader-only">\w+</span>'
    page = read_page(re.sub(hidden, b"", (folder / f"{name}.html").read_bytes()))
    web = "".join(page.pieces)
    for found in (
        *difference(words(document, "pdf"), pdf, "pdf"),
        *difference(_words_of_html(document), web, "html"),
    ):
        yield f"Quarto, {found}"
    try:
        yield from (f"embedded, {found}" for found in differences(document, folder))
    except RenderError as error:
        yield f"embedded: {error}"


def _words_of_html(document: Document) -> str:
    """The words of Quarto's HTML, which has its own order and names for some things."""
    book = Book(document)
    book.names = [  # "Figure 1 (a)" for a panel
        (label, kind, re.sub(r"(\d)([a-c])$", r"\1 (\2)", number))
        for label, kind, number in book.names
    ]
    found = sections(document, book, "html")
    authors = ["Author" if len(document.authors) == 1 else "Authors", *document.authors]
    title, rest = found["title"], 1 + (document.subtitle is not None)
    title = [*title[:rest], *authors, "Published", "April 9, 2023"]
    title += [] if document.abstract is None else ["Abstract", found["title"][-1].partition(" ")[2]]
    contents = [line for line in found["contents"] if line != "Bibliography"]
    # A statement's number and name stand without the full stop, a proof's have it.
    kinds = "|".join(KINDS.values())
    body = re.sub(
        rf"^((?:{kinds}) \d+(?: \(.*\))?)\.$", r"\1", "\n".join(found["body"]), flags=re.M
    )
    bibliography = ["References", *found["bibliography"][1:]] if found["bibliography"] else []
    notes = ["Footnotes", *found["notes"]] if found["notes"] else []
    formats = ["Other Formats", "Typst"]
    return "\n".join([*contents, *formats, *title, body, *bibliography, *notes])


if __name__ == "__main__":
    sys.exit(min(main(*map(int, sys.argv[1:])), 1))
