"""Text of either edition, made comparable."""

from __future__ import annotations

import re
import unicodedata


def squeezed(text: str) -> str:
    """Text with plain letters, single blanks and no soft characters, for comparisons."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub("[\u200b\u2060\u00ad\u2061-\u2064]", "", text)
    return " ".join(text.split())
