"""`make handin`: the PDF and the program of exercise 4.6, named after their author."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from scripts.pipeline import config, products, sidecar
from scripts.pipeline.contract import sha256

PLACEHOLDER = "A. Student"
PROGRAM = "scripts/gan_training/baseline.py"
FOLDER = "report/build/handin"


class HandInError(Exception):
    """There is nothing yet that could be handed in; the message says what to do."""


def hand_in(root: Path) -> list[str]:
    """Copy PDF and program to `FOLDER`, where nothing else is left; return their names.

    Raises HandInError.
    """
    author = config.read_yaml(root / config.CONFIG)["author"]["name"]
    if author == PLACEHOLDER:
        raise HandInError(
            f"{config.CONFIG}: author.name is still `{PLACEHOLDER}`; put your name there, and your "
            "student number, and run `make handin` again."
        )
    pdf = root / products.PDF
    found = sidecar.read(pdf)
    if found is None or not pdf.is_file() or found.get("sha256") != sha256(pdf):
        raise HandInError(f"{products.PDF} is missing or damaged; run `make report`.")
    name = "-".join(re.findall(r"\w+", author)) or "author"
    copies = {f"{name}-assignment.pdf": pdf, f"{name}-exercise-4.6.py": root / PROGRAM}
    shutil.rmtree(root / FOLDER, ignore_errors=True)
    (root / FOLDER).mkdir(parents=True)
    for copy, source in copies.items():
        shutil.copyfile(source, root / FOLDER / copy)
    return [f"{FOLDER}/{copy}" for copy in copies]


def main() -> int:
    """Prepare the current folder's hand-in; return the exit code."""
    try:
        print("To hand in:", *hand_in(Path.cwd()), sep="\n  ")
    except HandInError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
