"""Sets a document's citations and its bibliography.

A citation's number depends on all that come before it, so the chapters' citations, which
`lua/citations.lua` took out, are set in one run of Pandoc.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from scripts.report.engines.pandoc import Part

_CITATION = re.compile("\ue012(\\d+)\ue013")
_BETWEEN = "\ue017"


def with_citations(parts: Sequence[Part], convert: Callable[[str], Part]) -> list[Part]:
    """The parts with their citations in them, and behind them the bibliography as one more.

    ``convert`` has Pandoc set a document in its JSON, citations resolved.
    """
    if not any(_cited(part) for part in parts):
        return list(parts)
    made = convert(json.dumps(_all_citations(parts)))
    *texts, bibliography = made.text.split(_BETWEEN)
    waiting = iter(texts)
    done = [_with_own(part, [next(waiting).strip() for _ in _cited(part)]) for part in parts]
    return [*done, replace(made, text=bibliography.strip("\n"))]


def _cited(part: Part) -> Sequence[Any]:
    blocks: Sequence[Any] = part.citations.get("blocks", [])
    return blocks


def _with_own(part: Part, citations: Sequence[str]) -> Part:
    def put(text: str, given: Sequence[str]) -> str:
        return _CITATION.sub(lambda token: given[int(token[1]) - 1], text)

    # An entry of the contents is a link, and HTML has none within another.
    plain = [re.sub(r"</?a\b[^>]*>", "", citation) for citation in citations]
    return replace(part, text=put(part.text, citations), contents=put(part.contents, plain))


def _all_citations(parts: Sequence[Part]) -> dict[str, Any]:
    """A document of nothing but citations, with a mark behind each."""

    def blocks() -> Iterator[dict[str, Any]]:
        for part in parts:
            for citation in _cited(part):
                yield citation
                yield {"t": "Plain", "c": [{"t": "Str", "c": _BETWEEN}]}

    some = next(part.citations for part in parts if _cited(part))
    return {**some, "blocks": list(blocks())}
