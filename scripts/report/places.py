"""Where the author's texts print a value, show a figure, or rest on a check."""

from __future__ import annotations

import re
from collections.abc import Mapping


def of_value(texts: Mapping[str, str], key: str) -> list[str]:
    """Return `file:line` for each place that prints a value. texts: by path; key: `topic.key`."""
    return _places(texts, rf"(?<!\{{)\{{\{{<\s*var\s+{re.escape(key)}\s*>\}}\}}")


def of_display(texts: Mapping[str, str], path: str) -> list[str]:
    """Return `file:line` for each place that shows what lies at `path` in `data/figures`."""
    shown = path.replace("data/figures/", "generated/").removeprefix("report/")
    return _places(texts, rf"(?<![\w/.-]){re.escape(shown)}(?![\w/-])")


def of_check(texts: Mapping[str, str], name: str) -> list[str]:
    """Return `file:line` for each observation in the text behind which a check stands."""
    return _places(texts, rf'\b(?:check|observed)="(?:[^"]*\s)?{re.escape(name)}(?:\s[^"]*)?"')


def _places(texts: Mapping[str, str], pattern: str) -> list[str]:
    return [
        f"{file}:{text.count(chr(10), 0, found.start()) + 1}"
        for file, text in texts.items()
        for found in re.finditer(pattern, text)
    ]
