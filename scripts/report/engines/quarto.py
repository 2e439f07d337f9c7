"""The real Quarto, run on a copy of the document's folder."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.report.engines.problems import of_refusal
from scripts.report.engines.settings import timestamp
from scripts.report.source import Document, RenderError, shown

#: Older versions write Typst without alternative texts.
MINIMUM = (1, 9)
#: What Quarto prints about a text that it could not resolve, though it succeeds.
_UNRESOLVED = re.compile(
    r"^.*(?:Unable to resolve|Unknown var|Shortcode '.*' not found|citation .* not found).*$",
    re.IGNORECASE | re.MULTILINE,
)


def usable() -> bool:
    """Whether a Quarto that is recent enough is on PATH."""
    if shutil.which("quarto") is None:
        return False
    return _parsed(_asked()) >= MINIMUM


def version() -> str:
    """Quarto's version. Raises RenderError when Quarto is missing or too old."""
    if shutil.which("quarto") is None:
        raise RenderError(
            "the engine is set to `quarto`, but no `quarto` is on PATH; install Quarto "
            f"{'.'.join(map(str, MINIMUM))} or later, or set the engine to `embedded` or `auto`."
        )
    found = _asked()
    if _parsed(found) < MINIMUM:
        raise RenderError(
            f"Quarto {found} is too old; install {'.'.join(map(str, MINIMUM))} or later, or set "
            "the engine to `embedded`."
        )
    return f"quarto {found}"


@functools.cache
def _asked() -> str:
    done = subprocess.run(["quarto", "--version"], capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        raise RenderError(f"`quarto --version` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _parsed(found: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", found)[:2])


def render_pdf(document: Document) -> bytes:
    """The document as PDF by way of Quarto's Typst. Raises RenderError."""
    return _render(document, "typst", ".pdf")


def render_html(document: Document) -> bytes:
    """The document as HTML. Raises RenderError."""
    return _render(document, "html", ".html")


def _render(document: Document, target: str, suffix: str) -> bytes:
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": str(timestamp(document)),
        "TYPST_IGNORE_SYSTEM_FONTS": "true",
    }
    project = document.metadata.get("project") or {}
    out = str(project.get("output-dir", "."))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "document")
        left_out = shutil.ignore_patterns(".quarto", *([out] if out != "." else []))
        shutil.copytree(document.folder, copy, ignore=left_out)
        command = ["quarto", "render", document.path.name, "--to", target]
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, encoding="utf-8"
        )
        said = done.stdout + done.stderr
        refused = of_refusal(document, said)
        if refused is not None:
            raise refused
        if done.returncode != 0:
            raise RenderError(f"{shown(document.path)}: Quarto failed: {said.strip()}")
        unresolved = _UNRESOLVED.search(said)
        if unresolved:
            raise RenderError(f"{shown(document.path)}: Quarto says: {unresolved[0].strip()}")
        return (copy / out / document.path.with_suffix(suffix).name).read_bytes()
