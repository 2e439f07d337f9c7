"""Gives every label its number, once for PDF and HTML: sections 1, 1.1, …; figures, tables,
equations and each theorem-like kind 1, 2, …; panels of a figure 2a, 2b, ….

Pandoc reads the chapters one by one and leaves a token wherever a number belongs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MENTION = re.compile("\ue010(\\d+)\ue011")


def numbers(items: Iterable[Mapping[str, Any]], offset: int = 0) -> dict[str, str]:
    """The number of each label. ``items``: what carries one, in document order.

    An item has ``label`` and ``kind``; a heading also ``level``, a panel its letter as ``panel``.
    ``offset``: how many sections of the first level are counted before the first.
    """
    found: dict[str, str] = {}
    counts: Counter[str] = Counter()
    section = [offset, 0, 0, 0, 0, 0]
    whole = ""
    for item in items:
        if "level" in item:
            level = item["level"]
            section[level - 1] += 1
            section[level:] = [0] * (6 - level)
            number = ".".join(map(str, section[:level]))
        elif "panel" in item:
            number = whole + item["panel"]
        else:
            counts[item["kind"]] += 1
            number = whole = str(counts[item["kind"]])
        found[item["label"]] = number
    return found


def filled(text: str, mentions: Sequence[str], numbers: Mapping[str, str]) -> str:
    """``text`` with each token replaced by its number; ``mentions`` are the tokens' labels.

    Raises KeyError with the label that has no number.
    """
    return _MENTION.sub(lambda token: numbers[mentions[int(token[1]) - 1]], text)
