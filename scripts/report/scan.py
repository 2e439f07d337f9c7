"""Hold the document's text against what the build made: nothing missing, nothing made in vain.

    python -m scripts.report.scan --document report/assignment.qmd --made FILES --usage OUT.json

The qmd files are the only place that says what the document uses. Anything used that no rule
makes, made but shown nowhere, or wrong in the text itself stops the build, with file and line.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.common.artifacts import save_json
from scripts.report import source


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Raises source.RenderError with the problems found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--document", type=Path, required=True)
    parser.add_argument("--variables", type=Path, required=True)
    parser.add_argument("--made", type=Path, nargs="+", required=True)
    parser.add_argument("--usage", type=Path, required=True)
    found = parser.parse_args(arguments)
    document = source.read_document(found.document)
    variables = source.load_variables(found.variables)
    source.check(document, variables=variables)
    problems = misused(document, found.document.parent, found.made)
    if problems:
        raise source.RenderError("\n".join(problems))
    save_json(
        found.usage,
        {
            "variables": sorted(source.variables_used(document)),
            "figures": sorted(source.figures_used(document)),
            "includes": sorted(source.includes_used(document)),
        },
    )


def misused(document: source.Document, folder: Path, made: Iterable[Path]) -> list[str]:
    """Return a sentence for each generated file that is used but not made, or made but not used.

    folder: where the document lies. made: the generated files that rules make, all below it.
    """
    shown = source.figures_used(document) | source.includes_used(document)
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


if __name__ == "__main__":
    try:
        main()
    except source.RenderError as error:
        sys.exit(str(error))
