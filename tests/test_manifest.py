"""Where a number is printed, and which checks bear on it, as the manifest says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from documents import FRONT, write_document

from scripts.common.artifacts import load_json, save_json
from scripts.report import manifest
from scripts.report.places import Places
from scripts.report.source import read_document

TEXT = """
In front {{< var t.front >}}.

## One {#sec-one}

Plain {{< var t.plain >}} and $x = {{< var t.formula >}}$.

As @thm-a says, {{< var t.referring >}}.

[It is {{< var t.seen >}}.]{.observed check="t.seen"}

::: {#thm-a}
## A title
It is {{< var t.stated >}}.
:::

$$
y = {{< var t.displayed >}}
$$ {#eq-y alt="y is {{< var t.displayed >}}"}

### Half {#sec-half}

![A line of {{< var t.caption >}}.](line.svg){#fig-l fig-alt="A line, {{< var t.spoken >}} long."}

| a |
|---|
| {{< var t.cell >}} |

: A table. {#tbl-t}

{{< include part.qmd >}}

## Two

Last {{< var t.last >}}.

```
{{< var t.code >}}
```
"""
PART = "Included {{< var t.included >}}.\n\n| b |\n|---|\n| 1 |\n"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    document = write_document(tmp_path, TEXT, front=FRONT.replace('"T"', '"T {{< var t.title >}}"'))
    Path("part.qmd").write_text(PART)
    return Places(read_document(document)).record()


def test_a_place_is_a_file_a_heading_and_the_labels_around_it(places):
    found = {
        name: (heading, *place["within"])
        for name, (place, *_) in places["shown"].items()
        for heading in [place["heading"]]
    }
    assert found == {
        "t.title": ("",), "t.front": ("",),
        "t.plain": ("One", "sec-one"), "t.formula": ("One", "sec-one"),
        "t.referring": ("One", "sec-one"), "t.seen": ("One", "sec-one"),
        "t.stated": ("One", "sec-one", "thm-a"), "t.displayed": ("One", "sec-one", "eq-y"),
        "t.caption": ("Half", "sec-one", "sec-half", "fig-l"),
        "t.spoken": ("Half", "sec-one", "sec-half", "fig-l"),
        "line.svg": ("Half", "sec-one", "sec-half", "fig-l"),
        "t.cell": ("Half", "sec-one", "sec-half", "tbl-t"),
        "t.included": ("Half", "sec-one", "sec-half"),
        "part.qmd": ("Half", "sec-one", "sec-half"),
        "t.last": ("Two",), "t.code": ("Two",),
    }  # fmt: skip
    assert len(places["shown"]["t.displayed"]) == 2
    assert places["shown"]["t.included"][0]["file"] == "part.qmd"
    assert places["shown"]["t.last"][0]["file"] == "doc.qmd"
    assert places["shown"]["t.referring"][0]["near"] == ["thm-a"]
    assert places["shown"]["t.seen"][0]["near"] == ["t.seen"]


def test_a_label_stands_in_others(places):
    assert places["labels"] == {
        "sec-one": [], "sec-half": ["sec-one"], "thm-a": ["sec-one"], "eq-y": ["sec-one"],
        "fig-l": ["sec-one", "sec-half"], "tbl-t": ["sec-one", "sec-half"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("stated", ["t.a"]),
        ("referring", ["t.a"]),
        ("seen", ["t.seen"]),
        ("spoken", ["t.picture"]),
        ("cell", ["t.picture"]),  # no check of the table, but one in its section
        ("plain", ["t.a", "t.picture", "t.seen"]),
        ("last", ["t.a", "t.elsewhere", "t.picture", "t.seen"]),
        ("printed_nowhere", []),
    ],
)
def test_the_checks_of_the_smallest_part_that_has_any_bear_on_a_number(places, name, ids):
    claims = {"a": "thm-a", "seen": "sec-one", "picture": "fig-l", "elsewhere": "thm-further"}
    tests = [{"id": f"t.{key}", "claim": claim} for key, claim in claims.items()]
    assert manifest.bearing(f"t.{name}", [places], tests) == ids


def test_the_manifest_says_it_of_each_number_and_figure(places, monkeypatch):
    checks = [{"id": f"{topic}.a", "claim": "thm-a", "artifact": f"{topic}.json"} for topic in "tu"]
    figure = {"path": "data/figures/t/f.svg", "tests": ["t.json"]}
    places["shown"]["generated/t/f.svg"] = places["shown"]["t.stated"]
    numbers = {"stated": {"value": 1, "tests": ["t.json"]}}
    collected = {"values": {"t": numbers}, "checks": checks, "artifacts": [figure]}
    save_json(Path("collected.json"), collected)
    save_json(Path("doc.json"), {"engine": {"name": "e"}, "checks": [], "text": places})
    words = "--collected collected.json --documents doc.json doc.json --manifest manifest.json"
    monkeypatch.setattr("sys.argv", ["manifest", *words.split()])
    manifest.main()
    found = load_json(Path("manifest.json"))
    place = {"file": "doc.qmd", "heading": "One", "label": "thm-a"}
    said = {"checks": ["t.a"], "places": [place]}  # `u.a` tests other data
    assert found["values"]["t"]["stated"] == {"value": 1} | said
    assert found["artifacts"] == [{"path": figure["path"]} | said]


def test_every_number_that_a_document_prints_has_origin_and_place(finished):
    values = finished.manifest["values"]
    total = values["dice"]["mean"]
    assert total["step"] == "compute_dice"
    assert total["settings"].keys() == {"red", "blue"}
    assert total["checks"]
    assert {place["file"] for place in total["places"]} <= {
        "report/exercises/dice.qmd", "report/companion/dice.qmd",
    }  # fmt: skip
    for name in ("assignment", "companion"):
        text = load_json(finished.root / f"data/results/report/{name}.json")["text"]
        for key in text["shown"]:
            topic, _, number = key.partition(".")
            if not key.startswith(("author.", "generated/")) and topic in values:
                assert values[topic][number]["places"], key
