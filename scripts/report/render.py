"""Renders a Quarto document to PDF and HTML, with Quarto or with the embedded engine.

python -m scripts.report.render report/assignment.qmd --output out.pdf --html out.html
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from scripts.report import scan, settings
from scripts.report.engines import embedded, quarto
from scripts.report.engines.choice import resolve_engine
from scripts.report.mistakes import check
from scripts.report.source import Document, RenderError, read_document
from scripts.report.variables import variables_of

__all__ = ["ENGINES", "RenderError", "main", "prepared", "render"]


class Engine(Protocol):
    """What turns a document into its two editions. Both raise RenderError and write nothing."""

    def render_pdf(self, document: Document) -> bytes:
        """The document as PDF."""
        ...

    def render_html(self, document: Document) -> bytes:
        """The document as one self-contained HTML file."""
        ...


ENGINES: Mapping[str, Engine] = {"quarto": quarto, "embedded": embedded}


def prepared(qmd: str | Path, made: Iterable[str | Path] | None = None) -> Document:
    """Read a document and look for its author's mistakes. Raises RenderError.

    ``made``: the generated files that rules make; where they are given, each must be shown, and
    no other generated file may be.
    """
    document = read_document(qmd)
    if strays := scan.strays(document):
        raise RenderError("\n".join(strays))
    check(document, variables=variables_of(document))
    problems = scan.misused(document, document.folder, map(Path, made)) if made is not None else []
    if problems:
        raise RenderError("\n".join(problems))
    return document


def render(
    qmd: str | Path,
    *,
    engine: str = "auto",
    pdf: str | Path | None = None,
    html: str | Path | None = None,
) -> tuple[str, str]:
    """Render ``qmd`` to the files named, and return the engine used and its version.

    Nothing is written unless everything succeeds; the files then appear at once, whole. Raises
    RenderError.
    """
    resolved = resolve_engine(engine)
    document = prepared(qmd)
    module = ENGINES[resolved[0]]
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            (Path(path), pool.submit(make, document))
            for path, make in ((pdf, module.render_pdf), (html, module.render_html))
            if path is not None
        ]
    contents = [(path, job.result()) for path, job in jobs]
    for path, content in contents:
        _write(path, content)
    return resolved


def _write(path: Path, content: bytes) -> None:
    """Replace ``path`` in one step; a failure leaves the old file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Render a Quarto document to PDF and HTML.")
    parser.add_argument("document", type=Path, help="the .qmd file")
    parser.add_argument("--engine", default="auto", help=f"one of {', '.join(settings.ENGINES)}")
    parser.add_argument("--output", type=Path, help="the PDF to write")
    parser.add_argument("--html", type=Path, help="the HTML to write")
    options = parser.parse_args(arguments)
    if options.output is None and options.html is None:
        parser.error("name an output: --output FILE.pdf, --html FILE.html, or both")
    try:
        render(options.document, engine=options.engine, pdf=options.output, html=options.html)
    except RenderError as error:
        print(f"render: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"render: {error.filename or ''} cannot be written: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
