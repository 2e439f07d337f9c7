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
from scripts.pipeline.contract import paths, sha256
from scripts.pipeline.rules import observations
from scripts.report.settings import Author
from scripts.report.variables import markdown_escape

KINDS = {
    "exhaustive": "every case",
    "symbolic": "algebra",
    "numerical": "numbers",
    "statistical": "statistics",
    "observed": "observation",
}
"""The methods by which theorems are tested, and the observations, in words."""
RELATIONS = {"=": "=", "<=": r"\le", ">=": r"\ge"}


class Settings(Author, leaves=()):
    """Whose the documents are, which rule makes each artifact, what the assignment has.

    assignment: its labels, the observations that it names, the files made that it shows.
    captions: the labels of the figures and tables that have one, by their copies.
    """

    rules: dict[str, str]
    assignment: dict[str, list[str]]
    captions: dict[str, str]


SEVERAL = ("summaries", "checks", "displays", "copies")
"""Kinds of which there are many files: three that are read, one that is written."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    single = ("manifest", "variables", "claims", "provenance", "observations", "answered")
    names = (*single, *SEVERAL[3:])
    settings, found = parse(__doc__, Settings, SEVERAL[:3], names, arguments, several=SEVERAL)
    made = [*found.summaries, *found.checks, *found.displays]
    origins = {path: describe(path, settings.rules, found.checks) for path in made}
    values = collect_values(found.summaries, origins)
    checks = collect_checks(found.checks)
    author = {"name": settings.name, "student_number": settings.student_number}
    labels = settings.assignment["labels"]
    counts = count(checks) | {
        "assignment": count(check for check in checks if check["claim"] in labels)
    }
    save_json(
        found.manifest,
        {
            "values": values | {"checks": counted(counts, found.checks)},
            "checks": checks,
            "artifacts": [
                {"path": str(path), "sha256": sha256(path)} | origin
                for path, origin in origins.items()
            ],
        },
    )
    write_variables(found.variables, values, checks, counts, author)
    copies = dict(zip(map(str, found.copies), found.displays, strict=True))
    failed = [check for check in checks if not check["passed"]]
    named = {*settings.assignment["observed"], *_named(settings.assignment["shown"], copies)}
    write_observations(found.observations, failed)
    write_observations(found.answered, [check for check in failed if check["id"] in named])
    write_claims(found.claims, checks)
    captions = {source: settings.captions.get(copy) for copy, source in copies.items()}
    write_provenance(found.provenance, {path: origins[path] for path in found.displays}, captions)
    for display, copy in zip(found.displays, found.copies, strict=True):
        shutil.copyfile(display, copy)


def collect_values(
    summaries: Iterable[Path], origins: Mapping[Path, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return every number that the prose may use: topic -> key -> its value, its text, its origin.

    The topic is the name of the summary's folder. origins: where each summary comes from. Raises
    ValueError for a key given twice.
    """
    values: dict[str, dict[str, Any]] = {}
    for path in summaries:
        topic = values.setdefault(path.parent.name, {})
        for key, entry in load_json(path)["values"].items():
            if key in topic:
                raise ValueError(f"{path}: the value {key} is also given by another summary")
            topic[key] = entry | {"artifact": str(path)} | origins[path]
    return values


def collect_checks(records: Iterable[Path]) -> list[dict[str, Any]]:
    """Return all records of checks, exercise by exercise, each with the artifact that holds it.

    Raises ValueError if two share an id.
    """
    checks = [
        check | {"artifact": str(path)} for path in records for check in load_json(path)["checks"]
    ]
    ids = [check["id"] for check in checks]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ValueError(f"checks with the same id: {', '.join(twice)}")
    return checks


def describe(artifact: Path, steps: Mapping[str, str], records: Iterable[Path]) -> dict[str, Any]:
    """Return where an artifact comes from, as the manifest says it, from its sidecar.

    steps: the step that makes each artifact. records: files of checks; "tests" lists those whose
    step read what the artifact's step read or made. Raises ValueError if it has no sidecar: only
    what the build made may be in the document.
    """
    found = _read_sidecar(artifact)
    data = {*found["inputs"], *paths(found["contract"]["makes"])}
    return {
        "script": f"scripts/{found['contract']['step'].replace('.', '/')}.py",
        "step": steps[str(artifact)],
        "inputs": sorted(found["inputs"]),
        "settings": found["contract"]["settings"],
        "seed": found["contract"]["settings"].get("seed"),
        "tests": [str(path) for path in records if data & _read_sidecar(path)["inputs"].keys()],
    }


def _read_sidecar(artifact: Path) -> dict[str, Any]:
    found = sidecar.read(artifact)
    if found is None:
        raise ValueError(f"{artifact} has no readable sidecar: it was not made by this build")
    return found


def count(checks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return as text how many checks there are, of each kind and of all."""
    kinds = [_kind(check) for check in checks]
    return {kind: str(kinds.count(kind)) for kind in KINDS} | {"all": str(len(kinds))}


def _kind(check: Mapping[str, Any]) -> str:
    return "observed" if check["observed"] else check["method"]


def counted(counts: Mapping[str, Any], records: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Return the counts of checks as the manifest lists numbers, by dotted key."""
    origin: dict[str, Any] = {
        "script": "scripts/report/collect.py",
        "step": "collect_report",
        "inputs": sorted(map(str, records)),
        "settings": {},
        "seed": None,
        "tests": [],
    }
    flat = {**counts, **{f"assignment.{key}": text for key, text in counts["assignment"].items()}}
    del flat["assignment"]
    return {key: {"value": int(text), "text": text} | origin for key, text in flat.items()}


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
            *(f"- `{check['id']}`: {check['statement']} {_result(check)}." for check in failed),
            ":::",
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _named(shown: Iterable[str], copies: Mapping[str, Path]) -> Iterator[str]:
    """Yield the observations that generated tables name."""
    for name in shown:
        if name in copies and name.endswith(".md"):
            yield from observations(copies[name].read_text("utf-8"))


def _result(check: Mapping[str, Any]) -> str:
    value, bound = _number(check["value"]), _number(check["bound"])
    relation = RELATIONS[check["relation"]]
    if not check["passed"]:
        return f"${value}$, not ${relation} {bound}$"
    return f"${value}$" if relation == "=" else f"${value} {relation} {bound}$"


def write_claims(path: Path, checks: Sequence[Mapping[str, Any]]) -> None:
    """Write the appendix table: each check with the claim it supports, its method and result."""
    rows = [
        [f"@{check['claim']}", check["statement"], f"{KINDS[_kind(check)]}: {_result(check)}"]
        for check in checks
    ]
    save_table(path, ["Claim", "What was tested", "How, and what was found"], rows, "lll")


def write_provenance(
    path: Path, displays: Mapping[Path, Mapping[str, Any]], captions: Mapping[Path, str | None]
) -> None:
    """Write the appendix table: what is behind each figure and table.

    captions: the label of each; what has none is called by its file.
    """
    rows = []
    for display, entry in displays.items():
        label = captions[display]
        rows.append(
            [
                f"@{label}" if label else f"`{display.name}`",
                f"`{entry['script'].removeprefix('scripts/')}`",
                _names(Path(name).name for name in entry["inputs"]),
                _names(entry["settings"]) or "none",
            ]
        )
    save_table(path, ["Shown", "Script", "Data", "Settings read"], rows, "llll")


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


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
