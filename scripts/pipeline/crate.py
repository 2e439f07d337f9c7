"""Describes an archive of the report as RO-Crate, of the profile for the run of a workflow.

https://w3id.org/ro/wfrun/workflow: which workflow, run on what, by whom, made what.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from rocrate.model import ContextEntity, DataEntity, Person
from rocrate.rocrate import ROCrate

from scripts.pipeline import config, products

METADATA = "ro-crate-metadata.json"
PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
TYPES = {
    ".html": "text/html", ".json": "application/json", ".pdf": "application/pdf",
    ".csv": "text/csv", ".yaml": "application/yaml", ".txt": "text/plain",
}  # fmt: skip
WORKFLOW = "Snakefile"
AUDITOR = "scripts/pipeline/audit.py"


def describe(
    root: Path, names: Iterable[str], inputs: Sequence[str], *, audit: str, bom: str,
    commit: str, moment: datetime.datetime,
) -> str:  # fmt: skip
    """Return the text of `METADATA`.

    names: all files of the archive, as paths from the root. inputs: the committed data that the
    build reads. audit, bom: the record of the audit and the bill of materials. commit: that of the
    sources; moment: when that was made.
    """
    about = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    crate = ROCrate(version="1.1")
    crate.name = about["title"]
    crate.description = (
        f"Both documents, every result behind them, the sources at commit {commit}, and the "
        "record of an audit. `make verify` checks all hashes; docs/trust.md says what else can be."
    )
    crate.license = f"https://spdx.org/licenses/{about['license']}"
    crate.datePublished = moment
    crate.root_dataset["version"] = commit
    author = Person(
        crate, "#author", {"name": config.read_yaml(root / config.CONFIG)["author"]["name"]}
    )
    crate.root_dataset["author"] = crate.add(author)
    profiles = [
        ContextEntity(crate, url, {"@type": "CreativeWork", "name": name, "version": version})
        for url, name, version in PROFILES
    ]
    crate.root_dataset["conformsTo"] = [crate.add(profile) for profile in profiles]
    _add_all(crate, sorted({*names}), {*inputs, *products.PRODUCTS, config.CONFIG, audit, bom})
    workflow = crate.add_workflow(
        dest_path=WORKFLOW, main=True, lang="snakemake", lang_version=None,
        properties={"name": "the build of the report"},
    )  # fmt: skip
    given, made = [config.CONFIG, *inputs], list(products.PRODUCTS)
    workflow["input"] = [_parameter(crate, name) for name in given]
    workflow["output"] = [_parameter(crate, name) for name in made]
    _act(crate, "#build", "make report", workflow, given, made)
    auditor = crate.dereference(AUDITOR)
    _act(crate, "#audit", "make audit", auditor, [products.MANIFEST], [audit])
    graph: dict[str, Any] = crate.metadata.generate()
    return json.dumps(graph, indent=1, ensure_ascii=False, default=str) + "\n"


def _add_all(crate: ROCrate, names: Sequence[str], alone: Iterable[str]) -> None:
    """Add each folder at the top, each file there, and those files that stand for themselves."""
    for folder in sorted({name.partition("/")[0] for name in names if "/" in name}):
        properties = {"@type": "Dataset", "name": folder}
        crate.add(DataEntity(crate, f"{folder}/", properties))
    for name in names:
        if name != WORKFLOW and ("/" not in name or name in alone):
            _add_file(crate, name)
    code = {"@type": ["File", "SoftwareSourceCode"], "name": "the audit"}
    crate.add(DataEntity(crate, AUDITOR, code))


def _add_file(crate: ROCrate, name: str) -> None:
    kind = TYPES.get(Path(name).suffix, "text/plain")
    properties = {"@type": "File", "name": Path(name).name, "encodingFormat": kind}
    crate.add(DataEntity(crate, name, properties))


def _parameter(crate: ROCrate, name: str) -> Any:
    """The formal parameter of the workflow that a file is an example of."""
    parameter = crate.add(
        ContextEntity(
            crate,
            f"#{name}",
            {
                "@type": "FormalParameter",
                "additionalType": "File",
                "name": Path(name).name,
                "conformsTo": {
                    "@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
                },
            },
        )
    )
    file = crate.dereference(name)
    file["exampleOfWork"] = parameter
    parameter["workExample"] = file
    return parameter


def _act(
    crate: ROCrate,
    identifier: str,
    name: str,
    instrument: Any,
    given: Iterable[str],
    made: Iterable[str],
) -> None:
    action = {
        "@type": "CreateAction",
        "name": name,
        "instrument": {"@id": instrument.id},
        "agent": {"@id": "#author"},
        "object": [{"@id": crate.dereference(each).id} for each in given],
        "result": [{"@id": crate.dereference(each).id} for each in made],
    }
    crate.root_dataset.append_to("mentions", crate.add(ContextEntity(crate, identifier, action)))
