"""The values that the document's ``{{< var >}}`` stand for, and text that reads back as it is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from scripts.common.strict_yaml import YamlError, compose, fault, is_as_written
from scripts.report.source import CONTROL, PRIVATE, Document, Place, RenderError, read_text, shown

_KEY = re.compile(r"[A-Za-z_][\w-]*")


def variables_of(document: Document) -> dict[str, str]:
    """The values of a document's variables; none where it has no `_variables.yml`."""
    path = document.folder / "_variables.yml"
    return load_variables(path) if path.exists() else {}


def origin(document: Document, key: str) -> str:
    """Where an author changes a variable; `_variables.yml` itself is made by the build."""
    return (
        f"workflow/config.yaml: {key}"
        if key.startswith("author.")
        else (f"{shown(document.folder / '_variables.yml')}: {key}")
    )


def load_variables(path: Path) -> dict[str, str]:
    """Values of ``_variables.yml`` by dotted key, each as the text that the document shows.

    Raises RenderError, with the line, for what is no strict YAML and for a value that Quarto would
    not print as it is written.
    """
    values: dict[str, str] = {}

    def flatten(prefix: str, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if not _KEY.fullmatch(key.value):
                    raise fault(key, f"no document can ask for the key `{key.value}`; rename it.")
                flatten(f"{prefix}.{key.value}" if prefix else key.value, value)
        elif not isinstance(node, yaml.ScalarNode) or not is_as_written(node):
            given = node.value if isinstance(node, yaml.ScalarNode) else "[…]"
            raise fault(
                node,
                f"the value `{given}` of `{prefix}` must be a text or a whole number (or a "
                "decimal one without a closing zero); put it in quotes, so that every engine "
                "prints it as written.",
            )
        elif found := PRIVATE.search(node.value) or CONTROL.search(node.value):
            kind = "private" if PRIVATE.match(found[0]) else "control"
            raise fault(
                node, f"`{prefix}` holds a {kind} character, U+{ord(found[0]):04X}; take it out."
            )
        else:
            values[prefix] = node.value

    try:
        flatten("", compose(read_text(path, None)))
    except YamlError as error:
        raise RenderError(f"{Place(shown(path), error.line)}: {error}") from None
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
