"""What the checks ask of an HTML page: its text, headings, ids, links, images, tables, loads."""

from __future__ import annotations

import re

from lxml import etree

from scripts.report.edition_text import squeezed

_VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
#: Elements inside a line: no blank where they begin and end.
_INLINE = {
    "a", "b", "code", "del", "em", "i", "q", "s", "small", "span", "strong", "sub", "sup", "u",
    "wbr",
}  # fmt: skip


def read_page(html: bytes) -> Page:
    """Read a page, encoded in UTF-8."""
    parser = etree.HTMLParser(target=Page(), huge_tree=True)
    parser.feed(html.decode())
    page: Page = parser.close()
    return page


class Page:
    """What the checks ask of a page: text, headings, ids, links, images, tables, loads.

    A parser's target: lxml calls its methods as it reads.
    """

    def __init__(self) -> None:
        self.language = self.title = ""
        self.pieces: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.sections: list[str] = []  # the headings but for the title
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.images: list[tuple[str, str]] = []  # a name, and what stands for it in words
        self.tables: list[bool] = []
        self.formulas = 0
        self._open: list[str] = []
        self._drawing = 0  # how deep in a drawing that words stand for
        self._heading: list[str] | None = None

    def start(self, tag: str, values: dict[str, str]) -> None:
        """An element begins."""
        if tag not in _VOID:
            self._open.append(tag)
        if tag not in _INLINE:
            self.pieces.append(" ")
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "html":
            self.language = values.get("lang", "")
        elif tag == "img":
            self.images.append((values.get("src", ""), values.get("alt", "")))
        elif values.get("role") == "img" or (tag == "svg" and not self._drawing):
            self.images.append((tag, values.get("aria-label", "")))
            self._drawing = len(self._open)
        elif tag == "math":
            self.formulas += 1
        elif tag == "table":
            self.tables.append(False)
        elif tag == "th" and self.tables:
            self.tables[-1] = True
        elif tag in ("a", "use") and values.get("href", "").startswith("#"):
            self.links.append(values["href"][1:])
        elif re.fullmatch("h[1-6]", tag):
            self._heading = []
        self.links += re.findall(r"url\(#(.+)\)", values.get("clip-path", ""))
        loaded = values.get("src", "") + (values.get("href", "") if tag == "link" else "")
        if re.match(r"(?:https?:)?//", loaded):
            self.loads.append(loaded)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag not in _INLINE:
            self.pieces.append(" ")
        while tag in self._open and self._open.pop() != tag:
            pass
        if len(self._open) < self._drawing:
            self._drawing = 0
        if re.fullmatch("h[1-6]", tag) and self._heading is not None:
            inside = "" if "nav" in self._open else squeezed("".join(self._heading))
            if inside:
                self.headings.append((int(tag[1]), inside))
                self.sections += [] if "header" in self._open else [inside]
            self._heading = None

    def data(self, data: str) -> None:
        """Text within the elements that are open."""
        if "style" in self._open or "script" in self._open:
            self.loads += re.findall(r"url\(['\"]?((?:https?:)?//[^)'\"]*)|@import[^;]*", data)
        elif "annotation" in self._open:
            return
        elif "title" in self._open and "head" in self._open:
            self.title += data
        elif "body" in self._open or "head" not in self._open:
            self.pieces.append(data)
            if self._heading is not None:
                self._heading.append(data)

    @property
    def text(self) -> str:
        """All words of the page, comparable with another edition's."""
        return squeezed("".join(self.pieces))

    def close(self) -> Page:
        """The page has ended."""
        return self
