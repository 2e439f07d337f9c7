"""Reads a Quarto document as its author wrote it.

Includes are expanded, and every character of the expanded text still knows the file and the line
that it came from.
"""

from __future__ import annotations

import bisect
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from scripts.common import strict_yaml
from scripts.common.strict_yaml import YamlError

#: A line that opens or closes a block of code (also as an item): its fence, and what is behind.
FENCE = re.compile(r"^[ \t>]*(?:(?:[-+*:]|\(?\w+[.)])[ \t]+)*(`{3,}|~{3,})(.*)$")

FORMATS = ("typst", "html")
"""The editions of a document, by Quarto's names."""

#: Characters that the embedded engine marks places with; no text of an author may hold one.
PRIVATE = re.compile("[\ue000-\ue01f]")
#: What is no letter, and which some readers drop and others take for the end of a line.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

_ATTRIBUTES = r"""\{[#.\w-](?:"(?:\\.|[^"\\])*"|[^{}"`$])*\}"""
"""What stands in braces behind a heading, an image and the like: no code and no formula."""

_INCLUDE = re.compile(r"^\s*\{\{<\s*include\s+(\S+)\s*>\}\}\s*$")


class RenderError(Exception):
    """A document cannot be rendered; the message names file, line and remedy."""


class Place(NamedTuple):
    """Where something stands in the author's files."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, eq=False)  # as the key of a cache, itself and no other
class Document:
    """A document with every include expanded.

    ``text`` is front matter and body; ``places`` holds one entry a line of it; ``body`` is the
    offset at which the body begins; ``metadata`` is ``_quarto.yml`` merged with the front matter.
    """

    path: Path
    text: str
    places: tuple[Place, ...]
    body: int
    metadata: dict[str, Any]
    includes: dict[str, list[Place]]

    @property
    def folder(self) -> Path:
        """The folder that the document's paths start from."""
        return self.path.parent

    def place(self, offset: int) -> Place:
        """File and line of a character of ``text``."""
        line = bisect.bisect_left(self._line_ends, offset)
        return self.places[min(line, len(self.places) - 1)]

    @cached_property
    def _line_ends(self) -> list[int]:
        return [found.start() for found in re.finditer("\n", self.text)]

    def options(self, target: str) -> dict[str, Any]:
        """The metadata as one of ``FORMATS`` sees it."""
        chosen: dict[str, Any] = self.metadata["format"][target]
        return chosen

    @cached_property
    def code_free(self) -> str:
        """``text`` with front matter, code and comments blanked; as long as ``text``."""
        return _blank_code(self.text, self.body)

    @cached_property
    def formulas(self) -> list[tuple[tuple[int, int], str, bool]]:
        """Every formula of ``code_free``, as ``find_math`` gives them."""
        return find_math(self.code_free)

    @cached_property
    def prose(self) -> str:
        """``code_free`` with the mathematics blanked as well; as long as ``text``."""
        return blank(self.code_free, [span for span, _, _ in self.formulas])


def find_math(code_free: str) -> list[tuple[tuple[int, int], str, bool]]:
    """Every formula: its span (dollars included), its LaTeX, and whether it is displayed."""
    pattern = re.compile(
        rf"\\.|{_ATTRIBUTES}"
        r"|\$\$(?P<display>(?:\\.|[^\\])+?)\$\$"
        r"|(?<!(?<!\\)\$)\$(?=[^\s$])(?P<inline>(?:\\.|[^$\\\n]|\n(?![ \t]*\n))*?)(?<=\S)\$(?!\d)",
        re.DOTALL,
    )
    found = []
    for match in pattern.finditer(code_free):
        display = match["display"] is not None
        if match["inline"] is None and not display:
            continue  # a sign behind a backslash, or attributes
        found.append((match.span(), match["display"] if display else match["inline"], display))
    return found


def blank(text: str, spans: list[tuple[int, int]]) -> str:
    """Spaces instead of the spans; line breaks stay, so offsets and lines do."""
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], re.sub(r"[^\n]", " ", text[start:end])]
        last = end
    return "".join([*parts, text[last:]])


def _blank_code(text: str, body: int) -> str:
    spans: list[tuple[int, int]] = [(0, body)]
    spans += list(code_fences(text, body))
    text = blank(text, spans)
    # Signs behind a backslash, attributes and ticks that close nothing are passed over.
    parts = re.compile(
        r"(?P<blank><!--.*?-->|(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`))"
        rf"|\\.|{_ATTRIBUTES}|`+",
        re.DOTALL,
    )
    return blank(text, [match.span() for match in parts.finditer(text) if match["blank"]])


def code_fences(text: str, body: int) -> Iterator[tuple[int, int]]:
    """Spans of the fenced code blocks after ``body``, fences included."""
    fence, start, offset = "", 0, body
    for line in text[body:].split("\n"):
        match = FENCE.match(line)
        if match and not fence:
            fence, start = match[1], offset
        elif match and fence and match[1].startswith(fence) and not match[2].strip():
            yield start, min(offset + len(line) + 1, len(text))
            fence = ""
        offset += len(line) + 1
    if fence:
        yield start, len(text)


def read_document(qmd: str | Path) -> Document:
    """Read a document, its includes and its metadata.

    Raises RenderError when a file is missing, is no UTF-8 text, includes itself, or holds YAML
    that cannot be read.
    """
    path = Path(qmd)
    lines: list[str] = []
    places: list[Place] = []
    includes: dict[str, list[Place]] = {}

    def expand(target: Path, named: Place | None, parents: tuple[Path, ...]) -> None:
        if target.resolve() in parents:
            raise RenderError(f"{named}: {shown(target)} includes itself; take the include out.")
        text = read_text(target, named)
        if parents and text.startswith("---\n"):
            raise RenderError(
                f"{Place(shown(target), 1)}: an included file has no front matter; move its "
                f"settings to {shown(path)} or to _quarto.yml."
            )
        fences, name = list(code_fences(text, 0)), shown(target)
        offset = 0
        for number, line in enumerate(text.split("\n")[: -1 if text.endswith("\n") else None], 1):
            here, start = Place(name, number), offset
            offset += len(line) + 1
            match = _INCLUDE.match(line)
            if match and any(first <= start < end for first, end in fences):
                raise RenderError(
                    f"{here}: an include inside a code block is read differently by different "
                    "engines; write {{{< include … >}}} to show one, or move it out of the block."
                )
            if match:
                if leads_out(match[1].lstrip("/")):
                    raise RenderError(f"{here}: {match[1]} {LEADS_OUT}")
                includes.setdefault(match[1], []).append(here)
                root = path.parent
                child = root / match[1].lstrip("/") if match[1].startswith("/") else root / match[1]
                expand(child, here, (*parents, target.resolve()))
                line = ""
            lines.append(line)
            places.append(here)

    expand(path, None, ())
    text = "\n".join(lines) + "\n"
    header, body = _split_front_matter(text, Place(shown(path), 1))
    project = path.parent / "_quarto.yml"
    metadata = _load_settings(read_text(project, None) if project.exists() else "", project, 0)
    metadata = merge_metadata(metadata, _load_settings(header, path, 1))
    return Document(path, text, tuple(places), body, metadata, includes)


LEADS_OUT = (
    "is hidden or outside the document's folder, where a change of it would go unnoticed; put a "
    "copy into that folder, from which paths start."
)
"""What is wrong with a name that `leads_out`, and the remedy."""


def leads_out(name: str) -> bool:
    """Whether a path does not lead to a file of the document's folder, or to one that hides."""
    path = posixpath.normpath(name)
    return path.startswith("/") or any(part.startswith(".") for part in path.split("/"))


def shown(path: Path) -> str:
    """A path as messages name it: relative to the current folder where it lies inside."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def read_text(path: Path, named: Place | None) -> str:
    """The text of a file; ``named`` is where the author names it. Raises RenderError."""
    where = f"{named}: " if named else ""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise RenderError(
            f"{where}the file {shown(path)} does not exist; create it or correct its name "
            "(paths start at the main document's folder)."
        ) from None
    except (UnicodeDecodeError, OSError) as error:
        raise RenderError(
            f"{where}the file {shown(path)} cannot be read as UTF-8 text ({error})."
        ) from None
    if found := CONTROL.search(text):
        place = Place(shown(path), text.count("\n", 0, found.start()) + 1)
        raise RenderError(
            f"{place}: the control character U+{ord(found[0]):04X} is no text; take it out, and "
            "end lines with a line feed."
        )
    return text


def _split_front_matter(text: str, start: Place) -> tuple[str, int]:
    if not text.startswith("---\n"):
        return "", 0
    match = re.compile(r"^(?:---|\.\.\.)[ \t]*\n", re.MULTILINE).search(text, 4)
    if match is None:
        raise RenderError(f"{start}: the front matter is not closed; end it with a line `---`.")
    return text[4 : match.start()], match.end()


def _load_settings(text: str, path: Path, lines_before: int) -> dict[str, Any]:
    """The settings that ``text`` holds, which stands in ``path`` after some lines.

    Those of no format are written into each format: a document's own `toc: false` counts for more
    than the `toc: true` that `_quarto.yml` gives to one format. Raises RenderError.
    """
    try:
        metadata = strict_yaml.load(text)
    except YamlError as error:
        raise RenderError(f"{Place(shown(path), error.line + lines_before)}: {error}") from None
    given = metadata.pop("format", {})
    formats = {given: "default"} if isinstance(given, str) else given
    if not isinstance(formats, dict) or not all(
        isinstance(chosen, dict) or chosen == "default" for chosen in formats.values()
    ):
        line = text.partition("format")[0].count("\n") + 1 + lines_before
        raise RenderError(
            f"{Place(shown(path), line)}: `format` names `typst` and `html`, and under each its "
            "settings or the word `default`."
        )
    chosen = {name: {} if own == "default" else own for name, own in formats.items()}
    whole = {name: merge_metadata(metadata, chosen.get(name, {})) for name in (*FORMATS, *chosen)}
    return metadata | {"format": whole}


def as_list(given: Any) -> list[Any]:
    """A setting that may be one value or several, as several."""
    return given if isinstance(given, list) else [given]


def merge_metadata(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as Quarto does: maps key by key, lists one after the other, else the latter wins."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = merge_metadata(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            merged[key] = old + [item for item in value if item not in old]
        else:
            merged[key] = value
    return merged
