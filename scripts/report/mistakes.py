"""Finds the mistakes of an author before any engine runs.

Quarto only warns where a reference, a variable or a file is missing, so the checks live here and
hold for both engines.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from scripts.report.blocks import stray_markup
from scripts.report.parts import (
    FOREIGN_KINDS,
    REFERENCE_KINDS,
    attribute_blocks,
    find_equations,
    find_headings,
    find_images,
    find_labels,
    find_shortcodes,
    without_attributes,
)
from scripts.report.source import (
    FENCE,
    PRIVATE,
    Document,
    Place,
    RenderError,
    as_list,
    blank,
    code_fences,
    read_text,
    shown,
)

_REFERENCE = re.compile(r"(?<![\w@\\/])@\{?(\w[\w:.#$%&+?<>~/-]*)")
_RAW_HTML = re.compile(r"(?<!\\)</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>")
#: Of an SVG: links to other files (not those that a reader follows), HTML, programs.
_OUTSIDE = re.compile(
    r"""<(?!a\b)\w[^<>]*\s(?:xlink:)?href\s*=\s*["'](?!\s*(?:#|data:))[^"']*"""
    r"""|url\(\s*["']?(?!\s*(?:\#|data:))[^)]*|@import[^;]*|<!ENTITY[^>]*|<(?:foreignObject|script)\b"""
)


class Problem(NamedTuple):
    """One mistake of the author, with what to do about it."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def check(document: Document, *, variables: Mapping[str, str] | None = None) -> None:
    """Raise RenderError, a paragraph for each mistake, when the document cannot be rendered.

    ``variables`` are the values of ``_variables.yml`` (None: do not ask whether they exist).
    """
    entries = list(_entries(document))
    problems = [
        *_shortcode_problems(document, variables),
        *_label_problems(document),
        *_reference_problems(document, {key for key, _ in entries}),
        *_bibliography_problems(entries),
        *_image_problems(document),
        *_observation_problems(document, variables),
        *_equation_problems(document),
        *_formula_problems(document),
        *_heading_problems(document),
        *_numbering_problems(document),
        *_markup_problems(document),
        *(Problem(document.place(found.offset), found.message) for found in stray_markup(document)),
    ]
    if problems:
        raise RenderError("\n".join(str(problem) for problem in problems))


def _shortcode_problems(
    document: Document, variables: Mapping[str, str] | None
) -> Iterator[Problem]:
    shortcodes = find_shortcodes(document.text)
    shown_only = [found.span() for found in re.finditer(r"\{\{\{<.*?>\}\}\}", document.text)]
    rest = blank(document.text, sorted([*(code.span for code in shortcodes), *shown_only]))
    for match in re.finditer(r"\{\{<|>\}\}", rest):
        yield Problem(
            document.place(match.start()),
            f"`{match[0]}` begins or ends no shortcode; two braces stand at either end, and three "
            "where one is only shown.",
        )
    for match in re.finditer(r"^[ \t]*\{\{<.*>\}\}.*\{\{<.*>\}\}[ \t]*$", document.code_free, re.M):
        yield Problem(
            document.place(match.start()),
            "Quarto takes a line that begins and ends with a shortcode for one; write a word "
            "before or behind.",
        )
    for code in shortcodes:
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
        elif code.name == "pagebreak" and not (
            start >= document.body and _is_a_paragraph(document, code.span)
        ):
            yield Problem(place, "a `pagebreak` stands alone between blank lines.")
        elif code.name == "include" and not in_code:
            yield Problem(place, "an include stands alone on its line, without blanks in its path.")
        elif code.name not in ("var", "include", "pagebreak") and not in_code:
            yield Problem(
                place,
                f"the shortcode `{code.name}` is unknown; this project uses `include`, `var` and "
                "`pagebreak` (write {{{< … >}}} to show one).",
            )


def _is_a_paragraph(document: Document, span: tuple[int, int]) -> bool:
    """Whether a stretch of text, which is no code, stands alone between blank lines."""
    if document.code_free[slice(*span)] != document.text[slice(*span)]:
        return False
    behind = re.compile(r"[ \t]*\n[ \t]*(?:\n|\Z)").match(document.text, span[1])
    return behind is not None and document.text[: span[0]].endswith("\n\n")


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
                f"labels of the kind `{kind}-` ({FOREIGN_KINDS[kind]}) are not supported; use one "
                f"of {', '.join(REFERENCE_KINDS)}, or no label and words.",
            )
        first.setdefault(label.name, label.offset)


def _reference_problems(document: Document, keys: set[str]) -> Iterator[Problem]:
    labels = {label.name: label for label in find_labels(document)}
    numbered_sections = document.options("typst").get("number-sections") is True
    prose = without_attributes(document)
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
        if kind in FOREIGN_KINDS:
            yield Problem(
                place,
                f"`@{name}` refers to a numbered {FOREIGN_KINDS[kind]}, of which there are none "
                "here; refer to it in words.",
            )
        elif label is None:
            yield Problem(
                place,
                f"`@{name}` refers to nothing: no label of that name; correct it"
                f"{_similar(name, labels)}, or label its target.",
            )
        elif kind == "sec" and not (numbered_sections and label.numbered):
            yield Problem(
                place, f"`@{name}` is a section without a number; use [text](#{name}) instead."
            )
    for match in re.finditer(r"(?<![\w@\\/])@([a-z]+)-[\w:-]+[ \t]*\n?[ \t]*\[@", prose):
        if match[1] in REFERENCE_KINDS:
            yield Problem(
                document.place(match.start()),
                f"`{' '.join(match[0].split())}` is one citation to Pandoc, and a part of it would "
                "be lost; write a word or a comma before the bracket.",
            )
    for match in re.finditer(r"\]\(#([^)\s]+)\)", prose):
        if match[1] not in labels:
            yield Problem(
                document.place(match.start()),
                f"the link to `#{match[1]}` has no target; label it with {{#{match[1]}}}.",
            )


def _entries(document: Document) -> Iterator[tuple[str, Place]]:
    """Key and place of each entry of the document's BibTeX files.

    Raises RenderError when a file is missing.
    """
    given = document.metadata.get("bibliography", [])
    for name in as_list(given):
        path = document.folder / str(name)
        text = read_text(path, Place(shown(document.path), 1))
        for match in re.finditer(r"(?<![\w.])@\w+\s*\{\s*([^\s,{}=\"]+)\s*,", text):
            yield match[1], Place(shown(path), text.count("\n", 0, match.start()) + 1)


def _bibliography_problems(entries: Iterable[tuple[str, Place]]) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for key, place in entries:
        if key in first:
            yield Problem(
                place,
                f"the key `{key}` is taken, see {first[key]}; give one of the two entries another.",
            )
        first.setdefault(key, place)


def _image_problems(document: Document) -> Iterator[Problem]:
    for image in find_images(document):
        place = document.place(image.offset)
        values, label = image.attributes.values, image.attributes.identifier
        if "://" in image.path:
            yield Problem(place, f"the image {image.path} is not a file; keep a copy here.")
        elif not (document.folder / image.path).is_file():
            yield Problem(
                place,
                f"the figure {image.path} does not exist; make a rule that plots it, or correct "
                "the path (it starts at the main document's folder).",
            )
        else:
            linked = _linked(document.folder / image.path)
            if linked:
                yield Problem(
                    place,
                    f"the figure {image.path} shows `{linked}`, which reaches neither edition; "
                    "put all of the drawing into the file itself.",
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


def _observation_problems(
    document: Document, variables: Mapping[str, str] | None
) -> Iterator[Problem]:
    """What is said of a run names the checks behind it, which the build knows (`collect`)."""
    prefix = "observed."
    known = [name.removeprefix(prefix) for name in variables or () if name.startswith(prefix)]
    for attributes, start, _ in attribute_blocks(document):
        is_span = "observed" in attributes.classes
        named = attributes.values.get("check" if is_span else "observed", "").split()
        if is_span and not named:
            yield Problem(
                document.place(start),
                'this observation names no check; write {.observed check="topic.name"}.',
            )
        for name in named if variables is not None else ():
            if name not in known:
                yield Problem(
                    document.place(start),
                    f"no check `{name}` is an observation; correct the name"
                    f"{_similar(name, known)}, or give the check `observed=True`.",
                )


def _linked(drawing: Path) -> str:
    """What an SVG shows that is not in it, or that only a browser would show; else nothing."""
    if drawing.suffix.lower() != ".svg" or not drawing.is_file():
        return ""
    return _from_outside(drawing.read_text(encoding="utf-8", errors="replace"))


@lru_cache(maxsize=128)  # the preview asks this of the same drawings after every save
def _from_outside(drawing: str) -> str:
    found = _OUTSIDE.search(drawing)
    return " ".join(found[0].split())[:80] if found else ""


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


#: An argument in LaTeX, the columns of an array, and what has signs above and below it, not beside.
_ARGUMENT = r"(?>\{(?:[^{}]|\{[^{}]*\})*\}|\S)"
_COLUMNS = r"\{(?:[lcr\s]|@\{\}|\*\{\d+\}\{[lcr\s]+\})*\}"
_WITH_LIMITS = (
    r"[=<>:]|\\(?:n?[lg]eq?|neq?|n?sim(?:eq)?|approx|equiv|cong|propto|perp|in|n?(?:sub|sup)seteq"
    r"|coloneqq|to|gets|mapsto|leadsto|implies|iff|(?:[Ll]ong)?(?:[Ll]eft|[Rr]ight)+arrow"
    r"|lim|limsup|liminf|max|min|sup|inf|arg|sum|prod|bigcup|bigcap|operatorname|mathop)(?![A-Za-z])"
)
#: What Pandoc leaves out of a formula, or turns into something else, without a word.
_LOST = {
    r"\\(?:tag|label|ref|eqref)(?![A-Za-z])": (
        "has no effect in a formula; label the whole with {#eq-…} behind its dollars, which "
        "numbers it, and refer to it by @eq-…"
    ),
    r"\\(?:hline|cline|hdashline)(?![A-Za-z])"
    rf"|\\begin\s*\{{array\}}\s*(?!{_COLUMNS}){_ARGUMENT}": (
        "asks for rules or signs between the columns of an array, which neither edition has; name "
        "the columns by l, c and r alone, or write a Markdown table"
    ),
    r"\\begin\s*\{(?:aligned|gathered|alignedat|\w*matrix\*)\}\s*\[\w\]": (
        "would print its option; take out what stands in brackets, and the star"
    ),
    r"\\color(?![A-Za-z])": "reaches neither edition; say in words what the colour would",
    rf"\\(?:overset|underset|stackrel)\s*{_ARGUMENT}\s*+\{{?+\s*+(?!{_WITH_LIMITS})": (
        "would be an exponent or an index in the PDF, since what it stands at is no relation, "
        "arrow or operator; write it with ^ or _"
    ),
}


def _formula_problems(document: Document) -> Iterator[Problem]:
    for (start, end), latex, _ in document.formulas:
        first = start + (end - start - len(latex)) // 2
        for pattern, consequence in _LOST.items():
            for match in re.finditer(pattern, latex):
                found = " ".join(match[0].rstrip("{ ").split())
                yield Problem(document.place(first + match.start()), f"`{found}` {consequence}.")


def _heading_problems(document: Document) -> Iterator[Problem]:
    """Headings of the text (not the titles inside divs) go down one level at a time."""
    level = 0
    for offset, heading in find_headings(document):
        if len(heading[1]) > level + 1:
            yield Problem(
                document.place(offset),
                f"a heading of level {len(heading[1])} follows one of level {level}; "
                "go down one level at a time, starting with `#`.",
            )
        level = len(heading[1])


def _numbering_problems(document: Document) -> Iterator[Problem]:
    """Settings by which Quarto numbers the sections of PDF and HTML differently."""
    typst, html = document.options("typst"), document.options("html")
    deep = re.search(r"^#{3,6}[ \t]", document.prose, re.MULTILINE)
    if deep and typst.get("number-sections") is True and "section-numbering" not in typst:
        yield Problem(
            document.place(deep.start()),
            "Quarto numbers a heading of the third level 1.1.a in the PDF and 1.1.1 in the HTML; "
            'set `section-numbering: "1.1.1"` under `format: typst:`.',
        )
    headers = typst.get("include-in-header", [])
    paths = [document.folder / str(name) for name in as_list(headers)]
    code = "".join(read_text(path, None) for path in paths if path.is_file())
    counted = re.findall(r"^\s*#counter\(heading\)\.update\((\d+)\)", code, re.MULTILINE)
    on_paper, on_screen = int(counted[-1]) if counted else 0, html.get("number-offset", 0)
    if on_paper != on_screen:
        yield Problem(
            Place(shown(document.path), 1),
            f"Quarto's PDF counts {on_paper} sections before the first one, by `#counter(heading)"
            f".update({on_paper})` in its header, and the HTML {on_screen}, by `number-offset: "
            f"{on_screen}`; write the same number in both.",
        )


def _markup_problems(document: Document) -> Iterator[Problem]:
    """Markup that would reach one edition only, or none."""
    for match in PRIVATE.finditer(document.text):
        yield Problem(
            document.place(match.start()),
            f"the private character U+{ord(match[0]):04X} is the engine's; take it out.",
        )
    prose = without_attributes(document)
    for match in _RAW_HTML.finditer(prose):
        yield Problem(
            document.place(match.start()),
            f"the HTML tag `{match[0]}` never reaches the PDF; use Markdown, or escape it as "
            rf"`\{match[0]}`.",
        )
    for match in re.finditer(r"(?<!\\)(?:\\\\)*(\\[A-Za-z]+)", prose):
        yield Problem(
            document.place(match.start(1)),
            f"the raw TeX `{match[1]}` reaches neither the PDF nor the HTML; put a formula between "
            "dollars, and write the rest in Markdown.",
        )
    for match in re.finditer(r"(?<!\\)(?:\\\\)*\$", prose):
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
    for match in re.finditer(r"\[\^([^\]\s^]+)\](?!:)", document.prose):
        if match[1] not in notes:
            yield Problem(
                document.place(match.start()), f"the footnote `[^{match[1]}]` is not written."
            )
    fences = list(code_fences(document.text, document.body))
    for start, _ in fences:
        cell = re.compile(r"[ \t>]*[`~]+[ \t]*\{(\w+)").match(document.text, start)
        if cell and cell[1] in ("mermaid", "dot"):
            yield Problem(
                document.place(start),
                f"the diagram in {{{cell[1]}}} is not drawn here; have a script draw it, and show "
                "its SVG as a figure.",
            )
        elif cell:
            yield Problem(
                document.place(start),
                f"code is shown here, never run; write ```{cell[1]} instead of {{{cell[1]}}}.",
            )
    if fences and fences[-1][1] == len(document.text):
        last = document.text.rstrip("\n").rsplit("\n", 1)[-1]
        if not FENCE.match(last):
            yield Problem(document.place(fences[-1][0]), "this code block is never closed.")
