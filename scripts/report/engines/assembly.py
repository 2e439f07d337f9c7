"""Reads a document chapter by chapter, and puts what Pandoc made of them together.

The chapters go into a frame (the format's template, filled from the document's metadata); numbers
and citations, which depend on all chapters, come last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.report.engines import features, problems
from scripts.report.engines.chapters import chapters
from scripts.report.engines.citations import with_citations
from scripts.report.engines.extensions import sources
from scripts.report.engines.numbering import filled, numbers
from scripts.report.engines.pandoc import (
    Conversion,
    PandocError,
    Part,
    convert,
    fingerprint,
    forget,
    in_parallel,
)
from scripts.report.parts import Equation, find_equations, find_shortcodes
from scripts.report.source import Document
from scripts.report.variables import variables_of

_HERE = Path(__file__).parent
_OF_THE_FRAME = ("title", "subtitle", "author", "date", "abstract")
_NOT_PANDOCS = (
    *("project", "execute", "filters", "include-in-header", "css", "template", "font-paths"),
)


@dataclass(frozen=True)
class Edition:
    """A document on its way to one format.

    options: its settings (see ``features.read``). target: ``typst`` or ``html5``. template: the
    file that frames it. arguments: further options of Pandoc.
    """

    document: Document
    options: Mapping[str, Any]
    target: str
    template: Path
    arguments: tuple[str, ...]

    def assembled(self) -> str:
        """The whole in the target's language. Raises RenderError."""
        before = self._files
        try:
            return self._assembled()
        finally:
            if self._fingerprint() != before:
                forget()

    def _assembled(self) -> str:
        read = in_parallel(self._chapter, chapters(self.document))
        if _repeat_a_name(read):  # Pandoc makes names of headings' words, each once in a text
            read = [self._chapter((self.document.body, len(self.document.text)))]
        frame, *read = self._with_citations([self._frame(), *read])
        items = (item for part in read for item in part.record["items"])
        given = numbers(items, self.document.options("html").get("number-offset", 0))
        frame, *read = (self._with_numbers(part, given) for part in (frame, *read))
        whole = frame.text.replace(_place("body"), "\n".join(part.text for part in read))
        return whole.replace(_place("contents"), _one_list(read)) + "\n"

    def _chapter(self, span: tuple[int, int]) -> Part:
        names: list[str] = []
        body = _tokenised(self._with_equations(span), names)
        return self._convert(body, self._chapter_options, self._metadata(names), span[0])

    def _with_equations(self, span: tuple[int, int]) -> str:
        """A stretch of text; labelled equations in brackets, by which Pandoc reads their labels."""
        text, (last, stop) = self.document.text, span
        parts = []
        for equation in self._equations:
            (start, end), (label, close) = equation.formula, equation.label
            if span[0] <= start < stop:
                parts += [
                    text[last:start],
                    f"[{text[start:end]}{text[end:label]}]",
                    text[label:close],
                ]
                last = close
        return "".join([*parts, text[last:stop]])

    def _frame(self) -> Part:
        """The template, filled, with a place for the chapters."""
        headers = features.files(self.document, self.options, "include-in-header")
        options = (
            f"--template={self.template.resolve()}",
            *(f"--include-in-header={path.resolve()}" for path in headers),
        )
        names: list[str] = []
        text = f"```{{={self.target.rstrip('5')}}}\n{_place('body')}\n```\n"
        metadata = self._metadata(names, frame=True)
        return self._convert(text, (*self._filters, *options), metadata, 0)

    def _with_citations(self, parts: Sequence[Part]) -> list[Part]:
        def set_them(citations: str) -> Part:
            _, after = self._own_filters
            own = (*_as_options([features.CITATIONS]), *after)
            options = ("--from=json", *own, f"--template={_CHAPTER}")
            return self._convert(citations, options, self._metadata([]), 0)

        return with_citations(parts, set_them)

    def _with_numbers(self, part: Part, given: Mapping[str, str]) -> Part:
        mentions = part.record["mentions"]
        try:
            return replace(
                part,
                text=filled(part.text, mentions, given),
                contents=filled(part.contents, mentions, given),
            )
        except KeyError as error:
            raise problems.of_label(self.document, error.args[0]) from None

    def _convert(self, text: str, options: Sequence[str], metadata: str, start: int) -> Part:
        options = (f"--to={self.target}", *self.arguments, *options)
        folder = str(self.document.folder.resolve())
        try:
            files = self._files + fingerprint(self._drawings(text))
            return convert(Conversion(options, text, metadata, folder, files))
        except PandocError as error:
            raise problems.of_pandoc(self.document, start, error) from None

    def _drawings(self, text: str) -> list[Path]:
        """The drawings that a text may name, which filters/figures.lua puts into the HTML."""
        if self.target == "typst":
            return []
        paths = (self.document.folder / name for name in re.findall(r"[^\s()\[\]<>]+\.svg", text))
        return list(filter(Path.is_file, paths))

    @cached_property
    def _own_filters(self) -> tuple[list[str], list[str]]:
        """The document's filters that run before the engine's, and those after them."""
        before, after = features.filters(self.document, self.options).values()
        return _as_options(before), _as_options(after)

    @cached_property
    def _filters(self) -> tuple[str, ...]:
        before, after = self._own_filters
        return ("--from=markdown", *before, f"--lua-filter={_LUA / 'quarto.lua'}", *after)

    @cached_property
    def _chapter_options(self) -> tuple[str, ...]:
        return (*self._filters, f"--template={_CHAPTER}")

    @cached_property
    def _files(self) -> str:
        """The fingerprint before Pandoc reads."""
        return self._fingerprint()

    def _fingerprint(self) -> str:
        """What stands in the files that Pandoc reads beside the text, as a hash."""
        names = [*self.options.get("bibliography", []), self.options.get("csl")]
        before, after = features.filters(self.document, self.options).values()
        folder = self.document.folder
        paths = [features.CITATIONS, self.template, *before, *after, *sources(folder)]
        paths += [path for name in _READ_BY_FILTERS for path in sorted(folder.glob(name))]
        paths += features.files(self.document, self.options, "include-in-header")
        return fingerprint([*paths, *(self.document.folder / name for name in names if name)])

    @cached_property
    def _variables(self) -> Mapping[str, str]:
        return variables_of(self.document)

    @cached_property
    def _equations(self) -> Sequence[Equation]:
        return list(find_equations(self.document))

    def _metadata(self, names: list[str], frame: bool = False) -> str:
        """What the templates and Lua read, as JSON; the variables of ``names`` come along.

        Only the frame has title, authors and abstract, which may hold variables themselves.
        """

        def fill(node: Any) -> Any:
            if isinstance(node, dict):
                return {str(key): fill(value) for key, value in node.items()}
            if isinstance(node, list):
                return [fill(value) for value in node]
            return node if isinstance(node, bool) else _tokenised(str(node), names)

        taken = {key: value for key, value in self.options.items() if key not in _NOT_PANDOCS}
        taken["language"], _, region = str(taken["lang"]).partition("-")
        taken["region"] = region or "US"  # as in Quarto's Typst
        if frame:
            taken["author"] = features.authors(self.document, taken.get("author"))
            taken["table-of-contents"] = _place("contents")
        else:
            taken = {key: value for key, value in taken.items() if key not in _OF_THE_FRAME}
            taken["pagetitle"] = "chapter"  # which no template prints, and Pandoc asks for
        filled_in = fill(taken)  # which finds more names
        variables = {
            "quarto-variables": [self._variables[name] for name in names],
            "quarto-names": [f"`{name}`" for name in names],
        }
        return json.dumps(filled_in | variables, ensure_ascii=False)


_CHAPTER = _HERE / "chapter.template"
_READ_BY_FILTERS = ("generated/observations.md", "generated/numbers*.json", "web/*")
_LUA = _HERE / "lua"


def _as_options(filters: Iterable[Path]) -> list[str]:
    return [f"--lua-filter={path.resolve()}" for path in filters]


def _place(name: str) -> str:
    """The token of the frame where something goes."""
    return f"\ue014{name}\ue015"


def _tokenised(text: str, names: list[str]) -> str:
    """``text`` with each shortcode replaced: a variable, one of ``names`` then, by a token."""
    parts, last = [], 0
    for code in find_shortcodes(text):
        if code.name == "var":
            names.append(code.arguments[0])
            new = f"\ue000{len(names)}\ue001"
        elif code.name == "pagebreak":
            new = "\ue000pagebreak\ue001"
        else:
            continue
        parts += [text[last : code.span[0]], new]
        last = code.span[1]
    return re.sub(r"\{(\{\{<.*?>\}\})\}", r"\1", "".join([*parts, text[last:]]))


def _repeat_a_name(read: Sequence[Part]) -> bool:
    """Whether two chapters have a label in common."""
    named = [
        {entry["label"] for kind in ("headings", "items") for entry in part.record[kind]}
        for part in read
    ]
    return len(set().union(*named)) < sum(map(len, named))


def _one_list(read: Iterable[Part]) -> str:
    """The chapters' lists of contents as one.

    What a chapter lists that begins at the second level goes below the last entry of the first.
    """
    entries: list[str] = []
    for part in read:
        entry = re.sub(r"^<ul>\n?|\n?</ul>$", "", part.contents)
        level = next((heading["level"] for heading in part.record["headings"]), 1)
        if entry and entries and level == 2:
            above = re.sub(r"(\n</ul>)?</li>$", "", entries.pop())
            entry = "\n".join([above, *([] if "<ul>" in above else ["<ul>"]), entry, "</ul></li>"])
        if entry:
            entries.append(entry)
    return "<ul>\n" + "\n".join(entries) + "\n</ul>"
