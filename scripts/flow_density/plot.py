"""Figures and the table of exercise 4.3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from scripts.common import style
from scripts.common.arrays import Arrays, Bools, Floats
from scripts.common.artifacts import load_arrays
from scripts.common.command_line import parse
from scripts.common.normal import normal_density
from scripts.common.tables import save_table
from scripts.common.values import scientific
from scripts.flow_density import model
from scripts.flow_density.settings import FlowDensity

Shares = tuple[Floats, Floats]


class Settings(FlowDensity, reads=("sample_size", "left_end", "wide_variance")):
    """What the figures read."""


# ------------------------------------------------------------------ equal shares of probability


HIGHEST_DENSITY = 3.3
"""Where the axis of the new density ends."""


def draw_map(
    figure: SubFigure,
    z: Floats,
    x: Floats,
    base: Floats,
    above: tuple[Floats, Floats],
    shares: Shares,
) -> Axes:
    """Draw x = f(z), the base density below it and the new density to its left.

    above: points x and the new density there. shares: the z and x of the cells' inner borders;
    every other cell is shaded on both axes. Returns the axes of the curve.
    """
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 3), height_ratios=(3, 1))
    curve = figure.add_subplot(grid[0, 1])
    below = figure.add_subplot(grid[1, 1], sharex=curve)
    beside = figure.add_subplot(grid[0, 0], sharey=curve)
    # What the axes cut off is not drawn at all: the density of 16.1 is unbounded at 0.
    shown = above[1] <= HIGHEST_DENSITY
    above = (above[0][shown], above[1][shown])
    curve.plot(z, x, color=style.INK)
    below.plot(z, base, color=style.BLUE)
    beside.plot(above[1], above[0], color=style.VERMILION)
    for cell in range(0, shares[0].size + 1, 2):
        inside = between(z, shares[0], cell)
        below.fill_between(z[inside], base[inside], color=style.BLUE, alpha=0.3, lw=0)
        inside = between(above[0], shares[1], cell)
        beside.fill_betweenx(
            above[0][inside], above[1][inside], color=style.VERMILION, alpha=0.3, lw=0
        )
    for at_z, at_x in zip(*shares, strict=True):
        curve.plot([at_z, at_z, z[0]], [0.0, at_x, at_x], color=style.GREY, lw=0.5)
    curve.tick_params(labelbottom=False, labelleft=False)
    curve.set(xlim=(z[0], z[-1]), ylim=(0, 1))
    below.set(ylim=(0, 1.25 * float(base.max())), xlabel="$z$", ylabel="$p_Z$")
    beside.set(xlim=(HIGHEST_DENSITY, 0), xticks=(0, 1, 2, 3), xlabel="$p$", ylabel="$x$")
    return curve


def between(points: Floats, borders: Floats, cell: int) -> Bools:
    """Return which of `points` lie in the given cell; cell 0 lies below borders[0]."""
    edges = np.concatenate([[-np.inf], borders, [np.inf]])
    inside: Bools = (points >= edges[cell]) & (points <= edges[cell + 1])
    return inside


def maps_figure(arrays: Arrays) -> Figure:
    """Draw how each map of problems 16.1 and 16.2 carries equal shares of probability."""
    figure = style.new_figure(2.3)
    left, right = subfigure(figure, 0), subfigure(figure, 1)
    x = np.linspace(0.0, 1.0, 2001)[1:-1]
    z = np.linspace(0.0, 1.0, 801)
    shares = (arrays["square_quantiles_z"], arrays["square_quantiles_x"])
    above = (x, model.square_density(x))
    curve = draw_map(left, z, model.SQUARE.forward(z), np.ones_like(z), above, shares)
    curve.set_title("16.1:  $x=z^2$")
    z = np.linspace(-3.2, 3.2, 801)
    shares = (arrays["logistic_quantiles_z"], arrays["logistic_quantiles_x"])
    above = (x, model.logistic_density(x))
    base = normal_density(z, 1.0)
    curve = draw_map(right, z, model.LOGISTIC.forward(z), base, above, shares)
    curve.set_title(r"16.2:  $x=1/(1+e^{-z})$")
    return figure


def subfigure(figure: Figure, column: int) -> SubFigure:
    """Return one of the two halves of `figure`."""
    if not figure.subfigs:
        figure.subfigures(1, 2, wspace=0.04)
    return figure.subfigs[column]


# --------------------------------------------------------------------- densities and samples


def draw_histogram(axes: Axes, points: Floats, empirical: Floats, top: float) -> None:
    """Draw the sample's share in each cell, divided by the cell's length, cut off at `top`."""
    edges = np.append(0.0, points)
    heights = np.diff(np.append(0.0, empirical)) / np.diff(edges)
    axes.stairs(np.minimum(heights, top), edges, fill=True, color=style.SKY, alpha=0.45, lw=0)


def densities_figure(settings: Settings, arrays: Arrays) -> Figure:
    """Draw densities over histograms, and below them what the Kolmogorov-Smirnov test looks at."""
    figure = style.new_figure(3.9)
    axes = figure.subplots(2, 2, sharex=True, height_ratios=(1.6, 1))
    grid = arrays["grid"]
    size = f"{settings.sample_size:,} samples"
    top = {"square": 5.2, "logistic": 2.1}
    for column, name in enumerate(("square", "logistic")):
        upper, lower = axes[0, column], axes[1, column]
        points = arrays[f"{name}_points"]
        draw_histogram(upper, points, arrays[f"{name}_empirical"], top[name])
        upper.plot(grid, arrays[f"{name}_density"], color=style.VERMILION)
        upper.set_ylim(0, top[name])
        upper.set_xlim(0, 1)
        gap = np.append(0.0, arrays[f"{name}_empirical"] - arrays[f"{name}_cdf"])
        lower.plot(np.append(0.0, points), gap, color=style.BLUE, lw=1.0)
        band = float(arrays["band"])
        for sign in (-1, 1):
            lower.axhline(sign * band, color=style.GREY, lw=0.8, ls="--")
        lower.axhline(0.0, color=style.INK, lw=0.4)
        lower.set_ylim(-1.6 * band, 1.6 * band)
        lower.text(0.99, 1.12 * band, "rejected beyond", ha="right", color=style.TEXT[style.GREY])
        lower.set_xlabel("$x$")
    left, right = axes[0]
    for upper, lower in axes.T:
        upper.set_ylabel("density")
        lower.set_ylabel("sample CDF $-$ CDF")
    words = style.TEXT[style.VERMILION]
    left.text(0.16, 2.6, r"$p(x)=\dfrac{1}{2\sqrt{x}}$", color=words)
    left.text(0.06, 4.55, r"grows without bound as $x\downarrow 0$", color=words)
    left.text(0.52, 0.2, size)
    height = 4 / np.sqrt(2 * np.pi)
    right.plot([0.5], [height], "o", color=style.VERMILION, ms=3.5)
    right.text(0.5, height + 0.2, r"$p(\frac{1}{2})=4/\sqrt{2\pi}$", color=words, ha="center")
    right.text(0.5, 0.28, size, ha="center")
    return figure


# ------------------------------------------------------------------------------- going further


def draw_bases(axes: Axes, wide_variance: float) -> None:
    """Draw the logit-normal density for base variances 1, 2 and `wide_variance` > 2."""
    x = model.LOGISTIC.forward(np.linspace(-12.0, 12.0, 801))  # dense where the peaks are steep
    top = 1.95
    for variance, color, line in (
        (1.0, style.BLUE, "-"),
        (2.0, style.GREEN, "--"),
        (wide_variance, style.VERMILION, "-."),
    ):
        height = model.logistic_density(x, variance)
        top = max(top, 1.08 * float(height.max()))
        axes.plot(x, height, line, color=color, label=f"$v={variance:g}$")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, borderpad=0)
    axes.set(xlim=(0, 1), ylim=(0, top), xlabel="$x$", ylabel="density")


def draw_fold(axes: Axes, left_end: float, arrays: Arrays) -> None:
    """Draw the law of z² for z uniform on [−left_end, 1], and what the right branch alone gives."""
    grid, edge = arrays["grid"], left_end**2
    draw_histogram(axes, arrays["folded_points"], arrays["folded_empirical"], top=3.2)
    density = np.where(np.abs(grid - edge) < 1e-3, np.nan, arrays["folded_density"])
    density = np.where(density <= 3.2, density, np.nan)
    axes.plot(grid, density, color=style.VERMILION)
    one = 1.0 / (2.0 * (1.0 + left_end) * np.sqrt(grid))
    shown = (grid < edge) & (one <= 3.2)
    axes.plot(grid[shown], one[shown], color=style.GREY, ls="--")
    before = min(3.2, 1.0 / ((1.0 + left_end) * left_end))  # the density to the left of the jump
    axes.plot([edge, edge], [0.0, before], color=style.GREY, lw=0.5)
    at_end = edge > 0.9  # then there is no room for the word to the right
    axes.text(
        edge + (-0.015 if at_end else 0.015), before, r"$\ell^2$",
        color=style.TEXT[style.GREY], va="bottom" if at_end else "top",
        ha="right" if at_end else "left",
    )  # fmt: skip
    axes.text(0.98, 2.6, "sum over both branches", color=style.TEXT[style.VERMILION], ha="right")
    axes.text(0.98, 2.2, "right branch alone (dashed)", color=style.TEXT[style.GREY], ha="right")
    axes.set(xlim=(0, 1), ylim=(0, 3.2), xlabel="$x=z^2$", ylabel="density")


def further_figure(settings: Settings, arrays: Arrays) -> Figure:
    """Draw the logit-normal law as its base widens, and a map with two branches."""
    figure = style.new_figure(2.5)
    left, right = figure.subplots(1, 2)
    draw_bases(left, settings.wide_variance)
    draw_fold(right, settings.left_end, arrays)
    return figure


def cantor_rows(arrays: Arrays) -> list[list[str]]:
    """Return the rows of the table: level, probability of C_n, length of f(C_n)."""
    lengths, images = arrays["cantor_length"], arrays["cantor_image"]
    return [
        [str(level), f"{length:.6g}", f"${scientific(image)['text']}$"]
        for level, (length, image) in enumerate(zip(lengths, images, strict=True))
    ]


def draw(settings: Settings, arrays: Arrays, files: dict[str, Path]) -> None:
    """Write every figure and the table to `files`, by output name."""
    style.save_figure(maps_figure(arrays), files["maps"])
    style.save_figure(densities_figure(settings, arrays), files["densities"])
    style.save_figure(further_figure(settings, arrays), files["further"])
    header = ["$n$", "$\\mathbb P(f(Z)\\in f(C_n))$", "length of $f(C_n)$"]
    save_table(files["cantor"], header, cantor_rows(arrays), "crr")


def main() -> None:
    """Read the results, draw, write."""
    names = ("maps", "densities", "further", "cantor")
    settings, files = parse(__doc__, Settings, inputs=("arrays",), outputs=names)
    draw(settings, load_arrays(files.arrays), {name: getattr(files, name) for name in names})


if __name__ == "__main__":
    main()
