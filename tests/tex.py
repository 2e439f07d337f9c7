"""Formulas for the tests: what two spellings of one have in common, and formulas drawn at will."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import pairwise

# ------------------------------------------------------------------------------- the normal form

Node = tuple["str | Node", ...]
"""A formula or a part of one; what has parts begins with its name."""

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\d+(?:\.\d+)?|\S", re.DOTALL)
_SPACES = {
    *(r"\,", r"\;", r"\:", r"\!", r"\ ", "~", r"\displaystyle", r"\textstyle", r"\limits", "&"),
    *(r"\left", r"\right", r"\middle"),
    *(rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")),
}
_SAME = {
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\le": r"\leq", r"\ge": r"\geq", r"\ne": r"\neq",
    r"\to": r"\rightarrow", r"\gets": r"\leftarrow", r"\mid": "|", r"\vert": "|", r"\lvert": "|",
    r"\rvert": "|", r"\lVert": r"\|", r"\rVert": r"\|", r"\overline": r"\bar", r"\widehat": r"\hat",
    r"\widetilde": r"\tilde", r"\quad": ",", r"\qquad": ",", r"\ast": "*", r"\colon": ":",
    r"\lbrace": r"\{", r"\rbrace": r"\}", r"\implies": r"\Rightarrow", r"\dots": r"\ldots",
    r"\cdots": r"\ldots",
}  # fmt: skip
_ARGUMENTS = dict.fromkeys((r"\frac", r"\binom", r"\overset", r"\stackrel", r"\underset"), 2)
_ARGUMENTS |= dict.fromkeys(
    (r"\sqrt", r"\hat", r"\bar", r"\tilde", r"\dot", r"\vec", r"\mathbf", r"\mathcal", r"\mathbb",
     r"\mathfrak", r"\mathsf", r"\underbrace", r"\overbrace", r"\boldsymbol"), 1,
)  # fmt: skip
_WORDS = re.compile(r"\\(?:text\w*|mathrm|operatorname\*?)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")


def normal_form(latex: str) -> Node:
    """A formula without what is only space, size or another spelling."""
    words: list[str] = []

    def keep(found: re.Match[str]) -> str:
        words.append(re.sub(r"\\[,;:! ]|[\s~]", "", found[1]))
        return f"\\word {len(words) - 1} "

    latex = re.sub(r"\\(left|right)\s*\.", r"\\\1", _WORDS.sub(keep, latex))
    tokens = [_SAME.get(token, token) for token in _TOKEN.findall(latex) if token not in _SPACES]
    row = _row(tokens, words)
    while row and row[-1] in (",", ".", ";"):
        row = row[:-1]
    return row


def _row(tokens: list[str], words: list[str]) -> Node:
    """The pieces up to the end of the group, taken from ``tokens``."""
    row: list[str | Node] = []
    while tokens:
        token = tokens.pop(0)
        if token == "}":
            break
        if token == "{":
            row += _row(tokens, words)
        elif token in ("^", "_", "'"):
            script = ("'",) if token == "'" else (token, *_argument(tokens, words))
            row.append(_scripted(row.pop() if row else "", script))
        elif token == r"\word":
            word = words[int(tokens.pop(0))]
            row.append(word if len(word) == 1 else ("word", word))
        elif token in _ARGUMENTS:
            count = _ARGUMENTS[token]
            row.append((token, *(_argument(tokens, words) for _ in range(count))))
        elif not (token == "," and row and row[-1] == ","):
            row.append(token)
    return tuple(row)


def _argument(tokens: list[str], words: list[str]) -> Node:
    if len(tokens[0]) > 1 and tokens[0].isdigit():  # \frac12
        tokens[0:1] = [tokens[0][0], tokens[0][1:]]
    token = tokens.pop(0)
    if token == "{":
        return _row(tokens, words)
    count = 1 + (token == r"\word") + 2 * _ARGUMENTS.get(token, 0)
    if count > 2:  # a command and its arguments
        return ((token, *(_argument(tokens, words) for _ in range(_ARGUMENTS[token]))),)
    taken = [token, *(tokens.pop(0) for _ in range(count - 1))]
    return _row(taken, words)


def _scripted(base: str | Node, script: Node) -> Node:
    """A base with one script more; the order of a subscript and a superscript means nothing."""
    if isinstance(base, tuple) and base and base[0] == "scripts":
        return ("scripts", base[1], *sorted((*base[2:], script), key=repr))
    return ("scripts", base, script)


# ------------------------------------------------------------------------------- formulas at will

Part = "str | tuple[str, *tuple[Row, ...]]"
Row = tuple[Part, ...]
"""Parts beside each other. A part is a sign, or a pattern with a row for each of its places."""

_PATTERNS = [
    *(r"\frac{%s}{%s}", r"\binom{%s}{%s}", r"\sqrt{%s}", r"\hat{%s}", r"\mathbf{%s}", "(%s)"),
    *(r"\left|%s\right|", r"\sum_{%s}", r"\sum_{%s}^{%s}", r"\int_{%s}^{%s}", r"\overset{%s}{%s}"),
]
_SCRIPTS = ["%s'", "%s''", "%s_{%s}", "%s^{%s}", "%s_{%s}^{%s}", "%s'_{%s}"]
_SCRIPTED = (*_SCRIPTS, r"\sum_{%s}", r"\sum_{%s}^{%s}", r"\int_{%s}^{%s}")


def latex(row: Row) -> str:
    """A row in TeX."""
    return " ".join(
        part if isinstance(part, str) else part[0] % tuple(map(latex, part[1:])) for part in row
    )


class Formulas:
    """All formulas of a few signs up to a size, which is the number of signs and patterns."""

    def __init__(self, signs: str) -> None:
        self._signs = signs.split()
        self._rows: dict[int, list[Row]] = {}

    def rows(self, size: int) -> list[Row]:
        """Every row of a size."""
        if size not in self._rows:
            parts = [(part,) for part in self._parts(size)]
            pairs = [
                (first, *rest)
                for cut in range(1, size)
                for first in self._parts(cut)
                for rest in self.rows(size - cut)
            ]
            self._rows[size] = parts + [row for row in pairs if not _has_neighbouring_digits(row)]
        return self._rows[size]

    def _parts(self, size: int) -> Iterator[Part]:
        if size == 1:
            yield from self._signs
        for pattern in _PATTERNS:
            for rows in self._filled(pattern.count("%s"), size - 1):
                yield (pattern, *rows)
        for pattern in _SCRIPTS:
            for base, *rows in self._filled(pattern.count("%s"), size - pattern.count("'")):
                if len(base) == 1 and not _is_scripted(base[0]):
                    yield (pattern, base, *rows)

    def _filled(self, places: int, size: int) -> Iterator[tuple[Row, ...]]:
        """Every choice of as many rows as there are places, of a size together."""
        if places == 1 and size >= 1:
            yield from ((row,) for row in self.rows(size))
        for cut in range(1, size) if places > 1 else ():
            for first in self.rows(cut):
                for rest in self._filled(places - 1, size - cut):
                    yield (first, *rest)


def _has_neighbouring_digits(row: Row) -> bool:
    """Whether two numbers would become one."""
    return any(str(a).isdigit() and str(b).isdigit() for a, b in pairwise(row))


def _is_scripted(part: Part) -> bool:
    return part in ("+", "-", "=") or (isinstance(part, tuple) and part[0] in _SCRIPTED)


def drawn(random: random.Random, depth: int) -> Row:
    """A row drawn at random, of patterns in patterns down to a depth."""
    row: list[Part] = []
    for _ in range(random.randint(1, 3)):
        if depth == 0 or random.random() < 0.3:
            row.append(random.choice(["x", "y", "f", "2", "+", "-", "="]))
            continue
        pattern = random.choice(_PATTERNS + _SCRIPTS)
        rows = [drawn(random, depth - 1) for _ in range(pattern.count("%s"))]
        if pattern in _SCRIPTS:
            rows[0] = (random.choice(["x", "f", r"\theta", ("(%s)", rows[0])]),)
        row.append((pattern, *rows))
    return tuple(row) if not _has_neighbouring_digits(tuple(row)) else ("x",)


def moved(row: Row) -> Iterator[Row]:
    """The formulas in which one part has gone into the pattern before it, or out of one."""
    for index, part in enumerate(row):
        if isinstance(part, str):
            continue
        pattern, *rows = part
        before, after = row[:index], row[index + 1 :]
        if pattern.endswith(("}", ")")):
            *others, last = rows
            if after:
                yield (*before, (pattern, *others, (*last, after[0])), *after[1:])
            if len(last) > 1:
                yield (*before, (pattern, *others, last[:-1]), last[-1], *after)
        for place, inner in enumerate(rows):
            if place == 0 and pattern in _SCRIPTS:
                continue  # a base is one part
            for other in moved(inner):
                yield (*before, (pattern, *rows[:place], other, *rows[place + 1 :]), *after)
