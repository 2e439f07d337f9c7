"""The settings of this exercise: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import Block, setting


class Dice(Block):
    """The sum of two dice."""

    red: int = setting("faces of the red die", 2, 20)
    blue: int = setting("faces of the blue die", 2, 20)
