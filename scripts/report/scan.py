"""Holds the document's text against what the build knows: nothing missing, nothing made in vain.

The qmd files are the only place that says what the document shows. What the document reads lies in
its folder, every file of which is an input of the step that renders it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from scripts.report import parts
from scripts.report.engines.features import where
from scripts.report.source import LEADS_OUT, Document, Place, leads_out, shown


def strays(document: Document) -> list[str]:
    """Return a sentence for each file that the document names and that is not in its folder.

    Included files are looked at when they are read (`source.read_document`).
    """
    return [f"{place}: {name} {LEADS_OUT}" for name, place in _named(document) if leads_out(name)]


def _named(document: Document) -> Iterator[tuple[str, Place]]:
    """The files that text, settings and style sheets name, with the places where they do."""
    for name, places in parts.figures_used(document).items():
        if "://" not in name:
            yield name, places[0]
    for name in dict.fromkeys(_words(document.metadata)):
        if "/" in name and "://" not in name:
            yield name, where(document, name)
    for sheet in sorted(document.folder.rglob("*.css")):
        for number, line in enumerate(sheet.read_text("utf-8", "replace").splitlines(), 1):
            for found in re.findall(r"""url\(["']?([^"':)]+)["']?\)""", line):
                inside = sheet.relative_to(document.folder).parent / found
                yield inside.as_posix(), Place(shown(sheet), number)


def _words(setting: Any) -> Iterator[str]:
    """Every text without blanks among settings, which may be the name of a file."""
    if isinstance(setting, str) and not re.search(r"\s", setting):
        yield setting
    elif isinstance(setting, dict):
        for value in setting.values():
            yield from _words(value)
    elif isinstance(setting, list):
        for value in setting:
            yield from _words(value)


def misused(document: Document, folder: Path, made: Iterable[Path]) -> list[str]:
    """Return a sentence for each generated file that is used but not made, or made but not used.

    folder: where the document lies. made: the generated files that rules make, all below it.
    """
    shown = parts.figures_used(document) | document.includes
    generated = {name: places for name, places in shown.items() if name.startswith("generated/")}
    declared = {str(path.relative_to(folder)) for path in made}
    return [
        *(
            f"{generated[name][0]}: no rule makes {name} (it may be left from an earlier build). "
            "Add it to the outputs of the exercise's plot rule, or remove it from the text."
            for name in sorted(generated.keys() - declared)
        ),
        *(
            f"{folder / name}: made, but shown nowhere in the document. "
            "Show it in the exercise's qmd, or remove it from the rule that makes it."
            for name in sorted(declared - generated.keys())
        ),
    ]
