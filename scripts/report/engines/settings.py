"""Reads a document's settings for the embedded engine, and refuses those that it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from scripts.report.source import Document, Place, RenderError, read_text, shown

#: Metadata keys with a meaning here, and for the closed ones the values that are supported.
_KEYS: Mapping[str, tuple[Any, ...] | None] = {
    "title": None, "subtitle": None, "author": None, "date": None, "abstract": None,
    "keywords": None, "lang": None, "number-sections": (True, False), "number-depth": None,
    "section-numbering": ("1.1.1",), "toc": (True, False), "toc-depth": None, "toc-title": None,
    "bibliography": None, "csl": None, "execute": None, "filters": None,
    "include-in-header": None, "css": None,
    "project": None, "papersize": None, "margin": None, "fontsize": None,
    "pdf-standard": ("ua-1",), "html-math-method": ("mathml",), "embed-resources": (True,),
}  # fmt: skip


def read(document: Document, target: str) -> dict[str, Any]:
    """The document's settings for ``typst`` or ``html``, checked, with defaults filled in.

    Raises RenderError for a setting that the engine does not know and for a file not there.
    """
    options = document.options(target)
    formats = document.metadata.get("format") or {}
    unknown = set(formats) - {"typst", "html"} if isinstance(formats, dict) else {formats}
    if unknown:
        raise refused(document, str(min(unknown)), f"the format `{min(unknown)}`")
    for key, value in options.items():
        if key not in _KEYS:
            raise refused(document, key, f"the setting `{key}`")
        allowed = _KEYS[key]
        if allowed is not None and value not in allowed:
            raise refused(document, key, f"`{key}: {value}`")
    # Filters of notebooks change nothing here; they make Quarto's preview follow included files.
    given = options.get("execute", {})
    execute = {**given, "ipynb-filters": []} if isinstance(given, dict) else given
    if execute not in ({"ipynb-filters": []}, {"enabled": False, "ipynb-filters": []}):
        raise refused(document, "execute", f"`execute: {given}`")
    timestamp(document)
    if "csl" in options:
        _file(document, options["csl"])
    defaults = {
        "lang": "en", "toc-depth": 3, "toc-title": "Table of contents", "papersize": "us-letter",
        "margin": {"x": "1.25in", "y": "1.25in"}, "fontsize": "11pt", "number-depth": 6,
    }  # fmt: skip
    bibliography = options.get("bibliography", [])
    listed = bibliography if isinstance(bibliography, list) else [bibliography]
    return defaults | options | {"bibliography": listed}


def refused(document: Document, snippet: str, what: str) -> RenderError:
    """The error that says that the engine does not know ``what``, which ``snippet`` spells."""
    return RenderError(
        f"{where(document, snippet)}: {what} is not supported by the embedded engine; take it "
        "out, or render with Quarto (`--engine quarto`)."
    )


def where(document: Document, snippet: str) -> Place:
    """The first place that holds a snippet, in the document or in _quarto.yml."""
    for wanted in (f".{snippet}", f"::: {snippet}", snippet):
        offset = document.text.find(wanted) if snippet else -1
        if offset >= 0:
            return document.place(offset)
    project = document.folder / "_quarto.yml"
    if snippet and project.exists():
        for number, line in enumerate(read_text(project, None).split("\n"), 1):
            if snippet in line:
                return Place(shown(project), number)
    return Place(shown(document.path), 1)


def authors(document: Document, given: Any) -> list[dict[str, str]]:
    """``author`` in its three spellings (text, list, maps) as a list of maps."""
    authors = []
    for author in given if isinstance(given, list) else [given] if given else []:
        entry = author if isinstance(author, dict) else {"name": author}
        unknown = set(entry) - {"name", "affiliation", "email"}
        if unknown:
            raise refused(document, min(unknown), f"`{min(unknown)}` of an author")
        authors.append({key: str(value) for key, value in entry.items()})
    return authors


def filters(document: Document, options: Mapping[str, Any]) -> list[Path]:
    """The document's own Lua filters, in order."""
    paths = []
    for entry in options.get("filters", []):
        if not isinstance(entry, dict) or entry.get("at") != "post-quarto" or "path" not in entry:
            name = entry.get("path", entry) if isinstance(entry, dict) else entry
            raise refused(document, str(name), f"the filter {name} without `at: post-quarto`")
        paths.append(_file(document, entry["path"]))
    return paths


def files(document: Document, options: Mapping[str, Any], key: str) -> list[Path]:
    """The files that a setting names, one or a list, in order."""
    given = options.get(key, [])
    names = given if isinstance(given, list) else [given]
    for name in names:
        if not isinstance(name, str):
            raise refused(document, key, f"`{key}: {name}`")
    return [_file(document, name) for name in names]


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
        parsed = day if isinstance(day, date) else date.fromisoformat(str(day))
    except ValueError:
        raise RenderError(
            f"{shown(document.path)}:1: the document needs a fixed date, `date: 2023-04-09` in its "
            f"front matter; it has {day!r}."
        ) from None
    return int(datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC).timestamp())
