"""A printed number says in the HTML where it comes from; the PDF is as ever."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import chromium
from documents import FRONT, ROOT, filtered, write_document
from house import House
from playwright.sync_api import Browser, Page

from scripts.report import numbers
from scripts.report.engines import embedded
from scripts.report.parts import attribute_blocks, find_shortcodes
from scripts.report.render import RenderError, render
from scripts.report.source import read_document

DOCUMENTS = ("assignment", "companion")
COUNT = {
    "text": "8.000", "value": 8.0, "artifact": "data/results/t/compute.json",
    "script": "scripts/t/compute.py", "step": "compute_t", "inputs": [],
    "settings": {"rates": [0.1, 3.0], "seed": 7}, "seed": 7,
    "tests": ["data/results/t/checks.json"],
}  # fmt: skip
CHECK = {"artifact": "data/results/t/checks.json", "claim": "sec-one", "relation": "<="}
COLLECTED: dict[str, Any] = {
    "values": {
        "t": {"mean": COUNT, "rest": COUNT | {"value": [1, "<b>"]}, "unseen": COUNT},
        "checks": {
            "all": {
                "text": "2", "value": 2, "script": "scripts/report/collect.py", "inputs": [],
                "step": "collect_report", "settings": {}, "seed": None, "tests": [],
            }
        },
    },
    "checks": [
        CHECK | {"id": "t.lost", "passed": False, "value": 3.25e-9, "bound": "inf"},
        CHECK | {"id": "t.mean", "passed": True, "value": 0.33333333, "bound": 1},
        CHECK | {"id": "u.other", "artifact": "u.json", "passed": True, "value": 0, "bound": 0},
    ],
    "artifacts": [
        {"path": "data/results/t/compute.json", "sha256": "ab" * 32},
        {"path": "data/figures/t/line.svg", "sha256": "cd" * 32, "tests": []},
    ],
}  # fmt: skip
TEXT = """
Numbers by {{< var author.name >}}, {{< var checks.all >}} of them.

# One {#sec-one}

The mean ({{< var t.mean >}}), $\\mu={{< var t.mean >}}$, $r={{< var t.rest >}}{{< var t.mean >}}$
or
[see {{< var t.mean >}}, $x={{< var t.mean >}}$](https://example.org) and `{{< var t.mean >}}`.

$$
y={{< var t.rest >}}
$$ {#eq-y alt="y is {{< var t.rest >}}"}

# Of {{< var t.mean >}} {#sec-two}

![A line of {{< var t.mean >}}.](line.svg){#fig-l fig-alt="A line, {{< var t.mean >}} long."}
"""
VARIABLES = """author: {name: "A"}
checks: {all: "2"}
t: {mean: "8\\\\.000", rest: "\\\\-1"}
"""
NAMED = ["checks.all", "t.mean", "t.mean", "t.rest t.mean", "t.rest", "t.mean"]
"""The variables of each thing on the page that can be asked, in order."""


def draft(folder: Path, settings: str = "") -> Path:
    """A document with numbers, in the colors of the report."""
    settings += "css: [web/page.css, web/numbers.css]\n"
    front = FRONT.replace("date:", f"{settings}date:")
    shutil.copytree(ROOT / "report/fonts", folder / "fonts")
    return write_document(folder, TEXT, front=front, variables=VARIABLES)


def written(folder: Path) -> Path:
    """A draft, and the file that says what is known of its numbers."""
    document = draft(folder, "numbers: generated/numbers.json\n")
    (folder / "generated").mkdir()
    save(document, COLLECTED)
    return document


def save(document: Path, collected: dict[str, Any]) -> None:
    """Do what the rule does."""
    read, made = document.with_name("collected.json"), document.parent / "generated/numbers.json"
    read.write_text(json.dumps(collected))
    options = {"document": document, "collected": read, "numbers": made}
    words = [word for name, given in options.items() for word in (f"--{name}", str(given))]
    numbers.main([*words, "--made"])


def html_of(document: Path) -> str:
    render(document, engine="embedded", html=document.with_name("a.html"))
    return document.with_name("a.html").read_text("utf-8")


def named(page: str) -> list[str]:
    return re.findall(r'<span class="number" data-of="([^"]*)"', page)


def known(page: str) -> dict[str, Any]:
    (found,) = re.findall(
        r'<script type="application/json" class="numbers">(.*?)</script>', page, re.S
    )
    result: dict[str, Any] = json.loads(found)
    return result


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = written(tmp_path_factory.mktemp("numbers"))
    html_of(found)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser, document: Path) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(document.with_name("a.html").as_uri())
    yield page
    page.close()


# What the page has


def test_every_number_of_the_text_names_its_variables(document):
    page = document.with_name("a.html").read_text("utf-8")
    assert named(page) == NAMED
    assert re.search(r'mean \(<span class="number" data-of="t.mean">8.000</span>\)', page)
    assert re.search(r'<span class="number" data-of="t.mean"><math[^>]*>.*?μ', page)
    assert not re.search("[\ue000-\ue01f]", html.unescape(page))


def test_the_page_is_else_what_it_is_without(document, tmp_path):
    """Alternative texts, TeX and layout: nothing but the spans and scripts comes in."""
    plain = draft(tmp_path)

    def without_scripts(page: str) -> str:
        return re.sub(r"<script\b.*?</script>\n?", "", page, flags=re.S)

    asked = without_scripts(document.with_name("a.html").read_text("utf-8"))
    parts, opened = [], []
    for part in re.split(r"(<span\b[^>]*>|</span>)", asked):
        if part.startswith("<span"):
            opened.append("data-of=" in part)
        is_ours = opened[-1] if part.startswith("<span") else part == "</span>" and opened.pop()
        parts += [] if is_ours else [part]
    assert "".join(parts) == without_scripts(html_of(plain))


def test_the_pdf_knows_nothing_of_it(document, tmp_path):
    plain = draft(tmp_path)
    sources = [embedded.typst_source(read_document(path)) for path in (document, plain)]
    assert sources[0] == sources[1]


def test_what_is_known_stands_there_once_and_no_more_than_is_printed(document):
    page = document.with_name("a.html").read_text("utf-8")
    assert known(page) == {
        "numbers": {
            "checks.all": {"value": 2, "source": "collect_report", "checks": []},
            "t.mean": {"value": 8.0, "source": "data/results/t/compute.json", "checks": [0, 1]},
            "t.rest": {
                "value": [1, "<b>"], "source": "data/results/t/compute.json", "checks": [0, 1],
            },
        },
        "sources": {
            "collect_report": {
                "script": "scripts/report/collect.py", "step": "collect_report", "settings": {},
                "seed": None, "sha256": None,
            },
            "data/results/t/compute.json": {
                "script": "scripts/t/compute.py", "step": "compute_t",
                "settings": {"rates": [0.1, 3.0], "seed": 7}, "seed": 7, "sha256": "ab" * 32,
            },
        },
        "checks": [
            {"id": "t.lost", "claim": "sec-one", "passed": False, "result": "3.25e-09, not ≤ inf"},
            {"id": "t.mean", "claim": "sec-one", "passed": True, "result": "0.3333 ≤ 1"},
        ],
    }  # fmt: skip
    assert "<b>" not in page  # which would be markup in a script


def test_another_value_makes_another_page_in_the_same_process(tmp_path):
    """What Pandoc made is remembered; the file and the script are part of what it was made of."""
    document = written(tmp_path)
    html_of(document)
    save(document, COLLECTED | {"values": {"t": {"mean": COUNT | {"value": 9}}}})
    assert known(html_of(document))["numbers"]["t.mean"]["value"] == 9
    script = tmp_path / "web/numbers.js"
    script.write_text("// another script\n")
    assert "// another script" in html_of(document)


def test_a_number_of_which_nothing_is_known_is_plain(tmp_path):
    document = written(tmp_path)
    save(document, COLLECTED | {"values": {"t": {"mean": COUNT}}})
    page = html_of(document)
    assert named(page) == ["t.mean", "t.mean", "t.mean", "t.mean"]
    assert not re.search("[\ue000-\ue01f]", html.unescape(page))


def test_a_document_that_tells_of_no_numbers_has_no_notes(tmp_path):
    document = draft(tmp_path)
    settings = tmp_path / "_quarto.yml"
    without = re.sub(r"- path: filters/numbers\.lua\n +at: \S+\n", "", settings.read_text())
    assert without != settings.read_text()
    settings.write_text(without)
    page = html_of(document)
    assert named(page) == []
    assert not re.search("[\ue000-\ue01f]", html.unescape(page))


def test_where_the_file_is_not_there_the_render_says_so(tmp_path):
    document = written(tmp_path)
    (tmp_path / "generated/numbers.json").unlink()
    with pytest.raises(RenderError, match=r"numbers\.json does not exist; `make report` makes it"):
        html_of(document)


def test_a_document_that_cannot_be_read_is_no_traceback(tmp_path):
    document = written(tmp_path)
    document.write_text(document.read_text() + "\n{{< include lost.qmd >}}\n")
    with pytest.raises(SystemExit, match=r"doc\.qmd:\d+: .*lost\.qmd"):
        save(document, COLLECTED)


def test_a_formula_that_quarto_reads_has_a_note_behind_it():
    """Quarto's formulas still hold shortcodes when the first filters run."""
    text = "$a={{< var t.a >}}$, $b$, $c={{<var t.c>}}+{{< var t.d >}}$"
    page = filtered(text, "html", ["variables"])
    assert re.findall("\ue016([^<]+)\ue017", html.unescape(page)) == ["t.a", "t.c t.d"]
    page = filtered(text, "html", ["variables", "numbers"])  # which is told of none
    assert not re.search("[\ue000-\ue01f]|<span", html.unescape(page))


# What a reader sees


def answer(page: Page) -> dict[str, list[str]]:
    """The rows of the answers on the screen."""
    rows: dict[str, list[str]] = {}
    for term in page.locator("dialog dt").all():
        words = term.locator("xpath=following-sibling::dd[1]").inner_text()
        rows.setdefault(term.inner_text(), []).append(words)
    return rows


ROWS = {
    "Name": ["t.mean"],
    "Value": ["8"],
    "Script": ["scripts/t/compute.py"],
    "Step": ["compute_t"],
    "Settings": ["rates: [0.1,3]"],
    "Seed": ["7"],
    "Checks": ["does not hold: t.lost, 3.25e-09, not ≤ inf\nholds: t.mean, 0.3333 ≤ 1"],
    "File": ["data/results/t/compute.json"],
    "SHA-256": ["ab" * 32],
    "Recompute": ["make audit STEPS=compute_t"],
}


def test_a_click_shows_all_and_escape_goes_back(page):
    number = page.locator(".number").nth(1)
    number.click()
    assert page.locator("dialog h2").all_inner_texts() == ["Mean, of t"]
    said = "The step compute_t wrote it to the file data/results/t/compute.json."
    assert page.locator("dialog p").all_inner_texts() == [said]
    label = page.locator("dialog").get_attribute("aria-label")
    assert label == "Where t.mean comes from"
    assert answer(page) == ROWS
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert number.evaluate("element => element === document.activeElement")


def test_the_keyboard_reaches_every_number_and_enter_asks_it(page):
    for place, names in enumerate(NAMED):
        number = page.locator(".number").nth(place)
        for _ in range(8):
            page.keyboard.press("Tab")
            if number.evaluate("element => element === document.activeElement"):
                break
        assert number.evaluate("element => element === document.activeElement")
        page.keyboard.press("Enter")
        heads = [
            f"{key}, of {topic}".capitalize()
            for topic, key in (name.split(".") for name in names.split())
        ]
        assert page.locator("dialog h2").all_inner_texts() == heads
        assert page.evaluate("document.activeElement.textContent") == "Close"
        page.keyboard.press("Enter")
        page.locator("dialog").wait_for(state="detached")


def test_a_formula_answers_for_each_of_its_numbers(page):
    page.locator(".number").nth(3).click()
    found = answer(page)
    assert found["Name"] == ["t.rest", "t.mean"]
    assert found["Value"] == ['[1,"<b>"]', "8"]
    assert {name: rows[1:] for name, rows in found.items()} == ROWS


def test_the_count_of_checks_has_no_file_no_seed_no_settings(page):
    page.locator(".number").first.click()
    assert page.locator("dialog p").all_inner_texts() == ["The step collect_report counted it."]
    assert answer(page) == {
        "Name": ["checks.all"],
        "Value": ["2"],
        "Script": ["scripts/report/collect.py"],
        "Step": ["collect_report"],
        "Recompute": ["make audit STEPS=collect_report"],
    }


def test_a_check_leads_to_its_claim(page):
    page.locator(".number").nth(1).click()
    page.locator("dialog a", has_text="t.mean").click()
    page.locator("dialog").wait_for(state="detached")
    assert page.url.endswith("#sec-one")


def test_a_click_beside_the_answer_closes_it_and_one_inside_does_not(page):
    page.locator(".number").nth(1).click()
    page.locator("dialog dl").click()
    assert page.locator("dialog").count() == 1
    page.mouse.click(3, 3)
    page.locator("dialog").wait_for(state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_answer_fits_a_phone_in_the_colors_of_the_page(browser, document, scheme):
    page = browser.new_page(viewport={"width": 390, "height": 700}, color_scheme=scheme)
    page.goto(document.with_name("a.html").as_uri())
    page.locator(".number").nth(3).click()
    box = page.locator("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] + box["height"] <= 700
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= box["width"]
    color = "element => getComputedStyle(element).backgroundColor"
    assert page.locator("dialog").evaluate(color) == page.locator("body").evaluate(color)
    page.close()


def test_axe_finds_nothing_wrong(page):
    page.evaluate((ROOT / "tests/data/axe/axe.min.js").read_text("utf-8"))
    # Part of a page is judged: how the whole is built is the page's matter.
    judge = "part => axe.run(part).then(found => found.violations.map(({id}) => id))"
    assert page.evaluate(judge, ".number") == []
    page.locator(".number").nth(3).click()
    assert page.evaluate(judge, "dialog") == []


def test_without_scripts_numbers_are_text(browser, document):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(document.with_name("a.html").as_uri())
    assert page.locator(".number").count() == len(NAMED)
    assert page.locator(".number[tabindex], dialog, [role=link]").count() == 0
    context.close()


# The report


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_guides_exercise_answers_in_both_documents(browser, finished, name):
    house: House = finished
    page = browser.new_page()
    page.goto((house.root / f"report/build/{name}.html").as_uri())
    page.locator('[data-of="dice.mean"]').press("Enter")
    found, told = answer(page), house.manifest["values"]["dice"]["mean"]
    (digest,) = (
        each["sha256"] for each in house.manifest["artifacts"] if each["path"] == told["artifact"]
    )
    assert found["Step"] == ["compute_dice"]
    assert found["Script"] == ["scripts/dice/compute.py"]
    assert found["Settings"] == [
        "\n".join(f"{key}: {value}" for key, value in sorted(house.config["dice"].items()))
    ]
    assert found["SHA-256"] == [digest]
    assert told["checks"]
    assert re.findall(r"holds: ([\w.-]+),", found["Checks"][0]) == told["checks"]
    assert found["Recompute"] == ["make audit STEPS=compute_dice"]
    page.close()


def test_the_command_of_an_answer_recomputes_the_number(house):
    record = house.root / "report/build/audit.json"
    run = house.command("-m", "scripts.pipeline.audit", "compute_dice")
    assert run.code == 0
    assert "compute_dice: 2 results, the same bytes" in run.text
    assert not record.exists()


@pytest.mark.whole
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_number_of_both_documents_can_be_asked(whole, name):
    """All that the text prints, but for what stands in attributes or in code."""
    house: House = whole
    page = (house.root / f"report/build/{name}.html").read_text("utf-8")
    document = read_document(house.root / f"report/{name}.qmd")
    attributes = [(start, end) for _, start, end in attribute_blocks(document)]
    printed = [
        code.arguments[0]
        for code in find_shortcodes(document.text)
        if code.name == "var"
        and not code.arguments[0].startswith("author.")
        and not any(start <= code.span[0] < end for start, end in attributes)
    ]
    assert sorted(word for names in named(page) for word in names.split()) == sorted(printed)
    told, manifest = known(page), house.manifest
    assert told["numbers"].keys() == {*printed}
    for number, entry in told["numbers"].items():
        topic, _, key = number.partition(".")
        recorded = manifest["values"][topic][key]
        source = told["sources"][entry["source"]]
        assert entry["value"] == recorded["value"]
        for part in ("script", "step", "settings", "seed"):
            assert source[part] == recorded[part]
        checks = [told["checks"][place] for place in entry["checks"]]
        if name == "companion":  # whose text is all that there is
            assert [check["id"] for check in checks] == recorded["checks"]
        assert {check["id"] for check in checks} <= {*recorded["checks"]}
