"""The values that the document's ``{{< var >}}`` stand for, and text that reads back as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from scripts.report.source import PRIVATE, Document, RenderError, load_yaml, read_text, shown


def variables_of(document: Document) -> dict[str, str]:
    """The values of a document's variables; none where it has no `_variables.yml`."""
    path = document.folder / "_variables.yml"
    return load_variables(path) if path.exists() else {}


def load_variables(path: Path) -> dict[str, str]:
    """Values of ``_variables.yml`` by dotted key, each as the text that the document shows.

    Raises RenderError for a value that is neither text nor a whole number (Quarto would reformat
    it: ``0.500`` becomes ``0.5``), and for one with a character that the engine uses itself.
    """
    values: dict[str, str] = {}

    def flatten(prefix: str, node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                flatten(f"{prefix}.{key}" if prefix else str(key), value)
        elif isinstance(node, str) and PRIVATE.search(node):
            raise RenderError(
                f"{shown(path)}: the value {node!r} of `{prefix}` holds a private character, which "
                "is the engine's; take it out."
            )
        elif isinstance(node, str) or (isinstance(node, int) and not isinstance(node, bool)):
            values[prefix] = str(node)
        else:
            raise RenderError(
                f"{shown(path)}: the value {node!r} of `{prefix}` must be a text or a whole "
                "number; put it in quotes, so that every engine prints it as written."
            )

    flatten("", load_yaml(read_text(path, None), path, 0))
    return values


def markdown_escape(text: str) -> str:
    """The Markdown that reads back as this very text, on one line.

    For values of ``_variables.yml`` and cells of generated tables: Quarto parses a variable as
    Markdown in prose, and takes its plain text inside formulas, code and attributes.
    """
    text = " ".join(text.split())
    text = re.sub(r"([\\`*_{}\[\]()#+!|<>~^$@\"'&=:;?/%])", r"\\\1", text)
    text = re.sub(r"\.(?![A-Za-z0-9])", r"\\.", text)
    return re.sub(r"-(?![A-Za-z0-9])|(?<=-)-", r"\\-", text)
