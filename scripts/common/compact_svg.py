"""Writes what Matplotlib draws as SVG again, in a fraction of the bytes: the same drawing.

Paths are relative and rounded to a hundredth of a point, marks of one look become one path with a
marker, and what nothing shows (metadata, names, groups) is left out; all else stays as it is.
Glyphs keep their names, which are the same in every figure; other names are a letter and a number.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_BY_DEFAULT = ("stroke-linejoin:round", "stroke-linecap:butt", "stroke-dashoffset:0")
_UNSEEN = ("defs", "metadata", "filter")
_NUMBER = re.compile(r"(?<![#\w.])-?\d*\.?\d+(?:e[-+]?\d+)?")


def compact(svg: bytes, strips: str = "") -> str:
    """Return the drawing. strips: see `strips.mark_strips`; the groups that they name stay."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        _tidy(element)
    drawing = _Drawing(root, set(re.findall(r"[a-z]\d+", strips)))
    size = {side: root.attrib[side] for side in ("width", "height", "viewBox")}
    whole = Element("svg", {"xmlns": "http://www.w3.org/2000/svg"} | size)
    whole.attrib |= {"data-strips": strips, "stroke-linejoin": "round"}
    definitions = ElementTree.SubElement(whole, "defs")
    definitions.text = "\n"
    whole.extend(drawing.nodes(root))
    definitions.extend(drawing.definitions)
    for definition in definitions:
        definition.tail = "\n"  # a line each, as filters/figures.lua leaves out known ones
    return ElementTree.tostring(whole, encoding="unicode").replace(" />", "/>") + "\n"


def _tidy(element: Element) -> None:
    """Shorten what an element says of itself, and drop what is so by default."""
    element.tag = element.tag.rpartition("}")[2]
    element.text = element.text if (element.text or "").strip() else None
    element.tail = None
    attributes = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
    digits = 0 if _is_glyph(attributes.get("id", "")) else 2
    for name, value in attributes.items():
        if name == "d":
            attributes[name] = _path(value, digits)
        elif name == "href":
            attributes[name] = "".join(value.split())
        elif name != "id":
            short = _NUMBER.sub(lambda found: _number(float(found[0]), ".5g"), value)
            attributes[name] = re.sub(r"\s*([(),:;])\s*", r"\1", short)
    if "style" in attributes:
        parts = attributes["style"].split(";")
        attributes["style"] = ";".join(part for part in parts if part not in ("", *_BY_DEFAULT))
    moved = re.fullmatch(r"translate\(([^ )]+) ([^ )]+)\)", attributes.get("transform", ""))
    if element.tag == "use" and moved:
        del attributes["transform"]
        attributes |= {side: _number(float(moved[n]), ".1f") for n, side in enumerate("xy", 1)}
        attributes = {name: value for name, value in attributes.items() if value != "0"}
    element.attrib = {name: value for name, value in attributes.items() if value}


def _is_glyph(name: str) -> bool:
    """Whether a name is that of a font with a glyph's number; other names have no hyphen."""
    return "-" in name


class _Drawing:
    """What is drawn, and those of its definitions that are used, under short names."""

    def __init__(self, root: Element, kept: Container[str]) -> None:
        self.kept = kept
        self.known = {str(element.get("id")): element for element in root.iter()}
        self.names: dict[str, str] = {}
        self.definitions: list[Element] = []

    def nodes(self, group: Element) -> list[Element]:
        """What a group draws, in as few elements as may be."""
        return list(_together(self.marks(self.flat(group))))

    def flat(self, group: Element) -> list[Element]:
        """What a group draws, without groups that say nothing."""
        found: list[Element] = []
        for element in group:
            if element.tag in _UNSEEN or self.is_empty(element):
                continue
            if element.get("id") not in self.kept:
                if element.tag == "g" and set(element.keys()) <= {"id"}:
                    found += self.flat(element)
                    continue
                element.attrib.pop("id", None)
            self.refer(element)
            element[:] = self.nodes(element)
            name = element.get("id")
            first = next((node for node in found if name and node.get("id") == name), None)
            if first is None:
                found.append(element)
            else:
                first.extend(element)  # axes of one strip
        if group.get("id", "").startswith(("matplotlib.axis", "y")):
            found.sort(key=lambda node: node.tag, reverse=True)  # ticks (use) before labels (g)
        return found

    def is_empty(self, element: Element) -> bool:
        """Whether it is or refers to a path without points, as of an empty line or a blank."""
        shape = self.known.get(element.get("href", "")[1:], element)
        return shape.tag == "path" and "d" not in shape.attrib

    def refer(self, element: Element) -> None:
        """Use the short names of what an element refers to but for `href`, see `marks`."""
        for name, value in element.items():
            short = re.sub(r"(?<=url\(#)[^)]+", lambda found: self.name(found[0]), value)
            element.set(name, short)

    def name(self, known: str) -> str:
        """The short name of a definition, which is used now."""
        if known not in self.names:
            glyph = _is_glyph(known)
            self.define(known, known if glyph else f"d{len(self.definitions)}", self.known[known])
        return self.names[known]

    def define(self, known: str, name: str, element: Element) -> None:
        """Add a definition and what it refers to."""
        self.names[known] = name
        element.set("id", name)
        for inner in element.iter():
            self.refer(inner)
        self.definitions.append(element)

    def marks(self, nodes: Iterable[Element]) -> Iterator[Element]:
        """The nodes; runs of one mark at many places are the corners of a path with a marker."""
        for (target, look), found in groupby(nodes, lambda n: (n.get("href", ""), n.get("style"))):
            run = list(found)
            if target.startswith("#") and len(run) > 1 and not _is_glyph(target):
                yield self.marked(target[1:], look or "", run)
                continue
            for node in run:
                if target.startswith("#"):
                    node.set("href", f"#{self.name(target[1:])}")
                yield node

    def marked(self, target: str, look: str, run: list[Element]) -> Element:
        """A path that has a mark of some look at each of its points."""
        known = f"{target} {look}"
        if known not in self.names:
            marker = Element("marker", {"overflow": "visible", "markerUnits": "userSpaceOnUse"})
            shape = ElementTree.SubElement(marker, "path", self.known[target].attrib)
            shape.attrib.pop("id", None)
            shape.set("style", f"{look};{shape.get('style', '')}".strip(";"))
            self.define(known, f"d{len(self.definitions)}", marker)
        places = " L ".join(f"{use.get('x', 0)} {use.get('y', 0)}" for use in run)
        style = f"fill:none;marker:url(#{self.names[known]})"
        return Element("path", {"style": style, "d": _path(f"M {places}", 2)})


def _together(nodes: Iterable[Element]) -> Iterator[Element]:
    """The nodes; paths of one look in a group that has it."""
    for look, found in groupby(nodes, lambda node: {**node.attrib, "d": node.tag}):
        run = list(found)
        apart = re.search("(^|;)opacity", look.get("style", ""))  # a group would be one layer
        if len(run) == 1 or look.pop("d") != "path" or apart:
            yield from run
            continue
        group = Element("g", look)
        group.extend([Element("path", {"d": node.attrib["d"]}) for node in run])
        yield group


def _path(path: str, digits: int) -> str:
    """The path with relative places, each number as short as may be."""
    if not re.fullmatch(r"[MLQCz\d\s.e+-]*", path):
        return path  # of a smooth shading, which Matplotlib writes in another way
    written, last = "", ""
    here, start = [0, 0], [0, 0]
    for letter, numbers in re.findall(r"([MLQCz])([^MLQCz]*)", path):
        goals = [round(float(number) * 10**digits) for number in numbers.split()]
        name, steps = letter.lower(), [goal - here[n % 2] for n, goal in enumerate(goals)]
        here = goals[-2:] or start
        if letter == "M":
            start = here
        elif letter == "L" and 0 in steps:
            name, steps = ("h", steps[:1]) if steps[0] else ("v", steps[1:])
        texts = [_number(step / 10**digits, f".{digits}f") for step in steps]
        written += (" " if name == last else name) + " ".join(texts)
        last = "l" if name == "m" else name
    return re.sub(r"(?<=\.\d) (?=\.)|(?<=\.\d\d) (?=\.)| (?=-)", "", written)


def _number(value: float, form: str) -> str:
    text = f"{value:{form}}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = re.sub(r"^(-?)0(?=\.)", r"\1", text)
    return "0" if text == "-0" else text
