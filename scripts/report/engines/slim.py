"""Leaves out of a page of HTML what goes without saying, or has been said before."""

from __future__ import annotations

import re

_DRAWING = re.compile(r'<span class="drawing".*?</svg>', re.DOTALL)
_NAMED = re.compile(r'\n<[a-z].*? id="([^"]+)".*|<g id="([^"]+)"')  # a definition has a line
_FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
_IMPLIED = re.compile(
    r' xmlns="[^"]*"| display="inline"| columnalign="\w+"'  # beside a style that says it
    r'| form="(?:pre|post)fix"(?=[^<>]*>[()\[\]{}]<)'  # a bracket has one form only
)


def slim(page: str) -> str:
    """The page with every glyph of its drawings defined once, and formulas without defaults.

    What drawings define goes by the same name only if it is the same: see filters/figures.lua,
    which does this within what Pandoc converts at once.
    """
    known: set[str] = set()

    def first(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in known:
            known.add(name)
            return found[0]
        return "<g" if found[2] else ""

    page = _DRAWING.sub(lambda drawing: _NAMED.sub(first, drawing[0]), page)
    return _FORMULA.sub(lambda formula: _IMPLIED.sub("", formula[0]), page)
