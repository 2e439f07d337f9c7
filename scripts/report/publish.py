"""Render the document, verify it and, if all is well, hand it over with its manifest.

Nothing is replaced before everything has succeeded: the previous PDF stays until this step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.common.artifacts import load_json, save_json
from scripts.report import product, verify
from scripts.report.source import RenderError

REJECTED = Path("data/logs/report")
"""Where a document goes about which something is wrong."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Raises SystemExit, saying what is wrong with the document."""
    options = _parse(arguments)
    try:
        _publish(options)
    except OSError as error:
        sys.exit(f"{error.filename or 'The document'}: {error.strerror or error}")
    except RenderError as error:
        sys.exit(str(error))


def _publish(options: argparse.Namespace) -> None:
    made = product.make(options.document, options.engine, options.made)
    if complaints := list(verify.complaints(made.checks)):
        sys.exit("\n".join([*complaints, _rejected(made)]))
    manifest = load_json(options.collected)
    manifest["engine"] = {"name": options.engine, "version": options.engine_version}
    manifest["checks"] += [check.record() for check in made.checks]
    options.pdf.write_bytes(made.pdf)
    options.html.write_bytes(made.html)
    save_json(options.manifest, manifest)


def _rejected(made: product.Product) -> str:
    """Keep what was rendered but not accepted, and say where."""
    REJECTED.mkdir(parents=True, exist_ok=True)
    (REJECTED / "rejected.pdf").write_bytes(made.pdf)
    (REJECTED / "rejected.html").write_bytes(made.html)
    return f"What was rejected can be looked at: {REJECTED}/rejected.pdf and rejected.html"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("document", help="the .qmd file")
    parser.add_argument("--made", nargs="*", default=[], help="the generated files")
    parser.add_argument("--collected", required=True, type=Path, help="the manifest so far")
    parser.add_argument("--engine", required=True, help="quarto or embedded")
    parser.add_argument("--engine-version", required=True, help="versions of the engine's parts")
    for name in ("pdf", "html", "manifest"):
        parser.add_argument(f"--{name}", required=True, type=Path, help="file written")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
