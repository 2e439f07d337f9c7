"""The real Quarto, run on a copy of the document's folder."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.report.engines.features import timestamp
from scripts.report.engines.problems import of_letters, of_refusal
from scripts.report.engines.slim import slim
from scripts.report.source import Document, RenderError, shown

#: What Quarto prints about a text that it could not resolve, though it succeeds.
_UNRESOLVED = re.compile(
    r"^.*(?:Unable to resolve|Unknown var|Shortcode '.*' not found|citation .* not found).*$",
    re.IGNORECASE | re.MULTILINE,
)


def render_pdf(document: Document) -> bytes:
    """The document as PDF by way of Quarto's Typst. Raises RenderError."""
    return _render(document, "typst", ".pdf")


def render_html(document: Document) -> bytes:
    """The document as HTML. Raises RenderError."""
    return slim(_render(document, "html", ".html").decode()).encode()


def _render(document: Document, target: str, suffix: str) -> bytes:
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": str(timestamp(document)),
        "TYPST_IGNORE_SYSTEM_FONTS": "true",
    }
    project = document.metadata.get("project") or {}
    out = str(project.get("output-dir", "."))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "document")
        # Quarto reads all documents of a project, and what the others include need not be here
        others = {*project.get("render", ())} - {document.path.name}
        made = [out] if out != "." else []
        left_out = shutil.ignore_patterns(".quarto", *made, *others)
        shutil.copytree(document.folder, copy, ignore=left_out, copy_function=_copy)
        command = ["quarto", "render", document.path.name, "--to", target]
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, encoding="utf-8"
        )
        said = done.stdout + done.stderr
        refused = of_refusal(document, said) or of_letters(document, said)
        if refused is not None:
            raise refused
        if done.returncode != 0:
            raise RenderError(f"{shown(document.path)}: Quarto failed: {said.strip()}")
        unresolved = _UNRESOLVED.search(said)
        if unresolved:
            raise RenderError(f"{shown(document.path)}: Quarto says: {unresolved[0].strip()}")
        return (copy / out / document.path.with_suffix(suffix).name).read_bytes()


def _copy(source: str, target: str) -> None:
    """Copy a file, a text without its byte order mark, which Quarto prints of an included one."""
    content = Path(source).read_bytes()
    is_text = source.endswith(".qmd")
    Path(target).write_bytes(content.removeprefix(codecs.BOM_UTF8) if is_text else content)
