"""Exercise 4.4, step "plot": cobwebs, certificate, inversion, series, samplers, a folded map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scripts.common import command_line, style
from scripts.common.arrays import Arrays, Floats
from scripts.common.artifacts import load_arrays
from scripts.common.normal import normal_density
from scripts.common.tables import save_table
from scripts.fixed_point import density_fit, model, rounding
from scripts.fixed_point.settings import FixedPoint

Curve = Callable[[Floats], Floats]

FAILING_SHOWN = 6
"""Steps of the failing iteration that the cobweb shows before it leaves the panel."""


class Settings(
    FixedPoint,
    reads=(
        "cobweb_lipschitz",
        "cobweb_offset",
        "target_lipschitz",
        "fold_slope",
        "teacher_mean",
        "teacher_sd",
    ),
):
    """What the figures read."""


def draw_cobweb(axes: Axes, path: Floats, step: Curve, name: str) -> None:
    """Draw the graph of the map, the diagonal and the staircase of the iterates."""
    low, high = float(np.min(path)), float(np.max(path))
    margin = max(0.15 * (high - low), 0.1)  # a start at the fixed point has no range
    z = np.linspace(low - margin, high + margin, 200)
    axes.plot(z, z, color=style.GREY, linewidth=0.8)
    axes.plot(z, step(z), color=style.BLUE)
    corners = np.repeat(path, 2)
    axes.plot(corners[:-1], corners[1:], color=style.VERMILION, linewidth=0.8)
    axes.plot(path[0], path[0], "o", color=style.VERMILION, markersize=3.5)
    axes.set_xlim(z[0], z[-1])
    axes.set_ylim(z[0], z[-1])
    axes.set_box_aspect(1)
    axes.set_xlabel(r"$z_n$")
    axes.set_title(name)


def draw_error(axes: Axes, path: Floats, limit: float, lipschitz: float | None) -> None:
    """Draw the error at each step, with both bounds for a contraction and 2^n otherwise."""
    errors = np.abs(path - limit)
    steps = range(len(path))
    if lipschitz is None:
        axes.plot(steps, [errors[0] * 2.0**n for n in steps], color=style.INK, linewidth=0.9)
        axes.text(0.05, 0.88, r"$2^n|z_0-z^*|$", transform=axes.transAxes)
    else:
        moves = np.abs(np.diff(path))
        prior = [float(model.a_priori_bound(lipschitz, n, moves[0])) for n in steps]
        last = model.a_posteriori_bound(lipschitz, np.maximum(moves, 1e-18))
        axes.plot(steps, prior, color=style.INK, linewidth=0.9, label="a priori")
        axes.plot(steps[1:], last, "--", color=style.GREEN, label="a posteriori")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=1.4,
                    columnspacing=1.0)  # fmt: skip
    axes.semilogy(steps, np.maximum(errors, 1e-18), ".", color=style.VERMILION, markersize=3)
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, 1e-18), max(high, 1e-15))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_xlabel(r"step $n$")


def cobwebs(arrays: Arrays, settings: Settings, path: Path) -> None:
    """Draw the three cobwebs above the errors of their iterates."""
    lipschitz, c = settings.cobweb_lipschitz, settings.cobweb_offset
    figure = style.new_figure(4.1)
    panels = figure.subplots(2, 3, height_ratios=(1.25, 1))
    maps: dict[str, tuple[Curve, str, float | None]] = {
        "rising": (lambda z: c + lipschitz * np.tanh(z), "contraction, rising", lipschitz),
        "falling": (lambda z: c - lipschitz * np.tanh(z), "contraction, falling", lipschitz),
        "failing": (lambda z: c - 2 * z, r"$\Psi(z)=y-2z$: fails", None),
    }
    for column, (name, (step, title, constant)) in enumerate(maps.items()):
        iterates = arrays[f"cobweb_{name}"]
        if constant is None:
            limit = c / 3
            draw_cobweb(panels[0, column], iterates[: FAILING_SHOWN + 1], step, title)
        else:
            limit = _limit(step, lipschitz)
            draw_cobweb(panels[0, column], iterates, step, title)
        draw_error(panels[1, column], iterates, limit, constant)
    for upper, lower in panels.T:
        upper.set_ylabel(r"$z_{n+1}$")
        lower.set_ylabel(r"error $|z_n-z^*|$")
    panels[0, 0].text(
        0.97, 0.05, "diagonal (grey)", color=style.TEXT[style.GREY], ha="right",
        transform=panels[0, 0].transAxes,
    )  # fmt: skip
    style.save_figure(figure, path)


def _limit(step: Curve, lipschitz: float) -> float:
    """Return the fixed point to the last bit that plain iteration gives, for drawing only."""
    return float(model.iterate(step, np.float64(0.0), round(40 / (1 - lipschitz)))[-1])


def certificate(arrays: Arrays, settings: Settings, path: Path) -> None:
    """Draw the fitted map of the line beside what power iteration misses in each layer."""
    figure = style.new_figure(2.6)
    left, right = figure.subplots(1, 2)
    z = arrays["line_grid"][:, 0]
    image = arrays["line_grid_image"][:, 0]
    left.plot(z, z - settings.fold_slope * np.tanh(z), "--", color=style.VERMILION)
    left.plot(z, image, color=style.BLUE)
    words = {"transform": left.transAxes, "color": style.TEXT[style.BLUE]}
    left.text(0.03, 0.92, "network, increasing", **words)  # the corners are free: both curves rise
    words["color"] = style.TEXT[style.VERMILION]
    left.text(0.98, 0.05, "target, folds (dashed)", ha="right", **words)
    left.set_xlabel(r"$z$")
    left.set_ylabel(r"$f(z)$")
    lines = ((style.BLUE, "-"), (style.VERMILION, "--"), (style.GREEN, "-."))
    for index, (color, line) in enumerate(lines):
        estimates = arrays[f"space_power_{index}"]
        missing = np.maximum(1 - estimates / arrays["space_norms"][index], 1e-16)
        steps = np.arange(1, len(missing) + 1)
        right.semilogy(steps, missing, line, color=color, label=f"$W_{index + 1}$")
    right.set_ylim(1e-13, 2)  # the certified norm exceeds the true one by 1e-12 of it
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    right.set_xlabel("power iterations")
    right.set_ylabel(r"missing share $1-\hat\nu_k/\|W\|$")
    style.save_figure(figure, path)


def inversion(arrays: Arrays, settings: Settings, path: Path) -> None:
    """Draw the round-trip error against the step, with the a-priori bound and the derived floor."""
    figure = style.new_figure(2.7)
    for axes, name in zip(figure.subplots(1, 2, sharey=True), ("line", "space"), strict=True):
        iterates, y = arrays[f"{name}_iterates"], arrays[f"{name}_y"]
        size = np.linalg.norm(y, axis=1)
        errors = np.linalg.norm(iterates - arrays[f"{name}_z"], axis=2) / size
        lipschitz = float(arrays[f"{name}_lipschitz"])
        first = np.max(np.linalg.norm(iterates[1] - iterates[0], axis=1) / size)
        steps = range(len(iterates))
        bound = np.array([model.a_priori_bound(lipschitz, n, first) for n in steps])
        weights = [arrays[f"{name}_weight_{index}"] for index in range(3)]
        norms = arrays[f"{name}_norms"].tolist()
        output = rounding.layer_errors(weights, norms, settings.target_lipschitz).output
        floor = rounding.accuracy_constant(output, lipschitz) * rounding.EPS
        label = r"a-priori bound $+\ C\,\varepsilon_\mathrm{m}$"
        axes.semilogy(steps, bound + floor, "--", color=style.PURPLE, label=label)
        axes.semilogy(steps, bound, color=style.INK, linewidth=0.9, label="a-priori bound")
        worst = np.maximum(np.max(errors, axis=1), 1e-18)
        axes.semilogy(steps, worst, color=style.VERMILION, linewidth=1.8, label="worst point")
        axes.axhline(rounding.EPS, color=style.GREY, linewidth=0.6)
        axes.set_xlabel(r"step $n$")
        words = style.TEXT[style.GREY]
        axes.text(0, 1.5 * rounding.EPS, r"$\varepsilon_\mathrm{m}$", color=words)
        axes.set_title(f"$d={y.shape[1]}$")
        axes.legend(loc="upper right")  # free: all curves fall
    figure.axes[0].set_ylabel(r"relative error $\|\hat z_n-z\|/\|y\|$")
    style.save_figure(figure, path)


def series(arrays: Arrays, path: Path) -> None:
    """Draw the error of the partial sums of log det(I + J), with the tail bound."""
    figure = style.new_figure(2.4)
    for axes, name in zip(figure.subplots(1, 2, sharey=True), ("line", "space"), strict=True):
        sums, exact = arrays[f"{name}_log_det_sums"], arrays[f"{name}_log_dets"]
        errors = np.maximum(np.abs(sums - exact[:, None]), 1e-17)
        dimension = arrays[f"{name}_jacobians"].shape[-1]
        lipschitz = float(arrays[f"{name}_lipschitz"])
        terms = range(sums.shape[1])
        bound = [model.log_det_tail_bound(lipschitz, n, dimension) for n in terms]
        axes.semilogy(terms, bound, color=style.INK, linewidth=0.9)
        axes.semilogy(terms, errors.T, color=style.BLUE, linewidth=0.8)
        axes.set_ylim(bottom=max(axes.get_ylim()[0], 1e-18))
        axes.text(0.97, 0.9, "tail bound", ha="right", transform=axes.transAxes)
        axes.set_title(f"$d={dimension}$")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel(r"terms $n$")
    figure.axes[0].set_ylabel(r"$|\log\det(I+J)-S_n|$")
    style.save_figure(figure, path)


def samplers(arrays: Arrays, settings: Settings, path: Path) -> None:
    """Draw spread, KL and densities of the student, trained without and with the entropy term."""
    figure = style.new_figure(2.5)
    spread, divergence, densities = figure.subplots(1, 3)
    mean, sd = settings.teacher_mean, settings.teacher_sd
    runs = {
        "collapse": ("without the entropy term", style.VERMILION, "-"),
        "right": (r"with it, $b>0$ at the start", style.BLUE, "--"),
        "mirrored": (r"with it, $b<0$ at the start", style.GREEN, ":"),
    }
    shown = density_fit.steps_shown(arrays["collapse_path"], sd)
    for run, (label, color, line) in runs.items():
        b = arrays[f"{run}_path"][: shown + 1, 1] / sd
        spread.plot(range(len(b)), b, line, color=color, label=label)
        divergence.semilogy(range(len(b)), arrays[f"{run}_kl"][: shown + 1], line, color=color)
    figure.legend(loc="outside upper center", ncols=3)
    for panel in (spread, divergence):
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    spread.set_xlabel("step")
    spread.set_ylabel(r"$b/\sigma$")
    divergence.set_xlabel("step")
    divergence.set_ylabel(r"KL of student from $q$ (nats)")
    x = np.linspace(-4.5, 4.5, 600)
    densities.plot(x, normal_density(x, 1.0), color=style.INK, linewidth=2.4)
    top = 2.6 / np.sqrt(2 * np.pi)
    for index, step in enumerate(density_fit.students_shown(shown)):
        center, width = _standard(arrays["collapse_path"][step], mean, sd)
        curve = normal_density(x - center, width**2)
        densities.plot(x, np.where(curve <= top, curve, np.nan), color=style.VERMILION, lw=0.9)
        if abs(center) < 4.5:
            densities.text(
                center - 0.2,
                min(float(np.max(curve)), (0.75 + 0.1 * index) * top),  # none on another
                f"{step}",
                color=style.TEXT[style.VERMILION],
                ha="right",
                va="bottom",
            )
    center, width = _standard(arrays["right_path"][-1], mean, sd)
    densities.plot(x, normal_density(x - center, width**2), "--", color=style.SKY, linewidth=1.3)
    densities.set_xlabel(r"$(x-\mu)/\sigma$")
    densities.set_ylabel(r"density $\times\,\sigma$")
    densities.set_ylim(0, top)
    style.save_figure(figure, path)


def _standard(student: Floats, mean: float, sd: float) -> tuple[float, float]:
    """Return center and spread of a student in units of `sd`, from `mean`; no spread as 1e-9."""
    return (float(student[0]) - mean) / sd, max(abs(float(student[1])) / sd, 1e-9)


def folded_map(arrays: Arrays, path: Path) -> None:
    """Draw f(z) = 2 z mod 1 with two preimages of one x, and the formula against the true KL."""
    figure = style.new_figure(2.3)
    graph, values = figure.subplots(1, 2)
    x = 0.4
    for shift in (0, 1):
        z = np.array([shift / 2, (shift + 1) / 2])
        graph.plot(z, 2 * z - shift, color=style.BLUE)
        preimage = (x + shift) / 2
        graph.plot([preimage, preimage], [0, x], ":", color=style.VERMILION, linewidth=1)
        graph.plot(preimage, x, "o", color=style.VERMILION, markersize=3.5)
    graph.plot([0, (x + 1) / 2], [x, x], ":", color=style.VERMILION, linewidth=1)
    graph.text(0.24, x - 0.04, "one $x$, two $z$", color=style.TEXT[style.VERMILION], va="top")
    graph.set_xlabel("$z$")
    graph.set_ylabel(r"$f(z)=2z\ \mathrm{mod}\ 1$")
    branches = np.arange(1, len(arrays["modular_formula"]) + 1)
    values.plot(branches, arrays["modular_kl"], "o", color=style.INK, markersize=4)
    values.plot(branches, arrays["modular_formula"], "s", color=style.VERMILION, markersize=4)
    values.plot(branches, -np.log(branches), color=style.VERMILION, linewidth=0.6)
    values.legend(["true KL", "formula"], loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    values.set(xlim=(0.5, branches[-1] + 0.5), ylim=(-np.log(branches[-1]) - 0.2, 0.4))
    values.xaxis.set_major_locator(MaxNLocator(integer=True))
    values.set_xlabel(r"$k$ in $f(z)=kz\ \mathrm{mod}\ 1$")
    values.set_ylabel("nats")
    style.save_figure(figure, path)


def layer_table(arrays: Arrays, settings: Settings, path: Path) -> None:
    """Write each layer's promised and certified norm, and both Lipschitz constants."""
    rows = []
    for name in ("line", "space"):
        dimension = str(arrays[f"{name}_y"].shape[1])
        for index in range(3):
            matrix = arrays[f"{name}_weight_{index}"]
            rows.append(
                [
                    dimension,
                    f"$W_{index + 1}$, ${matrix.shape[0]}\\times{matrix.shape[1]}$",
                    "1",
                    f"{float(arrays[f'{name}_trained_norm_{index}']):.4f}",
                    f"{float(arrays[f'{name}_norms'][index]):.4f}",
                ]
            )
        rows.append(
            [
                dimension,
                r"$\ell\prod\lVert W_i\rVert$",
                f"{settings.target_lipschitz:g}",
                f"**{float(arrays[f'{name}_trained_lipschitz']):.4f}**",
                f"{float(arrays[f'{name}_lipschitz']):.4f}",
            ]
        )
    header = ["$d$", "layer", "promised", "certified, as trained", "certified, as used"]
    save_table(path, header, rows, "rlrrr")


def main() -> None:
    """Read the arrays, draw every figure and write the table."""
    settings, files = command_line.parse(
        __doc__,
        Settings,
        inputs=("arrays",),
        outputs=(
            "cobwebs",
            "certificate",
            "inversion",
            "series",
            "samplers",
            "folded_map",
            "layers",
        ),
    )
    arrays = load_arrays(files.arrays)
    cobwebs(arrays, settings, files.cobwebs)
    certificate(arrays, settings, files.certificate)
    inversion(arrays, settings, files.inversion)
    series(arrays, files.series)
    samplers(arrays, settings, files.samplers)
    folded_map(arrays, files.folded_map)
    layer_table(arrays, settings, files.layers)


if __name__ == "__main__":
    main()
