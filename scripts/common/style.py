"""One look for every figure: print size, the document's type, a color-blind-safe palette.

Figures are drawn at the size at which they are printed, so 9 pt in a figure is 9 pt on the page.
The palette is Okabe & Ito (2008), "Color Universal Design"; `TEXT` has it for words. The type is
Computer Modern, the ancestor of the document's New Computer Modern.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler

matplotlib.use("svg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text

from scripts.common.compact_svg import compact
from scripts.common.strips import NARROW as NARROW
from scripts.common.strips import mark_strips

TEXT_WIDTH = 6.3
"""Width of the text block of the page, in inches (A4 with 25 mm margins)."""

INK = "#1a1a1a"
GREY = "#767676"
BLUE = "#0072b2"
VERMILION = "#d55e00"
GREEN = "#009e73"
PURPLE = "#aa4499"
ORANGE = "#e69f00"
SKY = "#56b4e9"

TEXT = {
    INK: INK,
    GREY: GREY,
    BLUE: BLUE,
    VERMILION: "#bb5300",
    GREEN: "#00825f",
    PURPLE: PURPLE,
    ORANGE: "#986900",
    SKY: "#1778af",
}
"""The color of words that name what is drawn in a color of the palette: `TEXT[ORANGE]`.

The same hue, so dark that its contrast with white is 4.5 or more, as WCAG 2.1 asks of text.
"""

RC: Any = {
    "font.family": "cmr10",
    "mathtext.fontset": "cm",
    "axes.formatter.use_mathtext": True,  # cmr10 has no minus sign; a formula has
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
    "axes.prop_cycle": cycler(color=[BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY]),
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
    """Write the figure as SVG, the same bytes for the same drawing (no date), and close it.

    It is transparent, compact, and says where it may be cut for a narrow screen.
    Raises ValueError for a sign that needs a formula, as < in a label: it is written $<$.
    """
    _round_layout(figure)
    for text in figure.findobj(Text):
        _refuse_missing(text.get_text())
    strips = mark_strips(figure)
    written = io.BytesIO()
    figure.savefig(written, format="svg", transparent=True)
    plt.close(figure)
    path.write_text(compact(written.getvalue(), strips), encoding="utf-8")


def _refuse_missing(text: str) -> None:
    """ValueError if cmr10 draws a sign of `text` as another one, or not at all.

    Its glyphs have TeX's places: an inverted exclamation mark at <, a dash at {.
    """
    missing = re.sub(r"\$[^$]*\$|[\s!#%&'()*+,./0-9:;=?@A-Z\[\]`a-z-]", "", text)
    if missing:
        raise ValueError(f"{text!r}: cmr10 has no {missing}; write it as a formula, $<$ for <")


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
