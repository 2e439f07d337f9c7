"""`make why`: the reason, in words, for each step that would run."""

from __future__ import annotations

import re
import shutil

import pytest
from house import House
from test_reruns import add_sentence, alter_function, bump_pin, flip_bit

ARRAYS = "data/results/dice/compute.npz"


def test_nothing_would_run(finished):
    assert "Nothing would run" in finished.command("-m", "scripts.pipeline.why").text


def throw_another(house: House) -> None:
    house.configure({"dice.red": 7})


def change_model(house: House) -> None:
    house.edit("scripts/dice/model.py", alter_function)


RULES = "workflow/rules/dice.smk"


def swap_outputs(house: House) -> None:
    house.edit(
        RULES,
        lambda text: (
            text.replace('distribution="', 'swapped="')
            .replace('at_most="', 'distribution="')
            .replace('swapped="', 'at_most="')
        ),
    )


def remove_record_and_change_model(house: House) -> None:
    shutil.rmtree(house.root / "data/code")
    change_model(house)


@pytest.mark.parametrize(
    ("change", "rule", "reason"),
    [
        (throw_another, "compute_dice", r"setting red: \d+ -> 7"),
        (change_model, "compute_dice", r"\w+ in scripts/dice/model\.py changed"),
        (remove_record_and_change_model, "compute_dice", "its code changed .*not on record.*"),
        (flip_bit(ARRAYS), "compute_dice", f"{ARRAYS} is damaged: .*"),
        (lambda house: (house.root / ARRAYS).unlink(), "compute_dice", f"{ARRAYS} is missing"),
        (add_sentence, "publish_report", r"report/exercises/dice\.qmd was edited"),
        (bump_pin, "compute_dice", r"the pinned versions in envs/requirements\.txt .*changed"),
        (swap_outputs, "plot_dice", "its rule names other files .*"),
        (throw_another, "check_dice", "it reads a file that compute_dice makes again"),
    ],
)
def test_the_reason_is_named(change, rule, reason, house):
    before = house.artifacts()
    change(house)
    found = house.why()
    assert any(re.fullmatch(reason, text) for text in found[rule]), found[rule]
    changed = {name for name, digest in before.items() if house.artifacts().get(name) != digest}
    assert changed <= {ARRAYS}  # an explanation changes nothing


def test_it_names_exactly_the_steps_that_run(house):
    throw_another(house)
    announced = set(house.why())
    assert announced == house.build().rules
