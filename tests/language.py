"""The sentences and the symbols of the report's text, as a reader meets them."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.report.engines import pandoc

REPORT = Path(__file__).parents[1] / "report"

MARKED = "[…]"
"""What stands for an observation that the text marks as one."""

_VARIABLE = re.compile(r"\{\{<\s*var\s+(\S+)\s*>\}\}")
_ENDS = re.compile(r"[.!?][)\]”’\"*]*$")
_BEGINS = re.compile(r"^[(\[“‘\"*]*[A-Z$@⟦]")
_ABBREVIATIONS = ("e.g.", "i.e.", "vs.", "cf.", "etc.", "al.", "resp.")


@dataclass(frozen=True)
class Sentence:
    """A sentence with formulas as single words: `$x$`; variables as `⟦topic.key⟧`."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)

    @property
    def is_of_the_run(self) -> bool:
        """Whether it has a number, a figure or a table that other settings change."""
        return bool(re.search(r"⟦(?!author|checks)|@(fig|tbl)-|^(Caption|Picture):", str(self)))


@functools.cache
def sentences(path: Path) -> tuple[Sentence, ...]:
    """Every sentence of a text, in order: paragraphs, items, cells, captions, alternative texts."""
    text = _VARIABLE.sub(r"⟦\1⟧", path.read_text("utf-8"))
    text = re.sub(r"^\{\{< include .*$|\{#(eq|tbl)-[^}]*\}", "", text, flags=re.MULTILINE)
    text = re.sub(r"^: ", "Caption: ", text, flags=re.MULTILINE)  # of a table that is included
    command = [pandoc.program(), "--from=markdown", "--to=json"]
    tree = subprocess.run(command, input=text, capture_output=True, check=True, encoding="utf-8")
    units = _units(json.loads(tree.stdout)["blocks"])
    return tuple(Sentence(found) for unit in units for found in _split(unit))


def _units(node: Any) -> Iterator[list[str]]:
    """The words of each piece of text, which no sentence leaves."""
    if isinstance(node, list):
        for part in node:
            yield from _units(part)
    elif isinstance(node, dict):
        kind, content = node.get("t"), node.get("c")
        if kind in ("Para", "Plain"):
            yield _words(content).split()
        elif kind == "Figure":
            yield ["Caption:", *_words([part["c"] for part in content[1][1]]).split()]
            yield from _units(content[2])
        elif kind == "Table":
            if words := _words([part["c"] for part in content[1][1]]).split():
                yield ["Caption:", *words]
            yield from _units(content[3:])
        else:
            yield from _units(content)
        for alternative in _alternatives(node):
            yield ["Picture:", *alternative.split()]


def _alternatives(node: dict[str, Any]) -> Iterator[str]:
    """The alternative texts of the pictures in a paragraph."""
    if node.get("t") in ("Para", "Plain"):
        for part in node["c"]:
            if part["t"] == "Image" and (alternative := dict(part["c"][0][2]).get("fig-alt")):
                marked = "observed" in dict(part["c"][0][2])
                yield MARKED if marked else alternative


def _words(inlines: Any) -> str:
    """Inlines as one text. A formula is one word, an observation is left out."""
    if isinstance(inlines, list):
        return "".join(map(_words, inlines))
    kind, content = inlines["t"], inlines.get("c")
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind == "Math":
        formula = "".join(content[1].split()).replace("\\,", "")
        return f" ${formula}$ " if content[0]["t"] == "DisplayMath" else f"${formula}$"
    if kind == "Span" and "observed" in content[0][1]:
        return MARKED
    if kind == "Cite":
        return _words(content[1])
    if kind == "Quoted":
        return f"“{_words(content[1])}”"
    if kind == "Code":
        return "".join(content[1].split())
    if kind == "Image":
        return ""
    if isinstance(content, str):
        return content
    return _words(content[1] if kind in ("Span", "Link") else content)


def _split(words: list[str]) -> Iterator[tuple[str, ...]]:
    """The sentences of a piece; those of a caption or a picture each begin with that word."""
    last, kind = 0, words[:1] if words[:1] in (["Caption:"], ["Picture:"]) else []
    for index, word in enumerate(words, 1):
        ends = _ENDS.search(word) and not word.lower().lstrip("(").endswith(_ABBREVIATIONS)
        if index == len(words) or (
            ends and (_BEGINS.match(words[index]) or words[index] == MARKED)
        ):
            yield (*(kind if last else []), *words[last:index])
            last = index


# ---------------------------------------------------------------- symbols

_LETTERS = (
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|lambda|mu|nu|xi"
    "|pi|rho|sigma|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma"
    "|Upsilon|Phi|Psi|Omega|ell"
)
_DRESS = "widehat|hat|bar|overline|tilde|widetilde|dot|mathcal|mathbb|mathbf|mathfrak|mathsf"
_WORDS = r"\\(?:text|operatorname\*?|mathrm|textstyle|begin|end)\s*\{[^{}]*\}"
_SYMBOL = re.compile(
    rf"\\(?P<dress>{_DRESS})(?![A-Za-z])\s*(?:\{{(?P<braced>[^{{}}]*)\}}|\s*(?P<bare>\\?[A-Za-z]+))"
    rf"|\\(?P<greek>{_LETTERS})(?![A-Za-z])|\\[A-Za-z]+|(?P<letter>[A-Za-z])"
)


def symbols(latex: str) -> Iterator[str]:
    """The symbols of a formula in order, without what stands above or below them at their side."""
    latex = re.sub(_WORDS, " ", _VARIABLE.sub(" ", latex))
    for match in _SYMBOL.finditer(_without_scripts(latex)):
        if match["dress"]:
            inside = match["braced"] if match["braced"] is not None else match["bare"]
            named = list(symbols(inside))
            if len(named) == 1:
                blank = " " if named[0].isalpha() else ""
                yield f"\\{match['dress']}{blank}{named[0]}"
            else:
                yield from named
        elif match["greek"]:
            yield f"\\{match['greek']}"
        elif match["letter"]:
            yield match["letter"]


def _without_scripts(latex: str) -> str:
    """The formula without its sub- and superscripts."""
    kept, index = [], 0
    while index < len(latex):
        if latex[index] in "_^" and (index == 0 or latex[index - 1] != "\\"):
            index = _behind_argument(latex, index + 1)
        else:
            kept.append(latex[index])
            index += 1
    return "".join(kept)


def _behind_argument(latex: str, index: int) -> int:
    while index < len(latex) and latex[index].isspace():
        index += 1
    if latex[index : index + 1] == "{":
        depth = 0
        while index < len(latex):
            depth += {"{": 1, "}": -1}.get(latex[index], 0)
            index += 1
            if depth == 0:
                break
        return index
    command = re.compile(r"\\[A-Za-z]+(?:\s*\{[^{}]*\})?|\\?.").match(latex, index)
    return command.end() if command else index + 1
