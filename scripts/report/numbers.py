"""Say of each number that a document prints what its page answers when it is asked.

That is what the manifest says of it, as far as it is known before the document is rendered.
`filters/numbers.lua` puts the whole into the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from scripts.common.artifacts import load_json
from scripts.common.command_line import parse
from scripts.common.settings import Block
from scripts.report.manifest import Entry, bearing, shown, tests
from scripts.report.places import Places
from scripts.report.source import RenderError, read_document


class Settings(Block, reads=()):
    """Which document it is (the .qmd file)."""

    document: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Raises SystemExit if the document cannot be read."""
    read = ("collected", "made")
    settings, files = parse(__doc__, Settings, read, ("numbers",), arguments, several=("made",))
    try:
        text = Places(read_document(settings.document)).record()
    except RenderError as error:
        sys.exit(str(error))
    found = json.dumps(
        answers(load_json(files.collected), text),
        separators=(",", ":"), sort_keys=True, ensure_ascii=False,
    )  # fmt: skip
    in_a_script = found.replace("<", r"\u003c")
    files.numbers.write_text(in_a_script + "\n", encoding="utf-8")


def answers(collected: Entry, text: Entry) -> Entry:
    """Return what a page says of its numbers; what many share stands there once.

    collected: as `collect` writes it. text: the document, as `report.places` describes it.
    "numbers": of each its value, the checks that bear on it, as places in "checks", and whence it
    comes, a key of "sources".
    """
    hashes = {entry["path"]: entry["sha256"] for entry in collected["artifacts"]}
    numbers, sources = {}, {}
    for name, entry in shown(collected):
        if "value" not in entry or name not in text["shown"]:
            continue
        source = entry.get("artifact", entry["step"])
        found = bearing(name, [text], tests(collected["checks"], entry["tests"]))
        numbers[name] = {"value": entry["value"], "source": source, "checks": found}
        sources[source] = {key: entry[key] for key in ("script", "step", "settings", "seed")} | {
            "sha256": hashes.get(source)
        }
    named = sorted({name for number in numbers.values() for name in number["checks"]})
    for number in numbers.values():
        number["checks"] = list(map(named.index, number["checks"]))
    results = {check["id"]: _result(check) for check in collected["checks"]}
    return {
        "numbers": numbers, "sources": sources, "checks": [results[name] for name in named]
    }  # fmt: skip


def _result(check: Entry) -> Entry:
    relation = {"=": "=", "<=": "≤", ">=": "≥"}[check["relation"]]
    value, bound = (_short(check[key]) for key in ("value", "bound"))
    verdict = "" if check["passed"] else ", not"
    return {
        "id": check["id"],
        "claim": check["claim"],
        "passed": check["passed"],
        "result": f"{value}{verdict} {relation} {bound}",
    }


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


if __name__ == "__main__":
    main()
