"""What a text observes of a run is marked where the run does not show it, in both editions."""

from __future__ import annotations

import re

import pikepdf
import pytest
from documents import rendered, words_of_page, write_document

from scripts.report.edition_pdf import read_structure
from scripts.report.render import prepared
from scripts.report.source import RenderError

VARIABLES = """observed:
  dice:
    most: "holds"
    mean-is-seven: "fails"
  coin:
    even: "fails"
"""
FAILED = "- `dice.mean-is-seven`: it is.\n- `coin.even`: it is.\n"
BODY = """# Dice {#sec-dice}

[A sum of seven $(6+1)$ is seen most.]{.observed check="dice.most"}

- Item. [The mean is *seven*, $\\bar x=7$.]{.observed check="dice.most dice.mean-is-seven"} More.

![The sums. [They lie even.]{.observed check="coin.even"}](line.svg){#fig-x fig-alt="They rise."
observed="coin.even"}

![Others.](line.svg){#fig-y fig-alt="They fall." observed="dice.most"}

| a |
|---|
| [In a cell.]{.observed check="coin.even"} |

: T. {#tbl-x}
"""
MARK = "[Does not hold at these settings: "
MARKED = ("The mean is seven, ", "They lie even.]", "In a cell.]")


@pytest.fixture
def document(tmp_path):
    found = write_document(tmp_path / "d", BODY, variables=VARIABLES)
    (found.parent / "generated").mkdir()
    return found


def editions(document):
    """The words of both editions, and the alternative texts of each one's pictures."""
    pdf, page = rendered(document)
    alternatives = re.findall(r'<img[^>]* alt="([^"]*)"', page)
    with pikepdf.open(document.with_name("a.pdf")) as file:
        tags = [
            str(tag.get("/Alt", "")) for tag in file.objects if isinstance(tag, pikepdf.Dictionary)
        ]
    assert set(alternatives) <= set(tags)
    assert not read_structure(document.with_name("a.pdf").read_bytes()).metadata_faults
    return [" ".join(words.split()) for words in (pdf, words_of_page(page))], alternatives


def test_what_holds_stands_as_it_was_written(document):
    found, alternatives = editions(document)
    assert alternatives == ["They rise.", "They fall."]
    for words in found:
        assert "Does not hold" not in words
        assert "They lie even." in words


def test_what_does_not_hold_is_said_to_in_both_editions(document):
    (document.parent / "generated" / "observations.md").write_text(FAILED)
    found, alternatives = editions(document)
    assert alternatives == ["Does not hold at these settings: They rise.", "They fall."]
    for words in found:
        assert [words.count(MARK + part) for part in MARKED] == [1, 1, 1]
        assert words.count("Does not hold") == 3
        assert "A sum of seven" in words


def test_a_build_says_what_its_settings_do_not_bear_out(house):
    """Two equal dice have one most probable sum; the text observes several."""
    built = [house.root / f"report/build/{name}.html" for name in ("assignment", "companion")]
    for blue, fails in [(6, True), (8, False)]:
        house.configure({"dice.blue": blue})
        run = house.command("-m", "scripts.pipeline.report")
        assert run.code == 0, run.text
        assert ("first page: dice.plateau." in run.text) is fails
        for path in built:
            words = " ".join(words_of_page(path.read_text("utf-8")).split())
            assert (f"{MARK}Several sums are" in words) is fails
            assert ("dice.plateau: Sums that" in words) is fails
        verdicts = {check["id"]: check["passed"] for check in house.manifest["checks"]}
        assert verdicts["dice.plateau"] is not fails


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((' check="dice.most"', ""), r"doc\.qmd:9: .*names no check"),
        (("dice.most dice", "dice.mots dice"), r"doc\.qmd:11: .*`dice\.mots`.*dice\.most"),
        (('observed="dice.most"', 'observed="dice.two"'), r"doc\.qmd:16: .*`dice\.two`"),
    ],
)
def test_an_observation_without_a_check_is_a_mistake(document, change, message):
    document.write_text(document.read_text().replace(*change))
    with pytest.raises(RenderError, match=message):
        prepared(document)
