"""Cuts a figure into strips that fit on a narrow screen, one above another, at readable size.

A strip holds neighbouring columns of axes. Where its axes share the marks of others, which are
drawn beside these only, it borrows them. A figure's legend comes column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.transforms import Bbox

NARROW = 3.5
"""Width in inches to which a strip may grow: 252 points. A telephone's page is 390 pixels wide, 350
without margins, so that 8 pt become 11 pixels."""

_MARGIN = 1.0  # around a strip, in points
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Strip:
    """Axes, what is borrowed from which axis and moved how far to the right, and where it ends up.

    Lengths in dots of the figure.
    """

    axes: Sequence[Axes]
    borrowed: Sequence[tuple[Axis, float]]
    box: Bbox


def mark_strips(figure: Figure) -> str:
    """Name the groups of the drawing that make up the strips; return the strips as text.

    "x y width height name …; …" in points, where a name with a number behind an @ is moved so far
    to the right.
    """
    figure.draw_without_rendering()  # puts legends in their places
    strips = _strips(figure)
    windows: list[tuple[Bbox, list[str]]] = []
    for number, strip in enumerate(strips, 1):
        for axes in strip.axes:
            axes.set_gid(f"s{number}")
        words = [f"s{number}"]
        for axis, shift in strip.borrowed:
            axis.set_gid(axis.get_gid() or f"y{figure.axes.index(axis.axes)}")
            words.append(f"{axis.get_gid()}@{_points(shift, figure):.2f}")
        windows.append((strip.box, words))
    top = max(axes.bbox.y1 for axes in figure.axes)
    for number, legend in enumerate(figure.legends, 1):
        legend.set_gid(f"l{number}")
        columns = [(box, [f"l{number}"]) for box in _legend_columns(legend, figure.dpi / 36)]
        windows = columns + windows if legend.get_window_extent().y0 >= top else windows + columns
    return ";".join(" ".join([*_window(box, figure), *words]) for box, words in windows)


def _strips(figure: Figure) -> list[_Strip]:
    """The figure's axes from left to right, as many columns in a strip as it is wide enough for."""
    columns = _side_by_side(figure.axes, lambda axes: axes.bbox)
    strips: list[_Strip] = []
    for column in columns:
        settled = [axes for strip in strips[:-1] for axes in strip.axes]
        if strips:
            wider = _strip([*strips[-1].axes, *column], settled)
            if _points(wider.box.width, figure) + 2 * _MARGIN <= NARROW * 72:
                strips[-1] = wider
                continue
            settled += strips[-1].axes
        strips.append(_strip(column, settled))
    return strips


def _strip(inside: Sequence[Axes], others: Sequence[Axes]) -> _Strip:
    """A strip of axes; others: those of the strips before it, from which it may borrow."""
    left = min(axes.bbox.x0 for axes in inside)
    boxes = [axes.get_tightbbox() for axes in inside]
    borrowed: list[tuple[Axis, float]] = []
    for axes in inside:
        if axes.bbox.x0 > left + 1 or axes.yaxis.get_tightbbox() is not None:
            continue
        for other in others:
            marks = other.yaxis.get_tightbbox()
            alike = axes.get_shared_y_axes().joined(axes, other)
            if marks is not None and alike and abs(axes.bbox.y0 - other.bbox.y0) < 1:
                shift = axes.bbox.x0 - other.bbox.x0
                borrowed.append((other.yaxis, shift))
                boxes.append(marks.translated(shift, 0))
                break
    return _Strip(inside, borrowed, Bbox.union([box for box in boxes if box is not None]))


def _side_by_side(parts: Iterable[_T], box: Callable[[_T], Bbox]) -> list[list[_T]]:
    """The parts in columns, from left to right: what stands above one another is in one."""
    columns: list[list[_T]] = []
    reach = 0.0
    for part in sorted(parts, key=lambda part: box(part).x0):
        if not columns or box(part).x0 >= reach:
            columns.append([])
        columns[-1].append(part)
        reach = max(reach, box(part).x1)
    return columns


def _legend_columns(legend: Legend, gap: float) -> list[Bbox]:
    """Where the columns of a legend stand, each from a gap behind the words of the one before."""
    everything = legend.get_window_extent()
    columns = _side_by_side(legend.get_texts(), lambda text: text.get_window_extent())
    edges = [max(text.get_window_extent().x1 for text in column) for column in columns]
    starts = [everything.x0, *(edge + gap for edge in edges[:-1])]
    return [
        Bbox.from_extents(start, everything.y0, edge, everything.y1)
        for start, edge in zip(starts, edges, strict=True)
    ]


def _points(dots: float, figure: Figure) -> float:
    return dots * 72 / figure.dpi


def _window(box: Bbox, figure: Figure) -> list[str]:
    """Place and size of a box as SVG has them: from the top, in points."""
    height = figure.bbox.height
    corner = (box.x0, height - box.y1)
    numbers = [
        *(_points(place, figure) - _MARGIN for place in corner),
        *(_points(length, figure) + 2 * _MARGIN for length in (box.width, box.height)),
    ]
    return [f"{number:.1f}" for number in numbers]
