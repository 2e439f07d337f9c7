"""Put the finished, verified document where the reader looks, with its manifest.

Nothing is replaced before everything has succeeded: the previous PDF stays until this step.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.common.artifacts import load_json, save_json
from scripts.common.command_line import parse


@dataclass(frozen=True)
class Settings:
    """How the document was rendered."""

    engine: str = field(metadata={"help": "quarto or embedded"})
    engine_version: str = field(metadata={"help": "the versions of the engine's parts"})


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    settings, files = parse(
        __doc__,
        Settings,
        inputs=("collected", "verification", "pdf", "html"),
        outputs=("final_pdf", "final_html", "manifest"),
        arguments=arguments,
    )
    manifest = load_json(files.collected)
    manifest["engine"] = {"name": settings.engine, "version": settings.engine_version}
    manifest["checks"] += json.loads(files.verification.read_text(encoding="utf-8"))
    shutil.copyfile(files.pdf, files.final_pdf)
    shutil.copyfile(files.html, files.final_html)
    save_json(files.manifest, manifest)


if __name__ == "__main__":
    main()
