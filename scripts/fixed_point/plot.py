"""Exercise 4.4, step "plot": cobwebs, certificate, inversion, series, samplers, a folded map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from scripts.common import command_line, style
from scripts.common.arrays import Arrays, Floats
from scripts.common.artifacts import load_arrays
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
    axes.plot(corners[:-1], corners[1:], color=style.VERMILLION, linewidth=0.8)
    axes.plot(path[0], path[0], "o", color=style.VERMILLION, markersize=3.5)
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
        axes.text(0.1, 0.88, r"$2^n|z_0-z^*|$", transform=axes.transAxes)
    else:
        moves = np.abs(np.diff(path))
        prior = [float(model.a_priori_bound(lipschitz, n, moves[0])) for n in steps]
        last = model.a_posteriori_bound(lipschitz, np.maximum(moves, 1e-18))
        axes.plot(steps, prior, color=style.INK, linewidth=0.9)
        axes.plot(steps[1:], last, color=style.GREEN, linewidth=0.9)
        axes.text(0.97, 0.94, "a priori", ha="right", transform=axes.transAxes)
        axes.text(
            0.97, 0.83, "a posteriori", color=style.GREEN, ha="right", transform=axes.transAxes
        )
    axes.semilogy(steps, np.maximum(errors, 1e-18), ".", color=style.VERMILLION, markersize=3)
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
            limit = _limit(step)
            draw_cobweb(panels[0, column], iterates, step, title)
        draw_error(panels[1, column], iterates, limit, constant)
    panels[0, 0].set_ylabel(r"$z_{n+1}$")
    panels[1, 0].set_ylabel(r"error $|z_n-z^*|$")
    panels[0, 0].text(
        0.8, 0.3, "diagonal", color=style.GREY, ha="right", transform=panels[0, 0].transAxes
    )
    style.save_figure(figure, path)


def _limit(step: Curve) -> float:
    """Return the fixed point to the last bit that plain iteration gives, for drawing only."""
    return float(model.iterate(step, np.float64(0.0), 2000)[-1])


def certificate(arrays: Arrays, settings: Settings, path: Path) -> None:
    """Draw the fitted map of the line beside what power iteration misses in each layer."""
    figure = style.new_figure(2.6)
    left, right = figure.subplots(1, 2)
    z = arrays["line_grid"][:, 0]
    image = arrays["line_grid_image"][:, 0]
    left.plot(z, z - settings.fold_slope * np.tanh(z), color=style.VERMILLION)
    left.plot(z, image, color=style.BLUE)
    left.annotate(
        "target, folds",
        (z[20], (z - settings.fold_slope * np.tanh(z))[20]),
        (0.3, 0.12),
        textcoords="axes fraction",
        color=style.VERMILLION,
    )
    left.annotate(
        "network, increasing",
        (z[180], image[180]),
        (0.08, 0.88),
        textcoords="axes fraction",
        color=style.BLUE,
    )
    left.set_xlabel(r"$z$")
    left.set_ylabel(r"$f(z)$")
    colors = (style.BLUE, style.VERMILLION, style.GREEN)
    for index, color in enumerate(colors):
        estimates = arrays[f"space_power_{index}"]
        missing = np.maximum(1 - estimates / arrays["space_norms"][index], 1e-16)
        steps = np.arange(1, len(missing) + 1)
        right.semilogy(steps, missing, color=color)
        shown = len(missing) * (2 * index + 3) // 8
        right.annotate(
            f"$W_{index + 1}$",
            (steps[shown], missing[shown]),
            (3, 4),
            textcoords="offset points",
            color=color,
        )
    right.set_xlabel("power iterations")
    right.set_ylabel(r"missing share $1-\hat\nu_k/\|W\|$")
    style.save_figure(figure, path)


def inversion(arrays: Arrays, settings: Settings, path: Path) -> None:
    """Draw the round-trip error against the step, with the a-priori bound and the proved floor."""
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
        axes.semilogy(steps, bound, color=style.INK, linewidth=0.9)
        axes.semilogy(steps, bound + floor, color=style.PURPLE)
        axes.semilogy(steps, np.maximum(np.max(errors, axis=1), 1e-18), color=style.VERMILLION)
        axes.axhline(rounding.EPS, color=style.GREY, linewidth=0.6)
        axes.set_xlabel(r"step $n$")
        axes.text(0, 1.5 * rounding.EPS, r"$\varepsilon_\mathrm{m}$", color=style.GREY)
        labels = (
            (f"$d={y.shape[1]}$", style.INK),
            (r"a-priori bound $+\ C\,\varepsilon_\mathrm{m}$", style.PURPLE),
            ("a-priori bound", style.INK),
            ("worst point", style.VERMILLION),
        )
        for line, (label, color) in enumerate(labels):  # the upper right is free: all curves fall
            height = 0.94 - 0.09 * line
            axes.text(0.99, height, label, color=color, ha="right", transform=axes.transAxes)
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
        middle = len(bound) // 2
        axes.text(terms[middle], 6 * bound[middle], "tail bound")
        axes.text(0.03, 0.06, f"$d={dimension}$", transform=axes.transAxes)
        axes.set_xlabel(r"terms $n$")
    figure.axes[0].set_ylabel(r"$|\log\det(I+J)-S_n|$")
    style.save_figure(figure, path)


def samplers(arrays: Arrays, settings: Settings, path: Path) -> None:
    """Draw spread, KL and densities of the student, trained without and with the entropy term."""
    figure = style.new_figure(2.5)
    spread, divergence, densities = figure.subplots(1, 3)
    mean, sd = settings.teacher_mean, settings.teacher_sd
    runs = {
        "collapse": ("without", style.VERMILLION),
        "right": ("with, $b>0$", style.BLUE),
        "mirrored": ("with, $b<0$", style.GREEN),
    }
    shown = min(density_fit.STEPS_SHOWN + 1, len(arrays["collapse_path"]))
    steps = np.arange(shown)
    for run, (label, color) in runs.items():
        b = arrays[f"{run}_path"][:shown, 1] / sd
        spread.plot(steps, b, color=color)
        spread.annotate(
            label, (shown, b[-1]), (0, 3), textcoords="offset points", color=color, ha="right"
        )
        line = "--" if run == "mirrored" else "-"
        divergence.semilogy(steps, arrays[f"{run}_kl"][:shown], line, color=color)
    for run, label in (("collapse", "without"), ("right", "with")):
        end, color = float(arrays[f"{run}_kl"][shown - 1]), runs[run][1]
        divergence.text(shown, 1.3 * end, label, color=color, ha="right")
    spread.set_xlabel("step")
    spread.set_ylabel(r"$b/\sigma$")
    divergence.set_xlabel("step")
    divergence.set_ylabel(r"KL of student from $q$ (nats)")
    x = np.linspace(-4.5, 4.5, 600)
    densities.plot(x, _normal(x, 0.0, 1.0), color=style.INK, linewidth=2.4)
    top = 2.6 / np.sqrt(2 * np.pi)
    for index, step in enumerate(density_fit.STUDENTS_SHOWN):
        center, width = _standard(arrays["collapse_path"][step], mean, sd)
        curve = _normal(x, center, abs(width))
        densities.plot(x, np.where(curve <= top, curve, np.nan), color=style.VERMILLION, lw=0.9)
        densities.text(
            np.clip(center - 0.2, -4.0, 4.0),
            min(float(np.max(curve)), (0.75 + 0.1 * index) * top),  # none on another
            f"{step}",
            color=style.VERMILLION,
            ha="right",
            va="bottom",
        )
    center, width = _standard(arrays["right_path"][-1], mean, sd)
    densities.plot(x, _normal(x, center, abs(width)), "--", color=style.SKY, linewidth=1.3)
    densities.text(0.8, 0.45 * top, "$q$ and fit\nwith entropy", color=style.BLUE)
    densities.set_xlabel(r"$(x-\mu)/\sigma$")
    densities.set_ylabel(r"density $\times\,\sigma$")
    densities.set_ylim(0, top)
    style.save_figure(figure, path)


def _standard(student: Floats, mean: float, sd: float) -> tuple[float, float]:
    """Return (a, b) of a student in units of `sd`, from `mean`."""
    return (float(student[0]) - mean) / sd, float(student[1]) / sd


def _normal(x: Floats, mean: float, sd: float) -> Floats:
    return np.asarray(np.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi)))


def folded_map(arrays: Arrays, path: Path) -> None:
    """Draw f(z) = 2 z mod 1 with two preimages of one x, and the formula against the true KL."""
    figure = style.new_figure(2.3)
    graph, values = figure.subplots(1, 2)
    x = 0.4
    for shift in (0, 1):
        z = np.array([shift / 2, (shift + 1) / 2])
        graph.plot(z, 2 * z - shift, color=style.BLUE)
        preimage = (x + shift) / 2
        graph.plot([preimage, preimage], [0, x], ":", color=style.VERMILLION, linewidth=1)
        graph.plot(preimage, x, "o", color=style.VERMILLION, markersize=3.5)
    graph.plot([0, (x + 1) / 2], [x, x], ":", color=style.VERMILLION, linewidth=1)
    graph.text(0.24, x + 0.03, "one $x$, two $z$", color=style.VERMILLION)
    graph.set_xlabel("$z$")
    graph.set_ylabel(r"$f(z)=2z\ \mathrm{mod}\ 1$")
    branches = np.arange(1, len(arrays["modular_formula"]) + 1)
    values.plot(branches, arrays["modular_kl"], "o", color=style.INK, markersize=4)
    values.plot(branches, arrays["modular_formula"], "s", color=style.VERMILLION, markersize=4)
    values.plot(branches, -np.log(branches), color=style.VERMILLION, linewidth=0.6)
    values.text(branches[-1], 0.12, "true KL", ha="right")
    values.text(
        branches[-1], -0.75 * np.log(branches[-1]), "formula", color=style.VERMILLION, ha="right"
    )
    values.set_ylim(-np.log(branches[-1]) - 0.2, 0.4)
    values.set_xticks(branches)
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
