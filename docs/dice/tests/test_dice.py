"""scripts.dice: what is checked would be found wrong."""

from __future__ import annotations

import numpy as np

from scripts.dice import check, model

SETTINGS = check.Settings(red=2, blue=3)


def test_two_small_dice():
    assert np.allclose(model.sum_distribution(2, 3) * 6, [1, 2, 2, 1])


def test_the_check_finds_other_dice():
    for red, blue in ((2, 3), (4, 1)):
        (found,) = check.checks(SETTINGS, model.sum_distribution(red, blue))
        assert found.passed is (red == 2)
