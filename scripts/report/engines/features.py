"""Reads a document's settings for the embedded engine, and refuses those that it does not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from scripts.report.engines.extensions import STAGES, extensions
from scripts.report.source import FORMATS, Document, Place, RenderError, as_list, read_text, shown

_LENGTH = re.compile(r"\d+(?:\.\d+)?(?:pt|mm|cm|in)")
_SIDES = {"x", "y", "top", "bottom", "left", "right"}


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_english(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"en(?:-[A-Z]{2})?", value) is not None


def _is_margin(value: Any) -> bool:
    return isinstance(value, dict) and all(
        side in _SIDES and _LENGTH.fullmatch(str(length)) for side, length in value.items()
    )


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[\w ]+", value) is not None


def _is_length(value: Any) -> bool:
    return _LENGTH.fullmatch(str(value)) is not None


def _is_folders(value: Any) -> bool:
    return all(isinstance(name, str) for name in as_list(value))


def _is_project(value: Any) -> bool:
    known = {"type", "output-dir", "render", "post-render"}
    return (
        isinstance(value, dict) and set(value) <= known and value.get("type") in ("default", None)
    )


def _shows_only(value: Any) -> bool:
    """Whether code is not run. A notebook's filters make Quarto's preview follow included files."""
    return isinstance(value, dict) and value.get("enabled") is False and set(value) <= _EXECUTE


_EXECUTE = {"enabled", "ipynb-filters"}

#: The settings with a meaning here, and what a value of theirs must be; None where it is looked at
#: further below. ``docs/document.md`` lists them.
KEYS: Mapping[str, Callable[[Any], bool] | None] = {
    "title": _is_text, "subtitle": _is_text, "author": None, "date": None, "abstract": _is_text,
    "lang": _is_english, "toc": _is_switch, "toc-depth": lambda value: value in range(1, 7),
    "number-sections": _is_switch, "number-offset": _is_count,
    "section-numbering": lambda value: value == "1.1.1",
    "bibliography": None, "csl": _is_text, "filters": None, "numbers": _is_text,
    "project": _is_project, "execute": _shows_only,
    "papersize": lambda value: value in ("a4", "us-letter"), "margin": _is_margin,
    "font-paths": _is_folders, "include-in-header": None,
    "mainfont": _is_name, "mathfont": _is_name, "codefont": _is_name, "fontsize": _is_length,
    "syntax-highlighting": lambda value: value == "idiomatic",
    "pdf-standard": lambda value: value == "ua-1",
    "css": None, "template": _is_text, "minimal": lambda value: value is True,
    "html-math-method": lambda value: value == "mathml",
    "embed-resources": lambda value: value is True,
}  # fmt: skip

#: The settings that the two formats may have different values of.
_OF_A_FORMAT = {
    "toc", "toc-depth", "number-offset", "section-numbering", "papersize", "margin", "font-paths",
    "include-in-header", "mainfont", "mathfont", "codefont", "fontsize",
    "syntax-highlighting", "pdf-standard", "css", "template", "minimal", "html-math-method",
    "embed-resources",
}  # fmt: skip

#: Files that Quarto reads without being told of them.
_UNREAD = ("_metadata.yml", "_metadata.yaml", "_brand.yml", "_brand.yaml", "_quarto.yaml",
           "_variables.yaml", "_quarto.yml.local")  # fmt: skip

_REPORT = Path(__file__).parents[3] / "report"
#: The filter that sets citations, which a document may name itself: it finds them only once.
CITATIONS = _REPORT / "filters" / "citations.lua"
#: The style of citations in a PDF whose document names none, as in Quarto.
_IEEE = _REPORT / "ieee.csl"
#: The frame of a page and its look, where a document names none.
_WEB = _REPORT / "web"


def read(document: Document, target: str) -> dict[str, Any]:
    """The document's settings for ``typst`` or ``html``, checked, with defaults filled in.

    Raises RenderError for a setting that the engine does not know and for a file not there.
    """
    _check(document)
    options = document.options(target)
    defaults = {
        "lang": "en", "toc-depth": 3, "papersize": "us-letter",
        "margin": {"x": "1.25in", "y": "1.25in"},
    }  # fmt: skip
    if target == "typst":
        defaults["csl"] = str(_IEEE)
    else:
        defaults |= {"template": str(_WEB / "page.html"), "css": str(_WEB / "page.css")}
    return defaults | options | {"bibliography": as_list(options.get("bibliography", []))}


def _check(document: Document) -> None:
    for name in document.metadata["format"]:
        if name not in FORMATS:
            raise refused(document, name, f"the format `{name}`")
    for name in _UNREAD:
        if (document.folder / name).exists():
            raise refused(document, name, f"{shown(document.folder / name)}, which Quarto reads,")
    typst, html = (document.options(name) for name in FORMATS)
    for key, value in [*typst.items(), *html.items()]:
        if key not in KEYS:
            raise refused(document, key, f"the setting `{key}`")
        fits = KEYS[key]
        if fits is not None and not fits(value):
            raise refused(document, key, f"`{key}: {value}`")
        if key not in _OF_A_FORMAT and typst.get(key) != html.get(key):
            raise refused(document, key, f"a `{key}` that differs between the formats")
    if "section-numbering" in typst and not typst.get("number-sections"):
        raise refused(document, "section-numbering", "`section-numbering` of unnumbered sections")
    timestamp(document)
    if "csl" in typst:
        _file(document, typst["csl"])


def refused(document: Document, snippet: str, what: str) -> RenderError:
    """The error that says that the engine does not know ``what``, which ``snippet`` spells."""
    return RenderError(
        f"{where(document, snippet)}: {what} is not supported by the embedded engine; take it "
        "out, or render with Quarto (`--engine quarto`)."
    )


def where(document: Document, snippet: str) -> Place:
    """The first place that holds a snippet: in the document, in _quarto.yml, or in a .bib."""
    for wanted in (f".{snippet}", f"::: {snippet}", snippet):
        offset = document.text.find(wanted) if snippet else -1
        if offset >= 0:
            return document.place(offset)
    names = as_list(document.metadata.get("bibliography", []))
    for path in (document.folder / str(name) for name in ["_quarto.yml", *names]):
        text = read_text(path, None) if path.exists() else ""
        if snippet and snippet in text:
            return Place(shown(path), text.count("\n", 0, text.index(snippet)) + 1)
    return Place(shown(document.path), 1)


def authors(document: Document, given: Any) -> list[dict[str, str]]:
    """``author`` in its three spellings (text, list, maps) as a list of maps."""
    authors = []
    for author in as_list(given) if given else []:
        entry = author if isinstance(author, dict) else {"name": author}
        for key, value in entry.items():
            if key not in ("name", "affiliation", "email") or not _is_text(value):
                raise refused(document, key, f"`{key}` of an author")
        authors.append({key: str(value) for key, value in entry.items()})
    return authors


def filters(document: Document, options: Mapping[str, Any]) -> dict[str, list[Path]]:
    """The document's own Lua filters, in order, by when they run: before the engine's, or after.

    An entry names a file, or an extension by the name of its folder in ``_extensions``.
    """
    paths: dict[str, list[Path]] = {stage: [] for stage in STAGES}
    known = extensions(document.folder)
    for entry in options.get("filters", []):
        given = entry if isinstance(entry, dict) else {"path": entry}
        name, at = str(given.get("path", entry)), given.get("at")
        if name in known and at in (None, *STAGES):
            for path, own in known[name]:
                paths[at or own].append(path)
        elif not name.endswith(".lua"):
            there = f"there is {', '.join(known)}" if known else "there is none"
            raise RenderError(
                f"{where(document, name)}: no extension in {shown(document.folder)}/_extensions is "
                f"called {name} ({there}); correct the name, or put the extension's folder there."
            )
        elif at in STAGES:
            paths[str(at)].append(_file(document, name))
        else:
            raise refused(document, name, f"the filter {name} without `at:` {' or '.join(STAGES)}")
    return paths


def files(document: Document, options: Mapping[str, Any], key: str) -> list[Path]:
    """The files that a setting names, one or a list, in order."""
    names = as_list(options.get(key, []))
    for name in names:
        if not isinstance(name, str):
            raise refused(document, key, f"`{key}: {name}`")
    return [_file(document, name) for name in names]


def font_folders(document: Document, options: Mapping[str, Any]) -> list[Path]:
    """The folders that the document names, from whose fonts Typst takes a letter that its own lack.

    A folder that is not there holds no fonts, as in Quarto.
    """
    return [document.folder / name for name in as_list(options.get("font-paths", []))]


def _file(document: Document, name: str) -> Path:
    """A file that the settings name. Raises RenderError when it does not exist."""
    path = document.folder / name
    if not path.is_file():
        raise RenderError(
            f"{where(document, name)}: the file {shown(path)} does not exist; correct the setting."
        )
    return path


def timestamp(document: Document) -> int:
    """The front matter's date as seconds since 1970: the only date that the output holds."""
    day = document.metadata.get("date")
    try:
        if isinstance(day, datetime):
            raise ValueError
        parsed = day if isinstance(day, date) else date.fromisoformat(str(day))
    except ValueError:
        raise RenderError(
            f"{shown(document.path)}:1: the document needs a fixed date, `date: 2023-04-09` in its "
            f"front matter; it has {day!r}."
        ) from None
    return int(datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC).timestamp())
