"""`make diff`: what this tree gives against another commit, or with other settings.

    python -m scripts.report.diff --revision main~3
    python -m scripts.report.diff --config other.yaml

Builds this tree as it stands on the disk, uncommitted edits included, and the other side apart from
it; prints every difference with its reason and writes the same, with the figures, as one HTML file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.pipeline import report
from scripts.report.diff import other_tree
from scripts.report.diff.built import Built
from scripts.report.diff.page import page
from scripts.report.diff.rows import compare
from scripts.report.diff.told import text

PAGE = "report/build/diff.html"
HERE = "this tree"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--revision", default="", help="a commit: its results come first")
    parser.add_argument("--config", default="", help="other settings: their results come second")
    options = parser.parse_args(arguments)
    if bool(options.revision) == bool(options.config):
        print(
            "Name one other side: make diff REV=main~3, or make diff CONFIG=other.yaml.",
            file=sys.stderr,
        )
        return 2
    root = Path.cwd()
    try:
        with other_tree.alone(root):
            return _diff(root, options)
    except other_tree.DiffError as error:
        print(error, file=sys.stderr)
        return 1


def _diff(root: Path, options: argparse.Namespace) -> int:
    """Build both sides, compare. Raises DiffError."""
    if options.revision:
        tree, commit = other_tree.of_revision(root, options.revision)
        name = f"{options.revision} ({commit})"
    else:
        tree, name = other_tree.of_settings(root, Path(options.config)), options.config
    if code := report.main([]):
        return code
    print(f"\nNow {name}, in {tree.relative_to(root)}:", file=sys.stderr)
    other_tree.build(root, tree, name)
    sides = Built.read(tree, name), Built.read(root, HERE)
    old, new = sides if options.revision else sides[::-1]
    rows = compare(old, new, root)
    (root / PAGE).write_text(page(rows, old, new), encoding="utf-8")
    print(file=sys.stderr)
    print(text(rows, old.name, new.name))
    print(f"\nAs a page, with the figures: {PAGE}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
