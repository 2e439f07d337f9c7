"""Writes what Matplotlib draws as SVG again, in a fraction of the bytes: the same drawing.

Numbers are rounded to a hundredth of a point, lines lose the points that lie on them, markers and
lines of one look become one path, and what nothing shows (metadata, names, clip paths that clip
nothing) is left out. Glyphs keep their names, which are the same in every figure.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from scripts.common.arrays import Numbers

DIGITS = 2
"""Decimals of a coordinate, in points: half a hundredth of a point is a pixel at 14,400 dpi."""

TOLERANCE = 0.02
"""How far a line may run from the points that it loses, in points."""

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_DISK = "MCCCCCCCCz"
_DOT = 10.0**-DIGITS  # some readers of PDF draw nothing where a line has no length
_DEFAULTS = {"stroke-linejoin": "round", "stroke-linecap": "butt", "stroke-width": "1"}

Look = tuple[tuple[str, str], ...]
Commands = tuple[tuple[str, Numbers], ...]
"""A path: each command with its points, (n, 2), absolute; `z` has none."""


@dataclass(frozen=True)
class Shape:
    """A path and its attributes."""

    look: Look
    commands: Commands


@dataclass(frozen=True)
class Written:
    """Any other element, finished."""

    text: str


Node = Shape | Written


def compact(svg: bytes, strips: str = "") -> str:
    """Return the drawing. strips: see `strips.mark_strips`; the groups that they name stay."""
    root = ElementTree.fromstring(svg)
    kept = set(re.findall(r"[a-z]\d+", strips))
    drawing = _Drawing(root, kept)
    pieces: dict[str, list[Node]] = {}
    for name, elements in _pieces(root, kept):
        pieces.setdefault(name, []).extend(drawing.nodes(elements))
    body = "".join(_group((("id", name),) if name else (), nodes) for name, nodes in pieces.items())
    size = [(side, root.attrib[side]) for side in ("width", "height", "viewBox")]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{_attributes(size)} data-strips="{strips}"'
        f' stroke-linejoin="round">{drawing.definitions()}{body}</svg>\n'
    )


def _pieces(group: Element, kept: Container[str]) -> Iterator[tuple[str, Iterable[Element]]]:
    """The groups that stay groups, by name, and what stands between them, under no name."""
    for element in group:
        name = element.get("id", "")
        if name in kept:
            yield name, element
        elif any(inner.get("id") in kept for inner in element.iter()):
            yield from _pieces(element, kept)
        elif element.tag != f"{_NAMESPACE}defs" and element.tag != f"{_NAMESPACE}metadata":
            yield "", [element]


class _Drawing:
    """What is defined in a drawing, and which of it is used."""

    def __init__(self, root: Element, kept: Container[str]) -> None:
        self.kept = kept
        self.defined = {
            element.get("id"): element
            for definitions in root.iter(f"{_NAMESPACE}defs")
            for element in definitions
            if element.get("id")
        }
        self.used: dict[str, str] = {}

    def definitions(self) -> str:
        """The glyphs and clip paths that are used."""
        return f"<defs>{''.join(self.used.values())}</defs>" if self.used else ""

    def nodes(self, elements: Iterable[Element], clip: str = "") -> list[Node]:
        """What `elements` draw, in order, as few nodes as may be. clip: of a group around them."""
        return list(_merged(node for element in elements for node in self._element(element, clip)))

    def _element(self, element: Element, clip: str) -> Iterator[Node]:
        clip = element.get("clip-path", clip)
        tag = element.tag.removeprefix(_NAMESPACE)
        if tag == "g":
            yield from self._grouped(element, clip)
        elif tag == "path" and "d" in element.attrib:  # an empty line has none
            look = dict(_look(element))
            if look.get("opacity") != "0" and (look.get("fill") != "none" or "stroke" in look):
                yield self._shape(element, _look(element), (0.0, 0.0), clip)
        elif tag == "use" and "x" in element.attrib:
            if "d" in self.defined[element.attrib[_LINK][1:]].attrib:
                yield self._marker(element, clip)
        elif tag == "use" and self.defined[element.attrib[_LINK][1:]].get("d"):  # not a blank
            yield self._glyph(element)
        elif tag == "image":
            yield self._image(element, clip)
        elif tag not in ("defs", "use", "path"):
            raise ValueError(f"Matplotlib drew a {tag}, which is not known here")

    def _grouped(self, element: Element, clip: str) -> Iterator[Node]:
        name = element.get("id", "")
        nodes = self.nodes(element, clip)
        if name.startswith("matplotlib.axis") or name in self.kept:  # ticks, then their labels
            nodes = list(_merged(sorted(nodes, key=lambda node: isinstance(node, Written))))
        look = dict(_look(element))
        if name in self.kept:
            look["id"] = name
        if "transform" in element.attrib:
            look["transform"] = _transform(element.attrib["transform"], 4)
        if look and nodes:
            yield Written(_group(tuple(sorted(look.items())), nodes))
        else:
            yield from nodes

    def _marker(self, element: Element, clip: str) -> Shape:
        marker = self.defined[element.attrib[_LINK][1:]]
        place = (float(element.get("x", 0)), float(element.get("y", 0)))
        look = tuple(sorted((dict(_look(element)) | dict(_look(marker))).items()))
        return self._shape(marker, look, place, clip)

    def _shape(self, element: Element, look: Look, place: tuple[float, float], clip: str) -> Shape:
        commands = tuple(
            (letter, points + place) for letter, points in _commands(element.attrib["d"])
        )
        style = dict(look)
        if sum(len(points) for _, points in commands) < 3:
            style["fill"] = "none"  # a line has nothing to fill
        if style.get("fill") == "none":
            style.pop("fill-opacity", None)
        if "stroke" not in style:
            style.pop("stroke-width", None)
        reach = float(style.get("stroke-width", 1)) / 2 if "stroke" in style else 0.0
        if clip and not self._holds(clip, [points for _, points in commands], reach):
            style["clip-path"] = self._clip(clip)
        return _dotted(Shape(tuple(sorted(style.items())), _thinned(commands)))

    def _holds(self, clip: str, drawn: Sequence[Numbers], reach: float) -> bool:
        """Whether a clip path clips nothing of what is drawn, which reaches beyond its points."""
        points = np.concatenate(drawn)
        box = self.defined[clip[5:-1]][0]
        low = np.array([float(box.attrib["x"]), float(box.attrib["y"])])
        high = low + np.array([float(box.attrib["width"]), float(box.attrib["height"])])
        return bool((points >= low + reach - 0.01).all() and (points <= high - reach + 0.01).all())

    def _clip(self, clip: str) -> str:
        name = clip[5:-1]
        box = self.defined[name][0]
        sides = [
            (side, _number(float(box.attrib[side]), DIGITS))
            for side in ("x", "y", "width", "height")
        ]
        short = "c" + "-".join(value for _, value in sides)
        self.used[short] = f'<clipPath id="{short}"><rect{_attributes(sides)}/></clipPath>'
        return f"url(#{short})"

    def _glyph(self, element: Element) -> Written:
        name = element.attrib[_LINK][1:]
        if name not in self.used:
            glyph = self.defined[name]
            path = _path(_commands(glyph.attrib["d"]), 0)
            shrunk = _transform(glyph.attrib["transform"], 6)
            self.used[name] = f'<path id="{name}" transform="{shrunk}" d={_quoted(path)}/>'
        way = element.get("transform", "translate(0 0)")
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", way)
        place = [("transform", _transform(way, 2))]
        if moved:
            sides = zip("xy", (_number(float(value), 1) for value in moved.groups()), strict=True)
            place = [(side, value) for side, value in sides if value != "0"]
        return Written(f'<use href="#{name}"{_attributes(place)}/>')

    def _image(self, element: Element, clip: str) -> Written:
        look: dict[str, str] = {}
        for side in ("x", "y", "width", "height"):
            if side in element.attrib:
                look[side] = _number(float(element.attrib[side]), 4)
        look["image-rendering"] = "pixelated"
        look["transform"] = _transform(element.attrib["transform"], 4)
        data = "".join(element.attrib[_LINK].split())
        image = f'<image{_attributes(sorted(look.items()))} href="{data}"/>'
        if clip and not self._holds(clip, [_corners(element)], 0.0):  # the group's, not the image's
            image = f'<g clip-path="{self._clip(clip)}">{image}</g>'
        return Written(image)


def _corners(image: Element) -> Numbers:
    """Two opposite corners of an image that a matrix puts in its place."""
    a, b, c, d, e, f = (float(n) for n in re.findall(r"[-\d.e]+", image.get("transform", ""))[-6:])
    size = (float(image.get("width", 0)), float(image.get("height", 0)))
    return np.array([(e, f), (a * size[0] + c * size[1] + e, b * size[0] + d * size[1] + f)])


def _merged(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes, neighbours as one path where that shows nothing but what they showed."""
    last: Node | None = None
    for node in nodes:
        if isinstance(last, Shape) and isinstance(node, Shape) and _mergeable(last, node):
            last = Shape(last.look, last.commands + node.commands)
            continue
        if last is not None:
            yield last
        last = node
    if last is not None:
        yield last


def _mergeable(first: Shape, second: Shape) -> bool:
    """Opaque lines of one look; or opaque areas of one color, if they are drawn in one sense."""
    look = dict(first.look)
    if first.look != second.look or any("opacity" in name for name in look):
        return False
    if look.get("fill") == "none":
        return True
    one_color = look.get("stroke", look.get("fill")) == look.get("fill")
    return one_color and [c for c, _ in first.commands[:9]] == [c for c, _ in second.commands]


def _look(element: Element) -> Look:
    """The style as attributes, without what is so by default."""
    parts = (part.partition(":") for part in element.get("style", "").split(";"))
    found = {name.strip(): value.strip() for name, _, value in parts if value}
    for name in ("stroke-width", "stroke-dasharray", "stroke-dashoffset"):
        if name in found:
            numbers = re.split(r"[\s,]+", found[name])
            found[name] = " ".join(_number(float(number), 3) for number in numbers)
    if found.get("stroke-dashoffset") == "0":
        del found["stroke-dashoffset"]
    kept = {name: value for name, value in found.items() if _DEFAULTS.get(name) != value}
    return tuple(sorted((k, v) for k, v in kept.items() if not k.startswith("image-")))


@cache
def _commands(path: str) -> Commands:
    found = re.findall(r"([MLQCz])([^MLQCz]*)", path)
    return tuple(
        (letter, np.array(numbers.split(), dtype=float).reshape(-1, 2)) for letter, numbers in found
    )


def _dotted(shape: Shape) -> Shape:
    """A disk as a line so short and broad that its round ends are all that is seen."""
    style = dict(shape.look)
    if "".join(letter for letter, _ in shape.commands) != _DISK:
        return shape
    if style.get("fill") == "none" or style.get("stroke", style.get("fill")) != style.get("fill"):
        return shape
    edge = float(style.get("stroke-width", 1)) if "stroke" in style else 0.0
    points = np.concatenate([points for _, points in shape.commands])
    low, high = points.min(axis=0), points.max(axis=0)
    style |= {
        "fill": "none",
        "stroke": style["fill"],
        "stroke-width": _number(float(high[1] - low[1]) + edge, 3),
        "stroke-linecap": "round",
    }
    if "fill-opacity" in style:
        style["stroke-opacity"] = style.pop("fill-opacity")
    here = (low + high) / 2
    dot = (("M", here[None]), ("L", here[None] + (_DOT, 0)))
    return Shape(tuple(sorted(style.items())), dot)


def _thinned(commands: Commands) -> Commands:
    """The path without the points of its straight stretches."""
    result: list[tuple[str, Numbers]] = []
    run: list[Numbers] = []

    def straighten() -> None:
        if len(run) > 1:
            kept = _needed(np.array(run))
            result.extend(("L", point[None]) for point in np.array(run)[kept][1:])
        run.clear()

    for letter, points in commands:
        if letter == "L" and run:
            run.append(points[-1])
            continue
        straighten()
        result.append((letter, points))
        if letter != "z":
            run.append(points[-1])
    straighten()
    return tuple(result)


def _needed(points: Numbers) -> Numbers:
    """Which of the points of a line it needs to stay within `TOLERANCE` (Douglas and Peucker)."""
    kept = np.zeros(len(points), dtype=bool)
    kept[[0, -1]] = True
    waiting = [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        chord = points[last] - points[first]
        ways = points[first + 1 : last] - points[first]
        length = float(chord @ chord)
        along = np.clip(ways @ chord / length, 0, 1) if length else np.zeros(len(ways))
        far = np.hypot(*(ways - along[:, None] * chord).T)
        if far.max() > TOLERANCE:
            middle = first + 1 + int(far.argmax())
            kept[middle] = True
            waiting += [(first, middle), (middle, last)]
    return kept


def _path(commands: Commands, digits: int) -> str:
    """The path's text: relative, each number as short as may be."""
    written, last = "", ""
    here, start = np.zeros(2, dtype=int), np.zeros(2, dtype=int)
    for letter, points in commands:
        if letter == "z":
            written, last, here = written + "z", "z", start
            continue
        goal = np.rint(points * 10**digits).astype(int)
        steps = goal - here
        here = goal[-1]
        name, numbers = letter.lower(), steps.ravel()  # the first m is absolute, what follows not
        if letter == "M":
            start = here
        elif letter == "L" and not steps.any():
            continue
        elif letter == "L" and not steps.all():
            name = "h" if steps[0, 0] else "v"
            numbers = steps[steps != 0]
        texts = [_number(number / 10**digits, digits) for number in numbers]
        written += _joined(written, "" if name == last else name, texts)
        last = "l" if name == "m" else name
    return written


def _joined(before: str, letter: str, numbers: list[str]) -> str:
    """The numbers behind a letter, with a blank only where they would run together."""
    text = letter
    for number in numbers:
        whole = before + text
        last = whole[len(whole.rstrip("0123456789.")) :]
        apart = not last or number[0] == "-" or (number[0] == "." and "." in last)
        text += number if apart else f" {number}"
    return text


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = re.sub(r"^(-?)0(?=\.)", r"\1", text)
    return "0" if text in ("-0", "") else text


def _transform(text: str, digits: int) -> str:
    short = re.sub(r"-?\d*\.?\d+(?:e-?\d+)?", lambda found: _number(float(found[0]), digits), text)
    return re.sub(r"\s*([()])\s*", r"\1", short)


def _group(look: Look, nodes: Iterable[Node]) -> str:
    inside = "".join(_elements(nodes))
    return f"<g{_attributes(look)}>{inside}</g>" if look else inside


def _elements(nodes: Iterable[Node]) -> Iterator[str]:
    """The nodes as text; paths of one look in a group that has it."""
    for look, alike in groupby(nodes, lambda node: getattr(node, "look", None)):
        if look is None:
            yield from (node.text for node in alike if isinstance(node, Written))
            continue
        paths = [_path(node.commands, DIGITS) for node in alike if isinstance(node, Shape)]
        if len(paths) == 1:
            yield f'<path{_attributes(look)} d="{paths[0]}"/>'
        else:
            inside = "".join(f'<path d="{path}"/>' for path in paths)
            yield f"<g{_attributes(look)}>{inside}</g>"


def _attributes(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(f" {name}={_quoted(value)}" for name, value in pairs)


def _quoted(text: str) -> str:
    return f'"{text}"'
