"""Figures and tables of the learning-rate laboratory of exercise 4.6."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter
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
from scripts.gan_training.lab.phase import EXPERIMENTS, compared
from scripts.gan_training.lab.settings import GanTrainingLab

COLORS = ("#a6d5f2", style.BLUE, style.ORANGE, "#e4e4e4", "#3a3a3a", "white")
NAMES = (*theory.NAMES, "not yet")
"""Fill and name of each class, in the order of `theory`; last, those that converge but slowly. From
runaway to not yet, no two are alike in gray."""

LINES: dict[str, Any] = {
    "limit of stability": {"color": style.INK, "linewidth": 1.1},
    "between classes": {"color": style.INK, "linewidth": 0.8, "linestyle": "dashed"},
    r"$\eta_G\eta_D=4$": {"color": style.VERMILION, "linewidth": 1.3, "linestyle": "dotted"},
}
"""The lines of a diagram and how they are drawn, in the order of the key."""

MARKS = ("o", "^", "s")
STROKES = ("solid", "dashed", "dotted")
TRIO = (style.BLUE, style.VERMILION, style.GREEN)
"""Marks, strokes and colors of three things that are told apart in gray as well."""

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
    """Draw the near start: measured classes, and measured over predicted rates of each class."""
    figure = style.new_figure(3.4)
    left, right = figure.subplots(1, 2)
    _classes(left, arrays, "near")
    predicted, measured = -np.log(arrays["near_radius"]), -arrays["near_rate"]
    kinds = (theory.MONOTONE, theory.SPIRAL, theory.FLIP)
    for kind, color, stroke in zip(kinds, TRIO, STROKES, strict=True):
        chosen = arrays["near_counted"] & np.isfinite(measured) & (arrays["near_observed"] == kind)
        if chosen.any():
            _bands(
                right, predicted[chosen], measured[chosen] / predicted[chosen],
                color=color, linestyle=stroke, label=NAMES[kind],
            )  # fmt: skip
    right.axhline(1, color=style.INK, linewidth=0.6, zorder=0)
    right.set_xlabel(r"predicted $-\log\rho$ per epoch")
    right.set_ylabel("measured / predicted rate")
    if right.lines[1:]:  # without any, a logarithmic scale would be refused
        right.set_xscale("log")
        right.xaxis.set_minor_formatter(NullFormatter())
        right.legend(title="line: median, band: 90 %", loc="best")
    _key(figure, arrays, ["near"])
    return figure


def _bands(axes: Axes, x: Any, y: Any, **line: Any) -> None:
    """Draw the median of y over x, in tenths of a decade of x, and a band with 90 % of them."""
    bins = np.round(10 * np.log10(x))
    places = np.unique(bins)
    groups = [y[bins == place] for place in places]
    middle = [np.median(group) for group in groups]
    mark = "" if len(places) > 1 else "."
    axes.plot(10 ** (places / 10), middle, marker=mark, **line)
    axes.fill_between(
        10 ** (places / 10),
        [np.percentile(group, 5) for group in groups],
        [np.percentile(group, 95) for group in groups],
        color=line["color"],
        alpha=0.25,
        linewidth=0,
    )


def draw_far(arrays: Arrays) -> Figure:
    """Draw the far start: its classes, and where they differ from those of the near start."""
    figure = style.new_figure(3.4)
    left, right = figure.subplots(1, 2)
    _classes(left, arrays, "far")
    _product_line(left, arrays["axis"])
    for number, place in enumerate(np.log10(arrays["mark_rates"]), 1):
        left.plot(*place, "o", color="white", markeredgecolor=style.INK, markersize=9, zorder=4)
        left.annotate(f"{number}", place, ha="center", va="center_baseline", fontsize=7.5, zorder=5)
    size = arrays["axis"].size
    different = (arrays["far_observed"] != arrays["near_observed"]).mean(axis=0)
    different = np.where(arrays["far_counted"].all(axis=0), different, np.nan).reshape(size, size)
    # a cell is black where the far start ends otherwise than the near one, in any data set
    codes = np.where(np.isnan(different), 2, different > 0)
    fills = {"same class": "white", "another class": style.INK, "not counted": "#d0d0d0"}
    _image(right, codes, tuple(fills.values()), arrays["axis"])
    _boundaries(right, arrays, "far")
    right.set_ylabel("")
    right.set_title("far start against near start", loc="left")
    left.set_title("far start", loc="left")
    right.legend(
        handles=[_patch(fill, name) for name, fill in fills.items()],
        loc="lower center", ncols=3, columnspacing=0.8, handlelength=1.2, bbox_to_anchor=(0.5, 1.1),
    )  # fmt: skip
    _key(figure, arrays, ["far"], *LINES)
    return figure


def draw_centered(arrays: Arrays) -> Figure:
    """Draw centered data: alternating against simultaneous updates."""
    figure = style.new_figure(3.4)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, name, title in (
        (left, "centered", "alternating updates"),
        (right, "simultaneous", "simultaneous updates"),
    ):
        _classes(axes, arrays, name)
        axes.set_title(title, loc="left")
    _product_line(left, arrays["axis"])
    right.set_ylabel("")
    _key(figure, arrays, ["centered", "simultaneous"], *LINES)
    return figure


def draw_paths(arrays: Arrays) -> Figure:
    """Draw the far runs at the marked rates: deviation of θ, and the slope φ₁, over the epochs."""
    kinds = arrays["mark_class"]
    rows = max(1, -(-len(kinds) // 2))
    figure = style.new_figure(0.3 + 1.5 * rows)
    grid = figure.subplots(rows, 2, squeeze=False).T  # numbered down the columns
    panels = grid.ravel()
    rest = theory.equilibrium(arrays["real"][0], arrays["noise"][0])
    runs = np.moveaxis(arrays["mark_paths"], 2, 0)
    lines: dict[str, Any] = {
        r"$\theta-\theta^*$": {"color": style.VERMILION, "linewidth": 1.3},
        r"$\phi_1$": {"color": style.BLUE, "linewidth": 0.8, "linestyle": (0, (3, 1))},
    }
    for number, (axes, kind, rates, run) in enumerate(
        zip(panels, kinds, arrays["mark_rates"], runs, strict=False), 1
    ):
        deviation = run[:, 0] - rest
        last = _end(deviation, kind)
        for values, look in zip((deviation, run[:, 2]), lines.values(), strict=True):
            axes.plot(values[:last], **look)
        axes.axhline(0, color=style.GREY, linewidth=0.6)
        if kind == theory.RUNAWAY:
            axes.set_yscale("symlog", linthresh=10)
            top = 10.0 ** int(np.log10(max(10.0, np.abs(run[last - 1, ::2]).max())))
            axes.set_yticks([-top, 0, top])
        rate_g, rate_d = rates
        axes.set_title(
            rf"{number}: {NAMES[kind]}, $\eta_G={rate_g:.2g}$, $\eta_D={rate_d:.2g}$", loc="left"
        )
    for axes in panels[len(kinds) :]:
        axes.set_axis_off()
    for column in grid:
        for axes in [axes for axes in column if axes.axison][-1:]:
            axes.set_xlabel("epoch")
    if not len(kinds):
        panels[0].text(0, 0.5, "no class has a counted run")
    figure.legend(
        handles=[Line2D([], [], label=name, **look) for name, look in lines.items()],
        loc="outside lower center",
        ncols=2,
    )
    return figure


def draw_variance(arrays: Arrays) -> Figure:
    """Draw measured over predicted variance of θ, and the bias, for the noise experiment."""
    figure = style.new_figure(2.9)
    left, middle, right = figure.subplots(1, 3)
    size = arrays["rate_d"] * arrays["largest"][..., None]
    deviation = np.sqrt(arrays["variance"])
    for index, (color, mark) in enumerate(zip(TRIO, MARKS, strict=True)):
        looks: Any = {"marker": mark, "color": color, "linestyle": "", "markersize": 3.5}
        looks |= {"markerfacecolor": "none", "markeredgewidth": 0.8}
        measured, closed, linear, error = (
            arrays[key][:, index].ravel() for key in ("variance", "closed", "linear", "error")
        )
        left.plot(closed, measured, **looks)
        x = size[:, index].ravel() * (0.85, 1.0, 1.18)[index]
        middle.plot(x, measured / linear, "x", color=style.GREY, markersize=3.5)
        middle.errorbar(x, measured / closed, 2 * error / closed, elinewidth=0.8, **looks)
        if theory.SCHEMES[index] != "shuffled":
            biases = (arrays[key][:, index] for key in ("bias_closed", "bias"))
            right.plot(*((bias / deviation[:, index]).ravel() for bias in biases), **looks)
    left.set_xlabel(r"predicted $\mathrm{Var}\,\theta$")
    left.set_ylabel(r"measured $\mathrm{Var}\,\theta$")
    middle.axhline(1, color=style.INK, linewidth=0.6)
    middle.set_xlabel(r"$\eta_D\,\lambda_{\max}(M)$")
    middle.set_ylabel("measured / predicted variance")
    right.set_xlabel(r"predicted bias / sd of $\theta$")
    right.set_ylabel("measured bias / sd")
    if np.isfinite(arrays["closed"]).any():
        left.set(xscale="log", yscale="log")
        middle.set_xscale("log")
        for axes in (left, right):
            _diagonal(axes)
    else:
        left.text(0.5, 0.5, "no case was run", ha="center", transform=left.transAxes)
    keys: list[dict[str, Any]] = [
        {"marker": mark, "color": color, "label": f"{name}: closure", "markerfacecolor": "none"}
        for mark, color, name in zip(MARKS, TRIO, theory.SCHEMES, strict=True)
    ]
    keys.append({"marker": "x", "color": style.GREY, "label": "linear law"})
    figure.legend(
        handles=[Line2D([], [], linestyle="", markersize=4, **key) for key in keys],
        loc="outside lower center",
        ncols=4,
    )
    return figure


def draw_networks(arrays: Arrays, settings: Settings) -> Figure:
    """Draw what the networks generate: the Gaussian, and the mixture with the widest gap."""
    figure = style.new_figure(2.7)
    left, right = figure.subplots(1, 2)
    ordered = np.sort(arrays["gaussian"], axis=1)
    levels = (np.arange(ordered.shape[1]) + 0.5) / ordered.shape[1]
    for run in ordered:
        left.plot(run, levels, color=style.VERMILION, linewidth=0.5, alpha=0.6)
    edges = settings.mean + settings.mlp_spread * special.ndtri([1e-4, 1 - 1e-4])
    low, high = np.percentile(ordered, [1, 99], axis=1)
    grid = np.linspace(min(edges[0], low.min()), max(edges[1], high.max()), 1000)
    genuine = special.ndtr((grid - settings.mean) / settings.mlp_spread)
    left.plot(grid, genuine, color=style.INK, linestyle="dashed")
    left.set_xlim(grid[0], grid[-1])
    left.set_xlabel("$x$")
    left.set_ylabel("share of points below $x$")
    left.set_title("a Gaussian", loc="left")
    gap = float(arrays["separations"].max())
    outputs = arrays["mixtures"][arrays["separations"].argmax()]
    looks: dict[bool, dict[str, Any]] = {
        False: {"color": style.BLUE, "marker": "|", "label": "a run that keeps both modes"},
        True: {"color": style.VERMILION, "marker": "x", "label": "a run that drops a mode"},
    }
    for row, k in enumerate(np.argsort(outputs.mean(axis=1))):
        low, high = np.percentile(outputs[k], [1, 99])
        points = outputs[k][:: outputs.shape[1] // 100]
        shown = points[(points >= low) & (points <= high)]
        dropped = bool(smaller_share(outputs[k : k + 1], gap)[0] < DROPPED)
        right.plot(shown, np.full(shown.size, row), linestyle="", markersize=4, **looks[dropped])
    for mode in (-gap / 2, gap / 2):
        right.axvspan(mode - 2 * MODE_SPREAD, mode + 2 * MODE_SPREAD, color="#e4e4e4", zorder=0)
    right.set_xlabel("$x$")
    right.set_ylabel("run")
    right.set_yticks([])
    right.set_title(f"two modes, {gap:g} apart", loc="left")
    figure.legend(
        handles=[
            Line2D([], [], color=style.INK, linestyle="dashed", label="genuine"),
            Line2D([], [], color=style.VERMILION, linewidth=0.8, label="generated"),
            *(Line2D([], [], linestyle="", markersize=5, **look) for look in looks.values()),
            _patch("#e4e4e4", "a mode"),
        ],
        loc="outside lower center", ncols=5, columnspacing=1, handlelength=1.5,
    )  # fmt: skip
    return figure


def write_agreement(path: Path, arrays: Arrays) -> None:
    """Write, for each experiment, agreement and counted cells by predicted class."""
    words = {
        "near": "near start",
        "far": "far start",
        "centered": "centered data",
        "simultaneous": "simultaneous",
    }
    rows = []
    for name in EXPERIMENTS:
        found = compared(arrays, name)
        shares = [
            f"{100 * right / cells:.1f} ({cells:,})" if cells else "–"
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
        [f"Gaussian: {name}", target, *(f"{x:.3g}" for x in np.percentile(column, (0, 50, 100)))]
        for name, target, column in zip(names, targets, fit.T, strict=True)
    ]
    for gap, outputs, share in zip(
        arrays["separations"],
        arrays["mixtures"],
        dropped_shares(arrays["mixtures"], arrays["separations"]),
        strict=True,
    ):
        smaller = smaller_share(outputs, float(gap))
        quartiles = [f"{x:.3g}" for x in np.percentile(smaller, (0, 50, 100))]
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
        interpolation="none",
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
    fields = [(np.log(np.abs(lead)), 0.0, "limit of stability")]
    for kind in (theory.MONOTONE, theory.FLIP):
        inside = np.where(classes == theory.NO_CONVERGENCE, np.nan, classes == kind)
        fields.append((inside, 0.5, "between classes"))
    for field, level, name in fields:
        known = field[np.isfinite(field)]
        if known.size and known.min() < level < known.max():
            look = LINES[name]
            axes.contour(
                axis, axis, field, [level], colors=look["color"], linewidths=look["linewidth"],
                linestyles=look.get("linestyle", "solid"),
            )  # fmt: skip


def _product_line(axes: Axes, axis: Any) -> None:
    """Draw where the product of the rates is 4."""
    limits = axes.get_xlim(), axes.get_ylim()
    axes.plot(np.log10(axis), np.log10(4 / axis), **LINES[r"$\eta_G\eta_D=4$"])
    axes.set(xlim=limits[0], ylim=limits[1])


def _key(figure: Figure, arrays: Arrays, names: list[str], *lines: str) -> None:
    """Name, below the panels, the classes that occur in them, and their lines."""
    shown = set(np.concatenate([np.unique(_shown(arrays, name)) for name in names]))
    lines = lines or tuple(LINES)[:2]
    figure.legend(
        handles=[
            *(_patch(COLORS[kind], NAMES[kind]) for kind in sorted(shown)),
            *(Line2D([], [], label=name, **LINES[name]) for name in lines),
        ],
        loc="outside lower center", ncols=5, columnspacing=1.2, handlelength=1.6,
    )  # fmt: skip


def _patch(fill: str, name: str) -> Patch:
    return Patch(facecolor=fill, edgecolor=style.INK, linewidth=0.5, label=name)


def _diagonal(axes: Axes) -> None:
    """Draw y = x over the common limits of both axes."""
    low, high = np.sort([*axes.get_xlim(), *axes.get_ylim()])[[0, -1]]
    axes.plot([low, high], [low, high], color=style.INK, linewidth=0.6, zorder=0)
    axes.set(xlim=(low, high), ylim=(low, high))


def _end(deviation: Any, kind: int) -> int:
    """Return how many epochs to show: until the run is within 1 % of its goal, or far away."""
    largest = np.abs(deviation[0]) or 1.0
    if kind == theory.RUNAWAY:
        beyond = np.flatnonzero(~(np.abs(deviation) < 1e6 * largest))
        return int(beyond[0]) if beyond.size else len(deviation)
    if kind == theory.NO_CONVERGENCE:
        return min(len(deviation), 100)
    moving = np.flatnonzero(np.abs(deviation) > 0.005 * largest)
    return min(len(deviation), int(1.2 * moving.max(initial=0)) + 10)


if __name__ == "__main__":
    main()
