"""Figures and tables of the learning-rate laboratory of exercise 4.6."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from scipy import special

from scripts.common import style
from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.command_line import parse
from scripts.common.tables import save_table
from scripts.gan_training import theory
from scripts.gan_training.lab.generated import (
    DROPPED,
    MODE_SPREAD,
    dropped_shares,
    gaussian_fit,
    smaller_share,
)
from scripts.gan_training.lab.phase import EXPERIMENTS, compared, deepest
from scripts.gan_training.lab.settings import GanTrainingLab

COLORS = ("#56b4e9", "#0072b2", "#e69f00", "#e0e0e0", "#9a9a9a", "#f7f7f7")
NAMES = (*theory.NAMES, "not yet")
"""Fill and name of each class, in the order of `theory`; last, those that converge but slowly."""

FIGURES = ("diagram", "far", "centered", "paths", "variance", "networks")


class Settings(GanTrainingLab, reads=("mean", "mlp_spread")):
    """What the figures read."""


def main() -> None:
    """Draw every figure and write every table."""
    tables = ("agreement_table", "networks_table")
    settings, files = parse(
        __doc__, Settings, inputs=("phase", "sgd", "mlp"), outputs=(*FIGURES, *tables)
    )
    phase, noise, networks = (load_arrays(p) for p in (files.phase, files.sgd, files.mlp))
    style.save_figure(draw_diagram(phase), files.diagram)
    style.save_figure(draw_far(phase), files.far)
    style.save_figure(draw_centered(phase), files.centered)
    style.save_figure(draw_paths(phase), files.paths)
    style.save_figure(draw_variance(noise), files.variance)
    style.save_figure(draw_networks(networks, settings), files.networks)
    write_agreement(files.agreement_table, phase)
    write_networks(files.networks_table, networks, settings)


def draw_diagram(arrays: Arrays) -> Figure:
    """Draw the near start: measured classes, and measured against predicted rates."""
    figure = style.new_figure(3.1)
    left, right = figure.subplots(1, 2)
    _classes(left, arrays, "near")
    _name_classes(left, arrays, "near")
    counted = arrays["near_counted"] & np.isfinite(arrays["near_rate"])
    for kind in (theory.MONOTONE, theory.SPIRAL, theory.FLIP):
        chosen = counted & (arrays["near_observed"] == kind)
        right.plot(
            -np.log(arrays["near_radius"][chosen]),
            -arrays["near_rate"][chosen],
            ".",
            color=COLORS[kind],
            markersize=1.5,
            rasterized=True,
        )
    right.set(xscale="log", yscale="log")
    low, high = right.get_xlim()
    right.axline((low, low), (high, high), color=style.INK, linewidth=0.6)
    right.set_xlabel(r"predicted $-\log\rho$ per epoch")
    right.set_ylabel("measured rate per epoch")
    right.set_ylim(low, high)
    _direct_legend(right, (theory.MONOTONE, theory.SPIRAL))
    return figure


def draw_far(arrays: Arrays) -> Figure:
    """Draw the far start: classes with the line of runaways, and where theory and training part."""
    figure = style.new_figure(3.1)
    left, right = figure.subplots(1, 2)
    _classes(left, arrays, "far")
    _product_line(left, arrays["axis"])
    for kind, place in zip(arrays["mark_class"], np.log10(arrays["mark_rates"]), strict=True):
        left.plot(*place, "o", color="white", markeredgecolor=style.INK, markersize=8, zorder=4)
        left.annotate(_letter(arrays, kind), place, ha="center", va="center", fontsize=7, zorder=5)
    size = arrays["axis"].size
    different = (arrays["far_observed"] != arrays["near_observed"]).mean(axis=0)
    different = np.where(arrays["far_counted"].all(axis=0), different, np.nan).reshape(size, size)
    # a cell is black where the far start ends otherwise than the near one, in any data set
    codes = np.where(np.isnan(different), 2, different > 0)
    _image(right, codes, ("white", style.INK, "#e4e4e4"), arrays["axis"])
    _boundaries(right, arrays, "far")
    right.set_ylabel("")
    return figure


def draw_centered(arrays: Arrays) -> Figure:
    """Draw centered data: alternating against simultaneous updates."""
    figure = style.new_figure(3.1)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, name in ((left, "centered"), (right, "simultaneous")):
        _classes(axes, arrays, name)
        _name_classes(axes, arrays, name)
    _product_line(left, arrays["axis"])
    right.set_ylabel("")
    return figure


def draw_paths(arrays: Arrays) -> Figure:
    """Draw the far runs at the marked rates: deviation of θ, and the slope φ₁, over the epochs."""
    kinds = arrays["mark_class"]
    figure = style.new_figure(1.5 * -(-len(kinds) // 2))
    panels = figure.subplots(-(-len(kinds) // 2), 2, squeeze=False).ravel()
    rest = theory.equilibrium(arrays["real"][0], arrays["noise"][0])
    for axes, kind, rates, run in zip(
        panels, kinds, arrays["mark_rates"], np.moveaxis(arrays["mark_paths"], 2, 0), strict=False
    ):
        deviation = run[:, 0] - rest
        last = _end(deviation, kind)
        axes.plot(run[:last, 2], color=style.BLUE, linewidth=0.9)
        axes.plot(deviation[:last], color=style.VERMILLION, linewidth=0.9)
        axes.axhline(0, color=style.GREY, linewidth=0.6)
        if kind == theory.RUNAWAY:
            axes.set_yscale("symlog", linthresh=10)
            top = 10.0 ** int(np.log10(np.abs(deviation[last - 1])))
            axes.set_yticks([-top, 0, top])
        axes.set_title(
            f"{_letter(arrays, kind)}: {NAMES[kind]}, "
            rf"$\eta_G={rates[0]:.2g}$, $\eta_D={rates[1]:.2g}$",
            loc="left",
        )
    panels[0].annotate(
        r"$\theta-\theta^*$", (0.8, 0.78), xycoords="axes fraction", color=style.VERMILLION
    )
    panels[0].annotate(r"$\phi_1$", (0.8, 0.4), xycoords="axes fraction", color=style.BLUE)
    for axes in panels[len(kinds) :]:
        axes.set_axis_off()
    for axes in panels[max(len(kinds) - 2, 0) : len(kinds)]:
        axes.set_xlabel("epoch")
    return figure


def draw_variance(arrays: Arrays) -> Figure:
    """Draw measured over predicted variance of θ, and the bias, for the noise experiment."""
    figure = style.new_figure(2.9)
    left, middle, right = figure.subplots(1, 3)
    colors = (style.BLUE, style.VERMILLION, style.GREEN)
    size = arrays["rate_d"] * arrays["largest"][..., None]
    for index, name in enumerate(theory.SCHEMES):
        chosen = (slice(None), index)
        left.loglog(
            arrays["closed"][chosen].ravel(),
            arrays["variance"][chosen].ravel(),
            ".",
            color=colors[index],
            markersize=4,
        )
        left.annotate(
            name, (0.05, 0.94 - 0.09 * index), xycoords="axes fraction", color=colors[index]
        )
    _diagonal(left)
    left.set_xlabel(r"predicted $\mathrm{Var}\,\theta$")
    left.set_ylabel(r"measured $\mathrm{Var}\,\theta$")
    for index, shift in enumerate((0.93, 1.0, 1.07)):
        x = (size[:, index] * shift).ravel()
        scale = arrays["variance"][:, index].ravel()
        middle.plot(
            x, scale / arrays["linear"][:, index].ravel(), "x", color=style.GREY, markersize=3.5
        )
        closed = arrays["closed"][:, index].ravel()
        bars = 2 * arrays["error"][:, index].ravel() / closed
        middle.errorbar(
            x, scale / closed, bars, fmt=".", color=colors[index], markersize=3, linewidth=0.8
        )
    middle.axhline(1, color=style.INK, linewidth=0.6)
    middle.set_xscale("log")
    middle.set_xlabel(r"$\eta_D\,\lambda_{\max}(M)$")
    middle.set_ylabel("measured / predicted variance")
    middle.annotate("linear law", (0.05, 0.94), xycoords="axes fraction", color=style.GREY)
    middle.annotate("closure: colors", (0.05, 0.85), xycoords="axes fraction", color=style.INK)
    for index in (0, 1):
        deviation = np.sqrt(arrays["variance"][:, index])
        right.plot(
            (arrays["bias_closed"][:, index] / deviation).ravel(),
            (arrays["bias"][:, index] / deviation).ravel(),
            ".",
            color=colors[index],
            markersize=4,
        )
    low, high = right.get_xlim()
    right.axline((0, 0), slope=1, color=style.INK, linewidth=0.6)
    right.set(xlim=(low, high), ylim=(low, high))
    right.set_xlabel(r"predicted bias / sd of $\theta$")
    right.set_ylabel("measured bias / sd")
    return figure


def draw_networks(arrays: Arrays, settings: Settings) -> Figure:
    """Draw what the networks generate: the Gaussian, and the mixture with the widest gap."""
    figure = style.new_figure(2.4)
    left, right = figure.subplots(1, 2)
    low, high = settings.mean + settings.mlp_spread * special.ndtri([1e-4, 1 - 1e-4])
    grid = np.linspace(low, high, 200)
    ordered = np.sort(arrays["gaussian"], axis=1)
    levels = (np.arange(ordered.shape[1]) + 0.5) / ordered.shape[1]
    for run in ordered:
        left.plot(run, levels, color=style.VERMILLION, linewidth=0.5, alpha=0.6)
    genuine = special.ndtr((grid - settings.mean) / settings.mlp_spread)
    left.plot(grid, genuine, color=style.INK)
    left.set_xlim(grid[0], grid[-1])
    left.set_xlabel("$x$")
    left.set_ylabel("share of points below $x$")
    left.annotate("genuine", (0.06, 0.9), xycoords="axes fraction", color=style.INK)
    left.annotate("generated", (0.06, 0.8), xycoords="axes fraction", color=style.VERMILLION)
    gap = arrays["separations"].max()
    outputs = arrays["mixtures"][arrays["separations"].argmax()]
    order = np.argsort(outputs.mean(axis=1))
    for row, k in enumerate(order):
        low, high = np.percentile(outputs[k], [1, 99])
        points = outputs[k][:: outputs.shape[1] // 100]
        dropped = smaller_share(outputs[k : k + 1], float(gap))[0] < DROPPED
        color = style.VERMILLION if dropped else style.BLUE
        shown = points[(points >= low) & (points <= high)]
        right.plot(shown, np.full(shown.size, row), "|", color=color, markersize=4)
    for mode in (-gap / 2, gap / 2):
        right.axvspan(mode - 2 * MODE_SPREAD, mode + 2 * MODE_SPREAD, color="#e4e4e4", zorder=0)
    right.set_xlabel("$x$")
    right.set_ylabel("run")
    right.set_yticks([])
    return figure


def write_agreement(path: Path, arrays: Arrays) -> None:
    """Write, for each experiment, agreement and counted cells by predicted class."""
    words = {
        "near": "near start",
        "far": "far start",
        "centered": "centered data",
        "simultaneous": "the same, simultaneous",
    }
    rows = []
    for name in EXPERIMENTS:
        found = compared(arrays, name)
        shares = [
            f"{100 * right / cells:.1f} ({cells:,})" if cells else "none"
            for cells, right in found["by_class"].values()
        ]
        rows.append([words[name], *shares, f"{found['runaways']:,}"])
    header = ["experiment", "monotone", "spiral", "flip", "unstable", "runaways"]
    save_table(path, header, rows, "lrrrrr")


def write_networks(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Write what the networks learned: a Gaussian's parameters, and modes dropped."""
    fit = gaussian_fit(arrays["gaussian"], settings.mean, settings.mlp_spread)
    names = ("mean", "standard deviation", "Kolmogorov–Smirnov distance")
    targets = (f"{settings.mean:g}", f"{settings.mlp_spread:g}", "0")
    rows = [
        [f"Gaussian: {name}", target, *(f"{x:.3f}" for x in np.percentile(column, (0, 50, 100)))]
        for name, target, column in zip(names, targets, fit.T, strict=True)
    ]
    for gap, outputs, share in zip(
        arrays["separations"],
        arrays["mixtures"],
        dropped_shares(arrays["mixtures"], arrays["separations"]),
        strict=True,
    ):
        smaller = smaller_share(outputs, float(gap))
        quartiles = [f"{x:.3f}" for x in np.percentile(smaller, (0, 50, 100))]
        label = f"modes {gap:g} apart: smaller share (dropped in {100 * share:.0f} % of runs)"
        rows.append([label, "0.5", *quartiles])
    save_table(path, ["quantity", "target", "lowest", "median", "highest"], rows, "lrrrr")


def _classes(axes: Axes, arrays: Arrays, name: str) -> None:
    _image(axes, _shown(arrays, name), COLORS, arrays["axis"])
    _boundaries(axes, arrays, name)


def _shown(arrays: Arrays, name: str) -> Any:
    """Return the first data set's classes (size, size), slow cells told from unstable ones."""
    observed, predicted = arrays[f"{name}_observed"][0], arrays[f"{name}_predicted"][0]
    slow = (observed == theory.NO_CONVERGENCE) & (predicted < theory.NO_CONVERGENCE)
    size = arrays["axis"].size
    return np.where(slow, len(COLORS) - 1, observed).reshape(size, size)


def _image(axes: Axes, values: Any, colors: tuple[str, ...], axis: Any) -> None:
    """Show a square of codes over log10 of the rates, η_G to the right, η_D up."""
    low, high = np.log10(axis[[0, -1]])
    half = (high - low) / (axis.size - 1) / 2
    axes.imshow(
        values,
        cmap=ListedColormap(colors),
        vmin=-0.5,
        vmax=len(colors) - 0.5,
        origin="lower",
        extent=(low - half, high + half, low - half, high + half),
        interpolation="nearest",
        aspect="auto",
    )
    decades = np.arange(np.ceil(low), np.floor(high) + 1)
    labels = [f"$10^{{{k:.0f}}}$" for k in decades]
    axes.set_xticks(decades, labels)
    axes.set_yticks(decades, labels)
    axes.set_xlabel(r"generator's rate $\eta_G$")
    axes.set_ylabel(r"discriminator's rate $\eta_D$")


def _boundaries(axes: Axes, arrays: Arrays, name: str) -> None:
    """Draw the predicted boundaries: ρ = 1 (solid), and between classes of convergence (dashed)."""
    low, high = np.log10(arrays["axis"][[0, -1]])
    axis = np.linspace(low, high, 300)
    discriminator_rate, generator_rate = np.meshgrid(10**axis, 10**axis, indexing="ij")
    make = theory.simultaneous_map if name == "simultaneous" else theory.alternating_map
    A = make(arrays[f"{name}_moments"][0], generator_rate, discriminator_rate)
    lead = theory.dominant_eigenvalue(A)
    classes = theory.behavior(lead)
    axes.contour(axis, axis, np.log(np.abs(lead)), [0.0], colors=style.INK, linewidths=1.1)
    for kind in (theory.MONOTONE, theory.FLIP):
        inside = (classes == kind).astype(float)
        inside[classes == theory.NO_CONVERGENCE] = np.nan
        if np.nanmax(inside, initial=0) > 0:
            axes.contour(
                axis, axis, inside, [0.5], colors=style.INK, linewidths=0.8, linestyles="dashed"
            )


def _product_line(axes: Axes, axis: Any) -> None:
    """Draw η_G η_D = 4, below which nothing runs away."""
    limits = axes.get_xlim(), axes.get_ylim()
    axes.plot(np.log10(axis), np.log10(4 / axis), color=style.VERMILLION, linestyle="dotted")
    axes.set(xlim=limits[0], ylim=limits[1])


def _name_classes(axes: Axes, arrays: Arrays, name: str) -> None:
    """Write each large enough class's name where it lies deepest."""
    axis = np.log10(arrays["axis"])
    observed = _shown(arrays, name)
    for kind, word in enumerate(NAMES):
        place = deepest(observed == kind)
        if place is not None and _width(observed[place[0]] == kind, place[1]) > 0.03 * len(word):
            axes.annotate(
                word,
                (axis[place[1]], axis[place[0]]),
                color="white" if kind == theory.SPIRAL else style.INK,
                ha="center",
                va="center",
                fontsize=8,
            )


def _width(row: Any, column: int) -> float:
    """Return the share of a row (n,) that the run of True around `column` takes."""
    gaps = np.concatenate([[-1], np.flatnonzero(~row), [row.size]])
    right = np.searchsorted(gaps, column)
    return float((gaps[right] - gaps[right - 1] - 1) / row.size)


def _direct_legend(axes: Axes, kinds: tuple[int, ...]) -> None:
    for row, kind in enumerate(kinds):
        axes.annotate(
            NAMES[kind], (0.05, 0.93 - 0.08 * row), xycoords="axes fraction", color=COLORS[kind]
        )


def _diagonal(axes: Axes) -> None:
    low, high = axes.get_xlim()
    axes.plot([low, high], [low, high], color=style.INK, linewidth=0.6, zorder=0)
    axes.set_xlim(low, high)


def _letter(arrays: Arrays, kind: int) -> str:
    return "ABCDE"[list(arrays["mark_class"]).index(kind)]


def _end(deviation: Any, kind: int) -> int:
    """Return how many epochs to show: until the run is within 1 % of its goal, or far away."""
    largest = np.abs(deviation[0])
    if kind == theory.RUNAWAY:
        beyond = np.flatnonzero(~(np.abs(deviation) < 1e6 * largest))
        return int(beyond[0]) if beyond.size else len(deviation)
    if kind == theory.NO_CONVERGENCE:
        return min(len(deviation), 100)
    moving = np.flatnonzero(np.abs(deviation) > 0.005 * largest)
    return min(len(deviation), int(1.2 * moving[-1]) + 10)


if __name__ == "__main__":
    main()
