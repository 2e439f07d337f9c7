"""Drawings: compact, in the page itself, and readable on a telephone."""

from __future__ import annotations

import base64
import html
import io
import itertools
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typst
from browsers import chromium
from documents import ROOT, rendered, write_document
from house import House
from lxml import etree
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from PIL import Image
from playwright.sync_api import Locator, Page

from scripts.common import strips, style
from scripts.common.arrays import Numbers
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


def everything(axes: Iterator[Axes]) -> None:
    """Draw what Matplotlib can write, also of nothing, each in axes of its own."""
    x = np.linspace(0, 1, 40)
    circle = Circle((0.5, 0.5), 0.4)
    empty = next(axes)
    empty.plot([], [])
    empty.plot([], [], "o")
    empty.scatter([], [])
    empty.add_collection(LineCollection([]))
    empty.text(0.5, 0.5, " ")
    next(axes).set(xscale="log", yscale="log")
    broken = next(axes)
    broken.plot(x, np.where((x > 0.3) & (x < 0.5), np.nan, x), "o-")
    broken.plot(x, np.full(40, np.nan))
    broken.errorbar(x[::9], x[::9] ** 2, yerr=np.where(x[::9] > 0.4, np.nan, 0.1), capsize=2)
    next(axes).bar([0, 1, 2], [1, 2, 3], hatch=["//", "oo", "xx"], facecolor=style.SKY)
    next(axes).pcolormesh(np.outer(x, x)[::9, ::9])
    next(axes).pcolormesh(np.outer(x, x)[::9, ::9], shading="gouraud")
    next(axes).pcolormesh(np.outer(x, x)[::9, ::9], rasterized=True)
    next(axes).quiver(x[::9], x[::9], np.cos(5 * x[::9]), np.sin(5 * x[::9]))
    next(axes).set(
        title=r"$\sum_{k=1}^n \sqrt{\frac{x_k}{2}}$", ylabel="turned", xlabel="(a) $a<b$"
    )
    clipped = next(axes)
    image = clipped.imshow(np.outer(x, 1 - x), extent=(0, 1, 0, 1))
    clipped.add_patch(circle).set_visible(False)
    image.set_clip_path(Circle((0.5, 0.5), 0.4, transform=clipped.transData))
    outside = next(axes)
    outside.set(xlim=(0.2, 0.8), ylim=(0.2, 0.8))
    outside.plot(x, x, "s", clip_on=False, markerfacecolor="none")
    outside.plot(x, 1 - x, "D", alpha=0.3, markersize=12, markeredgewidth=0)
    outside.scatter(x, x**2, 90 * x, c=x, marker="*")
    outside.annotate("here", (0.5, 0.5), (0.3, 0.7), arrowprops={"arrowstyle": "->"})
    same = next(axes)
    same.plot([0.5] * 5, [0.5] * 5, "o", alpha=0.2, markersize=20)
    same.plot(x, x, alpha=0.5, linewidth=6)
    same.plot(x, 1 - x, alpha=0.5, linewidth=6)
    same.add_collection(LineCollection([[(0, k), (1, 1 - k)] for k in x[::9]], linestyles="--"))
    linked = next(axes)
    linked.fill_between(x, np.sin(9 * x), color=style.GREEN, alpha=0.3, hatch="..")
    linked.grid(color=style.ORANGE)
    linked.tick_params(length=8)
    linked.text(0.2, 0.2, "a link", url="https://example.org", rotation=30)
    next(axes).contourf(np.outer(x, x)[::3, ::3], levels=4, cmap="viridis")


def pictures(svg: bytes, folder: Path) -> list[Image.Image]:
    """A drawing as Chromium and Typst show it."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 1300})
        source = base64.b64encode(svg).decode()
        page.set_content(f'<img width="1260" src="data:image/svg+xml;base64,{source}">')
        page.wait_for_function("() => document.images[0].complete")
        shot = page.locator("img").screenshot()
    (folder / "drawing.svg").write_bytes(svg)
    source = '#set page(width: auto, height: auto, margin: 0pt)\n#image("drawing.svg")'
    (folder / "drawing.typ").write_text(source)
    printed = typst.compile(folder / "drawing.typ", format="png", ppi=200.0)
    return [Image.open(io.BytesIO(seen)).convert("RGB") for seen in (shot, printed)]


def alike(before: bytes, after: bytes, folder: Path) -> None:
    """Check that two drawings look the same."""
    for seen in zip(pictures(before, folder), pictures(after, folder), strict=True):
        first, second = (np.asarray(image, dtype=int) for image in seen)
        difference = np.abs(first - second).max(axis=2)
        assert first.min() < 60  # something is drawn
        assert (difference > 60).mean() < 1e-4
        assert difference.mean() < 0.5


def test_the_compact_drawing_is_smaller_and_looks_the_same(figure: Figure, tmp_path: Path) -> None:
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    before = matplotlibs(figure)
    after = compact(before).encode()
    assert len(after) < 0.5 * len(before)
    alike(before, after, tmp_path)


def test_whatever_matplotlib_draws_looks_the_same(tmp_path: Path) -> None:
    figure = style.new_figure(10.0, 12.0)
    everything(iter(figure.subplots(4, 4).flat))
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    before = matplotlibs(figure)
    alike(before, compact(before).encode(), tmp_path)


def test_equal_marks_are_one_path_and_names_are_short() -> None:
    figure = style.new_figure(2.0)
    axes = figure.subplots()
    axes.axis("off")
    axes.plot(np.arange(300), np.arange(300.0)[::-1], ".", color=style.GREEN)
    svg = compact(matplotlibs(figure))
    assert svg.count("<path") == 3  # the ground, the mark, and where it stands
    assert max(len(name) for name in re.findall(r' id="([^"]+)"', svg)) == 2


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


def test_all_axes_of_a_strip_are_in_its_group(tmp_path: Path) -> None:
    figure = style.new_figure(1.5)
    for axes in figure.subplots(2, 2).flat:
        axes.plot([0, 1], color=style.GREEN)
    style.save_figure(figure, tmp_path / "f.svg")
    svg = etree.fromstring((tmp_path / "f.svg").read_bytes())
    groups = svg.findall(".//{*}g[@id]")
    assert [group.get("id") for group in groups] == ["s1", "s2"]
    assert [etree.tostring(group).count(style.GREEN.encode()) for group in groups] == [2, 2]


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
    assert re.search(r"<defs>\s*</defs>", figure_b)
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


#: For each drawing: how far it reaches to the right, the pixels of a point in what is seen, and the
#: points of its smallest label; glyphs are drawn at a hundredth of their size.
SEEN = """() => [...document.querySelectorAll(".drawing")].filter((d) => d.checkVisibility()).map(
    (drawing) => ({
        right: drawing.getBoundingClientRect().right,
        scales: [...drawing.querySelectorAll("svg")].map(
            (svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
        ).filter((scale) => scale > 0),
        label: Math.min(...[...drawing.querySelectorAll("g[transform*=scale]")].map((label) => {
            const { a, b } = label.transform.baseVal.consolidate().matrix;
            return 100 * Math.hypot(a, b);
        })),
    }))"""


def test_on_a_telephone_labels_of_drawings_can_be_read(finished: House) -> None:
    on_a_telephone(finished)


@pytest.mark.whole
def test_on_a_telephone_labels_of_all_drawings_can_be_read(whole: House) -> None:
    on_a_telephone(whole)


def on_a_telephone(house: House) -> None:
    """Check that labels are 11 pixels or larger, and nothing sticks out."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": TELEPHONE, "height": 844})
        for name in DOCUMENTS:
            page.goto((house.root / f"report/build/{name}.html").as_uri())
            drawings = page.evaluate(SEEN)
            assert drawings
            for drawing in drawings:
                assert drawing["right"] <= TELEPHONE
                assert drawing["label"] * min(drawing["scales"]) >= 11
            page.set_viewport_size({"width": 1280, "height": 900})
            assert all(len(drawing["scales"]) == 1 for drawing in page.evaluate(SEEN))
            page.set_viewport_size({"width": TELEPHONE, "height": 844})


def test_what_is_seen_in_the_light_is_seen_in_the_dark(finished: House) -> None:
    in_the_dark(finished)


@pytest.mark.whole
def test_what_is_seen_in_the_light_is_seen_in_the_dark_in_all_drawings(whole: House) -> None:
    in_the_dark(whole)


def in_the_dark(house: House) -> None:
    """Check each drawing by its pixels, those of images in it too.

    Its ink has a high contrast with the page, light and dark, and nearly all that has 4.5 (as text
    needs it) in the light has 3 (as lines do) in the dark.
    """
    with chromium() as browser:
        for name, width in itertools.product(DOCUMENTS, (1280, TELEPHONE)):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto((house.root / f"report/build/{name}.html").as_uri())
            for number, drawing in enumerate(page.locator("figure .drawing:visible").all(), 1):
                drawing.scroll_into_view_if_needed()
                page.evaluate(LAID_OUT)
                light, dark = (contrasts(page, drawing, scheme) for scheme in GROUNDS)
                place = f"{name}, drawing {number}, {width} px wide"
                assert min(light.max(), dark.max()) > 10, place
                assert (dark[light > 4.5] > 3).mean() > 0.98, place
            page.close()


#: What is far from the window is laid out a frame after it came near.
LAID_OUT = "() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))"
GROUNDS: dict[Any, str] = {"light": "#fffefb", "dark": "#191a1b"}
"""The page's color, light and dark."""


def contrasts(page: Page, drawing: Locator, scheme: Any) -> Numbers:
    """The contrast of each pixel with the page, as WCAG defines it."""
    page.emulate_media(color_scheme=scheme)
    shot = Image.open(io.BytesIO(drawing.screenshot())).convert("RGB")
    seen, ground = brightness(np.asarray(shot)), brightness(np.array(to_rgb(GROUNDS[scheme])) * 255)
    return np.maximum(seen, ground) / np.minimum(seen, ground)


def brightness(color: Numbers) -> Numbers:
    """Relative luminance of sRGB colors from 0 to 255, with the flare that WCAG adds."""
    part = color / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ (0.2126, 0.7152, 0.0722) + 0.05)


@pytest.mark.whole
@pytest.mark.parametrize(("name", "most"), [("assignment", 1_000_000), ("companion", 3_000_000)])
def test_the_pages_are_small(whole: House, name: str, most: int) -> None:
    assert (whole.root / f"report/build/{name}.html").stat().st_size <= most
