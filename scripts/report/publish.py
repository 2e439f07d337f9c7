"""Render a document, verify it and, if all is well, hand it over, with a record.

The record holds its checks, and where it shows what. Nothing is replaced before everything has
succeeded: the previous PDF stays until this step.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.common.artifacts import save_json
from scripts.common.command_line import Files, parse
from scripts.common.settings import Block
from scripts.report import product, verify
from scripts.report.places import Places
from scripts.report.source import RenderError, read_document

REJECTED = Path("data/logs/report")
"""Where a document goes about which something is wrong."""


class Settings(Block, reads=()):
    """Which document to render (the .qmd file), with which engine, of which version."""

    document: str
    engine: str
    engine_version: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Raises SystemExit, saying what is wrong with the document."""
    made = ("pdf", "html", "checks")
    settings, files = parse(__doc__, Settings, ("made",), made, arguments, several=("made",))
    try:
        _publish(settings, files)
    except OSError as error:
        sys.exit(f"{error.filename or 'The document'}: {error.strerror or error}")
    except RenderError as error:
        sys.exit(str(error))


def _publish(settings: Settings, files: Files) -> None:
    """Render, verify, hand over. files: what rules made that it shows."""
    made = product.make(settings.document, settings.engine, files.made)
    name = Path(settings.document).stem
    if complaints := list(verify.complaints(made.checks)):
        sys.exit("\n".join([*complaints, _rejected(name, made)]))
    engine = {"name": settings.engine, "version": settings.engine_version}
    record = {
        "engine": engine,
        "checks": [check.record(name) for check in made.checks],
        "text": Places(read_document(settings.document)).record(),
    }
    files.pdf.write_bytes(made.pdf)
    files.html.write_bytes(made.html)
    save_json(files.checks, record)


def _rejected(name: str, made: product.Product) -> str:
    """Keep what was rendered but not accepted, and say where."""
    REJECTED.mkdir(parents=True, exist_ok=True)
    rejected = REJECTED / f"{name}.pdf"
    rejected.write_bytes(made.pdf)
    rejected.with_suffix(".html").write_bytes(made.html)
    return f"What was rejected can be looked at: {rejected} and {name}.html"


if __name__ == "__main__":
    main()
