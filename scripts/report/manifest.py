"""Join what the exercises found and what was found in the documents: the manifest.

For each number, figure and table it says, beside its origin, where the texts show it and which
checks bear on it. Those are checks of its data: of what its paragraph names, a statement, a figure
or an observation; where there is none, of the smallest part of the text around it that has some.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from scripts.common.artifacts import load_json, save_json
from scripts.common.command_line import parse

Entry = dict[str, Any]


def main() -> None:
    """Read the parts, write the whole."""
    read = ("collected", "documents")
    _, files = parse(__doc__, inputs=read, outputs=("manifest",), several=("documents",))
    manifest = load_json(files.collected)
    documents = [load_json(path) for path in files.documents]
    texts = [document["text"] for document in documents]
    for name, entry in shown(manifest):
        entry["places"] = places(name, texts)
        entry["checks"] = bearing(name, texts, tests(manifest["checks"], entry.pop("tests")))
    for document in documents:
        manifest["engine"] = document["engine"]
        manifest["checks"] += document["checks"]
    save_json(files.manifest, manifest)


def shown(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """Yield what a text may show, each number, figure and table, by the name that the text uses."""
    for topic, values in manifest["values"].items():
        yield from ((f"{topic}.{key}", entry) for key, entry in values.items())
    for entry in manifest["artifacts"]:
        yield entry["path"].replace("data/figures/", "generated/"), entry


def tests(checks: Iterable[Entry], records: Container[str]) -> list[Entry]:
    """Return the checks that some files of checks hold."""
    return [check for check in checks if check["artifact"] in records]


def places(name: str, texts: Sequence[Entry]) -> list[dict[str, str]]:
    """Return where the texts show something: file, heading, and the innermost label around it."""
    found = [
        {name: place[name] for name in ("file", "heading")}
        | {"label": (place["within"] or [""])[-1]}
        for text in texts
        for place in text["shown"].get(name, ())
    ]
    return [place for n, place in enumerate(found) if place not in found[:n]]


def bearing(name: str, texts: Sequence[Entry], tests: Iterable[Entry]) -> list[str]:
    """Return the ids of those checks among `tests`, all of the same data, that bear on something.

    texts: the documents, as `report.places` describes them.
    """
    found: set[str] = set()
    for text in texts:
        around = {label: {label, *within} for label, within in text["labels"].items()}
        for place in text["shown"].get(name, ()):
            small = {
                *place["near"],
                *(label for label in place["within"] if not _is_section(label)),
            }
            sections = [label for label in reversed(place["within"]) if _is_section(label)]
            levels = [
                [check["id"] for check in tests if {check["id"], check["claim"]} & small],
                *(
                    [check["id"] for check in tests if label in around.get(check["claim"], ())]
                    for label in sections
                ),
                [check["id"] for check in tests],
            ]
            found |= set(next(filter(None, levels), ()))
    return sorted(found)


def _is_section(label: str) -> bool:
    return label.startswith("sec-")


if __name__ == "__main__":
    main()
