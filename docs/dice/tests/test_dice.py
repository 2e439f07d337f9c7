"""scripts.dice: what is checked would be found wrong."""

from __future__ import annotations

import numpy as np

from scripts.dice import check, model

SETTINGS = check.Settings(red=2, blue=3)


def test_a_small_case():
    assert np.allclose(model.sum_distribution(2, 3) * 6, [1, 2, 2, 1])


def test_the_check_finds_other_faces():
    for red, blue in ((2, 3), (4, 1)):
        theorem, _ = check.checks(SETTINGS, model.sum_distribution(red, blue))
        assert theorem.passed is (red == 2)


def test_equal_faces_have_one_most_probable_sum():
    for blue in (2, 3):
        settings = check.Settings(red=2, blue=blue)
        _, observation = check.checks(settings, model.sum_distribution(2, blue))
        assert observation.passed is (blue == 3)
