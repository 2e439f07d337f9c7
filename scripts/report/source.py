"""Reads a Quarto document as its author wrote it and finds its mistakes before any engine runs.

Quarto only warns where a reference, a variable or a file is missing, so the checks live here and
hold for both engines. Includes are expanded, and every character of the expanded text still knows
the file and the line that it came from.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import yaml

#: Cross-reference prefixes: what the part of a label before its first hyphen may be.
REFERENCE_KINDS = (
    *("fig", "tbl", "eq", "sec"),
    *("thm", "lem", "cor", "prp", "cnj", "def", "exm", "exr", "alg"),
)
#: Prefixes that Quarto numbers too and that this project does not use.
FOREIGN_KINDS = ("lst", "nte", "wrn", "tip", "imp", "cau", "rem", "sol", "vid", "dia")

_INCLUDE = re.compile(r"^\s*\{\{<\s*include\s+(\S+)\s*>\}\}\s*$")
_SHORTCODE = re.compile(r"(?<!\{)\{\{<\s*(.*?)\s*>\}\}(?!\})", re.DOTALL)
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})(.*)$")
_DIV = re.compile(r"^[ \t>]*(:{3,})[ \t]*(.*?)[ \t:]*$")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.*)$")
_ATTRIBUTE = re.compile(
    r"""#(?P<id>[^\s}"'=]+)|\.(?P<cls>[^\s}"'=]+)"""
    r"""|(?P<key>[\w:-]+)\s*=\s*(?:"(?P<dq>(?:\\.|[^"\\])*)"|'(?P<sq>[^']*)'|(?P<bare>[^\s}]+))"""
    r"""|(?P<dash>-)(?=[\s}]|$)""",
    re.DOTALL,
)
_REFERENCE = re.compile(r"(?<![\w@\\/])@\{?([A-Za-z_][\w:.#$%&+?<>~/-]*)")
_RAW_HTML = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>")


class RenderError(Exception):
    """A document cannot be rendered; the message names file, line and remedy."""


class Place(NamedTuple):
    """Where something stands in the author's files."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Problem(NamedTuple):
    """One mistake of the author, with what to do about it."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class Attributes:
    """What stands between braces: ``{#id .class key="value"}``."""

    identifier: str
    classes: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True)
class Image:
    """An image as the text names it."""

    path: str
    caption: str
    attributes: Attributes
    offset: int


@dataclass(frozen=True)
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
        line = self.text.count("\n", 0, offset)
        return self.places[min(line, len(self.places) - 1)]

    def options(self, target: str) -> dict[str, Any]:
        """The metadata as one format (``typst`` or ``html``) sees it."""
        formats = self.metadata.get("format") or {}
        chosen = formats.get(target) if isinstance(formats, dict) else None
        common = {key: value for key, value in self.metadata.items() if key != "format"}
        return merge_metadata(common, chosen if isinstance(chosen, dict) else {})

    @cached_property
    def code_free(self) -> str:
        """``text`` with front matter, code and comments blanked; as long as ``text``."""
        return _blank_code(self.text, self.body)

    @cached_property
    def prose(self) -> str:
        """``code_free`` with the mathematics blanked as well; as long as ``text``."""
        return _blank(self.code_free, [span for span, _, _ in find_math(self.code_free)])


def find_math(code_free: str) -> list[tuple[tuple[int, int], str, bool]]:
    """Every formula: its span (dollars included), its LaTeX, and whether it is displayed."""
    pattern = re.compile(
        r"(?<!\\)\$\$(?P<display>.+?)(?<!\\)\$\$"
        r"|(?<![\\$])\$(?=[^\s$])(?P<inline>(?:\\.|[^$\\\n]|\n(?![ \t]*\n))*?)(?<=\S)\$(?!\d)",
        re.DOTALL,
    )
    found = []
    for match in pattern.finditer(code_free):
        display = match["display"] is not None
        found.append((match.span(), match["display"] if display else match["inline"], display))
    return found


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    """Spaces instead of the spans; line breaks stay, so offsets and lines do."""
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], re.sub(r"[^\n]", " ", text[start:end])]
        last = end
    return "".join([*parts, text[last:]])


def _blank_code(text: str, body: int) -> str:
    spans: list[tuple[int, int]] = [(0, body)]
    spans += list(_code_fences(text, body))
    text = _blank(text, spans)
    comment_or_code = re.compile(
        r"<!--.*?-->|(?<![`\\])(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL
    )
    return _blank(text, [match.span() for match in comment_or_code.finditer(text)])


def _code_fences(text: str, body: int) -> Iterator[tuple[int, int]]:
    """Spans of the fenced code blocks after ``body``, fences included."""
    fence, start, offset = "", 0, body
    for line in text[body:].splitlines(keepends=True):
        match = _FENCE.match(line)
        if match and not fence:
            fence, start = match[1], offset
        elif match and fence and match[1].startswith(fence) and not match[2].strip():
            yield start, offset + len(line)
            fence = ""
        offset += len(line)
    if fence:
        yield start, offset


# ------------------------------------------------------------------------------- reading


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
        text = _read_text(target, named)
        if parents and text.startswith("---\n"):
            raise RenderError(
                f"{Place(shown(target), 1)}: an included file has no front matter; move its "
                f"settings to {shown(path)} or to _quarto.yml."
            )
        fences = list(_code_fences(text, 0))
        offset = 0
        for number, line in enumerate(text.split("\n")[: -1 if text.endswith("\n") else None], 1):
            here = Place(shown(target), number)
            match = _INCLUDE.match(line)
            if match and any(start <= offset < end for start, end in fences):
                raise RenderError(
                    f"{here}: an include inside a code block is read differently by different "
                    "engines; write {{{< include … >}}} to show one, or move it out of the block."
                )
            if match:
                includes.setdefault(match[1], []).append(here)
                root = path.parent
                child = root / match[1].lstrip("/") if match[1].startswith("/") else root / match[1]
                expand(child, here, (*parents, target.resolve()))
                line = ""
            lines.append(line)
            places.append(here)
            offset += len(text.split("\n")[number - 1]) + 1

    expand(path, None, ())
    text = "\n".join(lines) + "\n"
    header, body = _split_front_matter(text, Place(shown(path), 1))
    project = path.parent / "_quarto.yml"
    metadata = _load_yaml(_read_text(project, None), project, 0) if project.exists() else {}
    metadata = merge_metadata(metadata, _load_yaml(header, path, 1))
    return Document(path, text, tuple(places), body, metadata, includes)


def shown(path: Path) -> str:
    """A path as messages name it: relative to the current folder where it lies inside."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _read_text(path: Path, named: Place | None) -> str:
    where = f"{named}: " if named else ""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RenderError(
            f"{where}the file {shown(path)} does not exist; create it or correct its name "
            "(paths start at the main document's folder)."
        ) from None
    except (UnicodeDecodeError, OSError) as error:
        raise RenderError(
            f"{where}the file {shown(path)} cannot be read as UTF-8 text ({error})."
        ) from None


def _split_front_matter(text: str, start: Place) -> tuple[str, int]:
    if not text.startswith("---\n"):
        return "", 0
    match = re.compile(r"^(?:---|\.\.\.)[ \t]*\n", re.MULTILINE).search(text, 4)
    if match is None:
        raise RenderError(f"{start}: the front matter is not closed; end it with a line `---`.")
    return text[4 : match.start()], match.end()


def _load_yaml(text: str, path: Path, lines_before: int) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = (mark.line if mark else 0) + 1 + lines_before
        reason = getattr(error, "problem", None) or "not valid YAML"
        raise RenderError(f"{Place(shown(path), line)}: the YAML is broken: {reason}.") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise RenderError(
            f"{Place(shown(path), 1 + lines_before)}: `key: value` pairs are wanted here."
        )
    return loaded


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


def load_variables(path: Path) -> dict[str, str]:
    """Values of ``_variables.yml`` by dotted key, each as the text that the document shows.

    Raises RenderError for a value that is neither text nor a whole number: Quarto would reformat
    it (``0.500`` becomes ``0.5``).
    """
    values: dict[str, str] = {}

    def flatten(prefix: str, node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                flatten(f"{prefix}.{key}" if prefix else str(key), value)
        elif isinstance(node, str) or (isinstance(node, int) and not isinstance(node, bool)):
            values[prefix] = str(node)
        else:
            raise RenderError(
                f"{shown(path)}: the value {node!r} of `{prefix}` must be a text or a whole "
                "number; put it in quotes, so that every engine prints it as written."
            )

    flatten("", _load_yaml(_read_text(path, None), path, 0))
    return values


def markdown_escape(text: str) -> str:
    """The Markdown that reads back as this very text, on one line.

    For values of ``_variables.yml`` and cells of generated tables: Quarto parses a variable as
    Markdown in prose, and takes its plain text inside formulas, code and attributes.
    """
    text = " ".join(text.split())
    text = re.sub(r"([\\`*_{}\[\]()#+!|<>~^$@\"'&=:;?/%])", r"\\\1", text)
    text = re.sub(r"\.(?![A-Za-z0-9])", r"\\.", text)
    return re.sub(r"-(?![A-Za-z0-9])|(?<=-)-", r"\\-", text)


# ------------------------------------------------------------------------------- finding


@dataclass(frozen=True)
class Shortcode:
    """``{{< name argument … >}}`` in the text."""

    name: str
    arguments: tuple[str, ...]
    span: tuple[int, int]


def find_shortcodes(text: str) -> list[Shortcode]:
    """Every shortcode that is not escaped by a third brace, in order."""
    found = []
    for match in _SHORTCODE.finditer(text):
        name, *arguments = match[1].split() or [""]
        found.append(Shortcode(name, tuple(arguments), match.span()))
    return found


def parse_attributes(inner: str) -> Attributes:
    """Read the inside of an attribute block."""
    identifier, classes, values = "", [], {}
    for match in _ATTRIBUTE.finditer(inner):
        if match["id"]:
            identifier = match["id"]
        elif match["cls"]:
            classes.append(match["cls"])
        elif match["dash"]:
            classes.append("unnumbered")
        elif match["key"]:
            value = next(match[group] for group in ("dq", "sq", "bare") if match[group] is not None)
            values[match["key"]] = re.sub(r"\\(.)", r"\1", value)
    return Attributes(identifier, tuple(classes), values)


def _closing(text: str, start: int) -> int:
    """Offset just behind the bracket that closes the one at ``start``, or -1."""
    closer = {"[": "]", "(": ")", "{": "}"}[text[start]]
    depth, offset, quoted = 0, start, ""
    while offset < len(text):
        char = text[offset]
        if char == "\\":
            offset += 1
        elif closer == "}" and char in "\"'":
            quoted = "" if quoted == char else quoted or char
        elif not quoted and char == text[start]:
            depth += 1
        elif not quoted and char == closer:
            depth -= 1
            if depth == 0:
                return offset + 1
        offset += 1
    return -1


def find_images(document: Document) -> list[Image]:
    """Every image of the body, in order."""
    text, images = document.prose, []
    for match in re.finditer(r"(?<!\\)!\[", text):
        bracket = match.end() - 1
        end = _closing(text, bracket)
        if end < 0 or end >= len(text) or text[end] != "(":
            continue
        close = _closing(text, end)
        if close < 0:
            continue
        target = document.text[end + 1 : close - 1].split()
        attributes, _ = _attributes_at(document, close)
        caption = document.text[bracket + 1 : end - 1]
        images.append(Image(target[0] if target else "", caption, attributes, match.start()))
    return images


def _attributes_at(document: Document, offset: int) -> tuple[Attributes, int]:
    """The attribute block that starts at ``offset`` (if one does) and the offset behind it."""
    if document.prose[offset : offset + 1] != "{":
        return Attributes("", (), {}), offset
    end = _closing(document.prose, offset)
    if end < 0:
        return Attributes("", (), {}), offset
    return parse_attributes(document.text[offset + 1 : end - 1]), end


@dataclass(frozen=True)
class Equation:
    """A displayed formula with a label: ``$$…$$ {#eq-x alt="…"}``.

    ``formula`` is the span of the dollars and what is between them, ``label`` that of the braces.
    """

    formula: tuple[int, int]
    label: tuple[int, int]
    latex: str
    attributes: Attributes


def find_equations(document: Document) -> Iterator[Equation]:
    """Yield every equation with a label, in order; Quarto allows one line break before it."""
    gap = re.compile(r"[ \t]*\n?[ \t]*(?=\{#)")
    for span, latex, display in find_math(document.code_free):
        behind = gap.match(document.prose, span[1]) if display else None
        if behind is not None:
            attributes, end = _attributes_at(document, behind.end())
            yield Equation(span, (behind.end(), end), latex, attributes)


def variables_used(qmd: str | Path | Document) -> dict[str, list[Place]]:
    """Every variable that the document asks for, with the places where it does."""
    document = qmd if isinstance(qmd, Document) else read_document(qmd)
    used: dict[str, list[Place]] = {}
    for code in find_shortcodes(document.text):
        if code.name == "var" and code.arguments:
            used.setdefault(code.arguments[0], []).append(document.place(code.span[0]))
    return used


def figures_used(qmd: str | Path | Document) -> dict[str, list[Place]]:
    """Every image file that the document names, with the places where it does."""
    document = qmd if isinstance(qmd, Document) else read_document(qmd)
    used: dict[str, list[Place]] = {}
    for image in find_images(document):
        used.setdefault(image.path, []).append(document.place(image.offset))
    return used


def includes_used(qmd: str | Path | Document) -> dict[str, list[Place]]:
    """Every file that the document includes, directly or not, with the places where it does."""
    document = qmd if isinstance(qmd, Document) else read_document(qmd)
    return document.includes


# ------------------------------------------------------------------------------ checking


@dataclass(frozen=True)
class Label:
    """A label that the text defines; ``numbered`` is false for a heading without a number."""

    name: str
    offset: int
    numbered: bool = True


def find_labels(document: Document) -> list[Label]:
    """Every explicit label of the body, in order, double ones included."""
    depth = int(document.options("typst").get("number-depth", 6))
    headings = {}
    for match in re.finditer(_HEADING.pattern, document.prose, re.MULTILINE):
        headings[match.start()] = (len(match[1]), match.end())
    labels = []
    for match in re.finditer(r"(?<!\\)\{(?=[#.\w-])", document.prose):
        attributes, end = _attributes_at(document, match.start())
        if not attributes.identifier:
            continue
        line = document.prose.rfind("\n", 0, match.start()) + 1
        level, stop = headings.get(line, (0, 0))
        numbered = not (level and end <= stop) or (
            level <= depth and "unnumbered" not in attributes.classes
        )
        labels.append(Label(attributes.identifier, match.start(), numbered))
    return labels


def check(
    document: Document,
    *,
    variables: Mapping[str, str] | None = None,
    figures: Container[str] | None = None,
) -> None:
    """Raise RenderError, a paragraph for each mistake, when the document cannot be rendered.

    ``variables`` are the values of ``_variables.yml`` (None: do not ask whether they exist);
    ``figures`` are the image files that there will be (None: those on disk).
    """
    problems = [
        *_shortcode_problems(document, variables),
        *_label_problems(document),
        *_reference_problems(document),
        *_image_problems(document, figures),
        *_equation_problems(document),
        *_heading_problems(document),
        *_markup_problems(document),
    ]
    if problems:
        raise RenderError("\n".join(str(problem) for problem in problems))


def _shortcode_problems(
    document: Document, variables: Mapping[str, str] | None
) -> Iterator[Problem]:
    for code in find_shortcodes(document.text):
        start = code.span[0]
        place = document.place(start)
        in_code = start >= document.body and document.code_free[start] == " "
        if code.name == "var" and len(code.arguments) != 1:
            yield Problem(place, "`var` takes exactly one key, `{{< var topic.key >}}`.")
        elif code.name == "var" and variables is not None and code.arguments[0] not in variables:
            yield Problem(
                place,
                f"the variable `{code.arguments[0]}` has no value in _variables.yml; correct the "
                f"key{_similar(code.arguments[0], variables)}, or make a script write it.",
            )
        elif code.name == "include" and not in_code:
            yield Problem(place, "an include stands alone on its line, without blanks in its path.")
        elif code.name not in ("var", "include", "pagebreak") and not in_code:
            yield Problem(
                place,
                f"the shortcode `{code.name}` is unknown; this project uses `include`, `var` and "
                "`pagebreak` (write {{{< … >}}} to show one).",
            )


def _similar(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean `{close[0]}`?)" if close else ""


def _label_problems(document: Document) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for label in find_labels(document):
        kind = label.name.split("-")[0]
        if label.name in first:
            yield Problem(
                document.place(label.offset),
                f"the label `{label.name}` is taken, see {document.place(first[label.name])}; "
                "give one of the two another name.",
            )
        elif "-" in label.name and kind in FOREIGN_KINDS:
            yield Problem(
                document.place(label.offset),
                f"labels of the kind `{kind}-` are not supported; use one of "
                f"{', '.join(REFERENCE_KINDS)}.",
            )
        first.setdefault(label.name, label.offset)


def _reference_problems(document: Document) -> Iterator[Problem]:
    labels = {label.name: label for label in find_labels(document)}
    keys = _citation_keys(document)
    numbered_sections = document.options("typst").get("number-sections") is True
    prose = _without_attributes(document)
    for match in _REFERENCE.finditer(prose):
        name = match[1].rstrip(".:,;?!-_~/+<>&%$#")
        kind = name.split("-")[0].lower()
        place = document.place(match.start())
        if "-" not in name or kind not in (*REFERENCE_KINDS, *FOREIGN_KINDS):
            if name not in keys:
                yield Problem(
                    place,
                    f"`@{name}` is neither a label's kind nor a key of the bibliography; correct "
                    f"it{_similar(name, keys)}, or add the entry.",
                )
            continue
        label = labels.get(name[0].lower() + name[1:])
        if label is None:
            yield Problem(
                place,
                f"`@{name}` refers to nothing: no label of that name; correct it"
                f"{_similar(name, labels)}, or label its target.",
            )
        elif kind == "sec" and not (numbered_sections and label.numbered):
            yield Problem(
                place, f"`@{name}` is a section without a number; use [text](#{name}) instead."
            )
    for match in re.finditer(r"\]\(#([^)\s]+)\)", prose):
        if match[1] not in labels:
            yield Problem(
                document.place(match.start()),
                f"the link to `#{match[1]}` has no target; label it with {{#{match[1]}}}.",
            )


def _without_attributes(document: Document) -> str:
    """Prose without attribute blocks, whose values are no Markdown."""
    spans: list[tuple[int, int]] = []
    for match in re.finditer(r"(?<!\\)\{(?=[#.\w-])", document.prose):
        _, end = _attributes_at(document, match.start())
        if not spans or match.start() >= spans[-1][1]:
            spans.append((match.start(), end))
    return _blank(document.prose, spans)


def _citation_keys(document: Document) -> set[str]:
    """Keys of the document's BibTeX files. Raises RenderError when a file is missing."""
    given = document.metadata.get("bibliography", [])
    keys: set[str] = set()
    for name in given if isinstance(given, list) else [given]:
        text = _read_text(document.folder / str(name), Place(shown(document.path), 1))
        keys |= set(re.findall(r"^\s*@(?!comment|string|preamble)\w+\s*\{\s*([^,\s]+)", text, re.M))
    return keys


def _image_problems(document: Document, figures: Container[str] | None) -> Iterator[Problem]:
    for image in find_images(document):
        place = document.place(image.offset)
        values, label = image.attributes.values, image.attributes.identifier
        if "://" in image.path:
            yield Problem(place, f"the image {image.path} is not a file; keep a copy here.")
        elif not (
            (document.folder / image.path).is_file() if figures is None else image.path in figures
        ):
            yield Problem(
                place,
                f"the figure {image.path} does not exist; make a rule that plots it, or correct "
                "the path (it starts at the main document's folder).",
            )
        if not (values.get("fig-alt") or values.get("alt") or "").strip():
            yield Problem(
                place,
                f"the figure {image.path} has no alternative text; say what it shows in "
                'fig-alt="…".',
            )
        if bool(image.caption.strip()) != label.startswith("fig-"):
            yield Problem(
                place,
                f"the figure {image.path} needs a caption and a label {{#fig-…}}, or neither.",
            )


def _equation_problems(document: Document) -> Iterator[Problem]:
    wanted = document.options("typst").get("pdf-standard") == "ua-1"
    for equation in find_equations(document):
        place, attributes = document.place(equation.formula[0]), equation.attributes
        name = attributes.identifier
        if not name.startswith("eq-"):
            yield Problem(place, f"the label `{name}` of an equation must begin with `eq-`.")
        elif wanted and not attributes.values.get("alt", "").strip():
            yield Problem(
                place,
                f"the equation `{name}` has no alternative text, which PDF/UA-1 asks for; write it "
                f'as it is spoken: {{#{name} alt="…"}}.',
            )
        if re.search(r"\\(?:label|tag)\b", equation.latex):
            yield Problem(place, r"`\label` and `\tag` have no effect here; use {#eq-…}.")


def _heading_problems(document: Document) -> Iterator[Problem]:
    """Headings of the text (not the titles inside divs) go down one level at a time."""
    depth, level, offset = 0, 0, 0
    for line in document.prose.split("\n"):
        fence = _DIV.match(line)
        heading = _HEADING.match(line)
        if fence:
            depth += 1 if fence[2] else -1
        elif heading and depth <= 0:
            if len(heading[1]) > level + 1:
                yield Problem(
                    document.place(offset),
                    f"a heading of level {len(heading[1])} follows one of level {level}; "
                    "go down one level at a time, starting with `#`.",
                )
            level = len(heading[1])
        offset += len(line) + 1


def _markup_problems(document: Document) -> Iterator[Problem]:
    """Markup that would reach one edition only, or none."""
    for match in _RAW_HTML.finditer(document.prose):
        yield Problem(
            document.place(match.start()),
            f"the HTML tag `{match[0]}` never reaches the PDF; use Markdown, or escape it as "
            rf"`\{match[0]}`.",
        )
    for match in re.finditer(r"(?<!\\)\$", document.prose):
        yield Problem(
            document.place(match.start()),
            r"this dollar sign opens or closes no formula; pair it, or write it as `\$`.",
        )
    for match in re.finditer(r"(?:\A|\n[ \t]*\n)[ \t]*(\(?@[\w-]*[.)])(?=\s)", document.prose):
        yield Problem(
            document.place(match.start(1)),
            f"a paragraph that begins with `{match[1]}` is a numbered example to Pandoc; begin it "
            "with another word.",
        )
    notes = {match[1] for match in re.finditer(r"^\[\^([^\]]+)\]:", document.prose, re.M)}
    for match in re.finditer(r"\[\^([^\]\s]+)\](?!:)", document.prose):
        if match[1] not in notes:
            yield Problem(
                document.place(match.start()), f"the footnote `[^{match[1]}]` is not written."
            )
    fences = list(_code_fences(document.text, document.body))
    for start, _ in fences:
        if re.compile(r"[ \t>]*[`~]+[ \t]*\{\w").match(document.text, start):
            yield Problem(
                document.place(start), "code is shown here, never run; write ```python instead."
            )
    if fences and fences[-1][1] == len(document.text):
        last = document.text.rstrip("\n").rsplit("\n", 1)[-1]
        if not _FENCE.match(last):
            yield Problem(document.place(fences[-1][0]), "this code block is never closed.")
