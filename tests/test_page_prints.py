"""Pages that were read before: what is remembered of them is what reading them again finds."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import typst
from documents import SAMPLE

from scripts.report import edition_pdf
from scripts.report.engines.typesetter import Typesetter
from scripts.report.page_prints import fingerprints


def pdf(body: str) -> bytes:
    set_text: Any = typst.compile
    made: bytes = set_text(body.encode(), root=str(SAMPLE), format="pdf", timestamp=1)
    return made


def prints(made: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(made)) as file:
        return fingerprints(file)


TEXT = 'One word. #pagebreak() Two. #figure(rect()) #pagebreak() #image("line.svg")'


def test_pages_are_known_by_what_is_drawn() -> None:
    first = prints(pdf(TEXT))
    assert len(set(first)) == 3
    assert prints(pdf(TEXT)) == first
    assert prints(pdf(TEXT.replace("One word", "One more"))) != first
    assert prints(pdf(TEXT.replace("One word", "Word one")))[2] == first[2]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Two", "Tow"),
        ("rect()", "circle()"),
        ("#image(", "#image(width: 50%, "),
        ("#pagebreak() Two", "#set page(width: 30cm)\nTwo"),
        ("Two", '#set text(font: "DejaVu Sans Mono")\nTwo'),
        ("Two", "#text(fill: red)[Two]"),
    ],
)
def test_another_page_has_another_print(before: str, after: str) -> None:
    first, second = prints(pdf(TEXT)), prints(pdf(TEXT.replace(before, after)))
    assert len(set(second) - set(first)) >= 1


def changed(made: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(made)) as file:
        change(file)
        file.save(target)
    return target.getvalue()


def flip_a_bit_of_each_font(file: pikepdf.Pdf) -> None:
    for item in file.objects:
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/CIDFontType0C":
            data = bytearray(item.read_raw_bytes())
            data[-1] ^= 1
            item.write(bytes(data), filter=item.get("/Filter"))


def inherit_a_size(width: int) -> Callable[[pikepdf.Pdf], None]:
    def change(file: pikepdf.Pdf) -> None:
        file.Root.Pages.MediaBox = pikepdf.Array([0, 0, width, 800])
        for page in file.pages:
            del page.obj["/MediaBox"]

    return change


def test_what_a_print_refers_to_counts() -> None:
    """A font belongs to the page that is set in it."""
    made = pdf(TEXT)
    assert prints(changed(made, flip_a_bit_of_each_font))[0] != prints(made)[0]


def test_a_size_that_a_page_inherits_counts() -> None:
    first, second = (prints(changed(pdf(TEXT), inherit_a_size(width))) for width in (500, 600))
    assert not set(first) & set(second)


@pytest.mark.parametrize("other", ["#place(dx: -3cm)[out] Two", "#move(dx: -9cm, rect()) Two"])
def test_a_page_that_changes_between_known_ones_is_read(other: str) -> None:
    good, bad = pdf(TEXT), pdf(TEXT.replace("Two", other))
    fresh = {}
    for made in (good, bad):
        edition_pdf._PAGES, edition_pdf._FAULTS = edition_pdf._Memory(), edition_pdf._Memory()
        fresh[made] = edition_pdf.read_drawing(made)
    assert fresh[good].outside == []
    assert fresh[bad].outside != []
    for made in (good, bad, bad, good, bad):
        assert edition_pdf.read_drawing(made) == fresh[made]


def test_a_new_margin_is_held_against_known_pages() -> None:
    """The block's edge is measured on all pages together."""
    narrow = "#set page(margin: 2cm)\n" + "Words.\n\n" * 5
    wide = narrow + "#set page(margin: 5cm)\n" + "Words.\n\n" * 30
    assert edition_pdf.read_drawing(pdf(narrow)).outside == []
    assert any("page 1" in found for found in edition_pdf.read_drawing(pdf(wide)).outside)


def test_the_typesetter_sees_what_came_changed_and_went(tmp_path: Path) -> None:
    typesetter = Typesetter(tmp_path)
    source = '#set document(title: "T")\n#image("a.svg", alt: "A bar.")'
    with pytest.raises(typst.TypstError, match="not found"):
        typesetter.pdf(source, [], 1)
    size = 'width="{}" height="9"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size.format(9)}><rect {size}/></svg>'
    seen = []
    for width in (3, 6):
        (tmp_path / "a.svg").write_text(svg.format(width))
        seen.append(typesetter.pdf(source, [], 1))
        alone: Any = typst.compile
        assert seen[-1] == alone(source.encode(), root=str(tmp_path), format="pdf", timestamp=1)
    assert seen[0] != seen[1]
    (tmp_path / "a.svg").unlink()
    with pytest.raises(typst.TypstError, match="not found"):
        typesetter.pdf(source, [], 1)


def test_the_typesetter_writes_nothing_into_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    tmp_path.chmod(0o555)
    Typesetter(tmp_path).pdf("Hello", [], 1)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
