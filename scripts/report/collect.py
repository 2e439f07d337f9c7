"""Gather what the exercises found into what the document includes.

Reads every summary, every record of checks and every figure and table with its sidecar; writes
the document's variables, its generated Markdown, copies of the figures, and the manifest's part
that does not depend on how the document is rendered.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from scripts.common.artifacts import load_json, save_json
from scripts.common.command_line import parse
from scripts.common.tables import save_table
from scripts.pipeline import sidecar
from scripts.pipeline.rules import observations
from scripts.report.settings import Author
from scripts.report.variables import markdown_escape

METHODS = {
    "exhaustive": "every case",
    "symbolic": "algebra",
    "numerical": "numbers",
    "statistical": "statistics",
}
RELATIONS = {"=": "=", "<=": r"\le", ">=": r"\ge"}


class Settings(Author, leaves=()):
    """Whose the documents are, which rule makes each artifact, what the assignment has.

    assignment: its labels, the observations that it names, the files made that it shows.
    """

    rules: dict[str, str]
    assignment: dict[str, list[str]]


SEVERAL = ("summaries", "checks", "displays", "copies")
"""Kinds of which there are many files: three that are read, one that is written."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    single = ("manifest", "variables", "claims", "provenance", "observations", "answered")
    names = (*single, *SEVERAL[3:])
    settings, found = parse(__doc__, Settings, SEVERAL[:3], names, arguments, several=SEVERAL)
    values = collect_values(found.summaries)
    checks = collect_checks(found.checks)
    author = {"name": settings.name, "student_number": settings.student_number}
    made = [*found.summaries, *found.checks, *found.displays]
    save_json(
        found.manifest,
        {
            "values": values,
            "checks": checks,
            "artifacts": [describe(path) | {"rule": settings.rules[str(path)]} for path in made],
        },
    )
    labels = settings.assignment["labels"]
    counts = count(checks) | {
        "assignment": count(check for check in checks if check["claim"] in labels)
    }
    write_variables(found.variables, values, checks, counts, author)
    copies = dict(zip(map(str, found.copies), found.displays, strict=True))
    failed = [check for check in checks if not check["passed"]]
    named = {*settings.assignment["observed"], *_named(settings.assignment["shown"], copies)}
    write_observations(found.observations, failed)
    write_observations(found.answered, [check for check in failed if check["id"] in named])
    write_claims(found.claims, checks)
    write_provenance(found.provenance, found.displays)
    for display, copy in zip(found.displays, found.copies, strict=True):
        shutil.copyfile(display, copy)


def collect_values(summaries: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Return every number that the prose may use: topic -> key -> {"value", "text", "script"}.

    The topic is the name of the summary's folder, the script is what made it. Raises ValueError for
    a key given twice and for a summary that the build did not make.
    """
    values: dict[str, dict[str, Any]] = {}
    for path in summaries:
        topic, script = values.setdefault(path.parent.name, {}), describe(path)["script"]
        for key, entry in load_json(path)["values"].items():
            if key in topic:
                raise ValueError(f"{path}: the value {key} is also given by another summary")
            topic[key] = entry | {"script": script}
    return values


def collect_checks(records: Iterable[Path]) -> list[dict[str, Any]]:
    """Return all records of checks, exercise by exercise. ValueError if two share an id."""
    checks = [check for path in records for check in load_json(path)["checks"]]
    ids = [check["id"] for check in checks]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ValueError(f"checks with the same id: {', '.join(twice)}")
    return checks


def describe(artifact: Path) -> dict[str, Any]:
    """Return an artifact's entry in the manifest, from its sidecar.

    Raises ValueError if it has none: only what the build made may be in the document.
    """
    found = sidecar.read(artifact)
    if found is None:
        raise ValueError(f"{artifact} has no readable sidecar: it was not made by this build")
    return {
        "path": str(artifact),
        "sha256": found["sha256"],
        "script": f"scripts/{found['contract']['step'].replace('.', '/')}.py",
        "inputs": sorted(found["inputs"]),
        "params": found["contract"]["settings"],
    }


def count(checks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return as text how many checks there are, by method and of all."""
    methods = [check["method"] for check in checks]
    return {method: str(methods.count(method)) for method in METHODS} | {"all": str(len(methods))}


def write_variables(
    path: Path,
    values: Mapping[str, Mapping[str, Any]],
    checks: Iterable[Mapping[str, Any]],
    counts: Mapping[str, Any],
    author: Mapping[str, str],
) -> None:
    """Write `_variables.yml`: the texts of values, counts and verdicts of checks, the author."""
    variables: dict[str, Mapping[str, Any]] = {
        topic: {key: markdown_escape(str(entry["text"])) for key, entry in keys.items()}
        for topic, keys in values.items()
    }
    variables["author"] = {key: markdown_escape(text) for key, text in author.items()}
    variables["checks"] = counts
    observed: dict[str, dict[str, str]] = {}
    for check in checks:
        if check["observed"]:
            topic, _, name = check["id"].partition(".")
            observed.setdefault(topic, {})[name] = "holds" if check["passed"] else "fails"
    variables["observed"] = observed
    heading = "# Made by the build (rule collect); do not edit.\n"
    text = yaml.safe_dump(variables, allow_unicode=True, default_style='"', width=10_000)
    path.write_text(heading + text, encoding="utf-8")


def write_observations(path: Path, failed: Sequence[Mapping[str, Any]]) -> None:
    """Write what stands on a document's first page: the observations of the text that fail.

    The filter `observed.lua` reads their names here.
    """
    lines = ["<!-- All observations of the text hold at these settings. -->"]
    if failed:
        lines = [
            "::: {.callout-warning}",
            "## Not everything that the text observes holds at these settings",
            "Each such sentence is marked where it stands. What was tested, and what was found:",
            "",
            *(f"- `{check['id']}`: {check['statement']} {_finding(check)}" for check in failed),
            ":::",
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _named(shown: Iterable[str], copies: Mapping[str, Path]) -> Iterator[str]:
    """Yield the observations that generated tables name."""
    for name in shown:
        if name in copies and name.endswith(".md"):
            yield from observations(copies[name].read_text("utf-8"))


def _finding(check: Mapping[str, Any]) -> str:
    method = METHODS[check["method"]].capitalize()
    return f"*{method}:* {_result(check)}."


def _result(check: Mapping[str, Any]) -> str:
    value, bound = _number(check["value"]), _number(check["bound"])
    relation = RELATIONS[check["relation"]]
    if not check["passed"]:
        return f"${value}$, not ${relation} {bound}$"
    return f"${value}$" if relation == "=" else f"${value} {relation} {bound}$"


def write_claims(path: Path, checks: Sequence[Mapping[str, Any]]) -> None:
    """Write the appendix table: each check with the claim it supports, its method and result."""
    rows = [
        [f"@{check['claim']}", check["statement"], f"{METHODS[check['method']]}: {_result(check)}"]
        for check in checks
    ]
    save_table(path, ["Claim", "What was tested", "How, and what was found"], rows, "lll")


def write_provenance(path: Path, displays: Sequence[Path]) -> None:
    """Write the appendix table: each figure and table with the script and the data behind it."""
    rows = []
    for display in displays:
        entry = describe(display)
        data = ", ".join(f"`{Path(name).name}`" for name in entry["inputs"])
        rows.append([f"`{display.parent.name}/{display.name}`", f"`{entry['script']}`", data])
    save_table(path, ["In data/figures/", "Script", "Data in data/results/"], rows, "lll")


def _number(value: float | str) -> str:
    """Return a number as TeX: whole numbers whole, others with three digits."""
    if isinstance(value, str):
        return {"inf": r"\infty", "-inf": r"-\infty"}.get(value, value)
    if float(value).is_integer() and abs(value) < 1e6:
        return str(int(value))
    text = f"{value:.3g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(str(error))
