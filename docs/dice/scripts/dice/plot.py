"""Figures of this exercise.

Run bare:  python -m scripts.dice.plot --arrays compute.npz --distribution distribution.svg \
    --at-most at_most.svg
"""

from __future__ import annotations

from pathlib import Path

from scripts.common.arrays import Floats
from scripts.common.artifacts import load_arrays
from scripts.common.command_line import parse
from scripts.common.style import NARROW, new_figure, save_figure


def draw(heights: Floats, label: str, path: Path) -> None:
    """Draw a bar for each sum."""
    figure = new_figure(height=2.0, width=NARROW)
    axes = figure.add_subplot()
    axes.bar(range(2, heights.size + 2), heights)
    axes.set(xlabel="sum of both faces", ylabel=label)
    save_figure(figure, path)


def main() -> None:
    """Read the results, draw, write."""
    _, files = parse(__doc__, inputs=("arrays",), outputs=("distribution", "at_most"))
    probability = load_arrays(files.arrays)["probability"]
    draw(probability, "probability", files.distribution)
    draw(probability.cumsum(), "probability of at most it", files.at_most)


if __name__ == "__main__":
    main()
