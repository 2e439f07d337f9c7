"""Holds the document's text against what the build made: nothing missing, nothing made in vain.

The qmd files are the only place that says what the document shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scripts.report import parts
from scripts.report.source import Document


def misused(document: Document, folder: Path, made: Iterable[Path]) -> list[str]:
    """Return a sentence for each generated file that is used but not made, or made but not used.

    folder: where the document lies. made: the generated files that rules make, all below it.
    """
    shown = parts.figures_used(document) | parts.includes_used(document)
    generated = {name: places for name, places in shown.items() if name.startswith("generated/")}
    declared = {str(path.relative_to(folder)) for path in made}
    return [
        *(
            f"{generated[name][0]}: no rule makes {name} (it may be left from an earlier build). "
            "Add it to the outputs of the exercise's plot rule, or remove it from the text."
            for name in sorted(generated.keys() - declared)
        ),
        *(
            f"{folder / name}: made, but shown nowhere in the document. "
            "Show it in the exercise's qmd, or remove it from the rule that makes it."
            for name in sorted(declared - generated.keys())
        ),
    ]
