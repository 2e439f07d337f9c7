"""Finds the filters that Quarto's extensions in a document's folder bring along.

An extension that brings anything else may act in Quarto without being named, and is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.common import strict_yaml
from scripts.common.strict_yaml import YamlError
from scripts.report.source import Place, RenderError, as_list, read_text, shown

STAGES = ("pre-quarto", "post-quarto")
"""When a filter of the author's runs: before the engine's filters, or after them."""


def extensions(folder: Path) -> dict[str, list[tuple[Path, str]]]:
    """The filters of each extension, in order, with their stages.

    The name of an extension is that of its folder, with or without the author's before it. Raises
    RenderError for one that brings more than filters.
    """
    found: dict[str, list[tuple[Path, str]]] = {}
    root = folder / "_extensions"
    for manifest in sorted(root.rglob("_extension.y*ml")):
        name = manifest.parent.relative_to(root).as_posix()
        found[name] = [
            (manifest.parent / entry["path"], entry["at"]) for entry in _filters(manifest)
        ]
        found.setdefault(manifest.parent.name, found[name])
    return found


def sources(folder: Path) -> list[Path]:
    """Every file of code of the extensions: a filter may load others that lie beside it."""
    return sorted((folder / "_extensions").rglob("*.lua"))


def _filters(manifest: Path) -> list[dict[str, str]]:
    try:
        brought = strict_yaml.load(read_text(manifest, None)).get("contributes")
    except YamlError as error:
        raise RenderError(f"{Place(shown(manifest), error.line)}: {error}") from None
    if isinstance(brought, dict) and brought.keys() == {"filters"}:
        filters = as_list(brought["filters"])
        if all(map(_is_known, filters)):
            return filters
    raise RenderError(
        f"{Place(shown(manifest), 1)}: the embedded engine knows extensions that contribute "
        f"filters, each with `path:` and `at:` {' or '.join(STAGES)}, and nothing else; take this "
        "one out, or render with Quarto (`--engine quarto`)."
    )


def _is_known(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() == {"path", "at"}
        and isinstance(entry["path"], str)
        and entry["at"] in STAGES
    )
