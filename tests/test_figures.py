"""Drawings: compact, in the page itself, and readable on a telephone."""

from __future__ import annotations

import base64
import html
import io
import re
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from browsers import chromium
from documents import ROOT, rendered, write_document
from house import House
from lxml import etree
from matplotlib.figure import Figure
from PIL import Image

from scripts.common import strips, style
from scripts.common.compact_svg import compact
from scripts.report.engines.pandoc import program
from scripts.report.engines.slim import slim
from scripts.report.verify import verify

TELEPHONE = 390
DOCUMENTS = ("assignment", "companion")


def matplotlibs(figure: Figure) -> bytes:
    """A figure as Matplotlib writes it."""
    written = io.BytesIO()
    figure.savefig(written, format="svg", transparent=True)
    return written.getvalue()


def paths(svg: str) -> list[str]:
    """What its paths draw, but for glyphs."""
    return re.findall(r'<path(?! id)[^>]* d="([^"]*)"', svg)


@pytest.fixture
def figure() -> Figure:
    """A figure with lines, marks of several kinds, areas, an image, formulas and a legend."""
    figure = style.new_figure(2.4)
    left, right = figure.subplots(1, 2, sharey=True)
    x = np.linspace(0, 3, 400)
    left.plot(x, np.sin(3 * x), label="a curve")
    left.plot(x[::9], np.cos(x[::9]), ".", color=style.VERMILION, label="dots")
    left.plot(x[::20], x[::20] / 3, "s", markerfacecolor="none", markersize=4)
    left.plot(x[::30], x[::30] - 1, "o", alpha=0.4, markeredgewidth=0)
    left.fill_between(x, np.sin(x) / 2, color=style.GREEN, alpha=0.3)
    left.set(ylabel=r"$\frac{1}{2}\sqrt{x}$ of it", xlim=(0, 2.5))
    right.imshow(np.eye(5), extent=(0, 1, -1, 1), aspect="auto", interpolation="none")
    right.plot(x, x, linestyle=(0, (3, 1)))
    figure.legend(loc="outside lower center", ncols=2)
    return figure


# ------------------------------------------------------------------------------- compact


def test_a_straight_side_has_two_points_and_equal_marks_are_one_path() -> None:
    figure = style.new_figure(2.0)
    axes = figure.subplots()
    axes.axis("off")
    axes.fill_between(np.arange(500), np.arange(500.0))
    axes.plot(np.arange(300), np.arange(300.0)[::-1], ".", color=style.GREEN)
    area, dots = paths(compact(matplotlibs(figure)))
    assert len(re.findall(r"[\d.]+", area)) < 12
    assert dots.count("h.01") == 300


def test_a_clip_path_stays_where_it_clips() -> None:
    figure = style.new_figure(2.0)
    axes = figure.subplots()
    axes.set_autoscale_on(False)
    axes.plot([0.2, 0.8], [0.2, 0.8])
    assert "clip" not in compact(matplotlibs(figure))
    axes.plot([0.2, 1.8], [0.2, 0.8])
    assert compact(matplotlibs(figure)).count("<clipPath") == 1


def test_what_is_half_transparent_is_drawn_one_by_one() -> None:
    figure = style.new_figure(2.0)
    axes = figure.subplots()
    axes.axis("off")
    axes.plot([0, 1, 2], [0, 0, 0], "o", alpha=0.5, markeredgewidth=0)
    assert len(paths(compact(matplotlibs(figure)))) == 3


def test_an_element_that_is_not_known_is_refused() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><g><g><text>x</text></g></g></svg>'
    with pytest.raises(ValueError, match="Matplotlib drew a text"):
        compact(svg)


def test_the_compact_drawing_is_smaller_and_looks_the_same(figure: Figure) -> None:
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    before = matplotlibs(figure)
    after = compact(before).encode()
    assert len(after) < 0.5 * len(before)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 700})
        seen = []
        for svg in (before, after):
            source = base64.b64encode(svg).decode()
            page.set_content(f'<img width="1260" src="data:image/svg+xml;base64,{source}">')
            page.wait_for_function("() => document.images[0].complete")
            shot = page.locator("img").screenshot()
            seen.append(np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), dtype=int))
    difference = np.abs(seen[0] - seen[1]).max(axis=2)
    assert seen[0].min() < 60  # something is drawn
    assert (difference > 60).mean() < 1e-4
    assert difference.mean() < 0.5


# ------------------------------------------------------------------------------- strips


def test_a_strip_borrows_the_marks_that_it_shares_and_a_legend_comes_in_columns(
    figure: Figure, tmp_path: Path
) -> None:
    style.save_figure(figure, tmp_path / "f.svg")
    svg = (tmp_path / "f.svg").read_text()
    windows = re.search(r'data-strips="([^"]*)"', svg)[1].split(";")  # type: ignore[index]
    names = [window.split()[4:] for window in windows]
    assert names[0] == ["s1"]
    assert re.fullmatch(r"s2 y0@\d+\.\d\d", " ".join(names[1]))
    assert names[2:] == [["l1"], ["l1"]]
    assert all(float(window.split()[2]) <= 72 * strips.NARROW for window in windows)
    known = {element.get("id") for element in etree.fromstring(svg).iter()}
    assert {"s1", "s2", "y0", "l1"} <= known


def test_narrow_columns_share_a_strip(tmp_path: Path) -> None:
    figure = style.new_figure(1.5)
    figure.subplots(1, 4, sharey=True)
    assert [window.split()[4] for window in strips.mark_strips(figure).split(";")] == ["s1", "s2"]


# ------------------------------------------------------------------------------- in the page

BODY = """
# One {#sec-one}

![A.](generated/t/f.svg){#fig-a fig-alt="Curves & \\"dots\\" rise."}

# Two {#sec-two}

![B.](generated/t/f.svg){#fig-b fig-alt="The same curves again."}

![C.](line.svg){#fig-c fig-alt="A line that is drawn."}

See @fig-a, $a(b)$.
"""


def test_drawings_stand_in_the_page_with_names_of_their_own(figure: Figure, tmp_path: Path) -> None:
    document = write_document(tmp_path / "d", BODY)
    drawing = tmp_path / "d/generated/t/f.svg"
    drawing.parent.mkdir(parents=True)
    style.save_figure(figure, drawing)
    page = rendered(document)[1]
    labels = re.findall(r'class="drawing" role="img" aria-label="([^"]*)"', page)
    assert labels == ["Curves &amp; &quot;dots&quot; rise.", "The same curves again."]
    assert page.count("<img") == 1
    assert all(check.passed for check in verify(tmp_path / "d/a.pdf", tmp_path / "d/a.html"))
    names = Counter(re.findall(r' id="([^"]+)"', page))
    assert max(names.values()) == 1
    assert {"t-f-s1", "t-f-s2", "t-f-y0", "t-f-l1"} <= names.keys()
    strip = re.search(r'<svg viewBox="[^"]+" style="--points: [\d.]+">(<use[^>]+/>){2}</svg>', page)
    assert strip
    assert re.search(r'href="#t-f-y0" x="[\d.]+"', strip[0])
    figure_b = page[page.index('id="fig-b"') : page.index('id="fig-c"')]
    assert "<defs></defs>" in figure_b
    assert len(paths(figure_b)) > 5

    drawing.write_text(drawing.read_text().replace("#1a1a1a", "#1a1a1c"))
    assert "#1a1a1c" in rendered(document)[1], "an old drawing was remembered"


def test_what_pandoc_converts_at_once_defines_everything_once(
    figure: Figure, tmp_path: Path
) -> None:
    style.save_figure(figure, tmp_path / "f.svg")
    image = '![](f.svg){fig-alt="Some curves."}\n\n'
    command = [program(), "--to=html", f"--lua-filter={ROOT}/report/filters/figures.lua"]
    page = subprocess.run(
        command, input=2 * image, cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert page.count('role="img"') == 2
    assert max(Counter(re.findall(r' id="([^"]+)"', page)).values()) == 1


def test_what_goes_without_saying_is_left_out_of_formulas_only() -> None:
    formula = (
        '<math display="{}" xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow>'
        '<mo stretchy="false" form="prefix">(</mo><mo form="postfix">|</mo></mrow>'
        '<annotation encoding="application/x-tex">(|</annotation></semantics></math>'
    )
    page = f'<p display="inline">{formula.format("inline")}{formula.format("block")}</p>'
    short = (
        '<semantics><mrow><mo stretchy="false">(</mo><mo form="postfix">|</mo></mrow>'
        '<annotation encoding="application/x-tex">(|</annotation></semantics></math>'
    )
    assert slim(page) == f'<p display="inline"><math>{short}<math display="block">{short}</p>'


# ------------------------------------------------------------------------------- the report


def test_the_font_has_every_sign_of_the_formulas(finished: House) -> None:
    signs(finished)


@pytest.mark.whole
def test_the_font_has_every_sign_of_all_formulas(whole: House) -> None:
    signs(whole)


def signs(house: House) -> None:
    """Check that the font's list has every sign of the formulas of both documents."""
    listed = (house.root / "report/fonts/stix-two-math.txt").read_text("utf-8")
    spans = re.findall(r"(\w+)(?:-(\w+))?", re.sub("#.*", "", listed))
    kept = {n for low, high in spans for n in range(int(low, 16), int(high or low, 16) + 1)}
    for name in DOCUMENTS:
        page = (house.root / f"report/build/{name}.html").read_text("utf-8")
        formulas = "".join(re.findall(r"<math.*?</math>", page, re.DOTALL))
        assert "<mi>" in formulas
        shown = re.sub(r"<annotation.*?</annotation>|<[^>]*>", "", formulas, flags=re.DOTALL)
        assert not {sign for sign in html.unescape(shown) if ord(sign) not in kept}, (
            "write fonts/stix-two-math.woff2 anew, as fonts/stix-two-math.txt says"
        )


#: For each drawing: how far it reaches to the right, and the pixels of a point in what is seen.
SEEN = """() => [...document.querySelectorAll(".drawing")].map((drawing) => ({
    right: drawing.getBoundingClientRect().right,
    scales: [...drawing.querySelectorAll("svg")].map(
        (svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
    ).filter((scale) => scale > 0),
}))"""


def test_on_a_telephone_labels_of_drawings_can_be_read(finished: House) -> None:
    on_a_telephone(finished)


@pytest.mark.whole
def test_on_a_telephone_labels_of_all_drawings_can_be_read(whole: House) -> None:
    on_a_telephone(whole)


def on_a_telephone(house: House) -> None:
    """Check that labels, which have 8 points, are 11 pixels or larger, and nothing sticks out.

    Scales of type, from 7.5 points on, are those of `style.RC`; indices are smaller, as in a text.
    """
    least = min(style.RC[f"{name}tick.labelsize"] for name in "xy")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": TELEPHONE, "height": 844})
        for name in DOCUMENTS:
            page.goto((house.root / f"report/build/{name}.html").as_uri())
            drawings = page.evaluate(SEEN)
            assert drawings
            for drawing in drawings:
                assert drawing["right"] <= TELEPHONE
                assert least * min(drawing["scales"]) >= 11
            page.set_viewport_size({"width": 1280, "height": 900})
            assert all(len(drawing["scales"]) == 1 for drawing in page.evaluate(SEEN))
            page.set_viewport_size({"width": TELEPHONE, "height": 844})


@pytest.mark.whole
@pytest.mark.parametrize(("name", "most"), [("assignment", 1_000_000), ("companion", 3_000_000)])
def test_the_pages_are_small(whole: House, name: str, most: int) -> None:
    assert (whole.root / f"report/build/{name}.html").stat().st_size <= most
