"""Figures and tables of exercise 4.2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.common import style
from scripts.common.arrays import Arrays, Numbers
from scripts.common.artifacts import load_arrays
from scripts.common.command_line import parse
from scripts.common.tables import save_table
from scripts.denoising.digits import SIDE, unscale
from scripts.denoising.model import level_text
from scripts.denoising.sampling import expected_uniform_variation, total_variation


def optima_figure(arrays: Arrays) -> Figure:
    """What both models reproduce at their optimum and away from it, with their own losses."""
    few, outputs = arrays["optima_images"], arrays["optima_outputs"]
    implied, losses = arrays["optima_implied"], arrays["optima_losses"]
    rows = [
        ("data set $S^m$", few, ""),
        ("GAN at a saddle point", few[outputs[0]], r"loss $\frac{1}{2}$"),
        ("GAN, another best response", few[outputs[1]], r"loss $\frac{1}{2}$"),
        (
            rf"noisy, $\alpha_t={level_text(float(arrays['optima_alpha']))}$",
            arrays["optima_noisy"],
            "",
        ),
        ("diffusion minimizer", implied[0], f"loss {_three_digits(losses[0])}"),
        ("one digit forgotten", implied[1], f"loss {_three_digits(losses[1])}"),
    ]
    figure = style.new_figure(height=0.33 * len(rows), width=4.8)
    for line, (label, images, loss) in zip(
        figure.subplots(len(rows), len(few), squeeze=False, sharey="row"), rows, strict=True
    ):
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=6)
        for axis, image in zip(line, images, strict=True):
            _show(axis, image)
        line[-1].text(1.25, 0.5, loss, va="center", transform=line[-1].transAxes)
    _frame(figure.axes[5 * len(few) + int(arrays["optima_forgotten"])])
    return figure


def _three_digits(loss: float) -> str:
    return np.format_float_positional(loss, precision=3, fractional=False, trim="-")


def _show(axis: Axes, image: Numbers) -> None:
    axis.imshow(image.reshape(SIDE, SIDE), cmap="gray_r", vmin=-1, vmax=1, interpolation="none")
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(visible=True, color=style.GREY, linewidth=0.4)


def _frame(axis: Axes) -> None:
    for spine in axis.spines.values():
        spine.set(color=style.VERMILION, linewidth=2.0)


def recovery_figure(arrays: Arrays) -> Figure:
    """Clean, noisy and recovered digits; a frame marks a wrong digit."""
    shown, alphas = arrays["shown"], arrays["shown_alphas"]
    clean = arrays["images"][shown]
    rows = [("clean", clean, clean)]
    for alpha, noisy, found in zip(
        alphas, arrays["shown_noisy"], arrays["shown_recovered"], strict=True
    ):
        rows.append((rf"$\alpha_t={level_text(alpha)}$", noisy, noisy))
        rows.append(("recovered", found, clean))
    figure = style.new_figure(height=0.44 * len(rows))
    axes = figure.subplots(len(rows), len(shown), squeeze=False, sharey="row")
    for line, (label, images, truth) in zip(axes, rows, strict=True):
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=6)
        for axis, image, wanted in zip(line, images, truth, strict=True):
            _show(axis, image)
            if label == "recovered" and (unscale(image) != unscale(wanted)).any():
                _frame(axis)
    return figure


def frequency_figure(arrays: Arrays) -> Figure:
    """Shares of noisy digits with assumption and condition, against alpha."""
    figure = style.new_figure(height=2.6)
    figure.set_layout_engine("constrained", wspace=0.07)
    left, right = figure.subplots(1, 2, sharey=True)
    colors = _ramp(len(arrays["sizes"]))
    noises = len(arrays["noises"])
    heights = np.linspace(80, 20, len(arrays["sizes"]))
    for axis, kind, label in (
        (left, "assumption", "the closest image is the right one"),
        (right, "condition", "the sufficient condition holds"),
    ):
        for size, color, height in zip(sorted(arrays["sizes"]), colors, heights, strict=True):
            share = 100 * arrays[f"{kind}_{size}"].mean(axis=1) / noises
            axis.plot(arrays["alphas"], share, color=color)
            beside = 0.78 if kind == "assumption" else 0.05
            axis.annotate(
                f"$m={size:,}$".replace(",", "{,}"),
                crossing(arrays["alphas"], share, height),
                xytext=(beside, height),
                textcoords=("axes fraction", "data"),
                color=style.TEXT[color],
                va="center",
                arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.5},
            )
        axis.set(xscale="logit", xlabel=r"$\alpha_t$", ylim=(0, 103))
        axis.set_xticks(*level_ticks(arrays["alphas"]))
        axis.minorticks_off()
        axis.set_xlim(arrays["alphas"][0], arrays["alphas"][-1])
        axis.text(0.0, 1.05, label, transform=axis.transAxes)
    left.set_ylabel("share of noisy digits (%)")
    return figure


def level_ticks(alphas: Numbers) -> tuple[list[float], list[str]]:
    """Return the ticks of the axis of alpha, at most three to either side of 0.5, and their texts.

    They are 10^-k and 1 - 10^-k, where these lie on the axis.
    """
    decades = int(-np.log10(alphas[0]))
    powers = range(max(1, -(-decades // 3)), decades + 1, max(1, -(-decades // 3)))
    low = [(10.0**-k, f"{10.0**-k:g}" if k <= 3 else f"$10^{{-{k}}}$") for k in powers]
    high = [(1 - 10.0**-k, f"{1 - 10.0**-k:g}" if k <= 3 else f"$1-10^{{-{k}}}$") for k in powers]
    ticks, texts = zip(*low[::-1], (0.5, "0.5"), *high, strict=True)
    return list(ticks), list(texts)


def crossing(alphas: Numbers, share: Numbers, height: float) -> tuple[float, float]:
    """Return the point where the curve first reaches the height, else the nearer end of it."""
    above = np.flatnonzero(share >= height)
    if len(above) == 0 or above[0] == 0:
        end = -1 if len(above) == 0 else 0
        return float(alphas[end]), float(share[end])
    last = above[0]
    odds = np.log(alphas / (1 - alphas))
    part = (height - share[last - 1]) / (share[last] - share[last - 1])
    there = odds[last - 1] + part * (odds[last] - odds[last - 1])
    return float(1 / (1 + np.exp(-there))), height


def _ramp(count: int) -> Sequence[str]:
    palette = (style.PURPLE, style.BLUE, style.INK, style.GREEN, style.VERMILION, style.ORANGE)
    return [palette[k % len(palette)] for k in range(count)]


def minimizer_figure(arrays: Arrays) -> Figure:
    """Two minimizers through the same points of S_t, and the Gaussian one."""
    figure = style.new_figure(height=2.9, width=style.NARROW)
    axis = figure.subplots()
    grid = arrays["line_grid"]
    for name, color, label, place in (
        ("closest", style.BLUE, r"$g_t^*$ (closest image)", (-2.4, -2.75)),
        ("nearest", style.VERMILION, "nearest in $S_t$", (2.05, 1.05)),
        ("posterior", style.GREY, "posterior mean", (-0.45, -2.3)),
    ):
        values = arrays[f"line_{name}"]
        jumps = np.abs(np.diff(values)) > 0.3
        shown = np.where(np.append(jumps, False), np.nan, values)
        dashes = (0, (4, 2)) if name == "posterior" else "solid"
        axis.plot(grid, shown, color=color, linestyle=dashes)
        axis.text(*place, label, color=style.TEXT[color], va="center")
    axis.plot(
        arrays["line_noisy"].ravel(),
        arrays["line_targets"].ravel(),
        "o",
        color=style.INK,
        markersize=4.5,
        zorder=5,
    )
    point = (arrays["line_noisy"][0, -1], arrays["line_targets"][0, -1])
    axis.annotate(
        r"points $(x_{t,i,j},\,\epsilon_j)$",
        point,
        xytext=(-2.6, 2.05),
        arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": style.INK},
    )
    axis.plot(arrays["line_images"], np.full(len(arrays["line_images"]), -3.3), "^", color="k")
    axis.text(-1.8, -3.28, "images $x_i$", va="center")
    axis.set(xlabel="$x$", ylabel="predicted noise", xlim=(grid[0], grid[-1]), ylim=(-3.5, 2.6))
    return figure


def forgetting_figure(arrays: Arrays) -> Figure:
    """The price of forgetting each digit against the distance to the nearest other one."""
    figure = style.new_figure(height=3.0, width=style.NARROW)
    axis = figure.subplots()
    distance = arrays["separations"]
    total = arrays["trivial_loss"] / 100
    order = np.argsort(distance)
    alphas = arrays["shown_alphas"]
    lowest_first = np.argsort(alphas)
    places = np.linspace(0.1, 0.9, len(alphas)) if len(alphas) > 1 else [0.5]
    for which, color, place in zip(lowest_first, _ramp(len(alphas)), places, strict=True):
        measured, cheapest = arrays["forget_measured"][which], arrays["forget_cheapest"][which]
        axis.plot(distance[order], cheapest[order] / total, color=color, linewidth=1)
        axis.plot(distance, measured / total, ".", color=color, markersize=3.5)
        axis.annotate(
            rf"$\alpha_t={level_text(alphas[which])}$",
            (distance.max(), cheapest[order][-1] / total),
            xytext=(1.03, place),
            textcoords="axes fraction",
            color=style.TEXT[color],
            va="center",
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.5},
        )
    axis.set(
        yscale="log",
        xlabel="distance from the forgotten digit to the\nnearest other one (pixel intensity)",
        ylabel="price of forgetting (%)",
    )
    return figure


SAMPLERS = (
    ("uniform", "uniform draws", style.GREY),
    ("posterior", "posterior mean", style.GREEN),
    ("scaled", r"closest $\sqrt{\alpha_t}\,x_i$", style.PURPLE),
    ("closest", r"$g_t^*$", style.BLUE),
    ("spread", "GAN, spread", style.ORANGE),
    ("collapse", "GAN, one image", style.VERMILION),
)
"""The generators that are compared: name of the draws, label, color."""


def coverage_figure(arrays: Arrays) -> Figure:
    """Share of samples per digit, digits sorted by it, one panel a family."""
    figure = style.new_figure(height=2.9)
    left, right = figure.subplots(1, 2)
    m = len(arrays["images"])
    for axis, names in ((left, SAMPLERS[:4]), (right, (SAMPLERS[0], *SAMPLERS[4:]))):
        named = []
        for name, label, color in names:
            counts = np.sort(np.bincount(arrays[f"drawn_{name}"], minlength=m))[::-1]
            shares = 100 * counts[counts > 0] / counts.sum()
            axis.stairs(shares, np.arange(len(shares) + 1) + 0.5, baseline=None, color=color)
            named.append((f"{label} ({total_variation(counts):.2f})", shares, color))
        axis.axhline(100 / m, color=style.INK, linewidth=0.6, linestyle=(0, (2, 2)))
        axis.set(xlabel="digits, most frequent first", xlim=(0, m + 1))
        axis.set_ylabel("share of the samples (%)")
        axis.xaxis.get_major_locator().set_params(integer=True)
        if axis is left:
            axis.set(ylim=(0, max(axis.get_ylim()[1], 190 / m)))
        else:
            axis.set(yscale="log")
        _name_stairs(axis, named)
    return figure


def _name_stairs(axis: Axes, named: Sequence[tuple[str, Numbers, str]]) -> None:
    """Write the names of falling curves at the right, the steepest first, each led to its curve."""
    to_axes = axis.transData + axis.transAxes.inverted()
    for rank, (label, shares, color) in enumerate(sorted(named, key=lambda one: -one[1][0])):
        height = 0.95 - 0.11 * rank
        levels = to_axes.transform([(1, share) for share in shares])[:, 1]
        place = max(int((levels > height).sum()), 1)  # the curve falls to the name's height there
        axis.annotate(
            label,
            (place, shares[place - 1]),
            xytext=(0.97, height),
            textcoords="axes fraction",
            color=style.TEXT[color],
            ha="right",
            va="center",
            arrowprops={
                "arrowstyle": "-", "color": color, "linewidth": 0.5, "relpos": (0, 0.5),
            },
        )  # fmt: skip


def coverage_rows(arrays: Arrays) -> list[list[str]]:
    """Cells of the coverage table."""
    m = len(arrays["images"])
    rows = []
    for name, label in (
        ("posterior", "DDIM, posterior mean"),
        ("scaled", r"DDIM, closest $\sqrt{\alpha_t}\,x_i$"),
        ("closest", "DDIM, $g_t^*$ (closest $x_i$)"),
        ("nearest", "DDIM, nearest element of $S_t$"),
        ("affine", "DDIM, best affine map"),
        ("saddle", "GAN at a saddle point"),
        ("spread", "GAN, best responses, spread"),
        ("collapse", "GAN, best responses, one image"),
        ("uniform", "uniform draws"),
    ):
        drawn = arrays[f"drawn_{name}"]
        counts = np.bincount(drawn, minlength=m)
        far = np.median(arrays[f"distance_{name}"]) if f"distance_{name}" in arrays else 0.0
        if far > arrays["separations"].min() / 2:  # the samples show no digit: nothing to count
            rows.append([label, "–", "–", "–", f"{far:,.0f}"])
            continue
        if f"outputs_{name}" in arrays:
            batch = str(len(np.unique(arrays[f"outputs_{name}"])))
        else:
            batch = f"{batch_coverage(drawn, m):.1f}" if len(drawn) >= m else "–"
        variation = f"{total_variation(counts):.2f}"
        rows.append([label, variation, str((counts > 0).sum()), batch, f"{far:.0f}"])
    expected = expected_uniform_variation(m, len(arrays["drawn_uniform"]))
    expected_batch = m * (1 - (1 - 1 / m) ** m)
    rows.append(["uniform draws, expected", f"{expected:.2f}", "", f"{expected_batch:.1f}", "0"])
    return rows


def batch_coverage(drawn: Numbers, m: int) -> float:
    """Return the mean number of different images among m consecutive samples, of m or more."""
    batches = drawn[: len(drawn) // m * m].reshape(-1, m)
    return float(np.mean([len(np.unique(batch)) for batch in batches]))


def convention_rows(arrays: Arrays) -> list[list[str]]:
    """Cells of the table of pixel conventions."""
    m = len(arrays["images"])
    rows = []
    for suffix, label in (
        ("", "pixels from $-1$ to $1$"),
        ("_unit", "pixels from $0$ to $1$"),
        ("_centered", "mean image subtracted"),
    ):
        cells = [label]
        for kind in ("closest", "scaled"):
            counts = np.bincount(arrays[f"drawn_{kind}{suffix}"], minlength=m)
            cells += [f"{total_variation(counts):.2f}", str((counts > 0).sum())]
        rows.append(cells)
    return rows


def main() -> None:
    """Run the step from the command line."""
    drawings = {
        "optima": optima_figure,
        "digits": recovery_figure,
        "frequency": frequency_figure,
        "minimizers": minimizer_figure,
        "forgetting": forgetting_figure,
        "shares": coverage_figure,
    }
    _, files = parse(__doc__, inputs=("arrays",), outputs=(*drawings, "coverage", "conventions"))
    arrays = load_arrays(files.arrays)
    for name, draw in drawings.items():
        style.save_figure(draw(arrays), getattr(files, name))
    save_table(
        files.coverage,
        ["Generator", "distance", "seen", "in $m$ outputs", "off by"],
        coverage_rows(arrays),
        "lrrrr",
    )
    save_table(
        files.conventions,
        [
            "Images",
            "$g_t^*$: distance",
            "seen",
            r"closest $\sqrt{\alpha_t}\,x_i$: distance",
            "seen",
        ],
        convention_rows(arrays),
        "lrrrr",
    )


if __name__ == "__main__":
    main()
