"""One look for every figure: print size, the document's type size, a color-blind-safe palette.

Figures are drawn at the size at which they are printed, so 9 pt in a figure is 9 pt on the page.
The palette is Okabe & Ito (2008), "Color Universal Design".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler

matplotlib.use("svg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

TEXT_WIDTH = 6.3
"""Width of the text block of the page, in inches (A4 with 25 mm margins)."""

INK = "#1a1a1a"
GREY = "#767676"
BLUE = "#0072b2"
VERMILLION = "#d55e00"
GREEN = "#009e73"
PURPLE = "#aa4499"
ORANGE = "#e69f00"
SKY = "#56b4e9"

RC: Any = {
    "font.family": "serif",
    "font.serif": ["STIXGeneral"],
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.3,
    "axes.prop_cycle": cycler(color=[BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY]),
    "svg.hashsalt": "assignment",
    "svg.fonttype": "path",
    "path.simplify": True,
}


def new_figure(height: float, width: float = TEXT_WIDTH) -> Figure:
    """Return an empty figure in the house style; `width` and `height` in inches, as printed."""
    plt.rcdefaults()
    plt.rcParams.update(RC)
    return plt.figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, path: Path) -> None:
    """Write the figure as SVG, the same bytes for the same drawing (no date), and close it."""
    _round_layout(figure)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _round_layout(figure: Figure) -> None:
    """Fix the axes where the layout put them, rounded: its solver's last digits vary by run."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine(None)  # with one, even "none", Matplotlib would draw everything twice
    for axes in figure.axes:
        bounds = axes.get_position(original=True).bounds
        x, y, width, height = (round(number, 6) for number in bounds)
        axes.set_position((x, y, width, height))
