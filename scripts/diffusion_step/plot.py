"""Figures of exercise 4.5."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from scripts.common import style
from scripts.common.arrays import Arrays, Floats
from scripts.common.artifacts import load_arrays
from scripts.common.command_line import parse
from scripts.common.values import in_formula
from scripts.diffusion_step.settings import DiffusionStep

CELL = 40
"""Points of the laws' grid in one cell of a histogram."""


class Settings(DiffusionStep, reads=("beta",)):
    """What the figures read."""


def variances_figure(settings: Settings, arrays: Arrays) -> Figure:
    """Draw the variance over the steps for the right weights and for two wrong pairs."""
    figure = style.new_figure(2.9, style.NARROW)
    axes = figure.subplots()
    steps = arrays["predicted_right"].size - 1
    limit = settings.beta / (2.0 - settings.beta)
    right = "$(\\sqrt{1-\\beta},\\,\\sqrt{\\beta})$\nfrom three starts"
    curves = {  # color, style of the line, its name in the legend
        "growing": (style.VERMILION, "--", r"$(1,\,\sqrt{\beta})$: no limit"),
        "wide": (style.BLUE, "-", right),
        "right": (style.BLUE, "-", None),
        "narrow": (style.BLUE, "-", None),
        "shrinking": (style.PURPLE, "-.", r"$(1-\beta,\,\beta)$"),
    }
    times = np.arange(steps + 1)
    shown = times[:: max(1, steps // 16)]
    for name, (color, line, label) in curves.items():
        axes.plot(times, arrays[f"predicted_{name}"], line, color=color, label=label)
        axes.plot(shown, arrays[f"sampled_{name}"][shown], "o", ms=2.6, color=color)
    axes.plot(
        [0, steps], [limit, limit], ":", color=style.GREY, label=r"its limit $\beta/(2-\beta)$"
    )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda y, _: f"${in_formula(y, 'g')['text']}$")
    axes.minorticks_off()
    drawn = np.concatenate([line.get_ydata() for line in axes.lines])
    low, high = float(drawn.min()), float(drawn.max())
    axes.set_ylim(0.7 * low, 1.5 * high)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 3) if high < 1e4 * low else (1,)))
    axes.set_xlim(0, steps)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.set_xlabel("step $t$")
    axes.set_ylabel(r"variance of $x_t$")
    return figure


def within(points: Floats, reach: float) -> Floats:
    """Return the rows of `points` whose entries lie within ±`reach`: what the axes would show."""
    inside: Floats = points[np.abs(points).max(axis=1) <= reach]
    return inside


def ellipse(covariance: Floats) -> Floats:
    """Return the curve {x : xᵀ Cov⁻¹ x = 4} (two standard deviations), shape (2, 181)."""
    angles = np.linspace(0.0, 2.0 * np.pi, 181)
    curve: Floats = (
        2.0 * np.linalg.cholesky(covariance) @ np.array([np.cos(angles), np.sin(angles)])
    )
    return curve


def repair_figure(arrays: Arrays) -> Figure:
    """Draw a wrong covariance turning into the identity: clouds and two-deviation ellipses."""
    figure = style.new_figure(2.05)
    times = arrays["repair_times"]
    axes = figure.subplots(1, times.size, sharex=True, sharey=True)
    circle = 2.0 * float(np.sqrt(arrays["repair_predicted"].max(initial=1.0)))
    reach = 1.05 * max(circle, float(np.abs(arrays["repair_cloud"]).max()))
    for index, panel in enumerate(axes):
        panel.plot(*arrays["repair_cloud"][index].T, ".", ms=1.4, color=style.SKY)
        panel.plot(*ellipse(np.eye(2)), color=style.INK, lw=0.8, ls="--")
        panel.plot(*ellipse(arrays["repair_predicted"][index]), color=style.VERMILION)
        panel.set_aspect("equal")
        panel.set(xlim=(-reach, reach), ylim=(-reach, reach))
        signal = float(arrays["repair_signal"][index])
        panel.set_xlabel(f"$t={times[index]}$\n" + rf"$\bar\alpha_t={signal:.2f}$")
    return figure


def coin_figure(arrays: Arrays) -> Figure:
    """Draw the pairs (ε₁, ±ε₁), and the density of their combination beside the normal one."""
    figure = style.new_figure(2.6)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
    left.plot(*within(arrays["coin_pairs"], 3.6).T, ".", ms=1.8, color=style.BLUE)
    left.set(
        xlim=(-3.6, 3.6),
        ylim=(-3.6, 3.6),
        xticks=(-2, 0, 2),
        yticks=(-2, 0, 2),
        xlabel=r"$\epsilon_1$",
        ylabel=r"$\epsilon_2$",
    )
    left.set_aspect("equal")
    z = arrays["coin_points"]
    heights = np.diff(arrays["coin_empirical"][::CELL]) / np.diff(z[::CELL])
    density = arrays["coin_density"]
    # Toward equal weights the peak grows without bound; what the axes cut off is not drawn at all.
    top = min(1.1 * max(float(density.max()), float(heights.max())), 4.0)
    right.stairs(np.minimum(heights, top), z[::CELL], fill=True, color=style.SKY, alpha=0.45, lw=0)
    right.plot(z, np.where(density <= top, density, np.nan), color=style.BLUE)
    right.plot(z, arrays["normal_density"], color=style.INK, ls="--", lw=1.0)
    label, words = r"$\epsilon_2=\pm\epsilon_1$ (fair coin)", style.TEXT[style.BLUE]
    right.text(1.1, 0.88 * top, label, color=words)
    right.text(1.1, 0.76 * top, "independent (dashed)")
    right.set(xlim=(-4, 4), ylim=(0, top), ylabel="density")
    right.set_xlabel(r"$z=\sqrt{1-\beta}\,\epsilon_1+\sqrt{\beta}\,\epsilon_2$")
    return figure


def draw_law(axes: Axes, arrays: Arrays, index: int) -> None:
    """Draw one time of the schedule: histogram of the chains, density of the closed form."""
    # What the axes would cut off is not drawn at all.
    shown = np.abs(arrays["schedule_points"]) <= 3.6
    x = arrays["schedule_points"][shown]
    heights = np.diff(arrays["schedule_empirical"][index][shown][::CELL]) / np.diff(x[::CELL])
    axes.stairs(heights, x[::CELL], fill=True, color=style.SKY, alpha=0.5, lw=0)
    axes.plot(x, arrays["schedule_density"][index][shown], color=style.INK, lw=0.9)
    time, signal = int(arrays["schedule_times"][index]), float(arrays["schedule_signal"][index])
    axes.set(xlim=(-3.6, 3.6), ylim=(0, None), xticks=(-2, 0, 2), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"law of $x_t$, $t={time}$\n" + rf"($\bar\alpha_t={signal:.2f}$)")


def closed_form_figure(arrays: Arrays) -> Figure:
    """Draw the two weights of the closed form over time, and the law of x_t at a few times."""
    figure = style.new_figure(2.4)
    count = arrays["schedule_times"].size
    axes = figure.subplots(1, count + 1, width_ratios=[2.2, *[1.0] * count])
    curve = axes[0]
    signal = np.append(1.0, arrays["signal"])
    times = np.arange(signal.size)
    curve.plot(times, np.sqrt(signal), color=style.BLUE)
    curve.plot(times, np.sqrt(1.0 - signal), color=style.VERMILION, ls="--")
    curve.legend([r"$\sqrt{\bar\alpha_t}$", r"$\sqrt{1-\bar\alpha_t}$"], loc="lower center",
                 bbox_to_anchor=(0.5, 1.0), ncols=2, borderpad=0, handlelength=1.6)  # fmt: skip
    for time in arrays["schedule_times"]:
        curve.axvline(time, color=style.GREY, lw=0.5)
    curve.set(xlim=(0, times[-1]), ylim=(0, 1.05), xlabel="step $t$", ylabel="weight")
    curve.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    for index in range(count):
        draw_law(axes[index + 1], arrays, index)
    return figure


def draw(settings: Settings, arrays: Arrays, files: dict[str, Path]) -> None:
    """Write every figure to `files`, by output name."""
    style.save_figure(variances_figure(settings, arrays), files["variances"])
    style.save_figure(repair_figure(arrays), files["repair"])
    style.save_figure(coin_figure(arrays), files["coin"])
    style.save_figure(closed_form_figure(arrays), files["closed_form"])


def main() -> None:
    """Read the results, draw, write."""
    names = ("variances", "repair", "coin", "closed_form")
    settings, files = parse(__doc__, Settings, inputs=("arrays",), outputs=names)
    draw(settings, load_arrays(files.arrays), {name: getattr(files, name) for name in names})


if __name__ == "__main__":
    main()
