"""Verify the finished document and, if all is well, put it where the reader looks.

Nothing is replaced before everything has succeeded: the previous PDF stays until this step.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.common.artifacts import load_json, save_json
from scripts.common.command_line import parse
from scripts.report.verify import complaints, verify


@dataclass(frozen=True)
class Settings:
    """How the document was rendered."""

    engine: str = field(metadata={"help": "quarto or embedded"})
    engine_version: str = field(metadata={"help": "the versions of the engine's parts"})


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Raises SystemExit, saying what is wrong with the document."""
    settings, files = parse(
        __doc__,
        Settings,
        inputs=("collected", "pdf", "html"),
        outputs=("final_pdf", "final_html", "manifest"),
        arguments=arguments,
    )
    checks = verify(files.pdf, files.html)
    if not all(check.passed for check in checks):
        sys.exit("\n".join(complaints(checks)))
    manifest = load_json(files.collected)
    manifest["engine"] = {"name": settings.engine, "version": settings.engine_version}
    manifest["checks"] += [check.record() for check in checks]
    shutil.copyfile(files.pdf, files.final_pdf)
    shutil.copyfile(files.html, files.final_html)
    save_json(files.manifest, manifest)


if __name__ == "__main__":
    main()
