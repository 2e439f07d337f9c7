"""Exercise 4.1: its figures and tables, from the arrays that compute wrote."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from scripts.common import artifacts, command_line, style
from scripts.common.arrays import Arrays, Floats
from scripts.common.tables import save_table
from scripts.gan_game.dynamics import DISCRIMINATOR_RULES, GENERATOR_RULES

RULE_COLORS = dict(zip(DISCRIMINATOR_RULES, (style.VERMILION, style.GREY, style.BLUE), strict=True))
RULE_MARKERS = dict(zip(DISCRIMINATOR_RULES, "so^", strict=True))
DISCRIMINATOR_WORDS = dict(
    zip(DISCRIMINATOR_RULES, ("rejects", "fair coin", "accepts"), strict=True)
)
SLOPE_COLORS = (style.BLUE, style.PURPLE, style.GREY)
GENERATOR_WORDS = dict(zip(GENERATOR_RULES, ("one image", "random", "even"), strict=True))


def draw_distance(arrays: Arrays, path: Path) -> None:
    """Draw the least loss against the distance of an output from the missed image."""
    steps, unlimited = arrays["distance_steps"], arrays["distance_any"]
    figure = style.new_figure(2.1, style.NARROW)
    axes = figure.subplots()
    axes.plot(steps[1:], unlimited[1:], color=style.INK)
    axes.plot(steps[0], unlimited[0], "o", color=style.INK, markersize=4, clip_on=False)
    axes.plot(steps[0], unlimited[1], "o", color=style.INK, markersize=4, fillstyle="none")
    axes.text(steps[-1], unlimited[-1] - 0.012, "any discriminator", ha="right", va="top")
    for slope, line, color in zip(
        arrays["distance_slopes"], arrays["distance_loss"], SLOPE_COLORS, strict=True
    ):
        axes.plot(steps, line, color=color)
        height = 0.375 if slope > 1 else 0.3 if slope == 1 else 0.34
        at = float(np.interp(-height, -line, steps))
        axes.text(at + 0.04, height, rf"$\Lambda={slope:g}$", color=style.TEXT[color], va="bottom")
    axes.set(
        xlim=(-0.04, steps[-1]), ylim=(0.2, 0.52), yticks=(0.25, 0.375, 0.5),
        xlabel="distance of the output from the missed image $x_2$", ylabel="least loss",
    )  # fmt: skip
    style.save_figure(figure, path)


def draw_matrix(arrays: Arrays, path: Path) -> None:
    """Draw the loss matrix of the small game, its saddle points framed."""
    errors, saddles = arrays["matrix_errors"], arrays["matrix_saddles"]
    rows, columns = errors.shape
    most = arrays["matrix_outputs"].shape[1] * 2
    figure = style.new_figure(2.4, style.NARROW)
    axes = figure.subplots()
    edges = [np.arange(length + 1) - 0.5 for length in (columns, rows)]
    axes.pcolormesh(*edges, errors, cmap="Greys", vmin=0, vmax=2 * most, edgecolor="white")
    axes.invert_yaxis()
    for row, column in np.ndindex(rows, columns):
        axes.text(column, row, str(errors[row, column]), ha="center", va="center")
        if saddles[row, column]:
            frame = Rectangle(
                (column - 0.44, row - 0.42), 0.88, 0.84, fill=False, color=style.VERMILION,
                linewidth=1.3,
            )  # fmt: skip
            axes.add_patch(frame)
    names = ["$x_1$", "$x_2$", "$x_3$"]
    outputs = [", ".join(names[image] for image in made) for made in arrays["matrix_outputs"]]
    accepted = [
        "\n".join(name for name, label in zip(names, labels, strict=True) if label) or "none"
        for labels in arrays["matrix_labels"]
    ]
    axes.set_xticks(range(columns), accepted)
    axes.set_yticks(range(rows), outputs)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set(xlabel=r"images accepted by $f$", ylabel="outputs of the generator")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    style.save_figure(figure, path)


def draw_missed(arrays: Arrays, path: Path) -> None:
    """Draw the loss with an optimal discriminator, and after the generator's response, against k.

    k is the number of missed images.
    """
    least = arrays["missed_least"]
    m = len(least) - 1
    low, high = (arrays[f"missed_response_{end}"] / (2 * m) for end in ("low", "high"))
    least = least / (2 * m)
    missed = np.arange(m + 1)
    figure = style.new_figure(2.3, style.NARROW)
    axes = figure.subplots()
    axes.axhline(0.5, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot(missed, 0.5 - missed / (2 * m), color=style.BLUE, linewidth=0.9)
    axes.vlines(missed, low, high, color=style.VERMILION, linewidth=5, alpha=0.35)
    for ends in (low, high):
        axes.plot(missed, ends, "_", color=style.VERMILION, markersize=9, markeredgewidth=1.5)
    axes.plot(missed, least, "o", color=style.BLUE, clip_on=False)
    axes.text(m, 0.5 - 0.03, "value $\\frac{1}{2}$", color=style.GREY, va="top", ha="right")
    axes.text(
        0.5, 0.93, "then the generator responds", color=style.TEXT[style.VERMILION], ha="left"
    )
    axes.text(0.06, 0.08, r"optimal discriminator: $\frac{1}{2}-\frac{k}{2m}$", color=style.BLUE)
    axes.set(
        xlabel=f"missed images $k$ (of $m={m}$)", ylabel="loss", xticks=missed,
        xlim=(-0.25, m + 0.25), ylim=(0, 1.05),
    )  # fmt: skip
    style.save_figure(figure, path)


def draw_coverage(arrays: Arrays, path: Path) -> None:
    """Draw the mean coverage of every round for all tie rules, without and with images outside."""
    coverage = arrays["coverage"]
    outsides = (0, len(coverage) - 1)
    figure = style.new_figure(3.9)
    grid = figure.subplots(2, len(GENERATOR_RULES), sharex=True, sharey=True)
    for row, outside in enumerate(outsides):
        for column, rule in enumerate(GENERATOR_RULES):
            axes = grid[row, column]
            _draw_panel(axes, coverage[outside, :, column])
            axes.text(
                0.5, 1.06, f"$K={outside}$, {GENERATOR_WORDS[rule]}", transform=axes.transAxes,
                ha="center", color=style.INK,
            )  # fmt: skip
        grid[row, 0].set_ylabel("mean coverage")
    for axes in grid[1]:
        axes.set_xlabel("round")
        axes.xaxis.get_major_locator().set_params(integer=True)
    _name_lines(grid[0, 0])
    style.save_figure(figure, path)


def _draw_panel(axes: Axes, coverage: Floats) -> None:
    rounds = np.arange(coverage.shape[1])
    axes.axhline(1, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    for rule, means in zip(DISCRIMINATOR_RULES, coverage, strict=True):
        axes.plot(
            rounds, means, marker=RULE_MARKERS[rule], markersize=2.8, linewidth=0.8,
            markevery=max(1, len(rounds) // 20), color=RULE_COLORS[rule],
        )  # fmt: skip
    axes.set_ylim(0, 1.05)


def _name_lines(axes: Axes) -> None:
    """Name the lines in the one panel where they coincide and leave room."""
    axes.text(0.96, 0.92, "discriminator on ties:", transform=axes.transAxes, ha="right", va="top")
    for line, rule in enumerate(reversed(DISCRIMINATOR_RULES), start=1):
        height = 0.92 - 0.11 * line
        axes.plot(
            0.94, height - 0.045, RULE_MARKERS[rule], transform=axes.transAxes, markersize=4,
            color=RULE_COLORS[rule],
        )  # fmt: skip
        axes.text(
            0.9, height, DISCRIMINATOR_WORDS[rule], transform=axes.transAxes, ha="right", va="top",
            color=style.TEXT[RULE_COLORS[rule]],
        )  # fmt: skip


def write_saddles(arrays: Arrays, path: Path) -> None:
    """Write the table of saddle points counted and calculated, one row a data set."""
    found, formula, pairs = arrays["found"], arrays["formula"], arrays["pairs"]
    outsides = range(found.shape[1])
    header = ["$m$", "copies", r"$m!/\prod c_x!$"]
    header += [f"$K={outside}$" for outside in outsides]
    header.append("pairs tried")
    rows = []
    for row, padded in enumerate(arrays["copies"]):
        copies = [int(c) for c in padded if c]
        orders = math.factorial(sum(copies)) // math.prod(map(math.factorial, copies))
        counts = [f"{found[row, k]}, {formula[row, k]}" for k in outsides]
        shown = ", ".join(map(str, copies))
        rows.append([str(sum(copies)), shown, str(orders), *counts, f"{pairs[row].sum():,}"])
    save_table(path, header, rows, "rlr" + "r" * len(outsides) + "r")


def write_dynamics(arrays: Arrays, path: Path) -> None:
    """Write the table of how many runs met a saddle point, one row for each pair of tie rules."""
    last = arrays["reached"][..., -1]
    header = ["discriminator on ties", "generator", *(f"$K={k}$" for k in range(len(last)))]
    rows = [
        [
            DISCRIMINATOR_WORDS[accepting],
            GENERATOR_WORDS[sharing],
            *(f"{100 * share:.1f}" if share else "–" for share in last[:, i, j]),
        ]
        for i, accepting in enumerate(DISCRIMINATOR_RULES)
        for j, sharing in enumerate(GENERATOR_RULES)
    ]
    save_table(path, header, rows, "ll" + "r" * len(last))


DRAWINGS = {
    "matrix": draw_matrix,
    "missed": draw_missed,
    "distance": draw_distance,
    "coverage": draw_coverage,
    "saddles": write_saddles,
    "dynamics": write_dynamics,
}


def main() -> None:
    """Read the command line, then write each figure and table."""
    _, files = command_line.parse(__doc__, inputs=("arrays",), outputs=tuple(DRAWINGS))
    arrays = artifacts.load_arrays(files.arrays)
    for name, draw in DRAWINGS.items():
        draw(arrays, getattr(files, name))


if __name__ == "__main__":
    main()
