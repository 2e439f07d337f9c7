"""Tells the author in which file and line Pandoc or Typst met what it could not read."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

from scripts.report.engines.features import where
from scripts.report.engines.pandoc import PandocError
from scripts.report.parts import figures_used
from scripts.report.source import Document, Place, RenderError, shown
from scripts.report.variables import origin, variables_of


def of_pandoc(document: Document, start: int, error: PandocError) -> RenderError:
    """Pandoc's complaint about the text of ``document`` from the offset ``start`` on."""
    if error.warning is not None:
        return _of_warning(document, start, error.warning)
    failed = RenderError(f"{shown(document.path)}: Pandoc failed: {error.stderr.strip()}")
    return of_refusal(document, error.stderr) or failed


def of_refusal(document: Document, said: str) -> RenderError | None:
    """What a Lua filter refuses, where it is told in the output of Pandoc or Quarto."""
    refused = re.search(r"REFUSED (\{.*?\}) END", said, re.DOTALL)
    if refused is None:
        return None
    what = json.loads(refused[1])
    if "file" in what:
        place = Place(shown(document.folder / what["file"]), int(what["line"]))
    else:
        place = where(document, what["snippet"])
    return RenderError(f"{place}: {what['message']}.")


def _of_warning(document: Document, start: int, entry: Mapping[str, Any]) -> RenderError:
    if entry["type"] == "CouldNotConvertTeXMath":
        latex = entry["contents"]
        reason = next((line for line in entry["message"].splitlines() if "unexpected" in line), "")
        return RenderError(
            f"{_math_place(document, latex)}: the formula `{' '.join(latex.split())}` cannot be "
            f"read: {reason}. Use a command of amsmath that both Typst and MathML can show."
        )
    message = " ".join(str(entry.get("pretty", entry)).split())
    line = re.search(r"(?:at|chunk) line (\d+)", message)
    first = document.text.count("\n", 0, start)
    place = document.places[min(first + int(line[1]) if line else 1, len(document.places)) - 1]
    message = re.sub(r" (?:defined )?at(?: chunk)? line \d+ column \d+", "", message)
    return RenderError(f"{place}: {message.rstrip('.')}.")


def of_label(document: Document, label: str) -> RenderError:
    """A label is mentioned that carries no number."""
    return RenderError(
        f"{where(document, f'@{label}')}: nothing that has a number is labelled `{label}`."
    )


def _math_place(document: Document, latex: str) -> Place:
    """Where the formula stands that is most like this one: a filter may have mended it."""
    places = {text: start for (start, _), text, _ in document.formulas}
    close = difflib.get_close_matches(latex, places, n=1, cutoff=0.3)
    return document.place(places[close[0]]) if close else where(document, latex)


def of_letters(document: Document, said: str) -> RenderError | None:
    """Typst's complaint, of whichever engine, that it has no font for some letters; else None."""
    found = re.findall(r'the text `"((?:\\.|[^"\\])*)"` could not be displayed', said)
    letters: dict[str, list[str]] = {}
    for quoted in dict.fromkeys(found):
        text = re.sub(r"\\u\{(\w+)\}", lambda code: chr(int(code[1], 16)), quoted)
        codes = " ".join(f"U+{ord(letter):04X}" for letter in text)
        letters.setdefault(_place_of_letter(document, text), []).append(f"{text} ({codes})")
    folder = document.options("typst").get("font-paths", "fonts")
    problems = [
        f"{place}: {', '.join(texts)} could not be displayed, since no font has it. Put a font "
        f"file (.ttf or .otf) that has it into {shown(document.folder / str(folder))}, which "
        "`font-paths` under `format: typst:` names, or write something else."
        for place, texts in letters.items()
    ]
    return RenderError("\n".join(problems)) if problems else None


def _place_of_letter(document: Document, letter: str) -> str:
    """Where an author finds a letter: in the text, or where the value of a variable comes from."""
    if letter not in document.text:
        for key, value in variables_of(document).items():
            if letter in value:
                return origin(document, key)
    return str(where(document, letter))


def of_typst(document: Document, source: str, error: Any) -> RenderError:
    """Typst's complaint, with the author's file and line where they can be found."""
    of_fonts = of_letters(document, error.diagnostic or error.message)
    if of_fonts is not None:
        return of_fonts
    hint = f" ({error.hints[0]})" if error.hints else ""
    place, excerpt = _place_of_typst(document, source, error.diagnostic or "")
    return RenderError(
        f"{place}: Typst cannot set this: {error.message}{hint}. Near: {excerpt or 'unknown'}"
    )


def _place_of_typst(document: Document, source: str, diagnostic: str) -> tuple[Place, str]:
    """The author's place and the text there, guessed from the longest word of Typst's line."""
    found = re.search(r"─ (.*):(\d+):(\d+)", diagnostic)
    if found is None:
        return Place(shown(document.path), 1), ""
    for path, places in figures_used(document).items():
        if found[1].endswith(path):
            return places[0], path
    line, column = source.splitlines()[int(found[2]) - 1], int(found[3])
    excerpt = line[max(0, column - 40) : column + 60].strip()
    for word in sorted(re.findall(r"[\w./-]{3,}", excerpt), key=len, reverse=True):
        offset = document.text.find(word)
        if offset >= 0:
            return document.place(offset), excerpt
    return Place(shown(document.path), 1), excerpt
