"""`make why`: the reason, in words, for each step that would run."""

from __future__ import annotations

import re
import shutil

import pytest
import test_reruns as reruns
from house import House

ARRAYS = "data/results/dice/compute.npz"


def test_nothing_would_run(finished):
    assert "Nothing would run" in finished.command("-m", "scripts.pipeline.why").text


def change_model(house: House) -> None:
    house.edit("scripts/dice/model.py", reruns.alter_function)


def remove_record_and_change_model(house: House) -> None:
    shutil.rmtree(house.root / "data/code")
    change_model(house)


@pytest.mark.parametrize(
    ("change", "rule", "reason"),
    [
        (reruns.throw_another, "compute_dice", r"setting red: \d+ -> 7"),
        (change_model, "compute_dice", r"\w+ in scripts/dice/model\.py changed"),
        (remove_record_and_change_model, "compute_dice", "its code changed .*not on record.*"),
        (reruns.flip_bit(ARRAYS), "compute_dice", f"{ARRAYS} is damaged: .*"),
        (lambda house: (house.root / ARRAYS).unlink(), "compute_dice", f"{ARRAYS} is missing"),
        (reruns.add_sentence, "publish_report", r"report/exercises/dice\.qmd was edited"),
        (reruns.bump_pin, "compute_dice", r"the pinned versions in envs/req.*changed"),
        (reruns.swap_outputs, "plot_dice", "its rule names other files .*"),
        (reruns.throw_another, "check_dice", "it reads a file that compute_dice makes again"),
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
    reruns.throw_another(house)
    announced = set(house.why())
    assert announced == house.build().rules
