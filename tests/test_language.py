"""The text is in the language of a textbook: short sentences, symbols that are defined, and once.

What is said of a run is either marked (`{.observed check=…}`) or true at all settings.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import language
import pytest
import yaml
from language import MARKED, REPORT, Sentence

from scripts.pipeline import rules
from scripts.report.source import find_math

DATA = Path(__file__).parent / "data"
TEXTS = sorted(
    path
    for path in REPORT.rglob("*.qmd")
    if path.relative_to(REPORT).parts[0] not in ("build", "generated")
)
TOPICS = sorted(path.stem for path in (REPORT / "companion").glob("*.qmd"))
LONGEST = 45


def text(name: str, tmp_path: Path) -> tuple[Sentence, ...]:
    path = tmp_path / "t.qmd"
    path.write_text(textwrap.dedent(name))
    return language.sentences(path)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(REPORT)))
def test_no_sentence_is_longer_than_a_reader_likes(path):
    long = [str(one) for one in language.sentences(path) if len(one.words) > LONGEST]
    assert not long, long


def test_sentences_are_found_with_formulas_as_words(tmp_path):
    found = text(
        """\
        One is $x = 1$. Two, e.g. this, has [a link](#x) and `code`. $y$ begins
        $$
        z
        $$ {#eq-z alt="z"}
        and ends? [It jumps.]{.observed check="a.b"}

        ![A *curve*. It falls.](a.svg){#fig-a fig-alt="Drawn. Twice."}

        ::: {.callout-note}
        ## Title
        - It is {{< var a.b >}}, see @fig-a.
        :::

        : Rows. {#tbl-x}
        """,
        tmp_path,
    )
    assert [str(one) for one in found] == [
        "One is $x=1$.", "Two, e.g. this, has a link and code.", "$y$ begins $z$ and ends?", MARKED,
        "Caption: A curve.", "Caption: It falls.", "Picture: Drawn.", "Picture: Twice.",
        "It is ⟦a.b⟧, see @fig-a.", "Caption: Rows.",
    ]  # fmt: skip
    assert [one.is_of_the_run for one in found] == [False] * 4 + [True] * 6


@pytest.mark.parametrize("topic", TOPICS)
def test_what_is_said_of_the_run_was_read_at_far_settings(topic):
    """`sentences/<topic>.txt` has each sentence that speaks of the run and is not marked.

    A new one goes there after it was read at all settings of `tests/far`, and is true there.
    """
    paths = [REPORT / folder / f"{topic}.qmd" for folder in ("exercises", "companion")]
    found = {
        f"{path.parent.name}: {one}"
        for path in paths
        if path.is_file()
        for one in language.sentences(path)
        if one.is_of_the_run
    }
    read = set((DATA / "sentences" / f"{topic}.txt").read_text("utf-8").splitlines())
    assert sorted(found - read) == []
    assert sorted(read - found) == []


def test_every_observation_is_in_the_text(whole):
    """And the reverse: the render refuses the name of a check that is none."""
    checks = [check for check in whole.manifest["checks"] if check.get("observed")]
    generated = sorted((whole.root / "report/generated").rglob("*.md"))
    texts = [path.read_text("utf-8") for path in [*TEXTS, *generated]]
    named = {name for one in texts for name in rules.observations(one)}
    assert {check["id"] for check in checks} - named == set()


# ---------------------------------------------------------------- symbols


def source(topic: str) -> str:
    """The text of an exercise: the answer, then what goes further; the laboratory's at its end."""
    topics = [topic.removesuffix("_lab"), topic] if topic.endswith("_lab") else [topic]
    paths = [
        REPORT / folder / f"{one}.qmd" for one in topics for folder in ("exercises", "companion")
    ]
    return "\n\n".join(path.read_text("utf-8") for path in paths if path.is_file())


def table(topic: str) -> dict[str, str]:
    """What introduces each symbol of an exercise: words of its text, or `running`, `standard`."""
    names = [topic.removesuffix("_lab"), topic] if topic.endswith("_lab") else [topic]
    found: dict[str, str] = {}
    for name in names:
        found |= yaml.safe_load((DATA / "symbols" / f"{name}.yaml").read_text("utf-8"))
    return found


def first_uses(prose: str) -> dict[str, int]:
    """The place of the formula in which each symbol stands first."""
    found: dict[str, int] = {}
    for (start, _), latex, _ in find_math(prose):
        for symbol in language.symbols(latex):
            found.setdefault(symbol, start)
    return found


def undefined(prose: str, table: dict[str, str]) -> list[str]:
    """A sentence for each symbol that is not introduced, or only after its first use."""
    paragraphs = [
        (match.start(), match.end(), " ".join(match[0].split()))
        for match in re.finditer(r"(?:(?!\n[ \t]*\n).)+", prose, re.DOTALL)
    ]
    faults = []
    for symbol, place in first_uses(prose).items():
        words = table.get(symbol)
        if words is None:
            faults.append(f"{symbol} is not in the table")
        elif words not in ("running", "standard"):
            words = " ".join(words.split())
            ends = [end for _, end, paragraph in paragraphs if words in paragraph]
            starts = [start for start, _, paragraph in paragraphs if words in paragraph]
            if not ends:
                faults.append(f"{symbol}: the text does not say {words!r}")
            elif place < starts[0]:
                faults.append(f"{symbol} is used before {words!r}")
    return faults


@pytest.mark.parametrize("topic", TOPICS)
def test_symbols_are_defined_before_they_are_used(topic):
    assert undefined(source(topic), table(topic)) == []


def test_an_undefined_symbol_is_found():
    prose = "The mean is $x$.\n\nHere $\\bar y_1=\\sum_i\\theta$.\n\nLet $x$ be it."
    known = {"x": "Let $x$ be", r"\theta": "Here"}
    assert undefined(prose, known) == [
        "x is used before 'Let $x$ be'",
        r"\bar y is not in the table",
    ]
    assert undefined(prose, known | {"x": "standard", r"\bar y": "no"}) == [
        r"\bar y: the text does not say 'no'"
    ]
