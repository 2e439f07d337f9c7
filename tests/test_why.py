"""`make why`: the reason, in words, for each step that would run."""

from __future__ import annotations

import re
import shutil

import pytest
from house import House
from test_reruns import add_sentence, alter_function, bump_pin, flip_bit

ARRAYS = "data/results/gan_game/compute.npz"


def why(house: House) -> dict[str, list[str]]:
    """Run `make why`'s command; return the reasons by rule."""
    run = house.command("-m", "scripts.pipeline.why")
    assert run.code == 0, run.text
    blocks = re.findall(r"^(\w+)\n((?:    .*\n)+)", run.text, re.MULTILINE)
    return {name: [line.strip() for line in lines.splitlines()] for name, lines in blocks}


def test_nothing_would_run(finished):
    assert "Nothing would run" in finished.command("-m", "scripts.pipeline.why").text


def reseed(house: House) -> None:
    house.configure({"gan_game.seed": 7})


def change_model(house: House) -> None:
    house.edit("scripts/gan_game/model.py", alter_function)


RULES = "workflow/rules/gan_game.smk"


def swap_outputs(house: House) -> None:
    house.edit(
        RULES,
        lambda text: (
            text.replace('copies="', 'swapped="')
            .replace('matrix="', 'copies="')
            .replace('swapped="', 'matrix="')
        ),
    )


def remove_record_and_change_model(house: House) -> None:
    shutil.rmtree(house.root / "data/code")
    change_model(house)


@pytest.mark.parametrize(
    ("change", "rule", "reason"),
    [
        (reseed, "compute_gan_game", r"setting seed: \d+ -> 7"),
        (change_model, "check_gan_game", r"\w+ in scripts/gan_game/model\.py changed"),
        (remove_record_and_change_model, "check_gan_game", "its code changed .*not on record.*"),
        (flip_bit(ARRAYS), "compute_gan_game", f"{ARRAYS} is damaged: .*"),
        (lambda house: (house.root / ARRAYS).unlink(), "compute_gan_game", f"{ARRAYS} is missing"),
        (add_sentence, "publish_report", r"report/exercises/gan_game\.qmd was edited"),
        (bump_pin, "compute_gan_game", r"the pinned versions in envs/requirements\.txt .*changed"),
        (swap_outputs, "plot_gan_game", "its rule names other files .*"),
        (reseed, "check_gan_game", "it reads 2 files that compute_gan_game makes again"),
    ],
)
def test_the_reason_is_named(change, rule, reason, house):
    before = house.artifacts()
    change(house)
    found = why(house)
    assert any(re.fullmatch(reason, text) for text in found[rule]), found[rule]
    changed = {name for name, digest in before.items() if house.artifacts().get(name) != digest}
    assert changed <= {ARRAYS}  # an explanation changes nothing


def test_it_names_exactly_the_steps_that_run(house):
    reseed(house)
    announced = set(why(house))
    assert announced == house.build().rules
