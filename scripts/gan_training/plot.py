"""Exercise 4.6: draw the training runs, the discriminators, the learning rates, and SGD."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scripts.common import style
from scripts.common.arrays import Arrays, Floats, Ints
from scripts.common.artifacts import load_arrays
from scripts.common.command_line import parse
from scripts.common.tables import save_table
from scripts.gan_training import local, model, summary
from scripts.gan_training.compute import STRIDE, full_losses
from scripts.gan_training.model import Rates
from scripts.gan_training.settings import GanTraining

LOG2 = float(np.log(2))
EVENT_WORDS = {
    "start": "the start",
    "win": "lowest $L_D$ on the way",
    "pass": "$\\theta$ passes its goal",
    "overshoot": "farthest beyond",
    "return": "$\\theta$ comes back",
    "end": "the end",
}
TINY = 1e-16
"""The least distance drawn on a logarithmic axis."""
THIN = 0.5
"""The lightness of points that would hide each other."""


class Settings(
    GanTraining,
    reads=("data_mean", "spread", "generator_rate", "discriminator_rate", "sgd_divisor"),
):
    """What the figures read."""


def main() -> None:
    """Run the command line."""
    figures = {
        "losses": draw_losses,
        "discriminator": draw_discriminator,
        "path": draw_path,
        "samples": draw_samples,
        "two_losses": draw_two_losses,
        "rates": draw_rates,
        "sgd_losses": draw_sgd_losses,
        "sgd_path": draw_sgd_path,
    }
    tables = {"snapshot_table": write_snapshots, "rate_table": write_rates, "sgd_table": write_sgd}
    displays = (*figures, *tables, "program_listing")
    settings, files = parse(__doc__, Settings, ("arrays", "program"), displays)
    arrays = load_arrays(files.arrays)
    for name, make in (figures | tables).items():
        make(getattr(files, name), arrays, settings)
    write_listing(files.program_listing, files.program)


def _rest(arrays: Arrays) -> Floats:
    return model.equilibrium(arrays["real"], arrays["noise"])


def _multiplier(arrays: Arrays, settings: Settings) -> complex:
    rates = Rates(settings.generator_rate, settings.discriminator_rate)
    return local.dominant_eigenvalue(arrays["real"], arrays["noise"], rates)


def _window(arrays: Arrays, settings: Settings, scales: float) -> int:
    """Return the epochs worth showing: so many predicted time scales, or all of the run.

    All of it also where it does not settle.
    """
    multiplier, length = _multiplier(arrays, settings), len(arrays["baseline_generator_losses"])
    if abs(multiplier) >= 1:
        return length
    return int(min(length, max(20.0, scales * local.time_scale(multiplier))))


def _shown_epochs(arrays: Arrays) -> Ints:
    """Return the epochs (6,) at which the baseline is drawn: its events, others between them.

    An event that never happens leaves its place to an epoch halfway between its neighbors.
    """
    epochs = arrays["event_epochs"]
    happened = epochs >= 0
    places = np.arange(len(epochs))
    return np.interp(places, places[happened], epochs[happened]).round().astype(int)


def _title(arrays: Arrays, event: str, epoch: int) -> str:
    happened = summary.event(arrays, event) >= 0
    return f"epoch {epoch}: {EVENT_WORDS[event]}" if happened else f"epoch {epoch}"


def _level(axes: Axes, height: float, word: str) -> None:
    axes.axhline(height, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.annotate(
        word,
        (1, height),
        (2, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=style.TEXT[style.GREY],
    )


def draw_losses(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Draw both players' losses over the epochs, the equilibrium values and the events marked."""
    figure, shown = style.new_figure(1.9, style.NARROW), _window(arrays, settings, 5)
    marked = _apart(_shown_epochs(arrays)[1:5], shown)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for axes, name, letter, color, height, word in (
        (upper, "discriminator", "D", style.BLUE, 2 * LOG2, "2 log 2"),
        (lower, "generator", "G", style.VERMILION, LOG2, "log 2"),
    ):
        axes.plot(arrays[f"baseline_{name}_losses"][:shown], color=color)
        _level(axes, height, word)
        axes.set_ylabel(f"$L_{letter}$ (nats)")
        for epoch in marked:
            axes.axvline(epoch, color=style.GREY, linewidth=0.5, zorder=0)
    for epoch in marked:
        upper.annotate(
            str(epoch),
            (epoch, 1.0),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=style.TEXT[style.GREY],
            fontsize=8,
            ha="center",
        )
    lower.set_xlabel("epoch (one full-batch update of each player)")
    lower.set_xlim(0, shown)
    style.save_figure(figure, path)


def _apart(epochs: Ints, shown: int) -> list[int]:
    """Return the epochs within the axis whose labels do not run into the one before."""
    kept: list[int] = []
    for epoch in epochs.tolist():
        if 0 < epoch <= shown and (not kept or epoch - kept[-1] >= shown / 25):
            kept.append(epoch)
    return kept


def _density(points: Floats, mean: float, spread: float) -> Floats:
    height: Floats = np.exp(-(((points - mean) / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi))
    return height


def draw_discriminator(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Draw D(x) over both densities at six epochs of the run."""
    figure = style.new_figure(1.9)
    states, epochs = arrays["baseline_states"], _shown_epochs(arrays)
    means = [settings.data_mean, *states[epochs, 0]]
    low, high = min(means) - 3 * settings.spread, max(means) + 3 * settings.spread
    points = np.linspace(low, high, 600)
    scale = 0.9 / _density(np.zeros(1), 0.0, settings.spread)[0]
    grid = figure.subplots(2, 3, sharex=True, sharey=True)
    for axes, event, epoch in zip(grid.T.ravel(), summary.EVENTS, epochs.tolist(), strict=True):
        state = states[epoch]
        genuine = scale * _density(points, settings.data_mean, settings.spread)
        forged = scale * _density(points, float(state[0]), settings.spread)
        axes.fill_between(points, genuine, color=style.GREEN, alpha=0.25, linewidth=0)
        axes.plot(points, forged, color=style.VERMILION, linewidth=0.9, linestyle=(0, (4, 1.5)))
        axes.axhline(0.5, color=style.GREY, linewidth=0.6, linestyle=(0, (1, 2)))
        axes.plot(points, model.sigmoid(model.logits(points, state)), color=style.BLUE)
        axes.set_title(_title(arrays, event, epoch), fontsize=8.5)
        axes.set_ylim(0, 1.05)
        axes.set_yticks([0, 0.5, 1])
    _name_densities(grid[0, 0], settings.data_mean, float(states[0, 0]), 0.9)
    odds = model.sigmoid(model.logits(points[-1:], states[0]))[0]
    grid[0, 0].annotate(
        "$D$", (high, odds), (0, 2 if odds < 0.8 else -9), textcoords="offset points",
        color=style.TEXT[style.BLUE], ha="right",
    )  # fmt: skip
    for axes in grid[1]:
        axes.set_xlabel("$x$ (data units)")
    for axes in grid[:, 0]:
        axes.set_ylabel("$D(x)$")
    style.save_figure(figure, path)


def _name_densities(axes: Axes, genuine: float, generated: float, height: float) -> None:
    """Write the names of the samples at their means, one above the other where those are close."""
    low, high = axes.get_xlim()
    close = abs(genuine - generated) < 0.22 * (high - low)
    for word, color, place, line in (
        ("genuine", style.GREEN, genuine, height),
        ("generated", style.VERMILION, generated, height - 0.14 * close),
    ):
        share = (place - low) / (high - low)
        side = "left" if share < 0.25 else "right" if share > 0.75 else "center"
        axes.text(share, line, word, color=style.TEXT[color], ha=side, transform=axes.transAxes)


def draw_path(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Draw the run in the plane of theta and the slope, and its distance from the equilibrium."""
    figure = style.new_figure(2.6)
    left, right = figure.subplots(1, 2)
    states, rest = arrays["baseline_states"], _rest(arrays)
    left.axhline(0, color=style.GREY, linewidth=0.5)
    left.axvline(rest[0], color=style.GREY, linewidth=0.5)
    left.plot(states[:, 0], states[:, 2], color=style.BLUE, linewidth=1)
    for event in summary.EVENTS:
        if (epoch := summary.event(arrays, event)) < 0:
            continue
        left.plot(*states[epoch, [0, 2]], "o", color=style.INK, markersize=3)
        place = {"end": (-2, 16), "start": (5, -10), "win": (5, -10), "return": (5, -10)}
        left.annotate(
            str(epoch),
            tuple(states[epoch, [0, 2]]),
            place.get(event, (5, 4)),
            textcoords="offset points",
            fontsize=8,
        )
    left.set_xlabel("$\\theta$ (data units)")
    left.set_ylabel("slope $\\phi_1$ (per data unit)")
    left.margins(x=0.12, y=0.1)
    distance = np.linalg.norm(states - rest, axis=1)
    radius, anchor = abs(_multiplier(arrays, settings)), len(states) // 2
    epochs = np.arange(len(states))
    right.semilogy(epochs, np.maximum(distance, TINY), color=style.BLUE)
    low, high = right.get_ylim()
    line = np.log(2 * max(distance[anchor], TINY)) + (epochs - anchor) * np.log(max(radius, TINY))
    inside = (line > np.log(low)) & (line < np.log(high))
    right.semilogy(
        epochs[inside], np.exp(line[inside]), color=style.INK, linestyle=(0, (4, 2)), linewidth=0.9
    )
    right.set_title(f"dashed: predicted $\\rho$ = {radius:.4g}")
    right.set_ylim(low, high)
    right.set_xlabel("epoch")
    right.set_ylabel("distance from the equilibrium")
    style.save_figure(figure, path)


def draw_samples(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Draw histograms of the generated sample against the genuine one at three moments."""
    figure = style.new_figure(1.9)
    states, real = arrays["baseline_states"], arrays["real"]
    moments = dict(zip(summary.EVENTS, _shown_epochs(arrays).tolist(), strict=True))
    shown = states[[moments[event] for event in ("start", "overshoot", "end")], 0]
    noise = arrays["noise"]
    low = min(real.min(), noise.min() + shown.min())
    bins = np.linspace(low, max(real.max(), noise.max() + shown.max()), 32)
    grid = figure.subplots(1, 3, sharey=True)
    for axes, event in zip(grid, ("start", "overshoot", "end"), strict=True):
        generated = model.generate(arrays["noise"], states[moments[event]])
        axes.hist(real, bins, color=style.GREEN, alpha=0.35)
        axes.hist(generated, bins, histtype="step", color=style.VERMILION)
        axes.set_title(_title(arrays, event, moments[event]), fontsize=8.5)
        axes.set_xlabel("$x$ (data units)")
    grid[0].set_ylabel("points")
    grid[0].set_ylim(0, 1.15 * grid[0].get_ylim()[1])
    _name_densities(grid[0], settings.data_mean, float(states[0, 0]), 0.9)
    style.save_figure(figure, path)


def draw_two_losses(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Draw the gradients' weights against the separation, and theta's way with both losses."""
    figure = style.new_figure(2.6)
    left, right = figure.subplots(1, 2)
    separation = arrays["separation"]
    ceiling = np.exp(-(separation**2) / 8) / 2
    for kind, color, word, end, height in (
        ("flipped", style.VERMILION, "flipped labels: mean of $1-D$", 0.97, 0.84),
        ("minimax", style.PURPLE, "minimax: mean of $D$", 0.6, 0.3),
    ):
        left.semilogy(separation, arrays[f"separation_{kind}"], color=color)
        left.text(
            end, height, word, color=style.TEXT[color], fontsize=8, ha="right",
            transform=left.transAxes,
        )  # fmt: skip
    left.semilogy(separation, ceiling, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    left.annotate(
        "$e^{-\\Delta^2/8}/2$",
        (separation[40], ceiling[40]),
        (4, 2),
        textcoords="offset points",
        color=style.TEXT[style.GREY],
        fontsize=8,
    )
    left.set_xlabel("separation $\\Delta$ of the two means (spreads)")
    left.set_ylabel("weight of the generator's gradient")
    rest, shown = _rest(arrays)[0], _window(arrays, settings, 1.2)
    for name, line, word in (
        ("even", (0, (1, 1)), "set start"),
        ("ahead", "solid", "head start of $D$"),
    ):
        for kind, color in (("flipped", style.VERMILION), ("minimax", style.PURPLE)):
            theta = arrays[f"{kind}_{name}_states"][:shown, 0]
            right.plot(theta, color=color, linestyle=line, label=f"{kind}, {word}")
    _level(right, rest, "$\\theta^*$")
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, handlelength=1.5)
    right.set_xlabel("epoch")
    right.set_ylabel("$\\theta$ (data units)")
    right.set_xlim(0, shown)
    style.save_figure(figure, path)


def _pair_window(displacements: Floats, multiplier: complex) -> int:
    """Return the epochs to show: until it has settled, or well after it began to move away."""
    scale, distances = local.time_scale(multiplier), np.linalg.norm(displacements, axis=1)
    shown = 5 * scale if abs(multiplier) < 1 else np.nanargmin(distances) + 12 * scale
    if multiplier.real < 0 and shown < 250:  # few enough to see each step
        shown = min(shown, 40)
    return int(min(max(shown, 40), len(displacements) - 1))


def _late_size(series: Floats) -> float:
    """Return how widely a line moves at its end; the widest is drawn below."""
    return float(np.ptp(series[-10:]))


def draw_rates(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Draw parameters and losses for each of the six pairs of rates, from the set start."""
    figure, rest = style.new_figure(3.1), _rest(arrays)
    grid = figure.subplots(4, 3)
    for k, (upper, lower) in enumerate(zip(grid[::2].T.ravel(), grid[1::2].T.ravel(), strict=True)):
        multiplier = complex(arrays["pair_predicted"][k])
        states = arrays["pair_states"][k]
        shown = _pair_window(states - rest, multiplier)
        losses = full_losses(states[: shown + 1], arrays["real"], arrays["noise"])
        generator_rate, discriminator_rate = arrays["pair_rates"][k]
        for axes, red, blue in (
            (upper, states[: shown + 1, 0] - rest[0], states[: shown + 1, 2]),
            (lower, losses[:, 1] - LOG2, losses[:, 0] - 2 * LOG2),
        ):
            axes.axhline(0, color=style.GREY, linewidth=0.6)
            wide, narrow = (2, 3) if _late_size(red) > _late_size(blue) else (3, 2)
            axes.plot(blue, color=style.BLUE, linewidth=0.8, zorder=narrow)
            axes.plot(red, color=style.VERMILION, linewidth=0.9, linestyle=(0, (3, 1)), zorder=wide)
            axes.set_xlim(0, shown)
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(3))
        upper.tick_params(labelbottom=False)
        name, rates = summary.PAIR_NAMES[k].upper(), (generator_rate, discriminator_rate)
        upper.set_title("{}: $\\eta_G$ = {:g}, $\\eta_D$ = {:g}".format(name, *rates), fontsize=8.5)
    for axes in grid[3]:
        axes.set_xlabel("epoch")
    for column in grid.T:
        for axes, word in zip(column, ("state", "loss") * 2, strict=True):
            axes.set_ylabel(word)
        figure.align_ylabels(column)
    lines = grid[0, 0].get_lines()[1:]
    words = ["state: $\\phi_1$; loss: $L_D-2\\,$log$\\,2$"]
    words += ["state: $\\theta-\\theta^*$; loss: $L_G-$log$\\,2$"]
    figure.legend(lines, words, loc="outside upper center", ncols=2)
    style.save_figure(figure, path)


def draw_sgd_losses(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Draw both losses, gradient descent beside SGD, at the same rates and number of updates."""
    figure, shown = style.new_figure(1.7), _window(arrays, settings, 5)
    shown = min(shown, len(arrays["sgd_drawn_losses"]))
    grid = figure.subplots(2, 2, sharex=True, sharey="row", width_ratios=[1, 1.05])
    full = arrays["sgd_drawn_full_losses"][: shown // STRIDE + 1]
    for row, (name, color, height, word) in enumerate(
        (
            ("discriminator", style.BLUE, 2 * LOG2, "2 log 2"),
            ("generator", style.VERMILION, LOG2, "log 2"),
        )
    ):
        singles = arrays["sgd_drawn_losses"][:shown, row]
        descent, stochastic = grid[row]
        descent.plot(arrays[f"baseline_{name}_losses"][:shown], color=color)
        stochastic.plot(singles, ".", color=color, alpha=0.3, markersize=4, markeredgewidth=0)
        stochastic.plot(np.arange(len(full)) * STRIDE, full[:, row], color=style.INK, linewidth=0.9)
        descent.set_ylabel(f"$L_{name[0].upper()}$ (nats)")
        descent.axhline(height, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
        _level(stochastic, height, word)
        most = float(np.nanquantile(singles, 0.995))
        descent.set_ylim(0, 1.05 * max(most, 1.5 * height))
    grid[0, 0].set_title("gradient descent, all data")
    grid[0, 1].set_title("SGD, one example in each update")
    for axes in grid[1]:
        axes.set_xlabel("update")
        axes.set_xlim(0, shown)
    style.save_figure(figure, path)


def draw_sgd_path(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Draw theta over the updates, and where SGD lives in the plane of theta and the slope."""
    figure, rest = style.new_figure(2.6), _rest(arrays)
    left, *clouds = figure.subplots(1, 4, width_ratios=[2, 1, 1, 1])
    shown = min(_window(arrays, settings, 14), len(arrays["sgd_drawn_states"]) - 1)
    left.plot(
        arrays["sgd_drawn_states"][: shown + 1, 0], color=style.ORANGE, linewidth=0.8, label="SGD"
    )
    left.plot(arrays["baseline_states"][: shown + 1, 0], color=style.BLUE, label="gradient descent")
    left.axhline(rest[0], color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    left.set_title("dashed: $\\theta^*$")
    left.set_xlabel("update")
    left.set_ylabel("$\\theta$ (data units)")
    left.set_xlim(0, shown)
    left.legend(loc="best")
    for axes, (how, color, word) in zip(
        clouds,
        (
            ("drawn", style.ORANGE, "SGD"),
            ("shuffled", style.GREEN, "shuffled passes"),
            ("slow", style.PURPLE, f"rates / {settings.sgd_divisor}"),
        ),
        strict=True,
    ):
        late = summary.late(arrays[f"sgd_{how}_states"])
        late = late[:: max(1, len(late) // 600)]
        looks = {"color": color, "alpha": THIN, "markersize": 4, "markeredgewidth": 0}
        axes.plot(late[:, 0], late[:, 2], ".", **looks)
        axes.plot(rest[0], 0, "+", color=style.INK, markersize=8)
        axes.set_title(word)
        axes.set_xlabel("$\\theta$")
        axes.sharex(clouds[0])
        axes.sharey(clouds[0])
        axes.tick_params(labelleft=axes is clouds[0])
    clouds[0].set_ylabel("slope $\\phi_1$ (per data unit)")
    clouds[0].autoscale()
    style.save_figure(figure, path)


def write_snapshots(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Write the parameters and losses at the six events of the baseline."""
    rows = []
    for name in summary.EVENTS:
        if (epoch := summary.event(arrays, name)) < 0:
            rows.append([EVENT_WORDS[name], "never", *"–––––"])
            continue
        state = arrays["baseline_states"][epoch]
        generated = model.generate(arrays["noise"], state)
        numbers = (
            *state,
            model.discriminator_loss(arrays["real"], generated, state),
            model.generator_loss(generated, state, "flipped"),
        )
        cells = [f"${_rounded(number, 3)}$" for number in numbers]
        rows.append([EVENT_WORDS[name], str(epoch), *cells])
    header = ["event", "epoch", "$\\theta$", "$\\phi_0$", "$\\phi_1$", "$L_D$", "$L_G$"]
    save_table(path, header, rows, "lrrrrrr")


def write_rates(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Write rule, prediction, measurement and outcome for the six pairs of rates."""
    header = [
        *("run", "$\\eta_G$", "$\\eta_D$", "rule", "predicted, $\\rho$", "found, $\\rho$"),
        "distance at the end",
    ]
    save_table(path, header, summary.rate_rows(arrays), "lrrrllr")


def write_listing(path: Path, program: Path) -> None:
    """Write the program of the exercise as a block of code, from its own file."""
    path.write_text(f"```python\n{program.read_text('utf-8')}```\n", "utf-8")


def _rounded(number: float, digits: int) -> str:
    """Return a number with so many digits after the point, without a negative zero."""
    return f"{round(float(number), digits) + 0.0:.{digits}f}"


def _signed(number: float) -> str:
    text = _rounded(number, 3)
    return f"+{text}" if number > 0 and float(text) else text


def write_sgd(path: Path, arrays: Arrays, settings: Settings) -> None:
    """Write where the three SGD runs stay in the last half, beside gradient descent's end."""
    rest, rows = _rest(arrays), []
    rates = Rates(settings.generator_rate, settings.discriminator_rate)
    for how, word, divisor in (
        ("drawn", "SGD", 1),
        ("shuffled", "shuffled passes", 1),
        ("slow", f"rates / {settings.sgd_divisor}", settings.sgd_divisor),
    ):
        late = summary.late(arrays[f"sgd_{how}_states"])[:, 0]
        late_losses = summary.late(arrays[f"sgd_{how}_full_losses"])
        law = math.inf if how == "shuffled" else summary.sgd_law(arrays, rates, divisor)
        shown = f"{law:.3f}" if np.isfinite(law) else "–"
        if np.isnan(late[-1]):
            rows.append([word, "runs away", "–", shown, "–", "–"])
            continue
        errors = summary.block_errors(late)
        rows.append(
            [
                word,
                f"${_signed(late.mean() - rest[0])}$ ({errors[0]:.3f})",
                f"{late.std():.3f} ({errors[1]:.3f})",
                shown,
                *(
                    f"{late_losses[:, k].mean():.3f} ({late_losses[:, k].std():.3f})"
                    for k in (0, 1)
                ),
            ]
        )
    ends = full_losses(arrays["baseline_states"][-1:], arrays["real"], arrays["noise"])[0]
    descent = ["gradient descent", f"${_signed(arrays['baseline_states'][-1, 0] - rest[0])}$"]
    rows.insert(0, [*descent, "0", "0", *(f"{e:.3f}" for e in ends)])
    header = [*("run", "mean (error)", "sd (error)", "law", "$L_D$ (sd)", "$L_G$ (sd)")]
    save_table(path, header, rows, "lrrrrr")


if __name__ == "__main__":
    main()
