"""What a reader can do with the page in a browser, whichever engine made it."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import chromium
from documents import ROOT, write_document
from house import House
from playwright.sync_api import Browser, Page, expect

from scripts.report.render import render

DATA = ROOT / "tests" / "data"
AXE = DATA / "axe" / "axe.min.js"
WIDE, MIDDLE, NARROW = 1280, 800, 390
LOOKS = list(itertools.product((WIDE, NARROW), ("light", "dark")))
RULES = [f"wcag{version}{level}" for version in (2, 21, 22) for level in ("a", "aa")]
EVERYTHING = ".passage { content-visibility: visible !important }"
"""A style by which a test sees all of the page at once."""

expect.set_options(timeout=60_000)

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One text from both engines; Quarto's page was kept, with look and script named, not in it."""
    folder = tmp_path_factory.mktemp("pages")
    body = (DATA / "page.md").read_text(encoding="utf-8")
    document = write_document(folder / "document", body)
    render(document, engine="embedded", html=folder / "embedded.html")
    shutil.copytree(ROOT / "report" / "web", folder / "report" / "web")
    shutil.copytree(ROOT / "report" / "fonts", folder / "report" / "fonts")
    page = (DATA / "quarto" / "page.html").read_text(encoding="utf-8")
    script = (ROOT / "report" / "web" / "page.js").read_text(encoding="utf-8")
    named = ' src="report/web/page.js">'  # which a page that is a file may not load as a module
    assert named in page
    (folder / "quarto.html").write_text(page.replace(named, f">{script}"), encoding="utf-8")
    return {engine: folder / f"{engine}.html" for engine in ("embedded", "quarto")}


@pytest.fixture(params=["embedded", "quarto"])
def opened(
    request: pytest.FixtureRequest, browser: Browser, pages: dict[str, Path]
) -> Iterator[Opened]:
    """Opens the page, in a window of some width (px), and sees that no script fails."""
    contexts, errors = [], []

    def open_page(width: int = WIDE, height: int = 400, **options: Any) -> Page:
        options["viewport"] = {"width": width, "height": height}
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(pages[request.param].as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def phone(opened: Opened) -> Page:
    """The page on a phone that is touched."""
    return opened(NARROW, 844, has_touch=True, is_mobile=True)


def faults(page: Page) -> list[Any]:
    """What axe-core finds against WCAG 2.2, level AA."""
    page.add_style_tag(content=EVERYTHING)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = page.evaluate(
        """async (rules) => (await axe.run(document, { runOnly: rules })).violations.map(
            ({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html.slice(0, 200))])""",
        RULES,
    )
    return found


def sideways(page: Page) -> list[str]:
    """What reaches beyond the window, but for what scrolls in a box of its own."""
    page.add_style_tag(content=EVERYTHING + ".passage { contain: none !important }")
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main *")]
            .filter((node) => !node.parentElement.closest(".formula, .long, math, svg, .anchor"))
            .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
            .map((node) => node.outerHTML.slice(0, 150))"""
    )
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found + ([f"the page is {width} px too wide"] if width > 0 else [])


def found_text(page: Page) -> str:
    """The text that is marked as the place where the search is."""
    return str(page.evaluate("[...CSS.highlights.get('here')].map(String).join('|')"))


# ------------------------------------------------------------------------------- contents


def test_contents_stand_beside_the_text_and_say_where_the_reader_is(opened: Opened) -> None:
    page = opened(1000)
    assert page.locator("nav").bounding_box()["x"] < page.locator("main").bounding_box()["x"]
    expect(page.locator(".menu")).to_be_hidden()
    page.evaluate("document.getElementById('sec-formulas').scrollIntoView()")
    expect(page.locator("nav [aria-current]")).to_have_text("1.1 Formulas")
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("nav [aria-current]")).to_have_count(0)


def test_contents_are_a_menu_where_there_is_no_room(opened: Opened) -> None:
    page = opened(MIDDLE)
    expect(page.locator("nav")).to_be_hidden()
    page.get_by_role("button", name="Contents").click()
    expect(page.locator("nav")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("nav")).to_be_hidden()
    page.get_by_role("button", name="Contents").press("Enter")
    page.locator("nav").get_by_role("link", name="Last").click()
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#sec-last")).to_be_in_viewport()


def test_the_menu_of_a_phone_closes_by_its_button_and_by_a_tap_beside_it(opened: Opened) -> None:
    page = phone(opened)
    menu, nav = page.get_by_role("button", name="Contents"), page.locator("nav")
    menu.tap()
    expect(nav).to_be_visible()
    menu.tap()
    expect(nav).to_be_hidden()
    menu.tap()
    page.touchscreen.tap(15, 500)
    expect(nav).to_be_hidden()
    menu.tap()
    nav.get_by_role("link", name="Last").tap()
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#sec-last")).to_be_in_viewport()


def test_without_scripts_the_page_is_complete(opened: Opened) -> None:
    page = opened(NARROW, java_script_enabled=False)
    expect(page.locator("nav")).to_be_visible()
    for name in ("Theorem 1", "Equation 1", "Figure 1", "Table 1"):
        expect(page.locator("main a").filter(has_text=name)).to_be_visible()
    expect(page.locator("[data-added]")).to_have_count(0)
    expect(page.locator(".footnotes")).to_be_visible()


# ------------------------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("query", "place", "section"),
    [
        ("OVERSHOOTING", "overshooting", "2 Last"),
        ("words  about", "words about", "1 First"),
        (r"\Bigl(\frac", "a+b", "1 First"),
        ("telephone may", "telephone may", "1.1 Formulas"),
    ],
)
def test_search_leads_to_text_and_formulas(
    opened: Opened, query: str, place: str, section: str
) -> None:
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type(query)
    expect(page.locator(".search li")).to_have_count(1)
    expect(page.locator(".search small")).to_have_text(section)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 of 1 place")
    assert place in found_text(page)
    box = page.evaluate("[...CSS.highlights.get('here')][0].getBoundingClientRect().toJSON()")
    assert 0 < box["top"] < 400
    page.keyboard.press("Escape")
    expect(page.locator(".search")).to_be_hidden()
    page.wait_for_function("CSS.highlights.size === 1")
    assert place in found_text(page)  # which one came for
    page.keyboard.press("/")
    page.keyboard.press("Delete")
    page.wait_for_function("!CSS.highlights.get('here').size")


def test_search_does_not_find_what_is_not_displayed(opened: Opened) -> None:
    page = opened(WIDE)
    page.evaluate("document.getElementById('thm-sum').hidden = true")
    page.keyboard.press("/")
    for query, count in (("are even", 0), (r"\Bigl(", 0), ("A note with", 1), ("overshooting", 1)):
        page.get_by_role("textbox").fill(query)
        expect(page.get_by_role("status")).to_have_text(re.compile(f"^{count} place"))
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('thm-sum').hidden = false")
    page.keyboard.press("Control+k")
    page.get_by_role("textbox").fill("are even")
    expect(page.get_by_role("status")).to_have_text("1 place")


def test_what_search_lists_begins_and_ends_with_whole_words(opened: Opened) -> None:
    page = opened()
    text = page.locator("main").inner_text()
    page.keyboard.press("/")
    page.keyboard.type("longer")
    expect(page.locator(".search li")).to_have_count(1)
    line = page.locator(".search li button").inner_text().split("\n")[0]
    assert re.search(rf"(?<!\S){re.escape(line)}(?!\S)", re.sub(r"\s+", " ", text))
    assert 60 < len(line) < 120


@pytest.mark.parametrize("query", ["line", "words", "an"])
def test_what_is_found_is_not_covered_on_a_phone(opened: Opened, query: str) -> None:
    page = phone(opened)
    page.get_by_role("button", name="Search").tap()
    page.keyboard.type(query)
    expect(page.get_by_role("status")).to_contain_text("place")
    for _ in range(page.locator(".search li").count()):
        page.keyboard.press("Enter")
        top = "[...CSS.highlights.get('here')][0].getBoundingClientRect().top"
        panel = page.locator(".search").bounding_box()
        assert panel["y"] + panel["height"] <= page.evaluate(top) < 844


def test_search_goes_on_and_back(opened: Opened) -> None:
    page = opened()
    page.keyboard.press("Control+k")
    page.keyboard.type("line")
    status = page.get_by_role("status")
    expect(status).to_have_text(re.compile(r"^\d+ places$"))
    count = int(status.inner_text().split()[0])
    assert count == page.evaluate("CSS.highlights.get('found').size") > 2
    for key, at in (("Enter", 1), ("Enter", 2), ("Shift+Enter", 1), ("Shift+Enter", count)):
        page.keyboard.press(key)
        expect(status).to_have_text(f"{at} of {count} places")
    page.get_by_role("button", name="Next").click()
    expect(status).to_have_text(f"1 of {count} places")
    page.locator(".search li").nth(1).click()
    expect(status).to_have_text(f"2 of {count} places")
    page.get_by_role("textbox").fill("nowhere to be found")
    expect(status).to_have_text("0 places")


# ------------------------------------------------------------------------------- links, TeX


def test_every_part_has_a_link_that_says_what_it_leads_to(opened: Opened) -> None:
    page = opened()
    links = page.locator(".anchor").evaluate_all(
        "links => links.map((link) => [link.hash, link.ariaLabel])"
    )
    names = dict(links)
    assert len(names) == len(links)
    assert names["#sec-formulas"].startswith("Link to 1.1 Formulas")
    assert re.fullmatch(r"Link to Theorem\s1 \(Sums\)\.?", names["#thm-sum"])
    assert names["#eq-wide"] == "Link to equation (1)"
    for label, name in (("fig-line", "Figure"), ("fig-two", "Figure"), ("tbl-few", "Table")):
        assert re.fullmatch(rf"Link to {name}\s\d", names[f"#{label}"])
    link = page.locator("#thm-sum .anchor")
    expect(link).to_have_css("opacity", "0")
    page.locator("#thm-sum").hover()
    expect(link).to_have_css("opacity", "1")
    link.click()
    assert page.url.endswith("#thm-sum")


def test_a_formula_gives_its_tex(opened: Opened) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    box = page.locator("#thm-sum .formula")
    tag = "box => getComputedStyle(box, '::after').content"
    assert box.evaluate(tag) == "none"
    box.hover()
    assert box.evaluate(tag) == '"TeX"'
    box.click()
    pressed, read = page.locator(".card button"), "navigator.clipboard.readText()"
    pressed.click()
    expect(pressed).to_have_text("Copied")
    assert page.evaluate(read) == r"a+b=2\Bigl(\frac a2+\frac b2\Bigr)."
    page.locator("p", has_text="Some words").locator("math").first.click()
    pressed.click()
    expect(pressed).to_have_text("Copied")
    assert page.evaluate(read) == "x_1"


def test_the_keys_reach_a_formula_its_tex_and_come_back(opened: Opened) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    box, pressed = page.locator("#eq-wide .formula"), page.locator(".card button")
    box.press("Enter")
    expect(pressed).to_be_focused()
    expect(pressed).to_have_text("TeX")
    page.keyboard.press("Enter")
    expect(pressed).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").endswith("w_n .")
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_be_hidden()
    expect(box).to_be_focused()


@pytest.mark.parametrize("formula", ["#thm-sum .formula", "#eq-wide math", ".long math"])
def test_a_tap_gives_the_tex_of_a_formula(opened: Opened, formula: str) -> None:
    page = phone(opened)
    page.locator(formula).first.tap()
    expect(page.locator(".card button")).to_have_text("TeX")
    written = page.locator(formula).first.locator("annotation").text_content()
    expect(page.locator(".card code")).to_have_text(written.strip())


def test_a_selection_is_copied_with_formulas_as_tex(opened: Opened) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("getSelection().selectAllChildren(document.getElementById('thm-sum'))")
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert r"If $a$ and $b$ are even" in copied
    assert r"$a+b=2\Bigl(\frac a2+\frac b2\Bigr).$" in copied
    assert "TeX" not in copied


# ------------------------------------------------------------------------------- previews


PREVIEWED = {
    "#thm-sum": "are even, so is",
    "#eq-wide": "(1)",
    "#fig-line": "A line, drawn.",
    "#tbl-few": "measurements",
    "#sec-last": "The last words",
    "#fn1": "A note with",
    "#ref-prince2023": "Prince",
}


@pytest.mark.parametrize("target", PREVIEWED)
def test_a_reference_shows_what_it_refers_to(opened: Opened, target: str) -> None:
    page = opened()
    link, card = page.locator(f"main a[href='{target}']:not(.anchor)").first, page.locator(".card")
    link.hover()
    expect(card).to_contain_text(PREVIEWED[target])
    card.hover()  # it can be pointed at
    page.wait_for_timeout(400)
    expect(card).to_be_visible()
    page.keyboard.press("Escape")  # and dismissed
    expect(card).to_be_hidden()
    page.keyboard.press("Tab")
    link.focus()
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    assert link.evaluate("link => link === document.activeElement")
    names = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(names) == len(set(names))


def test_a_tap_shows_what_a_reference_refers_to_and_a_second_one_goes_there(opened: Opened) -> None:
    page = phone(opened)
    link, card = page.locator("main a[href='#sec-last']:not(.anchor)"), page.locator(".card")
    for way in (link, card.get_by_role("link", name="Go there")):
        link.tap()
        expect(card).to_contain_text("The last words")
        assert "#" not in page.url
        way.tap()
        expect(card).to_be_hidden()
        assert page.url.endswith("#sec-last")
        page.go_back()
        expect(page).not_to_have_url(re.compile("#"))


def test_notes_stand_beside_the_text_where_there_is_room(opened: Opened) -> None:
    page = opened(WIDE)
    note = page.locator(".sidenote")
    expect(note).to_contain_text("A note with")
    assert note.bounding_box()["x"] > page.locator("#thm-sum").bounding_box()["x"] + 600
    assert note.bounding_box()["x"] + note.bounding_box()["width"] <= WIDE
    page.set_viewport_size({"width": 1000, "height": 400})
    expect(note).to_be_hidden()


# ------------------------------------------------------------------------------- looks


@pytest.mark.parametrize("width", [320, NARROW, MIDDLE, 1000, 1120, WIDE])
def test_nothing_but_a_formula_scrolls_sideways(opened: Opened, width: int) -> None:
    assert sideways(opened(width)) == []


def test_a_formula_that_is_too_wide_can_be_scrolled_with_the_keyboard(opened: Opened) -> None:
    for scripts in (True, False):
        page = opened(NARROW, 900, java_script_enabled=scripts)
        box = page.locator("#eq-wide .formula")
        expect(box).to_have_attribute("tabindex", "0")
        expect(box).to_have_attribute("aria-label", "Formula")
    page = opened(NARROW, 900)
    for wide in ("#eq-wide .formula", "p > .together > .long"):
        expect(page.locator(wide)).to_have_attribute("tabindex", "0")
        page.locator(wide).focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"document.querySelector('{wide}').scrollLeft > 0")
    page.set_viewport_size({"width": WIDE, "height": 900})
    expect(page.locator("p > .together > .long")).to_have_attribute("tabindex", "-1")


def test_a_formula_that_is_cut_off_has_a_shadow_there(opened: Opened) -> None:
    page = opened(NARROW, 900)
    box = page.locator("#eq-wide .formula")
    box.scroll_into_view_if_needed()
    page.add_style_tag(content="math { visibility: hidden }")
    sides = box.bounding_box()
    right = {"x": sides["x"] + sides["width"] - 8, "y": sides["y"], "width": 6, "height": 20}
    cut = page.screenshot(clip=right)
    box.evaluate("box => box.scrollTo(box.scrollWidth, 0)")
    assert page.screenshot(clip=right) != cut


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_no_line_begins_with_the_sign_behind_a_formula(opened: Opened, width: int) -> None:
    page = opened(width)
    page.add_style_tag(content=EVERYTHING)
    apart = page.evaluate(
        """() => {
            const group = document.querySelector("p > .together"), sign = document.createRange();
            sign.selectNodeContents(group.lastChild);
            const widths = [...Array(200).keys()].map((more) => 100 + more);
            return widths.filter((width) => {
                group.parentElement.style.width = `${width}px`;
                const { bottom } = group.firstChild.getBoundingClientRect();
                return sign.getBoundingClientRect().top > bottom;
            });
        }"""
    )
    assert apart == []


@pytest.mark.parametrize("width", [NARROW, MIDDLE, WIDE])
def test_a_passage_that_is_not_seen_is_about_as_high_as_it_will_be(
    opened: Opened, width: int
) -> None:
    page = opened(width)
    heights = "parts => parts.slice(1).map((part) => part.getBoundingClientRect().height)"
    guessed = page.locator(".passage").evaluate_all(heights)
    page.add_style_tag(content=EVERYTHING)
    for guess, height in zip(guessed, page.locator(".passage").evaluate_all(heights), strict=True):
        assert abs(guess - height) < 0.4 * height + 60


def test_figures_follow_dark_and_light(opened: Opened) -> None:
    inverted = {}
    for scheme in ("light", "dark"):
        styles = (
            opened(color_scheme=scheme)
            .locator("#fig-line, #fig-line *")
            .evaluate_all("parts => parts.map((part) => getComputedStyle(part).filter).join(' ')")
        )
        inverted[scheme] = styles.count("invert(")
    assert inverted == {"light": 0, "dark": 1}


def test_on_paper_there_are_contents_and_text_in_order_and_nothing_else(opened: Opened) -> None:
    page = opened(MIDDLE, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    for added in page.locator("[data-added]").all():
        expect(added).to_be_hidden()
    tops = [page.locator(part).bounding_box()["y"] for part in ("header", "nav", "main")]
    assert tops == sorted(tops)
    assert len(set(tops)) == 3
    expect(page.locator("h1").first).to_have_css("color", "rgb(0, 0, 0)")
    expect(page.locator(".callout-title")).to_have_css("color", "rgb(0, 114, 178)")
    expect(page.locator(".passage").first).to_have_css("content-visibility", "visible")


# ------------------------------------------------------------------------------- for everyone


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing(opened: Opened, width: int, scheme: str) -> None:
    page = opened(width, color_scheme=scheme)
    assert faults(page) == []
    page.keyboard.press("/")
    page.keyboard.type("line")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 of")
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.locator("p", has_text="Some words").locator("math").first.click()
    expect(page.locator(".card button")).to_be_visible()
    assert faults(page) == []
    page.locator("main a[href='#thm-sum']").first.focus()
    expect(page.locator(".card")).to_be_visible()
    assert faults(page) == []
    if width == NARROW:
        page.get_by_role("button", name="Contents").press("Enter")
        expect(page.locator("nav")).to_be_visible()
        assert faults(page) == []


def test_axe_finds_what_is_wrong(opened: Opened) -> None:
    page = opened(NARROW)
    page.evaluate(
        """() => {
            const main = document.querySelector("main");
            main.insertAdjacentHTML("beforeend", `<img src="data:,">
                <p style="color: #999; background: #fff">Pale.</p><button></button>
                <div style="overflow: auto; width: 9em; height: 2em">
                    <p style="width: 99em">Far.</p></div>
                <span><a href="#x" style="display: inline-block; font-size: 6px">a</a></span>
                <span><a href="#y" style="display: inline-block; font-size: 6px">b</a></span>`);
            document.documentElement.lang = "";
        }"""
    )
    wrong = {"image-alt", "color-contrast", "button-name", "scrollable-region-focusable",
             "html-has-lang", "target-size"}  # fmt: skip
    assert wrong <= {name for name, *_ in faults(page)}


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_tab_reaches_everything_in_order_and_shows_where_it_is(opened: Opened, width: int) -> None:
    page = opened(width)
    page.add_style_tag(content=EVERYTHING)
    waiting = page.evaluate(
        """() => {
            window.controls = [...document.querySelectorAll("a[href], button, input, [tabindex]")]
                .filter((node) => node.tabIndex >= 0 && !node.closest("[inert]")
                    && node.checkVisibility({ visibilityProperty: true }));
            return window.controls.length;
        }"""
    )
    reached = []
    for _ in range(waiting):
        page.keyboard.press("Tab")
        at, seen, inside = page.evaluate(
            """() => {
                const at = document.activeElement, style = getComputedStyle(at);
                const { top, bottom } = at.getBoundingClientRect();
                return [window.controls.indexOf(at),
                    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
                        && style.opacity === "1", bottom > 0 && top < innerHeight];
            }"""
        )
        assert seen
        assert inside
        reached.append(at)
    assert reached == list(range(waiting))


# ------------------------------------------------------------------------------- the documents


@pytest.mark.whole
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("name", ["assignment", "companion"])
def test_the_documents_are_for_everyone(
    whole: House, browser: Browser, name: str, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto((whole.root / f"report/build/{name}.html").as_uri())
    assert faults(page) == []
    assert sideways(page) == []
    context.close()
