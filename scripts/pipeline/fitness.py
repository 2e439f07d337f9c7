"""Refuses by name what a rule cannot use here: Snakemake knows more than can be compared.

A result is compared by its bytes, by those of the inputs, and by its contract. So inputs and
outputs must be files that are known beforehand and stay.
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from scripts.pipeline.rules import ITEM

_HARMLESS = {"access_pattern", "ancient", "ensure", "local", "multiext", "report"}
"""The flags of a file that leave its bytes, and when they are there, as the rule says."""


def check(root: Path, rule: Any) -> None:
    """End the process with a message if a rule uses what cannot be compared."""
    for kind, files in (("input", rule.input), ("output", rule.output)):
        for file in files:
            if fault := _fault(root, kind, file):
                raise SystemExit(f"rule {rule.name}: its {kind} {fault}")
    if rule.shadow_depth:
        raise SystemExit(f"rule {rule.name}: take `shadow:` out; a step has a folder of its own.")


def _fault(root: Path, kind: str, file: Any) -> str | None:
    """What is wrong with a rule's input or output, and the remedy; None for a plain file."""
    if callable(file):
        return "is a function; name the files themselves."
    path, flags = PurePath(file), set(file.flags) - _HARMLESS
    if flags:
        return (
            f"{file} is {min(flags)}(…); name plain files, each of which is there, with the same "
            "bytes, from one build to the next."
        )
    if "{" in ITEM.sub("", str(file)):
        return f"{file} has braces, which are wildcards to Snakemake; name each file."
    if ".." in path.parts or (path.is_absolute() and kind == "output"):
        return f"{file} lies outside the repository; take a place in it."
    if (root / path).is_dir():
        return f"{file} is a folder; name the files in it."
    return None
