"""The companion begins with the assignment: the same answers, word for word, number for number."""

from __future__ import annotations

import re

import pytest
from house import House

from scripts.pipeline import rules
from scripts.report.render import prepared
from scripts.report.source import RenderError


@pytest.mark.parametrize("build", ["finished", "whole"])
def test_the_answers_and_all_their_numbers_are_the_same(build, request):
    house: House = request.getfixturevalue(build)
    html = [
        (house.root / f"report/build/{name}.html").read_text("utf-8")
        for name in ("assignment", "companion")
    ]
    # how high the last passage is depends on what stands behind the answers
    pages = [re.sub(r"--signs: \d+", "", text).split('id="sec-solutions"') for text in html]
    (_, answers), (_, companion) = pages
    answers = answers.partition("<p>The build that made this document")[0]
    texts = [path.relative_to(house.root).as_posix() for path in house.tracked()]
    answered = [text for text in texts if text.startswith("report/exercises")]
    labels = rules.labels(rules.prose(house.root, answered))
    assert set(re.findall(r'id="([a-z]+-[\w-]+)"', answers)) >= {*labels} - {"sec-solutions"}
    assert companion.startswith(answers)


def test_an_answer_that_refers_to_what_only_the_companion_has_is_refused(house):
    for name in ("exercises", "companion"):
        house.edit(f"report/{name}/dice.qmd", lambda text: f"{text}\nSee @fig-dice-at-most.\n")
    prepared(house.root / "report/companion.qmd")
    line = (house.root / "report/exercises/dice.qmd").read_text("utf-8").count("\n")
    message = rf"^\S*exercises/dice\.qmd:{line}: `@fig-dice-at-most` refers to nothing: no label"
    with pytest.raises(RenderError, match=message) as found:
        prepared(house.root / "report/assignment.qmd")
    assert "\n" not in str(found.value)
