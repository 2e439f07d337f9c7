"""Makes an HTML page self-contained: images, style sheets and fonts go into the page itself.

Pandoc can do this too, but takes as long for it as for all the rest.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable
from pathlib import Path

from scripts.report.source import RenderError, read_text, shown

_KINDS = {
    ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".gif": "image/gif", ".webp": "image/webp",
    ".woff2": "font/woff2", ".woff": "font/woff", ".ttf": "font/ttf", ".otf": "font/otf",
}  # fmt: skip


def with_images(page: str, folder: Path) -> str:
    """The page with every image in it; their names are relative to ``folder``.

    Raises RenderError for an image that is not there or that browsers do not show.
    """

    def source(found: re.Match[str]) -> str:
        return found[1] + _data_url(folder / html.unescape(found[2]))

    return re.sub(r'(<img(?:\s+[\w-]+="[^"]*")*?\s+src=")([^"]*)', source, page)


def with_styles(page: str, sheets: Iterable[Path]) -> str:
    """The page with style sheets at the end of its head, and in them the files that they name.

    Raises RenderError for a file that is not there.
    """

    styles = "".join(f"<style>\n{_filled(sheet)}</style>\n" for sheet in sheets)
    return page.replace("</head>", f"{styles}</head>", 1)


def _filled(sheet: Path) -> str:
    def url(found: re.Match[str]) -> str:
        return f"url({_data_url(sheet.parent / found[1])})"

    rules = read_text(sheet, None)
    return re.sub(r"""url\(["']?([^"')]+)["']?\)""", url, rules)


def _data_url(file: Path) -> str:
    kind = _KINDS.get(file.suffix.lower())
    if kind is None or not file.is_file():
        raise RenderError(
            f"{shown(file)} cannot go into the HTML: it must be a file of one of the kinds "
            f"{', '.join(_KINDS)}."
        )
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"
