"""From results to what the documents include, and to what is handed over, with its manifest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from house import contract_of

from scripts.common.artifacts import load_json, save_json
from scripts.common.checks import Check, save_checks
from scripts.pipeline import sidecar
from scripts.pipeline.rules import captions, in_order
from scripts.report import collect, manifest, publish, scan
from scripts.report.product import Product, make
from scripts.report.render import prepared
from scripts.report.source import RenderError, read_document
from scripts.report.verify import Check as Claim

AUTHOR = 'A. *Student* {{< var x >}} $x$ #1 <b> \\ "quoted"'


def made(path: str, text: str | None = None, step: str = "t.plot") -> Path:
    """An artifact with a sidecar, as the job wrapper leaves it."""
    where = Path(path)
    where.parent.mkdir(parents=True, exist_ok=True)
    if text is not None:
        where.write_text(text)
    contract = contract_of(step, settings={"seed": 1}, files={"data/raw/x": "0"})
    inputs = {"data/results/t/a.npz": "1", "data/raw/x": "0"}
    found = sidecar.content("00", contract, inputs, {})
    sidecar.stage(where, found).replace(sidecar.path_of(where))
    return where


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data/results/t").mkdir(parents=True)
    entries = {"n": {"value": 3.9971, "text": "3.997"}}
    save_json(Path("data/results/t/compute.json"), {"values": entries})
    checks = [
        Check(id="t.count", claim="thm-t", statement="All agree.", method="exhaustive", value=0),
        Check(
            id="t.error", claim="fig-t", statement="It is small.", method="numerical",
            value=3.3e-16, at_most=1e-12,
        ),
    ]  # fmt: skip
    save_checks(Path("data/results/t/checks.json"), checks)
    made("data/results/t/compute.json", step="t.lab.compute")
    made("data/results/t/checks.json")
    made("data/figures/t/f.svg", "<svg/>")
    return tmp_path


ASSIGNMENT = {"labels": ["thm-t", "sec-t"], "observed": ["t.seen"], "shown": []}


def run_collect(**more: str) -> None:
    rules = {
        "data/results/t/compute.json": "compute_t",
        "data/results/t/checks.json": "check_t",
        "data/figures/t/f.svg": "plot_t",
    }
    options = {
        "summaries": "data/results/t/compute.json", "checks": "data/results/t/checks.json",
        "displays": "data/figures/t/f.svg", "copies": "report/generated/t/f.svg",
        "manifest": "collected.json",
        "variables": "report/_variables.yml", "claims": "report/generated/claims.md",
        "provenance": "report/generated/provenance.md", "name": AUTHOR,
        "student-number": "007", "rules": json.dumps(rules), "assignment": json.dumps(ASSIGNMENT),
        "captions": '{"report/generated/t/f.svg": "fig-t"}',
        "observations": "report/generated/observations.md",
        "answered": "report/generated/answered.md",
    } | more  # fmt: skip
    Path("report/generated/t").mkdir(parents=True, exist_ok=True)
    collect.main([word for name, given in options.items() for word in (f"--{name}", given)])


def test_collect_gathers_values_checks_and_origins(results):
    run_collect()
    found = load_json(Path("collected.json"))
    assert found["values"]["t"]["n"] == {
        "value": 3.9971, "text": "3.997", "artifact": "data/results/t/compute.json",
        "script": "scripts/t/lab/compute.py", "step": "compute_t", "settings": {"seed": 1},
        "seed": 1, "inputs": ["data/raw/x", "data/results/t/a.npz"],
        "tests": ["data/results/t/checks.json"],
    }  # fmt: skip
    assert found["values"]["checks"]["assignment.exhaustive"]["value"] == 1
    assert [check["id"] for check in found["checks"]] == ["t.count", "t.error"]
    figure = next(entry for entry in found["artifacts"] if entry["path"].endswith("f.svg"))
    assert figure["step"] == "plot_t"
    assert figure["script"] == "scripts/t/plot.py"
    assert figure["inputs"] == ["data/raw/x", "data/results/t/a.npz"]
    assert figure["settings"] == {"seed": 1}
    assert Path("report/generated/t/f.svg").read_text() == "<svg/>"
    variables = yaml.safe_load(Path("report/_variables.yml").read_text())
    assert variables["t"] == {"n": "3.997"}
    assert variables["checks"]["all"] == "2"
    assert variables["checks"]["assignment"] == {
        "exhaustive": "1", "symbolic": "0", "numerical": "0", "statistical": "0",
        "observed": "0", "all": "1",
    }  # fmt: skip
    assert variables["author"]["student_number"] == "007"


def test_the_appendix_says_what_was_tested_how_and_what_was_found(results):
    run_collect()
    claims = Path("report/generated/claims.md").read_text()
    assert re.search(r"\| @thm-t \| All agree\. \| every case: \$0\$ \|", claims)
    assert r"$3.3 \times 10^{-16} \le 1 \times 10^{-12}$" in claims


def test_the_appendix_says_what_is_behind_each_figure(results):
    run_collect()
    table = Path("report/generated/provenance.md").read_text()
    assert "| @fig-t | `t/plot.py` | `x`, `a.npz` | `seed` |" in table
    run_collect(captions="{}")
    assert "| `f.svg` | `t/plot.py`" in Path("report/generated/provenance.md").read_text()


def test_what_is_shown_has_the_label_of_its_caption():
    text = """
![In $x$ (see [a](b)).](generated/t/f.svg){#fig-f fig-alt="A line."}

{{< include generated/t/g.md >}}

: Many $\\{x\\}$ rows. {#tbl-g tbl-colwidths="[1,2]"}

{{< include generated/t/code.md >}}

![Of something else.](generated/t/h.svg){#fig-h fig-alt="A line."}
"""
    made = [f"report/generated/t/{name}" for name in ("f.svg", "g.md", "code.md")]
    assert captions(text, made) == {made[0]: "fig-f", made[1]: "tbl-g"}


def test_what_is_shown_is_listed_in_the_order_of_the_document(tmp_path):
    report = tmp_path / "report"
    report.mkdir()
    (report / "companion.qmd").write_text("{{< include answer.qmd >}}\n![B](generated/t/b.svg)\n")
    (report / "answer.qmd").write_text("{{< include lost.qmd >}}\n![C](generated/t/c.svg)\n")
    made = [f"data/figures/t/{name}.svg" for name in "abc"]
    assert in_order(tmp_path, made) == [made[2], made[1], made[0]]


def test_observations_that_fail_are_listed_for_each_document(results):
    """The assignment lists those that its text names, or a table that it shows."""
    checks = [
        Check(
            id=f"t.{name}", claim="thm-t", statement=f"It is {name}.", method="numerical",
            value=2, at_most=bound, observed=True,
        )
        for name, bound in [("seen", 1), ("far", 1), ("told", 1), ("true", 3)]
    ]  # fmt: skip
    save_checks(Path("data/results/t/checks.json"), checks)
    made("data/results/t/checks.json")
    made("data/figures/t/f.svg", '| a |\n|---|\n| [Told.]{.observed check="t.told"} |\n')
    lists = [Path(f"report/generated/{name}.md") for name in ("observations", "answered")]
    table = {"displays": "data/figures/t/f.svg", "copies": "report/generated/t/f.md"}
    shown = json.dumps(ASSIGNMENT | {"shown": ["report/generated/t/f.md"]})
    run_collect(**table, assignment=shown)
    found = [re.findall(r"^- `t\.(\w+)`: It is \1\.", path.read_text(), re.M) for path in lists]
    assert found == [["seen", "far", "told"], ["seen", "told"]]
    assert r"$2$, not $\le 1$" in lists[0].read_text()
    assert r"$2$, not $\le 1$" in Path("report/generated/claims.md").read_text()
    variables = yaml.safe_load(Path("report/_variables.yml").read_text())
    verdicts = {"seen": "fails", "far": "fails", "told": "fails", "true": "holds"}
    assert variables["observed"] == {"t": verdicts}


def test_where_all_observations_hold_nothing_is_listed(results):
    run_collect()
    for name in ("observations", "answered"):
        assert Path(f"report/generated/{name}.md").read_text().startswith("<!-- All observations")


def test_what_this_build_did_not_make_is_refused(results):
    sidecar.path_of(Path("data/figures/t/f.svg")).unlink()
    with pytest.raises(ValueError, match=r"f\.svg has no readable sidecar"):
        run_collect()


def test_the_same_key_or_id_twice_is_refused(results):
    twice = [Path("data/results/t/compute.json")] * 2
    with pytest.raises(ValueError, match="also given"):
        collect.collect_values(twice, {twice[0]: {}})
    with pytest.raises(ValueError, match="same id"):
        collect.collect_checks([Path("data/results/t/checks.json")] * 2)


TEXT = """---
title: T
---

It is {{< var t.n >}} (@fig-t).

![Caption.](generated/t/f.svg){#fig-t fig-alt="A line."}

{{< include generated/claims.md >}}

{{< include generated/provenance.md >}}

::: {#thm-t}
## T
True.
:::
"""


def render_text(text: str) -> None:
    """Read a document as the build does, but no further than its mistakes."""
    run_collect()
    Path("report/doc.qmd").write_text(text)
    generated = Path("report/generated")
    made = [generated / "claims.md", generated / "provenance.md", *sorted(generated.glob("t/*"))]
    prepared("report/doc.qmd", made)


def test_a_text_that_shows_everything_is_accepted(results):
    render_text(TEXT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("{{< var t.n >}}", "{{< var t.m >}}"), r"doc\.qmd:5: .*t\.m"),
        (("{{< include generated/claims.md >}}", ""), "claims.md: made, but shown nowhere"),
        (("(@fig-t)", "(@fig-x)"), r"doc\.qmd:5: .*@fig-x"),
        (("{{< var t.n >}}", "{{< video t.n >}}"), r"doc\.qmd:5: .*video"),
        (("generated/t/f.svg", "generated/t/g.svg"), r"doc\.qmd:7: .*g\.svg"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_remedy(results, change, message):
    with pytest.raises(RenderError, match=message):
        render_text(TEXT.replace(*change))


def test_a_leftover_of_an_earlier_build_is_not_used(results):
    run_collect()
    Path("report/generated/t/old.svg").write_text("<svg/>")
    Path("report/doc.qmd").write_text(TEXT.replace("t/f.svg", "t/old.svg"))
    document = read_document("report/doc.qmd")
    problems = scan.misused(document, Path("report"), [Path("report/generated/t/f.svg")])
    assert any("no rule makes generated/t/old.svg" in problem for problem in problems)


@pytest.fixture
def published(results, monkeypatch):
    """Publish a document about which rendering and verification say what is given."""

    def publish_with(found) -> None:
        def given(document, engine, made):
            if isinstance(found, Exception):
                raise found
            return Product(b"pdf", b"html", (Claim("x", "It is whole.", found),))

        run_collect()
        Path("report/doc.qmd").write_text(TEXT)
        monkeypatch.setattr(publish.product, "make", given)
        files = {
            "made": "report/generated/claims.md",
            "pdf": "b.pdf", "html": "b.html", "checks": "b.json",
            "engine": "embedded", "engine-version": "pandoc 3, typst 0",
            "document": "report/doc.qmd",
        }  # fmt: skip
        words = [word for name, given in files.items() for word in (f"--{name}", given)]
        publish.main(words)

    return publish_with


def test_the_manifest_joins_what_was_found_and_the_documents_own_checks(published, monkeypatch):
    published(())
    assert Path("b.pdf").read_text() == "pdf"
    assert Path("b.html").read_text() == "html"
    words = "--collected collected.json --documents b.json c.json --manifest manifest.json"
    monkeypatch.setattr("sys.argv", ["manifest", *words.split()])
    other = load_json(Path("b.json"))
    other["checks"][0]["id"] = "other.x"
    save_json(Path("c.json"), other)
    manifest.main()
    found = load_json(Path("manifest.json"))
    assert found["engine"] == {"name": "embedded", "version": "pandoc 3, typst 0"}
    assert [check["id"] for check in found["checks"]] == ["t.count", "t.error", "doc.x", "other.x"]
    assert sorted(found) == ["artifacts", "checks", "engine", "values"]
    assert found["values"]["t"]["n"]["places"][0]["file"] == "report/doc.qmd"


def test_a_document_with_a_fault_is_kept_aside_not_published(published):
    with pytest.raises(SystemExit, match=r"(?s)page 3 is missing.*data/logs/report/doc\.pdf"):
        published(("page 3 is missing",))
    assert not Path("b.pdf").exists()
    assert Path("data/logs/report/doc.pdf").read_text() == "pdf"


def test_a_mistake_of_the_author_leaves_nothing_aside(published):
    with pytest.raises(SystemExit, match=r"^doc\.qmd:5: no such variable$"):
        published(RenderError("doc.qmd:5: no such variable"))
    assert not Path("data/logs").exists()


def test_what_the_machine_lacks_is_said_in_a_line(published):
    with pytest.raises(SystemExit, match=r"^report/b\.pdf: No space left"):
        published(OSError(28, "No space left on device", "report/b.pdf"))


def test_the_product_is_both_editions_and_what_verification_says(results):
    run_collect()
    front = "---\ntitle: T\nauthor: A\ndate: 2023-04-09\n---\n"
    shown = ["claims.md", "provenance.md", "t/f.svg"]
    Path("report/doc.qmd").write_text(front + TEXT.split("---\n", 2)[2])
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    Path("report/generated/t/f.svg").write_text(svg)
    paths = [f"report/generated/{name}" for name in shown]
    found = make("report/doc.qmd", "embedded", paths)
    assert found.pdf.startswith(b"%PDF")
    assert b"<math" in found.html
    passed = {check.name: check.passed for check in found.checks}
    assert {"pdf-margins", "html-links", "same-headings"} <= passed.keys()
    assert not passed["pdf-metadata"]  # no `pdf-standard: ua-1`
    assert passed["same-headings"]
    with pytest.raises(RenderError, match=r"no rule makes generated/claims\.md"):
        make("report/doc.qmd", "embedded", paths[1:])
